"""Writes a run's output: plain bytes into files and pipes, colour on a terminal only."""

from __future__ import annotations

import os
from typing import TextIO

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def put(stream: TextIO, content: bytes) -> None:
    """Write `content` as it is, in its place among what was written as text."""
    stream.flush()
    stream.buffer.write(content)
    stream.buffer.flush()


def put_diff(stream: TextIO, diff: bytes) -> None:
    """Write `diff`, which on a terminal is in colour, unless ``NO_COLOR`` is set."""
    if has_colour(stream):
        _paint(stream, diff)
    else:
        put(stream, diff)


def has_colour(stream: TextIO) -> bool:
    """Whether `stream` is a terminal that shows colours, and the user wants them."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _paint(stream: TextIO, diff: bytes) -> None:
    from rich.console import Console  # only here: a run that shows no diff has no use for it
    from rich.text import Text

    console = Console(file=stream, highlight=False, soft_wrap=True)
    is_header = True
    for line in diff.decode(errors="backslashreplace").split("\n")[:-1]:
        is_header = is_header and not line.startswith("@@ ")
        style = "bold" if is_header else _STYLES.get(line[:1], "")
        console.print(Text(line, style=style))
