"""The projections of scipy's sparse arrays and matrices, on the entries that the primal stores."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint2rrule.core.projection.misfits import passed, reshaped, stands_for
from adjoint2rrule.core.projection.not_perturbable import IDENTITY, NO_TANGENT
from adjoint2rrule.core.projection.onto_arrays import FLOAT64, with_dtype
from adjoint2rrule.core.projection.project_to import Projection, ProjectTo
from adjoint2rrule.core.sparse import is_sparse


class OntoPattern(Projection):
    """The projection on the sparse arrays of one class that store the same entries.

    `template` stores these entries, in the format of the primal, or as coordinates where that format
    has no array of values. `coordinates` tell where each one is, and `places` where its value is stored.
    """

    __slots__ = ("coordinates", "dtype", "places", "primal", "template")

    def __init__(
        self,
        primal: Any,
        dtype: np.dtype[Any],
        template: Any,
        coordinates: tuple[np.ndarray[Any, Any], ...],
        places: np.ndarray[Any, Any],
    ) -> None:
        self.primal = primal
        self.dtype = dtype
        self.template = template
        self.coordinates = coordinates
        self.places = places

    def _project(self, dx: Any) -> Any:
        if stands_for(self.primal, dx) or self._fits(dx):
            return dx
        if not isinstance(dx, np.ndarray) and not is_sparse(dx):
            x_is = f"a {self.primal.__name__} of shape {self.template.shape}"
            return passed(dx, x_is, "give a sparse or dense array of that shape")
        values = with_dtype(self._values(reshaped(dx, self.template.shape)), self.dtype)
        return self._filled(values) if isinstance(values, np.ndarray) else values

    def _fits(self, dx: Any) -> bool:
        if type(dx) is not self.primal or dx.dtype != self.dtype or dx.shape != self.template.shape:
            return False
        indices, expected = _indices(dx), _indices(self.template)
        return len(indices) == len(expected) and all(map(np.array_equal, indices, expected))

    def _values(self, dx: Any) -> Any:
        if not is_sparse(dx):
            return np.asarray(dx)[self.coordinates]
        given = dx.tocoo(copy=True)
        given.sum_duplicates()
        wanted = len(self.places)
        numbers = _numbered([*map(np.concatenate, zip(self.coordinates, given.coords, strict=True))])
        values = np.zeros(len(numbers), given.dtype)
        values[numbers[wanted:]] = given.data
        return values[numbers[:wanted]]

    def _filled(self, values: np.ndarray[Any, Any]) -> Any:
        result = self.template.copy()  # the indices too: they are not to change when the result is sorted
        data = np.zeros(result.data.size, values.dtype)
        data[self.places] = values
        result.data = data.reshape(result.data.shape)
        return result if type(result) is self.primal else self.primal(result)

    def _key(self) -> tuple[Any, ...]:
        indices = (np.asarray(i, np.int64).tobytes() for i in _indices(self.template))
        return self.primal, self.dtype, self.template.shape, *indices

    def __repr__(self) -> str:
        name, shape = self.primal.__name__, self.template.shape
        return f"ProjectTo[{name}](dtype={self.dtype}, shape={shape}, stored={len(self.places)})"


def project_sparse(x: Any) -> ProjectTo:
    """Return the projection for a sparse array.

    The result stores its values in the order of `x`, so that ``ProjectTo(A)(Ā).data`` are the cotangents of
    the values of ``A = coo_array((v, (i, j)))``. An entry that `x` stores in pieces is stored once, and all
    entries are in order then: scipy adds up pieces wherever it computes, and so the whole entry for each of
    them would count as often as there are. ``ProjectTo(A)(Ā).tocsr()[i, j]`` are what the pieces get.
    """
    if x.dtype.kind not in "iufc":
        return NO_TANGENT if x.dtype.kind == "b" else IDENTITY
    template = x.copy() if x.format in _WITH_VALUES else _in_order(x)
    if _has_duplicates(template):
        template.sum_duplicates()
    # With each value's number in its place, the conversion to coordinates tells which entry is stored where;
    # it keeps neither the order of blocks nor what of a diagonal lies outside of the array.
    template.data = np.arange(1, template.data.size + 1).reshape(template.data.shape)
    entries = template.tocoo(copy=True)
    template.data = np.zeros(template.data.shape, bool)
    dtype = x.dtype if x.dtype.kind in "fc" else FLOAT64
    return OntoPattern(type(x), dtype, template, entries.coords, entries.data - 1)


_WITH_VALUES = ("csr", "csc", "coo", "bsr", "dia")


def _has_duplicates(x: Any) -> bool:
    if getattr(x, "has_canonical_format", True):  # diagonals have none
        return False
    numbers = _numbered([*x.tocoo(copy=False).coords])
    return len(numbers) > 0 and bool(numbers.max() + 1 < len(numbers))


def _indices(x: Any) -> tuple[Any, ...]:
    """Return what tells where the values of a sparse array belong."""
    if x.format == "dia":
        return x.offsets, x.data.shape
    if x.format in ("csr", "csc", "bsr"):
        return x.indptr, x.indices, x.data.shape
    return tuple((x if x.format == "coo" else _in_order(x)).coords)


def _in_order(x: Any) -> Any:
    """Return the entries of a format in which their order tells nothing."""
    entries = x.tocoo(copy=True)
    entries.has_canonical_format = False  # a dict of keys claims it for any order
    entries.sum_duplicates()
    return entries


def _numbered(coordinates: list[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """Return a number for each entry, the same one where all coordinates are."""
    order = np.lexsort(coordinates)
    new = np.any([np.diff(c[order], prepend=-1) != 0 for c in coordinates], axis=0)
    numbers = np.empty(len(order), int)
    numbers[order] = np.cumsum(new) - 1
    return numbers
