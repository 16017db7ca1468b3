"""The methods of one target, and the choice of the most specific one that fits a call."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FunctionType, NoneType
from typing import Any, NamedTuple, Self

from adjoint2rrule.core.config import RuleConfig
from adjoint2rrule.core.dispatch.memory import Key, Memory, key_of
from adjoint2rrule.core.dispatch.method import Method, Rule, describe
from adjoint2rrule.core.dispatch.patterns import Anything, Pattern
from adjoint2rrule.core.errors import AmbiguousRuleError


class Candidate(NamedTuple):
    """A method that fits a call as far as the classes of its arguments tell.

    `checks` are the positions of the arguments whose values have the last word, each with the test
    for it. Of methods with the same patterns, the one with the greater `closeness` is preferred, which
    spells out the arguments of the call, then the one registered later, whose `order` is greater; unless
    they differ in an option that the call leaves out, which are in `left_out`.
    """

    method: Method
    patterns: tuple[Pattern, ...]
    checks: tuple[tuple[int, Callable[[object], bool]], ...]
    closeness: tuple[bool, bool, int]
    left_out: Mapping[str, Pattern]
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
        if self.closeness != other.closeness:
            return self.closeness > other.closeness
        if any(other.left_out.get(name, pattern) != pattern for name, pattern in self.left_out.items()):
            return False
        mine, theirs = self.method.rest, other.method.rest
        if mine is None or theirs is None:
            return self.order > other.order
        return theirs.covers(mine) and (not mine.covers(theirs) or self.order > other.order)


def _cover(wide: Sequence[Pattern], narrow: Sequence[Pattern]) -> bool:
    return all(w.covers(n) for w, n in zip(wide, narrow, strict=True))


class Choice(NamedTuple):
    """What the classes of a call's arguments tell: who is left, and the rule where that is decided."""

    candidates: tuple[Candidate, ...]
    rule: Rule | None


class _Stored:
    """What a method table holds."""

    __slots__ = ("bearer", "memory", "methods", "owner")

    owner: object
    bearer: Callable[[], object]
    methods: tuple[Method, ...]
    memory: Memory[Choice]


class MethodTable(_Stored):
    """The methods of one target; never changed, but replaced, so that readers need no lock.

    `owner` is the function or class that has the table as an attribute, and knows it for its own by that;
    of other tables it is what they keep alive beside the rules, and `bearer` gives the object that they are
    an attribute of.

    Code that walks through objects, field by field, comes to the table when it looks into a function that
    has rules. It finds no fields there, nothing to copy and nothing to rebuild: from the table all rules
    can be reached, and from these the function again.
    """

    __slots__ = ()

    def __init__(self, owner: object = None, methods: tuple[Method, ...] = ()) -> None:
        self.owner = owner
        self.bearer = _nobody
        self.methods = methods
        self.memory = self._blank()

    def _blank(self) -> Memory[Choice]:
        is_open = any(pattern.is_open() for method in self.methods for pattern in method.patterns())
        return Memory(abc.get_cache_token() if is_open else None)

    def __reduce__(self) -> tuple[Any, ...]:
        if isinstance(self.owner, FunctionType | type):
            return type(self), (self.owner, self.methods)
        # Any other object loses its rules in a pickle, and must not need this package to be loaded again.
        return NoneType, ()

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
        memory = self.memory
        if memory.token is not None and not memory.is_current():
            self.memory = memory = self._blank()
        key = key_of(values, keywords)
        known = memory.known.get(key)
        candidates, rule = known[0] if known is not None else self._look_up(memory, key, values, keywords)
        return rule if rule is not None or not candidates else _decide(candidates, values, keywords)

    def _look_up(
        self, memory: Memory[Choice], key: Key, values: tuple[object, ...], keywords: Mapping[str, object]
    ) -> Choice:
        """Find the methods that fit by the classes of the arguments, and remember what that decides."""
        classes = tuple(map(type, (*values, *keywords.values())))
        candidates = tuple(self._fitting_by_class(len(values), tuple(keywords), classes))
        best = _most_specific(candidates)
        is_decided = len(best) == 1 and not any(candidate.checks for candidate in candidates)
        choice = Choice(candidates, best[0].method.rule if is_decided else None)
        memory.keep(key, choice, classes)
        # The memory is asked by the arguments alone, which is enough where no method narrows the callable.
        if choice.rule is not None and not keywords and self._takes_any_callable():
            memory.settle(classes[1:], choice.rule)
        return choice

    def _takes_any_callable(self) -> bool:
        return all(method.parameters[0].pattern == Anything() for method in self.methods)

    def select_for_types(self, types: Sequence[Pattern]) -> list[Rule]:
        """Return the most specific rules for every call with arguments of these types."""
        fitting = [c for c in self._callable_with(len(types), ()) if _cover(c.patterns, types)]
        return [candidate.method.rule for candidate in _most_specific(fitting)]

    def _fitting_by_class(
        self, count: int, keywords: tuple[str, ...], classes: tuple[type, ...]
    ) -> Iterator[Candidate]:
        for candidate in self._callable_with(count, keywords):
            patterns = candidate.patterns
            verdicts = [pattern.decide(cls) for pattern, cls in zip(patterns, classes, strict=True)]
            if False not in verdicts:
                undecided = (i for i, verdict in enumerate(verdicts) if verdict is None)
                yield candidate._replace(checks=tuple((i, patterns[i].accepts) for i in undecided))

    def _callable_with(self, count: int, keywords: tuple[str, ...]) -> Iterator[Candidate]:
        for order, method in enumerate(self.methods):
            patterns = method.patterns_for(count, keywords)
            if patterns is not None:
                closeness = method.closeness(count + len(keywords))
                yield Candidate(method, patterns, (), closeness, method.left_out(keywords), order)


