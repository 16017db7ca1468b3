"""What a method table remembers of its choices, so that most calls cost one look into a dict."""

from __future__ import annotations

import abc
import weakref
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from adjoint2rrule.core.dispatch.classes import is_static
from adjoint2rrule.core.dispatch.method import Rule
from adjoint2rrule.core.dispatch.names import is_found_by_name

# A program that makes classes while it runs must not fill the memory with what is known of them.
REMEMBERED_CALLS = 256

Choice = TypeVar("Choice")
Key = tuple[Any, ...]


class Memory(Generic[Choice]):
    """What is known about calls, by the classes of their arguments; it keeps no class alive.

    `known` holds each choice by the key of the call, and weak references to the classes, which forget the
    choice when a class dies, before another one can have its identity.

    `settled` holds the rule where these classes decide, for the arguments after the callable (of a single
    one the class, of others the tuple of their classes). Its keys would keep a class alive, so that it is
    for classes that live as long as their module.

    What virtual subclasses decide holds as long as `token` is that of `abc`, which changes with every
    ``ABC.register``; the token is `None` where no method asks for an abstract class.
    """

    __slots__ = ("known", "settled", "token")

    def __init__(self, token: object = None) -> None:
        self.token = token
        self.settled: dict[Any, Rule] = {}
        self.known: dict[Key, tuple[Choice, tuple[weakref.ref[type], ...]]] = {}

    def is_current(self) -> bool:
        """Return whether no virtual subclass was registered since."""
        return self.token is None or self.token == abc.get_cache_token()

    def keep(self, key: Key, choice: Choice, classes: tuple[type, ...]) -> None:
        """Remember `choice` for the calls with this key, as long as all of these classes live."""
        forget = _Forget(self.known, key)
        mortal = {cls for cls in classes if not is_static(cls)}
        _put(self.known, key, (choice, tuple(weakref.ref(cls, forget) for cls in mortal)))

    def settle(self, classes: tuple[type, ...], rule: Rule) -> None:
        """Remember that arguments of these classes lead to `rule`, if the classes are there to stay."""
        if all(map(_stays, classes)):
            _put(self.settled, classes[0] if len(classes) == 1 else classes, rule)


class _Forget:
    """Removes a key from a dict when it is called by a weak reference."""

    def __init__(self, known: dict[Key, Any], key: Key) -> None:
        self.known, self.key = known, key

    def __call__(self, dead: object) -> None:
        self.known.pop(self.key, None)


def key_of(values: tuple[object, ...], keywords: Mapping[str, object]) -> Key:
    """Return the key of a call: the identities of the classes of its arguments, and their keywords."""
    key: Key = tuple(map(id, map(type, values)))
    if keywords:
        key += (*keywords, *map(id, map(type, keywords.values())))
    return key


def _stays(cls: type) -> bool:
    """Return whether `cls` lives as long as its module, or as the interpreter."""
    return is_static(cls) or is_found_by_name(cls)


def _put(memory: dict[Any, Any], key: object, value: object) -> None:
    if len(memory) >= REMEMBERED_CALLS:
        memory.clear()
    memory[key] = value
