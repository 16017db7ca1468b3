"""The runtime that converted code imports: rules, and the tangents that rules speak of.

It has the names of ChainRulesCore.jl and their meaning, in the form that Python allows.
"""

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

__all__ = [
    "AbstractTangent",
    "AbstractZero",
    "AmbiguousRuleError",
    "BadInplaceError",
    "MutateThunkError",
    "NoTangent",
    "NotImplementedTangentError",
    "PrimalAdditionError",
    "ProjectionError",
    "RuleError",
    "TangentMismatchError",
    "UnknownFieldError",
    "ZeroTangent",
]
