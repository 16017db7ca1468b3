"""What goes wrong between rules and AD systems, for those who write the ones and call the others."""

from __future__ import annotations

from adjoint2rrule.core import RuleError


class UntraceableError(RuleError, TypeError):
    """An AD system was given a value whose numbers it cannot get at."""


class SeedError(RuleError, ValueError):
    """A seed does not have the structure, or the shape, of the output it belongs to."""


class NoRuleError(RuleError, TypeError):
    """A function was handed to an AD system for its rule, and none fits the call."""


class PullbackError(RuleError, ValueError):
    """A rule did not give a cotangent, or a tangent, where one is due, or gave what cannot be one."""


class UntraceableRuleError(RuleError, TypeError):
    """An AD system has to differentiate the body of a rule, and cannot follow it."""


class KeywordError(RuleError, TypeError):
    """The gradient with respect to a keyword argument was asked for, and rules have none of these."""


class MissingFrameworkError(RuleError, ImportError):
    """The AD system that a bridge leads to is not installed."""
