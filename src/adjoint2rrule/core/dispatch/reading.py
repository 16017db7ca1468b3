"""Read a function into a method, and refuse one that no call of its target could ever reach."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from adjoint2rrule.core.config import RuleConfig
from adjoint2rrule.core.dispatch.annotations import Scope, pattern_of
from adjoint2rrule.core.dispatch.arity import Role, arguments_of, counted, function_called
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
from adjoint2rrule.core.dispatch.signatures import (
    BY_POSITION,
    Kind,
    SignatureReader,
    is_config,
    name_of,
    read_signature,
)
from adjoint2rrule.core.errors import RegistrationError


def read_methods(
    rule: Rule, role: Role, target: Any, leading: tuple[str, ...] = ()
) -> tuple[list[Method], bool]:
    """Return a rule for `target` as methods, and whether it asks for a config.

    It is mostly one method. Where the rule mentions a type variable with constraints more than once, it is
    one for each constraint, since all mentions mean the same type. The parameters called `leading` stand
    before the callable, after the config; they take any value, and the methods do not show them.

    Raises
    ------
    RegistrationError
        Where no call of `target` could reach the rule, or an annotation is not a type.
    """
    reader = SignatureReader(rule, Scope.of(rule))
    methods = [_read(rule, role, target, leading, reader)]
    if choices := reader.choices():
        methods = [
            _read(rule, role, target, leading, SignatureReader(rule, replace(reader.scope, bound=bound)))
            for bound in choices
        ]
    return [method for method, _ in methods], methods[0][1]


def _read(
    rule: Rule, role: Role, target: Any, leading: tuple[str, ...], reader: SignatureReader
) -> tuple[Method, bool]:
    positional, rest, about_others = read_signature(reader)
    asks_for_config = bool(positional) and is_config(rule, positional[0].pattern)
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
    for position, parameter in enumerate(positional[first + 1 :]):
        if _may_be_config(parameter.pattern) and not _may_be_config(annotated(target, position, role)):
            raise _refused(rule, target, leading, "its config stands after the callable")
    positional[first] = _without_the_obvious(positional[first], role, target)
    method = Method(rule, tuple(positional), rest, **about_others)
    _check_arguments(method, first + 1, role, target, leading)
    return method, asks_for_config


def pattern_of_type(tool: str, T: Any) -> Pattern:
    """Return the pattern of a type that was given to `tool`.

    Raises
    ------
    RegistrationError
        Where it is none.
    """
    if isinstance(T, str):
        raise RegistrationError(f"{tool}: {T!r} is a string; write the class itself.")
    try:
        pattern = pattern_of(T)
    except TypeError as err:
        raise RegistrationError(f"{tool}: {err}.") from err
    if pattern == Either(()):
        raise RegistrationError(f"{tool}: {T!r} is the type of no value, so that no call could have it.")
    return pattern


def asks_for_config(rule: Rule) -> bool:
    """Return whether the first parameter of a rule is a config."""
    positional, _, _ = read_signature(SignatureReader(rule, Scope.of(rule)))
    return bool(positional) and is_config(rule, positional[0].pattern)


def _may_be_config(pattern: Pattern | None) -> bool:
    members = pattern.members if isinstance(pattern, Either) else (pattern,)
    return any(isinstance(m, Instance | WithFeatures) and issubclass(m.bound, RuleConfig) for m in members)


def annotated(target: Any, position: int, role: Role = "itself") -> Pattern | None:
    """Return the pattern of the annotation of this argument of `target`; `None` where it has none."""
    function, before = function_called(target, role)
    if function is None:
        return None
    parameters = signature_of(function).parameters.values()
    by_position = [p for p in parameters if p.kind in BY_POSITION][before + position :]
    rest = [p for p in parameters if p.kind is p.VAR_POSITIONAL]
    hint = next((p.annotation for p in (*by_position, *rest)), Kind.empty)
    try:
        return None if hint is Kind.empty else pattern_of(hint, Scope.of(function))
    except TypeError:  # an annotation that is no type
        return None


def pattern_of_callable(role: Role, target: Any) -> Pattern:
    """Return the pattern of the callables that rules for `target` in this role are for."""
    if role == "itself":
        return Exactly(target)
    return Instance(target) if role == "instances" else Subclasses(Instance(target))


def _can_be(pattern: Pattern, role: Role, target: Any) -> bool:
    # Of other classes than the target's there may be instances that are of the target's class too.
    return pattern.accepts(target) if role == "itself" else isinstance(pattern, OF_CLASSES)


OF_CLASSES = (Anything, Either, Instance, Structure, Subclasses)


def _without_the_obvious(callee: Parameter, role: Role, target: Any) -> Parameter:
    """Return the parameter for the callable itself, so that only what narrows the target selects a rule.

    `self`, `self: Affine` and `self: Base` say the same in a rule for the instances of ``Affine``.
    """
    is_obvious = callee.pattern.covers(pattern_of_callable(role, target))
    return replace(callee, pattern=Anything()) if is_obvious else callee


def _check_arguments(method: Method, skipped: int, role: Role, target: Any, leading: tuple[str, ...]) -> None:
    required, most = arguments_of(target, role)
    parameters = (*method.parameters[skipped:], *method.keyword_only)
    unbounded = method.rest is not None or method.other_keywords is not None
    if required > (math.inf if unbounded else len(parameters)):
        reason = f"{describe(target)} takes at least {counted(required)}, the rule fewer"
    elif most < sum(not p.optional for p in parameters):
        reason = f"{describe(target)} takes at most {counted(most)}, the rule needs more"
    else:
        return
    raise _refused(method.rule, target, leading, reason)


def _refused(rule: Rule, target: object, leading: tuple[str, ...], reason: str) -> RegistrationError:
    first = ", ".join((*leading, "f"))
    return RegistrationError(
        f"{describe(rule)}{signature_of(rule)} cannot be a rule for {describe(target)}: {reason}."
        f" A rule takes the callable first, `def {name_of(rule)}({first}, ...)`, and before that a config"
        f" where it is annotated as one, `config: RuleConfig[...]`."
    )
