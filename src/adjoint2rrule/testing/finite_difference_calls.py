"""Derivatives by finite differences, with the package `fdm`, along straight lines in coordinates.

Everything here is a function of one real number, a *path* `t -> vector`: which argument is moved, and
how its numbers are laid out, is for `linearization` to say.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

FloatVector = NDArray[np.float64]
Path = Callable[[float], FloatVector]

# How far from the primal a difference may look: as far as it likes, and less where the function is not
# defined that far out (`log` at 1e-5).
RANGES = (None, 1e-3, 1e-5, 1e-7)
# Powers of two: `x + step` is then exact in any precision, and what is left is the noise of the function.
STEPS = tuple(2.0**-k for k in range(4, 29, 2))
# What a function raises outside its domain (`LinAlgError` is a `ValueError`).
OUT_OF_DOMAIN = (ValueError, ArithmeticError)


class FiniteDifferenceMethod(Protocol):
    """What is used of `fdm.FDM`."""

    def __call__(
        self, f: Path, x: float = ..., *, step: float | None = ..., max_range: float | None = ...
    ) -> Any: ...


def default_fdm() -> FiniteDifferenceMethod:
    """Return `central_fdm(5, 1)`, the method of ChainRulesTestUtils; `fdm` is imported only here."""
    try:
        from fdm import central_fdm
    except ImportError as err:
        raise ImportError(
            "adjoint2rrule.testing compares rules with finite differences, and needs the package fdm: "
            "pip install 'adjoint2rrule[test]'."
        ) from err
    method: FiniteDifferenceMethod = central_fdm(5, 1)
    return method


def derivative(fdm: FiniteDifferenceMethod, path: Path) -> FloatVector:
    """Return the derivative of `path` at 0, with the step that `fdm` chooses.

    Looks closer to 0 where the path is undefined or not finite further out, and raises an
    `AssertionError` where it is undefined everywhere.
    """
    failure: Exception | None = None
    for max_range in RANGES:
        try:
            value = _quietly(fdm, path, max_range=max_range)
        except OUT_OF_DOMAIN as err:
            failure = err
            continue
        if np.isfinite(value).all():
            return value
    raise _undefined(failure) from failure


def refined_derivative(
    fdm: FiniteDifferenceMethod, path: Path, project: Callable[[FloatVector], FloatVector] = np.asarray
) -> tuple[FloatVector, float]:
    """Return the derivative of `path` at 0, seen through `project`, and what it may be wrong by.

    Where the steps are too long the truncation dominates, where they are too short the rounding; in
    between neighbouring steps agree best, and by so much the derivative is known. This costs several
    times a `derivative`, and holds for functions that are noisy or change on a small scale.
    """
    values = [project(value) for value in _at_each_step(fdm, path)]
    if len(values) < 3:
        raise _undefined(None)
    spread = [float(np.max(abs(a - b), initial=0.0)) for a, b in itertools.pairwise(values)]
    # With both neighbours, since two may agree by chance.
    spread = [max(pair) for pair in itertools.pairwise(spread)]
    best = int(np.argmin(spread))
    return values[best + 1], spread[best]


def has_kink(path: Path) -> bool:
    """Return whether the slopes of `path` left and right of 0 differ, however close to 0 they are taken."""
    far, near = (_slope_jump(path, step) for step in (2.0**-16, 2.0**-20))
    # The jump of a smooth function goes with the step.
    return near > 1e-6 and near > far / 2


def _slope_jump(path: Path, step: float) -> float:
    with np.errstate(all="ignore"):
        left, middle, right = path(-step), path(0.0), path(step)
    return float(np.linalg.norm(right - 2 * middle + left) / step)


def _at_each_step(fdm: FiniteDifferenceMethod, path: Path) -> Iterator[FloatVector]:
    for step in STEPS:
        try:
            value = _quietly(fdm, path, step=step)
        except OUT_OF_DOMAIN:
            continue
        if np.isfinite(value).all():
            yield value


def _quietly(fdm: FiniteDifferenceMethod, path: Path, **how: float | None) -> FloatVector:
    # Out there a function may warn, which says nothing about the rule.
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(fdm(path, 0.0, **how), dtype=np.float64)


def _undefined(failure: Exception | None) -> AssertionError:
    reason = f"raises {type(failure).__name__}: {failure}" if failure else "is not finite"
    return AssertionError(
        f"finite differences find no value: the function {reason} close to these arguments; test the rule "
        "at arguments inside its domain"
    )
