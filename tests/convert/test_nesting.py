"""`nesting`: what libcst is not asked to parse."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert.nesting import is_too_deep

# Each makes code of any depth; libcst nests all of them, Python only some.
DEEP = {
    "sums": lambda n: " + ".join(["x"] * n),
    "ands": lambda n: " and ".join(["x"] * n),
    "loops": lambda n: "[x " + "for x in y " * n + "]",
    "loops of a dict": lambda n: "{x: x " + "for x in y " * n + "}",
    "loops of a generator": lambda n: "f(x " + "for x in y " * n + ")",
    "attributes": lambda n: "x" + ".x" * n,
    "imports": lambda n: "import x" + ".x" * n,
    "imports from": lambda n: f"from x{'.x' * n} import y",
    "branches": lambda n: "if x:\n    pass\n" + "elif x:\n    pass\n" * n,
    "signs": lambda n: "-" * n + "x",
}
# Of these, libcst needs time for each level, times what is inside.
PATTERNS = {
    "groups": ("(", ")"),
    "tuples": ("(", ",)"),
    "lists": ("[", "]"),
    "dicts": ("{'k': ", "}"),
    "classes": ("A(", ")"),
    "fields": ("A(b=", ")"),
}


@pytest.mark.parametrize("code", DEEP.values(), ids=DEEP)
def test_depth_is_told_before_libcst_runs_out_of_stack(code):
    assert is_too_deep(code(600))
    assert not is_too_deep(code(100))


@pytest.mark.parametrize("brackets", PATTERNS.values(), ids=PATTERNS)
@pytest.mark.parametrize("before", ["", "    case 1:\n        y = f(1)\n"], ids=["first", "second"])
def test_patterns_that_take_libcst_for_ever_are_told(brackets, before):
    opening, closing = brackets

    def code(n):
        return f"match (x):\n{before}    case {opening * n}é{closing * n} if x: pass\n    case _: pass\n"

    assert is_too_deep(code(20))
    assert not is_too_deep(code(5))


def test_brackets_of_expressions_are_not_those_of_patterns():
    deep = "(" * 20 + "x" + ")" * 20
    assert not is_too_deep(f"match {deep}:\n    case 1 if {deep}: y = {deep}\n    case 2: pass\n")


def test_wide_code_is_not_deep():
    wide = "x = [" + ", ".join(["(1, 2)"] * 5000) + "]\n"
    assert not is_too_deep(wide * 2 + "x\n" * 5000 + "y = " + "z < " * 5000 + "z")


def test_odd_escapes_are_between_the_author_and_python():
    assert not is_too_deep("x = '\\d'")
