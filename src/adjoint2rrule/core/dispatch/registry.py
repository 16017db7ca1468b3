"""Where method tables are kept: with their targets, so that they go when the targets go.

A Python function, a class, or an object with a ``__dict__`` holds its table as an attribute. A table
elsewhere would never go where a rule mentions its target, weak as it may be: that rule would keep the
target alive. Of the other targets, what takes a weak reference is held weakly, and what does not (ufuncs,
numpy's functions, method descriptors) strongly, and so are the functions and classes of C, which stay.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import (
    BuiltinFunctionType,
    BuiltinMethodType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    NoneType,
    WrapperDescriptorType,
)
from typing import Any, NamedTuple, get_args

from adjoint2rrule.core.dispatch.arity import Role
from adjoint2rrule.core.dispatch.classes import is_protocol, is_static
from adjoint2rrule.core.dispatch.functors import call_of, serves
from adjoint2rrule.core.dispatch.method import Method, Rule
from adjoint2rrule.core.dispatch.method_table import MethodTable

# The classes of bound methods, and of the functions of C.
BOUND = frozenset({MethodType, BuiltinMethodType, MethodWrapperType})


def is_bound(f: Any) -> bool:
    """Return whether `f` is a method of an object, ``obj.m``, which is a new one on every access."""
    # A function of a C module has a `__self__` too: its module.
    return type(f) in BOUND and not isinstance(f.__self__, ModuleType | NoneType)


def function_of(method: Any) -> Any:
    """Return the function that a bound method calls with its object in front; `None` where none is known."""
    if type(method) is MethodType:
        return method.__func__
    name, owner = method.__name__, method.__self__
    for cls in type(owner).__mro__:
        # `super().m` is the method of a base, whatever the class of the object makes of that name.
        descriptor: Any = vars(cls).get(name)
        if type(descriptor) in _DESCRIPTORS and descriptor.__get__(owner) == method:
            return descriptor
    return None


_DESCRIPTORS = frozenset({MethodDescriptorType, WrapperDescriptorType})


class Kept(NamedTuple):
    """Where the table of a target is that is neither a function nor a class.

    It lives as long as `bearer` gives something: the target, or the object whose method that is. It is
    the attribute of that name, or else `table`.
    """

    bearer: Callable[[], Any]
    attribute: str
    table: MethodTable | None

    def table_of(self, bearer: object) -> MethodTable | None:
        """Return the table, if it is that of `bearer`, and not of a dead object with its identity."""
        if self.bearer() is not bearer:
            return None
        if self.table is not None:
            return self.table
        table = vars(bearer).get(self.attribute)
        # Objects take over the fields of others, and some share them all.
        return table if isinstance(table, MethodTable) and table.bearer() is bearer else None


class Home:
    """The method tables of all targets in one role.

    `held` has those of targets that never go, by identity.
    """

    def __init__(self, attribute: str) -> None:
        self.attribute = attribute
        self.held: dict[int, MethodTable] = {}
        self._kept: dict[object, Kept] = {}

    def get(self, target: Any) -> MethodTable | None:
        """Return the table of `target`, and of nothing else; `None` where it has none."""
        kind = type(target)
        if kind is FunctionType or isinstance(target, type):
            table: MethodTable | None = target.__dict__.get(self.attribute)
            # `functools.wraps` gives a wrapper all attributes of its function, the table included.
            if table is not None and table.owner is target:
                return table
        if (table := self.held.get(id(target))) is not None or not self._kept:
            return table
        is_method = kind in BOUND and is_bound(target)
        key, bearer = (_key_of_method(target), target.__self__) if is_method else (id(target), target)
        kept = self._kept.get(key)
        return None if kept is None else kept.table_of(bearer)

    def get_all(self, classes: tuple[type, ...]) -> list[tuple[type, MethodTable]]:
        """Return those of `classes` that have a table, each with it."""
        found = []
        for cls in classes:
            # Most classes have none, which costs less to see here than in a call of `get`.
            if self.attribute not in cls.__dict__ and id(cls) not in self.held and not self._kept:
                continue
            if (table := self.get(cls)) is not None:
                found.append((cls, table))
        return found

    def put(self, target: Any, methods: tuple[Method, ...]) -> None:
        """Give `target` a table of these methods, in place of the one it has."""
        if type(target) is FunctionType:
            target.__dict__[self.attribute] = MethodTable(target, methods)
        elif isinstance(target, type) and _put_on_class(target, self.attribute, MethodTable(target, methods)):
            return
        elif is_bound(target):
            key = _key_of_method(target)
            attribute = f"{self.attribute[:-2]}_of_{key[1]}__"
            # The function is kept for its identity, which is in the key.
            function = getattr(target, "__func__", None)
            self._keep(key, target.__self__, attribute, MethodTable(function, methods))
        elif _is_there_to_stay(target):
            self.held[id(target)] = MethodTable(target, methods)
        else:
            self._keep(id(target), target, self.attribute, MethodTable(None, methods))

    def _keep(self, key: object, bearer: Any, attribute: str, table: MethodTable) -> None:
        reference: Callable[[], object]
        try:
            reference = weakref.ref(bearer, lambda dead: self._forget(key, dead))
        except TypeError:
            reference = partial(_itself, bearer)
        table.bearer = reference
        is_carried = _put_on_object(bearer, attribute, table)
        self._kept[key] = Kept(reference, attribute, None if is_carried else table)

    def _forget(self, key: object, dead: object) -> None:
        kept = self._kept.get(key)
        if kept is not None and kept.bearer is dead:
            del self._kept[key]


def _is_there_to_stay(target: object) -> bool:
    if isinstance(target, type):
        return is_static(target)
    return type(target) is BuiltinFunctionType or not type(target).__weakrefoffset__


def _put_on_class(cls: type, attribute: str, table: MethodTable) -> bool:
    if is_protocol(cls):
        return False  # every attribute of a protocol is one of its members
    try:
        # Not `setattr`: a metaclass may have a say in that.
        type.__setattr__(cls, attribute, table)
    except TypeError:  # a class of C
        return False
    return True


def _put_on_object(bearer: Any, attribute: str, table: MethodTable) -> bool:
    if isinstance(bearer, type):
        return _put_on_class(bearer, attribute, table)
    fields = getattr(bearer, "__dict__", None) if type(bearer).__dictoffset__ else None
    if type(fields) is not dict or bearer.__dict__ is not fields:
        return False  # a property, which makes another one each time
    known = fields.get(attribute)
    if isinstance(known, MethodTable) and (other := known.bearer()) is not None and other is not bearer:
        return False  # the fields are also those of another object, which has rules
    fields[attribute] = table
    return True


def _itself(target: object) -> object:
    return target


def _key_of_method(method: Any) -> tuple[int, object]:
    # Each `obj.m` is a new object, but of the same `obj` and the same function.
    function = id(method.__func__) if isinstance(method, MethodType) else method.__name__
    return id(method.__self__), function


# A copy of the runtime in another package keeps its tables apart from those of this one.
_NAMESPACE = __name__.removesuffix(".dispatch.registry").replace(".", "_")


class Registry:
    """The rules of one kind, each with its target; any number of threads may use it.

    A target has up to three roles: a callable *itself* (of a class, its constructor), a class for the
    constructors of its *subclasses*, and a class whose *instances* are called.
    """

    def __init__(self, kind: str) -> None:
        self._homes = {role: Home(f"__{_NAMESPACE}_{kind}_{role}__") for role in get_args(Role)}
        self.itself, self.subclasses, self.instances = self._homes.values()
        self._lock = threading.RLock()

    def add(self, role: Role, target: object, methods: Sequence[Method]) -> None:
        """Add these methods to those of `target`; of two with the same signature, the later one stays."""
        home = self._homes[role]
        with self._lock:
            table = home.get(target)
            known = table.methods if table else ()
            kept = [m for m in known if not any(method.replaces(m) for method in methods)]
            home.put(target, (*kept, *methods))

    def tables(self, role: Role, target: Any) -> list[MethodTable]:
        """Return the tables that a call of `target` in its role asks, in their order."""
        if role == "instances":
            return self._of_instances(target)
        table = self.itself.get(target)
        return [*([] if table is None else [table]), *self._of_classes(target)]

    def knows(self, f: Any) -> bool:
        """Return whether a call of `f` asks any table, whatever its arguments; of a method, maybe in vain."""
        kind = type(f)
        if kind in BOUND or self.itself.get(f) is not None or self._of_classes(f):
            return True
        return (
            kind is not FunctionType
            and (call := call_of(kind)) is not None
            and self.itself.get(call) is not None
        )

    def find(self, f: Any, values: tuple[object, ...], keywords: Mapping[str, object]) -> Rule | None:
        """Return the rule for calling `f` so; first its own ones, then those of its classes in order.

        Raises
        ------
        AmbiguousRuleError
            Where several rules fit, and none of them is more specific than the others.
        """
        table = self.itself.get(f)
        if table is not None and (rule := table.select(values, keywords)) is not None:
            return rule
        for table in self._of_classes(f):
            if (rule := table.select(values, keywords)) is not None:
                return rule
        return None

    def _of_classes(self, f: Any) -> list[MethodTable]:
        tables = self._of_instances(type(f))
        if isinstance(f, type):
            tables = [table for _, table in self.subclasses.get_all(f.__mro__)] + tables
        return tables

    def _of_instances(self, cls: type) -> list[MethodTable]:
        tables = self.instances.get_all(cls.__mro__)
        return [table for base, table in tables if serves(base, cls)] if tables else []
