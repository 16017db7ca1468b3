"""Which names a value that is rewritten is known by: what is rewritten for one of them is for all."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Set

from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.scopes import FunctionNode

_GROWING = frozenset({"append", "insert", "extend"})
_MAKING = frozenset({"dict", "list", "tuple", "SimpleNamespace"})
_CONTAINERS = (ast.Tuple, ast.List, ast.Dict, ast.keyword, ast.Starred, ast.IfExp, ast.BinOp)
_COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp, ast.DictComp)


def stored_elsewhere(
    root: ast.AST,
    nodes: Iterable[ast.AST],
    pullbacks: Set[ast.AST],
    followed: Set[ast.Name],
    zeros: Set[ast.AST],
) -> Iterator[Problem]:
    """Yield a problem for each name of a rewritten node that is used for something else as well.

    Parameters
    ----------
    root
        The function that all of it stands in.
    nodes
        What is rewritten.
    pullbacks
        The functions whose results are cotangents.
    followed
        The uses of names that lead to a cotangent.
    zeros
        Those of `nodes` that become the zero of one argument.
    """
    parents = {child: node for node in ast.walk(root) for child in ast.iter_child_nodes(node)}
    found: dict[str, set[ast.AST]] = {}
    for node in nodes:
        names = holders(node, parents, pullbacks) if node in parents else set()
        if names is None:
            message = "a cotangent is stored where it cannot be followed"
            assert isinstance(root, ast.stmt)
            yield Problem("stepwise-cotangent", root, message, _OWN)
        for name in sorted(names or set()):
            found.setdefault(name, set()).add(node)
    for name, held in found.items():
        for use in _uses_otherwise(root, name, followed):
            # With the zero that a `None` becomes one calculates, as with what it stands for.
            if not (held <= zeros and _calculates(use, parents)):
                built = _is_stored_into(use, parents)
                what = "is built in steps" if built else "is used for something else as well"
                message = f"`{name}` holds a cotangent and {what}"
                yield Problem("stepwise-cotangent", use, message, _AT_ONCE if built else _OWN)


def _uses_otherwise(root: ast.AST, name: str, followed: Set[ast.Name]) -> Iterator[ast.AugAssign | ast.Name]:
    for node in ast.walk(root):
        updated = isinstance(node, ast.AugAssign) and _is_name(node.target, name)
        read = _is_name(node, name) and not isinstance(getattr(node, "ctx", None), ast.Store)
        if isinstance(node, ast.AugAssign | ast.Name) and (updated or (read and node not in followed)):
            yield node


def _is_stored_into(use: ast.AugAssign | ast.Name, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether a use puts something into what the name holds."""
    parent = parents.get(use)
    return isinstance(parent, ast.Subscript | ast.Attribute) and isinstance(parent.ctx, ast.Store)


def _calculates(use: ast.AugAssign | ast.Name, parents: dict[ast.AST, ast.AST]) -> bool:
    return isinstance(use, ast.AugAssign) or isinstance(parents.get(use), ast.BinOp)


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def holders(node: ast.AST, parents: dict[ast.AST, ast.AST], pullbacks: Set[ast.AST]) -> set[str] | None:
    """Return the names that `node`, or what holds it, is known by; `None` where it goes elsewhere as well."""
    if isinstance(node, ast.Return):
        return _function_names(node, parents, pullbacks)
    names: set[str] = set()
    start = node
    while node in parents:
        parent = parents[node]
        match parent:
            case ast.NamedExpr(target=ast.Name(id=name)):
                names.add(name)
            case ast.Assign(targets=targets, value=value) if value is node:
                taken = [_taken(start, node, target) for target in targets]
                return None if None in taken else names.union(*(t for t in taken if t is not None))
            case ast.AnnAssign(target=ast.Name(id=name)):
                return names | {name}
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if method in _GROWING:
                return names | {name}
            case ast.Call(func=function) if ast.unparse(function).rpartition(".")[2] in _MAKING:
                pass
            case ast.Return() | ast.Lambda():
                return names | _function_names(parent, parents, pullbacks)
            case ast.expr() | ast.keyword() if isinstance(parent, (*_CONTAINERS, *_COMPREHENSIONS)):
                pass
            case _:
                # A walrus hands its value on to what is around it, which may look at it.
                return names if not names and node is start else None
        node = parent
    return names


