"""Tests for every rule of the files that a run converted: from conversions to test files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from keyword import iskeyword
from pathlib import Path

from adjoint2rrule.convert.model import Adapted, Conversion, Converted, Options
from adjoint2rrule.proof.converted import ConvertedFile, converted_file
from adjoint2rrule.proof.copies import package_copies
from adjoint2rrule.proof.inputs import CallIndex, search
from adjoint2rrule.proof.lines import rule_lines
from adjoint2rrule.proof.model import Side, Subject
from adjoint2rrule.proof.selection import Selection, select_tried, select_untried
from adjoint2rrule.proof.test_files.rendering import LINE_LENGTH, rendered
from adjoint2rrule.proof.test_files.writing import RuleTestFile, State, planned, saved
from adjoint2rrule.proof.trying import tried
from adjoint2rrule.proof.workers import Worker

Started = Callable[[Subject], None]


@dataclass(frozen=True, eq=False)
class RuleTests:
    """The tests of one converted file.

    Attributes
    ----------
    conversion
        What became of the file.
    selections
        What the test of each of its rules calls.
    file
        The test file.
    problem
        Why nothing of the file could be run, in words.
    """

    conversion: Conversion
    selections: tuple[Selection, ...]
    file: RuleTestFile
    problem: str = ""


def files_with_rules(conversions: Iterable[Conversion], options: Options) -> list[ConvertedFile]:
    """Return the files in which something was converted, as they become, as far as they hold rules."""
    changed = (c for c in conversions if any(isinstance(d, Converted | Adapted) for d in c.decisions))
    return [file for file in (converted_file(c, options) for c in changed) if file.subjects]


def rule_tests(
    files: Iterable[ConvertedFile],
    options: Options,
    directory: str,
    time_limit: float | None = None,
    started: Started = lambda _: None,
) -> Iterator[RuleTests]:
    """Yield the tests of all rules of the files, and write none of them.

    Parameters
    ----------
    files
        The files, as they become.
    options
        What the files were converted with.
    directory
        Where test files stand.
    time_limit
        How many seconds a call may take; `None` where nothing of the user's may be run at all.
    started
        Told of each rule before it is run.

    Raises
    ------
    WorkerError
        Where nothing can be run, since a package that this takes is not there.
    """
    owners: dict[str, str] = {}  # the file that each test file is for
    for group in _by_roots(files):
        with _chooser(group, options, time_limit, started) as chosen:
            for file in group:
                tests = _tests(file, chosen(file), directory)
                path = file.conversion.source.path
                owner = owners.setdefault(tests.file.path, path)
                yield tests if owner == path else _taken(tests, owner)


def written(tests: RuleTests) -> RuleTests:
    """Write the test file, where it is new or changes, and return what came of it."""
    return replace(tests, file=saved(tests.file))


def _by_roots(files: Iterable[ConvertedFile]) -> Iterable[list[ConvertedFile]]:
    """Return the files by the project that they belong to."""
    groups: dict[tuple[Path, ...], list[ConvertedFile]] = {}
    for file in files:
        groups.setdefault(file.project.roots, []).append(file)
    return groups.values()


def _tests(file: ConvertedFile, chosen: _Chosen, directory: str) -> RuleTests:
    project, module = file.project, file.subjects[0].module

    def is_first_party(top: str) -> bool:
        return project.find(top) is not None

    width = project.line_length or LINE_LENGTH
    text = rendered(module, chosen.selections, is_first_party, width)
    test_file = planned(directory, module or _path(file).stem, text)
    return RuleTests(file.conversion, chosen.selections, test_file, chosen.problem)


def _taken(tests: RuleTests, owner: str) -> RuleTests:
    problem = f"holds the tests of {owner}, a module of the same name: give each project a folder of its own"
    return replace(tests, file=replace(tests.file, state=State.FAILED, problem=problem))


def _path(file: ConvertedFile) -> Path:
    return Path(file.conversion.source.path).absolute()


# -- which calls ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Chosen:
    """The selections for the rules of a file, and why nothing of it can be run."""

    selections: tuple[Selection, ...]
    problem: str = ""


@contextmanager
def _chooser(
    files: Sequence[ConvertedFile], options: Options, time_limit: float | None, started: Started
) -> Iterator[Callable[[ConvertedFile], _Chosen]]:
    """Give what chooses the calls for the rules of a file, one of the `files` of a project."""
    if time_limit is None:
        yield _untried
        return
    contents = {_path(file): file.conversion.result for file in files}
    with (
        package_copies(contents, files[0].project.roots) as copies,
        Worker(
            copies.paths,
            Side.CONVERTED,
            legacy_modules=options.legacy_modules,
            runtime=options.runtime,
            timeout=time_limit,
        ) as worker,
    ):
        yield _Probe(worker, started, copies.problems).chosen


def _untried(file: ConvertedFile) -> _Chosen:
    """Return the selections where nothing is run."""
    if not _is_importable(file):
        return _none(file, _NO_MODULE)
    calls = CallIndex(file.project)
    return _Chosen(tuple(select_untried(s, search(s, file.project, calls)) for s in file.subjects))


@dataclass(frozen=True)
class _Probe:
    """Tries the calls of rules in a subprocess."""

    worker: Worker
    started: Started
    problems: tuple[str, ...]  # what could not be copied

    def chosen(self, file: ConvertedFile) -> _Chosen:
        """Return the selections for the rules of a file."""
        if not _is_importable(file):
            return _none(file, _NO_MODULE)
        module = file.subjects[0].module
        reason = self.worker.load([module])[module]
        if reason:
            problem = "; ".join((reason, *self.problems))
            return _none(file, f"`{module}` cannot be imported", problem)
        calls = CallIndex(file.project)
        return _Chosen(tuple(self._selection(subject, file, calls) for subject in file.subjects))

    def _selection(self, subject: Subject, file: ConvertedFile, calls: CallIndex) -> Selection:
        self.started(subject)
        known = search(subject, file.project, calls)
        lines = rule_lines(file.conversion.result, subject)
        return select_tried(subject, known, tried(self.worker, subject, known, lines), lines)


_NO_MODULE = "it cannot be imported, since its name is no module's"


def _none(file: ConvertedFile, reason: str, details: str = "") -> _Chosen:
    """Return skips for all rules of a file; the details, which may change from day to day, are told alone."""
    skips = tuple(Selection(subject, reason=reason) for subject in file.subjects)
    return _Chosen(skips, f"{reason}: {details}" if details else reason)


def _is_importable(file: ConvertedFile) -> bool:
    parts = file.subjects[0].module.split(".")
    return all(part.isidentifier() and not iskeyword(part) for part in parts)
