"""`seeds`: a seed may be calculated with, indexed and unpacked; what looks at its form is a problem."""

from __future__ import annotations

import ast
from textwrap import indent

import pytest

from adjoint2rrule.convert.dialects.zygoterules.changed_uses import Forced, NonePattern, NoneTest
from adjoint2rrule.convert.dialects.zygoterules.seeds import TangentUses, UseProblem, read_uses
from tests.convert.building import functions_of, sample

HEAD = """\
import numpy as np
import scipy.linalg as sla
from types import SimpleNamespace
def double(a): return 2 * a
def through(a): return double(a)
def looks(a):
    if a is None:
        return 0.0
    return a
def looks_deeper(a): return looks(a)
def keeps(a): return (a, a)
def many(*a): return 1.0
def other(a, b): return 0.0 if b is None else 2 * a
"""


def uses(
    body: str, files=None, root=None, head: str = HEAD, structured=None, zeros: bool = False
) -> TangentUses:
    """Return how a pullback with `body` uses its seed `dy`; what `back(…)` gives are tangents too.

    `zeros` tells whether the ``None``s in it become zeros.
    """
    text = f"{head}def f(x):\n    def pull(dy):\n{indent(body, ' ' * 8)}\n"
    file = sample(text, root, files)
    node = file.definition("pull")
    given = {n for n in ast.walk(node) if isinstance(n, ast.Call) and ast.unparse(n.func) == "back"}
    found = read_uses(node, {"dy"}, given, file.inside("pull"), functions_of(file), structured=structured)
    nones = {n for n in ast.walk(node) if isinstance(n, ast.Constant) and n.value is None}
    return found.settled(nones if zeros else set())


def described(found: TangentUses) -> list[str]:
    """Return each change in a few words."""
    assert not found.problems, found.problems
    words = []
    for change in found.changes:
        match change:
            case NoneTest(node=node, thunk=thunk):
                words.append(f"{ast.unparse(node)}{', forced' if thunk else ''}")
            case Forced(node=node):
                words.append(f"force {ast.unparse(node)}")
            case NonePattern():
                words.append("pattern")
    return words


def problem(body: str, files=None, root=None, head: str = HEAD, structured=None) -> UseProblem | None:
    """Return what is wrong with what a pullback with `body` does with its seed."""
    return next(iter(uses(body, files, root, head, structured).problems), None)


HARMLESS = [
    "return 2 * dy",
    "return dy @ x.T, -dy, dy ** 2",
    "return dy",
    "return (dy, None)",
    "return {'a': dy}, dict(a=dy), SimpleNamespace(a=dy), [dy]",
    "return dy[0], dy['a'], dy[..., None], dy[:, 0]",
    "return x[dy]",
    "return dy.T, dy.real, dy.shape, dy.dtype",
    "return dy.sum(axis=0), dy.reshape(2), dy.conj()",
    "return np.sin(dy), np.sum(dy, axis=0), np.where(x, dy, 0.0)",
    "return sla.solve(x, dy)",
    "return abs(dy), float(dy), sum(dy), len(dy), round(dy)",
    "a, b = dy\nreturn a * b",
    "(a, b), c = dy\nreturn a * b * c",
    "a, *b = dy\nreturn a * b[0]",
    "a = dy['a']\nreturn 2 * a",
    "for d in dy: print(d)\nreturn 1",
    "return [2 * d for d in dy]",
    "return {i: 2 * d for i, d in enumerate(dy)}",
    "return sum(a * b for a, b in zip(dy, x))",
    "return double(dy), through(dy), double(dy[0]), double(a=dy)",
    "dx = np.zeros(3)\ndx[0] = dy\nreturn dx",
    "dx = dy * 2\ndx += 1\nreturn dx",
    "if x is None: return dy\nreturn 2 * dy",
    "return dy if x else 2 * dy",
    "dy = 2 * dy\nreturn dy",
    "return dy > 0, dy == 1, dy < x",
    "return x",
]

