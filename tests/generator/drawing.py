"""What all parts of the generator draw with: choices whose first option is the simplest one."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[T]], T]

#: Some are names of the runtime, which a converted module has to do without; `ﬁ` is `fi` to Python.
NAMES = ("x", "y", "z", "alpha", "w", "φ", "σ2", "ȳ", "ﬁ", "x̄", "_w", "rrule", "Tangent", "config", "f_rrule")
SEEDS = ("dy", "Δ", "Ȳ", "Ω̄", "seed", "ﬂux")
LOCALS = ("dx", "dz", "grad", "ẑ", "out", "δ", "part", "NoTangent", "t̄")
PULLBACKS = ("back", "f_pullback", "pb", "ℬ")


def pick(draw: Draw[T], *options: T) -> T:
    """Draw one of some options."""
    return options[0] if len(options) == 1 else draw(st.sampled_from(options))


def chance(draw: Draw[bool], one_in: int = 2) -> bool:
    """Draw `True` once in so many times."""
    return draw(st.integers(0, one_in - 1)) == one_in - 1


def repeated(draw: Draw[bool], most: int, make: Callable[[int], T]) -> list[T]:
    """Draw one to `most` of something; any of them can be left out when an example is shrunk."""
    found = [make(0)]
    while len(found) < most and chance(draw):
        found.append(make(len(found)))
    return found


def split(draw: Draw[int], items: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    """Draw two halves of a sequence, which may be empty."""
    at = draw(st.integers(0, len(items)))
    return items[:at], items[at:]


class Names:
    """The names that one rule has taken, in the form in which Python compares them, and what it stands on.

    `outside` are statements before its pullback, `None` where that cannot see them; `helpers` are
    definitions of the module; `is_helper` says that the pullback stands in one.
    """

    def __init__(self, *taken: str) -> None:
        self.outside: list[str] | None = None
        self.helpers: list[str] = []
        self.is_helper = False
        self.taken = {unicodedata.normalize("NFKC", name) for name in taken}

    def new(self, draw: Draw[str], pool: Sequence[str]) -> str:
        """Draw a name of a pool that is not taken, and take it."""
        free = [n for n in pool if unicodedata.normalize("NFKC", n) not in self.taken]
        name = pick(draw, *free) if free else f"{pool[0]}_{len(self.taken)}"
        self.taken.add(unicodedata.normalize("NFKC", name))
        return name
