"""Which cotangents a rule makes by sums, as those of single numbers are made."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from adjoint2rrule.convert.scopes import DefinitionNode
from adjoint2rrule.proof.inputs.knowledge import REDUCTIONS

_MAX_DEPTH = 10


def is_one_number(rule: DefinitionNode, position: int) -> bool:
    """Whether the results of a rule's pullbacks have a sum at `position`.

    Examples
    --------
    >>> rule = ast.parse('''
    ... def rule(f, x, scale):
    ...     return f(x, scale), lambda dy: (NoTangent(), dy * scale, np.sum(dy * x))
    ... ''').body[0]
    >>> is_one_number(rule, 1), is_one_number(rule, 2)
    (False, True)
    """
    named = {
        target.id: n.value
        for n in ast.walk(rule)
        if isinstance(n, ast.Assign)
        for target in n.targets
        if isinstance(target, ast.Name)
    }
    entries = [result.elts[position] for result in _results(rule) if len(result.elts) > position]
    return any(is_reduction(entry, named) for entry in entries)


def _results(rule: DefinitionNode) -> Iterator[ast.Tuple]:
    """Yield the tuples that functions inside of a rule return, if nothing starred is among them."""
    inner = [n for n in ast.walk(rule) if isinstance(n, DefinitionNode | ast.Lambda) and n is not rule]
    returned = [n.body for n in inner if isinstance(n, ast.Lambda)]
    returned += [
        r.value
        for n in inner
        if isinstance(n, DefinitionNode)
        for r in ast.walk(n)
        if isinstance(r, ast.Return) and r.value is not None
    ]
    for value in returned:
        if isinstance(value, ast.Tuple) and not any(isinstance(e, ast.Starred) for e in value.elts):
            yield value


def is_reduction(node: ast.expr, named: Mapping[str, ast.expr] | None = None, depth: int = 0) -> bool:
    """Whether an expression is a sum over all entries, or a product with one; `named` are local variables."""
    if depth > _MAX_DEPTH:
        return False

    def inner(part: ast.expr) -> bool:
        return is_reduction(part, named, depth + 1)

    match node:
        case ast.Name(id=name) if named and name in named:
            return inner(named[name])
        case ast.UnaryOp(operand=operand):
            return inner(operand)
        case ast.IfExp(body=body, orelse=orelse):
            return inner(body) or inner(orelse)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return inner(left) and inner(right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return inner(left) or inner(right)
        case ast.BinOp(left=left, op=ast.Div()):
            return inner(left)
        case ast.Call(func=ast.Attribute(attr=name), args=args, keywords=keywords):
            is_function = isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "np"
            axes = len(args) > 1 and name in {"sum", "mean"} if is_function else bool(args)
            return name in REDUCTIONS and not keywords and not axes
    return False
