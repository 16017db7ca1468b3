"""HIPS autograd as the AD system that rules call back into: small, and on numpy alone.

autograd is imported when the first function without a rule has to be differentiated.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from importlib import import_module
from types import MethodType
from typing import Any, TypeAlias

import numpy as np

from adjoint2rrule.core import AbstractZero, HasReverseMode, RuleConfig, rrule, rrule_via_ad
from adjoint2rrule.core.config import AnyConfig
from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.interop.errors import MissingFrameworkError, PullbackError, SeedError
from adjoint2rrule.interop.leaves import leaves, seeds, tangent, with_leaves, zero_for

Pair: TypeAlias = tuple[Any, Callable[[Any], tuple[Any, ...]]]


class MissingAutogradError(MissingFrameworkError):
    """A function without a rule was to be differentiated, and autograd is not installed."""


class AutogradConfig(RuleConfig[HasReverseMode]):
    """The config of HIPS autograd: a rule where there is one, autograd elsewhere.

    Arguments can be structured: floats and arrays are differentiated with respect to wherever they
    stand in tuples, lists, dicts and objects. Integers, strings and functions pass untouched, and so
    do keyword arguments. Inside of what autograd runs, functions are not looked up: a rule is used where
    the function it is for was asked for.

    Examples
    --------
    >>> from adjoint2rrule.core import rrule_via_ad
    >>> from adjoint2rrule.interop.autograd import AutogradConfig
    >>> y, pullback = rrule_via_ad(AutogradConfig(), lambda x, n: x**n, 3.0, 2)
    >>> y, pullback(1.0)
    (np.float64(9.0), (NoTangent(), np.float64(6.0), NoTangent()))
    """


@rrule_via_ad.register(AutogradConfig)
def rule_or_autograd(config: AnyConfig, f: Callable[..., Any], /, *xs: Any, **kw: Any) -> Pair:
    """Return the value and the pullback of ``f(*xs, **kw)``, by a rule or else by autograd.

    The pullback gives one cotangent for `f` and one for each of `xs`, whatever parameters a rule has
    besides, and zeros for a zero.
    """
    pair = rrule(config, f, *xs, **kw)
    y, pullback = autograd_pullback(f, *xs, **kw) if pair is None else pair

    def guarded_pullback(ȳ: Any) -> tuple[Any, ...]:
        if isinstance(ȳ, AbstractZero):
            return tuple(map(zero_for, (_as_function(f)[1], *xs)))
        cotangents = tuple(pullback(ȳ))
        if len(cotangents) <= len(xs):
            raise PullbackError(
                f"the pullback of the rule for {describe(f)} gave {len(cotangents)} cotangents where"
                f" {1 + len(xs)} are due: one for the function and one per positional argument."
            )
        return cotangents[: 1 + len(xs)]

    return y, guarded_pullback


def autograd_pullback(f: Callable[..., Any], /, *xs: Any, **kw: Any) -> Pair:
    """Return the value and the pullback of ``f(*xs, **kw)`` by autograd, without a look at any rule.

    autograd does not conjugate, rules do: seeds and cotangents are conjugated on their way.

    Raises
    ------
    MissingAutogradError
        Where autograd is not installed.
    UntraceableError
        Where the numbers in an argument are out of autograd's reach.
    """
    function, owner = _as_function(f)
    inputs = (owner, *xs)
    given = tuple(leaves(inputs))
    if not given:
        return f(*xs, **kw), lambda ȳ: tuple(map(zero_for, inputs))
    y, vjp = _traced(f, lambda boxes: function(*with_leaves(lambda _: next(boxes), inputs), **kw), given)

    def pullback(ȳ: Any) -> tuple[Any, ...]:
        cotangents = map(_conjugate, vjp(ȳ))
        return tuple(tangent(x, cotangents) for x in inputs)

    return y, pullback


def _as_function(f: Any) -> tuple[Callable[..., Any], Any]:
    """Return a function of all that `f` can be differentiated by, and what comes first among that."""
    return (f.__func__, f.__self__) if isinstance(f, MethodType) else (operator.call, f)


def _traced(f: Any, function: Callable[[Iterator[Any]], Any], given: tuple[Any, ...]) -> Pair:
    """Return the value of `function` of the leaves `given`, and its vjp: from a seed to their gradients."""
    make_vjp, vspace, boxed_tuple, joined = _autograd(f)
    results = []

    def of_tuple(boxes: Any) -> Any:
        y = function(boxes[i] for i in range(len(given)))
        if isinstance(y, np.ndarray) and y.dtype == object:
            y = joined(y.tolist())  # numpy's own functions make such arrays of boxes
        results.append(y)
        # The input comes last so that there always is one to depend on: autograd warns otherwise.
        return boxed_tuple([*leaves(y), boxes[0]])

    try:
        vjp, (*values, _) = make_vjp(of_tuple, given)
    except (TypeError, AttributeError) as err:
        err.add_note(
            f"This came up while autograd ran {describe(f)}, which has no rule. Besides numpy's ufuncs,"
            f" it follows only functions of autograd.numpy: call those, or write a rule."
        )
        raise
    remaining = iter(values)
    y = with_leaves(lambda _: next(remaining), results[0])

    def vjp_of_seed(ȳ: Any) -> tuple[Any, ...]:
        each = (_seed(value, part, vspace) for value, part in zip(values, seeds(y, ȳ), strict=True))
        return tuple(vjp((*each, vspace(given[0]).zeros())))

    return y, vjp_of_seed


def _autograd(f: Any) -> tuple[Any, ...]:
    try:
        core, containers = import_module("autograd.core"), import_module("autograd.builtins")
        return core.make_vjp, core.vspace, containers.tuple, import_module("autograd.numpy").array
    except ImportError as err:
        raise MissingAutogradError(
            f"{describe(f)} has no rule for these arguments, and autograd, which would differentiate it, is"
            f" not installed. Write a rule, or: pip install 'adjoint2rrule[autograd]'"
        ) from err


def _seed(y: Any, ȳ: Any, vspace: Callable[[Any], Any]) -> Any:
    zeros = vspace(y).zeros()
    if isinstance(ȳ, AbstractZero):
        return zeros
    if np.shape(ȳ) != np.shape(y):
        raise SeedError(f"the seed has shape {np.shape(ȳ)}, and the output it belongs to {np.shape(y)}")
    return np.conj(ȳ if np.iscomplexobj(y) else np.real(ȳ)) + zeros


def _conjugate(ā: Any) -> Any:
    return np.conj(ā)[()] if np.shape(ā) == () else np.conj(ā)
