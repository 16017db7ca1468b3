"""What a call gives as a cotangent: by a function of numpy, of the project or of the rule, or a callback."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING

from adjoint2rrule.convert.dialects.zygoterules.cotangents import (
    GIVEN,
    READY,
    SEED,
    Alike,
    Back,
    Collected,
    Cotangent,
    Each,
    Either,
    Fields,
    Given,
    Grown,
    Missing,
    Part,
    Ready,
    Result,
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
)
from adjoint2rrule.convert.dialects.zygoterules.functions import Called
from adjoint2rrule.convert.dialects.zygoterules.holders import changed_lists
from adjoint2rrule.convert.dialects.zygoterules.names import CONTEXT
from adjoint2rrule.convert.dialects.zygoterules.numerical import SEVERAL_ARRAYS
from adjoint2rrule.convert.flow import falls_through
from adjoint2rrule.convert.scopes import DefinitionNode, Scope, walk_scope

if TYPE_CHECKING:
    from adjoint2rrule.convert.dialects.zygoterules.reader import Reader

_MAX_DEPTH = 8  # helpers that call helpers
_COLLECTING = frozenset({"builtins.tuple", "builtins.list"})


def read_call(reader: Reader, node: ast.Call, scope: Scope) -> Cotangent:
    """Return what the call `node` gives."""
    if (callback := reader.callbacks.get(node.func)) is not None:
        return _called_back(callback, node, reader.callbacks)
    called = reader.functions.called(node, scope)
    if called.makes_fields:
        return _fields(reader, node, scope)
    if called.is_numerical and any(_has_gaps(reader, argument, scope) for argument in node.args):
        return Unclear(node, "it is given `None`, or something structured")
    if called.gives_number(node):
        return (
            READY
            if _has_numbers(reader, node, called, scope)
            else Unclear(node, "it may be any of its arguments")
        )
    if called.name in _COLLECTING and len(node.args) == 1 and not node.keywords:
        return _collected(reader, node, called, scope)
    if called.name == "builtins.reversed" and len(node.args) == 1:
        return _turned(reader, node, scope)
    if called.is_numerical and _last(called.name) in SEVERAL_ARRAYS and not node.keywords:
        return Given(node, None)
    if called.function is not None:
        return _of_function(reader, node, called, scope)
    if isinstance(node.func, ast.Call) and reader.functions.called(node.func, scope).name == "builtins.type":
        return Alike()
    if isinstance(node.func, ast.Attribute) and called.name is None and called.is_array_method:
        # Dicts and lists have a `copy` as well.
        of_array = called.method != "copy" or is_value(reader.look(node.func.value, scope))
        return READY if of_array else Unclear(node, "it may be the copy of a dict or a list")
    if isinstance(node.func, ast.Name | ast.Subscript):
        back = reader.look(node.func, scope)
        if isinstance(back, Back):
            return Given(
                node, (GIVEN,) * back.count if back.count is not None else None, GIVEN, is_tuple=True
            )
    return Unclear(node, f"what `{ast.unparse(node.func)}` returns cannot be told")


def _has_gaps(reader: Reader, node: ast.expr, scope: Scope) -> bool:
    """Whether a display has something else than numbers in it."""
    if not isinstance(node, ast.List | ast.Tuple):
        return False
    return any(isinstance(part, Missing | Fields) for part in parts(reader.look(node, scope)))


def _has_numbers(reader: Reader, node: ast.Call, called: Called, scope: Scope) -> bool:
    """Whether a builtin such as ``max``, which gives one of its arguments, is given numbers alone."""
    if called.name not in {"builtins.max", "builtins.min", "builtins.sum"}:
        return True
    found = [reader.look(argument, scope) for argument in node.args]
    found = [part for value in found for part in ([value] if is_value(value) else [element(value) or value])]
    return all(is_value(value) or is_unclear(value) for value in found)


def _last(name: str | None) -> str:
    return (name or "").partition(".")[2]


def is_context(node: ast.expr, uses: Mapping[ast.AST, str] | Mapping[ast.expr, str]) -> bool:
    """Whether `node` is the legacy AD's own config, which rules know without an import as well."""
    return uses.get(node) == CONTEXT or (isinstance(node, ast.Name) and node.id == CONTEXT)


def _called_back(callback: str, node: ast.Call, uses: Mapping[ast.expr, str]) -> Cotangent:
    """Return what a call back into the AD gives: a value and a function, or tangents."""
    starred = any(isinstance(a, ast.Starred) for a in node.args)
    with_context = bool(node.args) and is_context(node.args[0], uses)
    arguments = None if starred else len(node.args) - 1 - with_context
    if callback == "gradient":
        return Given(node, None if arguments is None else (GIVEN,) * arguments, GIVEN)
    own = callback == "_pullback"
    back = Back(own, None if arguments is None else arguments + own)
    return Given(node, (Ready(given=True), back), is_tuple=True)


def _fields(reader: Reader, node: ast.Call, scope: Scope) -> Cotangent:
    keys = [k.arg for k in node.keywords if k.arg is not None]
    if node.args or len(keys) < len(node.keywords):
        return Unclear(node, "its fields are not written out as keywords")
    return Fields(node, tuple(keys), tuple(reader.read(k.value, scope) for k in node.keywords))


def _collected(reader: Reader, node: ast.Call, called: Called, scope: Scope) -> Cotangent:
    """Return what ``tuple(...)`` or ``list(...)`` is."""
    inside = reader.read(node.args[0], scope)
    if is_value(inside):
        made_tuple = called.name == "builtins.tuple"
        return Given(node, None, READY if isinstance(inside, Ready) else SEED, is_tuple=made_tuple)
    return (
        Collected(node, inside) if is_sequence(inside) else Unclear(node, "what it collects cannot be told")
    )


