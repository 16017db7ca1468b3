"""What the patterns of a ``match`` on tangents bind, which of them change, and whether one always matches."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import product

from adjoint2rrule.convert.dialects.zygoterules.held import Held, container

_MOST_ENTRIES = 8


def captures(pattern: ast.pattern, held: Held) -> Iterator[tuple[str, Held]]:
    """Yield each name that `pattern` binds, with what it gets of a subject that is `held`."""
    for inner, part in walk_pattern(pattern, held):
        match inner:
            case ast.MatchAs(name=str(name)):
                yield name, part
            case ast.MatchStar(name=str(name)):
                yield name, container([part])
            case ast.MatchMapping(rest=str(name)):
                yield name, container([part.elements()])


def walk_pattern(pattern: ast.pattern, held: Held) -> Iterator[tuple[ast.pattern, Held]]:
    """Yield `pattern` and those inside, each with the part of the subject that it looks at."""
    yield pattern, held
    inner: list[tuple[ast.pattern, Held]] = []
    match pattern:
        case ast.MatchAs(pattern=ast.pattern() as part):
            inner = [(part, held)]
        case ast.MatchOr(patterns=parts):
            inner = [(part, held) for part in parts]
        case ast.MatchSequence(patterns=parts):
            starred = any(isinstance(part, ast.MatchStar) for part in parts)
            entries = [held.elements()] * len(parts) if starred else held.unpacked(len(parts))
            inner = list(zip(parts, entries, strict=True))
        case ast.MatchMapping(patterns=parts):
            inner = [(part, held.elements()) for part in parts]
        case ast.MatchClass(patterns=parts, kwd_patterns=named):
            inner = [(part, held.elements()) for part in (*parts, *named)]
    for part, of in inner:
        yield from walk_pattern(part, of)


def always_matches(node: ast.Match, entries: int) -> bool:
    r"""Whether a ``match`` on the seed of a tuple with so many entries always takes one of its cases.

    Each entry of such a seed is there or missing.

    Examples
    --------
    >>> code = "match seed:\n case (None, None): pass\n case (a, None): pass\n case (_, b): pass"
    >>> always_matches(ast.parse(code).body[0], 2)
    True
    """
    if entries > _MOST_ENTRIES:
        return False
    patterns = [case.pattern for case in node.cases if case.guard is None]
    return all(
        any(_matches(pattern, present) for pattern in patterns)
        for present in product((True, False), repeat=entries)
    )


def _matches(pattern: ast.pattern, present: tuple[bool, ...]) -> bool:
    """Whether a pattern is sure to match a tuple of which these entries are there."""
    match pattern:
        case ast.MatchAs(pattern=None):
            return True
        case ast.MatchAs(pattern=ast.pattern() as inner):
            return _matches(inner, present)
        case ast.MatchOr(patterns=parts):
            return any(_matches(part, present) for part in parts)
        case ast.MatchSequence(patterns=parts):
            return _all_match(parts, present)
    return False


def _all_match(parts: list[ast.pattern], present: tuple[bool, ...]) -> bool:
    star = next((i for i, part in enumerate(parts) if isinstance(part, ast.MatchStar)), None)
    if star is None:
        pairs = zip(parts, present, strict=False)
        return len(parts) == len(present) and all(_matches_entry(p, there) for p, there in pairs)
    behind = len(parts) - star - 1
    if star + behind > len(present):
        return False
    around = [*zip(parts[:star], present, strict=False)]
    around += zip(parts[star + 1 :], present[len(present) - behind :], strict=True)
    return all(_matches_entry(part, there) for part, there in around)


def _matches_entry(pattern: ast.pattern, there: bool) -> bool:
    match pattern:
        case ast.MatchSingleton(value=None):
            return not there
        case ast.MatchAs(pattern=ast.pattern() as inner):
            return _matches_entry(inner, there)
        case ast.MatchOr(patterns=parts):
            return any(_matches_entry(part, there) for part in parts)
    return isinstance(pattern, ast.MatchAs)
