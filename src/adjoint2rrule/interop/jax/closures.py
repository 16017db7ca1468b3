"""What a function holds besides its arguments, and JAX may differentiate without a rule's knowing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import CellType, FunctionType, MethodType
from typing import Any

from adjoint2rrule.interop.jax.system import is_tracer
from adjoint2rrule.interop.leaves import leaves


def hidden_tracers(x: Any) -> Iterator[Any]:
    """Yield the tracers that the functions in `x` hold, in closures, defaults, partials and bound objects."""
    seen: set[int] = set()
    for function in leaves(x, _is_function):
        yield from _held_by(function, seen)


def _held_by(function: Any, seen: set[int]) -> Iterator[Any]:
    if id(function) in seen:
        return
    seen.add(id(function))
    for held in _contents(function):
        if is_tracer(held):
            yield held
        elif _is_function(held):
            yield from _held_by(held, seen)


def _is_function(x: Any) -> bool:
    # what `jit` and its like return is of a class of their own, and tells of what it wraps
    return isinstance(x, FunctionType | MethodType | partial) or hasattr(x, "__wrapped__")


def _contents(function: Any) -> Iterator[Any]:
    """Yield what a function holds, and what is in containers there."""
    if isinstance(function, partial):
        yield from (function.func, *_in_containers((function.args, function.keywords)))
    elif isinstance(function, MethodType):
        yield function.__func__
        yield from leaves(function.__self__, is_tracer)
    elif isinstance(function, FunctionType):
        cells = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
        yield from _in_containers((cells, function.__defaults__, function.__kwdefaults__))
    else:
        yield function.__wrapped__


def _in_containers(x: Any) -> list[Any]:
    # no further: an object in a closure may lead anywhere
    return leaves(x, lambda part: not isinstance(part, tuple | list | dict))


def _is_filled(cell: CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:  # nothing has been put there yet
        return False
    return True
