"""When `test_approx` takes two values for equal, and how it tells them apart."""

import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest
import scipy.sparse

from adjoint2rrule.core import NoTangent, Tangent, ZeroTangent, thunk
from adjoint2rrule.testing import test_approx
from adjoint2rrule.testing.check_result import EXACTLY, Tolerance, first_difference
from adjoint2rrule.testing.output_control import Place


@dataclass
class Foo:
    a: float
    b: object = None


class Pair(NamedTuple):
    left: float
    right: float


SPARSE = scipy.sparse.csr_array(np.array([[0, 1.5], [2.0, 0]]))
LOOP = [1.0]
LOOP.append(LOOP)

EQUAL = [
    (1.0, 1.0 + 1e-12),
    (1, 1.0),
    (np.float32(1.5), 1.5),
    (np.array(2.0), 2.0),
    (np.array([1e6, 1e-9]), np.array([1e6, 0.0])),
    (np.array([np.inf, -np.inf, np.nan]), np.array([np.inf, -np.inf, np.nan])),
    (np.inf, np.inf),
    (1.0 + 2.0j, 1.0 + 2.0j),
    (thunk(lambda: 2.0), 2.0),
    ((1.0, [2.0, {"a": 3.0}]), (1.0, [2.0, {"a": 3.0}])),
    (Foo(1.0, "x"), Foo(1.0 + 1e-12, "x")),
    (Pair(1.0, 2.0), Pair(1.0, 2.0)),
    (ZeroTangent(), NoTangent()),
    (ZeroTangent(), 0.0),
    (np.zeros(3), NoTangent()),
    (ZeroTangent(), (0.0, np.zeros(2))),
    (ZeroTangent(), Tangent[Foo](a=0.0)),
    (Tangent[Foo](a=1.0), Tangent[Foo](a=1.0, b=ZeroTangent())),
    (Tangent[Foo](a=1.0), Tangent[Foo](a=1.0, b=0.0)),
    (Tangent[tuple[float, float]](1.0, 2.0), Tangent[tuple](1.0, 2.0)),
    (Tangent[tuple](thunk(lambda: 1.0)), Tangent[tuple](1.0)),
    (Tangent[dict](a=1.0), Tangent[dict]({"a": 1.0, 2: ZeroTangent()})),
    (SPARSE, SPARSE.copy() * (1 + 1e-12)),
    (np.array(["a", "b"]), np.array(["a", "b"])),
    (np.array([1.0, "b"], dtype=object), np.array([1.0, "b"], dtype=object)),
    ("a", "a"),
    (None, None),
    ({1, 2}, {2, 1}),
    (lambda: 1, lambda: 2),
    (LOOP, LOOP[:]),
]

DIFFERENT = [
    (1.0, 1.0 + 1e-6, "actual is 1.0, expected 1.000001"),
    (np.array([1.0, 2.0]), np.array([1.0, 3.0]), "actual[1] is 2.0, expected 3.0"),
    (np.array([[1.0, 2.0]]), np.array([[1.0, np.nan]]), "actual[0, 1] is 2.0, expected nan"),
    (np.inf, -np.inf, "actual is inf, expected -inf"),
    (np.ones((2, 3)), np.ones((3, 2)), "actual has shape (2, 3), expected (3, 2)"),
    (1.0, np.ones(1), "actual has shape (), expected (1,)"),
    (1.0 + 1.0j, 1.0 - 1.0j, "actual is (1+1j), expected (1-1j)"),
    ((1.0, 2.0), [1.0, 2.0], "actual is a tuple, expected a list"),
    ((1.0, 2.0), (1.0,), "actual[1] is not expected"),
    ({"a": 1.0}, {"a": 1.0, "b": 2.0}, "actual['b'] is missing"),
    (Foo(1.0, [2.0]), Foo(1.0, [3.0]), "actual.b[0] is 2.0, expected 3.0"),
    (Pair(1.0, 2.0), Pair(1.0, 3.0), "actual.right is 2.0, expected 3.0"),
    (Tangent[Foo](a=1.0), {"a": 1.0}, "actual is a Tangent[Foo], expected a dict"),
    ((1.0, 2.0), Tangent[tuple](1.0, 2.0), "actual is a tuple, expected a Tangent[tuple]"),
    (Tangent[Foo](a=1.0), Tangent[Foo](b=1.0), "actual.a is 1.0, expected 0.0"),
    (Tangent[Foo](a=1.0), ZeroTangent(), "actual.a is 1.0, expected 0.0"),
    (NoTangent(), 2.0, "actual is NoTangent(), expected 2.0"),
    (NoTangent(), np.array([0.0, 2.0]), "actual is NoTangent(), expected an array of shape (2,)"),
    (Tangent[Foo](b=1.0), Tangent[Foo](a=2.0, b=1.0), "actual.a is ZeroTangent(), expected 2.0"),
    (SPARSE, 2 * SPARSE, "actual[1, 0] is 2.0, expected 4.0"),
    ("a", "b", "actual is 'a', expected 'b'"),
    ("a", 1.0, "actual is a str, expected a float"),
    (ZeroTangent(), "a", "actual is ZeroTangent(), expected a str"),
    (True, None, "actual is a bool, expected None"),
]


@pytest.mark.parametrize(("a", "b"), EQUAL)
def test_equal_values_pass_from_both_sides(a, b):
    test_approx(a, b)
    test_approx(b, a)


@pytest.mark.parametrize(("a", "b", "message"), DIFFERENT)
def test_different_values_fail_from_both_sides(a, b, message):
    with pytest.raises(AssertionError, match=re.escape(message)):
        test_approx(a, b)
    with pytest.raises(AssertionError):
        test_approx(b, a)


def test_message_comes_first():
    with pytest.raises(AssertionError, match=r"^the sum: actual is 1\.0, expected 2\.0$"):
        test_approx(1.0, 2.0, "the sum")


def test_tolerances_are_relative_and_absolute():
    test_approx(100.0, 101.0, rtol=0.02)
    test_approx(0.0, 0.5, atol=0.6)
    with pytest.raises(AssertionError):
        test_approx(100.0, 101.0, rtol=0.005)


def test_exact_comparison_sees_a_last_bit():
    assert first_difference(1.0, np.nextafter(1.0, 2.0), EXACTLY, Place("", "x"))
    assert first_difference(np.nan, np.nan, EXACTLY, Place("", "x")) is None


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_low_precision_is_judged_by_half_its_digits(dtype):
    eps = float(np.finfo(dtype).eps)
    assert Tolerance(1e-9, 1e-9).at_precision(eps).rtol == pytest.approx(eps**0.5)
    assert Tolerance(0.5, 1e-9).at_precision(eps).rtol == 0.5


def test_double_precision_keeps_the_tolerance_that_was_given():
    assert Tolerance(1e-9, 1e-12).at_precision(2.0**-52) == Tolerance(1e-9, 1e-12)
