"""The exceptions of the runtime: one for each kind of misuse, so that each can be caught by its name.

All of them are `RuleError`s, and each is also the builtin that a Python programmer would expect there.
"""

from __future__ import annotations


class RuleError(Exception):
    """A rule, or what was done with one, breaks a promise of the runtime.

    Parameters
    ----------
    message : str
        What was given, what was expected, and what to do.

    Examples
    --------
    It is what all of them have in common:

    >>> from adjoint2rrule.core import RuleError, ZeroTangent
    >>> try:
    ...     1.0 / ZeroTangent()
    ... except RuleError as error:
    ...     print(type(error).__name__)
    ZeroTangentDivisionError
    """

    def __init__(self, message: str, /) -> None:
        super().__init__(message)


class AmbiguousRuleError(RuleError, TypeError):
    """Several rules fit the arguments of a call, and none of them is the most specific.

    Examples
    --------
    >>> from adjoint2rrule.core import rrule
    >>> def mean(x, y):
    ...     return (x + y) / 2
    >>> @rrule.register(mean)
    ... def left_rrule(mean, x: float, y): ...
    >>> @rrule.register(mean)
    ... def right_rrule(mean, x, y: float): ...
    >>> rrule(mean, 1.0, 2.0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.AmbiguousRuleError: mean(float, float): 2 rules fit, none more specific ...
    """


class MutateTangentError(RuleError, TypeError, AttributeError):
    """A tangent that does not change was written into.

    Examples
    --------
    >>> from adjoint2rrule.core import Tangent
    >>> Tangent[tuple](1.0, 2.0)[0] = 3.0  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.MutateTangentError: Tangent[tuple](1.0, 2.0) cannot be written into; ...
    """


class MutateThunkError(MutateTangentError):
    """A thunk was written into; what it stands for may be shared, and may not exist yet.

    Examples
    --------
    >>> from adjoint2rrule.core import thunk
    >>> dx = thunk(lambda: [1.0, 2.0])
    >>> dx[0] = 3.0  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.MutateThunkError: Thunk(<lambda>) cannot be written into, since others ...

    Notes
    -----
    Ports: ``MutateThunkException`` of ChainRulesCore.jl.
    """


class NotImplementedTangentError(RuleError, NotImplementedError):
    """A derivative was needed that its rule declares to be not implemented.

    Examples
    --------
    >>> from adjoint2rrule.core import not_implemented
    >>> float(not_implemented("with respect to the order"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.NotImplementedTangentError: a derivative is needed that is not implemented...

    Notes
    -----
    Ports: ``NotImplementedException`` of ChainRulesCore.jl.
    """


class NotImplementedAttributeError(NotImplementedTangentError, AttributeError):
    """A tangent that is not implemented was asked for an attribute or a method, which its value may have.

    Examples
    --------
    >>> from adjoint2rrule.core import not_implemented
    >>> dx = not_implemented("with respect to the order")
    >>> dx.T  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.NotImplementedAttributeError: a derivative is needed that is not implemented...
    >>> hasattr(dx, "T")
    False
    """


class BadInplaceError(RuleError, ValueError):
    """The `add` of an `InplaceableThunk` gave something else than the sum, as debug mode found.

    Examples
    --------
    >>> import numpy as np
    >>> from adjoint2rrule.core import InplaceableThunk, add_inplace, debugging
    >>> def add(x):
    ...     return np.multiply(x, 2.0, out=x)
    >>> with debugging():
    ...     add_inplace(np.ones(2), InplaceableThunk(add, np.full(2, 3.0)))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.BadInplaceError: ...

    Notes
    -----
    Ports: ``BadInplaceException`` of ChainRulesCore.jl.
    """


class LyingRuleError(RuleError, ValueError):
    """A rule broke what rules promise, as debug mode found: what it returned, or what it changed.

    Examples
    --------
    >>> from adjoint2rrule.core import NoTangent, debugging, rrule
    >>> def double(x):
    ...     return 2 * x
    >>> @rrule.register(double)
    ... def double_rrule(double, x: float):
    ...     return double(x), lambda ȳ: (2 * ȳ,)  # and the entry of `double` itself?
    >>> with debugging():
    ...     y, pullback = rrule(double, 1.0)
    ...     pullback(1.0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.LyingRuleError: ...
    """


class PrimalAdditionError(RuleError, TypeError):
    """A primal could not be rebuilt from its fields after a tangent was added to them.

    Examples
    --------
    >>> from adjoint2rrule.core import Tangent
    >>> class Circle:
    ...     def __init__(self, diameter):
    ...         self.radius = diameter / 2
    >>> Circle(2.0) + Tangent[Circle](radius=1.0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.PrimalAdditionError: a Circle cannot be rebuilt from its fields: ...

    Notes
    -----
    Ports: ``PrimalAdditionFailedException`` of ChainRulesCore.jl.
    """


