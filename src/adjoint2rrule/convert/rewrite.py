"""Carries out operations on one top-level statement, and leaves everything else in it as it was.

libcst keeps every token, but only of what it understands: a statement that it does not print back
byte for byte is not touched.  Only statements that change are parsed.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import fields, replace
from itertools import dropwhile
from typing import cast

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, CodeSpan, MetadataWrapper

from adjoint2rrule.convert.alignment import align, mark
from adjoint2rrule.convert.carry_out import carry_out
from adjoint2rrule.convert.model import Edit, Span
from adjoint2rrule.convert.nesting import is_too_deep
from adjoint2rrule.convert.operations import Address, Operation, ReplaceStatement, SplitReturn
from adjoint2rrule.convert.syntax import LINE_END, Module, is_directive

_TOO_DEEP = "its statement is nested too deeply"
_OLD_LINE_END = "\r"  # libcst knows it, but at the end of a module


class UnfaithfulParseError(Exception):
    """libcst cannot parse a statement, or does not print it back as it stands."""


def rewrite(module: Module, statement: ast.stmt, operations: Sequence[Operation]) -> Edit:
    """Return the edit that carries out `operations`, all of them on the lines of `statement`.

    Raises `UnfaithfulParseError` where libcst cannot be trusted with the statement.
    """
    try:
        return _rewrite(module, statement, operations)
    except RecursionError as err:
        raise UnfaithfulParseError(_TOO_DEEP) from err
    except cst.CSTValidationError as err:
        raise UnfaithfulParseError("libcst cannot write what becomes of its statement") from err


def _rewrite(module: Module, statement: ast.stmt, operations: Sequence[Operation]) -> Edit:
    span = module.lines_of(statement)
    original = module.source.content[span.start : span.end]
    # Addresses count UTF-8 bytes, whatever the file is written in.
    text = original.decode(module.encoding)
    tree = _parse(text)
    wrapper = MetadataWrapper(tree, unsafe_skip_copy=True)
    positions = cast("dict[cst.CSTNode, CodeSpan]", wrapper.resolve(ByteSpanPositionProvider))
    starts = _line_starts(text.encode(), module.location(span.start)[0])
    by_place: dict[_Place, list[Operation]] = {}
    for operation in operations:
        by_place.setdefault(_place(operation.at, starts), []).append(_as_typed(operation, module))
    found = {
        node: by_place[place]
        for node, position in positions.items()
        if (place := _place_of(node, position, positions)) in by_place
    }
    if len(found) != len(by_place):
        raise UnfaithfulParseError("libcst reads its statement otherwise than Python does")
    result = _printed(tree.visit(_Rewriter(found)), text)
    return _trimmed(span, original, result.encode(module.encoding))


def _as_typed(operation: Operation, module: Module) -> Operation:
    """Return `operation` with its names spelled as the file spells them."""
    values = {f.name: getattr(operation, f.name) for f in fields(operation)}
    typed: dict[str, str | tuple[str, ...]] = {}
    for name, value in values.items():
        if isinstance(value, str):
            typed[name] = module.as_typed(value)
        elif isinstance(value, tuple):
            typed[name] = tuple(map(module.as_typed, value))
    return replace(operation, **typed)  # type: ignore[arg-type]  # each field keeps its type


def _parse(text: str) -> cst.Module:
    if is_too_deep(text):
        raise UnfaithfulParseError(_TOO_DEEP)
    code = mark(text).removesuffix(_OLD_LINE_END).encode()
    try:
        tree = cst.parse_module(code, cst.PartialParserConfig(encoding="utf-8"))
    except cst.ParserSyntaxError as err:
        raise UnfaithfulParseError("libcst cannot parse its statement") from err
    if text.endswith(_OLD_LINE_END) and not LINE_END.search(code):
        tree = tree.with_changes(default_newline=_OLD_LINE_END)
    if _printed(tree, text) != text:
        raise UnfaithfulParseError("libcst does not print the statement back as it is written")
    return tree


def _printed(tree: cst.Module, text: str) -> str:
    """Return the code of `tree`, parsed from `text`, with what libcst does not keep of that."""
    end = _OLD_LINE_END if text.endswith(_OLD_LINE_END) else ""
    return align(tree.code, text) + end


def _trimmed(span: Span, before: bytes, after: bytes) -> Edit:
    """Return the edit from `before` to `after` without the lines that they begin and end with alike."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    start = span.start + sum(map(len, old[:head]))
    end = span.end - sum(map(len, old[len(old) - tail :]))
    return Edit(Span(start, end), b"".join(new[head : len(new) - tail]))


