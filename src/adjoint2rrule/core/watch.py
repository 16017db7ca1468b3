"""What values hold, to see later whether somebody has changed it: how debug mode finds rules that mutate."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint2rrule.core.descriptions import parts_of, step_to, stored_parts
from adjoint2rrule.core.sparse import is_sparse
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero
from adjoint2rrule.core.tangent_types.structural_tangent import StructuralTangent
from adjoint2rrule.core.tangent_types.thunks import AbstractThunk
from adjoint2rrule.core.tangent_types.zero_tangent import is_perturbable

#: How many bytes of arrays are remembered at most.
WATCHED_BYTES = 2**26
#: How many arrays, containers and objects at most.
WATCHED_PARTS = 10_000

CONTAINERS = (list, tuple, dict, np.ndarray, StructuralTangent)


@dataclass(frozen=True)
class Part:
    """Something that can be changed, and what it held at first.

    Attributes
    ----------
    place
        What messages call it, such as ``args[0][1]``.
    value
        The array, list or dict.
    own
        Whether it was reached through containers alone. What is inside an object is the object's business,
        which may have buffers, counters and caches.
    before
        What it held.
    """

    place: str
    value: Any
    own: bool
    before: Any

    def is_changed(self) -> bool:
        """Return whether it holds something else now."""
        return not _same_content(_content(self.value), self.before)


class Watch:
    """What some values hold: arrays by their numbers, lists and dicts by the objects in them.

    Objects are looked into for arrays. Their fields may be set, and their lists and dicts changed.

    Parameters
    ----------
    values
        The values, by what messages call them.
    ignored
        Arrays, which may change with all that shares memory with them; what else is here does not matter.
    strict
        Whether the arrays inside objects are `own` too.
    """

    def __init__(
        self, values: Mapping[str, Any], *, ignored: Iterable[Any] = (), strict: bool = False
    ) -> None:
        arrays = [x for x in ignored if isinstance(x, np.ndarray)]
        self._parts = list(_watched(values, arrays, strict))

    def changed(self) -> list[Part]:
        """Return what has changed since."""
        return [part for part in self._parts if part.is_changed()]


def _watched(values: Mapping[str, Any], ignored: list[np.ndarray[Any, Any]], strict: bool) -> Iterator[Part]:
    seen: dict[int, Any] = {}
    left, queue = WATCHED_BYTES, deque((name, x, True) for name, x in values.items())
    while queue and len(seen) < WATCHED_PARTS:
        place, x, own = queue.popleft()
        if id(x) in seen or isinstance(x, (AbstractThunk, AbstractZero)):
            continue
        seen[id(x)] = x  # held, so that its identity stays its own
        if isinstance(x, np.ndarray) and any(np.may_share_memory(x, other) for other in ignored):
            continue
        if is_sparse(x) or (isinstance(x, np.ndarray) and x.dtype.kind != "O"):
            size = x.size * x.dtype.itemsize
            if size <= left:
                left -= size
                yield Part(place, x, own, _content(x))
            continue
        if own and isinstance(x, (list, dict, np.ndarray)):
            yield Part(place, x, own, _content(x))
        own = own and (strict or isinstance(x, CONTAINERS))
        # what is own comes first, so that it counts as that where an object has it too
        extend = queue.extendleft if own else queue.extend
        extend((place + step, part, own) for step, part in _parts(x))


def _parts(x: Any) -> list[tuple[str, Any]]:
    if isinstance(x, np.ndarray):
        return [(f"[{', '.join(map(str, index))}]", x[index]) for index in np.ndindex(x.shape)]
    if isinstance(x, StructuralTangent):
        return [(f"[{key!r}]", part) for key, part in stored_parts(x).items()]
    if not is_perturbable(x) or isinstance(x, AbstractTangent):
        return []
    return [(step_to(x, key), part) for key, part in parts_of(x).items()]


def _content(x: Any) -> Any:
    if is_sparse(x):
        return _sparse_content(x)
    if isinstance(x, np.ndarray):
        return list(x.flat) if x.dtype.kind == "O" else (x.shape, x.dtype, x.tobytes())
    return dict(x) if isinstance(x, dict) else list(x)


def _sparse_content(x: Any) -> tuple[Any, ...]:
    entries = x.tocoo(copy=True)
    entries.sum_duplicates()  # scipy sorts and sums the entries of an array in place, as it likes
    places = (indices.tobytes() for indices in entries.nonzero())
    return (x.shape, x.dtype, entries.data[entries.data != 0].tobytes(), *places)


def _same_content(a: Any, b: Any) -> bool:
    if isinstance(a, tuple):
        return bool(a == b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(part is b[key] for key, part in a.items())
    return len(a) == len(b) and all(map(operator.is_, a, b))
