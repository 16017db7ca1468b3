"""Structural zeros."""

import enum
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest
import scipy.sparse

from adjoint2rrule.core import (
    MutableTangent,
    NoTangent,
    Tangent,
    ZeroTangent,
    not_implemented,
    thunk,
    zero_tangent,
)


class Point(NamedTuple):
    x: float
    n: int


@dataclass
class Data:
    a: object
    b: object = "name"


@dataclass(frozen=True)
class Frozen:
    a: float


class Color(enum.Enum):
    RED = 1


@pytest.mark.parametrize(
    "x", [2.5, 1j, np.float32(2.5), np.complex64(1j), np.longdouble(2.5), np.float16(np.inf)]
)
def test_numbers_keep_their_type(x):
    zero = zero_tangent(x)
    assert type(zero) is type(x)
    assert zero == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_arrays_keep_shape_and_dtype_and_can_be_written(dtype):
    zero = zero_tangent(np.broadcast_to(np.array(np.nan, dtype=dtype), (2, 3)))
    assert zero.dtype == dtype
    assert zero.shape == (2, 3)
    assert not zero.any()
    zero[0, 0] = 1.0
    assert zero.sum() == 1.0


NOT_PERTURBABLE = [
    *(3, True, np.int64(3), np.bool_(True), np.arange(3), np.array(["a"]), np.dtype(float)),
    *("a", b"a", None, Color.RED, slice(3), range(3), object()),
    *(int, len, np.sin, np.sum, lambda: 1.0, np, Data.__init__, [].append, partial(int, "3")),
]


@pytest.mark.parametrize("x", NOT_PERTURBABLE)
def test_what_cannot_be_perturbed_has_no_tangent(x):
    assert zero_tangent(x) is NoTangent()


def test_containers_are_structural():
    assert zero_tangent((1.0, "a", 2)) == Tangent[tuple](0.0, NoTangent(), NoTangent())
    assert zero_tangent([1.0, [2.0]]) == Tangent[list](0.0, Tangent[list](0.0))
    assert zero_tangent({"a": 1.0, 2: 3}) == Tangent[dict]({"a": 0.0, 2: NoTangent()})
    assert zero_tangent(Point(1.0, 2)) == Tangent[Point](0.0, NoTangent())
    assert zero_tangent(Frozen(1.0)) == Tangent[Frozen](a=0.0)


def test_objects_that_can_be_changed_get_a_mutable_tangent():
    assert zero_tangent(Data(1.0)) == MutableTangent[Data](a=0.0)
    inner = zero_tangent(Data(Data(2.0))).a
    assert inner == MutableTangent[Data](a=0.0)


def test_an_object_that_occurs_twice_has_one_tangent():
    shared = Data(1.0)
    zero = zero_tangent((shared, shared))
    assert zero[0] is zero[1]


def test_cycles_end():
    x = Data(1.0)
    x.b = x
    zero = zero_tangent(x)
    assert zero.b is zero


def test_object_arrays_are_arrays_of_zeros():
    zero = zero_tangent(np.array([1.0, Data(2.0), "a"], dtype=object))
    assert zero.tolist() == [0.0, MutableTangent[Data](a=0.0), NoTangent()]


def test_sparse_arrays_stay_sparse():
    zero = zero_tangent(scipy.sparse.csr_array(np.eye(2, dtype=np.float32)))
    assert zero.shape == (2, 2)
    assert zero.dtype == np.float32
    assert zero.nnz == 0
    assert zero_tangent(scipy.sparse.csr_array(np.eye(2, dtype=int))) is NoTangent()


def test_tangents_have_tangents_of_their_own():
    assert zero_tangent(Tangent[Data](a=2.0)) == Tangent[Data](a=0.0)
    assert zero_tangent(thunk(lambda: 2.0)) == 0.0
    assert zero_tangent(NoTangent()) is NoTangent()
    assert zero_tangent(not_implemented()) is ZeroTangent()
