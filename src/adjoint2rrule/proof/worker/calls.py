"""A call, made of the texts of its parts."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adjoint2rrule.proof.model import Verdict
from adjoint2rrule.proof.worker.loading import described


class CallError(Exception):
    """A call cannot be judged any further.

    Attributes
    ----------
    verdict
        What came of it.
    """

    def __init__(self, verdict: Verdict, message: str) -> None:
        super().__init__(message)
        self.verdict = verdict


@dataclass(frozen=True)
class Call:
    """A function, and what it is called with."""

    f: Any
    args: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self) -> Any:
        """Return the value."""
        return self.f(*self.args, **self.keywords)


def fresh(request: Mapping[str, Any]) -> Call:
    """Return the call as `made` does, with random numbers from the start: the same for every call."""
    random.seed(0)
    np.random.seed(0)
    return made(request)


def made(request: Mapping[str, Any]) -> Call:
    """Return the call that a request describes; each of its parts has imports of its own.

    Raises
    ------
    CallError
        Where a part cannot be imported or evaluated.

    Examples
    --------
    >>> f = {"text": "math.hypot", "imports": ["import math"]}
    >>> made({"function": f, "args": [{"text": "3.0", "imports": []}, {"text": "4.0", "imports": []}]})()
    5.0
    """
    return Call(
        _value(request["function"]),
        tuple(map(_value, request["args"])),
        {name: _value(part) for name, part in request.get("keywords", {}).items()},
    )


def _value(part: Mapping[str, Any]) -> Any:
    names: dict[str, Any] = {}
    try:
        for statement in part["imports"]:
            exec(statement, names)
        return eval(part["text"], names)
    except BaseException as err:  # whatever the user's constructors do
        raise CallError(Verdict.REJECTED, f"`{part['text']}` cannot be made: {described(err)}") from err
