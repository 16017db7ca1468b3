"""Whether a function changes nothing but what it has made itself, and draws no random numbers.

What cannot be read does not count as pure.
"""

from __future__ import annotations

import ast
from collections.abc import Set

from adjoint2rrule.convert.dialects.zygoterules.functions import Called, Functions
from adjoint2rrule.convert.dialects.zygoterules.numerical import (
    ALIASING,
    ALIASING_METHODS,
    ARRAY_METHODS,
    MUTATING,
    MUTATING_METHODS,
)
from adjoint2rrule.convert.scopes import Binding, By, FunctionNode, Scope, evaluated

_MAX_DEPTH = 8
_IMPURE = (ast.Global, ast.Nonlocal, ast.Yield, ast.YieldFrom, ast.Await)
_PURE_BUILTINS = frozenset(
    f"builtins.{name}"
    for name in """
    abs all any bool complex dict divmod enumerate float getattr hasattr int isinstance issubclass len list
    max min pow range reversed round set slice sorted str sum tuple type zip
    """.split()  # noqa: SIM905 (names, not sentences)
)
_RANDOM = ("numpy.random.", "scipy.stats.", "jax.numpy.random.", "autograd.numpy.random.")
# Methods of lists, dicts and sets that change them.
# Methods that change what lists, dicts and sets have in them.
GROWING = frozenset(
    "add append clear discard extend insert pop popitem remove reverse setdefault update".split()  # noqa: SIM905
)
# Methods of dicts and strings that change nothing.
_READING = frozenset("count format get index items join keys values".split())  # noqa: SIM905
_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_OPERATIONS = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Constant)


class Purity:
    """Tells which functions are pure.

    Parameters
    ----------
    functions
        Tells what a call calls.
    callbacks
        The calls that give functions of the AD, which are pure: the pullbacks of rules.
    """

    def __init__(self, functions: Functions, callbacks: Set[ast.Call]) -> None:
        self.functions = functions
        self.callbacks = callbacks
        self._known: dict[FunctionNode, bool] = {}

    def is_pure(self, function: FunctionNode, scope: Scope, depth: int = 0) -> bool:
        """Whether `function`, whose body is in `scope`, is pure."""
        if function not in self._known:
            self._known[function] = True  # as far as its calls of itself go
            self._known[function] = depth < _MAX_DEPTH and all(
                self._is_harmless(node, where, scope, depth) for node, where, _ in evaluated(scope)
            )
        return self._known[function]

    def _is_harmless(self, node: ast.AST, where: Scope, function: Scope, depth: int) -> bool:
        match node:
            case ast.AugAssign(target=ast.Name() as target):
                return self._is_own(target, where, function)
            case ast.Subscript(value=whole) | ast.Attribute(value=whole):
                return isinstance(node.ctx, ast.Load) or self._is_own(whole, where, function)
            case ast.Call():
                return self._is_pure_call(node, where, function, depth)
        return not isinstance(node, _IMPURE)

    def _is_pure_call(self, call: ast.Call, where: Scope, function: Scope, depth: int) -> bool:
        called = self.functions.called(call, where)
        out = [keyword.value for keyword in call.keywords if keyword.arg in {"out", None}]
        if not all(self._is_own(value, where, function) for value in out):
            return False
        if self._is_of_ad(call.func, where):
            return True
        if called.function is not None and called.scope is not None:
            return not called.function.decorator_list and self.is_pure(
                called.function, called.scope, depth + 1
            )
        if called.name is not None:
            return self._is_pure_function(call, called, where, function)
        return isinstance(call.func, ast.Attribute) and self._is_pure_method(call.func, where, function)

    def _is_pure_function(self, call: ast.Call, called: Called, where: Scope, function: Scope) -> bool:
        assert called.name is not None
        short = called.name.partition(".")[2]
        if not called.is_numerical:
            calls = any(keyword.arg == "key" for keyword in call.keywords)
            return called.makes_fields or (called.name in _PURE_BUILTINS and not calls)
        if called.name.startswith(_RANDOM):
            return False
        return short not in MUTATING or (bool(call.args) and self._is_own(call.args[0], where, function))

    def _is_pure_method(self, method: ast.Attribute, where: Scope, function: Scope) -> bool:
        if method.attr in MUTATING_METHODS | GROWING:
            return self._is_own(method.value, where, function)
        return method.attr in ARRAY_METHODS | _READING

    def _is_of_ad(self, called: ast.expr, where: Scope) -> bool:
        """Whether a callback has given what is called."""
        found = where.find(called.id) if isinstance(called, ast.Name) else None
        return found is not None and all(binding.value in self.callbacks for binding in found[1])

    # -- what a function has made itself -------------------------------------------------------

    def _is_own(self, node: ast.expr, where: Scope, function: Scope) -> bool:
        """Whether `node` is a name that only ever holds what `function` has made, on each call anew."""
        found = where.find(node.id) if isinstance(node, ast.Name) else None
        if found is None:
            return False
        scope, bindings = found
        return _is_inside(scope, function) and all(self._is_new(b, scope) for b in bindings)

    def _is_new(self, binding: Binding, scope: Scope) -> bool:
        if binding.by is By.UPDATE:
            return True
        if binding.by is not By.VALUE or binding.value is None:
            return False
        return self._makes_new(binding.value, scope)

    def _makes_new(self, value: ast.expr, scope: Scope) -> bool:
        if not isinstance(value, ast.Call):
            return isinstance(value, (*_DISPLAYS, *_OPERATIONS))
        called = self.functions.called(value, scope)
        short = (called.name or "").partition(".")[2]
        if called.is_numerical:
            copies = not any(keyword.arg in {"copy", "out"} for keyword in value.keywords)
            return copies and called.gives_number(value) and short not in ALIASING
        return called.method in ARRAY_METHODS - ALIASING_METHODS


def _is_inside(scope: Scope, function: Scope) -> bool:
    around: Scope | None = scope
    while around is not None:
        if around is function:
            return True
        around = around.parent
    return False
