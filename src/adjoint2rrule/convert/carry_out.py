"""What each operation makes of the libcst node that it is for."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile
from typing import TypeVar, cast

import libcst as cst

from adjoint2rrule.convert.layout import (
    as_call,
    extend_tuple,
    keep_entries,
    spread_entry,
    with_aliases,
    without_aliases,
)
from adjoint2rrule.convert.operations import (
    AddAliases,
    AddReturn,
    AddStatements,
    Append,
    AsAttribute,
    AsCall,
    AsClassPattern,
    AsInstanceTest,
    DropAliases,
    EditFunction,
    ExtendTuple,
    Operation,
    Redirect,
    Replace,
    SpreadTuple,
    Wrap,
)

_Expression = TypeVar("_Expression", bound=cst.BaseExpression)


def carry_out(node: cst.CSTNode, operation: Operation) -> cst.CSTNode:
    """Return `node` as `operation` changes it."""
    function = cast("Callable[[cst.CSTNode, Operation], cst.CSTNode]", _CARRY_OUT[type(operation)])
    return function(node, operation)


def _parenthesized_as(old: cst.BaseExpression, new: _Expression) -> _Expression:
    return new.with_changes(lpar=old.lpar, rpar=old.rpar) if old.lpar else new


def _replace(node: cst.BaseExpression, operation: Replace) -> cst.BaseExpression:
    return _parenthesized_as(node, cst.parse_expression(operation.text))


def _extend_tuple(node: cst.Tuple, operation: ExtendTuple) -> cst.Tuple:
    before = [cst.parse_expression(text) for text in operation.before]
    after = [cst.parse_expression(text) for text in operation.after]
    return extend_tuple(node, before, after)


def _as_call(node: cst.Call | cst.Dict | cst.List | cst.Tuple, operation: AsCall) -> cst.Call:
    call = as_call(node, cst.parse_expression(operation.callee), operation.dropped)
    if operation.star:
        (argument,) = call.args
        call = call.with_changes(args=[argument.with_changes(value=_closed(argument.value), star="*")])
    return call


def _as_attribute(node: cst.Call, operation: AsAttribute) -> cst.BaseExpression:
    value = node.args[0].value
    if operation.parenthesized and not value.lpar:
        value = value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return _parenthesized_as(node, cst.Attribute(value, cst.Name(operation.name)))


def _wrap(node: cst.BaseExpression, operation: Wrap) -> cst.Call:
    if isinstance(node, cst.Dict):
        node = keep_entries(node, operation.dropped)
    callee = cst.parse_expression(operation.callee)
    if operation.delayed:
        return cst.Call(callee, [cst.Arg(cst.Lambda(cst.Parameters(), node))])
    more = list(map(_argument, operation.more))
    if isinstance(node, cst.Name | cst.Attribute | cst.Subscript):
        # A keyword before `(x)` needs no space.
        bare = node.with_changes(lpar=[], rpar=[])
        call = cst.Call(callee, [cst.Arg(bare, star="*" if operation.star else ""), *more])
        return _parenthesized_as(node, call)
    first = cst.Arg(_closed(node), star="*") if operation.star else cst.Arg(node)
    return cst.Call(func=callee, args=[first, *more])


def _argument(text: str) -> cst.Arg:
    """Return the argument of a call that is written `text`."""
    call = cst.parse_expression(f"_({text})")
    assert isinstance(call, cst.Call)
    return call.args[0]


def _closed(node: cst.BaseExpression) -> cst.BaseExpression:
    """Return a generator, or what binds more loosely than a star, in parentheses."""
    if node.lpar or not isinstance(node, cst.GeneratorExp | cst.IfExp | cst.Lambda | cst.NamedExpr):
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _spread_tuple(node: cst.BaseExpression, operation: SpreadTuple) -> cst.Tuple:
    if operation.opened:
        assert isinstance(node, cst.Call)
        node = node.args[0].value
    before = [cst.Element(cst.parse_expression(text)) for text in operation.before]
    after = [_element(text) for text in operation.after]
    return cst.Tuple([*before, cst.StarredElement(_closed(node)), *after])


def _element(text: str) -> cst.BaseElement:
    """Return the entry of a tuple that is written `text`."""
    display = cst.parse_expression(f"({text},)")
    assert isinstance(display, cst.Tuple)
    return display.elements[0].with_changes(comma=cst.MaybeSentinel.DEFAULT)


def _redirect(node: cst.Call, operation: Redirect) -> cst.BaseExpression:
    first = cst.Arg(cst.parse_expression(operation.first))
    arguments = list(node.args)
    if operation.replaced:
        first = first.with_changes(comma=arguments[0].comma)
        arguments = arguments[1:]
        opening = node.whitespace_before_args
    else:
        opening, after = spread_entry(node.whitespace_before_args)
        if arguments:
            first = first.with_changes(comma=cst.Comma(whitespace_after=after))
    call = node.with_changes(
        func=cst.parse_expression(operation.callee),
        args=[first, *arguments],
        whitespace_before_args=opening,
    )
    return _followed_by(call, operation.then)


def _append(node: cst.BaseExpression, operation: Append) -> cst.BaseExpression:
    return _followed_by(node, operation.text)


def _followed_by(node: cst.BaseExpression, text: str) -> cst.BaseExpression:
    """Return `node` with `text`, indices and calls, behind it."""
    if not text:
        return node
    whole = cst.parse_expression(f"_{text}")
    bare = node.with_changes(lpar=[], rpar=[])
    return _parenthesized_as(node, _with_front(whole, bare))


def _with_front(whole: cst.BaseExpression, front: cst.BaseExpression) -> cst.BaseExpression:
    """Return calls and indices with `front` in place of the name that they start with."""
    if isinstance(whole, cst.Call):
        return whole.with_changes(func=_with_front(whole.func, front))
    if isinstance(whole, cst.Subscript):
        return whole.with_changes(value=_with_front(whole.value, front))
    return front


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
    for text in reversed(operation.parameters):
        node = _with_first(node, text)
    return node


def _with_first(node: cst.FunctionDef, text: str) -> cst.FunctionDef:
    """Return `node` with one more parameter in front, on a line of its own where the others have one."""
    parameters = node.params
    others = (
        parameters.posonly_params
        or parameters.params
        or parameters.kwonly_params
        or isinstance(parameters.star_arg, cst.Param | cst.ParamStar)
        or parameters.star_kwarg
    )
    if not others:
        return _with_only(node, _parameter(text))
    before, after = spread_entry(node.whitespace_before_params)
    first = _parameter(text).with_changes(comma=cst.Comma(whitespace_after=after))
    node = node.with_changes(whitespace_before_params=before)
    kind = "posonly_params" if parameters.posonly_params else "params"
    known = parameters.posonly_params or parameters.params
    return node.with_changes(params=parameters.with_changes(**{kind: [first, *known]}))


def _with_only(node: cst.FunctionDef, only: cst.Param) -> cst.FunctionDef:
    """Return a function that had no parameters with one, on a line of its own if there are comments."""
    space: cst.BaseParenthesizableWhitespace = node.whitespace_before_params
    if isinstance(space, cst.ParenthesizedWhitespace):
        if space.first_line.comment is None and not any(line.comment for line in space.empty_lines):
            space = cst.SimpleWhitespace("")
        else:
            end = cst.ParenthesizedWhitespace(indent=space.indent, last_line=space.last_line)
            only = only.with_changes(whitespace_after_param=end)
            space = space.with_changes(last_line=cst.SimpleWhitespace(f"{space.last_line.value}    "))
    return node.with_changes(whitespace_before_params=space, params=node.params.with_changes(params=[only]))


def _parameter(text: str) -> cst.Param:
    """Return the parameter that is written `text`."""
    function = cst.parse_statement(f"def _({text}): pass")
    assert isinstance(function, cst.FunctionDef)
    return function.params.params[0]


def _add_return(node: cst.FunctionDef, operation: AddReturn) -> cst.FunctionDef:
    """Return the function with a last statement, on a line of its own."""
    line = _statement(f"return {operation.text}")
    if isinstance(node.body, cst.SimpleStatementSuite):
        return node.with_changes(body=node.body.with_changes(body=[*node.body.body, line.body[0]]))
    return node.with_changes(body=node.body.with_changes(body=[*node.body.body, line]))


def _add_statements(node: cst.FunctionDef, operation: AddStatements) -> cst.FunctionDef:
    """Return the function with more statements, under the blank lines that stood above the next one."""
    added = [_statement(text) for text in operation.texts]
    if isinstance(node.body, cst.SimpleStatementSuite):
        small = [line.body[0] for line in added]
        known = node.body.body
        whole = [*known[: operation.behind], *small, *known[operation.behind :]]
        return node.with_changes(body=node.body.with_changes(body=whole))
    body = list(node.body.body)
    following = body[operation.behind]
    assert isinstance(following, cst.SimpleStatementLine | cst.BaseCompoundStatement)
    blank = list(takewhile(lambda line: line.comment is None, following.leading_lines))
    # A definition keeps a distance to the statement above it.
    gap = [cst.EmptyLine(indent=False)] if isinstance(following, cst.FunctionDef | cst.ClassDef) else []
    added[0] = added[0].with_changes(leading_lines=blank)
    body[operation.behind] = following.with_changes(
        leading_lines=[*gap, *following.leading_lines[len(blank) :]]
    )
    body[operation.behind : operation.behind] = added
    return node.with_changes(body=node.body.with_changes(body=body))


def _statement(text: str) -> cst.SimpleStatementLine:
    line = cst.parse_statement(text)
    assert isinstance(line, cst.SimpleStatementLine)
    return line


def _drop_aliases(node: cst.Import | cst.ImportFrom, operation: DropAliases) -> cst.Import | cst.ImportFrom:
    return without_aliases(node, operation.dropped)


def _add_aliases(node: cst.ImportFrom, operation: AddAliases) -> cst.ImportFrom:
    return node.with_changes(names=with_aliases(node, operation.names))


_CARRY_OUT = {
    AddAliases: _add_aliases,
    AddReturn: _add_return,
    AddStatements: _add_statements,
    Append: _append,
    AsAttribute: _as_attribute,
    AsCall: _as_call,
    AsClassPattern: _as_class_pattern,
    AsInstanceTest: _as_instance_test,
    DropAliases: _drop_aliases,
    EditFunction: _edit_function,
    ExtendTuple: _extend_tuple,
    Redirect: _redirect,
    Replace: _replace,
    SpreadTuple: _spread_tuple,
    Wrap: _wrap,
}
