"""Adding up cotangents, in place where that is safe.

Ports: ChainRulesCore.jl, ``accumulation.jl``.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np

from adjoint2rrule.core.debug_mode import debug_mode
from adjoint2rrule.core.errors import BadInplaceError, TangentMismatchError
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero
from adjoint2rrule.core.tangent_types.structural_arithmetic import backing_as, checked
from adjoint2rrule.core.tangent_types.structural_tangent import MutableTangent, StructuralTangent
from adjoint2rrule.core.tangent_types.thunks import InplaceableThunk, unthunk


def add_inplace(x: Any, y: Any, /) -> Any:
    """Return ``x + y``, which may be `x` itself with `y` added to it.

    Use the result and forget `x`. The sum is written into `x` only where nothing can go wrong: `x` is
    an inplaceable destination (see `is_inplaceable_destination`), it has the shape and dtype of the
    sum, and `y` does not overlap it, except as the very same array.

    Parameters
    ----------
    x
        A tangent that the caller owns. A `MutableTangent` gets the sums of its fields.
    y
        A tangent to add. An `InplaceableThunk` adds itself, by its `add`.

    Raises
    ------
    BadInplaceError
        In debug mode, where an `InplaceableThunk` adds something else than its value.

    Examples
    --------
    >>> x̄ = np.ones(3)
    >>> add_inplace(x̄, np.arange(3.0)) is x̄
    True
    >>> add_inplace(2.0, 3.0)
    5.0

    Notes
    -----
    Ports: ``add!!`` of ChainRulesCore.jl.
    """
    if isinstance(y, AbstractTangent):
        if isinstance(y, InplaceableThunk) and is_inplaceable_destination(x):
            return _debug_add(x, y) if debug_mode() else _add_thunk(x, y)
        y = unthunk(y)
    if isinstance(x, MutableTangent) and isinstance(y, StructuralTangent):
        return _add_fields(x, y)
    return np.add(x, y, out=x) if _takes(x, y) else _sum(x, y)


def is_inplaceable_destination(x: Any, /) -> bool:
    """Return whether cotangents may be added to `x` in place.

    That is so for writeable arrays of real or complex floating point numbers in which no element
    shares its memory with another one. Subclasses of numpy's array decide for themselves what a sum
    is, and are never written into.

    Examples
    --------
    >>> is_inplaceable_destination(np.zeros(3)), is_inplaceable_destination(np.arange(3))
    (True, False)
    >>> is_inplaceable_destination(np.broadcast_to(0.0, 3))
    False

    Notes
    -----
    Ports: ``is_inplaceable_destination`` of ChainRulesCore.jl.
    """
    if type(x) is not np.ndarray and type(x) is not np.memmap:
        return False
    flags = x.flags
    return x.dtype.kind in "fc" and flags.writeable and (flags.forc or not _overlaps_itself(x))


def _add_fields(x: MutableTangent[Any], y: StructuralTangent) -> MutableTangent[Any]:
    for name, dy in backing_as(type(x), y).items():
        # a zero plus `dy` is `dy` itself, which is not ours to write into the next time
        zero = isinstance(x[name], AbstractZero)
        x[name] = deepcopy(unthunk(dy)) if zero else add_inplace(x[name], dy)
    return x


def _sum(x: Any, y: Any) -> Any:
    if not isinstance(y, AbstractTangent):  # to a structural tangent, `x` may be the primal
        checked(x)
        checked(y)
    if type(x) is type(y) is np.ndarray and not _have_a_sum(x, y):
        raise TangentMismatchError(
            f"add_inplace: a tangent of shape {x.shape} and one of shape {y.shape} have no sum;"
            f" project the cotangents of one primal to its shape"
        )
    return x + y


def _have_a_sum(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> bool:
    return all(1 in (m, n) or m == n for m, n in zip(reversed(x.shape), reversed(y.shape), strict=False))


def _add_thunk(x: Any, y: InplaceableThunk) -> Any:
    result = y.add(x)
    return x if result is None else result  # functions that work in place often return nothing


def _debug_add(x: Any, y: InplaceableThunk) -> Any:
    expected = x + unthunk(y)
    result = _add_thunk(x, y)
    if result is not x:
        raise BadInplaceError(f"the `add` of {y!r} returned {result!r} and not the array it was given")
    if np.shape(expected) != x.shape or not np.allclose(x, expected, equal_nan=True):
        raise BadInplaceError(f"the `add` of {y!r} made the array {x!r}, but the sum is {expected!r}")
    return x


def _takes(x: Any, y: Any) -> bool:
    """Whether ``x + y`` has the shape and dtype of `x` and can be written there."""
    if not is_inplaceable_destination(x):
        return False
    if type(y) is np.ndarray or type(y) is np.memmap:
        same_space = y.shape == x.shape or _broadcasts_to(x.shape, y.shape)
        return same_space and (y.dtype is x.dtype or _keeps_dtype(x, y)) and not _overlap(x, y)
    return isinstance(y, (int, float, complex, np.number)) and _keeps_dtype(x, y)


def _keeps_dtype(x: np.ndarray[Any, Any], y: Any) -> bool:
    return bool(np.result_type(x, y) == x.dtype)


def _broadcasts_to(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    lengths = zip(reversed(shape), reversed(other), strict=False)
    return len(other) <= len(shape) and all(m in (n, 1) for n, m in lengths)


def _overlap(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> bool:
    if x is y or not np.may_share_memory(x, y):
        return False
    # the same elements in the same order are read before they are written; all else may not be
    same_start = x.__array_interface__["data"] == y.__array_interface__["data"]
    return not (same_start and x.strides == y.strides and x.shape == y.shape)


def _overlaps_itself(x: np.ndarray[Any, Any]) -> bool:
    reach = x.itemsize  # of one element, then of all elements along the axes seen so far
    for stride, length in sorted(
        (abs(stride), length) for stride, length in zip(x.strides, x.shape, strict=True)
    ):
        if length > 1:
            if stride < reach:  # may be a false alarm for exotic strides, which costs a copy
                return True
            reach += stride * (length - 1)
    return False
