"""Why a rule fails its test: the exception of all failures, and the kinds of them."""

from __future__ import annotations

from enum import Enum
from typing import Any


class FailureKind(Enum):
    """What a test has found.

    Examples
    --------
    >>> FailureKind.KINK.value
    'the function has no derivative here'
    """

    VALUE = "a derivative is not what finite differences say"
    KINK = "the function has no derivative here"
    UNDEFINED = "the function has no values beside its arguments"
    FORM = "a result has not the form that was promised"
    RAISES = "the rule or its pullback raises"
    NO_RULE = "no rule takes these arguments"
    PRIMAL = "the rule returns another value than the function"
    CONSISTENCY = "the rule disagrees with itself, or changes what it was given"


class RuleTestFailure(AssertionError):  # noqa: N818 - a test that finds something has made no error
    """A rule fails its test.

    Parameters
    ----------
    kind : FailureKind
        What was found. `VALUE`, `FORM`, `RAISES`, `NO_RULE`, `PRIMAL` and `CONSISTENCY` are the fault of
        the rule; with `KINK` and `UNDEFINED`, the arguments are not suited to a test.
    message : str
        The same in words.

    Attributes
    ----------
    kind : FailureKind
        What was found.

    Examples
    --------
    >>> from adjoint2rrule.testing import test_rrule
    >>> try:
    ...     test_rrule(abs, -1.5)
    ... except RuleTestFailure as failure:
    ...     failure.kind.name
    'NO_RULE'
    """

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.kind, str(self))


def value_failure(message: str) -> RuleTestFailure:
    """Return the failure of a rule whose numbers are wrong."""
    return RuleTestFailure(FailureKind.VALUE, message)


def form_failure(message: str) -> RuleTestFailure:
    """Return the failure of a rule whose results have not the form that was promised."""
    return RuleTestFailure(FailureKind.FORM, message)


def inconsistency(message: str) -> RuleTestFailure:
    """Return the failure of a rule that disagrees with itself, or changes what it was given."""
    return RuleTestFailure(FailureKind.CONSISTENCY, message)
