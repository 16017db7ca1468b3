"""Read a function into a method, and refuse one that no call of its target could ever reach."""

from __future__ import annotations

import inspect
import itertools
import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from adjoint2rrule.core.config import RuleConfig
from adjoint2rrule.core.dispatch.annotations import Scope, either, pattern_of
from adjoint2rrule.core.dispatch.arity import Role, arguments_of, counted, function_called
from adjoint2rrule.core.dispatch.classes import Structure
from adjoint2rrule.core.dispatch.method import Blurred, Method, Parameter, Rule, describe, signature_of
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

Kind = inspect.Parameter
_BY_POSITION = (Kind.POSITIONAL_ONLY, Kind.POSITIONAL_OR_KEYWORD)


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
    reader = _Reader(rule, Scope.of(rule))
    methods = [_read(rule, role, target, leading, reader)]
    if choices := reader.choices():
        methods = [
            _read(rule, role, target, leading, _Reader(rule, replace(reader.scope, bound=bound)))
            for bound in choices
        ]
    return [method for method, _ in methods], methods[0][1]


def _read(
    rule: Rule, role: Role, target: Any, leading: tuple[str, ...], reader: _Reader
) -> tuple[Method, bool]:
    positional, rest, about_others = _signature(reader)
    asks_for_config = bool(positional) and _is_config(rule, positional[0].pattern)
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
        if _may_be_config(parameter.pattern) and not _takes_config(role, target, position):
            raise _refused(rule, target, leading, "its config stands after the callable")
    positional[first] = _without_the_obvious(positional[first], role, target)
    method = Method(rule, tuple(positional), rest, **about_others)
    _check_arguments(method, first + 1, role, target, leading)
    return method, asks_for_config


@dataclass
class _Reader:
    """Reads the annotations of one rule, and knows which of them say more than a call can tell.

    `lost` and `variables` have what the scope collects, by the place of the parameter.
    """

    rule: Rule
    scope: Scope
    shown: dict[int | str, str] = field(default_factory=dict)
    lost: dict[int | str, list[Any]] = field(default_factory=dict)
    variables: dict[int | str, list[TypeVar]] = field(default_factory=dict)

    def parameter(self, place: int | str, parameter: inspect.Parameter) -> Parameter:
        name = None if parameter.kind is Kind.POSITIONAL_ONLY else parameter.name
        return Parameter(name, self.pattern(place, parameter), parameter.default is not Kind.empty)

    def pattern(self, place: int | str, parameter: inspect.Parameter) -> Pattern:
        hint = parameter.annotation
        if hint is Kind.empty:
            return Anything()
        scope = replace(self.scope, lost=[], variables=[])
        try:
            pattern = pattern_of(hint, scope)
        except TypeError as err:
            reason = str(err).rstrip(".")
            raise RegistrationError(
                f"{describe(self.rule)}: the annotation of `{parameter.name}` cannot be dispatched on:"
                f" {reason}; write a class or one of typing's forms, or leave it out."
            ) from err
        if pattern == Either(()):
            raise RegistrationError(
                f"{describe(self.rule)}: no value fits the annotation of `{parameter.name}`, so that no call"
                f" could reach the rule; write what it takes."
            )
        self.lost[place], self.variables[place] = scope.lost, scope.variables
        text = hint if isinstance(hint, str) else inspect.formatannotation(hint)
        self.shown[place] = f"{parameter.name}: {text}"
        # `x: float = None` takes its own default too.
        return either([pattern, Instance(type(None))]) if parameter.default is None else pattern

    def choices(self) -> list[dict[TypeVar, Any]]:
        """Return the ways to choose a constraint for each variable that is mentioned more than once."""
        variables = [T for T in self._repeated() if T.__constraints__]
        constraints = itertools.product(*(T.__constraints__ for T in variables))
        return [dict(zip(variables, chosen, strict=True)) for chosen in constraints] if variables else []

    def blurred(self) -> tuple[Blurred, ...]:
        """Return the annotations that say more than their patterns; such is also that two types are one."""
        repeated = [T for T in self._repeated() if not T.__constraints__]
        meanings = {
            place: (*lost, *(repeated.index(T) for T in self.variables[place] if T in repeated))
            for place, lost in self.lost.items()
        }
        return tuple(Blurred(place, self.shown[place], said) for place, said in meanings.items() if said)

    def _repeated(self) -> list[TypeVar]:
        counts = Counter(itertools.chain(*self.variables.values()))
        return [T for T, count in counts.items() if count > 1]


