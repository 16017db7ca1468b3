"""Reads expressions as cotangents, through names, branches, displays, loops and functions."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from adjoint2rrule.convert.dialects.zygoterules.calls import called_part, read_call, unpacked_call
from adjoint2rrule.convert.dialects.zygoterules.cotangents import (
    GIVEN,
    READY,
    SEED,
    Back,
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
    Seed,
    Spread,
    Unclear,
    either,
    element,
    is_sequence,
    is_settled,
    is_tuple,
    is_unclear,
    is_value,
    listed,
    parts,
    weight,
)
from adjoint2rrule.convert.dialects.zygoterules.functions import Functions
from adjoint2rrule.convert.dialects.zygoterules.numerical import ARRAY_ATTRIBUTES, ARRAY_PARTS
from adjoint2rrule.convert.scopes import (
    Binding,
    By,
    ComprehensionNode,
    DefinitionNode,
    Rest,
    Scope,
    Step,
    evaluated,
)

# Methods that put an entry into a list, with the position of the argument that is the entry.
_GROWING = {"append": 0, "insert": 1, "extend": 0}
_MAX_WEIGHT = 10_000  # parts of what a name holds; names of names of names make more than there is memory
_ORDERING = frozenset({"reverse", "clear", "pop"})


@dataclass(frozen=True)
class _Known:
    """What a name holds, with the uses and names that reading it went through."""

    value: Cotangent
    followed: set[ast.Name]


@dataclass
class Reader:
    """Reads the expressions of one rule.

    Attributes
    ----------
    functions
        Tells what a call calls.
    owner
        The scope of the function that may be rewritten; what is bound outside of it is only looked at.
    callbacks
        The legacy name of each expression that stands for one of those that call back into the AD.
    parameters
        What the parameters of the functions being read stand for.
    followed
        The uses of names that reading has gone through on its way to a cotangent.
    lists
        The names that were found to hold lists, which can be changed.
    tapped
        The names that parts were taken of, on the way to a cotangent.
    returned
        What functions of the project give for what they are given.
    """

    functions: Functions
    owner: Scope
    callbacks: Mapping[ast.expr, str] = field(default_factory=dict)
    parameters: dict[tuple[Scope, str], Cotangent] = field(default_factory=dict)
    followed: set[ast.Name] = field(default_factory=set)
    lists: set[tuple[Scope, str]] = field(default_factory=set)
    tapped: set[str] = field(default_factory=set)
    returned: dict[tuple[DefinitionNode, frozenset[tuple[str, object]]], Cotangent] = field(
        default_factory=dict
    )
    depth: int = 0
    _reading: set[tuple[Scope, str]] = field(default_factory=set)
    _assumed: set[tuple[Scope, str]] = field(default_factory=set)
    _known: dict[tuple[Scope, str], _Known] = field(default_factory=dict)
    _weights: dict[Cotangent, int] = field(default_factory=dict)

    def elsewhere(self, owner: Scope) -> Reader:
        """Return a reader for the function of `owner`, which a function read by this one calls."""
        return Reader(self.functions, owner, self.callbacks, returned=self.returned, depth=self.depth + 1)

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
                return Items(node, tuple(self._entry(e, scope) for e in node.elts))
            case ast.Dict():
                return self._dict(node, scope)
            case ast.ListComp(elt=made) | ast.GeneratorExp(elt=made):
                return Each(node, self.read(made, scope.inner(node)))
            case ast.DictComp(value=made):
                return Entries(node, self.read(made, scope.inner(node)))
            case ast.Call():
                return read_call(self, node, scope)
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
                return self._calculated(node, scope)
            case ast.Subscript():
                return self._subscript(node, scope)
            case ast.Attribute():
                return self._attribute(node, scope)
        return Unclear(node, "an expression of this form is not followed")

    def look(self, node: ast.expr, scope: Scope) -> Cotangent:
        """Return what `read` does, where `node` is only used and does not become a cotangent itself."""
        outside = self.followed
        self.followed = set()
        value = self.read(node, scope)
        self.followed = outside
        return value

    # -- names ---------------------------------------------------------------------------------

    def _name(self, node: ast.Name, scope: Scope) -> Cotangent:
        found = scope.find(node.id)
        if found is None:
            return Unclear(node, f"`{node.id}` is not bound in this file")
        where, bindings = found
        if not self.is_local(where):
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
        if any(is_sequence(part) and not is_tuple(part) for part in parts(known.value)):
            self.lists.add(key)
        return known.value

    def _follow(self, node: ast.Name, key: tuple[Scope, str], bindings: list[Binding]) -> _Known:
        """Return what a name holds, and remember it unless a name that is still being read went into it."""
        outside = self.followed
        self.followed = set()
        self._reading.add(key)
        value = self._grown(node, key[0], bindings) or either(
            [self._binding(node, b, key[0]) for b in bindings]
        )
        self._reading.discard(key)
        choices = value.choices if isinstance(value, Either) else (value,)
        if key in self._assumed and not all(isinstance(c, Missing) or is_value(c) for c in choices):
            value = Unclear(node, f"`{node.id}` is built in steps")
        self._assumed.discard(key)
        if weight(value, self._weights) > _MAX_WEIGHT:
            value = Unclear(node, f"`{node.id}` has too many parts")
        known = _Known(value, self.followed)
        self.followed = outside
        if not self._assumed:
            self._known[key] = known
        return known

    @cached_property
    def nodes(self) -> list[tuple[ast.AST, Scope]]:
        """Every node of the owner, with the scope that evaluates it."""
        return [(node, scope) for node, scope, _ in evaluated(self.owner)]

    @cached_property
    def shared(self) -> set[str]:
        """The names that functions inside the owner borrow from around them."""
        nodes = (n for n in ast.walk(self.owner.node) if isinstance(n, ast.Global | ast.Nonlocal))
        return {name for node in nodes for name in node.names}

    def is_local(self, scope: Scope) -> bool:
        """Whether `scope` is that of the owner, or inside of it."""
        around: Scope | None = scope
        while around is not None:
            if around is self.owner:
                return True
            around = around.parent
        return False

    def _binding(self, node: ast.Name, binding: Binding, scope: Scope) -> Cotangent:
        match binding:
            case Binding(by=By.PARAMETER):
                return self._parameter(node, scope)
            case Binding(by=By.VALUE, value=ast.expr() as value):
                return self.read(value, scope)
            case Binding(by=By.PART, value=ast.expr() as value, path=path):
                return self._taken(node, self._unpacked(value, path, scope))
            case Binding(by=By.ELEMENT, value=ast.expr() as value, path=path):
                return self._taken(node, self._iterated(value, path, self._where_iterated(value, scope)))
            case Binding(by=By.UPDATE, value=ast.expr() as value):
                return self._updated(node, binding, value, scope)
        return Unclear(node, f"what `{node.id}` holds cannot be followed")

    def _taken(self, node: ast.Name, value: Cotangent | None) -> Cotangent:
        """Return a part that a name was given, where it needs no rewriting there."""
        if value is None or not is_settled(value):
            return Unclear(node, f"what `{node.id}` is taken from cannot be told")
        return value

    def _parameter(self, node: ast.Name, scope: Scope) -> Cotangent:
        """Return what a parameter can be: an argument of the rule, or of every call of a function inside."""
        function = scope.node
        if (scope, node.id) in self.parameters:
            return self.parameters[scope, node.id]
        calls = self._calls_of(function, scope) if isinstance(function, DefinitionNode) else None
        if calls is None:
            return Unclear(node, f"`{node.id}` is an argument, handed back as it came")
        found = []
        for call, where in calls:
            called = self.functions.called(call, where)
            arguments = (called.arguments(call) if called.function is not None else None) or {}
            value = arguments.get(node.id)
            found.append(self.look(value, where) if value is not None else Unclear(node, "it has a default"))
        return either(found)

    def _calls_of(self, function: DefinitionNode, scope: Scope) -> list[tuple[ast.Call, Scope]] | None:
        """Return the calls of a function inside the owner; `None` where not all of them can be seen."""
        if scope is self.owner or not self.is_local(scope) or scope.parent is None:
            return None
        reads = {
            node
            for node, where in self.nodes
            if isinstance(node, ast.Name)
            and node.id == function.name
            and isinstance(node.ctx, ast.Load)
            and (found := where.find(node.id)) is not None
            and found[0] is scope.parent
        }
        calls = [(n, where) for n, where in self.nodes if isinstance(n, ast.Call) and n.func in reads]
        return calls if calls and len(calls) == len(reads) else None

    def _updated(self, node: ast.Name, binding: Binding, value: ast.expr, scope: Scope) -> Cotangent:
        """Return what ``name += value`` makes: a number or array, unless it may join sequences."""
        assert isinstance(binding.node, ast.AugAssign)
        joins = isinstance(binding.node.op, ast.Add | ast.Mult | ast.BitOr | ast.BitAnd | ast.BitXor)
        if joins and not is_value(self.look(value, scope)):
            return Unclear(node, f"`{node.id}` is built in steps")
        return READY

    # -- the AD --------------------------------------------------------------------------------

    def given_in(self, function: ast.AST) -> set[ast.Call]:
        """Return the calls in `function` whose result the AD has made."""
        if not self.callbacks:
            return set()
        inside = set(ast.walk(function))
        calls = [(n, where) for n, where in self.nodes if isinstance(n, ast.Call) and n in inside]
        return {
            call
            for call, where in calls
            if self.callbacks.get(call.func) == "gradient" or isinstance(self.back_of(call, where), Back)
        }

    def back_of(self, call: ast.Call, scope: Scope) -> Cotangent | None:
        """Return what `call` calls, where that can be something that the AD gave."""
        if call.func in self.callbacks or not isinstance(call.func, ast.Name | ast.Subscript):
            return None
        return self.look(call.func, scope)

    # -- lists that grow -----------------------------------------------------------------------

    def _grown(self, node: ast.Name, scope: Scope, bindings: list[Binding]) -> Grown | None:
        """Return what a name holds that is bound once to a list, into which more entries are put."""
        match bindings:
            case [Binding(by=By.VALUE, value=ast.List() as start)]:
                pass
            case _:
                return None
        values: list[Cotangent] = []
        methods = self._methods_called(node.id, scope)
        if not any(method.attr in _GROWING for _, method, _ in methods):
            return None
        for call, method, where in methods:
            if method.attr in _ORDERING:
                self.followed.add(_name_of(method))
            elif (
                method.attr in _GROWING and len(call.args) == _GROWING[method.attr] + 1 and not call.keywords
            ):
                self.followed.add(_name_of(method))
                made = self.read(call.args[-1], where)
                values.append(_elements(made, call) if method.attr == "extend" else made)
        if not values:
            return None
        return Grown(start, (*(self._entry(e, scope) for e in start.elts), *values))

    def _methods_called(self, name: str, scope: Scope) -> list[tuple[ast.Call, ast.Attribute, Scope]]:
        """Return each call of a method of what `name` holds, with the method and the scope."""
        return [
            (node, node.func, where)
            for node, where in self.nodes
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == name
            and (found := where.find(name)) is not None
            and found[0] is scope
        ]

    # -- displays ------------------------------------------------------------------------------

    def _entry(self, node: ast.expr, scope: Scope) -> Cotangent:
        if isinstance(node, ast.Starred):
            return Spread(node, self.read(node.value, scope))
        return self.read(node, scope)

    def _dict(self, node: ast.Dict, scope: Scope) -> Cotangent:
        if not all(isinstance(key, ast.Constant) for key in node.keys):
            return Unclear(node, "a dict whose keys are not all literal")
        keys = tuple(key.value for key in node.keys if isinstance(key, ast.Constant))
        if len(set(keys)) < len(keys):
            return Unclear(node, "a dict with a key twice")
        return Fields(node, keys, tuple(self.read(value, scope) for value in node.values))

    # -- operators -----------------------------------------------------------------------------

    def _calculated(self, node: ast.BinOp | ast.UnaryOp | ast.Compare, scope: Scope) -> Cotangent:
        """Return a number or array: on anything else such operators fail, unless its class defines them."""
        if any(self.functions.is_object(operand, scope) for operand in _operands(node)):
            return Unclear(node, "an operand is of a class of the project, which may give anything")
        return READY

    def _sum(self, node: ast.BinOp, scope: Scope) -> Cotangent:
        """Return a number or array, or sequences one behind the other."""
        terms = [self.look(term, scope) for term in _terms(node)]
        if any(self.functions.is_object(term, scope) for term in _terms(node)):
            return Unclear(node, "an operand is of a class of the project, which may give anything")
        if all(map(is_sequence, terms)):
            return Joined(node, self.read(node.left, scope), self.read(node.right, scope))
        if any(not is_value(term) and not is_unclear(term) for term in terms):
            return Unclear(node, "it may join sequences")
        if any(isinstance(term, Ready) for term in terms):
            return READY
        if GIVEN in terms and all(isinstance(term, Seed) for term in terms):
            return GIVEN  # a sum with a cotangent that the AD has made
        if any(map(is_value, terms)):
            return Part()  # parts of a seed are joined by `+` where they are tuples
        return Unclear(node, "none of its terms can be told")

    def _product(self, node: ast.BinOp, scope: Scope) -> Cotangent:
        """Return a number or array, or a sequence that is repeated."""
        sides = [self.look(node.left, scope), self.look(node.right, scope)]
        if any(self.functions.is_object(side, scope) for side in (node.left, node.right)):
            return Unclear(node, "an operand is of a class of the project, which may give anything")
        displays = [side for side in (node.left, node.right) if isinstance(side, ast.Tuple | ast.List)]
        if len(displays) == 1 and not all(map(is_sequence, sides)):
            repeated = element(self.read(displays[0], scope))
            if repeated is None:
                return Unclear(node, "what it repeats cannot be told")
            return Each(node, repeated)
        if any(not is_value(side) and not is_unclear(side) for side in sides):
            return Unclear(node, "it may repeat a sequence")
        counts = [_is_count(node.left), _is_count(node.right)]
        if any(is_value(side) and not count for side, count in zip(sides, counts, strict=True)):
            return READY
        return Unclear(node, "neither factor can be told")

    # -- parts ---------------------------------------------------------------------------------

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Cotangent:
        if self.functions.is_numerical_constant(node, scope):
            return READY
        inside = self.look(node.value, scope)
        if isinstance(inside, Ready):
            return (
                READY if node.attr in ARRAY_PARTS else Unclear(node, "not every attribute of an array is one")
            )
        if is_value(inside):
            return READY if node.attr in ARRAY_ATTRIBUTES else SEED
        return Unclear(node, "a part of something that cannot be told")

    def _tap(self, node: ast.expr, scope: Scope) -> Cotangent:
        """Return what `node` is, of which a part is taken."""
        value = self.look(node, scope)
        if not any(isinstance(part, Back) for part in parts(value)):
            self.tapped |= {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
        return value

    @property
    def changeable(self) -> set[str]:
        """The names of lists that cotangents, or parts of them, are taken from."""
        return {name for _, name in self.lists} & ({name.id for name in self.followed} | self.tapped)

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Cotangent:
        inside = self._tap(node.value, scope)
        if isinstance(inside, Ready):
            return inside
        if isinstance(inside, Seed) and inside.entries is not None:
            part = called_part(Given(None, inside.entries), node)
            if part is not None and is_value(part):
                return part
        if is_value(inside):
            # A slice of a structured seed is a bare tuple, one of an array an array.
            return Part() if isinstance(node.slice, ast.Slice | ast.Tuple) else SEED
        part = called_part(inside, node)
        if part is None or not is_settled(part):
            return Unclear(node, "a part of something that cannot be told")
        return part

    def _unpacked(self, value: ast.expr, path: tuple[Step, ...], scope: Scope) -> Cotangent | None:
        """Return the part of `value` at `path`."""
        whole = unpacked_call(self, value, scope) if isinstance(value, ast.Call) else None
        found: Cotangent | None = whole or self._tap(value, scope)
        for step in path:
            found = part_at(found, step) if found is not None else None
        return found

    def _iterated(self, value: ast.expr, path: tuple[Step, ...], scope: Scope) -> Cotangent | None:
        """Return the part at `path` of each element that iterating over `value` gives."""
        name = self.functions.called(value, scope).name if isinstance(value, ast.Call) else None
        match name, value:
            case "builtins.zip", ast.Call(args=args) if path and isinstance(path[0], int):
                return self._iterated(args[path[0]], path[1:], scope) if path[0] < len(args) else None
            case "builtins.enumerate", ast.Call(args=[inner, *_]) if path and path[0] in {0, 1}:
                return READY if path[0] == 0 else self._iterated(inner, path[1:], scope)
            case (
                "builtins.reversed" | "builtins.list" | "builtins.tuple" | "builtins.iter",
                ast.Call(args=[inner]),
            ):
                return self._iterated(inner, path, scope)
            case None, ast.Call(func=ast.Attribute(value=inner, attr="items"), args=[]) if path[:1] == (1,):
                if not self.functions.is_object(inner, scope):
                    return self._iterated(inner, path[1:], scope)
        found = element(self._tap(value, scope))
        for step in path:
            found = part_at(found, step) if found is not None else None
        return found

    @staticmethod
    def _where_iterated(value: ast.expr, scope: Scope) -> Scope:
        """Return the scope that evaluates what is iterated over: the first of a comprehension is outside."""
        node = scope.node
        if isinstance(node, ComprehensionNode) and node.generators[0].iter is value:
            assert scope.parent is not None
            return scope.parent
        return scope


def part_at(whole: Cotangent, step: Step) -> Cotangent | None:
    """Return the part of `whole` at `step`, `None` where it cannot be told."""
    if isinstance(whole, Seed) and whole.entries is not None and step is not None:
        return part_at(Given(None, whole.entries), step)
    if isinstance(whole, Ready | Seed | Part):
        # Of a slice of a seed, one does not know what it is; an unpacked part is a part.
        return Given(None, None, whole) if isinstance(step, Rest) else whole
    entries = listed(whole)
    if entries is None:
        found = element(whole)
        return Given(None, None, found) if isinstance(step, Rest) and found is not None else found
    if isinstance(step, Rest):
        taken = entries[step.before : len(entries) - step.after]
        return Given(None, tuple(taken)) if len(entries) >= step.before + step.after else None
    if step is None or not -len(entries) <= step < len(entries):
        return None
    return entries[step]


def _elements(made: Cotangent, call: ast.Call) -> Cotangent:
    found = element(made)
    return Unclear(call, "what the list is extended by cannot be told") if found is None else found


def _name_of(method: ast.Attribute) -> ast.Name:
    assert isinstance(method.value, ast.Name)
    return method.value


def _terms(node: ast.expr) -> list[ast.expr]:
    """Return the terms of a sum, without recursion: generated sums are long."""
    terms = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        terms.append(node.right)
        node = node.left
    return [*terms, node]


def _operands(node: ast.BinOp | ast.UnaryOp | ast.Compare) -> list[ast.expr]:
    match node:
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.UnaryOp(operand=operand):
            return [operand]
        case ast.Compare(left=left, comparators=others):
            return [left, *others]


def _is_count(node: ast.expr) -> bool:
    """Whether `node` is a literal that would repeat a list that it is multiplied with."""
    return isinstance(node, ast.Constant) and isinstance(node.value, int)
