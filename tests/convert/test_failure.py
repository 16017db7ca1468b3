"""`failure`: what is said of a file that could not be converted."""

from __future__ import annotations

from adjoint2rrule.convert.discover import MissingPathError
from adjoint2rrule.convert.failure import MISSING_PATH, changed_meanwhile, crashed, unreadable, unwritable
from adjoint2rrule.convert.model import Severity, SourceFile

SOURCE = SourceFile("lab/rules.py", b"content")


def test_failed_file_stays_as_it_was():
    for failure in (changed_meanwhile(SOURCE), crashed(SOURCE, ValueError()), unwritable(SOURCE, OSError())):
        assert failure.failed
        assert failure.source is SOURCE
        assert (failure.result, failure.edits, failure.decisions) == (b"content", (), ())


def test_reason_of_the_system_is_told():
    (remark,) = unreadable(
        "lab/rules.py", PermissionError(13, "Permission denied", "lab/rules.py")
    ).diagnostics
    assert (remark.slug, remark.message) == ("unreadable", "cannot be read: Permission denied")
    (remark,) = unwritable(SOURCE, OSError(28, "No space left on device", "tmp")).diagnostics
    assert (remark.slug, remark.message) == ("unwritable", "cannot be written: No space left on device")


def test_error_without_a_number_is_told_too():
    (remark,) = unreadable("rules.py", OSError("the disk is on fire")).diagnostics
    assert remark.message == "cannot be read: the disk is on fire"


def test_missing_path_has_a_slug_of_its_own():
    missing = unreadable("nope.py", MissingPathError(2, "No such file or directory", "nope.py"))
    (remark,) = missing.diagnostics
    assert missing.source.path == "nope.py"
    assert (remark.slug, remark.message) == (MISSING_PATH, "No such file or directory")


def test_file_that_vanished_meanwhile_is_no_mistake_of_the_user():
    (remark,) = unreadable("a.py", FileNotFoundError(2, "No such file or directory", "a.py")).diagnostics
    assert remark.slug == "unreadable"


def test_crash_holds_what_a_report_needs():
    try:
        raise ZeroDivisionError("of all things")
    except ZeroDivisionError as err:
        (remark,) = crashed(SOURCE, err).diagnostics
    assert (remark.slug, remark.severity) == ("internal-error", Severity.ERROR)
    assert remark.message == "ZeroDivisionError: of all things"
    request, *details = remark.hint.splitlines()
    assert "report" in request
    assert details[0] == "Traceback (most recent call last):"
    assert details[-1] == "ZeroDivisionError: of all things"
    assert "test_crash_holds_what_a_report_needs" in remark.hint
