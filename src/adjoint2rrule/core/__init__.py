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
from adjoint2rrule.core.tangent_types.notimplemented import NotImplementedTangent, not_implemented
from adjoint2rrule.core.tangent_types.thunks import AbstractThunk, InplaceableThunk, Thunk, thunk, unthunk

__all__ = [
    "AbstractTangent",
    "AbstractThunk",
    "AbstractZero",
    "AmbiguousRuleError",
    "BadInplaceError",
    "InplaceableThunk",
    "MutateThunkError",
    "NoTangent",
    "NotImplementedTangent",
    "NotImplementedTangentError",
    "PrimalAdditionError",
    "ProjectionError",
    "RuleError",
    "TangentMismatchError",
    "Thunk",
    "UnknownFieldError",
    "ZeroTangent",
    "add_inplace",
    "debug_mode",
    "debugging",
    "is_inplaceable_destination",
    "not_implemented",
    "thunk",
    "unthunk",
]
