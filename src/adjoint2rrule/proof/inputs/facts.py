"""What functions do with their parameters, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from adjoint2rrule.proof.inputs.kinds import Trait, Traits


class How(Enum):
    """A way to use a value; the comments say what the detail of a `Use` is."""

    TRAIT = auto()  # as what has this trait
    NUMERIC = auto()  # in arithmetic
    ARRAY = auto()  # as an array, which a number is not
    SPARSE = auto()  # as a sparse array
    CALLED = auto()  # how many arguments it is given
    CALLED_WITH_REST = auto()  # how many there are before those in a starred one
    PARTS = auto()  # unpacked into so many
    ITERATED = auto()  # its elements are taken in turn
    INDEXED = auto()  # some of its elements are taken
    KEYED = auto()  # under this string
    OPTION = auto()  # under this string, if it is there, and what is taken instead: ``tol=1e-13``
    MAPPING = auto()  # as a mapping of any keys
    OBJECT = auto()  # for its attribute of this name
    COMPARED = auto()  # with this value, as Python writes it
    SWITCH = auto()  # in a condition
    BOUND = auto()  # it is asked whether it is above or below another value
    SPLIT = auto()  # it is asked whether it is above or below this number, as Python writes it
    KNOWN = auto()  # in a way that is known in full
    HANDED = auto()  # it goes where nothing is known of it


@dataclass(frozen=True)
class Use:
    """One way in which a value is used, with its detail."""

    how: How
    detail: Trait | int | str | None = None


@dataclass(frozen=True)
class Facts:
    """All that is done with a value, and with its parts.

    Attributes
    ----------
    uses
        What is done with it itself.
    parts
        What is done with its attributes, under their names, with its elements, under ``[]``, and with
        its entries, under ``[0]`` or ``['key']``.

    Examples
    --------
    >>> facts = Facts.at(("a",), [Use(How.NUMERIC)]) | Facts.at((), [Use(How.OBJECT, "a")])
    >>> facts.details(How.OBJECT), facts.part("a").has(How.NUMERIC)
    (['a'], True)
    """

    uses: frozenset[Use] = frozenset()
    parts: Mapping[str, Facts] = field(default_factory=dict)

    @classmethod
    def at(cls, path: tuple[str, ...], uses: list[Use]) -> Facts:
        """Return the facts of a value of which the part at `path` is used."""
        if not path:
            return cls(frozenset(uses))
        return cls(parts={path[0]: cls.at(path[1:], uses)})

    def __or__(self, other: Facts) -> Facts:
        steps = dict.fromkeys([*self.parts, *other.parts])
        parts = {step: self.part(step) | other.part(step) for step in steps}
        return Facts(self.uses | other.uses, parts)

    def part(self, step: str) -> Facts:
        """Return what is done with one part."""
        return self.parts.get(step, NOTHING_KNOWN)

    def under(self, path: tuple[str, ...]) -> Facts:
        """Return these facts as those of what has this value at `path`."""
        return Facts(parts={path[0]: self.under(path[1:])}) if path else self

    def has(self, *hows: How) -> bool:
        """Whether it is used in one of these ways."""
        return any(use.how in hows for use in self.uses)

    def details(self, how: How) -> list[str]:
        """Return the details of all uses of one way, in order."""
        return sorted(str(use.detail) for use in self.uses if use.how is how)

    def count(self, how: How) -> int | None:
        """Return the detail of the uses of one way, which is a number; the largest one."""
        return max((u.detail for u in self.uses if u.how is how and isinstance(u.detail, int)), default=None)

    @property
    def traits(self) -> Traits:
        """The traits that uses ask for."""
        return frozenset(u.detail for u in self.uses if isinstance(u.detail, Trait))


NOTHING_KNOWN = Facts()
