"""What is probably wrong with a cotangent: the mistakes people make, tried one by one.

Each mistake has an inverse that is easy to try: turn the sign, transpose, conjugate, take another
argument's cotangent. The one after which the cotangent is right is the one to look for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adjoint2rrule.testing.output_control import DIGITS
from adjoint2rrule.testing.tangent_space import Leaf, Vector

# A hint may rest on plain finite differences, but it has to explain nearly all of the difference.
CLOSE, EXPLAINED = 1e-5, 0.01


@dataclass(frozen=True)
class Evidence:
    """What is known of a cotangent that is wrong.

    Attributes
    ----------
    given
        The coordinates that the rule gave.
    measure
        Takes coordinates to the numbers that were compared: these themselves, or their components
        along random directions.
    expected
        What finite differences say these numbers are.
    leaves
        The parts that the coordinates belong to.
    others
        The cotangents of the other arguments, by their names.
    of_conjugate
        Gives the coordinates for the conjugate of the seed.
    """

    given: Vector
    measure: Callable[[Vector], Vector]
    expected: Vector
    leaves: Sequence[Leaf]
    others: Mapping[str, Vector]
    of_conjugate: Callable[[], Vector]

    def explains(self, candidate: Vector) -> bool:
        """Return whether `candidate`, in place of what was given, would have been right."""
        left = np.linalg.norm(self.measure(candidate) - self.expected)
        wrong = np.linalg.norm(self.measure(self.given) - self.expected)
        return bool(left <= CLOSE * np.linalg.norm(self.expected) and left <= EXPLAINED * wrong)


def probable_cause(evidence: Evidence) -> str | None:
    """Return what is probably wrong, in words; `None` where no known mistake explains it."""
    if not evidence.given.any() or not evidence.expected.any() or not np.isfinite(evidence.given).all():
        return None
    return next((cause for cause, right in _mistakes(evidence) if evidence.explains(right)), None)


def _mistakes(evidence: Evidence) -> Iterator[tuple[str, Vector]]:
    given, leaves = evidence.given, evidence.leaves
    yield "the sign is wrong", -given
    yield "it is transposed", changed(given, leaves, _transposed)
    yield "its complex conjugate would be right", changed(given, leaves, np.conj)
    yield (
        "its conjugate transpose would be right",
        changed(given, leaves, lambda array: np.conj(_transposed(array))),
    )
    for name, other in evidence.others.items():
        if other.shape == given.shape:
            yield f"it is the cotangent of {name}: are the two swapped?", other
    if any(leaf.is_complex for leaf in leaves):
        yield "it is multiplied by i", changed(given, leaves, lambda array: -1j * array)
        yield "it is multiplied by -i", changed(given, leaves, lambda array: 1j * array)
        # A map z -> az that is pulled back by a, not by its conjugate, and the like.
        yield "a conjugate is missing in it", changed(evidence.of_conjugate(), leaves, np.conj)
    yield from _factor(evidence)


def _factor(evidence: Evidence) -> Iterator[tuple[str, Vector]]:
    measured = evidence.measure(evidence.given)
    factor = float(measured @ evidence.expected / (measured @ measured)) if measured.any() else 0.0
    # Any number is a multiple of any other: of a single one, only plain multiples tell something.
    if factor and (evidence.given.size > 1 or _is_plain(factor)):
        times = next(text for digits in DIGITS if (text := f"{1 / factor:.{digits}g}") != "1" or digits > 12)
        yield f"it is {times} times what it should be", factor * evidence.given


def _is_plain(factor: float) -> bool:
    larger = max(abs(factor), 1 / abs(factor))
    return larger < 10.5 and abs(larger - round(larger)) < CLOSE


def changed(vector: Vector, leaves: Sequence[Leaf], change: Callable[[NDArray[Any]], NDArray[Any]]) -> Vector:
    """Return the coordinates with `change` made to each array, where the result is of its kind."""
    result = vector.copy()
    for leaf in leaves:
        array = change(leaf.entries(vector).reshape(leaf.shape))
        if array.shape == leaf.shape and np.iscomplexobj(array) == leaf.is_complex:
            result[leaf.part] = np.ascontiguousarray(array).reshape(-1).view(np.float64)
    return result


def _transposed(array: NDArray[Any]) -> NDArray[Any]:
    return np.swapaxes(array, -1, -2) if array.ndim > 1 else array
