"""The numbers inside structured values: what an AD system differentiates with respect to.

A leaf is a float, a complex number or an array of such. Everything else is either made of parts, which
are looked into (tuples, lists, dicts, objects with fields), or passes an AD system untouched. A bridge that
knows its numbers by their class, boxes or tensors, says so by an `is_leaf` of its own.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, NoneType
from typing import Any, TypeAlias

import numpy as np

from adjoint2rrule.core import AbstractZero, NoTangent, Tangent, ZeroTangent, backing, unthunk
from adjoint2rrule.core.perturbable import cannot_be_perturbed
from adjoint2rrule.core.sparse import is_sparse
from adjoint2rrule.core.tangent_types.primal_fields import has_fields, is_namedtuple
from adjoint2rrule.interop.errors import SeedError, UntraceableError

IsLeaf: TypeAlias = Callable[[Any], bool]

#: The classes of most arguments without parts, which cost no look at what they are.
ATOMS: frozenset[type] = frozenset(
    {
        *(NoneType, bool, int, float, complex, str, bytes, type, FunctionType, BuiltinFunctionType),
        *(np.ufunc, np.float64, np.float32, np.complex128, np.complex64, np.int64, np.bool_),
    }
)


def is_atom(x: Any) -> bool:
    """Return whether `x` has no parts, as far as its class tells at a glance.

    Examples
    --------
    >>> is_atom(2.5), is_atom(np.ones(2)), is_atom((2.5,))
    (True, True, False)
    """
    return type(x) in ATOMS or (type(x) is np.ndarray and x.dtype.kind != "O")


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
    # an integer has no values near it, as a float has
    if isinstance(x, int | np.integer) or cannot_be_perturbed(x):
        return True
    # `partial` and its like can be called and have no fields; a wrapped function has only such as tell of it
    return callable(x) and (not has_fields(x) or not backing(x) or hasattr(x, "__wrapped__"))


def is_leaf(x: Any) -> bool:
    """Return whether `x` is a number, or an array of numbers, that can be perturbed."""
    tracer = sys.modules.get("autograd.tracer")
    if isinstance(x, float | complex | np.inexact) or (tracer is not None and tracer.isbox(x)):
        return True
    return type(x) is np.ndarray and x.dtype.kind in "fc"


def leaves(x: Any, is_leaf: IsLeaf = is_leaf) -> list[Any]:
    """Return the leaves of `x`, in the order of its parts.

    Raises
    ------
    UntraceableError
        Where `x` holds numbers that are neither leaves nor in its parts, or holds itself.

    Examples
    --------
    >>> leaves({"a": 1.5, "b": [2.5, "text", 3]})
    [1.5, 2.5]
    """
    found: list[Any] = []
    try:
        _collect(x, is_leaf, found)
    except RecursionError as err:
        if _holds_leaf(x, is_leaf, set()):
            raise UntraceableError(
                f"an AD system cannot look into a {type(x).__name__} that holds itself"
            ) from err
    return found


def _holds_leaf(x: Any, is_leaf: IsLeaf, seen: set[int]) -> bool:
    """Return whether there is a leaf in a value that may hold itself."""
    if id(x) in seen:
        return False
    seen.add(id(x))
    return is_leaf(x) or any(_holds_leaf(part, is_leaf, seen) for part in parts_of(x, is_leaf).values())


def _collect(x: Any, is_leaf: IsLeaf, found: list[Any]) -> None:
    if is_leaf(x):
        found.append(x)
    elif not is_atom(x):
        for part in parts_of(x, is_leaf).values():
            _collect(part, is_leaf, found)


def with_leaves(function: Callable[[Any], Any], x: Any, is_leaf: IsLeaf = is_leaf) -> Any:
    """Return `x` with `function` of each leaf in the leaf's place; what holds no leaf is not copied.

    Examples
    --------
    >>> with_leaves(lambda leaf: 2 * leaf, {"a": 1.5, "b": (2.5, "text")})
    {'a': 3.0, 'b': (5.0, 'text')}
    """
    if is_leaf(x):
        return function(x)
    if is_atom(x):
        return x
    parts = parts_of(x, is_leaf)
    changed = {key: with_leaves(function, part, is_leaf) for key, part in parts.items()}
    return x if all(changed[key] is part for key, part in parts.items()) else _rebuilt(x, changed)


def tangent(x: Any, cotangents: Iterator[Any], is_leaf: IsLeaf = is_leaf) -> Any:
    """Return the tangent of `x` that has the next of `cotangents` in the place of each leaf.

    Examples
    --------
    >>> tangent({"a": 1.5, "b": (2.5, "text")}, iter([10.0, 20.0]))
    Tangent[dict]({'a': 10.0, 'b': Tangent[tuple](20.0, NoTangent())})
    """
    if is_leaf(x):
        return next(cotangents)
    parts = {key: tangent(part, cotangents, is_leaf) for key, part in parts_of(x, is_leaf).items()}
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
        for key, part in parts_of(y).items():
            try:
                part_seed = ȳ[key]
            except (TypeError, LookupError) as err:
                raise SeedError(f"the seed {ȳ!r} has no part {key!r}, which the output {y!r} has") from err
            yield from seeds(part, part_seed)


def parts_of(x: Any, is_leaf: IsLeaf = is_leaf) -> Mapping[Any, Any]:
    """Return what a value that is no leaf is made of, by its keys; nothing for what has no parts.

    Raises
    ------
    UntraceableError
        Where leaves are in it that are not parts.
    """
    if isinstance(x, np.ndarray) or is_sparse(x):
        _check_array(x, is_leaf)
        return {}
    if isinstance(x, tuple | list) and not is_namedtuple(type(x)):
        return dict(enumerate(x))
    if isinstance(x, dict):
        return x
    return {} if _is_constant(x) or not has_fields(x) else dict(backing(x))


def _check_array(x: Any, is_leaf: IsLeaf) -> None:
    """Refuse an array that is no leaf, and holds some."""
    if not isinstance(x, np.ndarray):
        kind, hidden = type(x).__name__, x.dtype.kind in "fc" and is_leaf(np.zeros(1, x.dtype))
    elif x.dtype.kind == "O":
        kind, hidden = "array of objects", any(map(is_leaf, x.flat))
    else:
        kind, hidden = type(x).__name__, type(x) is not np.ndarray and is_leaf(np.asarray(x))
    if hidden:
        raise UntraceableError(
            f"an AD system cannot differentiate with respect to a {kind}. If it is a constant, close over it,"
            f" `lambda x: f(A, x)`; else give the function a rule."
        )


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
