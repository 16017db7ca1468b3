"""Whether a class of the project may have subclasses there, under whatever name they know it.

The answer is no only where it is certain: a base that cannot be told, in a module that knows the
class, may be the class.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from adjoint2rrule.convert.scopes import By, DefinitionNode, Scope, parameters_of
from adjoint2rrule.convert.units import Symbol, Unit

if TYPE_CHECKING:
    from adjoint2rrule.convert.project import Project

_MAX_HOPS = 20
# These make classes of their own, whatever they are given.
_FRESH = frozenset({"namedtuple", "NamedTuple", "TypedDict"})
# These make subclasses of what they are given.
_DERIVING = frozenset({"type", "new_class", "make_dataclass"})


def may_have_subclasses(project: Project, node: ast.ClassDef, unit: Unit) -> bool:
    """Whether some class of the project derives from that of `node`, which stands in `unit`, or may do so."""
    names = [node.name]
    seen = set()
    for name in names:
        for other in dict.fromkeys([unit, *project.mentioning(name)]):
            names += sorted(set(_renamed(other, name)).difference(names))
            if other not in seen and _Bases(project, other, node).may_hold_it(names):
                return True
            seen.add(other)
    return False


def _renamed(unit: Unit, name: str) -> Iterator[str]:
    """Yield the names that `unit` gives to what it knows as `name`, or to something made with it."""
    for node, _, _ in unit.evaluated:
        match node:
            case ast.ImportFrom(names=aliases):
                yield from (a.asname for a in aliases if a.name == name and a.asname)
            case ast.Assign(targets=targets, value=value) if _hands_on(value, name):
                yield from (t.id for target in targets for t in ast.walk(target) if isinstance(t, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value):
                yield from [target] if _hands_on(value, name) else []


def _hands_on(value: ast.expr, name: str) -> bool:
    """Whether `value` may be the class called `name`, rather than an instance of it."""
    return isinstance(value, ast.Name | ast.Attribute | ast.IfExp | ast.BoolOp | ast.Subscript) and _mentions(
        value, [name]
    )


def _mentions(node: ast.AST, names: Iterable[str]) -> bool:
    words = {getattr(part, "id", getattr(part, "attr", None)) for part in ast.walk(node)}
    return not words.isdisjoint(names)


class _Bases:
    """Looks for a class among the bases of those of one module."""

    def __init__(self, project: Project, unit: Unit, node: ast.ClassDef) -> None:
        self.project = project
        self.unit = unit
        self.node = node

    def may_hold_it(self, names: list[str]) -> bool:
        """Whether a class of the module may derive from the one looked for, which goes by `names`."""
        for other, scope, _ in self.unit.evaluated:
            if isinstance(other, ast.ClassDef):
                if any(self._may_be_it(base, scope) for base in other.bases):
                    return True
            elif isinstance(other, ast.Call) and self._may_derive(other, scope, names):
                return True
        return False

    def _may_be_it(self, base: ast.expr, scope: Scope, hops: int = 0) -> bool:
        match base:
            case ast.Subscript(value=ast.Name() | ast.Attribute() as head):
                return self._may_be_it(head, scope, hops)
            case ast.Name() | ast.Attribute():
                found = self.project.resolve(base, scope, self.unit)
                return any(self._is_it(symbol, hops) for symbol in found)
            case ast.Call():
                return _called(base) not in _FRESH
        return True

    def _is_it(self, symbol: Symbol, hops: int) -> bool:
        """Whether `symbol`, of this module or of another one, may be the class."""
        if symbol.unit is None:
            return False
        if symbol.class_node is not None:
            return symbol.class_node is self.node
        assert symbol.scope is not None
        values = [b.value if b.by is By.VALUE else None for b in symbol.makers]
        if not values or hops > _MAX_HOPS:
            return True
        there = _Bases(self.project, symbol.unit, self.node)
        return any(v is None or there._may_be_it(v, symbol.scope, hops + 1) for v in values)

    def _may_derive(self, call: ast.Call, scope: Scope, names: list[str]) -> bool:
        """Whether `call` makes a subclass of an argument that goes by one of `names`."""
        if not _mentions_in_arguments(call, names):
            return False
        if _called(call) in _DERIVING and len(call.args) > 1:
            return True
        functions = (b.node for s in self.project.resolve(call.func, scope, self.unit) for b in s.bindings)
        return any(_makes_subclass(f) for f in functions if isinstance(f, DefinitionNode))


def _makes_subclass(function: DefinitionNode) -> bool:
    names = [p.arg for p in parameters_of(function)]
    classes = (n for n in ast.walk(function) if isinstance(n, ast.ClassDef))
    return any(_mentions(base, names) for c in classes for base in c.bases)


def _called(call: ast.Call) -> str:
    """Return the last part of the name of what `call` calls."""
    return ast.unparse(call.func).rpartition(".")[2]


def _mentions_in_arguments(call: ast.Call, names: list[str]) -> bool:
    return any(_mentions(a, names) for a in (*call.args, *(k.value for k in call.keywords)))
