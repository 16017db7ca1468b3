"""What rules call back into: `rrule_via_ad` and `frule_via_ad` of PyTorch, by a rule or else by PyTorch."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from adjoint2rrule.core import frule, frule_via_ad, rrule, rrule_via_ad
from adjoint2rrule.core.config import AnyConfig
from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.core.rules import object_of
from adjoint2rrule.interop.leaves import leaves
from adjoint2rrule.interop.runs import Pair, guarded
from adjoint2rrule.interop.torch.bridge import to_torch
from adjoint2rrule.interop.torch.config import MissingTorchError, TorchConfig


@rrule_via_ad.register(TorchConfig)
def rrule_or_torch(config: AnyConfig, f: Callable[..., Any], /, *xs: Any, **kw: Any) -> Pair:
    """Return the value and the pullback of ``f(*xs, **kw)``, by a rule or else by PyTorch.

    The pullback gives one cotangent for `f` and one for each of `xs`, whatever parameters a rule has
    besides, and zeros for a zero.
    """
    has_tensors = _has_tensors((object_of(f), xs, kw))
    pair = None if has_tensors else rrule(config, f, *xs, **kw)
    if pair is None:
        torch = _torch(f)
        call = torch.call_with_rule("rrule", config, f, xs, kw) if has_tensors else None
        if call is not None and torch.is_followed(call):
            # the rule is one inside of another that torch differentiates, and it has to see both
            pair = to_torch(f)(*xs, **kw), call.reverse(call.leaves).entries
        else:
            pair = torch.FollowedCall(f, xs, kw, by_rule=call is not None).pullback()
    return guarded(pair, config, f, xs, kw)


@frule_via_ad.register(TorchConfig)
def frule_or_torch(
    config: AnyConfig, dargs: tuple[Any, ...], f: Callable[..., Any], /, *xs: Any, **kw: Any
) -> tuple[Any, Any]:
    """Return the value of ``f(*xs, **kw)`` and its tangent along `dargs`, by a rule or else by PyTorch."""
    has_tensors = _has_tensors((object_of(f), xs, kw))
    pair = None if has_tensors else frule(config, dargs, f, *xs, **kw)
    if pair is not None:
        return pair
    torch = _torch(f)
    by_rule = has_tensors and torch.call_with_rule("frule", config, f, xs, kw) is not None
    found: tuple[Any, Any] = torch.FollowedCall(f, xs, kw, by_rule=by_rule).tangent(dargs)
    return found


def _has_tensors(x: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and bool(leaves(x, lambda part: isinstance(part, torch.Tensor)))


def _torch(f: Callable[..., Any]) -> Any:
    """Return the module that calls torch."""
    try:
        from adjoint2rrule.interop.torch import derivatives
    except ImportError as err:
        raise MissingTorchError(
            f"{describe(f)} has no rule for these arguments, and PyTorch, which would differentiate it, is"
            f" not installed. Write a rule, or: pip install 'adjoint2rrule[torch]'"
        ) from err
    return derivatives