def _signature(reader: _Reader) -> tuple[list[Parameter], Pattern | None, dict[str, Any]]:
    parameters = _parameters(reader.rule)
    positional = [reader.parameter(i, p) for i, p in enumerate(parameters) if p.kind in _BY_POSITION]
    options = [reader.parameter(p.name, p) for p in parameters if p.kind is Kind.KEYWORD_ONLY]
    rest, others = (
        next((reader.pattern(stars, p) for p in parameters if p.kind is kind), None)
        for stars, kind in (("*", Kind.VAR_POSITIONAL), ("**", Kind.VAR_KEYWORD))
    )
    if positional and not _is_config(reader.rule, positional[0].pattern):
        _check_it_is_no_config(reader.rule, parameters[0], reader.lost.get(0))
    about_others = {
        "keyword_only": tuple(sorted(options, key=lambda p: str(p.name))),
        "other_keywords": others,
        "blurred": reader.blurred(),
    }
    return positional, rest, about_others


def _parameters(rule: Rule) -> list[inspect.Parameter]:
    """Return the parameters of a rule, which has to be a function that returns a pair when it is called."""
    if isinstance(rule, type):
        raise _no_rule(rule, "a call of it makes an instance")
    for code in (rule, inspect.getattr_static(rule, "__call__", None)):
        if inspect.iscoroutinefunction(code) or inspect.isasyncgenfunction(code):
            raise _no_rule(rule, "it is asynchronous")
        if inspect.isgeneratorfunction(code):
            raise _no_rule(rule, "it yields")
    try:
        return list(signature_of(rule).parameters.values())
    except (TypeError, ValueError) as err:
        raise _no_rule(rule, str(err)) from err


def _no_rule(rule: Rule, reason: str) -> RegistrationError:
    return RegistrationError(
        f"{describe(rule)} cannot be a rule: {reason}. Write a function, `def {_name_of(rule)}(f, ...)`, that"
        f" returns the pair."
    )


def _name_of(rule: Rule) -> str:
    name = getattr(rule, "__name__", "")
    return name if name.isidentifier() else "f_rule"


def _check_it_is_no_config(rule: Rule, first: inspect.Parameter, lost: list[Any] | None) -> None:
    """Refuse a first parameter that seems to be a config, but is not annotated as one that is known here."""
    is_unknown = bool(lost) and "Config" in str(first.annotation)
    if is_unknown or (first.name == "config" and first.annotation is Kind.empty):
        raise RegistrationError(
            f"{describe(rule)}{signature_of(rule)}: it is not known that `{first}` is a config. Annotate it"
            f" with a class that is known where the rule is registered, `config: RuleConfig[...]`; or rename"
            f" it, if it is the callable."
        )


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
    positional, _, _ = _signature(_Reader(rule, Scope.of(rule)))
    return bool(positional) and _is_config(rule, positional[0].pattern)


def _is_config(rule: Rule, pattern: Pattern) -> bool:
    if not isinstance(pattern, Either):
        return isinstance(pattern, Instance | WithFeatures) and issubclass(pattern.bound, RuleConfig)
    asks = {_is_config(rule, member) for member in pattern.members}
    if asks == {True, False}:
        raise RegistrationError(
            f"{describe(rule)}: its first parameter may be a config or not; write two rules, one with"
            f" `config: RuleConfig[...]` and one without it."
        )
    return asks == {True}


def _may_be_config(pattern: Pattern) -> bool:
    members = pattern.members if isinstance(pattern, Either) else (pattern,)
    return any(isinstance(m, Instance | WithFeatures) and issubclass(m.bound, RuleConfig) for m in members)


def _takes_config(role: Role, target: Any, position: int) -> bool:
    """Return whether the argument of `target` at this position is annotated as a config."""
    function, before = function_called(target, role)
    if function is None:
        return False
    parameters = [p for p in signature_of(function).parameters.values() if p.kind in _BY_POSITION]
    hints = [p.annotation for p in parameters[before + position :][:1]]
    try:
        return any(_may_be_config(pattern_of(hint, Scope.of(function))) for hint in hints)
    except TypeError:  # an annotation that is no type
        return False


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
        f" A rule takes the callable first, `def {_name_of(rule)}({first}, ...)`, and before that a config"
        f" where it is annotated as one, `config: RuleConfig[...]`."
    )
