"""Legacy cotangents and tangents in one plain form, by which they can be compared.

A cotangent is described as `None` where it is zero, as a dict of its parts that are not zero where the
primal has parts, and as a number or an array elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from adjoint2rrule.core import AbstractZero, StructuralTangent, Tangent, backing, unthunk

# Nothing of these moves with anything.
_RIGID = (bool, int, np.integer, str, bytes, type(None), type)


def described_legacy(cotangent: Any, primal: Any) -> Any:
    """Return the plain form of what a legacy pullback gives for `primal`."""
    if isinstance(cotangent, SimpleNamespace):
        cotangent = vars(cotangent)
    is_array = isinstance(cotangent, list) and isinstance(primal, np.ndarray)
    if not is_array and isinstance(cotangent, tuple | list | dict):
        return _described_parts(cotangent, primal, described_legacy)
    return None if cotangent is None else _numbers(cotangent)


def described_tangent(tangent: Any, primal: Any) -> Any:
    """Return the plain form of what the pullback of an `rrule` gives for `primal`."""
    t = unthunk(tangent)
    if isinstance(t, AbstractZero):
        return None
    if isinstance(t, StructuralTangent):
        expected = Tangent[type(primal)]
        assert isinstance(t, expected), f"{t!r} is no {expected.__name__}"
        return _described_parts(backing(t), primal, described_tangent)
    assert not isinstance(t, tuple | list | dict | SimpleNamespace | None), f"{t!r} is no tangent"
    return _numbers(t)


def _described_parts(parts: Any, primal: Any, describe: Callable[[Any, Any], Any]) -> Any:
    if not isinstance(parts, dict):
        parts = dict(zip(names_of(primal), parts, strict=True))
    found = {name: describe(part, part_of(primal, name)) for name, part in parts.items()}
    return {name: part for name, part in found.items() if part is not None} or None


def _numbers(c: Any) -> Any:
    if hasattr(c, "toarray"):
        return {"format": c.format, "dense": c.toarray()}
    return np.asarray(c)


def names_of(value: Any) -> list[Any]:
    """Return the names of the parts of a structured value: fields, keys or positions."""
    if callable(value) and hasattr(value, "__name__"):
        return []  # functions and classes; what stands in their `__dict__` are no fields
    if isinstance(value, dict):
        return list(value)
    if hasattr(value, "_fields"):
        return list(value._fields)
    if isinstance(value, tuple | list):
        return list(range(len(value)))
    return list(getattr(value, "__dict__", getattr(type(value), "__slots__", ())))


def part_of(value: Any, name: Any) -> Any:
    """Return the part of `value` that `names_of` calls `name`."""
    if isinstance(value, dict) or isinstance(name, int):
        return value[name]
    return getattr(value, name)


def described_value(value: Any) -> Any:
    """Return a primal in a plain form that needs none of its classes."""
    if isinstance(value, np.ndarray | np.number | float | complex) or hasattr(value, "toarray"):
        return _numbers(value)
    if isinstance(value, _RIGID) or callable(value):
        return repr(value) if callable(value) else value
    return {"class": type(value).__name__} | {n: described_value(part_of(value, n)) for n in names_of(value)}


def seeds_for(y: Any, rng: np.random.Generator) -> Iterator[Any]:
    """Yield legacy seeds for the output `y`: a full one, and for several outputs one without each of them."""
    seed = _seed(y, rng)
    yield seed
    if isinstance(seed, tuple):
        yield from ((*seed[:i], None, *seed[i + 1 :]) for i in range(len(seed)))
    if isinstance(seed, dict):
        yield from ({**seed, name: None} for name in seed)


def _seed(y: Any, rng: np.random.Generator) -> Any:
    if hasattr(y, "toarray"):
        return type(y)((rng.standard_normal(len(y.data)), y.indices, y.indptr), shape=y.shape)
    if isinstance(y, complex | np.complexfloating):
        return complex(*rng.standard_normal(2))
    if isinstance(y, np.ndarray) and y.ndim:
        seed = rng.standard_normal(y.shape)
        return seed + 1j * rng.standard_normal(y.shape) if np.iscomplexobj(y) else seed
    if isinstance(y, float | np.floating | np.ndarray | int | np.integer) and not isinstance(y, bool):
        return float(rng.standard_normal())
    if isinstance(y, _RIGID) or callable(y):
        return None
    parts = {name: _seed(part_of(y, name), rng) for name in names_of(y)}
    if isinstance(y, tuple):
        return tuple(parts.values())
    return list(parts.values()) if isinstance(y, list) else parts
