"""Every kind of tangent, and of what tangents are mixed with: for tests that go through all of them."""

import warnings
from collections import OrderedDict
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import attrs
import numpy as np
import scipy.sparse

from adjoint2rrule.core import (
    InplaceableThunk,
    MutableTangent,
    NoTangent,
    Tangent,
    ZeroTangent,
    not_implemented,
    thunk,
)


@dataclass
class Data:
    a: object
    b: object = 0.0


@dataclass(frozen=True)
class Frozen:
    a: float


@dataclass(slots=True)
class Slotted:
    a: float


@attrs.define
class Attrs:
    a: float


class Point(NamedTuple):
    x: float
    y: float


class Plain:
    pass


class Celsius(np.ndarray):
    """A subclass of numpy's array that keeps its class through sums."""


def read_only(x):
    x.flags.writeable = False
    return x


def quietly(make):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)  # of np.matrix
        return make()


ZERO, NO, MISSING = ZeroTangent(), NoTangent(), not_implemented("for the tests")
FLOATS = ("float16", "float32", "float64", "longdouble", "complex64", "complex128", "clongdouble")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")

NUMBERS = {
    "int": lambda: 3,
    "float": lambda: 2.5,
    "complex": lambda: 1.0 - 2.0j,
    "bool": lambda: True,
    "fraction": lambda: Fraction(1, 4),
    **{name: lambda name=name: getattr(np, name)(1.5) for name in FLOATS},
    **{name: lambda name=name: getattr(np, name)(4) for name in INTEGERS},
    "bool_": lambda: np.bool_(True),
    "0-d": lambda: np.array(2.5),
    "0-d float32": lambda: np.array(2.5, dtype=np.float32),
}
ARRAYS = {
    "1-d": lambda: np.array([1.0, -2.0, 3.0]),
    "2-d": lambda: np.arange(1.0, 7.0).reshape(2, 3),
    "3-d": lambda: np.ones((2, 2, 3)),
    "float32 array": lambda: np.ones(3, dtype=np.float32),
    "complex array": lambda: np.array([1.0 + 1.0j, 2.0, 3.0j]),
    "int array": lambda: np.arange(1, 4),
    "bool array": lambda: np.array([True, False, True]),
    "empty": lambda: np.empty((0, 3)),
    "read-only": lambda: read_only(np.ones(3)),
    "broadcast": lambda: np.broadcast_to(1.5, (2, 3)),
    "strided": lambda: np.arange(24.0).reshape(4, 6)[::-2, ::2],
    "fortran": lambda: np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "objects": lambda: np.array([Fraction(1, 3), 2.0, 3], dtype=object),
    "subclass": lambda: np.ones(3).view(Celsius),
    "masked": lambda: np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False]),
    "matrix": lambda: quietly(lambda: np.matrix([[1.0, 2.0, 3.0]])),
}
SPARSE = {
    kind.__name__: lambda kind=kind: kind(np.eye(3))
    for kind in (
        scipy.sparse.csr_array,
        scipy.sparse.coo_array,
        scipy.sparse.csc_matrix,
        scipy.sparse.bsr_array,
    )
}
OBJECTS = {
    "dataclass": lambda: Tangent[Data](a=1.0),
    "nested": lambda: Tangent[Data](a=np.ones(3), b=Tangent[Point](2.0)),
    "frozen": lambda: Tangent[Frozen](a=1.0),
    "slots": lambda: Tangent[Slotted](a=1.0),
    "attrs": lambda: Tangent[Attrs](a=1.0),
    "plain": lambda: Tangent[Plain](a=1.0, T=2.0, shape=3.0),
    "dict": lambda: Tangent[dict]({"a": 1.0, 2: np.ones(2)}),
    "ordered": lambda: Tangent[OrderedDict](a=1.0),
    "anything": lambda: Tangent[Any](a=2.0),
    "without fields": lambda: Tangent[Data](),
    "mutable": lambda: MutableTangent[Data](a=1.0, b=NoTangent()),
}
SEQUENCES = {
    "tuple": lambda: Tangent[tuple](1.0, 2.0, 3.0),
    "ragged": lambda: Tangent[tuple](1.0, np.ones(2)),
    "list": lambda: Tangent[list](1.0, thunk(lambda: 2.0), ZERO),
    "namedtuple": lambda: Tangent[Point](y=1.0),
}
STRUCTURES = OBJECTS | SEQUENCES

#: What the thunks have run, which a test clears and looks at.
RAN = []


def lazily(make):
    """Return a thunk of what `make` makes, which tells when it runs."""
    return thunk(lambda: RAN.append(make) or make())


LAZY = ("float", "float32", "0-d", "2-d", "objects", "masked", "csr_array", "nested", "list")
VALUES = NUMBERS | ARRAYS | SPARSE | STRUCTURES
THUNKS = {
    **{f"thunk of {name}": lambda make=VALUES[name]: lazily(make) for name in LAZY},
    "thunk of a thunk": lambda: lazily(lambda: lazily(lambda: 2.0)),
    "inplaceable": lambda: InplaceableThunk(lambda x: None, lazily(lambda: np.ones(3))),
}
#: What is no tangent of the runtime's; each is made anew by calling it.
OTHERS = NUMBERS | ARRAYS | SPARSE
TANGENTS = {
    "ZeroTangent": lambda: ZERO,
    "NoTangent": lambda: NO,
    "missing": lambda: MISSING,
    **STRUCTURES,
    **THUNKS,
}
KINDS = OTHERS | TANGENTS
