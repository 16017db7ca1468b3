"""The runtime that converted code imports: rules, and the tangents that rules speak of.

It has the names of ChainRulesCore.jl and their meaning, in the form that Python allows.
"""

from adjoint2rrule.core.accumulation import add_inplace, is_inplaceable_destination
from adjoint2rrule.core.config import (
    HasForwardsMode,
    HasReverseMode,
    NoForwardsMode,
    NoReverseMode,
    RuleConfig,
    frule_via_ad,
    rrule_via_ad,
)
from adjoint2rrule.core.debug_mode import debug_mode, debugging
from adjoint2rrule.core.errors import (
    AmbiguousRuleError,
    BadInplaceError,
    LyingRuleError,
    MissingFeatureError,
    MutateTangentError,
    MutateThunkError,
    NoFieldsError,
    NotImplementedAttributeError,
    NotImplementedTangentError,
    PartialsError,
    PrimalAdditionError,
    ProjectionError,
    RegistrationError,
    RuleCallError,
    RuleError,
    TangentConstructionError,
    TangentConversionError,
    TangentMismatchError,
    UnknownFieldError,
    ZeroTangentDivisionError,
)
from adjoint2rrule.core.ignore_derivatives import ignore_derivatives
from adjoint2rrule.core.projection import ProjectTo
from adjoint2rrule.core.rule_definition_tools import is_opted_out, non_differentiable, opt_out
from adjoint2rrule.core.rules import frule, rrule
from adjoint2rrule.core.scalar_rule import scalar_rule
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero, NoTangent, ZeroTangent
from adjoint2rrule.core.tangent_types.backing import backing, canonicalize, primal_type
from adjoint2rrule.core.tangent_types.construct import construct
from adjoint2rrule.core.tangent_types.notimplemented import NotImplementedTangent, not_implemented
from adjoint2rrule.core.tangent_types.structural_tangent import MutableTangent, StructuralTangent, Tangent
from adjoint2rrule.core.tangent_types.thunks import AbstractThunk, InplaceableThunk, Thunk, thunk, unthunk
from adjoint2rrule.core.tangent_types.zero_tangent import zero_tangent

__all__ = [
    "AbstractTangent",
    "AbstractThunk",
    "AbstractZero",
    "AmbiguousRuleError",
    "BadInplaceError",
    "HasForwardsMode",
    "HasReverseMode",
    "InplaceableThunk",
    "LyingRuleError",
    "MissingFeatureError",
    "MutableTangent",
    "MutateTangentError",
    "MutateThunkError",
    "NoFieldsError",
    "NoForwardsMode",
    "NoReverseMode",
    "NoTangent",
    "NotImplementedAttributeError",
    "NotImplementedTangent",
    "NotImplementedTangentError",
    "PartialsError",
    "PrimalAdditionError",
    "ProjectTo",
    "ProjectionError",
    "RegistrationError",
    "RuleCallError",
    "RuleConfig",
    "RuleError",
    "StructuralTangent",
    "Tangent",
    "TangentConstructionError",
    "TangentConversionError",
    "TangentMismatchError",
    "Thunk",
    "UnknownFieldError",
    "ZeroTangent",
    "ZeroTangentDivisionError",
    "add_inplace",
    "backing",
    "canonicalize",
    "construct",
    "debug_mode",
    "debugging",
    "frule",
    "frule_via_ad",
    "ignore_derivatives",
    "is_inplaceable_destination",
    "is_opted_out",
    "non_differentiable",
    "not_implemented",
    "opt_out",
    "primal_type",
    "rrule",
    "rrule_via_ad",
    "scalar_rule",
    "thunk",
    "unthunk",
    "zero_tangent",
]
