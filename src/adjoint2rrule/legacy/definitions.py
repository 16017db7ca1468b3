"""The decorators of legacy definitions.

Ports: ``@adjoint``, ``@adjoint!`` and ``@nograd`` of ZygoteRules.jl (adjoint.jl).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from adjoint2rrule.legacy.context import reveal_context
from adjoint2rrule.legacy.errors import LegacyRuleError
from adjoint2rrule.legacy.rules import Pair, as_rule, legacy_rule
from adjoint2rrule.legacy.targets import (
    denoted,
    functor_class,
    is_definition_under,
    is_functor_definition,
    owner_of_call,
)


def adjoint(f: Any, /) -> Any:
    """Define the adjoint of a function: how its value is computed, and its pullback.

    ``@adjoint`` over a function defines that of whatever the function's name has denoted so far, and
    binds the name to it again. ``@adjoint(target)`` defines that of `target` (a function, ufunc,
    builtin or method, or a class for its constructor); it can be stacked, and leaves the decorated
    function alone. ``@adjoint`` over ``def __call__(self: Affine, x)`` outside of the class, and
    ``@adjoint(Affine.__call__)``, define that of calling the instances of ``Affine``.

    Several definitions for one target are methods of one rule, and their annotations choose among
    them as among the rules of `rrule`.

    Parameters
    ----------
    f
        The definition, or the target. A definition returns ``(y, pullback)``, where the pullback takes
        the cotangent of ``y`` to a tuple with one entry for each positional parameter: `None` for no
        gradient. A single `None` stands for all of them. The first entry of a functor is that of
        ``self``. The pullback does not run for a seed that is zero as a whole, and never sees a thunk.

    Raises
    ------
    NameError
        Where the name of the definition denotes nothing yet.
    LegacyRuleError
        Where the target cannot be called, or a ``__call__`` does not tell its class.

    Examples
    --------
    >>> from adjoint2rrule.legacy import adjoint, gradient
    >>> def cube(x):
    ...     return x**3
    >>> @adjoint
    ... def cube(x):
    ...     return cube(x), lambda ȳ: (3 * x**2 * ȳ,)
    >>> cube(2.0), gradient(cube, 2.0)
    (8.0, (12.0,))

    Notes
    -----
    Ports: ``@adjoint`` of ZygoteRules.jl. Differs: what is defined by name must exist before, since
    Python binds the name anew where Julia adds a method.
    """
    return _define(f, sys._getframe(1), mutates=False)


def adjoint_mut(f: Any, /) -> Any:
    """Define the adjoint of a function that changes its arguments.

    As `adjoint`, but the pullback runs for a zero seed too, and sees it as `None`: there may be changes
    to undo.

    Examples
    --------
    >>> from adjoint2rrule.legacy import adjoint_mut, pullback
    >>> def push(stack, x):
    ...     stack.append(x)
    >>> @adjoint_mut
    ... def push(stack, x):
    ...     return push(stack, x), lambda ȳ: (None, stack.pop())
    >>> stack = []
    >>> _, back = pullback(push, stack, 2.0)
    >>> back(None), stack
    ((None, 2.0), [])

    Notes
    -----
    Ports: ``@adjoint!`` of ZygoteRules.jl.
    """
    return _define(f, sys._getframe(1), mutates=True)


def nograd(*functions: Any) -> Any:
    """Declare that functions have no gradient, as a statement or as a decorator.

    Parameters
    ----------
    *functions
        The functions; a class stands for its constructor.

    Returns
    -------
    callable or None
        The function, where there is one.

    Examples
    --------
    >>> from adjoint2rrule.legacy import gradient, nograd
    >>> @nograd
    ... def nearest_integer(x):
    ...     return round(x)
    >>> gradient(nearest_integer, 2.6)
    (None,)

    Notes
    -----
    Ports: ``@nograd`` of ZygoteRules.jl.
    """
    for f in functions:
        legacy_rule.register(_target("nograd", f))(_without_gradient)
    return functions[0] if len(functions) == 1 else None


def _without_gradient(f: Any, /, *xs: Any, **kw: Any) -> Pair:
    return f(*xs, **kw), lambda _: (None,) * (1 + len(xs))


def _define(argument: Any, frame: FrameType, *, mutates: bool) -> Any:
    if is_definition_under(frame, argument):
        return _define_by_name(argument, frame, mutates)
    owner = owner_of_call(argument, frame)
    target = _target("adjoint", argument) if owner is None else owner

    def define_for_target(definition: Callable[..., Any]) -> Callable[..., Any]:
        _add(target, definition, is_functor=owner is not None, mutates=mutates)
        return definition

    return define_for_target


def _define_by_name(definition: Callable[..., Any], frame: FrameType, mutates: bool) -> Any:
    if is_functor_definition(definition, frame):
        cls: Any = functor_class(definition, frame)
        _add(cls, definition, is_functor=True, mutates=mutates)
        return cls.__call__
    primal = denoted(definition, frame)
    _add(_target("adjoint", primal), definition, is_functor=False, mutates=mutates)
    return primal


def _add(target: Any, definition: Callable[..., Any], *, is_functor: bool, mutates: bool) -> None:
    legacy_rule.register(target)(as_rule(definition, is_functor=is_functor, mutates=mutates))
    reveal_context(definition)


def _target(decorator: str, f: Any) -> Any:
    """Return what `f` is registered as: a class stands for its constructor here."""
    if callable(f):
        return type[f] if isinstance(f, type) else f
    hint = " A rule for a property is one for `literal_getproperty`." if isinstance(f, property) else ""
    raise LegacyRuleError(f"{decorator}: {f!r} cannot be called, so it has no adjoint.{hint}")
