"""The seeds that a pullback is run with; for equal values, the same ones on every side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from adjoint2rrule.core import ZeroTangent
from adjoint2rrule.interop.leaves import structural
from adjoint2rrule.testing.numeric_space import Integers
from adjoint2rrule.testing.rand_tangent import random_tangent
from adjoint2rrule.testing.structure_space import Elements, Structure
from adjoint2rrule.testing.tangent_space import TangentSpace
from adjoint2rrule.testing.to_vec import tangent_space

RANDOM = "a random seed"


def random_seed(y: Any) -> Any:
    """Return a seed for the value `y`, always the same one.

    Examples
    --------
    >>> random_seed(2.5) == random_seed(3.5), random_seed("a name")
    (True, NoTangent())
    """
    return random_tangent(seed_space(y), np.random.default_rng(0))


def seeds(y: Any) -> Iterator[tuple[str, Any]]:
    """Yield seeds for the value `y`, each with what it is in words.

    Where `y` has parts, callers may have a use for one of them only: each is left out of one seed.

    Examples
    --------
    >>> [words for words, seed in seeds((1.0, 2.0))]
    ['a random seed', 'a random seed without [0]', 'a random seed without [1]']
    """
    space = seed_space(y)
    if not space.perturbable:
        return
    seed = random_seed(y)
    yield RANDOM, seed
    if not isinstance(space, Structure) or isinstance(space, Elements):
        return
    vector = space.vector(y)
    parts = {key: child for key, child in space.children.items() if child.perturbable}
    if len(parts) > 1 and vector.size:
        rng = np.random.default_rng(0)
        each = {key: random_tangent(child, rng) for key, child in space.children.items()}
        for key in parts:
            yield f"{RANDOM} without {space.step(key)}", structural(y, each | {key: ZeroTangent()})


def seed_space(y: Any) -> TangentSpace:
    """Return the space that seeds for the value `y` are in: an integer may stand for a float."""
    space = tangent_space(y)
    return tangent_space(space.as_floats(0.0)) if isinstance(space, Integers) else space
