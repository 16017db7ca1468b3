"""Legacy and converted rules side by side: both are run on the same calls, in subprocesses of their own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from adjoint2rrule.convert.model import Options
from adjoint2rrule.proof.compare import Agreement, Comparison, compare, conclusion
from adjoint2rrule.proof.copies import Copies, package_copies
from adjoint2rrule.proof.findings import Failure, Finding, Status, Wrong
from adjoint2rrule.proof.inputs import CallIndex, search
from adjoint2rrule.proof.lines import rule_lines
from adjoint2rrule.proof.model import Inputs, Run, Side, Subject, Trial, Verdict
from adjoint2rrule.proof.origins import line_before
from adjoint2rrule.proof.pairs import Batch, Pair, Work
from adjoint2rrule.proof.selection import Selection, select_tried
from adjoint2rrule.proof.trying import tried
from adjoint2rrule.proof.workers import Worker

Found = Finding | Failure

# Besides the calls that a test of the rule would make: on how many of each outcome both sides have to agree.
_MORE = {
    Verdict.PASSES: 3,
    Verdict.VACUOUS: 1,
    Verdict.UNSETTLED: 2,
    Verdict.UNFIT: 2,
    Verdict.HANGS: 1,
    Verdict.DIES: 1,
    Verdict.NO_RULE: 1,
}


def verify(
    work: Work, options: Options, timeout: float, started: Callable[[Subject], None] = lambda _: None
) -> Iterator[Sequence[Found]]:
    """Run all rules of `work` on both sides; yield what came of them, file by file.

    Parameters
    ----------
    work
        What is compared.
    options
        What the files were converted with.
    timeout
        How many seconds a call may take.
    started
        Told of each rule before it is run.

    Raises
    ------
    WorkerError
        Where rules cannot be run at all, since a package that this takes is not there.
    """
    known: dict[str, list[Found]] = {}
    for found in work.told:
        known.setdefault(found.path, []).append(found)
    for batch in work.batches:
        for path, findings in _of_batch(batch, options, timeout, started):
            yield sorted([*findings, *known.pop(path, [])], key=lambda found: found.line)
    yield from known.values()


def _of_batch(
    batch: Batch, options: Options, timeout: float, started: Callable[[Subject], None]
) -> Iterator[tuple[str, list[Found]]]:
    """Yield what came of each file of a project, with its path."""

    def worker(copies: Copies, side: Side) -> Worker:
        modules = options.legacy_modules
        return Worker(copies.paths, side, legacy_modules=modules, runtime=options.runtime, timeout=timeout)

    with (
        package_copies(batch.before, batch.roots) as old,
        package_copies(batch.after, batch.roots) as new,
        worker(old, Side.LEGACY) as before,
        worker(new, Side.CONVERTED) as after,
    ):
        for problem in dict.fromkeys((*old.problems, *new.problems)):
            path, _, reason = problem.partition(": ")
            yield path, [Failure(path, 1, reason)]
        sides = _Sides(before, after, batch.revision, options.project)
        for pair in batch.pairs:
            yield pair.file.conversion.source.path, list(sides.compared(pair, started))


@dataclass(frozen=True)
class _Sides:
    """The two processes in which the rules of a project are run."""

    before: Worker
    after: Worker
    revision: str  # where the legacy side comes from; empty for the files of today
    projects: bool  # whether converted rules project their cotangents

    def compared(self, pair: Pair, started: Callable[[Subject], None]) -> Iterator[Found]:
        """Yield what came of the rules of a file."""
        lost = self._lost(pair)
        if lost is not None:
            yield lost
            return
        calls = CallIndex(pair.file.project)
        for subject in pair.subjects:
            started(subject)
            yield self._finding(pair, subject, calls)

    def _lost(self, pair: Pair) -> Found | None:
        """Return why no rule of a file can be run, `None` where they can."""
        path, module = pair.file.conversion.source.path, pair.subjects[0].module
        if not module:
            return Failure(
                path, 1, "it cannot be imported, since its name is no module's", len(pair.subjects)
            )
        before, after = (worker.load([module])[module] for worker in (self.before, self.after))
        if after and not before:
            message = f"it can be imported before, and not after: {after}"
            return Finding(path, 1, module, Status.DIFFERENT, message)
        if before:
            when = "cannot be imported" if after else "cannot be imported before, only after"
            return Failure(path, 1, f"it {when}: {before}", len(pair.subjects))
        return None

    def _finding(self, pair: Pair, subject: Subject, index: CallIndex) -> Finding:
        conversion = pair.file.conversion
        known = search(subject, pair.file.project, index)
        lines = rule_lines(conversion.result, subject)
        trials = tried(self.after, subject, known, lines)
        selection = select_tried(subject, known, trials)
        chosen = _chosen(selection.calls, trials)
        runs = [(self.before.run(subject, t.inputs), self.after.run(subject, t.inputs)) for t in chosen]
        compared = [(t, self._compared(*both)) for t, both in zip(chosen, runs, strict=True)]
        telling = [(t, c) for t, c in compared if t.verdict is not Verdict.NO_RULE or _is_different(c)]
        place = (conversion.source.path, line_before(conversion, subject), subject.name)
        if not telling:
            return Finding(*place, Status.NOT_RUN, selection.reason)
        status, message = conclusion([comparison for _, comparison in telling])
        if status is Status.EQUAL:
            message += _not_reached(lines, [after for _, after in runs])
        return Finding(
            *place,
            status,
            message,
            calls=tuple(comparison.call for _, comparison in telling),
            notes=_notes(telling),
            printed=_printed(runs),
            wrong=self._wrong(subject, selection, telling),
        )

    def _compared(self, before: Run, after: Run) -> Comparison:
        if self.revision and before.verdict is Verdict.NO_RULE:  # people write new rules, too
            message = f"there is no rule for the call in {self.revision}"
            return Comparison(str(before.inputs), Agreement.NOT_RUN, message)
        return compare(before, after, projects=self.projects)

    def _wrong(
        self, subject: Subject, selection: Selection, telling: Iterable[tuple[Trial, Comparison]]
    ) -> Wrong | None:
        """Return what finite differences say against the legacy rule."""
        for trial, comparison in telling:
            is_wrong = trial in selection.wrong
            if is_wrong or _is_different(comparison):  # what is equal to a rule that passes is right too
                for legacy in self.before.trials(subject, [trial.inputs]):
                    if legacy.verdict is Verdict.WRONG or (is_wrong and legacy.verdict is Verdict.UNFIT):
                        return Wrong(comparison.call, legacy.message, still=is_wrong)
        return None


def _chosen(calls: Iterable[Inputs], trials: Sequence[Trial]) -> list[Trial]:
    """Return the trials of `calls`, and a few of those that came out otherwise, each call once."""
    wanted = set(calls)
    kinds = [[t for t in trials if t.inputs in wanted]]
    kinds += [[t for t in trials if t.verdict is verdict][:most] for verdict, most in _MORE.items()]
    return list({trial.inputs: trial for kind in kinds for trial in kind}.values())


def _is_different(comparison: Comparison) -> bool:
    return comparison.agreement is Agreement.DIFFERENT


def _notes(telling: Sequence[tuple[Trial, Comparison]]) -> tuple[str, ...]:
    """Return what is worth telling of the calls that suit the rule, or of all where none does."""
    suited = [comparison for trial, comparison in telling if trial.verdict is not Verdict.UNFIT]
    comparisons = suited or [comparison for _, comparison in telling]
    return tuple(dict.fromkeys(note for comparison in comparisons for note in comparison.notes))


def _not_reached(lines: Collection[int], runs: Iterable[Run]) -> str:
    """Return how much of a rule was not run, in words; nothing where all of it was."""
    left = set(lines).difference(*(run.lines for run in runs))
    return f"; {len(left)} of its {len(lines)} lines not run" if left else ""


def _printed(runs: Iterable[tuple[Run, Run]]) -> str:
    """Return what was written by the runs, each text once."""
    texts = (run.printed.rstrip() for pair in runs for run in pair)
    return "\n".join(dict.fromkeys(text for text in texts if text))
