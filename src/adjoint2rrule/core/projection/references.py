"""Objects that are reached more than once from one primal, or from themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from copy import copy
from functools import wraps
from typing import Any

from adjoint2rrule.core.projection.not_perturbable import IDENTITY, NO_TANGENT
from adjoint2rrule.core.projection.project_to import Projection, ProjectTo


class BackReference(Projection):
    """The projection of a reference from inside an object to that object.

    It projects the object's own numbers and arrays, and lets what is made of parts pass: to follow that
    would lead to the same reference again, and never end.
    """

    __slots__ = ("near",)

    near: ProjectTo

    def _project(self, dx: Any) -> Any:
        return self.near(dx)

    def __repr__(self) -> str:
        return "ProjectTo[...]()"


class _Walk(threading.local):
    """The projections made so far of what is reached from one primal, which is kept alive meanwhile."""

    made: dict[int, tuple[Any, ProjectTo | None]] | None = None


_walk = _Walk()


def each_once(project: Callable[[Any], ProjectTo]) -> Callable[[Any], ProjectTo]:
    """Let a function from a primal to its projection run once for each object of a primal."""

    @wraps(project)
    def project_once(x: Any) -> ProjectTo:
        # in one function, and without a helper: each level of a primal takes its share of Python's stack
        outermost = _walk.made is None
        made = _walk.made = {} if _walk.made is None else _walk.made
        try:
            if id(x) not in made:
                made[id(x)] = x, None  # so that `project` finds its way back
                projection = project(x)
                reference = made[id(x)][1]
                if isinstance(reference, BackReference):
                    reference.near = _near(projection)
                made[id(x)] = x, projection
            projection = made[id(x)][1] or _back_to(x, made)
        finally:
            if outermost:
                _walk.made = None
        return NO_TANGENT if outermost and _is_void(projection) else projection

    return project_once


def _back_to(x: Any, made: dict[int, tuple[Any, ProjectTo | None]]) -> ProjectTo:
    reference = object.__new__(BackReference)
    made[id(x)] = x, reference
    return reference


def _near(projection: Any) -> ProjectTo:
    """Return the projection without those of the parts that are made of parts themselves."""
    near = copy(projection)
    parts = projection.parts
    if isinstance(parts, dict):
        near.parts = {name: _if_alone(part) for name, part in parts.items()}
    else:
        near.parts = tuple(map(_if_alone, parts))
    return near  # type: ignore[no-any-return]


def _if_alone(part: ProjectTo) -> ProjectTo:
    return IDENTITY if isinstance(part, BackReference) or hasattr(part, "parts") else part


def _is_void(projection: Any) -> bool:
    """Whether there is nothing to perturb in an object, beside itself."""
    if projection is NO_TANGENT or isinstance(projection, BackReference):
        return True
    parts = getattr(projection, "parts", None)
    return parts is not None and all(map(_is_void, parts.values() if isinstance(parts, dict) else parts))
