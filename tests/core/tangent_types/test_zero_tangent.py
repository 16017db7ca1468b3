"""Structural zeros."""

import copy
import enum
import pickle
import sys
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial
from types import ModuleType
from typing import NamedTuple

import attrs
import numpy as np
import pytest
import scipy.sparse

from adjoint2rrule.core import (
    AbstractZero,
    MutableTangent,
    NoTangent,
    RegistrationError,
    StructuralTangent,
    Tangent,
    ZeroTangent,
    add_inplace,
    backing,
    not_implemented,
    thunk,
    unthunk,
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


class Units(np.ndarray):
    """A subclass of numpy's array."""


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


@pytest.mark.parametrize("form", ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"])
@pytest.mark.parametrize("kind", ["array", "matrix"])
def test_every_sparse_format_has_its_zero(form, kind):
    x = getattr(scipy.sparse, f"{form}_{kind}")(np.eye(4))
    zero = zero_tangent(x)
    assert type(zero) is type(x)
    assert (zero + x).toarray().tolist() == np.eye(4).tolist()
    assert zero.count_nonzero() == 0


class Slotted:
    """An object with slots, of which not all are set."""

    __slots__ = ("a", "unset")

    def __init__(self, a):
        self.a = a


@attrs.define
class Attrs:
    a: object
    _b: object = 1.0


@attrs.frozen
class FrozenAttrs:
    a: object


@dataclass(frozen=True)
class Holder:
    a: object


def array_with(element):
    x = np.empty(2, dtype=object)
    x[:] = [1.0, element]
    return x


# Primals, each with one of its tangents.
SPACES = {
    "float": (2.5, 1.5),
    "complex": (2.5j, 1.5),
    "fraction": (Fraction(1, 2), Fraction(1, 3)),
    "decimal": (Decimal("0.5"), Decimal("1.5")),
    "float16": (np.float16(2.5), np.float16(1.5)),
    "array": (np.ones(3), np.arange(3.0)),
    "0-d": (np.array(1.0), np.array(2.0)),
    "empty": (np.ones((0, 3)), np.ones((0, 3))),
    "fortran": (np.asfortranarray(np.ones((2, 3))), np.arange(6.0).reshape(2, 3)),
    "byte order": (np.ones(3, ">f8"), np.arange(3.0)),
    "read-only": (np.broadcast_to(1.0, (2, 3)), np.arange(6.0).reshape(2, 3)),
    "subclass": (np.ones(3).view(Units), np.arange(3.0).view(Units)),
    "masked": (np.ma.array([1.0, 2.0], mask=[0, 1]), np.array([3.0, 4.0])),
    "structured": (np.ones(3, [("a", float)]), NoTangent()),
    "integers": (np.arange(3), NoTangent()),
    "text": ("a", NoTangent()),
    "tuple": ((1.0, np.ones(2)), Tangent[tuple](2.0, np.ones(2))),
    "list": ([1.0, [2.0]], Tangent[list](2.0, Tangent[list](1.0))),
    "dict": ({"a": 1.0, "b": np.ones(2)}, Tangent[dict](b=np.ones(2))),
    "NamedTuple": (Point(1.0, 2), Tangent[Point](x=1.0)),
    "dataclass": (Data(np.ones(2)), Tangent[Data](a=np.ones(2))),
    "frozen": (Frozen(1.0), Tangent[Frozen](a=2.0)),
    "frozen with a mutable part": (Holder(Data(1.0)), Tangent[Holder](a=Tangent[Data](a=1.0))),
    "slots": (Slotted(np.ones(2)), Tangent[Slotted](a=np.ones(2))),
    "attrs": (Attrs(1.0), Tangent[Attrs](_b=2.0)),
    "frozen attrs": (FrozenAttrs(np.ones(2)), Tangent[FrozenAttrs](a=np.ones(2))),
    "objects": (array_with(np.ones(2)), array_with(np.arange(2.0))),
    "sparse": (scipy.sparse.csr_array(np.eye(2)), scipy.sparse.csr_array(np.ones((2, 2)))),
    "tangent": (Tangent[Data](a=2.0), Tangent[Data](a=1.0)),
    "thunk": (thunk(lambda: np.ones(2)), np.ones(2)),
}


STRUCTURED = (StructuralTangent, Data, Slotted, Attrs, FrozenAttrs, Frozen, Holder, tuple, list, dict)


def plain(x):
    """Return what a tangent or primal holds, as Python's own objects."""
    x = unthunk(x)
    if isinstance(x, STRUCTURED):
        stored = backing(x)
        parts = stored.items() if isinstance(stored, dict) else enumerate(stored)
        return {name: plain(part) for name, part in parts if not is_zero(part)}
    if scipy.sparse.issparse(x):
        return x.toarray().tolist()
    if isinstance(x, np.ndarray):
        return [plain(part) for part in x.flat] if x.dtype == object else x.tolist()
    return x


def is_zero(x):
    return isinstance(x, (AbstractZero, int, float)) and not x


@pytest.mark.parametrize(("x", "t"), SPACES.values(), ids=SPACES)
class TestLaws:
    """What makes it a zero."""

    def test_a_tangent_plus_the_zero_is_the_tangent(self, x, t):
        assert plain(zero_tangent(x) + t) == plain(t + zero_tangent(x)) == plain(t)

    def test_the_primal_plus_the_zero_is_the_primal(self, x, t):
        if not isinstance(x, Slotted):  # which is not rebuilt without what is not set
            assert plain(x + zero_tangent(x)) == plain(x)

    def test_tangents_can_be_accumulated_in_it(self, x, t):
        before = plain(x)
        total = add_inplace(add_inplace(zero_tangent(x), t), t)
        assert plain(total) == plain(t + t)
        assert plain(x) == before

    def test_it_shares_no_memory_with_the_primal(self, x, t):
        arrays = [part for part in parts_of(x) if isinstance(part, np.ndarray)]
        zeros = [part for part in parts_of(zero_tangent(x)) if isinstance(part, np.ndarray)]
        assert not any(np.shares_memory(zero, array) for zero in zeros for array in arrays)
        assert all(zero.flags.writeable for zero in zeros)

    def test_its_own_zero_is_as_good(self, x, t):
        assert plain(zero_tangent(zero_tangent(x)) + t) == plain(t)


def parts_of(x):
    """Yield everything that is reached from a primal or tangent."""
    yield x
    if isinstance(x, np.ma.MaskedArray):
        yield from (x.data, x.mask)
    elif isinstance(x, np.ndarray):
        yield from x.flat if x.dtype == object else ()
    elif isinstance(x, STRUCTURED):
        stored = backing(x)
        for part in stored.values() if isinstance(stored, dict) else stored:
            yield from parts_of(part)


class TestAliases:
    """What is one thing in the primal is one thing in the zero."""

    @pytest.mark.parametrize(
        "shared", [np.ones(2), [1.0], {"a": 1.0}, (1.0,), Data(1.0), array_with(1.0)], ids=repr
    )
    def test_in_two_places(self, shared):
        zero = zero_tangent(Data(shared, [shared]))
        assert zero.a is zero.b[0]

    def test_in_itself(self):
        x = [1.0]
        x.append({"x": x})
        zero = zero_tangent(x)
        assert zero[1]["x"] is zero
        y = array_with(1.0)
        y[1] = y
        assert zero_tangent(y)[1] is not y

    def test_equal_things_are_two(self):
        zero = zero_tangent(Data(np.ones(2), np.ones(2)))
        assert zero.a is not zero.b

    def test_parts_that_are_computed_when_asked_for_are_not_taken_for_one_another(self):
        @dataclass(init=False)
        class Computed:
            n: int
            a: np.ndarray

            def __init__(self, n):
                self.n = n

        Computed.a = property(lambda self: np.ones(self.n))
        zeros = zero_tangent([Computed(n) for n in range(5)])
        assert [zero.a.shape for zero in zeros] == [(n,) for n in range(5)]


class TestRegister:
    """Classes with zeros of their own."""

    def test_a_class_and_its_subclasses_get_their_zero(self):
        class Angle:
            def __init__(self):
                self.degrees = 90.0

        class Compass(Angle):
            pass

        @zero_tangent.register(Angle)
        def angle_zero(x):
            return np.zeros(1)

        assert angle_zero(None).tolist() == [0.0]
        x = Compass()
        zero = zero_tangent(Data(x, [x]))
        assert zero.a.tolist() == [0.0]
        assert zero.a is zero.b[0]

    def test_a_registration_may_say_that_there_is_none(self):
        class Clock:
            def __init__(self):
                self.seconds = 1.0

        zero_tangent.register(Clock)(lambda x: NoTangent())
        assert zero_tangent([Clock()]) == Tangent[list](NoTangent())

    @pytest.mark.parametrize(
        ("register", "says"),
        [
            (lambda: zero_tangent.register("Angle"), "takes a class, not 'Angle'"),
            (lambda: zero_tangent.register(list[float]), r"takes a class, not list\[float\]"),
            (
                lambda: zero_tangent.register(Data)(0.0),
                r"0\.0 cannot give the zero tangent of a Data: .*`def f\(x\)`",
            ),
        ],
    )
    def test_what_cannot_be_a_registration_is_refused(self, register, says):
        with pytest.raises(RegistrationError, match=says):
            register()
        assert zero_tangent(Data(1.0)) == MutableTangent[Data](a=0.0)

    def test_it_is_one_object(self):
        assert copy.deepcopy(zero_tangent) is pickle.loads(pickle.dumps(zero_tangent)) is zero_tangent
        assert repr(zero_tangent) == "zero_tangent"


class TestOtherLibraries:
    """Arrays of libraries that need not be there."""

    def test_arrays_of_the_array_api_are_asked_for_their_zeros(self):
        class Foreign:
            def __init__(self, dtype):
                self.dtype = dtype

            def __array_namespace__(self):
                return ForeignNamespace

        class ForeignNamespace:
            @staticmethod
            def isdtype(dtype, kinds):
                return f"{dtype} floating" in kinds

            @staticmethod
            def zeros_like(x):
                return ("zeros like", x)

        x = Foreign("complex")
        assert zero_tangent(x) == ("zeros like", x)
        assert zero_tangent(Foreign("integral")) is NoTangent()

    def test_tensors_are_recognised_where_torch_is_loaded(self, monkeypatch):
        class Tensor:
            floating = True

            def is_floating_point(self):
                return self.floating

            def is_complex(self):
                return False

        torch = ModuleType("torch")
        torch.Tensor = Tensor
        torch.zeros_like = lambda x: ("zeros like", x)
        monkeypatch.setitem(sys.modules, "torch", torch)
        x = Tensor()
        assert zero_tangent(x) == ("zeros like", x)
        x.floating = False
        assert zero_tangent(x) is NoTangent()


class Metres(float):
    """A number whose constructor takes something else."""

    def __new__(cls, *, millimetres):
        return float.__new__(cls, millimetres / 1000)


class Ratio(float, enum.Enum):
    HALF = 0.5


def test_subclasses_of_float_need_not_be_made_from_a_number():
    assert type(zero_tangent(Metres(millimetres=1))) is float
    assert zero_tangent(Ratio.HALF) is NoTangent()


def test_the_zero_of_a_file_is_in_memory(tmp_path):
    x = np.memmap(tmp_path / "numbers", shape=3, mode="w+", dtype=np.float32)
    zero = zero_tangent(x)
    assert type(zero) is np.ndarray
    assert zero.dtype == np.float32


def test_tangents_have_tangents_of_their_own():
    assert zero_tangent(Tangent[Data](a=2.0)) == Tangent[Data](a=0.0)
    assert zero_tangent(thunk(lambda: 2.0)) == 0.0
    assert zero_tangent(NoTangent()) is NoTangent()
    assert zero_tangent(not_implemented()) is ZeroTangent()
