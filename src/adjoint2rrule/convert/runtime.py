"""The names of the runtime that a file's new code uses, under aliases where the file has taken them."""

from __future__ import annotations

import ast
from collections.abc import Set
from copy import copy

from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import names_bound_by
from adjoint2rrule.convert.units import Unit


class RuntimeNames:
    """Knows how to write the runtime's names in one file, and which of them were written.

    Parameters
    ----------
    unit, project
        The file, and the project around it.
    module
        The module that the names come from.
    freed
        Names that the file will not bind any more.
    """

    def __init__(self, unit: Unit, project: Project, module: str, freed: Set[str] = frozenset()) -> None:
        self.unit = unit
        self.project = project
        self.module = module
        self.used: set[str] = set()
        self._taken = _bound_anywhere(unit, module) - freed

    def fresh(self) -> RuntimeNames:
        """Return the same names, none of which has been written yet."""
        other = copy(self)
        other.used = set()
        return other

    def local(self, name: str) -> str:
        """Return what the file calls the runtime's `name`."""
        for binding in self.unit.scope.bindings.get(name, []):
            if self._is_runtime_import(binding.node, binding.statement):
                return name
        alias = name
        while alias in self._taken or self._comes_by_star(alias):
            alias = f"{self.module.rpartition('.')[2]}_{alias}"
        return alias

    def _comes_by_star(self, name: str) -> bool:
        """Whether a star import binds `name`, or may do so since the file reads it and binds it nowhere."""
        sources = [self.unit.absolute(statement) for statement in self.unit.scope.star_imports]
        read = (scope.find(name) is None for _, scope in self.unit.reads.get(name, ()))
        if sources and any(read):
            return True
        return any(
            source != self.module and self.project.exported(source, name) for source in sources if source
        )

    def _is_runtime_import(self, node: ast.AST, statement: ast.stmt | None) -> bool:
        return (
            isinstance(statement, ast.ImportFrom)
            and self.unit.absolute(statement) == self.module
            and isinstance(node, ast.alias)
        )

    def use(self, name: str) -> str:
        """Return how to write `name`, and note that the file needs it."""
        self.used.add(name)
        return self.local(name)

    def written(self, name: str) -> str:
        """Return `name` as an import writes it, with its alias."""
        local = self.local(name)
        return name if local == name else f"{name} as {local}"

    def call(self, name: str) -> str:
        """Return a call of `name` without arguments."""
        return f"{self.use(name)}()"


def _bound_anywhere(unit: Unit, module: str) -> set[str]:
    """Return every name that the file binds in any scope, but for imports from `module`."""
    nodes = (
        node
        for node in ast.walk(unit.module.tree)
        if not (isinstance(node, ast.ImportFrom) and unit.absolute(node) == module)
    )
    return {name for node in nodes for name in names_bound_by(node)}
