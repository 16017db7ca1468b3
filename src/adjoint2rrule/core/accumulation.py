"""Adding up cotangents, in place where that is safe.

Ports: ChainRulesCore.jl, ``accumulation.jl``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import add, ndarray

from adjoint2rrule.core.debug_mode import debug_mode
from adjoint2rrule.core.errors import BadInplaceError
from adjoint2rrule.core.field_sums import add_fields, fits, plus
from adjoint2rrule.core.shapes import in_shape_of
from adjoint2rrule.core.sparse import is_sparse
from adjoint2rrule.core.tangent_types.thunks import AbstractThunk, InplaceableThunk, unthunk

#: The dtypes of sums that are made in place, in the byte order of the machine, in which they are their own.
FLOATING = frozenset(map(np.dtype, "efdgFDG"))


def add_inplace(x: Any, y: Any, /) -> Any:
    """Return ``x + y``, which may be `x` itself with `y` added to it.

    Use the result and forget `x`. The sum is written into `x` only where nothing can go wrong: `x` is
    an inplaceable destination (see `is_inplaceable_destination`), it has the dtype of the sum, and `y` does
    not overlap it, except as the very same array.

    Parameters
    ----------
    x
        A tangent that the caller owns. A `MutableTangent` gets the sums of its fields; what two of its
        fields share, or share with `y`, is left alone, and one of them gets a new sum.
    y
        A tangent to add. It stays as it is, unless it is `x`. An `InplaceableThunk` adds itself, by its
        `add`, and so decides the precision.

    Returns
    -------
    Any
        The sum. That of a zero and `y` is `y` itself: who goes on to add to it has to own that too. An array
        without axes stays one, where ``x + y`` would be a scalar. The sum of arrays has the shape of `x`.

    Raises
    ------
    TangentMismatchError, TangentConversionError
        Where `x` and `y` have no sum. `x` is then of no use, as after an `add` that raises: a part of the
        sum may have been added. Nothing is broadcast: two cotangents of one primal have one shape, but for
        axes of length 1 at the end, which `y` gets and loses as in `ProjectTo`.
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
    Ports: ``add!!`` of ChainRulesCore.jl. Differs: there `y` may be broadcast to the shape of `x`.
    """
    if type(x) is ndarray and type(y) is ndarray and x.dtype is y.dtype and x.shape == y.shape:
        # What `_takes` finds out, for most calls: arrays that own their memory share none of it.
        flags = x.flags
        if flags.writeable and flags.owndata and y.flags.owndata and x.dtype in FLOATING:
            return add(x, y, x)
    if not _takes(x, y):
        return _added(x, y)
    if isinstance(y, ndarray):
        return add(x, y, x)
    with np.errstate(over="ignore"):  # a number that is too large for the precision of `x` is infinite there
        return add(x, y, x)


def is_inplaceable_destination(x: Any, /) -> bool:
    """Return whether cotangents may be added to `x` in place.

    That is so for writeable arrays of real or complex floating point numbers in which no element
    shares its memory with another one. Subclasses of numpy's array decide for themselves what a sum
    is, and are never written into; a `MutableTangent` takes sums in its fields, and is no destination itself.

    Parameters
    ----------
    x
        Anything.

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


def _added(x: Any, y: Any) -> Any:
    if isinstance(y, InplaceableThunk) and is_inplaceable_destination(x):
        return _debug_add(x, y) if debug_mode() else _add_thunk(x, y)
    if isinstance(y, AbstractThunk):
        return add_inplace(x, unthunk(y))
    if fits(x, y):
        return add_fields(x, y, add_inplace)
    dy = in_shape_of(x, y)
    if dy is not y:
        return add_inplace(x, dy)
    return plus(x, y)


def _add_thunk(x: Any, y: InplaceableThunk) -> Any:
    result = y.add(x)
    return x if result is None else result  # functions that work in place often return nothing


def _debug_add(x: Any, y: InplaceableThunk) -> Any:
    before, value = x.copy(), in_shape_of(x, unthunk(y))
    value = value.toarray() if is_sparse(value) else value
    result = _add_thunk(x, y)
    if result is not x:
        raise BadInplaceError(
            f"the `add` of {y!r} returned {result!r} and not the array it was given; return that, or nothing"
        )
    if not _is_sum(x, before, value):
        raise BadInplaceError(
            f"the `add` of {y!r} made the array {x!r}, but the sum is {before + value!r};"
            f" let it add what its thunk gives"
        )
    return x


def _is_sum(total: ndarray[Any, Any], x: ndarray[Any, Any], dx: Any) -> bool:
    expected = x + dx
    # Each computes in its own order, so that they round differently, also where terms cancel.
    terms = abs(x) + abs(np.asarray(dx))
    scale = np.max(terms, initial=0.0, where=np.isfinite(terms))
    eps = max(np.finfo(x.dtype).eps, np.finfo(np.result_type(np.asarray(dx).dtype, np.float16)).eps)
    with np.errstate(invalid="ignore"):
        close = abs(total - expected) <= np.sqrt(eps) * scale
    return bool(np.all(close | (total == expected) | ((total != total) & (expected != expected))))


def _takes(x: Any, y: Any) -> bool:
    """Whether ``x + y`` has the shape and dtype of `x` and can be written there."""
    if not is_inplaceable_destination(x):
        return False
    if type(y) is np.ndarray or type(y) is np.memmap:
        return y.shape == x.shape and (y.dtype is x.dtype or _keeps_dtype(x, y)) and not _overlap(x, y)
    return x.ndim == 0 and isinstance(y, (int, float, complex, np.number)) and _keeps_dtype(x, y)


def _keeps_dtype(x: np.ndarray[Any, Any], y: Any) -> bool:
    return bool(np.result_type(x, y) == x.dtype)


def _overlap(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> bool:
    if x is y or not np.may_share_memory(x, y):
        return False
    # the same elements in the same order are read before they are written; all else may not be
    same_start = x.__array_interface__["data"] == y.__array_interface__["data"]
    return not (same_start and x.dtype == y.dtype and x.strides == y.strides and x.shape == y.shape)


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
