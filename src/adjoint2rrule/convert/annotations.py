"""What an annotation says of a parameter: whether it can be perturbed, and of which class it is.

Aliases, strings, ``Optional``, ``Annotated`` and unions are seen through, to the *alternatives*
they stand for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import By, Scope
from adjoint2rrule.convert.syntax import parse_expression
from adjoint2rrule.convert.units import Symbol, Unit

_MAX_DEPTH = 20
_TYPING = ("typing.", "typing_extensions.", "collections.", "builtins.", "types.")

# Values of these have no tangent space.
_NOT_PERTURBABLE = frozenset(
    {
        *("None", "Literal", "builtins.int", "builtins.bool", "builtins.str", "builtins.bytes"),
        *("builtins.bytearray", "builtins.slice", "builtins.range", "builtins.type", "builtins.callable"),
        *("typing.Callable", "typing.Type", "typing.Text", "collections.abc.Callable"),
        *("types.FunctionType", "types.BuiltinFunctionType", "types.MethodType", "types.NoneType"),
        *("types.EllipsisType", "types.ModuleType", "pathlib.Path", "os.PathLike"),
        *("numpy.dtype", "numpy.typing.DTypeLike", "numpy.ufunc", "numpy.bool", "numpy.bool_"),
        *("numpy.integer", "numpy.signedinteger", "numpy.unsignedinteger", "numpy.intp", "numpy.uintp"),
        *(f"numpy.{sign}int{width}" for sign in ("", "u") for width in (8, 16, 32, 64)),
        *(f"numpy.{name}" for name in ("byte", "short", "intc", "long", "longlong")),
        *(f"numpy.u{name}" for name in ("byte", "short", "intc", "long", "longlong")),
        *("numpy.int_", "numpy.uint", "numpy.str_", "numpy.bytes_", "numpy.datetime64"),
    }
)
_ENUMS = frozenset(f"enum.{name}" for name in ("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"))
_PROTOCOLS = frozenset({"typing.Protocol", "typing_extensions.Protocol"})
# Containers say what their elements say.
_CONTAINERS = {
    "tuple": "tuple",
    "list": "list",
    "dict": "dict",
    "set": "set",
    "frozenset": "set",
    "Tuple": "tuple",
    "List": "list",
    "Dict": "dict",
    "Set": "set",
    "FrozenSet": "set",
    "Sequence": "abstract",
    "Iterable": "abstract",
    "Collection": "abstract",
    "Mapping": "abstract",
    "MutableMapping": "abstract",
    "MutableSequence": "abstract",
    "AbstractSet": "abstract",
    "MutableSet": "abstract",
    "Iterator": "abstract",
    "Reversible": "abstract",
    "Deque": "abstract",
    "deque": "abstract",
    "DefaultDict": "abstract",
    "defaultdict": "abstract",
    "OrderedDict": "abstract",
    "ChainMap": "abstract",
    "Counter": "abstract",
    "MappingProxyType": "abstract",
}
_MAPPINGS = frozenset(
    {"dict", "mapping", "mutablemapping", "defaultdict", "ordereddict", "chainmap", "mappingproxytype"}
)
_ARRAYS = frozenset({"numpy.ndarray", "numpy.typing.NDArray", "numpy.typing.ArrayLike"})


@dataclass(frozen=True)
class Place:
    """Where an annotation is read: its scope and module."""

    scope: Scope
    unit: Unit


@dataclass(frozen=True)
class Alternative:
    """One of the types that an annotation allows.

    Attributes
    ----------
    name
        ``None``, ``Literal``, or the full name of the type; empty where it cannot be told.
    arguments
        What stands in its square brackets.
    place
        Where the arguments are to be read.
    symbol
        The type itself, where it is known.
    written
        How the annotation calls it.
    """

    name: str
    arguments: tuple[ast.expr, ...]
    place: Place
    symbol: Symbol | None = None
    written: str = ""

    @property
    def container(self) -> str | None:
        """``tuple``, ``list``, ``dict``, ``set``, or ``abstract`` for any mapping or sequence."""
        short = self.name.rpartition(".")[2]
        known = self.name.startswith(_TYPING)
        return _CONTAINERS.get(short) if known else None

    @property
    def is_mapping(self) -> bool:
        """Whether this is a dict or another mapping."""
        return self.container is not None and _is_mapping(self)

    @property
    def is_array(self) -> bool:
        """Whether this is numpy's array type."""
        return self.name in _ARRAYS


