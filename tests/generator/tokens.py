"""Layouts that change a module token by token: line breaks, spaces, comments, quotes and parentheses."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from tests.generator.drawing import chance, pick

COMMENTS = (
    *("# note", "#", "# größer ← 2·π", "# adjoint(None), dict(a=None)", '# "quoted', "#: (", "# noqa: E501"),
    *("# type: ignore[misc]", "#!odd", "# fmt: skip", "# return None, ("),
)


@dataclass
class Token:
    """A token with the white space before it, and with how many brackets are open there."""

    before: str
    text: str
    kind: int
    depth: int


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a module; joined, they are the module."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found, at, depth = [], 0, 0
    for kind, string, (row, column), end, _ in tokenize.generate_tokens(io.StringIO(text).readline):
        if kind in (tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER) or not string:
            continue
        depth -= string in ")]}"
        start = starts[row - 1] + column
        found.append(Token(text[at:start], string, kind, depth))
        at = starts[end[0] - 1] + end[1]
        depth += string in "([{"
    return found


def joined(tokens: list[Token]) -> str:
    """Return the module that tokens make."""
    return "".join(token.before + token.text for token in tokens)


def places(draw: Any, found: list[Any], most: int) -> Iterator[Any]:
    """Draw some of what was found."""
    if found:
        chosen = draw(st.lists(st.integers(0, len(found) - 1), max_size=most, unique=True))
        yield from (found[i] for i in sorted(chosen))


def rearranged(draw: Any, text: str) -> str:
    """Draw another layout of a module, with the same meaning."""
    tokens = tokens_of(text)
    steps: tuple[Callable[[Any, list[Token]], None], ...] = (quoted, wrapped, exploded, spaced, commented)
    for step in steps:
        if chance(draw):
            step(draw, tokens)
    return joined(tokens)


def quoted(draw: Any, tokens: list[Token]) -> None:
    """Turn the quotes of short strings."""
    for token in tokens:
        if token.kind == tokenize.STRING and token.text.startswith('"') and "'" not in token.text:
            token.text = f"'{token.text.strip(chr(34))}'" if '""' not in token.text else token.text


def logical_lines(tokens: list[Token]) -> Iterator[list[Token]]:
    """Yield the tokens of each statement or header, with the line end and without comments before."""
    line: list[Token] = []
    for token in tokens:
        if line or token.kind not in (tokenize.NL, tokenize.COMMENT):
            line.append(token)
        if token.kind == tokenize.NEWLINE:
            yield line
            line = []


def indent_of(line: list[Token]) -> str:
    """Return the indentation of a logical line."""
    return line[0].before.rpartition("\n")[2]


def wrapped(draw: Any, tokens: list[Token]) -> None:
    """Put parentheses around some results."""
    returns = [line for line in logical_lines(tokens) if line[0].text == "return" and len(line) > 2]
    for line in places(draw, returns, 2):
        broken = chance(draw)
        line[1].before = f" (\n{indent_of(line)}    " if broken else " ("
        line[-1].before = (f"\n{indent_of(line)})" if broken else ")") + line[-1].before
        for token in line[1:-1]:
            token.depth += 1


def exploded(draw: Any, tokens: list[Token]) -> None:
    """Break the lines in some brackets after every comma, perhaps with comments."""
    for line in logical_lines(tokens):
        for i, j in places(draw, [pair for pair in brackets(line) if is_list(line, *pair)], 1):
            explode(draw, line, i, j)


def brackets(line: list[Token]) -> Iterator[tuple[int, int]]:
    """Yield the places of opening brackets with those of the closing ones."""
    opened: list[int] = []
    for i, token in enumerate(line):
        if token.kind == tokenize.OP and token.text in "([{":
            opened.append(i)
        elif token.kind == tokenize.OP and token.text in ")]}":
            yield opened.pop(), i


def is_list(line: list[Token], i: int, j: int) -> bool:
    """Return whether there are entries in a pair of brackets, all on one line."""
    on_one_line = all("\n" not in t.before + t.text for t in line[i : j + 1])
    return on_one_line and any(is_comma(line, i, k) for k in range(i, j))


def is_comma(line: list[Token], opening: int, at: int) -> bool:
    """Return whether there is a comma of the bracket that opens at `opening`."""
    return line[at].text == "," and line[at].depth == line[opening].depth + 1


def explode(draw: Any, line: list[Token], i: int, j: int) -> None:
    """Break one pair of brackets."""
    inner = "\n" + indent_of(line) + "    " * (line[i].depth + 1)
    line[i + 1].before = inner
    for k in range(i + 1, j):
        if is_comma(line, i, k) and k + 1 < j:
            line[k + 1].before = pick(draw, "", f"  {pick(draw, *COMMENTS)}", f"{inner}{COMMENTS[0]}") + inner
    last = line[j - 1]
    if last.text != "," and not any(t.text in ("lambda", "for", "/") for t in line[i:j]) and chance(draw):
        last.text += ","
    if chance(draw, 4):
        last.text += f"  {pick(draw, *COMMENTS)}"
    line[j].before = inner[:-4]


def spaced(draw: Any, tokens: list[Token]) -> None:
    """Add spaces, or take them away, at some commas, operators and brackets; or continue on another line."""
    gaps = [
        (left, right)
        for line in logical_lines(tokens)
        for left, right in pairwise(line[:-1])
        if not right.before.strip(" ") and tokenize.OP in (left.kind, right.kind) and is_free(left, right)
    ]
    for left, right in places(draw, gaps, 6):
        right.before = pick(draw, " ", "", "  ", " \\\n            ")
        if is_glued(left.text, right.text):
            right.before = " "


def is_free(left: Token, right: Token) -> bool:
    """Return whether the space between two tokens does not matter to libcst.

    It loses that in `except X :` and in `( )`. An `@` at the end of a line is nobody's layout.
    """
    if left.text == "@":
        return False
    return (right.text != ":" or right.depth > 0) and f"{left.text}{right.text}" not in ("()", "[]", "{}")


def is_glued(left: str, right: str) -> bool:
    """Return whether two operators would be read as another one where no space is between them."""
    return not (left[-1:].isalnum() or right[:1].isalnum()) and left[-1:] not in "([{)]},"


def commented(draw: Any, tokens: list[Token]) -> None:
    """Add comments at the ends of lines, and on lines of their own."""
    ends = [t for t in tokens if t.kind in (tokenize.NEWLINE, tokenize.NL) and t.text.startswith("\n")]
    starts = [line for line in logical_lines(tokens) if not line[0].before.strip()]
    taken = {id(b) for a, b in pairwise(tokens) if a.kind == tokenize.COMMENT}
    for token in places(draw, [t for t in ends if id(t) not in taken], 5):
        token.before += f"  {pick(draw, *COMMENTS)}"
    for line in places(draw, starts, 5):
        indent = indent_of(line)
        line[0].before = f"{indent}{pick(draw, *COMMENTS)}\n{line[0].before}"
