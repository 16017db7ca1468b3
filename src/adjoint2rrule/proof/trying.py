"""Trying what a rule may be called with, until more calls would tell nothing new."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from adjoint2rrule.proof.model import Search, Subject, Trial, Verdict
from adjoint2rrule.proof.workers import ENOUGH, Worker

BUDGET = 60.0  # seconds for all calls of a rule
MOST_ENDED = 3  # calls that hang or crash: what ends so often will do so again, and costs most
MOST_IN_VAIN = 25  # calls that suit the rule and run no new line: what is left may be out of reach


def tried(worker: Worker, subject: Subject, search: Search, lines: Collection[int]) -> tuple[Trial, ...]:
    """Return what came of calling a rule, in the order of preference.

    Parameters
    ----------
    worker
        The subprocess of the converted side.
    subject
        The rule.
    search
        What it may be called with.
    lines
        The lines that it has, see `adjoint2rrule.proof.lines.rule_lines`.
    """
    calls = chain(search.found, search.possible)
    return tuple(worthwhile(worker.trials(subject, calls, budget=BUDGET), lines))


def worthwhile(trials: Iterable[Trial], lines: Collection[int]) -> Iterator[Trial]:
    """Yield trials for as long as there is something to be learnt from the next one.

    Parameters
    ----------
    trials
        The trials, each made when it is asked for.
    lines
        The lines that the rule has. Where all of them were run, or there are none, a few calls that suit the
        rule are enough, whether it is right or wrong.
    """
    left = set(lines)
    ended = suited = in_vain = 0
    for trial in trials:
        yield trial
        is_suited = trial.verdict in (Verdict.PASSES, Verdict.WRONG)
        in_vain = 0 if trial.lines & left else in_vain + is_suited
        left -= trial.lines
        suited += is_suited
        ended += trial.verdict in (Verdict.HANGS, Verdict.DIES)
        if ended == MOST_ENDED or in_vain == MOST_IN_VAIN or (suited >= ENOUGH and not left):
            return
