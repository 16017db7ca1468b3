"""Whether rules keep their promises, and are called as they have to be.

A rule promises the form of what it returns, and to leave unchanged what it is given. Its caller promises a
tangent for each argument, and for the seed one of the value.

`rrule` and `frule` run a rule through `checked_rrule` and `checked_frule` in debug mode. That the numbers
are right is for `adjoint2rrule.testing` to say; what is found here is found without another evaluation
of the function. A pullback is not run twice to see whether it gives the same, which could be expensive.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from itertools import chain, islice, repeat
from typing import Any, NoReturn, TypeVar

from adjoint2rrule.core.config import (
    HasForwardsMode,
    HasReverseMode,
    NoForwardsMode,
    NoReverseMode,
    RuleConfig,
)
from adjoint2rrule.core.descriptions import described
from adjoint2rrule.core.dispatch.annotations import Scope, pattern_of
from adjoint2rrule.core.dispatch.method import Rule, describe, place_of, signature_of
from adjoint2rrule.core.dispatch.patterns import Anything
from adjoint2rrule.core.dispatch.signatures import BY_POSITION
from adjoint2rrule.core.errors import LyingRuleError, RuleCallError
from adjoint2rrule.core.tangent_checks import CallersClaim, Changes, Claim
from adjoint2rrule.core.watch import Watch

AnyRule = TypeVar("AnyRule", bound=Rule)

NO_WATCH = Watch({})
FORGOTTEN = "return one entry for the function, NoTangent() if it has no fields, and one for each argument"


def checked_rrule(rule: Rule) -> Rule:
    """Return the rule for reverse mode with checks of what it, and its pullback, return and change."""

    @wraps(rule)
    def rrule_with_checks(f: Any, /, *xs: Any, **kw: Any) -> Any:
        call = RuleCall(rule, "rrule", f, xs, kw)
        watch = call.watch()
        pair = rule(f, *xs, **kw)
        changes = call.changes(watch, "it")
        return None if pair is None else call.checked_pair(pair, changes)

    return rrule_with_checks


def checked_frule(rule: Rule) -> Rule:
    """Return the rule for forward mode with checks of the tangents that it is given, and of what it returns.

    It may change its arguments, since that is how the rules of functions that mutate work.
    """

    @wraps(rule)
    def frule_with_checks(dargs: Any, f: Any, /, *xs: Any, **kw: Any) -> Any:
        call = RuleCall(rule, "frule", f, xs, kw)
        pair = rule(call.checked_tangents(dargs), f, *xs, **kw)
        if pair is None:
            return None
        y, dy = call.pair(pair, "(y, dy)")
        return _as_before(pair, (y, Claim(str(call), "the tangent of", "y").checked(dy, y)))

    return frule_with_checks


def may_mutate(rule: AnyRule) -> AnyRule:
    """Let debug mode take no notice of what a rule of the runtime's own changes."""
    rule.__may_mutate__ = True  # type: ignore[attr-defined]
    return rule


