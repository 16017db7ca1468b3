"""ChainRulesCore.jl, ``rule_author/writing_good_rules.md``, with ``design/changing_the_primal.md``.

Differs: ``Type{Bar}`` is ``type[Bar]``, and ``Type{<:Bar}`` that with ``subclasses=True``; a target class by
itself stands for its instances, and one whose instances cannot be called is refused.
"""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from adjoint2rrule.core import (
    NoTangent,
    NotImplementedTangentError,
    RegistrationError,
    Tangent,
    ZeroTangent,
    frule,
    not_implemented,
    rrule,
    thunk,
    unthunk,
)
from adjoint2rrule.testing import test_frule as check_frule
from adjoint2rrule.testing import test_rrule as check_rrule


@dataclass
class Bar:
    a: float

    def __call__(self, x, y):
        return self.a + x + y


@rrule.register(type[Bar])
def Bar_constructor_rrule(cls: type[Bar], a):
    def Bar_pullback(b̄ar):
        return NoTangent(), b̄ar.a

    return Bar(a), Bar_pullback


@frule.register(type[Bar])
def Bar_constructor_frule(dargs, cls: type[Bar], a):
    return Bar(a), Tangent[Bar](a=dargs[1])


@rrule.register(Bar)
def Bar_rrule(bar: Bar, x, y):
    def Bar_pullback(ȳ):
        return Tangent[Bar](a=ȳ), ȳ, ȳ

    return bar(x, y), Bar_pullback


def test_a_constructor_has_a_rule():
    check_rrule(Bar, 2.0)
    check_frule(Bar, 2.0)


def test_a_functor_gives_its_own_cotangent_first():
    check_rrule(Bar(2.0), 3.0, 4.0)
    assert rrule(Bar(2.0), 3.0, 4.0)[1](1.0) == (Tangent[Bar](a=1.0), 1.0, 1.0)


def test_the_rule_of_a_constructor_is_not_one_for_every_class():
    assert rrule(int, 2.0) is None
    assert rrule(dict, 2.0) is None


class Derived(Bar):
    pass


def test_the_rule_of_a_constructor_is_for_that_class_and_subclasses_ask_for_more():
    assert rrule(Derived, 2.0) is None
    rrule.register(type[Bar], subclasses=True)(Bar_constructor_rrule)
    assert rrule(Derived, 2.0) is not None


def test_a_class_without_calls_is_refused_where_its_constructor_is_meant():
    @dataclass
    class Plain:
        a: float

    with pytest.raises(RegistrationError, match=r"type\[.*Plain\]"):
        rrule.register(Plain)


def double_it(x):
    return 2 * x


@rrule.register(double_it)
def double_it_rrule(double_it, x):
    def double_it_pullback(ȳ):
        return NoTangent(), 2 * ȳ

    return double_it(x), double_it_pullback


def test_a_pullback_for_values_works_on_thunks():
    _, pullback = rrule(double_it, np.array([2.0, 3.0]))
    assert np.array_equal(pullback(thunk(lambda: np.array([10.0, 10.0])))[1], [20.0, 20.0])


def identity(x):
    return x


@rrule.register(identity)
def identity_rrule(identity, x):
    return x, lambda ȳ: (NoTangent(), ȳ)


def test_a_thunk_that_only_passes_through_is_not_run():
    ran = []
    _, x̄ = rrule(identity, 1.0)[1](thunk(lambda: ran.append(1) or 2.0))
    assert ran == []
    assert unthunk(x̄) == 2.0


def test_a_thunk_that_is_used_twice_runs_once():
    # Differs: in Julia it would run twice, so that pullbacks unthunk first
    ran = []
    ȳ = thunk(lambda: ran.append(1) or 2.0)
    assert (ȳ * 3.0, ȳ + 1.0) == (6.0, 3.0)
    assert ran == [1]


def weighted(w, x):
    return w * x


@rrule.register(weighted)
def weighted_rrule(weighted, w, x):
    def weighted_pullback(ȳ):
        return NoTangent(), thunk(lambda: costly(x) * ȳ), thunk(lambda: w * ȳ)

    return weighted(w, x), weighted_pullback


def costly(x):
    raise AssertionError("nobody asked for this cotangent")


def test_work_for_a_cotangent_that_nobody_wants_is_not_done():
    _, w̄, x̄ = rrule(weighted, 2.0, 3.0)[1](1.0)
    assert x̄ + 0.0 == 2.0
    assert ZeroTangent() * w̄ is ZeroTangent()


def bessel(order, x):
    return math.cos(order) * x


@rrule.register(bessel)
def bessel_rrule(bessel, order, x):
    def bessel_pullback(ȳ):
        return NoTangent(), not_implemented("derivatives for the order: see issue 160"), math.cos(order) * ȳ

    return bessel(order, x), bessel_pullback


def test_a_missing_cotangent_says_where_it_is_missing():
    _, missing, x̄ = rrule(bessel, 0.0, 3.0)[1](2.0)
    assert x̄ == 2.0
    with pytest.raises(NotImplementedTangentError, match=r"test_writing_good_rules.*issue 160"):
        float(missing)


@pytest.mark.filterwarnings("ignore:.*not implemented")
def test_a_missing_cotangent_does_not_fail_the_test_of_a_rule():
    check_rrule(bessel, 0.5, 3.0)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


@rrule.register(sigmoid)
def sigmoid_rrule(sigmoid, x: float):
    ex = math.exp(x)  # one `exp` for the value and for the pullback
    y = ex / (1 + ex)

    def sigmoid_pullback(ȳ):
        return NoTangent(), ȳ * y / (1 + ex)

    return y, sigmoid_pullback


def test_a_rule_may_compute_the_value_in_its_own_way():
    # design/changing_the_primal.md
    check_rrule(sigmoid, 0.7)
    assert rrule(sigmoid, 0.7)[0] == pytest.approx(sigmoid(0.7), rel=1e-15)
