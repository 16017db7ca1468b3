"""Whether rules keep their promises: the form of what they return, and what they leave unchanged.

`rrule` and `frule` run a rule through `checked_rrule` and `checked_frule` in debug mode. That the numbers
are right is for `adjoint2rrule.testing` to say; what is found here is found without another evaluation
of the function. A pullback is not run twice to see whether it gives the same, which could be expensive.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from itertools import islice
from typing import Any, NoReturn

import numpy as np

from adjoint2rrule.core.dispatch.annotations import Scope, pattern_of
from adjoint2rrule.core.dispatch.method import Rule, describe, signature_of
from adjoint2rrule.core.errors import LyingRuleError
from adjoint2rrule.core.tangent_checks import Claim, described, parts_of, step_to, stored_parts
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero
from adjoint2rrule.core.tangent_types.structural_tangent import StructuralTangent
from adjoint2rrule.core.tangent_types.thunks import AbstractThunk
from adjoint2rrule.core.tangent_types.zero_tangent import is_perturbable

#: How many bytes of arrays are remembered at most, for each call, to see whether they change.
WATCHED_BYTES = 2**26
#: How many arrays, containers and objects at most.
WATCHED_PARTS = 10_000

FORGOTTEN = "return one entry for the function, NoTangent() if it has no fields, and one for each argument"


def checked_rrule(rule: Rule) -> Rule:
    """Return the rule for reverse mode with checks of what it, and its pullback, return and change."""

    @wraps(rule)
    def rrule_with_checks(f: Any, /, *xs: Any, **kw: Any) -> Any:
        call = RuleCall(rule, "rrule", f, xs, kw)
        watch = Watch(call.arguments)
        pair = rule(f, *xs, **kw)
        watch.check(call, "it")
        return None if pair is None else call.checked_pair(pair)

    return rrule_with_checks


def checked_frule(rule: Rule) -> Rule:
    """Return the rule for forward mode with checks of what it returns.

    It may change its arguments, since that is how the rules of functions that mutate work.
    """

    @wraps(rule)
    def frule_with_checks(dargs: Any, f: Any, /, *xs: Any, **kw: Any) -> Any:
        pair = rule(dargs, f, *xs, **kw)
        if pair is None:
            return None
        call = RuleCall(rule, "frule", f, xs, kw)
        y, dy = call.pair(pair, "(y, dy)")
        return y, Claim(str(call), "the tangent of", "y").checked(dy, y)

    return frule_with_checks


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
        code = getattr(function, "__code__", None)
        where = f" ({code.co_filename}:{code.co_firstlineno})" if code else ""
        return f"{self.kind} of {describe(self.f)}, {describe(function)}{where}"

    def refuse(self, problem: str, remedy: str) -> NoReturn:
        """Raise the error for a rule that lies."""
        raise LyingRuleError(f"{self}: {problem}: {remedy}.")

    def pair(self, pair: Any, expected: str) -> tuple[Any, Any]:
        """Return the pair that the rule returned, if it is one."""
        if not (isinstance(pair, tuple) and len(pair) == 2):
            given = f"a tuple of {len(pair)}" if isinstance(pair, tuple) else described(pair)
            self.refuse(f"it returned {given}, expected a pair", f"return {expected}")
        return pair

    def checked_pair(self, pair: Any) -> tuple[Any, Callable[[Any], Any]]:
        """Return the value and the pullback that the rule returned, which is checked when it is run."""
        y, pullback = self.pair(pair, "(y, pullback)")
        if not callable(pullback):
            self.refuse(f"its pullback is {described(pullback)}", "return a function of the seed")

        @wraps(pullback, updated=())
        def pullback_with_checks(ȳ: Any) -> Any:
            watch = Watch({"the seed": ȳ, **self.arguments})
            entries = pullback(ȳ)
            watch.check(self, "its pullback")
            return self.checked_entries(entries)

        return y, pullback_with_checks

    def checked_entries(self, entries: Any) -> tuple[Any, ...]:
        """Return what the pullback returned, if it has an entry for each argument, and each can be one."""
        if not isinstance(entries, tuple):
            self.refuse(f"its pullback returned {described(entries)}, expected a tuple", FORGOTTEN)
        least, most = 1 + len(self.xs), 1 + max(len(self.xs), len(self._parameters))
        if not least <= len(entries) <= most:
            expected = least if least == most else f"{least} to {most}"
            self.refuse(f"its pullback returned {len(entries)} entries, expected {expected}", FORGOTTEN)
        f̄ = Claim(str(self), "the cotangent of", "the function").checked(entries[0], self.f)
        x̄s = (
            self._claim(i).checked(x̄, x) for i, (x̄, x) in enumerate(zip(entries[1:], self.xs, strict=False))
        )
        return f̄, *x̄s, *entries[least:]

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments by what messages call them."""
        return {**{f"args[{i}]": x for i, x in enumerate(self.xs)}, **self.kw}

    def _claim(self, i: int) -> Claim:
        p = self._parameters[i] if i < len(self._parameters) else None
        name = None if p is None else p.name
        return Claim(str(self), "the cotangent of", f"args[{i}]", name, integral=self._is_integral(p))

    def _is_integral(self, p: inspect.Parameter | None) -> bool:
        """Whether the rule takes integers there, and no other numbers."""
        if p is None or p.annotation is p.empty:
            return False
        pattern = pattern_of(p.annotation, Scope.of(self.rule))
        return not any(map(pattern.accepts, (1.5, np.ones(1), [1.5], (1.5,))))

    @property
    def _parameters(self) -> list[inspect.Parameter]:
        """The positional parameters of the rule for the arguments."""
        parameters = signature_of(self.rule).parameters.values()
        before = 1 if self.kind == "rrule" else 2
        by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        return list(islice((p for p in parameters if p.kind in by_position), before, None))


