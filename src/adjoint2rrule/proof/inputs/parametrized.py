"""The rows of ``pytest.mark.parametrize``, by which one call in a test stands for several."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from copy import deepcopy
from itertools import islice, product

from adjoint2rrule.convert.scopes import DefinitionNode

_MOST = 8  # rows of one test

Row = Mapping[str, ast.expr]


def rows_of(functions: Sequence[DefinitionNode]) -> list[Row]:
    """Return what the parameters of the function around a call are in turn, as far as decorators say.

    Examples
    --------
    >>> test = ast.parse('''
    ... @pytest.mark.parametrize(("x", "n"), [(0.5, 2), (1.5, 3)])
    ... def test_power(x, n): ...
    ... ''').body[0]
    >>> [{name: ast.unparse(value) for name, value in row.items()} for row in rows_of([test])]
    [{'x': '0.5', 'n': '2'}, {'x': '1.5', 'n': '3'}]
    """
    decorators = functions[-1].decorator_list if functions else []
    choices = [rows for rows in map(_rows, decorators) if rows]
    combined = ({k: v for row in rows for k, v in row.items()} for rows in product(*choices))
    return list(islice(combined, _MOST))


def with_row(node: ast.Call, row: Row) -> ast.Call:
    """Return a call with the names that a row gives values to replaced by these."""
    if not row:
        return node
    replaced = _Replacing(row).visit(deepcopy(node))
    assert isinstance(replaced, ast.Call)
    return replaced


class _Replacing(ast.NodeTransformer):
    def __init__(self, row: Row) -> None:
        self.row = row

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.row.get(node.id, node)


def _rows(decorator: ast.expr) -> list[Row]:
    match decorator:
        case ast.Call(
            func=ast.Attribute(attr="parametrize"),
            args=[names, ast.List(elts=entries) | ast.Tuple(elts=entries), *_],
        ):
            called = _names(names)
            found = [_values(entry, len(called)) for entry in entries]
            return [dict(zip(called, values, strict=True)) for values in found if len(values) == len(called)]
    return []


def _names(node: ast.expr) -> list[str]:
    match node:
        case ast.Constant(value=str() as text):
            return [name.strip() for name in text.split(",") if name.strip()]
        case ast.Tuple(elts=entries) | ast.List(elts=entries):
            return [e.value for e in entries if isinstance(e, ast.Constant) and isinstance(e.value, str)]
    return []


def _values(entry: ast.expr, count: int) -> list[ast.expr]:
    """Return the values of one row, which ``pytest.param`` may stand around."""
    match entry:
        case ast.Call(func=ast.Attribute(attr="param") | ast.Name(id="param"), args=args):
            return args
        case ast.Tuple(elts=values) | ast.List(elts=values) if count > 1:
            return values
    return [entry]
