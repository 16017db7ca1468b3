"""Which calls of a rule become its test: a few that show all of it, or the reason why there is none.

Where the calls were tried, the lines that each runs tell; where nothing was run, the options that the rule
branches on. What a rule gets wrong always stays in its test.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from adjoint2rrule.proof.model import Body, Inputs, Reach, Search, Subject, Take, Trial, Verdict

MOST_CALLS = 4
WELL_MEANT = 3  # calls that pass, after which one that does not is doubted before the rule is

_SETTLED = frozenset({Verdict.PASSES, Verdict.WRONG})
_ENDED = frozenset({Verdict.HANGS, Verdict.DIES})


@dataclass(frozen=True)
class Selection:
    """What the test of a rule calls.

    Attributes
    ----------
    subject
        The rule.
    calls
        The calls; none where the test is skipped.
    reason
        Why it is skipped, in words; empty where it is not.
    wrong
        The trials among them in which finite differences contradict the rule, or that show that it suits
        none of the calls.
    ended
        The trials that hung or ended the interpreter, whose calls are not used.
    idle
        The lines of the rule, in the converted file, that none of the calls runs, as far as that is known.
    """

    subject: Subject
    calls: tuple[Inputs, ...] = ()
    reason: str = ""
    wrong: tuple[Trial, ...] = ()
    ended: tuple[Trial, ...] = ()
    idle: frozenset[int] = frozenset()


def select_untried(subject: Subject, search: Search) -> Selection:
    """Return the selection where nothing was run: the first call, and others with options that matter."""
    if not search.found:
        return Selection(subject, reason=_unknown(subject, search))
    calls: dict[tuple[str, ...], Inputs] = {}
    for call in search.found:
        calls.setdefault(_options(subject, call), call)
    return Selection(subject, tuple(calls.values())[:MOST_CALLS])


def select_tried(
    subject: Subject, search: Search, trials: Sequence[Trial], lines: Collection[int] = ()
) -> Selection:
    """Return the selection by what came of the calls, the preferred ones first.

    Parameters
    ----------
    subject
        The rule.
    search
        What it may be called with.
    trials
        What came of it, in the order of preference.
    lines
        The lines that the rule has.
    """
    ended = tuple(trial for trial in trials if trial.verdict in _ENDED)
    settled = [trial for trial in trials if trial.verdict in _SETTLED]
    unfit = [trial for trial in trials if trial.verdict is Verdict.UNFIT]
    unsettled = any(trial.verdict is Verdict.UNSETTLED for trial in trials)
    # A test that fails says more than none, but only where no call shows what the rule is meant for. One
    # that passes because there is nothing to differentiate must not hide that all others fail.
    vacuous = [trial for trial in trials if trial.verdict is Verdict.VACUOUS]
    last_resort = vacuous if unsettled or not unfit else unfit
    chosen = _telling(subject, search, settled) if settled else last_resort[:1]
    if not chosen:
        reason = _rejected(trials) if trials else _unknown(subject, search)
        return Selection(subject, reason=reason, ended=ended)
    wrong = tuple(trial for trial in chosen if trial.verdict in (Verdict.WRONG, Verdict.UNFIT))
    idle = frozenset(lines).difference(*(trial.lines for trial in chosen))
    return Selection(subject, tuple(trial.inputs for trial in chosen), "", wrong, ended, idle)


def _telling(subject: Subject, search: Search, settled: Sequence[Trial]) -> list[Trial]:
    """Return the first of the trials, and those after it that show something new of the rule.

    The first call that the rule gets wrong is always among them. After a few that pass, though, guesses
    become far-fetched (complex numbers for a rule that never mentions them), and say nothing against it.
    """
    meant = {*search.found, *(trial.inputs for trial in _up_to_passes(settled, WELL_MEANT))}
    seen: set[int] = set()
    options: set[tuple[str, ...]] = set()
    wrong: Trial | None = None
    chosen: list[Trial] = []
    for trial in settled:
        own = _options(subject, trial.inputs)
        is_new = bool(trial.lines - seen) or (own not in options and trial.verdict is Verdict.PASSES)
        is_wrong = trial.verdict is Verdict.WRONG and (is_new or trial.inputs in meant)
        if not chosen or is_new or (is_wrong and wrong is None):
            chosen.append(trial)
            seen |= trial.lines
            options.add(own)
        wrong = wrong or (trial if is_wrong else None)
    kept = chosen[:MOST_CALLS]
    return kept if wrong is None or wrong in kept else [*kept[:-1], wrong]


def _up_to_passes(trials: Iterable[Trial], count: int) -> Iterator[Trial]:
    """Yield the trials up to the one that is the last of so many that pass."""
    for trial in trials:
        yield trial
        count -= trial.verdict is Verdict.PASSES
        if not count:
            return


# -- options -------------------------------------------------------------------------------


def _options(subject: Subject, call: Inputs) -> tuple[str, ...]:
    """Return the options of a call that the rule branches on: flags, names, what is `None`.

    All numbers and arrays count as one and the same.
    """
    tested = {name for body in subject.bodies for name in _tested(body)}
    given = dict(zip((p.name for p in subject.parameters if p.take is Take.ONE), call.args, strict=False))
    texts = {name: arg.text for name, arg in (*given.items(), *call.keywords)}
    defaults = {p.name: ast.unparse(p.default) for p in subject.parameters if p.default is not None}
    return tuple(_option(texts.get(name, defaults.get(name, ""))) for name in sorted(tested))


def _tested(body: Body) -> Iterator[str]:
    """Yield the parameters of the rule that conditions in `body` read."""
    parameters = {there: name for name, there in body.names.items()}
    for condition in _conditions(body.node):
        for node in ast.walk(condition):
            if isinstance(node, ast.Name) and node.id in parameters:
                yield parameters[node.id]


def _conditions(function: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        match node:
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) | ast.Match(subject=test):
                yield test
            case ast.BoolOp():
                yield node


def _option(text: str) -> str:
    match ast.parse(text, mode="eval").body if text else None:
        case ast.Constant(value=None | bool() | str()) | ast.Attribute():
            return text
    return "" if not text else "…"


# -- reasons -------------------------------------------------------------------------------


def _unknown(subject: Subject, search: Search) -> str:
    if subject.callee.reach is Reach.NONE:
        return subject.callee.problem
    return "no arguments are known: " + "; ".join(search.missing or ("give its parameters annotations",))


def _rejected(trials: Sequence[Trial]) -> str:
    """Return why none of the calls that were tried can be used, by the one that came furthest."""
    nearest = min(trials, key=lambda trial: list(_WORDS).index(trial.verdict))
    which = f"none of {len(trials)} calls that were tried can be used" if len(trials) > 1 else "it was tried"
    said = nearest.message.partition("\n")[0]
    return f"{which}: {nearest.inputs} {_WORDS[nearest.verdict]}" + (f": {said}" if said else "")


# those that came furthest first
_WORDS = {
    Verdict.UNSETTLED: "is unsettled",
    Verdict.UNFIT: "does not suit the rule",
    Verdict.NO_RULE: "is taken by no rule",
    Verdict.REJECTED: "is rejected",
    Verdict.HANGS: "hangs",
    Verdict.DIES: "ends the interpreter",
}
