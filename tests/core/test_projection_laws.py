"""The laws of a projection, over primals and cotangents of all kinds."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from adjoint2rrule.core import (
    AbstractZero,
    NoTangent,
    ProjectTo,
    Tangent,
    Thunk,
    ZeroTangent,
    thunk,
    unthunk,
)


class Pair(NamedTuple):
    x: Any
    y: Any


@dataclass
class Node:
    value: Any
    next: Any = None
    name: str = "node"


@dataclass(frozen=True, slots=True)
class Leaf:
    value: Any


FLOATS = [np.dtype(code).type for code in np.typecodes["AllFloat"]]
SCALARS = [int, float, complex, *FLOATS, np.int8, np.uint64]
SPARSE = [getattr(scipy.sparse, f"{f}_array") for f in ("csr", "csc", "coo", "bsr", "dia", "lil")]
INERT = st.sampled_from(["a", b"b", None, True, len, float, np.array([True, False])])

# Numbers that the least precise floats have too, so that laws hold exactly.
reals = st.integers(-8, 8).map(lambda n: n / 4)
numbers = st.one_of(reals, st.integers(-4, 4), st.builds(complex, reals, reals))


class Space(NamedTuple):
    """A primal, and strategies for its cotangents: those that have sums and multiples, and all others."""

    x: Any
    vectors: Any
    others: Any


def arrays(shape, dtype):
    size = int(np.prod(shape))
    return st.lists(numbers, min_size=size, max_size=size).map(lambda v: np.array(v, dtype).reshape(shape))


def scalar_space(T):
    others = st.one_of(numbers.map(np.complex128), numbers.map(np.array), reals.map(np.float16))
    return Space(T(1), numbers, others)


@st.composite
def array_spaces(draw):
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    x = np.ones(shape, draw(st.sampled_from([*FLOATS, np.int16, np.uint8])))
    given_dtype = draw(st.sampled_from([np.complex64, np.complex128, np.clongdouble]))
    while len(shape) > 1 and shape[-1] == 1:  # of no axes at all, numpy's sums and multiples are numbers
        shape = shape[:-1]
    shape += (1,) * draw(st.integers(0, 2))
    vectors = arrays(shape, given_dtype)
    return Space(
        x, vectors, st.one_of(vectors.map(np.ndarray.tolist), vectors) if x.size and shape else vectors
    )


@st.composite
def sparse_spaces(draw):
    cls = draw(st.sampled_from(SPARSE))
    dtype = draw(st.sampled_from([np.float32, np.float64, np.complex64, np.longdouble]))
    shape = draw(st.sampled_from([(2, 3), (3, 3), (4, 1)]))
    pattern = draw(st.lists(st.booleans(), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))
    x = cls(np.array(pattern, dtype).reshape(shape))
    vectors = arrays(shape, np.complex128)
    return Space(x, vectors, st.builds(lambda C, dx: C(dx), st.sampled_from(SPARSE), vectors))


inert_spaces = INERT.map(lambda x: Space(x, st.just(ZeroTangent()), st.one_of(numbers, st.just(x))))
leaves = st.one_of(st.sampled_from(SCALARS).map(scalar_space), array_spaces(), sparse_spaces(), inert_spaces)


def many(strategies):
    # zeros, and what is left to be computed, may stand for any part
    lazily = [part.map(lambda dx: thunk(lambda: dx)) for part in strategies]
    return st.tuples(
        *(st.one_of(p, late, st.just(ZeroTangent())) for p, late in zip(strategies, lazily, strict=True))
    )


def space_of_parts(parts, primal, tangent, natural):
    xs, vectors, others = zip(*parts, strict=True)
    mixed = [st.one_of(v, o) for v, o in zip(vectors, others, strict=True)]
    tangents = many(mixed).map(lambda dxs: tangent(*dxs))
    return Space(
        primal(*xs),
        st.tuples(*vectors).map(lambda dxs: tangent(*dxs)),
        st.one_of(tangents, many(mixed).map(lambda dxs: natural(*dxs))),
    )


def as_list(*xs):
    return list(xs)


def as_tuple(*xs):
    return xs


def as_dict(*xs):
    return dict(enumerate(xs))


def as_objects(*xs):
    array = np.empty(len(xs), dtype=object)
    for i, x in enumerate(xs):
        array[i] = x
    return array


def of_fields(cls, *names):
    return lambda *xs: cls(**dict(zip(names, xs, strict=True)))


def containers(spaces):
    several, pair, one = (st.lists(spaces, min_size=n, max_size=m) for n, m in ((1, 3), (2, 2), (1, 1)))
    kinds = [
        (several, as_tuple, Tangent[tuple], as_tuple),
        (several, as_list, Tangent[list], as_list),
        (several, as_dict, lambda *dxs: Tangent[dict](as_dict(*dxs)), as_dict),
        (several, as_objects, as_objects, as_objects),
        (pair, Pair, Tangent[Pair], Pair),
        (pair, Pair, of_fields(Tangent[Pair], "x", "y"), as_tuple),
        (pair, Node, of_fields(Tangent[Node], "value", "next"), of_fields(Tangent[Any], "value", "next")),
        (one, Leaf, of_fields(Tangent[Leaf], "value"), Leaf),
    ]
    return st.one_of(
        *(parts.map(lambda parts, how=how: space_of_parts(parts, *how)) for parts, *how in kinds)
    )


spaces = st.recursive(leaves, containers, max_leaves=6)


@st.composite
def space_and_vectors(draw, count, everything=False):
    space = draw(spaces)
    strategy = st.one_of(space.vectors, space.others) if everything else space.vectors
    return space.x, *(draw(strategy) for _ in range(count))


def parts_of(x):
    """Return the parts of a primal by name, and None for what is not made of parts."""
    if isinstance(x, (Node, Leaf)):
        return {name: getattr(x, name) for name in type(x).__dataclass_fields__}
    if isinstance(x, Pair):
        return x._asdict()
    if isinstance(x, dict) and not scipy.sparse.issparse(x):
        return x
    if isinstance(x, (tuple, list)) or (isinstance(x, np.ndarray) and x.dtype == object):
        return dict(enumerate(x))
    return None


def part(dx, name):
    if isinstance(dx, (Node, Leaf, Pair)):
        return getattr(dx, name)
    if isinstance(dx, dict):
        return dx.get(name, ZeroTangent())
    return dx["xy".index(name)] if type(dx) is tuple and isinstance(name, str) else dx[name]


def dense(x, dx):
    """Return all numbers of a cotangent, in and out of the tangent space of its primal."""
    dx, parts = unthunk(dx), parts_of(x)
    if parts is not None:
        zero = isinstance(dx, AbstractZero)
        columns = [dense(p, dx if zero else part(dx, name)) for name, p in parts.items()]
        return np.concatenate([np.zeros(0), *columns])
    if scipy.sparse.issparse(dx):
        dx = dx.toarray()
    if isinstance(ProjectTo(x), type(ProjectTo(True))):
        return np.zeros(0)
    if isinstance(dx, AbstractZero):
        return np.zeros(np.prod(np.shape(x), dtype=int), complex)
    return np.asarray(dx, complex).ravel()


def same(x, a, b):
    return np.array_equal(dense(x, a), dense(x, b))


def inner(u, v):
    return np.vdot(u, v).real


def check_is_of_space(x, dx):
    """Check that every number has the shape and dtype of its primal."""
    dx, parts = unthunk(dx), parts_of(x)
    if isinstance(dx, AbstractZero):
        return
    if parts is not None:
        if isinstance(x, np.ndarray):
            assert (dx.shape, dx.dtype) == (x.shape, x.dtype)
        else:
            assert type(dx) is Tangent[type(x)]
        for name, p in parts.items():
            check_is_of_space(p, part(dx, name))
        return
    assert np.shape(dx) == np.shape(x)
    dtype = np.result_type(x) if not hasattr(x, "dtype") else x.dtype
    assert getattr(dx, "dtype", np.result_type(dx)) == (np.float64 if dtype.kind in "iu" else dtype)
    assert type(dx) is (float if type(x) is int else np.float64 if isinstance(x, np.integer) else type(x))


@given(space_and_vectors(1, everything=True))
def test_it_is_idempotent_and_what_it_gives_fits(case):
    x, dx = case
    project_x = ProjectTo(x)
    once = project_x(dx)
    twice = project_x(once)
    assert same(x, twice, once)
    check_is_of_space(x, once)
    check_is_of_space(x, twice)


@given(space_and_vectors(1))
def test_what_is_projected_comes_back_itself(case):
    x, dx = case
    once = ProjectTo(x)(dx)
    assert ProjectTo(x)(once) is once


@given(space_and_vectors(2), st.integers(-2, 2))
def test_it_is_linear(case, a):
    x, dx, dy = case
    project_x = ProjectTo(x)
    assert same(x, project_x(a * dx + dy), a * project_x(dx) + project_x(dy))


@given(space_and_vectors(2))
def test_it_is_orthogonal(case):
    x, dx, dy = case
    project_x = ProjectTo(x)
    rest = dense(x, dx) - dense(x, project_x(dx))
    assert inner(rest, dense(x, project_x(dy))) == 0


@given(space_and_vectors(1, everything=True))
def test_it_leaves_cotangents_and_primals_as_they_are(case):
    x, dx = case
    x_before, dx_before = repr(x), dense(x, dx)
    ProjectTo(x)(dx)
    assert repr(x) == x_before
    assert np.array_equal(dense(x, dx), dx_before)


@given(spaces, st.sampled_from([ZeroTangent(), NoTangent()]))
def test_zeros_pass(space, zero):
    assert ProjectTo(space.x)(zero) is zero


@given(space_and_vectors(1, everything=True))
def test_thunks_are_projected_late(case):
    x, dx = case
    project_x = ProjectTo(x)
    late = project_x(thunk(lambda: dx))
    assert late is NoTangent() or type(late) is Thunk
    assert same(x, late, project_x(dx))
