"""Read an annotation, as typing defines it, into the pattern that a rule dispatches on."""

from __future__ import annotations

import collections.abc
import functools
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ForwardRef,
    Literal,
    LiteralString,
    Never,
    NewType,
    NoReturn,
    TypeVar,
    Union,
)

import numpy as np

from adjoint2rrule.core.config import RuleConfig, asked_features
from adjoint2rrule.core.dispatch.classes import pattern_of_class
from adjoint2rrule.core.dispatch.containers import ArrayOf, Elements, Fields, Items, Pairs
from adjoint2rrule.core.dispatch.names import (
    UNRESOLVABLE,
    closure_of,
    evaluated,
    function_within,
    is_found_by_name,
)
from adjoint2rrule.core.dispatch.patterns import (
    TOWER,
    Anything,
    Either,
    Instance,
    Literals,
    Number,
    Pattern,
    Subclasses,
    WithFeatures,
)


@dataclass(frozen=True)
class Scope:
    """The names that annotations can mention, and the aliases that are being read.

    `function` is where the annotations stand; the names in the functions and classes around it count while
    these run. `lost` collects what annotations say more than the patterns read from them, and `variables`
    the type variables, once for each mention; those in `bound` stand for one of their constraints.
    """

    globals: Mapping[str, Any] = field(default_factory=dict)
    closure: Mapping[str, Any] = field(default_factory=dict)
    function: Callable[..., Any] | None = None
    being_read: frozenset[str] = frozenset()
    lost: list[Any] = field(default_factory=list, compare=False)
    variables: list[TypeVar] = field(default_factory=list, compare=False)
    bound: Mapping[TypeVar, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Scope:
        """Return the scope of a rule's annotations."""
        function = function_within(function)
        parameters = {T.__name__: T for T in getattr(function, "__type_params__", ())}
        return cls(
            getattr(function, "__globals__", {}), {**dict(closure_of(function)), **parameters}, function
        )

    def read(self, text: str) -> Pattern:
        """Return the pattern of the annotation that `text` holds; one that cannot be resolved is `Any`."""
        if text in self.being_read:
            return Anything()  # an alias that mentions itself, such as `Tree = list["Tree"]`
        try:
            hint = evaluated(text, self.globals, self.closure, self.function)
        except UNRESOLVABLE:
            # Another module may mean something else by the same text.
            return self.lose((self.globals.get("__name__"), text), Anything())
        return pattern_of(hint, self.while_reading(text))

    def while_reading(self, alias: str) -> Scope:
        """Return the scope for what `alias` stands for."""
        return replace(self, being_read=self.being_read | {alias})

    def lose(self, hint: Any, pattern: Pattern) -> Pattern:
        """Return `pattern`, having noted that `hint` says more than it."""
        self.lost.append((hint.__module__, hint.__qualname__) if is_found_by_name(hint) else hint)
        return pattern


def pattern_of(hint: Any, scope: Scope | None = None) -> Pattern:
    """Return the pattern of the annotation `hint`, whose strings are read in `scope`.

    Raises
    ------
    TypeError
        Where `hint` is not a type.
    """
    scope = scope or Scope()
    if isinstance(hint, str):
        return scope.read(hint)
    if isinstance(hint, ForwardRef):
        return scope.read(hint.__forward_arg__)
    if hint is None or hint is Any:
        return Anything() if hint is Any else Instance(NoneType)
    if (origin := typing.get_origin(hint)) is not None:
        return _pattern_of_generic(hint, origin, scope)
    if typing.is_typeddict(hint):
        return _items(hint, scope)
    if isinstance(hint, type):
        return Number(hint) if hint in TOWER else pattern_of_class(hint)
    return _pattern_of_form(hint, scope)


def _pattern_of_form(hint: Any, scope: Scope) -> Pattern:
    if isinstance(hint, NewType):
        return scope.lose(hint, pattern_of(hint.__supertype__, scope))
    if isinstance(hint, TypeVar):
        scope.variables.append(hint)
        if hint in scope.bound:
            return pattern_of(scope.bound[hint], scope)
        choices = hint.__constraints__ or (hint.__bound__ or Any,)
        return either(pattern_of(choice, scope) for choice in choices)
    if type(hint).__name__ == "TypeAliasType":  # Python 3.12, `type A = ...`, and typing_extensions
        name = f"type {hint.__name__}"
        known = name in scope.being_read
        return Anything() if known else pattern_of(hint.__value__, scope.while_reading(name))
    if hint in (Never, NoReturn):
        return Either(())
    if hint is LiteralString:
        return scope.lose(hint, Instance(str))
    if type(hint).__module__ in ("typing", "typing_extensions"):
        return scope.lose(hint, Anything())  # `Self`, `P.args`, `Unpack[Ts]` speak to type checkers alone
    raise TypeError(f"{hint!r} is not a type")


Read = Callable[[Any], Pattern]


def _pattern_of_generic(hint: Any, origin: Any, scope: Scope) -> Pattern:
    args = typing.get_args(hint)
    read: Read = functools.partial(pattern_of, scope=scope)
    if origin is Annotated:
        return scope.lose(hint, read(hint.__origin__))
    if origin in (Union, UnionType):
        return either(map(read, args))
    if origin is Literal:
        return _literals(args)
    if origin is RuleConfig:
        return WithFeatures(asked_features(hint))
    if _is_unpacked(hint):
        return scope.lose(hint, Anything())
    if not isinstance(origin, type):
        return read(origin)
    if origin is tuple and hasattr(hint, "__args__"):
        return scope.lose(hint, Instance(tuple)) if any(map(_is_unpacked, args)) else _tuple(args, read)
    if origin is type and args:
        return _subclasses(args[0], read)
    if issubclass(origin, np.ndarray) and len(args) == 2:
        return _array(origin, *args, read)
    if (container := _container(origin, args, read)) is not None:
        return container
    pattern = pattern_of(origin, scope)
    return pattern if all(arg is Any for arg in args) else scope.lose(hint, pattern)


def _is_unpacked(hint: Any) -> bool:
    return typing.get_origin(hint) is typing.Unpack or getattr(hint, "__unpacked__", False)


def either(patterns: Iterable[Pattern]) -> Pattern:
    """Return the union of `patterns`."""
    members = tuple(patterns)
    if Anything() in members:
        return Anything()
    return members[0] if len(members) == 1 else Either(members)


def _literals(values: tuple[Any, ...]) -> Pattern:
    choices = frozenset((type(value), value) for value in values if value is not None)
    patterns = [Literals(choices)] if choices else []
    return either([*patterns, Instance(NoneType)] if None in values else patterns)


def _tuple(args: tuple[Any, ...], read: Read) -> Pattern:
    if len(args) == 2 and args[1] is ...:
        return _elements(tuple, read(args[0]))
    return Fields(tuple(map(read, args)))


def _subclasses(hint: Any, read: Read) -> Pattern:
    choices = typing.get_args(hint) if typing.get_origin(hint) in (Union, UnionType) else (hint,)
    # Class objects stand on no tower: `type[float]` is `float` and its subclasses.
    classes = either(Instance(c) if isinstance(c, type) and c in TOWER else read(c) for c in choices)
    return Instance(type) if isinstance(classes, Anything) else Subclasses(classes)


def _array(origin: type, shape: Any, dtype: Any, read: Read) -> Pattern:
    scalar = read((typing.get_args(dtype) or (Any,))[0])
    sizes = typing.get_args(shape)
    ndim = None if ... in sizes or typing.get_origin(shape) is not tuple else len(sizes)
    if ndim is None and isinstance(scalar, Anything):
        return Instance(origin)
    return ArrayOf(origin, scalar, ndim)


def _container(origin: type, args: tuple[Any, ...], read: Read) -> Pattern | None:
    # Of other classes it is not known what their parameters say about a value.
    if origin.__module__ in ("builtins", "collections", "collections.abc"):
        if len(args) == 2 and issubclass(origin, collections.abc.Mapping):
            key, value = map(read, args)
            return Instance(origin) if key == value == Anything() else Pairs(origin, key, value)
        if len(args) == 1 and issubclass(origin, collections.abc.Iterable):
            return _elements(origin, read(args[0]))
    return None


def _items(hint: Any, scope: Scope) -> Pattern:
    name = f"typed dict {hint.__module__}.{hint.__qualname__}"
    try:
        # Each base has its own module, whose names its strings mention.
        hints = typing.get_type_hints(hint, localns=dict(scope.closure))
    except UNRESOLVABLE:
        return scope.lose(hint, Instance(dict))
    if name in scope.being_read:
        return Instance(dict)
    inner = scope.while_reading(name)
    return Items(
        tuple((key, pattern_of(T, inner), key in hint.__required_keys__) for key, T in hints.items())
    )


def _elements(origin: type, element: Pattern) -> Pattern:
    return Instance(origin) if isinstance(element, Anything) else Elements(origin, element)