@dataclass(frozen=True)
class RuleCall:
    """A call of a rule, as far as messages and checks need to know it."""

    rule: Rule
    kind: str
    f: Any
    xs: tuple[Any, ...]
    kw: Mapping[str, Any]

    def __str__(self) -> str:
        function = inspect.unwrap(self.rule)
        while isinstance(function, partial):  # of a config
            function = inspect.unwrap(function.func)
        return f"{self.kind} of {describe(self.f)}, {describe(function)}{place_of(function)}"

    def refuse(self, problem: str, remedy: str) -> NoReturn:
        """Raise the error for a rule that lies."""
        raise LyingRuleError(f"{self}: {problem}: {remedy}.")

    def watch(self) -> Watch:
        """Return a watch on what the rule is given, but for what it may change."""
        if _may_mutate(self.rule):
            return NO_WATCH
        out = self.kw.get("out")  # where the caller wants the result, as numpy's functions understand it
        keywords = {name: x for name, x in self.kw.items() if name != "out"}
        return Watch(self._primals() | keywords, ignored=out if isinstance(out, tuple) else (out,))

    def watch_seed(self, ȳ: Any) -> Watch:
        """Return a watch on what the pullback is given."""
        return NO_WATCH if _may_mutate(self.rule) else Watch({"the seed": ȳ}, strict=True)

    def changes(self, watch: Watch, culprit: str) -> Changes:
        """Refuse the rule where it changed what it was given; return what it changed inside objects."""
        changed = watch.changed()
        for part in changed:
            if part.own:
                self.refuse(f"{culprit} changed {part.place}", "work on a copy of it")
        return tuple((part.value, culprit) for part in changed)

    def pair(self, pair: Any, expected: str) -> tuple[Any, Any]:
        """Return the pair that the rule returned, if it is one."""
        if not (isinstance(pair, tuple) and len(pair) == 2):
            given = f"a tuple of {len(pair)}" if isinstance(pair, tuple) else described(pair)
            self.refuse(f"it returned {given}, expected a pair", f"return {expected}")
        return pair

    def checked_pair(self, pair: Any, changes: Changes) -> tuple[Any, CheckedPullback]:
        """Return the value and the pullback that the rule returned, which is checked when it is run."""
        y, pullback = self.pair(pair, "(y, pullback)")
        if not callable(pullback):
            self.refuse(f"its pullback is {described(pullback)}", "return a function of the seed")
        return y, CheckedPullback(self, y, pullback, changes)

    def checked_tangents(self, dargs: Any) -> Any:
        """Return what the caller of a forward rule gave it, if it has a tangent for each argument."""
        if _may_mutate(self.rule):
            return dargs
        least, most = self.counts()
        if not isinstance(dargs, tuple) or not least <= len(dargs) <= most:
            given = f"{len(dargs)} tangents" if isinstance(dargs, tuple) else described(dargs)
            raise RuleCallError(
                f"{self}: the caller gave {given}, expected a tuple of {_one_of(least, most)}: that of the"
                f" function, NoTangent() if it has no fields, and one for each argument."
            )
        checked = (
            CallersClaim(str(self), "the tangent of", place).checked(dx, x)
            for (place, x), dx in zip(self._primals().items(), dargs, strict=False)
        )
        return _as_before(dargs, (*checked, *dargs[least:]))

    def checked_seed(self, ȳ: Any, y: Any) -> Any:
        """Return what the caller of a pullback gave it, if it can be a tangent of the value."""
        return ȳ if _may_mutate(self.rule) else CallersClaim(str(self), "the seed of", "y").checked(ȳ, y)

    def checked_entries(self, entries: Any, changes: Changes) -> tuple[Any, ...]:
        """Return what the pullback returned, if it has an entry for each argument, and each can be one."""
        if not isinstance(entries, tuple):
            self.refuse(f"its pullback returned {described(entries)}, expected a tuple", FORGOTTEN)
        least, most = self.counts()
        if not least <= len(entries) <= most:
            expected = _one_of(least, most)
            self.refuse(f"its pullback returned {len(entries)} entries, expected {expected}", FORGOTTEN)
        names = chain([None], self.parameter_names(), repeat(None))
        claims = zip(self._primals().items(), names, entries, strict=False)
        checked = (
            Claim(str(self), "the cotangent of", place, name, changes=changes).checked(x̄, x)
            for (place, x), name, x̄ in claims
        )
        return _as_before(entries, (*checked, *entries[least:]))

    def counts(self) -> tuple[int, int]:
        """Return how many tangents there are, for the function and its arguments, at least and at most."""
        return 1 + len(self.xs), 1 + max(len(self.xs), len(self.parameter_names()))

    def _primals(self) -> dict[str, Any]:
        """Return what has a cotangent, by what messages call it."""
        return {"the function": self.f} | {f"args[{i}]": x for i, x in enumerate(self.xs)}

    def parameter_names(self) -> list[str]:
        """Return what the rule calls the arguments that it takes by position."""
        parameters = signature_of(self.rule).parameters.values()
        before = 1 if self.kind == "rrule" else 2
        return [p.name for p in islice((p for p in parameters if p.kind in BY_POSITION), before, None)]


class CheckedPullback:
    """A pullback that is checked when it is run, and has the attributes of that which the rule returned."""

    def __init__(self, call: RuleCall, y: Any, pullback: Callable[[Any], Any], changes: Changes) -> None:
        # not by assignment, which is the pullback's own
        vars(self).update(_call=call, _y=y, _changes=changes, __wrapped__=pullback, __doc__=pullback.__doc__)

    def __call__(self, ȳ: Any) -> tuple[Any, ...]:
        call: RuleCall = self._call
        seed, arguments = call.watch_seed(ȳ), call.watch()
        entries = self.__wrapped__(call.checked_seed(ȳ, self._y))
        call.changes(seed, "its pullback")
        changes: Changes = self._changes + call.changes(arguments, "its pullback")
        return call.checked_entries(entries, changes)

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "__wrapped__"), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.__wrapped__, name, value)

    def __repr__(self) -> str:
        return repr(self.__wrapped__)


class EveryMode(RuleConfig[HasReverseMode, NoReverseMode, HasForwardsMode, NoForwardsMode]):
    """What a rule can ask for without knowing more of an AD system than its modes."""


def _as_before(given: tuple[Any, ...], checked: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what was given, which may be a NamedTuple, unless checks have to wrap thunks in it."""
    return given if all(map(operator.is_, given, checked)) else checked


def _one_of(least: int, most: int) -> str:
    return str(least) if least == most else f"{least} to {most}"


def _may_mutate(rule: Rule) -> bool:
    """Whether a rule may change its arguments.

    A rule that asks for a feature of somebody's own, or for one system, may have an agreement with it.
    """
    if not (isinstance(rule, partial) and rule.args and isinstance(rule.args[0], RuleConfig)):
        return getattr(rule, "__may_mutate__", False)
    config = next(iter(signature_of(rule.func).parameters.values()))
    pattern = pattern_of(config.annotation, Scope.of(rule.func))
    return isinstance(pattern, Anything) or not pattern.decide(EveryMode)
