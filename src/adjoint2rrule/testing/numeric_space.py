"""The tangent spaces of numbers, of arrays, and of scipy's sparse arrays."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adjoint2rrule.core import AbstractTangent, unthunk
from adjoint2rrule.testing.failure import form_failure
from adjoint2rrule.testing.output_control import Place, kind_of
from adjoint2rrule.testing.tangent_space import Coordinates, Leaf, NoSpace, TangentSpace, Vector

DOUBLE_EPS = float(np.finfo(np.float64).eps)


class Numeric(TangentSpace):
    """The space of a real or complex number or array: an array of the same shape."""

    def __init__(self, x: Any) -> None:
        array = np.asarray(x)
        self.x, self.shape, self.dtype = x, array.shape, array.dtype
        self.is_complex = array.dtype.kind == "c"
        self.size = array.size * (2 if self.is_complex else 1)
        self.eps = float(np.finfo(array.dtype).eps)

    def vector(self, x: Any) -> Vector:
        return _flat(np.asarray(x), self.is_complex)

    def primal(self, vector: Vector) -> Any:
        array = self._array(vector)
        return array.view(type(self.x)) if isinstance(self.x, np.ndarray) else type(self.x)(array[()])

    def tangent(self, vector: Vector) -> Any:
        array = self._array(vector)
        if isinstance(self.x, (np.ndarray, np.generic)):
            return array if isinstance(self.x, np.ndarray) else array[()]
        return complex(array[()]) if self.is_complex else float(array[()])

    def leaves(self, place: Place, start: int = 0) -> Iterator[Leaf]:
        yield Leaf(place, slice(start, start + self.size), self.shape, self.is_complex)

    def in_double(self) -> Any:
        if self.eps <= DOUBLE_EPS:
            return self.x
        double = np.asarray(self.x).astype(np.complex128 if self.is_complex else np.float64)
        return double if isinstance(self.x, np.ndarray) else double[()]

    def _array(self, vector: Vector) -> NDArray[Any]:
        numbers = np.ascontiguousarray(vector).view(np.complex128) if self.is_complex else vector
        return numbers.reshape(self.shape).astype(self.dtype)

    def _read(self, dx: Any, place: Place) -> Vector:
        array = numeric(dx)
        if array is None:
            wanted = f"an array of shape {self.shape}" if isinstance(self.x, np.ndarray) else "a number"
            raise form_failure(
                f"{place} is {_kind_with_dtype(dx)}, no tangent of {kind_of(self.x)}: return {wanted}"
            )
        if array.shape != self.shape:
            raise form_failure(f"{place} {_shape_complaint(array.shape, self.shape)}")
        if not self.is_complex and _has_imaginary_part(array):
            raise form_failure(
                f"{place} is complex, but its primal is real: return its real part, as `ProjectTo(x)` does"
            )
        return _flat(array, self.is_complex)


class Integers(NoSpace):
    """Integers and arrays of them: left alone, unless a rule takes them for the floats they stand for."""

    def as_floats(self, dx: Any) -> Any:
        if numeric(unthunk(dx)) is None:
            return self.x
        return self.x.astype(np.float64) if isinstance(self.x, np.ndarray) else float(self.x)


class Sparse(TangentSpace):
    """The space of a sparse array: the values on its pattern, the stored zeros included."""

    def __init__(self, x: Any) -> None:
        entries = x.tocoo(copy=True)
        entries.sum_duplicates()
        self.x, self.entries = x, entries
        self.values = Numeric(entries.data)
        self.size, self.eps = self.values.size, self.values.eps

    def vector(self, x: Any) -> Vector:
        return self.values.vector(self._on_pattern(x))

    def primal(self, vector: Vector) -> Any:
        entries = self.entries.copy()
        entries.data = self.values.primal(vector)
        return type(self.x)(entries)

    def tangent(self, vector: Vector) -> Any:
        return self.primal(vector)

    def leaves(self, place: Place, start: int = 0) -> Iterator[Leaf]:
        yield from self.values.leaves(place.at(".data"), start)

    def in_double(self) -> Any:
        return (
            self.primal(self.vector(self.x))
            if self.eps <= DOUBLE_EPS
            else self.x.astype(self.values.in_double().dtype)
        )

    def _read(self, dx: Any, place: Place) -> Coordinates:
        if not is_sparse(dx):
            raise form_failure(
                f"{place} is {kind_of(dx)}, but its primal is sparse: return a {type(self.x).__name__}"
            )
        if dx.shape != self.x.shape:
            raise form_failure(f"{place} {_shape_complaint(dx.shape, self.x.shape)}")
        on_pattern = self._on_pattern(dx)
        if abs(dx).sum() > abs(on_pattern).sum() * (1 + 1e-9):
            raise form_failure(
                f"{place} has entries where its primal stores none: return those on the pattern of the "
                "primal, as `ProjectTo(x)` does"
            )
        return self.values.coordinates(on_pattern, place.at(".data"))

    def _on_pattern(self, x: Any) -> NDArray[Any]:
        if not self.entries.nnz:  # of no entries, scipy makes a sparse array
            return np.empty(0, dtype=self.values.dtype)
        return np.asarray(x.tocsr()[self.entries.coords]).ravel()


def numeric(dx: Any) -> NDArray[Any] | None:
    """Return `dx` as an array of numbers, whichever library it comes from; `None` where it is none."""
    if isinstance(dx, AbstractTangent):
        return None
    if is_sparse(dx):
        return np.asarray(dx.toarray())
    if not isinstance(dx, (Number, np.generic)) and not hasattr(type(dx), "__array__"):
        return None
    array = np.asarray(dx)
    return array if array.dtype.kind in "iufc" else None


def is_sparse(x: Any) -> bool:
    """Return whether `x` is one of scipy's sparse arrays; scipy is not imported to find out."""
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and bool(sparse.issparse(x))


def _flat(array: NDArray[Any], is_complex: bool) -> Vector:
    if is_complex:
        return np.ascontiguousarray(array, dtype=np.complex128).reshape(-1).view(np.float64)
    return np.asarray(array.real, dtype=np.float64).reshape(-1)


def _has_imaginary_part(array: NDArray[Any]) -> bool:
    # Complex arithmetic leaves traces of rounding; they are no claim.
    if array.dtype.kind != "c" or not array.size:
        return False
    return bool(abs(array.imag).max() > np.sqrt(np.finfo(array.dtype).eps) * abs(array).max())


def _kind_with_dtype(x: Any) -> str:
    return f"{kind_of(x)} and dtype {x.dtype}" if isinstance(x, np.ndarray) and x.shape else kind_of(x)


def _shape_complaint(shape: tuple[int, ...], expected: tuple[int, ...]) -> str:
    wanted = f"has shape {expected}" if expected else "is a number"
    hint = "; it looks transposed" if shape == expected[::-1] else ""
    return f"has shape {shape}, but its primal {wanted}{hint}"
