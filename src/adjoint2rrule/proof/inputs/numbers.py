"""Short decimals for tests: distinct, neither 0 nor 1, the same from run to run, and in no order."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

_PATIENCE = 12  # numbers in a row that were given out before
_GOLDEN = 0.6180339887498949  # its multiples fill an interval evenly


class Scale(Enum):
    """Where the numbers of a call lie."""

    MIXED = "mixed"  # arrays on both sides of zero, single numbers above it
    POSITIVE = "positive"
    UNIT = "unit"  # between 0 and 1
    NEGATIVE = "negative"  # single numbers below zero


_MAPS: dict[Scale, Callable[[float], float]] = {
    Scale.MIXED: lambda u: 5.6 * u - 2.8,
    Scale.POSITIVE: lambda u: 0.4 + 2.6 * u,
    Scale.UNIT: lambda u: 0.1 + 0.8 * u,
    Scale.NEGATIVE: lambda u: -0.3 - 2.6 * u,
}


class Numbers:
    """The numbers of one call, each given out once.

    Examples
    --------
    >>> numbers = Numbers()
    >>> numbers.take(3, Scale.MIXED), numbers.take(1, Scale.UNIT)
    (['-1.5', '2.0', '-0.2'], ['0.17'])
    """

    def __init__(self) -> None:
        self._steps = 1
        self._taken = {0.0, 1.0, -1.0}
        self._words = 0
        self._mappings = 0

    def take(self, count: int, scale: Scale) -> list[str]:
        """Return the next `count` numbers, as Python writes them."""
        return [self._next(scale) for _ in range(count)]

    def _next(self, scale: Scale) -> str:
        places = 2 if scale is Scale.UNIT or len(self._taken) > 25 else 1
        first = self._steps
        while True:
            self._steps += 1
            # An interval has only so many short decimals.
            if self._steps - first > _PATIENCE * places:
                places += 1
            value = round(_MAPS[scale](self._steps * _GOLDEN % 1.0), places)
            if value not in self._taken:
                self._taken.add(value)
                return repr(value)

    def indices(self, count: int, below: int) -> list[str]:
        """Return whole numbers from 0 on, of which some may be there twice."""
        self._steps += 1
        start = self._steps % below
        return [str((start + 2 * k) % below) for k in range(count)]

    def word(self) -> str:
        """Return a short string."""
        self._words += 1
        return "abcdefghijklmnopqrstuvwxyz"[2 * (self._words - 1) % 24 :][:2]

    def keys(self) -> list[str]:
        """Return two keys, of which the next call gives one again."""
        self._mappings += 1
        return list("abcdefghijklmnopqrstuvwxyz"[(self._mappings - 1) % 24 :][:2])
