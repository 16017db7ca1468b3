"""What generated functions compute, and how the pullbacks of their rules read the seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.generator.cotangents import Leaves
from tests.generator.drawing import pick


@dataclass(frozen=True)
class Reading:
    """How a pullback gets at its seed.

    Attributes
    ----------
    lines
        Statements at its start.
    leaves
        What there is after them.
    branches
        Conditions with what there is where they hold; each ends in a `return`.
    matched
        The subject of a `match` statement, where the branches are its cases.
    """

    lines: tuple[str, ...]
    leaves: Leaves
    branches: tuple[tuple[str, Leaves], ...] = ()
    matched: str = ""


@dataclass(frozen=True)
class Output:
    """The structure of a value: `text` makes it of `total`, a number; `keys` are the indices of its parts."""

    text: str
    keys: tuple[str, ...] = ()


NUMBER = Output("total")
ARRAY = Output("total * np.array([1.0, 2.0, 3.0])")
PARTS = (
    Output("(total, 2 * total)", ("0", "1")),
    Output("dict(a=total, b=3 * total)", ('"a"', '"b"')),
    Output("Point(total, -total)", ("0", "1")),
    Output("Pair(total, -total)", ('"a"', '"b"')),
)
ALL = (NUMBER, NUMBER, ARRAY, *PARTS)


def reading(draw: Any, output: Output, seed: str, names: tuple[str, str], *, inline: bool) -> Reading:
    """Draw a way to read `seed`, with `names` for its parts; without statements if it is `inline`."""
    if output is NUMBER:
        return Reading((), Leaves((seed,)))
    if output is ARRAY:
        return Reading((), Leaves((f"{seed}[1]", f"{seed}.sum()"), (seed,)))
    parts = tuple(f"{seed}[{key}]" for key in output.keys)
    if inline:
        return Reading((), guarded(parts))
    forms = [_indexed, _assigned, _defaulted, _filled, _early]
    if output.keys[0] == "0":
        forms += [_unpacked, _unpacked_early, _matched]
    return pick(draw, *forms)(seed, parts, names)


def guarded(parts: tuple[str, ...]) -> Leaves:
    """Return the parts of a seed as they are, one of which may be missing."""
    first, second = parts
    tests = (f"{first} is None", Leaves((second,)), Leaves((first,)))
    other = (f"{second} is not None", Leaves((second,)), Leaves((first,)))
    return Leaves(parts, (), (tests, other))


def _indexed(seed: str, parts: tuple[str, ...], names: tuple[str, str]) -> Reading:
    return Reading((), guarded(parts))


def _assigned(seed: str, parts: tuple[str, ...], names: tuple[str, str]) -> Reading:
    return Reading(tuple(f"{n} = {p}" for n, p in zip(names, parts, strict=True)), guarded(names))


def _defaulted(seed: str, parts: tuple[str, ...], names: tuple[str, str]) -> Reading:
    lines = (f"{n} = 0.0 if {p} is None else {p}" for n, p in zip(names, parts, strict=True))
    return Reading(tuple(lines), Leaves(names))


def _filled(seed: str, parts: tuple[str, ...], names: tuple[str, str]) -> Reading:
    lines = [f"{n} = {p}" for n, p in zip(names, parts, strict=True)]
    tests = [line for n in names for line in (f"if {n} is None:", f"    {n} = 0.0")]
    return Reading((*lines, *tests), Leaves(names))


def _early(seed: str, parts: tuple[str, ...], names: tuple[str, str]) -> Reading:
    first, second = parts
    return Reading((), Leaves(parts), ((f"if {first} is None:", Leaves((second,))),))


def _unpacked(seed: str, parts: tuple[str, ...], names: tuple[str, str]) -> Reading:
    return Reading((f"{', '.join(names)} = {seed}",), guarded(names))


def _unpacked_early(seed: str, parts: tuple[str, ...], names: tuple[str, str]) -> Reading:
    first, second = names
    branches = (
        (f"if {first} is None:", Leaves((second,))),
        (f"if {second} is None:", Leaves((first,))),
    )
    return Reading((f"{first}, {second} = {seed}",), Leaves(names), branches)


def _matched(seed: str, parts: tuple[str, ...], names: tuple[str, str]) -> Reading:
    first, second = names
    branches = (
        (f"case (None, {second}):", Leaves((second,))),
        (f"case ({first}, None):", Leaves((first,))),
        (f"case ({first}, {second}):", Leaves(names)),
    )
    return Reading((), Leaves(names), branches, seed)
