"""Who holds a tangent: what every expression of a pullback, or of a helper, may evaluate to.

Names are joined over everything that binds them, in whatever order it runs.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from adjoint2rrule.convert.dialects.zygoterules.functions import Called, Functions
from adjoint2rrule.convert.dialects.zygoterules.held import (
    DOUBTFUL,
    GIVEN,
    SOLID,
    UNKNOWN,
    Held,
    container,
    join,
    sequence,
)
from adjoint2rrule.convert.dialects.zygoterules.held_by_results import asked, passed
from adjoint2rrule.convert.dialects.zygoterules.numerical import ALIASING
from adjoint2rrule.convert.dialects.zygoterules.patterns import captures
from adjoint2rrule.convert.dialects.zygoterules.unpacking import parts_of
from adjoint2rrule.convert.scopes import (
    Binding,
    By,
    ComprehensionNode,
    FunctionNode,
    Scope,
    evaluated,
)

# These hand on what they are given, one part at a time.
PASSING = frozenset(
    f"builtins.{name}" for name in ("enumerate", "iter", "list", "reversed", "set", "sorted", "tuple", "zip")
)
_GROWING = frozenset({"add", "append", "appendleft", "insert"})
_JOINING = frozenset({"extend", "update"})
COPYING = frozenset({"copy.copy", "copy.deepcopy"})
# What is read off an array, and is no field of a structure.
_FIGURES = frozenset({"data", "dtype", "indices", "indptr", "ndim", "shape", "size"})
_WHOLE_PARTS = frozenset({"T", "imag", "mT", "real"})

Key = tuple[Scope, str]
Returned = Callable[[ast.Call, Called, Mapping[str, Held]], Held]


class Holding:
    """What the expressions of one function hold.

    Parameters
    ----------
    function, scope
        The function, and the scope of its body.
    functions
        Tells what a call calls.
    parameters
        What its parameters hold, as far as that is known.
    given
        The calls that give a bare tuple of tangents.
    returned
        Tells what a function of the project returns for what it is given.
    """

    def __init__(
        self,
        function: FunctionNode,
        scope: Scope,
        functions: Functions,
        parameters: Mapping[str, Held],
        given: AbstractSet[ast.Call],
        returned: Returned,
    ) -> None:
        self.function = function
        self.scope = scope
        self.functions = functions
        self.parameters = parameters
        self.given = given
        self.returned = returned
        self.scopes = {node: inner for node, inner, _ in evaluated(scope)}
        self.names: dict[Key, Held] = {}
        self._known: dict[ast.expr, Held] = {}
        while self._spread():
            self._known.clear()

    # -- names -------------------------------------------------------------------------------------

    def _spread(self) -> bool:
        """Note what the names are bound to by what is known so far; return whether that is news."""
        before = dict(self.names)
        for node, scope in self.scopes.items():
            for target, held in self._bound_by(node, scope):
                self._bind(target, held, scope)
        return self.names != before

    def _bound_by(self, node: ast.AST, scope: Scope) -> Iterator[tuple[ast.expr | str, Held]]:
        match node:
            case ast.Assign(targets=targets, value=value):
                yield from ((target, self.of(value)) for target in targets)
            case (
                ast.AnnAssign(target=target, value=ast.expr() as value)
                | ast.NamedExpr(target=target, value=value)
            ):
                yield target, self.of(value)
            case ast.AugAssign(target=ast.Name() as target, value=value):
                yield target, self._calculated([self.of(target), self.of(value)])
            case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
                yield target, self.of(value).elements()
            case ast.Match(subject=subject, cases=cases):
                held = self.of(subject)
                yield from (pair for case in cases for pair in captures(case.pattern, held))
            case ast.Call(func=ast.Attribute(value=ast.Name() as target, attr=method), args=[*_, value]):
                if method in _GROWING | _JOINING and self.is_own_container(target, scope):
                    held = self.of(value)
                    yield target, container([held.elements() if method in _JOINING else held])
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                for generator in node.generators:
                    for name, held in parts_of(generator.target, self.of(generator.iter).elements()):
                        if isinstance(name, ast.Name):
                            self._note((scope.inner(node), name.id), held)

    def _bind(self, target: ast.expr | str, held: Held, scope: Scope) -> None:
        for part, inner in [(target, held)] if isinstance(target, str) else parts_of(target, held):
            match part:
                case str(name) | ast.Name(id=name):
                    self._note(self.key(name, scope), inner)
                case ast.Subscript(value=ast.Name(id=name) as whole):
                    if self.is_own_container(whole, scope):
                        self._note(self.key(name, scope), container([inner]))

    def _note(self, key: Key | None, held: Held) -> None:
        if key is not None:
            self.names[key] = join([self.names.get(key, SOLID), held])

    def key(self, name: str, scope: Scope) -> Key | None:
        """Return which name of the function `name` is in `scope`; `None` for one from outside."""
        found = scope.find(name)
        return (found[0], name) if found is not None and self._is_inside(found[0]) else None

    def _is_inside(self, scope: Scope) -> bool:
        around: Scope | None = scope
        while around is not None and around is not self.scope:
            around = around.parent
        return around is not None

    def bindings(self, name: str, scope: Scope) -> list[Binding]:
        """Return what binds `name`, if it is a name of the function."""
        found = scope.find(name)
        return found[1] if found is not None and self._is_inside(found[0]) else []

    def is_own_container(self, node: ast.Name, scope: Scope) -> bool:
        """Whether a name is bound to lists and dicts that are made in the function, and to nothing else."""
        bindings = self.bindings(node.id, scope)
        return bool(bindings) and all(
            b.by is By.UPDATE or (b.by is By.VALUE and b.value is not None and self._makes_container(b.value))
            for b in bindings
        )

    def _makes_container(self, value: ast.expr) -> bool:
        match value:
            case ast.Dict() | ast.List() | ast.ListComp() | ast.DictComp() | ast.SetComp():
                return True
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return isinstance(left, ast.List) or isinstance(right, ast.List)
            case ast.Call():
                name = self._called(value).name
                return name in {"builtins.dict", "builtins.list", "builtins.set", "collections.deque"}
        return False

    # -- expressions -------------------------------------------------------------------------------

    def of(self, node: ast.expr) -> Held:
        """Return what `node` may evaluate to."""
        if node not in self._known:
            self._known[node] = self._of(node)
        return self._known[node]

    def _of(self, node: ast.expr) -> Held:
        match node:
            case ast.Constant(value=None):
                return Held(nones=frozenset({node}))
            case ast.Name():
                return self._name(node)
            case ast.NamedExpr(value=value) | ast.Starred(value=value):
                return self.of(value)
            case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
                return self._display(parts)
            case ast.Dict(values=values):
                unpacked = [key is None for key in node.keys]
                held = [self.of(value) for value in values]
                return container(h.elements() if u else h for h, u in zip(held, unpacked, strict=True))
            case ast.ListComp(elt=made) | ast.SetComp(elt=made) | ast.GeneratorExp(elt=made):
                return container([self.of(made)])
            case ast.DictComp(value=made):
                return container([self.of(made)])
            case ast.IfExp(body=body, orelse=orelse):
                return join([self.of(body), self.of(orelse)])
            case ast.BoolOp(values=values):
                return join(map(self.of, values))
            case ast.BinOp():
                return self._calculated(list(map(self.of, _operands(node))))
            case ast.Attribute():
                return self._attribute(node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.Call():
                return self._call(node)
            case ast.Await() | ast.Yield() | ast.YieldFrom():
                return UNKNOWN
        return SOLID

    def _name(self, node: ast.Name) -> Held:
        scope = self.scopes.get(node, self.scope)
        key = self.key(node.id, scope)
        if key is None:
            return UNKNOWN
        held = [self.names.get(key, SOLID)]
        for binding in self.bindings(node.id, scope):
            if binding.by is By.PARAMETER and key[0] is self.scope:
                held.append(self.parameters.get(node.id, UNKNOWN))
            elif binding.by in {By.PARAMETER, By.IMPORT} or _binds_anything(binding):
                held.append(UNKNOWN)
        return join(held)

    def _display(self, parts: list[ast.expr]) -> Held:
        if any(isinstance(part, ast.Starred) for part in parts):
            return container(
                self.of(part).elements() if isinstance(part, ast.Starred) else self.of(part) for part in parts
            )
        return sequence(map(self.of, parts))

    def _calculated(self, operands: list[Held]) -> Held:
        """Return what an operator gives: a number or array, or sequences joined."""
        contents = [held.contents for held in operands]
        joined = container(c for c in contents if c is not None) if any(contents) else SOLID
        # A zero and a thunk add up to that thunk.
        zeros = sum(held.may_be_zero for held in operands)
        lazy = any(held.thunk and zeros > held.may_be_zero for held in operands)
        return join([joined, Held(thunk=True)]) if lazy else joined

    def _attribute(self, node: ast.Attribute) -> Held:
        whole = self.of(node.value)
        if not whole.is_tangent:
            return UNKNOWN
        if node.attr in _FIGURES:
            return Held(doubtful=True)
        if node.attr in _WHOLE_PARTS:
            return replace(whole, thunk=False)
        return whole.elements()

    def _subscript(self, node: ast.Subscript) -> Held:
        whole = self.of(node.value)
        match node.slice:
            case ast.Constant(value=int(index)):
                return whole.entry(index)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(index))):
                return whole.entry(-index)
            case ast.Slice():
                parts = container([whole.elements()])
                return join([parts, Held(part=True)]) if whole.is_tangent else parts
            case ast.Tuple() if whole.is_tangent and _indexes_array(node.slice):
                return Held(array=True)
        return whole.elements()

    # -- calls -------------------------------------------------------------------------------------

    def _called(self, node: ast.Call) -> Called:
        return self.functions.called(node, self.scopes.get(node, self.scope))

    def _call(self, node: ast.Call) -> Held:
        if node in self.given:
            return GIVEN
        called = self._called(node)
        arguments = [*node.args, *(k.value for k in node.keywords)]
        held = list(map(self.of, arguments))
        if called.makes_fields:
            return container(h if k.arg else _entries(h) for h, k in zip(held, _named(node), strict=True))
        if called.name in PASSING:
            starred = any(isinstance(a, ast.Starred) for a in node.args)
            return passed(called.name, held[: len(node.args)], starred)
        if called.is_numerical:
            aliases = (called.name or "").partition(".")[2] in ALIASING
            return Held(array=True) if aliases and any(h.bears or h.array for h in held) else SOLID
        if called.name is not None and called.name.startswith("builtins."):
            return SOLID if called.gives_number(node) else UNKNOWN
        readable = called.function is not None and not called.function.decorator_list
        if readable and (values := called.arguments(node)) is not None:
            return self.returned(node, called, {name: self.of(v) for name, v in values.items()})
        if called.name in COPYING:
            return replace(join(held), thunk=False)
        if isinstance(node.func, ast.Attribute) and called.name is None:
            owner = self.of(node.func.value)
            if owner.bears or owner.array:
                return asked(owner, node.func.attr, held)
        return DOUBTFUL if any(h.bears for h in held) else UNKNOWN


def _indexes_array(index: ast.Tuple) -> bool:
    """Whether nothing but an array can be indexed so; a dict could have a tuple for a key."""
    return any(isinstance(e, ast.Slice) or _is_axis(e) for e in index.elts)


def _is_axis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and (node.value is None or node.value is ...)


def _entries(held: Held) -> Held:
    """Return what the entries of a dict are that is made of a mapping, or of pairs."""
    parts = held.elements()
    return parts.elements() if parts.is_container else parts


def _named(node: ast.Call) -> list[ast.keyword]:
    """Return the arguments of a call as keywords, those by position without a name."""
    return [*(ast.keyword(None, a) for a in node.args), *node.keywords]


def _operands(node: ast.BinOp) -> Iterator[ast.expr]:
    """Yield the operands of a chain of operators, which can be longer than Python's stack."""
    left: ast.expr = node
    while isinstance(left, ast.BinOp):
        yield left.right
        left = left.left
    yield left


def _binds_anything(binding: Binding) -> bool:
    """Whether a ``with``, an ``except`` or a ``for`` over names binds a name to something unknown."""
    deletes = isinstance(binding.node, ast.Name) and isinstance(binding.node.ctx, ast.Del)
    known = isinstance(binding.node, ast.AnnAssign | ComprehensionNode) or deletes
    return binding.by is By.OTHER and not known
