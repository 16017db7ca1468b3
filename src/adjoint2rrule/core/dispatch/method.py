"""One rule as a method: the calls that fit its parameters, and the patterns it compares them with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, get_origin

from adjoint2rrule.core.config import RuleConfig
from adjoint2rrule.core.dispatch.annotations import Scope, either, pattern_of
from adjoint2rrule.core.dispatch.patterns import Anything, Either, Instance, Pattern, WithFeatures
from adjoint2rrule.core.errors import RegistrationError

Rule = Callable[..., Any]
Kind = inspect.Parameter
_BY_POSITION = (Kind.POSITIONAL_ONLY, Kind.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True)
class Parameter:
    """A positional parameter; without a name where a keyword cannot reach it."""

    name: str | None
    pattern: Pattern
    optional: bool = False


@dataclass(frozen=True)
class Method:
    """A rule, and what calls fit it.

    `parameters` and `rest` (of a ``*xs``) are what the rule dispatches on. `keywords` are the
    keyword-only parameters it takes, `required` those of them without a default; with
    `any_keyword` it takes others too. `label` is what messages call it, if not by its name.
    """

    rule: Rule
    parameters: tuple[Parameter, ...]
    rest: Pattern | None = None
    keywords: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    any_keyword: bool = False
    label: str | None = None

    def patterns_for(self, count: int, keywords: Collection[str]) -> tuple[Pattern, ...] | None:
        """Return the patterns for a call of this form, `None` where the rule cannot be called so.

        The call has `count` positional arguments and these keywords; the patterns stand in that order.
        """
        given, left = self.parameters[:count], self.parameters[count:]
        surplus = max(count - len(self.parameters), 0)
        if surplus and self.rest is None:
            return None
        if any(p.name in keywords for p in given) or not self._takes(keywords, left):
            return None
        by_name = {p.name: p.pattern for p in left}
        positional = (*(p.pattern for p in given), *(self.rest or Anything() for _ in range(surplus)))
        return (*positional, *(by_name.get(name, Anything()) for name in keywords))

    def _takes(self, keywords: Collection[str], left: Sequence[Parameter]) -> bool:
        """Return whether these keywords fit when they and defaults have to fill what is `left`."""
        missing = self.required.union(p.name for p in left if not p.optional).difference(keywords)
        names = self.keywords.union(p.name for p in left)
        return not missing and (self.any_keyword or names.issuperset(keywords))

    def has_signature_of(self, other: Method) -> bool:
        """Return whether both dispatch on the same calls, so that the later one replaces the earlier."""
        if len(self.parameters) != len(other.parameters) or (self.rest is None) != (other.rest is None):
            return False
        if [p.optional for p in self.parameters] != [p.optional for p in other.parameters]:
            return False
        pairs = zip(self._patterns(), other._patterns(), strict=True)
        return all(mine.covers(theirs) and theirs.covers(mine) for mine, theirs in pairs)

    def _patterns(self) -> list[Pattern]:
        return [p.pattern for p in self.parameters] + ([] if self.rest is None else [self.rest])

    def __str__(self) -> str:
        if self.label is not None:
            return self.label
        code = getattr(inspect.unwrap(self.rule), "__code__", None)
        where = f" ({code.co_filename}:{code.co_firstlineno})" if code else ""
        return f"{describe(self.rule)}{inspect.signature(self.rule)}{where}"


def describe(f: object) -> str:
    """Return the name by which messages call `f`."""
    if get_origin(f) is not None:
        return repr(f)
    return getattr(f, "__qualname__", None) or getattr(f, "__name__", None) or repr(f)


def read_method(rule: Rule, undispatched: int) -> tuple[Method, bool]:
    """Return a rule as a method, and whether it asks for a config.

    `undispatched` parameters stand before the callable (after the config) and take any value; the
    method does not show them.

    Raises
    ------
    RegistrationError
        Where the rule has no parameter for the callable, or an annotation that is not a type.
    """
    positional, rest, method_keywords = _signature(rule)
    asks = bool(positional) and _is_config(positional[0].pattern)
    first = int(asks)
    needed = first + undispatched + 1
    if rest is not None:
        positional += [Parameter(None, rest)] * (needed - len(positional))
    if len(positional) < needed:
        raise RegistrationError(_no_room(rule, undispatched))
    del positional[first : first + undispatched]
    return Method(rule, tuple(positional), rest, **method_keywords), asks


def _no_room(rule: Rule, undispatched: int) -> str:
    before = "dargs, " * undispatched
    return (
        f"{describe(rule)}{inspect.signature(rule)} has no parameter for the callable itself;"
        f" write `def {describe(rule)}({before}f, ...)`."
    )


def _signature(rule: Rule) -> tuple[list[Parameter], Pattern | None, dict[str, Any]]:
    try:
        parameters = inspect.signature(rule).parameters.values()
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


def _is_config(pattern: Pattern) -> bool:
    if isinstance(pattern, Either):
        return bool(pattern.members) and all(map(_is_config, pattern.members))
    return isinstance(pattern, Instance | WithFeatures) and issubclass(pattern.bound, RuleConfig)