INSPECTED = {
    "if dy is x: return None": "is tested for identity or membership",
    "if 'a' in dy: return None": "is tested for identity or membership",
    "if dy: return dy": "is tested for truth",
    "while dy: return dy": "is tested for truth",
    "if not dy: return None": "is tested for truth",
    "return dy or 0": "is tested for truth",
    "return x and dy and 1": "is tested for truth",
    "return 1 if dy else 0": "is tested for truth",
    "assert dy": "is tested for truth",
    "return isinstance(dy, dict)": "is given to `isinstance`",
    "return type(dy)": "is given to `type`",
    "return hasattr(dy, 'a')": "is given to `hasattr`",
    "return getattr(dy, 'a')": "is given to `getattr`",
    "return dict(dy)": "is given to `dict`",
    "return isinstance(dy[0], tuple)": "is given to `isinstance`",
    "return dy.items()": "is asked for `.items`, which its new form may not have",
    "return dy.get('a')": "is asked for `.get`, which its new form may not have",
    "return dy(1)": "is called",
    "x.seed = dy": "is stored where it cannot be followed",
    "yield dy": "is used in a way that cannot be followed",
}


@pytest.mark.parametrize("body", HARMLESS)
def test_seed_may_be_used(body):
    assert uses(body) == TangentUses()


@pytest.mark.parametrize(("body", "what"), INSPECTED.items(), ids=INSPECTED)
def test_look_at_the_form_of_a_seed_is_a_problem(body, what):
    found = problem(body)
    assert found is not None
    assert (found.slug, found.what) == ("inspected-seed", what)


@pytest.mark.parametrize(
    "body", ["dy += 1", "dy *= 2\nreturn dy", "dy[0] = 1", "dy['a'] *= 2", "dy.shape = 3", "d = dy\nd += 1"]
)
def test_change_of_a_seed_in_place_is_a_problem(body):
    found = problem(body)
    assert found is not None
    assert (found.slug, found.what) == ("mutated-seed", "is changed in place")


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("return unknown(dy[0])", "is given to `unknown`, which cannot be read"),
        ("return x.method(dy[0])", "is given to `x.method`, which cannot be read"),
        ("return x.method(a=dy[0])", "is given to `x.method`, which cannot be read"),
        ("return unknown(*dy)", "is given to `unknown`, which cannot be read"),
        ("return many(dy)", "is given to `many`, whose arguments cannot be matched"),
        ("return double(*dy)", "is given to `double`, whose arguments cannot be matched"),
    ],
)
def test_call_that_cannot_be_read_is_a_problem(body, what):
    found = problem(body)
    assert found is not None
    assert (found.slug, found.what) == ("opaque-call", what)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("return looks(dy)", "is given to `looks`, where it is compared with `None` (line 7)"),
        ("return looks(a=dy)", "is given to `looks`, where it is compared with `None` (line 7)"),
        ("return looks(dy[0])", "is given to `looks`, where it is compared with `None` (line 7)"),
        ("return other(x, dy)", "is given to `other`, where it is compared with `None` (line 13)"),
    ],
)
def test_helper_that_looks_at_a_seed_is_a_problem(body, what):
    found = problem(body)
    assert found is not None
    assert (found.slug, found.what) == ("inspected-cotangent", what)


def test_helper_of_a_helper_is_read_as_well():
    found = problem("return looks_deeper(dy)")
    assert found is not None
    assert found.slug == "inspected-cotangent"
    assert "`looks_deeper`, where it is given to `looks`" in found.what


def test_parameter_of_a_helper_that_gets_something_else_is_none_of_our_business():
    assert problem("return other(dy, x)") is None


def test_helper_of_another_module_is_named_with_it(tmp_path):
    files = {"lib.py": "def accum(a, b):\n    return a if b is None else a + b\n"}
    found = problem("return accum(x, dy)", files, tmp_path, "from lib import accum\n")
    assert found is not None
    assert found.what == "is given to `accum`, where it is compared with `None` (line 2 of lib)"


def test_problem_is_where_the_seed_is_used():
    found = problem("a = 2 * dy\nif dy is x:\n    return a")
    assert found is not None
    assert found.node.lineno == HEAD.count("\n") + 4


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("x['a'] = dy[0]\nreturn x['a']", "is stored where it cannot be followed"),
        ("cache.last = dy\nreturn dy", "is stored where it cannot be followed"),
        ("for i, cache['k'] in enumerate(dy): pass\nreturn dy", "is stored where it cannot be followed"),
        ("global last\nlast = dy[0]\nreturn dy", "is stored where it cannot be followed"),
        (
            "try:\n    a = dy[0] * 2.0\nexcept TypeError:\n    a = 1.0\nreturn a",
            "is used where `TypeError` is caught",
        ),
        (
            "try:\n    a = dy['k']\nexcept (KeyError, OSError):\n    a = 1.0\nreturn a",
            "is used where `KeyError` is caught",
        ),
        ("return 1.0 if dy == (0.0, 1.0) else dy", "is compared with a tuple, a list or a dict"),
        ("return 1.0 if np.iterable(dy[0]) else dy", "is given to `np.iterable`"),
        ("np.fill_diagonal(dy, 0.0)\nreturn dy", "is changed in place"),
        ("np.add(dy, 1.0, out=dy)\nreturn dy", "is changed in place"),
        ("dy.sort()\nreturn dy", "is changed in place"),
        ("return table[f'{dy[0]}'] * dy", "is used in a way that cannot be followed"),
    ],
)
def test_what_only_a_legacy_seed_does_is_a_problem(body, what):
    assert problem(body).what == what