def _nobody() -> None:
    """Give the bearer of a table that no object carries."""


def _most_specific(candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    if len(candidates) < 2:
        return candidates
    return [c for c in candidates if not any(other.precedes(c) for other in candidates if other is not c)]


def _decide(
    candidates: tuple[Candidate, ...], values: tuple[object, ...], keywords: Mapping[str, object]
) -> Rule | None:
    """Return the rule that the values of the arguments choose among those that their classes leave."""
    arguments = (*values, *keywords.values()) if keywords else values
    fitting = [candidate for candidate in candidates if candidate.accepts(arguments)]
    best = fitting if len(fitting) < 2 else _most_specific(fitting)
    # A rule with type variables is several methods.
    if len(best) > 1 and any(candidate.method.rule is not best[0].method.rule for candidate in best):
        raise AmbiguousRuleError(_ambiguous(best, values, keywords))
    return best[0].method.rule if best else None


def _ambiguous(best: Sequence[Candidate], values: tuple[object, ...], keywords: Mapping[str, object]) -> str:
    f, *xs = values[1:] if isinstance(values[0], RuleConfig) else values
    classes = [*map(_class_of, xs), *(f"{name}={_class_of(value)}" for name, value in keywords.items())]
    empty = {type(x).__qualname__: None for x in (*xs, *keywords.values()) if _is_empty(x)}
    advice = "".join(
        f" An empty {name} fits every `{name}[...]`: register a rule for `{name}`." for name in empty
    )
    candidates = "\n".join(f"    {candidate.method}" for candidate in best)
    return (
        f"{describe(f)}({', '.join(classes)}): {len(best)} rules fit, none more specific than the others:\n"
        f"{candidates}\n"
        "Narrow the annotations of one of them, or register a rule for what they have in common; of options"
        " that are told apart by their annotations, one at most has a default."
        f"{advice}"
    )


def _class_of(x: object) -> str:
    return f"empty {type(x).__qualname__}" if _is_empty(x) else type(x).__qualname__


def _is_empty(x: object) -> bool:
    return isinstance(x, list | tuple | dict | set | frozenset) and len(x) == 0
