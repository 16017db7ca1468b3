"""Whether a rule does the same before and after: two runs of one call, compared number by number.

What is compared is all that the runs gave: the value, every part of the cotangent of every argument for
every seed, what was raised, and whether the arguments were changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest

from adjoint2rrule.proof.closeness import DifferenceError, leaves_off, place_of
from adjoint2rrule.proof.findings import Status
from adjoint2rrule.proof.model import Cotangent, Pulled, Run, Verdict


class Agreement(Enum):
    """How far two runs agree."""

    EXACT = "exactly"  # to the last bit
    ROUNDED = "within rounding"
    RAISE = "raise"  # the same error came of both
    NOT_RUN = "not run"  # there is nothing to compare
    DIFFERENT = "different"


@dataclass(frozen=True)
class Comparison:
    """What came of comparing two runs of a call.

    Attributes
    ----------
    call
        The call.
    agreement
        How far they agree.
    message
        What is different, what both raise, or why there is nothing to compare.
    off
        How far rounded numbers lie apart at most, relative to the largest of their array.
    notes
        What is the same on both sides, and still worth telling.
    """

    call: str
    agreement: Agreement
    message: str = ""
    off: float = 0.0
    notes: tuple[str, ...] = ()


def compare(before: Run, after: Run, *, projects: bool = False) -> Comparison:
    """Return how far the runs of a call by the legacy rule and by the converted one agree.

    Parameters
    ----------
    before, after
        The runs.
    projects
        Whether the converted rule projects its cotangents: then it may put right, or refuse, what was no
        tangent of its argument before.

    Examples
    --------
    >>> from adjoint2rrule.proof.model import Expression, Inputs, Leaf
    >>> call = Inputs(Expression("square"), (Expression("3.0"),))
    >>> before = Run(call, value=(Leaf("", (), (9.0,), "float64"),))
    >>> after = Run(call, value=(Leaf("", (), (6.0,), "float64"),))
    >>> compare(before, after).message
    'the value is 9.0 before and 6.0 after'
    """
    call = str(before.inputs)
    try:
        if before.verdict is Verdict.PASSES is after.verdict:
            return _compared(call, before, after, projects)
        return Comparison(call, *_without_results(before, after))
    except DifferenceError as difference:
        return Comparison(call, Agreement.DIFFERENT, str(difference))


def conclusion(comparisons: Sequence[Comparison]) -> tuple[Status, str]:
    """Return what the comparisons of all calls of a rule say of it, and the reason."""
    for comparison in comparisons:
        if comparison.agreement is Agreement.DIFFERENT:
            return Status.DIFFERENT, f"{comparison.message}, in {comparison.call}"
    ran = [comparison for comparison in comparisons if comparison.agreement is not Agreement.NOT_RUN]
    if not ran:
        first = comparisons[0]
        return Status.NOT_RUN, f"{first.message}, in {first.call}"
    return Status.EQUAL, "; ".join([_how_equal(ran), *_raised(ran)])


def _how_equal(ran: Sequence[Comparison]) -> str:
    count = f"{len(ran)} call{'s' * (len(ran) != 1)}"
    rounded = [comparison.off for comparison in ran if comparison.agreement is Agreement.ROUNDED]
    if rounded:
        return f"{count}, within rounding: {max(rounded):.0e}"
    return f"{count}, exactly"


def _raised(ran: Sequence[Comparison]) -> Iterator[str]:
    raised = [comparison for comparison in ran if comparison.agreement is Agreement.RAISE]
    if raised and len(raised) == len(ran):
        yield f"before and after, {raised[0].message}"
    elif raised:
        yield f"in {len(raised)} of them {_error(raised[0].message)}, before and after"


# -- runs that gave no result ---------------------------------------------------------------------


def _without_results(before: Run, after: Run) -> tuple[Agreement, str]:
    verdicts = {before.verdict, after.verdict}
    if Verdict.REJECTED in verdicts:
        run = before if before.verdict is Verdict.REJECTED else after
        return Agreement.NOT_RUN, f"the arguments cannot be made: {run.failure}"
    if len(verdicts) > 1 or (
        before.verdict is Verdict.UNFIT and _error(before.failure) != _error(after.failure)
    ):
        raise DifferenceError(f"{_outcome(before)} before, and {_outcome(after)} after")
    if before.verdict is Verdict.UNFIT:
        return Agreement.RAISE, before.failure
    return Agreement.NOT_RUN, f"{_outcome(before)}, before and after"


def _error(failure: str) -> str:
    """Return what was raised, without its message: that may name what is called otherwise now."""
    return failure.partition(":")[0]


def _outcome(run: Run) -> str:
    match run.verdict:
        case Verdict.PASSES:
            return "it gives a value and a pullback"
        case Verdict.NO_RULE:
            return "no rule takes the call"
    return run.failure


# -- runs that gave one ---------------------------------------------------------------------------


def _compared(call: str, before: Run, after: Run, projects: bool) -> Comparison:
    if before.changes != after.changes:
        raise DifferenceError(f"{_changes(before)} before, and {_changes(after)} after")
    offs = [leaves_off("the value", "", before.value, after.value)]
    notes = [f"it changes its arguments, before and after: {before.changes}"] if before.changes else []
    for one, other in zip_longest(before.pulled, after.pulled):
        if one is None or other is None:
            raise DifferenceError("the numbers of seeds for which there are cotangents are different")
        if projects and (misfits := _misfits(one, other)):
            notes += misfits
            continue
        off, more = _pulled_off(one, other)
        offs.append(off)
        notes += more
    off = max(offs)
    agreement = Agreement.ROUNDED if off else Agreement.EXACT
    return Comparison(call, agreement, off=off, notes=tuple(dict.fromkeys(notes)))


def _changes(run: Run) -> str:
    return f"it changes its arguments ({run.changes})" if run.changes else "it leaves its arguments alone"


def _misfits(before: Pulled, after: Pulled) -> list[str]:
    """Return what was no tangent before, where a projection has put it right or refused it."""
    misfits = [cotangent for cotangent in before.cotangents if cotangent.problem]
    refused = "ProjectionError" in _error(after.failure)
    if not misfits or not (refused or all(not cotangent.problem for cotangent in after.cotangents)):
        return []
    now = "is refused" if refused else "is projected"
    return [f"{_title(c)} was no tangent of it, and {now} after: {c.problem}" for c in misfits]


def _pulled_off(before: Pulled, after: Pulled) -> tuple[float, list[str]]:
    """Return how far the cotangents for a seed lie apart, and what there is to note."""
    surplus = _surplus(before, after)
    if surplus:
        return 0.0, [surplus]
    if before.failure or after.failure:
        if _error(before.failure) != _error(after.failure):
            one, other = (pulled.failure or "there are cotangents" for pulled in (before, after))
            raise DifferenceError(f"{one} before, and {other} after, for {before.seed}")
        return 0.0, [f"before and after, for {before.seed}: {before.failure}"]
    if len(before.cotangents) != len(after.cotangents):
        counts = f"{len(before.cotangents)} cotangents before and {len(after.cotangents)} after"
        raise DifferenceError(f"the pullback gives {counts}, for {before.seed}")
    pairs = list(zip(before.cotangents, after.cotangents, strict=True))
    offs = [_cotangent_off(one, other) for one, other in pairs]
    notes = [
        f"{_title(one)} is no tangent of it, before and after: {one.problem}"
        for one, _ in pairs
        if one.problem
    ]
    return max(offs, default=0.0), notes


def _surplus(before: Pulled, after: Pulled) -> str:
    """Return what only the converted rule gives, where that is no difference; else nothing.

    Legacy pullbacks stumble over `None` for a part of the seed, which they do not look for; arithmetic with
    `ZeroTangent()` works. And cotangents of another form, which the legacy runtime refuses, stay as they are.
    """
    if not before.failure or after.failure:
        return ""
    problems = [f"{_title(c)} is no tangent of it: {c.problem}" for c in after.cotangents if c.problem]
    if "LegacyRuleError" in _error(before.failure) and problems:
        return f"before, for {before.seed}: {before.failure}; after, {problems[0]}"
    if "TypeError" in _error(before.failure) and "NoneType" in before.failure and before.lacks_part:
        return f"only after the conversion there are cotangents for {before.seed}; before, {before.failure}"
    return ""


def _cotangent_off(before: Cotangent, after: Cotangent) -> float:
    if bool(before.problem) != bool(after.problem):
        one, other = (f"no tangent of it ({c.problem})" if c.problem else "one" for c in (before, after))
        raise DifferenceError(f"{_title(before)} is {one} before, and {other} after")
    return leaves_off(f"the cotangent of {before.place}", before.name, before.leaves, after.leaves)


def _title(cotangent: Cotangent) -> str:
    return f"the cotangent of {place_of(cotangent.place, cotangent.name, '')}"
