"""The entries of a pullback's result, and which argument each belongs to."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adjoint2rrule.convert.dialects.zygoterules.cotangents import (
    Collected,
    Cotangent,
    Each,
    Either,
    Given,
    Grown,
    Items,
    Joined,
    Missing,
    Result,
    Spread,
    either,
    is_settled,
    listed,
)


@dataclass(frozen=True)
class Entry:
    """An entry of a result.

    Attributes
    ----------
    value
        What it is.
    node
        The expression for it alone, where there is one.
    many
        Whether it stands for any number of entries, which are all like `value`.
    each
        What makes those, where it is a comprehension.
    """

    value: Cotangent
    node: ast.expr | None = None
    many: bool = False
    each: Each | None = None


def entries(value: Cotangent) -> list[Entry] | None:
    """Return the entries of a result, or of a part of it that is spread; `None` where they cannot be told."""
    match value:
        case Items(node=node, values=values):
            pieces = [
                entries(v.value) if isinstance(v, Spread) else [Entry(v, e)]
                for v, e in zip(values, node.elts, strict=True)
            ]
        case Joined(left=left, right=right):
            pieces = [entries(left), entries(right)]
        case Collected(value=part) | Result(value=part):
            return entries(part)
        case Each(value=part):
            return [Entry(part, many=True, each=value)]
        case Grown(values=values):
            return [Entry(either(values), many=True)]
        case Given(values=tuple() as values):
            return [Entry(v) for v in values]
        case Given(element=part):
            return [Entry(part, many=True)]
        case Either(choices=choices):
            return _of_either(choices)
        case _:
            return None
    known = [piece for piece in pieces if piece is not None]
    return [e for piece in known for e in piece] if len(known) == len(pieces) else None


def _of_either(choices: Sequence[Cotangent]) -> list[Entry] | None:
    """Return the entries of one of several sequences, where they stay as they are and are as many in each."""
    lists = [listed(choice) if is_settled(choice) else None for choice in choices]
    known = [found for found in lists if found is not None]
    if len(known) < len(lists) or len({len(found) for found in known}) > 1:
        return None
    return [Entry(either(column)) for column in zip(*known, strict=True)]


def computed_by(entry: Entry) -> ast.expr | None:
    """Return the expression that computes a cotangent: of ``value if test else None``, the first part."""
    node = entry.node
    while isinstance(node, ast.IfExp) and _is_none(node.body) != _is_none(node.orelse):
        node = node.orelse if _is_none(node.body) else node.body
    return node


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def spine(value: Cotangent) -> Iterator[Cotangent]:
    """Yield the sequences that a result is put together from, and itself."""
    yield value
    match value:
        case Items(values=values):
            inner: Sequence[Cotangent] = [v.value for v in values if isinstance(v, Spread)]
        case Joined(left=left, right=right):
            inner = [left, right]
        case Collected(value=part) | Result(value=part):
            inner = [part]
        case Either(choices=choices):
            inner = choices
        case _:
            inner = []
    for part in inner:
        yield from spine(part)


def is_missing(result: Cotangent, index: int) -> bool:
    """Whether a result has no cotangent for the argument at `index`."""
    if isinstance(result, Missing):
        return True
    found = entries(result)
    if found is None or any(e.many for e in found[: index + 1]):
        return False
    return index >= len(found) or isinstance(found[index].value, Missing)


def leftmost(value: Cotangent) -> Items | None:
    """Return the display that a result starts with, if that is written where it is returned."""
    match value:
        case Items():
            return value
        case Joined(left=left):
            return leftmost(left)
        case Result(value=part):
            return leftmost(part)
    return None


def rightmost(value: Cotangent) -> Items | None:
    """Return the display that a result ends with, if that is written where it is returned."""
    match value:
        case Items():
            return value
        case Joined(right=right):
            return rightmost(right)
        case Result(value=part):
            return rightmost(part)
    return None
