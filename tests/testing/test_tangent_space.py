"""A tangent space lays a primal out in real numbers, and back; and reads tangents, or says what they are."""

import enum
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from adjoint2rrule.core import NoTangent, Tangent, ZeroTangent, not_implemented, thunk
from adjoint2rrule.testing import rand_tangent, test_approx
from adjoint2rrule.testing.check_result import EXACTLY, first_difference
from adjoint2rrule.testing.output_control import Place
from adjoint2rrule.testing.tangent_space import filled
from adjoint2rrule.testing.to_vec import tangent_space

HERE = Place("the tangent of", "x")


@dataclass
class Foo:
    a: Any
    b: Any = None


class Pair(NamedTuple):
    left: Any
    right: Any


class Color(enum.Enum):
    RED = 1


class Plain:
    def __init__(self, inner):
        self.inner = inner


finite = st.floats(-1e6, 1e6)
numbers = st.one_of(
    finite,
    st.complex_numbers(max_magnitude=1e6),
    finite.map(np.float64),
    st.floats(-1e3, 1e3, width=32).map(np.float32),
)
arrays = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.complex64, np.complex128]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
)
others = st.sampled_from([3, True, "text", None, Color.RED, np.sin, float, np.arange(3), np.array(["s"])])
primals = st.recursive(
    numbers | arrays | others,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=2) | st.integers(), inner, max_size=3),
        st.builds(Foo, inner, inner),
        st.builds(Pair, inner, inner),
        st.builds(Plain, inner),
    ),
    max_leaves=6,
)


@given(primals, st.integers(0, 2**32 - 1))
def test_primal_comes_back_from_its_coordinates(x, seed):
    space = tangent_space(x)
    vector = space.vector(x)
    assert vector.shape == (space.size,)
    assert first_difference(space.primal(vector), x, EXACTLY, HERE) is None


@given(primals, st.integers(0, 2**32 - 1))
def test_tangent_comes_back_from_its_coordinates(x, seed):
    space, dx = tangent_space(x), rand_tangent(x, seed)
    again = space.tangent(filled(space.coordinates(dx, HERE)))
    test_approx(again, dx)


@given(primals, st.integers(0, 2**32 - 1))
def test_zeros_and_thunks_are_read_as_what_they_stand_for(x, seed):
    space, dx = tangent_space(x), rand_tangent(x, seed)
    assert not filled(space.coordinates(ZeroTangent(), HERE)).any()
    assert not filled(space.coordinates(NoTangent(), HERE)).any()
    expected = space.coordinates(dx, HERE)
    assert (filled(space.coordinates(thunk(lambda: dx), HERE)) == filled(expected)).all()


@given(primals)
def test_what_is_not_implemented_is_masked(x):
    space = tangent_space(x)
    assert space.coordinates(not_implemented(), HERE).missing.sum() == space.size


@given(primals)
def test_leaves_hold_all_coordinates_in_order(x):
    space = tangent_space(x)
    held = [k for leaf in space.leaves(HERE) for k in range(leaf.part.start, leaf.part.stop)]
    assert held == list(range(space.size))


@pytest.mark.parametrize(
    "x",
    [
        *(
            3,
            True,
            np.int64(3),
            np.bool_(True),
            "text",
            b"bytes",
            None,
            Ellipsis,
            slice(1),
            range(3),
            Color.RED,
        ),
        *(len, np.sin, np.sum, float, Foo, np.dtype(float), np, "x".join, {1, 2}, iter([1.0]), object()),
        *(
            np.datetime64("2020-01-01"),
            np.array(["a"]),
            np.array([True]),
            np.arange(3),
            np.random.default_rng(0),
        ),
        *((), [], {}, (1, "a"), [True], {"a": 1}, Foo(1, "a"), Pair(1, 2), Plain("a"), (Foo("a"), [None])),
        *(scipy.sparse.csr_array(np.eye(2, dtype=int)), np.array([1, "a"], dtype=object)),
    ],
)
def test_what_cannot_be_perturbed_has_no_tangent(x):
    space = tangent_space(x)
    assert not space.perturbable
    assert space.size == 0
    assert rand_tangent(x) is NoTangent()


