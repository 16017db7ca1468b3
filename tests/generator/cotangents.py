"""What a legacy pullback gives for an argument, as a small tree that can be written down in several ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Nothing:
    """No gradient."""


@dataclass(frozen=True)
class Value:
    """A number, an array, or anything that is written as one expression."""

    text: str


@dataclass(frozen=True)
class Fields:
    """The cotangent of an object or a dict: `maker` is what its entries are put in."""

    maker: str
    entries: tuple[tuple[str, Cotangent], ...]


@dataclass(frozen=True)
class Items:
    """A tuple or a list, by its brackets."""

    brackets: str
    values: tuple[Cotangent, ...]


@dataclass(frozen=True)
class Each:
    """A comprehension, with `part` for each element."""

    form: str
    part: Cotangent


@dataclass(frozen=True)
class Choice:
    """One of two, by a condition."""

    condition: str
    yes: Cotangent
    no: Cotangent


Cotangent = Nothing | Value | Fields | Items | Each | Choice
NOTHING = Nothing()


def written(cotangent: Cotangent) -> str:
    """Return a cotangent as one expression."""
    match cotangent:
        case Nothing():
            return "None"
        case Value(text=text):
            return text
        case Fields(maker="{", entries=entries):
            return "{" + ", ".join(f'"{name}": {written(value)}' for name, value in entries) + "}"
        case Fields(maker=maker, entries=entries):
            return f"{maker}({', '.join(f'{name}={written(value)}' for name, value in entries)})"
        case Items(brackets=brackets, values=values):
            comma = "," if brackets == "()" and len(values) == 1 else ""
            return f"{brackets[0]}{', '.join(map(written, values))}{comma}{brackets[1]}"
        case Each(form=form, part=part):
            return form.format(written(part))
        case Choice(condition=condition, yes=yes, no=no):
            return f"({written(yes)} if {condition} else {written(no)})"


@dataclass(frozen=True)
class Leaves:
    """What cotangents can be made of at a place in a pullback.

    Attributes
    ----------
    numbers, arrays
        Expressions of the seed.
    guards
        Conditions that say which of these are not there, each with what there is if it holds and if not.
    """

    numbers: tuple[str, ...]
    arrays: tuple[str, ...] = ()
    guards: tuple[tuple[str, Leaves, Leaves], ...] = ()

    def choices(self) -> Iterator[tuple[str, Leaves, Leaves]]:
        """Yield the conditions by which a pullback can choose here, with what there is on either side."""
        bare = replace(self, guards=())
        yield "SWITCH", bare, bare
        yield "not SWITCH", bare, bare
        yield from self.guards
