"""The primals without a tangent space, and those whose tangent space nobody has told us."""

from __future__ import annotations

from functools import partial
from typing import Any

from adjoint2rrule.core.perturbable import NOT_PERTURBABLE
from adjoint2rrule.core.projection.project_to import ProjectTo, add_factory
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero, NoTangent
from adjoint2rrule.core.tangent_types.notimplemented import NotImplementedTangent
from adjoint2rrule.core.tangent_types.thunks import AbstractThunk, unthunk


class OntoNothing(ProjectTo):
    """The projection of what cannot be perturbed: every cotangent but a zero becomes `NoTangent`."""

    __slots__ = ()

    def __call__(self, dx: Any, /) -> Any:
        """Return `NoTangent`, and zeros as they are; a thunk need not run for that."""
        return dx if isinstance(dx, (AbstractZero, NotImplementedTangent)) else NoTangent()

    def __reduce__(self) -> str:
        return "NO_TANGENT"

    def __repr__(self) -> str:
        return "ProjectTo[NoTangent]()"


class Identity(ProjectTo):
    """The projection of what is not known: every cotangent may be one of it."""

    __slots__ = ()

    def __call__(self, dx: Any, /) -> Any:
        """Return `dx`."""
        return dx

    def __reduce__(self) -> str:
        return "IDENTITY"

    def __repr__(self) -> str:
        return "ProjectTo[Any]()"


NO_TANGENT = object.__new__(OntoNothing)
IDENTITY = object.__new__(Identity)

add_factory(lambda x: NO_TANGENT, *NOT_PERTURBABLE, AbstractZero)
# A `partial` has parts, but neither in fields nor in elements; a tangent as a primal is one of its own kind.
add_factory(lambda x: IDENTITY, partial, AbstractTangent)
add_factory(lambda x: ProjectTo(unthunk(x)), AbstractThunk)