def _turned(reader: Reader, node: ast.Call, scope: Scope) -> Cotangent:
    """Return what ``reversed(...)`` gives, where its elements are alike and stay as they are."""
    inside = reader.read(node.args[0], scope)
    of_each = element(inside) if is_sequence(inside) and is_settled(inside) else None
    return Unclear(node, "what it turns cannot be told") if of_each is None else Given(node, None, of_each)


# -- functions of the project --------------------------------------------------------------


def _of_function(reader: Reader, node: ast.Call, called: Called, scope: Scope) -> Cotangent:
    """Return what a function gives; one that is not inside the rule must be ready as it is."""
    assert called.scope is not None
    if called.scope is not reader.owner and reader.is_local(called.scope) and called.unit is not None:
        return _of_inner(reader, node, called, called.scope)
    result = returned(reader, node, called, scope)
    if is_value(result):
        return result
    taken = from_elsewhere(result, node)
    if taken is not None:
        return taken
    reason = result.reason if isinstance(result, Unclear) else "it may return `None`, a dict or a tuple"
    return Unclear(node, f"`{ast.unparse(node.func)}` cannot be read: {reason}")


def _of_inner(reader: Reader, node: ast.Call, called: Called, inner: Scope) -> Cotangent:
    """Return what a function inside the rule gives."""
    function = called.function
    assert function is not None
    arguments = called.arguments(node)
    if problem := _why_opaque(function):
        return Unclear(node, problem)
    if arguments is None:
        return Unclear(node, "its arguments cannot be matched")
    if reader.depth >= _MAX_DEPTH:
        return Unclear(node, "it calls itself, or too many others")
    reader.depth += 1
    value = _results(reader, function, inner)
    reader.depth -= 1
    if is_value(value):
        return value
    if isinstance(node.func, ast.Name):
        reader.followed.add(node.func)
    return Result(node, value, function, arguments)


def returned(reader: Reader, node: ast.Call, called: Called, scope: Scope) -> Cotangent:
    """Return what a function of the project gives to a call from `scope`."""
    function, inner = called.function, called.scope
    assert function is not None
    assert inner is not None
    if reader.depth >= _MAX_DEPTH:
        return Unclear(node, "it calls too many others")
    if problem := _why_opaque(function):
        return Unclear(node, problem)
    arguments = called.arguments(node)
    if arguments is None:
        return Unclear(node, "its arguments cannot be matched")
    values = {name: reader.look(value, scope) for name, value in arguments.items()}
    # What cannot be told is the same to it, whatever the reason.
    kinds = ((name, type(v) if isinstance(v, Unclear | Part) else v) for name, v in values.items())
    key = function, frozenset(kinds)
    if key not in reader.returned:
        other = reader.elsewhere(inner)
        other.parameters = {(inner, name): value for name, value in values.items()}
        reader.returned[key] = _results(other, function, inner)
    return reader.returned[key]


def _results(reader: Reader, function: DefinitionNode, scope: Scope) -> Cotangent:
    returns = [n for n in walk_scope(function.body) if isinstance(n, ast.Return)]
    value = either([reader.read(r.value, scope) if r.value else Missing(r) for r in returns])
    if any(True for _ in changed_lists(function, reader.changeable, reader.followed)):
        return Unclear(returns[0], "it changes a list of what it returns")
    return value


def from_elsewhere(value: Cotangent, node: ast.expr | None) -> Given | None:
    """Return a sequence that another function made, as one that stays as it is, `None` where it cannot."""
    if not is_settled(value):
        return None
    if isinstance(value, Either):
        lists = [listed(choice) for choice in value.choices]
        known = [entries for entries in lists if entries is not None]
        if len(known) == len(lists) and len({len(entries) for entries in known}) == 1:
            columns = tuple(either(column) for column in zip(*known, strict=True))
            return Given(node, columns, is_tuple=is_tuple(value))
        return None
    entries = listed(value)
    if entries is not None:
        return Given(node, tuple(entries), is_tuple=is_tuple(value))
    of_each = element(value) if isinstance(value, Each | Grown | Given | Collected) else None
    return Given(node, None, of_each, is_tuple(value)) if of_each is not None else None


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


# -- parts of results ----------------------------------------------------------------------


def unpacked_call(reader: Reader, node: ast.Call, scope: Scope) -> Cotangent | None:
    """Return what is unpacked from a call, where that says more than the call as a whole."""
    called = reader.functions.called(node, scope)
    if called.is_numerical and node.func not in reader.callbacks:
        return Given(node, None)
    if called.function is not None and called.scope is not None and not reader.is_local(called.scope):
        return returned(reader, node, called, scope)
    return None


def called_part(whole: Cotangent, node: ast.Subscript) -> Cotangent | None:
    """Return the part of a sequence that a constant index or slice takes."""
    entries = listed(whole)
    match node.slice:
        case ast.Constant(value=int() as index) if entries is not None and index < len(entries):
            return entries[index]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as back)) if entries is not None:
            return entries[-back] if 0 < back <= len(entries) else None
        case ast.Slice(lower=lower, upper=None, step=None) if entries is not None:
            start = lower.value if isinstance(lower, ast.Constant) else 0 if lower is None else None
            return Given(node, tuple(entries[start:])) if isinstance(start, int) else None
        case ast.Slice():
            of_each = element(whole)
            return Given(node, None, of_each) if of_each is not None else None
    return element(whole) if entries is None else None