CHANGED = {
    "if dy is None: return None": ["dy is None, forced"],
    "if dy is not None: return dy": ["dy is not None, forced"],
    "if None is dy: return None": ["None is dy, forced"],
    "if dy == None or x: return None": ["dy == None, forced"],
    "return not dy[0] is None": ["dy[0] is None"],
    "if dy['a'] is None: return None": ["dy['a'] is None"],
    "if dy.r is None: return None": ["dy.r is None"],
    "a, b = dy\nif a is None: return None": ["a is None"],
    "(a, b), c = dy\nif b is None: return None": ["b is None"],
    "a, *b = dy\nif b[0] is None: return None": ["b[0] is None"],
    "a, b = dy\na, b = b, a\nreturn a is None": ["a is None"],
    "d = dy\ne = d\nif e is None: return None": ["e is None, forced"],
    "a = b = dy[0]\nassert b is not None": ["b is not None"],
    "a: float = dy[0]\nreturn a is None": ["a is None"],
    "d = dy[0] if x else 0.0\nif d is None: return None": ["d is None"],
    "d = 2 * x\nif x: d = dy[0]\nif d is None: return None": ["d is None"],
    "for d in dy:\n    if d is None: return None": ["d is None"],
    "return [0 if d is None else d for d in dy]": ["d is None"],
    "return any(d is None for d in dy)": ["d is None"],
    "return [d for d in dy if d is not None]": ["d is not None"],
    "for i, d in enumerate(dy):\n    if d is None: return i": ["d is None"],
    "return [a if a is not None else b for a, b in zip(dy, x)]": ["a is not None"],
    "return [a is b for a, b in zip(x, x)] + [b is None for a, b in zip(dy, x)]": [],
    "if (d := dy) is None: return None": ["(d := dy) is None, forced"],
    "d = list(dy)\nif d[0] is None: return None": ["d[0] is None"],
    "d = dict(zip('ab', dy))\nreturn d['a'] is None": ["d['a'] is None"],
    "return [k for k, v in {'a': dy[0]}.items() if v is None]": ["v is None"],
    "parts = []\nfor p in dy: parts.append(p)\nreturn [p is None for p in parts]": ["p is None"],
    "parts = {}\nparts['a'] = dy[0]\nreturn parts['a'] is None": ["parts['a'] is None"],
    "while dy[1:][0] is None: return 1": ["dy[1:][0] is None"],
    "def part(): return dy[0] is None\nreturn part()": ["dy[0] is None"],
    "h = same(dy[0])\nreturn h is None": ["h is None"],
    "a, b = back(dy)\nif a is None: return b": ["a is None, forced"],
    "a = back(dy)[0]\nif a is None: return a": ["a is None, forced"],
    "fx, *fs = back(dy)\nreturn [g is None for g in fs]": ["g is None, forced"],
    "a, b = back(dy)\nreturn a[0] is None": ["a[0] is None"],
    "a, b = back(dy)\nreturn a + b is None": [],
    "match dy:\n    case (a, None): return a": ["force dy", "pattern"],
    "match dy:\n    case None | (None, _): return 1": ["force dy", "pattern", "pattern"],
    "match dy:\n    case (a, *rest):\n        return [r is None for r in rest]": ["force dy", "r is None"],
    "match dy[0], x:\n    case None, None: return 1": ["pattern"],
    "match dy:\n    case np.ndarray(): return 1\n    case 0 | float(): return 2": ["force dy"],
    "return unknown(dy), x.method(a=dy)": ["force dy", "force dy"],
    "return isinstance(dy, np.ndarray), isinstance(dy, (int, float))": ["force dy", "force dy"],
    "return isinstance(dy[0], np.ndarray)": [],
    "return np.isscalar(dy)": ["force dy"],
    "return sp.kron(dy, x)": ["force dy"],
    "d = copy.copy(dy)\nd[0] = 1.0\nreturn d": ["force dy"],
    "return numbers(dy)": ["force dy"],
}
CHANGED_HEAD = f"""{HEAD}import copy
import scipy.sparse as sp
def same(a): return a
def numbers(a): return a if isinstance(a, float) else a.sum()
"""


