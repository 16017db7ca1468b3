"""One call of a function with a rule, as an AD system sees it: leaves go in, leaves come out.

A bridge takes a call apart, `Call(system, f, xs, kw)`, does with its `leaves` what its system does with
numbers, and runs the rule on the values that these stand for: `call.reverse(values)` or
`call.forward(values, tangents)`. Everything between leaves and rules is here: where they stand in structured
arguments, which rule it is, seeds and cotangents, and what is said of a rule that breaks its promises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import isroutine as is_routine
from types import MethodType
from typing import Any, NoReturn

from adjoint2rrule.core import frule, rrule
from adjoint2rrule.core.dispatch.method import Rule, describe, described
from adjoint2rrule.core.dispatch.rule_function import RuleFunction
from adjoint2rrule.core.rule_checks import RuleCall
from adjoint2rrule.core.rules import object_of
from adjoint2rrule.core.tangent_types.abstract_thunk import read_only
from adjoint2rrule.interop.cotangents import MisfitError, cotangents_of_leaves
from adjoint2rrule.interop.errors import KeywordError, NoRuleError
from adjoint2rrule.interop.leaves import ATOMS, IsLeaf, is_atom, leaves, tangent, with_leaves
from adjoint2rrule.interop.runs import ReverseRun, misfit_error, run_on
from adjoint2rrule.interop.system import System


class Call:
    """The call ``f(*xs, **kw)`` under an AD system.

    Parameters
    ----------
    system
        The AD system.
    f, xs, kw
        The call. A bound method is a function of its object, and a functor one of itself.

    Attributes
    ----------
    leaves : list
        The system's numbers: those of `f`, of each of `xs`, and, though rules have no cotangents for them,
        of `kw`.

    Raises
    ------
    UntraceableError
        Where the system's numbers stand where they cannot be replaced, as in an array of objects.

    Examples
    --------
    >>> import numpy as np
    >>> from adjoint2rrule.core import NoTangent, RuleConfig, Tangent
    >>> def area(sides, unit):
    ...     return sides["a"] * sides["b"]
    >>> @rrule.register(area)
    ... def area_rrule(area, sides, unit):
    ...     def area_pullback(ȳ):
    ...         return NoTangent(), Tangent[dict](a=ȳ * sides["b"], b=ȳ * sides["a"]), NoTangent()
    ...
    ...     return area(sides, unit), area_pullback
    >>> numpy = System("numpy", RuleConfig(), lambda x: isinstance(x, np.ndarray))
    >>> call = Call(numpy, area, ({"a": np.array(2.0), "b": np.array(3.0)}, "m"), {})
    >>> call.leaves
    [array(2.), array(3.)]
    >>> run = call.reverse([2.0, 5.0])
    >>> run.y, run.cotangents([1.0], needed=[True, False])
    (10.0, [5.0, ZeroTangent()])
    """

    __slots__ = ("f", "kw", "leaves", "places", "system", "xs")

    def __init__(
        self, system: System, f: Callable[..., Any], xs: tuple[Any, ...], kw: Mapping[str, Any]
    ) -> None:
        self.system, self.xs, self.kw = system, xs, kw
        self.f: Any = f
        #: Where in `xs` the leaves are, if none of the arguments has parts, as most have none.
        self.places = None if kw or type(f) not in ATOMS else _places_of_leaves(xs, system.is_leaf)
        self.leaves: list[Any]
        if self.places is not None:
            self.leaves = [xs[place] for place in self.places]
        else:
            self.leaves = [leaf for x in self._inputs() for leaf in leaves(x, system.is_leaf)]

    def _inputs(self) -> tuple[Any, ...]:
        return object_of(self.f), *self.xs, *self.kw.values()

    def needed_by(self, needed: Sequence[bool]) -> list[Sequence[bool]]:
        """Return the flags of the leaves as those of the function, of each of `xs`, and of each of `kw`."""
        flags = iter(needed)
        return [[next(flags) for _ in leaves(x, self.system.is_leaf)] for x in self._inputs()]

    def with_values(self, values: Iterable[Any]) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
        """Return ``(f, xs, kw)`` with these in the places of the leaves; what holds no leaf is not copied."""
        if self.places is not None:
            xs = [*self.xs]
            for place, value in zip(self.places, values, strict=True):
                xs[place] = value
            return self.f, tuple(xs), {}
        return self._structured_with(values)

    def _structured_with(self, values: Iterable[Any]) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
        remaining = iter(values)
        new, *inputs = (self._replaced(lambda _: next(remaining), x) for x in self._inputs())
        count, old = len(self.xs), object_of(self.f)
        xs, kw = tuple(inputs[:count]), dict(zip(self.kw, inputs[count:], strict=True))
        if new is old:
            return self.f, xs, kw
        return (new if old is self.f else MethodType(self.f.__func__, new)), xs, kw

    def _replaced(self, function: Callable[[Any], Any], x: Any) -> Any:
        """Return `x` with `function` of each leaf of the system; one that has none may refer to itself."""
        is_leaf = self.system.is_leaf
        return with_leaves(function, x, is_leaf) if leaves(x, is_leaf) else x

    def value(self, values: Iterable[Any]) -> Any:
        """Return the value of `f` itself, without any rule, with `values` for the leaves."""
        f, xs, kw = self.with_values(values)
        return f(*xs, **kw)

    def check_needed(self, needed: Sequence[bool]) -> None:
        """Refuse a gradient with respect to keyword arguments, for which rules have no cotangents.

        Raises
        ------
        KeywordError
            Where a leaf in one of them is needed.
        """
        if not self.kw:
            return
        for name, flags in zip(self.kw, self.needed_by(needed)[1 + len(self.xs) :], strict=True):
            if any(flags):
                raise KeywordError(
                    f"{self.system.name} asks for the gradient of {describe(self.f)} with respect to"
                    f" `{name}`, which is given by keyword: a rule has cotangents for positional arguments"
                    f" only. Pass it by position."
                )

    def reverse(self, values: Sequence[Any]) -> ReverseRun:
        """Run the `rrule` with `values` for the leaves.

        Raises
        ------
        NoRuleError
            Where no rule fits, or the rule declines.
        LyingRuleError
            Where the rule returns no pair.
        """
        f, xs, kw = self.with_values(values)
        rule = self._rule(rrule, values, xs, kw)
        pair = None if rule is None else rule(f, *xs, **kw)
        if rule is None or pair is None:
            self.refuse_without_rule("rrule", rule)
        if type(pair) is not tuple or len(pair) != 2 or not callable(pair[1]):
            _check_pair(RuleCall(rule, "rrule", self.f, self.xs, self.kw), pair)
        return ReverseRun(self, rule, *pair)

    def forward(self, values: Sequence[Any], tangents: Iterable[Any]) -> tuple[Any, list[Any]]:
        """Run the `frule` with `values` for the leaves along their `tangents`, which may be zeros.

        Returns
        -------
        y : object
            The value.
        list
            The tangent of each leaf of the value; `ZeroTangent` where there is none.

        Raises
        ------
        NoRuleError
            Where no rule fits, or the rule declines.
        LyingRuleError
            Where the rule returns no pair.
        PullbackError
            Where the rule writes into a tangent, or the tangent of the value cannot be one.
        """
        f, xs, kw = self.with_values(values)
        remaining, is_leaf = map(read_only, tangents), self.system.is_leaf
        dargs = tuple(tangent(x, remaining, is_leaf) for x in (object_of(self.f), *self.xs))
        rule = self._rule(frule, values, xs, kw)
        if rule is None:
            self.refuse_without_rule("frule", rule)
        run = RuleCall(rule, "frule", self.f, self.xs, self.kw)
        pair = run_on(dargs, lambda dargs: rule(dargs, f, *xs, **kw), lambda: run)
        if pair is None:
            self.refuse_without_rule("frule", rule)
        y, dy = run.pair(pair, "(y, dy)")
        is_number = self.system.is_number
        try:
            needed = [True for _ in leaves(y, is_number)]
            return y, cotangents_of_leaves(y, dy, needed, is_number)
        except MisfitError as misfit:
            raise misfit_error(run, "the tangent of y", misfit) from None

    def rule_call(self, kind: str) -> RuleCall:
        """Return what messages say of this call of its `rrule` or `frule`: which, and where it is defined."""
        generic = rrule if kind == "rrule" else frule
        rule = generic.runner(self.system.config, self.f, self.stand_ins(), self.kw, checked=False)
        return RuleCall(rule or self.f, kind, self.f, self.xs, self.kw)

    def has_rule(self, kind: str) -> bool:
        """Return whether an `rrule` or `frule` fits the call; one that does may still decline."""
        generic = rrule if kind == "rrule" else frule
        rule = generic.runner(self.system.config, self.f, self.stand_ins(), self.kw, checked=False)
        return rule is not None

    def stand_ins(self) -> tuple[Any, ...]:
        """Return the arguments that the rule is chosen by."""
        return tuple(self._replaced(self.system.stand_in, x) for x in self.xs)

    def _rule(
        self, generic: RuleFunction, values: Sequence[Any], xs: tuple[Any, ...], kw: Mapping[str, Any]
    ) -> Rule | None:
        """Return the rule for the call with `values` for the leaves, which makes it one of `xs` and `kw`."""
        if not any(map(self.system.is_leaf, values)):
            return generic.runner(self.system.config, self.f, xs, kw)
        # debug mode knows nothing of the numbers of a system
        return generic.runner(self.system.config, self.f, self.stand_ins(), kw, checked=False)

    def refuse_without_rule(self, kind: str, rule: Rule | None) -> NoReturn:
        """Raise the error for a call that no rule fits, or that this one declines."""
        if rule is not None:
            run = RuleCall(rule, kind, self.f, self.xs, self.kw)
            raise NoRuleError(
                f"{run}: it returned None and so declined the call, and {self.system.name} has no other"
                f" {kind} to use. Return a pair, or let it fit fewer arguments."
            )
        generic, target = rrule if kind == "rrule" else frule, _target_of(self.f)
        name = describe(target if isinstance(target, type) else self.f)
        types = ", ".join(type(x).__name__ for x in self.stand_ins())
        known = "; ".join(map(described, generic.methods(target))) or "none"
        raise NoRuleError(
            f"{name}({types}) has no {kind} for {self.system.name} to use; known are: {known}. Write one with"
            f" `@{kind}.register({describe(target)})`."
        )


def _target_of(f: Any) -> Any:
    """Return what a rule for calling `f` is registered for."""
    if isinstance(f, type):
        return type[f]
    return f if is_routine(f) else type(f)


def _places_of_leaves(xs: tuple[Any, ...], is_leaf: IsLeaf) -> list[int] | None:
    """Return where the leaves are in arguments without parts; `None` where one may have some."""
    places = []
    for place, x in enumerate(xs):
        if is_leaf(x):
            places.append(place)
        elif not is_atom(x):
            return None
    return places


def _check_pair(run: RuleCall, pair: Any) -> None:
    _, pullback = run.pair(pair, "(y, pullback)")
    if not callable(pullback):
        run.refuse(f"its pullback is {pullback!r}", "return a function of the seed")
