"""Counts what became of generated definitions, for the one line at the end of a test run."""

from __future__ import annotations

from collections import Counter

from adjoint2rrule.convert.model import Adapted, Conversion, Converted, Refused

KINDS = {Converted: "converted", Adapted: "adapted", Refused: "refused"}


class Tally:
    """Examples, and definitions by what became of them."""

    def __init__(self) -> None:
        self.examples = 0
        self.outcomes: Counter[str] = Counter()

    def add(self, conversion: Conversion) -> None:
        """Count the definitions of one more example."""
        self.examples += 1
        self.outcomes.update(KINDS[type(decision)] for decision in conversion.decisions)

    def __str__(self) -> str:
        outcomes = ", ".join(f"{self.outcomes[kind]:,} {kind}" for kind in KINDS.values())
        return (
            f"generated rules: {self.examples:,} examples, {self.outcomes.total():,} definitions: {outcomes}"
        )
