"""How objects of the project's classes are made, and which classes an object can be of."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from adjoint2rrule.convert.annotations import Place
from adjoint2rrule.convert.classes import Classes
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import By
from adjoint2rrule.convert.units import Symbol, Unit
from adjoint2rrule.proof.model import Expression, Import, Parameter, Take
from adjoint2rrule.proof.signatures import parameters_of

_DEFAULTS = frozenset({"default", "default_factory", "factory"})
_FIELD_MAKERS = frozenset({"field", "ib", "attrib"})
_ABSTRACT = frozenset({"abc.ABC", "typing.Protocol", "typing_extensions.Protocol"})
_EMPTY = ast.Constant(value=None)  # stands for a default that another module says


@dataclass(frozen=True)
class _Declared:
    """A field in the body of a class."""

    parameter: Parameter
    is_given: bool  # whether the constructor takes it


class Makers:
    """Reads the classes of a project as a test uses them."""

    def __init__(self, project: Project, unit: Unit) -> None:
        self.project = project
        self.unit = unit
        self.classes = Classes(project, unit)

    def expression(self, symbol: Symbol) -> Expression | None:
        """Return how a test writes what stands at the top of a module; `None` where it cannot import it."""
        unit, scope = symbol.unit, symbol.scope
        if unit is None or scope is None or scope.parent is not None or not unit.name:
            return None
        name = unit.module.as_typed(symbol.dotted.rpartition(".")[2])
        return Expression(name, frozenset({Import(unit.name, name)}))

    def members(self, symbol: Symbol) -> tuple[Expression, ...]:
        """Return the members of an enumeration, in order."""
        owner = self.expression(symbol)
        if owner is None or symbol.class_node is None:
            return ()
        names = (
            target.id
            for statement in symbol.class_node.body
            if isinstance(statement, ast.Assign)
            for target in statement.targets
            if isinstance(target, ast.Name) and not target.id.startswith("_")
        )
        return tuple(Expression(f"{owner}.{name}", owner.imports) for name in names)

    def constructor(self, symbol: Symbol) -> tuple[Parameter, ...] | None:
        """Return what a call of a class takes; `None` where that cannot be told."""
        node, scope, unit = symbol.class_node, symbol.scope, symbol.unit
        if node is None or scope is None or unit is None:
            return None
        inner = scope.inner(node)
        for binding in inner.bindings.get("__init__", ()):
            if isinstance(binding.node, ast.FunctionDef):
                return parameters_of(binding.node, Place(inner, unit))[1:]
        fields = self.classes.fields(symbol)
        if fields is None:
            return self._inherited_constructor(symbol)
        declared = {d.parameter.name: d for d in self._declared(symbol)}
        found = [declared[f.name] for f in fields if f.name in declared]
        return tuple(d.parameter for d in found if d.is_given) if len(found) == len(fields) else None

    def _inherited_constructor(self, symbol: Symbol) -> tuple[Parameter, ...] | None:
        bases = list(self.classes.annotations.ancestors(symbol))
        known = (self.constructor(base) for base in bases if base.class_node is not None)
        found = next((parameters for parameters in known if parameters is not None), None)
        is_plain = all(b.dotted in {"builtins.object", *_ABSTRACT} for b in bases)
        has_decorators = symbol.class_node is not None and symbol.class_node.decorator_list
        return () if found is None and is_plain and not has_decorators else found

    def _declared(self, symbol: Symbol) -> Iterator[_Declared]:
        """Yield the fields that a class and those above it declare, those above first."""
        above = list(self.classes.annotations.ancestors(symbol))
        for owner in [*reversed(above), symbol]:
            if owner.class_node is None or owner.scope is None or owner.unit is None:
                continue
            place = Place(owner.scope, owner.unit)
            by_keyword = _says(owner.class_node.decorator_list, "kw_only")
            for statement in owner.class_node.body:
                if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                    yield _field(statement.target.id, statement, place, by_keyword)

    def is_abstract(self, symbol: Symbol) -> bool:
        """Whether a class says that it is there for others to derive from."""
        return any(base.dotted in _ABSTRACT for base in self.classes.annotations.ancestors(symbol))

    def subclasses(self, symbol: Symbol) -> list[Symbol]:
        """Return the classes of the project that derive from a class."""
        if symbol.class_node is None or symbol.unit is None:
            return []
        units = dict.fromkeys([symbol.unit, *self.project.mentioning(symbol.class_node.name)])
        above = self.classes.annotations.ancestors
        return [
            found
            for unit in units
            for found in self.classes_in(unit)
            if any(base.class_node is symbol.class_node for base in above(found))
        ]

    def classes_in(self, unit: Unit) -> list[Symbol]:
        """Return the classes that a module has at its top, its own and those that it imports."""
        names = (ast.Name(name, ast.Load()) for name in unit.scope.bindings)
        found = (s for name in names for s in self.project.resolve(name, unit.scope, unit))
        return list(dict.fromkeys(symbol for symbol in found if symbol.class_node is not None))

    def with_attributes(self, names: list[str]) -> list[Symbol]:
        """Return the classes around whose objects have all these attributes."""
        return [symbol for symbol in self.classes_in(self.unit) if set(names) <= self._attributes(symbol)]

    def _attributes(self, symbol: Symbol) -> set[str]:
        above = [s for s in self.classes.annotations.ancestors(symbol) if s.class_node is not None]
        found = {f.name for f in self.classes.fields(symbol) or ()}
        found |= {p.name for p in self.constructor(symbol) or ()}
        for owner in [symbol, *above]:
            assert owner.class_node is not None
            assert owner.scope is not None
            found |= set(owner.scope.inner(owner.class_node).bindings)
        return found

    def method(self, symbol: Symbol, name: str) -> Symbol | None:
        """Return a method of a class, its own or one that it inherits."""
        for owner in [symbol, *self.classes.annotations.ancestors(symbol)]:
            if owner.class_node is not None and owner.scope is not None:
                scope = owner.scope.inner(owner.class_node)
                bindings = scope.bindings.get(name)
                if bindings and any(b.by is By.FUNCTION for b in bindings):
                    return Symbol(f"{owner.dotted}.{name}", owner.unit, scope, tuple(bindings))
        return None


def _field(name: str, statement: ast.AnnAssign, place: Place, by_keyword: bool) -> _Declared:
    value, is_given = statement.value, True
    if isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in _FIELD_MAKERS:
        by_keyword = by_keyword or _says([value], "kw_only")
        is_given = not _says([value], "init", False)
        defaults = [k.value if k.arg == "default" else _EMPTY for k in value.keywords if k.arg in _DEFAULTS]
        value = defaults[0] if defaults else None
    take = Take.KEYWORD if by_keyword else Take.ONE
    return _Declared(Parameter(name, take, statement.annotation, value, place), is_given)


def _says(calls: list[ast.expr], keyword: str, expected: bool = True) -> bool:
    """Whether one of the calls gives a keyword this value."""
    return any(
        k.arg == keyword and isinstance(k.value, ast.Constant) and k.value.value is expected
        for call in calls
        if isinstance(call, ast.Call)
        for k in call.keywords
    )
