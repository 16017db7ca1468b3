"""The projections of numbers: real from complex, and the class and precision of the primal."""

from __future__ import annotations

import numbers
from functools import partial
from math import inf
from typing import Any

import numpy as np

from adjoint2rrule.core.projection.misfits import passed, stands_for
from adjoint2rrule.core.projection.not_perturbable import IDENTITY
from adjoint2rrule.core.projection.plain_arrays import plain
from adjoint2rrule.core.projection.project_to import Projection, ProjectTo, add_factory
from adjoint2rrule.core.sparse import is_sparse


class OntoNumbers(Projection):
    """The projection on the floating point numbers of one class, real or complex."""

    __slots__ = ("T",)

    def __init__(self, T: type) -> None:
        self.T = T

    def __call__(self, dx: Any, /) -> Any:
        """Return `dx` as a number of the class."""
        if type(dx) is self.T:
            return dx
        return converted(dx, self.T) if type(dx) in _PLAIN else ProjectTo.__call__(self, dx)

    def _project(self, dx: Any) -> Any:
        number = _as_number(dx)
        if is_plain(number):
            return converted(number, self.T)
        return _unknown_number(number, f"a {self.T.__name__}")

    def __repr__(self) -> str:
        return f"ProjectTo[{self.T.__name__}]()"


class OntoReals(ProjectTo):
    """The projection on the real numbers of any class, such as fractions: it takes real parts."""

    __slots__ = ()

    def _project(self, dx: Any) -> Any:
        dx = _as_number(dx)
        if isinstance(dx, (complex, np.complexfloating)):
            return dx.real
        return dx if is_plain(dx) else _unknown_number(dx, "a real number")

    def __reduce__(self) -> str:
        return "REAL"

    def __repr__(self) -> str:
        return "ProjectTo[Real]()"


def is_plain(dx: Any) -> bool:
    """Return whether `dx` is a number that says no more than its value, as a dual number does."""
    if isinstance(dx, (int, float, complex, np.number, np.bool_, numbers.Rational)):
        return not isinstance(dx, np.timedelta64)  # an integer to numpy
    return isinstance(dx, numbers.Number) and _is_decimal(type(dx))


def _is_decimal(T: type) -> bool:
    # `Decimal` has no place in the tower of numbers, and importing it to ask for it takes a while
    return not issubclass(T, numbers.Complex) and hasattr(T, "__float__")


def converted(dx: Any, T: type) -> Any:
    """Return a plain number as one of class `T`, its real part if `T` is real; too large ones as infinite."""
    if not issubclass(T, (complex, np.complexfloating)):
        dx = dx.real
    try:
        if T is float or T is complex:
            return T(dx)
        with np.errstate(all="ignore"):
            return T(dx)
    except OverflowError:  # integers and fractions; floats are infinite by themselves
        return T(inf if dx > 0 else -inf)


def _unknown_number(dx: Any, x_is: str) -> Any:
    if stands_for(numbers.Number, dx):
        return dx
    if isinstance(dx, numbers.Number) and not isinstance(dx, np.generic):
        return dx  # a dual number, say
    has_axes = isinstance(dx, (np.ndarray, list)) or is_sparse(dx)
    remedy = "; sum over the axes along which x was broadcast" if has_axes else ""
    return passed(dx, x_is, f"give a number{remedy}")


def _as_number(dx: Any) -> Any:
    """Return arrays without axes, and tangents of complex numbers, as the numbers that they are."""
    if isinstance(dx, np.ndarray) and dx.shape == ():
        return plain(dx)[()]
    if stands_for(complex, dx) and type(dx).__primal__ is not Any:
        return complex(float(dx.real), float(dx.imag))
    return dx


def onto_scalars(T: type) -> OntoNumbers:
    """Return the projection on the numbers of a class of numpy's, or of Python's."""
    return _FLOATING.get(T) or OntoNumbers(T)


def _always(projection: ProjectTo, x: Any) -> ProjectTo:
    return projection


def _classes(codes: str) -> list[Any]:
    return [np.dtype(code).type for code in codes]


_FLOATING: dict[type, OntoNumbers] = {
    T: OntoNumbers(T) for T in (float, complex, *_classes(np.typecodes["AllFloat"]))
}
REAL = object.__new__(OntoReals)
#: The classes of most cotangents of numbers, which need no closer look.
_PLAIN = frozenset({int, bool, np.bool_, *_FLOATING, *_classes(np.typecodes["AllInteger"])})

for _projection in _FLOATING.values():
    add_factory(partial(_always, _projection), _projection.T)
add_factory(partial(_always, _FLOATING[float]), int)
add_factory(partial(_always, _FLOATING[np.float64]), np.integer, *_classes(np.typecodes["AllInteger"]))
add_factory(lambda x: REAL, numbers.Real)
add_factory(lambda x: REAL if _is_decimal(type(x)) else IDENTITY, numbers.Number)
