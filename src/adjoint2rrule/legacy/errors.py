"""What can be wrong with a legacy definition, or with a call of the legacy AD."""

from __future__ import annotations

from adjoint2rrule.core import RuleError


class LegacyRuleError(RuleError, TypeError):
    """A legacy rule, or the pullback it returned, gives something that the dialect does not know."""


class NotAScalarError(RuleError, TypeError):
    """A gradient was asked for of a function whose value is not a real number."""
