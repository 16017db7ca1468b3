"""The two generic functions that every rule is a method of, `rrule` and `frule`.

Ports: `rrule` and `frule` of ChainRulesCore.jl (rules.jl).
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeAlias

from adjoint2rrule.core.config import AnyConfig, RuleConfig
from adjoint2rrule.core.debug_mode import debug_mode, switch
from adjoint2rrule.core.dispatch.method import Rule
from adjoint2rrule.core.dispatch.rule_function import RuleFunction
from adjoint2rrule.core.rule_checks import checked_frule, checked_rrule
from adjoint2rrule.core.tangent_types.abstract_zero import NoTangent

Pullback: TypeAlias = Callable[[Any], tuple[Any, ...]]


class ReverseRules(RuleFunction):
    """Rules for reverse mode: ``(f, *xs)`` to ``(y, pullback)``."""

    _checked = staticmethod(checked_rrule)

    def __call__(self, /, *call: Any, **kw: Any) -> tuple[Any, Pullback] | None:
        # What `_run` does, written out for most calls: by position, and made before with such arguments.
        if call and not kw and not (switch.touched and debug_mode()):
            f = call[0]
            table = getattr(f, self._attribute, None) if type(f) is FunctionType else self._table_of(f)
            if table is not None and (table.owner is f or table.owner is None):
                rule = table.settled.get(tuple(map(type, call)))
                if rule is not None:
                    return rule(*call)  # type: ignore[no-any-return]
        return self._run(*call, **kw)

    def _run(self, f: Any, /, *xs: Any, **kw: Any) -> tuple[Any, Pullback] | None:
        if isinstance(f, RuleConfig):
            return self._run_with_config(f, *xs, **kw)
        rule = self._find(f, xs, kw)
        return None if rule is None else rule(f, *xs, **kw)

    def _run_with_config(
        self, config: AnyConfig, f: Any, /, *xs: Any, **kw: Any
    ) -> tuple[Any, Pullback] | None:
        rule = self._find_with_config(config, f, xs, kw) or self._find(f, xs, kw)
        return None if rule is None else rule(f, *xs, **kw)

    @staticmethod
    def _bind(rule: Rule, function: Any, owner: Any) -> Rule:
        def bound_rrule(method: Any, /, *xs: Any, **kw: Any) -> tuple[Any, Pullback] | None:
            pair = rule(function, owner, *xs, **kw)
            if pair is None:
                return None
            y, pullback = pair

            def bound_pullback(ȳ: Any) -> tuple[Any, ...]:
                # The entry of `owner` takes the place of the function's.
                return tuple(pullback(ȳ)[1:])

            return y, bound_pullback

        return bound_rrule


class ForwardRules(RuleFunction):
    """Rules for forward mode: ``((df, *dxs), f, *xs)`` to ``(y, dy)``."""

    _leading = ("dargs",)
    _checked = staticmethod(checked_frule)

    def __call__(self, dargs: Any, f: Any, /, *xs: Any, **kw: Any) -> tuple[Any, Any] | None:
        if isinstance(dargs, RuleConfig):
            return self._call_with_config(dargs, f, *xs, **kw)
        rule = self._find(f, xs, kw)
        return None if rule is None else rule(dargs, f, *xs, **kw)

    def _call_with_config(
        self, config: AnyConfig, dargs: Any, f: Any, /, *xs: Any, **kw: Any
    ) -> tuple[Any, Any] | None:
        rule = self._find_with_config(config, f, xs, kw) or self._find(f, xs, kw)
        return None if rule is None else rule(dargs, f, *xs, **kw)

    @staticmethod
    def _bind(rule: Rule, function: Any, owner: Any) -> Rule:
        def bound_frule(dargs: Any, method: Any, /, *xs: Any, **kw: Any) -> tuple[Any, Any] | None:
            # The tangent of a bound method is that of its object; the function has none.
            return rule((NoTangent(), *dargs), function, owner, *xs, **kw)  # type: ignore[no-any-return]

        return bound_frule


@ReverseRules
def rrule(f: Any, /, *xs: Any, **kw: Any) -> Any:
    """Return the value of ``f(*xs, **kw)`` and its pullback, by the rule that fits the call best.

    ``rrule(config, f, *xs, **kw)`` tries the rules that ask for features of `config` first.

    Rules are chosen by the annotations of their parameters, as Julia chooses a method: the most specific
    one that accepts the arguments. `float` accepts integers and floats, Python's and numpy's, and `complex`
    complex numbers too; containers are looked at element by element, arrays by their dtype.

    Parameters
    ----------
    f : callable
        What is called. Without a rule of its own, a bound method uses the rule of its function, with the
        object in front, and an object or class those of its classes.
    *xs, **kw
        The arguments of the call.

    Returns
    -------
    y : object
        The value.
    pullback : callable
        Takes the cotangent of `y` to the tuple ``(f̄, *x̄s)`` of the cotangents of `f` and of each of `xs`.
        Entries for parameters of the rule that the call left to their defaults or gave by keyword
        may follow, and do not count.

    `None`, in place of both, where no rule fits: the caller has to differentiate `f` itself.

    Raises
    ------
    AmbiguousRuleError
        Where several rules fit, and none of them is more specific than the others.

    Examples
    --------
    >>> def cube(x):
    ...     return x**3
    >>> @rrule.register(cube)
    ... def cube_rrule(cube, x: float):
    ...     def cube_pullback(ȳ):
    ...         return NoTangent(), 3 * x**2 * ȳ
    ...
    ...     return cube(x), cube_pullback
    >>> y, pullback = rrule(cube, 2.0)
    >>> y, pullback(1.0)
    (8.0, (NoTangent(), 12.0))
    >>> rrule(cube, "2") is None
    True

    Notes
    -----
    Ports: `rrule`. Differs: rules of one callable come before those of its class, and rules of a class
    before those of its bases, as in Python's method resolution, where Julia would find a call ambiguous.
    """


@ForwardRules
def frule(dargs: Any, f: Any, /, *xs: Any, **kw: Any) -> Any:
    """Return the value of ``f(*xs, **kw)`` and its derivative along `dargs`, by the rule that fits best.

    ``frule(config, dargs, f, *xs, **kw)`` tries the rules that ask for features of `config` first. Rules
    are chosen as those of `rrule`; they take `dargs` before the callable.

    Parameters
    ----------
    dargs : tuple
        ``(df, *dxs)``, the tangents of `f` and of each of `xs`.
    f : callable
        What is called.
    *xs, **kw
        The arguments of the call.

    Returns
    -------
    y : object
        The value.
    dy : object
        Its tangent.

    `None`, in place of both, where no rule fits.

    Raises
    ------
    AmbiguousRuleError
        Where several rules fit, and none of them is more specific than the others.

    Examples
    --------
    >>> def cube(x):
    ...     return x**3
    >>> @frule.register(cube)
    ... def cube_frule(dargs, cube, x: float):
    ...     _, dx = dargs
    ...     return cube(x), 3 * x**2 * dx
    >>> frule((NoTangent(), 1.0), cube, 2.0)
    (8.0, 12.0)

    Notes
    -----
    Ports: `frule`.
    """
