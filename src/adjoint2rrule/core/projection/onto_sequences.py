"""The projections of tuples, lists and arrays of objects, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint2rrule.core.errors import ProjectionError
from adjoint2rrule.core.projection.misfits import passed, reshaped, stands_for
from adjoint2rrule.core.projection.not_perturbable import NO_TANGENT
from adjoint2rrule.core.projection.onto_numbers import OntoNumbers
from adjoint2rrule.core.projection.parts import OntoParts, project_part
from adjoint2rrule.core.projection.plain_arrays import plain
from adjoint2rrule.core.projection.project_to import Projection, ProjectTo, add_factory, projection_of
from adjoint2rrule.core.projection.references import each_once
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero, NoTangent


class OntoElements(OntoParts):
    """The projection on the tangents of tuples, or lists, of one length."""

    __slots__ = ("parts", "primal")

    def __init__(self, primal: type, parts: tuple[ProjectTo, ...]) -> None:
        self.primal = primal
        self.parts = parts

    def _natural_parts(self, dx: Any) -> Any:
        if isinstance(dx, np.ndarray) and dx.ndim:
            return tuple(self._rows(dx))
        # not a tuple for a list: it would rather be the result of a whole pullback
        wanted = (tuple, list) if issubclass(self.primal, tuple) else list
        return tuple(dx) if isinstance(dx, wanted) else None

    def _rows(self, dx: np.ndarray[Any, Any]) -> Any:
        of_numbers = all(isinstance(part, OntoNumbers) for part in self.parts)
        return reshaped(dx, (len(self.parts),)) if of_numbers else plain(dx)

    def _projected(self, parts: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(parts) != len(self.parts):
            raise ProjectionError(
                f"ProjectTo: x is {self._x_is()}, but its cotangent has {len(parts)} elements;"
                " give one for each, which may be ZeroTangent()"
            )
        return tuple(
            project_part(p, f"[{i}]", dx) for i, (p, dx) in enumerate(zip(self.parts, parts, strict=True))
        )

    def _x_is(self) -> str:
        return f"a {self.primal.__qualname__} of {len(self.parts)} elements"

    def __repr__(self) -> str:
        return f"ProjectTo[{self.primal.__qualname__}]({', '.join(map(repr, self.parts))})"


class OntoObjects(Projection):
    """The projection on arrays of objects of one shape, in which each element has a tangent space."""

    __slots__ = ("parts", "shape")

    def __init__(self, shape: tuple[int, ...], parts: tuple[ProjectTo, ...]) -> None:
        self.shape = shape
        self.parts = parts

    def _project(self, dx: Any) -> Any:
        array = self._array(dx)
        if array is None:
            x_is = f"an array of objects of shape {self.shape}"
            return dx if stands_for(np.ndarray, dx) else passed(dx, x_is, "give an array of that shape")
        given = list(array.flat)
        parts = [
            project_part(p, f".flat[{i}]", part)
            for i, (p, part) in enumerate(zip(self.parts, given, strict=True))
        ]
        if all(isinstance(part, AbstractZero) for part in parts):
            return NoTangent()
        if array.dtype == object and all(a is b for a, b in zip(parts, given, strict=True)):
            return array
        return _array_of(parts).reshape(self.shape)

    def _array(self, dx: Any) -> Any:
        if isinstance(dx, np.ndarray):
            return reshaped(dx, self.shape)
        if isinstance(dx, list) and len(self.shape) == 1 and len(dx) == len(self.parts):
            return _array_of(dx)
        return _array_of([dx]).reshape(()) if self.shape == () else None

    def __repr__(self) -> str:
        return f"ProjectTo[ndarray](shape={self.shape}, {', '.join(map(repr, self.parts))})"


def _array_of(objects: list[Any]) -> np.ndarray[Any, Any]:
    array = np.empty(len(objects), dtype=object)
    for i, x in enumerate(objects):  # not `array[:] = objects`, which looks into lists and arrays
        array[i] = x
    return array


@each_once
def project_objects(x: np.ndarray[Any, Any]) -> ProjectTo:
    """Return the projection for an array of objects."""
    parts = tuple(map(projection_of, x.flat))
    return NO_TANGENT if _all_void(parts) else OntoObjects(x.shape, parts)


@each_once
def project_elements(x: Any) -> ProjectTo:
    """Return the projection for a list, or a tuple without names."""
    parts = tuple(map(projection_of, x))
    return NO_TANGENT if _all_void(parts) else OntoElements(type(x), parts)


def _all_void(parts: tuple[ProjectTo, ...]) -> bool:
    return all(part is NO_TANGENT for part in parts)


add_factory(project_elements, list)
