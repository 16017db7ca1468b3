"""Hypothesis strategies for primals, however nested, and for tangents that fit them.

All numbers are small whole ones in floating point, so that sums and products are exact and the laws of a
vector space hold to the bit.
"""

from functools import singledispatch
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from hypothesis.strategies import SearchStrategy

from adjoint2rrule.core import NoTangent, Tangent, ZeroTangent, backing, thunk
from tests.support.primals import Box, Data, FrozenAttrs, Plain, Point

Strategy = SearchStrategy[Any]

#: Scalars of the vector spaces, and the real numbers in the primals.
reals: Strategy = st.integers(-8, 8).map(float)
complexes: Strategy = st.builds(complex, reals, reals)
shapes = npst.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3)

#: What cannot be perturbed.
rigid: Strategy = st.sampled_from(["name", 3, None, True, b"data"])
leaves: Strategy = (
    reals
    | complexes
    | npst.arrays(np.float64, shapes, elements=reals)
    | npst.arrays(np.complex128, shapes, elements=complexes)
    | rigid
)


def _structures(parts: Strategy) -> Strategy:
    return (
        st.lists(parts, max_size=3)
        | st.lists(parts, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from(["a", "b", 3]), parts)
        | st.builds(Data, parts, parts)
        | st.builds(Point, parts, parts)
        | st.builds(FrozenAttrs, parts)
        | st.builds(Plain, parts)
        | st.builds(Box, parts)
    )


#: Numbers, arrays, what cannot be perturbed, and structures of all these.
primals: Strategy = st.recursive(leaves, _structures, max_leaves=5)

#: Primals that are made of parts.
structured_primals: Strategy = _structures(primals)


def tangents_of(x: Any) -> Strategy:
    """Return the tangents of a primal: of its own structure, lazy, or zero."""
    natural = natural_tangents_of(x)
    return natural | natural.map(_lazy) | st.sampled_from([ZeroTangent(), NoTangent()])


def _lazy(dx: Any) -> Any:
    return thunk(lambda: dx)


@singledispatch
def natural_tangents_of(x: Any) -> Strategy:
    """Return the tangents of a primal that have its own structure; parts may be missing, lazy, or zero."""
    parts = {name: tangents_of(part) for name, part in backing(x).items()}
    return st.fixed_dictionaries({}, optional=parts).map(lambda fields: Tangent[type(x)](**fields))


@natural_tangents_of.register(dict)
def _of_dict(x: dict[Any, Any]) -> Strategy:
    parts = {key: tangents_of(part) for key, part in x.items()}
    return st.fixed_dictionaries({}, optional=parts).map(Tangent[type(x)])


@natural_tangents_of.register(list)
@natural_tangents_of.register(tuple)
def _of_sequence(x: Any) -> Strategy:
    if isinstance(x, Point):
        return natural_tangents_of.dispatch(object)(x)
    return st.tuples(*map(tangents_of, x)).map(lambda parts: Tangent[type(x)](*parts))


@natural_tangents_of.register(float)
def _of_real(x: float) -> Strategy:
    return reals


@natural_tangents_of.register(complex)
def _of_complex(x: complex) -> Strategy:
    return complexes


@natural_tangents_of.register(np.ndarray)
def _of_array(x: Any) -> Strategy:
    return npst.arrays(x.dtype, x.shape, elements=reals if x.dtype.kind == "f" else complexes)


@natural_tangents_of.register(bool)
@natural_tangents_of.register(int)
@natural_tangents_of.register(str)
@natural_tangents_of.register(bytes)
@natural_tangents_of.register(type(None))
def _of_rigid(x: Any) -> Strategy:
    return st.just(NoTangent())


@st.composite
def with_tangents(draw: st.DrawFn, n: int, primals: Strategy = primals) -> tuple[Any, ...]:
    """Return a primal and `n` of its tangents."""
    x = draw(primals)
    return (x, *(draw(tangents_of(x)) for _ in range(n)))
