"""Choices of one thing out of each of several lists, by what they cost together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Protocol, TypeVar


class Costed(Protocol):
    """What has a cost."""

    @property
    def cost(self) -> int:
        """How much less it is likely to be the one that is wanted."""


T = TypeVar("T", bound=Costed)


def combinations(options: Sequence[Sequence[T]], total: int) -> Iterator[tuple[T, ...]]:
    """Yield the choices of one from each of `options` that cost just `total` together."""
    if total < 0:
        return
    if not options:
        if total == 0:
            yield ()
        return
    for chosen in options[0]:
        for rest in combinations(options[1:], total - chosen.cost):
            yield (chosen, *rest)


def cheapest(options: Sequence[Sequence[T]], most: int, highest: int = 4) -> list[tuple[int, tuple[T, ...]]]:
    """Return the first few choices, each with its cost, which is at most `highest`."""
    found = ((total, chosen) for total in range(highest + 1) for chosen in combinations(options, total))
    return list(islice(found, most))
