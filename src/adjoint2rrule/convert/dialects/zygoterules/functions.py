"""What a call in a rule calls: a function of numpy or its like, one of the project, or an unknown one."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from adjoint2rrule.convert.dialects.zygoterules.numerical import (
    ARRAY_METHODS,
    BUILTIN_NUMBERS,
    CONSTANTS,
    FIELD_MAKERS,
    NOT_ONE_ARRAY,
    NUMERICAL,
    SEVERAL_SPECIAL,
    SINGLE_SCIPY,
    SINGLE_SCIPY_PACKAGES,
)
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import Binding, By, DefinitionNode, Scope, walk_scope
from adjoint2rrule.convert.units import Symbol, Unit


@dataclass(frozen=True)
class Called:
    """What a call calls.

    Attributes
    ----------
    name
        Its full name, `None` where it cannot be told.
    method
        The name after the dot, for a method of a value.
    function
        The definition, for a function of the project that is bound once.
    scope
        The scope of that function's body.
    unit
        The module it stands in.
    """

    name: str | None
    method: str | None = None
    function: DefinitionNode | None = None
    scope: Scope | None = None
    unit: Unit | None = None

    @property
    def is_numerical(self) -> bool:
        """Whether this is a function of numpy, scipy or the like."""
        return self.unit is None and self.name is not None and self.name.startswith(NUMERICAL)

    def gives_number(self, call: ast.Call) -> bool:
        """Whether `call`, of this, gives one number or array, whatever its arguments are."""
        if self.name is None or self.unit is not None or self.name.startswith("numpy.ndarray."):
            return False
        if any(
            k.arg is None or k.arg.startswith("ret") or k.arg == "full" or _is_object(k)
            for k in call.keywords
        ):
            return False  # `return_index=True` and its like, or an array of anything
        if self.name in BUILTIN_NUMBERS:
            # `sum(parts, ())` joins sequences, `max(a, key=…)` may give anything.
            return not call.keywords and not (self.name == "builtins.sum" and len(call.args) > 1)
        if self.name.startswith("scipy."):
            package, _, last = self.name.rpartition(".")
            whole = f"{package}." in SINGLE_SCIPY_PACKAGES and last not in SEVERAL_SPECIAL
            return whole or self.name in SINGLE_SCIPY
        short = self.name.partition(".")[2].removeprefix("numpy.")
        if short == "where" and len(call.args) + len(call.keywords) < 3:
            return False  # the indices: one array per axis
        return self.is_numerical and short not in NOT_ONE_ARRAY and not short.startswith("testing.")

    @property
    def makes_fields(self) -> bool:
        """Whether this is ``dict`` or ``SimpleNamespace``."""
        return self.name in FIELD_MAKERS

    @property
    def is_array_method(self) -> bool:
        """Whether this is a method that only arrays have."""
        return self.method in ARRAY_METHODS

    def arguments(self, call: ast.Call) -> dict[str, ast.expr] | None:
        """Return the expression for each parameter of `function`; `None` where they cannot be matched."""
        assert self.function is not None
        a = self.function.args
        names = [p.arg for p in (*a.posonlyargs, *a.args)]
        stars = any(isinstance(e, ast.Starred) for e in call.args) or any(
            k.arg is None for k in call.keywords
        )
        if stars or len(call.args) > len(names) or a.vararg or a.kwarg:
            return None
        positional = dict(zip(names, call.args, strict=False))
        keywords = {k.arg: k.value for k in call.keywords if k.arg is not None}
        if positional.keys() & keywords.keys() or not keywords.keys() <= {
            *names,
            *(p.arg for p in a.kwonlyargs),
        }:
            return None
        return positional | keywords


def _is_object(argument: ast.keyword) -> bool:
    """Whether a keyword asks for an array of objects."""
    return argument.arg == "dtype" and ast.unparse(argument.value).strip("'") in {"object", "O", "np.object_"}


_REFERENCES = (ast.Name, ast.Attribute, ast.Subscript)


def _names_in(annotation: ast.expr) -> Iterator[ast.expr]:
    """Yield the names in an annotation, also in one that is a string."""
    for node in ast.walk(annotation):
        if isinstance(node, ast.Name | ast.Attribute):
            yield node
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                yield from _names_in(ast.parse(node.value, mode="eval").body)
            except SyntaxError:
                continue


class Functions:
    """Finds out what the calls of one file call.

    Parameters
    ----------
    project, unit
        The file, and the project around it.
    is_rule
        Tells of a definition whether it is a legacy rule that leaves its name to what it is a rule for.
    """

    def __init__(self, project: Project, unit: Unit, is_rule: Callable[[ast.AST, Unit], bool]) -> None:
        self.project = project
        self.unit = unit
        self.is_rule = is_rule
        self._looked_at: set[tuple[Scope, str]] = set()
        self._passed: dict[tuple[Scope, str], tuple[ast.expr, Scope]] = {}

    def passing(self, function: Scope, arguments: Mapping[str, ast.expr], scope: Scope) -> None:
        """Take the parameters of `function` for the functions that it is given from `scope`."""
        for name, argument in arguments.items():
            self._passed[function, name] = argument, scope

    def called(self, call: ast.Call, scope: Scope) -> Called:
        """Return what `call` calls from `scope`."""
        symbols = self.symbols(call.func, scope)
        if len(symbols) == 1:
            return self._of_symbol(symbols[0])
        if not isinstance(call.func, ast.Attribute) or symbols or self.is_object(call.func.value, scope):
            return Called(None)
        return Called(None, call.func.attr)

    def is_object(self, node: ast.expr, scope: Scope) -> bool:
        """Whether `node` is an instance of a class of the project, whose operators may be anything."""
        match node:
            case ast.Call(func=function):
                return self._gives_object(function, scope)
            case ast.Attribute(value=owner, attr=name):
                return self._has_object(owner, name, scope)
            case ast.Subscript(value=whole):
                return self.is_object(whole, scope) or self._holds_objects(whole, scope)
            case ast.Name():
                return self._is_bound_to_object(node, scope)
        return False

    def _is_bound_to_object(self, node: ast.Name, scope: Scope) -> bool:
        found = scope.find(node.id)
        if found is None or (found[0], node.id) in self._looked_at:
            return False  # what a name is made of itself says nothing new
        self._looked_at.add((found[0], node.id))
        bound = any(self._binds_object(binding, found[0]) for binding in found[1])
        self._looked_at.discard((found[0], node.id))
        return bound

    def _binds_object(self, binding: Binding, where: Scope) -> bool:
        if isinstance(binding.node, ast.arg) and binding.by is By.PARAMETER:
            said = binding.node.annotation
            return said is not None and self._mentions_own_class(said, where.parent or where)
        follows = binding.by is By.ELEMENT or isinstance(binding.value, _REFERENCES)
        made = binding.by is By.VALUE and isinstance(binding.value, ast.Call)
        return binding.value is not None and (follows or made) and self.is_object(binding.value, where)

    def _gives_object(self, function: ast.expr, scope: Scope) -> bool:
        """Whether a call gives an instance, by a class, a function that makes one, or a method of one."""
        if self._is_own_class(function, scope):
            return True
        if isinstance(function, ast.Attribute):
            made = self._method_makes_object(function, scope)
            return made or self._is_own_class(function.value, scope)
        symbols = self.symbols(function, scope) if isinstance(function, ast.Name) else ()
        called = self._of_symbol(symbols[0]) if len(symbols) == 1 else Called(None)
        if called.function is None or called.scope is None:
            return False
        return self._returns_own_class(called.function, called.scope)

    def _method_makes_object(self, function: ast.Attribute, scope: Scope) -> bool:
        for symbol in self._classes_of(function.value, scope):
            assert symbol.class_node is not None
            assert symbol.scope is not None
            inside = symbol.scope.inner(symbol.class_node)
            for method in symbol.class_node.body:
                if isinstance(method, DefinitionNode) and method.name == function.attr:
                    return self._returns_own_class(method, inside.inner(method))
        return False

    def _returns_own_class(self, function: DefinitionNode, scope: Scope) -> bool:
        returns = (n.value for n in walk_scope(function.body) if isinstance(n, ast.Return))
        return any(isinstance(v, ast.Call) and self._is_own_class(v.func, scope) for v in returns)

    def _has_object(self, owner: ast.expr, name: str, scope: Scope) -> bool:
        """Whether the attribute `name` of an object is one of the project's as well, as its class says."""
        for symbol in self._classes_of(owner, scope):
            assert symbol.class_node is not None
            assert symbol.scope is not None
            inside = symbol.scope.inner(symbol.class_node)
            for part in ast.walk(symbol.class_node):
                match part:
                    case ast.AnnAssign(
                        target=ast.Name(id=known) | ast.Attribute(attr=known), annotation=said
                    ):
                        if known == name and self._mentions_own_class(said, inside):
                            return True
                    case ast.Assign(targets=[ast.Attribute(attr=known)], value=ast.Call(func=function)):
                        if known == name and self._is_own_class(function, inside):
                            return True
        return False

    def _classes_of(self, node: ast.expr, scope: Scope) -> Iterator[Symbol]:
        """Yield the classes of the project that the annotation of a parameter names."""
        found = scope.find(node.id) if isinstance(node, ast.Name) else None
        where, bindings = found if found is not None else (scope, [])
        for binding in bindings:
            said = binding.node.annotation if isinstance(binding.node, ast.arg) else None
            for part in _names_in(said) if said is not None else ():
                yield from (s for s in self.symbols(part, where.parent or where) if s.class_node is not None)

    def _holds_objects(self, node: ast.expr, scope: Scope) -> bool:
        """Whether a container that a module makes has instances in it."""
        found = scope.find(node.id) if isinstance(node, ast.Name) else None
        values = [b.value for b in found[1] if b.value is not None] if found is not None else []
        calls = [n for v in values for n in ast.walk(v) if isinstance(n, ast.Call)]
        return found is not None and any(self._is_own_class(call.func, found[0]) for call in calls)

    def _mentions_own_class(self, annotation: ast.expr, scope: Scope) -> bool:
        return any(self._is_own_class(part, scope) for part in _names_in(annotation))

    def _is_own_class(self, node: ast.expr, scope: Scope) -> bool:
        if not isinstance(node, ast.Name | ast.Attribute):
            return False
        return any(symbol.class_node is not None for symbol in self.symbols(node, scope))

    def symbols(self, expression: ast.expr, scope: Scope) -> tuple[Symbol, ...]:
        """Return what `expression` can stand for, without the methods of values."""
        if isinstance(expression, ast.Name) and (found := scope.find(expression.id)) is not None:
            where, bindings = found
            passed = self._passed.pop((where, expression.id), None)
            if passed is not None and all(b.by is By.PARAMETER for b in bindings):
                symbols = self.symbols(
                    *passed
                )  # of a function that hands a parameter to itself, there are none
                self._passed[where, expression.id] = passed
                return symbols
        unit = self._unit_of(scope)
        return self.project.resolve(expression, scope, unit)

    def _unit_of(self, scope: Scope) -> Unit:
        if scope.module is self.unit.scope:
            return self.unit
        return self.project.unit_of(scope.module)

    def _of_symbol(self, symbol: Symbol) -> Called:
        if symbol.unit is None:
            return Called(symbol.dotted)
        if symbol.scope is None or isinstance(symbol.scope.node, ast.ClassDef):
            return Called(symbol.dotted, unit=symbol.unit)
        bindings = [b for b in symbol.bindings if not self.is_rule(b.node, symbol.unit)]
        match bindings:
            case [binding] if binding.by is By.FUNCTION and isinstance(binding.node, DefinitionNode):
                return Called(
                    symbol.dotted, None, binding.node, symbol.scope.inner(binding.node), symbol.unit
                )
        return Called(symbol.dotted, unit=symbol.unit)

    def is_numerical_constant(self, node: ast.Attribute, scope: Scope) -> bool:
        """Whether `node` is something like ``np.pi``."""
        symbols = self.symbols(node, scope)
        return node.attr in CONSTANTS and len(symbols) == 1 and self._of_symbol(symbols[0]).is_numerical
