"""Rules that need no code of their own: derivatives that are zero, and signatures without a rule.

Ports: `@non_differentiable` and `@opt_out` of ChainRulesCore.jl (rule_definition_tools.jl).
"""

from __future__ import annotations

import inspect
from typing import Any, TypeVar, get_args, get_origin

from adjoint2rrule.core.config import RuleConfig, is_config_class
from adjoint2rrule.core.dispatch.annotations import pattern_of
from adjoint2rrule.core.dispatch.arity import Role, arguments_of, counted
from adjoint2rrule.core.dispatch.method import Method, Parameter, Rule, describe, no_rule
from adjoint2rrule.core.dispatch.patterns import Anything
from adjoint2rrule.core.dispatch.reading import pattern_of_type
from adjoint2rrule.core.dispatch.rule_function import RuleFunction
from adjoint2rrule.core.dispatch.targets import read_target
from adjoint2rrule.core.errors import RegistrationError
from adjoint2rrule.core.rule_checks import may_mutate
from adjoint2rrule.core.rules import Pullback, frule, rrule
from adjoint2rrule.core.tangent_types.abstract_zero import NoTangent

Target = TypeVar("Target")


def non_differentiable(target: Target, /, *types: Any, subclasses: bool = False) -> Target:
    """Give `target` rules that say that no argument of it can be perturbed.

    Parameters
    ----------
    target : callable, type[Foo], or class
        As in ``rrule.register``.
    *types : type
        The arguments that it holds for, one type for each; ``...`` after the last one stands for any
        number of these, as in ``tuple[T, ...]``. Without types it holds for all arguments, in place of the
        rules that `target` has; those that are registered later count.
    subclasses : bool
        As in ``rrule.register``.

    Returns
    -------
    callable
        `target`, so that this can stand over a function as a decorator.

    Raises
    ------
    RegistrationError
        Where no call could ever reach the rules.

    Examples
    --------
    >>> @non_differentiable
    ... def argmax(x):
    ...     return max(range(len(x)), key=x.__getitem__)
    >>> y, pullback = rrule(argmax, [1.0, 3.0, 2.0])
    >>> y, pullback(1.0)
    (1, (NoTangent(), NoTangent()))
    >>> frule((NoTangent(), [1.0, 0.0, 0.0]), argmax, [1.0, 3.0, 2.0])
    (1, NoTangent())

    Notes
    -----
    Ports: `@non_differentiable`.
    """
    role, callee = read_target("non_differentiable({})", target, subclasses)
    for rules, rule in ((rrule, _non_differentiable_rrule), (frule, _non_differentiable_frule)):
        rules.add(role, callee, _method("non_differentiable", rule, target, types, role=role))
    return target


@may_mutate
def _non_differentiable_rrule(f: Any, /, *xs: Any, **kw: Any) -> tuple[Any, Pullback]:
    def non_differentiable_pullback(_: Any) -> tuple[NoTangent, ...]:
        return (NoTangent(),) * (1 + len(xs))

    return f(*xs, **kw), non_differentiable_pullback


def _non_differentiable_frule(_: Any, f: Any, /, *xs: Any, **kw: Any) -> tuple[Any, NoTangent]:
    return f(*xs, **kw), NoTangent()


