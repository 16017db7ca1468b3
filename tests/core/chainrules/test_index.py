"""ChainRulesCore.jl, ``index.md``: a chain of three rules, by hand in both directions.

Differs: `sin`, `+` and `asin` are `math.sin`, `operator.add` and `math.asin`.
"""

import math
import operator

import pytest
from fdm import central_fdm

from adjoint2rrule.core import NoTangent, ZeroTangent, frule, rrule, scalar_rule

DERIVATIVE = -1.0531613736418153  # of `foo` at 3, as on the page

scalar_rule(math.sin, lambda Ω, x: math.cos(x))
scalar_rule(operator.add, lambda Ω, x, y: (1.0, 1.0))
scalar_rule(math.asin, lambda Ω, x: 1 / math.sqrt(1 - x**2))


def foo(x):
    a = math.sin(x)
    b = 0.2 + a
    return math.asin(b)


def test_rrules_give_the_derivative_backwards():
    a, a_pullback = rrule(math.sin, 3)
    b, b_pullback = rrule(operator.add, 0.2, a)
    c, c_pullback = rrule(math.asin, b)
    assert c == foo(3)

    c̄ = 1
    _, b̄ = c_pullback(c̄)
    _, _, ā = b_pullback(b̄)
    f̄, x̄ = a_pullback(ā)
    assert x̄ == pytest.approx(DERIVATIVE, rel=1e-15)
    assert f̄ is NoTangent()


def test_frules_give_the_derivative_forwards():
    df, dx = ZeroTangent(), 1
    a, da = frule((df, dx), math.sin, 3)
    b, db = frule((df, ZeroTangent(), da), operator.add, 0.2, a)
    c, dc = frule((df, db), math.asin, b)
    assert c == foo(3)
    assert dc == pytest.approx(DERIVATIVE, rel=1e-15)


def test_finite_differences_agree():
    assert central_fdm(5, 1)(foo, 3.0) == pytest.approx(DERIVATIVE, rel=1e-9)


def sine(x):
    return math.sin(x)


@frule.register(sine)
def sine_frule(dargs, sine, x):
    _, dx = dargs
    return sine(x), math.cos(x) * dx


@rrule.register(sine)
def sine_rrule(sine, x):
    def sine_pullback(ȳ):
        return NoTangent(), math.cos(x) * ȳ

    return sine(x), sine_pullback


def test_rules_of_sin_are_written_out_as_functions():
    y, dy = frule((NoTangent(), 2.0), sine, 0.5)
    assert (y, dy) == (math.sin(0.5), 2.0 * math.cos(0.5))
    y, pullback = rrule(sine, 0.5)
    assert (y, pullback(2.0)) == (math.sin(0.5), (NoTangent(), 2.0 * math.cos(0.5)))
