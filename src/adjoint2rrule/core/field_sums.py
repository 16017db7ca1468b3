"""Sums of tangents with mutable fields, in place as far as nobody else holds what would be written.

The fields of a tangent may alias: one array, or one tangent, in two places, also below itself. What is
reached on two ways is written only if the other tangent is reached on the same two ways, so that there is
one sum; otherwise each of the places gets a sum of its own, as it does by ``+``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import chain
from typing import Any

import numpy as np

from adjoint2rrule.core.shapes import in_shape_of, shape_of
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero
from adjoint2rrule.core.tangent_types.structural_arithmetic import backing_as, checked, made
from adjoint2rrule.core.tangent_types.structural_kinds import ZERO
from adjoint2rrule.core.tangent_types.structural_tangent import MutableTangent, StructuralTangent
from adjoint2rrule.core.tangent_types.thunks import InplaceableThunk, unthunk

Pair = tuple[Any, Any]


def add_fields(
    x: MutableTangent[Any], y: StructuralTangent, add_inplace: Callable[[Any, Any], Any]
) -> MutableTangent[Any]:
    """Return `x` with the fields of `y` added to its own, by `add_inplace` where that is safe."""
    sums = FieldSums(x, y, add_inplace)
    total: MutableTangent[Any] = sums.of(x, y)
    for tangent, fields in sums.pending:
        tangent.__backing__.update(fields)
    return total


def fits(x: Any, y: Any) -> bool:
    """Return whether the sum of the tangents is of the class of `x`, a mutable one."""
    if not (isinstance(x, MutableTangent) and isinstance(y, StructuralTangent)):
        return False
    P, Q = type(x).__primal__, type(y).__primal__
    return Q is Any or issubclass(P, Q)


def plus(x: Any, y: Any) -> Any:
    """Return ``x + y``, and write nowhere.

    Raises
    ------
    TangentConversionError, TangentMismatchError
        Where one of them is no tangent, or they are tangents of different primals, as their shapes may say.
    """
    if not isinstance(y, AbstractTangent):  # to a structural tangent, `x` may be the primal
        checked(x)
        checked(y)
    if shape_of(y) is not None:
        x = unthunk(x)  # which has one only then
        y = in_shape_of(x, y)
    total = _sum(x, y)
    if isinstance(total, np.matrix) and not isinstance(x, np.matrix) and not isinstance(y, np.matrix):
        return np.asarray(total)  # of an array and one of scipy's matrices: its `*` would be another product
    return total


def _sum(x: Any, y: Any) -> Any:
    numbers = (int, float, complex)
    if (type(x) in numbers) is (type(y) in numbers):
        return x + y
    with np.errstate(over="ignore"):  # a number that is too large for the precision of the other is infinite
        return x + y


class FieldSums:
    """The sums of what is reached together, from `x` and `y`; new fields are `pending` until all are known.

    Parameters
    ----------
    x, y
        The tangents, of one primal.
    add_inplace
        What adds to an array that may be written.
    """

    def __init__(self, x: Any, y: Any, add_inplace: Callable[[Any, Any], Any]) -> None:
        self.add_inplace = add_inplace
        self.pending: list[tuple[Any, dict[str, Any]]] = []
        self._sums: dict[tuple[int, int], Any] = {}
        self._whole = id(x), id(y)
        self._pairs = {(id(a), id(b)): (a, b) for a, b in _walk(x, y)}
        #: In how many pairs a part is, on either side.
        self._reached = Counter(map(id, chain.from_iterable(self._pairs.values())))
        parts = {id(part): part for part in chain.from_iterable(self._pairs.values())}
        self._arrays = [part for part in parts.values() if isinstance(part, np.ndarray)]
        self._views = [part for part in self._arrays if not part.flags.owndata]

    def of(self, x: Any, y: Any) -> Any:
        """Return the sum of two parts, `x` where that could be written."""
        key = id(x), id(y)
        if key in self._sums:
            return self._sums[key]
        if isinstance(y, AbstractZero):
            return x
        if fits(x, y):
            return self._of_fields(x, y)
        writes = isinstance(x, np.ndarray) and self._alone(x)
        total = self.add_inplace(x, y) if writes else self._new(x, unthunk(y))
        self._sums[key] = total
        return total

    def _of_fields(self, x: Any, y: Any) -> Any:
        key = id(x), id(y)
        total = x if key == self._whole or self._reached[id(x)] == 1 else made(type(x), {})
        self._sums[key] = total  # before its fields, one of which may be `x` again
        self.pending.append((total, {name: self.of(a, b) for name, a, b in _fields(x, y)}))
        return total

    def _new(self, x: Any, y: Any) -> Any:
        total = plus(x, y)
        return deepcopy(total) if total is y else total  # a zero and `y`; other sums share nothing with it

    def _alone(self, x: np.ndarray[Any, Any]) -> bool:
        """Whether nothing else that is reached has its memory there."""
        # Arrays that own their memory do not share it with one another.
        others = self._views if x.flags.owndata else self._arrays
        return self._reached[id(x)] == 1 and not any(
            other is not x and np.may_share_memory(x, other) for other in others
        )


def _walk(x: Any, y: Any) -> Iterator[Pair]:
    """Yield what is reached together; with zeros, what is reached in one of the tangents alone."""
    seen = set()
    pairs = [(x, y)]
    while pairs:
        a, b = pairs.pop()
        if (id(a), id(b)) in seen:
            continue
        seen.add((id(a), id(b)))
        yield a, b
        if fits(a, b):
            pairs += [(part, other) for _, part, other in _fields(a, b)]
        else:
            pairs += [(part, ZERO) for part in _parts(a)] + [(ZERO, part) for part in _parts(b)]


def _fields(x: MutableTangent[Any], y: StructuralTangent) -> list[tuple[str, Any, Any]]:
    mine = x.__backing__
    theirs = backing_as(type(x), y)
    return [(name, unthunk(mine.get(name, ZERO)), _value(theirs.get(name, ZERO))) for name in mine | theirs]


def _parts(tangent: Any) -> Iterator[Any]:
    if isinstance(tangent, StructuralTangent):
        stored = tangent.__backing__
        yield from map(_value, stored.values() if isinstance(stored, dict) else stored)
    elif isinstance(tangent, np.ndarray) and tangent.dtype.kind == "O":
        yield from tangent.flat


def _value(dx: Any) -> Any:
    """Return the value of a thunk, unless it can add itself in place."""
    return dx if isinstance(dx, InplaceableThunk) else unthunk(dx)
