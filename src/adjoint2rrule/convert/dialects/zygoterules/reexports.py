"""Legacy names that a module only hands on, and that nobody in the project takes any more."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from adjoint2rrule.convert.dialects.zygoterules import names as legacy
from adjoint2rrule.convert.model import Diagnostic, Severity
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import Binding, By
from adjoint2rrule.convert.syntax import for_people
from adjoint2rrule.convert.units import Unit


def unneeded_reexports(unit: Unit, project: Project, modules: legacy.Modules) -> Iterator[Diagnostic]:
    """Yield a note on the legacy names that `unit` offers to others, if nobody in the project takes any.

    They stay: users of the project may take them too.  What a package offers is meant for these, and
    an import that nothing says is for others may as well have been forgotten: of both nothing is said.
    """
    names = unit.scope.bindings if unit.exported is None else unit.exported
    offered = [name for name in names if _is_handed_on(name, unit, project, modules)]
    if not offered or unit.is_package or not unit.name:
        return
    if any(True for name in (*offered, "*") for _ in project.importers(unit, name)):
        return
    statement = next(
        node
        for node in ast.walk(unit.module.tree)
        if isinstance(node, ast.ImportFrom) and any((a.asname or a.name) in offered for a in node.names)
    )
    listed = ", ".join(f"`{name}`" for name in offered)
    message = f"no module of the project takes {listed} from here any more"
    hint = "Remove what your own users do not need either."
    yield unit.module.diagnostic("unused-reexport", statement, message, hint, Severity.NOTE)


def _is_handed_on(name: str, unit: Unit, project: Project, modules: legacy.Modules) -> bool:
    """Whether a name is an import of a legacy one, which the module itself has no use for."""
    bindings = unit.scope.bindings.get(name, [])
    if not bindings or unit.reads.get(name) or any(b.by is not By.IMPORT for b in bindings):
        return False
    if not any(isinstance(b.node, ast.alias) and b.node.name in legacy.ALL for b in bindings):
        return False  # following it would cost more than the note is worth
    if not all(_is_meant_for_others(b, unit) for b in bindings):
        return False
    symbols = tuple(symbol for b in bindings for symbol in project.imported(b, unit))
    return legacy.legacy_name(symbols, modules) is not None


def _is_meant_for_others(binding: Binding, unit: Unit) -> bool:
    """Whether an import shows that its name is for others: by `__all__`, ``a as a``, or a ``noqa``."""
    if binding.name in unit.promised:
        return True
    alias, statement = binding.node, binding.statement
    assert isinstance(alias, ast.alias)
    assert statement is not None
    span = unit.module.span(statement)
    end = unit.module.end_of_line(span.end)
    excused = any(span.start <= start < end and for_people(c) != c for start, c in unit.module.comments)
    return excused or alias.asname == alias.name
