"""Calls of functions with tensors for arguments, and one for a value, which are most.

Each should cost no more than one of an `autograd.Function` of one's own. What is done is what `Evaluation`
does, with each thing looked at once. As soon as something is not plain, the rest is left to that: no rule and
no pullback runs twice, but for one whose errors have to be told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import numpy as np
import torch

from adjoint2rrule.core import rrule, unthunk
from adjoint2rrule.core.dispatch.method import Rule
from adjoint2rrule.core.rule_checks import RuleCall
from adjoint2rrule.core.tangent_types.abstract_thunk import read_only
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.cotangents import ZERO
from adjoint2rrule.interop.leaves import is_atom
from adjoint2rrule.interop.runs import ReverseRun, changed_seed_error, run_on
from adjoint2rrule.interop.torch.captures import check_value, is_transforming
from adjoint2rrule.interop.torch.evaluation import (
    ON_NUMPY,
    ON_TENSORS,
    WAYS,
    Body,
    Evaluation,
    Way,
    gradients,
    output_of,
)
from adjoint2rrule.interop.torch.functions import on_tape
from adjoint2rrule.interop.torch.tensors import NUMBERS, to_numpy

_TENSORS = frozenset((torch.Tensor, torch.nn.Parameter))
_PLAIN = NUMBERS | _TENSORS


def plain_call(f: Callable[..., Any], xs: tuple[Any, ...], body: Body) -> Any:
    """Return the value of ``f(*xs)`` on torch's tape; `NotImplemented` where the call is not plain."""
    places = []
    for place, x in enumerate(xs):
        if type(x) in _TENSORS and x.is_cpu:
            places.append(place)
        elif not is_atom(x) or type(x) is FunctionType:  # which may have tensors in its closure
            return NotImplemented
    if not places or is_transforming() or torch._C._len_torch_dispatch_stack():
        return NotImplemented
    for way in WAYS[body]:
        values = [*xs]
        for place in places:
            values[place] = way.value(xs[place])
        rule = rrule.runner(way.system.config, f, _chosen_by(values, way), {})
        if rule is not None:
            pair = rule(f, *values)
            if type(pair) is tuple and len(pair) == 2 and callable(pair[1]):
                evaluation = PlainEvaluation(f, xs, body, way, places, values, rule, *pair)
                if type(pair[0]) not in NUMBERS:
                    check_value(f, evaluation.ys())
                return evaluation.structured(on_tape(evaluation, [xs[place] for place in places]))
            break
    return NotImplemented  # the general way says what is wrong


def _chosen_by(values: list[Any], way: Way) -> tuple[Any, ...]:
    """Return what the rule for these values is chosen by."""
    if way is ON_NUMPY or way is ON_TENSORS:
        return tuple(values)
    return tuple(way.system.stand_in(x) if type(x) in _TENSORS else x for x in values)


class PlainEvaluation(Evaluation):
    """The run of a rule on plain arguments, those at `places` tensors, and what it gave."""

    __slots__ = ("_pullback", "_rule", "_y", "f", "places", "xs")

    def __init__(
        self,
        f: Callable[..., Any],
        xs: tuple[Any, ...],
        body: Body,
        way: Way,
        places: list[int],
        values: list[Any],
        rule: Rule,
        y: Any,
        pullback: Callable[[Any], Any],
    ) -> None:
        self.f, self.xs, self.body, self.way, self.places = f, xs, body, way, places
        self.values, self._rule, self._y, self._pullback = values, rule, y, pullback
        self.samples = []

    def general(self) -> Evaluation:
        """Return this as an evaluation of a call that need not be plain."""
        evaluation = Evaluation(Call(self.way.system, self.f, self.xs, {}), self.body)
        evaluation.way = self.way
        evaluation.run = ReverseRun(evaluation.call, self._rule, self._y, self._pullback)
        return evaluation

    def _rule_call(self) -> RuleCall:
        return RuleCall(self._rule, "rrule", self.f, self.xs, {})

    def structured(self, outputs: Sequence[Any]) -> Any:
        """Return the value of the rule with these outputs."""
        return outputs[0] if _is_plain(self._y) else self.general().structured(outputs)

    def ys(self) -> Sequence[Any]:
        """Return the outputs of the rule, as it has them."""
        return (self._y,) if _is_plain(self._y) else self.general().run.outputs

    def outputs(self, tensors: Sequence[Any]) -> tuple[Any, ...]:
        """Return the outputs of the rule as tensors."""
        if type(self._y) in _PLAIN:
            return (output_of(self._y, tensors, self.values),)
        return super().outputs(tensors)

    def shared(self, outputs: Sequence[Any]) -> Sequence[Any]:
        """Return those outputs whose memory the rule may have too, and its pullback rely on."""
        if type(self._y) in NUMBERS:
            return ()
        return outputs if type(self._y) in _TENSORS else super().shared(outputs)

    def cotangents(self, tensors: Sequence[Any], ȳs: Sequence[Any], needed: Sequence[bool]) -> list[Any]:
        """Run the pullback, and return the gradients of the tensors, `None` where it is not needed."""
        if len(ȳs) != 1 or ȳs[0] is None or not _is_plain(self._y):
            return self.general().cotangents(tensors, ȳs, needed)
        # seeds of tensors are plain here: where torch differentiates the gradient, this is not run
        ȳ = read_only(to_numpy(ȳs[0])) if self.way is ON_NUMPY else ȳs[0]
        version = ȳs[0]._version
        entries = run_on(ȳ, self._pullback, self._rule_call)
        if ȳs[0]._version != version:
            raise changed_seed_error(self._rule_call())
        if type(entries) is not tuple or len(entries) != 1 + len(self.xs):
            run = self.general().run
            return gradients(run.read(run.checked(entries), needed), tensors, needed)
        x̄s = []
        for place, flag in zip(self.places, needed, strict=True):
            x̄s.append(unthunk(entries[1 + place]) if flag else ZERO)
            if flag and not _fits(x̄s[-1], self.values[place]):
                x̄s = self.general().run.read(entries, needed)
                break
        del entries  # which would count as another that holds the cotangents
        return gradients(x̄s, tensors, needed)


def _is_plain(y: Any) -> bool:
    """Return whether `y` is one output."""
    return type(y) in _PLAIN or (type(y) is np.ndarray and y.dtype.kind in "fc")


def _fits(dx: Any, x: Any) -> bool:
    """Return whether `dx` is a tangent of the value `x` as it is, which needs no more looks."""
    if type(dx) is not type(x):
        return False
    if type(x) is np.ndarray or type(x) is torch.Tensor:
        return bool(dx.shape == x.shape and dx.dtype == x.dtype)
    return type(x) in NUMBERS
