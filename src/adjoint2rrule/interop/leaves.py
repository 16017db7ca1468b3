"""The numbers inside structured values: what an AD system differentiates with respect to.

A leaf is a float, a complex number or an array of such. Everything else is either made of parts, which
are looked into (tuples, lists, dicts, objects with fields), or passes an AD system untouched.
"""

from __future__ import annotations

import copy
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from types import EllipsisType, ModuleType, NoneType
from typing import Any

import numpy as np

from adjoint2rrule.core import AbstractZero, NoTangent, RuleError, Tangent, ZeroTangent, backing, unthunk
from adjoint2rrule.core.tangent_types.primal_fields import has_fields, is_namedtuple

# What has no values near it, as a float has and an index has not.
_CONSTANTS = (
    NoneType,
    EllipsisType,
    bool,
    int,
    str,
    bytes,
    Enum,
    slice,
    range,
    type,
    np.dtype,
    np.ufunc,
    ModuleType,
)


class UntraceableError(RuleError, TypeError):
    """An AD system was given a value whose numbers it cannot get at."""


class SeedError(RuleError, ValueError):
    """A seed does not have the structure, or the shape, of the output it belongs to."""


def zero_for(x: Any) -> AbstractZero:
    """Return the zero that is the cotangent of `x` where nothing depends on it.

    Examples
    --------
    >>> zero_for(2.5), zero_for("left"), zero_for(np.arange(3))
    (ZeroTangent(), NoTangent(), NoTangent())
    """
    return ZeroTangent() if _can_be_perturbed(x) else NoTangent()


def _can_be_perturbed(x: Any) -> bool:
    if isinstance(x, np.ndarray | np.generic):
        return x.dtype.kind in "fcO"
    if isinstance(x, tuple | list | dict):
        return any(map(_can_be_perturbed, x.values() if isinstance(x, dict) else x))
    return not _is_constant(x)


def _is_constant(x: Any) -> bool:
    if isinstance(x, _CONSTANTS) or inspect.isroutine(x):
        return True
    # `partial` and its like can be called and have no fields; a wrapped function has only such as tell of it
    return callable(x) and (not has_fields(x) or not backing(x) or hasattr(x, "__wrapped__"))


def is_leaf(x: Any) -> bool:
    """Return whether `x` is a number, or an array of numbers, that can be perturbed."""
    tracer = sys.modules.get("autograd.tracer")
    if isinstance(x, float | complex | np.inexact) or (tracer is not None and tracer.isbox(x)):
        return True
    return type(x) is np.ndarray and x.dtype.kind in "fc"


def leaves(x: Any) -> list[Any]:
    """Return the leaves of `x`, in the order of its parts.

    Raises
    ------
    UntraceableError
        Where `x` holds numbers that are neither leaves nor in its parts, or holds itself.
    """
    try:
        return list(_leaves(x))
    except RecursionError as err:
        raise UntraceableError(f"autograd cannot look into a {type(x).__name__} that holds itself") from err


def _leaves(x: Any) -> Iterator[Any]:
    if is_leaf(x):
        yield x
    else:
        for part in _parts(x).values():
            yield from _leaves(part)


def with_leaves(function: Callable[[Any], Any], x: Any) -> Any:
    """Return `x` with `function` of each leaf in the leaf's place; what holds no leaf is not copied."""
    if is_leaf(x):
        return function(x)
    parts = _parts(x)
    changed = {key: with_leaves(function, part) for key, part in parts.items()}
    return x if all(changed[key] is part for key, part in parts.items()) else _rebuilt(x, changed)


def tangent(x: Any, cotangents: Iterator[Any]) -> Any:
    """Return the tangent of `x` that has the next of `cotangents` in the place of each leaf."""
    if is_leaf(x):
        return next(cotangents)
    parts = {key: tangent(part, cotangents) for key, part in _parts(x).items()}
    if all(isinstance(dx, NoTangent) for dx in parts.values()):
        return NoTangent()
    return structural(x, parts)


def structural(x: Any, parts: Mapping[Any, Any]) -> Any:
    """Return the structural tangent of `x` with these tangents of its elements, entries or fields.

    Examples
    --------
    >>> structural({"a": 1.0, "b": "on"}, {"a": 2.5, "b": NoTangent()})
    Tangent[dict]({'a': 2.5})
    """
    family: Any = Tangent
    tangent_class = family[type(x)]
    if isinstance(x, tuple | list) and not is_namedtuple(type(x)):
        return tangent_class(*parts.values())
    stored = {key: dx for key, dx in parts.items() if not isinstance(dx, AbstractZero)}
    return tangent_class(stored) if isinstance(x, dict) else tangent_class(**stored)


def seeds(y: Any, ȳ: Any) -> Iterator[Any]:
    """Yield the part of the seed `ȳ` for each leaf of `y`.

    Raises
    ------
    SeedError
        Where `y` has a part that `ȳ` has not.
    """
    ȳ = unthunk(ȳ)
    if is_leaf(y):
        yield ȳ
    else:
        for key, part in _parts(y).items():
            try:
                part_seed = ȳ[key]
            except (TypeError, LookupError) as err:
                raise SeedError(f"the seed {ȳ!r} has no part {key!r}, which the output {y!r} has") from err
            yield from seeds(part, part_seed)


def _parts(x: Any) -> Mapping[Any, Any]:
    if isinstance(x, np.ndarray) or _is_sparse(x):
        if type(x) is np.ndarray and x.dtype.kind != "O":
            return {}
        kind = "array of objects" if type(x) is np.ndarray else type(x).__name__
        raise UntraceableError(
            f"autograd cannot differentiate with respect to a {kind}. If it is a constant, close over it,"
            f" `lambda x: f(A, x)`; else give the function a rule."
        )
    if isinstance(x, tuple | list) and not is_namedtuple(type(x)):
        return dict(enumerate(x))
    if isinstance(x, dict):
        return x
    return {} if _is_constant(x) or not has_fields(x) else dict(backing(x))


def _is_sparse(x: Any) -> bool:
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and bool(sparse.issparse(x))


def _rebuilt(x: Any, parts: Mapping[Any, Any]) -> Any:
    if is_namedtuple(type(x)):
        return type(x)._make(parts.values())
    if isinstance(x, tuple | list):
        return type(x)(parts.values())
    # A copy, since a constructor may have other arguments than the fields, and may convert them.
    new = copy.copy(x)
    if isinstance(x, dict):
        new.update(parts)
    else:
        for name, value in parts.items():
            object.__setattr__(new, name, value)  # frozen classes refuse `setattr`
    return new
