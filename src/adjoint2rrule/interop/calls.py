"""One call of a function with a rule, as an AD system sees it: leaves go in, leaves come out.

A bridge takes a call apart, `Call(system, f, xs, kw)`, does with its `leaves` what its system does with
numbers, and runs the rule on the values that these stand for: `call.reverse(values)` or
`call.forward(values, tangents)`. Everything between leaves and rules is here: where they stand in structured
arguments, which rule it is, seeds and cotangents, and what is said of a rule that breaks its promises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from types import MethodType
from typing import Any, NoReturn

from adjoint2rrule.core import AbstractZero, frule, rrule
from adjoint2rrule.core.dispatch.method import Rule, describe, described
from adjoint2rrule.core.rule_checks import FORGOTTEN, RuleCall
from adjoint2rrule.core.rules import object_of
from adjoint2rrule.core.shapes import shape_of
from adjoint2rrule.interop.cotangents import ZERO, MisfitError, cotangents_of_leaves
from adjoint2rrule.interop.errors import KeywordError, NoRuleError, PullbackError, SeedError, UntraceableError
from adjoint2rrule.interop.leaves import leaves, tangent, with_leaves
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

    __slots__ = ("counts", "f", "kw", "leaves", "system", "xs")

    def __init__(
        self, system: System, f: Callable[..., Any], xs: tuple[Any, ...], kw: Mapping[str, Any]
    ) -> None:
        self.system, self.xs, self.kw = system, xs, kw
        self.f: Any = f
        found = [leaves(x, system.is_leaf) for x in (object_of(f), *xs, *kw.values())]
        #: How many leaves there are in each of these.
        self.counts = [len(those) for those in found]
        self.leaves: list[Any] = [leaf for those in found for leaf in those]

    def with_values(self, values: Iterable[Any]) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
        """Return ``(f, xs, kw)`` with these in the places of the leaves; what holds no leaf is not copied."""
        remaining, is_leaf = iter(values), self.system.is_leaf
        old = object_of(self.f)
        new, xs, kw = with_leaves(lambda _: next(remaining), (old, self.xs, dict(self.kw)), is_leaf)
        if new is old:
            return self.f, xs, kw
        return (new if old is self.f else MethodType(self.f.__func__, new)), xs, kw

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
        flags = iter(needed[sum(self.counts[: 1 + len(self.xs)]) :])
        for name, count in zip(self.kw, self.counts[1 + len(self.xs) :], strict=True):
            if any(list(islice(flags, count))):
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
        rule = rrule.runner(self.system.config, self.f, self.stand_ins(), kw, checked=self._are_plain(values))
        pair = None if rule is None else rule(f, *xs, **kw)
        if rule is None or pair is None:
            self._refuse_without_rule("rrule", rule)
        run = RuleCall(rule, "rrule", self.f, self.xs, self.kw)
        y, pullback = run.pair(pair, "(y, pullback)")
        if not callable(pullback):
            run.refuse(f"its pullback is {pullback!r}", "return a function of the seed")
        return ReverseRun(self, run, y, pullback)

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
            Where the tangent of the value cannot be one.
        """
        f, xs, kw = self.with_values(values)
        remaining, is_leaf = iter(tangents), self.system.is_leaf
        dargs = tuple(tangent(x, remaining, is_leaf) for x in (object_of(self.f), *self.xs))
        rule = frule.runner(self.system.config, self.f, self.stand_ins(), kw, checked=self._are_plain(values))
        pair = None if rule is None else rule(dargs, f, *xs, **kw)
        if rule is None or pair is None:
            self._refuse_without_rule("frule", rule)
        run = RuleCall(rule, "frule", self.f, self.xs, self.kw)
        y, dy = run.pair(pair, "(y, dy)")
        is_number = self.system.is_number
        try:
            needed = [True for _ in leaves(y, is_number)]
            return y, cotangents_of_leaves(y, dy, needed, is_number)
        except MisfitError as misfit:
            raise _error(run, "the tangent of y", misfit) from None

    def rule_call(self, kind: str) -> RuleCall:
        """Return what messages say of this call of its `rrule` or `frule`: which, and where it is defined."""
        generic = rrule if kind == "rrule" else frule
        rule = generic.runner(self.system.config, self.f, self.stand_ins(), self.kw, checked=False)
        return RuleCall(rule or self.f, kind, self.f, self.xs, self.kw)

    def stand_ins(self) -> tuple[Any, ...]:
        """Return the arguments that the rule is chosen by."""
        xs: tuple[Any, ...] = with_leaves(self.system.stand_in, self.xs, self.system.is_leaf)
        return xs

    def _are_plain(self, values: Sequence[Any]) -> bool:
        return not any(map(self.system.is_leaf, values))

    def _refuse_without_rule(self, kind: str, rule: Rule | None) -> NoReturn:
        if rule is not None:
            run = RuleCall(rule, kind, self.f, self.xs, self.kw)
            raise NoRuleError(
                f"{run}: it returned None and so declined the call, and {self.system.name} has no other"
                f" {kind} to use. Return a pair, or let it fit fewer arguments."
            )
        generic = rrule if kind == "rrule" else frule
        types = ", ".join(type(x).__name__ for x in self.stand_ins())
        known = "; ".join(map(described, generic.methods(self.f))) or "none"
        raise NoRuleError(
            f"{describe(self.f)}({types}) has no {kind} for {self.system.name} to use; known are: {known}."
            f" Write one with `@{kind}.register({describe(self.f)})`."
        )


