"""Which shapes the tangents of one primal may have."""

import re

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from adjoint2rrule.core import Tangent, TangentMismatchError, ZeroTangent, thunk
from adjoint2rrule.core.shapes import alike, alike_with_axes, broadcasts_to, in_shape_of, shape_of

SHAPES = st.lists(st.integers(0, 3), max_size=4).map(tuple)


class Shaped:
    """Something of a library that the runtime does not know."""

    def __init__(self, shape):
        self.shape = shape


@pytest.mark.parametrize(
    ("x", "shape"),
    [
        (1.0, ()),
        (True, ()),
        (np.float32(1.0), ()),
        (np.ones(()), ()),
        (np.ones((2, 1)), (2, 1)),
        (scipy.sparse.csr_array(np.eye(2)), (2, 2)),
        (Shaped((2,)), (2,)),
        (Shaped("round"), None),
        (Tangent[Shaped](shape=(2,)), None),
        (ZeroTangent(), None),
        (thunk(lambda: 1.0), None),
        ([1.0], None),
    ],
)
def test_numbers_and_arrays_have_a_shape(x, shape):
    assert shape_of(x) == shape


@given(SHAPES, SHAPES)
def test_shapes_are_alike_where_axes_at_the_end_are_all_that_differs(shape, other):
    axes = max(len(shape), len(other))
    padded = [s + (1,) * (axes - len(s)) for s in (shape, other)]
    assert alike(shape, other) is alike(other, shape) is (padded[0] == padded[1])


@given(SHAPES.filter(bool))
def test_a_number_gets_no_axes(shape):
    assert not alike_with_axes((), shape)
    assert not alike_with_axes(shape, ())
    assert alike_with_axes(shape, (*shape, 1))
    assert alike_with_axes((), ())


@given(SHAPES, SHAPES)
def test_what_broadcasts_is_for_numpy_to_say(shape, wider):
    try:
        fills = np.broadcast_shapes(shape, wider) == wider
    except ValueError:
        fills = False
    assert broadcasts_to(shape, wider) is fills


@given(SHAPES, st.integers(0, 2), st.integers(0, 2))
def test_axes_at_the_end_come_and_go(shape, more, others):
    y = np.arange(np.prod((2, *shape))).reshape(2, *shape, *(1,) * more)
    wanted = (2, *shape, *(1,) * others)
    assert in_shape_of(np.zeros(wanted), y).shape == wanted
    assert in_shape_of(np.zeros(wanted), y).tolist() == y.reshape(wanted).tolist()


@pytest.mark.parametrize(
    ("x", "y"), [(np.ones(2), np.ones(2)), (1.0, np.ones(())), (np.ones(2), ZeroTangent()), ([1.0], 2.0)]
)
def test_what_has_its_shape_or_none_stays_what_it_is(x, y):
    assert in_shape_of(x, y) is y


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # of `np.matrix`
@pytest.mark.parametrize(
    "y",
    [scipy.sparse.csr_array([[1.0], [2.0]]), scipy.sparse.csr_matrix([[1.0], [2.0]]), np.matrix("1.0; 2.0")],
    ids=["sparse array", "sparse matrix", "matrix"],
)
def test_what_has_always_two_axes_becomes_a_plain_array(y):
    moved = in_shape_of(np.ones(2), y)
    assert type(moved) is np.ndarray
    assert moved.tolist() == [1.0, 2.0]


def test_a_mask_stays():
    y = np.ma.array([[1.0], [2.0]], mask=[[0], [1]])
    assert in_shape_of(np.ones(2), y).mask.tolist() == [False, True]


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.ones(3), np.ones(2)),
        (np.ones(3), np.ones((1, 3))),
        (np.ones(1), 1.0),
        (1.0, np.ones((1, 1))),
        (np.ones((2, 1)), Shaped((2,))),
    ],
)
def test_others_are_of_another_primal(x, y):
    says = f"a tangent of shape {np.shape(x)} and one of shape {np.shape(y)} have no sum; project the"
    with pytest.raises(TangentMismatchError, match=re.escape(says) + r".* with ProjectTo\(x\)$"):
        in_shape_of(x, y)
