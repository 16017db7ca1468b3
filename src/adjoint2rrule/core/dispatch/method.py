"""One rule as a method: the calls that fit its parameters, and the patterns it compares them with."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_origin

from adjoint2rrule.core.dispatch.patterns import Anything, Pattern
from adjoint2rrule.core.errors import RegistrationError

Rule = Callable[..., Any]


@dataclass(frozen=True)
class Parameter:
    """A parameter; without a name where a keyword cannot reach it."""

    name: str | None
    pattern: Pattern
    optional: bool = False


@dataclass(frozen=True)
class Blurred:
    """An annotation that says more than its pattern.

    `place` is the position of its parameter or the name of an option, `text` is for messages, and
    `meanings` are what it says.
    """

    place: int | str
    text: str
    meanings: tuple[object, ...]

    def agrees_with(self, other: Blurred) -> bool:
        """Return whether both are known to say the same."""
        try:
            return self.place == other.place and bool(self.meanings == other.meanings)
        except (TypeError, ValueError):  # in `Annotated` stands what cannot be compared, such as an array
            return False


@dataclass(frozen=True)
class Method:
    """A rule, and what calls fit it.

    `parameters` are the positional ones and `rest` that of a ``*xs``; `keyword_only` are those that only
    a keyword reaches, in the order of their names, and `other_keywords` is the pattern of a ``**kw``.
    `label` is what messages call it, if not by its name. `blurred` are the parameters whose annotations
    say more than their patterns. A method that is `about_all_calls` was made without types.
    """

    rule: Rule
    parameters: tuple[Parameter, ...]
    rest: Pattern | None = None
    keyword_only: tuple[Parameter, ...] = ()
    other_keywords: Pattern | None = None
    label: str | None = None
    blurred: tuple[Blurred, ...] = ()
    about_all_calls: bool = False

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
        by_name = {p.name: p.pattern for p in (*left, *self.keyword_only)}
        positional = (*(p.pattern for p in given), *(self.rest or Anything() for _ in range(surplus)))
        return (*positional, *(by_name.get(name) or self.other_keywords or Anything() for name in keywords))

    def _takes(self, keywords: Collection[str], left: Sequence[Parameter]) -> bool:
        """Return whether these keywords fit when they and defaults have to fill what is `left`."""
        reached = (*left, *self.keyword_only)
        if any(p.name not in keywords for p in reached if not p.optional):
            return False
        return self.other_keywords is not None or {p.name for p in reached}.issuperset(keywords)

    def closeness(self, count: int) -> tuple[bool, bool, int]:
        """Return how closely the parameters spell out a call of `count` arguments; greater is closer."""
        surplus = abs(len(self.parameters) + len(self.keyword_only) - count)
        return self.rest is None, self.other_keywords is None, -surplus

    def replaces(self, other: Method) -> bool:
        """Return whether this method takes the place of `other`, which has the same signature.

        One that is about all calls takes that of every method, or of those with no less special a config.

        Raises
        ------
        RegistrationError
            Where they have it only because their annotations say more than a call can tell.
        """
        if self.about_all_calls:
            return self.takes_all_calls([p.pattern for p in other.parameters[: len(self.parameters)]])
        if not self.has_signature_of(other):
            return False
        if self.label is None and other.label is None and not self._says_what(other):
            raise RegistrationError(
                f"{self} would replace {other}: no call can tell {_shown(other.blurred)} from"
                f" {_shown(self.blurred)}. Write classes that are known where the rule is registered, and"
                f" leave out parameters that a value does not show."
            )
        return True

    def _says_what(self, other: Method) -> bool:
        pairs = zip(self.blurred, other.blurred, strict=False)
        return len(self.blurred) == len(other.blurred) and all(p.agrees_with(q) for p, q in pairs)

    def takes_all_calls(self, first: Sequence[Pattern]) -> bool:
        """Return whether this method fits every call whose first values, the callable last, fit these."""
        if self.rest != Anything() or len(self.parameters) > len(first):
            return False
        return all(p.pattern.covers(q) for p, q in zip(self.parameters, first, strict=False))

    def has_signature_of(self, other: Method) -> bool:
        """Return whether both dispatch on the same calls, so that the later one replaces the earlier."""
        mine, theirs = self, other
        if self.label is not None and self.other_keywords is not None:
            # What a tool makes for all keywords takes the place of rules with whatever keywords.
            mine, theirs = (replace(m, keyword_only=(), other_keywords=None) for m in (self, other))
        pairs = zip(mine.patterns(), theirs.patterns(), strict=True)
        return mine._form() == theirs._form() and all(p.covers(q) and q.covers(p) for p, q in pairs)

    def _form(self) -> tuple[object, ...]:
        """Return all that the signature says beside the patterns."""
        positional = tuple(p.optional for p in self.parameters)
        by_keyword = tuple((p.name, p.optional) for p in self.keyword_only)
        return positional, self.rest is None, by_keyword, self.other_keywords is None

    def patterns(self) -> list[Pattern]:
        """Return the patterns of all parameters, in an order that is that of all methods of this form."""
        patterns = [p.pattern for p in (*self.parameters, *self.keyword_only)]
        return patterns + [p for p in (self.rest, self.other_keywords) if p is not None]

    def left_out(self, keywords: Collection[str]) -> dict[str, Pattern]:
        """Return the patterns of the options that a call with these keywords leaves to their defaults."""
        return {str(p.name): p.pattern for p in self.keyword_only if p.name not in keywords}

    def __str__(self) -> str:
        return self.label or described(self.rule)


def no_rule(*_: Any, **__: Any) -> None:
    """Stand for the rule of calls that are to behave as if no rule fitted."""


def _shown(blurred: tuple[Blurred, ...]) -> str:
    return ", ".join(f"`{annotation.text}`" for annotation in blurred) or "an annotation that says less"


def described(rule: Rule) -> str:
    """Return a rule as messages show it, with its signature and the place where it is defined."""
    return f"{describe(rule)}{signature_of(rule)}{place_of(rule)}"


def place_of(rule: Rule) -> str:
    """Return the file and line where a rule is defined, as messages add them; nothing for one of C."""
    code = getattr(inspect.unwrap(rule), "__code__", None)
    return f" ({code.co_filename}:{code.co_firstlineno})" if code else ""


def signature_of(rule: Rule) -> inspect.Signature:
    """Return the signature of a rule, also where its annotations cannot be resolved."""
    if sys.version_info >= (3, 14):
        from annotationlib import Format

        return inspect.signature(rule, annotation_format=Format.FORWARDREF)
    return inspect.signature(rule)


def describe(f: object) -> str:
    """Return the name by which messages call `f`."""
    if get_origin(f) is not None:
        return repr(f)
    return getattr(f, "__qualname__", None) or getattr(f, "__name__", None) or repr(f)
