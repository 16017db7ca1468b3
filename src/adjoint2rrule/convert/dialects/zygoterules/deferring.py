"""Whether an expression of a pullback gives the same value once the pullback has returned.

By then nothing binds the names of the pullback and of the rule anew, unless a function inside borrows them;
names from further outside must be bound for good. What it calls must be known to change nothing, and nothing
that a second call of the pullback does may change what the first one has left for later.
"""

from __future__ import annotations

import ast
from functools import cached_property

from adjoint2rrule.convert.dialects.zygoterules.functions import Functions
from adjoint2rrule.convert.dialects.zygoterules.numerical import MUTATING, MUTATING_METHODS
from adjoint2rrule.convert.dialects.zygoterules.pullbacks import Pullback
from adjoint2rrule.convert.dialects.zygoterules.purity import GROWING, Purity
from adjoint2rrule.convert.dialects.zygoterules.rules import Rule
from adjoint2rrule.convert.scopes import Binding, By, Scope, evaluated, walk_scope

# Leaving these does something: an exception is caught, a file closed, a variable bound or deleted.
_BLOCKS = (ast.Try, ast.TryStar, ast.With, ast.AsyncWith, ast.For, ast.AsyncFor, ast.While)
# What a second look finds empty.
_ITERATORS = frozenset(
    f"builtins.{name}" for name in ("enumerate", "filter", "iter", "map", "reversed", "zip")
)
_FOR_GOOD = frozenset({By.IMPORT, By.FUNCTION, By.CLASS})


class Deferring:
    """Tells which expressions of one pullback can be evaluated later.

    Parameters
    ----------
    pullback, rule
        The pullback, and the rule that it belongs to.
    functions
        Tells what a call calls.
    """

    def __init__(self, pullback: Pullback, rule: Rule, functions: Functions) -> None:
        self.pullback = pullback
        self.functions = functions
        self.around = pullback.home or rule.node
        self.purity = Purity(functions, {callback.call for callback in rule.callbacks.calls})

    def can_wait(self, node: ast.expr) -> bool:
        """Whether `node` can be evaluated once the pullback has returned."""
        names = (inner for inner in ast.walk(node) if isinstance(inner, ast.Name))
        if any(map(_changes_something, ast.walk(node))):
            return False
        return node in self._returned and self._is_pure and all(map(self._is_bound_for_good, names))

    @cached_property
    def _returned(self) -> set[ast.AST]:
        """The nodes of what is returned where nothing else happens from there on."""
        body = self.pullback.node.body
        if isinstance(body, ast.expr):
            values = [body]
        else:
            blocks = (n for n in walk_scope(body) if isinstance(n, _BLOCKS))
            inside = {inner for block in blocks for inner in ast.walk(block)}
            returns = (n for n in walk_scope(body) if isinstance(n, ast.Return) and n not in inside)
            values = [n.value for n in returns if n.value is not None]
        together = [set(walk_scope(value)) for value in values]
        # One entry binds what another one reads.
        return {n for nodes in together if not any(map(_binds, nodes)) for n in nodes}

    @cached_property
    def _is_pure(self) -> bool:
        """Whether calling the pullback changes nothing that is there when it returns."""
        return self.purity.is_pure(self.pullback.node, self.pullback.scope)

    # -- names ---------------------------------------------------------------------------------

    @cached_property
    def _scopes(self) -> dict[ast.AST, Scope]:
        return {node: scope for node, scope, _ in evaluated(self.pullback.scope)}

    @cached_property
    def _borrowed(self) -> set[str]:
        """The names that functions inside the rule bind in the scopes around them."""
        nodes = (n for n in ast.walk(self.around) if isinstance(n, ast.Nonlocal | ast.Global))
        return {name for node in nodes for name in node.names}

    def _is_bound_for_good(self, name: ast.Name) -> bool:
        found = self._scopes[name].find(name.id)
        if found is None:
            return True  # a builtin
        scope, bindings = found
        if name.id in self._borrowed or any(self._is_iterator(b.value, scope) for b in bindings):
            return False
        return self._is_finished(scope) or self._are_final(bindings)

    def _is_iterator(self, value: ast.expr | None, scope: Scope) -> bool:
        if isinstance(value, ast.Call):
            return self.functions.called(value, scope).name in _ITERATORS
        return isinstance(value, ast.GeneratorExp)

    def _is_finished(self, scope: Scope) -> bool:
        """Whether a scope is that of the rule, or inside of it: its code has run when the thunk does."""
        around: Scope | None = scope
        while around is not None:
            if around.node is self.around:
                return True
            around = around.parent
        return False

    def _are_final(self, bindings: list[Binding]) -> bool:
        """Whether what is bound around the rule stays what it is."""
        if any(binding.node in self.functions.unit.in_loops for binding in bindings):
            return False
        if all(binding.by in _FOR_GOOD for binding in bindings):
            return True
        return len(bindings) == 1 and bindings[0].by in {By.VALUE, By.PART, By.PARAMETER}


def _binds(node: ast.AST) -> bool:
    return isinstance(node, ast.NamedExpr)


def _changes_something(node: ast.AST) -> bool:
    """Whether evaluating `node` changes an object, which the pullback has made and others may look at."""
    match node:
        case ast.keyword(arg="out"):
            return True
        case ast.Call(func=ast.Attribute(attr=method) as function):
            in_place = ".".join(ast.unparse(function).split(".")[1:])
            return method in MUTATING_METHODS | GROWING or in_place in MUTATING
    return False
