"""What the rules of `scalar_rule` make of partial derivatives, tangents and cotangents."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from itertools import chain
from numbers import Number
from operator import add
from typing import Any

import numpy as np

from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.core.errors import PartialsError, ProjectionError
from adjoint2rrule.core.projection.misfits import stands_for
from adjoint2rrule.core.shapes import shape_of
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero
from adjoint2rrule.core.tangent_types.notimplemented import NotImplementedTangent
from adjoint2rrule.core.tangent_types.structural_elements import ElementsKind
from adjoint2rrule.core.tangent_types.structural_kinds import ZERO, AnythingKind
from adjoint2rrule.core.tangent_types.thunks import AbstractThunk, unthunk

#: The classes of most partial derivatives and tangents, which need no closer look.
_NUMBERS = frozenset({int, float, complex, np.float64, np.float32})
#: What stands for a number, and may do so as a partial derivative.
_DEFERRED = (AbstractZero, NotImplementedTangent, AbstractThunk)


def rows_of(f: object, partials: Callable[..., Any], Ω: Any, xs: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """Return the partial derivatives of each output."""
    outputs = Ω if isinstance(Ω, tuple) else (Ω,)
    if not all(map(_is_number, outputs)):
        raise PartialsError(
            f"scalar_rule({describe(f)}): the output is {Ω!r}, neither a number nor a tuple of numbers; write"
            " the rules of such a function with `@rrule.register` and `@frule.register`."
        )
    derivatives = partials(Ω, *xs)
    several = derivatives if isinstance(Ω, tuple) else (derivatives,)
    if isinstance(several, tuple) and len(several) == len(outputs):
        rows = [row if isinstance(row, tuple) else (row,) for row in several]
        if all(len(row) == len(xs) for row in rows):
            _check_numbers(f, rows, derivatives)
            return rows
    raise PartialsError(
        f"scalar_rule({describe(f)}): the partials of {len(outputs)} output(s) by {len(xs)} argument(s) are"
        f" {derivatives!r}; write a tuple with one for each argument, and for several outputs a tuple of"
        " these."
    )


def _check_numbers(f: object, rows: list[tuple[Any, ...]], derivatives: Any) -> None:
    for partial in chain.from_iterable(rows):
        if type(partial) not in _NUMBERS and not (_is_number(partial) or isinstance(partial, _DEFERRED)):
            raise PartialsError(
                f"scalar_rule({describe(f)}): of the partials {derivatives!r}, {partial!r} is no number; for"
                " a derivative that is zero write 0.0, for one that is not known not_implemented(...)."
            )


def _is_number(y: Any) -> bool:
    # an array without axes too, of numpy or of an AD system that runs the rule on what stands for numbers
    return isinstance(y, (float, complex, Number, np.bool_)) or shape_of(y) == ()


def dot(partials: Iterable[Any], tangents: Iterable[Any]) -> Any:
    """Return the sum of the products of partial derivatives and tangents."""
    return reduce(add, map(times, partials, tangents))


def times(partial: Any, tangent: Any) -> Any:
    """Return the product of a partial derivative and a tangent."""
    if type(partial) in _NUMBERS and type(tangent) in _NUMBERS:
        return partial * tangent
    if isinstance(partial, AbstractTangent):
        return partial * tangent  # a zero decides without running a thunk
    return _without_bounds(partial) * _without_bounds(unthunk(tangent))


def _without_bounds(x: Any) -> Any:
    """Return numpy's integers as floats: their products wrap around, or raise beside a negative number."""
    if isinstance(x, (np.integer, np.bool_)):
        return float(x)
    return x.astype(float) if isinstance(x, np.ndarray) and x.dtype.kind in "biu" else x


def seeds_of(f: object, Ω̄: Any, Ω: tuple[Any, ...]) -> Any:
    """Return the cotangent of each output."""
    Ω̄ = unthunk(Ω̄)
    if isinstance(Ω̄, (AbstractZero, NotImplementedTangent)):
        return [Ω̄] * len(Ω)
    seeds = _elements(Ω̄, Ω)
    if seeds is not None and len(seeds) == len(Ω):
        return seeds
    raise ProjectionError(
        f"scalar_rule({describe(f)}): it has {len(Ω)} outputs, but their cotangent is {Ω̄!r};"
        f" give a Tangent[tuple] with {len(Ω)} elements."
    )


def _elements(Ω̄: Any, Ω: tuple[Any, ...]) -> Any:
    """Return the elements of a cotangent in the order of the outputs, and None for what has no such."""
    if isinstance(Ω̄, AnythingKind):
        stored, names = Ω̄.__backing__, getattr(Ω, "_fields", ())
        if 0 in stored:
            return tuple(Ω̄)
        return [unthunk(stored.get(name, ZERO)) for name in names] if stored.keys() <= {*names} else None
    if isinstance(Ω̄, ElementsKind):  # not that of a NamedTuple with other names
        return Ω̄ if stands_for(type(Ω), Ω̄) or stands_for(list, Ω̄) else None
    has_elements = isinstance(Ω̄, (tuple, list)) or (isinstance(Ω̄, np.ndarray) and Ω̄.ndim == 1)
    return Ω̄ if has_elements else None
