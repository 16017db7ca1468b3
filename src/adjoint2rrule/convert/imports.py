"""Keeps a file's imports in step with its code: those that nothing needs any more go, the runtime's come.

An import at the top of the module is edited or goes; one inside a function is replaced where it
stands.  New names join the block of the third-party imports, in one statement.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from adjoint2rrule.convert.import_block import insertion, without_lines
from adjoint2rrule.convert.model import Diagnostic, Edit, Severity
from adjoint2rrule.convert.operations import AddAliases, DropAliases, Operation, ReplaceStatement, address
from adjoint2rrule.convert.plan import Plan
from adjoint2rrule.convert.project import Project, Unit
from adjoint2rrule.convert.runtime import RuntimeNames
from adjoint2rrule.convert.scopes import Binding, By, Scope

_ImportNode = ast.Import | ast.ImportFrom

# Comments that speak to tools about the import they stand beside, and go with it.
_DIRECTIVE = re.compile(
    r"#\s*(noqa|type:|isort:|pylint:|pragma:|fmt:|ruff:|mypy:|pyright:|flake8:)", re.IGNORECASE
)


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
    """

    operations: tuple[tuple[ast.stmt, Operation], ...]
    edits: tuple[Edit, ...]
    notes: tuple[Diagnostic, ...]


def change_imports(unit: Unit, project: Project, plans: Iterable[Plan], runtime: str) -> ImportChanges:
    """Return what the imports of `unit` need once `plans` are carried out."""
    return _Imports(unit, project, list(plans), RuntimeNames(unit, runtime)).changes()


