"""Adding in place: where it happens, where it must not, and that the sum is right in either case."""

import operator
import re
from copy import deepcopy
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.lib.stride_tricks import as_strided

from adjoint2rrule.core import (
    AbstractTangent,
    BadInplaceError,
    InplaceableThunk,
    MutableTangent,
    NoTangent,
    RuleError,
    Tangent,
    TangentMismatchError,
    ZeroTangent,
    add_inplace,
    debugging,
    is_inplaceable_destination,
    not_implemented,
    thunk,
    unthunk,
    zero_tangent,
)


@dataclass
class Foo:
    a: object
    b: object = 0.0


class Units(np.ndarray):
    """A subclass, which may mean something else by a sum."""


def frozen(x):
    x.flags.writeable = False
    return x


def overlapping():
    return as_strided(np.zeros(4), shape=(3, 2), strides=(8, 8))


DESTINATIONS = {
    "array": np.zeros(3),
    "float32": np.zeros(3, np.float32),
    "complex": np.zeros(3, complex),
    "longdouble": np.zeros(3, np.longdouble),
    "0-d": np.zeros(()),
    "empty": np.zeros((0, 3)),
    "fortran": np.zeros((2, 3), order="F"),
    "slice": np.zeros((4, 6))[::2, 1::3],
    "reversed": np.zeros(3)[::-1],
    "transposed slice": np.zeros((4, 6))[1:, ::2].T,
    "axis of length one": np.zeros((3, 1))[:, ::2],
}
NO_DESTINATIONS = {
    "read-only": frozen(np.zeros(3)),
    "int": np.zeros(3, int),
    "bool": np.zeros(3, bool),
    "object": np.zeros(3, object),
    "str": np.array(["a"]),
    "broadcast": np.broadcast_to(0.0, (3,)),
    "writeable broadcast": as_strided(np.zeros(1), shape=(3,), strides=(0,)),
    "overlapping windows": overlapping(),
    "subclass": np.zeros(3).view(Units),
    "masked": np.ma.zeros(3),
    "scalar": np.float64(0.0),
    "float": 0.0,
    "list": [0.0],
    "zero": ZeroTangent(),
    "tangent": Tangent[list](0.0),
    "thunk": thunk(lambda: np.zeros(3)),
}


@pytest.mark.parametrize("x", DESTINATIONS.values(), ids=DESTINATIONS.keys())
def test_writeable_floating_arrays_take_sums(x):
    assert is_inplaceable_destination(x) is True
    y = np.full(x.shape, 2, dtype=x.dtype)
    assert add_inplace(x, y) is x
    assert np.all(x == 2)
    assert add_inplace(x, x) is x
    assert np.all(x == 4)


@pytest.mark.parametrize("x", NO_DESTINATIONS.values(), ids=NO_DESTINATIONS.keys())
def test_nothing_else_does(x):
    assert is_inplaceable_destination(x) is False


@pytest.mark.parametrize(
    "name", ["read-only", "int", "broadcast", "writeable broadcast", "overlapping windows"]
)
def test_other_arrays_are_left_alone(name):
    x = NO_DESTINATIONS[name]
    before = x.copy()
    total = add_inplace(x, np.ones(x.shape))
    assert total is not x
    np.testing.assert_array_equal(total, before + 1.0)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.zeros(3, np.float32), np.ones(3)),
        (np.zeros(3), np.ones(3, complex)),
        (np.zeros(()), 1j),
        (np.zeros(3), np.ones(3).view(Units)),
        (np.zeros(3), np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0])),
        (np.zeros((2, 2)), scipy.sparse.csr_array(np.eye(2))),
        (np.zeros(3), np.array([1.0, 2.0, 3.0], dtype=object)),
        (np.zeros(3), np.ones(3, dtype=np.longdouble)),
        (np.zeros(3, dtype=">f8"), np.ones(3)),
    ],
    ids=[
        "wider",
        "complex",
        "complex number",
        "subclass",
        "masked",
        "sparse",
        "object",
        "longdouble",
        "byte order",
    ],
)
def test_a_sum_of_another_dtype_or_class_is_new(x, y):
    before = x.copy()
    total = add_inplace(x, y)
    expected = before + y
    assert type(total) is type(expected)
    assert total.dtype == expected.dtype
    assert total.shape == expected.shape
    np.testing.assert_array_equal(x, before)