class Watch:
    """What some values hold, to see later whether it has been changed.

    Arrays are compared by their bytes, and lists and dicts by the objects in them. Other objects are looked
    into, but their fields may be set, and their lists and dicts changed: so they keep caches and counts.

    Parameters
    ----------
    values
        The values, by what messages call them.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.before = list(_contents(values))

    def check(self, call: RuleCall, culprit: str) -> None:
        """Refuse the rule of the call where something has changed."""
        for place, holder, before in self.before:
            if not _same_content(_content(holder), before):
                call.refuse(f"{culprit} changed {place}", "work on a copy of it")


def _contents(values: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield each thing in `values` that can be changed, with its place and content."""
    seen: dict[int, Any] = {}
    left, stack = WATCHED_BYTES, [(name, x, True) for name, x in values.items()]
    while stack and len(seen) < WATCHED_PARTS:
        place, x, own = stack.pop()
        if id(x) in seen or isinstance(x, (AbstractThunk, AbstractZero)):
            continue
        seen[id(x)] = x  # held, so that its identity stays its own
        if isinstance(x, np.ndarray) and x.dtype.kind != "O":
            left -= x.nbytes
            if left >= 0:
                yield place, x, _content(x)
            continue
        if own and isinstance(x, (list, dict, np.ndarray)):
            yield place, x, _content(x)
        own = own and isinstance(x, (list, tuple, dict, np.ndarray, StructuralTangent))
        stack.extend((place + step, part, own) for step, part in _parts(x))


def _parts(x: Any) -> list[tuple[str, Any]]:
    if isinstance(x, np.ndarray):
        return [(f"[{', '.join(map(str, index))}]", x[index]) for index in np.ndindex(x.shape)]
    if isinstance(x, StructuralTangent):
        return [(f"[{key!r}]", part) for key, part in stored_parts(x).items()]
    if not is_perturbable(x) or isinstance(x, AbstractTangent):
        return []
    return [(step_to(x, key), part) for key, part in parts_of(x).items()]


def _content(x: Any) -> Any:
    if isinstance(x, np.ndarray):
        return list(x.flat) if x.dtype.kind == "O" else (x.shape, x.dtype, x.tobytes())
    return dict(x) if isinstance(x, dict) else list(x)


def _same_content(a: Any, b: Any) -> bool:
    if isinstance(a, tuple):
        return bool(a == b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(part is b[key] for key, part in a.items())
    return len(a) == len(b) and all(map(operator.is_, a, b))