def _taken(start: ast.AST, value: ast.AST, target: ast.expr) -> set[str] | None:
    """Return the names in `target` that hold `start`, which is in `value` or is all of it."""
    if isinstance(target, ast.Name):
        return {target.id}
    if not isinstance(target, ast.Tuple | ast.List) or not isinstance(value, ast.Tuple | ast.List):
        return None
    if len(target.elts) != len(value.elts):
        return None
    pairs = zip(target.elts, value.elts, strict=True)
    inside = [(part, entry) for part, entry in pairs if any(n is start for n in ast.walk(entry))]
    return _taken(start, inside[0][1], inside[0][0]) if inside else None


def _function_names(leaving: ast.AST, parents: dict[ast.AST, ast.AST], pullbacks: Set[ast.AST]) -> set[str]:
    """Return the name of the function that gives the value back, unless that is a pullback."""
    function: ast.AST | None = leaving
    while function is not None and not isinstance(function, FunctionNode):
        function = parents.get(function)
    if isinstance(function, ast.FunctionDef) and function not in pullbacks and function in parents:
        return {function.name}
    return set()


def changed_lists(root: ast.AST, lists: Iterable[str], followed: Set[ast.Name]) -> Iterator[Problem]:
    """Yield a problem where a list of cotangents is used in a way that may change it."""
    parents = {child: node for node in ast.walk(root) for child in ast.iter_child_nodes(node)}
    for name in sorted(set(lists)):
        for use in _uses_otherwise(root, name, followed):
            if isinstance(use, ast.AugAssign) or not (
                _only_looks(use, parents) or _grows(use, root, parents)
            ):
                message = f"`{name}` holds cotangents and is used in a way that may change it"
                yield Problem("stepwise-cotangent", use, message, _OWN)


def _grows(use: ast.Name, root: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether something is put into a list that starts as a display, all of which has been read."""
    method = parents[use]
    if not isinstance(method, ast.Attribute) or method.attr not in _GROWING:
        return False
    call = parents[method]
    bound = [
        n for n in ast.walk(root) if _is_name(n, use.id) and isinstance(getattr(n, "ctx", None), ast.Store)
    ]
    starts = [p.value for n in bound if isinstance(p := parents[n], ast.Assign)]
    is_display = len(starts) == len(bound) == 1 and isinstance(starts[0], ast.List)
    return is_display and isinstance(call, ast.Call) and isinstance(parents[call], ast.Expr)


def _only_looks(use: ast.Name, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether a use of a list leaves it as it is, and is no other name for it."""
    match parent := parents[use]:
        case ast.Subscript(value=value, ctx=ast.Load()) if value is use:
            return not isinstance(parents[parent], ast.Subscript | ast.Attribute | ast.Assign)
        case ast.Call(func=function):
            return function is not use and ast.unparse(function).rpartition(".")[2] in _LOOKING
        case ast.For(iter=over) | ast.comprehension(iter=over):
            return over is use
        case ast.Starred() | ast.BinOp() | ast.Compare():
            return True
    return False


_LOOKING = frozenset(
    {
        "len",
        "sum",
        "zip",
        "enumerate",
        "reversed",
        "max",
        "min",
        "range",
        "print",
        "array",
        "asarray",
        "stack",
    }
)
_AT_ONCE = 'Write it as one literal: `{"a": da, "b": db}`.'
_OWN = "Write the cotangent in the `return`, or under a name of its own."