class _Imports:
    def __init__(self, unit: Unit, project: Project, plans: list[Plan], names: RuntimeNames) -> None:
        self.unit = unit
        self.project = project
        self.plans = plans
        self.names = names
        self.consumed = {name for plan in plans for name, _ in plan.consumed}
        self.operations: list[tuple[ast.stmt, Operation]] = []
        self.removed: list[ast.stmt] = []
        self.notes: list[Diagnostic] = []
        self.tops = {node: top for top in unit.module.tree.body for node in ast.walk(top)}

    def changes(self) -> ImportChanges:
        unneeded = self._unneeded()
        wanted = self._add_locally(unneeded)
        for statement in dict.fromkeys(self._statements(unneeded)):
            self._remove(statement, unneeded)
        edits = self._add(wanted)
        return ImportChanges(tuple(self.operations), tuple(edits), tuple(self.notes))

    # -- what goes -----------------------------------------------------------------------------

    def _unneeded(self) -> set[ast.alias]:
        """Return the imported names that only consumed uses needed; for a star import, its ``*``."""
        bound: dict[tuple[Scope, str], list[Binding]] = {}
        starred: set[str] = set()
        for plan in self.plans:
            for name, scope in plan.consumed:
                found = scope.find(name.id)
                if found is None:
                    starred.add(name.id)
                else:
                    bound[found[0], name.id] = found[1]
        needed = self._needed({*starred, *(name for _, name in bound)})
        unneeded = {
            binding.node
            for (scope, name), bindings in bound.items()
            if (scope, name) not in needed and all(b.by is By.IMPORT for b in bindings)
            for binding in bindings
            if isinstance(binding.node, ast.alias)
        }
        if starred:
            unneeded |= {s.names[0] for s in self._unneeded_stars(starred)}
        return unneeded

    def _needed(self, names: set[str]) -> set[tuple[Scope | None, str]]:
        """Return those of `names`, with the scopes that bind them, that are used or handed on elsewhere."""
        needed: set[tuple[Scope | None, str]] = set()
        top = self.unit.scope
        for node, scope, _ in self.unit.evaluated:
            if isinstance(node, ast.Name) and node.id in names and node not in self.consumed:
                if not isinstance(node.ctx, ast.Store):
                    found = scope.find(node.id)
                    needed.add((found[0] if found else None, node.id))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                words = set(re.findall(r"\w+", node.value)) if _may_be_annotation(node.value) else set()
                needed |= {(s, name) for name in names & words for s in (top, None)}
        for name in names:
            if self._is_passed_on(name):
                needed |= {(top, name), (None, name)}
        return needed

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

    def _statements(self, aliases: set[ast.alias]) -> Iterable[_ImportNode]:
        for node in ast.walk(self.unit.module.tree):
            if isinstance(node, _ImportNode) and any(alias in aliases for alias in node.names):
                yield node

    def _remove(self, statement: _ImportNode, unneeded: set[ast.alias]) -> None:
        """Take the unneeded names out of an import at the top of the module, or note that they stay."""
        top = self.tops[statement]
        if top is not statement:
            if isinstance(top, ast.Try) and self._only_served(top, unneeded):
                if top not in self.removed:
                    self.removed.append(top)
            elif not any(operation.at == address(statement) for _, operation in self.operations):
                self._note(statement)
            return
        dropped = frozenset(i for i, alias in enumerate(statement.names) if alias in unneeded)
        if len(dropped) < len(statement.names):
            self.operations.append((top, DropAliases(address(statement), dropped)))
        elif self._shares_lines(statement):
            self.operations.append((top, ReplaceStatement(address(statement), ())))
        else:
            self.removed.append(statement)

    def _only_served(self, node: ast.Try, unneeded: set[ast.alias]) -> bool:
        """Whether a ``try`` holds nothing but unneeded imports."""
        blocks = [*node.body, *node.orelse, *node.finalbody, *(s for h in node.handlers for s in h.body)]
        if self.unit.module.has_comment(self.unit.module.span(node)):
            return False
        return all(
            isinstance(s, ast.Pass) or (isinstance(s, _ImportNode) and all(a in unneeded for a in s.names))
            for s in blocks
        )

    def _note(self, statement: _ImportNode) -> None:
        message = (
            f"`{ast.unparse(statement)}` is not needed any more, and stays, since it is made conditionally"
        )
        hint = "Remove it together with what it is conditional on."
        self.notes.append(
            self.unit.module.diagnostic("unused-import", statement, message, hint, Severity.NOTE)
        )

    def _shares_lines(self, statement: ast.stmt) -> bool:
        lines = self.unit.module.lines_of(statement)
        return sum(self.unit.module.lines_of(other) == lines for other in self.unit.module.tree.body) > 1

    # -- what comes ----------------------------------------------------------------------------

    def _add_locally(self, unneeded: set[ast.alias]) -> set[str]:
        """Replace imports inside functions where they stand; return the names wanted at the top."""
        wanted: set[str] = set()
        for home in dict.fromkeys(plan.home for plan in self.plans):
            names = {name for plan in self.plans if plan.home is home for name in plan.runtime}
            statement = self._local_import(home, unneeded)
            if statement is None:
                wanted |= names
                continue
            rest = [a for a in statement.names if a not in unneeded]
            kept = ast.unparse(_with_names(statement, rest)) if rest else None
            texts = [t for t in (kept, self._statement(names)) if t]
            self.operations.append((self.tops[statement], ReplaceStatement(address(statement), tuple(texts))))
        return wanted

    def _local_import(self, home: Scope | None, unneeded: set[ast.alias]) -> _ImportNode | None:
        """Return the import of a function that can be replaced where it stands."""
        if home is None or home.parent is None:
            return None
        module = self.unit.module
        body = getattr(home.node, "body", [])
        own = (s for s in self._statements(unneeded) if s in body and not module.has_comment(module.span(s)))
        return next(own, None)

    def _written(self, names: Iterable[str]) -> list[str]:
        """Return `names` as an import writes them, with their aliases, sorted as isort does."""
        order = sorted(names, key=lambda name: (not name[0].isupper(), name))
        return [name if (local := self.names.local(name)) == name else f"{name} as {local}" for name in order]

    def _statement(self, names: Iterable[str]) -> str:
        return f"from {self.names.module} import {', '.join(self._written(names))}"

    def _add(self, wanted: set[str]) -> list[Edit]:
        module = self.unit.module
        known = self._runtime_import()
        present = {(a.name, a.asname or a.name) for a in known.names} if known is not None else set()
        missing = [n for n in wanted if (n, self.names.local(n)) not in present]
        place: Edit | None = None
        if known is not None and missing:
            self.operations.append((known, AddAliases(address(known), tuple(self._written(missing)))))
        elif missing:
            place = insertion(
                self.unit, self.project, self.names.module, self._written(missing), self._speaking()
            )
        edits = without_lines(module, self.removed, place)
        return sorted(edits, key=lambda edit: (edit.span.start, edit.span.end))

    def _runtime_import(self) -> ast.ImportFrom | None:
        for statement in self.unit.module.tree.body:
            if not isinstance(statement, ast.ImportFrom) or statement.names[0].name == "*":
                continue
            if self.unit.absolute(statement) == self.names.module:
                return statement
        return None

    def _speaking(self) -> ast.stmt | None:
        """Return an import that goes although its line holds a comment that is for people."""
        for statement in self.removed:
            lines = self.unit.module.lines_of(statement)
            for start, comment in self.unit.module.comments:
                if lines.start <= start < lines.end and not is_directive(comment):
                    return statement
        return None


def is_directive(comment: str) -> bool:
    """Whether a comment speaks to a tool about the line it stands on, and goes with it.

    Examples
    --------
    >>> is_directive("# noqa: F401"), is_directive("# no quarter")
    (True, False)
    """
    return _DIRECTIVE.match(comment) is not None


def _may_be_annotation(text: str) -> bool:
    return len(text) < 200 and re.fullmatch(r"[\w.\[\], |]+", text) is not None


def _with_names(statement: _ImportNode, names: list[ast.alias]) -> _ImportNode:
    if isinstance(statement, ast.Import):
        return ast.Import(names)
    return ast.ImportFrom(statement.module, names, statement.level)
