"""Shapes of tangents: which of them belong to one primal.

A cotangent has the shape of its primal, but for axes of length 1 at the end, which come and go where a matrix
of one column meets a vector. Numbers and arrays without axes are another matter: they never get any.
"""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np

from adjoint2rrule.core.errors import TangentMismatchError
from adjoint2rrule.core.sparse import is_sparse
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent

Shape = tuple[int, ...]


def shape_of(x: Any) -> Shape | None:
    """Return the shape of an array or a number; `None` for all else."""
    if isinstance(x, AbstractTangent):  # a tangent may have any attribute, one called "shape" too
        return None
    shape = () if isinstance(x, Number) else getattr(x, "shape", None)
    return tuple(shape) if isinstance(shape, tuple) else None


def alike(shape: Shape, other: Shape) -> bool:
    """Return whether two shapes are the same but for axes of length 1 at the end of one of them."""
    short, long = sorted((shape, other), key=len)
    return long[: len(short)] == short and set(long[len(short) :]) <= {1}


def alike_with_axes(shape: Shape, other: Shape) -> bool:
    """Return whether two shapes are `alike`, and both or none of them are those of numbers."""
    return shape == other or (() not in (shape, other) and alike(shape, other))


def broadcasts_to(shape: Shape, wider: Shape) -> bool:
    """Return whether numpy repeats an array of the first shape to fill one of the other."""
    lengths = zip(reversed(shape), reversed(wider), strict=False)
    return len(shape) <= len(wider) and all(n in (m, 1) for n, m in lengths)


def in_shape_of(x: Any, y: Any) -> Any:
    """Return `y` in the shape of `x`, where both have one: as it is, or as another view of the same numbers.

    Raises
    ------
    TangentMismatchError
        Where they are not tangents of one primal, which numpy may broadcast all the same.
    """
    shape, other = shape_of(x), shape_of(y)
    if shape is None or other is None or shape == other:
        return y
    if not alike_with_axes(shape, other) or not (isinstance(y, np.ndarray) or is_sparse(y)):
        raise TangentMismatchError(
            f"add_inplace: a tangent of shape {shape} and one of shape {other} have no sum;"
            f" project the cotangents of one primal to its shape, with ProjectTo(x)"
        )
    if is_sparse(y):
        return y.toarray().reshape(shape)
    # a matrix has two axes, whatever shape it is asked for
    return (np.asarray(y) if isinstance(y, np.matrix) else y).reshape(shape)
