"""What the subprocess answers, as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adjoint2rrule.proof.model import Cotangent, Inputs, Leaf, Pulled, Run, Trial, Verdict

Answer = Mapping[str, Any]


def trial_of(inputs: Inputs, answer: Answer) -> Trial:
    """Return what came of trying a rule on a call.

    Examples
    --------
    >>> from adjoint2rrule.proof.model import Expression
    >>> call = Inputs(Expression("abs"), (Expression("0.0"),))
    >>> trial_of(call, {"verdict": "unsettled", "message": "there is a kink", "lines": [3]})
    ... # doctest: +ELLIPSIS
    Trial(..., verdict=<Verdict.UNSETTLED: 'unsettled'>, message='there is a kink', lines=frozenset({3}), ...)
    """
    return Trial(
        inputs,
        Verdict(answer["verdict"]),
        answer.get("message", ""),
        frozenset(answer.get("lines", ())),
        answer.get("printed", ""),
    )


def run_of(inputs: Inputs, answer: Answer) -> Run:
    """Return what one side made of a call."""
    return Run(
        inputs,
        value=tuple(map(_leaf, answer.get("value", ()))),
        pulled=tuple(map(_pulled, answer.get("pulled", ()))),
        changes=answer.get("changes", ""),
        verdict=Verdict(answer["verdict"]),
        failure=answer.get("failure", ""),
        lines=frozenset(answer.get("lines", ())),
        printed=answer.get("printed", ""),
    )


def _pulled(answer: Answer) -> Pulled:
    return Pulled(answer["seed"], tuple(map(_cotangent, answer["cotangents"])), answer["failure"])


def _cotangent(answer: Answer) -> Cotangent:
    leaves = tuple(map(_leaf, answer["leaves"]))
    return Cotangent(answer["place"], answer["name"], leaves, answer["problem"])


def _leaf(answer: Answer) -> Leaf:
    shape, numbers = answer["shape"], answer["numbers"]
    return Leaf(
        path=answer["path"],
        shape=None if shape is None else tuple(shape),
        numbers=tuple(complex(*number) if isinstance(number, list) else number for number in numbers),
        dtype=answer["dtype"],
        text=answer["text"],
    )
