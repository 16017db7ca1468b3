"""Numbers and arrays, as tests write them: the forms that each kind of them can take, and what each costs."""

from __future__ import annotations

from adjoint2rrule.proof.inputs.kinds import Array, Near, Number, Numeric, Trait, Traits
from adjoint2rrule.proof.inputs.numbers import Scale
from adjoint2rrule.proof.inputs.writing import (
    Form,
    Write,
    a_complex_array,
    a_complex_number,
    a_list,
    a_matrix,
    a_number,
    a_square_matrix,
    a_vector,
    as_columns,
    as_it_is,
    as_one,
    as_rows,
    as_two,
    made_by,
    numbers_around,
    some_indices,
    sparse_matrices,
)
from adjoint2rrule.proof.model import Expression


def numbers_of(kind: Number | Near) -> list[Form]:
    """Return the forms of a single number."""
    if isinstance(kind, Near):
        return [Form(cost, as_it_is(text)) for cost, text in enumerate(numbers_around(kind.value))]
    if Trait.AXIS in kind.traits:
        return [Form(0, as_it_is("0")), Form(1, as_it_is("1")), Form(1, as_it_is("-1"))]
    if Trait.INDEX in kind.traits:
        return [Form(0, as_it_is("1")), Form(1, as_it_is("0")), Form(2, as_it_is("2"))]
    if Trait.WHOLE in kind.traits:
        fixed = [Form(cost, as_it_is(text)) for cost, text in ((1, "2"), (2, "1"), (3, "0"))]
        larger = Form(2, lambda setting, _: Expression(str(setting.columns + 2)))
        return [Form(0, lambda setting, _: Expression(str(setting.columns))), larger, *fixed]
    if Trait.COMPLEX in kind.traits:
        return [Form(0, a_complex_number)]
    if Trait.UNIT in kind.traits:
        return [Form(0, a_number(Scale.UNIT)), Form(1, a_number())]
    plain = [Form(0, a_number()), *_beside(kind), Form(1, a_number(Scale.UNIT))]
    return [*plain, *_if_any_sign(kind, 2, a_number(Scale.NEGATIVE))]


def arrays_of(kind: Array) -> list[Form]:
    """Return the forms of an array, those first that reveal most."""
    made = _arrays(kind.traits)
    if not kind.makers:
        return made
    return [
        Form(form.cost + cost, made_by(maker, sparse))
        for cost, maker in enumerate(kind.makers)
        for form, sparse in zip(made, sparse_matrices(kind.traits), strict=False)
    ]


def numeric_of(kind: Numeric) -> list[Form]:
    """Return the forms of what may be a number or an array."""
    traits = kind.traits
    scalars = [
        Form(1, a_number(Scale.UNIT if Trait.UNIT in traits else None)),
        *_beside(kind),
        *_if_any_sign(kind, 3, a_number(Scale.NEGATIVE)),
    ]
    if Trait.SCALAR in traits:
        rest = _arrays(traits - {Trait.SCALAR})
        return [scalars[0].at(-1), *scalars[1:], Form(1, a_number(Scale.UNIT)), *[f.at(2) for f in rest]]
    rest = [Form(4, a_list), Form(4, lambda setting, _: Expression(str(setting.columns)))]
    return [*_arrays(traits), *scalars, *rest]


def _arrays(traits: Traits) -> list[Form]:
    if traits & {Trait.WHOLE, Trait.INDEX}:
        return [Form(0, some_indices(1)), Form(2, some_indices(2))]
    if Trait.INCREASING in traits:
        return [Form(0, a_vector(as_columns, ordered=True)), Form(2, a_vector(as_rows, ordered=True))]
    if Trait.SQUARE in traits:
        return [
            Form(0, a_square_matrix),
            Form(3, a_matrix(as_columns, as_columns)),
            *_complexes(traits, square=True),
        ]
    scale = _scale(traits)
    vectors = [Form(0, a_vector(as_columns, scale)), Form(2, a_vector(as_rows, scale))]
    if Trait.ROWS in traits and not traits & {Trait.MATRIX, Trait.VECTOR}:
        return [
            Form(0, a_vector(as_rows, scale)),
            Form(1, a_vector(as_columns, scale)),
            Form(2, a_matrix(as_rows, as_two)),
        ]
    special = [
        Form(2, a_vector(as_columns, Scale.POSITIVE)),
        Form(3, a_vector(as_columns, ordered=True)),
        Form(3, a_vector(as_columns, Scale.UNIT)),
    ]
    if Trait.VECTOR in traits:
        return [*vectors, *special, *_complexes(traits)]
    matrices = [
        Form(0, a_matrix(as_rows, as_columns, scale)),
        Form(1, a_square_matrix),
        Form(3, a_matrix(as_rows, as_columns, Scale.POSITIVE)),
        Form(4, a_matrix(as_columns, as_rows, scale)),
        Form(4, a_matrix(as_rows, as_one, scale)),
    ]
    if Trait.MATRIX in traits:
        return [*matrices, *[form.at(2) for form in vectors], *_complexes(traits)]
    indices = [Form(4, some_indices(1))]
    return [*vectors, *[form.at(1) for form in matrices], *special, *_complexes(traits), *indices]


def _scale(traits: Traits) -> Scale | None:
    """Return where entries must lie; `None` where the setting may say."""
    return Scale.UNIT if Trait.UNIT in traits else Scale.POSITIVE if Trait.POSITIVE in traits else None


def _beside(kind: Number | Numeric) -> list[Form]:
    """Return numbers on either side of those that a value is compared with."""
    return [Form(1, as_it_is(text)) for bound in kind.bounds for text in numbers_around(bound)[:2]]


def _if_any_sign(kind: Number | Numeric, cost: int, write: Write) -> list[Form]:
    return [] if kind.traits & {Trait.POSITIVE, Trait.UNIT} else [Form(cost, write)]


def _complexes(traits: Traits, square: bool = False) -> list[Form]:
    """Return complex arrays: early where the function knows of complex numbers, else late."""
    sizes = (as_columns, as_columns) if square or Trait.MATRIX in traits else (as_columns,)
    return [Form(1 if Trait.COMPLEX in traits else 5, a_complex_array(*sizes))]
