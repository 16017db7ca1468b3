"""`rules`: a legacy rule read into parameters, pullbacks and callbacks, or into what cannot be read."""

from __future__ import annotations

import ast

import pytest

from adjoint2rrule.convert.dialects.zygoterules.cotangents import Items
from tests.convert.building import rule_in, sample
from tests.convert.dialects.zygoterules.pullback_reading import first_problem, results, rule


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ("", []),
        ("x, y", [("x", None, False), ("y", None, False)]),
        ("x, /, y=1", [("x", None, False), ("y", "1", False)]),
        ("x=1, /, y=2", [("x", "1", False), ("y", "2", False)]),
        ("x, *ys", [("x", None, False), ("ys", None, True)]),
        ("x, *, axis=0", [("x", None, False)]),
        ("x, **options", [("x", None, False)]),
        ("x: float, y: 'Foo' = None", [("x", None, False), ("y", "None", False)]),
    ],
)
def test_parameters_are_the_positional_ones(parameters, wanted):
    found = rule("return 1, lambda dy: ()", parameters).parameters
    written = [(p.name, p.default and ast.unparse(p.default), p.is_variadic) for p in found]
    assert written == wanted


def test_rule_keeps_its_node_and_scope():
    file = sample("def f(x):\n    return x, lambda dy: (dy,)\n")
    found = rule_in(file)
    assert (found.node, found.scope) == (file.definition("f"), file.inside("f"))
    assert isinstance(found.pullbacks[0].results[0], Items)


def test_every_return_of_the_rule_is_one_of_its_returns_and_none_of_its_pullbacks():
    found = rule("def back(dy):\n    return (dy,)\nif x > 0:\n    return 0.0, back\nreturn f(x), back")
    assert [ast.unparse(statement) for statement in found.returns] == [
        "return (0.0, back)",
        "return (f(x), back)",
    ]


NO_PAIR = {
    "yield x": "the rule is a generator",
    "f(x)": "the rule can end without returning a pair",
    "if x:\n    return f(x), lambda dy: (dy,)": "the rule can end without returning a pair",
    "return": "the rule returns something else than a pair",
    "return f(x), 1, lambda dy: (dy,)": "the rule returns something else than a pair",
    "return 2 * x": "the rule returns something else than a pair",
    "return [f(x), lambda dy: (dy,)]": "the rule returns something else than a pair",
}


@pytest.mark.parametrize(("body", "message"), NO_PAIR.items(), ids=NO_PAIR)
def test_rule_that_shows_that_it_gives_no_pair_has_a_problem(body, message):
    assert first_problem(rule(body)) == ("no-pair", message)


@pytest.mark.parametrize(
    "body",
    [
        "if x < 0:\n    raise ValueError\nreturn f(x), lambda dy: (dy,)",
        "try:\n    return f(x), lambda dy: (dy,)\nexcept E:\n    raise",
        "if x:\n    return f(x), lambda dy: (dy,)\nelse:\n    return 0.0, lambda dy: (dy,)",
    ],
)
def test_rule_that_gives_a_pair_or_fails_has_no_problem(body):
    found = rule(body)
    assert found.problems == ()
    assert set(map(tuple, results(found))) == {("(seed)",)}


def test_every_problem_is_found_and_says_what_to_do():
    problems = rule("if x:\n    return x.make()\nreturn f(x), lambda dy: (dy, x)").problems
    assert [p.slug for p in problems] == ["opaque-pair", "opaque-cotangent"]
    assert all(p.hint for p in problems)


def test_helpers_are_those_outside_of_the_rule_that_make_its_pullbacks():
    assert [h.name for h in rule("return f(x), make(x)").helpers] == ["make"]
    assert [h.name for h in rule("if x:\n    return pair(x)\nreturn f(x), make(x)").helpers] == [
        "pair",
        "make",
    ]
    assert rule("def g(): return lambda dy: (dy,)\nreturn f(x), g()").helpers == ()
    assert rule("return f(x), shared(x)").helpers == ()
    assert rule("return f(x), lambda dy: (dy,)").helpers == ()


def test_names_on_the_way_to_a_cotangent_are_followed():
    found = rule("d = None\ndef back(dy):\n    e = 2 * dy\n    return (d, e)\nreturn f(x), back")
    assert sorted(name.id for name in found.followed) == ["d", "e"]
