"""Where method tables are kept: with their targets, so that they go when the targets go.

A Python function or class holds its table as an attribute. A table elsewhere, weak as it may be, would
never go: the rules in it mention their target, and so would keep it alive. Of the other targets, what
takes a weak reference is held weakly, and what does not (ufuncs, numpy's functions, method
descriptors) strongly.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import BuiltinMethodType, FunctionType, MethodType, MethodWrapperType, ModuleType, NoneType
from typing import Any, NamedTuple, get_args

from adjoint2rrule.core.dispatch.classes import is_protocol
from adjoint2rrule.core.dispatch.method import Method, Rule
from adjoint2rrule.core.dispatch.method_table import MethodTable
from adjoint2rrule.core.dispatch.reading import Role

_BOUND = frozenset({MethodType, BuiltinMethodType, MethodWrapperType})


def is_bound(f: Any) -> bool:
    """Return whether `f` is a method of an object, ``obj.m``, which is a new one on every access."""
    # A function of a C module has a `__self__` too: its module.
    return type(f) in _BOUND and not isinstance(f.__self__, ModuleType | NoneType)


class Kept(NamedTuple):
    """A table that is no attribute of its target.

    `referent` gives what the table lives as long as: the target, or the object whose method it is,
    for which `function` is kept too.
    """

    referent: Callable[[], object]
    function: object
    table: MethodTable


class Home:
    """The method tables of all targets in one role."""

    def __init__(self, attribute: str) -> None:
        self.attribute = attribute
        self._kept: dict[object, Kept] = {}

    def get(self, target: Any) -> MethodTable | None:
        """Return the table of `target`, and of nothing else; `None` where it has none."""
        kind = type(target)
        if kind is FunctionType or isinstance(target, type):
            table: MethodTable | None = target.__dict__.get(self.attribute)
            # `functools.wraps` gives a wrapper all attributes of its function, the table included.
            if table is not None and table.owner is target:
                return table
        if not self._kept:
            return None
        if kind in _BOUND and is_bound(target):
            kept = self._kept.get(_key_of_method(target))
            target = target.__self__
        else:
            kept = self._kept.get(id(target))
        # The identity of a dead object may come back as a new one's.
        return kept.table if kept is not None and kept.referent() is target else None

    def find_in(
        self, classes: tuple[type, ...], values: tuple[object, ...], keywords: Mapping[str, object]
    ) -> Rule | None:
        """Return the rule of the first of `classes` that has one for the call."""
        for cls in classes:
            table = self.get(cls)
            if table is not None and (rule := table.select(values, keywords)) is not None:
                return rule
        return None

    def put(self, target: Any, methods: tuple[Method, ...]) -> None:
        """Give `target` a table of these methods, in place of the one it has."""
        if type(target) is FunctionType:
            target.__dict__[self.attribute] = MethodTable(target, methods)
        elif isinstance(target, type) and self._put_on_class(target, methods):
            return
        elif is_bound(target):
            self._keep(_key_of_method(target), target.__self__, getattr(target, "__func__", None), methods)
        else:
            self._keep(id(target), target, None, methods)

    def _put_on_class(self, cls: type, methods: tuple[Method, ...]) -> bool:
        if is_protocol(cls):
            return False  # every attribute of a protocol is one of its members
        try:
            # Not `setattr`: a metaclass may have a say in that.
            type.__setattr__(cls, self.attribute, MethodTable(cls, methods))
        except TypeError:  # a class of C
            return False
        return True

    def _keep(self, key: object, target: Any, function: object, methods: tuple[Method, ...]) -> None:
        referent: Callable[[], object]
        try:
            referent = weakref.ref(target, lambda dead: self._forget(key, dead))
        except TypeError:
            referent = partial(_itself, target)
        self._kept[key] = Kept(referent, function, MethodTable(None, methods))

    def _forget(self, key: object, dead: object) -> None:
        kept = self._kept.get(key)
        if kept is not None and kept.referent is dead:
            del self._kept[key]


def _itself(target: object) -> object:
    return target


def _key_of_method(method: Any) -> object:
    # Each `obj.m` is a new object, but of the same `obj` and the same function.
    function = id(method.__func__) if isinstance(method, MethodType) else method.__name__
    return id(method.__self__), function


class Registry:
    """The rules of one kind, each with its target; any number of threads may use it.

    A target has up to three roles: a callable *itself* (of a class, its constructor), a class for the
    constructors of its *subclasses*, and a class whose *instances* are called.
    """

    def __init__(self, kind: str) -> None:
        self._homes = {role: Home(f"__adjoint2rrule_{kind}_{role}__") for role in get_args(Role)}
        self.itself, self._subclasses, self._instances = self._homes.values()
        self._lock = threading.RLock()

    def add(self, role: Role, target: object, method: Method) -> None:
        """Add `method` to those of `target`; of two with the same signature, the later one stays."""
        home = self._homes[role]
        with self._lock:
            table = home.get(target)
            kept = [m for m in table.methods if not m.has_signature_of(method)] if table else []
            home.put(target, (*kept, method))

    def tables(self, role: Role, target: Any) -> Iterator[MethodTable]:
        """Yield the tables that a call of `target` in its role asks, in their order."""
        if role == "instances":
            yield from filter(None, map(self._instances.get, target.__mro__))
            return
        yield from filter(None, [self.itself.get(target)])
        if isinstance(target, type):
            yield from filter(None, map(self._subclasses.get, target.__mro__))
        yield from filter(None, map(self._instances.get, type(target).__mro__))

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
        if isinstance(f, type):
            rule = self._subclasses.find_in(f.__mro__, values, keywords)
            if rule is not None:
                return rule
        return self._instances.find_in(type(f).__mro__, values, keywords)
