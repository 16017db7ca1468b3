"""One evaluation of a rule for tensors: on the numpy values of these, or on the tensors themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import torch

from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.cotangents import ZERO
from adjoint2rrule.interop.errors import UntraceableError
from adjoint2rrule.interop.leaves import is_leaf, leaves
from adjoint2rrule.interop.runs import changed_seed_error
from adjoint2rrule.interop.system import System, itself
from adjoint2rrule.interop.torch.captures import check_value
from adjoint2rrule.interop.torch.config import TorchConfig
from adjoint2rrule.interop.torch.tensors import (
    NUMBERS,
    as_tangent,
    copied,
    dtype_for,
    is_held_elsewhere,
    is_tensor,
    shares_memory,
    stand_in,
    to_numpy,
    to_tensor,
)

Body: TypeAlias = Literal["auto", "numpy", "tensor"]


class TorchSystem(System):
    """PyTorch, where an array of integers in the value of a rule becomes a tensor, as other arrays do."""

    def is_number(self, y: Any) -> bool:
        """Return whether `y` is a leaf of a value."""
        return is_tensor(y) or (isinstance(y, np.ndarray) and y.dtype.kind in "iub") or is_leaf(y)


#: Rules are chosen by numbers and arrays of the dtypes of the tensors.
BY_NUMPY = TorchSystem("PyTorch", TorchConfig(), is_tensor, stand_in)
#: Rules are chosen by the tensors: parameters that are annotated with `torch.Tensor` fit, or with nothing.
BY_TENSORS = replace(BY_NUMPY, stand_in=itself)


@dataclass(frozen=True)
class Way:
    """A way to run a rule: what it is chosen by, and what it is given for a tensor."""

    system: System
    value: Callable[[Any], Any]


def _detached(x: Any) -> Any:
    return x.detach()


ON_NUMPY = Way(BY_NUMPY, to_numpy)
ON_TENSORS = Way(BY_TENSORS, _detached)
#: The ways that are tried, until there is a rule.
WAYS = {
    "auto": (ON_NUMPY, ON_TENSORS),
    "numpy": (ON_NUMPY,),
    "tensor": (ON_TENSORS, Way(BY_NUMPY, _detached)),
}


class Evaluation:
    """A run of the rule for a call with tensors.

    Attributes
    ----------
    call, body
        The call, and what the rule is run on.
    run : ReverseRun
        What the rule gave.
    way : Way
        The way in which it was run.
    values : list
        What it was given for the tensors.
    samples : list of Evaluation
        Under `torch.vmap`, those of the samples.
    """

    __slots__ = ("body", "call", "run", "samples", "values", "way")

    def __init__(self, call: Call, body: Body) -> None:
        self.call, self.body = call, body
        self.run: Any = None
        self.way = WAYS[body][0]
        self.values: list[Any] = []
        self.samples: list[Evaluation] = []

    def general(self) -> Evaluation:
        """Return this, which can be anything that an evaluation can be."""
        return self

    def again(self) -> Evaluation:
        """Return another evaluation of this call."""
        return Evaluation(self.call, self.body)

    def structured(self, outputs: Sequence[Any]) -> Any:
        """Return the value of the rule with these outputs."""
        return self.samples[0].structured(outputs) if self.samples else self.run.with_outputs(outputs)

    def evaluate(self, tensors: Sequence[Any]) -> None:
        """Run the rule."""
        self._choose_way("rrule")
        self.values = [self.way.value(x) for x in tensors]
        self.run = self.call.reverse(self.values)
        check_value(self.call.f, self.ys())

    def outputs(self, tensors: Sequence[Any]) -> tuple[Any, ...]:
        """Return the outputs of the rule as tensors."""
        return tuple([output_of(y, tensors, self.values) for y in self.ys()])

    def ys(self) -> Sequence[Any]:
        """Return the outputs of the rule, as it has them."""
        outputs: Sequence[Any] = self.run.outputs
        return outputs

    def shared(self, outputs: Sequence[Any]) -> Sequence[Any]:
        """Return those outputs whose memory the rule may have too, and its pullback rely on."""
        if self.samples:
            return outputs
        return [output for output, y in zip(outputs, self.ys(), strict=True) if type(y) not in NUMBERS]

    def tangents(self, tensors: Sequence[Any], dxs: Sequence[Any]) -> tuple[Any, ...]:
        """Run the forward rule, and return the tangents of the outputs."""
        self.call.check_needed([dx is not None for dx in dxs])
        self._choose_way("frule")
        value = self.way.value
        found = self.call.forward([*map(value, tensors)], [ZERO if dx is None else value(dx) for dx in dxs])
        return self.as_tangents(tensors, *found)

    def as_tangents(self, tensors: Sequence[Any], y: Any, dys: Sequence[Any]) -> tuple[Any, ...]:
        """Return tangents of the outputs in `y` as torch has them."""
        outputs = leaves(y, self.call.system.is_number)
        return tuple([tangent_of(part, dy, tensors) for part, dy in zip(outputs, dys, strict=True)])

    def cotangents(self, tensors: Sequence[Any], ȳs: Sequence[Any], needed: Sequence[bool]) -> list[Any]:
        """Run the pullback, and return the gradients of the tensors, `None` where it is not needed."""
        seeds = [ZERO if ȳ is None else self.way.value(ȳ) for ȳ in ȳs]
        versions = [None if ȳ is None else ȳ._version for ȳ in ȳs]
        x̄s = self.run.cotangents(seeds, needed)
        if versions != [None if ȳ is None else ȳ._version for ȳ in ȳs]:
            raise changed_seed_error(self.call.rule_call("rrule"))
        return gradients(x̄s, tensors, needed)

    def _choose_way(self, kind: str) -> None:
        """Take the first way in which there is a rule, or the first of all, to say what is missing."""
        ways = WAYS[self.body]
        for way in (*ways, ways[0]):
            self.call.system, self.way = way.system, way
            if self.call.has_rule(kind):
                break
        self._check_recording()

    def _check_recording(self) -> None:
        """Refuse what would get into a graph as a constant, and give the same for all other arguments."""
        if self.way is ON_NUMPY and _is_recording():
            raise UntraceableError(
                f"PyTorch records a graph of {describe(self.call.f)}, as `torch.func.linearize` and `make_fx`"
                f" do, and sees nothing of a rule that runs on numpy's values: take `torch.func.jvp` or `vjp`"
            )


def _is_recording() -> bool:
    return torch._C._get_dispatch_mode(torch._C._TorchDispatchModeKey.PROXY) is not None


def gradients(x̄s: list[Any], tensors: Sequence[Any], needed: Sequence[bool]) -> list[Any]:
    """Return cotangents as torch's gradients of these tensors, `None` where they are not needed.

    The list has to be the only thing that holds the cotangents, or they are copied.
    """
    for i in range(len(x̄s)):
        if is_held_elsewhere(x̄s, i):
            x̄s[i] = copied(x̄s[i])
        x̄s[i] = as_tangent(x̄s[i], tensors[i]) if needed[i] else None
    return x̄s


def output_of(y: Any, tensors: Sequence[Any], values: Sequence[Any]) -> Any:
    """Return an output of a rule as a tensor that torch's users may change."""
    if isinstance(y, torch.Tensor):
        # Not `y` itself: it would get hold of torch's tape, which holds the evaluation, which holds `y`.
        return y.clone() if shares_memory(y, values) else y.detach()
    y_tensor = to_tensor(y, dtype_for(y, tensors), tensors[0].device)
    return y_tensor.clone() if shares_memory(y, values) else y_tensor


def tangent_of(y: Any, dy: Any, tensors: Sequence[Any]) -> Any:
    """Return the tangent of an output of a rule as torch has it."""
    is_own = isinstance(y, torch.Tensor)
    return as_tangent(dy, y if is_own else to_tensor(y, dtype_for(y, tensors), tensors[0].device))
