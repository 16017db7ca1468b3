"""Compares legacy rules with finite differences.

It is a script: ``python -m tests.support.derivatives CASES``.

`CASES` is a module as for `case_results.py`.  Prints a line for every rule that is wrong.
"""

from __future__ import annotations

import copy
import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np

from adjoint2rrule.legacy import _pullback
from tests.support.cotangents import described_legacy, described_value, names_of, part_of, seeds_for

STEP = 1e-3
TOLERANCE = 1e-7


def direction(x: Any, rng: np.random.Generator) -> Any:
    """Return a random change of what can be perturbed in `x`, in the plain form of cotangents."""
    if isinstance(x, float | np.floating):
        return np.asarray(abs(x) * rng.standard_normal())
    if isinstance(x, np.ndarray):
        return rng.standard_normal(x.shape)
    return {name: direction(part_of(x, name), rng) for name in names_of(x)} or None


def moved(x: Any, change: Any, t: float) -> Any:
    """Return `x` after `t` times a change."""
    if change is None:
        return x
    if not isinstance(change, dict):
        return x + t * change if isinstance(x, np.ndarray) else x + t * float(change)
    parts = {name: moved(part_of(x, name), part, t) for name, part in change.items()}
    if isinstance(x, tuple | list):
        return type(x)(parts.values())
    new = copy.copy(x)
    vars(new).update(parts)
    return new


def inner(a: Any, b: Any) -> float:
    """Return the inner product of two values in the plain form."""
    if a is None or b is None:
        return 0.0
    if isinstance(a, dict):
        return sum(inner(part, b[name]) for name, part in a.items())
    return float(np.sum(a * b))


def gap(f: Any, args: list[Any], seed: Any) -> float:
    """Return by how much a rule misses the derivative in a random direction, relative to its size."""
    whole = (f, *args)
    changes = [direction(x, np.random.default_rng(7)) for x in whole]
    y, back = _pullback(f, *copy.deepcopy(args))
    found = sum(inner(described_legacy(c, x), d) for c, x, d in zip(back(seed), whole, changes, strict=True))
    weight = described_legacy(seed, y)

    def loss(t: float) -> float:
        g, *xs = (moved(x, d, t) for x, d in zip((f, *copy.deepcopy(args)), changes, strict=True))
        return inner(weight, described_value(g(*xs)))

    near, far = loss(STEP) - loss(-STEP), loss(2 * STEP) - loss(-2 * STEP)
    expected = (8 * near - far) / (12 * STEP)
    return abs(found - expected) / max(1.0, abs(expected))


if __name__ == "__main__":
    sys.modules["autograd"] = None  # type: ignore[assignment]  # it would stand in for a rule that is missing
    path = Path(sys.argv[1])
    sys.path.insert(0, str(path.parent))
    for name, f, inputs, _ in importlib.import_module(path.stem).CASES:
        for args in inputs:
            for seed in seeds_for(f(*copy.deepcopy(args)), np.random.default_rng(3)):
                if not gap(f, args, seed) <= TOLERANCE:
                    print(f"{name}: off by {gap(f, args, seed):.1e}")
