"""Where the rules of a converted file stood before: reports name the lines of the file that people have."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from adjoint2rrule.convert.model import Conversion, Refused
from adjoint2rrule.proof.model import Subject


@dataclass(frozen=True)
class _Rewritten:
    """Lines that an edit put in the place of others, each from the first to the last."""

    old: range
    new: range


def is_rewritten(conversion: Conversion, subject: Subject) -> bool:
    """Whether a rule of the converted file was made, or changed, by the conversion."""
    return any(_meets(lines, subject) for lines in _rewritten(conversion))


def line_before(conversion: Conversion, subject: Subject) -> int:
    """Return the line of a rule in the file as it was: that of its definition, where it was a legacy one."""
    shift = 0
    for lines in _rewritten(conversion):
        if _meets(lines, subject):
            return _definition_in(conversion, lines.old, lines.old.start + subject.line - lines.new.start)
        if lines.new.start > subject.line:
            break
        shift = lines.old.stop - lines.new.stop
    return subject.line + shift


def _meets(lines: _Rewritten, subject: Subject) -> bool:
    return lines.new.start <= subject.last_line and subject.line < lines.new.stop


def _definition_in(conversion: Conversion, lines: range, line: int) -> int:
    """Return the line, out of `lines`, of the legacy definition that is next to `line`."""
    found = [d.definition.line for d in conversion.decisions if not isinstance(d, Refused)]
    inside = [start for start in found if start in lines]
    return min(inside, key=lambda start: abs(start - line), default=min(line, lines.stop - 1))


def _rewritten(conversion: Conversion) -> Iterator[_Rewritten]:
    old, new = _starts(conversion.source.content), _starts(conversion.result)
    shift = 0
    for edit in conversion.edits:
        start, end = edit.span.start + shift, edit.span.start + shift + len(edit.replacement)
        shift += len(edit.replacement) - (edit.span.end - edit.span.start)
        yield _Rewritten(_lines(old, edit.span.start, edit.span.end), _lines(new, start, end))


def _starts(content: bytes) -> list[int]:
    return [0, *accumulate(map(len, content.splitlines(keepends=True)))]


def _lines(starts: list[int], start: int, end: int) -> range:
    """Return the numbers, from 1, of the lines that hold the bytes from `start` up to `end`."""
    return range(bisect_right(starts, start), bisect_right(starts, max(end - 1, start)) + 1)
