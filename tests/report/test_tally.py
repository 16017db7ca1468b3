"""`tally`: the counts of a run, and the exit code that they make."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert.discover import MissingPathError
from adjoint2rrule.convert.failure import changed_meanwhile, unreadable
from adjoint2rrule.convert.model import (
    Adapted,
    Conversion,
    Converted,
    Diagnostic,
    Edit,
    Kind,
    LegacyDefinition,
    Refused,
    Severity,
    SourceFile,
    Span,
)
from adjoint2rrule.report.tally import Mode, Tally

SOURCE = SourceFile("rules.py", b"old")
DEFINITION = LegacyDefinition("f", Kind.FUNCTION, Span(0, 3), 1, 1)
REASON = Diagnostic("opaque-pullback", Severity.ERROR, "why", "", 1, 1)
NOTE = Diagnostic("legacy-call", Severity.NOTE, "a call", "", 1, 1)
WARNING = Diagnostic("assumed-target", Severity.WARNING, "a guess", "", 1, 1)

UNTOUCHED = Conversion(SOURCE, b"old")
NOTED = Conversion(SOURCE, b"old", diagnostics=(NOTE, WARNING))
CONVERTED = Conversion(SOURCE, b"new", (Edit(Span(0, 3), b"new"),), (Converted(DEFINITION, (NOTE,)),))
ADAPTED = Conversion(SOURCE, b"new", (Edit(Span(0, 3), b"new"),), (Adapted(DEFINITION, WARNING),))
IMPORTS_ONLY = Conversion(SOURCE, b"new", (Edit(Span(0, 3), b"new"),))
REFUSED = Conversion(SOURCE, b"old", decisions=(Refused(DEFINITION, REASON),))
FAILED = changed_meanwhile(SOURCE)
MISSING = unreadable("nope", MissingPathError(2, "No such file or directory", "nope"))


def tally(*conversions: Conversion) -> Tally:
    result = Tally(files=len(conversions))
    for conversion in conversions:
        result.add(conversion)
    return result


def test_each_definition_and_each_file_is_counted_once():
    both = Conversion(
        SOURCE, b"new", decisions=(Converted(DEFINITION), Refused(DEFINITION, REASON), Converted(DEFINITION))
    )
    assert tally(UNTOUCHED, both, ADAPTED, IMPORTS_ONLY, REFUSED, FAILED, MISSING, NOTED) == Tally(
        files=8, changed=3, converted=2, adapted=1, refused=2, failed=2, missing=1
    )


def test_advice_is_counted_by_its_kind_and_asks_for_nobody():
    advice = Diagnostic("embedded-space", Severity.NOTE, "advice", "", 1, 1)
    advised = Conversion(SOURCE, b"old", decisions=(Converted(DEFINITION, advice=(advice,)),) * 2)
    counted = tally(advised, advised)
    assert counted.advice == {"embedded-space": 4}
    assert counted.exit_code(Mode.WRITE) == 0


def test_definitions_are_those_of_each_outcome():
    assert Tally(converted=1, adapted=20, refused=300).definitions == 321


@pytest.mark.parametrize(
    ("conversion", "diff", "check"),
    [
        (UNTOUCHED, 0, 0),
        (NOTED, 0, 0),  # notes and warnings never change the exit code
        (CONVERTED, 0, 1),
        (ADAPTED, 0, 1),
        (IMPORTS_ONLY, 0, 1),
        (REFUSED, 1, 1),
        (FAILED, 1, 1),
        (MISSING, 2, 2),
    ],
    ids=["untouched", "noted", "converted", "adapted", "imports only", "refused", "failed", "missing"],
)
def test_exit_code(conversion, diff, check):
    assert tally(conversion).exit_code(Mode.DIFF) == diff
    assert tally(conversion).exit_code(Mode.WRITE) == diff
    assert tally(conversion).exit_code(Mode.CHECK) == check


def test_worst_file_decides():
    assert tally(CONVERTED, REFUSED, UNTOUCHED).exit_code(Mode.WRITE) == 1
    assert tally(MISSING, REFUSED, CONVERTED).exit_code(Mode.WRITE) == 2