def test_a_wider_scalar_gives_the_dtype_that_numpy_gives_it():
    x = np.zeros((), np.float32)
    expected = x + np.float64(1.0)  # before numpy 2, the value of a scalar had a say in it
    total = add_inplace(x, np.float64(1.0))
    assert total.dtype == expected.dtype
    assert (total is x) is (expected.dtype == np.float32)


def test_a_number_that_is_too_large_becomes_infinite_without_a_warning():
    x = np.zeros((), np.float32)
    total = add_inplace(x, -1e300)
    if np.__version__ < "2":  # the value of a number had a say in the precision of the sum
        assert total == -1e300
    else:
        assert total is x
        assert x == -np.inf


@pytest.mark.parametrize("cls", [scipy.sparse.csr_array, scipy.sparse.csr_matrix, scipy.sparse.dia_matrix])
def test_a_dense_and_a_sparse_tangent_have_a_plain_array_for_their_sum(cls):
    for total in (add_inplace(np.eye(2), cls(np.eye(2))), add_inplace(cls(np.eye(2)), np.eye(2))):
        assert type(total) is np.ndarray
        assert np.array_equal(total, 2 * np.eye(2))


@pytest.mark.parametrize("y", [2, 2.0, np.float64(2.0), np.array(2.0), np.array(2), True], ids=repr)
def test_a_number_is_added_into_an_array_without_axes(y):
    x = np.zeros(())
    assert add_inplace(x, y) is x
    assert x == y


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.zeros(3), np.ones((3, 1))),
        (np.zeros((3, 1)), np.ones(3)),
        (np.zeros((2, 3)), np.ones((2, 3, 1, 1), int)),
        (np.zeros((0, 1)), np.ones(0)),
        (np.zeros(3), scipy.sparse.csr_array(np.ones((3, 1)))),
        (np.zeros(3), thunk(lambda: np.ones((3, 1)))),
    ],
)
def test_axes_of_length_one_at_the_end_come_and_go(x, y):
    before = deepcopy(y)
    total = add_inplace(x, y)
    assert total is x
    assert x.tolist() == np.ones(x.shape).tolist()
    assert contents(y) == contents(before)


def test_the_sum_has_the_shape_of_the_first_where_it_is_new():
    for x in (np.zeros(3, int), frozen(np.zeros(3)), thunk(lambda: np.zeros(3))):
        total = add_inplace(x, np.ones((3, 1)))
        assert total.tolist() == [1.0] * 3
        assert unthunk(x).tolist() == [0.0] * 3


def test_a_column_of_the_destination_itself_is_doubled():
    x = np.arange(3.0)
    assert add_inplace(x, x[:, None]).tolist() == [0.0, 2.0, 4.0]
    assert add_inplace(x, x[::-1, None]).tolist() == [x[0] + x[2], 2 * x[1], x[0] + x[2]]


APART = {
    "column and row": (np.ones((3, 1)), np.ones((1, 3))),
    "matrix and row": (np.ones((2, 3)), np.ones(3)),
    "vector and row": (np.ones(3), np.ones((1, 3))),
    "column and matrix": (np.ones((3, 1)), np.ones((3, 3))),
    "array and number": (np.ones(3), 1.0),
    "array and numpy's number": (np.ones(1), np.float64(1.0)),
    "array and array without axes": (np.ones(3), np.array(1.0)),
    "integers and number": (np.arange(3), 1.0),
    "sparse and dense": (scipy.sparse.csr_array(np.eye(2)), np.ones(2)),
    "longer": (np.ones(3), np.ones(2)),
}


