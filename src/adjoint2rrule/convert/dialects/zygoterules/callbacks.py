"""A rule's calls back into the AD: what it calls, and what it does with what that gives.

``back`` of `pullback` leaves out the entry of the function itself, which `rrule_via_ad` gives: every call
of it has to be seen, so that the entry can be left out there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from dataclasses import dataclass, field

from adjoint2rrule.convert.dialects.zygoterules import names as legacy
from adjoint2rrule.convert.dialects.zygoterules.calls import is_context
from adjoint2rrule.convert.dialects.zygoterules.cotangents import (
    Back,
    Cotangent,
    Either,
    Ready,
    Seed,
    parts,
)
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.dialects.zygoterules.pullbacks import short
from adjoint2rrule.convert.dialects.zygoterules.reader import Reader
from adjoint2rrule.convert.dialects.zygoterules.seeds import TangentUses, read_uses
from adjoint2rrule.convert.scopes import FunctionNode, Scope

# What a list of functions may be given to: they are called all the same.
_PASSING = frozenset({"append", "enumerate", "insert", "iter", "len", "list", "reversed", "tuple", "zip"})


@dataclass(frozen=True)
class Callback:
    """A call back into the AD.

    Attributes
    ----------
    name
        The legacy name that is called.
    call
        The call.
    context
        Its first argument, where that is ``__context__``.
    """

    name: str
    call: ast.Call
    context: ast.expr | None


@dataclass(frozen=True)
class Callbacks:
    """What a rule does with the AD.

    Attributes
    ----------
    calls
        Its calls back into it.
    shortened
        Calls of what `pullback` gave, whose result has one entry less.
    uses
        Of what these give: what stands in the way, and what has to change.
    problems
        Functions from the AD that go where they cannot be followed.
    """

    calls: tuple[Callback, ...] = ()
    shortened: tuple[ast.Call, ...] = ()
    uses: TangentUses = field(default_factory=TangentUses)
    problems: tuple[Problem, ...] = ()


def read_callbacks(rule: ast.FunctionDef, reader: Reader, pullbacks: Set[ast.AST]) -> Callbacks:
    """Return what `rule`, which `reader` reads, does with the AD; `pullbacks` are the ones it returns."""
    problems = list(_misused(rule, reader))
    calls = tuple(_calls(reader))
    if not calls:
        return Callbacks(problems=tuple(problems))
    shortened: list[ast.Call] = []
    for call, scope in ((n, where) for n, where in reader.nodes if isinstance(n, ast.Call)):
        back = reader.back_of(call, scope)
        if isinstance(back, Back):
            shortened += [] if back.own else [call]
            problems += _in_function(call, scope, reader, pullbacks)
            problems += _given_legacy_form(call, scope, reader)
        elif back is not None and _holds_back(back):
            problems.append(_lost(call.func))
    problems += _escaping(rule, reader)
    inside = {call for pullback in pullbacks for call in reader.given_in(pullback)}
    outside = reader.given_in(rule) - inside
    uses = read_uses(rule, frozenset(), outside, reader.owner, reader.functions) if outside else TangentUses()
    return Callbacks(calls, tuple(shortened), uses, tuple(problems))


def _calls(reader: Reader) -> Iterator[Callback]:
    for node, _ in reader.nodes:
        if isinstance(node, ast.Call) and reader.callbacks.get(node.func) in legacy.CALLBACKS:
            context = node.args[0] if node.args and is_context(node.args[0], reader.callbacks) else None
            yield Callback(reader.callbacks[node.func], node, context)


def _misused(rule: ast.FunctionDef, reader: Reader) -> Iterator[Problem]:
    """Yield a problem where what calls back is used otherwise than by calling it."""
    called = {node.func: node for node, _ in reader.nodes if isinstance(node, ast.Call)}
    contexts = {n.args[0] for f, n in called.items() if f in reader.callbacks and n.args}
    for node in ast.walk(rule):
        if not isinstance(node, ast.expr):
            continue
        if is_context(node, reader.callbacks):
            if node not in contexts:
                message = f"`{ast.unparse(node)}` is the legacy AD's own"
                message += ", and used otherwise than to call back into it"
                yield Problem("callback", node, message, _BY_HAND)
        elif node in reader.callbacks and node not in called:
            message = f"`{ast.unparse(node)}` is used otherwise than by calling it"
            yield Problem("callback", node, message, _BY_HAND)


def _holds_back(value: Cotangent) -> bool:
    return any(isinstance(part, Back) for part in parts(value))


def _in_function(call: ast.Call, scope: Scope, reader: Reader, pullbacks: Set[ast.AST]) -> Iterator[Problem]:
    """Yield a problem where a function inside the rule, which is no pullback, calls what the AD gave."""
    around: Scope | None = scope
    while around is not None and around is not reader.owner:
        if isinstance(around.node, FunctionNode) and around.node not in pullbacks:
            yield _lost(call.func)
        around = around.parent


def _given_legacy_form(call: ast.Call, scope: Scope, reader: Reader) -> Iterator[Problem]:
    """Yield a problem where a function from the AD is given what may not be a tangent as it is written.

    A slice of a seed, or a sum of its parts, may be a bare tuple, and so may what ``type(y)`` makes.
    """
    for given in (*call.args, *(k.value for k in call.keywords)):
        if not _is_tangent(reader.look(given, scope)):
            message = f"`{short(call.func)}`, a function from the AD, is given `{short(given)}`"
            message += ", which may be no tangent: a `None`, a tuple or a dict"
            yield Problem("opaque-callback", given, message, "Give it a number, an array or a tangent.")


def _is_tangent(value: Cotangent) -> bool:
    """Whether `value` is a number, an array or a tangent on every path, whatever the seed is."""
    if isinstance(value, Either):
        return all(map(_is_tangent, value.choices))
    return isinstance(value, Ready | Seed)


def _escaping(rule: ast.FunctionDef, reader: Reader) -> Iterator[Problem]:
    """Yield a problem where a function from the AD is handed to what may call it."""
    parents = {child: node for node in ast.walk(rule) for child in ast.iter_child_nodes(node)}
    for node, scope in reader.nodes:
        if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
            continue
        if _holds_back(reader.look(node, scope)) and not _stays(node, parents):
            yield _lost(node)


def _stays(node: ast.Name, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether a use of a function from the AD keeps it where its calls can be seen."""
    match parent := parents[node]:
        case ast.Call(func=function):
            return function is node or _called_name(function) in _PASSING
        case ast.Attribute(attr=name):
            call = parents[parent]
            return isinstance(call, ast.Call) and call.func is parent and name in _PASSING
        case ast.Assign() | ast.NamedExpr() | ast.Tuple() | ast.List() | ast.Starred() | ast.Return():
            return True
        case ast.Subscript(value=value):
            return value is node
        case ast.For() | ast.comprehension() | ast.ListComp() | ast.GeneratorExp():
            return True
    return False


def _called_name(function: ast.expr) -> str:
    return ast.unparse(function).rpartition(".")[2]


def _lost(node: ast.expr) -> Problem:
    message = f"where `{ast.unparse(node)}`, a function from the AD, is called cannot be followed"
    return Problem("opaque-callback", node, message, "Call it in the pullback itself.")


_BY_HAND = "Call it by its name, as in `_pullback(f, x)`, or convert this rule by hand."
