"""Whether two values agree: within rounding, or exactly.

Ports: ChainRulesTestUtils.jl, ``check_result.jl``.
"""

# ruff: noqa: PT028 - `test_approx` is no test, although its name is that of ChainRulesTestUtils

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adjoint2rrule.core import AbstractZero, StructuralTangent, ZeroTangent, backing, unthunk
from adjoint2rrule.testing.numeric_space import DOUBLE_EPS, is_sparse, numeric
from adjoint2rrule.testing.output_control import Place, index_step, kind_of, not_collected, shown, told_apart
from adjoint2rrule.testing.structure_space import Entries, Fields, Items
from adjoint2rrule.testing.to_vec import structure_kind


@dataclass(frozen=True)
class Tolerance:
    """How far apart two arrays may be: in norm, absolutely or in proportion to the larger one."""

    rtol: float = 1e-9
    atol: float = 1e-9

    def at_precision(self, eps: float) -> Tolerance:
        """Return the tolerance for numbers of this precision: half their digits, where they are short."""
        least = float(np.sqrt(eps)) if eps > DOUBLE_EPS else 0.0
        return Tolerance(max(self.rtol, least), max(self.atol, least))

    def admits(self, difference: NDArray[Any], *sides: NDArray[Any]) -> bool:
        """Return whether arrays of the size of `sides` may differ by this much."""
        distance = norm(difference)
        return bool(distance <= self.bound(*sides) and np.isfinite(distance))

    def bound(self, *sides: NDArray[Any]) -> float:
        """Return the norm that a difference may have."""
        return max(self.atol, self.rtol * max(map(norm, sides)))


EXACTLY = Tolerance(0.0, 0.0)


