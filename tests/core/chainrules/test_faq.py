"""ChainRulesCore.jl, ``FAQ.md``."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from adjoint2rrule.core import NoTangent, ZeroTangent, rrule
from adjoint2rrule.testing import test_rrule as check_rrule


def fst(x, y):
    return x


@rrule.register(fst)
def fst_rrule(fst, x: float, y: float):
    return x, lambda ȳ: (NoTangent(), ȳ, ZeroTangent())


def access(xs, n):
    return xs[n]


@rrule.register(access)
def access_rrule(access, xs: np.ndarray, n: int):
    def access_pullback(ȳ):
        x̄s = np.zeros_like(xs)
        x̄s[n] = ȳ
        return NoTangent(), x̄s, NoTangent()

    return access(xs, n), access_pullback


def test_what_does_not_matter_is_a_zero_tangent():
    check_rrule(fst, 10.0, 5.0)
    assert fst(10, 5) == fst(10, 5.1)


def test_what_cannot_be_perturbed_has_no_tangent():
    check_rrule(access, np.array([10.0, 20.0, 30.0]), 2)
    with pytest.raises(IndexError):
        access(np.array([10.0, 20.0, 30.0]), 2.1)


@rrule.register(fst)
def fst_index_rrule(fst, x: float, y: int):
    return x, lambda ȳ: (NoTangent(), ȳ, ZeroTangent())


def test_the_wrong_zero_is_found_by_the_tests_for_rules():
    with pytest.raises(AssertionError, match=r"NoTangent\(\)"):
        check_rrule(fst, 10.0, 5)


def tan(x):
    return math.tan(x)


@rrule.register(tan)
def tan_rrule(tan, x: float):
    y = tan(x)

    def tan_pullback(ȳ):
        return NoTangent(), (1 + y**2) * ȳ  # the value, which the pair has anyway

    return y, tan_pullback


def test_the_value_serves_the_pullback():
    check_rrule(tan, 0.7)


def total(x, *, axis=None):
    return np.sum(x, axis=axis)


@rrule.register(total)
def total_rrule(total, x: np.ndarray, *, axis=None):
    def total_pullback(ȳ):
        ȳ = ȳ if axis is None else np.expand_dims(ȳ, axis)
        return NoTangent(), np.broadcast_to(ȳ, x.shape).copy()

    return total(x, axis=axis), total_pullback


def test_keyword_arguments_reach_the_rule_and_have_no_cotangents():
    x = np.arange(6.0).reshape(2, 3)
    check_rrule(total, x, fkwargs={"axis": 1})
    y, pullback = rrule(total, x, axis=1)
    assert np.array_equal(y, [3.0, 12.0])
    assert len(pullback(np.ones(2))) == 2


def test_a_call_that_no_rule_fits_is_none():
    # "Why do I get an error involving `nothing`?"
    assert rrule(access, [10.0, 20.0], 1) is None
    with pytest.raises(TypeError, match="NoneType"):
        _, _ = rrule(access, [10.0, 20.0], 1)


@dataclass
class Model:
    W: np.ndarray

    def forward(self, x):
        return self.W @ x


def test_a_rule_may_be_in_the_package_of_the_function():
    # "Where should I put my rules?": for a method, it serves the bound method too
    @rrule.register(Model.forward)
    def forward_rrule(forward, self: Model, x: np.ndarray):
        def forward_pullback(ȳ):
            return NoTangent(), NoTangent(), self.W.T @ ȳ

        return forward(self, x), forward_pullback

    model = Model(np.array([[1.0, 2.0]]))
    y, pullback = rrule(model.forward, np.array([3.0, 4.0]))
    assert y == [11.0]
    assert np.array_equal(pullback(np.array([1.0]))[1], [1.0, 2.0])
