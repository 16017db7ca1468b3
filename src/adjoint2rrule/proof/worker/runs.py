"""Running a rule on a call, for the comparison of both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adjoint2rrule.proof.model import Verdict
from adjoint2rrule.proof.worker.calls import Call, CallError
from adjoint2rrule.proof.worker.leaves import Leaf, cotangent_leaves, value_leaves
from adjoint2rrule.proof.worker.loading import described
from adjoint2rrule.proof.worker.seeds import seeds
from adjoint2rrule.proof.worker.sides import Rules
from adjoint2rrule.testing.case import Case
from adjoint2rrule.testing.check_result import Tolerance


@dataclass(frozen=True)
class Started:
    """A call whose rule was run: the call with its arguments, the value, and the pullback."""

    case: Case
    y: Any
    pullback: Callable[[Any], Any]


def run(fresh: Callable[[], Call], rules: Rules) -> dict[str, Any]:
    """Return the value that the rule gives for a call, and its cotangents for several seeds.

    The answer has the fields of `adjoint2rrule.proof.model.Run`. `fresh` makes the call; each seed is pulled
    back by a pullback of its own, for arguments of its own.
    """
    try:
        first = _started(fresh, rules)
        value = list(value_leaves(first.y))
        changes = _changes(first.case)
        pulled = []
        for k, (words, _) in enumerate(seeds(first.y)):
            started = _started(fresh, rules)
            pulled.append({"seed": words} | _pulled(started, k))
            changes = changes or _changes(started.case)
    except CallError as err:
        return {"verdict": err.verdict.value, "failure": str(err)}
    except Exception as err:  # whatever the user's objects do when they are looked at
        return {"verdict": Verdict.UNFIT.value, "failure": f"the value cannot be read: {described(err)}"}
    return {"verdict": Verdict.PASSES.value, "value": value, "pulled": pulled, "changes": changes}


def _started(fresh: Callable[[], Call], rules: Rules) -> Started:
    call = rules.call(fresh())
    case = Case.of("verify", (call.f, *call.args), call.keywords, 0, Tolerance())
    try:
        pair = rules.pair(call)
    except BaseException as err:
        raise CallError(Verdict.UNFIT, f"the rule raises {described(err)}") from err
    if pair is None:
        raise CallError(Verdict.NO_RULE, "no rule takes these arguments")
    if not (isinstance(pair, tuple) and len(pair) == 2 and callable(pair[1])):
        raise CallError(Verdict.UNFIT, "the rule does not return a pair of a value and a pullback")
    return Started(case, *pair)


def _changes(case: Case) -> str:
    """Return which of its arguments the call has changed, in words."""
    try:
        case.check_unchanged(case.primals, case.keywords, "the call")
    except AssertionError as err:
        return str(err)
    return ""


def _pulled(started: Started, k: int) -> dict[str, Any]:
    """Return what the pullback makes of seed number `k`: the fields of `model.Pulled` but the seed."""
    _, seed = list(seeds(started.y))[k]
    primals = started.case.primals
    try:
        cotangents = started.pullback(seed)
        if not isinstance(cotangents, tuple) or len(cotangents) < len(primals):
            return {"cotangents": [], "failure": f"the pullback returned {cotangents!r:.200}"}
        return {
            "cotangents": [_cotangent(started.case, i, x̄) for i, x̄ in enumerate(cotangents[: len(primals)])],
            "failure": "",
        }
    except BaseException as err:
        return {"cotangents": [], "failure": f"the pullback raises {described(err)}"}


def _cotangent(case: Case, i: int, x̄: Any) -> dict[str, Any]:
    leaves: list[Leaf]
    leaves, problem = cotangent_leaves(x̄, case.primals[i])
    place = case.place(i, "")
    return {"place": place.position, "name": place.name or "", "leaves": leaves, "problem": problem}
