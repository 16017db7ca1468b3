"""Keeps a file's imports in step with its code: those that nothing needs any more go, the runtime's come.

An import at the top of the module is edited or goes; one inside a function, `try` or `if` is replaced
where it stands.  New names join the block of the third-party imports, in one statement.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from functools import cached_property

from adjoint2rrule.convert.import_block import insertion, is_headed, leading_imports, without_lines, written
from adjoint2rrule.convert.model import Diagnostic, Edit, Severity, Span
from adjoint2rrule.convert.operations import (
    AddAliases,
    DropAliases,
    Operation,
    Replace,
    ReplaceStatement,
    address,
)
from adjoint2rrule.convert.plan import Plan
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import Binding
from adjoint2rrule.convert.syntax import is_directive
from adjoint2rrule.convert.units import Unit
from adjoint2rrule.convert.unneeded import Flag, Unneeded

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
    return _Imports(unit, project, list(plans), runtime).changes()


class _Imports:
    def __init__(self, unit: Unit, project: Project, plans: list[Plan], runtime: str) -> None:
        self.unit = unit
        self.module = unit.module
        self.project = project
        self.plans = plans
        self.runtime = runtime
        self.operations: list[tuple[ast.stmt, Operation]] = []
        self.edits: list[Edit] = []
        self.place: Edit | None = None
        self.gone: Set[ast.alias] = frozenset()
        self.removed: list[ast.stmt] = []
        self.notes: list[Diagnostic] = []
        self.tops = unit.tops if plans else {}
        self.unneeded = Unneeded(unit, project, plans)

    def changes(self) -> ImportChanges:
        flags = [flag for flag in self.unneeded.flags if self._can_be_the_runtimes(flag)]
        unneeded = self.unneeded.aliases.union(*(flag.aliases for flag in flags)) - self._kept_aliases()
        self.gone = unneeded
        for statement in self._statements(unneeded):
            self._remove(statement, unneeded)
        for flag in flags:
            self._rename(flag)
        self._add(self._wanted(unneeded))
        self._note_left_comments()
        self.edits += without_lines(self.module, self.removed, self.place)
        edits = sorted(self.edits, key=lambda edit: (edit.span.start, edit.span.end))
        # Names that others may take from here stay imported, though nothing here reads them any more.
        kept = frozenset(name.id for name in self.unneeded.consumed)
        return ImportChanges(tuple(self.operations), tuple(edits), tuple(self.notes), kept)

    def _kept_aliases(self) -> set[ast.alias]:
        """Return the imports of names that the new code takes from where the old code did."""
        wanted = {found for plan in self.plans for found in plan.imports}
        return {
            alias
            for node in self.tops
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if (self.unit.absolute(node), _alias_text(alias)) in wanted
        }

    def _statements(self, aliases: Set[ast.alias]) -> Iterator[_ImportNode]:
        for node in self.tops:
            if isinstance(node, _ImportNode) and any(alias in aliases for alias in node.names):
                yield node

    # -- what goes -----------------------------------------------------------------------------

    def _remove(self, statement: _ImportNode, unneeded: Set[ast.alias]) -> None:
        """Take the unneeded names out of an import, or note that they stay."""
        top = self.tops[statement]
        dropped = frozenset(i for i, alias in enumerate(statement.names) if alias in unneeded)
        if top is not statement:
            self._remove_inside(statement, top, unneeded)
        elif len(dropped) == len(statement.names) and self._goes_with_its_line(statement, unneeded):
            self.removed.append(statement)
        elif len(dropped) < len(statement.names):
            self.operations.append((top, DropAliases(address(statement), dropped)))
        elif any(not is_directive(text) for text in self._comments(self.module.span(statement))):
            self._note(statement, "there are comments in it")
        else:
            self.operations.append((top, ReplaceStatement(address(statement), ())))

    def _remove_inside(self, statement: _ImportNode, top: ast.stmt, unneeded: Set[ast.alias]) -> None:
        """Replace an import in a block where it stands, or let the `try` go that only served it."""
        if self._only_served(top, unneeded):
            self.removed += [] if top in self.removed else [top]
        elif self._comments(self.module.span(statement)):
            self._note(statement, "there are comments in it")
        else:
            rest = [a for a in statement.names if a not in unneeded]
            names = {n for plan in self._served_by(statement, unneeded) for n in plan.runtime}
            texts = [ast.unparse(_with_names(statement, rest))] if rest else []
            texts += [self._statement(names)] if names else []
            self.operations.append((top, ReplaceStatement(address(statement), tuple(texts))))

    def _goes_with_its_line(self, statement: ast.stmt, unneeded: Set[ast.alias]) -> bool:
        """Whether every statement on the line of this one is an unneeded import."""
        lines = self.module.lines_of(statement)
        return all(
            isinstance(s, _ImportNode) and all(a in unneeded for a in s.names)
            for s in self.module.tree.body
            if self.module.lines_of(s) == lines
        )

    def _only_served(self, node: ast.stmt, unneeded: Set[ast.alias]) -> bool:
        """Whether `node` is a ``try`` that holds nothing but unneeded imports."""
        if not isinstance(node, ast.Try | ast.TryStar):
            return False
        if self._comments(self.module.lines_of(node)) or not self.module.is_alone(node):
            return False
        blocks = [*node.body, *node.orelse, *node.finalbody, *(s for h in node.handlers for s in h.body)]
        return all(
            isinstance(s, ast.Pass) or (isinstance(s, _ImportNode) and all(a in unneeded for a in s.names))
            for s in blocks
        )

    def _comments(self, span: Span) -> list[str]:
        return [text for start, text in self.module.comments if span.start <= start < span.end]

    def _note_left_comments(self) -> None:
        """Note the comments above imports that go, and in whose place nothing comes."""
        for statement in self.removed:
            start = self.module.lines_of(statement).start
            taken = self.place is not None and self.place.span.start == start
            if not taken and is_headed(self.module, statement, self.removed):
                message = f"the comment above `{_first_line(statement)}` stays, and the import goes"
                hint = "Remove the comment if it speaks of the import alone."
                self.notes.append(
                    self.module.diagnostic("left-comment", statement, message, hint, Severity.NOTE)
                )

    def _note(self, statement: _ImportNode, reason: str) -> None:
        message = f"`{ast.unparse(statement)}` is not needed any more, and stays, since {reason}"
        hint = "Remove what you do not need."
        self.notes.append(self.module.diagnostic("unused-import", statement, message, hint, Severity.NOTE))

    # -- flags ---------------------------------------------------------------------------------

    def _can_be_the_runtimes(self, flag: Flag) -> bool:
        """Whether every import of a flag can be replaced where it stands."""
        statements = list(self._statements(flag.aliases))
        inside = all(self.tops[s] is not s and not self._comments(self.module.span(s)) for s in statements)
        return inside and all(self._served_by(s, flag.aliases) for s in statements)

    def _rename(self, flag: Flag) -> None:
        """Let one of the runtime's names, which comes by the same import, be the flag."""
        served = (p for s in self._statements(flag.aliases) for p in self._served_by(s, flag.aliases))
        users = (p for p in served if any(name.id == flag.name for name, _, _ in p.consumed))
        names = {name for plan in users for name in plan.runtime}
        chosen = min(names, key=lambda name: (name[0].isupper(), len(name), name))
        for place in flag.places:
            self.operations.append((self.tops[place], Replace(address(place), chosen.rpartition(" as ")[2])))

    # -- what comes ----------------------------------------------------------------------------

    def _wanted(self, unneeded: Set[ast.alias]) -> set[str]:
        """Return the names of the runtime that no import inside a block gives to those who use them."""
        return {name for plan in self.plans if not self._is_local(plan, unneeded) for name in plan.runtime}

    def _served_by(self, statement: _ImportNode, unneeded: Set[ast.alias]) -> list[Plan]:
        """Return the plans that find the runtime's names where `statement` stands."""
        return [p for p in self.plans if statement in self._sources[p] and self._is_local(p, unneeded)]

    def _is_local(self, plan: Plan, unneeded: Set[ast.alias]) -> bool:
        """Whether all that gave a plan its legacy names are imports in blocks, which can be replaced."""
        sources = self._sources[plan]
        if plan.helpers:
            return False  # they stand elsewhere, and need the names as well
        return bool(sources) and all(
            self.tops[s] is not s
            and any(alias in unneeded for alias in s.names)
            and not self._only_served(self.tops[s], unneeded)
            and not self._comments(self.module.span(s))
            for s in sources
        )

    @cached_property
    def _sources(self) -> dict[Plan, set[_ImportNode]]:
        """For each plan, the imports that made its legacy names known."""
        found: dict[Plan, set[_ImportNode]] = {}
        for plan in self.plans:
            places = (scope.find(name.id) for name, scope, _ in plan.consumed)
            bindings = (b for place in places if place is not None for b in place[1])
            found[plan] = {b.statement for b in bindings if b.statement is not None and self._is_legacy(b)}
        return found

    def _is_legacy(self, binding: Binding) -> bool:
        """Whether an import is of a module whose names mean something as they are."""
        found = (s.dotted for s in self.project.imported(binding, self.unit))
        return any(d in self.project.closed or d.rpartition(".")[0] in self.project.closed for d in found)

    def _statement(self, names: Iterable[str]) -> str:
        return f"from {self.runtime} import {', '.join(_sorted(names))}"

    def _add(self, wanted: set[str]) -> None:
        """Import what is `wanted` of the runtime, and what comes from elsewhere, at the top of the file."""
        sources = {self.runtime: set(wanted)}
        for module, name in (found for plan in self.plans for found in plan.imports):
            sources.setdefault(module, set()).add(name)
        new: list[tuple[str, list[str]]] = []
        for module, names in sorted(sources.items()):
            known = self._import_of(module)
            missing = _sorted(names - set(map(_alias_text, known.names)) if known is not None else names)
            if known is not None and missing:
                self._extend(known, missing)
            elif missing:
                new.append((module, missing))
        if new:
            self.place = insertion(self.unit, self.project, new, self.removed)

    def _extend(self, known: ast.ImportFrom, missing: list[str]) -> None:
        """Import the names that are `missing` with an import of the runtime that is there."""
        left = [a for a in known.names if a not in self.gone]
        dropped = DropAliases(
            address(known), frozenset(i for i, a in enumerate(known.names) if a in self.gone)
        )
        names = _sorted([*map(_alias_text, left), *missing])
        text = written(self.module, self.project, self.module.text(known).split()[1], names)
        span = self.module.span(known)
        if known.lineno == known.end_lineno and len(text.splitlines()) > 1:
            self.operations = [o for o in self.operations if o != (known, dropped)]
            self.edits.append(Edit(span, text))
        else:
            self.operations.append((known, AddAliases(address(known), tuple(missing))))

    def _import_of(self, module: str) -> ast.ImportFrom | None:
        """Return the import of `module` that stays at the top; one further down may come too late."""
        for statement in leading_imports(self.module.tree):
            if not isinstance(statement, ast.ImportFrom) or statement.names[0].name == "*":
                continue
            if self.unit.absolute(statement) == module and statement not in self.removed:
                return statement
        return None


def _first_line(statement: ast.stmt) -> str:
    return ast.unparse(statement).partition("\n")[0]


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (not name[0].isupper(), name))


def _alias_text(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _with_names(statement: _ImportNode, names: list[ast.alias]) -> _ImportNode:
    if isinstance(statement, ast.Import):
        return ast.Import(names)
    return ast.ImportFrom(statement.module, names, statement.level)
