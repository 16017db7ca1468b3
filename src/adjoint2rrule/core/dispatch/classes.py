"""The pattern of a class: its instances, or for a protocol what has its members."""

from __future__ import annotations

import abc
import inspect
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from adjoint2rrule.core.dispatch.patterns import Anything, Checked, Instance, Number, Pattern


def pattern_of_class(cls: type) -> Pattern:
    """Return the pattern of a class as `isinstance` means it, without the numeric tower."""
    if cls is object:
        return Anything()
    if not is_protocol(cls):
        return Instance(cls) if type(cls).__instancecheck__ in _CLASS_CHECKS else Checked(cls)
    members = _members(cls)
    methods = frozenset(name for name, member in members.items() if callable(member))
    return Structure(cls, methods, frozenset(members) - methods)


def is_static(cls: type) -> bool:
    """Return whether `cls` is made by the interpreter or by C, once and for all."""
    return not cls.__flags__ & _HEAP_TYPE


_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE


def is_protocol(cls: type) -> bool:
    """Return whether `cls` is a protocol, and not a class that inherits from one."""
    # Not by `getattr`: a metaclass may answer to every name.
    return bool(vars(cls).get("_is_protocol", False))


# A class that implements a protocol by inheritance has its metaclass, and is a class as any other.
_CLASS_CHECKS = (type.__instancecheck__, abc.ABCMeta.__instancecheck__, type(Protocol).__instancecheck__)


def _members(protocol: type) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for base in protocol.__mro__[::-1]:
        if is_protocol(base) and base is not Protocol:
            members |= dict.fromkeys(inspect.get_annotations(base)) | vars(base)
    return {name: member for name, member in members.items() if name not in _BOOKKEEPING}


@runtime_checkable
class _OneMember(Protocol):
    _: int


# What the interpreter itself puts into a protocol.
_BOOKKEEPING = {*vars(_OneMember), "__orig_bases__", "__slots__", "__non_callable_proto_members__"}


@dataclass(frozen=True)
class Structure(Pattern):
    """A protocol, `runtime_checkable` or not: what inherits from it or has its members."""

    bound: type
    methods: frozenset[str]
    attributes: frozenset[str]

    def decide(self, cls: type) -> bool | None:
        if self.bound in cls.__mro__:
            return True
        if not all(_defines(cls, name) for name in self.methods):
            return False
        return None if self.attributes else True

    def accepts(self, value: object) -> bool:
        verdict = self.decide(type(value))
        # Statically, since reading an attribute may run a property.
        return all(_has(value, name) for name in self.attributes) if verdict is None else verdict

    def _covers(self, other: Pattern) -> bool:
        if isinstance(other, Structure):
            return self.methods <= other.methods and self.attributes <= other.attributes | other.methods
        classes = other.members() if isinstance(other, Number) else (other.bound,)
        return all(self.decide(cls) is True for cls in classes)


def _defines(cls: type, name: str) -> bool:
    # Not by `getattr`, which looks in the metaclass too: every class "has" a `__call__` there.
    member = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
    return member is not None or (name == "__reversed__" and _is_reversible(cls))


def _is_reversible(cls: type) -> bool:
    # `reversed` asks for no more. Tuples have no method for it, and are `ArrayLike` all the same.
    return _defines(cls, "__len__") and _defines(cls, "__getitem__")


def _has(value: object, name: str) -> bool:
    return inspect.getattr_static(value, name, _MISSING) is not _MISSING


_MISSING = object()
