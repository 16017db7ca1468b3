"""The comparison of a cotangent with finite differences, entry by entry or along random directions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adjoint2rrule.core import AbstractZero
from adjoint2rrule.testing.check_result import Tolerance
from adjoint2rrule.testing.comparison import Comparison, Finding, kink_failure, settled_disagreement
from adjoint2rrule.testing.diagnosis import Evidence, probable_cause
from adjoint2rrule.testing.failure import RuleTestFailure, value_failure
from adjoint2rrule.testing.finite_difference_calls import has_kink
from adjoint2rrule.testing.linearization import Linearization, unit
from adjoint2rrule.testing.output_control import Place, told_apart
from adjoint2rrule.testing.tangent_space import Coordinates, Vector, filled

# Up to so many coordinates each gets a difference of its own; so do not too large outputs as well.
ENTRIES = 300
ENTRIES_TIMES_OUTPUTS = 3_000_000
# One direction finds any wrong cotangent but those of measure zero; the other guards against bad luck.
DIRECTIONS = 2


@dataclass(frozen=True)
class GradientCheck:
    """The check of one cotangent.

    Attributes
    ----------
    function
        The function at its arguments.
    argument
        Which of the arguments it is about.
    place
        The argument, as it is called in a failure.
    seed
        The coordinates of the seed that was pulled back.
    tolerance
        How much of a difference is admitted.
    cotangent
        What the rule gave.
    others
        Gives the cotangents of the other arguments, by their names.
    of_conjugate
        Gives the coordinates of the cotangent for the conjugate of the seed.
    """

    function: Linearization
    argument: int
    place: Place
    seed: Vector
    tolerance: Tolerance
    cotangent: Any
    others: Callable[[], Mapping[str, Vector]]
    of_conjugate: Callable[[], Vector]

    def run(self, coordinates: Coordinates, rng: np.random.Generator) -> str:
        """Compare the coordinates of the cotangent with finite differences, and return how that was done."""
        given, known = filled(coordinates), coordinates.known
        if len(known) <= ENTRIES and len(known) * self.function.output.size <= ENTRIES_TIMES_OUTPUTS:
            self._check_entries(given, known)
            return "entry by entry"
        self._check_directions(given, known, rng)
        return f"along {DIRECTIONS} random directions"

    def _check_entries(self, given: Vector, known: NDArray[np.intp]) -> None:
        def refine(k: int) -> tuple[float, float]:
            return self._refined(unit(given.size, k))

        expected = np.zeros_like(given)
        expected[known] = self.function.quick_gradient(self.argument, known.tolist(), self.seed)
        leaves = list(self.function.primals[self.argument].leaves(self.place))
        scales = self.function.scales(self.argument)
        strict = Tolerance(self.tolerance.rtol, 0.0)
        if not Comparison(given, expected, scales, known, leaves, strict, refine).doubtful().size:
            return
        comparison = Comparison(given, expected, scales, known, leaves, self._tolerance(), refine)
        for k in comparison.doubtful() if len(known) > 1 else ():
            expected[k] = self._slope(unit(given.size, k))
        if finding := comparison.finding():
            direction = unit(given.size, finding.coordinate)
            raise self._failure(finding, given, lambda vector: vector, expected, direction)

    def _check_directions(self, given: Vector, known: NDArray[np.intp], rng: np.random.Generator) -> None:
        directions = np.zeros((DIRECTIONS, given.size))
        directions[:, known] = rng.standard_normal((DIRECTIONS, len(known)))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        scales, tolerance = self.function.scales(self.argument), self._tolerance()
        directions *= scales
        measured, expected = (
            directions @ given,
            np.array([self._slope(direction) for direction in directions]),
        )
        # The entries cancel along a direction, their rounding errors do not.
        wrong = settled_disagreement(
            measured,
            expected,
            lambda difference: tolerance.admits(difference, scales * given),
            lambda entry: self._refined(directions[entry]),
        )
        if wrong is not None:
            got, wanted = told_apart(measured[wrong], expected[wrong])
            finding = Finding(wrong, self.place, f"{got} along a random direction", wanted)
            raise self._failure(
                finding, given, lambda vector: directions @ vector, expected, directions[wrong]
            )

    def _failure(
        self,
        finding: Finding,
        given: Vector,
        measure: Callable[[Vector], Vector],
        expected: Vector,
        direction: Vector,
    ) -> RuleTestFailure:
        if isinstance(self.cotangent, AbstractZero):
            finding = Finding(finding.coordinate, finding.place, repr(self.cotangent), finding.expected)
        leaves = list(self.function.primals[self.argument].leaves(self.place))
        if has_kink(self.function.path({self.argument: direction})):
            return kink_failure(finding)
        cause = probable_cause(Evidence(given, measure, expected, leaves, self.others(), self.of_conjugate))
        return value_failure(finding.sentence(cause))

    def _tolerance(self) -> Tolerance:
        """Return the tolerance for a function whose values may be small."""
        magnitude = self.function.magnitude(self.argument, self.seed)
        return Tolerance(self.tolerance.rtol, self.tolerance.atol * min(1.0, magnitude))

    def _slope(self, direction: Vector) -> float:
        return self.function.slope(self.argument, direction, self.seed)

    def _refined(self, direction: Vector) -> tuple[float, float]:
        return self.function.refined_slope(self.argument, direction, self.seed)