class ProjectionError(RuleError, ValueError):
    """A cotangent does not fit the tangent space of its primal.

    Examples
    --------
    >>> import numpy as np
    >>> from adjoint2rrule.core import ProjectTo
    >>> ProjectTo(np.ones((3, 2)))(np.ones((2, 3)))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.ProjectionError: ProjectTo: x has shape (3, 2) and its cotangent (2, 3), ...
    """


class UnknownFieldError(RuleError, TypeError, AttributeError, KeyError, IndexError):
    """A tangent was given, or asked for, a field or an element that its primal does not have.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> from adjoint2rrule.core import Tangent
    >>> class Point(NamedTuple):
    ...     x: float
    ...     y: float
    >>> Tangent[Point](z=1.0)
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.UnknownFieldError: Tangent[Point] has no field 'z', only ['x', 'y']
    """

    __str__ = Exception.__str__  # a `KeyError` shows the repr of its message


class NoFieldsError(RuleError, TypeError):
    """Something was to be taken apart that is not made of fields, or is no structural tangent.

    Examples
    --------
    >>> from adjoint2rrule.core import backing
    >>> backing(2.0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.NoFieldsError: 2.0 is not made of fields; ...
    """


class TangentConstructionError(RuleError, TypeError):
    """A tangent was made from something that it cannot be made of.

    Examples
    --------
    >>> from adjoint2rrule.core import thunk
    >>> thunk(2.0)
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.TangentConstructionError: a thunk takes a function of no arguments, as
    thunk(lambda: ...), but got 2.0
    """


class TangentConversionError(RuleError, TypeError):
    """A tangent stood where only a number or an array can, or something that is none where one has to.

    Examples
    --------
    >>> import numpy as np
    >>> from adjoint2rrule.core import Tangent
    >>> np.asarray(Tangent[dict](a=1.0))
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.TangentConversionError: Tangent[dict] is no array; its fields may be
    """


class ZeroTangentDivisionError(RuleError, ZeroDivisionError):
    """Something was divided by a `ZeroTangent` or `NoTangent`.

    Examples
    --------
    >>> from adjoint2rrule.core import ZeroTangent
    >>> 1.0 / ZeroTangent()
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.ZeroTangentDivisionError: division by ZeroTangent()
    """


class TangentMismatchError(RuleError, TypeError, ValueError):
    """Two tangents were combined that belong to different primals.

    Examples
    --------
    >>> from adjoint2rrule.core import Tangent
    >>> Tangent[tuple](1.0) + Tangent[tuple](1.0, 2.0)
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.TangentMismatchError: Tangent[tuple](1.0) has 1 elements and
    Tangent[tuple](1.0, 2.0) has 2: they have no sum
    """


class RegistrationError(RuleError, TypeError):
    """A rule was registered in a way that could never work; the message says what to write instead.

    Examples
    --------
    >>> from adjoint2rrule.core import rrule
    >>> class Circle: ...
    >>> @rrule.register(Circle)
    ... def circle_rrule(Circle, radius): ...
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.RegistrationError: rrule.register(Circle): instances of Circle cannot be
    called. For a rule on its constructor, write `@rrule.register(type[Circle])`.
    """


class RuleCallError(RuleError, TypeError):
    """Something was called in a way that could never do what it is for, such as `rrule` without a callable.

    Examples
    --------
    >>> from adjoint2rrule.core import frule
    >>> frule(abs, (0.0, 1.0), -2.0)
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.RuleCallError: frule: (0.0, 1.0) stands where the callable does, and cannot
    be called; write `frule((df, *dxs), f, *xs)`, or `frule(config, (df, *dxs), f, *xs)` with a config.
    """


class MissingFeatureError(RuleError, TypeError):
    """An AD system was asked for something that its config does not offer.

    Examples
    --------
    >>> from adjoint2rrule.core import NoReverseMode, RuleConfig, rrule_via_ad
    >>> class DualConfig(RuleConfig[NoReverseMode]): ...
    >>> rrule_via_ad(DualConfig(), abs, 1.0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.MissingFeatureError: rrule_via_ad: DualConfig lacks the feature ...
    """


class PartialsError(RuleError, ValueError):
    """The partial derivatives given to `scalar_rule` do not match the function's inputs and outputs.

    Examples
    --------
    >>> import math
    >>> from adjoint2rrule.core import rrule, scalar_rule
    >>> _ = scalar_rule(math.hypot, lambda Ω, x, y: x / Ω)  # and the one of y?
    >>> _, pullback = rrule(math.hypot, 3.0, 4.0)
    >>> pullback(1.0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.PartialsError: scalar_rule(hypot): the partials of 1 output(s) by 2 ...
    """
