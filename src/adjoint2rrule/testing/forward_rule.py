"""The checks of a forward rule, in their order: form first, then consistency, then the numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from adjoint2rrule.core import unthunk
from adjoint2rrule.testing.case import Case, copied, running
from adjoint2rrule.testing.check_result import EXACTLY, Tolerance, first_difference, worst_entry
from adjoint2rrule.testing.comparison import Comparison, kink_failure
from adjoint2rrule.testing.consistency_check import ITERATED, SCALE, check_accumulation
from adjoint2rrule.testing.diagnosis import Evidence, probable_cause
from adjoint2rrule.testing.failure import inconsistency, value_failure
from adjoint2rrule.testing.finite_difference_calls import FiniteDifferenceMethod, has_kink
from adjoint2rrule.testing.linearization import Linearization
from adjoint2rrule.testing.output_control import Outcome, Place
from adjoint2rrule.testing.pullback_run import check_primal, run_rule
from adjoint2rrule.testing.rand_tangent import random_tangent
from adjoint2rrule.testing.tangent_space import Vector, filled
from adjoint2rrule.testing.to_vec import tangent_space

OUTPUT = Place("the tangent of", "y")


def run_forward_checks(
    case: Case, frule_f: Callable[..., Any], config: Any, output_tangent: Any, fdm: FiniteDifferenceMethod
) -> Outcome:
    """Run all checks of a forward rule; the parameters are those of `test_frule`."""
    expected = case.call(*case.primals)
    tangents = tuple(case.tangent(i, space) for i, space in enumerate(case.spaces))
    function = Linearization(case.call, case.spaces, tangent_space(expected), fdm)
    test = ForwardTest(case, frule_f, config, function, case.tolerance.at_precision(function.eps))
    y, dy = test.run(tangents)
    check_primal(y, expected, test.tolerance)
    directions = [
        filled(space.coordinates(dx, case.place(i, "the tangent of")))
        for i, (space, dx) in enumerate(zip(case.spaces, tangents, strict=True))
    ]
    test.check_linear(directions, dy)
    if function.output.coordinates(dy, OUTPUT).missing.any():
        warnings.warn(f"{case.test}: {OUTPUT} is not implemented, and was left out", stacklevel=3)
    test.check_derivative(directions, dy)
    if function.output.perturbable:
        accumulated = random_tangent(function.output, case.rng) if output_tangent is None else output_tangent
        check_accumulation(accumulated, dy, function.output, OUTPUT, test.tolerance)
    return Outcome({"y": "along the tangents of the arguments"}, case.seed)


@dataclass(frozen=True)
class ForwardTest:
    """A forward rule, and the function to compare it with.

    Attributes
    ----------
    case
        The function at its arguments.
    frule_f, config
        What runs the rule, and its first argument.
    function
        The function as finite differences see it.
    tolerance
        How much of a difference is admitted.
    """

    case: Case
    frule_f: Callable[..., Any]
    config: Any
    function: Linearization
    tolerance: Tolerance

    def run(self, tangents: Sequence[Any]) -> tuple[Any, Any]:
        """Return the value and its tangent that the rule gives for these tangents of the primals."""
        given = tuple(map(copied, tangents))
        before = (given,) if self.config is None else (self.config, given)
        y, dy, _ = run_rule(self.case, self.frule_f, before, "(y, ẏ)")
        for i, (now, tangent) in enumerate(zip(given, tangents, strict=True)):
            place = self.case.place(i, "the tangent of")
            if difference := first_difference(now, tangent, EXACTLY, place):
                raise inconsistency(f"the rule changes the tangents of its arguments: {difference}")
        with running("the thunk in the tangent of y"):
            return y, unthunk(dy)

    def check_linear(self, directions: Sequence[Vector], dy: Any) -> None:
        """Fail where a multiple of the tangents does not give that multiple of the result."""
        scaled = [
            space.tangent(SCALE * direction)
            for space, direction in zip(self.case.spaces, directions, strict=True)
        ]
        actual, once = (self._coordinates(tangent) for tangent in (self.run(scaled)[1], dy))
        if worst_entry(actual, SCALE * once, ITERATED) is not None:
            raise inconsistency(
                f"{OUTPUT} is not linear in the tangents of the arguments: "
                f"{SCALE} times these do not give {SCALE} times as much"
            )

    def check_derivative(self, directions: Sequence[Vector], dy: Any) -> None:
        """Fail where the tangent of the output is not what finite differences say."""
        function, moves = self.function.in_double(), dict(enumerate(directions))
        coordinates = function.output.coordinates(dy, OUTPUT)
        given, known = filled(coordinates), coordinates.known

        @cache
        def refined() -> tuple[Vector, float]:
            return function.refined_pushforward(moves)

        comparison = Comparison(
            given=given,
            expected=function.pushforward(moves),
            scales=np.ones_like(given),
            known=known,
            leaves=list(function.output.leaves(OUTPUT)),
            tolerance=self.tolerance,
            refine=lambda k: (float(refined()[0][k]), refined()[1]),
        )
        if finding := comparison.finding():
            evidence = Evidence(given, np.asarray, comparison.expected, comparison.leaves, {}, lambda: given)
            if has_kink(function.path(moves)):
                raise kink_failure(finding)
            raise value_failure(finding.sentence(probable_cause(evidence)))

    def _coordinates(self, dy: Any) -> Vector:
        return filled(self.function.output.coordinates(dy, OUTPUT))
