"""The names of the runtime that a file's new code uses, under aliases where the file has taken them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Set
from copy import copy
from functools import cached_property

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
    within
        The statements of the module that new code may stand in; `None` for any.

    Attributes
    ----------
    used
        The names that were written, as an import writes them, with their aliases.
    """

    def __init__(
        self,
        unit: Unit,
        project: Project,
        module: str,
        freed: Set[str] = frozenset(),
        within: Iterable[ast.stmt] | None = None,
    ) -> None:
        self.unit = unit
        self.project = project
        self.module = module
        self.used: set[str] = set()
        self._taken = _bound(unit, module, [unit.module.tree] if within is None else within) - freed

    def fresh(self) -> RuntimeNames:
        """Return the same names, none of which has been written yet."""
        other = copy(self)
        other.used = set()
        return other

    def local(self, name: str) -> str:
        """Return what the file calls the runtime's `name`."""
        known = [known for known in self._imported.get(name, []) if known not in self._taken]
        if known:
            return name if name in known else known[0]
        alias = prefixed = f"{self.module.rpartition('.')[2]}_{name}"
        number = 1
        if not self._is_taken(name):
            return name
        while self._is_taken(alias):
            number += 1
            alias = f"{prefixed}_{number}"
        return alias

    @cached_property
    def _imported(self) -> dict[str, list[str]]:
        """What the file calls the names that it imports from the module at its top."""
        found: dict[str, list[str]] = {}
        for statement in self.unit.module.tree.body:
            if isinstance(statement, ast.ImportFrom) and self.unit.absolute(statement) == self.module:
                for alias in statement.names:
                    found.setdefault(alias.name, []).append(alias.asname or alias.name)
        return found

    def _is_taken(self, name: str) -> bool:
        return name in self._taken or self._comes_by_star(name)

    def _comes_by_star(self, name: str) -> bool:
        """Whether a star import binds `name`, or may do so since the file reads it and binds it nowhere."""
        sources = [self.unit.absolute(statement) for statement in self.unit.scope.star_imports]
        read = (scope.find(name) is None for _, scope in self.unit.reads.get(name, ()))
        if sources and any(read):
            return True
        return any(
            source != self.module and self.project.exported(source, name) for source in sources if source
        )

    def use(self, name: str) -> str:
        """Return how to write `name`, and note that the file needs it."""
        self.used.add(self.written(name))
        return self.local(name)

    def written(self, name: str) -> str:
        """Return `name` as an import writes it, with its alias."""
        local = self.local(name)
        return name if local == name else f"{name} as {local}"

    def call(self, name: str) -> str:
        """Return a call of `name` without arguments."""
        return f"{self.use(name)}()"


def _bound(unit: Unit, module: str, within: Iterable[ast.AST]) -> set[str]:
    """Return the names that a file binds at its top or somewhere `within`, but for imports from `module`."""

    def is_import(node: ast.AST | None) -> bool:
        return isinstance(node, ast.ImportFrom) and unit.absolute(node) == module

    bindings = (b for found in unit.scope.bindings.values() for b in found)
    outside = {b.name for b in bindings if not is_import(b.statement)}
    nodes = (node for statement in within for node in ast.walk(statement) if not is_import(node))
    return outside.union(*map(names_bound_by, nodes))
