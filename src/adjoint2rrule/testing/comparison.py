"""Numbers that a rule gives beside those that finite differences say, doubting the latter first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adjoint2rrule.testing.check_result import Tolerance
from adjoint2rrule.testing.failure import FailureKind, RuleTestFailure
from adjoint2rrule.testing.output_control import Place, told_apart
from adjoint2rrule.testing.tangent_space import Leaf, Vector

Refine = Callable[[int], tuple[float, float]]
# What a refined difference says of its own error is an estimate.
SAFETY = 2.0
KINK = "the function has a kink here, and no derivative: test the rule at other arguments"


@dataclass(frozen=True)
class Finding:
    """A number that is wrong: which coordinate it is of, where it stands, what came, what should have."""

    coordinate: int
    place: Place
    given: str
    expected: str

    def sentence(self, cause: str | None) -> str:
        """Return the finding in words, with what is probably the cause."""
        fact = f"{self.place} is {self.given}, finite differences say {self.expected}"
        return f"{fact}; {cause}" if cause else fact


def kink_failure(finding: Finding) -> RuleTestFailure:
    """Return the failure at arguments where the function has no derivative."""
    return RuleTestFailure(FailureKind.KINK, finding.sentence(KINK))


@dataclass(frozen=True)
class Comparison:
    """The coordinates that a rule gives, and what finite differences say they are.

    Attributes
    ----------
    given, expected
        The coordinates; those that finite differences say are refined in place.
    scales
        What each is multiplied by to be compared with the others: a derivative by a number near 1e14 is
        as good as one by a number near 1.
    known
        Which of them are to be compared.
    leaves
        The numbers and arrays they belong to; each is compared by norm.
    tolerance
        How much of a difference is admitted.
    refine
        Takes the number of a coordinate to a better difference, and what that may be wrong by.
    """

    given: Vector
    expected: Vector
    scales: Vector
    known: NDArray[np.intp]
    leaves: Sequence[Leaf]
    tolerance: Tolerance
    refine: Refine

    def doubtful(self) -> NDArray[np.intp]:
        """Return the coordinates without which all would be admitted."""
        return np.concatenate([self._doubtful(self._known_of(leaf)) for leaf in self.leaves])

    def _doubtful(self, part: NDArray[np.intp]) -> NDArray[np.intp]:
        given, expected = self.scales[part] * self.given[part], self.scales[part] * self.expected[part]
        share = self.tolerance.bound(given) / np.sqrt(max(len(part), 1))
        with np.errstate(invalid="ignore"):
            difference = abs(given - expected)
            admitted = np.isfinite(difference) & (difference <= share)
        return np.asarray(part[~admitted])

    def _known_of(self, leaf: Leaf) -> NDArray[np.intp]:
        return np.asarray(self.known[(leaf.part.start <= self.known) & (self.known < leaf.part.stop)])

    def finding(self) -> Finding | None:
        """Return the worst of the wrong coordinates in the first wrong leaf; `None` where all are right."""
        for leaf in self.leaves:
            wrong = self._wrong(self._known_of(leaf))
            if wrong is not None:
                return self._described(leaf, wrong)
        return None

    def _wrong(self, part: NDArray[np.intp]) -> int | None:
        scales = self.scales[part]
        given, expected = scales * self.given[part], scales * self.expected[part]

        def refine(entry: int) -> tuple[float, float]:
            value, error = self.refine(int(part[entry]))
            return scales[entry] * value, scales[entry] * error

        def admits(difference: Vector) -> bool:
            return self.tolerance.admits(difference, given, expected)

        wrong = settled_disagreement(given, expected, admits, refine)
        self.expected[part] = expected / scales
        return None if wrong is None else int(part[wrong])

    def _described(self, leaf: Leaf, coordinate: int) -> Finding:
        entry = (coordinate - leaf.part.start) // (2 if leaf.is_complex else 1)
        got, wanted = told_apart(leaf.entries(self.given)[entry], leaf.entries(self.expected)[entry])
        return Finding(coordinate, leaf.entry_place(entry), got, wanted)


def settled_disagreement(
    given: Vector, expected: Vector, admits: Callable[[Vector], bool], refine: Refine
) -> int | None:
    """Return the entry in which the vectors differ most; `None` where the difference is admitted.

    What finite differences say is doubted before the rule is: an entry of `expected` that seems wrong
    is refined first, in place, and counts only by how much more it differs than it may be wrong itself.
    """
    error = np.zeros_like(expected)
    refined = set()
    while not admits(difference := np.maximum(abs(given - expected) - SAFETY * error, 0.0)):
        entry = int(np.argmax(difference))
        if entry in refined:
            return entry
        expected[entry], error[entry] = refine(entry)
        refined.add(entry)
    return None
