"""Whether a rule agrees with itself: on a multiple and on parts of the seed, on a thunk, in sums."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np

from adjoint2rrule.core import add_inplace, thunk
from adjoint2rrule.testing.case import copied, running
from adjoint2rrule.testing.check_result import EXACTLY, Tolerance, worst_entry
from adjoint2rrule.testing.failure import FailureKind, RuleTestFailure, inconsistency
from adjoint2rrule.testing.output_control import Place, told_apart
from adjoint2rrule.testing.pullback_run import PullbackRun
from adjoint2rrule.testing.structure_space import Elements, Structure
from adjoint2rrule.testing.tangent_space import Coordinates, TangentSpace, Vector, filled

# Pullbacks that iterate stop at another point for another seed; one that is not linear is further off.
ITERATED = Tolerance(1e-6, 1e-9)
SCALE = -2.0
MOST_PARTS = 4  # of a value, each left out of the seed in turn


def check_linear(
    run: PullbackRun,
    spaces: Sequence[TangentSpace],
    output: TangentSpace,
    seed: Vector,
    once: Sequence[Coordinates],
    tolerance: Tolerance,
) -> None:
    """Fail where a multiple of the seed does not give that multiple of the cotangents.

    Parameters
    ----------
    run, spaces, output
        The pullback, and the tangent spaces of the arguments and of the value.
    seed, once
        The coordinates of a seed and of what the pullback makes of it.
    tolerance
        How much of a difference is admitted, if that is more than pullbacks that iterate need.
    """
    if not seed.any():
        return
    tolerance = Tolerance(max(tolerance.rtol, ITERATED.rtol), max(tolerance.atol, ITERATED.atol))
    scaled = run.coordinates(spaces, run.cotangents(output.tangent(SCALE * seed)))
    wrong = _first_apart(scaled, once, tolerance, SCALE)
    if wrong is None:
        return
    again = run.coordinates(spaces, run.cotangents(output.tangent(seed)))
    if _first_apart(again, once, tolerance) is not None:
        raise inconsistency(f"{run.place(wrong)} is another one when the pullback runs a second time")
    if _first_apart(scaled, once, tolerance) is None:
        raise inconsistency(
            f"{run.place(wrong)} does not depend on the seed; a pullback is linear in its seed"
        )
    raise inconsistency(
        f"{run.place(wrong)} is not linear in the seed: "
        f"{SCALE} times the seed does not give {SCALE} times as much"
    )


def check_zero_parts(
    run: PullbackRun,
    spaces: Sequence[TangentSpace],
    output: TangentSpace,
    seed: Vector,
    tolerance: Tolerance,
) -> None:
    """Fail where `ZeroTangent()` for a part of the seed does not give what zeros in its place do.

    Callers that use one part of a value only leave the others out of the seed, and rules have branches for
    that. A pullback that raises there is no wrong gradient.
    """
    if not isinstance(output, Structure) or isinstance(output, Elements):
        return
    for step, partial, vector in islice(output.without_each(seed), MOST_PARTS):
        try:
            actual = run.coordinates(spaces, run.cotangents(partial))
        except RuleTestFailure as err:
            if err.kind is FailureKind.RAISES:
                continue
            raise inconsistency(f"with ZeroTangent() for ȳ{step} in the seed, {err}") from err.__cause__
        expected = run.coordinates(spaces, run.cotangents(output.tangent(vector)))
        wrong = _first_apart(actual, expected, tolerance)
        if wrong is not None:
            got, wanted = _worst(actual[wrong], expected[wrong])
            raise inconsistency(
                f"{run.place(wrong)} is {got} with ZeroTangent() for ȳ{step} in the seed, "
                f"and {wanted} with zeros there"
            )


def check_kept(
    run: PullbackRun, spaces: Sequence[TangentSpace], cotangents: Sequence[Any], once: Sequence[Coordinates]
) -> None:
    """Fail where cotangents have changed since they were returned, because the pullback ran again."""
    now = run.coordinates(spaces, cotangents)
    changed = _first_apart(now, once, EXACTLY)
    if changed is not None:
        raise inconsistency(
            f"{run.place(changed)} changes when the pullback runs again: return a new array each time"
        )


def check_thunked(
    run: PullbackRun,
    spaces: Sequence[TangentSpace],
    seed: Any,
    once: Sequence[Coordinates],
    tolerance: Tolerance,
) -> None:
    """Fail where a thunk in place of the seed does not give the same cotangents."""
    try:
        again = run.coordinates(spaces, run.cotangents(seed, lambda seed: thunk(lambda: seed)))
    except RuleTestFailure as err:
        raise inconsistency(f"with a thunk for its seed, {err}; unthunk the seed first") from err.__cause__
    wrong = _first_apart(again, once, tolerance)
    if wrong is not None:
        got, wanted = _worst(again[wrong], once[wrong])
        raise inconsistency(
            f"{run.place(wrong)} is {got} with a thunk for the seed, and {wanted} with the seed itself; "
            "unthunk the seed first"
        )


def check_accumulation(
    accumulated: Any, tangent: Any, space: TangentSpace, place: Place, tolerance: Tolerance
) -> None:
    """Fail where `add_inplace` adds something else to `accumulated` than `+` does."""
    with running(f"adding {place} to another tangent", FailureKind.CONSISTENCY):
        expected = copied(accumulated) + tangent
    with running(f"adding {place} to another tangent in place", FailureKind.CONSISTENCY):
        actual = add_inplace(copied(accumulated), tangent)
    a, b = (space.coordinates(total, place) for total in (actual, expected))
    if not tolerance.admits(filled(a) - filled(b), filled(b)):
        got, wanted = _worst(a, b)
        raise inconsistency(f"{place} adds up to {got} by add_inplace, and to {wanted} by +")


def _first_apart(
    actual: Sequence[Coordinates], expected: Sequence[Coordinates], tolerance: Tolerance, factor: float = 1.0
) -> int | None:
    pairs = [(filled(a), factor * filled(b)) for a, b in zip(actual, expected, strict=True)]
    return next((i for i, (a, b) in enumerate(pairs) if worst_entry(a, b, tolerance) is not None), None)


def _worst(a: Coordinates, b: Coordinates) -> tuple[str, str]:
    entry = int(np.argmax(abs(filled(a) - filled(b))))
    return told_apart(filled(a)[entry], filled(b)[entry])
