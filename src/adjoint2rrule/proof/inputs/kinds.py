"""What a parameter can be: descriptions of values, which `forms` writes down; none of them acts."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from adjoint2rrule.proof.model import Expression


class Trait(Enum):
    """What is known of a number or an array beside that it is one."""

    VECTOR = auto()
    MATRIX = auto()
    SQUARE = auto()
    ROWS = auto()  # a vector with an entry for each row of a matrix, not for each column
    SCALAR = auto()  # one number
    INCREASING = auto()
    POSITIVE = auto()
    UNIT = auto()  # between 0 and 1
    WHOLE = auto()
    INDEX = auto()  # an index, or an array of indices
    AXIS = auto()
    COMPLEX = auto()


Traits = frozenset[Trait]
NO_TRAITS: Traits = frozenset()


@dataclass(frozen=True)
class Number:
    """A float; or an int or a complex number, if the traits say so.

    Attributes
    ----------
    traits
        What is known of it.
    bounds
        Numbers that it is compared with, so that it matters on which side of them it is.
    """

    traits: Traits = NO_TRAITS
    bounds: tuple[float, ...] = ()


@dataclass(frozen=True)
class Array:
    """An array of numpy; `makers` turn it into one of another package, such as ``sp.csr_array``."""

    traits: Traits = NO_TRAITS
    makers: tuple[Expression, ...] = ()


@dataclass(frozen=True)
class Numeric:
    """A number or an array: what arithmetic alone is done with, or what nothing is known of."""

    traits: Traits = NO_TRAITS
    bounds: tuple[float, ...] = ()


@dataclass(frozen=True)
class Near:
    """A number that may be as this one, or somewhere around it."""

    value: float | int


@dataclass(frozen=True)
class Choice:
    """One of several values, such as the members of an enumeration."""

    values: tuple[Expression, ...]


@dataclass(frozen=True)
class Text:
    """A string."""


@dataclass(frozen=True)
class Row:
    """A tuple or list with entries of their own kinds."""

    container: str
    entries: tuple[Kind, ...]


@dataclass(frozen=True)
class Many:
    """A tuple, list or set of any length."""

    container: str
    each: Kind


@dataclass(frozen=True)
class Mapping:
    """A dict; of these keys, if there are any."""

    value: Kind
    keys: tuple[tuple[str, Kind], ...] = ()


@dataclass(frozen=True)
class Function:
    """A function of so many arguments; of any number from there on, if it is `open`."""

    arity: int | None = None
    open: bool = False


@dataclass(frozen=True)
class FieldKind:
    """What the constructor of a class takes under a name."""

    name: str
    kind: Kind
    by_keyword: bool = False


@dataclass(frozen=True)
class Made:
    """What a class or a function of the project makes."""

    maker: Expression
    fields: tuple[FieldKind, ...] = ()


@dataclass(frozen=True)
class Either:
    """One of several kinds, the likely ones first."""

    kinds: tuple[Kind, ...]


@dataclass(frozen=True)
class Nothing:
    """``None``."""


Kind = (
    Number
    | Array
    | Numeric
    | Near
    | Choice
    | Text
    | Row
    | Many
    | Mapping
    | Function
    | Made
    | Either
    | Nothing
)


@dataclass(frozen=True)
class Guess:
    """The kind of a parameter, and whether the sources say so.

    Attributes
    ----------
    kind
        What it can be; the likely values come first.
    is_certain
        Whether any value of the kind may be expected to do.
    """

    kind: Kind = field(default_factory=Numeric)
    is_certain: bool = False


def either(kinds: list[Kind]) -> Kind:
    """Return the kind of what may be of any of `kinds`.

    Examples
    --------
    >>> either([Text(), Text()])
    Text()
    """
    distinct = tuple(dict.fromkeys(kinds))
    return distinct[0] if len(distinct) == 1 else Either(distinct)
