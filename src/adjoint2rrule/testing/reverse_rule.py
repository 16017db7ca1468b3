"""The checks of a reverse rule, in their order: form first, then consistency, then the numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from adjoint2rrule.core import NoTangent, unthunk
from adjoint2rrule.testing.case import Case
from adjoint2rrule.testing.check_result import Tolerance, first_difference
from adjoint2rrule.testing.consistency_check import (
    ITERATED,
    check_accumulation,
    check_kept,
    check_linear,
    check_thunked,
    check_zero_parts,
)
from adjoint2rrule.testing.derivative_check import GradientCheck
from adjoint2rrule.testing.diagnosis import changed
from adjoint2rrule.testing.failure import form_failure
from adjoint2rrule.testing.finite_difference_calls import FiniteDifferenceMethod
from adjoint2rrule.testing.linearization import Linearization
from adjoint2rrule.testing.numeric_space import Integers
from adjoint2rrule.testing.output_control import Outcome, Place
from adjoint2rrule.testing.pullback_run import PullbackRun, check_primal, run_rule
from adjoint2rrule.testing.rand_tangent import random_tangent
from adjoint2rrule.testing.rule_signature import rule_signature
from adjoint2rrule.testing.tangent_space import Coordinates, NoSpace, TangentSpace, Vector, filled
from adjoint2rrule.testing.to_vec import tangent_space


def run_reverse_checks(
    case: Case,
    rrule_f: Callable[..., Any],
    config: Any,
    output_tangent: Any,
    check_thunk: bool,
    fdm: FiniteDifferenceMethod,
) -> Outcome:
    """Run all checks of a reverse rule; the parameters are those of `test_rrule`."""
    expected = case.call(*case.primals)
    y, pullback, call = run_rule(case, rrule_f, () if config is None else (config,), "(y, pullback)")
    find_signature = partial(rule_signature, rrule_f, config, case.f, call[0][1:], call[1])
    run = PullbackRun(case, pullback, y, call, find_signature)
    output = _output_space(run, expected, output_tangent)
    tolerance = case.tolerance.at_precision(max(output.eps, *(space.eps for space in case.spaces)))
    check_primal(y, expected, tolerance)
    run.check_pullback()
    seed = random_tangent(output, case.rng) if output_tangent is None else output_tangent
    test = ReverseTest.of(run, seed, output, tolerance, fdm)
    checked = test.check_all()
    if output_tangent is None:
        check_zero_parts(run, test.function.primals, output, test.seed, tolerance)
    if check_thunk and test.seed.any():
        check_thunked(run, test.function.primals, seed, test.coordinates, tolerance)
    return Outcome(checked, case.seed)


def _output_space(run: PullbackRun, y: Any, output_tangent: Any) -> TangentSpace:
    space = tangent_space(y)
    chosen = 0.0 if output_tangent is None and run.takes_integers_for_floats() else output_tangent
    return tangent_space(space.as_floats(chosen))


@dataclass(frozen=True)
class ReverseTest:
    """The cotangents of one seed, in coordinates, and the function to compare them with.

    Attributes
    ----------
    run
        The pullback they come from.
    cotangents
        What it returned.
    coordinates
        The same, laid out in the tangent spaces of the arguments.
    function
        The function at the arguments.
    seed
        The coordinates of the seed.
    tolerance
        How much of a difference is admitted.
    """

    run: PullbackRun
    cotangents: Sequence[Any]
    coordinates: Sequence[Coordinates]
    function: Linearization
    seed: Vector
    tolerance: Tolerance

    @classmethod
    def of(
        cls,
        run: PullbackRun,
        seed: Any,
        output: TangentSpace,
        tolerance: Tolerance,
        fdm: FiniteDifferenceMethod,
    ) -> ReverseTest:
        """Return the test of what the pullback makes of `seed`; fails where that has not the right form."""
        vector = filled(output.coordinates(seed, Place("", "output_tangent")))
        cotangents = run.cotangents(seed)
        if isinstance(run.case.spaces[0], NoSpace):
            run.check_function_entry(cotangents[0])
        spaces = tuple(_space(run, i, x̄) for i, x̄ in enumerate(cotangents))
        _check_takes_floats(run, spaces)
        coordinates = run.coordinates(spaces, cotangents)
        function = Linearization(run.case.call, spaces, output, fdm)
        return cls(run, cotangents, coordinates, function, vector, tolerance)

    def check_all(self) -> dict[str, str]:
        """Check every cotangent, and return how, by the names of the arguments."""
        spaces, output = self.function.primals, self.function.output
        check_linear(self.run, spaces, output, self.seed, self.coordinates, self.tolerance)
        check_kept(self.run, spaces, self.cotangents, self.coordinates)
        checked = {}
        precise = replace(self, function=self.function.in_double())
        for i in range(len(self.cotangents)):
            checked[str(self.run.case.place(i, ""))] = precise._check(i)
        return checked

    def _check(self, i: int) -> str:
        space, place = self.function.primals[i], self.run.place(i)
        masked = self.coordinates[i].missing
        if not space.perturbable:
            return "cannot be perturbed"
        if masked.any():
            warnings.warn(f"{self.run.case.test}: {place} is not implemented, and was left out", stacklevel=5)
        if space.size and masked.all():
            return "not implemented"
        how = self._gradient_check(i).run(self.coordinates[i], self.run.case.rng)
        accumulated = self.run.case.tangent(i, space)
        check_accumulation(accumulated, self.cotangents[i], space, place, self.tolerance)
        return how

    def _gradient_check(self, i: int) -> GradientCheck:
        def others() -> dict[str, Vector]:
            named = enumerate(self.coordinates)
            return {str(self.run.case.place(j, "")): filled(x̄) for j, x̄ in named if j != i}

        def of_conjugate() -> Vector:
            output = self.function.output
            conjugate = output.tangent(changed(self.seed, list(output.leaves(Place("", ""))), np.conj))
            return filled(self.run.coordinates(self.function.primals, self.run.cotangents(conjugate))[i])

        cotangent = unthunk(self.cotangents[i])
        return GradientCheck(
            self.function, i, self.run.place(i), self.seed, self.tolerance, cotangent, others, of_conjugate
        )


def _space(run: PullbackRun, i: int, cotangent: Any) -> TangentSpace:
    """Return the tangent space of primal `i`, as the test and the cotangent take it.

    What the test marks with `NoTangent()` has none. An integer counts as a float where its cotangent is a
    number, and the rule might have got a float.
    """
    space = run.case.spaces[i]
    if run.case.chosen.get(i) is NoTangent():
        run.check_left_alone(i, cotangent)
        return NoSpace(space.x)
    if not space.perturbable:
        run.check_no_tangent(i, cotangent)
    if isinstance(space, Integers) and not run.admits_perturbable(i):
        return space
    return tangent_space(space.as_floats(cotangent))


def _check_takes_floats(run: PullbackRun, spaces: Sequence[TangentSpace]) -> None:
    """Fail where a rule gives cotangents to integers for which the function takes no floats."""
    case = run.case
    floats = [i for i, space in enumerate(spaces) if space.x is not case.primals[i]]
    if not floats:
        return
    complaint = f"{run.place(floats[0])} is a number, but the function takes no float for the integer there"
    try:
        y = case.call(*(space.x for space in spaces))
    except Exception as err:  # whatever the function does with a float
        raise form_failure(f"{complaint}: it raises {type(err).__name__}: {err}") from err
    if difference := first_difference(y, run.y, ITERATED, Place("", "y")):
        raise form_failure(f"{complaint}: {difference}")
