"""What a comparison of legacy and converted rules finds: the values that reports are made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Status(Enum):
    """What came of comparing a rule with itself; the values are the words for reports."""

    EQUAL = "equal"  # whatever it was called with, the same came of it before and after
    DIFFERENT = "different"
    NOT_RUN = "not run"  # nothing can be said, for a reason that the finding gives
    NOT_CONVERTED = "not converted"  # it was refused, and stays legacy


@dataclass(frozen=True)
class Wrong:
    """A legacy rule that contradicts finite differences.

    Attributes
    ----------
    call
        What it was called with.
    message
        What finite differences say.
    still
        Whether the converted rule is wrong in the same way, as one that is equal has to be.
    """

    call: str
    message: str
    still: bool


@dataclass(frozen=True)
class Finding:
    """What came of one rule.

    Attributes
    ----------
    path, line
        Where it stands, in the file as it is now.
    name
        What it is for, in the words of the source.
    status
        The result.
    message
        How equal, what is different, or why it was not run.
    calls
        What it was called with, as texts.
    notes
        What else there is to say.
    printed
        What it wrote to standard output and standard error meanwhile, warnings included.
    wrong
        What finite differences say of the legacy rule, where they contradict it.
    """

    path: str
    line: int
    name: str
    status: Status
    message: str
    calls: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    printed: str = ""
    wrong: Wrong | None = None


@dataclass(frozen=True)
class Failure:
    """A file of which no rule can be run.

    Attributes
    ----------
    path, line
        Where the reason is, as far as that is known.
    message
        The reason.
    rules
        How many rules are not run because of it, as far as that is known.
    """

    path: str
    line: int
    message: str
    rules: int = 0
