r"""The unified diff of a conversion, in bytes, as ``git apply`` reads it.

A line ends with ``\n`` and nowhere else, as git has it: a ``\r`` before it belongs to the line. The
changes are known from the edits, so only the lines that these touch are compared.
"""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate

from adjoint2rrule.convert.ignore import repository
from adjoint2rrule.convert.model import Conversion, Edit, Span
from adjoint2rrule.convert.splice import splice

_CONTEXT = 3  # lines shown around a change, as git does
_ESCAPES = {ord(c): f"\\{e}" for c, e in zip('\a\b\t\n\v\f\r"\\', 'abtnvfr"\\', strict=True)}


@dataclass(frozen=True)
class _Change:
    start: int  # the first of the old lines, from 0
    old: list[bytes]
    new: list[bytes]

    @property
    def stop(self) -> int:
        return self.start + len(self.old)


def diff(conversion: Conversion, *, is_new: bool = False) -> bytes:
    """Return the change of a file, which is not there yet if it `is_new`, as a unified diff.

    There is nothing in it where nothing changes.
    """
    if conversion.result == conversion.source.content:
        return b""
    lines = _lines(conversion.source.content)
    parts, shift = [_header(conversion.source.path, is_new)], 0
    for changes in _close(_changes(conversion, lines)):
        parts.append(_hunk(lines, changes, shift))
        shift += sum(len(change.new) - len(change.old) for change in changes)
    return b"".join(parts)


def is_passed_over(path: str) -> bool:
    """Whether ``git apply``, run here, passes over the diff of `path` without a word.

    It does so with what is in the repository, but not below the current directory.
    """
    return _is_below(path, _base()) and not _is_below(path, os.curdir)


def _lines(content: bytes) -> list[bytes]:
    return io.BytesIO(content).readlines()  # bytes.splitlines would split at a lone \r too


def _changes(conversion: Conversion, lines: list[bytes]) -> Iterator[_Change]:
    starts = [0, *accumulate(map(len, lines))]
    for first, stop, edits in _touched(conversion.edits, starts):
        text = conversion.source.content[starts[first] : starts[stop]]
        new = _lines(splice(text, [_moved(edit, -starts[first]) for edit in edits]))
        matcher = SequenceMatcher(None, lines[first:stop], new, autojunk=False)
        for tag, i, j, k, m in matcher.get_opcodes():
            if tag != "equal":
                yield _Change(first + i, lines[first + i : first + j], new[k:m])


def _touched(edits: Iterable[Edit], starts: list[int]) -> list[tuple[int, int, list[Edit]]]:
    """Return the runs of lines, from the first up to a last not included, that edits touch, with these."""
    count = len(starts) - 1
    runs: list[tuple[int, int, list[Edit]]] = []
    for edit in edits:
        first = max(min(bisect_right(starts, edit.span.start), count) - 1, 0)
        stop = min(bisect_right(starts, edit.span.end), count)
        joined: list[Edit] = []
        if runs and first < runs[-1][1]:
            first, _, joined = runs.pop()
        joined.append(edit)
        runs.append((first, stop, joined))
    return runs


def _moved(edit: Edit, by: int) -> Edit:
    return Edit(Span(edit.span.start + by, edit.span.end + by), edit.replacement)


def _close(changes: Iterable[_Change]) -> Iterator[list[_Change]]:
    """Yield runs of changes whose contexts meet, which make one hunk."""
    run: list[_Change] = []
    for change in changes:
        if run and change.start - run[-1].stop > 2 * _CONTEXT:
            yield run
            run = []
        run.append(change)
    if run:
        yield run


def _hunk(lines: list[bytes], changes: list[_Change], shift: int) -> bytes:
    start = position = max(changes[0].start - _CONTEXT, 0)
    stop = min(changes[-1].stop + _CONTEXT, len(lines))
    body: list[bytes] = []
    for change in changes:
        body += _marked(b" ", lines[position : change.start])
        body += _marked(b"-", change.old)
        body += _marked(b"+", change.new)
        position = change.stop
    body += _marked(b" ", lines[position:stop])
    grown = sum(len(change.new) - len(change.old) for change in changes)
    old, new = _range(start, stop - start), _range(start + shift, stop - start + grown)
    return f"@@ -{old} +{new} @@\n".encode() + b"".join(body)


def _marked(mark: bytes, lines: list[bytes]) -> list[bytes]:
    return [mark + (b if b.endswith(b"\n") else b + b"\n\\ No newline at end of file\n") for b in lines]


def _range(start: int, count: int) -> str:
    if count == 0:
        return f"{start},0"  # the line before the place
    return f"{start + 1}" if count == 1 else f"{start + 1},{count}"


def _header(path: str, is_new: bool) -> bytes:
    """Return the header with git's own first line, which makes names relative to the repository.

    Without it git takes them from the current directory, but drops folders that are called like the
    current one: run in `lab/`, it applies a diff of `lab/rules.py` to `rules.py`.
    """
    name = os.path.relpath(os.path.realpath(path), _base()).replace(os.sep, "/")
    old, new = _quoted(f"a/{name}"), _quoted(f"b/{name}")
    end = "\t\n" if " " in name else "\n"  # the tab says where a name with spaces ends
    first = f"diff --git {old} {new}\n"
    if is_new:
        return f"{first}new file mode 100644\n--- /dev/null\n+++ {new}{end}".encode()
    return f"{first}--- {old}{end}+++ {new}{end}".encode()


def _base() -> str:
    here = os.path.realpath(os.curdir)
    return repository(here) or here


def _is_below(path: str, directory: str) -> bool:
    return os.path.realpath(path).startswith(os.path.join(os.path.realpath(directory), ""))


def _quoted(name: str) -> str:
    """Return `name` as git writes it: quoted, with octal bytes, where it is not plain ASCII."""
    escaped = "".join(
        _ESCAPES.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}")
        for byte in os.fsencode(name)
    )
    return name if escaped == name else f'"{escaped}"'
