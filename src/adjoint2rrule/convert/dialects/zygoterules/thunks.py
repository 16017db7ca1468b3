"""Which cotangents are worth a thunk: two or more of one result that take real work, and can do it later.

Converting ZygoteRules, section "Consider adding some thunks".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from adjoint2rrule.convert.dialects.zygoterules.cotangents import GIVEN, Back, parts
from adjoint2rrule.convert.dialects.zygoterules.deferring import Deferring
from adjoint2rrule.convert.dialects.zygoterules.functions import Functions
from adjoint2rrule.convert.dialects.zygoterules.numerical import ALIASING, ALIASING_METHODS
from adjoint2rrule.convert.dialects.zygoterules.pullbacks import Pullback
from adjoint2rrule.convert.dialects.zygoterules.results import Entry, computed_by
from adjoint2rrule.convert.dialects.zygoterules.rules import Rule
from adjoint2rrule.convert.operations import Wrap, address
from adjoint2rrule.convert.runtime import RuntimeNames
from adjoint2rrule.convert.scopes import Scope

# Conversions of a number, and questions that any object answers at once.
_CHEAP = frozenset(f"builtins.{name}" for name in ("bool", "complex", "float", "int", "len", "type"))


def thunks(
    found: Sequence[Entry], pullback: Pullback, rule: Rule, functions: Functions, runtime: RuntimeNames
) -> Iterator[Wrap]:
    """Yield what puts the cotangents of one result into thunks, where that is worth it.

    Parameters
    ----------
    found
        The entries of the result.
    pullback, rule
        What returns it, and the rule that this belongs to.
    functions
        Tells what a call calls.
    runtime
        The names to write.
    """
    written = [computed_by(entry) for entry in found if not _is_from_ad(entry)]
    busy = [n for n in written if n is not None and takes_work(n, pullback.scope, functions)]
    if len(busy) < 2:
        return
    deferring = Deferring(pullback, rule, functions)
    for node in busy:
        if deferring.can_wait(node):
            yield Wrap(address(node), runtime.use("thunk"), delayed=True)


def _is_from_ad(entry: Entry) -> bool:
    """Whether a callback gave a cotangent, or a part of it: the rule behind it may have made a thunk."""
    return any(part == GIVEN or isinstance(part, Back) for part in parts(entry.value))


def takes_work(node: ast.expr, scope: Scope, functions: Functions) -> bool:
    """Whether to evaluate `node`, in `scope`, is more than to look something up.

    Parts of names, views of them and conversions of numbers are not; whatever calculates is.
    """
    match node:
        case ast.Constant() | ast.Name() | ast.Lambda():
            return False
        case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Starred(value=inner):
            inside = [inner]
        case ast.Tuple(elts=inside) | ast.List(elts=inside) | ast.Dict(values=inside):
            pass
        case ast.IfExp(body=body, orelse=orelse):
            inside = [body, orelse]
        case ast.Call() if _is_cheap(node, scope, functions):
            inside = [node.func, *node.args, *(keyword.value for keyword in node.keywords)]
        case ast.BinOp() | ast.UnaryOp():
            return any(isinstance(inner, ast.Name) for inner in ast.walk(node))
        case _:
            return True
    return any(takes_work(inner, scope, functions) for inner in inside)


def _is_cheap(call: ast.Call, scope: Scope, functions: Functions) -> bool:
    """Whether `call` computes nothing from its arguments."""
    called = functions.called(call, scope)
    if called.method is not None:
        return called.method in ALIASING_METHODS
    short = (called.name or "").partition(".")[2]
    return called.makes_fields or called.name in _CHEAP or (called.is_numerical and short in ALIASING)
