"""Expressions of the source, as tests write them."""

from __future__ import annotations

import ast

from adjoint2rrule.proof.model import Expression


def in_double_quotes(text: str) -> str:
    """Return a string literal as formatters write it; any other expression as it is.

    Examples
    --------
    >>> in_double_quotes("'log'"), in_double_quotes("2.5")
    ('"log"', '2.5')
    """
    plain = text.startswith("'") and text.endswith("'") and '"' not in text and "\\" not in text
    return f'"{text[1:-1]}"' if plain and "'" not in text[1:-1] else text


def quoted(text: str) -> str:
    """Return the literal of a string."""
    return in_double_quotes(repr(text))


def literal(node: ast.expr) -> Expression:
    """Return a literal of the source.

    Examples
    --------
    >>> literal(ast.parse("['a', -1]", mode="eval").body)
    Expression(text='["a", -1]', imports=frozenset())
    """
    text = ast.unparse(node)
    strings = {
        repr(n.value) for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }
    for string in sorted(strings, key=len, reverse=True):
        text = text.replace(string, in_double_quotes(string))
    return Expression(text)
