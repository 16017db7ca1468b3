"""``@nograd`` becomes ``@non_differentiable``, and ``nograd(f, g)`` one ``non_differentiable`` a function."""

from __future__ import annotations

import ast

from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.dialects.zygoterules.targets import Targets
from adjoint2rrule.convert.model import Diagnostic
from adjoint2rrule.convert.operations import Operation, Replace, ReplaceStatement, address
from adjoint2rrule.convert.runtime import RuntimeNames
from adjoint2rrule.convert.scopes import DefinitionNode, Scope
from adjoint2rrule.convert.units import Unit

_WRAPPERS = frozenset({"classmethod", "property", "staticmethod", "cached_property"})


def decorator_problem(node: DefinitionNode | ast.ClassDef, positions: list[int]) -> Problem | None:
    """Return why ``@nograd`` on `node` is refused, if it is."""
    if isinstance(node, ast.ClassDef):
        hint = "Mark the constructor: `non_differentiable(type[MyClass])`."
        return Problem("unsupported-use", node, "`@nograd` stands on a class", hint)
    for i, decorator in enumerate(node.decorator_list):
        if i in positions and isinstance(decorator, ast.Call):
            return Problem("unsupported-use", decorator, "`@nograd` is called", "Write `@nograd` alone.")
        below = any(position < i for position in positions)
        if below and ast.unparse(decorator).rpartition(".")[2] in _WRAPPERS:
            message = f"`@nograd` stands above `@{ast.unparse(decorator)}`, whose result is no function"
            return Problem("other-decorator", decorator, message, "Put `@nograd` below it.")
    return None


def statement_operations(
    statement: ast.Expr, scope: Scope, targets: Targets, unit: Unit, runtime: RuntimeNames
) -> tuple[tuple[Operation, ...], tuple[Diagnostic, ...]] | Problem:
    """Return what becomes of ``nograd(f, g)``, and the notes on it, or why it is refused."""
    call = statement.value
    assert isinstance(call, ast.Call)
    starred = any(isinstance(a, ast.Starred) for a in call.args)
    if not call.args or call.keywords or starred:
        hint = "Name the functions one by one: `nograd(f, g)`."
        return Problem("unsupported-use", statement, "which functions `nograd` is for cannot be told", hint)
    found = []
    for argument in call.args:
        target = targets.of_explicit(argument, scope)
        if isinstance(target, Problem):
            return target
        found.append(target)
    notes = tuple(note for target in found for note in target.notes)
    name = runtime.use("non_differentiable")
    if len(found) == 1:
        operations: list[Operation] = [Replace(address(call.func), name)]
        if found[0].text != ast.unparse(call.args[0]):
            operations.append(Replace(address(call.args[0]), found[0].text))
        return tuple(operations), notes
    if unit.module.has_comment(unit.module.span(call)):
        hint = "Move the comments out of the call, or write one `nograd` a function."
        return Problem("comment-in-the-way", statement, "there are comments between its arguments", hint)
    texts = tuple(f"{name}({target.text})" for target in found)
    return (ReplaceStatement(address(statement), texts),), notes
