"""`text`: remarks that can be grepped, and a line that counts."""

from __future__ import annotations

import os

import pytest

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
from adjoint2rrule.report.text import listing, outcome, passed_over, remarks, shown, summary

SOURCE = SourceFile("lab/r.py", b"x\n\xc8\xb3 = adjoint\n")


def remark(slug: str, severity: Severity, line: int = 1, hint: str = "", column: int = 1) -> Diagnostic:
    return Diagnostic(slug, severity, f"about {slug}", hint, line, column)


def definition(name: str, line: int, kind: Kind = Kind.FUNCTION) -> LegacyDefinition:
    return LegacyDefinition(name, kind, Span(0, 1), line, 1)


MIXED = Conversion(
    SOURCE,
    b"new",
    (Edit(Span(0, 1), b"y"),),
    (
        Refused(definition("solve", 30), remark("mutating-rule", Severity.ERROR, 31, "Do it by hand.", 5)),
        Adapted(
            definition("root", 20),
            remark("inspected-cotangent", Severity.WARNING, 21),
            (remark("advice", Severity.NOTE, 22),),
        ),
        Converted(definition("RBF", 10, Kind.CONSTRUCTOR), (remark("assumed-target", Severity.NOTE, 11),)),
    ),
    (remark("legacy-call", Severity.NOTE, 40, "First line.\nSecond line."),),
)


def test_remarks_come_in_the_order_of_the_file_with_hints_below():
    assert remarks(MIXED).splitlines() == [
        "lab/r.py:11:1: assumed-target: about assumed-target",
        "lab/r.py:21:1: inspected-cotangent: about inspected-cotangent",
        "lab/r.py:22:1: advice: about advice",
        "lab/r.py:31:5: mutating-rule: about mutating-rule",
        "    Do it by hand.",
        "lab/r.py:40:1: legacy-call: about legacy-call",
        "    First line.",
        "    Second line.",
    ]


def test_quiet_leaves_errors_only():
    assert remarks(MIXED, quiet=True).splitlines() == [
        "lab/r.py:31:5: mutating-rule: about mutating-rule",
        "    Do it by hand.",
    ]


def test_nothing_to_say_is_nothing():
    assert remarks(Conversion(SOURCE, SOURCE.content)) == listing(Conversion(SOURCE, SOURCE.content)) == ""


def test_message_of_several_lines_stays_below_its_place():
    crash = Diagnostic("internal-error", Severity.ERROR, "ValueError: a\nb", "Report it.", 1, 1)
    assert remarks(Conversion(SOURCE, b"", diagnostics=(crash,))).splitlines() == [
        "lab/r.py:1:1: internal-error: ValueError: a",
        "    b",
        "    Report it.",
    ]


def test_listing_names_each_definition_where_it_stands():
    assert listing(MIXED, quiet=True).splitlines() == [
        "lab/r.py:10:1: legacy-definition: `RBF` has a legacy definition (constructor) that can be converted",
        "lab/r.py:20:1: legacy-definition: `root` has a legacy definition (function) that can be converted",
        "lab/r.py:31:5: mutating-rule: about mutating-rule",
        "    Do it by hand.",
    ]


def test_listing_holds_all_remarks_too():
    assert set(remarks(MIXED).splitlines()) < set(listing(MIXED).splitlines())


def test_listing_tells_of_an_adapted_definition_once():
    said = [line for line in listing(MIXED).splitlines() if line.startswith(("lab/r.py:20", "lab/r.py:21"))]
    assert said == ["lab/r.py:21:1: inspected-cotangent: about inspected-cotangent"]


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        (Kind.FUNCTION, "`f` has a legacy definition (function) that can be converted"),
        (Kind.NOGRAD, "`f` is marked by a legacy `nograd` that can be converted"),
        (Kind.ACCESS, "`f` is a legacy property access that can be converted"),
    ],
)
def test_listing_says_what_is_legacy(kind, wanted):
    found = Conversion(SOURCE, b"", (Edit(Span(0, 1), b"y"),), (Converted(definition("f", 3, kind)),))
    assert listing(found) == f"lab/r.py:3:1: legacy-definition: {wanted}\n"


