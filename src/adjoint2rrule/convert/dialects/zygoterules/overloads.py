"""Which rules of a file are chosen among by their arguments: these must stay or be converted together.

A rule that takes a config comes before all that take none, and a legacy rule before all converted ones: of
rules on one target that differ in that, it would not be the most specific one that is chosen.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable
from weakref import WeakKeyDictionary

from adjoint2rrule.convert.classes import Classes
from adjoint2rrule.convert.dialects.zygoterules import names as legacy
from adjoint2rrule.convert.dialects.zygoterules.definitions import find_definitions
from adjoint2rrule.convert.dialects.zygoterules.forms import targets_of
from adjoint2rrule.convert.dialects.zygoterules.kinds import members
from adjoint2rrule.convert.dialects.zygoterules.numerical import ALIASES
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.dialects.zygoterules.targets import Target, Targets
from adjoint2rrule.convert.model import Kind
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import Binding, By, Scope
from adjoint2rrule.convert.units import Symbol, Unit

_MAX_HOPS = 20


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
    text = target.text
    if target.kind is Kind.CONSTRUCTOR:
        text = text.removeprefix("type[").removesuffix("]")
    expression = ast.parse(text, mode="eval").body
    found = {_origin(symbol, project) for symbol in _denoted(expression, scope, unit, project)}
    return target.kind, frozenset(found) or text


def _denoted(expression: ast.expr, scope: Scope, unit: Unit, project: Project) -> list[Symbol]:
    """Return what a name or a member of a class stands for, also of a class that inherits it."""
    symbols: list[Symbol] = []
    for symbol in project.resolve(expression, scope, unit):
        owners = (
            project.resolve(expression.value, scope, unit) if isinstance(expression, ast.Attribute) else ()
        )
        inherited = [
            m for o in owners if o.class_node for m in members(o, symbol.dotted.rpartition(".")[2], project)
        ]
        symbols += [m for m in inherited if m is not None] or [symbol]
    return symbols


def _origin(symbol: Symbol, project: Project, hops: int = 0) -> Hashable:
    """Return where what `symbol` stands for is made, past the assignments that give it other names."""
    if symbol.unit is None or symbol.scope is None:
        return ALIASES.get(symbol.dotted, symbol.dotted)
    match symbol.makers:
        case [Binding(by=By.VALUE, value=ast.Name() | ast.Attribute() as value)] if hops < _MAX_HOPS:
            found = _denoted(value, symbol.scope, symbol.unit, project)
            return _origin(found[0], project, hops + 1) if len(found) == 1 else symbol.dotted
        case [Binding(node=node), *_]:
            return symbol.unit.name, symbol.unit.module.source.path, getattr(node, "lineno", 0), symbol.dotted
    return symbol.dotted


def groups_elsewhere(
    unit: Unit, project: Project, modules: legacy.Modules
) -> tuple[frozenset[Hashable], frozenset[Hashable]]:
    """Return the groups of which a rule elsewhere calls back into the AD, or changes its arguments."""
    asking: set[Hashable] = set()
    changing: set[Hashable] = set()
    words = (("adjoint", "pullback"), ("adjoint", "gradient"), ("adjoint_mut",))
    others = dict.fromkeys(other for pair in words for other in project.mentioning(*pair))
    for other in others:
        if other.module.source.path == unit.module.source.path:
            continue
        for names, calls_back, group in _groups_of(other, project, modules):
            asking |= group if calls_back else set()
            changing |= group if "adjoint_mut" in names else set()
    return frozenset(asking), frozenset(changing)


def _groups_of(
    unit: Unit, project: Project, modules: legacy.Modules
) -> list[tuple[set[str], bool, frozenset[Hashable]]]:
    """Return for each rule of a module its decorators, whether it calls back, and its group."""
    known = _known.setdefault(project, {})
    if unit.module.source.path not in known:
        found = find_definitions(unit, project, modules)
        targets = Targets(project, unit, {d.node for d in found.decorated if d.is_plain_rule}, modules)
        classes = Classes(project, unit)
        groups = []
        for decorated in found.decorated:
            if not isinstance(decorated.node, ast.FunctionDef) or "nograd" in decorated.names:
                continue
            named = targets_of(decorated, decorated.node, targets)
            if not isinstance(named, Problem):
                group = overload_group(named, decorated.scope, unit, project, classes)
                calls_back = any(use.name in legacy.CALLBACKS for use in decorated.callbacks)
                groups.append((decorated.names, calls_back, group))
        known[unit.module.source.path] = groups
    return known[unit.module.source.path]


_known: WeakKeyDictionary[Project, dict[str, list[tuple[set[str], bool, frozenset[Hashable]]]]]
_known = WeakKeyDictionary()


def stays_legacy(node: ast.stmt) -> Problem:
    """Return the problem of a rule that cannot be converted alone."""
    message = "another rule on the same target is not converted, and would come before this one"
    return Problem("split-overloads", node, message, "Convert the other one by hand, or both.")
