"""Deep, large and odd input: converted or reported, and never a crash, a hang or a lost file.

Sizes are those that generated code has. What speed they are worth `python -m benchmarks` says.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from adjoint2rrule.convert.model import Adapted, Conversion, Converted, Options, Refused, Severity
from adjoint2rrule.convert.run import convert_files
from adjoint2rrule.convert.scan import survey
from adjoint2rrule.convert.write import save
from tests.convert.building import conversion

IMPORT = "from zygoterules import adjoint, nograd\n"
RULE = """
def f(x, y):
    return x * y

@adjoint
def f(x, y):
    z = {primal}
    def pullback(dy):
        return {cotangent}, None
    return f(x, y), pullback
"""
DEFAULTS = {"primal": "x", "cotangent": "dy * y"}


def rule(**parts: str) -> str:
    """Return a function and its rule, with other expressions in it."""
    return RULE.format(**{**DEFAULTS, **parts})


def beside(code: str) -> str:
    """Return a file with a rule, and with `code` outside of it."""
    return f"{IMPORT}{code}\n{rule()}"


def inside(**parts: str) -> str:
    """Return a file with a rule that has odd parts."""
    return IMPORT + rule(**parts)


def branches(count: int, head: str = "x == {}", body: str = "return {}", indent: str = "    ") -> str:
    """Return `count` branches of one ``if``."""
    words = ["if", *["elif"] * (count - 1)]
    return "".join(
        f"{indent}{word} {head.format(i)}:\n{indent}    {body.format(i)}\n" for i, word in enumerate(words)
    )


CONVERTED = {
    "500 sums beside": beside("total = " + " + ".join(["a"] * 500)),
    "100 sums in the primal": inside(primal=" + ".join(["x"] * 100)),
    "100 sums in a cotangent": inside(cotangent=" + ".join(["2 * dy"] * 100)),
    "600 branches beside": beside("def g(x):\n" + branches(600)),
    "20,000 lines": IMPORT + "a = 1  # one\n" * 10_000 + rule() + "b = (\n    2\n)\n" * 3_333,
    "a megabyte of bytes beside": beside(f"data = b'{'x' * 1_000_000}'"),
    "a megabyte of text in the rule": inside(primal=f"'{'é' * 500_000}'"),
    "a long list beside": beside("data = [" + ", ".join(map(str, range(20_000))) + "]"),
    "a list of many lines in the rule": inside(primal="[\n" + "    0,\n" * 3_000 + "    ]"),
    "a nested literal": beside("data = " + "[" * 90 + "{}" + "]" * 90),
    "190 parentheses": inside(cotangent="(" * 180 + "dy" + ")" * 180),
    "90 functions in each other": beside(
        "".join(f"{' ' * i}def g{i}(x):\n" for i in range(90)) + " " * 90 + "pass"
    ),
    "90 functions in the rule": inside(
        primal="x\n" + "".join(f"{' ' * i}def g{i}(x):\n" for i in range(4, 90)) + " " * 90 + "pass"
    ),
    "1,000 lambdas in each other beside": beside("g = " + "lambda x: " * 1_000 + "0"),
    "a line of 100,000 characters beside": beside(f"a = {'b' * 50_000}; c = '{'d' * 50_000}'"),
    "a name of 100,000 characters": inside().replace("f(", "f" * 100_000 + "("),
    "900 attributes beside": beside("a = b" + ".c" * 900),
    "50 attributes in a cotangent": inside(cotangent="dy * y" + ".T" * 50),
    "5,000 comparisons beside": beside("a = " + " < ".join(["b"] * 5_000)),
    "20,000 operands of `and` beside": beside("a = " + " and ".join(["b"] * 20_000)),
    "20,000 strings in a row beside": beside("a = (" + "'b' " * 20_000 + ")"),
    "a huge comment": beside(f"# {'x' * 1_000_000}"),
    "20,000 comments in the rule": inside(primal="x\n" + "    # why\n" * 20_000),
    "3,000 imports": "".join(f"import m{i}\n" for i in range(3_000)) + inside(),
    "patterns in each other beside": beside("match a:\n    case " + "[" * 90 + "b" + "]" * 90 + ": pass"),
}
# The slug of the refusal, for a rule that is too odd to be rewritten; the rest of its file is converted.
REFUSED = {
    "500 sums in the primal": (inside(primal=" + ".join(["x"] * 500)), "unfaithful-parse"),
    "500 sums in a cotangent": (inside(cotangent=" + ".join(["2 * dy"] * 500)), "unfaithful-parse"),
    "900 attributes in a cotangent": (inside(cotangent="dy" + ".a" * 900), "too-deep"),
    "900 signs in a cotangent": (inside(cotangent="-" * 900 + "dy"), "unfaithful-parse"),
    "600 branches in the rule": (
        inside(primal="x\n" + branches(600, body="z = {}")),
        "unfaithful-parse",
    ),
    "10,000 operands of `and` in the rule": (
        inside(primal=" and ".join(["x"] * 10_000)),
        "unfaithful-parse",
    ),
    "600 loops of a comprehension in the rule": (
        inside(primal="[x " + "for x in y " * 600 + "]"),
        "unfaithful-parse",
    ),
    "2,000 strings in a row in the rule": (inside(primal="(" + "'b' " * 2_000 + ")"), "unfaithful-parse"),
    "90 patterns in each other in the rule": (
        inside(primal="x\n    match x:\n        case " + "{1: " * 90 + "z" + "}" * 90 + ": pass"),
        "unfaithful-parse",
    ),
    "names for names for names": (
        inside(
            primal="None\n" + "".join(f"    z{i + 1} = z{i}\n" for i in range(600)).replace("z0", "z"),
            cotangent="z600",
        ),
        "too-deep",
    ),
}
UNREADABLE = {
    "5,000 sums": (beside("a = " + " + ".join(["b"] * 5_000)), "too-deep"),
    "2,000 parentheses": (beside("a = " + "(" * 2_000 + "b" + ")" * 2_000), "syntax-error"),
    "100 levels of indentation": (
        beside("".join(f"{' ' * i}if a:\n" for i in range(100)) + " " * 100 + "pass"),
        "syntax-error",
    ),
    "a number of 5,000 digits": (inside(primal="1" * 5_000), "syntax-error"),
    "a null byte": (IMPORT + "\0", "binary-file"),
    "UTF-16": (IMPORT.encode("utf-16"), "binary-file"),
    "a lone surrogate": (IMPORT.encode() + b"x = '\xed\xa0\x80'\n", "undecodable"),
    "a codec of no text": ("# coding: hex\n" + IMPORT, "undecodable"),
    "a codec that refuses everything": ("# coding: undefined\n" + IMPORT, "undecodable"),
    "two encodings": (b"\xef\xbb\xbf# coding: latin-1\n" + IMPORT.encode(), "undecodable"),
    "the end of a file of DOS": (IMPORT + "\x1a", "syntax-error"),
    "a decorator of 900 attributes": (
        inside().replace("@adjoint", "@adjoint(np" + ".a" * 900 + ")"),
        "too-deep",
    ),
}
NOTHING = {
    "nothing": "",
    "a byte order mark": b"\xef\xbb\xbf",
    "a blank line": "\n",
    "comments alone": "# from zygoterules import adjoint\n" * 1_000,
    "a comment without end": "# zygoterules",
    "a megabyte of text": f'"""{"@adjoint zygoterules " * 50_000}"""\n',
}
# What is decoded to a rule is converted, byte for byte as it is encoded.
ENCODED = {
    "u8": "s = 'é'",
    "shift_jis": "s = 'ソース表'",
    "iso2022_jp": "s = 'ソース表'",
    "gb18030": "s = '表\U0001f600'",
    "big5": "s = '許功蓋'",
    "koi8-r": "жук = 'щ'",
    "utf-8-sig": "s = 'é'",
    "unicode_escape": "s = '\\u00e9'",
}


@pytest.mark.parametrize("text", CONVERTED.values(), ids=CONVERTED)
def test_what_is_large_or_deep_is_converted(text: str) -> None:
    outcome = conversion(text)
    assert [type(d) for d in outcome.decisions] == [Converted], (outcome.decisions, outcome.diagnostics)
    assert_nothing_is_lost(outcome)


@pytest.mark.parametrize(("text", "slug"), REFUSED.values(), ids=REFUSED)
def test_rule_that_is_too_deep_is_refused_alone(text: str, slug: str) -> None:
    outcome = conversion(f"{text}\ndef g(x):\n    return x\n\nnograd(g)\n")
    rule, other = outcome.decisions
    assert isinstance(rule, Refused)
    assert rule.reason.slug == slug
    assert rule.reason.hint
    assert isinstance(other, Converted)
    assert text[len(IMPORT) :].encode() in outcome.result


@pytest.mark.parametrize(("text", "slug"), UNREADABLE.values(), ids=UNREADABLE)
def test_file_that_cannot_be_read_says_so_and_stays(text: str | bytes, slug: str) -> None:
    outcome = conversion(text)
    assert [d.slug for d in outcome.diagnostics] == [slug]
    assert outcome.result is outcome.source.content


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING)
def test_file_without_code_is_nothing_to_remark_on(text: str | bytes) -> None:
    outcome = conversion(text)
    assert not outcome.diagnostics
    assert outcome.result is outcome.source.content


@pytest.mark.parametrize("encoding", ENCODED)
def test_file_in_an_odd_encoding_is_converted_in_it(encoding: str) -> None:
    text = f"# coding: {encoding}\n{ENCODED[encoding]}\n{inside()}"
    outcome = conversion(text.encode("utf-8" if encoding == "unicode_escape" else encoding))
    assert [type(d) for d in outcome.decisions] == [Converted], outcome
    assert ENCODED[encoding] in outcome.result.decode("utf-8" if encoding == "unicode_escape" else encoding)


def test_a_thousand_rules_are_a_thousand_conversions() -> None:
    text = IMPORT + "".join(rule().replace("f(", f"f{i}(") for i in range(1_000))
    outcome = conversion(text)
    assert Counter(type(d) for d in outcome.decisions) == {Converted: 1_000}
    assert outcome.result.count(b"@rrule.register(") == 1_000


def test_a_thousand_targets_of_one_rule_are_kept() -> None:
    functions = "".join(f"def f{i}(x): return x\n" for i in range(1_000))
    decorators = "".join(f"@adjoint(f{i})\n" for i in range(1_000))
    outcome = conversion(f"{IMPORT}{functions}{decorators}def _(x): return x, lambda dy: (dy,)\n")
    assert [type(d) for d in outcome.decisions] == [Converted]
    assert outcome.result.count(b"@rrule.register(") == 1_000


def assert_nothing_is_lost(outcome: Conversion) -> None:
    """Fail where a line outside of the rule and the imports is another, or an error was reported."""
    assert not outcome.failed, outcome.diagnostics
    before, after = (Counter(c.splitlines()) for c in (outcome.source.content, outcome.result))
    assert (before - after).total() <= 4  # the import, the decorator, the head and the cotangents


def test_what_doubles_with_each_name_is_not_followed_to_its_end() -> None:
    steps = "".join(f"    z{i + 1} = (z{i}, z{i})\n" for i in range(40)).replace("z0", "z")
    outcome = conversion(inside(primal=f"None\n{steps}", cotangent="z40"))
    assert [type(d) for d in outcome.decisions] == [Adapted]


def test_broken_neighbours_cost_no_file(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    for name in ("a.py", "z.py"):
        (package / name).write_text(inside())
    (package / "directory.py").mkdir()
    (package / "directory.py" / "inner.py").write_text(inside())
    (package / "loop.py").symlink_to("loop.py")
    (package / "round").symlink_to(".", target_is_directory=True)
    (package / "nowhere.py").symlink_to("gone.py")
    (package / "elsewhere.py").symlink_to(tmp_path / "outside.py")
    (tmp_path / "outside.py").write_text(inside())
    (package / "binary.py").write_bytes(b"adjoint\0")
    (package / "latin.py").write_bytes(b"adjoint = '\xe9'")
    (package / "deep.py").write_text("adjoint = " + "-" * 100_000 + "1")
    os.mkfifo(package / "pipe.py")
    said = run(package)
    assert said == {
        "a.py": "Converted",
        "binary.py": "binary-file",
        "deep.py": "too-deep",
        "directory.py/inner.py": "Converted",
        "elsewhere.py": "Converted",
        "latin.py": "undecodable",
        "z.py": "Converted",
    }
    assert b"@rrule.register" in (package / "z.py").read_bytes()
    assert (package / "elsewhere.py").is_symlink()
    assert run(package).keys() == {"binary.py", "deep.py", "latin.py"}


def test_named_files_that_are_none_are_reported_and_cost_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(inside())
    (tmp_path / "loop.py").symlink_to("loop.py")
    os.mkfifo(tmp_path / "pipe.py")
    paths = [str(tmp_path / name) for name in ("loop.py", "pipe.py", "gone.py", "a.py")]
    found = [what_came(c) for c in convert_files(survey(paths).found, Options())]
    assert found == ["unreadable", "unreadable", "missing-path", "Converted"]


def run(folder: Path) -> dict[str, str]:
    """Convert and write what is in a folder, and return what came of each file that is worth a word."""
    work = survey([str(folder)])
    saved = [save(conversion) for conversion in convert_files(work.found, Options())]
    said = {os.path.relpath(c.source.path, folder): what_came(c) for c in saved}
    return {path: what for path, what in said.items() if what}


def what_came(outcome: Conversion) -> str:
    """Return what happened to a file, in words."""
    slugs = [d.slug for d in outcome.diagnostics if d.severity is not Severity.NOTE]
    return " ".join([*(type(d).__name__ for d in outcome.decisions), *slugs])