def test_listing_tells_of_legacy_names_without_a_definition():
    # ȳ is one character, and two bytes.
    imports_only = Conversion(SOURCE, b"", (Edit(Span(7, 14), b"rrule"),))
    assert listing(imports_only) == (
        "lab/r.py:2:5: legacy-name: legacy names are left here, though no definition that can be converted\n"
    )


def test_outcome_counts_for_one_file():
    assert outcome(MIXED) == "lab/r.py: 1 converted, 1 adapted, 1 refused\n"
    failed = Conversion(SOURCE, b"", diagnostics=(remark("syntax-error", Severity.ERROR),))
    assert outcome(failed) == "lab/r.py: failed\n"


@pytest.mark.parametrize(
    ("path", "printed"),
    [
        ("a b/ȳ.py", "a b/ȳ.py"),
        ("two\nlines.py", r"two\nlines.py"),
        ("\x1b[31mred.py", r"\x1b[31mred.py"),
        (os.fsdecode(b"\xff.py"), r"\udcff.py"),
    ],
)
def test_path_stays_on_its_line_and_cannot_colour_it(path, printed):
    assert shown(path) == printed
    conversion = Conversion(SourceFile(path, b""), b"", diagnostics=(remark("syntax-error", Severity.ERROR),))
    assert remarks(conversion).startswith(f"{printed}:1:1: ")
    assert outcome(conversion) == f"{printed}: failed\n"


@pytest.mark.parametrize(
    ("tally", "mode", "expected"),
    [
        (Tally(), Mode.DIFF, "No Python files found; nothing changed."),
        (Tally(files=1), Mode.WRITE, "No legacy definitions found in 1 file; nothing changed."),
        (Tally(files=14), Mode.CHECK, "No legacy definitions found in 14 files; nothing changed."),
        (
            Tally(files=3, changed=1, converted=4, adapted=5, refused=6, failed=1),
            Mode.WRITE,
            "3 files, 15 legacy definitions: 4 converted, 5 adapted, 6 refused; 1 file failed. "
            "1 file changed.",
        ),
        (
            Tally(files=3, changed=2, converted=1),
            Mode.DIFF,
            "3 files, 1 legacy definition: 1 converted, 0 adapted, 0 refused; 0 files failed. "
            "2 files would change: apply the diff, or run again with --write.",
        ),
        (
            Tally(files=3, changed=1, converted=1),
            Mode.CHECK,
            "3 files, 1 legacy definition: 1 converted, 0 adapted, 0 refused; 0 files failed. "
            "1 file would change.",
        ),
        (
            Tally(files=1, refused=2),
            Mode.WRITE,
            "1 file, 2 legacy definitions: 0 converted, 0 adapted, 2 refused; 0 files failed. "
            "Nothing changed, for the reasons above.",
        ),
        (
            Tally(failed=1, missing=1),
            Mode.DIFF,
            "0 files, 0 legacy definitions: 0 converted, 0 adapted, 0 refused; 1 file failed. "
            "Nothing changed, for the reasons above.",
        ),
        (
            Tally(files=2, changed=1),
            Mode.WRITE,
            "2 files, 0 legacy definitions: 0 converted, 0 adapted, 0 refused; 0 files failed. "
            "1 file changed.",
        ),
    ],
)
def test_summary(tally, mode, expected):
    assert summary(tally, mode) == f"{expected}\n"


def test_warning_about_files_that_git_passes_over_counts_them():
    assert passed_over(0) == ""
    assert passed_over(1).startswith("1 file of the diff is not below the current directory")
    assert passed_over(2).startswith("2 files of the diff are not below the current directory")
    assert "top of the repository" in passed_over(1)