@pytest.mark.parametrize("wrapped", [lambda y: y, lambda y: thunk(lambda: y)], ids=["value", "thunk"])
@pytest.mark.parametrize(("x", "y"), [*APART.values(), *((y, x) for x, y in APART.values())])
def test_tangents_that_are_not_of_one_primal_are_not_broadcast(x, y, wrapped):
    before = deepcopy(x)
    shapes = f"shape {np.shape(x)} and one of shape {np.shape(y)} have no sum; project the cotangents"
    for dx in (x, thunk(lambda: x)):
        with pytest.raises(TangentMismatchError, match=re.escape(shapes) + r".*ProjectTo\(x\)$"):
            add_inplace(dx, wrapped(y))
    assert contents(x) == contents(before)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.ones(()), 1.0),
        (1.0, np.ones(())),
        (1.0, 2),
        (np.ones((2, 1)), np.ones((2, 1), int)),
        (np.eye(2), scipy.sparse.csr_array(np.eye(2))),
        (np.ones(2), ZeroTangent()),
        (ZeroTangent(), np.ones(2)),
        (np.ones(2), not_implemented()),
        (np.ones(2), thunk(lambda: np.ones(2))),
        (MutableTangent[Foo](a=np.ones(2)), Tangent[Foo](a=np.ones(2), b=1.0)),
    ],
)
def test_debug_mode_gives_the_same_sums(x, y):
    expected = add_inplace(deepcopy(x), y)
    with debugging():
        assert contents(add_inplace(deepcopy(x), y)) == contents(expected)


def test_an_overlap_at_another_offset_is_never_written_into():
    for take_x, take_y in [
        (lambda a: a[:-1], lambda a: a[1:]),
        (lambda a: a, lambda a: a[::-1]),
        (lambda a: a.reshape(2, 2), lambda a: a.reshape(2, 2).T),
        (lambda a: a[:-1], lambda a: a[1:, None]),
    ]:
        a = np.arange(1.0, 5.0)
        before = a.copy()
        x, y = take_x(a), take_y(a)
        expected = x + y.reshape(x.shape)
        np.testing.assert_array_equal(add_inplace(x, y), expected)
        np.testing.assert_array_equal(a, before)


def test_two_views_of_the_same_elements_are_added():
    a = np.ones(3)
    assert add_inplace(a[:], a[:]).tolist() == [2.0, 2.0, 2.0]


@given(st.data())
def test_it_always_gives_the_sum(data):
    dtypes = st.sampled_from([np.float32, np.float64, np.complex128, np.int32])
    base = data.draw(npst.arrays(data.draw(dtypes), (4, 4), elements=st.integers(-9, 9)))
    other = data.draw(npst.arrays(data.draw(dtypes), (4, 4), elements=st.integers(-9, 9)))
    source = data.draw(st.sampled_from([base, other]))
    x = base[data.draw(st.tuples(st.slices(4), st.slices(4)))]
    y = source[tuple(data.draw(slices_of_length(n)) for n in x.shape)]
    expected = x + y
    y_before, shared = y.copy(), np.shares_memory(x, y)
    total = add_inplace(x, y)
    assert total.dtype == expected.dtype
    assert total.shape == expected.shape
    np.testing.assert_array_equal(total, expected)
    if not shared:
        np.testing.assert_array_equal(y, y_before)


@st.composite
def slices_of_length(draw, n):
    """Return a slice of 4 elements that leaves `n` of them."""
    step = draw(st.sampled_from([step for step in (-3, -2, -1, 1, 2, 3) if abs(step) * (n - 1) < 4]))
    start = draw(st.integers(0, 3 - abs(step) * max(n - 1, 0)))
    if n == 0:
        return slice(start, start)
    last = start + abs(step) * (n - 1)
    return slice(start, last + 1, step) if step > 0 else slice(last, None if start == 0 else start - 1, step)


def unaligned():
    x = np.zeros(25, np.uint8)[1:].view(np.float64)
    x[:] = 1.0
    return x


