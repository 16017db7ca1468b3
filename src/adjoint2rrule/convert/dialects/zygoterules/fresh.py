"""Which arrays a function has made itself, so that it may change them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from adjoint2rrule.convert.dialects.zygoterules.holding import COPYING, Holding
from adjoint2rrule.convert.dialects.zygoterules.numerical import ALIASING, ALIASING_METHODS, ARRAY_METHODS
from adjoint2rrule.convert.scopes import By, FunctionNode

_Parents = Mapping[ast.AST, ast.AST]


def makes_array(value: ast.expr, holding: Holding) -> bool:
    """Whether `value` is a new array, which shares no memory with a tangent."""
    if not isinstance(value, ast.Call):
        return isinstance(value, ast.BinOp | ast.UnaryOp) and not holding.of(value).is_container
    called = holding.functions.called(value, holding.scopes.get(value, holding.scope))
    if called.name in COPYING:
        return True
    asks_to_share = any(k.arg in {"copy", "out"} for k in value.keywords)
    if called.gives_number(value):
        return not asks_to_share and (called.name or "").partition(".")[2] not in ALIASING
    if not isinstance(value.func, ast.Attribute) or called.name is not None:
        return False
    if holding.of(value.func.value).is_tangent:
        return not asks_to_share and value.func.attr in ARRAY_METHODS - ALIASING_METHODS
    return False


def is_fresh(node: ast.expr, function: FunctionNode, parents: _Parents, holding: Holding) -> bool:
    """Whether the name `node` stands for a new array: bound to one just before, or wherever it is bound."""
    if not isinstance(node, ast.Name):
        return False
    statement: ast.AST = node
    while not isinstance(statement, ast.stmt):
        statement = parents[statement]
    for block in _blocks(parents[statement]):
        for earlier in reversed(block[: block.index(statement)] if statement in block else []):
            if _binds(earlier, node.id):
                return _is_new(earlier, holding)
            if any(isinstance(n, ast.Name) and n.id == node.id for n in _stores(earlier)):
                return False
    return _is_always_new(node, statement, function, holding)


def _is_always_new(node: ast.Name, statement: ast.stmt, function: FunctionNode, holding: Holding) -> bool:
    """Whether every assignment to a name gives it a new array, one of them on every way to `statement`."""
    if not isinstance(function.body, list):
        return False
    bindings = holding.bindings(node.id, holding.scopes.get(node, holding.scope))
    given = [b for b in bindings if b.by not in {By.PARAMETER, By.UPDATE}]
    before = [s for s in function.body if s.lineno < statement.lineno]
    new = all(b.value is not None and b.by is By.VALUE and makes_array(b.value, holding) for b in given)
    return new and any(_binds(earlier, node.id) for earlier in before)


def _binds(statement: ast.stmt, name: str) -> bool:
    match statement:
        case ast.Assign(targets=[ast.Name(id=bound)]):
            return bound == name
        case ast.AnnAssign(target=ast.Name(id=bound), value=ast.expr()):
            return bound == name
    return False


def _is_new(statement: ast.stmt, holding: Holding) -> bool:
    assert isinstance(statement, ast.Assign | ast.AnnAssign)
    return statement.value is not None and makes_array(statement.value, holding)


def _stores(statement: ast.stmt) -> Iterator[ast.AST]:
    return (n for n in ast.walk(statement) if isinstance(getattr(n, "ctx", None), ast.Store))


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield block
