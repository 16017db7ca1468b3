"""Random tangents with short decimals, so that failures can be read and computed by hand.

Ports: ChainRulesTestUtils.jl, ``rand_tangent.jl``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint2rrule.testing.output_control import Place
from adjoint2rrule.testing.tangent_space import TangentSpace, Vector
from adjoint2rrule.testing.to_vec import tangent_space

# In the steps of ChainRulesTestUtils: hundredths for real numbers, tenths for the parts of complex ones.
REAL_STEP, COMPLEX_STEP, LARGEST = 0.01, 0.1, 9.0


def rand_tangent(x: Any, /, rng: np.random.Generator | int | None = None) -> Any:
    """Return an arbitrary tangent of the primal `x`.

    Its numbers lie between -9 and 9, have few decimals, and are not zero. It has the form that a rule's
    cotangent should have: a number or an array of the precision of `x`, a `Tangent` for what has parts,
    `NoTangent()` for what cannot be perturbed.

    Parameters
    ----------
    x
        The primal.
    rng
        A generator, or a seed for one.

    Examples
    --------
    >>> rand_tangent("a string")
    NoTangent()
    >>> -9 <= rand_tangent(2.5, rng=1) <= 9
    True
    >>> rand_tangent((1.5, 3), rng=1)[1]
    NoTangent()

    Notes
    -----
    Ports: `rand_tangent`. Differs: zero is left out, since it would hide what it is multiplied by.
    """
    return random_tangent(tangent_space(x), np.random.default_rng(rng))


def random_tangent(space: TangentSpace, rng: np.random.Generator) -> Any:
    """Return an arbitrary tangent in `space`."""
    vector = np.empty(space.size)
    for leaf in space.leaves(Place("", "")):
        step = COMPLEX_STEP if leaf.is_complex else REAL_STEP
        vector[leaf.part] = _short_decimals(rng, vector[leaf.part].size, step)
    return space.tangent(vector)


def _short_decimals(rng: np.random.Generator, size: int, step: float) -> Vector:
    steps = rng.integers(1, round(LARGEST / step) + 1, size) * (2 * rng.integers(0, 2, size) - 1)
    return np.asarray(steps / round(1 / step))
