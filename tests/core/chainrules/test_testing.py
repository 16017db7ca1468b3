"""ChainRulesTestUtils.jl, ``index.md``: its examples.

Differs: ``x ⊢ ẋ`` is ``with_tangent(x, ẋ)``, and a check that fails is an `AssertionError`.
"""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from fdm import forward_fdm

from adjoint2rrule.core import (
    HasReverseMode,
    NoTangent,
    RuleConfig,
    Tangent,
    ZeroTangent,
    frule,
    rrule,
    rrule_via_ad,
    scalar_rule,
    thunk,
)
from adjoint2rrule.interop.autograd import AutogradConfig
from adjoint2rrule.testing import test_approx as check_approx
from adjoint2rrule.testing import test_frule as check_frule
from adjoint2rrule.testing import test_rrule as check_rrule
from adjoint2rrule.testing import test_scalar as check_scalar
from adjoint2rrule.testing import with_tangent
from tests.support.reversediffzero import TapeConfig


def two2three(x1, x2):
    return 1.0, 2.0 * x1, 3.0 * x2


@frule.register(two2three)
def two2three_frule(dargs, two2three, x1, x2):
    _, dx1, dx2 = dargs
    return two2three(x1, x2), Tangent[tuple[float, float, float]](ZeroTangent(), 2.0 * dx1, 3.0 * dx2)


@rrule.register(two2three)
def two2three_rrule(two2three, x1, x2):
    def two2three_pullback(Ȳ):
        return NoTangent(), 2.0 * Ȳ[1], 3.0 * Ȳ[2]

    return two2three(x1, x2), two2three_pullback


def relu(x):
    return max(0.0, x)


scalar_rule(relu, lambda Ω, x: 0.0 if x <= 0 else 1.0, types=[float])


def power(x, n):
    return x**n


@frule.register(power)
def power_frule(dargs, power, x, n):
    _, dx, dn = dargs
    y = power(x, n)
    return y, n * x ** (n - 1) * dx + y * math.log(x) * dn


@rrule.register(power)
def power_rrule(power, x, n):
    y = power(x, n)

    def power_pullback(ȳ):
        return NoTangent(), n * x ** (n - 1) * ȳ, y * math.log(x) * ȳ

    return y, power_pullback


def test_the_canonical_example_passes():
    check_frule(two2three, 3.33, -7.77)
    check_rrule(two2three, 3.33, -7.77)


@pytest.mark.parametrize("x", [0.5, -0.5])
def test_the_scalar_example_passes_on_both_sides_of_the_bend(x):
    check_scalar(relu, x)


@dataclass
class Offset:
    a: float

    def __call__(self, x):
        return self.a + x


@rrule.register(type[Offset])
def offset_constructor_rrule(cls: type[Offset], a):
    return cls(a), lambda ȳ: (NoTangent(), ȳ.a)


@rrule.register(Offset)
def offset_rrule(self: Offset, x):
    return self(x), lambda ȳ: (Tangent[Offset](a=ȳ), ȳ)


@frule.register(Offset)
def offset_frule(dargs, self: Offset, x):
    dself, dx = dargs
    return self(x), dself.a + dx


def test_constructors_and_functors_are_tested_as_functions_are():
    check_rrule(Offset, 0.7)
    check_rrule(Offset(0.7), 0.2)
    check_frule(with_tangent(Offset(0.7), Tangent[Offset](a=1.5)), 0.2)


def mapped(f, xs):
    return np.array([f(x) for x in xs])


@rrule.register(mapped)
def mapped_rrule(config: RuleConfig[HasReverseMode], mapped, f, xs: np.ndarray):
    ys, pullbacks = zip(*(rrule_via_ad(config, f, x) for x in xs), strict=True)

    def mapped_pullback(ȳs):
        return NoTangent(), NoTangent(), np.array([back(ȳ)[1] for back, ȳ in zip(pullbacks, ȳs, strict=True)])

    return np.array(ys), mapped_pullback


def mydouble(x):
    return 2 * x


@rrule.register(mydouble)
def mydouble_rrule(mydouble, x):
    return mydouble(x), lambda ȳ: (NoTangent(), 2 * ȳ)


def test_higher_order_functions_use_the_rule_of_what_they_are_given():
    check_rrule(mapped, mydouble, np.array([1.0, 2.0, 3.0]))


def test_what_a_higher_order_function_is_given_needs_no_rule():
    # Differs: finite differences take the place of a rule, where Julia asks for one
    check_rrule(mapped, lambda x: 2 * x, np.array([1.0, 2.0, 3.0]))


def complicated(x, y):
    return (x + y) + np.sinh(x) * y + x * y


@pytest.mark.parametrize("config", [TapeConfig(), AutogradConfig()])
def test_systems_are_tested_by_their_rrule_via_ad(config):
    check_rrule(complicated, 0.3, 1.1, config=config, rrule_f=rrule_via_ad)


def test_tangents_can_be_chosen():
    check_frule(two2three, with_tangent(3.33, 1.0), with_tangent(-7.77, 0.5))
    check_rrule(two2three, 3.33, -7.77, output_tangent=Tangent[tuple](1.0, 2.0, 3.0))


def test_an_integer_that_is_a_number_gets_a_float_for_its_tangent():
    check_frule(power, 2.0, with_tangent(3, 1.0))


def test_the_finite_difference_method_can_be_chosen():
    check_rrule(power, 2.0, 3.0, fdm=forward_fdm(5, 1), rtol=1e-6)


def test_values_are_compared_whatever_kind_of_tangent_they_are():
    check_approx(thunk(lambda: 2 * 2.0), 4.0)
    check_approx(ZeroTangent(), 0.0)
    with pytest.raises(AssertionError, match=r"4\.0.*4\.1"):
        check_approx(thunk(lambda: 2 * 2.0), 4.1)
