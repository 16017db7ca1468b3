"""What each cotangent becomes: `None` a zero, dicts and tuples a `Tangent` of the argument's type.

Converting ZygoteRules, section "``Tuple``s and ``NamedTuple``s become ``Tangent{T}``s".
"""

from __future__ import annotations

import ast
import builtins
import keyword
from dataclasses import dataclass, field
from unicodedata import normalize

from adjoint2rrule.convert.dialects.zygoterules.cotangents import (
    Alike,
    Collected,
    Cotangent,
    Each,
    Either,
    Entries,
    Fields,
    Given,
    Grown,
    Items,
    Joined,
    Missing,
    Part,
    Ready,
    Result,
    Spread,
    is_tuple,
    parts,
)
from adjoint2rrule.convert.dialects.zygoterules.primals import Primal, Primals, Type
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.model import Span
from adjoint2rrule.convert.operations import Address, AsCall, Operation, Replace, Wrap, address
from adjoint2rrule.convert.plan import Consumed
from adjoint2rrule.convert.runtime import RuntimeNames
from adjoint2rrule.convert.scopes import Scope
from adjoint2rrule.convert.syntax import Module


@dataclass
class Changes:
    """The operations that make a rule's results tangents, and what stands in their way.

    Attributes
    ----------
    calls
        What calls become before anything else is done to them.
    operations
        By address, so that a node that several paths return is changed once.
    around
        What is done to cotangents after that, in this order.
    nodes
        The cotangents that `operations` change.
    consumed
        Names whose use goes away.
    zeros
        The `None`s that become the zero of one argument.
    roles
        What each sequence serves as: as a result, a part of one, or a cotangent.
    problems
        What cannot be converted.
    advice
        What the author of the rule may want to reconsider.
    """

    calls: dict[Operation, None] = field(default_factory=dict)
    operations: dict[Address, Operation] = field(default_factory=dict)
    around: dict[Operation, None] = field(default_factory=dict)
    nodes: dict[ast.AST, None] = field(default_factory=dict)
    consumed: set[Consumed] = field(default_factory=set)
    zeros: set[ast.AST] = field(default_factory=set)
    roles: dict[ast.AST, set[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    advice: Problem | None = None

    @property
    def in_order(self) -> tuple[Operation, ...]:
        """All operations, in the order in which they are carried out."""
        return (*self.calls, *self.operations.values(), *self.around)

    def do(self, operation: Operation, node: ast.expr | ast.stmt) -> None:
        """Note what is to become of a cotangent, or of what holds several."""
        self.nodes[node] = None
        self.edit(operation, node)

    def call(self, operation: Operation) -> None:
        """Note what is to become of a call, whatever is done to its result."""
        self.calls[operation] = None

    def edit(self, operation: Operation, node: ast.expr | ast.stmt) -> None:
        """Note what is to become of anything else."""
        known = self.operations.setdefault(operation.at, operation)
        if known != operation:
            message = "one value serves as the cotangent of arguments that need different ones"
            self.problem("shared-cotangent", node, message, "Write each cotangent out for itself.")

    def serves(self, value: Cotangent, role: str) -> None:
        """Note what a sequence serves as."""
        node = getattr(value, "node", None)
        if isinstance(node, ast.expr):
            self.roles.setdefault(node, set()).add(role)

    def check_roles(self) -> None:
        """Note a sequence that is changed for what it serves as, and serves as something else as well."""
        for node, roles in self.roles.items():
            if len(roles) > 1 and node in self.nodes:
                assert isinstance(node, ast.expr)
                message = "one sequence serves as a whole and as a part of something else"
                self.problem("shared-cotangent", node, message, "Write each cotangent out for itself.")

    def problem(self, slug: str, node: ast.expr | ast.stmt, message: str, hint: str) -> None:
        """Note what stands in the way."""
        self.problems.append(Problem(slug, node, message, hint))


class Tangents:
    """Decides what the cotangents of one pullback become."""

    def __init__(
        self, primals: Primals, scope: Scope, module: Module, runtime: RuntimeNames, changes: Changes
    ) -> None:
        self.primals = primals
        self.scope = scope
        self.module = module
        self.runtime = runtime
        self.changes = changes
        self.among_others = False  # whether what is looked at is one of several that a name may hold

    def cotangent(self, value: Cotangent, primal: Primal, node: ast.expr | None) -> None:
        """Decide on the cotangent of `primal`, which is written as `node` where it is returned."""
        match value:
            case Missing(node=ast.expr() as none):
                self.changes.zeros.add(none)
                self._do(Replace(address(none), self.runtime.call(primal.zero)), none)
            case Either(choices=choices):
                own = node if isinstance(node, ast.IfExp) else None
                outside, self.among_others = self.among_others, True
                for choice in choices:
                    self.cotangent(choice, primal, own)
                self.among_others = outside
            case Result():
                self.cotangent(value.value, self._inside(primal, value), None)
            case Fields():
                self._fields(value, primal, node)
            case Items():
                self.changes.serves(value, "cotangent")
                self._items(value, primal)
            case Entries():
                self._entries(value, primal)
            case Each() | Collected() | Joined() | Grown() | Given():
                self._sequence(value, primal, node)
            case _:
                self._value(value, primal, node)

    def _value(self, value: Cotangent, primal: Primal, node: ast.expr | None) -> None:
        """Look at a number or an array, which stays as it is written, if it can be the cotangent."""
        at = node or self.scope.node
        assert isinstance(at, ast.expr | ast.stmt)
        if isinstance(value, Ready | Alike) and primal.is_structure and not self.among_others:
            self._wrong_structure(at, primal, "a number or an array")
        elif primal.is_structure if isinstance(value, Ready) else self._is_doubtful(value, primal):
            message = f"whether the cotangent of {primal.written} is an array or a tuple cannot be told"
            self.changes.problem("opaque-cotangent", at, message, _ANNOTATE)

    @staticmethod
    def _is_doubtful(value: Cotangent, primal: Primal) -> bool:
        return isinstance(value, Part | Alike) and not primal.is_numerical

    def _inside(self, primal: Primal, result: Result) -> Primal:
        """Return `primal` as a function inside the rule knows it."""
        function = result.function
        for name, argument in result.arguments.items():
            if primal.path is not None and ast.unparse(argument) == primal.path:
                return primal.named(name, function)
        hidden = primal.front in self.primals.rule.scope.inner(function).bindings
        return primal.named(None, function) if hidden else primal

    # -- sequences -----------------------------------------------------------------------------

    def _sequence(self, value: Cotangent, primal: Primal, node: ast.expr | None) -> None:
        """Make a sequence that is no display a `Tangent` of the elements that it has when it runs."""
        at = getattr(value, "node", None)
        if isinstance(value, Grown) or at is None:
            at = node if isinstance(node, ast.Name) else None
        is_list = not is_tuple(value)
        self.changes.serves(value, "cotangent")
        if at is None or isinstance(at, ast.GeneratorExp) or (is_list and not self._takes_list(primal)):
            where = node or self.scope.node
            assert isinstance(where, ast.expr | ast.stmt)
            message = (
                f"whether {primal.written} is a list or an array cannot be told, nor what its cotangent is"
            )
            self.changes.problem("list-cotangent", where, message, _LIST)
            return
        if not is_list and not self.primals.may_be_tuple(primal) and not self._takes_list(primal):
            self._wrong_structure(at, primal, "a tuple")
            return
        type_ = self._type(primal, at, "a tuple")
        if type_ is None:
            return
        if isinstance(value, Collected):
            self._do(AsCall(address(at), self._tangent(type_), star=True), at)
        else:
            self._do(Wrap(address(at), self._tangent(type_), star=True), at)
        self.elements(value, primal)

    def _takes_list(self, primal: Primal) -> bool:
        return primal.known is not None and primal.known.container == "list"

    def elements(self, value: Cotangent, primal: Primal, *, outermost: bool = True) -> None:
        """Decide on what is in a sequence that becomes, or is put into, the cotangent of `primal`."""
        if not outermost:
            self.changes.serves(value, "part")
        match value:
            case Each(value=part):
                self.cotangent(part, self.primals.element(primal, value), None)
            case Collected(value=part) | Spread(value=part) | Result(value=part):
                self.elements(part, primal, outermost=False)
            case Joined(left=left, right=right):
                self.elements(left, primal, outermost=False)
                self.elements(right, primal, outermost=False)
            case Items(values=values) | Grown(values=values) | Given(values=tuple() as values):
                for part in values:
                    if isinstance(part, Spread):
                        self.elements(part, primal, outermost=False)
                    else:
                        self.cotangent(part, self.primals.element(primal, None), None)
            case Either(choices=choices):
                for choice in choices:
                    self.elements(choice, primal, outermost=outermost)

    def _entries(self, value: Entries, primal: Primal) -> None:
        """Make a dict comprehension a `Tangent`."""
        if primal.known is not None and not primal.known.is_mapping:
            if primal.known.symbol is None or primal.known.symbol.class_node is None:
                self._wrong_structure(value.node, primal, "a dict with computed keys")
                return
            message = f"which fields of {primal.written} get a cotangent is known when it runs"
            self.changes.problem("unknown-structure", value.node, message, _FIELDS)
            return
        type_ = self._type(primal, value.node, "a dict")
        if type_ is not None:
            self._do(Wrap(address(value.node), self._tangent(type_)), value.node)
            self.cotangent(value.value, self.primals.each_entry(primal, value.node), None)

    # -- objects and dicts ---------------------------------------------------------------------

    def _fields(self, value: Fields, primal: Primal, node: ast.expr | None) -> None:
        """Make a dict, or the fields of an object, a `Tangent`."""
        self._consume(value.node)
        nothing = bool(value.values) and all(isinstance(v, Missing) for v in value.values)
        # Under a name, something may ask whether it is `None`.
        if nothing and node is value.node and not self.module.has_comment(self.module.span(value.node)):
            self._do(Replace(address(value.node), self.runtime.call(primal.zero)), value.node)
            return
        if primal.known is not None and primal.known.container in {"tuple", "list", "set"}:
            self._wrong_structure(value.node, primal, "a dict")
            return
        type_ = self._type(primal, value.node, "a dict")
        if (
            type_ is None
            or self._has_wrong_key(value, type_)
            or self._has_unknown_parts(value, primal, type_)
        ):
            return
        known = primal.known
        is_mapping = (known is not None and known.is_mapping) or not _are_keywords(value.keys)
        wraps = is_mapping and isinstance(value.node, ast.Dict)
        operation = Wrap if wraps else AsCall
        dropped = self._dropped(value)
        self._do(operation(address(value.node), self._tangent(type_), dropped), value.node)
        for i, (key, part) in enumerate(zip(value.keys, value.values, strict=True)):
            if i not in dropped:
                inner = (
                    self.primals.entry(primal, key) if is_mapping else self.primals.field(primal, key, type_)
                )
                self.cotangent(part, inner, None)

    def _has_wrong_key(self, value: Fields, type_: Type) -> bool:
        """Note a key that is no field of the class that the type is."""
        if type_.symbol is None:
            return False
        known = None if type_.fields is None else {f.name for f in type_.fields}
        for key in value.keys:
            if not _are_keywords((key,)) or (known is not None and key not in known):
                self.changes.problem(
                    "unknown-field", value.node, f"`{type_.text}` has no field {key!r}", _FIELDS
                )
                return True
        return False

    def _has_unknown_parts(self, value: Fields, primal: Primal, type_: Type) -> bool:
        """Note a structured part of what may be an object or a dict: how to get at it cannot be told."""
        structured = any(isinstance(p, Fields | Items) for v in value.values for p in parts(v))
        namespace = isinstance(value.node, ast.Call) and ast.unparse(value.node.func) != "dict"
        if not structured or not type_.is_read_from_value or namespace:
            return False
        known = primal.known
        if known is not None and (known.is_mapping or (known.symbol and known.symbol.class_node)):
            return False
        message = f"whether {primal.written} is an object or a dict cannot be told, nor what its parts are"
        self.changes.problem(
            "unknown-structure", value.node, message, "Annotate the parameter with its class, or as a `dict`."
        )
        return True

    def _dropped(self, value: Fields) -> frozenset[int]:
        """Return the entries that are zero and go; one with a comment of its own stays, as a zero."""
        if isinstance(value.node, ast.Call):
            entries: list[Span] = [self.module.span(k) for k in value.node.keywords]
        else:
            pairs = zip(value.node.keys, value.node.values, strict=True)
            entries = [
                Span(self.module.span(k).start, self.module.span(v).end) for k, v in pairs if k is not None
            ]
        end = self.module.span(value.node).end
        missing = [i for i, part in enumerate(value.values) if isinstance(part, Missing)]
        return frozenset(i for i in missing if not self._has_own_comment(entries, i, end))

    def _has_own_comment(self, entries: list[Span], index: int, end: int) -> bool:
        """Whether a comment stands with an entry: above it, in it, or between it and the next."""
        start = entries[index].start
        if index:
            line_end = self.module.end_of_line(entries[index - 1].end)
            start = line_end if line_end < start else entries[index - 1].end
        stop = end if index + 1 == len(entries) else entries[index + 1].start
        return self.module.has_comment(Span(start, stop))

    def _items(self, value: Items, primal: Primal) -> None:
        """Make a tuple or list a `Tangent`."""
        if isinstance(value.node, ast.List) and not (primal.known and primal.known.container == "list"):
            message = (
                f"whether {primal.written} is a list or an array cannot be told, nor what its cotangent is"
            )
            self.changes.problem("list-cotangent", value.node, message, _LIST)
            return
        if isinstance(value.node, ast.Tuple) and not self.primals.may_be_tuple(primal):
            self._wrong_structure(value.node, primal, "a tuple")
            return
        type_ = self._type(primal, value.node, "a tuple")
        if type_ is None:
            return
        spread = any(isinstance(part, Spread) for part in value.values)
        if not spread and type_.fields is not None and len(value.values) != len(type_.fields):
            message = f"`{type_.text}` has {len(type_.fields)} fields, its cotangent {len(value.values)}"
            self.changes.problem("unknown-field", value.node, message, _FIELDS)
            return
        self._do(AsCall(address(value.node), self._tangent(type_)), value.node)
        if spread:
            self.elements(value, primal)
            return
        for i, part in enumerate(value.values):
            self.cotangent(part, self.primals.item(primal, i, type_), value.node.elts[i])

    # -- types ---------------------------------------------------------------------------------

    def _tangent(self, type_: Type) -> str:
        return f"{self.runtime.use('Tangent')}[{type_.text}]"

    def _type(self, primal: Primal, node: ast.expr, written: str) -> Type | None:
        """Return how to write the type of `primal`, or note why that cannot be."""
        perturbable = self.primals.classes.annotations.is_perturbable(list(primal.alternatives))
        if primal.is_numerical or (primal.known is not None and not perturbable):
            self._wrong_structure(node, primal, written)
            return None
        type_ = self.primals.type_of(primal, self.scope, node)
        if type_ is None:
            self._no_type(primal, node)
        return type_

    def _no_type(self, primal: Primal, node: ast.expr) -> None:
        inside = any(n is node for n in ast.walk(primal.binder))
        if primal.path is None or not inside:
            message = "the type of a part of an argument is needed, and nothing here stands for that part"
            self.changes.problem("unknown-structure", node, message, _PART)
            return
        message = f"the type of `{primal.path}` is needed, but the rule binds `{primal.front}` or `type` anew"
        hint = f"Annotate the parameter with its class, or keep `{primal.front}` for the argument."
        self.changes.problem("rebound-argument", node, message, hint)

    def _wrong_structure(self, node: ast.expr | ast.stmt, primal: Primal, written: str) -> None:
        type_ = " | ".join(a.name.removeprefix("builtins.") for a in primal.alternatives)
        message = f"the cotangent of {primal.written}, a `{type_}`, is written as {written}"
        self.changes.problem("unexpected-structure", node, message, _STRUCTURE)

    # -- notes ---------------------------------------------------------------------------------

    def _consume(self, node: ast.Dict | ast.Call) -> None:
        if isinstance(node, ast.Call):
            root: ast.expr = node.func
            while isinstance(root, ast.Attribute):
                root = root.value
            assert isinstance(root, ast.Name)
            if not hasattr(builtins, root.id):
                self.changes.consumed.add((root, self.scope, ast.unparse(node.func)))

    def _do(self, operation: Operation, node: ast.expr) -> None:
        self.changes.do(operation, node)


def _are_keywords(keys: tuple[object, ...]) -> bool:
    """Whether all of `keys` can be written as keywords of a call."""
    return all(
        isinstance(k, str) and k.isidentifier() and not keyword.iskeyword(k) and normalize("NFKC", k) == k
        for k in keys
    )


_ANNOTATE = "Annotate the parameter: `x: np.ndarray`, for an array."
_FIELDS = "Name the fields as the class does; see its definition."
_LIST = "Annotate the parameter (`list`), or return an array: `np.array([...])`."
_PART = "Write the cotangent where the part has a name, as in `[... for item in items]`."
_STRUCTURE = "Return a dict of its fields for an object, a tuple for a tuple, an array for an array."
