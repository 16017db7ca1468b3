"""Tests of tangents: comparisons and patterns, which for ``None`` become tests for a zero."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from adjoint2rrule.convert.dialects.zygoterules.changed_uses import Change, Forced, NonePattern, NoneTest
from adjoint2rrule.convert.dialects.zygoterules.held import Held, sequence
from adjoint2rrule.convert.dialects.zygoterules.patterns import walk_pattern
from adjoint2rrule.convert.dialects.zygoterules.reading import Reading, compares_with_none, is_none
from adjoint2rrule.convert.dialects.zygoterules.use_problems import UseProblem, inspected

_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


class Comparisons:
    """The comparisons and ``match`` statements of one function."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def comparison(self, node: ast.Compare) -> Iterator[UseProblem | Change]:
        sides = [node.left, *node.comparators]
        held = [self.reading.holding.of(side) for side in sides]
        if compares_with_none(node):
            operand = sides[0] if is_none(sides[1]) else sides[1]
            yield from self._none_test(node, operand, self.reading.holding.of(operand))
        elif any(h.bears or h.doubtful for h in held):
            yield from self._other_comparison(node, sides, held)

    def _none_test(self, node: ast.Compare, operand: ast.expr, held: Held) -> Iterator[UseProblem | Change]:
        if not (held.is_tangent or held.doubtful or held.nones):
            return
        identity = isinstance(node.ops[0], ast.Is | ast.IsNot)
        mixed = held.unknown or held.doubtful
        if held.is_tangent and (self.reading.depth or not self.reading.is_builtin("isinstance", node)):
            yield inspected(node, "is compared with `None`")
        elif held.doubtful or (held.is_tangent and mixed):
            yield inspected(node, "is compared with `None`, and may be something else")
        elif not identity and not self._is_condition(node):
            if held.is_tangent:
                yield inspected(node, "is compared with `None`")
        elif not self.reading.depth:
            zeros = held.nones
            yield NoneTest(node, operand, held.thunk, held.is_tangent, zeros, held.unknown)

    def _is_condition(self, node: ast.expr) -> bool:
        """Whether nothing but the truth of `node` matters."""
        parent = self.reading.parents.get(node)
        if isinstance(parent, ast.BoolOp) or (
            isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not)
        ):
            return self._is_condition(parent)
        tests = isinstance(parent, ast.If | ast.While | ast.IfExp | ast.Assert) and parent.test is node
        return tests or (isinstance(parent, ast.comprehension) and node in parent.ifs)

    def _other_comparison(
        self, node: ast.Compare, sides: list[ast.expr], held: list[Held]
    ) -> Iterator[UseProblem]:
        if any(isinstance(side, ast.Tuple | ast.List | ast.Dict | ast.Set) for side in sides):
            yield inspected(node, "is compared with a tuple, a list or a dict")
        elif any(map(_holds_none, sides)):
            yield inspected(node, "is compared with `None`")
        elif all(isinstance(op, ast.In | ast.NotIn) for op in node.ops) and _looks_for_key(sides[0], held[1]):
            return
        elif any(isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn) for op in node.ops):
            yield inspected(node, "is tested for identity or membership")
        elif not all(isinstance(op, _ORDER) for op in node.ops) and not _are_comparable(sides, held):
            yield inspected(node, "is compared with what may be `None` or a structure")

    # -- patterns ------------------------------------------------------------------------------

    def match(self, node: ast.Match) -> Iterator[UseProblem | Change]:
        subject = self.reading.holding.of(node.subject)
        if not (subject.bears or subject.nones or subject.doubtful):
            return
        forced = self._forced_subject(node.subject)
        for case in node.cases:
            for pattern, held in walk_pattern(case.pattern, self._as_forced(node.subject)):
                yield from self._pattern(pattern, held, node)
        if self.reading.depth and forced:
            yield inspected(node, "is matched against patterns")
        yield from map(Forced, forced)

    def _as_forced(self, subject: ast.expr) -> Held:
        """Return what a subject is without the thunks that can be forced."""
        if isinstance(subject, ast.Tuple | ast.List) and not any(
            isinstance(e, ast.Starred) for e in subject.elts
        ):
            return sequence(map(self._as_forced, subject.elts))
        return replace(self.reading.holding.of(subject), thunk=False)

    def _forced_subject(self, subject: ast.expr) -> list[ast.expr]:
        if isinstance(subject, ast.Tuple | ast.List):
            return [inner for e in subject.elts for inner in self._forced_subject(e)]
        held = self.reading.holding.of(subject)
        return [subject] if held.thunk and held.is_tangent else []

    def _pattern(self, pattern: ast.pattern, held: Held, node: ast.Match) -> Iterator[UseProblem | Change]:
        told = held.is_tangent or held.doubtful
        match pattern:
            case _ if held.thunk and not isinstance(pattern, ast.MatchAs | ast.MatchOr | ast.MatchStar):
                yield inspected(node, "is matched where it may be a thunk")
            case ast.MatchSingleton(value=None) if told or held.nones:
                if told and (self.reading.depth or held.unknown or held.doubtful):
                    yield inspected(node, "is matched against `None`")
                elif not self.reading.depth:
                    yield NonePattern(pattern, node, held.is_tangent, held.nones, held.unknown)
            case ast.MatchMapping() | ast.MatchClass() if told and not self._is_number_pattern(pattern, node):
                yield inspected(node, "is matched against patterns that its new form may not match")
            case ast.MatchValue(value=value) if told and not _is_number(value):
                yield inspected(node, "is matched against patterns that its new form may not match")

    def _is_number_pattern(self, pattern: ast.pattern, node: ast.Match) -> bool:
        if not isinstance(pattern, ast.MatchClass) or pattern.kwd_patterns:
            return False
        return self.reading.is_number_class(pattern.cls, self.reading.holding.scopes[node.subject])


def _holds_none(node: ast.expr) -> bool:
    return any(isinstance(inner, ast.expr) and is_none(inner) for inner in ast.walk(node))


def _is_number(node: ast.expr) -> bool:
    constants = [n for n in ast.walk(node) if isinstance(n, ast.expr) and not isinstance(n, ast.operator)]
    return all(
        isinstance(n, ast.BinOp | ast.UnaryOp)
        or (isinstance(n, ast.Constant) and isinstance(n.value, int | float | complex))
        for n in constants
    )


def _looks_for_key(left: ast.expr, container: Held) -> bool:
    return (
        isinstance(left, ast.Constant)
        and isinstance(left.value, str)
        and not container.is_tangent
        and not container.doubtful
    )


def _are_comparable(sides: list[ast.expr], held: list[Held]) -> bool:
    """Whether ``==`` between these means the same in both forms, whatever is missing."""
    if len({ast.unparse(side) for side in sides}) == 1 and all(h.is_tangent for h in held):
        return True  # `dy != dy` finds what is not a number
    if any(h.doubtful or (h.bears and not h.is_tangent) or h.structured for h in held):
        return False
    missing = [h for h in held if h.part]
    others = [h for h in held if not h.part]
    return not missing or (len(missing) == 1 and all(not (h.unknown or h.nones or h.bears) for h in others))