def opt_out(rules: RuleFunction, target: Any, /, *types: Any, subclasses: bool = False) -> None:
    """Make `rules` behave, for calls with this signature, as if no rule fitted.

    Parameters
    ----------
    rules : RuleFunction
        `rrule` or `frule`.
    target : callable, type[Foo], or class
        As in ``rrule.register``. A config class or ``RuleConfig[...]`` may stand before it, to opt out of
        rules that ask for a config.
    *types : type
        As in `non_differentiable`; without types it takes the place of all rules without a config, or with
        one before `target` of those that ask for such a config.
    subclasses : bool
        As in ``rrule.register``.

    Raises
    ------
    RegistrationError
        Where no call could ever have this signature.

    Examples
    --------
    >>> def total(xs):
    ...     return sum(xs)
    >>> @rrule.register(total)
    ... def total_rrule(total, xs):
    ...     return total(xs), lambda ȳ: (NoTangent(), [ȳ] * len(xs))
    >>> opt_out(rrule, total, tuple)
    >>> rrule(total, (1.0, 2.0)) is None, rrule(total, [1.0, 2.0]) is None
    (True, False)

    Notes
    -----
    Ports: `@opt_out`.
    """
    config, target, types = _signature("opt_out", rules, target, types)
    role, callee = read_target(f"opt_out({rules.__name__}, {{}})", target, subclasses)
    method = _method("opt_out", no_rule, target, types, config, role=role)
    rules.add(role, callee, method, asks_for_config=bool(config))


def is_opted_out(rules: RuleFunction, target: Any, /, *types: Any) -> bool:
    """Return whether calls with this signature were opted out of.

    Parameters
    ----------
    rules : RuleFunction
        `rrule` or `frule`.
    target, *types
        As in `opt_out`.

    Returns
    -------
    bool
        Whether the most specific rule for every such call says so; without types, for every call at all.

    Raises
    ------
    RegistrationError
        Where `rules`, `target` or one of `types` is none.

    Examples
    --------
    >>> def total(xs):
    ...     return sum(xs)
    >>> opt_out(rrule, total, tuple)
    >>> is_opted_out(rrule, total, tuple), is_opted_out(rrule, total, list)
    (True, False)

    Notes
    -----
    Ports: what `no_rrule` and `no_frule` are asked for.
    """
    config, target, types = _signature("is_opted_out", rules, target, types)
    role, callee = read_target(f"is_opted_out({rules.__name__}, {{}})", target)
    asked = [pattern_of(c) for c in config]
    if not types:
        return rules.is_without_rules(role, callee, asked)
    patterns = [pattern_of_type("is_opted_out", T) for T in types]
    return no_rule in rules.rules_for_types(role, callee, patterns, asked)


def _signature(
    tool: str, rules: RuleFunction, target: Any, types: tuple[Any, ...]
) -> tuple[tuple[Any, ...], Any, tuple[Any, ...]]:
    """Return the config, if one stands before the target, the target and the types."""
    if not isinstance(rules, RuleFunction):
        raise RegistrationError(
            f"{tool}: {describe(rules)} is neither `rrule` nor `frule`; write these first."
        )
    if get_origin(target) is not RuleConfig and not is_config_class(target):
        return (), target, types
    if not types:
        raise RegistrationError(f"{tool}: no target after {describe(target)}.")
    return (target,), types[0], types[1:]


def _method(
    tool: str,
    rule: Rule,
    target: Any,
    types: tuple[Any, ...],
    config: tuple[Any, ...] = (),
    *,
    role: Role,
) -> Method:
    """Return a method that takes calls with arguments of these types, all calls where there are none."""
    variadic = types[-1:] == (...,)
    shown = ", ".join(
        [describe(target), *("..." if T is ... else inspect.formatannotation(T) for T in types)]
    )
    patterns = [pattern_of_type(tool, T) for T in types[: -1 if variadic else None]]
    if variadic and not patterns:
        raise RegistrationError(
            f"{tool}({shown}): `...` stands after a type; leave it out for all arguments."
        )
    _, most = arguments_of(get_args(target)[0] if get_origin(target) is type else target, role)
    if len(patterns) - variadic > most:
        raise RegistrationError(
            f"{tool}({shown}): {describe(target)} takes at most {counted(most)}; leave the other types out."
        )
    rest = patterns.pop() if variadic else None if types else Anything()
    parameters = [Parameter(None, p) for p in (*map(pattern_of, config), Anything(), *patterns)]
    return Method(
        rule,
        tuple(parameters),
        rest,
        other_keywords=Anything(),
        label=f"{tool}({shown})",
        about_all_calls=not types,
    )
