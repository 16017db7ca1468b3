"""What torch follows: it records what is done with tensors, and forgets them where they become numbers.

That is no error to torch: `math.sin(x)` is a number without a gradient, and what is computed from it has a
wrong one. Where a function has to be differentiated by torch, such ways out are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from adjoint2rrule.interop.errors import UntraceableRuleError

# `int` and `bool` of a tensor choose a branch or an element, which does not change where it moves a little.
_WAYS_OUT = {
    torch.Tensor.__array__: "calls numpy on",
    torch.Tensor.numpy: "calls numpy on",
    torch.Tensor.__float__: "makes a Python number of",
    torch.Tensor.__complex__: "makes a Python number of",
    torch.Tensor.item: "makes a Python number of",
    torch.Tensor.tolist: "makes Python numbers of",
    torch.tensor: "makes a constant of",
    torch.as_tensor: "makes a constant of",
    torch.asarray: "makes a constant of",
}


class Following(TorchFunctionMode):
    """A context in which tensors that are being differentiated do not get out of torch's sight.

    Parameters
    ----------
    what
        Whose code runs in it, for the message.
    remedy
        What to do about it.

    Raises
    ------
    UntraceableRuleError
        Where the code makes a number or an array of such a tensor.

    Examples
    --------
    >>> import math
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> with Following("area", "write a rule"):
    ...     math.sin(x)
    Traceback (most recent call last):
    ...
    adjoint2rrule.interop.errors.UntraceableRuleError: area makes a Python number of a tensor that torch has
    to differentiate, so that the gradient would be lost: write a rule.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__()
        self.what, self.remedy = what, remedy

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run a function of torch, if it does not lead out of it."""
        way_out = _WAYS_OUT.get(function)
        if way_out is not None and torch.is_grad_enabled() and _loses_gradient(function, args):
            raise UntraceableRuleError(
                f"{self.what} {way_out} a tensor that torch has to differentiate, so that the gradient would"
                f" be lost: {self.remedy}."
            )
        return function(*args, **(kwargs or {}))


def pushed_forward(
    function: Callable[..., tuple[Any, ...]], xs: tuple[Any, ...], dxs: tuple[Any, ...]
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return the values of a function and their tangents, by reverse mode alone.

    The vjp is linear in the seeds, and its own vjp is the jvp. torch has no forward mode inside of
    another, where this may well be.

    Examples
    --------
    >>> pushed_forward(lambda x: (x**2,), (torch.tensor(3.0),), (torch.tensor(1.0),))
    ((tensor(9.),), (tensor(6.),))
    """
    values, pullback = torch.func.vjp(function, *xs)
    _, pushforward = torch.func.vjp(lambda *ȳs: pullback(ȳs), *map(torch.zeros_like, values))
    return values, pushforward(dxs)


def _loses_gradient(function: Any, args: Any) -> bool:
    if isinstance(args[0], torch.Tensor):
        # of one tensor, these two make no other
        return bool(args[0].requires_grad) and function not in (torch.as_tensor, torch.asarray)
    return isinstance(args[0], list | tuple) and any(_needs_gradient(x) for x in args[0])


def _needs_gradient(x: Any) -> bool:
    if isinstance(x, list | tuple):
        return any(map(_needs_gradient, x))
    return isinstance(x, torch.Tensor) and bool(x.requires_grad)
