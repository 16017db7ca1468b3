"""ChainRulesCore.jl, the docstrings of `frule`, `rrule` (``rules.jl``) and `@non_differentiable`."""

import math

import numpy as np
import pytest

from adjoint2rrule.core import (
    NoTangent,
    Tangent,
    ZeroTangent,
    frule,
    ignore_derivatives,
    non_differentiable,
    rrule,
    scalar_rule,
)


def sin(x):
    return math.sin(x)


def sincos(x):
    return math.sin(x), math.cos(x)


def hypot(x, y):
    return math.hypot(x, y)


def hypot_partials(Ω, x, y):
    return x / Ω, y / Ω


scalar_rule(sin, lambda Ω, x: math.cos(x))
scalar_rule(sincos, lambda Ω, x: (Ω[1], -Ω[0]))
scalar_rule(hypot, hypot_partials)

x = 0.4056994708920292


def test_a_function_of_one_number_to_one_number():
    sinx, dsinx = frule((NoTangent(), 1), sin, x)
    assert sinx == pytest.approx(0.3946615493032566, rel=1e-15)
    assert dsinx == pytest.approx(0.918826567694662, rel=1e-15)
    sinx, sin_pullback = rrule(sin, x)
    assert (sinx, sin_pullback(1)) == (math.sin(x), (NoTangent(), math.cos(x)))


def test_the_tangent_of_several_outputs_is_that_of_the_tuple():
    sincosx, dsincosx = frule((NoTangent(), 1), sincos, x)
    assert sincosx == sincos(x)
    assert dsincosx[0] == math.cos(x)
    assert dsincosx[1] == -math.sin(x)
    assert dsincosx == Tangent[tuple[float, float]](math.cos(x), -math.sin(x))
    sin_tangent, cos_tangent = dsincosx
    assert (sin_tangent, cos_tangent) == (math.cos(x), -math.sin(x))


def test_a_function_of_two_numbers():
    y = 0.7
    hypotxy, hypot_pullback = rrule(hypot, x, y)
    assert hypotxy == math.hypot(x, y)
    assert hypot_pullback(1) == (NoTangent(), x / math.hypot(x, y), y / math.hypot(x, y))


def equal(a, b):
    return a == b


def length(xs):
    return len(xs) if isinstance(xs, np.ndarray) else 1


non_differentiable(equal)
non_differentiable(length, float | np.ndarray)


def test_a_comparison_has_no_tangents():
    _, pullback = rrule(equal, 2.0, 3.0)
    assert pullback(1.0) == (NoTangent(), NoTangent(), NoTangent())


def test_a_signature_bounds_what_is_not_differentiable():
    assert frule((ZeroTangent(), 1), length, np.array([2.0, 3.0])) == (2, NoTangent())
    assert frule((ZeroTangent(), 1), length, "ab") is None


def test_code_that_is_ignored_runs_and_has_no_tangents():
    collection = []
    y, pullback = rrule(ignore_derivatives, lambda: collection.append(0.3))
    assert (y, collection) == (None, [0.3])
    assert pullback(1.0) == (NoTangent(), NoTangent())


def test_a_value_that_is_ignored_is_itself_even_if_it_can_be_called():
    # tips_for_packages.md: a functor is a value; to run it, wrap it in a function
    class Model:
        def __call__(self):
            return 2.0

    model = Model()
    assert ignore_derivatives(model) is model
    assert ignore_derivatives(lambda: model()) == 2.0
