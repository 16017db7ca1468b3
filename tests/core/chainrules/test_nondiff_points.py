"""ChainRulesCore.jl, ``maths/nondiff_points.md``: a useful derivative where calculus has none.

Differs: functions are checked at their points by hand, since finite differences see both sides.
"""

import math

import numpy as np
import pytest

from adjoint2rrule.core import NoTangent, frule, rrule, scalar_rule
from adjoint2rrule.testing import test_scalar as check_scalar


def cube(x):
    return x**3


def magnitude(x):
    return abs(x)


def bend(x):
    return x if x < 0 else 5 * x


def ceiling(x):
    return float(math.ceil(x))


def square_by_log(x):
    # numpy's log: 0.0 gives -inf, and negative numbers are an error
    with np.errstate(divide="ignore", invalid="raise"):
        return float(np.exp(2 * np.log(x)))


def cbrt(x):
    return math.cbrt(x)


def cusp(x):
    return math.copysign(1.0, x) * math.cbrt(x)


scalar_rule(cube, lambda Ω, x: 3 * x**2)
scalar_rule(magnitude, lambda Ω, x: np.sign(x))
scalar_rule(bend, lambda Ω, x: 1.0 if x < 0 else 5.0 if x > 0 else 3.0)
scalar_rule(ceiling, lambda Ω, x: 0.0)
scalar_rule(square_by_log, lambda Ω, x: 2 * Ω / x if x else 0.0)
scalar_rule(cbrt, lambda Ω, x: math.inf if x == 0 else 1 / (3 * Ω**2))
scalar_rule(cusp, lambda Ω, x: 0.0 if x == 0 else math.copysign(1.0, x) / (3 * Ω**2))


def derivatives(f, x):
    """Return the derivative by both rules."""
    return frule((NoTangent(), 1.0), f, x)[1], rrule(f, x)[1](1.0)[1]


@pytest.mark.parametrize(
    ("f", "derivative"),
    [
        pytest.param(cube, 0.0, id="in the usual sense"),
        pytest.param(magnitude, 0.0, id="zero at a local minimum"),
        pytest.param(bend, 3.0, id="the mean where the slope changes"),
        pytest.param(ceiling, 0.0, id="zero almost everywhere"),
        pytest.param(square_by_log, 0.0, id="from the side that is defined"),
        pytest.param(cbrt, math.inf, id="infinite from both sides"),
        pytest.param(cusp, 0.0, id="zero where both sides are infinite and differ"),
    ],
)
def test_there_is_a_useful_derivative_at_zero(f, derivative):
    assert derivatives(f, 0.0) == (derivative, derivative)


@pytest.mark.parametrize("f", [cube, magnitude, bend, ceiling, square_by_log, cbrt, cusp])
def test_to_the_right_the_derivative_is_the_usual_one(f):
    check_scalar(f, 0.7)


@pytest.mark.parametrize("f", [cube, magnitude, bend, ceiling, cbrt, cusp])
def test_to_the_left_the_derivative_is_the_usual_one(f):
    check_scalar(f, -0.7)


def test_nobody_asks_for_a_derivative_where_there_is_no_value():
    with pytest.raises(FloatingPointError):
        rrule(square_by_log, -0.7)


def test_the_mean_is_what_central_differences_say():
    h = 1e-6
    assert (bend(h) - bend(-h)) / (2 * h) == pytest.approx(derivatives(bend, 0.0)[0])
    assert (magnitude(h) - magnitude(-h)) / (2 * h) == derivatives(magnitude, 0.0)[0]
