"""What a cotangent is the cotangent of, and how a rule writes the type of it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from adjoint2rrule.convert.annotations import Alternative, Place
from adjoint2rrule.convert.classes import Classes, Field
from adjoint2rrule.convert.dialects.zygoterules.cotangents import Each
from adjoint2rrule.convert.dialects.zygoterules.functions import Functions
from adjoint2rrule.convert.dialects.zygoterules.parameters import zero_for
from adjoint2rrule.convert.dialects.zygoterules.results import is_missing
from adjoint2rrule.convert.dialects.zygoterules.rules import Parameter, Rule
from adjoint2rrule.convert.dialects.zygoterules.targets import Target
from adjoint2rrule.convert.model import Kind
from adjoint2rrule.convert.scopes import Scope, names_bound_by
from adjoint2rrule.convert.units import Symbol, Unit

_NUMBERS = frozenset({"builtins.float", "builtins.complex"})
_ARRAY_PACKAGES = ("numpy.", "scipy.sparse.")


@dataclass(frozen=True)
class Primal:
    """What a cotangent is the cotangent of: an argument, or a part of one.

    Attributes
    ----------
    path
        How the source writes it: ``stack.substrate``; `None` where nothing there stands for it.
    alternatives
        The types that its annotation allows; none where there is no annotation.
    zero
        The name of the zero that stands for no gradient.
    binder
        The function or comprehension that binds the name at the front of `path`.
    """

    path: str | None
    alternatives: tuple[Alternative, ...]
    zero: str
    binder: ast.AST

    @property
    def known(self) -> Alternative | None:
        """The one type that the primal has beside ``None``, if its annotation says so."""
        others = [a for a in self.alternatives if a.name != "None"]
        return others[0] if len(others) == 1 else None

    @property
    def is_numerical(self) -> bool:
        """Whether this is annotated as a number or an array, dense or sparse."""
        others = [a for a in self.alternatives if a.name != "None"]
        return bool(others) and all(
            a.is_array or a.name in _NUMBERS or a.name.startswith(_ARRAY_PACKAGES) for a in others
        )

    @property
    def is_structure(self) -> bool:
        """Whether this is annotated as a container or as a class of the project, and as nothing else."""
        if self.known is None:
            return False
        symbol = self.known.symbol
        return self.known.container is not None or (symbol is not None and symbol.class_node is not None)

    @property
    def front(self) -> str:
        """The name at the front of the path."""
        return (self.path or "").partition(".")[0].partition("[")[0]

    @property
    def written(self) -> str:
        """What to call it when speaking to people."""
        return f"`{self.path}`" if self.path is not None else "a part of an argument"

    def named(self, path: str | None, binder: ast.AST) -> Primal:
        """Return the same primal, as it is known by another name."""
        return replace(self, path=path, binder=binder)


@dataclass(frozen=True)
class Type:
    """How a rule writes the type of a primal.

    Attributes
    ----------
    text
        ``Layer``, ``dict``, or ``type(layer)``.
    symbol
        The class, where it is one of the project.
    fields
        The fields of that class, `None` where they cannot all be told.
    """

    text: str
    symbol: Symbol | None = None
    fields: list[Field] | None = None

    @property
    def is_read_from_value(self) -> bool:
        """Whether the type is taken from the value when the pullback runs."""
        return self.text.startswith("type(")


class Primals:
    """The primals of one rule, and what their annotations say of their parts."""

    def __init__(
        self, rule: Rule, target: Target, unit: Unit, classes: Classes, functions: Functions
    ) -> None:
        self.rule = rule
        self.target = target
        self.unit = unit
        self.classes = classes
        self.functions = functions
        assert rule.scope.parent is not None
        self.place = Place(rule.scope.parent, unit)
        self.of_parameters = [self._of_parameter(i, p) for i, p in enumerate(rule.parameters)]

    def _of_parameter(self, index: int, parameter: Parameter) -> Primal:
        annotation = parameter.node.annotation
        annotations = self.classes.annotations
        found = annotations.alternatives(annotation, self.place) if annotation else []
        if index == 0 and self.target.kind is Kind.FUNCTOR:
            symbol = self.target.symbol
            found = [Alternative(symbol.dotted, (), self.place, symbol)] if symbol else []
            return Primal(parameter.name, tuple(found), "ZeroTangent", self.rule.node)
        rule = self.rule
        results = [
            *(r for p in rule.pullbacks for r in p.results),
            *(r for h in rule.handed for r in h.results),
        ]
        missing = all(is_missing(result, index) for result in results)
        zero = zero_for(
            parameter,
            found,
            annotations,
            self.rule,
            self.target.text,
            self.functions,
            always_missing=missing,
        )
        return Primal(parameter.name, tuple(found), zero, self.rule.node)

    # -- parts ---------------------------------------------------------------------------------

    def entry(self, primal: Primal, key: object) -> Primal:
        """Return the entry of a dict under `key`."""
        return self._entry(primal, f"[{key!r}]")

    def each_entry(self, primal: Primal, node: ast.DictComp) -> Primal:
        """Return the entry of a dict that a comprehension over its keys is at."""
        over = [ast.unparse(g.iter) for g in node.generators]
        key = ast.unparse(node.key)
        by_key = over in ([primal.path], [f"{primal.path}.keys()"]) and key == ast.unparse(
            node.generators[0].target
        )
        if by_key:
            return self._entry(primal, f"[{key}]")
        found = self._entry(primal, "")
        match node.generators:
            case [ast.comprehension(target=ast.Tuple(elts=[_, ast.Name(id=name)]), iter=iterated)] if (
                ast.unparse(iterated) == f"{primal.path}.items()"
            ):
                return found.named(name, node)
        return found.named(None, node)

    def _entry(self, primal: Primal, step: str) -> Primal:
        known = primal.known
        value = known.arguments[1] if known and len(known.arguments) == 2 else None
        return self._part(primal, step, value, known.place if known else self.place)

    def field(self, primal: Primal, name: object, type_: Type) -> Primal:
        """Return the field called `name` of an object."""
        annotation = self.classes.annotation(type_.symbol, name)
        return self._part(primal, f".{name}", annotation, self._place_of(type_))

    def item(self, primal: Primal, index: int, type_: Type) -> Primal:
        """Return the entry at `index` of a tuple, list or NamedTuple."""
        known = primal.known
        if type_.fields is not None:
            annotation, place = type_.fields[index].annotation, self._place_of(type_)
        else:
            annotation, place = _element(known, index), known.place if known else self.place
        return self._part(primal, f"[{index}]", annotation, place)

    def element(self, primal: Primal, each: Each | None) -> Primal:
        """Return what each element of a sequence is, under the name that `each` has for it."""
        known = primal.known
        annotation = _element(known, None) if known else None
        found = self._part(primal, "", annotation, known.place if known else self.place)
        return found.named(*_element_name(primal, each))

    def argument(self, primal: Primal, each: Each | None) -> Primal:
        """Return what each of the arguments is that a variadic parameter collects."""
        return primal.named(*_element_name(primal, each))

    def _part(self, primal: Primal, step: str, annotation: ast.expr | None, place: Place) -> Primal:
        annotations = self.classes.annotations
        found = annotations.alternatives(annotation, place) if annotation else []
        zero = "ZeroTangent" if not found or annotations.is_perturbable(found) else "NoTangent"
        path = None if primal.path is None else f"{primal.path}{step}"
        return Primal(path, tuple(found), zero, primal.binder)

    def _place_of(self, type_: Type) -> Place:
        symbol = type_.symbol
        if symbol is None or symbol.scope is None or symbol.unit is None:
            return self.place
        return Place(symbol.scope, symbol.unit)

    # -- types ---------------------------------------------------------------------------------

    def may_be_tuple(self, primal: Primal) -> bool:
        """Whether the primal can be a tuple, as far as its annotation says."""
        known = primal.known
        if known is None or not known.name or known.container is not None:
            return known is None or known.container in {None, "tuple", "abstract"}
        if known.symbol is not None and known.symbol.class_node is not None:
            return self.classes.is_named_tuple(known.symbol)
        return not primal.is_numerical

    def type_of(self, primal: Primal, scope: Scope, node: ast.AST) -> Type | None:
        """Return how to write the primal's type for `node`, in `scope`; `None` where there is no way to."""
        known = primal.known
        if (
            known is not None
            and known.container in {"tuple", "list", "dict"}
            and self._is_builtin(known.container, scope)
        ):
            return Type(known.container)
        if known is not None and self.classes.is_concrete(known.symbol):
            assert known.symbol is not None
            name = self._name_of(known.symbol, known.written, scope)
            if name is not None:
                return Type(name, known.symbol, self.classes.fields(known.symbol))
        known_there = primal.path is not None and any(n is node for n in ast.walk(primal.binder))
        if not known_there or self._is_rebound(primal) or not self._is_builtin("type", scope):
            return None
        return Type(f"type({primal.path})")

    def _name_of(self, symbol: Symbol, written: str, scope: Scope) -> str | None:
        """Return how the rule can speak of a class when it runs, `None` where it cannot."""
        assert symbol.class_node is not None
        for name in (written, symbol.class_node.name):
            if not name or name.partition(".")[0] in self.unit.only_typing:
                continue
            found = self.classes.project.resolve(ast.parse(name, mode="eval").body, scope, self.unit)
            if len(found) == 1 and self.classes.project.is_same_class(found[0], symbol.class_node):
                return name
        return None

    def _is_builtin(self, name: str, scope: Scope) -> bool:
        """Whether a builtin is what its name says it is."""
        found = self.classes.project.resolve(ast.Name(name, ast.Load()), scope, self.unit)
        return all(symbol.dotted == f"builtins.{name}" for symbol in found)

    @staticmethod
    def _is_rebound(primal: Primal) -> bool:
        """Whether the name at the front of the path is bound to something else as well."""
        bound = (primal.front in names_bound_by(node) for node in ast.walk(primal.binder))
        return sum(bound) > 1