KINDS = {
    "float": lambda: 2.0,
    "int": lambda: 2,
    "huge int": lambda: 10**30,
    "huge float": lambda: 1e300,
    "bool": lambda: True,
    "complex number": lambda: 1j,
    "float32 number": lambda: np.float32(2.0),
    "float64 number": lambda: np.float64(2.0),
    "complex64 number": lambda: np.complex64(2j),
    "longdouble number": lambda: np.longdouble(2.0),
    "0-d": lambda: np.array(2.0),
    "float64": lambda: np.ones(3),
    "float32": lambda: np.ones(3, np.float32),
    "float16": lambda: np.ones(3, np.float16),
    "longdouble": lambda: np.ones(3, np.longdouble),
    "complex64": lambda: np.ones(3, np.complex64),
    "complex128": lambda: np.ones(3, np.complex128),
    "integers": lambda: np.ones(3, int),
    "Booleans": lambda: np.ones(3, bool),
    "objects": lambda: np.ones(3, object),
    "other byte order": lambda: np.ones(3, ">f8"),
    "unaligned": unaligned,
    "read-only": lambda: frozen(np.ones(3)),
    "broadcast": lambda: np.broadcast_to(1.0, 3),
    "writeable broadcast": lambda: as_strided(np.ones(1), (3,), (0,)),
    "reversed": lambda: np.arange(3.0)[::-1],
    "every other": lambda: np.arange(6.0)[::2],
    "windows": overlapping,
    "row": lambda: np.ones((1, 3)),
    "column": lambda: np.ones((3, 1)),
    "square": lambda: np.ones((3, 3)),
    "transposed": lambda: np.arange(9.0).reshape(3, 3).T,
    "empty": lambda: np.ones((0, 3)),
    "subclass": lambda: np.ones(3).view(Units),
    "masked": lambda: np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]),
    "matrix": lambda: np.matrix([1.0, 2.0, 3.0]),
    "sparse": lambda: scipy.sparse.csr_array(np.eye(3)),
    "structured": lambda: np.ones(3, [("a", float)]),
    "durations": lambda: np.ones(3, "m8[s]"),
    "ZeroTangent": ZeroTangent,
    "NoTangent": NoTangent,
    "not implemented": lambda: MISSING,
    "thunk": lambda: thunk(lambda: np.ones(3)),
    "structural": lambda: Tangent[list](1.0),
}
MISSING = not_implemented()


def contents(x):
    """Return what can be compared of a tangent: class, dtype, shape, numbers."""
    x = unthunk(x)
    if isinstance(x, np.ma.MaskedArray):
        return type(x), x.dtype, x.tolist(), x.mask.tolist()
    if scipy.sparse.issparse(x):
        return type(x), x.dtype, x.toarray().tolist()
    if isinstance(x, (np.ndarray, np.generic)):
        array_without_axes = isinstance(x, np.ndarray) and x.shape == ()
        # which is a scalar as soon as numpy has added it to something
        return type(x[()] if array_without_axes else x), x.dtype, x.shape, repr(x.tolist())
    return type(x), repr(x)


def attempted(operation, x, y):
    try:
        return operation(x, y)
    except (TypeError, ValueError, OverflowError, NotImplementedError, RuntimeWarning):
        return "no sum"


def shape_of_kind(kind):
    x = unthunk(KINDS[kind]())
    return None if isinstance(x, AbstractTangent) else np.shape(x)


SHAPES = {kind: shape_of_kind(kind) for kind in KINDS if kind != "matrix"} | {"matrix": (1, 3)}
PAIRS = [*product(KINDS, KINDS)]
OF_ONE_SHAPE = [(a, b) for a, b in PAIRS if None in (SHAPES[a], SHAPES[b]) or SHAPES[a] == SHAPES[b]]
OF_A_COLUMN = [(a, b) for a, b in PAIRS if {SHAPES[a], SHAPES[b]} == {(3,), (3, 1)}]
OF_OTHER_SHAPES = sorted({*PAIRS} - {*OF_ONE_SHAPE} - {*OF_A_COLUMN})
ignoring_that_matrix_is_old = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")


@ignoring_that_matrix_is_old
@pytest.mark.parametrize(("first", "second"), [*OF_ONE_SHAPE, *OF_A_COLUMN])
def test_the_sum_is_that_of_plus_for_every_pair_of_kinds(first, second):
    x, y = KINDS[first](), KINDS[second]()
    before, y_before = contents(x), contents(y)
    total = attempted(add_inplace, x, y)
    with np.errstate(over="ignore"):
        other = KINDS[second]()
        if (first, second) in OF_A_COLUMN:
            other = unthunk(other).reshape(SHAPES[first])
        expected = attempted(operator.add, KINDS[first](), other)
    assert contents(total) == contents(expected)
    assert contents(y) == y_before
    if total is not x:
        assert contents(x) == before


@ignoring_that_matrix_is_old
@pytest.mark.parametrize(("first", "second"), OF_OTHER_SHAPES)
def test_there_is_no_sum_for_kinds_of_other_shapes(first, second):
    x, y = KINDS[first](), KINDS[second]()
    before, y_before = contents(x), contents(y)
    with pytest.raises(
        TangentMismatchError, match=re.escape(f"{SHAPES[first]} and one of shape {SHAPES[second]}")
    ):
        add_inplace(x, y)
    assert (contents(x), contents(y)) == (before, y_before)


