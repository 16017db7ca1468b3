"""What all arguments of a call have in common: sizes that fit together, and where the numbers lie."""

from __future__ import annotations

from dataclasses import dataclass, replace

from adjoint2rrule.proof.inputs.numbers import Scale


@dataclass(frozen=True)
class Setting:
    """One way to choose the sizes and the numbers of a call.

    Attributes
    ----------
    rows, columns
        The shape of matrices; a vector has an entry for each column, unless it is said to go with rows.
    scale
        Where numbers lie.
    cost
        How much less it is likely to reveal, or to fit, than the first one.
    """

    rows: int
    columns: int
    scale: Scale = Scale.MIXED
    cost: int = 0

    @property
    def squared(self) -> Setting:
        """The same with as many columns as rows."""
        return replace(self, columns=self.rows)

    @property
    def shorter(self) -> Setting:
        """The same with another number of rows."""
        return replace(self, rows=self.rows - 2 if self.rows > 3 else self.rows + 1)

    @property
    def wider(self) -> Setting:
        """The same with more columns."""
        return replace(self, columns=self.columns + 2)

    @property
    def of_numbers(self) -> Scale:
        """Where single numbers lie."""
        return Scale.POSITIVE if self.scale is Scale.MIXED else self.scale

    @property
    def of_arrays(self) -> Scale:
        """Where the entries of arrays lie."""
        return Scale.MIXED if self.scale is Scale.NEGATIVE else self.scale


# For calls without matrices.
OF_VECTORS = (
    Setting(3, 5),
    Setting(2, 4, cost=1),
    Setting(3, 5, Scale.POSITIVE, cost=2),
    Setting(3, 2, cost=2),
    Setting(3, 5, Scale.UNIT, cost=2),
    Setting(2, 3, Scale.NEGATIVE, cost=3),
    Setting(5, 2, Scale.UNIT, cost=4),
    Setting(2, 3, cost=4),
)
# Tall matrices first, since many functions ask for full column rank, and small ones, which read well.
SETTINGS = (
    Setting(3, 2),
    Setting(2, 3, cost=1),
    Setting(3, 2, Scale.POSITIVE, cost=2),
    Setting(4, 3, cost=2),
    Setting(3, 2, Scale.UNIT, cost=2),
    Setting(2, 4, Scale.NEGATIVE, cost=3),
    Setting(4, 2, Scale.UNIT, cost=4),
    Setting(2, 4, Scale.POSITIVE, cost=4),
    Setting(5, 4, cost=5),
)
