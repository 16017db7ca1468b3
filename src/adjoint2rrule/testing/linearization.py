"""A function near its arguments, as finite differences see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint2rrule.testing.finite_difference_calls import (
    FiniteDifferenceMethod,
    Path,
    derivative,
    refined_derivative,
)
from adjoint2rrule.testing.numeric_space import DOUBLE_EPS
from adjoint2rrule.testing.tangent_space import TangentSpace, Vector
from adjoint2rrule.testing.to_vec import tangent_space


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
        start = {i: self.primals[i].vector(self.primals[i].x) for i in directions}

        def output_at(t: float) -> Vector:
            moved = [space.x for space in self.primals]
            for i, direction in directions.items():
                moved[i] = self.primals[i].primal(start[i] + t * direction)
            return self.output.vector(self.call(*moved))

        return output_at

    def pushforward(self, directions: Mapping[int, Vector]) -> Vector:
        """Return the derivative of the output along these directions of the primals."""
        moving = {i: direction for i, direction in directions.items() if direction.any()}
        if not self.output.size or not moving:
            return np.zeros(self.output.size)
        return derivative(self.fdm, self.path(moving))

    def slope(self, i: int, direction: Vector, seed: Vector) -> float:
        """Return the derivative of the output along a direction of primal `i`, times the seed."""
        return float(seed @ self.pushforward({i: direction}))

    def refined_slope(self, i: int, direction: Vector, seed: Vector) -> tuple[float, float]:
        """Return the same, found with more care, and what it may be wrong by."""
        value, error = refined_derivative(
            self.fdm, self.path({i: direction}), lambda derivative: np.asarray(seed @ derivative)
        )
        return float(value), error

    def gradient(self, i: int, seed: Vector) -> Vector:
        """Return the coordinates of the cotangent of primal `i`."""
        size = self.primals[i].size
        return np.array([self.slope(i, unit(size, k), seed) for k in range(size)])

    def in_double(self) -> Linearization:
        """Return the linearization in double precision, where the function is the same function there."""
        if self.eps <= DOUBLE_EPS:
            return self
        try:
            wide = Linearization.at(self.call, [space.in_double() for space in self.primals], self.fdm)
        except Exception:  # whatever it raises, it is not meant for doubles
            return self
        return wide if self._agrees_with(wide.output) else self

    def _agrees_with(self, wide: TangentSpace) -> bool:
        if wide.eps > DOUBLE_EPS or wide.size != self.output.size:
            return False
        y, y_wide = self.output.vector(self.output.x), wide.vector(wide.x)
        return bool(np.linalg.norm(y - y_wide) <= np.sqrt(self.eps) * np.linalg.norm(y_wide))

    @property
    def eps(self) -> float:
        """The coarsest precision of the primals and of the output."""
        return max(self.output.eps, *(space.eps for space in self.primals))


def unit(size: int, k: int) -> Vector:
    """Return the direction of coordinate `k`."""
    direction = np.zeros(size)
    direction[k] = 1.0
    return direction
