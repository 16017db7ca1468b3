"""ChainRulesCore.jl, ``rule_author/superpowers/gradient_accumulation.md``: ``add!!`` is `add_inplace`."""

import numpy as np
import pytest

from adjoint2rrule.core import (
    BadInplaceError,
    InplaceableThunk,
    NoTangent,
    ZeroTangent,
    add_inplace,
    debugging,
    is_inplaceable_destination,
    rrule,
    thunk,
    unthunk,
    zero_tangent,
)
from adjoint2rrule.testing import test_rrule as check_rrule
from tests.support.overloading import called
from tests.support.reversediffzero import TapeConfig, Tracked, tape_rrule


def element(X, i):
    return X[i]


made = []  # the arrays that the rule below allocates


@rrule.register(element)
def element_rrule(element, X: np.ndarray, i: int):
    def element_pullback(ȳ):
        def one_element():
            X̄ = np.zeros_like(X)
            X̄[i] = ȳ
            made.append(X̄)
            return X̄

        def add_to(X̄):
            X̄[i] += ȳ
            return X̄

        return NoTangent(), InplaceableThunk(add_to, thunk(one_element)), NoTangent()

    return X[i], element_pullback


def cotangents_of_first_and_second(X):
    return [rrule(element, X, i)[1](1.0)[1] for i in (0, 1)]


def test_the_sum_may_be_in_the_first_summand_and_is_right_anyway():
    ā, b̄ = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    X̄ = add_inplace(ā, b̄)
    assert X̄ is ā
    assert np.array_equal(X̄, [1.0, 1.0, 0.0])
    assert np.array_equal(b̄, [0.0, 1.0, 0.0])


@pytest.mark.parametrize("x", [2.0, (1.0, 2.0), np.arange(3), np.broadcast_to(1.0, 3), ZeroTangent()])
def test_what_cannot_be_written_into_is_added_out_of_place(x):
    assert not is_inplaceable_destination(x)


def test_an_element_adds_itself_without_making_its_array():
    ā, b̄ = cotangents_of_first_and_second(np.zeros(3))
    X̄ = unthunk(ā)
    made.clear()
    with debugging(False):  # which would compare with the value
        assert add_inplace(X̄, b̄) is X̄
    assert np.array_equal(X̄, [1.0, 1.0, 0.0])
    assert made == []


def test_plus_uses_the_value_and_changes_nothing():
    ā, b̄ = cotangents_of_first_and_second(np.zeros(3))
    before = unthunk(ā).copy()
    assert np.array_equal(ā + b̄, [1.0, 1.0, 0.0])
    assert np.array_equal(unthunk(ā), before)


def test_accumulation_can_be_deferred_too():
    ā, b̄ = cotangents_of_first_and_second(np.zeros(3))
    X̄ = thunk(lambda: add_inplace(unthunk(ā), b̄))
    assert np.array_equal(unthunk(X̄), [1.0, 1.0, 0.0])


def test_the_rule_of_an_element_is_right():
    check_rrule(element, np.array([1.5, -2.0, 0.5]), 1)


def test_a_loop_over_the_elements_needs_one_array():
    # `mysum` of the page: every element adds its seed to the one cotangent that the system owns
    def mysum(X):
        total = called(Tracked, element, X, 0)
        for i in (1, 2):
            total = total + called(Tracked, element, X, i)
        return total

    y, pullback = tape_rrule(TapeConfig(), mysum, np.array([1.0, 2.0, 4.0]))
    assert y == 7.0
    assert np.array_equal(pullback(2.0)[1], [2.0, 2.0, 2.0])


def times(A, B):
    return A @ B


@rrule.register(times)
def times_rrule(times, A: np.ndarray, B: np.ndarray):
    def times_pullback(Ȳ):
        def add_Ā(Ā):
            Ā += Ȳ @ B.conj().T

        def add_B̄(B̄):
            B̄ += A.conj().T @ Ȳ

        Ā = InplaceableThunk(add_Ā, thunk(lambda: Ȳ @ B.conj().T))
        B̄ = InplaceableThunk(add_B̄, thunk(lambda: A.conj().T @ Ȳ))
        return NoTangent(), Ā, B̄

    return times(A, B), times_pullback


@pytest.mark.parametrize("dtype", [float, complex])
def test_a_matrix_product_adds_its_cotangents_in_place(dtype):
    A, B = np.arange(6.0).reshape(2, 3).astype(dtype), np.arange(12.0).reshape(3, 4).astype(dtype) - 5
    check_rrule(times, A, B)
    _, Ā, B̄ = rrule(times, A, B)[1](np.ones((2, 4)))
    for x, x̄ in ((A, Ā), (B, B̄)):
        total = zero_tangent(x)
        assert add_inplace(total, x̄) is total
        assert np.allclose(total, unthunk(x̄))


def test_debug_mode_finds_an_add_that_returns_something_else():
    # debug_mode.md
    liar = InplaceableThunk(lambda X̄: X̄ + 1.0, thunk(lambda: np.ones(2)))
    with debugging(False):
        assert np.array_equal(add_inplace(np.zeros(2), liar), [1.0, 1.0])
    with debugging(), pytest.raises(BadInplaceError, match="not the array it was given"):
        add_inplace(np.zeros(2), liar)
