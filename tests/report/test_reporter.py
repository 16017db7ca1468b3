"""`reporter`: what goes to which stream, and when."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert.model import (
    Conversion,
    Converted,
    Diagnostic,
    Edit,
    Kind,
    LegacyDefinition,
    Severity,
    SourceFile,
    Span,
)
from adjoint2rrule.report.reporter import Reporter
from adjoint2rrule.report.tally import Mode, Tally

NOTE = Diagnostic("legacy-call", Severity.NOTE, "a call", "", 2, 1)
ADVICE = Diagnostic("embedded-space", Severity.NOTE, "advice", "", 1, 1)
SHOWN = "f.py:1:1: embedded-space: advice\n"
DEFINITION = LegacyDefinition("f", Kind.FUNCTION, Span(0, 3), 1, 1)
CHANGED = Conversion(
    SourceFile("f.py", b"old\n"), b"new\n", (Edit(Span(0, 3), b"new"),), (Converted(DEFINITION, (NOTE,)),)
)
DIFF = """\
diff --git a/f.py b/f.py
--- a/f.py
+++ b/f.py
@@ -1 +1 @@
-old
+new
"""
CALL = "f.py:2:1: legacy-call: a call\n"
LEGACY = "f.py:1:1: legacy-definition: `f` has a legacy definition (function) that can be converted\n"
COUNTS = "1 file, 1 legacy definition: 1 converted, 0 adapted, 0 refused; 0 files failed. "


@pytest.fixture(autouse=True)
def tree(tmp_path, monkeypatch):
    """Make an empty directory the current one."""
    monkeypatch.chdir(tmp_path)


def run(mode: Mode, **options: bool) -> int:
    reporter = Reporter(mode, **options, tally=Tally(files=1))
    reporter.tell(CHANGED)
    return reporter.finish()


def test_diff_is_all_that_goes_to_standard_output(capfd):
    assert run(Mode.DIFF) == 0
    out, err = capfd.readouterr()
    assert out == DIFF
    assert err == f"{CALL}{COUNTS}1 file would change: apply the diff, or run again with --write.\n"


def test_advice_is_counted_and_shown_to_those_who_want_to_know_more(capfd):
    advised = Conversion(CHANGED.source, b"old\n", decisions=(Converted(DEFINITION, advice=(ADVICE,)),))
    for mode in Mode:
        reporter = Reporter(mode)
        reporter.tell(advised)
        reporter.finish()
        out, err = capfd.readouterr()
        assert SHOWN not in out + err
        assert err.endswith("Advice on 1 definition is not shown (embedded-space); see it with --verbose.\n")

        reporter = Reporter(mode, verbose=True)
        reporter.tell(advised)
        reporter.finish()
        out, err = capfd.readouterr()
        assert SHOWN in (out if mode is Mode.CHECK else err)
        assert "not shown" not in err

        reporter = Reporter(mode, quiet=True)
        reporter.tell(advised)
        reporter.finish()
        assert "dvice" not in "".join(capfd.readouterr())


def test_write_says_nothing_on_standard_output(capfd):
    assert run(Mode.WRITE) == 0
    assert capfd.readouterr() == ("", f"{CALL}{COUNTS}1 file changed.\n")


def test_check_lists_on_standard_output_and_counts_on_standard_error(capfd):
    assert run(Mode.CHECK) == 1
    assert capfd.readouterr() == (f"{LEGACY}{CALL}", f"{COUNTS}1 file would change.\n")


def test_quiet_leaves_the_product_alone(capfd):
    run(Mode.DIFF, quiet=True)
    assert capfd.readouterr() == (DIFF, "")
    run(Mode.CHECK, quiet=True)
    assert capfd.readouterr() == (LEGACY, "")


def test_verbose_adds_a_line_for_each_file(capfd):
    run(Mode.WRITE, verbose=True)
    assert "f.py: 1 converted, 0 adapted, 0 refused\n" in capfd.readouterr().err


def test_diffs_that_git_would_pass_over_are_told_of(capfd, tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    reporter = Reporter(Mode.DIFF)
    reporter.tell(Conversion(SourceFile("../f.py", b"old\n"), b"new\n", CHANGED.edits))
    reporter.finish()
    assert "1 file of the diff is not below the current directory" in capfd.readouterr().err