def test_a_file_can_be_accumulated_into(tmp_path):
    x = np.memmap(tmp_path / "sum", shape=3, mode="w+", dtype=np.float64)
    assert add_inplace(x, np.ones(3)) is x
    assert add_inplace(x, x) is x
    assert np.fromfile(tmp_path / "sum").tolist() == [2.0, 2.0, 2.0]
    read = np.memmap(tmp_path / "sum", shape=3, mode="r", dtype=np.float64)
    assert add_inplace(read, np.ones(3)).tolist() == [3.0, 3.0, 3.0]
    assert read.tolist() == [2.0, 2.0, 2.0]


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a.view(np.float32)[::2],
        lambda a: a.view(np.complex128).repeat(2),
        lambda a: a.view(">f8"),
        lambda a: a[::-1][::-1],
        lambda a: as_strided(a, (4,), (0,)),
        lambda a: a[:, None],
    ],
)
def test_other_views_of_the_same_memory_are_safe(view):
    x = np.arange(1.0, 5.0)
    y, other = view(x), view(x.copy())
    expected = x.copy() + other.reshape(x.shape)
    total = add_inplace(x, y)
    assert total.tolist() == expected.tolist()
    if total is x:
        assert y.ravel().tolist() == total.tolist()
    else:
        assert x.tolist() == [1.0, 2.0, 3.0, 4.0]


def test_a_thunk_that_reads_the_destination_is_safe():
    x = np.arange(3.0)
    t = thunk(lambda: x[::-1])
    assert add_inplace(x, t).tolist() == [2.0, 2.0, 2.0]
    assert x.tolist() == [0.0, 1.0, 2.0]


def test_zeros_and_what_is_not_implemented_are_added_as_by_plus():
    x, missing = np.ones(3), not_implemented()
    assert add_inplace(x, ZeroTangent()) is x
    assert add_inplace(ZeroTangent(), x) is x
    assert add_inplace(NoTangent(), ZeroTangent()) is NoTangent()
    assert add_inplace(x, missing) is missing
    assert add_inplace(missing, x) is missing
    assert x.tolist() == [1.0, 1.0, 1.0]


def test_immutable_tangents_are_added_as_by_plus():
    x = Tangent[Foo](a=np.ones(3))
    assert add_inplace(x, Tangent[Foo](a=np.ones(3), b=1.0)) == Tangent[Foo](a=np.full(3, 2.0), b=1.0)
    assert x == Tangent[Foo](a=np.ones(3))
    assert add_inplace(2.0, 3.0) == 5.0


def test_a_thunk_is_added_as_its_value():
    x = np.ones(3)
    assert add_inplace(x, thunk(lambda: np.ones(3))) is x
    assert x.tolist() == [2.0, 2.0, 2.0]
    t = thunk(lambda: np.ones(3))
    assert add_inplace(t, np.ones(3)).tolist() == [2.0, 2.0, 2.0]
    assert t.tolist() == [1.0, 1.0, 1.0]


