"""Cotangents that do not fit: what they are refused with, and which of them pass because they are unknown."""

from __future__ import annotations

from numbers import Number
from reprlib import repr as short_repr
from typing import Any

import numpy as np

from adjoint2rrule.core.errors import ProjectionError
from adjoint2rrule.core.perturbable import NOT_PERTURBABLE, cannot_be_perturbed
from adjoint2rrule.core.projection.plain_arrays import plain
from adjoint2rrule.core.shapes import alike, broadcasts_to
from adjoint2rrule.core.sparse import is_sparse
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero
from adjoint2rrule.core.tangent_types.structural_tangent import StructuralTangent

#: The classes of which it is known what they are a cotangent of, and so of what they are none.
KNOWN = (
    *(Number, np.generic, np.ndarray, StructuralTangent, list, tuple, dict, set, frozenset),
    *NOT_PERTURBABLE,
)


def passed(dx: Any, x_is: str, wanted: str) -> Any:
    """Return a cotangent of an unknown class; refuse one of a known class, which would have been taken."""
    if dx is None:
        raise ProjectionError(
            f"ProjectTo: x is {x_is}, but its cotangent is None; write ZeroTangent() for it"
        )
    if isinstance(dx, type) and issubclass(dx, AbstractZero):
        name = dx.__name__
        raise ProjectionError(
            f"ProjectTo: x is {x_is}, but its cotangent is the class {name}; write `{name}()`"
        )
    if isinstance(dx, KNOWN) or is_sparse(dx) or cannot_be_perturbed(dx):
        raise ProjectionError(f"ProjectTo: x is {x_is}, but its cotangent is {_kind_of(dx)}; {wanted}")
    return dx


def reshaped(dx: Any, shape: tuple[int, ...]) -> Any:
    """Return a plain array with this shape, where that is no more than axes of length 1 at its end."""
    dx = plain(dx)
    if dx.shape == shape:
        return dx
    if not alike(dx.shape, shape):
        raise ProjectionError(
            f"ProjectTo: x has shape {shape} and its cotangent {dx.shape}, which may differ by axes of"
            f" length 1 at the end alone; {_remedy(dx.shape, shape)}"
        )
    return dx.reshape(shape)


def stands_for(P: type, dx: Any) -> bool:
    """Return whether `dx` is a structural tangent of a primal of class `P`."""
    if not isinstance(dx, StructuralTangent):
        return False
    Q = type(dx).__primal__
    # a class and its subclasses share tangents, and a `Tangent[Any]` may be that of anything
    return Q is Any or issubclass(Q, P) or issubclass(P, Q)


def _remedy(given: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    if given == wanted[::-1]:
        return "is it transposed?"
    if broadcasts_to(wanted, given):
        return "sum it over the axes along which x was broadcast"
    return f"give it the shape {wanted}"


def _kind_of(dx: Any) -> str:
    if isinstance(dx, np.ndarray) or is_sparse(dx):
        return f"of shape {dx.shape} and dtype {dx.dtype} ({type(dx).__name__})"
    return f"{short_repr(dx)} ({type(dx).__name__})"
