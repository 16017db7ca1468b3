"""Whether a pullback's seed may take its new form.

A legacy seed is `None`, a dict or a tuple where a tangent is a zero or a `Tangent`, and code that
tests for the former would silently take another path.  Calculating with a seed, indexing and
unpacking it work on both; everything else is a problem.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from adjoint2rrule.convert.dialects.zygoterules.functions import Called, Functions
from adjoint2rrule.convert.dialects.zygoterules.numerical import (
    ARRAY_ATTRIBUTES,
    ARRAY_METHODS,
    INSPECTING,
    MUTATING,
    MUTATING_METHODS,
)
from adjoint2rrule.convert.scopes import DefinitionNode, FunctionNode, Scope

_MAX_DEPTH = 8

# What `None` and missing keys raise, where a tangent goes on.
_TELLING = frozenset(
    {
        *("AttributeError", "BaseException", "Exception", "IndexError", "KeyError", "LookupError"),
        *("StopIteration", "TypeError"),
    }
)

# These hand on what they are given, one part at a time.
_PASSING = frozenset(
    f"builtins.{name}" for name in ("dict", "enumerate", "iter", "list", "reversed", "sorted", "tuple", "zip")
)
_HARMLESS = _PASSING | {
    f"builtins.{name}"
    for name in ("abs", "complex", "float", "len", "max", "min", "pow", "print", "range", "round", "sum")
}
_INSPECTING = {
    f"builtins.{name}"
    for name in ("callable", "dict", "getattr", "hasattr", "id", "isinstance", "setattr", "type", "vars")
}


@dataclass(frozen=True)
class Problem:
    """A use of the seed that would change its meaning.

    Attributes
    ----------
    slug
        The kind of problem.
    node
        The use, in the pullback itself.
    what
        What is done to the seed there, as the end of a sentence: "is compared with `None`".
    """

    slug: str
    node: ast.expr | ast.stmt
    what: str


def seed_problem(function: FunctionNode, seed: str, scope: Scope, functions: Functions) -> Problem | None:
    """Return the first use of `seed`, a parameter of `function`, that its new form would change.

    `scope` is that of the function's body.
    """
    return next(_Uses(function, {seed}, scope, functions, 0).problems(), None)


class _Uses:
    """The uses of some names, and of what they are handed on to, in one function."""

    def __init__(
        self, function: FunctionNode, names: set[str], scope: Scope, functions: Functions, depth: int
    ) -> None:
        self.function = function
        self.scope = scope
        self.functions = functions
        self.depth = depth
        self.parents: dict[ast.AST, ast.AST] = {
            child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)
        }
        self.names = self._handed_on(names)

    def _handed_on(self, names: set[str]) -> set[str]:
        """Return `names` and those that get the same value, or a part of it, somewhere in the function."""
        known = set(names)
        while True:
            found = {
                name.id
                for target, value in _assignments(self.function)
                if self._carries(value, known)
                for name in ast.walk(target)
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
            }
            if found <= known:
                return known
            known |= found

    def _carries(self, value: ast.expr, names: set[str]) -> bool:
        """Whether `value` is what one of `names` holds, or a part of it, or holds it."""
        match value:
            case ast.Name(id=name):
                return name in names
            case ast.Attribute(value=inner, attr=attribute):
                return attribute not in ARRAY_ATTRIBUTES and self._carries(inner, names)
            case ast.Subscript(value=inner) | ast.Starred(value=inner) | ast.NamedExpr(value=inner):
                return self._carries(inner, names)
            case ast.IfExp(body=body, orelse=orelse):
                return self._carries(body, names) or self._carries(orelse, names)
            case (
                ast.BoolOp(values=values)
                | ast.Tuple(elts=values)
                | ast.List(elts=values)
                | ast.Set(elts=values)
            ):
                return any(self._carries(v, names) for v in values)
            case ast.Dict(values=values):
                return any(self._carries(v, names) for v in values)
            case ast.ListComp(elt=made) | ast.GeneratorExp(elt=made) | ast.SetComp(elt=made):
                return self._carries(made, names)
            case ast.DictComp(value=made):
                return self._carries(made, names)
            case ast.Call(args=args, keywords=keywords):
                called = self.functions.called(value, self.scope)
                if called.name in _PASSING or called.makes_fields or called.function is not None:
                    return any(self._carries(a, names) for a in [*args, *(k.value for k in keywords)])
        return False

    def problems(self) -> Iterator[Problem]:
        for node in ast.walk(self.function):
            if isinstance(node, ast.Try) and (problem := self._caught(node)) is not None:
                yield problem
            if isinstance(node, ast.Name) and node.id in self.names:
                problem = self._mutation(node) if isinstance(node.ctx, ast.Store) else self._problem(node)
                if problem is not None:
                    yield problem

    def _caught(self, node: ast.Try) -> Problem | None:
        """Return a problem where a ``try`` catches what only a legacy seed raises: missing parts and keys."""
        caught = {n for handler in node.handlers for n in _exceptions(handler)}
        if not caught & _TELLING:
            return None
        names = (n for statement in node.body for n in ast.walk(statement) if isinstance(n, ast.Name))
        if all(name.id not in self.names for name in names):
            return None
        return Problem("inspected-seed", node, f"is used where `{min(caught & _TELLING)}` is caught")

    def _mutation(self, node: ast.Name) -> Problem | None:
        parent = self.parents.get(node)
        if isinstance(parent, ast.AugAssign):
            return Problem("mutated-seed", parent, "is changed in place")
        return None

    def _problem(self, node: ast.expr) -> Problem | None:
        """Return what is wrong with the way in which `node`, which holds the seed or a part, is used."""
        parent = self.parents.get(node)
        match parent:
            case ast.BinOp() | ast.AugAssign():
                bare = isinstance(node, ast.Name | ast.Subscript | ast.Attribute)
                return None if bare else self._unknown(node)  # a display would be joined to another
            case ast.Assign() | ast.AnnAssign():
                return self._stored(parent, _targets(parent))
            case ast.Return():
                return None if self._returns(parent) else self._unknown(node)
            case ast.Lambda(body=body) if body is node:
                return None if parent is self.function else self._unknown(node)
            case ast.UnaryOp(op=op) if not isinstance(op, ast.Not):
                return None
            case ast.Compare():
                return self._comparison(parent)
            case ast.Subscript(value=value, ctx=ctx) if value is node:
                if isinstance(ctx, ast.Load):
                    return self._problem(parent)  # a part of the seed is a seed
                return None if self._is_fresh(node) else Problem("mutated-seed", node, "is changed in place")
            case ast.Attribute(attr=name, ctx=ctx):
                return self._attribute(parent, name, ctx)
            case ast.Call() | ast.keyword():
                return self._argument(node, parent)
            case ast.Tuple() | ast.List() | ast.Starred() | ast.NamedExpr():
                return self._problem(parent)
            case ast.Dict(values=values) if node in values:
                return self._problem(parent)
            case ast.IfExp(test=test) if test is not node:
                return self._problem(parent)
            case ast.ListComp() | ast.GeneratorExp() | ast.SetComp() | ast.DictComp():
                return self._problem(parent)
            case ast.For(target=target, iter=iterated) if iterated is node:
                return self._stored(parent, [target])
            case ast.comprehension(iter=iterated) if iterated is node:
                return None
            case ast.Subscript() | ast.Slice() | ast.Delete() | ast.Expr():
                return None
            case ast.If() | ast.While() | ast.BoolOp() | ast.UnaryOp() | ast.IfExp() | ast.Assert():
                return Problem("inspected-seed", node, "is tested for truth")
            case ast.comprehension():
                return Problem("inspected-seed", node, "is tested for truth")
            case ast.Match():
                return Problem("inspected-seed", parent, "is matched against patterns")
        return self._unknown(node)

    def _unknown(self, node: ast.expr) -> Problem:
        return Problem("inspected-seed", node, "is used in a way that cannot be followed")

    def _returns(self, statement: ast.Return) -> bool:
        """Whether a ``return`` is the function's own, and not one of a function inside."""
        around: ast.AST = statement
        while not isinstance(around, FunctionNode):
            around = self.parents[around]
        return around is self.function

    def _is_fresh(self, node: ast.expr) -> bool:
        """Whether the name `node` was bound to a new array just before, in the same block."""
        statement: ast.AST = node
        while not isinstance(statement, ast.stmt):
            statement = self.parents[statement]
        for block in _blocks(self.parents[statement]):
            for earlier in reversed(block[: block.index(statement)] if statement in block else []):
                match earlier:
                    case ast.Assign(targets=[ast.Name(id=name)], value=value):
                        if isinstance(node, ast.Name) and name == node.id:
                            return isinstance(value, ast.Call) and self._makes_array(value)
        return False

    def _makes_array(self, call: ast.Call) -> bool:
        return not self._carries(call, self.names) and self.functions.called(call, self.scope).gives_number(
            call
        )

    def _stored(self, parent: ast.stmt, targets: list[ast.expr]) -> Problem | None:
        """Return what is wrong with storing the seed, or its parts, in `targets`."""
        borrowed = {
            name
            for n in ast.walk(self.function)
            if isinstance(n, ast.Global | ast.Nonlocal)
            for name in n.names
        }
        for target in (t for whole in targets for t in _flat(whole)):
            kept = isinstance(target, ast.Name) and target.id not in borrowed
            if not kept and not self._is_array_entry(target):
                return Problem("inspected-seed", parent, "is stored where it cannot be followed")
        return None

    def _is_array_entry(self, target: ast.expr) -> bool:
        """Whether `target` is an entry of something that numpy made, in which nothing but numbers can be."""
        if not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Name):
            return False
        found = self.scope.find(target.value.id)
        values = [b.value for b in found[1]] if found is not None else []
        calls = [v for v in values if isinstance(v, ast.Call)]
        if not calls or len(calls) < len(values):
            return self._is_fresh(target.value)
        return all(map(self._makes_array, calls))

    def _comparison(self, node: ast.Compare) -> Problem | None:
        if any(isinstance(side, ast.Tuple | ast.List | ast.Dict) for side in (node.left, *node.comparators)):
            return Problem("inspected-seed", node, "is compared with a tuple, a list or a dict")
        sides = [inner for side in (node.left, *node.comparators) for inner in ast.walk(side)]
        if any(isinstance(side, ast.Constant) and side.value is None for side in sides):
            return Problem("inspected-seed", node, "is compared with `None`")
        if any(isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn) for op in node.ops):
            return Problem("inspected-seed", node, "is tested for identity or membership")
        return None

    def _attribute(self, node: ast.Attribute, name: str, context: ast.expr_context) -> Problem | None:
        if not isinstance(context, ast.Load):
            return Problem("mutated-seed", node, "is changed in place")
        if name in ARRAY_ATTRIBUTES:
            return None
        call = self.parents.get(node)
        if isinstance(call, ast.Call) and call.func is node:
            if name in MUTATING_METHODS:
                return Problem("mutated-seed", call, "is changed in place")
            if name in ARRAY_METHODS:
                return None
            return Problem("inspected-seed", node, f"is asked for `.{name}`, which its new form may not have")
        return self._problem(node)  # a field of the seed is a seed

    def _argument(self, node: ast.expr, parent: ast.Call | ast.keyword) -> Problem | None:
        call = parent if isinstance(parent, ast.Call) else self.parents[parent]
        assert isinstance(call, ast.Call)
        if call.func is node:
            return Problem("inspected-seed", call, "is called")
        called = self.functions.called(call, self.scope)
        name = ast.unparse(call.func)
        if called.makes_fields and isinstance(parent, ast.keyword):
            return self._problem(call)
        if called.name in _INSPECTING:
            return Problem("inspected-seed", call, f"is given to `{name}`")
        if called.name in _HARMLESS:
            if call.keywords or (called.name == "builtins.sum" and len(call.args) > 1):
                return self._unknown(node)  # a function, or a start, that may look at what it gets
            return self._problem(call) if called.name in _PASSING else None
        if called.is_numerical or called.is_array_method:
            return self._numerical(node, call, called, parent)
        if called.function is not None and called.scope is not None and self.depth < _MAX_DEPTH:
            return self._helper(node, call, called, called.function, called.scope)
        return Problem("opaque-call", call, f"is given to `{name}`, which cannot be read")

    def _numerical(
        self, node: ast.expr, call: ast.Call, called: Called, parent: ast.Call | ast.keyword
    ) -> Problem | None:
        """Return what is wrong with handing the seed to a function of numpy or its like."""
        short = (called.name or "").partition(".")[2]
        if short in MUTATING and call.args[:1] == [node]:
            return Problem("mutated-seed", call, "is changed in place")
        if isinstance(parent, ast.keyword) and parent.arg == "out":
            return Problem("mutated-seed", call, "is changed in place")
        if short in INSPECTING:
            return Problem("inspected-seed", call, f"is given to `{ast.unparse(call.func)}`")
        return None

    def _helper(
        self, node: ast.expr, call: ast.Call, called: Called, function: DefinitionNode, scope: Scope
    ) -> Problem | None:
        """Return what a function of the project does wrong with the seed that it is given."""
        name = ast.unparse(call.func)
        arguments = called.arguments(call)
        if arguments is None:
            return Problem("opaque-call", call, f"is given to `{name}`, whose arguments cannot be matched")
        parameters = {p for p, value in arguments.items() if value is node}
        if not parameters:
            return Problem("opaque-call", call, f"is given to `{name}`, whose arguments cannot be matched")
        inner = next(_Uses(function, parameters, scope, self.functions, self.depth + 1).problems(), None)
        if inner is None:
            return None
        where = f"line {inner.node.lineno}"
        if called.unit is not None and called.unit is not self.functions.unit:
            where += f" of {called.unit.name}"
        return Problem("inspected-cotangent", call, f"is given to `{name}`, where it {inner.what} ({where})")


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield block


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return statement.targets if isinstance(statement, ast.Assign) else [statement.target]


def _flat(target: ast.expr) -> Iterator[ast.expr]:
    """Yield the parts of an assignment's target."""
    if isinstance(target, ast.Tuple | ast.List):
        for inner in target.elts:
            yield from _flat(inner)
    elif isinstance(target, ast.Starred):
        yield from _flat(target.value)
    else:
        yield target


def _exceptions(handler: ast.ExceptHandler) -> Iterator[str]:
    """Yield the last names of the exceptions that `handler` catches."""
    if handler.type is None:
        yield "BaseException"
        return
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    yield from (ast.unparse(exception).rpartition(".")[2] for exception in caught)


def _assignments(function: FunctionNode) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield each target in `function` with what is assigned to it or iterated over."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=targets, value=value):
                yield from ((target, value) for target in targets)
            case (
                ast.AnnAssign(target=target, value=ast.expr() as value)
                | ast.NamedExpr(target=target, value=value)
            ):
                yield target, value
            case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                yield target, value
