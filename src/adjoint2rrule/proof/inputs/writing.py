"""How numbers and arrays are written, in the sizes and on the scale of a setting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from adjoint2rrule.proof.inputs.kinds import Trait, Traits
from adjoint2rrule.proof.inputs.numbers import Numbers, Scale
from adjoint2rrule.proof.inputs.settings import Setting
from adjoint2rrule.proof.model import Expression, Import

NUMPY = Import("numpy", alias="np")

Write = Callable[[Setting, Numbers], Expression]


@dataclass(frozen=True)
class Form:
    """One way to write a value, and how much less likely it is to be the one that is wanted."""

    cost: int
    write: Write

    def at(self, extra: int) -> Form:
        """Return the same at a higher cost."""
        return replace(self, cost=self.cost + extra)


Size = Callable[[Setting], int]


def as_rows(setting: Setting) -> int:
    """Return how many rows a matrix has."""
    return setting.rows


def as_columns(setting: Setting) -> int:
    """Return how many columns a matrix has."""
    return setting.columns


def as_one(_: Setting) -> int:
    """Return 1, the length of a side that broadcasts."""
    return 1


def as_two(_: Setting) -> int:
    """Return 2, for the few columns of several right-hand sides."""
    return 2


def array(text: str) -> Expression:
    """Return an array of numpy with these entries."""
    return Expression(f"np.array({text})", frozenset({NUMPY}))


def _display(entries: Sequence[str]) -> str:
    return f"[{', '.join(entries)}]"


def as_it_is(text: str) -> Write:
    """Return what writes an expression that is the same in all settings."""
    return lambda setting, numbers: Expression(text)


def a_number(scale: Scale | None = None) -> Write:
    """Return what writes a number on a scale; on that of the setting, where none is given."""
    return lambda setting, numbers: Expression(numbers.take(1, scale or setting.of_numbers)[0])


def a_complex_number(setting: Setting, numbers: Numbers) -> Expression:
    """Write a complex number."""
    return Expression(_complex_text(numbers))


def _complex_text(numbers: Numbers) -> str:
    real, imaginary = numbers.take(2, Scale.MIXED)
    return f"{real}{'' if imaginary.startswith('-') else '+'}{imaginary}j"


def a_list(setting: Setting, numbers: Numbers) -> Expression:
    """Write a list of numbers."""
    return Expression(_display(numbers.take(setting.columns, setting.of_arrays)))


def a_vector(size: Size, scale: Scale | None = None, ordered: bool = False) -> Write:
    """Return what writes a vector."""

    def write(setting: Setting, numbers: Numbers) -> Expression:
        entries = numbers.take(size(setting), scale or setting.of_arrays)
        return array(_display(sorted(entries, key=float) if ordered else entries))

    return write


def some_indices(dimensions: int) -> Write:
    """Return what writes an array of indices, of one dimension or two."""

    def write(setting: Setting, numbers: Numbers) -> Expression:
        below = min(setting.rows, setting.columns)
        row = _display(numbers.indices(setting.columns, below))
        return array(
            row if dimensions == 1 else _display([row, _display(numbers.indices(setting.columns, below))])
        )

    return write


def a_complex_array(*sizes: Size) -> Write:
    """Return what writes a vector or matrix of complex numbers."""

    def write(setting: Setting, numbers: Numbers) -> Expression:
        *outer, count = (size(setting) for size in sizes)
        rows = [
            _display([_complex_text(numbers) for _ in range(count)]) for _ in range(outer[0] if outer else 1)
        ]
        return array(_display(rows) if outer else rows[0])

    return write


def a_matrix(rows: Size, columns: Size, scale: Scale | None = None) -> Write:
    """Return what writes a matrix."""

    def write(setting: Setting, numbers: Numbers) -> Expression:
        return array(_grid(_entries(rows(setting), columns(setting), scale or setting.of_arrays, numbers)))

    return write


def a_square_matrix(setting: Setting, numbers: Numbers) -> Expression:
    """Write a well-conditioned matrix, of which the symmetric part is positive definite."""
    return array(_grid(_dominant(setting.columns, numbers)))


def _entries(rows: int, columns: int, scale: Scale, numbers: Numbers) -> list[list[str]]:
    return [numbers.take(columns, scale) for _ in range(rows)]


def _dominant(size: int, numbers: Numbers) -> list[list[str]]:
    """Return a matrix that is not symmetric, and whose symmetric part is positive definite."""
    rows = []
    for i in range(size):
        row = numbers.take(size, Scale.UNIT)
        row = [f"-{entry}" if (2 * i + j) % 3 == 1 else entry for j, entry in enumerate(row)]
        row[i] = f"{3.1 + 0.7 * i + abs(float(row[i])):.1f}"
        rows.append(row)
    return rows


def _grid(rows: list[list[str]]) -> str:
    return _display([_display(row) for row in rows])


def sparse_matrices(traits: Traits) -> list[Write]:
    """Return matrices with zeros in them, which a sparse array does not store."""

    def square(setting: Setting, numbers: Numbers) -> Expression:
        return array(_grid(_thinned(_dominant(setting.columns, numbers))))

    def oblong(setting: Setting, numbers: Numbers) -> Expression:
        rows = _entries(setting.rows, setting.columns, setting.of_arrays, numbers)
        return array(_grid(_thinned(rows)))

    return [square] if Trait.SQUARE in traits else [oblong, square]


def _thinned(rows: list[list[str]]) -> list[list[str]]:
    return [
        ["0.0" if i != j and (i + 2 * j) % 3 == 1 else entry for j, entry in enumerate(row)]
        for i, row in enumerate(rows)
    ]


def made_by(maker: Expression, write: Write) -> Write:
    """Return what writes a call of `maker` on what `write` writes."""

    def made(setting: Setting, numbers: Numbers) -> Expression:
        inner = write(setting, numbers)
        return Expression(f"{maker}({inner})", maker.imports | inner.imports)

    return made


def numbers_around(value: float | int) -> list[str]:
    """Return numbers around another one.

    Examples
    --------
    >>> numbers_around(1.0), numbers_around(500), numbers_around(0.0)
    (['1.3', '0.6', '2.7'], ['501', '502'], ['0.3', '-0.6', '1.7'])
    """
    if isinstance(value, int):
        return [str(value + 1), str(value + 2)]
    factors = (1.3, 0.6, 2.7)
    return [repr(float(f"{value * f:.3g}")) for f in factors] if value else ["0.3", "-0.6", "1.7"]
