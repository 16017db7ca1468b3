"""Whether a rule does the same before and after: two runs of one call, compared number by number.

What is compared is all that the runs gave: the value, every part of the cotangent of every argument for
every seed, what was raised, and whether the arguments were changed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest

from adjoint2rrule.proof.findings import Status
from adjoint2rrule.proof.model import Cotangent, Leaf, Pulled, Run, Verdict

# How far the sums of the same terms in another order may lie apart, relative to the largest number of an
# array. Anything that is really different is different by more, and less precise numbers are allowed more.
_ROUNDING = 1e-10
_ROUNDING_OF = {"float32": 3e-4, "complex64": 3e-4, "float16": 3e-2}


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


class _DifferenceError(Exception):
    """Something is different; the message says what."""


def compare(before: Run, after: Run) -> Comparison:
    """Return how far the runs of a call by the legacy rule and by the converted one agree.

    Examples
    --------
    >>> from adjoint2rrule.proof.model import Expression, Inputs
    >>> call = Inputs(Expression("square"), (Expression("3.0"),))
    >>> before = Run(call, value=(Leaf("", (), (9.0,), "float64"),))
    >>> after = Run(call, value=(Leaf("", (), (6.0,), "float64"),))
    >>> compare(before, after).message
    'the value is 9.0 before and 6.0 after'
    """
    call = str(before.inputs)
    try:
        if before.verdict is Verdict.PASSES is after.verdict:
            return _compared(call, before, after)
        return Comparison(call, *_without_results(before, after))
    except _DifferenceError as difference:
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
        raise _DifferenceError(f"{_outcome(before)} before, and {_outcome(after)} after")
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


def _compared(call: str, before: Run, after: Run) -> Comparison:
    if before.changes != after.changes:
        raise _DifferenceError(f"{_changes(before)} before, and {_changes(after)} after")
    offs = [_leaves_off("the value", "", before.value, after.value)]
    notes = [f"it changes its arguments, before and after: {before.changes}"] if before.changes else []
    for one, other in zip_longest(before.pulled, after.pulled):
        if one is None or other is None:
            raise _DifferenceError("the numbers of seeds for which there are cotangents are different")
        off, more = _pulled_off(one, other)
        offs.append(off)
        notes += more
    off = max(offs)
    agreement = Agreement.ROUNDED if off else Agreement.EXACT
    return Comparison(call, agreement, off=off, notes=tuple(dict.fromkeys(notes)))


def _changes(run: Run) -> str:
    return f"it changes its arguments ({run.changes})" if run.changes else "it leaves its arguments alone"


def _pulled_off(before: Pulled, after: Pulled) -> tuple[float, list[str]]:
    """Return how far the cotangents for a seed lie apart, and what there is to note."""
    if before.failure or after.failure:
        if _error(before.failure) != _error(after.failure):
            one, other = (pulled.failure or "there are cotangents" for pulled in (before, after))
            raise _DifferenceError(f"{one} before, and {other} after, for {before.seed}")
        return 0.0, [f"before and after, for {before.seed}: {before.failure}"]
    if len(before.cotangents) != len(after.cotangents):
        counts = f"{len(before.cotangents)} cotangents before and {len(after.cotangents)} after"
        raise _DifferenceError(f"the pullback gives {counts}, for {before.seed}")
    pairs = list(zip(before.cotangents, after.cotangents, strict=True))
    offs = [_cotangent_off(one, other) for one, other in pairs]
    notes = [
        f"{_title(one)} is no tangent of it, before and after: {one.problem}"
        for one, _ in pairs
        if one.problem
    ]
    return max(offs, default=0.0), notes


def _cotangent_off(before: Cotangent, after: Cotangent) -> float:
    if bool(before.problem) != bool(after.problem):
        one, other = (f"no tangent of it ({c.problem})" if c.problem else "one" for c in (before, after))
        raise _DifferenceError(f"{_title(before)} is {one} before, and {other} after")
    return _leaves_off(f"the cotangent of {before.place}", before.name, before.leaves, after.leaves)


def _title(cotangent: Cotangent) -> str:
    return f"the cotangent of {_place(cotangent.place, cotangent.name, '')}"


# -- numbers --------------------------------------------------------------------------------------


def _leaves_off(place: str, name: str, before: Iterable[Leaf], after: Iterable[Leaf]) -> float:
    """Return how far the numbers lie apart; raise where they are different, or are not at the same places."""
    old, new = ({leaf.path: leaf for leaf in leaves} for leaves in (before, after))
    return max(
        (_leaf_off(place, name, path, old.get(path), new.get(path)) for path in old | new), default=0.0
    )


def _leaf_off(place: str, name: str, path: str, before: Leaf | None, after: Leaf | None) -> float:
    if before is None or after is None or _form(before) != _form(after):
        one, other = (_described(leaf) for leaf in (before, after))
        raise _DifferenceError(f"{_place(place, name, path)} is {one} before and {other} after")
    off, index = _numbers_off(before.numbers, after.numbers)
    if off > max(_ROUNDING_OF.get(leaf.dtype, _ROUNDING) for leaf in (before, after)):
        where = path + _index(index, before.shape or ())
        one, other = _shown(before.numbers[index]), _shown(after.numbers[index])
        raise _DifferenceError(f"{_place(place, name, where)} is {one} before and {other} after")
    return off


def _numbers_off(before: Sequence[complex], after: Sequence[complex]) -> tuple[float, int]:
    """Return how far numbers lie apart, relative to the largest of them, and where they do so most."""
    gaps = [
        0.0 if _is_same(one, other) else _gap(one, other) for one, other in zip(before, after, strict=True)
    ]
    worst = max(range(len(gaps)), key=gaps.__getitem__, default=0)
    if not gaps or not gaps[worst]:
        return 0.0, 0
    if math.isinf(gaps[worst]):
        return math.inf, worst
    return gaps[worst] / max(abs(number) for number in (*before, *after) if _is_finite(number)), worst


def _is_same(one: complex, other: complex) -> bool:
    """Whether two numbers are equal, as NaN is equal to NaN here."""
    parts = ((one.real, other.real), (one.imag, other.imag))
    return all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in parts)


def _gap(one: complex, other: complex) -> float:
    return abs(one - other) if _is_finite(one) and _is_finite(other) else math.inf


def _is_finite(number: complex) -> bool:
    return math.isfinite(number.real) and math.isfinite(number.imag)


# -- words ----------------------------------------------------------------------------------------


def _form(leaf: Leaf) -> tuple[object, ...]:
    """Return what has to be the same before numbers can be compared."""
    # Where an object stands in memory is no property of it.
    return leaf.shape, len(leaf.numbers), re.sub(r"\b0x[0-9a-fA-F]+", "0x", leaf.text)


def _described(leaf: Leaf | None) -> str:
    if leaf is None:
        return "missing"
    if leaf.shape is None:
        return leaf.text
    if leaf.shape == ():
        return _shown(leaf.numbers[0])
    return f"an array of shape {leaf.shape}"


def _place(place: str, name: str, path: str) -> str:
    return f"{place}{path} (`{name}{path}`)" if name else f"{place}{path}"


def _index(index: int, shape: tuple[int, ...]) -> str:
    """Return the index of an array at which its flat form has `index`.

    Examples
    --------
    >>> _index(5, (2, 3)), _index(0, ())
    ('[1, 2]', '')
    """
    indices: list[int] = []
    for length in reversed(shape):
        index, position = divmod(index, length)
        indices.append(position)
    return f"[{', '.join(map(str, reversed(indices)))}]" if shape else ""


def _shown(number: complex) -> str:
    return repr(number.real) if isinstance(number, complex) and not number.imag else repr(number)
