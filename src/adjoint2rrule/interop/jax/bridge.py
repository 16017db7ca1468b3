"""`to_jax`: a function that JAX differentiates by its rules."""

from __future__ import annotations

from collections.abc import Callable
from functools import WRAPPER_ASSIGNMENTS, wraps
from typing import Any, Literal, get_args

from adjoint2rrule.core import RuleError
from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.jax.config import MissingJaxError

Body = Literal["auto", "traced", "host"]


class BodyError(RuleError, ValueError):
    """`to_jax` was asked for a body that is none of the kinds there are."""


def to_jax(f: Callable[..., Any], /, *, body: Body = "auto") -> Callable[..., Any]:
    """Return `f` as a function whose derivatives under JAX are those of its rules.

    Reverse mode takes the `rrule` for the call, forward mode the `frule`, both with `JaxConfig`. Where
    there is no `rrule`, reverse mode is the transpose of an `frule` that can be traced. The rule is looked
    for when JAX differentiates a call; without that, `f` itself runs.

    Parameters
    ----------
    f : callable
        A function, a method, an object that can be called, or a class for its constructor.
    body : {"auto", "traced", "host"}
        How `f` and its rules run. ``"traced"``: on arrays of JAX, which can compile them and differentiate
        them once more; they are then written in arithmetic and functions of `jax.numpy`. ``"host"``: on
        arrays of numpy, and under `jit` in a callback; shapes are found with sample arguments. ``"auto"``:
        traced if JAX can trace them, and that gives on sample arguments what numpy gives; which it took is
        said once in the log ``adjoint2rrule.interop.jax``, as a warning where it is the host.

    Returns
    -------
    callable
        It takes what `f` takes. Arrays of JAX may stand anywhere in the arguments, and in the fields of
        `f`: inside of tuples, lists, dicts, NamedTuples, dataclasses and other objects with fields. All
        else passes untouched. What `grad` and its like are handed has to be a pytree: `register_pytree` makes
        a class one.

    Raises
    ------
    MissingJaxError
        Where JAX is not installed.
    NoRuleError
        From a call that is differentiated, where no rule fits.
    PullbackError, LyingRuleError
        From a call that is differentiated, where the rule gives something else than it should.
    KeywordError
        From a call that is differentiated with respect to what was given by keyword.
    UntraceableRuleError
        Where JAX has to trace a body, and cannot.

    Examples
    --------
    >>> import jax
    >>> from adjoint2rrule.core import NoTangent, Tangent, rrule
    >>> def energy(spring, x):
    ...     return 0.5 * spring["k"] * x**2
    >>> @rrule.register(energy)
    ... def energy_rrule(energy, spring, x: float):
    ...     def energy_pullback(ȳ):
    ...         return NoTangent(), Tangent[dict](k=0.5 * x**2 * ȳ), spring["k"] * x * ȳ
    ...
    ...     return energy(spring, x), energy_pullback
    >>> {name: float(k̄) for name, k̄ in jax.grad(to_jax(energy))({"k": 3.0}, 2.0).items()}
    {'k': 2.0}
    >>> float(jax.grad(jax.grad(to_jax(energy), 1), 1)({"k": 3.0}, 2.0))
    3.0

    Notes
    -----
    JAX does not conjugate, and rules do: seeds and cotangents are conjugated on their way, so that the
    gradient is the one that JAX has for a function of its own.

    On the host, reverse mode under `jit` runs `f` for the value, and the whole rule again for the cotangents.
    """
    if body not in get_args(Body):
        raise BodyError(f"to_jax: body={body!r}, expected one of {', '.join(map(repr, get_args(Body)))}.")
    try:
        from adjoint2rrule.interop.jax.choice import Choice
        from adjoint2rrule.interop.jax.node import Node, value_without_rules
        from adjoint2rrule.interop.jax.system import SYSTEM
    except ImportError as err:
        raise MissingJaxError(
            f"to_jax({describe(f)}) needs JAX, which is not installed: pip install 'adjoint2rrule[jax]'"
        ) from err
    choice = Choice(body)

    @wraps(f, assigned=[name for name in WRAPPER_ASSIGNMENTS if hasattr(f, name)], updated=())
    def differentiated_by_rules(*xs: Any, **kw: Any) -> Any:
        call = Call(SYSTEM, f, xs, kw)
        return Node(call, choice).run() if call.leaves else value_without_rules(call)

    return differentiated_by_rules
