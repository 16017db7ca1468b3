"""What ``convert --tests`` tells: the diff of test files, remarks on rules, and how many tests there are."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from adjoint2rrule.convert.model import Conversion, Diagnostic, Edit, Severity, SourceFile, Span
from adjoint2rrule.proof.model import Verdict
from adjoint2rrule.proof.origins import line_before
from adjoint2rrule.proof.rule_tests import RuleTests
from adjoint2rrule.proof.selection import Selection
from adjoint2rrule.proof.test_files.writing import RuleTestFile, State
from adjoint2rrule.report.diff import diff, is_passed_over
from adjoint2rrule.report.tally import Mode
from adjoint2rrule.report.terminal import put_diff
from adjoint2rrule.report.text import counted, lines, passed_over

_IN_USE = frozenset({State.NEW, State.CHANGED, State.SAME})


@dataclass
class RuleTestReporter:
    """Tells what became of test files as it comes, and at the end what became of all."""

    mode: Mode
    quiet: bool = False
    verbose: bool = False
    told: list[RuleTests] = field(default_factory=list)

    def tell(self, tests: RuleTests) -> None:
        """Tell what became of the tests of one file."""
        self.told.append(tests)
        if self.mode is Mode.DIFF and tests.file.state in (State.NEW, State.CHANGED):
            put_diff(sys.stdout, diff(_as_conversion(tests.file), is_new=tests.file.state is State.NEW))
        path = tests.conversion.source.path
        said = [*_on_rules(tests, self.mode), *(_on_lines(tests) if self.verbose else ())]
        print(lines(path, said, quiet=self.quiet), end="", file=sys.stderr)
        print(lines(tests.file.path, _on_file(tests.file), quiet=self.quiet), end="", file=sys.stderr)

    def finish(self) -> int:
        """Tell the counts, and return the exit code: 1 where a file could not be written."""
        if not self.quiet:
            shown = [tests.file for tests in self.told if tests.file.state in (State.NEW, State.CHANGED)]
            ignored = sum(is_passed_over(file.path) for file in shown) if self.mode is Mode.DIFF else 0
            print(summary(self.told, self.mode), passed_over(ignored), sep="", end="", file=sys.stderr)
        return int(any(tests.file.state is State.FAILED for tests in self.told))


def summary(told: list[RuleTests], mode: Mode) -> str:
    r"""Return the line that ends a run.

    Examples
    --------
    >>> summary([], Mode.WRITE)
    'No rule tests, since no rule was converted.\n'
    """
    if not told:
        return "No rule tests, since no rule was converted.\n"
    in_use = [tests for tests in told if tests.file.state in _IN_USE]
    selections = [selection for tests in in_use for selection in tests.selections]
    skipped = sum(not selection.calls for selection in selections)
    wrong = sum(bool(selection.wrong) for selection in selections)
    where = counted(len(in_use), "file")
    said = f"{counted(len(selections), 'rule test')} in {where}: {len(selections) - skipped} run"
    said += f", {skipped} skipped for the reasons above" if skipped else ", 0 skipped"
    if wrong:
        said += f"; {counted(wrong, 'rule')} {'is' if wrong == 1 else 'are'} wrong"
    return f"{said}. {_what_became(told, mode)}.\n"


def _what_became(told: list[RuleTests], mode: Mode) -> str:
    states = Counter(tests.file.state for tests in told)
    changed = states[State.NEW] + states[State.CHANGED]
    written = "written" if mode is Mode.WRITE else "would be written"
    parts = [f"{counted(changed, 'file')} {written}"]
    parts += [f"{states[s]} {s.value}" for s in (State.SAME, State.KEPT, State.FAILED) if states[s]]
    return ", ".join(parts)


def _as_conversion(file: RuleTestFile) -> Conversion:
    whole = Edit(Span(0, len(file.old)), file.content)
    return Conversion(SourceFile(file.path, file.old), file.content, (whole,))


# -- remarks -------------------------------------------------------------------------------


def _on_file(file: RuleTestFile) -> Iterator[Diagnostic]:
    if file.state is State.KEPT:
        message = "was edited, and is kept as it is"
        hint = "Delete or move it, and its tests are generated again."
        yield Diagnostic("rule-tests-kept", Severity.NOTE, message, hint, 1, 1)
    elif file.state is State.FAILED:
        yield Diagnostic("rule-tests-failed", Severity.ERROR, file.problem, "", 1, 1)


def _on_rules(tests: RuleTests, mode: Mode) -> Iterator[Diagnostic]:
    if tests.problem:
        count = counted(len(tests.selections), "test")
        message = f"{count} skipped: {tests.problem}"
        yield Diagnostic("not-run", Severity.WARNING, message, "", 1, 1)
        return
    for selection in tests.selections:
        subject = selection.subject
        # people look into the file that they have
        line = subject.line if mode is Mode.WRITE else line_before(tests.conversion, subject)
        yield from _on_rule(selection, line)


def _on_lines(tests: RuleTests) -> Iterator[Diagnostic]:
    """Yield what no call runs; it may be only for seeds of some form, and is no fault of a rule."""
    for selection in tests.selections:
        if selection.idle:
            some = "line" if len(selection.idle) == 1 else "lines"
            where = f"{some} {', '.join(map(str, sorted(selection.idle)))} of the converted file"
            message = f"no call in the test of `{selection.subject.name}` is known to run {where}"
            yield Diagnostic("partly-tested", Severity.NOTE, message, "", min(selection.idle), 1)


def _on_rule(selection: Selection, line: int) -> Iterator[Diagnostic]:
    name = selection.subject.name
    for trial in selection.wrong:
        message = f"`{name}` is wrong: {trial.message}"
        hint = f"In {trial.inputs}. Its test fails; `adjoint2rrule verify` tells if it was right before."
        yield Diagnostic("wrong-rule", Severity.WARNING, message, hint, line, 1)
    for trial in selection.ended[:1]:
        what = "hangs" if trial.verdict is Verdict.HANGS else "ends the interpreter"
        message = f"`{name}` {what} in {trial.inputs}, which is no part of its test"
        yield Diagnostic("unusable-call", Severity.NOTE, message, "", line, 1)
    if not selection.calls:
        message = f"`{name}` has a test that is skipped: {selection.reason}"
        yield Diagnostic("skipped-rule-test", Severity.NOTE, message, "", line, 1)
