"""Trying a rule on a call: what the function says to it, and what finite differences say to the rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

from adjoint2rrule.core import NoTangent, unthunk
from adjoint2rrule.core.dispatch.registry import is_bound
from adjoint2rrule.legacy import LegacyRuleError
from adjoint2rrule.proof.model import Verdict
from adjoint2rrule.proof.worker.calls import Call, CallError
from adjoint2rrule.proof.worker.line_trace import LineTrace
from adjoint2rrule.proof.worker.loading import described
from adjoint2rrule.proof.worker.seeds import random_seed
from adjoint2rrule.proof.worker.sides import Rules
from adjoint2rrule.testing.failure import FailureKind, RuleTestFailure
from adjoint2rrule.testing.tangent_space import NoSpace
from adjoint2rrule.testing.to_vec import tangent_space

VERDICTS = {
    FailureKind.VALUE: Verdict.WRONG,
    FailureKind.PRIMAL: Verdict.WRONG,
    FailureKind.CONSISTENCY: Verdict.WRONG,
    FailureKind.KINK: Verdict.UNSETTLED,
    FailureKind.UNDEFINED: Verdict.UNSETTLED,
    FailureKind.FORM: Verdict.UNFIT,
    FailureKind.RAISES: Verdict.UNFIT,
    FailureKind.NO_RULE: Verdict.NO_RULE,
}


def tried(fresh: Callable[[], Call], rules: Rules, trace: LineTrace | None) -> dict[str, Any]:
    """Return what comes of trying the rule for a call.

    Parameters
    ----------
    fresh
        Makes the call.
    rules
        The rules of the side that is run.
    trace
        Notes the lines of the rule that is meant; `None` where it has none.
    """
    verdict, message = Verdict.PASSES, ""
    try:
        _check_function(rules.call(fresh()))
        is_never_right = _run_traced(rules.call(fresh()), rules, trace)
        _test(rules.call(fresh()), rules, is_never_right)
        if trace is not None and not _can_be_perturbed(rules.call(fresh())):
            verdict, message = Verdict.VACUOUS, "nothing that it is given can be perturbed"
    except CallError as err:
        verdict, message = err.verdict, str(err)
    except Exception as err:  # whatever the user's objects do when they are looked at
        verdict, message = Verdict.UNFIT, f"the value cannot be read: {described(err)}"
    lines = sorted(trace.lines) if trace else []
    return {"verdict": verdict.value, "message": message, "lines": lines}


@contextmanager
def _ending(verdict: Verdict, culprit: str) -> Iterator[None]:
    """Make whatever is raised inside the end of the trial, be it an exit or an interrupt."""
    try:
        yield
    except LegacyRuleError as err:  # what a legacy pullback returned is no result for any arguments
        raise CallError(Verdict.WRONG, str(err)) from err
    except BaseException as err:
        raise CallError(verdict, f"{culprit} raises {described(err)}") from err


def _check_function(call: Call) -> None:
    with _ending(Verdict.REJECTED, "the function"):
        y = call()
    if not _is_finite(y):
        raise CallError(Verdict.REJECTED, f"the value of the function is not finite: {y!r:.200}")


def _is_finite(y: Any) -> bool:
    try:
        return bool(np.isfinite(tangent_space(y).vector(y)).all())
    except Exception:  # of a value with parts of some odd kind; the test will say more
        return True


def _run_traced(call: Call, rules: Rules, trace: LineTrace | None) -> bool:
    """Run the rule for the lines that it runs; return whether its result has a form that is always wrong."""
    with _ending(Verdict.UNFIT, "the rule"), trace.on() if trace else nullcontext():
        pair = rules.tested_pair(call)
        result = _pulled(pair)
    if pair is None:
        raise CallError(Verdict.NO_RULE, "no rule takes these arguments")
    if trace is not None and not trace.lines:
        raise CallError(Verdict.NO_RULE, "another rule takes these arguments")
    return _is_never_right(result, call)


def _pulled(pair: Any) -> Any:
    """Return what the pullback gives, with its thunks run; `None` where there is no pullback."""
    if not (isinstance(pair, tuple) and len(pair) == 2 and callable(pair[1])):
        return None
    y, pullback = pair
    cotangents = pullback(random_seed(y))
    return tuple(map(unthunk, cotangents)) if isinstance(cotangents, tuple) else cotangents


def _is_never_right(cotangents: Any, call: Call) -> bool:
    """Return whether no arguments could make this the result of a pullback.

    A cotangent of another shape can mean that the rule is not written for such arguments; a tuple that is
    too short, or a `None` in it, is a mistake whatever they are.
    """
    if not isinstance(cotangents, tuple) or len(cotangents) <= len(call.args):
        return True
    owner = call.f.__self__ if is_bound(call.f) else call.f
    if isinstance(tangent_space(owner), NoSpace) and cotangents[0] is not NoTangent():
        return True
    return any(x̄ is None or isinstance(x̄, (tuple, list, dict)) for x̄ in cotangents[: 1 + len(call.args)])


def _can_be_perturbed(call: Call) -> bool:
    """Return whether there is a direction for a derivative; without one, all that a rule says is right."""
    return any(tangent_space(x).size for x in (call.f, *call.args))


def _finding(failure: RuleTestFailure) -> str:
    """Return what a test found; reports say which rule it is for, and the numbers are always the same."""
    named, _, finding = str(failure).partition("): ")
    return re.sub(r" \[rng=\d+\]$", "", finding or named)


def _test(call: Call, rules: Rules, is_never_right: bool) -> None:
    try:
        rules.test(call)
    except RuleTestFailure as failure:
        verdict = VERDICTS[failure.kind]
        if verdict is Verdict.UNFIT and (is_never_right or isinstance(failure.__cause__, LegacyRuleError)):
            verdict = Verdict.WRONG
        raise CallError(verdict, _finding(failure)) from failure
    except BaseException as err:
        raise CallError(Verdict.UNFIT, f"the rule raises {described(err)}") from err
