"""What a dialect hands on: for each definition a decision, and the operations that carry it out."""

from __future__ import annotations

import ast
from collections.abc import Hashable
from dataclasses import dataclass

from adjoint2rrule.convert.model import Decision, Diagnostic
from adjoint2rrule.convert.operations import Operation
from adjoint2rrule.convert.scopes import Scope

Consumed = tuple[ast.Name, Scope, str]


@dataclass(frozen=True)
class Plan:
    """What becomes of one legacy definition.

    Attributes
    ----------
    decision
        Converted, adapted or refused.
    statement
        The statement of the module, at its top, that the definition stands in.
    operations
        What is to be done to that statement; nothing for a refused definition.
    runtime
        The names of the runtime that the new code uses, as an import writes them, with their aliases.
    consumed
        Uses of names that the new code no longer has, whose imports may go: the name, the scope it is in,
        and the dotted expression that it is the front of.
    renamed
        Definitions that do not bind their old name any more.
    imports
        What the new code takes from other modules than the runtime: the module, and the name with its alias.
    helpers
        The functions elsewhere in the file that are changed with the definition.
    group
        What it has in common with definitions that stay as they are, or are changed, together with it.
    """

    decision: Decision
    statement: ast.stmt
    operations: tuple[Operation, ...] = ()
    runtime: frozenset[str] = frozenset()
    consumed: frozenset[Consumed] = frozenset()
    renamed: frozenset[ast.AST] = frozenset()
    imports: frozenset[tuple[str, str]] = frozenset()
    helpers: frozenset[ast.AST] = frozenset()
    group: frozenset[Hashable] = frozenset()


@dataclass(frozen=True)
class Plans:
    """The plans for a whole file, in its order, and notes on what stays as it is."""

    plans: tuple[Plan, ...]
    notes: tuple[Diagnostic, ...] = ()
