"""Expressions of a project's sources that can stand in a test as they are, with their imports."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adjoint2rrule.convert.annotations import Place
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import Binding, By
from adjoint2rrule.convert.units import Symbol
from adjoint2rrule.proof.inputs.texts import literal
from adjoint2rrule.proof.model import Expression, Import

_MAX_DEPTH = 12
_LONGEST = 400  # characters
_PACKAGES = {"numpy": "np", "scipy.sparse": "sp"}
_MAKERS = frozenset(
    f"numpy.{name}"
    for name in (
        *("array", "asarray", "zeros", "ones", "full", "eye", "identity", "diag", "arange", "linspace"),
        *("logspace", "geomspace", "float64", "float32", "int64", "complex128", "zeros_like", "ones_like"),
        *("outer", "tile", "repeat", "stack", "vstack", "hstack", "concatenate", "sin", "cos", "exp", "sqrt"),
    )
)
_METHODS = frozenset({"reshape", "astype", "copy", "T", "transpose", "tocsr", "tocsc", "ravel", "tolist"})
_BUILTINS = frozenset(
    f"builtins.{name}" for name in ("float", "int", "complex", "tuple", "list", "dict", "set", "range", "abs")
)


@dataclass(frozen=True)
class Literal:
    """An expression that means the same in any file.

    Attributes
    ----------
    expression
        The expression, and the imports that it needs.
    type
        The full name of its type, where that is plain; empty where it is not.
    symbol
        Its class, where it is made by calling one of the project.
    """

    expression: Expression
    type: str = ""
    symbol: Symbol | None = None


class Literals:
    """Reads literals in the light of a project."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def read(self, node: ast.expr, place: Place, depth: int = 0) -> Literal | None:
        """Return `node` as a test can write it; `None` where it depends on what is not known."""
        parts = self._parts(node, place, depth)
        if parts is None:
            return None
        copied, imports = parts
        text = literal(copied)
        if len(text.text) > _LONGEST:
            return None
        type_, symbol = self._type(node, place, depth)
        return Literal(Expression(text.text, frozenset(imports)), type_, symbol)

    def _parts(self, node: ast.expr, place: Place, depth: int) -> tuple[ast.expr, set[Import]] | None:
        """Return `node` with names that any file can import, and these imports."""
        if depth > _MAX_DEPTH:
            return None
        match node:
            case ast.Constant():
                return node, set()
            case ast.Name() | ast.Attribute():
                return self._name(node, place, depth)
            case ast.Call(func=function):
                if not self._is_pure(function, place, depth):
                    return None
            case ast.Tuple() | ast.List() | ast.Set() | ast.Dict() | ast.UnaryOp() | ast.BinOp():
                pass
            case ast.Lambda():
                return self._lambda(node, place)
            case _:
                return None
        return self._rebuilt(node, place, depth)

    def _rebuilt(self, node: ast.expr, place: Place, depth: int) -> tuple[ast.expr, set[Import]] | None:
        """Return `node` with each expression in it replaced, if all of them can be."""
        imports: set[Import] = set()

        def replaced(inner: ast.expr) -> ast.expr:
            found = self._parts(inner, place, depth + 1)
            if found is None:
                raise _NotLiteralError
            imports.update(found[1])
            return found[0]

        fields: dict[str, Any] = {}
        try:
            for name, value in ast.iter_fields(node):
                fields[name] = _mapped(value, replaced)
        except _NotLiteralError:
            return None
        rebuilt: Any = type(node)
        return rebuilt(**fields), imports

    def _lambda(self, node: ast.Lambda, place: Place) -> tuple[ast.expr, set[Import]] | None:
        """Return a lambda that reads nothing but its arguments."""
        own = {a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
        own |= {a.arg for a in (node.args.vararg, node.args.kwarg) if a is not None}
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        builtin = all(
            s.dotted.startswith("builtins.")
            for name in names - own
            for s in self.project.resolve(ast.Name(name, ast.Load()), place.scope, place.unit) or [Symbol("")]
        )
        return (node, set()) if builtin else None

    # -- names ---------------------------------------------------------------------------------

    def _name(self, node: ast.expr, place: Place, depth: int) -> tuple[ast.expr, set[Import]] | None:
        """Return a name under which any file can have the same, or the literal that it stands for."""
        if isinstance(node, ast.Attribute) and node.attr in _METHODS:
            inner = self._parts(node.value, place, depth + 1)
            if inner is not None:
                return ast.Attribute(inner[0], node.attr, ast.Load()), inner[1]
        member = self._member(node, place, depth)
        if member is not None:
            return member
        symbols = self.project.resolve(node, place.scope, place.unit)
        if len(symbols) != 1:
            return None
        (symbol,) = symbols
        if symbol.unit is None:
            return _foreign(symbol.dotted)
        if symbol.scope is not None and symbol.scope.parent is None:
            return self._of_module(symbol, depth)
        return self._local(symbol, depth)

    def _of_module(self, symbol: Symbol, depth: int) -> tuple[ast.expr, set[Import]] | None:
        """Return what stands at the top of a module: imported from there, unless it is a file of tests."""
        assert symbol.unit is not None
        assert symbol.scope is not None
        name = symbol.dotted.rpartition(".")[2]
        value = _only_value(symbol.bindings)
        inner = Place(symbol.scope, symbol.unit)
        if value is not None:
            return self._parts(value, inner, depth + 1)
        is_definition = all(b.by in {By.FUNCTION, By.CLASS} for b in symbol.bindings) and symbol.bindings
        if not is_definition or not symbol.unit.name or is_of_tests(symbol.unit.name):
            return None
        typed = symbol.unit.module.as_typed(name)
        return ast.Name(typed, ast.Load()), {Import(symbol.unit.name, typed)}

    def _local(self, symbol: Symbol, depth: int) -> tuple[ast.expr, set[Import]] | None:
        value = _only_value(symbol.bindings)
        if value is None or symbol.scope is None or symbol.unit is None:
            return None
        return self._parts(value, Place(symbol.scope, symbol.unit), depth + 1)

    def _member(self, node: ast.expr, place: Place, depth: int) -> tuple[ast.expr, set[Import]] | None:
        """Return a member of an enumeration, or another attribute of a class."""
        if not isinstance(node, ast.Attribute):
            return None
        owners = self.project.resolve(node.value, place.scope, place.unit)
        if len(owners) != 1 or owners[0].class_node is None:
            return None
        found = self._of_module(owners[0], depth + 1) if owners[0].unit is not None else None
        return (ast.Attribute(found[0], node.attr, ast.Load()), found[1]) if found is not None else None

    # -- calls ---------------------------------------------------------------------------------

    def _is_pure(self, function: ast.expr, place: Place, depth: int) -> bool:
        """Whether calls of `function` make a value from their arguments, the same each time."""
        if isinstance(function, ast.Attribute) and function.attr in _METHODS:
            return True
        symbols = self.project.resolve(function, place.scope, place.unit)
        return bool(symbols) and all(self._makes(symbol) for symbol in symbols)

    def _makes(self, symbol: Symbol) -> bool:
        if symbol.unit is not None:
            return self.project.is_class(symbol) is True
        return symbol.dotted in _MAKERS | _BUILTINS or symbol.dotted.startswith("scipy.sparse.")

    def _type(self, node: ast.expr, place: Place, depth: int) -> tuple[str, Symbol | None]:
        """Return the type of a literal, as far as it shows."""
        match node:
            case ast.Constant(value=value):
                return ("None" if value is None else f"builtins.{type(value).__name__}"), None
            case ast.UnaryOp(operand=operand):
                return self._type(operand, place, depth + 1)
            case ast.Tuple() | ast.List() | ast.Dict() | ast.Set():
                return f"builtins.{type(node).__name__.lower()}", None
            case ast.Call(func=function):
                return self._type_of_call(function, place)
            case ast.Name() if depth <= _MAX_DEPTH:
                for symbol in self.project.resolve(node, place.scope, place.unit):
                    bound = _only_value(symbol.bindings)
                    if bound is not None and symbol.scope is not None and symbol.unit is not None:
                        return self._type(bound, Place(symbol.scope, symbol.unit), depth + 1)
        return "", None

    def _type_of_call(self, function: ast.expr, place: Place) -> tuple[str, Symbol | None]:
        for symbol in self.project.resolve(function, place.scope, place.unit):
            if symbol.class_node is not None:
                return symbol.dotted, symbol
            if symbol.dotted.startswith("scipy.sparse."):
                return symbol.dotted, None
            if symbol.dotted in _MAKERS:
                return "numpy.ndarray", None
        return "", None


class _NotLiteralError(Exception):
    """A part of an expression is no literal."""


def _mapped(value: object, replaced: Callable[[ast.expr], ast.expr]) -> object:
    if isinstance(value, ast.expr):
        return replaced(value)
    if isinstance(value, ast.keyword):
        return ast.keyword(value.arg, replaced(value.value))
    if isinstance(value, list):
        return [_mapped(entry, replaced) for entry in value]
    return value


def _only_value(bindings: tuple[Binding, ...]) -> ast.expr | None:
    """Return the value that a name is bound to, if that happens once."""
    match bindings:
        case [Binding(by=By.VALUE, value=ast.expr() as value)]:
            return value
    return None


def _foreign(dotted: str) -> tuple[ast.expr, set[Import]] | None:
    """Return a name of another package, as it is imported by custom."""
    if dotted.startswith("builtins."):
        return ast.parse(dotted.removeprefix("builtins."), mode="eval").body, set()
    for module, alias in _PACKAGES.items():
        rest = dotted.removeprefix(f"{module}.")
        if rest != dotted and "random" not in rest:
            return ast.parse(f"{alias}.{rest}", mode="eval").body, {Import(module, alias=alias)}
    module, _, name = dotted.rpartition(".")
    if module.startswith(("scipy.", "math")):
        return ast.Name(name, ast.Load()), {Import(module, name)}
    return None


def is_of_tests(module: str) -> bool:
    """Whether a module of this name holds tests, which others do not import.

    Examples
    --------
    >>> is_of_tests("tests.test_films"), is_of_tests("lab.films")
    (True, False)
    """
    parts = module.split(".")
    return any(
        p in {"tests", "test", "conftest"} or p.startswith("test_") or p.endswith("_test") for p in parts
    )