@pytest.mark.parametrize(("body", "changes"), CHANGED.items(), ids=CHANGED)
def test_test_for_none_changes_and_what_needs_the_value_is_given_it(body, changes):
    assert described(uses(body, head=CHANGED_HEAD)) == changes


@pytest.mark.parametrize(
    "body",
    [
        "if x is None: return dy\nreturn 2 * dy",
        "return [dy is None for dy in x]",
        "def g(dy): return dy is None\nreturn g(x)",
        "g = back(dy)\nif g is None: return None",
        "d = dy * 2\nif d is None: return None",
        "match x:\n    case None: return dy",
        "axis = None\nif axis is None: return dy",
    ],
)
def test_test_of_something_else_stays(body):
    assert uses(body) == TangentUses()


ACCUMULATED = "total = None\nfor d in dy:\n    total = d if total is None else total + d\nreturn total"


def test_test_on_a_tangent_or_a_none_that_becomes_a_zero_changes():
    assert described(uses(ACCUMULATED, zeros=True)) == ["total is None"]


def test_test_on_a_tangent_or_a_none_that_stays_has_no_right_form():
    (found,) = uses(ACCUMULATED).problems
    assert (found.slug, found.what) == (
        "inspected-seed",
        "is compared with `None`, and may be one that stays",
    )


def test_test_on_a_none_changes_with_it():
    body = "g = None\nif x: g = dy * 2\nreturn 0.0 if g is None else g"
    assert described(uses(body, zeros=True)) == ["g is None"]
    assert uses(body) == TangentUses()


def test_pattern_on_a_none_changes_with_it():
    body = "g = None\nif x: g = dy * 2\nmatch g:\n    case None: return 0.0\nreturn g"
    assert described(uses(body, zeros=True)) == ["pattern"]
    assert uses(body) == TangentUses()


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (
            "d = x if x else dy\nif d is None: return 1",
            "is compared with `None`, and may be something else",
        ),
        ("return [p is None for p in np.asarray(dy)]", "is compared with `None`, and may be something else"),
        ("return dy.size is None", "is compared with `None`, and may be something else"),
        (
            "acc = {'a': dy}\nreturn acc.get('a') is None",
            "is compared with `None`, and may be something else",
        ),
        ("r = unknown(dy)\nreturn r[0] is None", "is compared with `None`, and may be something else"),
        ("return dy == None", "is compared with `None`"),
        ("return dy[0] is None is x", "is compared with `None`"),
        ("return None in dy", "is compared with `None`"),
        ("isinstance = x\nreturn dy is None", "is compared with `None`"),
        ("return dy[0] in (None, 0)", "is compared with a tuple, a list or a dict"),
        ("return dy[0] == x", "is compared with what may be `None` or a structure"),
        ("return dy[0] == dy[1]", "is compared with what may be `None` or a structure"),
        ("return dy.count(None)", "is asked for `.count`, which its new form may not have"),
        ("return [dy[0]].count(None)", "is asked for `.count`, which may look at it"),
        ("return dy._fields", "is asked for `._fields`, which its new form may not have"),
        ("return (dy.copy(), dy['a'])", "is asked for `.copy`, which its new form may not have"),
        ("return sum(filter(None, dy))", "is given to `filter`"),
        ("return all(dy)", "is given to `all`"),
        ("return next(iter(dy))", "is given to `next`"),
        ("return isinstance(dy, (tuple, float))", "is given to `isinstance`"),
        ("return np.isscalar(dy[0])", "is given to `np.isscalar`"),
        ("return '%s' % dy", "is used in a way that cannot be followed"),
        ("return f'{dy}'", "is used in a way that cannot be followed"),
        ("return {**dy}", "is used in a way that cannot be followed"),
        ("def g(d=dy): return d is None\nreturn g()", "is used in a way that cannot be followed"),
        ("return (1.0,) + dy", "may be joined to a tuple or list"),
        ("return dy + [0.0]", "may be joined to a tuple or list"),
        ("dy\nreturn locals()['dy'] is None", "may be looked at by `locals`"),
        ("with suppress(TypeError): return dy[0] * 2.0", "is used where `TypeError` is caught"),
        ("nonlocal cache\ncache = dy", "is stored where it cannot be followed"),
        (
            "match dy:\n    case {'a': None}: return 1",
            "is matched against patterns that its new form may not match",
        ),
        (
            "match dy:\n    case tuple(): return 1",
            "is matched against patterns that its new form may not match",
        ),
        (
            "match dy:\n    case x.MISSING: return 1",
            "is matched against patterns that its new form may not match",
        ),
        ("match back(dy):\n    case (None, g): return g", "is matched where it may be a thunk"),
        ("match unknown(dy):\n    case (None, g): return g", "is matched against `None`"),
    ],
)
def test_what_cannot_be_told_is_a_problem(body, what):
    found = problem(body)
    assert found is not None
    assert (found.slug, found.what) == ("inspected-seed", what)