class TestInplaceableThunk:
    """`InplaceableThunk.add` runs on good destinations, and nowhere else."""

    def adding(self, value, returns=True):
        self.calls = []

        def add(x):
            self.calls.append(x)
            x += value
            return x if returns else None

        return InplaceableThunk(add, thunk(lambda: value))

    @pytest.mark.parametrize("returns", [True, False])
    def test_it_adds_itself(self, returns):
        x = np.ones(3)
        assert add_inplace(x, self.adding(np.full(3, 2.0), returns)) is x
        assert x.tolist() == [3.0, 3.0, 3.0]
        assert len(self.calls) == 1

    @pytest.mark.parametrize(
        "x", [frozen(np.ones(3)), np.ones(3, int), np.broadcast_to(1.0, 3), ZeroTangent()]
    )
    def test_it_does_not_where_it_must_not(self, x):
        total = add_inplace(x, self.adding(np.full(3, 2.0)))
        assert not self.calls
        np.testing.assert_array_equal(total, x + np.full(3, 2.0))

    @pytest.mark.parametrize(
        ("add", "says"),
        [
            (lambda x: x.__iadd__(1.0), "made the array"),
            (lambda x: None, "made the array"),
            (lambda x: x + 2.0, "returned array"),
            (lambda x: np.add(x, [2.0, 2.0, 2.0 + 1e-6], out=x), "made the array"),
            (lambda x: x.fill(np.nan), "made the array"),
            (lambda x: x.fill(np.inf), "made the array"),
        ],
    )
    def test_debug_mode_finds_those_that_lie(self, add, says):
        t = InplaceableThunk(add, thunk(lambda: np.full(3, 2.0)))
        with debugging(), pytest.raises(BadInplaceError, match=says):
            add_inplace(np.ones(3), t)

    def test_debug_mode_lets_honest_ones_pass(self):
        with debugging():
            for returns in (True, False):
                assert add_inplace(np.ones(3), self.adding(np.full(3, np.nan), returns)).shape == (3,)

    @pytest.mark.parametrize("dtype", "efdgFDG")
    @pytest.mark.parametrize(
        "value", [np.full(3, 0.1), np.full(3, 0.1, np.float32), np.full(3, 1, int)], ids=repr
    )
    def test_debug_mode_lets_them_round(self, dtype, value):
        def add(x):
            for _ in range(10):
                x += np.asarray(value).astype(x.dtype) / 10

        with debugging():
            add_inplace(np.full(3, -0.1, dtype), InplaceableThunk(add, thunk(lambda: value)))

    def test_debug_mode_lets_terms_cancel(self):
        def add(x):
            x[0] += 1e16
            x[0] -= 1e16

        with debugging():
            total = add_inplace(np.array([1.0, 1e16]), InplaceableThunk(add, thunk(lambda: np.zeros(2))))
        assert total.tolist() == [0.0, 1e16]

    def test_debug_mode_knows_sparse_values(self):
        def add(x):
            x += 2 * np.eye(2)

        t = InplaceableThunk(add, thunk(lambda: scipy.sparse.csr_array(np.eye(2))))
        with debugging(), pytest.raises(BadInplaceError, match="made the array"):
            add_inplace(np.zeros((2, 2)), t)

    def test_debug_mode_knows_columns(self):
        t = InplaceableThunk(lambda x: x.__iadd__(1.0), thunk(lambda: np.ones((3, 1))))
        with debugging():
            assert add_inplace(np.ones(3), t).tolist() == [2.0, 2.0, 2.0]

    @pytest.mark.parametrize("value", [2.0, np.ones(2), np.ones((1, 3))], ids=str)
    def test_debug_mode_finds_values_of_another_shape(self, value):
        with (
            debugging(),
            pytest.raises(TangentMismatchError, match=re.escape(f"shape {np.shape(value)} have")),
        ):
            add_inplace(np.ones(3), self.adding(value))
        assert not self.calls

    def test_one_that_raises_is_heard(self):
        def add(x):
            x += 1.0
            raise KeyError("half way")

        with pytest.raises(KeyError, match="half way"):
            add_inplace(np.ones(3), InplaceableThunk(add, thunk(lambda: np.ones(3))))

    def test_the_error_is_a_rule_error(self):
        assert issubclass(BadInplaceError, RuleError)
        assert issubclass(BadInplaceError, ValueError)


class TestMutableTangent:
    """Accumulating into the fields of a `MutableTangent`."""

    def test_its_fields_get_the_sums(self):
        x = zero_tangent(Foo(np.ones(3), 2.0))
        a = x.a
        assert add_inplace(x, Tangent[Foo](a=np.ones(3))) is x
        assert add_inplace(x, Tangent[Foo](a=np.ones(3), b=3.0)) is x
        assert x.a is a
        assert x == MutableTangent[Foo](a=np.full(3, 2.0), b=3.0)

    def test_what_it_is_given_is_never_written_into(self):
        shared = np.ones(3)
        x = MutableTangent[Foo]()
        for y in (Tangent[Foo](a=shared), Tangent[Foo](a=thunk(lambda: shared)), Tangent[Foo](a=shared)):
            add_inplace(x, y)
        assert x.a.tolist() == [3.0, 3.0, 3.0]
        assert shared.tolist() == [1.0, 1.0, 1.0]

    def test_zeros_leave_it_alone(self):
        x = MutableTangent[Foo](a=1.0)
        assert add_inplace(x, ZeroTangent()) is x
        assert x == MutableTangent[Foo](a=1.0)
