"""What finite differences find, and where they give up."""

import math

import numpy as np
import pytest

from adjoint2rrule.testing.finite_difference_calls import (
    default_fdm,
    derivative,
    has_kink,
    quick_derivatives,
    refined_derivative,
)


def test_derivative_of_a_vector():
    value = derivative(default_fdm(), lambda t: np.array([np.sin(t), np.exp(2 * t)]))
    np.testing.assert_allclose(value, [1.0, 2.0], rtol=1e-9)


@pytest.mark.parametrize("x", [1.0, 1e-2, 1e-5, 1e-9, 1e-13])
def test_derivative_looks_only_where_the_function_is_defined(x):
    fdm = default_fdm()
    assert derivative(fdm, lambda t: np.log([x + t]))[0] == pytest.approx(1 / x, rel=1e-7)
    assert derivative(fdm, lambda t: np.array([math.log(x + t)]))[0] == pytest.approx(1 / x, rel=1e-7)


def test_function_without_values_is_reported_with_what_it_raises():
    def path(t):
        if t:
            raise ValueError("only here")
        return np.zeros(1)

    with pytest.raises(AssertionError, match=r"raises ValueError: only here close to these arguments"):
        derivative(default_fdm(), path)
    with pytest.raises(AssertionError, match="is not finite close to these arguments"):
        derivative(default_fdm(), lambda t: np.array([np.nan]))
    with pytest.raises(AssertionError, match="finite differences find no value"):
        refined_derivative(default_fdm(), path)


def test_error_that_says_nothing_about_the_domain_is_raised():
    with pytest.raises(TypeError):
        derivative(default_fdm(), lambda t: np.array([len(t)]))


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda t: np.sin(1000 * t), 1000.0),
        (lambda t: np.exp(t) * 1e8, 1e8),
        (lambda t: np.log(1e-6 + t), 1e6),
        (lambda t: np.round(np.sin(t), 10), 1.0),
        (lambda t: np.float32(1.0 + np.sin(np.float32(t))), 1.0),
        (lambda t: 1.0 + np.sin(t), 1.0),
    ],
)
def test_refined_derivative_knows_its_own_error(f, slope):
    value, error = refined_derivative(default_fdm(), lambda t: np.array([f(t)], dtype=float))
    assert abs(value[0] - slope) <= 2 * error + 1e-12 * slope
    assert error < 1e-2 * slope


def test_mean_of_both_sides_of_a_kink_nearby_is_no_derivative():
    for x, slope in ((-1e-6, 0.0), (1e-6, 1.0), (-1e-4, 0.0), (1e-8, 1.0)):
        value, _ = refined_derivative(default_fdm(), lambda t, x=x: np.array([np.maximum(x + t, 0.0)]))
        assert value[0] == pytest.approx(slope, abs=1e-6)


def test_function_that_is_constant_has_the_derivative_zero():
    value, error = refined_derivative(default_fdm(), lambda t: np.array([3.0, 1.0 + t]))
    assert abs(value[0]) <= 1e-12 + error
    assert error < 1e-9


def test_kink_is_told_from_curvature():
    assert has_kink(lambda t: np.abs([t]))
    assert has_kink(lambda t: np.maximum([1.0, t], 0.0))
    assert not has_kink(lambda t: np.array([np.sin(1e4 * t), 1e6 * t**2]))
    assert not has_kink(lambda t: np.sqrt([t]))


def test_rounding_is_no_kink():
    x = np.linspace(0.5, 3, 20)
    assert not has_kink(lambda t: np.float64(np.sin(np.float32(x + t))))
    assert not has_kink(lambda t: np.round(np.sin(x + t), 7))
    assert not has_kink(lambda t: 1e9 * np.sin(x + t))
    assert has_kink(lambda t: np.float64(abs(np.float32(t)) + np.float32(x)))
    assert has_kink(lambda t: np.sqrt(abs(t)) + x)


def test_one_step_serves_many_functions_and_says_where_it_does_not():
    edges = (lambda t: math.log(1e-9 + t), lambda t: np.log(1e-9 + t))
    found = quick_derivatives(default_fdm(), [np.sin, lambda t: 2 * t, *edges], 1e-3)
    np.testing.assert_allclose(found[:2], [1.0, 2.0], rtol=1e-9)
    assert np.isnan(found[2:]).all()
