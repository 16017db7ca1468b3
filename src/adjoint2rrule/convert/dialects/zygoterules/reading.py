"""What has been read of one function: what its expressions hold, and what its helpers do with them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cached_property

from adjoint2rrule.convert.dialects.zygoterules.changed_uses import Change
from adjoint2rrule.convert.dialects.zygoterules.fresh import is_fresh
from adjoint2rrule.convert.dialects.zygoterules.functions import Called, Functions
from adjoint2rrule.convert.dialects.zygoterules.held import SOLID, UNKNOWN, Held, join
from adjoint2rrule.convert.dialects.zygoterules.holding import Holding
from adjoint2rrule.convert.dialects.zygoterules.numerical import ARRAY_ATTRIBUTES, ARRAY_METHODS
from adjoint2rrule.convert.dialects.zygoterules.use_problems import UseProblem
from adjoint2rrule.convert.flow import falls_through
from adjoint2rrule.convert.scopes import DefinitionNode, FunctionNode, Scope, walk_scope

MAX_DEPTH = 8  # helpers that call helpers

_NUMBER_CLASSES = frozenset({"builtins.complex", "builtins.float", "builtins.int"})


_Key = tuple[DefinitionNode, frozenset[tuple[str, Held]]]


@dataclass
class Memo:
    """What was found of helpers, each read once for what it is given.

    Attributes
    ----------
    readings, uses
        What was read, and what was found in it.
    active
        What is being looked at: a helper that calls itself with the same says nothing new.
    """

    readings: dict[_Key, Reading] = field(default_factory=dict)
    uses: dict[_Key, list[UseProblem | Change]] = field(default_factory=dict)
    active: set[_Key] = field(default_factory=set)


class Reading:
    """One function, with what its expressions hold.

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
    depth
        How many helpers it was reached through.
    memo
        What is known of helpers already.
    """

    def __init__(
        self,
        function: FunctionNode,
        scope: Scope,
        functions: Functions,
        parameters: Mapping[str, Held],
        given: AbstractSet[ast.Call] = frozenset(),
        depth: int = 0,
        memo: Memo | None = None,
    ) -> None:
        self.memo = Memo() if memo is None else memo
        self.function = function
        self.functions = functions
        self.depth = depth
        self.parents: dict[ast.AST, ast.AST] = {
            child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)
        }
        self.holding = Holding(function, scope, functions, parameters, given, self._returned)

    def _returned(self, call: ast.Call, called: Called, values: Mapping[str, Held]) -> Held:
        """Return what a function of the project gives for what it is given."""
        if self.depth >= MAX_DEPTH or not any(h.bears for h in values.values()):
            return UNKNOWN
        key = _key_of(called, values)
        if key in self.memo.active:
            return UNKNOWN
        self.memo.active.add(key)
        result = self.helper(called, values).result
        self.memo.active.discard(key)
        return result

    def helper(self, called: Called, values: Mapping[str, Held]) -> Reading:
        """Return the reading of a function of the project for what it is given."""
        assert called.function is not None
        assert called.scope is not None
        key = _key_of(called, values)
        if key not in self.memo.readings:
            self.memo.readings[key] = Reading(
                called.function,
                called.scope,
                self.functions,
                values,
                depth=self.depth + 1,
                memo=self.memo,
            )
        return self.memo.readings[key]

    def uses_in(
        self,
        called: Called,
        values: Mapping[str, Held],
        found: Callable[[Reading], Iterable[UseProblem | Change]],
    ) -> list[UseProblem | Change]:
        """Return what `found` finds in a function of the project for what it is given."""
        key = _key_of(called, values)
        if key not in self.memo.uses:
            self.memo.uses[key] = []  # one that calls itself says nothing new the second time
            self.memo.uses[key] = list(found(self.helper(called, values)))
        return self.memo.uses[key]

    @property
    def result(self) -> Held:
        """What the function returns, to its callers; a ``None`` of its own may be anything to them."""
        body = self.function.body
        if not isinstance(body, list):
            return _as_foreign(self.holding.of(body))
        own = list(walk_scope(body))
        returns = [n.value for n in own if isinstance(n, ast.Return)]
        opaque = falls_through(body) or any(isinstance(n, ast.Yield | ast.YieldFrom) for n in own)
        held = [SOLID if value is None else self.holding.of(value) for value in returns]
        return _as_foreign(join([*held, *([UNKNOWN] if opaque or None in returns else [])]))

    def is_fresh(self, node: ast.expr) -> bool:
        """Whether `node` is a name of a new array, which the function may change."""
        return is_fresh(node, self.function, self.parents, self.holding)

    def called(self, node: ast.Call) -> Called:
        return self.functions.called(node, self.holding.scopes[node])

    def is_own(self, statement: ast.Return) -> bool:
        """Whether a ``return`` is the function's own, and not one of a function inside."""
        around: ast.AST = statement
        while not isinstance(around, FunctionNode):
            around = self.parents[around]
        return around is self.function

    @cached_property
    def borrowed(self) -> set[str]:
        """The names that the function, or one inside, shares with others."""
        shared = (n for n in ast.walk(self.function) if isinstance(n, ast.Global | ast.Nonlocal))
        return {name for node in shared for name in node.names}

    @cached_property
    def shows_structure(self) -> bool:
        """Whether a tangent is read as a dict or an object is, or a part of one is tested for ``None``."""
        for node in self.holding.scopes:
            match node:
                case ast.Subscript(slice=ast.Constant(value=str()), value=whole):
                    shown = self.holding.of(whole)
                case ast.Compare() if compares_with_none(node):
                    shown = join(self.holding.of(side) for side in (node.left, *node.comparators))
                    shown = shown if shown.part else SOLID
                case ast.Match(subject=subject):
                    shown = self.holding.of(subject)
                case _:
                    continue
            if shown.is_tangent:
                return True
        return False

    @cached_property
    def shows_names(self) -> bool:
        """Whether a tangent is read by names: that of a dict or an object, which stores no zeros."""
        for node in self.holding.scopes:
            match node:
                case ast.Subscript(slice=ast.Constant(value=str()), value=whole):
                    pass
                case ast.Attribute(attr=name, value=whole) if name not in ARRAY_ATTRIBUTES | ARRAY_METHODS:
                    pass
                case _:
                    continue
            if self.holding.of(whole).is_tangent:
                return True
        return False

    def is_builtin(self, name: str, node: ast.expr) -> bool:
        symbols = self.functions.symbols(ast.Name(name, ast.Load()), self.holding.scopes[node])
        return all(symbol.dotted == f"builtins.{name}" for symbol in symbols)

    def is_number_class(self, node: ast.expr, scope: Scope) -> bool:
        """Whether `node` is a class of numbers or arrays, or a tuple of such."""
        if isinstance(node, ast.Tuple):
            return all(self.is_number_class(e, scope) for e in node.elts)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self.is_number_class(node.left, scope) and self.is_number_class(node.right, scope)
        names = [symbol.dotted for symbol in self.functions.symbols(node, scope) if symbol.unit is None]
        numbers = [n for n in names if n in _NUMBER_CLASSES or n.startswith(("numpy.", "numbers."))]
        return len(names) == len(numbers) == 1


def compares_with_none(node: ast.Compare) -> bool:
    """Whether `node` is one comparison with ``None``, from either side."""
    if len(node.ops) > 1 or not isinstance(node.ops[0], ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
        return False
    return is_none(node.left) != is_none(node.comparators[0])


def is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _as_foreign(held: Held) -> Held:
    """Return what a function's result is elsewhere, where its ``None``s are none of the pullback's own."""
    entries = None if held.entries is None else tuple(map(_as_foreign, held.entries))
    inside = None if held.inside is None else _as_foreign(held.inside)
    unknown = held.unknown or bool(held.nones)
    return replace(held, unknown=unknown, nones=frozenset(), entries=entries, inside=inside)


def _key_of(called: Called, values: Mapping[str, Held]) -> _Key:
    assert called.function is not None
    return called.function, frozenset(values.items())
