"""ChainRulesCore.jl, ``autodiff/operator_overloading.md`` and ``ad_author/use_in_ad_system.md``.

ForwardDiffZero and ReverseDiffZero: two AD systems of a few lines, with no derivative of their own.

Differs: Julia generates an overload for each new rule; here the operators and numpy's functions are hooked
once, and each call asks `frule` or `rrule` (the second way of ``use_in_ad_system.md``).
"""

import math

import numpy as np
import pytest

from adjoint2rrule.core import NoTangent, frule, ignore_derivatives, opt_out, rrule
from adjoint2rrule.testing import test_frule as check_frule
from adjoint2rrule.testing import test_rrule as check_rrule
from tests.support import forwarddiffzero, reversediffzero
from tests.support.forwarddiffzero import DualConfig, dual_frule
from tests.support.overloading import called
from tests.support.reversediffzero import TapeConfig, Tracked, tape_rrule


def foo(x):
    return x + x


def bar(x):
    return x + 2.1 * x


def baz(x):
    return 2.0 * x**2 + 3.0 * x + 1.2


def qux(x):
    return foo(x) + bar(x) + baz(x)


def quux(x):
    y = 2.0 * x + 3.0 * x
    return 4.0 * y + 5.0 * y


CASES = [
    (foo, 1.6, 2.0),
    (bar, 1.2, 3.1),
    (baz, 1.7, 2 * 2.0 * 1.7 + 3.0),
    (qux, 1.7, (2 * 2.0 * 1.7 + 3.0) + 3.1 + 2),
    (quux, 11.1, 4 * (2 + 3) + 5 * (2 + 3)),
]


@pytest.mark.parametrize(("f", "x", "derivative"), CASES)
def test_forward_mode_gives_the_derivatives_of_the_page(f, x, derivative):
    assert forwarddiffzero.derv(f, x) == pytest.approx(derivative, rel=1e-14)


@pytest.mark.parametrize(("f", "x", "derivative"), CASES)
def test_reverse_mode_gives_the_derivatives_of_the_page(f, x, derivative):
    assert reversediffzero.derv(f, x) == pytest.approx((derivative,), rel=1e-14)


def catenary(x):
    return (1.0 - np.sinh(x)) / (2.0 - x) - -x


def test_both_modes_follow_numpy_and_every_operator():
    def derivative(x):
        return (-math.cosh(x) * (2 - x) + (1 - math.sinh(x))) / (2 - x) ** 2 + 1

    assert forwarddiffzero.derv(catenary, 0.3) == pytest.approx(derivative(0.3), rel=1e-13)
    assert reversediffzero.derv(catenary, 0.3)[0] == pytest.approx(derivative(0.3), rel=1e-13)


def test_reverse_mode_gives_all_derivatives_at_once():
    x̄, ȳ = reversediffzero.derv(lambda x, y: (x * y + x) / y, 3.0, 2.0)
    assert (x̄, ȳ) == pytest.approx((1.5, -0.75))


def test_both_systems_pass_the_tests_for_rules():
    check_frule(catenary, 0.3, config=DualConfig(), frule_f=dual_frule)
    check_rrule(catenary, 0.3, config=TapeConfig(), rrule_f=tape_rrule)


def steep(x):
    return x * x * x


@frule.register(steep)
def steep_frule(dargs, steep, x: float):
    return steep(x), 100.0 * dargs[1]


@rrule.register(steep)
def steep_rrule(steep, x: float):
    return steep(x), lambda ȳ: (NoTangent(), 100.0 * ȳ)


def test_a_rule_wins_over_the_differentiation_of_the_function_itself():
    assert dual_frule(DualConfig(), (NoTangent(), 1.0), steep, 2.0) == (8.0, 100.0)
    assert tape_rrule(TapeConfig(), steep, 2.0)[1](1.0) == (NoTangent(), 100.0)


def gentle(x):
    return x * x * x


frule.register(gentle)(steep_frule)
rrule.register(gentle)(steep_rrule)


def test_a_function_whose_rule_is_opted_out_of_is_differentiated_itself():
    opt_out(frule, gentle, float)
    opt_out(rrule, gentle, float)
    assert forwarddiffzero.derv(gentle, 2.0) == 12.0
    assert reversediffzero.derv(gentle, 2.0) == (12.0,)


def test_what_is_ignored_has_no_part_in_the_derivative():
    # `ignore_derivatives` of a value is a call that the system has to see
    assert reversediffzero.derv(lambda x: called(Tracked, ignore_derivatives, x * x) * x, 3.0) == (9.0,)


def test_a_number_that_does_not_depend_on_the_input_has_no_tangent():
    assert dual_frule(DualConfig(), (NoTangent(), 1.0), lambda x: 4.0, 2.0) == (4.0, NoTangent())
    assert reversediffzero.derv(lambda x: 4.0, 2.0) == (0.0,)


def test_a_pullback_can_be_run_more_than_once():
    _, pullback = tape_rrule(TapeConfig(), baz, 1.7)
    assert pullback(1.0) == pullback(1.0)
    assert pullback(2.0)[1] == pytest.approx(2 * pullback(1.0)[1])


def plus(x, y):
    return x + y


@rrule.register(plus)
def plus_rrule(plus, x: np.ndarray, y: np.ndarray):
    return plus(x, y), lambda ȳ: (NoTangent(), ȳ, ȳ)


def test_a_cotangent_that_several_hold_is_not_written_into():
    def thrice(x):
        return called(Tracked, plus, called(Tracked, plus, x, x), x)

    seed = np.array([1.0, 2.0])
    _, pullback = tape_rrule(TapeConfig(), thrice, np.ones(2))
    assert np.array_equal(pullback(seed)[1], 3 * np.array([1.0, 2.0]))
    assert np.array_equal(seed, [1.0, 2.0])


def test_an_operator_without_a_rule_for_its_arguments_is_none():
    with pytest.raises(TypeError, match="unsupported operand"):
        reversediffzero.derv(lambda x: x + "a", 3.0)
