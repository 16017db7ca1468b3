"""`carry_out`: what each operation makes of the node that it is for, its layout and comments kept."""

from __future__ import annotations

import libcst as cst
import pytest

from adjoint2rrule.convert.carry_out import carry_out
from adjoint2rrule.convert.operations import (
    Address,
    AddReturn,
    Append,
    AsAttribute,
    AsCall,
    EditFunction,
    ExtendTuple,
    Operation,
    Redirect,
    Replace,
    SpreadTuple,
    Wrap,
)

AT = Address("Expr", (1, 0))


def changed(text: str, operation: Operation) -> str:
    """Return an expression as `operation` changes it."""
    return cst.Module([]).code_for_node(carry_out(cst.parse_expression(text), operation))


def changed_function(text: str, operation: Operation) -> str:
    """Return a definition as `operation` changes it."""
    function = cst.parse_statement(text)
    return cst.Module([]).code_for_node(carry_out(function, operation))


EXPRESSIONS = [
    ("None", Replace(AT, "Z()"), "Z()"),
    ("(None)", Replace(AT, "Z()"), "(Z())"),
    ("(dy, None)", ExtendTuple(AT, ("N()",), ("Z()",)), "(N(), dy, None, Z())"),
    ("dy,", ExtendTuple(AT, ("N()",)), "N(), dy"),
    # a sequence that is no display
    ("back(dy)", SpreadTuple(AT, ("N()",)), "(N(), *back(dy))"),
    ("back(dy)", SpreadTuple(AT, (), ("Z()",)), "(*back(dy), Z())"),
    ("back(dy)", SpreadTuple(AT, (), ("*(Z() for _ in xs)",)), "(*back(dy), *(Z() for _ in xs))"),
    ("tuple(x for x in y)", SpreadTuple(AT, ("N()",), (), opened=True), "(N(), *(x for x in y))"),
    ("a if b else c", SpreadTuple(AT, ("N()",)), "(N(), *(a if b else c))"),
    ("a + b", SpreadTuple(AT, ("N()",)), "(N(), *a + b)"),
    # tangents
    ("dict(a=1, b=2)", AsCall(AT, "T", frozenset({1})), "T(a=1)"),
    ("tuple(x)", AsCall(AT, "T", star=True), "T(*x)"),
    ("tuple(x for x in y)", AsCall(AT, "T", star=True), "T(*(x for x in y))"),
    ("[x for x in y]", Wrap(AT, "T", star=True), "T(*[x for x in y])"),
    ("x", Wrap(AT, "T", star=True), "T(*x)"),
    ("{'a': 1, 'b': 2}", Wrap(AT, "T", frozenset({0})), "T({'b': 2})"),
    # pullbacks that stay
    ("back", Wrap(AT, "adapt", more=("x", "*ys", "functor=True")), "adapt(back, x, *ys, functor=True)"),
    ("lambda dy: (dy,)", Wrap(AT, "adapt", more=("x",)), "adapt(lambda dy: (dy,), x)"),
    ("(lambda dy: (dy,))", Wrap(AT, "adapt", more=("x",)), "adapt((lambda dy: (dy,)), x)"),
    ("(back)", Wrap(AT, "adapt", more=("x",)), "(adapt(back, x))"),
    # the AD
    ("pullback(f, x)", Redirect(AT, "via", "config"), "via(config, f, x)"),
    ("zr.pullback( f, *xs )", Redirect(AT, "via", "config"), "via( config, f, *xs )"),
    ("_pullback(__context__, f, x)", Redirect(AT, "via", "config", replaced=True), "via(config, f, x)"),
    ("gradient(f, x)", Redirect(AT, "via", "config", then="[1](1.0)[1:]"), "via(config, f, x)[1](1.0)[1:]"),
    ("(gradient(f, x))", Redirect(AT, "via", "config", then="[1](1.0)"), "(via(config, f, x)[1](1.0))"),
    ("back(dy)", Append(AT, "[1:]"), "back(dy)[1:]"),
    ("(back(dy))", Append(AT, "[1:]"), "(back(dy)[1:])"),
    # properties
    ("get(x, 'a')", AsAttribute(AT, "a"), "x.a"),
    ("get(x + y, 'a')", AsAttribute(AT, "a", parenthesized=True), "(x + y).a"),
]


@pytest.mark.parametrize(
    ("text", "operation", "wanted"), EXPRESSIONS, ids=[f"{t}-{w}" for t, _, w in EXPRESSIONS]
)
def test_expression_becomes(text, operation, wanted):
    assert changed(text, operation) == wanted


def test_call_over_several_lines_keeps_its_lines():
    text = "pullback(\n    f,  # the function\n    x,\n)"
    assert changed(text, Redirect(AT, "via", "config")) == (
        "via(\n    config,\n    f,  # the function\n    x,\n)"
    )


FUNCTIONS = [
    ("def f(x): ...\n", EditFunction(AT, "g", ("f",)), "def g(f, x): ...\n"),
    ("def f(x): ...\n", EditFunction(AT, None, ("config: C", "f")), "def f(config: C, f, x): ...\n"),
    ("def f(): ...\n", EditFunction(AT, None, ("config: C", "f")), "def f(config: C, f): ...\n"),
    ("def f(x, /, y): ...\n", EditFunction(AT, None, ("f",)), "def f(f, x, /, y): ...\n"),
    ("def f(*xs): ...\n", EditFunction(AT, None, ("f",)), "def f(f, *xs): ...\n"),
    ("def f(*, k): ...\n", EditFunction(AT, None, ("f",)), "def f(f, *, k): ...\n"),
    ("def f(**o): ...\n", EditFunction(AT, None, ("f",)), "def f(f, **o): ...\n"),
    (
        "def f(\n    x,\n    y,\n): ...\n",
        EditFunction(AT, None, ("config: C", "f")),
        "def f(\n    config: C,\n    f,\n    x,\n    y,\n): ...\n",
    ),
    ("def back(dy): pass\n", AddReturn(AT, "(N(),)"), "def back(dy): pass; return (N(),)\n"),
    (
        "def back(dy):\n    if x:\n        return\n",
        AddReturn(AT, "(N(),)"),
        "def back(dy):\n    if x:\n        return\n    return (N(),)\n",
    ),
]


@pytest.mark.parametrize(("text", "operation", "wanted"), FUNCTIONS, ids=[w for _, _, w in FUNCTIONS])
def test_function_becomes(text, operation, wanted):
    assert changed_function(text, operation) == wanted