# -- addresses -----------------------------------------------------------------------------

_Place = tuple[str, int, int | None]


def _line_starts(text: bytes, first: int) -> dict[int, int]:
    starts = [0, *(end.end() for end in LINE_END.finditer(text))]
    return dict(enumerate(starts, first))


def _place(at: Address, starts: dict[int, int]) -> _Place:
    def offset(line_column: tuple[int, int]) -> int:
        line, column = line_column
        return starts[line] + column

    return at.kind, offset(at.start), offset(at.end) if at.end else None


def _place_of(node: cst.CSTNode, position: CodeSpan, positions: dict[cst.CSTNode, CodeSpan]) -> _Place | None:
    kind = type(node).__name__
    if isinstance(node, cst.Tuple) and node.elements:
        first = node.elements[0].value
        inner = _place_of(first, positions[first], positions)
        if inner is None:
            return None
        return (f"Tuple {inner[0]}" if isinstance(first, cst.Tuple) else "Tuple", inner[1], None)
    if isinstance(node, cst.MatchSingleton):
        # The parentheses are the name's own, and belong to no pattern in Python's tree.
        position = positions[node.value]
        return kind, position.start, position.start + position.length
    if isinstance(node, cst.BaseSmallStatement | cst.FunctionDef) or kind == "Tuple":
        return kind, position.start, None
    if isinstance(node, cst.BaseExpression):
        return kind, position.start, position.start + position.length
    return None


# -- carrying out --------------------------------------------------------------------------


