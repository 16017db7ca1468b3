"""Carries out operations on one top-level statement, and leaves everything else in it as it was.

libcst keeps every token, but only of what it understands: a statement that it does not print back
byte for byte is not touched.  Only statements that change are parsed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar, cast

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, CodeSpan, MetadataWrapper

from adjoint2rrule.convert.layout import (
    as_call,
    extend_tuple,
    keep_entries,
    spread_entry,
    with_aliases,
    without_aliases,
)
from adjoint2rrule.convert.model import Edit, Span
from adjoint2rrule.convert.nesting import is_too_deep
from adjoint2rrule.convert.operations import (
    AddAliases,
    Address,
    AsAttribute,
    AsCall,
    AsClassPattern,
    AsInstanceTest,
    DropAliases,
    EditFunction,
    ExtendTuple,
    Operation,
    Replace,
    ReplaceStatement,
    Wrap,
)
from adjoint2rrule.convert.syntax import LINE_END, Module, is_directive

_Expression = TypeVar("_Expression", bound=cst.BaseExpression)


_TOO_DEEP = "its statement is nested too deeply"


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
    text = original.decode(module.encoding).encode()
    tree = _parse(text)
    wrapper = MetadataWrapper(tree, unsafe_skip_copy=True)
    positions = cast("dict[cst.CSTNode, CodeSpan]", wrapper.resolve(ByteSpanPositionProvider))
    starts = _line_starts(text, module.location(span.start)[0])
    by_place = {_place(operation.at, starts): _as_typed(operation, module) for operation in operations}
    found = {
        node: by_place[place]
        for node, position in positions.items()
        if (place := _place_of(node, position, positions)) in by_place
    }
    if len(found) != len(by_place):
        raise UnfaithfulParseError("libcst reads its statement otherwise than Python does")
    result = tree.visit(_Rewriter(found)).code
    return _trimmed(span, original, result.encode(module.encoding))


def _as_typed(operation: Operation, module: Module) -> Operation:
    """Return `operation` with its names spelled as the file spells them."""
    if isinstance(operation, Replace):
        return replace(operation, text=module.as_typed(operation.text))
    if isinstance(operation, AsCall | Wrap):
        return replace(operation, callee=module.as_typed(operation.callee))
    if isinstance(operation, AsInstanceTest | AsClassPattern):
        return replace(operation, name=module.as_typed(operation.name))
    if isinstance(operation, ReplaceStatement):
        return replace(operation, texts=tuple(map(module.as_typed, operation.texts)))
    if isinstance(operation, EditFunction):
        name, first = (text and module.as_typed(text) for text in (operation.name, operation.first_parameter))
        return replace(operation, name=name, first_parameter=first)
    return operation


def _parse(text: bytes) -> cst.Module:
    if is_too_deep(text.decode()):
        raise UnfaithfulParseError(_TOO_DEEP)
    try:
        tree = cst.parse_module(text, cst.PartialParserConfig(encoding="utf-8"))
    except cst.ParserSyntaxError as err:
        raise UnfaithfulParseError("libcst cannot parse its statement") from err
    if tree.bytes != text:
        raise UnfaithfulParseError("libcst does not print the statement back as it is written")
    return tree


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

    def __init__(self, operations: dict[cst.CSTNode, Operation]) -> None:
        self.operations = operations

    def on_leave(
        self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT
    ) -> cst.CSTNodeT | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNodeT]:
        operation = self.operations.get(original_node)
        if isinstance(updated_node, cst.SimpleStatementLine | cst.SimpleStatementSuite):
            return cast("cst.CSTNodeT", self._with_statements(original_node, updated_node))
        if operation is None or isinstance(operation, ReplaceStatement):
            return updated_node
        carry_out = cast("Callable[[cst.CSTNode, Operation], cst.CSTNode]", _CARRY_OUT[type(operation)])
        return cast("cst.CSTNodeT", carry_out(updated_node, operation))

    def _with_statements(
        self, original: cst.CSTNode, updated: cst.SimpleStatementLine | cst.SimpleStatementSuite
    ) -> cst.CSTNode | cst.FlattenSentinel[cst.CSTNode]:
        """Return the line with its statements replaced: more lines where it held that one alone."""
        assert isinstance(original, cst.SimpleStatementLine | cst.SimpleStatementSuite)
        texts = [
            operation.texts if isinstance(operation := self.operations.get(s), ReplaceStatement) else None
            for s in original.body
        ]
        if all(text is None for text in texts):
            return updated
        if len(texts) == 1 and texts[0] and isinstance(updated, cst.SimpleStatementLine):
            return cst.FlattenSentinel(_lines(updated, texts[0]))
        body: list[cst.BaseSmallStatement] = []
        for statement, replacement in zip(updated.body, texts, strict=True):
            if replacement is None:
                body.append(statement)
                continue
            new = [_statement(text).with_changes(semicolon=_SEMICOLON) for text in replacement]
            new[-1:] = [last.with_changes(semicolon=statement.semicolon) for last in new[-1:]]
            body += new
        if not body:
            return updated.with_changes(body=[cst.Pass()])
        body[-1] = body[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
        return updated.with_changes(body=body)


def _lines(old: cst.SimpleStatementLine, texts: tuple[str, ...]) -> list[cst.SimpleStatementLine]:
    """Return a line for each of `texts`, with its own comments, or else those of `old` on the first."""
    new = [_line(text) for text in texts]
    if any(line.leading_lines or line.trailing_whitespace.comment for line in new):
        new[0] = new[0].with_changes(leading_lines=[*old.leading_lines, *new[0].leading_lines])
        return [_ending_as(old, line) for line in new]
    first, *others = (old.with_changes(body=line.body) for line in new)
    return [first, *(_without_comment(line.with_changes(leading_lines=[])) for line in others)]


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


_SEMICOLON = cst.Semicolon(whitespace_after=cst.SimpleWhitespace(" "))


def _statement(text: str) -> cst.BaseSmallStatement:
    return _line(text).body[0]


def _line(text: str) -> cst.SimpleStatementLine:
    line = cst.parse_statement(text)
    assert isinstance(line, cst.SimpleStatementLine)
    return line


def _parenthesized_as(old: cst.BaseExpression, new: _Expression) -> _Expression:
    return new.with_changes(lpar=old.lpar, rpar=old.rpar) if old.lpar else new


def _replace(node: cst.BaseExpression, operation: Replace) -> cst.BaseExpression:
    return _parenthesized_as(node, cst.parse_expression(operation.text))


def _extend_tuple(node: cst.Tuple, operation: ExtendTuple) -> cst.Tuple:
    before = [cst.parse_expression(text) for text in operation.before]
    after = [cst.parse_expression(text) for text in operation.after]
    return extend_tuple(node, before, after)


def _as_call(node: cst.Call | cst.Dict | cst.List | cst.Tuple, operation: AsCall) -> cst.Call:
    return as_call(node, cst.parse_expression(operation.callee), operation.dropped)


def _as_attribute(node: cst.Call, operation: AsAttribute) -> cst.BaseExpression:
    value = node.args[0].value
    if operation.parenthesized and not value.lpar:
        value = value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return _parenthesized_as(node, cst.Attribute(value, cst.Name(operation.name)))


def _wrap(node: cst.BaseExpression, operation: Wrap) -> cst.Call:
    if isinstance(node, cst.Dict):
        node = keep_entries(node, operation.dropped)
    callee = cst.parse_expression(operation.callee)
    if isinstance(node, cst.Name | cst.Attribute | cst.Subscript):
        # A keyword before `(x)` needs no space.
        call = cst.Call(func=callee, args=[cst.Arg(node.with_changes(lpar=[], rpar=[]))])
        return _parenthesized_as(node, call)
    return cst.Call(func=callee, args=[cst.Arg(node)])


def _as_instance_test(node: cst.Comparison, operation: AsInstanceTest) -> cst.BaseExpression:
    (target,) = node.comparisons
    operator = target.operator
    assert isinstance(operator, cst.Is | cst.IsNot | cst.Equal | cst.NotEqual)
    between = operator.whitespace_between if isinstance(operator, cst.IsNot) else _NO_SPACE
    tested = node.left if operation.is_left else target.comparator
    around: cst.BaseExpression = node
    if operation.is_left and tested.lpar and not node.lpar and not isinstance(tested, cst.NamedExpr):
        # The keyword before `(x)is None` needs no space.
        around, tested = tested, tested.with_changes(lpar=[], rpar=[])
    # What stands around the operator may hold comments, and there are as many places around a comma.
    comma = cst.Comma(
        _kept(operator.whitespace_before, _NO_SPACE),
        _kept(between, cst.SimpleWhitespace(" ")),
    )
    named = cst.Arg(
        cst.Name(operation.name), whitespace_after_arg=_kept(operator.whitespace_after, _NO_SPACE)
    )
    call = cst.Call(cst.Name("isinstance"), [cst.Arg(tested, comma=comma), named])
    result = cst.UnaryOperation(cst.Not(), call) if operation.negated else call
    return _parenthesized_as(around, result)


def _kept(
    space: cst.BaseParenthesizableWhitespace, otherwise: cst.SimpleWhitespace
) -> cst.BaseParenthesizableWhitespace:
    """Return `space` if it spreads over lines."""
    return space if isinstance(space, cst.ParenthesizedWhitespace) else otherwise


_NO_SPACE = cst.SimpleWhitespace("")


def _as_class_pattern(node: cst.MatchSingleton, operation: AsClassPattern) -> cst.MatchClass:
    return cst.MatchClass(cst.Name(operation.name), lpar=node.value.lpar, rpar=node.value.rpar)


def _edit_function(node: cst.FunctionDef, operation: EditFunction) -> cst.FunctionDef:
    if operation.name is not None:
        node = node.with_changes(name=node.name.with_changes(value=operation.name))
    if operation.first_parameter is not None:
        node = _with_first(node, operation.first_parameter)
    return node


def _with_first(node: cst.FunctionDef, text: str) -> cst.FunctionDef:
    """Return `node` with one more parameter in front, on a line of its own where the others have one."""
    parameters = node.params
    before, after = spread_entry(node.whitespace_before_params)
    first = cst.Param(cst.Name(text), comma=cst.Comma(whitespace_after=after))
    node = node.with_changes(whitespace_before_params=before)
    others = (
        parameters.posonly_params
        or parameters.params
        or parameters.kwonly_params
        or isinstance(parameters.star_arg, cst.Param | cst.ParamStar)
        or parameters.star_kwarg
    )
    if not others:
        first = first.with_changes(comma=cst.MaybeSentinel.DEFAULT)
    kind = "posonly_params" if parameters.posonly_params else "params"
    known = parameters.posonly_params or parameters.params
    return node.with_changes(params=parameters.with_changes(**{kind: [first, *known]}))


def _drop_aliases(node: cst.Import | cst.ImportFrom, operation: DropAliases) -> cst.Import | cst.ImportFrom:
    return without_aliases(node, operation.dropped)


def _add_aliases(node: cst.ImportFrom, operation: AddAliases) -> cst.ImportFrom:
    return node.with_changes(names=with_aliases(node, operation.names))


_CARRY_OUT = {
    DropAliases: _drop_aliases,
    AddAliases: _add_aliases,
    Replace: _replace,
    ExtendTuple: _extend_tuple,
    AsAttribute: _as_attribute,
    AsCall: _as_call,
    AsClassPattern: _as_class_pattern,
    AsInstanceTest: _as_instance_test,
    Wrap: _wrap,
    EditFunction: _edit_function,
}
