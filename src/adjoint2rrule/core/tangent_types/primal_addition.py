"""A primal plus its tangent: each part is moved, and the primal is built anew of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from numbers import Number
from typing import Any

import numpy as np

from adjoint2rrule.core.debug_mode import debug_mode
from adjoint2rrule.core.errors import PrimalAdditionError, RuleError
from adjoint2rrule.core.sparse import is_sparse
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.construct import construct
from adjoint2rrule.core.tangent_types.equality import same_value
from adjoint2rrule.core.tangent_types.primal_fields import fields_of, has_fields, is_container
from adjoint2rrule.core.tangent_types.structural_arithmetic import backing_as, plus


def added_to_primal(primal: Any, tangent: Any) -> Any:
    """Return the primal with each part of the tangent added to its field, entry or element."""
    P, T = type(tangent).__primal__, type(primal)
    if P is not Any and not isinstance(primal, P):
        raise PrimalAdditionError(
            f"a {type(tangent).__name__} cannot be added to a {T.__qualname__}, {primal!r}; "
            f"{_tangent_of(primal)}"
        )
    parts = backing_as(type(tangent).__family__[T], tangent)
    by_place = isinstance(parts, tuple)
    fields = _elements_moved(primal, tangent, parts) if by_place else _fields_moved(primal, parts)
    total = construct(T, fields)
    # a constructor that was registered is trusted: what it does with the fields is why it was
    if debug_mode() or not construct.is_registered(T):
        _check_rebuilt(total, fields)
    return total


def _tangent_of(primal: Any) -> str:
    T = type(primal)
    if isinstance(primal, type) and issubclass(primal, AbstractTangent):
        return f"that is the class of a tangent: write {primal.__name__}(...)"
    if isinstance(primal, Number):
        return "the tangent of a number is a number"
    if isinstance(primal, np.ndarray) or is_sparse(primal):
        return "the tangent of an array is an array of its shape"
    parts = has_fields(primal) or is_container(T)
    return f"its tangent is {f'a Tangent[{T.__qualname__}]' if parts else 'NoTangent()'}"


def _elements_moved(primal: Any, tangent: Any, parts: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(parts) != len(primal):
        raise PrimalAdditionError(
            f"{tangent!r} has {len(parts)} elements and not as many as {primal!r}: {len(primal)}; "
            "give one for each, ZeroTangent() where nothing changes"
        )
    return tuple(_moved(primal, x, dx) for x, dx in zip(primal, parts, strict=True))


def _fields_moved(primal: Any, parts: Mapping[Any, Any]) -> dict[Any, Any]:
    # a dict of a class of its own may hold more than its entries, and have an `update` that adds
    fields = copy(primal) if isinstance(primal, dict) and is_container(type(primal)) else fields_of(primal)
    if not parts.keys() <= fields.keys():
        raise PrimalAdditionError(
            f"{primal!r} has nothing that {[*(parts.keys() - fields.keys())]} belong to, "
            f"only {[*fields]}; leave out what it does not have"
        )
    dict.update(fields, {name: _moved(primal, fields[name], dx) for name, dx in parts.items()})
    return fields


def _moved(primal: Any, x: Any, dx: Any) -> Any:
    try:
        return plus(x, dx)
    except RuleError:
        raise
    except (TypeError, ValueError) as err:
        raise PrimalAdditionError(
            f"{x!r}, a part of {primal!r}, and its tangent {dx!r} have no sum; give it NoTangent() where it"
            " cannot be perturbed, or project the tangent to it"
        ) from err


def _check_rebuilt(total: Any, fields: Any) -> None:
    T = type(total)
    if T in (tuple, list, dict):
        return
    rebuilt: Any = total if issubclass(T, dict) and is_container(T) else fields_of(total)
    if isinstance(fields, tuple):
        fields, rebuilt = dict(enumerate(fields)), dict(enumerate(total))
    for name, expected in fields.items():
        if name not in rebuilt or not _is_kept(rebuilt[name], expected):
            raise PrimalAdditionError(
                f"the sum of a {T.__qualname__} and its tangent has {name}={rebuilt.get(name)!r} and not "
                f"{expected!r}; say how to build a {T.__qualname__} from its fields by "
                f"`@construct.register({T.__qualname__})`"
            )


def _is_kept(built: Any, given: Any) -> bool:
    """Whether a constructor kept what it was given, be it as a copy, or in a class or precision of its own.

    What cannot be compared, as objects without an ``==`` or dataclasses of arrays, is taken to be kept.
    """
    try:
        return built is given or _is_like(built, given)
    except (TypeError, ValueError):
        return True


def _is_like(built: Any, given: Any) -> bool:
    if isinstance(given, (np.ndarray, Number)) or is_sparse(given):
        return _has_numbers_of(built, given)
    if isinstance(given, (list, tuple)) and isinstance(built, (list, tuple)):
        return len(built) == len(given) and all(map(_is_kept, built, given))
    if isinstance(given, dict) and isinstance(built, dict):
        return built.keys() == given.keys() and all(_is_kept(built[key], given[key]) for key in given)
    compares = type(given).__eq__ is not object.__eq__  # type: ignore[comparison-overlap]
    return same_value(built, given) if compares else type(built) is type(given)


def _has_numbers_of(built: Any, given: Any) -> bool:
    a, b = (np.asarray(x.toarray() if is_sparse(x) else x) for x in (built, given))
    if b.dtype.kind == "O":
        return a.shape == b.shape and all(map(_is_kept, a.flat, b.flat))
    if a.dtype.kind == "c" or (a.dtype.kind == "f" and b.dtype.kind in "iuf"):
        b = b.astype(a.dtype)  # a field of less precision is rounded
    return np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
