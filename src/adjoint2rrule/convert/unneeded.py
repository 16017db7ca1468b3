"""Which imports of a file nothing needs any more, once plans for its definitions are carried out.

A name that serves as a flag (``adjoint = None`` where the import failed, and ``if adjoint is not
None:``) is not needed either: the runtime's can take its place.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from adjoint2rrule.convert.plan import Plan
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import Binding, By, Scope, parameters_of
from adjoint2rrule.convert.units import Unit

_Place = tuple[Scope | None, str]


@dataclass(frozen=True)
class Flag:
    """An imported name that is `None` where it could not be imported, and is asked for that.

    Attributes
    ----------
    name
        The name.
    aliases
        The imports of it.
    places
        Where it is bound to `None`, and where it is asked for.
    """

    name: str
    aliases: frozenset[ast.alias]
    places: tuple[ast.Name, ...]


class Unneeded:
    """Tells which imports of `unit` only uses needed that `plans` do away with."""

    def __init__(self, unit: Unit, project: Project, plans: Sequence[Plan]) -> None:
        self.unit = unit
        self.project = project
        self.plans = plans
        self.consumed = {name for plan in plans for name, _, _ in plan.consumed}
        self.renamed = {node for plan in plans for node in plan.renamed}

    @cached_property
    def aliases(self) -> set[ast.alias]:
        """The imported names that only consumed uses needed, flags apart; for a star import, its ``*``."""
        unneeded: set[ast.alias] = set()
        for (where, name), uses in self._uses.items():
            bindings = self._bindings(where, name)
            if (
                (where, name) not in self._needed
                and name not in self.unit.borrowed
                and all(b.by is By.IMPORT for b in bindings)
            ):
                unneeded |= {a for a in _aliases(bindings) if _served(a, uses)}
        starred = {name for name, found in self._found if found is None}
        return unneeded | {s.names[0] for s in self._stars(starred)} if starred else unneeded

    @cached_property
    def flags(self) -> list[Flag]:
        """The names that only consumed uses needed, and tests of whether they are there."""
        found = []
        for where, name in self._uses:
            bindings = self._bindings(where, name)
            targets = [t for b in bindings for t in _bound_to_none(b)]
            imports = _aliases(bindings)
            if where is not self.unit.scope or name in self.unit.borrowed:
                continue
            if len(imports) + len(targets) < len(bindings) or not targets:
                continue
            asked = [n for n, scope in self.unit.reads.get(name, ()) if self._is_asked(n, scope, where)]
            if (where, name) not in self._places_of_uses(frozenset({*self.consumed, *asked, *targets})):
                found.append(Flag(name, frozenset(imports), (*targets, *asked)))
        return found

    def _is_asked(self, node: ast.Name, scope: Scope, where: Scope) -> bool:
        found = scope.find(node.id)
        return node in self.unit.tested and found is not None and found[0] is where

    def _bindings(self, where: Scope, name: str) -> list[Binding]:
        return [b for b in where.bindings[name] if b.node not in self.renamed]

    @cached_property
    def _found(self) -> list[tuple[str, tuple[Scope, list[Binding]] | None]]:
        return [(name.id, scope.find(name.id)) for plan in self.plans for name, scope, _ in plan.consumed]

    @cached_property
    def _uses(self) -> dict[tuple[Scope, str], set[str]]:
        """The names that consumed uses read, with the scopes that bind them, and the dotted uses."""
        uses: dict[tuple[Scope, str], set[str]] = {}
        for name, scope, dotted in (use for plan in self.plans for use in plan.consumed):
            found = scope.find(name.id)
            if found is not None:
                uses.setdefault((found[0], name.id), set()).add(dotted)
        return uses

    @cached_property
    def _needed(self) -> set[_Place]:
        """Those names, with the scopes that bind them, that are used or handed on elsewhere."""
        return self._places_of_uses(frozenset(self.consumed))

    def _places_of_uses(self, but: frozenset[ast.Name]) -> set[_Place]:
        names = {name for name, _ in self._found}
        needed: set[_Place] = set()
        for node, scope, _ in self.unit.evaluated:
            named = isinstance(node, ast.Name) and node.id in names and not isinstance(node.ctx, ast.Store)
            if isinstance(node, ast.Name) and named and node not in but:
                found = scope.find(node.id)
                needed.add((found[0] if found else None, node.id))
        passed_on = {name for name in names if name in self._words or self._is_passed_on(name)}
        return needed | {(scope, name) for scope in (self.unit.scope, None) for name in passed_on}

    @cached_property
    def _words(self) -> set[str]:
        """The names that `__all__` promises, and those in annotations that are strings."""
        words = set(self.unit.promised)
        for node, _, _ in self.unit.evaluated:
            for part in (p for annotation in _annotations(node) for p in ast.walk(annotation)):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    words |= set(re.findall(r"\w+", part.value))
        return words

    # -- what others take ----------------------------------------------------------------------

    def _is_passed_on(self, name: str) -> bool:
        """Whether another module may take `name` from this one."""
        if self.unit.is_package:
            return True
        public = not name.startswith("_") and self.unit.exported is None
        importers = self.project.importers(self.unit, name)
        return (public and self._is_star_imported) or any(True for _ in importers)

    @cached_property
    def _is_star_imported(self) -> bool:
        """Whether the file hands on all that it imports: a package, or one that others import by a star."""
        if self.unit.is_package:
            return True
        return self.unit.exported is None and any(True for _ in self.project.importers(self.unit, "*"))

    def _stars(self, consumed: set[str]) -> list[ast.ImportFrom]:
        """Return the star imports that gave `consumed` names and give none that is still used."""
        found = []
        for statement in self.unit.scope.star_imports:
            source = self.unit.absolute(statement)
            if source is None or not any(self.project.exported(source, name) for name in consumed):
                continue
            used = self.unit.promised | {
                node.id
                for node, scope, _ in self.unit.evaluated
                if isinstance(node, ast.Name) and node not in self.consumed and scope.find(node.id) is None
            }
            if not self._is_star_imported and not any(self.project.exported(source, name) for name in used):
                found.append(statement)
        return found


def _aliases(bindings: list[Binding]) -> list[ast.alias]:
    return [b.node for b in bindings if b.by is By.IMPORT and isinstance(b.node, ast.alias)]


def _bound_to_none(binding: Binding) -> Iterator[ast.Name]:
    """Yield the target of a ``name = None``."""
    match binding.node:
        case ast.Assign(targets=targets, value=ast.Constant(value=None)):
            yield from (t for t in targets if isinstance(t, ast.Name) and t.id == binding.name)


def _served(alias: ast.alias, uses: set[str]) -> bool:
    """Whether one of the dotted expressions in `uses` went through the import of `alias`.

    ``import a.b`` and ``import a.c`` bind one name, and each may be there for its own sake.
    """
    if alias.asname or "." not in alias.name:
        return True
    return any(dotted.startswith(f"{alias.name}.") for dotted in uses)


def _annotations(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the annotations that stand at `node` itself."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            places = [node.returns, *(p.annotation for p in parameters_of(node))]
            yield from (annotation for annotation in places if annotation is not None)
        case ast.AnnAssign(annotation=annotation):
            yield annotation