class ReverseRun:
    """A value that an `rrule` gave, and the way back.

    Attributes
    ----------
    y
        The value.
    outputs : list
        Its leaves: numbers and arrays, of numpy or of the system.
    """

    __slots__ = ("_call", "_pullback", "_rule", "outputs", "y")

    def __init__(self, call: Call, rule: RuleCall, y: Any, pullback: Callable[[Any], Any]) -> None:
        self._call, self._rule, self.y, self._pullback = call, rule, y, pullback
        try:
            self.outputs = leaves(y, call.system.is_number)
        except UntraceableError as err:
            err.add_note(f"in the value of {rule}")
            raise

    def with_outputs(self, values: Iterable[Any]) -> Any:
        """Return the value with these in the places of its leaves."""
        remaining = iter(values)
        return with_leaves(lambda _: next(remaining), self.y, self._call.system.is_number)

    def entries(self, ȳ: Any) -> tuple[Any, ...]:
        """Return what the pullback gives for `ȳ`, as the rule has it, with an entry for each argument.

        Raises
        ------
        PullbackError
            Where it does not return a tuple, or one of another length.
        """
        return entries_of(self._rule, self._pullback(ȳ))

    def cotangents(self, ȳs: Sequence[Any], needed: Sequence[bool] | None = None) -> list[Any]:
        """Return the cotangents of the leaves of the call, by the pullback of the rule.

        Both sides are in the convention of the system: the conjugate is taken here, on the way in and out.

        Parameters
        ----------
        ȳs
            One seed for each of `outputs`, `ZeroTangent()` where nothing flows. The pullback does not run
            where all are zeros.
        needed
            For each leaf of the call, whether its cotangent is asked for; thunks for others are not forced.

        Returns
        -------
        list
            For each leaf of the call, a number or an array of its shape, of whatever precision, which may
            be real for a complex leaf, and may share memory with a seed or an argument; `ZeroTangent()` for
            a zero, and for what is not needed.

        Raises
        ------
        SeedError
            Where a seed does not have the shape of its output.
        PullbackError
            Where the pullback does not return a tuple with an entry for each argument, or one of them is no
            cotangent of it.
        KeywordError
            Where a cotangent is needed for a keyword argument.
        """
        call, conj = self._call, self._call.system.conj
        needed = [True for _ in call.leaves] if needed is None else needed
        call.check_needed(needed)
        seeds = [ȳ if isinstance(ȳ, AbstractZero) else conj(ȳ) for ȳ in self._checked(ȳs)]
        if not any(needed) or all(isinstance(ȳ, AbstractZero) for ȳ in seeds):
            return [ZERO for _ in needed]
        entries = self.entries(tangent(self.y, iter(seeds), call.system.is_number))
        found: list[Any] = []
        for place, (x, x̄) in enumerate(zip((object_of(call.f), *call.xs), entries, strict=False)):
            flags = needed[len(found) : len(found) + call.counts[place]]
            try:
                found += cotangents_of_leaves(x, x̄, flags, call.system.is_leaf)
            except MisfitError as misfit:
                raise _error(self._rule, f"the cotangent of {self._name(place)}", misfit) from None
        found += [ZERO for _ in needed[len(found) :]]
        return [x̄ if isinstance(x̄, AbstractZero) else conj(x̄) for x̄ in found]

    def _checked(self, ȳs: Sequence[Any]) -> Sequence[Any]:
        for y, ȳ in zip(self.outputs, ȳs, strict=True):
            if not isinstance(ȳ, AbstractZero) and shape_of(ȳ) != shape_of(y):
                raise SeedError(
                    f"the seed of {describe(self._call.f)} has shape {shape_of(ȳ)}, and the output it belongs"
                    f" to {shape_of(y)}"
                )
        return ȳs

    def _name(self, place: int) -> str:
        """Return how messages name what has the entry at `place`."""
        if place == 0:
            return "the function"
        names = self._rule.parameter_names()
        return f"args[{place - 1}]" + (f" (`{names[place - 1]}`)" if place <= len(names) else "")


def entries_of(run: RuleCall, entries: Any) -> tuple[Any, ...]:
    """Return what the pullback of a rule returned, if it has an entry for each argument.

    Raises
    ------
    PullbackError
        Where it is no tuple, too short, or longer than the rule has parameters.
    """
    if type(entries) is tuple and len(entries) == 1 + len(run.xs):
        return entries
    if not isinstance(entries, tuple):
        raise PullbackError(f"{run}: its pullback returned {entries!r}, expected a tuple: {FORGOTTEN}.")
    least, most = run.counts()
    if not least <= len(entries) <= most:
        raise PullbackError(
            f"{run}: the pullback of the rule for {describe(run.f)} gave {len(entries)} cotangents where"
            f" {least} are due: {FORGOTTEN}."
        )
    return entries[:least]


def _error(run: RuleCall, what: str, misfit: MisfitError) -> PullbackError:
    path = f" at `{misfit.path}`" if misfit.path else ""
    return PullbackError(f"{run}: {what}{path} {misfit.problem}, expected {misfit.expected}.")