class _Rewriter(cst.CSTTransformer):
    """Carries out each operation where its node is left; it decides nothing."""

    def __init__(self, operations: dict[cst.CSTNode, list[Operation]]) -> None:
        self.operations = operations
        self.alone: set[cst.CSTNode] = set()
        self.removed: set[cst.CSTNode] = set()

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.IndentedBlock) and len(node.body) == 1:
            self.alone.update(node.body)
        return True

    def on_leave(
        self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT
    ) -> cst.CSTNodeT | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNodeT]:
        if isinstance(updated_node, cst.SimpleStatementLine | cst.SimpleStatementSuite):
            return cast("cst.CSTNodeT", self._with_statements(original_node, updated_node))
        result: cst.CSTNode = updated_node
        if isinstance(original_node, cst.IndentedBlock) and original_node.body[0] in self.removed:
            assert isinstance(updated_node, cst.IndentedBlock)
            result = _closed_up(updated_node)
        for operation in self.operations.get(original_node, ()):
            if not isinstance(operation, ReplaceStatement | SplitReturn):
                result = carry_out(result, operation)
        return cast("cst.CSTNodeT", result)

    def _with_statements(
        self, original: cst.CSTNode, updated: cst.SimpleStatementLine | cst.SimpleStatementSuite
    ) -> cst.CSTNode | cst.FlattenSentinel[cst.CSTNode] | cst.RemovalSentinel:
        """Return the line with its statements replaced: more lines where it held that one alone."""
        assert isinstance(original, cst.SimpleStatementLine | cst.SimpleStatementSuite)
        pairs = zip(original.body, updated.body, strict=True)
        replacements = [self._replacement(old, new) for old, new in pairs]
        if all(lines is None for lines in replacements):
            return updated
        if len(replacements) == 1 and replacements[0] and isinstance(updated, cst.SimpleStatementLine):
            return cst.FlattenSentinel(_lines(updated, replacements[0]))
        splits = isinstance(original.body[-1], cst.Return) and replacements[-1] is not None
        if splits and isinstance(updated, cst.SimpleStatementSuite):
            return _block(updated, replacements)
        body: list[cst.BaseSmallStatement] = []
        for statement, lines in zip(updated.body, replacements, strict=True):
            if lines is None:
                body.append(statement)
                continue
            new = [line.body[0].with_changes(semicolon=_SEMICOLON) for line in lines]
            new[-1:] = [last.with_changes(semicolon=statement.semicolon) for last in new[-1:]]
            body += new
        if not body and original not in self.alone and not _has_comments(updated):
            self.removed.add(original)
            return cst.RemoveFromParent()
        if not body:
            return updated.with_changes(body=[cst.Pass()])
        body[-1] = body[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
        return updated.with_changes(body=body)

    def _replacement(
        self, original: cst.BaseSmallStatement, updated: cst.BaseSmallStatement
    ) -> list[cst.SimpleStatementLine] | None:
        """Return what comes in place of a statement, `None` where it stays."""
        for operation in self.operations.get(original, ()):
            if isinstance(operation, ReplaceStatement):
                return [_line(text) for text in operation.texts]
            if isinstance(operation, SplitReturn):
                assert isinstance(updated, cst.Return)
                assert updated.value is not None
                return [_binding(operation.target, updated.value), _line(operation.then)]
        return None


def _lines(old: cst.SimpleStatementLine, new: list[cst.SimpleStatementLine]) -> list[cst.SimpleStatementLine]:
    """Return the lines `new`, with their own comments, or else those of `old` on the first."""
    if any(line.leading_lines or line.trailing_whitespace.comment for line in new):
        new[0] = new[0].with_changes(leading_lines=[*old.leading_lines, *new[0].leading_lines])
        return [_ending_as(old, line) for line in new]
    first, *others = (old.with_changes(body=line.body) for line in new)
    return [first, *(_without_comment(line.with_changes(leading_lines=[])) for line in others)]


def _block(
    suite: cst.SimpleStatementSuite, replacements: list[list[cst.SimpleStatementLine] | None]
) -> cst.IndentedBlock:
    """Return the statements of a suite behind a colon, replaced, on lines of their own."""
    lines: list[cst.SimpleStatementLine] = []
    for statement, new in zip(suite.body, replacements, strict=True):
        alone = statement.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
        old = cst.SimpleStatementLine([alone])
        if statement is suite.body[-1]:
            old = old.with_changes(trailing_whitespace=suite.trailing_whitespace)
        lines += [old] if new is None else _lines(old, new)
    return cst.IndentedBlock(lines)


def _closed_up(block: cst.IndentedBlock) -> cst.IndentedBlock:
    """Return a block whose first line was taken away, without the blank lines that stood below that."""
    first, *others = block.body
    assert isinstance(first, cst.SimpleStatementLine | cst.BaseCompoundStatement)
    kept = list(dropwhile(lambda line: line.comment is None, first.leading_lines))
    return block.with_changes(body=[first.with_changes(leading_lines=kept), *others])


def _has_comments(line: cst.SimpleStatementLine | cst.SimpleStatementSuite) -> bool:
    """Whether a line has comments with it, or is none of its own."""
    if isinstance(line, cst.SimpleStatementSuite):
        return True
    return line.trailing_whitespace.comment is not None or any(e.comment for e in line.leading_lines)


def _ending_as(old: cst.SimpleStatementLine, line: cst.SimpleStatementLine) -> cst.SimpleStatementLine:
    """Return `line` with the line end of `old`."""
    space = line.trailing_whitespace.with_changes(newline=old.trailing_whitespace.newline)
    return line.with_changes(trailing_whitespace=space)


def _without_comment(line: cst.SimpleStatementLine) -> cst.SimpleStatementLine:
    """Return `line` without a comment for people, which is not to be said twice."""
    comment = line.trailing_whitespace.comment
    if comment is None or is_directive(comment.value):
        return line
    space = line.trailing_whitespace.with_changes(comment=None, whitespace=cst.SimpleWhitespace(""))
    return line.with_changes(trailing_whitespace=space)


def _binding(target: str, value: cst.BaseExpression) -> cst.SimpleStatementLine:
    """Return what binds `value` to `target`: all of a pair, or its first entry to a name alone."""
    bound = cst.parse_expression(target)
    assert isinstance(bound, cst.Tuple | cst.Name)
    if isinstance(bound, cst.Name):
        assert isinstance(value, cst.Tuple)
        value = value.elements[0].value
    return cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(bound)], value)])


_SEMICOLON = cst.Semicolon(whitespace_after=cst.SimpleWhitespace(" "))


def _line(text: str) -> cst.SimpleStatementLine:
    line = cst.parse_statement(text)
    assert isinstance(line, cst.SimpleStatementLine)
    return line
