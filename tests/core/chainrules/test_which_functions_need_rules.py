"""ChainRulesCore.jl, ``rule_author/which_functions_need_rules.md``."""

import numpy as np

from adjoint2rrule.core import NoTangent, rrule
from adjoint2rrule.testing import test_rrule as check_rrule


def addone(a):
    b = np.empty_like(a)
    b[...] = a + 1  # a system that traces arrays cannot follow this
    return b.sum()


@rrule.register(addone)
def addone_rrule(addone, a: np.ndarray):
    def addone_pullback(ȳ):
        return NoTangent(), np.full_like(a, ȳ)

    return addone(a), addone_pullback


def guarded_square(x):
    try:
        return x**2
    except TypeError as err:
        raise ValueError("could not square the input") from err


@rrule.register(guarded_square)
def guarded_square_rrule(guarded_square, x: float):
    def guarded_square_pullback(ȳ):
        return NoTangent(), 2 * x * ȳ

    return guarded_square(x), guarded_square_pullback


def mse(y, ŷ):
    return sum((a - b) ** 2 for a, b in zip(y, ŷ, strict=True)) / len(y)


@rrule.register(mse)
def mse_rrule(mse, y: np.ndarray, ŷ: np.ndarray):
    def mse_pullback(m̄):
        g = 2 / len(y) * (y - ŷ) * m̄
        return NoTangent(), g, -g

    return mse(y, ŷ), mse_pullback


def sum3(array):
    return array[0] + array[1] + array[2]


@rrule.register(sum3)
def sum3_rrule(sum3, array: np.ndarray):
    def sum3_pullback(ȳ):
        grad = np.zeros_like(array)
        grad[:3] += ȳ
        return NoTangent(), grad

    return sum3(array), sum3_pullback


A = np.array([1.5, -2.0, 0.5, 4.0])


def test_a_function_that_writes_into_an_array_of_its_own():
    check_rrule(addone, A)
    assert np.array_equal(rrule(addone, A[:3])[1](1.0)[1], [1.0, 1.0, 1.0])


def test_a_function_that_catches_exceptions():
    check_rrule(guarded_square, 3.0)
    assert rrule(guarded_square, 3.0)[1](1.0) == (NoTangent(), 6.0)


def test_a_loop():
    check_rrule(mse, A, np.array([0.5, 1.0, -1.0, 2.0]))


def test_elements_that_are_added_up_in_one_array():
    check_rrule(sum3, A)
