"""Legacy definitions as rules, in a registry of their own that chooses among them as `rrule` does."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import update_wrapper
from inspect import Parameter
from types import FunctionType, MethodType
from typing import Any, TypeAlias

from adjoint2rrule.core.dispatch.method import Rule, describe
from adjoint2rrule.core.rules import ReverseRules
from adjoint2rrule.legacy.errors import LegacyRuleError
from adjoint2rrule.legacy.translation import entries_of, to_legacy, with_article

Pair: TypeAlias = tuple[Any, Callable[[Any], tuple[Any, ...]]]


class LegacyRules(ReverseRules):
    """The rules that legacy definitions are; their pullbacks speak the legacy form."""

    @staticmethod
    def _checked(rule: Rule) -> Rule:
        return rule  # what debug mode asks for is the form of `rrule`


@LegacyRules
def legacy_rule(f: Any, /, *xs: Any, **kw: Any) -> Any:
    """Return the value and the pullback by the legacy definition that fits the call, or `None`.

    It is chosen as the rules of `rrule` are. The pullback takes any seed, and gives one entry in the
    legacy form for `f` and one for each of `xs`.
    """


def find_legacy_pair(f: Any, xs: tuple[Any, ...], kw: Mapping[str, Any]) -> Pair | None:
    """Return the pair by the definition for `f`, or for the ``__call__`` that calls of `f` end up in."""
    pair: Pair | None = legacy_rule(f, *xs, **kw)
    if pair is None and isinstance(call := type(f).__call__, FunctionType):
        pair = legacy_rule(MethodType(call, f), *xs, **kw)
    return pair


def as_rule(definition: Callable[..., Any], *, is_functor: bool, mutates: bool) -> Callable[..., Pair]:
    """Return a legacy definition as a rule: with the function in front, and pullbacks that keep the form."""
    signature = inspect.signature(definition)
    kinds = [parameter.kind for parameter in signature.parameters.values()]
    named = kinds.count(Parameter.POSITIONAL_ONLY) + kinds.count(Parameter.POSITIONAL_OR_KEYWORD)
    source = described(definition)

    def rule(*call: Any, **kw: Any) -> Pair:
        xs = call if is_functor else call[1:]
        y, back = _checked(definition(*xs, **kw), source)
        limit = max(named, len(xs)) if Parameter.VAR_POSITIONAL in kinds else named

        def pullback(ȳ: Any) -> tuple[Any, ...]:
            seed = to_legacy(ȳ)
            cotangents = None if seed is None and not mutates else back(seed)
            entries = entries_of(cotangents, len(xs), limit=limit, source=f"the pullback of {source}")
            return entries if is_functor else (None, *entries)

        return y, pullback

    update_wrapper(rule, definition)  # the annotations are read in the definition's own scope
    if not is_functor:
        function = Parameter("__function__", Parameter.POSITIONAL_ONLY)
        parameters = [function, *signature.parameters.values()]
        rule.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return rule


def described(definition: Callable[..., Any]) -> str:
    """Return the name of a definition, and where it is to be found."""
    code = getattr(inspect.unwrap(definition), "__code__", None)
    return describe(definition) + (f" ({code.co_filename}:{code.co_firstlineno})" if code else "")


def _checked(pair: Any, source: str) -> tuple[Any, Callable[[Any], Any]]:
    if isinstance(pair, tuple) and len(pair) == 2 and callable(pair[1]):
        return pair
    raise LegacyRuleError(f"{source} returned {with_article(pair)} and not a pair `(y, pullback)`.")
