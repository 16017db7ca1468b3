"""What each cotangent becomes: `None` a zero, dicts and tuples a `Tangent` of the argument's type.

Converting ZygoteRules, sections "Include the derivative with respect to the function object itself"
and "``Tuple``s and ``NamedTuple``s become ``Tangent{T}``s".
"""

from __future__ import annotations

import ast
import keyword
from dataclasses import dataclass, field

from adjoint2rrule.convert.dialects.zygoterules.annotations import Alternative, Place
from adjoint2rrule.convert.dialects.zygoterules.classes import Classes, Field
from adjoint2rrule.convert.dialects.zygoterules.cotangents import Cotangent, Either, Fields, Items, Missing
from adjoint2rrule.convert.dialects.zygoterules.parameters import zero_for
from adjoint2rrule.convert.dialects.zygoterules.rules import Parameter, Problem, Pullback, Rule
from adjoint2rrule.convert.dialects.zygoterules.targets import Target
from adjoint2rrule.convert.model import Kind, Span
from adjoint2rrule.convert.operations import (
    Address,
    AsCall,
    ExtendTuple,
    Operation,
    Replace,
    ReplaceStatement,
    Wrap,
    address,
)
from adjoint2rrule.convert.plan import Consumed
from adjoint2rrule.convert.project import Symbol, Unit
from adjoint2rrule.convert.runtime import RuntimeNames


@dataclass(frozen=True)
class Primal:
    """What a cotangent is the cotangent of: an argument, or a part of one.

    Attributes
    ----------
    path
        How the rule writes it: ``stack.substrate``.
    alternatives
        The types that its annotation allows; none where there is no annotation.
    zero
        The name of the zero that stands for no gradient.
    """

    path: str
    alternatives: tuple[Alternative, ...]
    zero: str


@dataclass
class Changes:
    """The operations that make a rule's results tangents, and what stands in their way.

    Attributes
    ----------
    operations
        By address, so that a node that several paths return is changed once.
    consumed
        Names whose use goes away.
    problems
        What cannot be converted.
    """

    operations: dict[Address, Operation] = field(default_factory=dict)
    consumed: set[Consumed] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


