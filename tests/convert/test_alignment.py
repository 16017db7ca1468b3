"""`alignment`: what stands behind an opening bracket stays there, whatever becomes of the line."""

from __future__ import annotations

import ast
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjoint2rrule.convert.alignment import align, mark
from adjoint2rrule.convert.operations import Replace, address
from adjoint2rrule.convert.rewrite import rewrite
from adjoint2rrule.convert.splice import splice
from tests.convert.building import parsed


def shown(text: str) -> str:
    """Return a text with its form feeds made visible."""
    return text.replace("\f", "_")


# -- what is marked ----------------------------------------------------------------------------

MARKED = {
    "call": ("f(x,\n  y)\n", "f(x,\n__y)\n"),
    "indented": ("if a:\n    f(x,\n      y)\n", "if a:\n    f(x,\n______y)\n"),
    "every bracket": ("[x,\n {y:\n  (z,\n   a)}]", "[x,\n_{y:\n__(z,\n___a)}]"),
    "closing bracket": ("f(x\n  )", "f(x\n__)"),
    "padding": ("f( x,\n   y)", "f( x,\n___y)"),
    "comment line": ("f(x,\n  # c\n  y)", "f(x,\n__# c\n__y)"),
    "blank line": ("f(x,\n  \n  y)", "f(x,\n  \n__y)"),
    "comprehension": ("[x\n for x in y\n if x]", "[x\n_for x in y\n_if x]"),
    "parameters": ("def f(x, *,\n      y): ...\n", "def f(x, *,\n______y): ...\n"),
    "decorator": ("@f(x,\n   y)\ndef g(): ...\n", "@f(x,\n___y)\ndef g(): ...\n"),
    "wide letters": ("ȳ(é,\n  y)", "ȳ(é,\n__y)"),
    "after a string over lines": ("f('''\n''', x,\n  y)", "f('''\n''', x,\n__y)"),
    "a string over lines": ("f(x,\n  '''\n  ''')", "f(x,\n__'''\n  ''')"),
    "backslash": ("f(x, \\\n  y)", "f(x, \\\n__y)"),
    "windows": ("f(x,\r\n  y)\r\n", "f(x,\r\n__y)\r\n"),
    "old line ends": ("f(x,\r  y)\r", "f(x,\r__y)\r"),
    "two statements": ("f(x,\n  y); g(x,\n          y)", "f(x,\n__y); g(x,\n          y)"),
}


@pytest.mark.parametrize(("text", "marked"), MARKED.values(), ids=MARKED)
def test_aligned_lines_are_marked(text, marked):
    assert shown(mark(text)) == marked
    assert align(mark(text), text) == text


@pytest.mark.parametrize(
    "text",
    [
        "f(\n  x)",  # hangs
        "f(  # all\n  x)",
        "f(x,\n    y)",
        "f(x,\n y)",
        "f( x,\n  y)",
        "x = y + \\\n    z",
        "'''f(x,\n  y)'''",
        "# f(x,\n  # y)\n",
        "if x:\n\tf(x,\n   y)",  # three characters, and more columns
        "f(x,\n\t y)",
        "f(x,\n  y); a = '\f'",
        "f(x,\n\f\fy)",
    ],
)
def test_other_lines_are_not_marked(text):
    assert mark(text) == text
    assert align(text, text) == text


def test_lines_inside_formatted_strings_are_not_marked():
    text = "f(f'''{g(x,\n           y)}\n   ''', x,\n  y)"
    assert shown(mark(text)) == "f(f'''{g(x,\n           y)}\n   ''', x,\n__y)"


# -- where lines go ----------------------------------------------------------------------------

ALIGNED = {
    "longer": ("f(x,\n  y)", "f(", "longer(", "longer(x,\n       y)"),
    "shorter": ("longer(x,\n       y)", "longer(", "f(", "f(x,\n  y)"),
    "brackets on lines that move": (
        "f(x,\n  g(y,\n    h(z,\n      a)))",
        "f(",
        "longer(",
        "longer(x,\n       g(y,\n         h(z,\n           a)))",
    ),
    "both move": (
        "f(x,\n  g(y,\n    z))",
        "g(",
        "longer(",
        "f(x,\n  longer(y,\n         z))",
    ),
    "entry in front": ("(x,\n y)", "(", "(Z(), ", "(Z(), x,\n y)"),
    "entry gone": ("f(x,\n  y)", "x,\n\f\f", "", "f(y)"),
    "one of three gone": ("f(x,\n  y,\n  z)", "x,\n\f\f", "", "f(y,\n  z)"),
    "padding gone": ("f( x,\n   y)", "f( ", "f(", "f(x,\n  y)"),
    "in another bracket": ("f(x +\n  y)", "f(x +\n\f\fy", "f(g(x +\n\f\fy)", "f(g(x +\n    y))"),
    "bracket at the end of its line": ("f(x,\n  y)", "(x", "(\n    x", "f(\n    x,\n  y)"),
    "hanging from a line that moves": (
        "f(x,\n  g(\n      y,\n      # c\n  ))",
        "f(",
        "long(",
        "long(x,\n     g(\n         y,\n         # c\n     ))",
    ),
    "hanging from a line that moves back": ("long(x,\n     g(\n  y))", "long(", "f(", "f(x,\n  g(\ny))"),
    "hanging from one that does not": (
        "f(g(\n    y),\n  z)",
        "f(",
        "longer(",
        "longer(g(\n    y),\n       z)",
    ),
    "tabs on a line that hangs": ("f(x,\n  g(\n\ty))", "f(", "longer(", "longer(x,\n       g(\n\ty))"),
    "string over lines": ("f(x,\n  '''\n  ''',\n  y)", "f(", "g2(", "g2(x,\n   '''\n  ''',\n   y)"),
    "no bracket left": ("f(x, \\\n  y)", "f(x, \\\n\f\fy)", "x + \\\n\f\fy", "x + \\\n  y"),
    "windows": ("f(x,\r\n  y)\r\n", "f(", "longer(", "longer(x,\r\n       y)\r\n"),
    "wide letters": ("f(é, ȳ(x,\n       y))", "f(é", "f(ǟǟ", "f(ǟǟ, ȳ(x,\n        y))"),
}


