"""`holders`: a name holds what is rewritten, and nothing else may be done with it."""

from __future__ import annotations

import ast

import pytest

from adjoint2rrule.convert.dialects.zygoterules.holders import holders
from tests.convert.building import adaption, converted

RULE = """\
from zygoterules import adjoint
def f(x, y): ...
@adjoint
def f(x, y):
{}
    return f(x, y), back
"""


def rule(body: str, outside: str = "pass") -> str:
    lines = [f"    {line}" for line in outside.splitlines()]
    lines += ["    def back(dy):", *(f"        {line}" for line in body.splitlines())]
    return RULE.format("\n".join(lines))


OTHERWISE = {
    "asked for an entry": "d = {}\nd['a'] = 2 * dy\nreturn (d, dy)",
    "given to a function": "d = None\nprint(d)\nreturn (d, dy)",
    "compared": "d = None\nif d == 1: pass\nreturn (d, dy)",
    "a list with an unknown method": "d = [None]\nd.sort()\nreturn (tuple(d), dy)",
    "held by another name": "d = {'a': dy}\ne = d\ne['b'] = 2 * x\nreturn (d, dy)",
}


@pytest.mark.parametrize("body", OTHERWISE.values(), ids=OTHERWISE)
def test_name_that_is_used_otherwise_keeps_the_pullback_as_it_is(body):
    assert adaption(rule(body)).slug in {"stepwise-cotangent", "opaque-cotangent"}


def test_name_and_its_use_are_told():
    reason = adaption(rule("d = {}\nd['a'] = 2 * dy\nreturn (d, dy)"))
    assert "`d` holds a cotangent and is built in steps" in reason.message
    assert "instead: write it as one literal" in reason.hint
    assert reason.line == 8
    reason = adaption(rule("d = {'a': dy}\nprint(d)\nreturn (d, dy)"))
    assert "`d` holds a cotangent and is used for something else as well" in reason.message


ALONE = {
    "once": ("d = None\nreturn (d, dy)", "d = ZeroTangent()"),
    "for two arguments": ("d = e = None\nreturn (d, e)", "d = e = ZeroTangent()"),
    "twice": ("d = None\nreturn (d, d)", "d = ZeroTangent()"),
    "tested": (
        "d = None\nif d is None: d = dy\nreturn (d, dy)",
        "if isinstance(unthunk(d), AbstractZero): d = dy",
    ),
    "summed": ("d = None\nd = dy if d is None else d + dy\nreturn (d, dy)", "else d + dy"),
    "of its own value": ("d = 2 * dy\nd[0] = 0\nprint(d)\nreturn (d, None)", "d[0] = 0"),
    "by condition": ("d = None if x else {'a': dy}\nreturn (d, dy)", "else Tangent[type(x)](a=dy)"),
}


@pytest.mark.parametrize(("body", "wanted"), ALONE.values(), ids=ALONE)
def test_name_may_hold_a_cotangent_and_nothing_else(body, wanted):
    assert wanted in converted(rule(body))


def test_name_of_the_rule_around_is_held_as_well():
    assert "    d = ZeroTangent()\n" in converted(rule("return (d, dy)", "d = None"))
    assert adaption(rule("return (d, dy)", "d = None\nprint(d)")).slug == "stepwise-cotangent"


def test_none_that_is_no_cotangent_stays():
    assert "z = None\n    if z is None:\n" in converted(
        rule("return (dy, None)", "z = None\nif z is None:\n    print(z)")
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("d = None", {"d"}),
        ("d = e = None", {"d", "e"}),
        ("d: float = None", {"d"}),
        ("d, e = None, 1", {"d"}),
        ("d, (e, g) = 1, (2, None)", {"g"}),
        ("d = [1, None]", {"d"}),
        ("d = dict(a=None)", {"d"}),
        ("d = [None for _ in x]", {"d"}),
        ("d.append(None)", {"d"}),
        ("if (d := None): pass", None),
        ("return (1, None)", {"back"}),
        ("d['a'] = None", None),
        ("d.a = None", None),
        ("d, e = g([None])", None),
        ("g(None)", set()),
        ("g([None])", None),
    ],
)
def test_names_of_what_holds_a_none(text, names):
    tree = ast.parse(f"def rule():\n    def back():\n        {text}\n")
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    (none,) = (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and n.value is None)
    assert holders(none, parents, frozenset()) == names