class Tangents:
    """Decides what the results of one rule become."""

    def __init__(
        self, rule: Rule, target: Target, own_name: str, unit: Unit, classes: Classes, runtime: RuntimeNames
    ) -> None:
        self.rule = rule
        self.target = target
        self.unit = unit
        self.classes = classes
        self.runtime = runtime
        self.changes = Changes()
        self.scope = rule.scope
        assert rule.scope.parent is not None
        self.place = Place(rule.scope.parent, unit)
        self.primals = [self._primal(i, p, own_name) for i, p in enumerate(rule.parameters)]

    def _primal(self, index: int, parameter: Parameter, own_name: str) -> Primal:
        annotation = parameter.node.annotation
        annotations = self.classes.annotations
        found = annotations.alternatives(annotation, self.place) if annotation else []
        if index == 0 and self.target.kind is Kind.FUNCTOR:
            symbol = self.target.symbol
            found = [Alternative(symbol.dotted, (), self.place, symbol)] if symbol else []
            return Primal(parameter.name, tuple(found), "ZeroTangent")
        missing = all(
            isinstance(r, Missing) or index >= len(r.values) or isinstance(r.values[index], Missing)
            for pullback in self.rule.pullbacks
            for r in pullback.results
        )
        zero = zero_for(parameter, found, annotations, self.rule, own_name, always_missing=missing)
        return Primal(parameter.name, tuple(found), zero)

    def decide(self) -> Changes:
        """Return the changes for every result of every pullback."""
        for pullback in self.rule.pullbacks:
            self.scope = self.rule.scope.inner(pullback.node)
            for result in pullback.results:
                if isinstance(result, Missing):
                    self._whole(result, pullback)
                else:
                    self._entries(result, pullback)
        return self.changes

    # -- whole results -------------------------------------------------------------------------

    @property
    def _own(self) -> tuple[str, ...]:
        """The function's own cotangent, which a functor's pullback returns by itself."""
        return () if self.target.kind is Kind.FUNCTOR else (self.runtime.call("NoTangent"),)

    def _whole(self, result: Missing, pullback: Pullback) -> None:
        if self._is_variadic(pullback):
            return
        entries = [*self._own, *(self.runtime.call(p.zero) for p in self.primals)]
        text = f"({entries[0]},)" if len(entries) == 1 else f"({', '.join(entries)})"
        if isinstance(result.node, ast.Return):
            self._do(ReplaceStatement(address(result.node), (f"return {text}",)), result.node)
        else:
            self._do(Replace(address(result.node), text), result.node)

    def _entries(self, result: Items, pullback: Pullback) -> None:
        if self._is_variadic(pullback):
            return
        if len(result.values) > len(self.primals):
            self._problem(
                "too-many-entries",
                result.node,
                f"the pullback returns {len(result.values)} cotangents for {len(self.primals)} arguments",
                "Return one cotangent per positional parameter; keyword-only ones have none.",
            )
            return
        after = tuple(self.runtime.call(p.zero) for p in self.primals[len(result.values) :])
        if self._own or after:
            self._do(ExtendTuple(address(result.node), self._own, after), result.node)
        for value, primal in zip(result.values, self.primals, strict=False):
            self._cotangent(value, primal)

    def _is_variadic(self, pullback: Pullback) -> bool:
        if not any(p.is_variadic for p in self.rule.parameters):
            return False
        self._problem(
            "variadic-cotangents",
            pullback.node,
            "the rule takes any number of arguments, and how many cotangents it returns cannot be told",
            "Convert this rule by hand.",
        )
        return True

    # -- one cotangent -------------------------------------------------------------------------

    def _cotangent(self, value: Cotangent, primal: Primal) -> None:
        match value:
            case Missing(node=ast.expr() as node):
                self._do(Replace(address(node), self.runtime.call(primal.zero)), node)
            case Either(choices=choices):
                for choice in choices:
                    self._cotangent(choice, primal)
            case Fields():
                self._fields(value, primal)
            case Items():
                self._items(value, primal)

    def _fields(self, value: Fields, primal: Primal) -> None:
        nothing = value.values and all(isinstance(v, Missing) for v in value.values)
        if nothing and not self._comment_in(value.node):
            self._consume(value.node)
            self._do(Replace(address(value.node), self.runtime.call("ZeroTangent")), value.node)
            return
        known = self._known(primal)
        if known is not None and (known.is_array or known.name in _NUMBERS):
            self._structure(value.node, primal, known, "a dict")
            return
        type_, symbol = self._type(primal, value.node)
        is_mapping = type_ == "dict"
        names = [
            k for k in value.keys if isinstance(k, str) and k.isidentifier() and not keyword.iskeyword(k)
        ]
        plain = len(names) == len(value.keys)
        if not plain and symbol is not None:
            self._problem(
                "unknown-field", value.node, f"a key of the cotangent is no field of `{type_}`", _FIELD
            )
            return
        fields = self.classes.fields(symbol)
        for name in names if fields is not None else []:
            if all(f.name != name for f in fields or []):
                self._problem("unknown-field", value.node, f"`{type_}` has no field `{name}`", _FIELD)
                return
        dropped = self._dropped(value)
        self._consume(value.node)
        callee = f"{self.runtime.use('Tangent')}[{type_}]"
        wraps = isinstance(value.node, ast.Dict) and (is_mapping or not plain)
        operation = Wrap if wraps else AsCall
        self._do(operation(address(value.node), callee, dropped), value.node)
        for i, (key, part) in enumerate(zip(value.keys, value.values, strict=True)):
            if i not in dropped:
                inner = self._field_primal(primal, key, fields, symbol, is_mapping=is_mapping or not plain)
                self._cotangent(part, inner)

    def _items(self, value: Items, primal: Primal) -> None:
        known = self._known(primal)
        is_list = isinstance(value.node, ast.List)
        if is_list and (known is None or known.container != "list"):
            self._problem(
                "list-cotangent",
                value.node,
                f"whether `{primal.path}` is a list or an array cannot be told, and so what its cotangent is",
                "Annotate the parameter (`list`), or return an array: `np.array([...])`.",
            )
            return
        if known is not None and not is_list and not self._may_be_tuple(known):
            self._structure(value.node, primal, known, "a tuple")
            return
        type_, symbol = self._type(primal, value.node)
        fields = self.classes.fields(symbol)
        if fields is not None and len(value.values) != len(fields):
            self._problem("unknown-field", value.node, f"`{type_}` has {len(fields)} fields", _FIELD)
            return
        self._do(AsCall(address(value.node), f"{self.runtime.use('Tangent')}[{type_}]"), value.node)
        for i, part in enumerate(value.values):
            annotation = fields[i].annotation if fields else _element(known, i)
            place = self._place_of(symbol) if fields else (known.place if known else self.place)
            self._cotangent(part, self._inner(f"{primal.path}[{i}]", annotation, place))

    def _structure(self, node: ast.expr, primal: Primal, known: Alternative, written: str) -> None:
        type_ = known.name.removeprefix("builtins.")
        self._problem(
            "unexpected-structure",
            node,
            f"the cotangent of `{primal.path}`, a `{type_}`, is written as {written}",
            "Return a dict of its fields for an object, a tuple for a tuple, an array for an array.",
        )

    def _may_be_tuple(self, known: Alternative) -> bool:
        if known.symbol is not None and known.symbol.class_node is not None:
            return self.classes.is_named_tuple(known.symbol)
        return not known.name or known.container in {"tuple", "abstract"} or known.symbol is not None

    # -- parts ---------------------------------------------------------------------------------

    def _field_primal(
        self,
        primal: Primal,
        key: object,
        fields: list[Field] | None,
        symbol: Symbol | None,
        *,
        is_mapping: bool,
    ) -> Primal:
        if is_mapping:
            known = self._known(primal)
            value = known.arguments[1] if known and len(known.arguments) == 2 else None
            return self._inner(f"{primal.path}[{key!r}]", value, known.place if known else self.place)
        annotation = next((f.annotation for f in fields or [] if f.name == key), None)
        return self._inner(f"{primal.path}.{key}", annotation, self._place_of(symbol))

    def _inner(self, path: str, annotation: ast.expr | None, place: Place) -> Primal:
        annotations = self.classes.annotations
        found = annotations.alternatives(annotation, place) if annotation else []
        zero = "ZeroTangent" if not found or annotations.is_perturbable(found) else "NoTangent"
        return Primal(path, tuple(found), zero)

    def _place_of(self, symbol: Symbol | None) -> Place:
        if symbol is None or symbol.scope is None or symbol.unit is None:
            return self.place
        return Place(symbol.scope, symbol.unit)

    def _dropped(self, value: Fields) -> frozenset[int]:
        """Return the entries that are zero and go; one with a comment beside it stays, as a zero."""
        nodes: list[ast.expr] = (
            [k.value for k in value.node.keywords] if isinstance(value.node, ast.Call) else value.node.values
        )
        dropped = []
        for i, part in enumerate(value.values):
            start = self.unit.module.span(nodes[i - 1]).end if i else self.unit.module.span(value.node).start
            last = i + 1 == len(nodes)
            end = self.unit.module.span(value.node if last else nodes[i + 1])
            stop = end.end if last else end.start
            if isinstance(part, Missing) and not self.unit.module.has_comment(Span(start, stop)):
                dropped.append(i)
        return frozenset(dropped)

    # -- types ---------------------------------------------------------------------------------

    def _known(self, primal: Primal) -> Alternative | None:
        """Return the one type that the primal has beside ``None``, if its annotation says so."""
        others = [a for a in primal.alternatives if a.name != "None"]
        return others[0] if len(others) == 1 else None

    def _type(self, primal: Primal, node: ast.expr) -> tuple[str, Symbol | None]:
        """Return how to write the type of the primal, and the class where it is one of the project."""
        known = self._known(primal)
        if (
            known is not None
            and known.container in {"tuple", "list", "dict"}
            and self._is_builtin(known.container)
        ):
            return known.container, None
        if known is not None and self.classes.is_concrete(known.symbol):
            assert known.symbol is not None
            name = self._name_of(known.symbol)
            if name is not None:
                return name, known.symbol
        self._check_path(primal, node)
        return f"type({primal.path})", None

    def _is_builtin(self, name: str) -> bool:
        return self.scope.find(name) is None

    def _name_of(self, symbol: Symbol) -> str | None:
        """Return the name by which the rule can speak of a class when it runs, `None` where there is none."""
        assert symbol.class_node is not None
        name = symbol.class_node.name
        found = self.classes.project.resolve(ast.Name(name, ast.Load()), self.scope, self.unit)
        same = len(found) == 1 and found[0].class_node is symbol.class_node
        return name if same and name not in self.unit.only_typing else None

    def _check_path(self, primal: Primal, node: ast.expr) -> None:
        """Note a problem where the argument's name means something else by the time the pullback runs."""
        name = primal.path.partition(".")[0].partition("[")[0]
        rebound = [
            n
            for n in ast.walk(self.rule.node)
            if (isinstance(n, ast.Name) and n.id == name and not isinstance(n.ctx, ast.Load))
            or (isinstance(n, ast.arg) and n.arg == name)
        ]
        if len(rebound) > 1 or not self._is_builtin("type"):
            self._problem(
                "rebound-argument",
                node,
                f"the type of `{primal.path}` is needed, but the rule binds `{name}` to something else as well",
                f"Annotate the parameter with its class, or keep `{name}` for the argument.",
            )

    # -- notes ---------------------------------------------------------------------------------

    def _comment_in(self, node: ast.expr) -> bool:
        return self.unit.module.has_comment(self.unit.module.span(node))

    def _consume(self, node: ast.Dict | ast.Call) -> None:
        if isinstance(node, ast.Call):
            root: ast.expr = node.func
            while isinstance(root, ast.Attribute):
                root = root.value
            assert isinstance(root, ast.Name)
            self.changes.consumed.add((root, self.scope))

    def _do(self, operation: Operation, node: ast.expr | ast.stmt) -> None:
        known = self.changes.operations.setdefault(operation.at, operation)
        if known != operation:
            self._problem(
                "shared-cotangent",
                node,
                "one value serves as the cotangent of arguments that need different ones",
                "Write each cotangent out for itself.",
            )

    def _problem(self, slug: str, node: ast.expr | ast.stmt, message: str, hint: str) -> None:
        self.changes.problems.append(Problem(slug, node, message, hint))


def _element(known: Alternative | None, index: int) -> ast.expr | None:
    """Return the annotation of an entry of a tuple or list."""
    if known is None or not known.arguments:
        return None
    arguments = known.arguments
    if known.container == "tuple" and not _is_ellipsis(arguments[-1]):
        return arguments[index] if index < len(arguments) else None
    return arguments[0]


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


_NUMBERS = frozenset({"builtins.float", "builtins.complex"})
_FIELD = "Name the fields as the class does; see its definition."
