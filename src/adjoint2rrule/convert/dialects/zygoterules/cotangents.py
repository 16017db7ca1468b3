"""What a pullback returns, as values: what is missing, structured, or ready as it is.

What cannot be told is said to be `Unclear`, with the reason: nothing is guessed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Ready:
    """A number or an array: it stays as it is written.

    Attributes
    ----------
    given
        Whether it is the value of a callback, or of a part of one, which may be a structure all the same.
    """

    given: bool = False


@dataclass(frozen=True)
class Seed:
    """A tangent already: the seed, a part of it, or what a callback gave.  It stays as it is written.

    Attributes
    ----------
    given
        Whether a callback gave it.
    entries
        Its parts, where the value of the rule is a tuple that shows them.
    """

    given: bool = False
    entries: tuple[Cotangent, ...] | None = None


@dataclass(frozen=True, eq=False)
class Part:
    """A slice of the seed, or a sum of its parts: an array or, where the seed is one, a bare tuple."""


@dataclass(frozen=True)
class Alike:
    """What a call of ``type(x)`` made: an array where ``x`` is one."""


@dataclass(frozen=True)
class Back:
    """What a callback gave to be called with a seed.

    Attributes
    ----------
    own
        Whether its result starts with the cotangent of what was called.
    count
        How many entries its result has, `None` where that cannot be told.
    """

    own: bool
    count: int | None


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
class Entries:
    """A dict comprehension, whose entries are all like `value`."""

    node: ast.DictComp
    value: Cotangent


@dataclass(frozen=True, eq=False)
class Items:
    """A tuple or list display; an entry with a star is a `Spread`."""

    node: ast.Tuple | ast.List
    values: tuple[Cotangent, ...]


@dataclass(frozen=True, eq=False)
class Spread:
    """An entry with a star: the elements of a sequence."""

    node: ast.Starred
    value: Cotangent


@dataclass(frozen=True, eq=False)
class Joined:
    """One sequence behind another: ``left + right``."""

    node: ast.BinOp
    left: Cotangent
    right: Cotangent


@dataclass(frozen=True, eq=False)
class Each:
    """A sequence whose elements are all like `value`: a comprehension, or a display times a number."""

    node: ast.ListComp | ast.GeneratorExp | ast.BinOp
    value: Cotangent


@dataclass(frozen=True, eq=False)
class Collected:
    """A sequence as ``tuple(...)`` or ``list(...)``."""

    node: ast.Call
    value: Cotangent


@dataclass(frozen=True, eq=False)
class Grown:
    """A list that entries are put into one by one, each like one of `values`."""

    node: ast.List
    values: tuple[Cotangent, ...]


@dataclass(frozen=True, eq=False)
class Given:
    """A sequence from elsewhere, which stays as it is: the result of a function, or a part of one.

    Attributes
    ----------
    node
        The expression for it, where there is one for it alone.
    values
        Its entries; `None` where their number cannot be told.
    element
        What every entry is like, where their number cannot be told.
    is_tuple
        Whether it is sure to be a tuple.
    """

    node: ast.expr | None
    values: tuple[Cotangent, ...] | None
    element: Cotangent = Ready()
    is_tuple: bool = False


@dataclass(frozen=True, eq=False)
class Result:
    """What a function inside the rule gives to the call `node`.

    Attributes
    ----------
    function
        The function.
    arguments
        The expression for each of its parameters.
    """

    node: ast.Call
    value: Cotangent
    function: ast.FunctionDef | ast.AsyncFunctionDef
    arguments: dict[str, ast.expr]


@dataclass(frozen=True, eq=False)
class Either:
    """One of several, by branch or by the place that bound a name last."""

    choices: tuple[Cotangent, ...]


@dataclass(frozen=True, eq=False)
class Unclear:
    """Something that cannot be told from the source, and why."""

    node: ast.AST
    reason: str


Cotangent = (
    Ready
    | Seed
    | Part
    | Alike
    | Back
    | Missing
    | Fields
    | Entries
    | Items
    | Spread
    | Joined
    | Each
    | Collected
    | Grown
    | Given
    | Result
    | Either
    | Unclear
)
READY = Ready()
SEED = Seed()
GIVEN = Seed(given=True)


def either(choices: Iterable[Cotangent]) -> Cotangent:
    """Return one of several cotangents, or the one that they all are."""
    flat: list[Cotangent] = []
    for choice in choices:
        flat += choice.choices if isinstance(choice, Either) else (choice,)
    distinct = list(dict.fromkeys(flat))
    if len(distinct) == 1:
        return distinct[0]
    return Either(tuple(distinct))


def inner(value: Cotangent) -> tuple[Cotangent, ...]:
    """Return what `value` is made of."""
    match value:
        case Fields(values=values) | Items(values=values) | Grown(values=values) | Either(choices=values):
            return values
        case Entries(value=part) | Spread(value=part) | Each(value=part) | Collected(value=part):
            return (part,)
        case Result(value=part):
            return (part,)
        case Joined(left=left, right=right):
            return left, right
        case Given(values=tuple() as values):
            return values
        case Given(element=part):
            return (part,)
    return ()


def parts(value: Cotangent) -> Iterator[Cotangent]:
    """Yield `value` and everything in it."""
    yield value
    for part in inner(value):
        yield from parts(part)


def weight(value: Cotangent, known: dict[Cotangent, int]) -> int:
    """Return how many parts `value` has, those counted again that names put in several places.

    `known` keeps what is found: ``b = (a, a); c = (b, b); …`` is short to write.
    """
    if value not in known:
        known[value] = 1 + sum(weight(part, known) for part in inner(value))
    return known[value]


def is_value(value: Cotangent) -> bool:
    """Whether `value` is a number, an array or a tangent on every path."""
    if isinstance(value, Either):
        return all(map(is_value, value.choices))
    return isinstance(value, Ready | Seed | Part | Alike)


def is_sequence(value: Cotangent) -> bool:
    """Whether `value` is a tuple or a list on every path."""
    if isinstance(value, Either):
        return all(map(is_sequence, value.choices))
    if isinstance(value, Result):
        return is_sequence(value.value)
    return isinstance(value, Items | Joined | Each | Collected | Grown | Given)


def is_tuple(value: Cotangent) -> bool:
    """Whether `value` is sure to be a tuple, and no list."""
    match value:
        case Items(node=node):
            return isinstance(node, ast.Tuple)
        case Joined(left=left, right=right):
            return is_tuple(left) and is_tuple(right)
        case Each(node=ast.BinOp() as node):
            return any(isinstance(side, ast.Tuple) for side in (node.left, node.right))
        case Collected(node=node):
            return ast.unparse(node.func) == "tuple"
        case Given(is_tuple=known):
            return known
        case Result(value=part):
            return is_tuple(part)
        case Either(choices=choices):
            return all(map(is_tuple, choices))
    return False


def is_unclear(value: Cotangent) -> bool:
    """Whether nothing speaks against `value` being a number or an array, but it cannot be told either."""
    choices = value.choices if isinstance(value, Either) else (value,)
    return any(isinstance(c, Unclear) for c in choices) and all(
        isinstance(c, Unclear) or is_value(c) for c in choices
    )


def is_settled(value: Cotangent) -> bool:
    """Whether `value`, and all of it, can stay as it is written wherever it is taken apart."""
    return not any(isinstance(p, Missing | Fields | Entries | Unclear) for p in parts(value))


def element(value: Cotangent) -> Cotangent | None:
    """Return what each element of `value` is like; `None` where it is no sequence, as far as is known."""
    match value:
        case Seed(entries=tuple() as parts_of_it):
            return either(parts_of_it)
        case Ready() | Seed() | Part() | Alike():
            return value
        case Each(value=part) | Given(values=None, element=part):
            return part
        case Items(values=values) | Grown(values=values) | Given(values=tuple() as values):
            found = [element(v.value) if isinstance(v, Spread) else v for v in values]
        case Joined(left=left, right=right):
            found = [element(left), element(right)]
        case Collected(value=part) | Result(value=part):
            return element(part)
        case Either(choices=choices):
            found = [element(choice) for choice in choices]
        case _:
            return None
    known = [part for part in found if part is not None]
    return either(known) if known and len(known) == len(found) else None


def listed(value: Cotangent) -> list[Cotangent] | None:
    """Return the entries of a sequence in order, `None` where their number cannot be told."""
    match value:
        case Items(values=values):
            pieces = [listed(v.value) if isinstance(v, Spread) else [v] for v in values]
        case Joined(left=left, right=right):
            pieces = [listed(left), listed(right)]
        case Given(values=tuple() as values):
            return list(values)
        case Collected(value=part) | Result(value=part):
            return listed(part)
        case _:
            return None
    known = [piece for piece in pieces if piece is not None]
    return [v for piece in known for v in piece] if len(known) == len(pieces) else None