@pytest.mark.parametrize("x", [np.zeros(0), [np.zeros((2, 0))]], ids=repr)
def test_empty_array_can_be_perturbed_although_it_has_no_entries(x):
    assert tangent_space(x).perturbable


def test_complex_number_has_its_parts_for_coordinates():
    space = tangent_space(1.0 + 2.0j)
    assert list(space.vector(1.0 + 2.0j)) == [1.0, 2.0]
    assert space.tangent(np.array([3.0, 4.0])) == 3.0 + 4.0j


def test_real_tangent_of_a_complex_array_has_no_imaginary_part():
    space = tangent_space(np.array([1.0j, 2.0]))
    assert list(filled(space.coordinates(np.array([3.0, 4.0]), HERE))) == [3.0, 0.0, 4.0, 0.0]


def test_rounding_is_no_imaginary_part():
    space = tangent_space(np.ones(2))
    assert list(filled(space.coordinates(np.array([3.0 + 1e-17j, 4.0]), HERE))) == [3.0, 4.0]
    with pytest.raises(AssertionError, match="is complex"):
        space.coordinates(np.array([3.0 + 1e-3j, 4.0]), HERE)


def test_sparse_array_has_the_coordinates_of_its_pattern():
    x = scipy.sparse.csr_array(np.array([[0, 1.5, 0], [2.0, 0, -1.0]]))
    space = tangent_space(x)
    assert space.size == 3
    moved = space.primal(space.vector(x) + 1.0)
    assert type(moved) is type(x)
    assert (moved.toarray() == np.array([[0, 2.5, 0], [3.0, 0, 0.0]])).all()
    assert moved.nnz == 3


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "bsr", "dia", "lil", "dok"])
@pytest.mark.parametrize("family", ["array", "matrix"])
def test_sparse_tangents_of_any_kind_are_read(kind, family):
    dense = np.array([[0, 1.5], [2.0, 0]])
    x = getattr(scipy.sparse, f"csr_{family}")(dense)
    dx = getattr(scipy.sparse, f"{kind}_{family}")(2 * dense)
    space = tangent_space(x)
    assert (filled(space.coordinates(dx, HERE)) == 2 * space.vector(x)).all()
    own = tangent_space(dx)
    assert (own.primal(own.vector(dx)) != dx).nnz == 0


@pytest.mark.parametrize(
    ("dx", "message"),
    [
        (
            np.eye(2),
            "the tangent of x is an array of shape (2, 2), but its primal is sparse: return a csr_array",
        ),
        (scipy.sparse.eye_array(2), "the tangent of x has entries where its primal stores none"),
        (scipy.sparse.eye_array(3), "the tangent of x has shape (3, 3), but its primal has shape (2, 2)"),
    ],
)
def test_sparse_tangent_off_the_pattern_is_refused(dx, message):
    space = tangent_space(scipy.sparse.csr_array(np.array([[0, 1.5], [2.0, 0]])))
    with pytest.raises(AssertionError) as caught:
        space.coordinates(dx, HERE)
    assert str(caught.value).startswith(message)


def test_numbers_of_a_tangent_turn_integers_into_floats_where_they_stand():
    x = Foo(1, [2, np.array([3, 4])])
    dx = Tangent[Foo](a=0.5, b=Tangent[list](ZeroTangent(), np.array([1.0, 1.0])))
    floats = tangent_space(x).as_floats(dx)
    assert isinstance(floats.a, float)
    assert isinstance(floats.b[0], int)
    assert floats.b[1].dtype == float
    assert x == Foo(1, x.b)
    assert isinstance(x.a, int)


def test_zero_tangents_leave_the_primal_as_it_is():
    x = Foo(1, [2])
    assert tangent_space(x).as_floats(Tangent[Foo](b=Tangent[list](ZeroTangent()))) is x


def test_object_that_contains_itself_has_an_end():
    x = [1.0]
    x.append(x)
    assert tangent_space(x).size == 1


def test_precision_is_the_coarsest_of_the_parts():
    assert tangent_space((1.0, [np.float32(1.0)], 3)).eps == np.finfo(np.float32).eps
    assert tangent_space((1, "a")).eps == 0.0
    double = tangent_space((1.0, [np.float32(1.5)])).in_double()
    assert double == (1.0, [1.5])
    assert isinstance(double[1][0], np.float64)
