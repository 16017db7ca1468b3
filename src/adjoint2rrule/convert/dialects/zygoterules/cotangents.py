"""What a pullback returns, as values: what is missing, structured, or ready as it is.

What cannot be told is said to be `Unclear`, with the reason: nothing is guessed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Ready:
    """A number or an array: it stays as it is written."""


@dataclass(frozen=True)
class Seed:
    """The seed or a part of it, which is a tangent already: it stays as it is written."""


@dataclass(frozen=True, eq=False)
class Part:
    """A slice of the seed, or a sum of its parts: an array or, where the seed is one, a bare tuple."""


@dataclass(frozen=True, eq=False)
class Missing:
    """A ``None``, or a ``return`` without a value."""

    node: ast.expr | ast.Return


@dataclass(frozen=True, eq=False)
class Fields:
    """A dict or an object's fields: ``{"a": ...}``, ``dict(a=...)``, ``SimpleNamespace(a=...)``.

    Attributes
    ----------
    node
        The display or call.
    keys
        The keys as constants; strings for a call.
    values
        What each of them holds.
    """

    node: ast.Dict | ast.Call
    keys: tuple[object, ...]
    values: tuple[Cotangent, ...]


@dataclass(frozen=True, eq=False)
class Items:
    """A tuple or list display."""

    node: ast.Tuple | ast.List
    values: tuple[Cotangent, ...]


@dataclass(frozen=True, eq=False)
class Either:
    """One of several, by branch or by the place that bound a name last."""

    choices: tuple[Cotangent, ...]


@dataclass(frozen=True, eq=False)
class Unclear:
    """Something that cannot be told from the source, and why."""

    node: ast.AST
    reason: str


Cotangent = Ready | Seed | Part | Missing | Fields | Items | Either | Unclear
READY = Ready()
SEED = Seed()


def either(choices: list[Cotangent]) -> Cotangent:
    """Return one of several cotangents, or the one that they all are."""
    flat: list[Cotangent] = []
    for choice in choices:
        flat += choice.choices if isinstance(choice, Either) else (choice,)
    distinct = list(dict.fromkeys(flat))
    if len(distinct) == 1:
        return distinct[0]
    return Either(tuple(distinct))


def is_value(value: Cotangent) -> bool:
    """Whether `value` is a number, an array or a tangent on every path."""
    if isinstance(value, Either):
        return all(map(is_value, value.choices))
    return isinstance(value, Ready | Seed | Part)


def parts(value: Cotangent) -> Iterator[Cotangent]:
    """Yield `value` and everything in it."""
    yield value
    inner: tuple[Cotangent, ...] = ()
    if isinstance(value, Fields | Items):
        inner = value.values
    elif isinstance(value, Either):
        inner = value.choices
    for part in inner:
        yield from parts(part)
