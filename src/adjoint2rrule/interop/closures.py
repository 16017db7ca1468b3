"""What functions hold besides their arguments: a rule has no cotangents for it, whatever the AD system."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from types import FunctionType, MethodType, ModuleType
from typing import Any

from adjoint2rrule.interop.leaves import IsLeaf, is_atom, parts_of


def hidden(x: Any, is_number: IsLeaf) -> Iterator[Any]:
    """Yield the numbers of an AD system in the closures of the functions that `x` is, or holds.

    Objects in closures are looked into as arguments are; numbers in globals are not found.

    Examples
    --------
    >>> w = 2.0
    >>> def scaled_by(w):
    ...     return lambda x: w * x
    >>> list(hidden([3.0, scaled_by(w)], lambda x: isinstance(x, float)))
    [2.0]
    """
    seen: dict[tuple[int, bool], Any] = {}  # with the objects, so that no other gets the same identity
    pending = [(x, False)]
    while pending:
        part, in_closure = pending.pop()
        if is_number(part):
            if in_closure:
                yield part
            continue
        if (id(part), in_closure) in seen or isinstance(part, ModuleType):
            continue
        if type(part) is not FunctionType and is_atom(part):
            continue
        seen[id(part), in_closure] = part
        pending += [(held, True) for held in _held_by(part)]
        pending += [(held, in_closure) for held in parts_of(part, is_number).values()]


def _held_by(f: Any) -> Iterator[Any]:
    """Yield what a function holds besides its code: cells, defaults, and what was bound to it."""
    if isinstance(f, partial):
        yield from (f.func, *f.args, *f.keywords.values())
    elif isinstance(f, MethodType):
        yield from (f.__self__, f.__func__)
    elif isinstance(f, FunctionType):
        for cell in f.__closure__ or ():
            with suppress(ValueError):  # it is empty
                yield cell.cell_contents
        yield from (*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values())
    elif callable(f) and hasattr(f, "__wrapped__"):
        # what `jit` and its like return is of a class of their own, and tells of what it wraps
        yield f.__wrapped__
