"""Tensors that a call depends on and is not given: torch would lose their gradients, without a word.

A rule has cotangents for its arguments only. What a function has in its closure is a constant to it, so that
a tensor there which torch differentiates is refused. On torch's tape the value of the rule tells. Under
`torch.func` it does not, and closures have to be looked into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from types import FunctionType, MethodType
from typing import Any

import torch
from torch.autograd import forward_ad

from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.core.rules import object_of
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.errors import UntraceableError
from adjoint2rrule.interop.leaves import parts_of
from adjoint2rrule.interop.torch.tensors import is_tensor

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
    """Refuse functions in a call that hold tensors which `torch.func` transforms.

    Raises
    ------
    UntraceableError
        Where the function, or one among the arguments, is such a one.
    """
    # the object of a method is an argument too, and no constant
    function = getattr(call.f, "__func__", call.f)
    if _holds_transformed((function, object_of(call.f), *call.xs, *call.kw.values()), False, {}):
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


def _holds_transformed(x: Any, in_closure: bool, seen: dict[tuple[int, bool], Any]) -> bool:
    """Return whether a tensor that is transformed is in the closure of a function that `x` is, or holds."""
    if isinstance(x, torch.Tensor):
        return in_closure and is_transformed(x)
    if (id(x), in_closure) in seen:
        return False
    seen[id(x), in_closure] = x
    return any(_holds_transformed(part, True, seen) for part in _closure_of(x)) or any(
        _holds_transformed(part, in_closure, seen) for part in parts_of(x, is_tensor).values()
    )


def _closure_of(f: Any) -> Iterator[Any]:
    """Yield what a function holds besides its code: cells, defaults, and what was bound to it."""
    if isinstance(f, partial):
        yield from (f.func, *f.args, *f.keywords.values())
    elif isinstance(f, MethodType):
        yield from (f.__self__, f.__func__)
    elif isinstance(f, FunctionType):
        for cell in f.__closure__ or ():
            with suppress(ValueError):  # it is empty
                yield cell.cell_contents
        yield from (*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values())
