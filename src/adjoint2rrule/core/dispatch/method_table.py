"""The methods of one target, and the choice of the most specific one that fits a call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

from adjoint2rrule.core.config import RuleConfig
from adjoint2rrule.core.dispatch.method import Method, Rule, describe
from adjoint2rrule.core.dispatch.patterns import Pattern
from adjoint2rrule.core.errors import AmbiguousRuleError

# A program that makes classes while it runs must not fill the memory with them.
REMEMBERED_CALLS = 256


class Candidate(NamedTuple):
    """A method that fits a call as far as the classes of its arguments tell.

    `checks` are the positions of the arguments whose values have the last word, each with the test
    for it. Of methods with the same patterns, the one with the greater `closeness` is preferred, which
    spells out the arguments of the call, then the one registered later, whose `order` is greater.
    """

    method: Method
    patterns: tuple[Pattern, ...]
    checks: tuple[tuple[int, Callable[[object], bool]], ...]
    closeness: tuple[bool, int]
    order: int

    def accepts(self, values: Sequence[object]) -> bool:
        """Return whether the values fit, of which the classes do."""
        for position, accepts in self.checks:  # noqa: SIM110 - `all` takes twice as long
            if not accepts(values[position]):
                return False
        return True

    def precedes(self, other: Candidate) -> bool:
        """Return whether this method is the more specific one, or of two equal ones the preferred."""
        if not _cover(other.patterns, self.patterns):
            return False
        if not _cover(self.patterns, other.patterns):
            return True
        mine, theirs = self.method.rest, other.method.rest
        if self.closeness != other.closeness or mine is None or theirs is None:
            return (self.closeness, self.order) > (other.closeness, other.order)
        return theirs.covers(mine) and (not mine.covers(theirs) or self.order > other.order)


def _cover(wide: Sequence[Pattern], narrow: Sequence[Pattern]) -> bool:
    return all(w.covers(n) for w, n in zip(wide, narrow, strict=True))


class _Stored:
    """What a method table holds."""

    __slots__ = ("_candidates", "methods", "owner", "settled")

    owner: object
    methods: tuple[Method, ...]
    settled: dict[tuple[Any, ...], Rule]
    _candidates: dict[tuple[Any, ...], tuple[Candidate, ...]]


class MethodTable(_Stored):
    """The methods of one target; never changed, but replaced, so that readers need no lock.

    `settled` remembers the rule for the classes of a call's arguments, where these decide. `owner` is
    the function or class that has the table as an attribute; `None` where it is kept elsewhere.

    Code that walks through objects, field by field, comes to the table when it looks into a function that
    has rules. It finds no fields there, nothing to copy and nothing to rebuild: from the table all rules
    can be reached, and from these the function again.
    """

    __slots__ = ()

    def __init__(self, owner: object = None, methods: tuple[Method, ...] = ()) -> None:
        self.owner = owner
        self.methods = methods
        self.settled = {}
        self._candidates = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.owner, self.methods)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def select(self, values: tuple[object, ...], keywords: Mapping[str, object]) -> Rule | None:
        """Return the rule for a call with these positional values and keywords, `None` where none fits.

        Raises
        ------
        AmbiguousRuleError
            Where several fit, and none of them is more specific than the others.
        """
        key: tuple[Any, ...] = tuple(map(type, values))
        if keywords:
            key += tuple((name, type(value)) for name, value in keywords.items())
        rule = self.settled.get(key)
        if rule is not None:
            return rule
        candidates = self._candidates.get(key)
        if candidates is None:
            candidates = self._look_up(key, values, keywords)
        return self._decide(candidates, values, keywords) if candidates else None

    def _look_up(
        self, key: tuple[Any, ...], values: tuple[object, ...], keywords: Mapping[str, object]
    ) -> tuple[Candidate, ...]:
        """Find the methods that fit by the classes of the arguments, and remember what that decides."""
        candidates = tuple(self._fitting_by_class(values, keywords))
        _remember(self._candidates, key, candidates)
        best = _most_specific(candidates)
        if len(best) == 1 and not any(candidate.checks for candidate in candidates):
            _remember(self.settled, key, best[0].method.rule)
        return candidates

    def _decide(
        self,
        candidates: tuple[Candidate, ...],
        values: tuple[object, ...],
        keywords: Mapping[str, object],
    ) -> Rule | None:
        arguments = (*values, *keywords.values()) if keywords else values
        best = _most_specific([candidate for candidate in candidates if candidate.accepts(arguments)])
        if len(best) > 1:
            raise AmbiguousRuleError(_ambiguous(best, values, keywords))
        return best[0].method.rule if best else None

    def select_for_types(self, types: Sequence[Pattern]) -> list[Rule]:
        """Return the most specific rules for every call with arguments of these types."""
        fitting = [c for c in self._callable_with(len(types), ()) if _cover(c.patterns, types)]
        return [candidate.method.rule for candidate in _most_specific(fitting)]

    def _fitting_by_class(
        self, values: tuple[object, ...], keywords: Mapping[str, object]
    ) -> Iterator[Candidate]:
        classes = [type(value) for value in (*values, *keywords.values())]
        for candidate in self._callable_with(len(values), tuple(keywords)):
            patterns = candidate.patterns
            verdicts = [pattern.decide(cls) for pattern, cls in zip(patterns, classes, strict=True)]
            if False not in verdicts:
                undecided = (i for i, verdict in enumerate(verdicts) if verdict is None)
                yield candidate._replace(checks=tuple((i, patterns[i].accepts) for i in undecided))

    def _callable_with(self, count: int, keywords: tuple[str, ...]) -> Iterator[Candidate]:
        for order, method in enumerate(self.methods):
            patterns = method.patterns_for(count, keywords)
            if patterns is not None:
                closeness = (method.rest is None, -abs(len(method.parameters) - count))
                yield Candidate(method, patterns, (), closeness, order)


def _most_specific(candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    if len(candidates) < 2:
        return candidates
    return [c for c in candidates if not any(other.precedes(c) for other in candidates if other is not c)]


def _remember(memory: dict[Any, Any], key: tuple[Any, ...], value: object) -> None:
    if len(memory) >= REMEMBERED_CALLS:
        memory.clear()
    memory[key] = value


def _ambiguous(best: Sequence[Candidate], values: tuple[object, ...], keywords: Mapping[str, object]) -> str:
    f, *xs = values[1:] if isinstance(values[0], RuleConfig) else values
    classes = [type(x).__qualname__ for x in xs]
    classes += [f"{name}={type(value).__qualname__}" for name, value in keywords.items()]
    candidates = "\n".join(f"    {candidate.method}" for candidate in best)
    return (
        f"{describe(f)}({', '.join(classes)}): {len(best)} rules fit, none more specific than the others:\n"
        f"{candidates}\n"
        "Narrow the annotations of one of them, or register a rule for what they have in common."
    )
