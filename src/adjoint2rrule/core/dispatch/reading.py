"""Read a function into a method, and refuse one that no call of its target could ever reach."""

from __future__ import annotations

import inspect
import math
from dataclasses import replace
from types import FunctionType
from typing import Any, Literal

from adjoint2rrule.core.config import RuleConfig
from adjoint2rrule.core.dispatch.annotations import Scope, either, pattern_of
from adjoint2rrule.core.dispatch.classes import Structure
from adjoint2rrule.core.dispatch.method import Method, Parameter, Rule, describe, signature_of
from adjoint2rrule.core.dispatch.patterns import (
    Anything,
    Either,
    Exactly,
    Instance,
    Pattern,
    Subclasses,
    WithFeatures,
)
from adjoint2rrule.core.errors import RegistrationError

# A target is a callable *itself* (of a class, its constructor), a class for the constructors of its
# *subclasses*, or a class whose *instances* are called.
Role = Literal["itself", "subclasses", "instances"]

Kind = inspect.Parameter
_BY_POSITION = (Kind.POSITIONAL_ONLY, Kind.POSITIONAL_OR_KEYWORD)


def read_method(rule: Rule, role: Role, target: Any, leading: tuple[str, ...] = ()) -> tuple[Method, bool]:
    """Return a rule for `target` as a method, and whether it asks for a config.

    The parameters called `leading` stand before the callable, after the config; they take any value,
    and the method does not show them.

    Raises
    ------
    RegistrationError
        Where no call of `target` could reach the rule, or an annotation is not a type.
    """
    positional, rest, about_keywords = _signature(rule)
    asks_for_config = bool(positional) and _asks_for_config(rule, positional[0].pattern)
    first = int(asks_for_config)
    needed = first + len(leading) + 1
    if rest is not None:
        positional += [Parameter(None, rest)] * (needed - len(positional))
    if len(positional) < needed:
        raise _refused(rule, target, leading, "it has no parameter for the callable itself")
    del positional[first : first + len(leading)]
    if not _can_be(positional[first].pattern, role, target):
        reason = "its parameter for the callable itself is annotated as something else"
        raise _refused(rule, target, leading, reason)
    positional[first] = _without_the_obvious(positional[first], role, target)
    method = Method(rule, tuple(positional), rest, **about_keywords)
    _check_arguments(method, first + 1, target, leading)
    return method, asks_for_config


def _signature(rule: Rule) -> tuple[list[Parameter], Pattern | None, dict[str, Any]]:
    try:
        parameters = signature_of(rule).parameters.values()
    except (TypeError, ValueError) as err:
        raise RegistrationError(f"{rule!r} cannot be a rule: {err}") from err
    scope = Scope.of(rule)
    by_position = [p for p in parameters if p.kind in _BY_POSITION]
    by_keyword = [p for p in parameters if p.kind is Kind.KEYWORD_ONLY]
    keywords = {
        "keywords": frozenset(p.name for p in by_keyword),
        "required": frozenset(p.name for p in by_keyword if p.default is Kind.empty),
        "any_keyword": any(p.kind is Kind.VAR_KEYWORD for p in parameters),
    }
    rest = next((_pattern(rule, p, scope) for p in parameters if p.kind is Kind.VAR_POSITIONAL), None)
    return [_parameter(rule, p, scope) for p in by_position], rest, keywords


def _parameter(rule: Rule, parameter: inspect.Parameter, scope: Scope) -> Parameter:
    name = parameter.name if parameter.kind is Kind.POSITIONAL_OR_KEYWORD else None
    return Parameter(name, _pattern(rule, parameter, scope), parameter.default is not Kind.empty)


def _pattern(rule: Rule, parameter: inspect.Parameter, scope: Scope) -> Pattern:
    if parameter.annotation is Kind.empty:
        return Anything()
    try:
        pattern = pattern_of(parameter.annotation, scope)
    except TypeError as err:
        raise RegistrationError(
            f"{describe(rule)}: the annotation of `{parameter.name}` cannot be dispatched on: {err};"
            f" write a class or one of typing's forms, or leave it out."
        ) from err
    # `x: float = None` takes its own default too.
    return either([pattern, Instance(type(None))]) if parameter.default is None else pattern


def pattern_of_type(tool: str, T: Any) -> Pattern:
    """Return the pattern of a type that was given to `tool`.

    Raises
    ------
    RegistrationError
        Where it is none.
    """
    try:
        return pattern_of(T)
    except TypeError as err:
        raise RegistrationError(f"{tool}: {err}.") from err


def _asks_for_config(rule: Rule, pattern: Pattern) -> bool:
    if not isinstance(pattern, Either):
        return isinstance(pattern, Instance | WithFeatures) and issubclass(pattern.bound, RuleConfig)
    asks = {_asks_for_config(rule, member) for member in pattern.members}
    if asks == {True, False}:
        raise RegistrationError(
            f"{describe(rule)}: its first parameter may be a config or not; write two rules, one with"
            f" `config: RuleConfig[...]` and one without it."
        )
    return asks == {True}


def pattern_of_callable(role: Role, target: Any) -> Pattern:
    """Return the pattern of the callables that rules for `target` in this role are for."""
    if role == "itself":
        return Exactly(target)
    return Instance(target) if role == "instances" else Subclasses(Instance(target))


def _can_be(pattern: Pattern, role: Role, target: Any) -> bool:
    # Of other classes than the target's there may be instances that are of the target's class too.
    return pattern.accepts(target) if role == "itself" else isinstance(pattern, _OF_CLASSES)


_OF_CLASSES = (Anything, Either, Instance, Structure, Subclasses)


def _without_the_obvious(callee: Parameter, role: Role, target: Any) -> Parameter:
    """Return the parameter for the callable itself, so that only what narrows the target selects a rule.

    `self`, `self: Affine` and `self: Base` say the same in a rule for the instances of ``Affine``.
    """
    is_obvious = callee.pattern.covers(pattern_of_callable(role, target))
    return replace(callee, pattern=Anything()) if is_obvious else callee


def _check_arguments(method: Method, skipped: int, target: Any, leading: tuple[str, ...]) -> None:
    if type(target) is not FunctionType:
        return
    required, most = _arguments_of(target)
    optional = [p.optional for p in method.parameters[skipped:]]
    unbounded = method.rest is not None or method.any_keyword
    if required > (math.inf if unbounded else len(optional) + len(method.keywords)):
        reason = f"{describe(target)} takes at least {required} arguments, the rule fewer"
    elif most < optional.count(False) + len(method.required):
        reason = f"{describe(target)} takes at most {most} arguments, the rule needs more"
    else:
        return
    raise _refused(method.rule, target, leading, reason)


def _arguments_of(function: FunctionType) -> tuple[int, float]:
    """Return how many arguments `function` needs, and how many it can take."""
    # Not by `inspect.signature`, which believes what a decorator says.
    code = function.__code__
    has_more = code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
    count = code.co_argcount + code.co_kwonlyargcount
    optional = len(function.__defaults__ or ()) + len(function.__kwdefaults__ or {})
    return count - optional, math.inf if has_more else count


def _refused(rule: Rule, target: object, leading: tuple[str, ...], reason: str) -> RegistrationError:
    name, first = describe(rule), ", ".join((*leading, "f"))
    return RegistrationError(
        f"{name}{signature_of(rule)} cannot be a rule for {describe(target)}: {reason}."
        f" A rule takes the callable first, `def {name}({first}, ...)`, and before that a config where it is"
        f" annotated as one, `config: RuleConfig[...]`."
    )
