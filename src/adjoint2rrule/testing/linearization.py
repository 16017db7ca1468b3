"""A function near its arguments, as finite differences see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from adjoint2rrule.testing.finite_difference_calls import (
    SHORTEST,
    FiniteDifferenceMethod,
    Path,
    derivative,
    quick_derivatives,
    refined_derivative,
    values_near,
)
from adjoint2rrule.testing.numeric_space import DOUBLE_EPS
from adjoint2rrule.testing.tangent_space import TangentSpace, Vector
from adjoint2rrule.testing.to_vec import tangent_space

# A step of 1 is small for numbers larger than this.
NEAR = 16.0


@dataclass(frozen=True)
class Linearization:
    """The derivative of `call` at its primals.

    Attributes
    ----------
    call
        Takes the primals, the function itself being the first, and returns the output.
    primals
        The tangent space of each.
    output
        The tangent space of the output.
    fdm
        The finite difference method.
    """

    call: Callable[..., Any]
    primals: tuple[TangentSpace, ...]
    output: TangentSpace
    fdm: FiniteDifferenceMethod

    @classmethod
    def at(
        cls, call: Callable[..., Any], primals: Sequence[Any], fdm: FiniteDifferenceMethod
    ) -> Linearization:
        """Return the linearization of `call` at these primals."""
        return cls(call, tuple(map(tangent_space, primals)), tangent_space(call(*primals)), fdm)

    def path(self, directions: Mapping[int, Vector]) -> Path:
        """Return `t -> output` along these directions of the primals."""
        primals = [space.x for space in self.primals]
        moves = [
            (i, self.primals[i].primal, self.primals[i].vector(primals[i]), direction)
            for i, direction in directions.items()
        ]

        def output_at(t: float) -> Vector:
            moved = primals.copy()
            for i, primal_at, start, direction in moves:
                moved[i] = primal_at(start + t * direction)
            return self.output.vector(self.call(*moved))

        return output_at

    def pushforward(self, directions: Mapping[int, Vector]) -> Vector:
        """Return the derivative of the output along these directions of the primals."""
        total = np.zeros(self.output.size)
        for i, direction in self._moving(directions):
            reach = self._reach(i, direction)
            total += derivative(self.fdm, self.path({i: reach * direction})) / reach
        return total

    def refined_pushforward(
        self, directions: Mapping[int, Vector], seed: Vector | None = None
    ) -> tuple[Vector, float]:
        """Return the same, or its product with `seed`, found with more care, and what it may be wrong by."""
        value, error = np.zeros(self.output.size if seed is None else ()), 0.0
        for i, direction in self._moving(directions):
            reach = self._reach(i, direction)
            path, shortest = self.path({i: reach * direction}), self._shortest_step(i, direction)
            more, more_error = refined_derivative(self.fdm, path, shortest, seed)
            value, error = value + more / reach, error + more_error / reach
        return value, error

    def _moving(self, directions: Mapping[int, Vector]) -> Iterator[tuple[int, Vector]]:
        # One after another: a frequency and an angle are not moved on the same scale.
        return ((i, d) for i, d in directions.items() if self.output.size and d.any())

    def slope(self, i: int, direction: Vector, seed: Vector) -> float:
        """Return the derivative of the output along a direction of primal `i`, times the seed."""
        return float(seed @ self.pushforward({i: direction}))

    def refined_slope(self, i: int, direction: Vector, seed: Vector) -> tuple[float, float]:
        """Return the same, found with more care, and what it may be wrong by."""
        value, error = self.refined_pushforward({i: direction}, seed)
        return float(value), error

    def quick_gradient(self, i: int, coordinates: Sequence[int], seed: Vector) -> Vector:
        """Return some coordinates of the cotangent of primal `i`.

        The step that `fdm` chooses for the first is taken for the others too, which saves most of the
        calls: it takes more to find a step than to use it. Where it does not suit, a coordinate may be far
        off, or NaN.
        """
        size, reaches = self.primals[i].size, self.scales(i)[coordinates]
        found = np.zeros(len(coordinates))
        if not len(found) or not self.output.size:
            return found
        found[0] = self.slope(i, unit(size, coordinates[0]), seed)
        step = getattr(self.fdm, "step", None)
        if step is None:  # a method of the user's that does not tell
            found[1:] = [self.slope(i, unit(size, k), seed) for k in coordinates[1:]]
            return found
        origin = self.output.vector(self.output.x)

        def rise(path: Path, t: float) -> Any:
            return seed @ (path(t) - origin) if t else 0.0

        units = (reach * unit(size, k) for k, reach in zip(coordinates, reaches, strict=True))
        rises = [partial(rise, self.path({i: direction})) for direction in units]
        found[1:] = quick_derivatives(self.fdm, rises[1:], step) / reaches[1:]
        return found

    def gradient(self, i: int, seed: Vector) -> Vector:
        """Return the coordinates of the cotangent of primal `i`."""
        size = self.primals[i].size
        return np.array([self.slope(i, unit(size, k), seed) for k in range(size)])

    def scales(self, i: int) -> Vector:
        """Return how far each coordinate of primal `i` may be moved without being another number."""
        return np.asarray(_power_of_two(abs(self.primals[i].vector(self.primals[i].x)) / NEAR))

    def magnitude(self, i: int, seed: Vector) -> float:
        """Return how large the output is where primal `i` is moved a little, times the seed."""
        path = self.path({i: self.scales(i) / np.sqrt(self.primals[i].size)})
        return max((float(abs(seed) @ abs(y)) for y in values_near(path)), default=0.0)

    def _shortest_step(self, i: int, direction: Vector) -> float:
        # A number near 1e-12 moves on a scale of its own.
        return min(SHORTEST, self._relative_size(i, direction) * 2.0**-20) or SHORTEST

    def _reach(self, i: int, direction: Vector) -> float:
        return float(_power_of_two(self._relative_size(i, direction) / NEAR))

    def _relative_size(self, i: int, direction: Vector) -> float:
        """Return how large the numbers of primal `i` that the direction moves are beside it."""
        start = self.primals[i].vector(self.primals[i].x)[direction != 0]
        return float(np.linalg.norm(start) / np.linalg.norm(direction))

    def in_double(self) -> Linearization:
        """Return the linearization in double precision, where the function is the same function there."""
        if self.eps <= DOUBLE_EPS:
            return self
        spaces = tuple(map(_in_double, self.primals))
        try:
            output = tangent_space(self.call(*(space.x for space in spaces)))
        except Exception:  # whatever it raises, it is not meant for doubles
            return self
        return Linearization(self.call, spaces, output, self.fdm) if self._agrees_with(output) else self

    def _agrees_with(self, wide: TangentSpace) -> bool:
        if wide.eps > DOUBLE_EPS or wide.size != self.output.size:
            return False
        y, y_wide = self.output.vector(self.output.x), wide.vector(wide.x)
        return bool(np.linalg.norm(y - y_wide) <= np.sqrt(self.eps) * np.linalg.norm(y_wide))

    @property
    def eps(self) -> float:
        """The coarsest precision of the primals and of the output."""
        return max(self.output.eps, *(space.eps for space in self.primals))


def _in_double(space: TangentSpace) -> TangentSpace:
    double = space.in_double()
    return space if double is space.x else tangent_space(double)


def unit(size: int, k: int) -> Vector:
    """Return the direction of coordinate `k`."""
    direction = np.zeros(size)
    direction[k] = 1.0
    return direction


def _power_of_two(least: Any) -> Any:
    # Products with it are exact.
    return 2.0 ** np.floor(np.log2(np.maximum(least, 1.0)))
