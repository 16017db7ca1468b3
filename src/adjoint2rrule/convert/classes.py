"""The fields of a project's classes, and whether a class is the very one of every value annotated with it."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from adjoint2rrule.convert.annotations import Annotations
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.units import Symbol, Unit

_UNKNOWN = "?"
# Nothing is of just such a class.
_ABSTRACT = frozenset({"typing.Protocol", "typing_extensions.Protocol", "abc.ABC", "typing.Any"})
# Nor of one that derives from it further up: the values are dicts.
_TYPED_DICTS = frozenset({"typing.TypedDict", "typing_extensions.TypedDict"})
_NAMED_TUPLES = frozenset({"typing.NamedTuple", "typing_extensions.NamedTuple"})
_MAKERS = frozenset({"namedtuple", "NamedTuple"})
_DATACLASSES = frozenset(
    {
        "dataclasses.dataclass",
        "attrs.define",
        "attrs.frozen",
        "attrs.mutable",
        "attr.s",
        "attr.attrs",
        "attr.define",
    }
)


@dataclass(frozen=True)
class Field:
    """A field of a class, with its annotation if it has one."""

    name: str
    annotation: ast.expr | None


class Classes:
    """Answers questions about classes from a project's files."""

    def __init__(self, project: Project, unit: Unit) -> None:
        self.project = project
        self.annotations = Annotations(project, unit)

    def is_concrete(self, symbol: Symbol | None) -> bool:
        """Whether every value annotated with this class of the project is of just this class.

        False for abstract classes, those with subclasses in the project, and those that cannot be read.
        """
        if symbol is None or symbol.class_node is None:
            return False
        direct = {found.dotted for found in self._bases(symbol)}
        above = {found.dotted for found in self.annotations.ancestors(symbol)}
        metaclass = any(k.arg == "metaclass" for k in symbol.class_node.keywords)
        abstract = direct & _ABSTRACT or above & _TYPED_DICTS or metaclass
        return not (abstract or _UNKNOWN in direct or self.project.has_subclasses(symbol))

    def is_named_tuple(self, symbol: Symbol | None) -> bool:
        """Whether this is a class of the project that derives from ``NamedTuple``."""
        if symbol is None or symbol.class_node is None:
            return False
        made = (b.func for b in symbol.class_node.bases if isinstance(b, ast.Call))
        if any(ast.unparse(function).rpartition(".")[2] in _MAKERS for function in made):
            return True
        return any(b.dotted in _NAMED_TUPLES or self.is_named_tuple(b) for b in self._bases(symbol))

    def fields(self, symbol: Symbol | None) -> list[Field] | None:
        """Return the fields of a class of the project, in order; `None` where they cannot all be told."""
        if symbol is None or symbol.class_node is None:
            return None
        node = symbol.class_node
        declared = [
            Field(s.target.id, s.annotation)
            for s in node.body
            if isinstance(s, ast.AnnAssign)
            and isinstance(s.target, ast.Name)
            and not _is_no_field(s.annotation)
        ]
        if self._is_dataclass(symbol):
            return self._inherited(symbol, declared)
        if self.is_named_tuple(symbol):
            direct = any(base.dotted in _NAMED_TUPLES for base in self._bases(symbol))
            parents = [base for base in self._bases(symbol) if base.class_node is not None]
            return declared if direct else self.fields(parents[0]) if len(parents) == 1 else None
        slots = _slots(node)
        if slots is None or node.bases:
            return None
        known = {field.name: field.annotation for field in declared} | _initialised(node)
        return [Field(name, known.get(name)) for name in slots]

    def annotation(self, symbol: Symbol | None, name: object) -> ast.expr | None:
        """Return the annotation of the field `name`, also where not all fields of its class can be told."""
        fields = self.fields(symbol)
        if fields is not None:
            return next((f.annotation for f in fields if f.name == name), None)
        node = symbol.class_node if symbol is not None else None
        if node is None or not isinstance(name, str) or not _is_stored(node, name):
            return None
        return _initialised(node).get(name)

    def _inherited(self, symbol: Symbol, declared: list[Field]) -> list[Field] | None:
        fields: dict[str, Field] = {}
        for base in reversed(self._bases(symbol)):
            if base.dotted in {"builtins.object", "typing.Generic", "typing_extensions.Generic", *_ABSTRACT}:
                continue
            inherited = self._inherited(base, []) if _has_methods_alone(base) else self.fields(base)
            if inherited is None:
                return None
            fields |= {field.name: field for field in inherited}
        return list((fields | {field.name: field for field in declared}).values())

    def _bases(self, symbol: Symbol) -> list[Symbol]:
        assert symbol.class_node is not None
        assert symbol.scope is not None
        assert symbol.unit is not None
        heads = [b.value if isinstance(b, ast.Subscript) else b for b in symbol.class_node.bases]
        return [
            found or Symbol(_UNKNOWN)
            for head in heads
            for found in self.project.resolve(head, symbol.scope, symbol.unit) or (None,)
        ]

    def _is_dataclass(self, symbol: Symbol) -> bool:
        assert symbol.class_node is not None
        assert symbol.scope is not None
        assert symbol.unit is not None
        for decorator in symbol.class_node.decorator_list:
            head = decorator.func if isinstance(decorator, ast.Call) else decorator
            for found in self.project.resolve(head, symbol.scope, symbol.unit):
                if found.dotted in _DATACLASSES:
                    return True
        return False


def _has_methods_alone(symbol: Symbol) -> bool:
    """Whether a class of the project gives its instances no attributes of their own."""
    if symbol.class_node is None or symbol.class_node.decorator_list:
        return False
    methods = all(
        isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef | ast.Expr | ast.Pass)
        for s in symbol.class_node.body
    )
    nodes = ast.walk(symbol.class_node)
    return methods and not any(isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store) for n in nodes)


def _is_no_field(annotation: ast.expr) -> bool:
    text = ast.unparse(annotation)
    return "ClassVar" in text or "InitVar" in text


def _slots(node: ast.ClassDef) -> list[str] | None:
    for statement in node.body:
        match statement:
            case ast.Assign(
                targets=[ast.Name(id="__slots__")], value=ast.Tuple(elts=elts) | ast.List(elts=elts)
            ):
                return [e.value for e in elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
    return None


def _initialised(node: ast.ClassDef) -> dict[str, ast.expr | None]:
    """Return the annotations of the parameters of ``__init__``, which fields are named after."""
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            parameters = [*statement.args.posonlyargs, *statement.args.args, *statement.args.kwonlyargs]
            return {p.arg: p.annotation for p in parameters if p.annotation is not None}
    return {}


def _is_stored(node: ast.ClassDef, name: str) -> bool:
    """Whether instances of a class have under `name` what ``__init__`` is given so, and nothing else."""
    stores = [
        statement
        for statement in ast.walk(node)
        if isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign)
        and any(
            isinstance(n, ast.Attribute) and n.attr == name and isinstance(n.ctx, ast.Store)
            for n in ast.walk(statement)
        )
    ]
    match stores:
        case [ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"))], value=ast.Name(id=given))]:
            return given == name
    return False
