"""`splice`: edits go into the bytes of a file, and nothing else of it changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjoint2rrule.convert.model import Edit, Span
from adjoint2rrule.convert.splice import splice


def edit(start: int, end: int, replacement: bytes) -> Edit:
    return Edit(Span(start, end), replacement)


@pytest.mark.parametrize(
    ("edits", "wanted"),
    [
        ([], b"0123456789"),
        ([edit(0, 0, b"<")], b"<0123456789"),
        ([edit(10, 10, b">")], b"0123456789>"),
        ([edit(2, 5, b"")], b"0156789"),
        ([edit(0, 10, b"x")], b"x"),
        ([edit(1, 2, b"a"), edit(2, 3, b"b")], b"0ab3456789"),
        ([edit(2, 4, b"a"), edit(4, 4, b"b")], b"01ab456789"),
        ([edit(2, 2, b"a"), edit(2, 2, b"b")], b"01ab23456789"),
    ],
)
def test_edits_are_put_in(edits, wanted):
    assert splice(b"0123456789", edits) == wanted


@pytest.mark.parametrize(
    ("edits", "byte"),
    [
        ([edit(1, 5, b""), edit(4, 6, b"")], 4),
        ([edit(5, 6, b""), edit(1, 2, b"")], 1),
        ([edit(0, 9, b""), edit(3, 3, b"x")], 3),
    ],
)
def test_overlap_is_an_error_that_says_where(edits, byte):
    with pytest.raises(ValueError, match=f"byte {byte}$"):
        splice(b"0123456789", edits)


@given(st.binary(max_size=30), st.lists(st.tuples(st.integers(0, 30), st.binary(max_size=3)), max_size=8))
def test_what_no_edit_covers_is_copied(content, cuts):
    """Every second piece between the cuts is replaced; the others stand where they did, in order."""
    points = sorted({min(at, len(content)) for at, _ in cuts})
    spans = list(zip(points[::2], points[1::2], strict=False))
    edits = [edit(start, end, new) for (start, end), (_, new) in zip(spans, cuts, strict=False)]
    result, rest = splice(content, edits), content
    position = 0
    for e in edits:
        kept = content[position : e.span.start]
        assert result.startswith(kept + e.replacement)
        result, position = result[len(kept + e.replacement) :], e.span.end
    assert result == rest[position:]
