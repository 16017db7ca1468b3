"""What rules call back into: `rrule_via_ad` and `frule_via_ad` of autograd, by a rule or else by autograd.

A rule that is itself differentiated, for second derivatives, calls back with boxes of autograd in the
arguments. They are not what rules are annotated with, so the rule is chosen by what is in them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from adjoint2rrule.core import frule, frule_via_ad, rrule, rrule_via_ad
from adjoint2rrule.core.config import AnyConfig
from adjoint2rrule.interop.autograd.config import AutogradConfig
from adjoint2rrule.interop.autograd.tracing import autograd_pullback, autograd_tangent
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.runs import Pair, guarded


@rrule_via_ad.register(AutogradConfig)
def rrule_or_autograd(config: AnyConfig, f: Callable[..., Any], /, *xs: Any, **kw: Any) -> Pair:
    """Return the value and the pullback of ``f(*xs, **kw)``, by a rule or else by autograd.

    The pullback gives one cotangent for `f` and one for each of `xs`, whatever parameters a rule has
    besides, and zeros for a zero.
    """
    call = _call_of_boxes(config, f, xs, kw)
    pair = rrule(config, f, *xs, **kw) if call is None else _pair_of_boxes(call)
    pair = autograd_pullback(f, *xs, **kw) if pair is None else pair
    return guarded(pair, config, f, xs, kw, call)


@frule_via_ad.register(AutogradConfig)
def frule_or_autograd(
    config: AnyConfig, dargs: tuple[Any, ...], f: Callable[..., Any], /, *xs: Any, **kw: Any
) -> tuple[Any, Any]:
    """Return the value of ``f(*xs, **kw)`` and its tangent along `dargs`, by a rule or else by autograd."""
    call = _call_of_boxes(config, f, xs, kw)
    if call is None:
        pair = frule(config, dargs, f, *xs, **kw)
    else:
        rule = frule.runner(config, f, call.stand_ins(), kw, checked=False)
        pair = None if rule is None else rule(dargs, f, *xs, **kw)
    return autograd_tangent(dargs, f, *xs, **kw) if pair is None else pair


def _call_of_boxes(
    config: AnyConfig, f: Callable[..., Any], xs: tuple[Any, ...], kw: Mapping[str, Any]
) -> Call | None:
    """Return the call, if boxes of autograd are among its arguments."""
    if "autograd.tracer" not in sys.modules:
        return None
    from adjoint2rrule.interop.autograd.boxes import SYSTEM

    call = Call(replace(SYSTEM, config=config), f, xs, kw)
    return call if call.leaves else None


def _pair_of_boxes(call: Call) -> Pair | None:
    """Return the value and the pullback by the rule for a call with boxes, and `None` where there is none."""
    from adjoint2rrule.interop.autograd.boxes import run
    from adjoint2rrule.interop.autograd.second_order import traced_run

    traced = traced_run(call)
    return None if traced is None else (run(call, call.leaves), traced.entries)
