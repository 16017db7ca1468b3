"""What an annotation accepts, and which of two annotations is the narrower one.

Every pattern answers three questions. Is this value accepted? Does its class alone decide that, so
that the answer can be remembered? Does this pattern cover another, so that a rule annotated with the
other one is more specific?
"""

from __future__ import annotations

import abc
from dataclasses import dataclass

import numpy as np

from adjoint2rrule.core.config import RuleConfig


class Pattern(abc.ABC):
    """The set of values that an annotation stands for."""

    # A class that every accepted value is an instance of.
    bound: type

    @abc.abstractmethod
    def decide(self, cls: type) -> bool | None:
        """Return whether instances of `cls` are accepted; `None` where that depends on the value."""

    def accepts(self, value: object) -> bool:
        """Return whether `value` is accepted."""
        return bool(self.decide(type(value)))

    def is_open(self) -> bool:
        """Return whether what `decide` says of a class can change, by an ``ABC.register``."""
        return type(self.bound).__subclasscheck__ is not type.__subclasscheck__

    def covers(self, other: Pattern) -> bool:
        """Return whether all that `other` accepts is accepted here too, as far as patterns can tell."""
        if self == other:
            return True
        if isinstance(other, Either):
            return all(self.covers(member) for member in other.members)
        if isinstance(other, Literals):
            return all(self.accepts(value) for _, value in other.choices)
        if isinstance(other, Exactly):
            return self.accepts(other.value)
        return not isinstance(other, Anything) and self._covers(other)

    @abc.abstractmethod
    def _covers(self, other: Pattern) -> bool:
        """Answer `covers` for one of the patterns that are neither unions nor values."""


@dataclass(frozen=True)
class Anything(Pattern):
    """No annotation, `Any`, `object`, or an annotation that cannot be resolved; only itself covers it."""

    bound = object

    def decide(self, cls: type) -> bool:
        return True

    def _covers(self, other: Pattern) -> bool:
        return True


@dataclass(frozen=True)
class Instance(Pattern):
    """A class: its instances, those of its subclasses and virtual subclasses included."""

    bound: type

    def decide(self, cls: type) -> bool | None:
        # By the class, and not by `isinstance`, which believes what a proxy says in its `__class__`:
        # the proxies of different things share one class, and answers are remembered by class.
        return issubclass(cls, self.bound) and not _is_time_among_integers(cls, self.bound)

    def _covers(self, other: Pattern) -> bool:
        if isinstance(other, Number):
            return all(self.decide(cls) for cls in other.members())
        if not self.decide(other.bound):
            return False
        # What has a method has not by itself subclasses that have it: `list` is a sequence, and not hashable.
        return self.bound in other.bound.__mro__ or not (self._asks_for_methods() and other.is_open())

    def _asks_for_methods(self) -> bool:
        return "__subclasshook__" in vars(self.bound)


def _is_time_among_integers(cls: type, bound: type) -> bool:
    # numpy counts time differences among the integers.
    return issubclass(cls, np.timedelta64) and bound in (np.integer, np.signedinteger)


@dataclass(frozen=True)
class Checked(Instance):
    """A class that has its own way to tell which objects are its instances."""

    def decide(self, cls: type) -> None:
        return None

    def accepts(self, value: object) -> bool:
        return isinstance(value, self.bound)


@dataclass(frozen=True)
class Number(Pattern):
    """A step of typing's numeric tower, with what numpy has on that step and below."""

    bound: type

    def decide(self, cls: type) -> bool:
        return issubclass(cls, TOWER[self.bound]) and not issubclass(cls, np.timedelta64)

    def members(self) -> tuple[type, ...]:
        """Return the classes that whoever covers this step has to accept."""
        # numpy's bool is no number to `numbers`, which cover the steps all the same.
        return tuple(cls for cls in TOWER[self.bound] if cls is not np.bool_)

    def _covers(self, other: Pattern) -> bool:
        if isinstance(other, Number):
            return _STEPS.index(other.bound) <= _STEPS.index(self.bound)
        return self.decide(other.bound)


_INTEGERS = (int, np.integer, np.bool_)
_FLOATS = (*_INTEGERS, float, np.floating)
TOWER: dict[type, tuple[type, ...]] = {
    bool: (bool, np.bool_),
    int: _INTEGERS,
    float: _FLOATS,
    complex: (*_FLOATS, complex, np.complexfloating),
}
_STEPS = tuple(TOWER)


@dataclass(frozen=True)
class Literals(Pattern):
    """`Literal[...]`: these values, each with its class, since `True == 1`."""

    choices: frozenset[tuple[type, object]]
    bound = object

    def decide(self, cls: type) -> bool | None:
        return None if any(cls is kind for kind, _ in self.choices) else False

    def accepts(self, value: object) -> bool:
        return any(type(value) is kind and value == choice for kind, choice in self.choices)

    def _covers(self, other: Pattern) -> bool:
        return False


@dataclass(frozen=True, eq=False)
class Exactly(Pattern):
    """One object, which need not be hashable nor comparable."""

    value: object
    bound = object

    def decide(self, cls: type) -> bool | None:
        return None if cls is type(self.value) else False

    def accepts(self, value: object) -> bool:
        return value is self.value

    def _covers(self, other: Pattern) -> bool:
        return False


@dataclass(frozen=True)
class Subclasses(Pattern):
    """`type[X]`: the classes, as objects, whose instances `instance` accepts."""

    instance: Pattern
    bound = type

    def decide(self, cls: type) -> bool | None:
        return None if issubclass(cls, type) else False

    def accepts(self, value: object) -> bool:
        return isinstance(value, type) and self.instance.decide(value) is not False

    def _covers(self, other: Pattern) -> bool:
        return isinstance(other, Subclasses) and self.instance.covers(other.instance)


@dataclass(frozen=True)
class WithFeatures(Pattern):
    """`RuleConfig[A, B]`: the configs that have all of these features."""

    features: frozenset[type]
    bound = RuleConfig

    def decide(self, cls: type) -> bool:
        return issubclass(cls, RuleConfig) and self.features <= cls.features

    def _covers(self, other: Pattern) -> bool:
        if isinstance(other, WithFeatures):
            return self.features <= other.features
        return self.decide(other.bound)


@dataclass(frozen=True)
class Either(Pattern):
    """A union; without members it accepts nothing, as `Never`."""

    members: tuple[Pattern, ...]
    bound = object

    def decide(self, cls: type) -> bool | None:
        verdicts = {member.decide(cls) for member in self.members}
        return True if True in verdicts else None if None in verdicts else False

    def accepts(self, value: object) -> bool:
        return any(member.accepts(value) for member in self.members)

    def is_open(self) -> bool:
        return any(member.is_open() for member in self.members)

    def _covers(self, other: Pattern) -> bool:
        return any(member.covers(other) for member in self.members)
