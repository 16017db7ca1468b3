"""Where control can go: whether the end of a function's body can be reached."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set

_INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_TRANSPARENT = frozenset({"catch_warnings", "errstate", "nullcontext", "open", "printoptions"})


def falls_through(body: list[ast.stmt], sure: Set[ast.Match] = frozenset()) -> bool:
    """Whether control can reach the end of `body`, so that a function with it returns `None`.

    The ``match`` statements in `sure` are known to take one of their cases.
    """
    return not body or not any(_leaves(statement, sure) for statement in body)


def _leaves(statement: ast.stmt, sure: Set[ast.Match]) -> bool:
    """Whether `statement` never hands on to the one after it."""
    match statement:
        case ast.Return() | ast.Raise() | ast.Continue() | ast.Break():
            return True
        case ast.If(body=body, orelse=orelse):
            return not falls_through(body, sure) and bool(orelse) and not falls_through(orelse, sure)
        case ast.With(items=items, body=body):
            return all(_passes_exceptions(item.context_expr) for item in items) and not falls_through(
                body, sure
            )
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            handled = all(not falls_through(handler.body, sure) for handler in handlers)
            left = not falls_through([*body, *orelse], sure)
            return bool(final and not falls_through(final, sure)) or (left and handled)
        case ast.Match(cases=cases):
            last = cases[-1]
            always = statement in sure or (last.guard is None and _matches_all(last.pattern))
            return always and all(not falls_through(case.body, sure) for case in cases)
        case ast.While(test=ast.Constant(value=value), body=body) if value:
            return not any(isinstance(node, ast.Break) for node in _own_loop(body))
    return False


def _passes_exceptions(context: ast.expr) -> bool:
    """Whether a context manager is one that never swallows an exception, as ``suppress`` does."""
    return isinstance(context, ast.Call) and ast.unparse(context.func).rpartition(".")[2] in _TRANSPARENT


def _matches_all(pattern: ast.pattern) -> bool:
    match pattern:
        case ast.MatchAs(pattern=None):
            return True
        case ast.MatchAs(pattern=inner) if inner is not None:
            return _matches_all(inner)
        case ast.MatchOr(patterns=patterns):
            return any(_matches_all(p) for p in patterns)
    return False


def _own_loop(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the nodes of a loop's body without those of loops inside, whose `break` is their own."""
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            pending += node.orelse  # a `break` there is the outer loop's again
        elif not isinstance(node, _INNER):
            pending += ast.iter_child_nodes(node)
