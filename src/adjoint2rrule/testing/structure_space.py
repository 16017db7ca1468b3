"""The tangent spaces of what has parts: tuples, lists, dicts, objects with fields, arrays of objects."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adjoint2rrule.core import (
    NoTangent,
    PrimalAdditionError,
    StructuralTangent,
    Tangent,
    ZeroTangent,
    backing,
    construct,
    primal_type,
    unthunk,
)
from adjoint2rrule.core.tangent_types.primal_fields import has_fields
from adjoint2rrule.testing.failure import form_failure
from adjoint2rrule.testing.output_control import Place, index_step, kind_of
from adjoint2rrule.testing.tangent_space import Coordinates, Leaf, TangentSpace, Vector


class Structure(TangentSpace):
    """The space of a primal with parts: the spaces of its parts, one after another.

    What a part is called (`key`), how it is written after the name of the whole (`step`), and how the
    whole is put together from parts, is for the subclasses to say.
    """

    def __init__(self, x: Any, children: Mapping[Any, TangentSpace]) -> None:
        self.x, self.children = x, children
        self.size = sum(child.size for child in children.values())
        self.perturbable = any(child.perturbable for child in children.values())
        self.eps = max((child.eps for child in children.values()), default=0.0)

    @staticmethod
    @abstractmethod
    def parts(x: Any) -> Mapping[Any, Any]:
        """Return the parts of the primal `x` by their keys."""

    @staticmethod
    @abstractmethod
    def step(key: Any) -> str:
        """Return how the part with this key is written after the name of the whole."""

    @abstractmethod
    def _rebuilt(self, parts: Mapping[Any, Any]) -> Any: ...

    @abstractmethod
    def _structural(self, parts: Mapping[Any, Any]) -> Any: ...

    def vector(self, x: Any) -> Vector:
        parts = self.parts(x)
        return _joined([child.vector(parts[key]) for key, child in self.children.items() if child.size])

    def primal(self, vector: Vector) -> Any:
        return self._rebuilt({key: child.primal(part) for key, child, part in self._split(vector)})

    def tangent(self, vector: Vector) -> Any:
        if not self.perturbable:
            return NoTangent()
        return self._structural({key: child.tangent(part) for key, child, part in self._split(vector)})

    def without_each(self, vector: Vector) -> Iterator[tuple[str, Any, Vector]]:
        """Yield tangents that have `ZeroTangent()` for a part: its step, the tangent, its coordinates."""
        whole = {key: child.tangent(part) for key, child, part in self._split(vector)}
        for key, _, part in self._split(vector):
            left = np.concatenate([p * (k != key) for k, _, p in self._split(vector)])
            if part.any() and left.any():
                yield self.step(key), self._structural(whole | {key: ZeroTangent()}), left

    def leaves(self, place: Place, start: int = 0) -> Iterator[Leaf]:
        for key, child in self.children.items():
            yield from child.leaves(place.at(self.step(key)), start)
            start += child.size

    def as_floats(self, dx: Any) -> Any:
        dx = unthunk(dx)
        if not self._is_structural(dx):
            return self.x
        stored = self._stored(dx)
        return self._changed({key: child.as_floats(stored.get(key)) for key, child in self.children.items()})

    def in_double(self) -> Any:
        return self._changed({key: child.in_double() for key, child in self.children.items()})

    def _changed(self, parts: Mapping[Any, Any]) -> Any:
        same = all(part is self.children[key].x for key, part in parts.items())
        return self.x if same else self._rebuilt(parts)

    def _split(self, vector: Vector) -> Iterator[tuple[Any, TangentSpace, Vector]]:
        start = 0
        for key, child in self.children.items():
            yield key, child, vector[start : start + child.size]
            start += child.size

    def _is_structural(self, dx: Any) -> bool:
        if not isinstance(dx, StructuralTangent):
            return False
        # A class and its subclasses share tangents.
        return primal_type(dx) is Any or isinstance(self.x, primal_type(dx))

    def _stored(self, dx: Any) -> Mapping[Any, Any]:
        """Return what the structural tangent `dx` stores, by the keys of the parts."""
        stored = backing(dx)
        return dict(zip(self.children, stored, strict=False)) if isinstance(stored, (tuple, list)) else stored

    def _read(self, dx: Any, place: Place) -> Coordinates:
        if not self._is_structural(dx):
            wanted = f"a Tangent[{type(self.x).__name__}]" if self.perturbable else "NoTangent()"
            raise form_failure(f"{place} is {kind_of(dx)}, no tangent of {kind_of(self.x)}: return {wanted}")
        self._check_extent(dx, place)
        stored = self._stored(dx)
        read = [
            child.coordinates(stored.get(key, ZeroTangent()), place.at(self.step(key)))
            for key, child in self.children.items()
        ]
        missing = _joined([part.missing for part in read]).astype(bool)
        return Coordinates(_joined([part.values for part in read]), missing)

    def _check_extent(self, dx: Any, place: Place) -> None:
        stored = backing(dx)
        if isinstance(stored, (tuple, list)):
            if len(stored) != len(self.children):
                raise form_failure(
                    f"{place} has {len(stored)} parts, but its primal has {len(self.children)}"
                )
        elif strangers := [key for key in stored if key not in self.children]:
            raise form_failure(f"{place} has a part {self.step(strangers[0])} that its primal does not have")


class Items(Structure):
    """The space of a tuple or a list."""

    @staticmethod
    def parts(x: Any) -> Mapping[int, Any]:
        return dict(enumerate(x))

    def _rebuilt(self, parts: Mapping[int, Any]) -> Any:
        if isinstance(self.x, tuple):
            return tuple.__new__(type(self.x), parts.values())
        rebuilt = copy.copy(self.x)
        rebuilt[:] = parts.values()
        return rebuilt

    def _structural(self, parts: Mapping[int, Any]) -> Any:
        return _tangent_class(self.x)(*parts.values())

    @staticmethod
    def step(key: int) -> str:
        return f"[{key}]"


class Fields(Structure):
    """The space of an object: its fields."""

    @staticmethod
    def parts(x: Any) -> Mapping[str, Any]:
        fields: Mapping[str, Any] = backing(x) if has_fields(x) else {}
        return {name: value for name, value in fields.items() if name not in _cached_properties(x)}

    def _rebuilt(self, parts: Mapping[str, Any]) -> Any:
        return construct(type(self.x), parts) if self._is_constructed else _with_fields(self.x, parts)

    @cached_property
    def _is_constructed(self) -> bool:
        """Whether the constructor takes the fields, and keeps them as they are."""
        try:
            rebuilt = construct(type(self.x), self.parts(self.x))
        except PrimalAdditionError:
            return False
        return np.array_equal(self.vector(rebuilt), self.vector(self.x), equal_nan=True)

    def _structural(self, parts: Mapping[str, Any]) -> Any:
        return _tangent_class(self.x)(**parts)

    @staticmethod
    def step(key: str) -> str:
        return f".{key}"


class NamedItems(Fields):
    """The space of a NamedTuple: its fields, in their order."""

    @staticmethod
    def parts(x: Any) -> Mapping[str, Any]:
        return dict(zip(x._fields, x, strict=True))

    def _rebuilt(self, parts: Mapping[str, Any]) -> Any:
        return type(self.x)._make(parts.values())


class Entries(Structure):
    """The space of a dict: its values."""

    @staticmethod
    def parts(x: Any) -> Mapping[Any, Any]:
        values: Mapping[Any, Any] = x
        return values

    def _rebuilt(self, parts: Mapping[Any, Any]) -> Any:
        rebuilt = copy.copy(self.x)
        rebuilt.update(parts)
        return rebuilt

    def _structural(self, parts: Mapping[Any, Any]) -> Any:
        return _tangent_class(self.x)(dict(parts))

    @staticmethod
    def step(key: Any) -> str:
        return f"[{key!r}]"


class Elements(Structure):
    """The space of an array of objects: an array of their tangents."""

    @staticmethod
    def parts(x: Any) -> Mapping[tuple[int, ...], Any]:
        return {index: x[index] for index in np.ndindex(x.shape)}

    def _rebuilt(self, parts: Mapping[tuple[int, ...], Any]) -> Any:
        rebuilt = np.empty_like(self.x)
        for index, part in parts.items():
            rebuilt[index] = part
        return rebuilt

    _structural = _rebuilt

    @staticmethod
    def step(key: tuple[int, ...]) -> str:
        return index_step(key)

    def _is_structural(self, dx: Any) -> bool:
        return isinstance(dx, np.ndarray) and dx.shape == self.x.shape

    def _check_extent(self, dx: Any, place: Place) -> None:
        """Nothing to check: the shapes agree."""

    def _stored(self, dx: Any) -> Mapping[Any, Any]:
        return self.parts(dx)


def _with_fields(x: Any, fields: Mapping[str, Any]) -> Any:
    """Return a copy of `x` with these fields, for a class whose constructor takes something else."""
    changed = copy.copy(x)
    for name in _cached_properties(x):
        vars(changed).pop(name, None)  # computed from the old fields
    for name, value in fields.items():
        object.__setattr__(changed, name, value)  # frozen classes refuse `setattr`
    return changed


def _cached_properties(x: Any) -> frozenset[str]:
    names = getattr(x, "__dict__", {})
    return frozenset(name for name in names if isinstance(getattr(type(x), name, None), cached_property))


def _tangent_class(x: Any) -> Any:
    tangent: Any = Tangent  # a checker of types takes `[...]` for the parameter of a generic class
    return tangent[type(x)]


def _joined(vectors: list[Any]) -> NDArray[Any]:
    return np.concatenate(vectors) if vectors else np.empty(0)
