"""Objects that are reached more than once from one primal, or from themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

from adjoint2rrule.core.projection.not_perturbable import NO_TANGENT
from adjoint2rrule.core.projection.project_to import ProjectTo


class BackReference(ProjectTo):
    """The projection of a reference from inside an object to that object.

    The tangent passes as it is: to follow the reference would never end.
    """

    __slots__ = ()

    def __call__(self, dx: Any, /) -> Any:
        """Return `dx`."""
        return dx

    def __reduce__(self) -> str:
        return "BACK_REFERENCE"

    def __repr__(self) -> str:
        return "ProjectTo[...]()"


BACK_REFERENCE = object.__new__(BackReference)


class _Walk(threading.local):
    """The projections made so far of what is reached from one primal, which is kept alive meanwhile."""

    made: dict[int, tuple[Any, ProjectTo]] | None = None


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
                made[id(x)] = x, BACK_REFERENCE  # for what `project` reaches
                made[id(x)] = x, project(x)
            projection = made[id(x)][1]
        finally:
            if outermost:
                _walk.made = None
        return NO_TANGENT if outermost and _is_void(projection) else projection

    return project_once


def _is_void(projection: Any) -> bool:
    """Whether there is nothing to perturb in an object, beside itself."""
    if projection is NO_TANGENT or projection is BACK_REFERENCE:
        return True
    parts = getattr(projection, "parts", None)
    return parts is not None and all(map(_is_void, parts.values() if isinstance(parts, dict) else parts))
