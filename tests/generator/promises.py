"""What must hold of every conversion, whatever the module: nothing else changes, nothing is left to do."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher

from adjoint2rrule.convert.model import Conversion, Refused


def assert_comments_survive(conversion: Conversion) -> None:
    """Fail where a comment is lost, or is there more often than before."""
    before, after = (Counter(comments(c)) for c in (conversion.source.content, conversion.result))
    assert before == after, (before - after, after - before)


def comments(content: bytes) -> Iterator[str]:
    """Yield every comment of a module, but for directives beside imports, which go when these do."""
    imports = [n for n in ast.walk(ast.parse(content)) if isinstance(n, ast.Import | ast.ImportFrom)]
    lines = {line for n in imports for line in range(n.lineno, (n.end_lineno or n.lineno) + 1)}
    for token in tokenize.tokenize(io.BytesIO(normalized(content)).readline):
        goes_with_import = DIRECTIVE.match(token.string) and token.start[0] in lines
        if token.type == tokenize.COMMENT and not goes_with_import:
            yield token.string


DIRECTIVE = re.compile(r"#\s*(noqa|type:|fmt:)")


def normalized(content: bytes) -> bytes:
    """Return a module with the line ends that `tokenize` knows."""
    return re.sub(rb"\r\n?", b"\n", content)


def assert_only_definitions_and_imports_change(conversion: Conversion) -> None:
    """Fail where a line changes that belongs to no definition, helper of one, or import."""
    before = conversion.source.content.splitlines(keepends=True)
    after = conversion.result.splitlines(keepends=True)
    free = set(changeable_lines(conversion))
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, start, end, _, _ in matcher.get_opcodes():
        if kind == "insert":
            assert {start, start + 1} & free, start + 1
        elif kind != "equal":
            changed = [n for n in range(start + 1, end + 1) if before[n - 1].strip()]
            assert set(changed) <= free, changed


def changeable_lines(conversion: Conversion) -> Iterator[int]:
    """Yield the lines, from 1, of what is not refused, of helpers, and of imports with what is around."""
    content = conversion.source.content
    for decision in conversion.decisions:
        if not isinstance(decision, Refused):
            span = decision.definition.span
            first = line_of(content, span.start)
            yield from range(first, line_of(content, span.end) + 1)
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Try) or is_helper(node):
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 2)


def line_of(content: bytes, offset: int) -> int:
    """Return the number of the line at an offset."""
    return len(re.findall(rb"\r\n|\r|\n", content[:offset])) + 1


def is_helper(node: ast.AST) -> bool:
    """Return whether a node is a helper that the generator gave to a rule."""
    return isinstance(node, ast.FunctionDef) and node.name.startswith("_") and node.name.endswith("back")


def assert_bytes_around_are_kept(conversion: Conversion) -> None:
    """Fail where the kind of line ends, the mark at the start or the end of the file changes."""
    before, after = conversion.source.content, conversion.result
    assert after.startswith(b"\xef\xbb\xbf") == before.startswith(b"\xef\xbb\xbf")
    assert before.endswith((b"\n", b"\r")) == after.endswith((b"\n", b"\r"))
    assert line_ends(after) <= line_ends(before)


def line_ends(content: bytes) -> set[bytes]:
    """Return the kinds of line ends in a module."""
    return set(re.findall(rb"\r\n|\r|\n", content))
