"""The runtime that converted code imports: rules, and the tangents that rules speak of.

It has the names of ChainRulesCore.jl and their meaning, in the form that Python allows.
"""

from adjoint2rrule.core.accumulation import add_inplace, is_inplaceable_destination
from adjoint2rrule.core.debug_mode import debug_mode, debugging
from adjoint2rrule.core.errors import (
    AmbiguousRuleError,
    BadInplaceError,
    MutateThunkError,
    NotImplementedTangentError,
    PrimalAdditionError,
    ProjectionError,
    RuleError,
    TangentMismatchError,
    UnknownFieldError,
)
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero, NoTangent, ZeroTangent
from adjoint2rrule.core.tangent_types.backing import backing, canonicalize, primal_type
from adjoint2rrule.core.tangent_types.construct import construct
from adjoint2rrule.core.tangent_types.notimplemented import NotImplementedTangent, not_implemented
from adjoint2rrule.core.tangent_types.structural_tangent import MutableTangent, StructuralTangent, Tangent
from adjoint2rrule.core.tangent_types.thunks import AbstractThunk, InplaceableThunk, Thunk, thunk, unthunk

__all__ = [
    "AbstractTangent",
    "AbstractThunk",
    "AbstractZero",
    "AmbiguousRuleError",
    "BadInplaceError",
    "InplaceableThunk",
    "MutableTangent",
    "MutateThunkError",
    "NoTangent",
    "NotImplementedTangent",
    "NotImplementedTangentError",
    "PrimalAdditionError",
    "ProjectionError",
    "RuleError",
    "StructuralTangent",
    "Tangent",
    "TangentMismatchError",
    "Thunk",
    "UnknownFieldError",
    "ZeroTangent",
    "add_inplace",
    "backing",
    "canonicalize",
    "construct",
    "debug_mode",
    "debugging",
    "is_inplaceable_destination",
    "not_implemented",
    "primal_type",
    "thunk",
    "unthunk",
]