def _element_name(primal: Primal, each: Each | None) -> tuple[str | None, ast.AST]:
    """Return the name that a comprehension has for the elements of `primal`, and the comprehension."""
    if each is None or isinstance(each.node, ast.BinOp):
        return None, primal.binder
    for generator in each.node.generators:
        for target, iterated in _paired(generator.target, generator.iter):
            if isinstance(target, ast.Name) and ast.unparse(iterated) == primal.path:
                return target.id, each.node
    return None, each.node


def _paired(target: ast.expr, iterated: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """Return what is iterated over side by side, each with its target."""
    match target, iterated:
        case ast.Tuple(elts=targets), ast.Call(func=ast.Name(id="zip"), args=args) if len(targets) == len(
            args
        ):
            return [pair for t, a in zip(targets, args, strict=True) for pair in _paired(t, a)]
        case ast.Tuple(elts=[_, inner]), ast.Call(func=ast.Name(id="enumerate"), args=[over, *_]):
            return _paired(inner, over)
    return [(target, iterated)]


def _element(known: Alternative | None, index: int | None) -> ast.expr | None:
    """Return the annotation of an entry of a tuple or list; of any entry, where `index` is `None`."""
    if known is None or not known.arguments:
        return None
    arguments = known.arguments
    last = arguments[-1]
    repeats = isinstance(last, ast.Constant) and last.value is ...
    if known.container == "tuple" and not repeats:
        alike = len({ast.dump(argument) for argument in arguments}) == 1
        if index is None:
            return arguments[0] if alike else None
        return arguments[index] if index < len(arguments) else None
    return arguments[0]