@pytest.mark.parametrize(("text", "old", "new", "wanted"), ALIGNED.values(), ids=ALIGNED)
def test_lines_go_where_they_were_aligned(text, old, new, wanted):
    marked = mark(text)
    assert old in marked
    assert align(marked.replace(old, new, 1), text) == wanted


def test_form_feeds_of_the_author_stay():
    text = "f(x,\n\f\fy)"
    assert align(text.replace("f(", "longer("), text) == "longer(x,\n\f\fy)"


# -- every layout ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """A call or display with its entries, each on the line of the one before or aligned below."""

    name: str
    brackets: str
    entries: tuple[Group | str, ...]
    gaps: tuple[str, ...]


ENTRIES = st.sampled_from(["x", "ȳ", "'a'", "'''\n  f(\n'''", "[]"])
# Between entries: one line, two, a comment behind or on a line of its own, blank lines, a backslash.
GAPS = st.sampled_from([" ", "\n>", "  # c\n>", "\n># c\n>", "\n\n  \n>", " \\\n>", "\n># (\n\n>"])


def groups(entries: st.SearchStrategy[Group | str]) -> st.SearchStrategy[Group]:
    """Return groups of `entries`; those that hang stand alone in theirs."""
    several = st.lists(st.tuples(GAPS, entries), min_size=1, max_size=4)
    hanging = st.tuples(st.sampled_from(["\n+", "  # c\n+"]), entries).map(lambda pair: [pair])
    return st.builds(
        lambda name, brackets, parts: Group(
            name, brackets if name else "[]", tuple(e for _, e in parts), tuple(g for g, _ in parts)
        ),
        st.sampled_from(["f", "gg", "ħħħ", ""]),
        st.sampled_from(["()", "[]"]),
        several.map(lambda parts: [("", parts[0][1]), *parts[1:]]) | hanging,
    )


GROUPS = st.recursive(ENTRIES, groups, max_leaves=8).filter(lambda entry: isinstance(entry, Group))
SAME = {name: name for name in ("f", "gg", "ħħħ")}
NAMES = st.fixed_dictionaries({name: st.sampled_from(["a", "long_name", "ȳȳ", name]) for name in SAME})
LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])


def written(group: Group | str, names: dict[str, str], before: str) -> str:
    """Return `before` with a group behind it whose entries are aligned with the first of them."""
    if isinstance(group, str):
        return before + group
    text = before + names.get(group.name, "") + group.brackets[0]
    line = text.rpartition("\n")[2]
    column = len(line)
    # Where the line starts inside a string, what hangs from it has nothing to move with.
    starts_inside = text.rpartition("\n")[0].count("'''") % 2
    indent = 0 if starts_inside else len(line) - len(line.lstrip(" "))
    for i, (entry, gap) in enumerate(zip(group.entries, group.gaps, strict=True)):
        space = gap.replace(">", " " * column).replace("+", " " * (indent + 2))
        text = written(entry, names, text + ("," if i else "") + space)
    return text + group.brackets[1]


@given(group=GROUPS, names=NAMES, start=st.sampled_from(["", "if x:\n    y = "]), end=LINE_ENDS)
def test_what_is_aligned_before_is_aligned_after(group, names, start, end):
    before, after = ((written(group, spelled, start) + "\n").replace("\n", end) for spelled in (SAME, names))
    module = parsed(before.encode())
    (statement,) = module.tree.body
    called = [n for n in ast.walk(statement) if isinstance(n, ast.Name) and n.id in SAME]
    edit = rewrite(module, statement, [Replace(address(n), names[n.id]) for n in called])
    assert splice(module.source.content, [edit]).decode() == after
