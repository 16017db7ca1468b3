"""How a value is made, apart from its numbers: JAX has to know it before it knows these."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from adjoint2rrule.core.descriptions import step_to
from adjoint2rrule.core.shapes import shape_of
from adjoint2rrule.interop.cotangents import is_complex
from adjoint2rrule.interop.jax.system import SYSTEM, is_inexact
from adjoint2rrule.interop.leaves import parts_of


def difference(y: Any, other: Any) -> str | None:
    """Return in words how two values differ in more than their numbers; `None` where they do not.

    Examples
    --------
    >>> import numpy as np
    >>> difference({"a": 1.0, "b": (np.ones(2), "on")}, {"a": 2.0, "b": (np.zeros(3), "on")})
    "it has at ['b'][0] numbers of shape (2,), and not numbers of shape (3,)"
    """
    for found, before in zip_longest(_outline(y), _outline(other), fillvalue=("", "nothing more")):
        if found != before:
            elsewhere = _at(before[0]) if found[0] != before[0] else ""
            return f"it has{_at(found[0])} {found[1]}, and not{elsewhere} {before[1]}"
    return None


def _at(path: str) -> str:
    return f" at {path}" if path else ""


def _outline(y: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path to each number and constant, in their order, and what is there."""
    if SYSTEM.is_number(y):
        kind = "numbers" if is_inexact(y) else "integers"
        yield path, f"{'complex ' if is_complex(y) else ''}{kind} of shape {shape_of(y)}"
    elif parts := parts_of(y, SYSTEM.is_number):
        for key, part in parts.items():
            yield from _outline(part, path + step_to(y, key))
    elif callable(y):
        yield path, f"a {type(y).__name__} at {id(y):#x}"  # another one may hold other numbers
    else:
        yield path, repr(y)
