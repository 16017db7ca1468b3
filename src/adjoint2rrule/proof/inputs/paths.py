"""Which part of which parameter an expression stands for: ``design.beta``, an element of ``xs``, or none."""

from __future__ import annotations

import ast

from adjoint2rrule.convert.annotations import Place
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import Binding, By, Scope
from adjoint2rrule.proof.inputs.knowledge import SAME_AGAIN, SAME_AGAIN_METHODS

Path = tuple[str, ...]
_MAX_DEPTH = 12


class Paths:
    """Follows names through the assignments and loops of one function, to its parameters."""

    def __init__(self, place: Place, project: Project) -> None:
        self.root = place.scope
        self.unit = place.unit
        self.project = project

    def of(self, node: ast.expr, scope: Scope, depth: int = 0) -> Path | None:
        """Return the way from a parameter to the value of `node`; `None` where it is none of its parts."""
        if depth > _MAX_DEPTH:
            return None
        match node:
            case ast.Name(id=name):
                return self._of_name(name, scope, depth + 1)
            case ast.Attribute(value=value, attr=attribute):
                return _and(self.of(value, scope, depth + 1), attribute)
            case ast.Subscript(value=value, slice=index):
                return _element(self.of(value, scope, depth + 1), index)
            case ast.IfExp(body=body, orelse=orelse):
                return self.of(body, scope, depth + 1) or self.of(orelse, scope, depth + 1)
            case ast.Call(func=ast.Attribute(value=value), args=[]) if self.is_same_again(node, scope):
                return self.of(value, scope, depth + 1)
            case ast.Call(args=[first, *_]) if self.is_same_again(node, scope):
                return self.of(first, scope, depth + 1)
        return None

    def is_same_again(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call gives back its argument, or the object that it is a method of, in some form."""
        if isinstance(call.func, ast.Attribute) and call.func.attr in SAME_AGAIN_METHODS:
            return not call.args
        symbols = self.project.resolve(call.func, scope, self.unit)
        return bool(symbols) and all(s.dotted in SAME_AGAIN for s in symbols)

    def _of_name(self, name: str, scope: Scope, depth: int) -> Path | None:
        found = scope.find(name)
        if found is None:
            return None
        where, bindings = found
        if where is self.root and any(b.by is By.PARAMETER for b in bindings):
            return (name,)
        if not self._is_inside(where):
            return None
        paths = (self._bound(binding, where, depth) for binding in bindings)
        return next((path for path in paths if path is not None), None)

    def _is_inside(self, scope: Scope | None) -> bool:
        while scope is not None and scope is not self.root:
            scope = scope.parent
        return scope is self.root

    def _bound(self, binding: Binding, where: Scope, depth: int) -> Path | None:
        """Return the way to what a binding gives its name."""
        if binding.value is None:
            return None
        if binding.by is By.VALUE:
            return self.of(binding.value, where, depth)
        steps = [step if isinstance(step, int) else None for step in binding.path]
        if binding.by is By.PART:
            return _and(self.of(binding.value, where, depth), *map(_step, steps))
        if binding.by is By.ELEMENT:
            return self._of_each(binding.value, steps, where, depth)
        return None

    def _of_each(self, iterated: ast.expr, steps: list[int | None], where: Scope, depth: int) -> Path | None:
        """Return the way to what a loop over `iterated` is at, or to a part of that."""
        match iterated, steps:
            case ast.Call(func=ast.Name(id="zip"), args=args), [int() as index, *rest] if index < len(args):
                return self._of_each(args[index], rest, where, depth)
            case ast.Call(func=ast.Name(id="enumerate"), args=[over, *_]), [1, *rest]:
                return self._of_each(over, rest, where, depth)
            case ast.Call(func=ast.Name(id="reversed" | "sorted"), args=[over]), _:
                return self._of_each(over, steps, where, depth)
            case ast.Call(func=ast.Attribute(value=over, attr="items")), [1, *rest]:
                return _and(self.of(over, where, depth), "[]", *map(_step, rest))
            case ast.Call(), _:
                return None
        return _and(self.of(iterated, where, depth), "[]", *map(_step, steps))


def _and(path: Path | None, *steps: str) -> Path | None:
    return None if path is None else (*path, *steps)


def _step(index: int | None) -> str:
    return "[]" if index is None else f"[{index}]"


def _element(path: Path | None, index: ast.expr) -> Path | None:
    match index:
        case ast.Slice():
            return path
        case ast.Constant(value=str() | int() as key):
            return _and(path, f"[{key!r}]")
    return _and(path, "[]")
