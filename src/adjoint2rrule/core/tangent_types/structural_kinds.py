"""How a structural tangent is made and read, which depends on what its primal is made of.

Each kind is a mixin of `Tangent`: fields that the class tells, fields that it does not tell, entries of a
dict, anything; those of elements have a module of their own. What is stored is ``__backing__``, a tuple or
a dict. That name and its like have two underscores because any other could be the name of a field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, KeysView, Mapping
from typing import Any, ClassVar, NoReturn

from adjoint2rrule.core.errors import TangentConstructionError, TangentConversionError
from adjoint2rrule.core.tangent_types.abstract_thunk import unthunk
from adjoint2rrule.core.tangent_types.abstract_zero import ZeroTangent
from adjoint2rrule.core.tangent_types.structural_refusals import (
    element_of,
    refuse_attribute,
    refuse_member,
    refuse_positional,
    refuse_unknown,
)

ZERO = ZeroTangent()


class Kind:
    """What all kinds share."""

    __slots__ = ("__backing__",)

    __backing__: Any
    __primal__: ClassVar[Any]
    #: The names of the primal's fields, in order, where its class tells them.
    __names__: ClassVar[Mapping[str, None] | None] = None

    def __len__(self) -> int:
        return len(self.__backing__)

    def __getattr__(self, name: str) -> Any:  # fields that the class tells are properties
        refuse_attribute(self, name)


store = vars(Kind)["__backing__"].__set__  # the `__setattr__` of the tangents refuses


class Named(Kind):
    """What fields and named elements share."""

    __slots__ = ()

    __names__: ClassVar[Mapping[str, None]]

    def keys(self) -> KeysView[str]:
        """Return the names of the fields that are stored."""
        return self.__backing__.keys()  # type: ignore[no-any-return]


class FieldsKind(Named):
    """The tangent of an object whose class tells its fields."""

    __slots__ = ()

    # `__init__` is that of `fields_init`, one for each class, since this is what rules do most

    def __getitem__(self, key: str | int) -> Any:
        if not isinstance(key, str):
            return unthunk(element_of(self, list(self.__backing__.values()), key))
        if key not in self.__names__:
            refuse_unknown(self, [key])
        return unthunk(self.__backing__.get(key, ZERO))

    def __iter__(self) -> Iterator[Any]:
        return map(unthunk, self.__backing__.values())

    def __contains__(self, name: object) -> bool:
        return name in self.__backing__

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        raise TangentConversionError(f"{type(self).__name__} is no array; its fields may be")


def fields_init(names: frozenset[str]) -> Callable[..., None]:
    """Return the ``__init__`` for a tangent with these fields."""

    def init(self: FieldsKind, /, *args: Any, **fields: Any) -> None:
        if args:
            refuse_positional(self, args)
        for name in fields:
            if name not in names:
                refuse_unknown(self, fields)
        self.__backing__ = fields

    return init


class OpenFieldsKind(FieldsKind):
    """The tangent of an object whose class does not tell its fields: any name may be one."""

    __slots__ = ()

    def __init__(self, /, *args: Any, **fields: Any) -> None:
        if args:
            refuse_positional(self, args)
        store(self, fields)

    def __getattribute__(self, name: str) -> Any:
        # a field wins over a method of its name, which a property would do if the class told
        if not name.startswith("__") and name in self.__backing__:
            return unthunk(self.__backing__[name])
        return object.__getattribute__(self, name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(f"{type(self).__name__} has no {name}")
        refuse_member(self, name)
        return ZERO

    def __getitem__(self, key: str | int) -> Any:
        if not isinstance(key, str):
            return unthunk(element_of(self, list(self.__backing__.values()), key))
        return unthunk(self.__backing__.get(key, ZERO))


class AnythingKind(OpenFieldsKind):
    """The tangent of a primal that is not known: fields, or elements, stored by their index."""

    __slots__ = ()

    def __init__(self, /, *elements: Any, **fields: Any) -> None:
        if elements and fields:
            raise TangentConstructionError(
                f"{type(self).__name__} takes elements or fields, but got {elements!r} and {fields!r}"
            )
        store(self, dict(enumerate(elements)) if elements else fields)


class EntriesKind(Kind):
    """The tangent of a dict: a mapping in which absent keys read as zero, also as attributes."""

    __slots__ = ()

    def __init__(self, /, *entries: Any, **more: Any) -> None:
        try:
            store(self, dict(*entries, **more))
        except (TypeError, ValueError) as err:
            raise TangentConstructionError(
                f"{type(self).__name__} takes one dict, or entries by keyword, but got {entries!r}"
            ) from err

    def __getattribute__(self, name: str) -> Any:
        # without these methods it would be no mapping: `dict(t)` calls `t.keys`, and `match` calls `t.get`
        if name in ("keys", "values", "items", "get"):
            return object.__getattribute__(self, name)
        return OpenFieldsKind.__getattribute__(self, name)  # type: ignore[arg-type]

    __getattr__ = OpenFieldsKind.__getattr__
    __array__ = FieldsKind.__array__

    def __getitem__(self, key: Any) -> Any:
        return unthunk(self.__backing__.get(key, ZERO))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.__backing__)

    def __contains__(self, key: object) -> bool:
        return key in self.__backing__

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the tangent of an entry, or `default` where none is stored."""
        return unthunk(self.__backing__.get(key, default))

    keys = Mapping.keys
    values = Mapping.values
    items = Mapping.items


Mapping.register(EntriesKind)
