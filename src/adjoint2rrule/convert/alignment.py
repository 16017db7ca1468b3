r"""Lines that are aligned with what stands behind an opening bracket, kept so when the bracket moves.

::

    def f(x, *,        def f_rrule(f, x, *,
          order=2):                order=2):

libcst keeps how far such a line is indented, not why.  It knows form feeds as space, though, and hands them
on: before it parses a statement, `mark` writes the indentation of aligned lines in as many form feeds, so
that all places stay as they are, and once it has printed what becomes of the statement, `align` gives these
lines the columns that they have to have there.  What hangs from a line that moves goes with it.
"""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_MARK = "\f"
_LINE_END = re.compile(r"(\r\n|\r|\n)")


def mark(text: str) -> str:
    r"""Return statements with their aligned lines marked.

    Those with form feeds of their own stay as they are, and so do lines for which tabs count.

    Examples
    --------
    >>> mark("f(x,\n  y)")
    'f(x,\n\x0c\x0cy)'
    """
    if _MARK in text:
        return text
    lines, ends = _split(text)
    for row, place in _continuations(lines).items():
        before = lines[row][: place.column] + lines[place.bracket][: place.column]
        if place.column == place.aligned and "\t" not in before:
            lines[row] = _MARK * place.column + lines[row][place.column :]
    return _joined(lines, ends)


def align(code: str, original: str) -> str:
    r"""Return what has become of the statements `original`, marked before, with its marked lines aligned.

    Examples
    --------
    >>> align("longer(x,\n\f\fy)", "f(x,\n  y)")
    'longer(x,\n       y)'
    """
    if _MARK in original or _MARK not in code:
        return code
    lines, ends = _split(code)
    marked = {row for row, line in enumerate(lines) if line.startswith(_MARK)}
    for row in marked:
        lines[row] = _unmarked(lines[row])
    shifts: dict[int, int] = {}
    # From the top down: a line that moves takes the brackets on it along.
    for row, place in _continuations(lines).items():
        shift = shifts.get(place.bracket, 0)
        if row in marked and place.aligned is not None:
            shift += place.aligned - place.column
        if lines[row].startswith(" " * place.column):
            shifts[row] = max(shift, -place.column)
            lines[row] = " " * (place.column + shifts[row]) + lines[row][place.column :]
    return _joined(lines, ends)


def _unmarked(line: str) -> str:
    rest = line.lstrip(_MARK)
    return rest.rjust(len(line))


def _split(text: str) -> tuple[list[str], list[str]]:
    """Return the lines of `text`, of which the last may be empty, and the ends of all but that."""
    parts = _LINE_END.split(text)
    return parts[::2], parts[1::2]


def _joined(lines: Sequence[str], ends: Sequence[str]) -> str:
    return "".join(line + end for line, end in zip(lines, [*ends, ""], strict=True))


# -- brackets ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Place:
    """Where a line inside brackets starts, in characters.

    Attributes
    ----------
    column
        Where its first token stands.
    bracket
        The line of the innermost bracket that is open there.
    aligned
        Where the first token behind that bracket stands, `None` where it is the last on its line.
    """

    column: int
    bracket: int
    aligned: int | None


def _continuations(lines: Sequence[str]) -> dict[int, _Place]:
    """Return the places of the lines that start inside brackets and in no string, from the top down."""
    places: dict[int, _Place] = {}
    brackets: list[tuple[int, int | None]] = []
    for token in _tokens(lines):
        row, column = token.start[0] - 1, token.start[1]
        if brackets and brackets[-1] == (row, None) and token.type != tokenize.COMMENT:
            brackets[-1] = (row, column)
        if brackets and not lines[row][:column].strip():
            places[row] = _Place(column, *brackets[-1])
        if token.type == tokenize.OP and token.string in "([{":
            brackets.append((row, None))
        elif token.type == tokenize.OP and token.string in ")]}":
            brackets.pop()
    return places


def _tokens(lines: Sequence[str]) -> Iterator[tokenize.TokenInfo]:
    """Yield the tokens that can be seen, but none from inside strings."""
    strings = 0
    for token in tokenize.generate_tokens(iter([f"{line}\n" for line in lines]).__next__):
        # Since Python 3.12 a formatted string is not one token.
        if not strings and token.string.strip():
            yield token
        kind = tokenize.tok_name[token.type]
        strings += kind.endswith("STRING_START") - kind.endswith("STRING_END")
