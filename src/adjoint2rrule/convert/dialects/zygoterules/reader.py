"""Reads the cotangents that the expressions of a pullback stand for.

Names are followed to every place that binds them, helpers of the project into what they return.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cached_property

from adjoint2rrule.convert.dialects.zygoterules.cotangents import (
    READY,
    SEED,
    Cotangent,
    Fields,
    Items,
    Missing,
    Part,
    Ready,
    Seed,
    Unclear,
    either,
    is_value,
)
from adjoint2rrule.convert.dialects.zygoterules.functions import Called, Functions
from adjoint2rrule.convert.dialects.zygoterules.numerical import ARRAY_ATTRIBUTES, ARRAY_PARTS
from adjoint2rrule.convert.flow import falls_through
from adjoint2rrule.convert.scopes import Binding, By, DefinitionNode, Scope, walk_scope

_MAX_DEPTH = 8  # helpers that call helpers


@dataclass(frozen=True)
class _Known:
    """What a name holds, with the uses and names that reading it went through."""

    value: Cotangent
    followed: set[ast.Name]
    names: dict[tuple[Scope, str], Cotangent]


@dataclass
class Reader:
    """Reads the expressions of one rule.

    Attributes
    ----------
    functions
        Tells what a call calls.
    owner
        The scope of the function that may be rewritten; what is bound outside of it is only looked at.
    parameters
        What the parameters of the functions being read stand for.
    followed
        The uses of names that reading has gone through on its way to a cotangent.
    names
        What these names stand for.
    """

    functions: Functions
    owner: Scope
    parameters: dict[tuple[Scope, str], Cotangent] = field(default_factory=dict)
    followed: set[ast.Name] = field(default_factory=set)
    names: dict[tuple[Scope, str], Cotangent] = field(default_factory=dict)
    depth: int = 0
    _reading: set[tuple[Scope, str]] = field(default_factory=set)
    _assumed: set[tuple[Scope, str]] = field(default_factory=set)
    _known: dict[tuple[Scope, str], _Known] = field(default_factory=dict)

    def read(self, node: ast.expr, scope: Scope) -> Cotangent:
        """Return what `node` is as a cotangent, evaluated in `scope`."""
        match node:
            case ast.Constant(value=None):
                return Missing(node)
            case ast.Constant(value=bool() | int() | float() | complex()):
                return READY
            case ast.Name():
                return self._name(node, scope)
            case ast.Tuple() | ast.List():
                return self._display(node, scope)
            case ast.Dict():
                return self._dict(node, scope)
            case ast.Call():
                return self._call(node, scope)
            case ast.IfExp(body=body, orelse=orelse):
                return either([self.read(body, scope), self.read(orelse, scope)])
            case ast.NamedExpr(value=value):
                return self.read(value, scope)
            case ast.BinOp(op=ast.Add()):
                return self._sum(node, scope)
            case ast.BinOp(op=ast.Mult()):
                return self._product(node, scope)
            case ast.BinOp(op=ast.BitOr() | ast.BitAnd() | ast.BitXor()):
                return Unclear(node, "it may join dicts or sets")
            case ast.BinOp() | ast.UnaryOp() | ast.Compare():
                return READY  # on anything but numbers and arrays these would fail
            case ast.Attribute(value=value) | ast.Subscript(value=value):
                return self._part(node, value, scope)
        return Unclear(node, "an expression of this form is not followed")

    def look(self, node: ast.expr, scope: Scope) -> Cotangent:
        """Return what `read` does, where `node` is only used and does not become a cotangent itself."""
        outside = self.followed, self.names
        self.followed, self.names = set(), {}
        value = self.read(node, scope)
        self.followed, self.names = outside
        return value

    # -- names ---------------------------------------------------------------------------------

    def _name(self, node: ast.Name, scope: Scope) -> Cotangent:
        found = scope.find(node.id)
        if found is None:
            return Unclear(node, f"`{node.id}` is not bound in this file")
        where, bindings = found
        if not self._is_local(where):
            return Unclear(node, f"`{node.id}` is bound outside of the rule")
        if (where, node.id) in self.parameters and all(b.by is By.PARAMETER for b in bindings):
            return self.parameters[where, node.id]
        if node.id in self.shared:
            return Unclear(node, f"`{node.id}` is also bound by a function inside, as `nonlocal` or `global`")
        self.followed.add(node)
        key = where, node.id
        if key in self._reading:
            self._assumed.add(key)
            return READY  # a name that feeds itself is what its other bindings make it
        known = self._known.get(key) or self._follow(node, key, bindings)
        self.followed |= known.followed
        self.names |= known.names
        return known.value

    def _follow(self, node: ast.Name, key: tuple[Scope, str], bindings: list[Binding]) -> _Known:
        """Return what a name holds, and remember it unless a name that is still being read went into it."""
        outside = self.followed, self.names
        self.followed, self.names = set(), {}
        self._reading.add(key)
        value = either([self._binding(node, b, key[0]) for b in bindings])
        self._reading.discard(key)
        self._assumed.discard(key)
        known = _Known(value, self.followed, self.names | {key: value})
        self.followed, self.names = outside
        if not self._assumed:
            self._known[key] = known
        return known

    @cached_property
    def shared(self) -> set[str]:
        """The names that functions inside the owner borrow from around them."""
        nodes = (n for n in ast.walk(self.owner.node) if isinstance(n, ast.Global | ast.Nonlocal))
        return {name for node in nodes for name in node.names}

    def _is_local(self, scope: Scope) -> bool:
        inner: Scope | None = scope
        while inner is not None:
            if inner is self.owner:
                return True
            inner = inner.parent
        return False

    def _binding(self, node: ast.Name, binding: Binding, scope: Scope) -> Cotangent:
        match binding:
            case Binding(by=By.PARAMETER):
                default = Unclear(node, f"`{node.id}` is an argument, handed back as it came")
                return self.parameters.get((scope, node.id), default)
            case Binding(by=By.VALUE, value=ast.expr() as value):
                return self.read(value, scope)
            case Binding(by=By.PART, value=ast.expr() as value, path=(int(), *_)):
                return self._unpacked(node, value, scope)
            case Binding(by=By.UPDATE, value=ast.expr() as value):
                return self._updated(node, binding, value, scope)
        return Unclear(node, f"what `{node.id}` holds cannot be followed")

    def _updated(self, node: ast.Name, binding: Binding, value: ast.expr, scope: Scope) -> Cotangent:
        """Return what ``name += value`` makes: a number or array, unless it may join sequences."""
        assert isinstance(binding.node, ast.AugAssign)
        joins = isinstance(binding.node.op, ast.Add | ast.Mult | ast.BitOr | ast.BitAnd | ast.BitXor)
        if joins and not is_value(self.look(value, scope)):
            return Unclear(node, f"`{node.id}` is built in steps")
        return READY

    def _unpacked(self, node: ast.Name, value: ast.expr, scope: Scope) -> Cotangent:
        """Return what a name is that is unpacked from `value`."""
        called = self.functions.called(value, scope) if isinstance(value, ast.Call) else None
        if isinstance(value, ast.Call) and called is not None and called.is_numerical:
            return READY
        if isinstance(value, ast.Call) and called is not None and called.function is not None:
            whole = self._returned(value, called, scope)
        else:
            whole = self.look(value, scope)
        if is_value(whole):
            return READY if isinstance(whole, Ready) else SEED if isinstance(whole, Seed) else Part()
        if isinstance(whole, Items) and all(map(is_value, whole.values)):
            return READY
        return Unclear(node, f"what `{node.id}` is unpacked from cannot be told")

    # -- displays ------------------------------------------------------------------------------

    def _display(self, node: ast.Tuple | ast.List, scope: Scope) -> Cotangent:
        starred = next((e for e in node.elts if isinstance(e, ast.Starred)), None)
        if starred is not None:
            return Unclear(starred, "how many entries a starred expression gives cannot be told")
        return Items(node, tuple(self.read(e, scope) for e in node.elts))

    def _dict(self, node: ast.Dict, scope: Scope) -> Cotangent:
        if not all(isinstance(key, ast.Constant) for key in node.keys):
            return Unclear(node, "a dict whose keys are not all literal")
        keys = tuple(key.value for key in node.keys if isinstance(key, ast.Constant))
        if len(set(keys)) < len(keys):
            return Unclear(node, "a dict with a key twice")
        return Fields(node, keys, tuple(self.read(value, scope) for value in node.values))

    # -- operators -----------------------------------------------------------------------------

    def _sum(self, node: ast.BinOp, scope: Scope) -> Cotangent:
        """Return a number or array, unless all terms may be sequences, which ``+`` would join."""
        terms = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add):
            terms.append(self.look(left.right, scope))
            left = left.left
        terms.append(self.look(left, scope))
        if any(not is_value(term) and not isinstance(term, Unclear) for term in terms):
            return Unclear(node, "it may join sequences")
        if any(isinstance(term, Ready) for term in terms):
            return READY
        if any(map(is_value, terms)):
            return Part()  # parts of a seed are joined by `+` where they are tuples
        return Unclear(node, "none of its terms can be told")

    def _product(self, node: ast.BinOp, scope: Scope) -> Cotangent:
        """Return a number or array, unless it may repeat a sequence."""
        sides = [self.look(node.left, scope), self.look(node.right, scope)]
        if any(not is_value(side) and not isinstance(side, Unclear) for side in sides):
            return Unclear(node, "it may repeat a sequence")
        counts = [_is_count(node.left), _is_count(node.right)]
        if any(is_value(side) and not count for side, count in zip(sides, counts, strict=True)):
            return READY
        return Unclear(node, "neither factor can be told")

    def _part(self, node: ast.Attribute | ast.Subscript, whole: ast.expr, scope: Scope) -> Cotangent:
        if isinstance(node, ast.Attribute) and self.functions.is_numerical_constant(node, scope):
            return READY
        inside = self.look(whole, scope)
        if isinstance(inside, Ready):
            known = isinstance(node, ast.Subscript) or node.attr in ARRAY_PARTS
            return READY if known else Unclear(node, "not every attribute of an array is an array")
        if is_value(inside):
            # A slice of a structured seed is a bare tuple, one of an array an array.
            sliced = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice | ast.Tuple)
            array = isinstance(node, ast.Attribute) and node.attr in ARRAY_ATTRIBUTES
            return Part() if sliced else READY if array else SEED
        return Unclear(node, "a part of something that cannot be told")

    # -- calls ---------------------------------------------------------------------------------

    def _call(self, node: ast.Call, scope: Scope) -> Cotangent:
        called = self.functions.called(node, scope)
        if called.makes_fields:
            return self._fields_call(node, scope)
        if called.gives_number(node):
            return READY
        if called.function is not None:
            return self._helper(node, called, scope)
        if isinstance(node.func, ast.Attribute) and called.name is None and called.is_array_method:
            # Dicts and lists have a `copy` as well.
            of_array = called.method != "copy" or is_value(self.look(node.func.value, scope))
            return READY if of_array else Unclear(node, "it may be the copy of a dict or a list")
        return Unclear(node, f"what `{ast.unparse(node.func)}` returns cannot be told")

    def _fields_call(self, node: ast.Call, scope: Scope) -> Cotangent:
        keys = [k.arg for k in node.keywords if k.arg is not None]
        if node.args or len(keys) < len(node.keywords):
            return Unclear(node, "its fields are not written out as keywords")
        return Fields(node, tuple(keys), tuple(self.read(k.value, scope) for k in node.keywords))

    def _helper(self, node: ast.Call, called: Called, scope: Scope) -> Cotangent:
        """Return what a function of the project gives, if it is ready whatever it does with its arguments."""
        result = self._returned(node, called, scope)
        name = ast.unparse(node.func)
        if is_value(result):
            return result
        reason = result.reason if isinstance(result, Unclear) else "it may return `None`, a dict or a tuple"
        return Unclear(node, f"`{name}` cannot be read: {reason}")

    def _returned(self, node: ast.Call, called: Called, scope: Scope) -> Cotangent:
        function, inner = called.function, called.scope
        assert function is not None
        assert inner is not None
        if self.depth >= _MAX_DEPTH:
            return Unclear(node, "it calls too many others")
        if problem := _why_opaque(function):
            return Unclear(node, problem)
        arguments = called.arguments(node)
        if arguments is None:
            return Unclear(node, "its arguments cannot be matched")
        values = {(inner, name): self.look(value, scope) for name, value in arguments.items()}
        reader = Reader(self.functions, inner, values, depth=self.depth + 1)
        returns = [n for n in walk_scope(function.body) if isinstance(n, ast.Return)]
        return either([reader.read(r.value, inner) if r.value else Missing(r) for r in returns])


def _why_opaque(function: DefinitionNode) -> str | None:
    if function.decorator_list:
        return "it is decorated"
    if isinstance(function, ast.AsyncFunctionDef):
        return "it is asynchronous"
    if any(isinstance(n, ast.Yield | ast.YieldFrom) for n in walk_scope(function.body)):
        return "it is a generator"
    if falls_through(function.body):
        return "it may return nothing"
    return None


def _is_count(node: ast.expr) -> bool:
    """Whether `node` is a literal that would repeat a list that it is multiplied with."""
    return isinstance(node, ast.Constant) and isinstance(node.value, int)
