"""How the file of a module is written: its line breaks, indentation, line ends, marks and encoding."""

from __future__ import annotations

from typing import Any

from tests.generator.drawing import chance, pick
from tests.generator.tokens import rearranged

MARK = b"\xef\xbb\xbf"


def laid_out(draw: Any, text: str) -> bytes:
    """Draw a layout for a module that is written with four spaces."""
    if chance(draw):
        text = rearranged(draw, text + "\n").rstrip("\n")
    if chance(draw, 6):
        text = text.replace("\n\n\n", pick(draw, "\n\n\f\n", "\n\n\n\n", "\n"), 1)
    if chance(draw):
        return (text + "\n").encode()
    indent = pick(draw, "    ", "  ", "\t")
    # The standard library's `tokenize` does not know a backslash before the oldest line end.
    end = pick(draw, "\n", "\r\n", "mixed", *([] if "\\\n" in text else ["\r"]))
    lines = [_indented(line, indent) for line in text.split("\n")]
    last = pick(draw, "", "\n")
    return _encoded(draw, _ended(lines, end) + (last if end == "mixed" or not last else end))


def _indented(line: str, indent: str) -> str:
    bare = line.lstrip(" ")
    return indent * ((len(line) - len(bare)) // 4) + bare


def _ended(lines: list[str], end: str) -> str:
    if end != "mixed":
        return end.join(lines)
    ends = ["\n" if i % 2 else "\r\n" for i in range(len(lines))]
    return "".join(line + e for line, e in zip(lines, [*ends[:-1], ""], strict=True))


def _encoded(draw: Any, text: str) -> bytes:
    form = pick(draw, "plain", "mark", "declared")
    if form == "mark":
        return MARK + text.encode()
    if form == "declared" and all(ord(c) < 256 for c in text):
        end = "\r\n" if "\r\n" in text else "\r" if "\r" in text else "\n"
        return f"# -*- coding: latin-1 -*-{end}{text}".encode("latin-1")
    return text.encode()
