"""Where a converted file registers rules: the decorators and calls of the runtime that do so."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import DefinitionNode, Scope
from adjoint2rrule.convert.syntax import first_line
from adjoint2rrule.convert.units import Unit

RRULE, NON_DIFFERENTIABLE, RULE_CONFIG = "rrule", "non_differentiable", "RuleConfig"


@dataclass(frozen=True, eq=False)
class Registration:
    """One target that a rule is registered for.

    Attributes
    ----------
    target
        What it is for: an expression, or the function that `non_differentiable` decorates.
    types
        The types that `non_differentiable` is restricted to; `None` for a rule with a pullback.
    rule
        The rule, where there is one.
    statement
        What stands for the rule in the file: its definition, or the call.
    scope
        The scope that evaluates the target.
    functions
        The functions around it, from the outermost on.
    """

    target: ast.expr | DefinitionNode
    types: tuple[ast.expr, ...] | None
    rule: DefinitionNode | None
    statement: ast.stmt
    scope: Scope
    functions: tuple[DefinitionNode, ...]

    @property
    def line(self) -> int:
        """The line it starts at, its decorators included."""
        return first_line(self.statement)


class Runtime:
    """Knows the names of the runtime, wherever a project has that from."""

    def __init__(self, project: Project, module: str) -> None:
        self.project = project
        self.module = module
        self._names = {
            name: {symbol.dotted for symbol in project.follow(f"{module}.{name}")}
            for name in (RRULE, NON_DIFFERENTIABLE, RULE_CONFIG)
        }

    def is_named(self, name: str, node: ast.expr, scope: Scope, unit: Unit) -> bool:
        """Whether `node` stands for the runtime's `name`."""
        symbols = self.project.resolve(node, scope, unit)
        if not symbols and isinstance(node, ast.Name) and node.id == name:
            return any(unit.absolute(statement) == self.module for statement in unit.scope.star_imports)
        return any(self.is_dotted(name, symbol.dotted) for symbol in symbols)

    def is_dotted(self, name: str, dotted: str) -> bool:
        """Whether `dotted` is the full name of the runtime's `name`."""
        return dotted in self._names[name]


def registrations(unit: Unit, runtime: Runtime) -> Iterator[Registration]:
    """Yield what a file registers, in its order."""
    for node, scope, functions in unit.evaluated:
        match node:
            case ast.FunctionDef():
                for decorator in node.decorator_list:
                    yield from _by_decorator(decorator, node, scope, functions, unit, runtime)
            case ast.Expr(value=ast.Call(func=func, args=[target, *types])):
                if runtime.is_named(NON_DIFFERENTIABLE, func, scope, unit):
                    yield Registration(target, tuple(types), None, node, scope, functions)


def _by_decorator(
    decorator: ast.expr,
    node: ast.FunctionDef,
    scope: Scope,
    functions: tuple[DefinitionNode, ...],
    unit: Unit,
    runtime: Runtime,
) -> Iterator[Registration]:
    match decorator:
        case ast.Call(func=ast.Attribute(value=rules, attr="register"), args=[target]):
            if runtime.is_named(RRULE, rules, scope, unit):
                yield Registration(target, None, node, node, scope, functions)
        case ast.Name() | ast.Attribute():
            if runtime.is_named(NON_DIFFERENTIABLE, decorator, scope, unit):
                yield Registration(node, (), None, node, scope, functions)
