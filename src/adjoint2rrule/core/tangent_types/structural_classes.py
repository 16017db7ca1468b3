"""The classes ``Tangent[P]``: made when they are asked for, one for each primal class `P`."""

from __future__ import annotations

import copyreg
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar, get_origin
from weakref import WeakValueDictionary

from adjoint2rrule.core.tangent_types.primal_fields import field_names, is_mutable, is_namedtuple
from adjoint2rrule.core.tangent_types.structural_kinds import (
    ZERO,
    AnythingKind,
    ElementsKind,
    EntriesKind,
    FieldsKind,
    NamedElementsKind,
    OpenFieldsKind,
)
from adjoint2rrule.core.tangent_types.thunks import unthunk

_classes: WeakValueDictionary[tuple[type, Any], type] = WeakValueDictionary()
_classes_lock = Lock()


@lru_cache(maxsize=1024)  # bounded, so that classes made in functions do not live for ever
def class_for(family: Any, primal: Any) -> Any:
    """Return ``family[primal]``, where the family is `Tangent` or `MutableTangent`."""
    if "__primal__" in vars(family):
        raise TypeError(f"{family.__name__} has its primal class already")
    primal = get_origin(primal) or primal  # parameters are decoration
    if isinstance(primal, TypeVar):
        return family
    if not isinstance(primal, type):
        raise TypeError(f"{family.__name__}[P] takes the class of the primal for P, but got {primal!r}")
    family = family.__family_for__(primal)
    with _classes_lock:
        cls = _classes.get((family, primal))
        if cls is None:
            cls = _classes[family, primal] = _new_class(family, primal)
        return cls


class StructuralType(type):
    """The class of `Tangent` and `MutableTangent`; its ``[P]`` gives a subclass."""

    if not TYPE_CHECKING:  # type checkers read `[P]` off `Generic`
        __getitem__ = class_for


def has_mutable_fields(primal: Any) -> bool:
    """Return whether the tangents of a class can be a `MutableTangent`."""
    return _is_object(primal) and is_mutable(primal)


def _is_object(primal: Any) -> bool:
    return primal is not Any and not issubclass(primal, (dict, list, tuple))


def _new_class(family: Any, primal: Any) -> type:
    name = f"{family.__name__}[{primal.__qualname__.rpartition('<locals>.')[2]}]"
    namespace = {"__slots__": (), "__module__": family.__module__, "__family__": family, "__primal__": primal}
    names = None if primal is Any else field_names(primal)
    if names is not None:
        namespace |= {name: _field(name) for name in names} | {"__names__": dict.fromkeys(names)}
    return StructuralType(name, (_kind_of(primal, names), family), namespace)


def _kind_of(primal: Any, names: tuple[str, ...] | None) -> type:
    if primal is Any:
        return AnythingKind
    if issubclass(primal, dict):
        return EntriesKind
    if issubclass(primal, (list, tuple)):
        return NamedElementsKind if is_namedtuple(primal) else ElementsKind
    return OpenFieldsKind if names is None else FieldsKind


def _field(name: str) -> property:
    # a property, so that a field wins over a method of its name, and cannot be set
    return property(lambda self: unthunk(self.__backing__.get(name, ZERO)))


def _reduce_class(cls: Any) -> Any:
    primal = vars(cls).get("__primal__")
    return cls.__qualname__ if primal is None else (class_for, (cls.__family__, primal))


copyreg.pickle(StructuralType, _reduce_class)
