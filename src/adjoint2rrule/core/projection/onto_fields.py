"""The projections of objects with fields, NamedTuples and dicts, part by part."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from adjoint2rrule.core.errors import ProjectionError
from adjoint2rrule.core.perturbable import cannot_be_perturbed
from adjoint2rrule.core.projection.not_perturbable import IDENTITY, NO_TANGENT
from adjoint2rrule.core.projection.onto_sequences import project_elements
from adjoint2rrule.core.projection.onto_sparse import project_sparse
from adjoint2rrule.core.projection.parts import OntoParts, project_part
from adjoint2rrule.core.projection.project_to import ProjectTo, add_factory, projection_of
from adjoint2rrule.core.projection.references import each_once
from adjoint2rrule.core.sparse import is_sparse
from adjoint2rrule.core.tangent_types.primal_fields import (
    fields_of,
    has_fields,
    is_attrs,
    is_dataclass,
    is_namedtuple,
)
from adjoint2rrule.core.tangent_types.structural_elements import ElementsKind, NamedElementsKind
from adjoint2rrule.core.tangent_types.structural_kinds import AnythingKind


class OntoFields(OntoParts):
    """The projection on the tangents of one class of objects, or of dicts, with these fields."""

    __slots__ = ("parts", "primal")

    def __init__(self, primal: type, parts: dict[Any, ProjectTo]) -> None:
        self.primal = primal
        self.parts = parts

    def __hash__(self) -> int:
        return hash((self.primal, frozenset(self.parts.items())))

    def _natural_parts(self, dx: Any) -> Any:
        if issubclass(self.primal, dict):
            return dx if isinstance(dx, dict) else None
        if issubclass(self.primal, tuple):  # a NamedTuple, whose elements may come without their names
            return self._named(dx) if isinstance(dx, tuple) else None
        return fields_of(dx) if isinstance(dx, self.primal) else None

    def _structural_parts(self, dx: Any) -> Any:
        # by position alone there is nothing absent: too few are a mistake, as they are in a tuple
        if issubclass(self.primal, tuple) and _has_no_names(dx):
            self._check_length(dx)
        return OntoParts._structural_parts(self, dx)

    def _named(self, dx: tuple[Any, ...]) -> dict[str, Any]:
        self._check_length(dx)
        return dict(zip(self.parts, dx, strict=True))

    def _check_length(self, dx: Sized) -> None:
        if len(dx) != len(self.parts):
            raise ProjectionError(
                f"ProjectTo: x is a {self.primal.__qualname__}, but its cotangent has {len(dx)} elements;"
                f" give one for each of {[*self.parts]}, or a Tangent[{self.primal.__qualname__}](...)"
            )

    def _projected(self, parts: dict[Any, Any]) -> dict[Any, Any]:
        unknown = parts.keys() - self.parts.keys()
        if unknown:
            raise ProjectionError(
                f"ProjectTo: x is a {self.primal.__qualname__} with {[*self.parts]}, but its cotangent also"
                f" has {sorted(unknown, key=repr)}; leave that out"
            )
        return {name: project_part(self.parts[name], f"{name!r}", dx) for name, dx in parts.items()}

    def _wanted(self) -> str:
        name = self.primal.__qualname__
        return f"write Tangent[{name}](...), or say by @ProjectTo.register({name}) what else it can be"

    def __repr__(self) -> str:
        if issubclass(self.primal, dict):
            return f"ProjectTo[{self.primal.__qualname__}]({self.parts!r})"
        fields = ", ".join(f"{name}={part!r}" for name, part in self.parts.items())
        return f"ProjectTo[{self.primal.__qualname__}]({fields})"


def _has_no_names(dx: Any) -> bool:
    if isinstance(dx, AnythingKind):
        return 0 in dx.__backing__
    return isinstance(dx, ElementsKind) and not isinstance(dx, NamedElementsKind)


@each_once
def _project_fields(x: Any) -> ProjectTo:
    return _onto(type(x), fields_of(x))


@each_once
def _project_entries(x: dict[Any, Any]) -> ProjectTo:
    return _onto(type(x), x)


def _onto(P: type, fields: dict[Any, Any]) -> ProjectTo:
    parts = dict(zip(fields, map(projection_of, fields.values()), strict=True))
    return NO_TANGENT if all(part is NO_TANGENT for part in parts.values()) else OntoFields(P, parts)


def _project_tuple(x: tuple[Any, ...]) -> ProjectTo:
    return _project_fields(x) if is_namedtuple(type(x)) else project_elements(x)


def _project_dict(x: dict[Any, Any]) -> ProjectTo:
    return project_sparse(x) if is_sparse(x) else _project_entries(x)  # scipy's `dok_array` is a dict


def _project_object(x: Any) -> ProjectTo:
    if is_sparse(x):
        return project_sparse(x)
    if cannot_be_perturbed(x):
        return NO_TANGENT
    P = type(x)
    if has_fields(x) and (is_dataclass(P) or is_attrs(P) or not _is_foreign_array(P)):
        return _project_fields(x)
    return IDENTITY


def _is_foreign_array(P: type) -> bool:
    # arrays and tracers of other libraries have attributes, but these are not what they are made of
    return hasattr(P, "__array__") or hasattr(P, "__array_priority__")


add_factory(_project_object, object)
add_factory(_project_tuple, tuple)
add_factory(_project_dict, dict)
