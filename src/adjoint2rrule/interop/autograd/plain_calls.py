"""Calls of real numbers and arrays under one gradient, which are most.

Each should cost no more than one of a function whose gradient was declared to autograd itself.
What is done is what `boxes.run` does, with each thing looked at once. As soon as something is not plain, the
rest is left to the general way, which goes on from there: no rule and no pullback runs twice.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
from autograd.core import VJPNode
from autograd.numpy.numpy_boxes import ArrayBox

from adjoint2rrule.core import rrule
from adjoint2rrule.core.dispatch.method import Rule
from adjoint2rrule.core.rule_checks import RuleCall
from adjoint2rrule.core.tangent_types.abstract_thunk import read_only, unthunk
from adjoint2rrule.interop.autograd.boxes import SYSTEM, boxed, fitted, reverse_node, vjp_of
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.leaves import is_atom
from adjoint2rrule.interop.runs import ReverseRun, run_on

_SCALARS = frozenset((float, np.float64))


def plain_call(f: Callable[..., Any], xs: tuple[Any, ...]) -> Any:
    """Return the value of ``f(*xs)``, as `boxes.run` does; `NotImplemented` where it is not plain."""
    values, places, top = [*xs], [], -1
    for place, x in enumerate(xs):
        if type(x) is ArrayBox:
            value = x._value
            top = x._trace if top < 0 else top
            if x._trace != top or type(x._node) is not VJPNode or not _is_plain(value):
                return NotImplemented
            values[place] = value
            places.append(place)
        elif not is_atom(x) or type(x) is FunctionType:  # which may have numbers in its closure
            return NotImplemented
    rule = rrule.runner(SYSTEM.config, f, tuple(values), {}) if places else None
    if rule is None:
        return NotImplemented  # the general way says what is missing
    pair = rule(f, *values)
    if type(pair) is not tuple or len(pair) != 2 or not callable(pair[1]):
        return NotImplemented
    return _PlainRun(f, xs, values, places, rule, *pair).box(top)


class _PlainRun:
    """The run of a rule on plain arguments, those at `places` in boxes before, and what it gave."""

    __slots__ = ("f", "places", "pullback", "rule", "values", "xs", "y")

    def __init__(
        self,
        f: Callable[..., Any],
        xs: tuple[Any, ...],
        values: list[Any],
        places: list[int],
        rule: Rule,
        y: Any,
        pullback: Callable[[Any], Any],
    ) -> None:
        self.f, self.xs, self.values, self.places = f, xs, values, places
        self.rule, self.y, self.pullback = rule, y, pullback

    def box(self, top: int) -> Any:
        """Return the value in a box of the trace `top`."""
        parents = [self.xs[place]._node for place in self.places]
        if _is_plain(self.y):
            return ArrayBox(self.y, top, reverse_node(parents, self.vjp))
        call, run = self._in_general()
        return boxed(call, self.y, reverse_node(parents, self._vjp_in_general(call, run)), top)

    def vjp(self, g: Any) -> list[Any]:
        """Return the cotangents of what was in boxes, for autograd's seed `g`."""
        if type(g) is np.ndarray and g.ndim == 0:
            g = g[()]
        if not _fits(g, self.y):
            return self._vjp_in_general(*self._in_general())(g)
        entries = run_on(read_only(g), self.pullback, self._rule_call)
        if type(entries) is tuple and len(entries) == 1 + len(self.xs):
            x̄s = [unthunk(entries[1 + place]) for place in self.places]
            if all(map(_fits, x̄s, self._inputs())) and all(map(_is_for_users, x̄s)):
                return x̄s
        _, run = self._in_general()
        return list(map(fitted, self._inputs(), run.read(run.checked(entries), [True for _ in self.places])))

    def _inputs(self) -> list[Any]:
        return [self.values[place] for place in self.places]

    def _rule_call(self) -> RuleCall:
        return RuleCall(self.rule, "rrule", self.f, self.xs, {})

    def _in_general(self) -> tuple[Call, ReverseRun]:
        call = Call(SYSTEM, self.f, self.xs, {})
        return call, ReverseRun(call, self.rule, self.y, self.pullback)

    def _vjp_in_general(self, call: Call, run: ReverseRun) -> Callable[[Any], list[Any]]:
        return vjp_of(call, run, self.y, self._inputs(), [True for _ in self.places])


def _is_plain(x: Any) -> bool:
    return type(x) in _SCALARS or (type(x) is np.ndarray and x.dtype.kind == "f")


def _fits(dx: Any, x: Any) -> bool:
    """Return whether `dx` is a tangent of a plain `x` as it is, which needs no more looks."""
    if type(dx) in _SCALARS:
        return type(x) in _SCALARS
    return type(dx) is np.ndarray is type(x) and dx.shape == x.shape and dx.dtype == x.dtype


def _is_for_users(dx: Any) -> bool:
    """Return whether a plain tangent may be the gradient that somebody gets, who may write into it."""
    return type(dx) in _SCALARS or bool(dx.flags.writeable)
