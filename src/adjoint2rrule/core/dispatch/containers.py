"""Patterns that look inside a value: at the elements of a container, or at the dtype of an array."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from adjoint2rrule.core.dispatch.patterns import Anything, Either, Instance, Number, Pattern


@dataclass(frozen=True)
class Elements(Pattern):
    """`list[T]`, `Sequence[T]`, `tuple[T, ...]` …: a container every element of which is accepted."""

    bound: type
    element: Pattern

    def decide(self, cls: type) -> bool | None:
        return None if issubclass(cls, self.bound) else False

    def accepts(self, value: object) -> bool:
        if not isinstance(value, self.bound):
            return False
        # An iterator is taken at its word: to look at its elements would use them up.
        return not isinstance(value, Collection) or all_accepted(self.element, value)

    def _covers(self, other: Pattern) -> bool:
        element = element_of(other)
        return issubclass(other.bound, self.bound) and element is not None and self.element.covers(element)


@dataclass(frozen=True)
class Pairs(Pattern):
    """`dict[K, V]`, `Mapping[K, V]` …: a mapping every key and value of which are accepted."""

    bound: type
    key: Pattern
    value: Pattern

    def decide(self, cls: type) -> bool | None:
        return None if issubclass(cls, self.bound) else False

    def accepts(self, value: object) -> bool:
        if not (isinstance(value, self.bound) and isinstance(value, Mapping)):
            return False
        return all_accepted(self.key, value.keys()) and all_accepted(self.value, value.values())

    def _covers(self, other: Pattern) -> bool:
        if isinstance(other, Items):
            return issubclass(dict, self.bound) and self.key.covers(_KEY) and isinstance(self.value, Anything)
        return (
            isinstance(other, Pairs)
            and issubclass(other.bound, self.bound)
            and self.key.covers(other.key)
            and self.value.covers(other.value)
        )


@dataclass(frozen=True)
class Fields(Pattern):
    """`tuple[A, B]`: a tuple with one element for each of these patterns."""

    items: tuple[Pattern, ...]
    bound = tuple

    def decide(self, cls: type) -> bool | None:
        return None if issubclass(cls, tuple) else False

    def accepts(self, value: object) -> bool:
        return (
            isinstance(value, tuple)
            and len(value) == len(self.items)
            and all(item.accepts(v) for item, v in zip(self.items, value, strict=True))
        )

    def _covers(self, other: Pattern) -> bool:
        return (
            isinstance(other, Fields)
            and len(self.items) == len(other.items)
            and all(mine.covers(theirs) for mine, theirs in zip(self.items, other.items, strict=True))
        )


_KEY = Instance(str)


@dataclass(frozen=True)
class Items(Pattern):
    """A `TypedDict`: a dict whose values at these keys are accepted, and which has the required ones."""

    items: tuple[tuple[str, Pattern, bool], ...]
    bound = dict

    def decide(self, cls: type) -> bool | None:
        return None if issubclass(cls, dict) else False

    def accepts(self, value: object) -> bool:
        if not (isinstance(value, dict) and all_accepted(_KEY, value)):
            return False
        # Other keys may be those of a subclass.
        return all(
            item.accepts(value[key]) if key in value else not is_required
            for key, item, is_required in self.items
        )

    def _covers(self, other: Pattern) -> bool:
        if not isinstance(other, Items):
            return False
        theirs = {key: (item, is_required) for key, item, is_required in other.items}
        return all(
            key in theirs and item.covers(theirs[key][0]) and (theirs[key][1] or not is_required)
            for key, item, is_required in self.items
        )


@dataclass(frozen=True)
class ArrayOf(Pattern):
    """`NDArray[S]`: an array with a dtype whose scalars are accepted; maybe also of `ndim` axes."""

    bound: type
    scalar: Pattern
    ndim: int | None

    def decide(self, cls: type) -> bool | None:
        return None if issubclass(cls, self.bound) else False

    def accepts(self, value: object) -> bool:
        return (
            isinstance(value, np.ndarray)
            and isinstance(value, self.bound)
            and self.scalar.decide(value.dtype.type) is True
            and self.ndim in (None, value.ndim)
        )

    def _covers(self, other: Pattern) -> bool:
        return (
            isinstance(other, ArrayOf)
            and issubclass(other.bound, self.bound)
            and self.scalar.covers(other.scalar)
            and self.ndim in (None, other.ndim)
        )


# What every element of these is, without looking.
_ELEMENTS: dict[type, Pattern] = {
    range: Number(int),
    bytes: Number(int),
    bytearray: Number(int),
    str: Instance(str),
}


def element_of(pattern: Pattern) -> Pattern | None:
    """Return a pattern of what iteration over an accepted value yields; `None` where it is unknown."""
    match pattern:
        case Elements(element=element) | Pairs(key=element):
            return element
        case Fields(items=items):
            return Either(items)
        case Items():
            return _KEY
        case Instance(bound=bound):
            return _ELEMENTS.get(bound)
    return None


def all_accepted(pattern: Pattern, values: Iterable[object]) -> bool:
    """Return whether `values` can be iterated over, and `pattern` accepts every one of them."""
    if isinstance(values, range):
        values = values[:1]  # integers all; and there may be very many
    try:
        classes = set(map(type, values))
    except Exception:  # an array without axes, or whatever another class says of being iterated
        return False
    verdicts = {cls: pattern.decide(cls) for cls in classes}
    if False in verdicts.values():
        return False
    # Most lists hold one class, which decides for all of their elements at once.
    open_classes = {cls for cls, verdict in verdicts.items() if verdict is None}
    return not open_classes or all(pattern.accepts(v) for v in values if type(v) in open_classes)
