"""Primals of every kind, in a module that another interpreter can import, and functions to defer."""

from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

import attrs
import numpy as np

from adjoint2rrule.core import HasReverseMode, NoForwardsMode, RuleConfig

T = TypeVar("T")


@dataclass
class Data:
    a: object
    b: object = 0.0


@dataclass(frozen=True, slots=True)
class Frozen:
    a: float
    total: float = field(init=False, default=1.0)


@attrs.define
class Attrs:
    _x: float
    y: float = 0.0


@attrs.frozen
class FrozenAttrs:
    a: float


class Point(NamedTuple):
    x: float
    y: float


class Plain:
    def __init__(self, a):
        self.a = a


class Slots:
    __slots__ = ("a", "b")


class Box(Generic[T]):
    def __init__(self, content):
        self.content = content


class Outer:
    class Inner:
        def __init__(self, a):
            self.a = a


class Config(RuleConfig[HasReverseMode, NoForwardsMode]):
    """The config of an AD system that has nothing to remember."""


class TapeConfig(RuleConfig[HasReverseMode]):
    """The config of an AD system that has."""

    def __init__(self, depth):
        self.depth = depth


@dataclass(frozen=True)
class FrozenConfig(RuleConfig[HasReverseMode]):
    depth: int


def two():
    return 2.0


def ones():
    return np.ones(2)


def add_two(x):
    return np.add(x, 2.0, out=x)


def fail():
    raise ArithmeticError("no value")
