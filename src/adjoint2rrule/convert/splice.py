"""Puts edits into the bytes of a file; what no edit covers is copied, so it cannot change."""

from __future__ import annotations

from collections.abc import Iterable

from adjoint2rrule.convert.model import Edit


def splice(content: bytes, edits: Iterable[Edit]) -> bytes:
    r"""Return `content` with each of `edits`, which are in order and do not overlap, put in.

    Raises `ValueError` where two edits overlap, which is an error of the caller.

    Examples
    --------
    >>> from adjoint2rrule.convert.model import Span
    >>> splice(b"x = None\r\n", [Edit(Span(4, 8), b"ZeroTangent()")])
    b'x = ZeroTangent()\r\n'
    """
    pieces = []
    position = 0
    for edit in edits:
        if edit.span.start < position:
            raise ValueError(f"edits overlap at byte {edit.span.start}")
        pieces += [content[position : edit.span.start], edit.replacement]
        position = edit.span.end
    return b"".join([*pieces, content[position:]])