class Annotations:
    """Reads annotations in the light of a project."""

    def __init__(self, project: Project, unit: Unit) -> None:
        self.project = project
        self.unit = unit

    def alternatives(self, annotation: ast.expr, place: Place, depth: int = 0) -> list[Alternative]:
        """Return the types that `annotation` allows, each with its unions and aliases seen through."""
        unknown = [Alternative("", (), place)]
        if depth > _MAX_DEPTH:
            return unknown
        match annotation:
            case ast.Constant(value=None):
                return [Alternative("None", (), place)]
            case ast.Constant(value=str() as text):
                inner = parse_expression(text)
                return unknown if inner is None else self.alternatives(inner, place, depth + 1)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return self._all([left, right], place, depth)
            case ast.Subscript(value=head, slice=index):
                arguments = index.elts if isinstance(index, ast.Tuple) else [index]
                return self._generic(head, arguments, place, depth)
            case ast.Name() | ast.Attribute():
                return self._named(annotation, place, depth)
        return unknown

    def _all(self, annotations: list[ast.expr], place: Place, depth: int) -> list[Alternative]:
        return [found for a in annotations for found in self.alternatives(a, place, depth + 1)]

    def _generic(
        self, head: ast.expr, arguments: list[ast.expr], place: Place, depth: int
    ) -> list[Alternative]:
        heads = self.alternatives(head, place, depth + 1)
        name = heads[0].name if len(heads) == 1 else ""
        match name.removeprefix("typing_extensions.").removeprefix("typing."):
            case "Optional":
                return [*self._all(arguments, place, depth), Alternative("None", (), place)]
            case "Union":
                return self._all(arguments, place, depth)
            case "Annotated" | "Final" | "ClassVar" | "Required" | "NotRequired":
                return self.alternatives(arguments[0], place, depth + 1)
            case "Literal":
                return [Alternative("Literal", tuple(arguments), place)]
        return [Alternative(name, tuple(arguments), place, heads[0].symbol)]

    def _named(self, annotation: ast.expr, place: Place, depth: int) -> list[Alternative]:
        symbols = self.project.resolve(annotation, place.scope, place.unit)
        if len(symbols) != 1:
            return [Alternative("", (), place)]
        symbol = symbols[0]
        match symbol.bindings:
            case [binding] if binding.by is By.VALUE and binding.value is not None:
                assert symbol.scope is not None
                assert symbol.unit is not None
                inner = Place(symbol.scope, symbol.unit)
                if isinstance(binding.value, ast.Call):
                    return self._made(binding.value, inner, depth)
                found = self.alternatives(binding.value, inner, depth + 1)
                return [replace(f, written=ast.unparse(annotation)) for f in found]
        return [Alternative(symbol.dotted, (), place, symbol, ast.unparse(annotation))]

    def _made(self, call: ast.Call, place: Place, depth: int) -> list[Alternative]:
        """Return what a type that `call` makes stands for: a ``NewType``, a ``TypeVar``, an enumeration."""
        unknown = [Alternative("", (), place)]
        makers = self.project.resolve(call.func, place.scope, place.unit)
        if len(makers) != 1:
            return unknown
        match makers[0].dotted.rpartition(".")[2], call.args:
            case "NewType", [_, base]:
                return self.alternatives(base, place, depth + 1)
            case "TypeVar", [_, *constraints]:
                bounds = [k.value for k in call.keywords if k.arg == "bound"]
                return self._all([*constraints, *bounds], place, depth) or unknown
        if makers[0].dotted in _ENUMS or self.is_enum(makers[0]):
            return [Alternative("enum.Enum", (), place)]
        return unknown

    def is_perturbable(self, alternatives: list[Alternative], depth: int = 0) -> bool:
        """Whether a value of any of these types has a tangent space, as far as can be told.

        A type that contains itself, like that of a tree, is as perturbable as its other parts.
        """
        return depth < _MAX_DEPTH and any(self._one_is_perturbable(a, depth + 1) for a in alternatives)

    def _one_is_perturbable(self, type_: Alternative, depth: int) -> bool:
        if type_.name in _NOT_PERTURBABLE or type_.name in _ENUMS:
            return False
        if type_.container and type_.arguments:
            elements = (
                type_.arguments[1:] if len(type_.arguments) > 1 and _is_mapping(type_) else type_.arguments
            )
            found = [
                self.is_perturbable(self.alternatives(e, type_.place), depth)
                for e in elements
                if not (isinstance(e, ast.Constant) and e.value is ...)
            ]
            return any(found) or not found
        if type_.is_array and type_.arguments:
            return any(self._dtype_is_perturbable(a, type_.place) for a in type_.arguments[-1:])
        return not (self.is_enum(type_.symbol) or self.is_callback(type_.symbol))

    def _dtype_is_perturbable(self, dtype: ast.expr, place: Place) -> bool:
        for found in self.alternatives(dtype, place):
            if found.name == "numpy.dtype" and found.arguments:
                return self.is_perturbable(self.alternatives(found.arguments[0], found.place))
            if found.name in _NOT_PERTURBABLE:
                return False
        return True

    def is_enum(self, symbol: Symbol | None) -> bool:
        """Whether a class of the project is an enumeration."""
        return any(base.dotted in _ENUMS for base in self.ancestors(symbol))

    def is_callback(self, symbol: Symbol | None) -> bool:
        """Whether a class is a protocol that asks for ``__call__`` and nothing else."""
        if symbol is None or symbol.class_node is None:
            return False
        protocol = any(base.dotted in _PROTOCOLS for base in self.ancestors(symbol))
        members = [s for s in symbol.class_node.body if isinstance(s, ast.FunctionDef | ast.AnnAssign)]
        return protocol and [getattr(s, "name", None) for s in members] == ["__call__"]

    def ancestors(self, symbol: Symbol | None, depth: int = 0) -> Iterator[Symbol]:
        """Yield the base classes of a class of the project, as far up as they can be read."""
        if symbol is None or symbol.class_node is None or depth > _MAX_DEPTH:
            return
        assert symbol.scope is not None
        assert symbol.unit is not None
        for base in symbol.class_node.bases:
            head = base.value if isinstance(base, ast.Subscript) else base
            for found in self.project.resolve(head, symbol.scope, symbol.unit):
                yield found
                yield from self.ancestors(found, depth + 1)


def _is_mapping(type_: Alternative) -> bool:
    return type_.name.rpartition(".")[2].lower() in _MAPPINGS
