"""`conversions`: entries in front and behind, pullbacks from elsewhere called, and the AD by its config."""

from __future__ import annotations

import pytest

from tests.convert.building import converted

HEAD = """\
from functools import partial
import numpy as np
from zygoterules import _pullback, adjoint, gradient, pullback
def scaled(factor, dy): return (factor * dy,)
def shared(a): return lambda dy: (a * dy,)
def shared_pair(a): return a, lambda dy: (a * dy,)
users = shared, shared_pair
def f(*args): ...
"""


def body(parameters: str, text: str) -> str:
    """Return the body of a rule once it is converted."""
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    return (
        converted(f"{HEAD}@adjoint\ndef f({parameters}):\n{lines}").partition("@rrule")[2].partition(":\n")[2]
    )


RESULTS = {
    ("x", "(dy,)"): "(NoTangent(), dy)",
    ("x, y", "(dy,)"): "(NoTangent(), dy, ZeroTangent())",
    ("x, *ys", "None"): "(NoTangent(), ZeroTangent(), *(ZeroTangent() for _ in ys))",
    ("x, *ys", "(dy, *[dy for _ in ys])"): "(NoTangent(), dy, *[dy for _ in ys])",
    ("*xs", "tuple(dy for _ in xs)"): "(NoTangent(), *(dy for _ in xs))",
    ("x, y", "(dy,) + (None,)"): "(NoTangent(), dy) + (ZeroTangent(),)",
    ("x, y", "(dy,) + scaled(2.0, dy)"): "(NoTangent(), dy) + scaled(2.0, dy)",
    ("x, y", "scaled(2.0, dy) + (None,)"): "(NoTangent(), *scaled(2.0, dy) + (ZeroTangent(),))",
    ("x, n: int", "scaled(2.0, dy)"): "(NoTangent(), *scaled(2.0, dy), NoTangent())",
    ("", "()"): "(NoTangent(),)",
}


@pytest.mark.parametrize(("case", "wanted"), RESULTS.items(), ids=str)
def test_entries_are_put_around_a_result(case, wanted):
    parameters, result = case
    assert body(parameters, f"return 1.0, lambda dy: {result}") == f"    return 1.0, lambda dy: {wanted}\n"


HANDED = {
    "partial(scaled, x)": "return 1.0, lambda dy: (NoTangent(), *scaled(x, dy))",
    "partial(scaled, 2 * x)": "y, back = 1.0, partial(scaled, 2 * x)\n    "
    "return y, lambda dy: (NoTangent(), *back(dy))",
    "shared(x)": "y, back = 1.0, shared(x)\n    return y, lambda dy: (NoTangent(), *back(dy))",
}


@pytest.mark.parametrize(("pullback", "wanted"), HANDED.items(), ids=HANDED)
def test_pullback_from_elsewhere_is_called_by_one_of_the_rule(pullback, wanted):
    assert body("x", f"return 1.0, {pullback}") == f"    {wanted}\n"


def test_pair_from_elsewhere_is_taken_apart():
    assert body("x, n: int", "return shared_pair(x)") == (
        "    y, back = shared_pair(x)\n    return y, lambda dy: (NoTangent(), *back(dy), NoTangent())\n"
    )


def test_seed_is_given_a_name_that_the_call_does_not_use():
    assert "lambda dy_: (NoTangent(), *scaled(dy, dy_))" in body("dy", "return 1.0, partial(scaled, dy)")


CALLBACKS = {
    "_pullback(f, x)[1](dy)": "(NoTangent(), *rrule_via_ad(config, f, x)[1](dy))",
    "_pullback(__context__, f, x)[1](dy)": "(NoTangent(), *rrule_via_ad(config, f, x)[1](dy))",
    "(None, *pullback(f, x)[1](dy))": (
        "(NoTangent(), ZeroTangent(), *rrule_via_ad(config, f, x)[1](dy)[1:])"
    ),
    "(None, pullback(f, x)[1](dy)[0])": (
        "(NoTangent(), ZeroTangent(), rrule_via_ad(config, f, x)[1](dy)[1])"
    ),
    "(None, dy * gradient(f, x)[0])": (
        "(NoTangent(), ZeroTangent(), dy * rrule_via_ad(config, f, x)[1](1.0)[1])"
    ),
}


@pytest.mark.parametrize(("result", "wanted"), CALLBACKS.items(), ids=CALLBACKS)
def test_callback_becomes_a_call_by_the_config(result, wanted):
    assert body("f, x", f"return 1.0, lambda dy: {result}") == f"    return 1.0, lambda dy: {wanted}\n"


def test_pullback_that_can_end_returns_zeros_there():
    text = body("x, n: int", "def back(dy):\n    if n:\n        return (dy, None)\nreturn 1.0, back")
    inside, end = "(NoTangent(), dy, NoTangent())", "(NoTangent(), ZeroTangent(), NoTangent())"
    assert f"            return {inside}\n        return {end}\n" in text
