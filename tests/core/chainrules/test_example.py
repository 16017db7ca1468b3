"""ChainRulesCore.jl, ``rule_author/example.md``: a rule for a struct and a matrix."""

from dataclasses import dataclass

import numpy as np
import pytest

from adjoint2rrule.core import NoTangent, Tangent, Thunk, ZeroTangent, rrule, thunk, unthunk
from adjoint2rrule.testing import test_rrule as check_rrule


@dataclass
class Foo:
    A: np.ndarray
    c: float


def foo_mul(foo, b):
    return foo.A @ b


@rrule.register(foo_mul)
def foo_mul_rrule(foo_mul, foo: Foo, b: np.ndarray):
    y = foo_mul(foo, b)

    def foo_mul_pullback(ȳ):
        f̄oo = Tangent[Foo](A=ȳ @ b.T, c=ZeroTangent())
        b̄ = thunk(lambda: foo.A.T @ ȳ)
        return NoTangent(), f̄oo, b̄

    return y, foo_mul_pullback


FOO = Foo(np.array([[1.5, -2.0, 0.5], [0.25, 3.0, -1.0]]), 0.7)
B = np.array([[0.5, 1.0], [-1.5, 2.0], [3.0, -0.25]])


def test_finite_differences_agree():
    check_rrule(foo_mul, FOO, B)


def test_the_cotangent_of_the_struct_has_its_fields():
    ȳ = np.ones((2, 2))
    f̄, f̄oo, b̄ = rrule(foo_mul, FOO, B)[1](ȳ)
    assert f̄ is NoTangent()
    assert np.array_equal(f̄oo.A, ȳ @ B.T)
    assert f̄oo.c is ZeroTangent()
    assert f̄oo == Tangent[Foo](A=ȳ @ B.T), "a field that is left out is zero"
    assert isinstance(b̄, Thunk)
    assert np.array_equal(unthunk(b̄), FOO.A.T @ ȳ)


def test_the_pullback_is_named_for_stack_traces():
    _, pullback = rrule(foo_mul, FOO, B)
    assert pullback.__name__ == "foo_mul_pullback"
    with pytest.raises(ValueError, match="matmul") as failure:
        pullback(np.ones(5))
    assert failure.traceback[-1].name == "foo_mul_pullback"
