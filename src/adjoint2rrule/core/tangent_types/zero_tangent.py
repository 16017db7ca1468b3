"""Zeros with the structure of a primal, to accumulate cotangents in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, timedelta
from functools import singledispatch
from numbers import Integral, Number
from typing import Any, TypeVar

import numpy as np

from adjoint2rrule.core.errors import RegistrationError
from adjoint2rrule.core.perturbable import cannot_be_perturbed
from adjoint2rrule.core.registered_functions import check_takes
from adjoint2rrule.core.sparse import is_sparse
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero, NoTangent, ZeroTangent
from adjoint2rrule.core.tangent_types.primal_fields import fields_of, is_namedtuple
from adjoint2rrule.core.tangent_types.structural_arithmetic import mapped
from adjoint2rrule.core.tangent_types.structural_kinds import store
from adjoint2rrule.core.tangent_types.structural_tangent import StructuralTangent
from adjoint2rrule.core.tangent_types.thunks import AbstractThunk, unthunk

Maker = TypeVar("Maker", bound=Callable[[Any], Any])

#: The zeros made so far, each beside its primal: an `id` tells one object only as long as that is kept alive.
Made = dict[int, tuple[Any, Any]]


class ZeroTangentOf:
    """Return a zero of the tangent space of `x`, to which its tangents can be added in place.

    The zero shares no memory with `x`. Where `x` reaches a list, dict, array or object in two ways, its
    zero reaches that one's zero in the same two ways. A class of which this is not the right zero, or
    whose tangents the runtime cannot know, gets a function of its own::

        @zero_tangent.register(Polynomial)
        def _(p):
            return Polynomial(np.zeros_like(p.coef))

    Parameters
    ----------
    x
        A primal, or a tangent.

    Returns
    -------
    Any
        Zeros of the same dtype for floating point numbers and arrays, those of scipy, torch and the
        array API included; a `Tangent` of zeros for tuples, lists, dicts, NamedTuples and frozen objects,
        and a `MutableTangent` for objects whose fields can be set; `NoTangent` for what cannot be
        perturbed: integers, strings, functions, arrays with a structured dtype, objects without fields.

    Examples
    --------
    >>> zero_tangent(2.5), zero_tangent(3)
    (0.0, NoTangent())
    >>> zero_tangent((np.ones(2), "name"))
    Tangent[tuple](array([0., 0.]), NoTangent())

    Notes
    -----
    Ports: ``zero_tangent`` of ChainRulesCore.jl. Differs: integers have no tangent space here, and what is
    one object in the primal is one object in the zero, as rules for functions that mutate need it.
    """

    def __init__(self) -> None:
        self._makers = singledispatch(_zero_by_structure)

    def __call__(self, x: Any, /) -> Any:
        return _zero(x, {})

    def register(self, T: type, /) -> Callable[[Maker], Maker]:
        """Return a decorator that makes a function ``x -> zero`` the one for `T` and its subclasses.

        Raises
        ------
        RegistrationError
            Where `T` is no class; from the decorator where the function does not take a primal alone.

        Examples
        --------
        >>> class Angle:
        ...     def __init__(self, degrees):
        ...         self.degrees = degrees
        >>> @zero_tangent.register(Angle)
        ... def angle_zero(x):
        ...     return 0.0
        >>> zero_tangent([Angle(90.0)])
        Tangent[list](0.0)
        """
        if not isinstance(T, type):
            raise RegistrationError(f"zero_tangent.register takes a class, not {T!r}")

        def decorate(maker: Maker) -> Maker:
            check_takes(maker, ("x",), f"give the zero tangent of a {T.__qualname__}", "that zero")
            self._makers.register(T)(maker)
            return maker

        return decorate

    def registered_for(self, x: Any) -> Callable[[Any], Any] | None:
        """Return the function that was registered for the class of `x`, `None` where there is none."""
        maker = self._makers.dispatch(type(x))
        return None if maker is _zero_by_structure else maker

    def __repr__(self) -> str:
        return "zero_tangent"

    def __reduce__(self) -> str:
        return "zero_tangent"


def is_perturbable(x: Any) -> bool:
    """Return whether `x`, as far as it tells without its parts, has a tangent space."""
    if zero_tangent.registered_for(x):
        return True
    if isinstance(x, Integral) or cannot_be_perturbed(x):
        return False
    if isinstance(x, np.ndarray) or is_sparse(x):
        return x.dtype.kind in "fcO"
    if isinstance(x, (Number, AbstractTangent, dict, list, tuple)):
        return True
    return is_foreign_array(x) or bool(fields_of(x))


def is_foreign_array(x: Any) -> bool:
    """Return whether `x` is an array of torch, or of a library that follows the array API."""
    torch = sys.modules.get("torch")
    is_tensor = torch is not None and isinstance(x, torch.Tensor)
    return is_tensor or hasattr(type(x), "__array_namespace__")


def _zero(x: Any, made_before: Made) -> Any:
    if id(x) in made_before:
        return made_before[id(x)][1]
    if maker := zero_tangent.registered_for(x):
        zero = maker(x)
        made_before[id(x)] = x, zero
        return zero
    return _zero_by_structure(x, made_before)


def _zero_by_structure(x: Any, made_before: Made) -> Any:
    if not is_perturbable(x):
        return NoTangent()
    if isinstance(x, Number):
        return _zero_number(x)
    if isinstance(x, AbstractTangent):
        return _zero_of_tangent(x)
    if isinstance(x, np.ndarray):
        return _zero_array(x, made_before)
    if is_sparse(x) or is_foreign_array(x):
        zero = _zero_foreign(x)
        made_before[id(x)] = x, zero
        return zero
    return _zero_structure(x, made_before)


def _zero_number(x: Any) -> Any:
    if isinstance(x, (float, complex)) and not isinstance(x, np.generic):
        return 0.0 if isinstance(x, float) else 0j  # of a subclass, the constructor may take anything
    return type(x)(0)


def _zero_array(x: np.ndarray[Any, Any], made_before: Made) -> Any:
    if x.dtype.kind != "O":
        # Neither the file of a memmap nor the mask of a masked array is any of the zero's business.
        plain = isinstance(x, (np.memmap, np.ma.MaskedArray))
        zero = np.zeros_like(x, subok=not plain)
        made_before[id(x)] = x, zero
        return zero
    zeros = np.empty(x.shape, dtype=object)
    made_before[id(x)] = x, zeros
    for index in np.ndindex(x.shape):
        zeros[index] = _zero(x[index], made_before)
    return zeros


def _zero_foreign(x: Any) -> Any:
    if is_sparse(x):
        return type(x)(x.shape, dtype=x.dtype)
    if not hasattr(type(x), "__array_namespace__"):
        torch = sys.modules["torch"]
        return torch.zeros_like(x) if x.is_floating_point() or x.is_complex() else NoTangent()
    namespace = x.__array_namespace__()
    numbers = ("real floating", "complex floating")
    return namespace.zeros_like(x) if namespace.isdtype(x.dtype, numbers) else NoTangent()


def _zero_of_tangent(x: AbstractTangent) -> Any:
    if isinstance(x, AbstractThunk):
        return zero_tangent(unthunk(x))
    if isinstance(x, StructuralTangent):
        return mapped(zero_tangent, x)
    return x if isinstance(x, AbstractZero) else ZeroTangent()


def _zero_structure(x: Any, made_before: Made) -> Any:
    tangent_class: Any = StructuralTangent  # a checker of types takes `[...]` for a type's parameter
    tangent = object.__new__(tangent_class[type(x)])  # immutable where `x` is
    made_before[id(x)] = x, tangent  # before its parts, one of which may be `x` again
    if isinstance(x, (list, tuple)) and not is_namedtuple(type(x)):
        store(tangent, tuple([_zero(part, made_before) for part in x]))
    else:
        parts = x if isinstance(x, dict) else fields_of(x)
        store(tangent, {key: _zero(part, made_before) for key, part in parts.items()})
    return tangent


zero_tangent = ZeroTangentOf()


@zero_tangent.register(date)
@zero_tangent.register(timedelta)
def _zero_duration(x: date | timedelta) -> timedelta:
    return timedelta(0)
