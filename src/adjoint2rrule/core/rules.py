"""The two generic functions that every rule is a method of, `rrule` and `frule`.

Ports: `rrule` and `frule` of ChainRulesCore.jl (rules.jl).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from adjoint2rrule.core.config import AnyConfig, RuleConfig
from adjoint2rrule.core.dispatch.calls import NOTHING, check_call
from adjoint2rrule.core.dispatch.method import Rule
from adjoint2rrule.core.dispatch.registry import is_bound
from adjoint2rrule.core.dispatch.rule_function import RuleFunction
from adjoint2rrule.core.rule_checks import RuleCall, checked_frule, checked_rrule
from adjoint2rrule.core.tangent_types.abstract_zero import NoTangent

Pullback: TypeAlias = Callable[[Any], tuple[Any, ...]]


class ReverseRules(RuleFunction):
    """Rules for reverse mode: ``(f, *xs)`` to ``(y, pullback)``."""

    _form = "rrule(f, *xs)"
    _checked = staticmethod(checked_rrule)

    def __call__(self, f: Any = NOTHING, /, *xs: Any, **kw: Any) -> tuple[Any, Pullback] | None:
        if not kw and (rule := self._find_quickly(f, xs)) is not None:
            return rule(f, *xs)  # type: ignore[no-any-return]
        return self._run((f,), *xs, **kw) if isinstance(f, RuleConfig) else self._run((), f, *xs, **kw)

    def _run(
        self, config: tuple[AnyConfig, ...], f: Any = NOTHING, /, *xs: Any, **kw: Any
    ) -> tuple[Any, Pullback] | None:
        chosen = self._chosen(config, (), f, xs, kw)
        if chosen is None:
            return None
        rule, callee = chosen
        pair: tuple[Any, Pullback] | None = rule(*callee, *xs, **kw)
        return pair if pair is None or len(callee) == 1 else _of_bound_method(rule, pair, f, xs, kw)

    @staticmethod
    def _of_method(rule: Rule, function: Any) -> Rule:
        def rrule_of_method(f: Any, /, *xs: Any, **kw: Any) -> Any:
            pair = rule(function, object_of(f), *xs, **kw)
            return None if pair is None else _of_bound_method(rule, pair, f, xs, kw)

        rrule_of_method.__wrapped__ = partial(rule, function)  # type: ignore[attr-defined]
        return rrule_of_method


def object_of(f: Any) -> Any:
    """Return what the first entry of a pullback is the cotangent of: `f`, or the object of a bound method.

    Examples
    --------
    >>> xs = [1.0]
    >>> object_of(xs.index) is xs, object_of(len) is len
    (True, True)
    """
    return f.__self__ if is_bound(f) else f


def _of_bound_method(
    rule: Rule, pair: Any, f: Any, xs: tuple[Any, ...], kw: Mapping[str, Any]
) -> tuple[Any, Pullback]:
    """Return the pair for a bound method, of that for its function called with the object in front."""
    if type(pair) is not tuple or len(pair) != 2:
        pair = RuleCall(rule, "rrule", f, xs, kw).pair(pair, "(y, pullback)")
    y, pullback = pair

    def bound_pullback(ȳ: Any) -> tuple[Any, ...]:
        # The entry of the object takes the place of the function's.
        return tuple(pullback(ȳ)[1:])

    return y, bound_pullback


class ForwardRules(RuleFunction):
    """Rules for forward mode: ``((df, *dxs), f, *xs)`` to ``(y, dy)``."""

    _leading = ("dargs",)
    _form = "frule((df, *dxs), f, *xs)"
    _checked = staticmethod(checked_frule)

    def __call__(
        self, dargs: Any = NOTHING, f: Any = NOTHING, /, *xs: Any, **kw: Any
    ) -> tuple[Any, Any] | None:
        if isinstance(dargs, RuleConfig):
            return self._run((dargs,), f, *xs, **kw)
        if not kw and (rule := self._find_quickly(f, xs)) is not None:
            return rule(dargs, f, *xs)  # type: ignore[no-any-return]
        return self._run((), dargs, f, *xs, **kw)

    def _run(
        self, config: tuple[AnyConfig, ...], dargs: Any, f: Any = NOTHING, /, *xs: Any, **kw: Any
    ) -> tuple[Any, Any] | None:
        chosen = self._chosen(config, (dargs,), f, xs, kw)
        if chosen is None:
            return None
        rule, callee = chosen
        if len(callee) == 2:
            check_call(self._form, (dargs,), f)
            # The tangent of a bound method is that of its object; the function has none.
            dargs = (NoTangent(), *dargs)
        return rule(dargs, *callee, *xs, **kw)  # type: ignore[no-any-return]

    @staticmethod
    def _of_method(rule: Rule, function: Any) -> Rule:
        def frule_of_method(dargs: tuple[Any, ...], f: Any, /, *xs: Any, **kw: Any) -> Any:
            return rule((NoTangent(), *dargs), function, object_of(f), *xs, **kw)

        frule_of_method.__wrapped__ = rule  # type: ignore[attr-defined]
        return frule_of_method


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
    RuleCallError
        Where the call is not written as above.

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
    RuleCallError
        Where the call is not written as above.

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
