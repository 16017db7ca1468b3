"""Counts what came of a run, and decides its exit code."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto

from adjoint2rrule.convert.failure import MISSING_PATH
from adjoint2rrule.convert.model import Adapted, Conversion, Converted, Refused


class Mode(Enum):
    """What a run does with what it finds."""

    DIFF = auto()  # show it
    WRITE = auto()  # change the files
    CHECK = auto()  # list what is legacy


@dataclass
class Tally:
    """What came of the files of a run so far.

    Attributes
    ----------
    files
        How many files were looked at, those that hold nothing legacy and those that failed included.
    changed
        How many of them become something else.
    converted, adapted, refused
        How many definitions had this outcome.
    failed
        How many files, or paths, could not be converted at all.
    missing
        How many of the failed are paths that do not exist.
    advice
        How many pieces of advice of each kind there are.
    """

    files: int = 0
    changed: int = 0
    converted: int = 0
    adapted: int = 0
    refused: int = 0
    failed: int = 0
    missing: int = 0
    advice: Counter[str] = field(default_factory=Counter)

    def add(self, conversion: Conversion) -> None:
        """Count one more."""
        kinds = [type(decision) for decision in conversion.decisions]
        self.converted += kinds.count(Converted)
        self.adapted += kinds.count(Adapted)
        self.refused += kinds.count(Refused)
        self.changed += conversion.result != conversion.source.content
        self.failed += conversion.failed
        converted = [d for d in conversion.decisions if isinstance(d, Converted)]
        self.advice.update(piece.slug for decision in converted for piece in decision.advice)
        self.missing += any(remark.slug == MISSING_PATH for remark in conversion.diagnostics)

    @property
    def definitions(self) -> int:
        """How many legacy definitions there were."""
        return self.converted + self.adapted + self.refused

    def exit_code(self, mode: Mode) -> int:
        """Return 2 for a mistake on the command line, 1 where a person is needed, else 0.

        `Mode.CHECK` asks for a person wherever anything legacy is left.
        """
        if self.missing:
            return 2
        legacy_left = mode is Mode.CHECK and (self.definitions or self.changed)
        return 1 if self.refused or self.failed or legacy_left else 0
