"""`callbacks`: which calls call back into the AD, and whether what that gives can be followed."""

from __future__ import annotations

import ast

import pytest

from tests.convert.dialects.zygoterules.pullback_reading import rule

FOLLOWED = {
    # the calls whose result has one entry less
    "y, back = pullback(f, x)\nreturn y, lambda dy: (None, *back(dy))": ["back(dy)"],
    "y, back = _pullback(f, x)\nreturn y, lambda dy: back(dy)": [],
    "return f(x), lambda dy: pullback(f, x)[1](dy)": ["pullback(f, x)[1](dy)"],
    "p = pullback(f, x)\nreturn p[0], lambda dy: p[1](dy)": ["p[1](dy)"],
    "backs = [pullback(x, v)[1] for v in y]\nreturn 1.0, lambda dy: (None, [b(dy)[0] for b in backs])": [
        "b(dy)"
    ],
    "backs = []\nfor v in y:\n    backs.append(pullback(x, v)[1])\n"
    "return 1.0, lambda dy: (None, [b(dy)[0] for b in reversed(backs)])": ["b(dy)"],
}


@pytest.mark.parametrize(("body", "shortened"), FOLLOWED.items(), ids=FOLLOWED)
def test_calls_of_what_pullback_gives_are_found(body, shortened):
    found = rule(body)
    assert found.problems == ()
    assert [ast.unparse(call) for call in found.callbacks.shortened] == shortened


@pytest.mark.parametrize(
    ("call", "name", "context"),
    [
        ("pullback(f, x)", "pullback", False),
        ("_pullback(f, x)", "_pullback", False),
        ("_pullback(__context__, f, x)", "_pullback", True),
        ("gradient(f, x)", "gradient", False),
    ],
)
def test_call_knows_its_name_and_context(call, name, context):
    (found,) = rule(f"z = {call}\nreturn f(x), lambda dy: (dy,)").callbacks.calls
    assert (found.name, found.context is not None, ast.unparse(found.call)) == (name, context, call)


LOST = {
    "back = pullback\nreturn f(x), lambda dy: back(f, x)[1](dy)": (
        "callback",
        "`pullback` is used otherwise than by calling it",
    ),
    "return f(x), lambda dy: (g(__context__, dy),)": (
        "callback",
        "`__context__` is the legacy AD's own, and used otherwise than to call back into it",
    ),
    "y, back = pullback(f, x)\nreturn y, lambda dy: (g(back, dy),)": (
        "opaque-callback",
        "where `back`, a function from the AD, is called cannot be followed",
    ),
    "y, back = pullback(f, x)\ndef g(dy): return back(dy)[0]\nreturn y, lambda dy: (g(dy), None)": (
        "opaque-callback",
        "where `back`, a function from the AD",
    ),
}


@pytest.mark.parametrize(("body", "wanted"), LOST.items(), ids=LOST)
def test_function_from_the_ad_that_gets_out_of_sight_is_a_problem(body, wanted):
    found = [(p.slug, p.message) for p in rule(body).callbacks.problems]
    assert any(slug == wanted[0] and wanted[1] in message for slug, message in found)


def test_tests_of_what_a_callback_gave_are_noted():
    body = "y, back = _pullback(f, x)\ndf, dx = back(1.0)\ns = 0.0 if dx is None else dx\n"
    found = rule(f"{body}return y, lambda dy: (dy * s, None)")
    assert len(found.callbacks.uses.changes) == 1


def test_rule_that_does_not_call_back_has_no_callbacks():
    found = rule("return f(x), lambda dy: (dy,)").callbacks
    assert (found.calls, found.shortened, found.problems) == ((), (), ())
