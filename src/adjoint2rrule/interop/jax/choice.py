"""``body="auto"``: whether JAX can trace what a call needs, found out by trying, and said once."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Sequence
from typing import Any, Literal

from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.core.rules import object_of
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.jax.bodies import Body, Host, Traced
from adjoint2rrule.interop.jax.system import is_array
from adjoint2rrule.interop.jax.trials import Kind, problem_of
from adjoint2rrule.interop.leaves import parts_of

log = logging.getLogger("adjoint2rrule.interop.jax")

#: What has been said: a function may be wrapped anew in each step of a loop.
_SAID: set[str] = set()


class Choice:
    """Which body each part of a function has: its value, its `rrule` and its `frule`.

    Parameters
    ----------
    body
        What the user wants; with ``"auto"`` a part is traced if JAX can trace it, and if that gives the same
        numbers as numpy: a body that asks for the class of its arguments may go another way for a tracer.
    """

    def __init__(self, body: Literal["traced", "host", "auto"]) -> None:
        self.body = body
        self._found: dict[Hashable, bool] = {}

    def of(self, call: Call, kind: Kind, values: Sequence[Any], needed: Sequence[bool] = ()) -> Body:
        """Return the body that a part of the function has in a call."""
        is_traced = self.body == "traced"
        if self.body == "auto":
            key = (kind, tuple(needed), _outline((object_of(call.f), call.xs, dict(call.kw))))
            if key not in self._found:
                self._found[key] = _is_traced(call, kind, values, needed)
            is_traced = self._found[key]
        return Traced() if is_traced else Host()


def _is_traced(call: Call, kind: Kind, values: Sequence[Any], needed: Sequence[bool]) -> bool:
    problem, what = problem_of(call, kind, values, needed), f"the {kind} of {describe(call.f)}"
    said = f"{what} is traced by JAX"
    if problem is not None:
        said = (
            f"{what} runs on the host, which takes a callback under jit: {problem}. With body='host' this is"
            f" not said."
        )
    if said not in _SAID:
        _SAID.add(said)
        log.log(logging.INFO if problem is None else logging.WARNING, said)
    return problem is None


def _outline(x: Any) -> Hashable:
    """Return what the choice depends on: shapes, dtypes, classes, and constants that can be hashed."""
    if is_array(x):
        return x.shape, x.dtype
    if parts := parts_of(x, is_array):
        return type(x), tuple((key, _outline(part)) for key, part in parts.items())
    try:
        hash(x)
    except TypeError:
        return type(x), repr(x)
    return type(x), x
