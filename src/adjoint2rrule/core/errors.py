"""The exceptions of the runtime: one for each kind of misuse, so that each can be caught by its name.

All of them are `RuleError`s, and each is also the builtin that a Python programmer would expect there.
"""

from __future__ import annotations


class RuleError(Exception):
    """A rule, or what was done with one, breaks a promise of the runtime."""


class AmbiguousRuleError(RuleError, TypeError):
    """Several rules fit the arguments of a call, and none of them is the most specific."""


class MutateTangentError(RuleError, TypeError, AttributeError):
    """A tangent that does not change was written into."""


class MutateThunkError(MutateTangentError):
    """A thunk was written into; what it stands for may be shared, and may not exist yet."""


class NotImplementedTangentError(RuleError, NotImplementedError):
    """A derivative was needed that its rule declares to be not implemented."""


class BadInplaceError(RuleError, ValueError):
    """The `add` of an `InplaceableThunk` gave something else than the sum."""


class LyingRuleError(RuleError, ValueError):
    """A rule broke what rules promise, as debug mode found: what it returned, or what it changed."""


class PrimalAdditionError(RuleError, TypeError):
    """A primal could not be rebuilt from its fields after a tangent was added to them."""


class ProjectionError(RuleError, ValueError):
    """A cotangent does not fit the tangent space of its primal."""


class UnknownFieldError(RuleError, TypeError, AttributeError, KeyError, IndexError):
    """A tangent was given, or asked for, a field that its primal type does not have."""

    __str__ = Exception.__str__  # a `KeyError` shows the repr of its message


class NoFieldsError(RuleError, TypeError):
    """A value that is not made of fields was to be taken apart."""


class TangentConstructionError(RuleError, TypeError):
    """A tangent was made from something that it cannot be made of."""


class TangentConversionError(RuleError, TypeError):
    """A tangent stood where only a number or an array can."""


class ZeroTangentDivisionError(RuleError, ZeroDivisionError):
    """Something was divided by a `ZeroTangent` or `NoTangent`."""


class TangentMismatchError(RuleError, TypeError, ValueError):
    """Two tangents were combined that belong to different primals."""


class RegistrationError(RuleError, TypeError):
    """A rule was registered in a way that could never work; the message says what to write instead."""


class MissingFeatureError(RuleError, TypeError):
    """An AD system was asked for something that its config does not offer."""


class PartialsError(RuleError, ValueError):
    """The partial derivatives given to `scalar_rule` do not match the function's inputs and outputs."""
