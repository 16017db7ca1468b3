"""What each cotangent becomes: `None` a zero, dicts and tuples a `Tangent` of the argument's type.

Converting ZygoteRules, sections "Include the derivative with respect to the function object itself"
and "``Tuple``s and ``NamedTuple``s become ``Tangent{T}``s".
"""

from __future__ import annotations

import ast
import builtins
import keyword
from dataclasses import dataclass, field
from unicodedata import normalize

from adjoint2rrule.convert.dialects.zygoterules.changed_uses import operations_of
from adjoint2rrule.convert.dialects.zygoterules.classes import Classes
from adjoint2rrule.convert.dialects.zygoterules.cotangents import (
    Cotangent,
    Either,
    Fields,
    Items,
    Missing,
    Part,
    Ready,
    parts,
)
from adjoint2rrule.convert.dialects.zygoterules.functions import Functions
from adjoint2rrule.convert.dialects.zygoterules.primals import Primal, Primals, Type
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.dialects.zygoterules.rules import Rule
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
from adjoint2rrule.convert.runtime import RuntimeNames
from adjoint2rrule.convert.units import Unit


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
        self,
        rule: Rule,
        target: Target,
        unit: Unit,
        classes: Classes,
        functions: Functions,
        runtime: RuntimeNames,
    ) -> None:
        self.rule = rule
        self.module = unit.module
        self.runtime = runtime
        self.is_functor = target.kind is Kind.FUNCTOR
        self.primals = Primals(rule, target, unit, classes, functions)
        self.scope = rule.scope
        self.changes = Changes()

    def decide(self) -> Changes:
        """Return the changes for every result of every pullback."""
        for pullback in self.rule.pullbacks:
            self.scope = self.rule.scope.inner(pullback.node)
            if any(p.is_variadic for p in self.rule.parameters):
                message = (
                    "the rule takes any number of arguments; how many cotangents it returns cannot be told"
                )
                self._problem("variadic-cotangents", pullback.node, message, _BY_HAND)
                continue
            for change in pullback.changes:
                for operation in operations_of(change, self.runtime):
                    self._do(operation, pullback.node)
            for result in pullback.results:
                if isinstance(result, Missing):
                    self._single_none(result)
                else:
                    self._entries(result)
        return self.changes

    # -- whole results -------------------------------------------------------------------------

    def _own(self) -> tuple[str, ...]:
        """Return the function's own cotangent, which a functor's pullback gives by itself."""
        return () if self.is_functor else (self.runtime.call("NoTangent"),)

    def _single_none(self, result: Missing) -> None:
        entries = [*self._own(), *(self.runtime.call(p.zero) for p in self.primals.of_parameters)]
        text = f"({entries[0]},)" if len(entries) == 1 else f"({', '.join(entries)})"
        if isinstance(result.node, ast.Return):
            self._do(ReplaceStatement(address(result.node), (f"return {text}",)), result.node)
        else:
            self._do(Replace(address(result.node), text), result.node)

    def _entries(self, result: Items) -> None:
        primals = self.primals.of_parameters
        if len(result.values) > len(primals):
            message = f"the pullback returns {len(result.values)} cotangents for {len(primals)} arguments"
            self._problem("too-many-entries", result.node, message, _ENTRIES)
            return
        before = self._own()
        after = tuple(self.runtime.call(p.zero) for p in primals[len(result.values) :])
        if before or after:
            self._do(ExtendTuple(address(result.node), before, after), result.node)
        for value, primal, node in zip(result.values, primals, result.node.elts, strict=False):
            self._cotangent(value, primal, node)

    # -- one cotangent -------------------------------------------------------------------------

    def _cotangent(self, value: Cotangent, primal: Primal, node: ast.expr) -> None:
        match value:
            case Ready() | Part() if primal.is_structure:
                self._wrong_structure(node, primal, "a number or an array")
            case Part() if not primal.is_numerical:
                message = f"whether the cotangent of `{primal.path}` is an array or a tuple cannot be told"
                self._problem("opaque-cotangent", node, message, _ANNOTATE)
            case Missing(node=ast.expr() as none):
                self._do(Replace(address(none), self.runtime.call(primal.zero)), none)
            case Either(choices=choices):
                for choice in choices:
                    self._cotangent(choice, primal, node)
            case Fields():
                self._fields(value, primal)
            case Items():
                self._items(value, primal)

    def _fields(self, value: Fields, primal: Primal) -> None:
        """Make a dict, or the fields of an object, a `Tangent`."""
        self._consume(value.node)
        nothing = bool(value.values) and all(isinstance(v, Missing) for v in value.values)
        if nothing and not self.module.has_comment(self.module.span(value.node)):
            self._do(Replace(address(value.node), self.runtime.call("ZeroTangent")), value.node)
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
        if self._has_comment_before_value(value):
            message = "a comment stands between a key and its value, where the new form has no place for it"
            self._problem("comment-in-the-way", value.node, message, "Move the comment above the key.")
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
                self._cotangent(part, inner, value.node)

    def _has_wrong_key(self, value: Fields, type_: Type) -> bool:
        """Note a key that is no field of the class that the type is."""
        if type_.symbol is None:
            return False
        known = None if type_.fields is None else {f.name for f in type_.fields}
        for key in value.keys:
            if not _are_keywords((key,)) or (known is not None and key not in known):
                self._problem("unknown-field", value.node, f"`{type_.text}` has no field {key!r}", _FIELDS)
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
        message = f"whether `{primal.path}` is an object or a dict cannot be told, nor what its parts are"
        self._problem(
            "unknown-structure", value.node, message, "Annotate the parameter with its class, or as a `dict`."
        )
        return True

    def _has_comment_before_value(self, value: Fields) -> bool:
        if not isinstance(value.node, ast.Dict):
            return False
        pairs = zip(value.node.keys, value.node.values, strict=True)
        spans = [(self.module.span(key), self.module.span(part)) for key, part in pairs if key is not None]
        return any(self.module.has_comment(Span(key.end, part.start)) for key, part in spans)

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
                f"whether `{primal.path}` is a list or an array cannot be told, nor what its cotangent is"
            )
            self._problem("list-cotangent", value.node, message, _LIST)
            return
        if isinstance(value.node, ast.Tuple) and not self.primals.may_be_tuple(primal):
            self._wrong_structure(value.node, primal, "a tuple")
            return
        type_ = self._type(primal, value.node, "a tuple")
        if type_ is None:
            return
        if type_.fields is not None and len(value.values) != len(type_.fields):
            message = f"`{type_.text}` has {len(type_.fields)} fields, its cotangent {len(value.values)}"
            self._problem("unknown-field", value.node, message, _FIELDS)
            return
        self._do(AsCall(address(value.node), self._tangent(type_)), value.node)
        for i, part in enumerate(value.values):
            self._cotangent(part, self.primals.item(primal, i, type_), value.node.elts[i])

    # -- types ---------------------------------------------------------------------------------

    def _tangent(self, type_: Type) -> str:
        return f"{self.runtime.use('Tangent')}[{type_.text}]"

    def _type(self, primal: Primal, node: ast.expr, written: str) -> Type | None:
        """Return how to write the type of `primal`, or note why that cannot be."""
        perturbable = self.primals.classes.annotations.is_perturbable(list(primal.alternatives))
        if primal.is_numerical or (primal.known is not None and not perturbable):
            self._wrong_structure(node, primal, written)
            return None
        type_ = self.primals.type_of(primal, self.scope)
        if type_ is None:
            name = primal.argument
            message = f"the type of `{primal.path}` is needed, but the rule binds `{name}` or `type` anew"
            hint = f"Annotate the parameter with its class, or keep `{name}` for the argument."
            self._problem("rebound-argument", node, message, hint)
        return type_

    def _wrong_structure(self, node: ast.expr, primal: Primal, written: str) -> None:
        assert primal.known is not None
        type_ = primal.known.name.removeprefix("builtins.")
        message = f"the cotangent of `{primal.path}`, a `{type_}`, is written as {written}"
        self._problem("unexpected-structure", node, message, _STRUCTURE)

    # -- notes ---------------------------------------------------------------------------------

    def _consume(self, node: ast.Dict | ast.Call) -> None:
        if isinstance(node, ast.Call):
            root: ast.expr = node.func
            while isinstance(root, ast.Attribute):
                root = root.value
            assert isinstance(root, ast.Name)
            if not hasattr(builtins, root.id):
                self.changes.consumed.add((root, self.scope, ast.unparse(node.func)))

    def _do(self, operation: Operation, node: ast.expr | ast.stmt) -> None:
        known = self.changes.operations.setdefault(operation.at, operation)
        if known != operation:
            message = "one value serves as the cotangent of arguments that need different ones"
            self._problem("shared-cotangent", node, message, "Write each cotangent out for itself.")

    def _problem(self, slug: str, node: ast.expr | ast.stmt, message: str, hint: str) -> None:
        self.changes.problems.append(Problem(slug, node, message, hint))


def _are_keywords(keys: tuple[object, ...]) -> bool:
    """Whether all of `keys` can be written as keywords of a call."""
    return all(
        isinstance(k, str) and k.isidentifier() and not keyword.iskeyword(k) and normalize("NFKC", k) == k
        for k in keys
    )


_ANNOTATE = "Annotate the parameter: `x: np.ndarray`, for an array."
_BY_HAND = "Convert this rule by hand."
_ENTRIES = "Return one cotangent per positional parameter; keyword-only ones have none."
_FIELDS = "Name the fields as the class does; see its definition."
_LIST = "Annotate the parameter (`list`), or return an array: `np.array([...])`."
_STRUCTURE = "Return a dict of its fields for an object, a tuple for a tuple, an array for an array."
