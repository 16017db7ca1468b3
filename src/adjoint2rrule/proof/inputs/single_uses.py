"""What one expression around a value says of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from adjoint2rrule.proof.inputs.facts import NOTHING_KNOWN, Facts, How, Use
from adjoint2rrule.proof.inputs.kinds import Trait


def of_axis(call: ast.AST | None) -> list[Use]:
    """Return what a call of an array's method says of the array by the axis that it names."""
    axes = [k.value for k in call.keywords if k.arg == "axis"] if isinstance(call, ast.Call) else []
    match axes:
        case [ast.Constant(value=1)]:
            return [Use(How.TRAIT, Trait.MATRIX)]
    return []


def called(args: list[ast.expr]) -> Use:
    plain = [arg for arg in args if not isinstance(arg, ast.Starred)]
    return Use(How.CALLED if len(plain) == len(args) else How.CALLED_WITH_REST, len(plain))


def spread(uses: list[Use]) -> Facts:
    """Return facts of a value from the uses of it, one of which may speak of its elements."""
    each = [Use(How.TRAIT, u.detail) for u in uses if u.how is How.ITERATED and u.detail is not None]
    return Facts.at((), uses) | (Facts.at(("[]",), each) if each else NOTHING_KNOWN)


def of_subscript(index: ast.expr) -> list[Use]:
    match index:
        case ast.Constant(value=str() as key):
            return [Use(How.KEYED, key)]
        case ast.Tuple(elts=[_, _]):
            return [Use(How.ARRAY), Use(How.INDEXED)]
        case ast.Tuple():
            return [Use(How.ARRAY)]
    return [Use(How.INDEXED)]


def of_comparison(node: ast.Compare, operand: ast.expr) -> Iterator[Use]:
    """Yield what a comparison says; one with a collection speaks of each of its elements."""
    others = [node.left, *node.comparators]
    for other in others:
        entries = other.elts if isinstance(other, ast.Tuple | ast.List | ast.Set) else [other]
        for entry in entries:
            match entry:
                case ast.Constant(value=None):
                    pass
                case ast.Constant(value=str()):
                    yield Use(How.COMPARED, ast.unparse(entry))
                case _ if entry is not operand and isinstance(
                    node.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE
                ):
                    yield Use(How.BOUND)
                    if isinstance(entry, ast.Constant):
                        yield Use(How.SPLIT, ast.unparse(entry))


def of_parts(targets: list[ast.expr]) -> list[Use]:
    starred = any(isinstance(target, ast.Starred) for target in targets)
    return [Use(How.ITERATED)] if starred else [Use(How.PARTS, len(targets))]


def of_mapping(call: ast.AST | None, name: str) -> list[Use]:
    match call:
        case ast.Call(args=[ast.Constant(value=str() as key), *_]) if name in {"get", "pop", "setdefault"}:
            default = call.args[1] if len(call.args) > 1 else ast.Constant(value=None)
            return [Use(How.OPTION, f"{key}={ast.unparse(default)}")]
    return [Use(How.MAPPING)]
