"""How a test gets hold of what a rule is for: by an import, by making an object, by calling a factory."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass

from adjoint2rrule.convert.annotations import Place
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import Binding, By, DefinitionNode, Scope, walk_scope
from adjoint2rrule.convert.units import Symbol, Unit
from adjoint2rrule.proof.model import Callee, Expression, Import, Reach
from adjoint2rrule.proof.registrations import Registration
from adjoint2rrule.proof.signatures import parameters_of


@dataclass(frozen=True)
class Target:
    """What a rule is for.

    Attributes
    ----------
    name
        What reports call it.
    callee
        How a test gets hold of it.
    symbol
        What it stands for, where the project knows.
    owner
        For a method, the class that it is read from, as the source writes it.
    place
        Where `owner` is to be read.
    """

    name: str
    callee: Callee
    symbol: Symbol | None = None
    owner: ast.expr | None = None
    place: Place | None = None


class Targets:
    """Finds what the registrations of one file are for."""

    def __init__(self, unit: Unit, project: Project) -> None:
        self.unit = unit
        self.project = project

    def of(self, registration: Registration) -> Iterator[Target]:
        """Yield what a rule is registered for: several things, where a function does it for its argument."""
        target, scope = registration.target, registration.scope
        if isinstance(target, DefinitionNode):
            target = ast.Name(target.name, ast.Load())
        match target:
            case ast.Subscript(value=ast.Name(id="type"), slice=ast.Name() | ast.Attribute() as cls):
                yield from self._reached(cls, scope, registration, is_call=True)
            case ast.Name() | ast.Attribute():
                yield from self._reached(target, scope, registration, is_call=False)
            case _:
                yield _unreachable(ast.unparse(target), "it has no name of its own")

    def _reached(
        self, node: ast.expr, scope: Scope, registration: Registration, is_call: bool
    ) -> Iterator[Target]:
        """Yield the targets that `node` stands for where the rule is registered."""
        head = _head(node)
        found = scope.find(head)
        functions = registration.functions
        if found is None or found[0].parent is None:
            yield self._checked(self._target(node, scope, is_call), functions)
            return
        where, bindings = found
        if isinstance(where.node, ast.ClassDef):
            yield self._checked(self._in_class(node, where), functions)
        elif any(b.by is By.PARAMETER for b in bindings):
            yield from self._given(node, head, functions, is_call)
        elif all(b.by is By.IMPORT for b in bindings):
            yield self._checked(self._target(node, scope, is_call), functions)
        else:
            yield self._made(ast.unparse(node), head, bindings, functions)

    def _target(self, node: ast.expr, scope: Scope, is_call: bool) -> Target:
        """Return a target that is there once the module has been imported."""
        text = self.unit.module.as_typed(ast.unparse(node))
        symbols = self.project.resolve(node, scope, self.unit)
        symbol = symbols[0] if len(symbols) == 1 else None
        expression = Expression(text, self._imports(_head(node), scope))
        owner, place = self._owner(node, scope)
        if is_call or not any(self.project.is_class(s) for s in symbols):
            return Target(text, Callee(Reach.NAMED, expression, symbol=symbol), symbol, owner, place)
        callee = Callee(Reach.INSTANCE, expression, symbol=symbol)
        return Target(f"{text}.__call__", callee, _member(symbol, "__call__"))

    def _in_class(self, node: ast.expr, where: Scope) -> Target:
        """Return a target that the body of a class binds, as it is read from the class."""
        assert isinstance(where.node, ast.ClassDef)
        if where.parent is None or where.parent.parent is not None:
            return _unreachable(ast.unparse(node), "its class is made inside of a function")
        owner = ast.Name(where.node.name, ast.Load())
        member = ast.Attribute(owner, ast.unparse(node), ast.Load())
        symbols = self.project.resolve(member, where.parent, self.unit)
        imports = self._imports(where.node.name, where.parent)
        text = f"{where.node.name}.{ast.unparse(node)}"
        symbol = symbols[0] if len(symbols) == 1 else None
        callee = Callee(Reach.NAMED, Expression(text, imports), symbol=symbol)
        return Target(text, callee, symbol, owner, Place(where.parent, self.unit))

    def _given(
        self, node: ast.expr, head: str, functions: tuple[DefinitionNode, ...], is_call: bool
    ) -> Iterator[Target]:
        """Yield what the calls of a function give it to register a rule for."""
        if not isinstance(node, ast.Name) or len(functions) != 1:
            yield _unreachable(ast.unparse(node), "it is an argument of a function inside of another")
            return
        found = [self._argument(call, functions[0], head) for call in self._calls(functions[0])]
        for argument in found:
            if isinstance(argument, ast.Name | ast.Attribute):
                yield self._target(argument, self.unit.scope, is_call)
        if not found:
            yield _unreachable(head, f"nothing calls `{functions[0].name}` as the module is imported")

    def _calls(self, function: DefinitionNode) -> Iterator[ast.Call]:
        """Yield the calls of `function` that run as the module is imported."""
        for node, scope, functions in self.unit.evaluated:
            if isinstance(node, ast.Call) and not functions:
                symbols = self.project.resolve(node.func, scope, self.unit)
                if any(b.node is function for s in symbols for b in s.bindings):
                    yield node

    @staticmethod
    def _argument(call: ast.Call, function: DefinitionNode, name: str) -> ast.expr | None:
        positional = [p.arg for p in (*function.args.posonlyargs, *function.args.args)]
        given = dict(zip(positional, call.args, strict=False))
        return (given | {k.arg: k.value for k in call.keywords if k.arg}).get(name)

    def _made(
        self, name: str, head: str, bindings: list[Binding], functions: tuple[DefinitionNode, ...]
    ) -> Target:
        """Return a target that a function of the module makes and returns."""
        nodes = [b.node for b in bindings if isinstance(b.node, DefinitionNode)]
        symbol = Symbol(name, self.unit, None, tuple(bindings)) if nodes else None
        maker = functions[0] if len(functions) == 1 else None
        if maker is None or not _returns(maker, head) or not self._is_at_top(maker):
            where = functions[-1].name if functions else "its function"
            return _unreachable(name, f"`{where}` makes it and does not simply return it")
        expression = Expression(maker.name, frozenset({self._from_here(maker.name)}))
        place = Place(self.unit.scope, self.unit)
        return Target(name, Callee(Reach.MADE, expression, parameters_of(maker, place), symbol), symbol)

    def _checked(self, target: Target, functions: tuple[DefinitionNode, ...]) -> Target:
        """Return `target`, if its rule is registered as the module is imported."""
        if not functions or any(self._calls(functions[0])):
            return target
        return _unreachable(target.name, f"its rule is registered only when `{functions[0].name}` runs")

    def _is_at_top(self, function: DefinitionNode) -> bool:
        return any(b.node is function for b in self.unit.scope.bindings.get(function.name, ()))

    def _owner(self, node: ast.expr, scope: Scope) -> tuple[ast.expr | None, Place | None]:
        """Return the class that a method is read from, if `node` reads one."""
        if not isinstance(node, ast.Attribute):
            return None, None
        symbols = self.project.resolve(node.value, scope, self.unit)
        is_class = bool(symbols) and all(s.class_node is not None for s in symbols)
        return (node.value, Place(scope, self.unit)) if is_class else (None, None)

    def _imports(self, name: str, scope: Scope) -> frozenset[Import]:
        """Return the import that binds `name` as the module has it; none for a builtin."""
        found = scope.find(name)
        if found is None and hasattr(builtins, name):
            return frozenset()
        match found:
            case (
                _,
                [Binding(by=By.IMPORT, node=ast.alias() as alias, statement=ast.ImportFrom() as statement)],
            ):
                module = self.unit.absolute(statement)
                if module is not None:
                    return frozenset({Import(module, alias.name, alias.asname or "")})
            case (_, [Binding(by=By.IMPORT, node=ast.alias() as alias)]):
                return frozenset({Import(alias.name, alias=alias.asname or "")})
        return frozenset({self._from_here(name)})

    def _from_here(self, name: str) -> Import:
        return Import(self.unit.name, self.unit.module.as_typed(name))


def _head(node: ast.expr) -> str:
    """Return the name at the front of a dotted one."""
    while isinstance(node, ast.Attribute):
        node = node.value
    assert isinstance(node, ast.Name)
    return node.id


def _member(symbol: Symbol | None, name: str) -> Symbol | None:
    """Return what a class of the project has under `name`."""
    if symbol is None or symbol.class_node is None or symbol.scope is None:
        return None
    scope = symbol.scope.inner(symbol.class_node)
    return Symbol(f"{symbol.dotted}.{name}", symbol.unit, scope, tuple(scope.bindings.get(name, ())))


def _returns(function: DefinitionNode, name: str) -> bool:
    """Whether what a function returns is the value of its variable `name`, wherever it returns."""
    returns = [n for n in walk_scope(function.body) if isinstance(n, ast.Return)]
    return bool(returns) and all(isinstance(r.value, ast.Name) and r.value.id == name for r in returns)


def _unreachable(name: str, problem: str) -> Target:
    return Target(name, Callee(Reach.NONE, Expression(name), problem=problem))
