"""Which functions of a file serve its legacy rules alone: these can be rewritten together with them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property

from adjoint2rrule.convert.dialects.zygoterules.functions import Called
from adjoint2rrule.convert.dialects.zygoterules.names import Use
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.units import Unit


@dataclass
class Helpers:
    """Tells of the functions of a file whom they serve.

    Attributes
    ----------
    unit, project
        The file, and the project around it.
    rules
        The legacy rules of the file.
    callbacks
        The uses of legacy names that call back into the AD from outside of the rules.
    kept
        Functions that must stay as they are, whomever they serve.
    """

    unit: Unit
    project: Project
    rules: Iterable[ast.AST]
    callbacks: Sequence[Use] = ()
    kept: Set[ast.AST] = field(default_factory=frozenset)

    def is_own(self, called: Called) -> bool:
        """Whether a function may be rewritten: legacy rules of its file use it, and nobody else does."""
        function = called.function
        if called.unit is not self.unit or not isinstance(function, ast.FunctionDef) or function in self.kept:
            return False
        if called.scope is None or called.scope.parent is not self.unit.scope or function.decorator_list:
            return False
        return self.serves_rules(function)

    def serves_rules(self, function: ast.AST, others: Set[ast.AST] = frozenset()) -> bool:
        """Whether legacy rules, or what stands in `others`, use `function`, and nobody else does."""
        assert isinstance(function, ast.FunctionDef)
        uses = self._uses(function.name)
        inside = all(use in self._inside or use in others for use in uses)
        return bool(uses) and inside and not self._is_public(function.name)

    def _uses(self, name: str) -> list[ast.Name]:
        """Return the places that read `name`, and mean the module's."""
        module = self.unit.scope
        reads = self.unit.reads.get(name, ())
        return [n for n, scope in reads if (found := scope.find(name)) is not None and found[0] is module]

    @cached_property
    def _inside(self) -> set[ast.AST]:
        return {node for rule in self.rules for node in ast.walk(rule)}

    def _is_public(self, name: str) -> bool:
        """Whether other modules take `name` from this one, or are offered it."""
        offered = name in (self.unit.exported or ())
        by_star = self.unit.exported is None and not name.startswith("_")
        taken = [name, "*"] if by_star else [name]
        return offered or any(True for word in taken for _ in self.project.importers(self.unit, word))

    def rules_using(self, function: ast.FunctionDef) -> list[ast.AST]:
        """Return the rules that use `function`."""
        uses = set(self._uses(function.name))
        return [rule for rule in self.rules if any(node in uses for node in ast.walk(rule))]
