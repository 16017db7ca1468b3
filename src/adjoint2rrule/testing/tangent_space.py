"""The tangent space of a primal, laid out in real coordinates.

A finite difference moves a primal along a vector of real numbers; a rule speaks of it in tangents. A
`TangentSpace` stands between the two: it knows one primal, gives its coordinates, rebuilds it at others,
makes the tangent that has given coordinates, and reads the coordinates of a tangent, which is where a
tangent of the wrong form is found out.

A complex number has two coordinates, its real and its imaginary part. The cotangent of `z = u + iv` is
`∂/∂u + i ∂/∂v`, the convention of ChainRules, so that it has them too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adjoint2rrule.core import AbstractZero, NoTangent, NotImplementedTangent, ZeroTangent, unthunk
from adjoint2rrule.testing.failure import form_failure
from adjoint2rrule.testing.output_control import Place, index_step, kind_of

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Coordinates:
    """The coordinates of a tangent, some of which may not be implemented.

    Attributes
    ----------
    values
        The coordinates, with zeros for those that are not implemented.
    missing
        Which of them are not.
    """

    values: Vector
    missing: NDArray[np.bool_]

    @property
    def known(self) -> NDArray[np.intp]:
        """The numbers of those that are implemented."""
        return np.flatnonzero(~self.missing)


@dataclass(frozen=True)
class Leaf:
    """A number or an array inside a primal: the coordinates that are compared by their common size."""

    place: Place
    part: slice
    shape: tuple[int, ...]
    is_complex: bool

    def entries(self, vector: Vector) -> NDArray[Any]:
        """Return the numbers that `vector` holds for this leaf, flat."""
        part = np.ascontiguousarray(vector[self.part])
        return part.view(np.complex128) if self.is_complex else part

    def entry_place(self, entry: int) -> Place:
        """Return the place of the entry with this number."""
        return self.place.at(index_step(tuple(int(i) for i in np.unravel_index(entry, self.shape))))


class TangentSpace(ABC):
    """The directions in which the primal `x` can be moved.

    Attributes
    ----------
    x
        The primal.
    size
        How many real coordinates it has.
    perturbable
        Whether there is a tangent space at all; an empty array has one, a string has none.
    eps
        The coarsest spacing of its numbers near 1; 0 where there are none.
    """

    x: Any
    size: int
    perturbable: bool = True
    eps: float = 0.0

    @abstractmethod
    def vector(self, x: Any) -> Vector:
        """Return the coordinates of `x`, a primal of the same structure."""

    @abstractmethod
    def primal(self, vector: Vector) -> Any:
        """Return the primal with these coordinates."""

    @abstractmethod
    def tangent(self, vector: Vector) -> Any:
        """Return the tangent with these coordinates, in the form that a rule should give."""

    @abstractmethod
    def leaves(self, place: Place, start: int = 0) -> Iterator[Leaf]:
        """Yield the parts that hold coordinates, in their order."""

    @abstractmethod
    def _read(self, dx: Any, place: Place) -> Vector | Coordinates: ...

    def coordinates(self, dx: Any, place: Place) -> Coordinates:
        """Return the coordinates of the tangent `dx`, and which of them are not implemented.

        Raises an `AssertionError` that names the place, where `dx` is no tangent of this primal.
        """
        dx = unthunk(dx)
        if isinstance(dx, NotImplementedTangent):
            return Coordinates(np.zeros(self.size), np.ones(self.size, dtype=bool))
        if isinstance(dx, AbstractZero):
            return Coordinates(np.zeros(self.size), np.zeros(self.size, dtype=bool))
        if dx is None:
            raise form_failure(f"{place} is None, which is no tangent: return {self.zero()!r}")
        read = self._read(dx, place)
        # A copy: the array that was read may change when the pullback runs again.
        if isinstance(read, Coordinates):
            return read
        return Coordinates(read.copy(), np.zeros(self.size, dtype=bool))

    def zero(self) -> AbstractZero:
        """Return the zero that suits this primal."""
        return ZeroTangent() if self.perturbable else NoTangent()

    def as_floats(self, dx: Any) -> Any:
        """Return the primal with floats for the integers to which the tangent `dx` gives a number."""
        return self.x

    def in_double(self) -> Any:
        """Return the primal in double precision where its own is lower."""
        return self.x


def filled(coordinates: Coordinates) -> Vector:
    """Return coordinates with zeros for those that are not implemented."""
    return coordinates.values


class NoSpace(TangentSpace):
    """What cannot be perturbed: strings, Booleans, functions, and objects without fields that can."""

    size, perturbable = 0, False

    def __init__(self, x: Any) -> None:
        self.x = x

    def vector(self, x: Any) -> Vector:
        return np.empty(0)

    def primal(self, vector: Vector) -> Any:
        return self.x

    def tangent(self, vector: Vector) -> Any:
        return NoTangent()

    def leaves(self, place: Place, start: int = 0) -> Iterator[Leaf]:
        return iter(())

    def _read(self, dx: Any, place: Place) -> Vector:
        raise form_failure(
            f"{place} is {kind_of(dx)}, but {kind_of(self.x)} cannot be perturbed: return NoTangent()"
        )
