"""The classes ``Tangent[P]``: made when they are asked for, one for each primal class `P`."""

from __future__ import annotations

import copyreg
import operator
from threading import Lock
from types import UnionType
from typing import Annotated, Any, NoReturn, TypeVar, Union, get_origin
from weakref import WeakValueDictionary

from adjoint2rrule.core.errors import TangentConstructionError
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.abstract_thunk import unthunk
from adjoint2rrule.core.tangent_types.primal_fields import (
    field_names,
    is_container,
    is_mutable,
    is_namedtuple,
)
from adjoint2rrule.core.tangent_types.structural_elements import ElementsKind, NamedElementsKind
from adjoint2rrule.core.tangent_types.structural_kinds import (
    ZERO,
    AnythingKind,
    EntriesKind,
    FieldsKind,
    OpenFieldsKind,
    fields_init,
)


class Classes(dict[Any, type]):
    """The classes of a family, `Tangent` or `MutableTangent`, by their primal classes.

    Its ``__getitem__`` is the family's ``[P]``: that of a dict is the fastest there is.
    """

    def __init__(self, family: Any) -> None:
        super().__init__()
        self.family = family
        self.lock = Lock()
        self.alive: WeakValueDictionary[Any, type] = WeakValueDictionary()

    def __missing__(self, primal: Any) -> Any:
        cls = self.made(_without_parameters(primal))
        if len(self) >= LIMIT:
            self.clear()
        self[primal] = cls
        return cls

    def made(self, primal: Any) -> Any:
        """Return the class for a primal class, a new one unless there is one in use."""
        if isinstance(primal, TypeVar):
            return self.family
        if not isinstance(primal, type):
            raise TangentConstructionError(
                f"{self.family.__name__}[P] takes the class of a primal for P, but got {primal!r}; "
                "write the class itself, or Any where it is not known"
            )
        family = self.family.__family_for__(primal)
        if family is not self.family:
            return family[primal]
        with self.lock:
            cls = self.alive.get(primal)
            if cls is None:
                cls = self.alive[primal] = _new_class(family, primal)
            return cls


#: A `__setattr__` of Python would slow down making a tangent; fields are properties, which refuse as well.
OWN_SETTERS = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}

#: How many classes a family keeps that nobody uses, so that those made in functions do not live for ever.
LIMIT = 1024


class StructuralType(type):
    """The class of `Tangent` and `MutableTangent`, and of what their ``[P]`` gives."""

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> None:
        super().__init__(name, bases, namespace)
        if "__primal__" not in namespace:
            cls.__class_getitem__ = Classes(cls).__getitem__


def _without_parameters(annotation: Any) -> Any:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _without_parameters(annotation.__origin__)
    return annotation if origin in (None, Union, UnionType) else origin  # a union has no one class


def has_mutable_fields(primal: Any) -> bool:
    """Return whether the tangents of a class can be a `MutableTangent`."""
    return _is_object(primal) and is_mutable(primal)


def _is_object(primal: Any) -> bool:
    return primal is not Any and not is_container(primal)


def _new_class(family: Any, primal: Any) -> type:
    name = f"{family.__name__}[{primal.__qualname__.rpartition('<locals>.')[2]}]"
    names = None if primal is Any else field_names(primal)
    kind = _kind_of(primal, names)
    namespace = {
        **{name: _field(name) for name in names or ()},
        "__slots__": (),
        "__module__": family.__module__,
        "__family__": family,
        "__primal__": primal,
        "__names__": None if names is None else dict.fromkeys(names),
        "__class_getitem__": _refuse_second,
    }
    if kind is FieldsKind:
        namespace["__init__"] = fields_init(frozenset(names or ()))
        if not family.__mutable__:
            namespace |= OWN_SETTERS
    return StructuralType(name, (kind, family), namespace)


@classmethod  # type: ignore[misc]
def _refuse_second(cls: Any, primal: Any) -> NoReturn:
    raise TangentConstructionError(f"{cls.__name__} has its primal class already")


def _kind_of(primal: Any, names: tuple[str, ...] | None) -> type:
    if primal is Any:
        return AnythingKind
    if not is_container(primal):
        return OpenFieldsKind if names is None else FieldsKind
    if issubclass(primal, dict):
        return EntriesKind
    return NamedElementsKind if is_namedtuple(primal) else ElementsKind


def _field(name: str) -> property:
    # a property, so that a field wins over a method of its name
    def read(self: Any) -> Any:
        return unthunk(self.__backing__.get(name, ZERO))

    return property(read, AbstractTangent.__written__, AbstractTangent.__written__)


def _reduce_class(cls: Any) -> Any:
    primal = vars(cls).get("__primal__")
    return cls.__qualname__ if primal is None else (operator.getitem, (cls.__family__, primal))


copyreg.pickle(StructuralType, _reduce_class)
