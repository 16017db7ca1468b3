"""What the fields of a primal are: of its class, as far as that tells, and of a value."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from adjoint2rrule.core.sparse import is_sparse_class


def field_names(primal: type) -> tuple[str, ...] | None:
    """Return the names of the fields of a class, or None where only its instances can tell.

    Dataclasses, attrs classes, NamedTuples and classes with ``__slots__`` and no ``__dict__`` tell;
    so do their subclasses, unless they have an ``__init__`` of their own.
    """
    if is_namedtuple(primal):
        return primal._fields  # type: ignore[attr-defined,no-any-return]
    if is_container(primal):
        return None  # made of elements or entries, whatever a class of its own adds
    if is_dataclass(primal):
        return tuple(field.name for field in dataclasses.fields(primal))
    if is_attrs(primal):
        return tuple(attribute.name for attribute in primal.__attrs_attrs__)  # type: ignore[attr-defined]
    if primal.__dictoffset__ == 0 and any("__slots__" in vars(cls) for cls in primal.__mro__):
        return tuple(_slots(primal))
    return None


def fields_of(x: Any) -> dict[str, Any]:
    """Return the fields of a primal value by name, without those that are not set."""
    names = field_names(type(x))
    if names is not None:
        return {name: getattr(x, name) for name in names if hasattr(x, name)}
    slots = {name: getattr(x, name) for name in _slots(type(x)) if hasattr(x, name)}
    attributes = getattr(x, "__dict__", {})
    return slots | {name: value for name, value in attributes.items() if not _is_special(name)}


def has_fields(x: Any) -> bool:
    """Return whether a primal value is made of fields at all."""
    return hasattr(x, "__dict__") or field_names(type(x)) is not None


def is_namedtuple(primal: type) -> bool:
    """Return whether a class is a tuple whose elements have names."""
    return issubclass(primal, tuple) and hasattr(primal, "_fields")


def is_container(primal: type) -> bool:
    """Return whether the instances of a class are tuples, lists or dicts, and no sparse arrays."""
    # scipy's arrays that are a dictionary of keys are dicts as well
    return issubclass(primal, (tuple, list, dict)) and not is_sparse_class(primal)


def is_dataclass(primal: type) -> bool:
    """Return whether a class is made by `dataclasses`, down to its ``__init__``."""
    return _is_made_by(primal, "__dataclass_fields__")


def is_attrs(primal: type) -> bool:
    """Return whether a class is made by `attrs`, down to its ``__init__``."""
    return _is_made_by(primal, "__attrs_attrs__")


def is_mutable(primal: type) -> bool:
    """Return whether the fields of the instances of a class can be set."""
    if is_dataclass(primal):
        return not primal.__dataclass_params__.frozen  # type: ignore[attr-defined]
    # attrs has no public mark for its frozen classes
    return not issubclass(primal, tuple) and primal.__setattr__.__name__ != "_frozen_setattrs"


def _is_made_by(primal: type, mark: str) -> bool:
    # a class that is not decorated itself, and brings an `__init__`, has the fields which that one sets
    return next(mark in vars(cls) for cls in primal.__mro__ if mark in vars(cls) or "__init__" in vars(cls))


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")  # such as the `__wrapped__` of a function


def _slots(primal: type) -> Iterator[str]:
    for cls in reversed(primal.__mro__):
        slots = vars(cls).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if not _is_special(name):
                yield f"_{cls.__name__.lstrip('_')}{name}" if name.startswith("__") else name
