"""Keeps a file's imports in step with its code: those that nothing needs any more go, the runtime's come.

An import at the top of the module is edited or goes; one inside a function is replaced where it
stands.  New names join the block of the third-party imports, in one statement.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from adjoint2rrule.convert.import_block import insertion, leading_imports, without_lines
from adjoint2rrule.convert.model import Diagnostic, Edit, Severity, Span
from adjoint2rrule.convert.operations import AddAliases, DropAliases, Operation, ReplaceStatement, address
from adjoint2rrule.convert.plan import Plan
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.runtime import RuntimeNames
from adjoint2rrule.convert.scopes import By, Scope, parameters_of
from adjoint2rrule.convert.syntax import is_directive
from adjoint2rrule.convert.units import Unit

_ImportNode = ast.Import | ast.ImportFrom


@dataclass(frozen=True)
class ImportChanges:
    """What happens to a file's imports.

    Attributes
    ----------
    operations
        What is to be done inside statements, by the statement of the module that holds each.
    edits
        Lines that go or come at the top of the module.
    notes
        Imports that are not needed any more and stay, with the reason.
    kept
        The names that these bind.
    """

    operations: tuple[tuple[ast.stmt, Operation], ...]
    edits: tuple[Edit, ...]
    notes: tuple[Diagnostic, ...]
    kept: frozenset[str]


def change_imports(unit: Unit, project: Project, plans: Iterable[Plan], runtime: str) -> ImportChanges:
    """Return what the imports of `unit` need once `plans` are carried out."""
    return _Imports(unit, project, list(plans), RuntimeNames(unit, project, runtime)).changes()


class _Imports:
    def __init__(self, unit: Unit, project: Project, plans: list[Plan], names: RuntimeNames) -> None:
        self.unit = unit
        self.module = unit.module
        self.project = project
        self.plans = plans
        self.names = names
        self.consumed = {name for plan in plans for name, _, _ in plan.consumed}
        self.renamed = {node for plan in plans for node in plan.renamed}
        self.operations: list[tuple[ast.stmt, Operation]] = []
        self.removed: list[ast.stmt] = []
        self.notes: list[Diagnostic] = []
        self.tops = unit.tops if plans else {}

    def changes(self) -> ImportChanges:
        unneeded = self._unneeded()
        wanted = self._add_locally(unneeded)
        for statement in self._statements(unneeded):
            self._remove(statement, unneeded)
        edits = self._add(wanted)
        # Names that others may take from here stay imported, though nothing here reads them any more.
        kept = frozenset(name.id for name in self.consumed)
        return ImportChanges(tuple(self.operations), tuple(edits), tuple(self.notes), kept)

    # -- what goes -----------------------------------------------------------------------------

    def _unneeded(self) -> set[ast.alias]:
        """Return the imported names that only consumed uses needed; for a star import, its ``*``."""
        bound: dict[tuple[Scope, str], set[str]] = {}
        starred: set[str] = set()
        for name, scope, dotted in (use for plan in self.plans for use in plan.consumed):
            found = scope.find(name.id)
            if found is None:
                starred.add(name.id)
            else:
                bound.setdefault((found[0], name.id), set()).add(dotted)
        needed = self._needed({*starred, *(name for _, name in bound)})
        unneeded: set[ast.alias] = set()
        for (where, identifier), uses in bound.items():
            bindings = [b for b in where.bindings[identifier] if b.node not in self.renamed]
            if (where, identifier) not in needed and all(b.by is By.IMPORT for b in bindings):
                aliases = (b.node for b in bindings if isinstance(b.node, ast.alias))
                unneeded |= {alias for alias in aliases if _served(alias, uses)}
        if starred:
            unneeded |= {s.names[0] for s in self._unneeded_stars(starred)}
        return unneeded

    def _needed(self, names: set[str]) -> set[tuple[Scope | None, str]]:
        """Return those of `names`, with the scopes that bind them, that are used or handed on elsewhere."""
        needed: set[tuple[Scope | None, str]] = set()
        words = set(self.unit.exported or ())
        for node, scope, _ in self.unit.evaluated:
            named = isinstance(node, ast.Name) and node.id in names and not isinstance(node.ctx, ast.Store)
            if isinstance(node, ast.Name) and named and node not in self.consumed:
                found = scope.find(node.id)
                needed.add((found[0] if found else None, node.id))
            for part in (p for annotation in _annotations(node) for p in ast.walk(annotation)):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    words |= set(re.findall(r"\w+", part.value))
        passed_on = {name for name in names if name in words or self._is_passed_on(name)}
        return needed | {(scope, name) for scope in (self.unit.scope, None) for name in passed_on}

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

    def _unneeded_stars(self, consumed: set[str]) -> list[ast.ImportFrom]:
        """Return the star imports that gave `consumed` names and give none that is still used."""
        found = []
        for statement in self.unit.scope.star_imports:
            source = self.unit.absolute(statement)
            if source is None or not any(self.project.exported(source, name) for name in consumed):
                continue
            used = {
                node.id
                for node, scope, _ in self.unit.evaluated
                if isinstance(node, ast.Name) and node not in self.consumed and scope.find(node.id) is None
            }
            if not self._is_star_imported and not any(self.project.exported(source, name) for name in used):
                found.append(statement)
        return found

    def _statements(self, aliases: set[ast.alias]) -> Iterator[_ImportNode]:
        for node in self.tops:
            if isinstance(node, _ImportNode) and any(alias in aliases for alias in node.names):
                yield node

    def _remove(self, statement: _ImportNode, unneeded: set[ast.alias]) -> None:
        """Take the unneeded names out of an import at the top of the module, or note that they stay."""
        top = self.tops[statement]
        if top is not statement:
            if isinstance(top, ast.Try) and self._only_served(top, unneeded):
                self.removed += [] if top in self.removed else [top]
            elif not any(operation.at == address(statement) for _, operation in self.operations):
                self._note(statement, "it is made conditionally")
            return
        dropped = frozenset(i for i, alias in enumerate(statement.names) if alias in unneeded)
        if len(dropped) == len(statement.names) and self.module.is_alone(statement):
            self.removed.append(statement)
        elif len(dropped) < len(statement.names):
            self.operations.append((top, DropAliases(address(statement), dropped)))
        elif any(not is_directive(text) for text in self._comments(self.module.span(statement))):
            self._note(statement, "there are comments in it")
        else:
            self.operations.append((top, ReplaceStatement(address(statement), ())))

    def _only_served(self, node: ast.Try, unneeded: set[ast.alias]) -> bool:
        """Whether a ``try`` holds nothing but unneeded imports."""
        if self._comments(self.module.lines_of(node)) or not self.module.is_alone(node):
            return False
        blocks = [*node.body, *node.orelse, *node.finalbody, *(s for h in node.handlers for s in h.body)]
        return all(
            isinstance(s, ast.Pass) or (isinstance(s, _ImportNode) and all(a in unneeded for a in s.names))
            for s in blocks
        )

    def _comments(self, span: Span) -> list[str]:
        return [text for start, text in self.module.comments if span.start <= start < span.end]

    def _note(self, statement: _ImportNode, reason: str) -> None:
        message = f"`{ast.unparse(statement)}` is not needed any more, and stays, since {reason}"
        hint = "Remove what you do not need."
        self.notes.append(self.module.diagnostic("unused-import", statement, message, hint, Severity.NOTE))

    # -- what comes ----------------------------------------------------------------------------

    def _add_locally(self, unneeded: set[ast.alias]) -> set[str]:
        """Replace imports inside blocks where they stand; return the names wanted at the top."""
        wanted: set[str] = set()
        local: dict[_ImportNode, set[str]] = {}
        for plan in self.plans:
            statement = self._local_import(plan, unneeded)
            if statement is None:
                wanted |= plan.runtime
            else:
                local.setdefault(statement, set()).update(plan.runtime)
        for statement, names in local.items():
            rest = [a for a in statement.names if a not in unneeded]
            kept = ast.unparse(_with_names(statement, rest)) if rest else None
            texts = [t for t in (kept, self._statement(names)) if t]
            self.operations.append((self.tops[statement], ReplaceStatement(address(statement), tuple(texts))))
        return wanted

    def _local_import(self, plan: Plan, unneeded: set[ast.alias]) -> _ImportNode | None:
        """Return the import that can be replaced where it stands, in a block with all that it serves."""
        sources = self._sources[plan]
        if len(sources) != 1:
            return None
        statement = next(iter(sources))
        block = self._blocks.get(statement)
        if block is None or self._comments(self.module.span(statement)):
            return None
        if not any(alias in unneeded for alias in statement.names):
            return None
        span = Span(self.module.span(statement).end, self.module.span(block[-1]).end)
        served = (p for p, found in self._sources.items() if statement in found)
        return statement if all(p.decision.definition.span in span for p in served) else None

    @cached_property
    def _sources(self) -> dict[Plan, set[_ImportNode]]:
        """For each plan, the imports that made its legacy names known."""
        found: dict[Plan, set[_ImportNode]] = {}
        for plan in self.plans:
            places = (scope.find(name.id) for name, scope, _ in plan.consumed)
            bindings = (b for place in places if place is not None for b in place[1])
            found[plan] = {b.statement for b in bindings if b.statement is not None}
        return found

    @cached_property
    def _blocks(self) -> dict[_ImportNode, list[ast.stmt]]:
        """For each import that is not at the top of the module, the block that it stands in."""
        found: dict[_ImportNode, list[ast.stmt]] = {}
        for node in self.tops:
            for name in ("body", "orelse", "finalbody"):
                block = getattr(node, name, None)
                if isinstance(block, list):
                    found |= dict.fromkeys((s for s in block if isinstance(s, _ImportNode)), block)
        return found

    def _written(self, names: Iterable[str]) -> list[str]:
        """Return `names` as an import writes them, with their aliases, sorted as isort does."""
        order = sorted(names, key=lambda name: (not name[0].isupper(), name))
        return [name if (local := self.names.local(name)) == name else f"{name} as {local}" for name in order]

    def _statement(self, names: Iterable[str]) -> str:
        return f"from {self.names.module} import {', '.join(self._written(names))}"

    def _add(self, wanted: set[str]) -> list[Edit]:
        known = self._runtime_import()
        present = {(a.name, a.asname or a.name) for a in known.names} if known is not None else set()
        missing = [n for n in wanted if (n, self.names.local(n)) not in present]
        place: Edit | None = None
        if known is not None and missing:
            self.operations.append((known, AddAliases(address(known), tuple(self._written(missing)))))
        elif missing:
            names = self._written(missing)
            place = insertion(self.unit, self.project, self.names.module, names, self.removed)
        edits = without_lines(self.module, self.removed, place)
        return sorted(edits, key=lambda edit: (edit.span.start, edit.span.end))

    def _runtime_import(self) -> ast.ImportFrom | None:
        """Return the import of the runtime at the top of the file; one further down may come too late."""
        for statement in leading_imports(self.module.tree):
            if not isinstance(statement, ast.ImportFrom) or statement.names[0].name == "*":
                continue
            if self.unit.absolute(statement) == self.names.module:
                return statement
        return None


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


def _with_names(statement: _ImportNode, names: list[ast.alias]) -> _ImportNode:
    if isinstance(statement, ast.Import):
        return ast.Import(names)
    return ast.ImportFrom(statement.module, names, statement.level)
