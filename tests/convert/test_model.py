"""`model`: the values that flow between the stages."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert.model import Conversion, Diagnostic, Severity, SourceFile, Span


@pytest.mark.parametrize(
    ("inner", "outer", "wanted"),
    [
        (Span(2, 3), Span(1, 4), True),
        (Span(1, 4), Span(1, 4), True),
        (Span(4, 4), Span(1, 4), True),
        (Span(0, 2), Span(1, 4), False),
        (Span(3, 5), Span(1, 4), False),
    ],
)
def test_span_holds_another_that_lies_inside(inner, outer, wanted):
    assert (inner in outer) is wanted


@pytest.mark.parametrize(
    ("severity", "failed"), [(Severity.ERROR, True), (Severity.WARNING, False), (Severity.NOTE, False)]
)
def test_file_has_failed_where_a_remark_on_it_is_an_error(severity, failed):
    remark = Diagnostic("slug", severity, "message", "", 1, 1)
    source = SourceFile("rules.py", b"")
    assert Conversion(source, b"", diagnostics=(remark,)).failed is failed
