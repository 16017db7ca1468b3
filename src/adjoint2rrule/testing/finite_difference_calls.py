"""Derivatives by finite differences, with the package `fdm`, along straight lines in coordinates.

Everything here is a function of one real number, a *path* `t -> vector`: which argument is moved, and
how its numbers are laid out, is for `linearization` to say.
"""

from __future__ import annotations

import copy
import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from adjoint2rrule.testing.failure import FailureKind, RuleTestFailure

FloatVector = NDArray[np.float64]
Path = Callable[[float], FloatVector]

# How far from the primal a difference may look: as far as it likes, and less where the function is not
# defined that far out (`log` at 1e-5).
RANGES = (None, 1e-3, 1e-5, 1e-7, 1e-9, 1e-11, 1e-13, 1e-15)
# Powers of two: `x + step` is then exact in any precision, and what is left is the noise of the function.
LONGEST, SHORTEST, RATIO = 2.0**-4, 2.0**-40, 2.0**-2
NEARBY = 2.0**-5
# Outside its domain a function may raise anything, an `AssertionError` or a class of its own; but these
# say that it cannot be called like this at all.
NOT_OF_THE_DOMAIN = (TypeError, AttributeError, NameError, ImportError, NotImplementedError)
# So many neighbouring steps do not agree by chance, this closely beside their distance from others.
PLATEAU, AGREEING = 4, 0.05


class FiniteDifferenceMethod(Protocol):
    """What is used of `fdm.FDM`."""

    def __call__(
        self, f: Path, x: float = ..., *, step: float | None = ..., max_range: float | None = ...
    ) -> Any: ...


def default_fdm() -> FiniteDifferenceMethod:
    """Return `central_fdm(5, 1)`, the method of ChainRulesTestUtils; `fdm` is imported only here."""
    try:
        import fdm
    except ImportError as err:
        raise ImportError(
            "adjoint2rrule.testing compares rules with finite differences, and needs the package fdm: "
            "pip install 'adjoint2rrule[test]'."
        ) from err
    method = copy.copy(_prototype(fdm.central_fdm))
    # Each keeps the step that it has chosen, and a function under test may use a method of its own meanwhile.
    method.bound_estimator = copy.copy(method.bound_estimator)
    chosen: FiniteDifferenceMethod = method
    return chosen


@cache
def _prototype(central_fdm: Callable[[int, int], Any]) -> Any:
    return central_fdm(5, 1)


def derivative(fdm: FiniteDifferenceMethod, path: Path) -> FloatVector:
    """Return the derivative of `path` at 0, with the step that `fdm` chooses.

    Looks closer to 0 where the path is undefined or not finite further out, and raises an
    `RuleTestFailure` where it is undefined everywhere.
    """
    failure: Exception | None = None
    for max_range in RANGES:
        try:
            value = _quietly(fdm, path, 0.0, max_range=max_range)
        except NOT_OF_THE_DOMAIN:
            raise
        except Exception as err:
            failure = err
            continue
        if np.isfinite(value).all():
            return value
    raise _undefined(failure) from failure


def quick_derivatives(
    fdm: FiniteDifferenceMethod, rises: Sequence[Callable[[float], Any]], step: float
) -> FloatVector:
    """Return the derivatives of functions of a number at 0 with one step for all; NaN where undefined."""
    found = np.full(len(rises), np.nan)
    with _quiet():
        for k, rise in enumerate(rises):
            try:
                found[k] = fdm(rise, 0.0, step=step)
            except NOT_OF_THE_DOMAIN:
                raise
            except Exception:  # out there
                continue
    return found


