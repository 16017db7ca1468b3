"""The legacy runtime: code that is not yet converted runs on it, and can be compared with what it becomes.

It has the names of ZygoteRules.jl and their semantics, in the form that Python allows.
"""

from adjoint2rrule.legacy.context import __context__ as __context__
from adjoint2rrule.legacy.definitions import adjoint, adjoint_mut, nograd
from adjoint2rrule.legacy.errors import LegacyRuleError as LegacyRuleError
from adjoint2rrule.legacy.errors import NotAScalarError as NotAScalarError
from adjoint2rrule.legacy.properties import literal_getfield, literal_getproperty
from adjoint2rrule.legacy.reverse_mode import _pullback as _pullback
from adjoint2rrule.legacy.reverse_mode import gradient, pullback
from adjoint2rrule.legacy.translation import adapt_pullback, from_legacy, to_legacy

__all__ = [
    "adapt_pullback",
    "adjoint",
    "adjoint_mut",
    "from_legacy",
    "gradient",
    "literal_getfield",
    "literal_getproperty",
    "nograd",
    "pullback",
    "to_legacy",
]
