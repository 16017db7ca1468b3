"""Adding in place: where it happens, where it must not, and that the sum is right in either case."""

from dataclasses import dataclass

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.lib.stride_tricks import as_strided

from adjoint2rrule.core import (
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
        (np.zeros(3), 1j),
        (np.zeros(3), np.ones((2, 3))),
        (np.zeros((1, 3)), np.ones((2, 3))),
        (np.zeros(1), np.ones(3)),
        (np.zeros(3), np.ones(3).view(Units)),
        (np.zeros(3), np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0])),
        (np.zeros(2), scipy.sparse.csr_array(np.eye(2))),
        (np.zeros(3), np.array([1.0, 2.0, 3.0], dtype=object)),
        (np.zeros(3), np.ones(3, dtype=np.longdouble)),
        (np.zeros(3, dtype=">f8"), np.ones(3)),
    ],
    ids=[
        "wider",
        "complex",
        "complex number",
        "more axes",
        "longer axis",
        "longer",
        "subclass",
        "masked",
        "sparse",
        "object",
        "longdouble",
        "byte order",
    ],
)
def test_a_sum_of_another_shape_dtype_or_class_is_new(x, y):
    before = x.copy()
    total = add_inplace(x, y)
    expected = before + y
    assert type(total) is type(expected)
    assert total.dtype == expected.dtype
    assert total.shape == expected.shape
    np.testing.assert_array_equal(x, before)


def test_a_wider_scalar_gives_the_dtype_that_numpy_gives_it():
    x = np.zeros(3, np.float32)
    expected = x + np.float64(1.0)  # before numpy 2, the value of a scalar had a say in it
    total = add_inplace(x, np.float64(1.0))
    assert total.dtype == expected.dtype
    assert (total is x) is (expected.dtype == np.float32)


@pytest.mark.parametrize(
    "y", [2, 2.0, np.float64(2.0), np.array(2.0), np.full(3, 2.0), np.full((1, 3), 2), True]
)
def test_what_fits_is_broadcast_into_the_destination(y):
    x = np.zeros((2, 3))
    expected = x + y
    assert add_inplace(x, y) is x
    np.testing.assert_array_equal(x, expected)


def test_shapes_that_do_not_go_together_are_an_error():
    with pytest.raises(TangentMismatchError, match=r"\(3,\) and one of shape \(2,\)"):
        add_inplace(np.zeros(3), np.zeros(2))


def test_an_overlap_at_another_offset_is_never_written_into():
    for take_x, take_y in [
        (lambda a: a[:-1], lambda a: a[1:]),
        (lambda a: a, lambda a: a[::-1]),
        (lambda a: a.reshape(2, 2), lambda a: a.reshape(2, 2).T),
        (lambda a: a, lambda a: a[:1]),
    ]:
        a = np.arange(1.0, 5.0)
        before = a.copy()
        x, y = take_x(a), take_y(a)
        expected = x + y
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
    windows = st.tuples(st.slices(4), st.slices(4))
    source = data.draw(st.sampled_from([base, other]))
    x, y = base[data.draw(windows)], source[data.draw(windows)]
    try:
        expected = x + y
    except ValueError:
        return
    y_before, shared = y.copy(), np.shares_memory(x, y)
    total = add_inplace(x, y)
    assert total.dtype == expected.dtype
    assert total.shape == expected.shape
    np.testing.assert_array_equal(total, expected)
    if not shared:
        np.testing.assert_array_equal(y, y_before)


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
    assert add_inplace(t, 1.0).tolist() == [2.0, 2.0, 2.0]
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
        "x", [frozen(np.ones(3)), np.ones(3, int), np.broadcast_to(1.0, 3), 1.0, ZeroTangent()]
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
