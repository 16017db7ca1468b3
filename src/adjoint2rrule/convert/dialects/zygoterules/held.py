"""What an expression of a pullback may evaluate to, as far as tangents go.

The parts of a tangent are tangents that may be missing; a tuple, list or dict that the pullback itself
makes is a bare one, in both forms, and only what is in it can be a tangent.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce

_MAX_DEPTH = 4


@dataclass(frozen=True)
class Held:
    """What an expression may evaluate to; without any of the attributes, something that is never `None`.

    Attributes
    ----------
    whole
        The seed itself, which is never zero: nobody runs a pullback for that.
    plain, structured
        Whether that seed is sure to be a number or array, or sure to be a `Tangent`.
    part
        A part of a tangent, or what a callback gave; zero where it is missing.
    thunk
        A tangent as it was handed over, so that it may be a thunk.
    array
        An array that was made from a structure; the legacy one may hold `None` where the other holds 0.
    doubtful
        A part of such an array, or what an unknown function has made of a tangent.
    unknown
        Something that may be `None`, and is no tangent.
    nones
        These ``None`` in the pullback itself.
    entries
        A bare tuple or list with these entries.
    inside
        A bare container, with parts like this.
    """

    whole: bool = False
    plain: bool = False
    structured: bool = False
    part: bool = False
    thunk: bool = False
    array: bool = False
    doubtful: bool = False
    unknown: bool = False
    nones: frozenset[ast.Constant] = frozenset()
    entries: tuple[Held, ...] | None = None
    inside: Held | None = None

    @property
    def is_tangent(self) -> bool:
        """Whether this may be a tangent itself."""
        return self.whole or self.part

    @property
    def may_be_zero(self) -> bool:
        """Whether this may be a zero: one that was given, or a ``None`` that becomes one."""
        return self.part or bool(self.nones)

    @property
    def is_container(self) -> bool:
        """Whether this may be a bare tuple, list or dict."""
        return self.entries is not None or self.inside is not None

    @property
    def bears(self) -> bool:
        """Whether this may be a tangent, or hold one."""
        contents = self.contents
        return self.is_tangent or (contents is not None and contents.bears)

    @property
    def thunks(self) -> bool:
        """Whether this may be a thunk, or hold one."""
        contents = self.contents
        return self.thunk or (contents is not None and contents.thunks)

    @property
    def contents(self) -> Held | None:
        """What the parts of the bare container are; `None` where this is none."""
        parts = [*(self.entries or ()), *([self.inside] if self.inside is not None else [])]
        return join(parts) if parts or self.entries is not None else None

    def elements(self) -> Held:
        """Return what indexing and iterating give."""
        found = [PART] if self.part or (self.whole and not self.plain) else []
        if (contents := self.contents) is not None:
            found.append(contents)
        if self.array or self.doubtful:
            found.append(Held(doubtful=True))
        if self.unknown:
            found.append(UNKNOWN)
        return join(found)

    def entry(self, index: int) -> Held:
        """Return what the entry at `index` is."""
        only = self.entries is not None and self == Held(entries=self.entries)
        if only and self.entries is not None and -len(self.entries) <= index < len(self.entries):
            return self.entries[index]
        return self.elements()

    def unpacked(self, count: int) -> list[Held]:
        """Return what unpacking into `count` names gives."""
        if self.entries is not None and len(self.entries) == count:
            return [self.entry(i) for i in range(count)]
        return [self.elements()] * count


SOLID = Held()
UNKNOWN = Held(unknown=True)
DOUBTFUL = Held(unknown=True, doubtful=True)
PART = Held(part=True)
GIVEN = Held(inside=Held(part=True, thunk=True))


def seed(structured: bool | None) -> Held:
    """Return what a seed is; `structured` tells whether it is a `Tangent`, `None` where that is not known."""
    return Held(whole=True, plain=structured is False, structured=bool(structured), thunk=True)


def join(held: Iterable[Held]) -> Held:
    """Return what may be any of `held`."""
    return reduce(_either, held, SOLID)


def container(parts: Iterable[Held]) -> Held:
    """Return a bare container of which nothing is known but what may be in it."""
    return limited(Held(inside=join(parts)))


def sequence(entries: Iterable[Held]) -> Held:
    """Return a bare tuple or list with these entries."""
    return limited(Held(entries=tuple(entries)))


def limited(held: Held, depth: int = _MAX_DEPTH) -> Held:
    """Return `held` without what is nested too deeply in it, so that loops over names come to an end."""
    if not held.is_container:
        return held
    if depth == 0:
        contents = held.contents
        assert contents is not None
        flat = _either(held, limited(contents, 0))
        return replace(flat, doubtful=flat.is_tangent or flat.doubtful, entries=None, inside=None)
    entries = None if held.entries is None else tuple(limited(e, depth - 1) for e in held.entries)
    inside = None if held.inside is None else limited(held.inside, depth - 1)
    return replace(held, entries=entries, inside=inside)


def _either(a: Held, b: Held) -> Held:
    if a == b or b == SOLID:
        return a
    if a == SOLID:
        return b
    entries, inside = _contained(a, b)
    return Held(
        a.whole or b.whole,
        (a.whole or b.whole) and all(h.plain or not h.whole for h in (a, b)),
        a.structured or b.structured,
        a.part or b.part,
        a.thunk or b.thunk,
        a.array or b.array,
        a.doubtful or b.doubtful,
        a.unknown or b.unknown,
        a.nones | b.nones,
        entries,
        inside,
    )


def _contained(a: Held, b: Held) -> tuple[tuple[Held, ...] | None, Held | None]:
    if not a.is_container or not b.is_container:
        one = a if a.is_container else b
        return one.entries, one.inside
    if a.inside is b.inside is None and len(a.entries or ()) == len(b.entries or ()):
        return tuple(map(_either, a.entries or (), b.entries or ())), None
    contents = [c for c in (a.contents, b.contents) if c is not None]
    return None, join(contents)
