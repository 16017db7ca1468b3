"""What ``verify`` tells: a line for each rule on standard output, and the counts on standard error."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from adjoint2rrule.proof.findings import Failure, Finding, Status
from adjoint2rrule.report.text import shown


@dataclass
class Results:
    """What came of the rules of a run so far.

    Attributes
    ----------
    findings
        What came of each rule.
    failures
        The files of which no rule could be run.
    """

    findings: list[Finding] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def add(self, found: Iterable[Finding | Failure]) -> None:
        """Take more of them."""
        for one in found:
            if isinstance(one, Finding):
                self.findings.append(one)
            else:
                self.failures.append(one)

    @property
    def wrong(self) -> list[Finding]:
        """The rules whose legacy form contradicts finite differences."""
        return [finding for finding in self.findings if finding.wrong is not None]

    @property
    def exit_code(self) -> int:
        """1 where a rule differs, else 0: what was not run is told, and proves nothing either way."""
        return int(any(finding.status is Status.DIFFERENT for finding in self.findings))

    def counts(self) -> dict[Status, int]:
        """Return how many rules had each status, those of files that failed among the ones not run."""
        counts = Counter(finding.status for finding in self.findings)
        counts[Status.NOT_RUN] += sum(failure.rules for failure in self.failures)
        return {status: counts[status] for status in Status}


class Report(Protocol):
    """Tells what came of the rules, file by file, and at the end what came of all."""

    def tell(self, found: Sequence[Finding | Failure]) -> None:
        """Tell what came of one file."""

    def finish(self, nothing: str) -> int:
        """Tell the rest, and return the exit code; `nothing` is what to say where there was nothing to do."""


@dataclass
class TextReport:
    """Tells findings as they come: a line each, aligned within a file."""

    quiet: bool = False
    verbose: bool = False
    results: Results = field(default_factory=Results)

    def tell(self, found: Sequence[Finding | Failure]) -> None:
        """Tell what came of one file."""
        self.results.add(found)
        for line in _lines([f for f in found if not self.quiet or _matters(f)], self.verbose):
            print(line)
        sys.stdout.flush()

    def finish(self, nothing: str) -> int:
        """Tell which legacy rules are wrong, and the counts; return the exit code."""
        for finding in self.results.wrong:
            print(_wrong(finding))
        return _end(self.results, nothing, self.quiet)


@dataclass
class JsonReport:
    """Tells all findings at the end, as one JSON document."""

    quiet: bool = False
    results: Results = field(default_factory=Results)

    def tell(self, found: Sequence[Finding | Failure]) -> None:
        """Take what came of one file."""
        self.results.add(found)

    def finish(self, nothing: str) -> int:
        """Print the document, tell the counts, and return the exit code."""
        print(document(self.results))
        return _end(self.results, nothing, self.quiet)


def _end(results: Results, nothing: str, quiet: bool) -> int:
    if not quiet:
        sys.stdout.flush()  # where both streams go the same way, the counts come last
        print(summary(results, nothing), end="", file=sys.stderr)
    return results.exit_code


def summary(results: Results, nothing: str) -> str:
    r"""Return the lines that end a run; `nothing` is what to say where there was nothing to compare.

    Examples
    --------
    >>> equal = Finding("lab/films.py", 3, "phase", Status.EQUAL, "2 calls, exactly")
    >>> refused = Finding("lab/films.py", 9, "scale", Status.NOT_CONVERTED, "mutating-rule")
    >>> summary(Results([equal, refused]), "Nothing to compare.")
    '2 rules: 1 equal, 0 different, 0 not run, 1 not converted.\n'
    >>> summary(Results(), "Nothing to compare.")
    'Nothing to compare.\n'
    """
    if not (results.findings or results.failures):
        return f"{nothing}\n"
    counts = results.counts()
    total = sum(counts.values())
    said = ", ".join(f"{count} {status.value}" for status, count in counts.items())
    lines = [f"{_count(total, 'rule')}: {said}."]
    if results.failures:
        lines.append(f"{_count(len(results.failures), 'file')} could not be run, for the reasons above.")
    if results.wrong:
        lines.append(_about_wrong(results.wrong))
    return "".join(f"{line}\n" for line in lines)


def document(results: Results) -> str:
    """Return the results as a JSON document."""
    rules = [
        {
            "path": finding.path,
            "line": finding.line,
            "name": finding.name,
            "status": finding.status.value,
            "message": finding.message,
            "calls": list(finding.calls),
            "notes": list(finding.notes),
            "printed": finding.printed,
        }
        for finding in results.findings
    ]
    wrong = [
        {
            "path": finding.path,
            "line": finding.line,
            "name": finding.name,
            "call": finding.wrong.call,
            "message": finding.wrong.message,
            "converted_too": finding.wrong.still,
        }
        for finding in results.findings
        if finding.wrong is not None
    ]
    failures = [
        {"path": failure.path, "line": failure.line, "message": failure.message, "rules": failure.rules}
        for failure in results.failures
    ]
    totals = {status.value: count for status, count in results.counts().items()}
    totals |= {"wrong before": len(wrong), "files not run": len(failures)}
    whole = {"rules": rules, "wrong_before": wrong, "files_not_run": failures, "totals": totals}
    return json.dumps(whole, indent=2, ensure_ascii=False)


def _matters(found: Finding | Failure) -> bool:
    """Whether a quiet run tells it: what differs, and what could not be run at all."""
    return isinstance(found, Failure) or found.status is Status.DIFFERENT


def _lines(found: Sequence[Finding | Failure], verbose: bool) -> Iterator[str]:
    """Yield the lines on one file."""
    fronts = [_front(one) for one in found]
    place_width = max((len(place) for place, name in fronts if name), default=0)
    name_width = max((len(name) for _, name in fronts), default=0)
    for one, (place, name) in zip(found, fronts, strict=True):
        if isinstance(one, Failure):
            yield _indented(f"{place} {_reason(one)}")
        else:
            yield _indented(f"{place:<{place_width}} {name:<{name_width}} {_result(one)}")
            below = [*one.notes, *_details(one)] if verbose else one.notes
            yield from (f"    {_indented(line)}" for line in below)


def _front(found: Finding | Failure) -> tuple[str, str]:
    place = f"{shown(found.path)}:{found.line}:"
    return place, f"{found.name}:" if isinstance(found, Finding) else ""


def _result(finding: Finding) -> str:
    if finding.status is Status.EQUAL:
        return f"{finding.status.value} ({finding.message})"
    return f"{finding.status.value}: {finding.message}"


def _details(finding: Finding) -> Iterable[str]:
    yield from finding.calls
    if finding.printed:
        yield f"it wrote:\n{finding.printed.rstrip()}"


def _reason(failure: Failure) -> str:
    rules = f" ({_count(failure.rules, 'rule')})" if failure.rules else ""
    return f"{Status.NOT_RUN.value}{rules}: {failure.message}"


def _wrong(finding: Finding) -> str:
    assert finding.wrong is not None
    when = "before and after" if finding.wrong.still else "before"
    front = f"{shown(finding.path)}:{finding.line}: {finding.name}: wrong by finite differences, {when}"
    return _indented(f"{front}, in {finding.wrong.call}: {finding.wrong.message}")


def _about_wrong(wrong: list[Finding]) -> str:
    still = sum(finding.wrong is not None and finding.wrong.still for finding in wrong)
    some = "" if still == len(wrong) else f"{still} of them "
    after = f", {some or 'and '}after the conversion too" if still else ""
    which = "1 legacy rule is" if len(wrong) == 1 else f"{len(wrong)} legacy rules are"
    return f"{which} wrong by finite differences{after}: see the line{'s' * (len(wrong) != 1)} above."


def _indented(text: str) -> str:
    """Return `text` with all lines but the first below what it belongs to."""
    return "\n        ".join(text.splitlines())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
