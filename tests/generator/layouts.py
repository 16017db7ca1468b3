"""How a module is laid out: spacing, line breaks, comments, indentation and line ends, token by token."""

from __future__ import annotations

from typing import Any

from tests.generator.drawing import pick


def laid_out(draw: Any, text: str) -> bytes:
    """Draw a layout for a module that is written with four spaces."""
    lines = text.split("\n")
    indent = pick(draw, "    ", "  ", "\t")
    lines = [indent * ((len(t) - len(t.lstrip(" "))) // 4) + t.lstrip(" ") for t in lines]
    end = pick(draw, "\n", "\r\n")
    return (end.join(lines) + pick(draw, end, "")).encode()
