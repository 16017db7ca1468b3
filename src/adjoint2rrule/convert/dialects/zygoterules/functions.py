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
from adjoint2rrule.convert.scopes import By, DefinitionNode, Scope
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
        if isinstance(node, ast.Call):
            return self._is_own_class(node.func, scope)
        found = scope.find(node.id) if isinstance(node, ast.Name) else None
        if found is None:
            return False
        where, bindings = found
        for binding in bindings:
            if binding.by is By.PARAMETER and isinstance(binding.node, ast.arg) and binding.node.annotation:
                around = where.parent or where
                if any(self._is_own_class(part, around) for part in _names_in(binding.node.annotation)):
                    return True
            made = binding.value if binding.by is By.VALUE else None
            if isinstance(made, ast.Call) and self._is_own_class(made.func, where):
                return True
        return False

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