def norm(x: NDArray[Any]) -> float:
    """Return the norm of a vector, also where the squares of its entries overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        size = float(np.linalg.norm(x))
        if size != np.inf:
            return size
        largest = float(abs(x).max())
        return largest * float(np.linalg.norm(x / largest)) if largest != np.inf else largest


@not_collected
def test_approx(actual: Any, expected: Any, msg: str = "", *, rtol: float = 1e-9, atol: float = 1e-9) -> None:
    """Assert that two tangents, or two primals, are equal within rounding.

    Arrays are compared by norm. Thunks are forced; zeros equal any value that is zero; fields that a
    `Tangent` does not have are zeros; a `Tangent` equals no bare tuple or dict.

    Parameters
    ----------
    actual, expected
        The values.
    msg
        What a failure says first.
    rtol, atol
        The difference that is allowed, relative to the larger norm and absolutely.

    Raises
    ------
    AssertionError
        Where they differ; it names the place inside.

    Examples
    --------
    >>> test_approx(0.1 + 0.2, 0.3)
    >>> test_approx((1.0, 2.0), (1.0, 3.0), "after a step")
    Traceback (most recent call last):
    ...
    AssertionError: after a step: actual[1] is 2.0, expected 3.0

    Notes
    -----
    Ports: `test_approx`.
    """
    difference = first_difference(actual, expected, Tolerance(rtol, atol), Place("", "actual"))
    if difference:
        raise AssertionError(f"{msg}: {difference}" if msg else difference)


def first_difference(
    actual: Any, expected: Any, tolerance: Tolerance, place: Place, inside: frozenset[int] = frozenset()
) -> str | None:
    """Return where and how `actual` differs from `expected`; `None` where it does not.

    `inside` holds what `actual` is reached through: an object that contains itself is compared once.
    """
    actual, expected = unthunk(actual), unthunk(expected)
    if actual is expected or id(actual) in inside:
        return None
    compare = _comparison(actual, expected)
    return compare(actual, expected, tolerance, place, inside | {id(actual)})


def _comparison(
    actual: Any, expected: Any
) -> Callable[[Any, Any, Tolerance, Place, frozenset[int]], str | None]:
    if isinstance(expected, AbstractZero):
        return _difference_from_zero
    if isinstance(actual, AbstractZero):
        return _difference_of_zero
    if is_sparse(actual) and is_sparse(expected):
        return _difference_of_sparse
    if numeric(actual) is not None and numeric(expected) is not None:
        return _difference_of_numbers
    return _difference_of_structures


def _difference_of_numbers(
    actual: Any, expected: Any, tolerance: Tolerance, place: Place, inside: frozenset[int]
) -> str | None:
    a, b = np.asarray(numeric(actual)), np.asarray(numeric(expected))
    if a.shape != b.shape:
        return f"{place} has shape {a.shape}, expected {b.shape}"
    entry = worst_entry(a.ravel(), b.ravel(), tolerance)
    if entry is None:
        return None
    where = place.at(index_step(tuple(map(int, np.unravel_index(entry, a.shape)))))
    got, wanted = told_apart(a.ravel()[entry], b.ravel()[entry])
    return f"{where} is {got}, expected {wanted}"


def worst_entry(a: NDArray[Any], b: NDArray[Any], tolerance: Tolerance) -> int | None:
    """Return the entry in which the vectors differ most; `None` where they agree in norm.

    Infinities and NaNs agree with themselves.
    """
    apart = ~((a == b) | ((a != a) & (b != b)))
    if not apart.any():
        return None
    with np.errstate(invalid="ignore"):
        difference = np.where(apart, abs(a - b), 0.0)
    finite = np.isfinite(a) & np.isfinite(b)
    if np.isfinite(difference).all() and tolerance.admits(difference, a[finite], b[finite]):
        return None
    return int(np.argmax(np.where(np.isfinite(difference), difference, np.inf)))


def _difference_of_sparse(
    actual: Any, expected: Any, tolerance: Tolerance, place: Place, inside: frozenset[int]
) -> str | None:
    if actual.shape != expected.shape:
        return f"{place} has shape {actual.shape}, expected {expected.shape}"
    difference = (actual - expected).tocoo()
    if not difference.nnz or tolerance.admits(difference.data, actual.tocoo().data, expected.tocoo().data):
        return None
    entry = int(np.argmax(abs(difference.data)))
    index = tuple(int(axis[entry]) for axis in difference.coords)
    got, wanted = told_apart(actual.tocsr()[index], expected.tocsr()[index])
    return f"{place.at(index_step(index))} is {got}, expected {wanted}"


def _difference_from_zero(
    value: Any, zero: AbstractZero, tolerance: Tolerance, place: Place, inside: frozenset[int]
) -> str | None:
    if isinstance(value, AbstractZero):
        return None
    if (array := numeric(value)) is not None:
        return _difference_of_numbers(array, np.zeros_like(array), tolerance, place, inside)
    parts = _parts(value)
    if parts is None:
        return f"{place} is {kind_of(value)}, expected {zero!r}"
    return _first(first_difference(parts[step], zero, tolerance, place.at(step), inside) for step in parts)


def _difference_of_zero(
    zero: AbstractZero, value: Any, tolerance: Tolerance, place: Place, inside: frozenset[int]
) -> str | None:
    differs = _difference_from_zero(value, zero, tolerance, place, inside)
    return f"{place} is {zero!r}, expected {shown(value)}" if differs else None


def _difference_of_structures(
    actual: Any, expected: Any, tolerance: Tolerance, place: Place, inside: frozenset[int]
) -> str | None:
    mine, theirs = _parts(actual), _parts(expected)
    if type(actual) is not type(expected):
        return f"{place} is {kind_of(actual)}, expected {kind_of(expected)}"
    if mine is None or theirs is None:
        return None if _equal(actual, expected) else f"{place} is {actual!r}, expected {expected!r}"
    if mine.keys() != theirs.keys() and not isinstance(actual, StructuralTangent):
        step = min(mine.keys() ^ theirs.keys())
        return f"{place.at(step)} is {'missing' if step in theirs else 'not expected'}"
    return _first(
        first_difference(
            mine.get(step, ZeroTangent()), theirs.get(step, ZeroTangent()), tolerance, place.at(step), inside
        )
        for step in mine | theirs
    )


def _equal(actual: Any, expected: Any) -> bool:
    # Two objects that have no equality of their own, two lambdas say, cannot be told apart.
    has_equality = getattr(type(actual), "__eq__", None) is not object.__eq__
    return not has_equality or bool(np.all(actual == expected))


def _parts(x: Any) -> dict[str, Any] | None:
    """Return the parts of a primal or a `Tangent`, by how they are written after its name."""
    if isinstance(x, StructuralTangent):
        stored = backing(x)
        parts = stored if isinstance(stored, dict) else dict(enumerate(stored))
        return {_step(x, key): part for key, part in parts.items()}
    kind = structure_kind(x)
    return None if kind is None else {kind.step(key): part for key, part in kind.parts(x).items()}


def _step(tangent: StructuralTangent, key: Any) -> str:
    if isinstance(tangent, Mapping):
        return Entries.step(key)
    return Items.step(key) if isinstance(key, int) else Fields.step(key)


def _first(differences: Iterable[str | None]) -> str | None:
    return next((difference for difference in differences if difference), None)