@pytest.mark.parametrize(
    "body",
    [
        "return operator.is_(dy, None)",
        "return functools.reduce(looks, dy)",
        "h = lambda d: d[0] is None\nreturn h(dy)",
        "kept.append(dy[0])",
        "a = dy['a']\nreturn unknown(dy)",
        "if dy[0] is None: return 1\nreturn unknown(dy)",
    ],
)
def test_function_that_may_take_a_structure_apart_is_a_problem(body):
    found = problem(body, head=f"{HEAD}import functools, operator\n")
    assert found is not None
    assert found.slug == "opaque-call"


def test_structured_seed_is_handed_to_no_unknown_function():
    assert problem("return unknown(dy)", structured=True).slug == "opaque-call"
    assert problem("return dy.copy()", structured=True).slug == "inspected-seed"
    assert problem("return dy + x", structured=True).slug == "inspected-seed"


def test_parts_of_an_array_are_numbers():
    assert uses("return unknown(dy[0]), dy[0] is None", structured=False) == TangentUses()


@pytest.mark.parametrize(
    "body",
    [
        "d = np.asarray(dy)\nd[0] = 1",
        "d = dy.reshape(-1)\nd += 1",
        "d = dy.T\nd[0] = 1",
        "parts = list(dy)\nparts[0] *= 2",
        "for dy[0] in x: pass",
        "np.add.at(np.asarray(dy), 0, 1.0)",
        "return clears(dy)",
    ],
)
def test_change_of_what_shares_memory_with_a_seed_is_a_problem(body):
    found = problem(body, head=f"{HEAD}def clears(a):\n    a[0] = 0.0\n    return a\n")
    assert found is not None
    assert found.slug == "mutated-seed"


@pytest.mark.parametrize(
    "body",
    [
        "d = dy.copy()\nd[0] = 1\nreturn d",
        "dy = dy.copy()\ndy[0] = 1\nreturn dy",
        "dy = np.array(dy)\nif x:\n    dy[0] = 0\nreturn dy",
        "dy = 2 * dy\ndy += 1\nreturn dy",
        "g = 0.0\ng += dy[0]\nreturn g",
    ],
)
def test_new_array_may_be_changed(body):
    assert uses(body) == TangentUses()


def test_function_that_calls_itself_comes_to_an_end():
    assert problem("return loop(dy)", head=f"{HEAD}def loop(a): return loop(2 * a) + loop(a)\n") is None
    looking = f"{HEAD}def loop(a): return 0.0 if a is None else loop(2 * a) + loop(a[0])\n"
    assert problem("return loop(dy)", head=looking) is not None


def test_helpers_that_call_each_other_often_are_read_once_each():
    head = HEAD + "def h0(a): return 2 * a\n"
    head += "".join(f"def h{i}(a): return {' + '.join([f'h{i - 1}(a)'] * 4)}\n" for i in range(1, 8))
    assert problem("return h7(dy)", head=head) is None


def test_names_that_feed_each_other_come_to_an_end():
    assert described(uses("a = (dy,)\nfor i in x: a = (a, i)\nreturn dy is None")) == ["dy is None, forced"]


def test_long_sum_is_read():
    assert uses("return " + " + ".join(["dy"] * 600)) == TangentUses()
