"""Read the signature of a rule: its parameters, with what their annotations say and patterns do not."""

from __future__ import annotations

import inspect
import itertools
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from adjoint2rrule.core.config import RuleConfig
from adjoint2rrule.core.dispatch.annotations import Scope, either, pattern_of
from adjoint2rrule.core.dispatch.method import Blurred, Parameter, Rule, describe, signature_of
from adjoint2rrule.core.dispatch.patterns import Anything, Either, Instance, Pattern, WithFeatures
from adjoint2rrule.core.errors import RegistrationError

Kind = inspect.Parameter
BY_POSITION = (Kind.POSITIONAL_ONLY, Kind.POSITIONAL_OR_KEYWORD)


@dataclass
class SignatureReader:
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


def read_signature(reader: SignatureReader) -> tuple[list[Parameter], Pattern | None, dict[str, Any]]:
    """Return the positional parameters of the reader's rule, the pattern of its ``*xs``, and all else.

    Raises
    ------
    RegistrationError
        Where it is no function that returns a pair, or an annotation is not a type.
    """
    parameters = _parameters(reader.rule)
    positional = [reader.parameter(i, p) for i, p in enumerate(parameters) if p.kind in BY_POSITION]
    options = [reader.parameter(p.name, p) for p in parameters if p.kind is Kind.KEYWORD_ONLY]
    rest, others = (
        next((reader.pattern(stars, p) for p in parameters if p.kind is kind), None)
        for stars, kind in (("*", Kind.VAR_POSITIONAL), ("**", Kind.VAR_KEYWORD))
    )
    if positional and not is_config(reader.rule, positional[0].pattern):
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
        f"{describe(rule)} cannot be a rule: {reason}. Write a function, `def {name_of(rule)}(f, ...)`, that"
        f" returns the pair."
    )


def name_of(rule: Rule) -> str:
    """Return a name for a function that is written in place of `rule`."""
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


def is_config(rule: Rule, pattern: Pattern) -> bool:
    """Return whether the pattern of the first parameter of `rule` is one of configs."""
    if not isinstance(pattern, Either):
        return isinstance(pattern, Instance | WithFeatures) and issubclass(pattern.bound, RuleConfig)
    asks = {is_config(rule, member) for member in pattern.members}
    if asks == {True, False}:
        raise RegistrationError(
            f"{describe(rule)}: its first parameter may be a config or not; write two rules, one with"
            f" `config: RuleConfig[...]` and one without it."
        )
    return asks == {True}
