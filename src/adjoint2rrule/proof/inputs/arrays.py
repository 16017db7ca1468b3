"""Numbers and arrays, as tests write them: the forms that each kind of them can take, and what each costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from adjoint2rrule.proof.inputs.kinds import Array, Near, Number, Numeric, Trait, Traits
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


def numbers_of(kind: Number | Near) -> list[Form]:
    """Return the forms of a single number."""
    if isinstance(kind, Near):
        return [Form(cost, _plain(text)) for cost, text in enumerate(_around(kind.value))]
    if Trait.AXIS in kind.traits:
        return [Form(0, _plain("0")), Form(1, _plain("1")), Form(1, _plain("-1"))]
    if Trait.INDEX in kind.traits:
        return [Form(0, _plain("1")), Form(1, _plain("0")), Form(2, _plain("2"))]
    if Trait.WHOLE in kind.traits:
        fixed = [Form(cost, _plain(text)) for cost, text in ((1, "2"), (2, "1"), (3, "0"))]
        larger = Form(2, lambda setting, _: Expression(str(setting.columns + 2)))
        return [Form(0, lambda setting, _: Expression(str(setting.columns))), larger, *fixed]
    if Trait.COMPLEX in kind.traits:
        return [Form(0, _complex)]
    if Trait.UNIT in kind.traits:
        return [Form(0, _number(Scale.UNIT)), Form(1, _number())]
    plain = [Form(0, _number()), *_beside(kind), Form(1, _number(Scale.UNIT))]
    return [*plain, *_if_any_sign(kind, 2, _number(Scale.NEGATIVE))]


def arrays_of(kind: Array) -> list[Form]:
    """Return the forms of an array, those first that reveal most."""
    made = _arrays(kind.traits)
    if not kind.makers:
        return made
    return [
        Form(form.cost + cost, _by_maker(maker, sparse))
        for cost, maker in enumerate(kind.makers)
        for form, sparse in zip(made, _sparse(kind.traits), strict=False)
    ]


def numeric_of(kind: Numeric) -> list[Form]:
    """Return the forms of what may be a number or an array."""
    traits = kind.traits
    scalars = [
        Form(1, _number(Scale.UNIT if Trait.UNIT in traits else None)),
        *_beside(kind),
        *_if_any_sign(kind, 3, _number(Scale.NEGATIVE)),
    ]
    if Trait.SCALAR in traits:
        rest = _arrays(traits - {Trait.SCALAR})
        return [scalars[0].at(-1), *scalars[1:], Form(1, _number(Scale.UNIT)), *[f.at(2) for f in rest]]
    rest = [Form(4, _list), Form(4, lambda setting, _: Expression(str(setting.columns)))]
    return [*_arrays(traits), *scalars, *rest]


def _arrays(traits: Traits) -> list[Form]:
    if traits & {Trait.WHOLE, Trait.INDEX}:
        return [Form(0, _indices(1)), Form(2, _indices(2))]
    if Trait.INCREASING in traits:
        return [Form(0, _vector(_columns, ordered=True)), Form(2, _vector(_rows, ordered=True))]
    if Trait.SQUARE in traits:
        return [Form(0, _square), Form(3, _matrix(_columns, _columns)), *_complexes(traits, square=True)]
    scale = _scale(traits)
    vectors = [Form(0, _vector(_columns, scale)), Form(2, _vector(_rows, scale))]
    if Trait.ROWS in traits and not traits & {Trait.MATRIX}:
        return [
            Form(0, _vector(_rows, scale)),
            Form(1, _vector(_columns, scale)),
            Form(2, _matrix(_rows, _two)),
        ]
    special = [
        Form(2, _vector(_columns, Scale.POSITIVE)),
        Form(3, _vector(_columns, ordered=True)),
        Form(3, _vector(_columns, Scale.UNIT)),
    ]
    if Trait.VECTOR in traits:
        return [*vectors, *special, *_complexes(traits)]
    matrices = [
        Form(0, _matrix(_rows, _columns, scale)),
        Form(1, _square),
        Form(3, _matrix(_rows, _columns, Scale.POSITIVE)),
        Form(4, _matrix(_columns, _rows, scale)),
        Form(4, _matrix(_rows, _one, scale)),
    ]
    if Trait.MATRIX in traits:
        return [*matrices, *[form.at(2) for form in vectors], *_complexes(traits)]
    indices = [Form(4, _indices(1))]
    return [*vectors, *[form.at(1) for form in matrices], *special, *_complexes(traits), *indices]


def _scale(traits: Traits) -> Scale | None:
    """Return where entries must lie; `None` where the setting may say."""
    return Scale.UNIT if Trait.UNIT in traits else Scale.POSITIVE if Trait.POSITIVE in traits else None


def _beside(kind: Number | Numeric) -> list[Form]:
    """Return numbers on either side of those that a value is compared with."""
    return [Form(1, _plain(text)) for bound in kind.bounds for text in _around(bound)[:2]]


def _if_any_sign(kind: Number | Numeric, cost: int, write: Write) -> list[Form]:
    return [] if kind.traits & {Trait.POSITIVE, Trait.UNIT} else [Form(cost, write)]


def _complexes(traits: Traits, square: bool = False) -> list[Form]:
    """Return complex arrays: early where the function knows of complex numbers, else late."""
    sizes = (_columns, _columns) if square or Trait.MATRIX in traits else (_columns,)
    return [Form(1 if Trait.COMPLEX in traits else 5, _complex_array(*sizes))]


# -- how each is written -----------------------------------------------------------------------

Size = Callable[[Setting], int]


def _rows(setting: Setting) -> int:
    return setting.rows


def _columns(setting: Setting) -> int:
    return setting.columns


def _one(_: Setting) -> int:
    return 1


def _two(_: Setting) -> int:
    return 2


def array(text: str) -> Expression:
    """Return an array of numpy with these entries."""
    return Expression(f"np.array({text})", frozenset({NUMPY}))


def _display(entries: Sequence[str]) -> str:
    return f"[{', '.join(entries)}]"


def _plain(text: str) -> Write:
    return lambda setting, numbers: Expression(text)


def _number(scale: Scale | None = None) -> Write:
    return lambda setting, numbers: Expression(numbers.take(1, scale or setting.of_numbers)[0])


def _complex(setting: Setting, numbers: Numbers) -> Expression:
    return Expression(_complex_text(numbers))


def _complex_text(numbers: Numbers) -> str:
    real, imaginary = numbers.take(2, Scale.MIXED)
    return f"{real}{'' if imaginary.startswith('-') else '+'}{imaginary}j"


def _list(setting: Setting, numbers: Numbers) -> Expression:
    return Expression(_display(numbers.take(setting.columns, setting.of_arrays)))


def _vector(size: Size, scale: Scale | None = None, ordered: bool = False) -> Write:
    def write(setting: Setting, numbers: Numbers) -> Expression:
        entries = numbers.take(size(setting), scale or setting.of_arrays)
        return array(_display(sorted(entries, key=float) if ordered else entries))

    return write


def _indices(dimensions: int) -> Write:
    def write(setting: Setting, numbers: Numbers) -> Expression:
        below = min(setting.rows, setting.columns)
        row = _display(numbers.indices(setting.columns, below))
        return array(
            row if dimensions == 1 else _display([row, _display(numbers.indices(setting.columns, below))])
        )

    return write


def _complex_array(*sizes: Size) -> Write:
    def write(setting: Setting, numbers: Numbers) -> Expression:
        *outer, count = (size(setting) for size in sizes)
        rows = [
            _display([_complex_text(numbers) for _ in range(count)]) for _ in range(outer[0] if outer else 1)
        ]
        return array(_display(rows) if outer else rows[0])

    return write


def _matrix(rows: Size, columns: Size, scale: Scale | None = None) -> Write:
    def write(setting: Setting, numbers: Numbers) -> Expression:
        return array(_grid(_entries(rows(setting), columns(setting), scale or setting.of_arrays, numbers)))

    return write


def _square(setting: Setting, numbers: Numbers) -> Expression:
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


def _sparse(traits: Traits) -> list[Write]:
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


def _by_maker(maker: Expression, write: Write) -> Write:
    def made(setting: Setting, numbers: Numbers) -> Expression:
        inner = write(setting, numbers)
        return Expression(f"{maker}({inner})", maker.imports | inner.imports)

    return made


def _around(value: float | int) -> list[str]:
    """Return numbers around another one.

    Examples
    --------
    >>> _around(1.0), _around(500), _around(0.0)
    (['1.3', '0.6', '2.7'], ['501', '502'], ['0.3', '-0.6', '1.7'])
    """
    if isinstance(value, int):
        return [str(value + 1), str(value + 2)]
    factors = (1.3, 0.6, 2.7)
    return [repr(float(f"{value * f:.3g}")) for f in factors] if value else ["0.3", "-0.6", "1.7"]
