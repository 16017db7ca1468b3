"""ChainRulesCore.jl, ``rule_author/rule_definition_tools.md`` and the docstring of `@scalar_rule`.

Differs: the partials are a function of the output and the inputs. What ``@setup`` does is its body, a
constraint ``x::Complex`` is an entry of `types`, and partials are computed when a pullback is run.
"""

import cmath
import math
import operator
from functools import reduce
from typing import NamedTuple

import numpy as np
import pytest

from adjoint2rrule.core import (
    NoTangent,
    PartialsError,
    RegistrationError,
    Tangent,
    ZeroTangent,
    frule,
    non_differentiable,
    not_implemented,
    rrule,
    scalar_rule,
)
from adjoint2rrule.testing import test_frule as check_frule
from adjoint2rrule.testing import test_rrule as check_rrule
from adjoint2rrule.testing import test_scalar as check_scalar


def join(*parts):
    return reduce(operator.add, parts)


non_differentiable(join, str, ...)


def test_joining_strings_has_no_tangents_and_adding_numbers_is_left_alone():
    y, pullback = rrule(join, "a", "b", "c")
    assert (y, pullback(1.0)) == ("abc", (NoTangent(),) * 4)
    assert frule((NoTangent(),) * 3, join, "a", "b") == ("ab", NoTangent())
    assert rrule(join, 1, 2, 3) is None


def test_there_may_be_no_arguments_at_all():
    @non_differentiable
    def now():
        return 12.0

    y, pullback = rrule(now)
    assert (y, pullback(1.0)) == (12.0, (NoTangent(),))


def cube(x):
    return x**3


scalar_rule(cube, lambda Ω, x: 3 * x**2)


def test_one_input_and_one_output_need_no_tuple():
    check_scalar(cube, 0.7)
    check_scalar(cube, 0.7 - 0.2j)


def wave(t, ω):
    return math.cos(ω * t), math.sin(ω * t)


def wave_partials(Ω, t, ω):
    c, s = Ω  # the output, shared by all partials as after `@setup`
    return (-ω * s, -t * s), (ω * c, t * c)


scalar_rule(wave, wave_partials)


def test_several_inputs_and_outputs_have_a_tuple_of_tuples():
    check_frule(wave, 0.3, 2.0)
    check_rrule(wave, 0.3, 2.0)


class Polar(NamedTuple):
    r: float
    phi: float


def polar(x, y):
    return Polar(math.hypot(x, y), math.atan2(y, x))


scalar_rule(polar, lambda Ω, x, y: ((x / Ω.r, y / Ω.r), (-y / Ω.r**2, x / Ω.r**2)))


def test_the_tangent_of_several_outputs_is_of_the_class_of_the_output():
    _, dΩ = frule((NoTangent(), 1.0, 0.0), polar, 3.0, 4.0)
    assert dΩ == Tangent[Polar](r=0.6, phi=-0.16)


def test_true_is_the_most_general_one():
    def same(x):
        return x

    scalar_rule(same, lambda Ω, x: True)
    assert rrule(same, 2.0)[1](3.0) == (NoTangent(), 3.0)
    assert frule((NoTangent(), 3j), same, 2j) == (2j, 3j)


def test_constraints_leave_other_numbers_alone():
    def phase(x, y):
        return cmath.exp(1j * x) * y

    scalar_rule(phase, lambda Ω, x, y: (1j * Ω, cmath.exp(1j * x)), types=(complex, float))
    assert rrule(phase, 1j, 2.0) is not None
    assert rrule(phase, 1j, 2j) is None


def root(x):
    return math.sqrt(x)


scalar_rule(root, lambda Ω, x: 1 / (2 * Ω))


def bessel(order, x):
    return x**order  # only the derivative for `x` is known


scalar_rule(bessel, lambda Ω, order, x: (not_implemented("the order"), order * Ω / x))


def test_a_partial_may_be_missing_as_long_as_nobody_needs_it():
    _, dy = frule((NoTangent(), ZeroTangent(), 1.0), bessel, 2.0, 3.0)
    assert dy == 6.0
    _, order_cotangent, x̄ = rrule(bessel, 2.0, 3.0)[1](1.0)
    assert x̄ == 6.0
    with pytest.raises(NotImplementedError, match="the order"):
        float(order_cotangent)


def test_partials_are_computed_when_a_pullback_is_run():
    assert rrule(root, 0.0)[0] == 0.0
    with pytest.raises(ZeroDivisionError):
        rrule(root, 0.0)[1](1.0)


def test_closures_and_functors_are_refused():
    factor = 2.0

    def closure(x):
        return factor * x

    with pytest.raises(RegistrationError, match="closure"):
        scalar_rule(closure, lambda Ω, x: factor)


def test_a_single_partial_for_two_inputs_is_an_error():
    def product(x, y):
        return x * y

    scalar_rule(product, lambda Ω, x, y: y)
    with pytest.raises(PartialsError, match=r"1 output\(s\) by 2 argument\(s\)"):
        frule((NoTangent(), 1.0, 1.0), product, 2.0, 3.0)


def test_cotangents_are_projected():
    _, x̄ = rrule(cube, np.float32(2.0))[1](np.float64(1.0))
    assert isinstance(x̄, np.float32)
    assert rrule(cube, True)[1](1.0) == (NoTangent(), NoTangent())


def test_real_inputs_of_a_complex_function_have_real_cotangents():
    def turn(x):
        return cmath.exp(1j * x)

    scalar_rule(turn, lambda Ω, x: 1j * Ω)
    _, x̄ = rrule(turn, 0.3)[1](1.0 + 2.0j)
    assert isinstance(x̄, float)
    assert x̄ == pytest.approx(-1.0 * math.sin(0.3) + 2.0 * math.cos(0.3))
