"""Tensors that a call depends on and is not given: torch would lose their gradients, without a word.

A rule has cotangents for its arguments only. What a function has in its closure is a constant to it, so that
a tensor there which torch differentiates is refused. Where one is out of sight, as in a global, the value of
the rule often tells of it on torch's tape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.autograd import forward_ad

from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.core.rules import object_of
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.closures import hidden
from adjoint2rrule.interop.errors import UntraceableError
from adjoint2rrule.interop.torch.tensors import is_tensor

is_transforming: Callable[[], bool] = torch._C._are_functorch_transforms_active
is_transformed: Callable[[Any], bool] = torch._C._functorch.is_functorch_wrapped_tensor


def check_value(f: Any, outputs: Iterable[Any]) -> None:
    """Refuse a value of `f` that torch differentiates, of a rule that was run on what torch does not.

    Raises
    ------
    UntraceableError
        Where one of the outputs is such a tensor.
    """
    if any(is_tensor(y) and is_differentiated(y) for y in outputs):
        raise capture_error(f)


def check_closures(call: Call) -> None:
    """Refuse functions in a call that hold tensors which torch differentiates with respect to.

    Raises
    ------
    UntraceableError
        Where the function, or one among the arguments, is such a one.
    """
    if not (torch.is_grad_enabled() or is_transforming() or forward_ad._current_level >= 0):
        return
    # the object of a method is an argument too, and no constant
    function = getattr(call.f, "__func__", call.f)
    given = (function, object_of(call.f), *call.xs, *call.kw.values())
    if any(map(is_differentiated, hidden(given, is_tensor))):
        raise capture_error(call.f)


def capture_error(f: Any) -> UntraceableError:
    """Return what is said of a call of `f` that depends on more than its arguments."""
    return UntraceableError(
        f"the value of {describe(f)} depends on a tensor that PyTorch differentiates with respect to and that"
        f" is not among the arguments: a function has it in its closure. Make it an argument, or a field of a"
        f" callable object; `detach()` it outside of the function, if it is a constant."
    )


def is_differentiated(x: Any) -> bool:
    """Return whether torch differentiates with respect to a tensor, or what it was computed from.

    Examples
    --------
    >>> x = torch.ones(2, requires_grad=True)
    >>> is_differentiated(2 * x), is_differentiated(x.detach())
    (True, False)
    """
    if x.requires_grad or is_transformed(x):
        return True
    return forward_ad._current_level >= 0 and forward_ad.unpack_dual(x).tangent is not None
