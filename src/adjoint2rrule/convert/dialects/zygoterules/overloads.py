"""Which rules of a file are chosen among by their arguments: these must stay or be converted together.

A rule that takes a config comes before all that take none, and a legacy rule before all converted ones: of
rules on one target that differ in that, it would not be the most specific one that is chosen.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable

from adjoint2rrule.convert.dialects.zygoterules.classes import Classes
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.dialects.zygoterules.targets import Target
from adjoint2rrule.convert.model import Kind
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import Scope
from adjoint2rrule.convert.units import Symbol, Unit


def overload_group(
    targets: list[Target], scope: Scope, unit: Unit, project: Project, classes: Classes
) -> frozenset[Hashable]:
    """Return what the rules on `targets` have in common with others that a call may choose among."""
    keys: set[Hashable] = set()
    for target in targets:
        if target.kind is Kind.FUNCTOR and target.symbol is not None:
            family = [target.symbol, *classes.annotations.ancestors(target.symbol)]
            keys |= {("instances", symbol.class_node or symbol.dotted) for symbol in _own(family)}
        else:
            keys.add(_named(target, scope, unit, project))
    return frozenset(keys)


def _own(family: list[Symbol]) -> list[Symbol]:
    """Return the classes of the project in a family; any class is an object."""
    return [symbol for symbol in family if symbol.class_node is not None] or family[:1]


def _named(target: Target, scope: Scope, unit: Unit, project: Project) -> Hashable:
    """Return a name for what is called: the same for one function under several names."""
    text = (
        target.text.removeprefix("type[").removesuffix("]")
        if target.kind is Kind.CONSTRUCTOR
        else target.text
    )
    try:
        expression = ast.parse(text, mode="eval").body
    except SyntaxError:
        return target.kind, text
    symbols = project.resolve(expression, scope, unit)
    made_here = [s for s in symbols if s.unit is unit and s.scope is not None and s.scope.parent is not None]
    if len(symbols) == 1 and not made_here:
        return target.kind, symbols[0].dotted
    return target.kind, text, scope if made_here else None


def stays_legacy(node: ast.stmt) -> Problem:
    """Return the problem of a rule that cannot be converted alone."""
    message = "another rule on the same target is not converted, and would come before this one"
    return Problem("split-overloads", node, message, "Convert the other one by hand, or both.")
