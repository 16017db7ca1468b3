"""Whether a statement is one that libcst can be asked to parse, told from Python's own tree of it.

libcst's parser is compiled, and watches neither its stack nor its time: some thousand operands of one
``and``, which Python keeps as a list and libcst as so many nodes inside each other, end the process, and each
bracket around a pattern of ``match`` makes it take several times as long.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from itertools import accumulate

_MAX_DEPTH = 250  # nodes inside each other: of about 300, libcst's visitors exhaust Python's own stack
_MAX_BRACKETS = 7  # around a pattern: each that is a dict's makes parsing take four times as long


def is_too_deep(code: str) -> bool:
    """Whether `code`, whole statements that Python can parse, is too deep for libcst.

    Examples
    --------
    >>> is_too_deep(" + ".join(["x"] * 100)), is_too_deep(" and ".join(["x"] * 500))
    (False, True)
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(code)
    return any(depth > _MAX_DEPTH for depth in _depths(tree)) or _has_deep_pattern(tree, code)


def _depths(tree: ast.AST) -> Iterator[int]:
    """Yield for each node how many are around it, and of those that libcst nests where Python does not."""
    pending: list[tuple[ast.AST, int]] = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        depth += _more(node)
        yield depth
        pending.extend((child, depth + 1) for child in ast.iter_child_nodes(node))


def _more(node: ast.AST) -> int:
    """Return how many nodes libcst puts inside each other for `node`, besides one."""
    match node:
        case ast.BoolOp(values=parts):
            return len(parts) - 1
        case ast.ListComp(generators=parts) | ast.SetComp(generators=parts) | ast.DictComp(generators=parts):
            return len(parts)
        case ast.GeneratorExp(generators=parts):
            return len(parts)
        case ast.alias(name=name) | ast.ImportFrom(module=str() as name):
            return name.count(".")
    return 0


def _has_deep_pattern(tree: ast.AST, code: str) -> bool:
    """Whether a pattern stands in too many brackets, those included that only group and leave no trace."""
    matches = [node for node in ast.walk(tree) if isinstance(node, ast.Match)]
    lines = code.encode().splitlines(keepends=True) if matches else []
    starts = [0, *accumulate(map(len, lines))]
    text = b"".join(lines)
    return any(
        _brackets(text[start:end]) > _MAX_BRACKETS for m in matches for start, end in _heads(m, starts)
    )


def _heads(match: ast.Match, starts: list[int]) -> Iterator[tuple[int, int]]:
    """Yield where each pattern of `match` is, from the end of what stands before it."""
    before: list[ast.expr | ast.stmt] = [match.subject, *(case.body[-1] for case in match.cases[:-1])]
    for earlier, case in zip(before, match.cases, strict=True):
        yield _end(earlier, starts), _end(case.pattern, starts)


def _end(node: ast.expr | ast.stmt | ast.pattern, starts: list[int]) -> int:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return starts[node.end_lineno - 1] + node.end_col_offset


def _brackets(text: bytes) -> int:
    """Return how many brackets are open at most; one in a string or comment counts, which does no harm."""
    opened = most = 0
    for bracket in re.findall(rb"[][(){}]", text):
        opened = opened + 1 if bracket in b"([{" else max(opened - 1, 0)
        most = max(most, opened)
    return most
