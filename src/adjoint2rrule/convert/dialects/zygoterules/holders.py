"""Which names an assignment gives a value to: what is rewritten for one of them is rewritten for all."""

from __future__ import annotations

import ast


def holders(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> set[str] | None:
    """Return the names that an assignment gives `node` to; `None` where it goes elsewhere as well."""
    names: set[str] = set()
    start = node
    while node in parents:
        parent = parents[node]
        match parent:
            case ast.NamedExpr(target=ast.Name(id=name)):
                names.add(name)
            case ast.IfExp():
                pass
            case ast.Assign(targets=targets, value=value) if value is node:
                if not all(isinstance(target, ast.Name) for target in targets):
                    return None
                return names | {target.id for target in targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                return names | {name}
            case ast.AnnAssign():
                return None
            case ast.Tuple() | ast.List() if isinstance(parents.get(parent), ast.Assign):
                return _paired_holders(node, parent, parents[parent], names)
            case ast.Tuple() | ast.List() | ast.Dict() | ast.keyword() | ast.Return() | ast.Lambda():
                return names
            case _:
                # A walrus hands its value on to what is around it, which may look at it.
                return names if not names or node is start else None
        node = parent
    return names


def _paired_holders(node: ast.AST, display: ast.AST, assign: ast.AST, names: set[str]) -> set[str] | None:
    """Return the names that ``a, b = x, y`` gives one side of to the other, where it is `node`."""
    assert isinstance(display, ast.Tuple | ast.List)
    assert isinstance(assign, ast.Assign)
    index = next(i for i, entry in enumerate(display.elts) if entry is node)
    for target in assign.targets:
        if isinstance(target, ast.Name):
            continue  # the whole display goes there, and is looked at as such
        if not isinstance(target, ast.Tuple | ast.List) or len(target.elts) != len(display.elts):
            return None
        if not isinstance(part := target.elts[index], ast.Name):
            return None
        names = names | {part.id}
    return names
