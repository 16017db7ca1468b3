"""The projections of arrays of numbers: shape, precision, real from complex."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from numbers import Number
from typing import Any

import numpy as np

from adjoint2rrule.core.errors import ProjectionError
from adjoint2rrule.core.projection.misfits import passed, reshaped, stands_for
from adjoint2rrule.core.projection.not_perturbable import IDENTITY, NO_TANGENT
from adjoint2rrule.core.projection.onto_numbers import is_plain, onto_scalars
from adjoint2rrule.core.projection.onto_sequences import project_objects
from adjoint2rrule.core.projection.plain_arrays import is_masked
from adjoint2rrule.core.projection.project_to import Projection, ProjectTo, add_factory
from adjoint2rrule.core.sparse import is_sparse
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero, NoTangent
from adjoint2rrule.core.tangent_types.notimplemented import NotImplementedTangent
from adjoint2rrule.core.tangent_types.structural_elements import ElementsKind
from adjoint2rrule.core.tangent_types.thunks import unthunk

FLOAT64 = np.dtype(np.float64)


class OntoArrays(Projection):
    """The projection on the arrays of one shape and one floating point dtype, real or complex."""

    __slots__ = ("dtype", "shape")

    def __init__(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
        self.dtype = dtype
        self.shape = shape

    def __call__(self, dx: Any, /) -> Any:
        """Return `dx` as an array of the shape and dtype."""
        if type(dx) is np.ndarray and dx.dtype == self.dtype and dx.shape == self.shape:
            return dx
        return ProjectTo.__call__(self, dx)

    def _project(self, dx: Any) -> Any:
        array = _as_array(dx)
        if isinstance(array, NotImplementedTangent):
            return array
        if array is not None:
            return with_dtype(reshaped(array, self.shape), self.dtype)
        if self.shape == () and isinstance(
            dx, (Number, np.bool_)
        ):  # numpy makes numbers of arrays without axes
            number = onto_scalars(self.dtype.type)(dx)
            return np.array(number) if is_plain(number) else number
        if stands_for(np.ndarray, dx):
            return dx
        return passed(
            dx,
            f"an array of shape {self.shape} and dtype {self.dtype}",
            "give an array of that shape, for one number np.full(x.shape, dx)",
        )

    def __repr__(self) -> str:
        return f"ProjectTo[ndarray](dtype={self.dtype}, shape={self.shape})"


def _as_array(dx: Any) -> np.ndarray[Any, Any] | NotImplementedTangent | None:
    if isinstance(dx, np.ndarray):
        return dx
    if is_sparse(dx):  # numpy's functions, which the caller may use on it, do not know it
        return dx.toarray()  # type: ignore[no-any-return]
    return _array_of_list(dx) if _is_list(dx) else None


def _array_of_list(dx: Any) -> np.ndarray[Any, Any] | NotImplementedTangent:
    nested = _nested(dx)
    for number in _leaves(nested):
        if isinstance(number, NotImplementedTangent):
            return number  # as of an array of objects
    try:
        return np.array(nested)
    except ValueError as err:
        raise ProjectionError(
            f"ProjectTo: x is an array, but its cotangent is {dx!r}, whose parts differ in shape; give an"
            " array"
        ) from err


def _is_list(dx: Any) -> bool:
    return isinstance(dx, list) or (isinstance(dx, ElementsKind) and issubclass(type(dx).__primal__, list))


def _nested(dx: Any) -> Any:
    """Return a list of lists, be some of them tangents, and some numbers still to be computed."""
    dx = unthunk(dx)
    return [_nested(part) for part in dx] if _is_list(dx) else dx


def _leaves(nested: Any) -> Iterator[Any]:
    if isinstance(nested, list):
        for part in nested:
            yield from _leaves(part)
    else:
        yield nested


def with_dtype(dx: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> Any:
    """Return an array with this floating point dtype, its real part where that is real."""
    given = dx.dtype
    if given == dtype or given.newbyteorder("=") == dtype:  # the order of bytes is a matter of storage
        return dx
    if given.kind == "O":
        return _with_numbers(dx, dtype)
    if given.kind not in "biufc":
        raise ProjectionError(
            f"ProjectTo: x has dtype {dtype}, but its cotangent has dtype {given}, which are no numbers;"
            " give an array of numbers"
        )
    if given.kind == "c" and dtype.kind == "f":
        dx = dx.real
    with np.errstate(all="ignore"):  # what is too large for the precision of the primal is infinite
        return dx.astype(dtype)


def _with_numbers(dx: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> Any:
    """Return the array of numbers that an array of objects is, be there tangents among them."""
    parts = [onto_scalars(dtype.type)(unthunk(part)) for part in dx.flat]
    for part in parts:
        if isinstance(part, NotImplementedTangent):
            return part  # it wins over every sum that the array can be a part of
    if parts and all(isinstance(part, AbstractZero) for part in parts):
        return NoTangent()
    if not all(isinstance(part, (dtype.type, AbstractZero)) for part in parts):
        return dx  # numbers of a kind that is not known, such as dual ones
    return np.array([0 if isinstance(part, AbstractZero) else part for part in parts], dtype).reshape(
        dx.shape
    )


class OntoUnmasked(Projection):
    """The projection on the arrays that are zero where an array of numbers is masked."""

    __slots__ = ("arrays", "masked")

    def __init__(self, arrays: OntoArrays, masked: np.ndarray[Any, Any]) -> None:
        self.arrays = arrays
        self.masked = masked

    def _project(self, dx: Any) -> Any:
        array = self.arrays(dx)
        if not isinstance(array, np.ndarray) or not np.any(array.flat[self.masked]):
            return array
        array = array.copy()
        array.flat[self.masked] = 0
        return array

    def _key(self) -> tuple[Any, ...]:
        return self.arrays, self.masked.tobytes()

    def __repr__(self) -> str:
        return f"ProjectTo[MaskedArray]({self.arrays!r}, masked={len(self.masked)})"


_onto_arrays = partial(type.__call__, OntoArrays)  # past the look at whether a primal is meant


def _project_array(x: np.ndarray[Any, Any]) -> Any:
    dtype = x.dtype
    kind = dtype.kind
    if type(x) is not np.ndarray and is_masked(x):
        return _project_masked(x)
    if kind in "fc":
        return _onto_arrays(dtype if dtype.isnative else dtype.newbyteorder("="), x.shape)
    if kind in "iu":
        return _onto_arrays(FLOAT64, x.shape)
    if kind == "O":
        return project_objects(x)
    return IDENTITY if kind == "V" else NO_TANGENT  # records; flags, strings and dates


def _project_masked(x: np.ma.MaskedArray[Any, Any]) -> ProjectTo:
    if x is np.ma.masked:  # as an element of an array of objects
        return NO_TANGENT
    if x.dtype.kind == "O":
        return project_objects(x)
    arrays = _project_array(x.data)
    masked = np.flatnonzero(np.ma.getmask(x))
    return OntoUnmasked(arrays, masked) if masked.size and isinstance(arrays, OntoArrays) else arrays


add_factory(_project_array, np.ndarray)
