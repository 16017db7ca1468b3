"""What rules call back into: `rrule_via_ad` and `frule_via_ad` of JAX, by a rule or else by JAX.

A rule that JAX traces calls back with tracers in the arguments. They are not what rules are annotated with,
so the rule is chosen by what they stand for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from adjoint2rrule.core import frule, frule_via_ad, rrule, rrule_via_ad
from adjoint2rrule.core.config import AnyConfig
from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.core.rule_checks import RuleCall
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.jax.config import JaxConfig, MissingJaxError
from adjoint2rrule.interop.runs import Pair, guarded


@rrule_via_ad.register(JaxConfig)
def rrule_or_jax(config: AnyConfig, f: Callable[..., Any], /, *xs: Any, **kw: Any) -> Pair:
    """Return the value and the pullback of ``f(*xs, **kw)``, by a rule or else by JAX.

    The pullback gives one cotangent for `f` and one for each of `xs`, whatever parameters a rule has
    besides, and zeros for a zero.
    """
    call = _call_of_arrays(config, f, xs, kw)
    pair = rrule(config, f, *xs, **kw) if call is None else _pair_of_arrays(call)
    pair = _jax_for(f).jax_pullback(f, *xs, **kw) if pair is None else pair
    return guarded(pair, config, f, xs, kw, call)


@frule_via_ad.register(JaxConfig)
def frule_or_jax(
    config: AnyConfig, dargs: tuple[Any, ...], f: Callable[..., Any], /, *xs: Any, **kw: Any
) -> tuple[Any, Any]:
    """Return the value of ``f(*xs, **kw)`` and its tangent along `dargs`, by a rule or else by JAX."""
    call = _call_of_arrays(config, f, xs, kw)
    if call is None:
        pair = frule(config, dargs, f, *xs, **kw)
    else:
        rule = frule.runner(config, f, call.stand_ins(), kw, checked=False)
        pair = None if rule is None else rule(dargs, f, *xs, **kw)
    return _jax_for(f).jax_tangent(dargs, f, *xs, **kw) if pair is None else pair


def _call_of_arrays(
    config: AnyConfig, f: Callable[..., Any], xs: tuple[Any, ...], kw: Mapping[str, Any]
) -> Call | None:
    """Return the call, if arrays of JAX are among its arguments."""
    if sys.modules.get("jax") is None:
        return None
    from adjoint2rrule.interop.jax.system import SYSTEM

    call = Call(replace(SYSTEM, config=config), f, xs, kw)
    return call if call.leaves else None


def _pair_of_arrays(call: Call) -> Pair | None:
    """Return the value and the pullback by the rule for a call with arrays of JAX, `None` without a rule."""
    from adjoint2rrule.interop.jax.node import kept

    rule = rrule.runner(call.system.config, call.f, call.stand_ins(), call.kw, checked=False)
    pair = None if rule is None else rule(call.f, *call.xs, **call.kw)
    if rule is None or pair is None:
        return None
    y, pullback = RuleCall(rule, "rrule", call.f, call.xs, call.kw).pair(pair, "(y, pullback)")
    return kept(call, y), pullback


def _jax_for(f: Any) -> Any:
    try:
        from adjoint2rrule.interop.jax import tracing
    except ImportError as err:
        raise MissingJaxError(
            f"{describe(f)} has no rule for these arguments, and JAX, which would differentiate it, is not"
            f" installed. Write a rule, or: pip install 'adjoint2rrule[jax]'"
        ) from err
    return tracing
