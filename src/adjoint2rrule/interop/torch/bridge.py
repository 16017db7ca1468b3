"""`to_torch`: a function that PyTorch differentiates by its rules."""

from __future__ import annotations

from collections.abc import Callable
from functools import WRAPPER_ASSIGNMENTS, wraps
from typing import TYPE_CHECKING, Any

from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.leaves import ATOMS
from adjoint2rrule.interop.torch.config import MissingTorchError

if TYPE_CHECKING:
    from adjoint2rrule.interop.torch.evaluation import Body


def to_torch(f: Callable[..., Any], /, *, body: Body = "auto") -> Callable[..., Any]:
    """Return `f` as a function of tensors whose derivatives under PyTorch are those of its rules.

    Reverse mode takes the `rrule` for the call, forward mode the `frule`, both with `TorchConfig`. The rule
    gives the value too, so that there has to be one wherever a tensor is among the arguments.

    Parameters
    ----------
    f : callable
        A function, a method, an object that can be called, or a class for its constructor.
    body : {"auto", "numpy", "tensor"}
        What the rule is run on. ``"numpy"``: numpy's numbers and arrays, of the memory of the tensors.
        ``"tensor"``: the tensors themselves, for rules written in torch, or in what arrays and tensors have
        in common; they stay on their device. ``"auto"``: numpy's, if there is a rule that fits them;
        tensors, if its annotations fit only these, and for second derivatives.

    Returns
    -------
    callable
        It takes what `f` takes. Tensors may stand anywhere in the positional arguments, and in the fields of
        `f`: inside of tuples, lists, dicts, NamedTuples, dataclasses and other objects with fields. All else
        passes untouched, and a rule's thunks for what needs no gradient are not forced. The numbers and
        arrays of the value are tensors, of the device of the first one among the arguments.

    Raises
    ------
    MissingTorchError
        Where PyTorch is not installed.
    NoRuleError
        From a call, or in forward mode, where no rule fits.
    PullbackError, LyingRuleError
        Where the rule gives something else than it should.
    KeywordError
        In reverse mode, where a tensor that needs a gradient was given by keyword.
    UntraceableError
        Where torch would lose a gradient: that of a tensor in a closure, or in a graph that it records.
    UntraceableRuleError
        Under second derivatives, where the body of the rule is not one that torch can follow.

    Examples
    --------
    >>> import torch
    >>> from adjoint2rrule.core import NoTangent, Tangent, rrule
    >>> def energy(spring, x):
    ...     return 0.5 * spring["k"] * x**2
    >>> @rrule.register(energy)
    ... def energy_rrule(energy, spring, x: float):
    ...     def energy_pullback(ȳ):
    ...         return NoTangent(), Tangent[dict](k=0.5 * x**2 * ȳ), spring["k"] * x * ȳ
    ...
    ...     return energy(spring, x), energy_pullback
    >>> k = torch.tensor(3.0, requires_grad=True)
    >>> to_torch(energy)({"k": k}, 2.0).backward()
    >>> k.grad
    tensor(2.)
    >>> grad = torch.func.grad(to_torch(energy), argnums=1)
    >>> torch.func.grad(grad, argnums=1)({"k": 3.0}, torch.tensor(2.0))
    tensor(3.)
    """
    if body not in ("auto", "numpy", "tensor"):
        raise ValueError(f"to_torch: body is {body!r}, expected 'auto', 'numpy' or 'tensor'")
    try:
        from torch import is_grad_enabled

        from adjoint2rrule.interop.torch.captures import check_closures
        from adjoint2rrule.interop.torch.evaluation import BY_NUMPY, Evaluation
        from adjoint2rrule.interop.torch.functions import outputs_of
        from adjoint2rrule.interop.torch.plain_calls import plain_call
    except ImportError as err:
        raise MissingTorchError(
            f"to_torch({describe(f)}) needs PyTorch, which is not installed: pip install"
            f" 'adjoint2rrule[torch]'"
        ) from err

    # a function or a class, which has no numbers of its own
    is_plain = type(f) in ATOMS and not getattr(f, "__closure__", None)

    @wraps(f, assigned=[name for name in WRAPPER_ASSIGNMENTS if hasattr(f, name)], updated=())
    def differentiated_by_rules(*xs: Any, **kw: Any) -> Any:
        if is_plain and not kw and (y := plain_call(f, xs, body)) is not NotImplemented:
            return y
        call = Call(BY_NUMPY, f, xs, kw)
        check_closures(call)
        if not call.leaves:
            return f(*xs, **kw)
        if kw and is_grad_enabled():
            call.check_needed([x.requires_grad for x in call.leaves])
        evaluation = Evaluation(call, body)
        return evaluation.structured(outputs_of(evaluation, call.leaves))

    return differentiated_by_rules
