"""The derivatives of functions without rules, by torch: what `TorchConfig` falls back on.

A call that has no tensors among its arguments, as a rule written in numpy makes it, gets numpy's numbers and
arrays back; one with tensors gets tensors, which torch can differentiate further.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import torch

from adjoint2rrule.core.config import AnyConfig
from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.core.rules import object_of
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.cotangents import MisfitError, cotangents_of_leaves
from adjoint2rrule.interop.errors import SeedError
from adjoint2rrule.interop.leaves import IsLeaf, is_leaf, leaves, tangent, with_leaves, zero_for
from adjoint2rrule.interop.system import System
from adjoint2rrule.interop.torch.bridge import to_torch
from adjoint2rrule.interop.torch.captures import capture_error, is_differentiated
from adjoint2rrule.interop.torch.config import TorchConfig
from adjoint2rrule.interop.torch.evaluation import BY_NUMPY, BY_TENSORS
from adjoint2rrule.interop.torch.tensors import as_tangent, can_be_perturbed, is_tensor, to_numpy, to_tensor
from adjoint2rrule.interop.torch.tracing import Following, pushed_forward

Function: TypeAlias = Callable[..., Any]
REMEDY = "write it in torch's functions, or give it a rule"


def is_number(x: Any) -> bool:
    """Return whether torch can differentiate with respect to `x`."""
    return can_be_perturbed(x) if is_tensor(x) else is_leaf(x)


#: Every number is torch's, whatever its class.
NUMBERS = System("PyTorch", TorchConfig(), is_number)


def call_with_rule(
    kind: str, config: AnyConfig, f: Function, xs: tuple[Any, ...], kw: Mapping[str, Any]
) -> Call | None:
    """Return a call with tensors, if an `rrule` or `frule` fits it."""
    calls = (Call(replace(system, config=config), f, xs, kw) for system in (BY_NUMPY, BY_TENSORS))
    return next((call for call in calls if call.has_rule(kind)), None)


def is_followed(call: Call) -> bool:
    """Return whether torch differentiates with respect to tensors in a call, as where it follows a rule."""
    return any(map(is_differentiated, call.leaves))


class FollowedCall:
    """A call that torch follows.

    Parameters
    ----------
    f, xs, kw
        The call. Its keywords are constants.
    by_rule
        Whether `f` is to be differentiated by its rule, and not by looking into it.

    Examples
    --------
    >>> y, pullback = FollowedCall(torch.sin, (0.0,), {}).pullback()
    >>> y, pullback(2.0)
    (np.float64(0.0), (NoTangent(), np.float64(2.0)))
    """

    def __init__(
        self, f: Function, xs: tuple[Any, ...], kw: Mapping[str, Any], *, by_rule: bool = False
    ) -> None:
        self._call, self._kw, self._by_rule = Call(NUMBERS, f, xs, {}), kw, by_rule
        self._inputs = (object_of(f), *xs)
        self._in_tensors = bool(leaves((self._inputs, *kw.values()), is_tensor))
        self._value: Any = None

    def pullback(self) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
        """Return the value, and the pullback to all arguments."""
        if not self._call.leaves:
            return self._without_numbers(), lambda ȳ: tuple(map(zero_for, self._inputs))
        outputs, vjp = torch.func.vjp(self._outputs, *map(to_tensor, self._call.leaves))
        y = self._in_form(outputs)

        def pullback(ȳ: Any) -> tuple[Any, ...]:
            x̄s = iter(
                [
                    self._given_back(x̄)
                    for x̄ in vjp(_parts(f"the seed of {self}", y, ȳ, BY_NUMPY.is_number, outputs))
                ]
            )
            return tuple(tangent(x, x̄s, is_number) for x in self._inputs)

        return y, pullback

    def tangent(self, dargs: Sequence[Any]) -> tuple[Any, Any]:
        """Return the value, and its tangent along those of all arguments."""
        if not self._call.leaves:
            y = self._without_numbers()
            return y, zero_for(y)
        numbers = tuple(map(to_tensor, self._call.leaves))
        dxs = _parts(f"the tangent of (f, *xs) for {self}", self._inputs, dargs, is_number, numbers)
        outputs, dys = pushed_forward(self._outputs, numbers, dxs)
        remaining = iter([self._given_back(dy) for dy in dys])
        y = self._in_form(outputs)
        return y, tangent(y, remaining, BY_NUMPY.is_number)

    def __str__(self) -> str:
        return describe(self._call.f)

    def _without_numbers(self) -> Any:
        return self._call.f(*self._call.xs, **self._kw)

    def _outputs(self, *numbers: Any) -> tuple[Any, ...]:
        """Return the numbers of the value, as a function of those of the arguments."""
        f, xs, _ = self._call.with_values(numbers)
        with Following(str(self), REMEDY):
            self._value = (to_torch(f) if self._by_rule else f)(*xs, **self._kw)
        return tuple(map(to_tensor, leaves(self._value, BY_NUMPY.is_number)))

    def _in_form(self, outputs: Sequence[Any]) -> Any:
        """Return the value with these outputs, outside of what torch follows."""
        remaining = iter([self._given_back(y) for y in outputs])
        y, self._value = with_leaves(lambda _: next(remaining), self._value, BY_NUMPY.is_number), None
        return y

    def _given_back(self, x: Any) -> Any:
        """Return a tensor as the caller has its numbers."""
        if self._in_tensors:
            return x
        if is_differentiated(x):
            raise capture_error(self._call.f)
        return to_numpy(x)


def _parts(what: str, x: Any, dx: Any, is_part: IsLeaf, tensors: Sequence[Any]) -> tuple[Any, ...]:
    """Return the part of the tangent `dx` of `x` for each of its numbers, as those of these tensors."""
    try:
        parts = cotangents_of_leaves(x, dx, [True for _ in tensors], is_part)
    except MisfitError as misfit:
        place = f" at `{misfit.path}`" if misfit.path else ""
        raise SeedError(f"{what}{place} {misfit.problem}, expected {misfit.expected}") from None
    return tuple(map(as_tangent, parts, tensors))
