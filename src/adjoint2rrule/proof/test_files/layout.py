"""How an expression is written and wrapped: as black and ruff would, who then have nothing to do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

_INDENT = "    "
_POWER = re.compile(r"(?<![\w.)\]])([\w.]+) \*\* (-?[\w.]+)(?![\w.(\[])")
_STRING = re.compile(r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")

_Part = tuple[str, ast.expr]  # what stands before an element, such as `axis=`, and the element


def written(node: ast.expr) -> str:
    """Return an expression on one line.

    Examples
    --------
    >>> written(ast.parse("f( {'axis':1}, x**2 )", mode="eval").body)
    'f({"axis": 1}, x**2)'
    """
    pieces = _STRING.split(ast.unparse(node))
    return "".join(_quoted(p) if p[:1] in {"'", '"'} else _POWER.sub(r"\1**\2", p) for p in pieces)


def wrapped(node: ast.expr, width: int, indent: str = _INDENT) -> list[str]:
    r"""Return an expression on lines of `width` characters, as far as it can be broken.

    Examples
    --------
    >>> print(*wrapped(ast.parse("f(np.array([0.5, 2.5]), -1)", mode="eval").body, 20, ""), sep="\n")
    f(
        np.array(
            [0.5, 2.5]
        ),
        -1,
    )
    """
    return list(_lines("", node, "", indent, width))


def _lines(before: str, node: ast.expr, after: str, indent: str, width: int) -> Iterator[str]:
    line = f"{indent}{before}{written(node)}{after}"
    broken = _broken(node) if len(line) > width else None
    if broken is None:
        yield line
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _broken(node.func.value):
        # A chain of calls is broken at its first one: `np.array(…).reshape(2, 3)`.
        rest = written(node).removeprefix(written(node.func.value))
        yield from _lines(before, node.func.value, f"{rest}{after}", indent, width)
        return
    opening, parts, closing = broken
    yield f"{indent}{before}{opening}"
    yield from _body(parts, isinstance(node, ast.Call), indent + _INDENT, width)
    yield f"{indent}{closing}{after}"


def _body(parts: Sequence[_Part], of_call: bool, indent: str, width: int) -> Iterator[str]:
    """Yield what stands between brackets: one element a line, unless the arguments of a call fit on one."""
    line = indent + ", ".join(before + written(node) for before, node in parts)
    if of_call and len(line) <= width:
        yield line
        return
    comma = "" if of_call and len(parts) == 1 else ","
    for before, node in parts:
        yield from _lines(before, node, comma, indent, width)


def _broken(node: ast.expr) -> tuple[str, list[_Part], str] | None:
    """Return the brackets and the elements at which an expression can be broken, if there are any."""
    match node:
        case ast.Call(func=function, args=args, keywords=keywords) if args or keywords:
            given = [(f"{k.arg}=" if k.arg else "**", k.value) for k in keywords]
            return f"{written(function)}(", [*_elements(args), *given], ")"
        case ast.List(elts=elements) if elements:
            return "[", _elements(elements), "]"
        case ast.Tuple(elts=elements) if elements:
            return "(", _elements(elements), ")"
        case ast.Set(elts=elements):
            return "{", _elements(elements), "}"
        case ast.Dict(keys=keys, values=values) if keys:
            pairs = zip(keys, values, strict=True)
            return "{", [(f"{written(k)}: " if k else "**", v) for k, v in pairs], "}"
    return None


def _elements(nodes: Iterable[ast.expr]) -> list[_Part]:
    return [("*", n.value) if isinstance(n, ast.Starred) else ("", n) for n in nodes]


def _quoted(literal: str) -> str:
    """Return a string in double quotes, unless it holds some."""
    plain = literal.startswith("'") and '"' not in literal and "\\'" not in literal
    return f'"{literal[1:-1]}"' if plain else literal
