"""What the projections of all primals that are made of parts have in common."""

from __future__ import annotations

from typing import Any

from adjoint2rrule.core.errors import (
    ProjectionError,
    TangentConstructionError,
    TangentMismatchError,
    UnknownFieldError,
)
from adjoint2rrule.core.projection.misfits import passed, stands_for
from adjoint2rrule.core.projection.project_to import Projection, ProjectTo
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero, NoTangent
from adjoint2rrule.core.tangent_types.structural_arithmetic import backing_as, made
from adjoint2rrule.core.tangent_types.structural_tangent import Tangent


class OntoParts(Projection):
    """The projection on the structural tangents of one class of primals, part by part."""

    __slots__ = ()

    primal: type

    def _project(self, dx: Any) -> Any:
        structural = stands_for(self.primal, dx)
        parts = self._structural_parts(dx) if structural else self._natural_parts(dx)
        if parts is None:
            return passed(dx, self._x_is(), self._wanted())
        projected = self._projected(parts)
        if all(isinstance(part, AbstractZero) for part in _values(projected)):
            return NoTangent()
        if not structural:
            return made(_tangent_class(Tangent, self.primal), projected)
        cls = _tangent_class(type(dx).__family__, self.primal)  # a mutable tangent stays mutable
        fits = type(dx) is cls and all(map(_is, _values(projected), _values(parts)))
        return dx if fits else made(cls, projected)

    def _structural_parts(self, dx: Any) -> Any:
        """Return the parts of a tangent as a tangent of this very class of primals has them."""
        try:
            return backing_as(_tangent_class(type(dx).__family__, self.primal), dx)
        except (UnknownFieldError, TangentMismatchError, TangentConstructionError) as err:
            raise ProjectionError(
                f"ProjectTo: x is {self._x_is()}, but its cotangent is {dx!r}: {err}"
            ) from err

    def _natural_parts(self, dx: Any) -> Any:
        """Return the parts of a value that looks as the primal does, and None for what does not."""
        raise NotImplementedError

    def _projected(self, parts: Any) -> Any:
        raise NotImplementedError

    def _x_is(self) -> str:
        return f"a {self.primal.__qualname__}"

    def _wanted(self) -> str:
        return f"write Tangent[{self.primal.__qualname__}](...)"


def project_part(part: ProjectTo, place: str, dx: Any) -> Any:
    """Return the projection of a part; an error tells its place."""
    try:
        return part(dx)
    except ProjectionError as err:
        err.add_note(f"in {place} of the cotangent")
        raise


def _tangent_class(family: Any, primal: type) -> Any:
    return family[primal]


def _values(parts: Any) -> Any:
    return parts.values() if isinstance(parts, dict) else parts


def _is(a: Any, b: Any) -> bool:
    return a is b