def refined_derivative(
    fdm: FiniteDifferenceMethod, path: Path, shortest: float = SHORTEST, seed: FloatVector | None = None
) -> tuple[FloatVector, float]:
    """Return the derivative of `path` at 0, times `seed` if there is one, and what it may be wrong by.

    Where the steps are too long the truncation dominates, where they are too short the rounding; in
    between neighbouring steps agree best, and by so much the derivative is known. This costs several
    times a `derivative`, and holds for functions that are noisy or change on a small scale.
    """
    steps = [LONGEST * RATIO**k for k in range(int(np.log2(LONGEST / shortest) / -np.log2(RATIO)) + 1)]
    found = list(_where_defined(lambda step: fdm(path, 0.0, step=step), steps))
    if len(found) < 3:
        raise _undefined(None)
    noise, values = _resolution(path, steps), [value for _, value in found]
    if seed is not None:
        noise, values = abs(seed) @ noise, [np.asarray(seed @ value) for value in values]
    jumps = [_largest(a - b) for a, b in itertools.pairwise(values)]
    # Both neighbours count, since two may agree by chance.
    errors = [max(jumps[k - 1 : k + 1]) + _largest(noise) / found[k][0] for k in range(1, len(found) - 1)]
    best = 1 + int(np.argmin(errors))
    for start in range(best + 1, len(found) - PLATEAU):
        window = range(start, start + PLATEAU)
        spread = max(_largest(values[k] - values[start]) + _largest(noise) / found[k][0] for k in window)
        # Beyond a kink nearby, long steps agree on a mean of both sides; what short steps agree on counts.
        if spread < AGREEING * _largest(values[start] - values[best]):
            best = min(window, key=lambda k: errors[k - 1])
    return values[best], errors[best - 1]


def _resolution(path: Path, steps: Sequence[float]) -> FloatVector:
    """Return the least change of each entry that is seen, of those that stop changing for short steps.

    A function that computes in single precision is constant on a small scale: all short steps agree on
    the derivative 0 there.
    """
    start = path(0.0)
    sides = [
        [abs(value) for _, value in _where_defined(lambda step: path(sign * step) - start, steps)]  # noqa: B023
        for sign in (1, -1)
    ]
    if not all(sides):
        return np.zeros_like(start)
    # What never changes on one side is constant there, up to a kink on the other.
    least = np.max([_least_change(changes) for changes in sides], axis=0)
    stops = np.all([changes[-1] == 0 for changes in sides], axis=0)
    return np.where(stops & np.isfinite(least), least, 0.0)


def _least_change(changes: Sequence[FloatVector]) -> FloatVector:
    return np.asarray(np.min([np.where(change > 0, change, np.inf) for change in changes], axis=0))


def _largest(x: Any) -> float:
    return float(np.max(abs(x), initial=0.0))


def has_kink(path: Path) -> bool:
    """Return whether the slopes of `path` left and right of 0 differ, however close to 0 they are taken."""
    jumps = [_slope_jump(path, step) for step in (2.0**-12, 2.0**-16, 2.0**-20)]
    if not _largest(jumps[-1]) > 1e-6:
        return False
    # The jump of a smooth function goes with the step, that of rounding errors with its inverse.
    return all(
        np.linalg.norm(near - far) < 0.85 * np.linalg.norm(near) for far, near in itertools.pairwise(jumps)
    )


def _slope_jump(path: Path, step: float) -> FloatVector:
    values = [value for _, value in _where_defined(path, (-step, 0.0, step))]
    if len(values) < 3:
        return np.zeros(1)
    left, middle, right = values
    return np.asarray((right - 2 * middle + left) / step)


def values_near(path: Path) -> list[FloatVector]:
    """Return the values of `path` at 0 and a little to both sides, as far as it is defined there."""
    return [value for _, value in _where_defined(path, (0.0, -NEARBY, NEARBY))]


def _where_defined(f: Callable[[float], Any], points: Iterable[float]) -> Iterator[tuple[float, FloatVector]]:
    for point in points:
        try:
            value = _quietly(f, point)
        except NOT_OF_THE_DOMAIN:
            raise
        except Exception:  # whatever it says of points out there
            continue
        if np.isfinite(value).all():
            yield point, value


def _quietly(f: Callable[..., Any], *args: Any, **how: Any) -> FloatVector:
    with _quiet():
        return np.asarray(f(*args, **how), dtype=np.float64)


@contextmanager
def _quiet() -> Iterator[None]:
    # Out there a function may warn, which says nothing about the rule.
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _undefined(failure: Exception | None) -> RuleTestFailure:
    reason = f"raises {type(failure).__name__}: {failure}" if failure else "is not finite"
    return RuleTestFailure(
        FailureKind.UNDEFINED,
        f"finite differences find no value: the function {reason} close to these arguments; test the rule "
        "at arguments inside its domain",
    )
