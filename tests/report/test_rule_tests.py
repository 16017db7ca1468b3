"""What is told of generated tests."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert.model import Conversion, SourceFile
from adjoint2rrule.proof.model import Expression, Inputs, Trial, Verdict
from adjoint2rrule.proof.rule_tests import RuleTests
from adjoint2rrule.proof.selection import Selection
from adjoint2rrule.proof.test_files.writing import RuleTestFile, State
from adjoint2rrule.report.rule_tests import RuleTestReporter, summary
from adjoint2rrule.report.tally import Mode
from tests.proof.building import subject_in

CALL = Inputs(Expression("f"), (Expression("2.5"),))


@pytest.fixture
def subject(tmp_path):
    """Return a rule on the second line of its file."""
    return subject_in("@rrule.register(f)\ndef f_rrule(f, x): ...", tmp_path)


def rule_tests_of(*selections: Selection, state: State = State.NEW, problem: str = "") -> RuleTests:
    conversion = Conversion(SourceFile("lab.py", b""), b"")
    file = RuleTestFile(
        "tests/test_lab.py", b"new\n", state, b"" if state is State.NEW else b"old\n", problem
    )
    return RuleTests(conversion, selections, file)


def told(capsys, tests: RuleTests, **options) -> str:
    """Return what a run with ``--write`` says about one file on standard error."""
    RuleTestReporter(Mode.WRITE, **options).tell(tests)
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_wrong_rule_is_told_with_the_call(capsys, subject):
    selection = Selection(subject, (CALL,), wrong=(Trial(CALL, Verdict.WRONG, "`x` is 2, not 1"),))
    assert told(capsys, rule_tests_of(selection)) == (
        "lab.py:2:1: wrong-rule: `f` is wrong: `x` is 2, not 1\n"
        "    In f(2.5). Its test fails; `adjoint2rrule verify` tells if it was right before.\n"
    )


@pytest.mark.parametrize(
    ("verdict", "words"), [(Verdict.HANGS, "hangs"), (Verdict.DIES, "ends the interpreter")]
)
def test_call_that_ends_badly_is_told_once(capsys, subject, verdict, words):
    ended = (Trial(CALL, verdict), Trial(CALL, verdict))
    assert told(capsys, rule_tests_of(Selection(subject, (CALL,), ended=ended))) == (
        f"lab.py:2:1: unusable-call: `f` {words} in f(2.5), which is no part of its test\n"
    )


def test_lines_that_no_call_runs_are_told_where_all_is(capsys, subject):
    tests = rule_tests_of(Selection(subject, (CALL,), idle=frozenset({7, 5})))
    assert told(capsys, tests) == ""
    assert told(capsys, tests, verbose=True) == (
        "lab.py:5:1: partly-tested: "
        "no call in the test of `f` is known to run lines 5, 7 of the converted file\n"
    )


def test_quiet_run_tells_failures_alone(capsys, subject):
    skipped = Selection(subject, reason="no arguments are known")
    assert told(capsys, rule_tests_of(skipped), quiet=True) == ""
    failed = rule_tests_of(skipped, state=State.FAILED, problem="cannot be written: No space left on device")
    assert told(capsys, failed, quiet=True) == (
        "tests/test_lab.py:1:1: rule-tests-failed: cannot be written: No space left on device\n"
    )


def test_diff_shows_a_new_file_and_one_that_changes(capsys, subject):
    reporter = RuleTestReporter(Mode.DIFF)
    for state in State:
        reporter.tell(rule_tests_of(Selection(subject, (CALL,)), state=state, problem="full"))
    shown = capsys.readouterr().out
    assert shown.count("diff --git") == 2
    assert "--- /dev/null\n" in shown
    assert "@@ -1 +1 @@\n-old\n+new\n" in shown


def test_counts_are_of_the_files_in_use(subject):
    wrong = Selection(subject, (CALL,), wrong=(Trial(CALL, Verdict.WRONG),))
    skipped = Selection(subject, reason="nothing is known")
    files = [
        rule_tests_of(wrong, skipped),
        rule_tests_of(wrong, state=State.CHANGED),
        rule_tests_of(Selection(subject, (CALL,)), state=State.SAME),
        rule_tests_of(wrong, state=State.KEPT),
        rule_tests_of(wrong, state=State.FAILED),
    ]
    assert summary(files, Mode.WRITE) == (
        "4 rule tests in 3 files: 3 run, 1 skipped for the reasons above; 2 rules are wrong. "
        "2 files written, 1 unchanged, 1 kept, 1 failed.\n"
    )
    assert summary(files[:1], Mode.DIFF).endswith("; 1 rule is wrong. 1 file would be written.\n")


@pytest.mark.parametrize("state", State)
def test_only_a_failure_changes_the_exit_code(capsys, subject, state):
    reporter = RuleTestReporter(Mode.WRITE)
    reporter.tell(rule_tests_of(Selection(subject, (CALL,)), state=state))
    assert reporter.finish() == (state is State.FAILED)
