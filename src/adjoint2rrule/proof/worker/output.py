"""What is printed while a call runs, by Python and by C alike."""

from __future__ import annotations

import ctypes
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from adjoint2rrule.proof.worker.channel import STDERR, STDOUT

SHOWN = 4000  # characters; a report quotes a line or two of them
KEPT = 64 * 2**20  # bytes; a call that prints without end shall not fill the disk

try:
    _C: ctypes.CDLL | None = ctypes.CDLL(None)
except (OSError, TypeError):  # as on Windows
    _C = None


class Output:
    """A file that takes what a call prints, and outlives a process that dies.

    Use it as a context, with `captured` inside.
    """

    def __init__(self) -> None:
        self.file: BinaryIO = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - `__exit__` closes it

    def __enter__(self) -> Output:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.file.close()

    @contextmanager
    def captured(self) -> Iterator[None]:
        """Lead standard output and standard error to the file."""
        flush()
        kept = [os.dup(STDOUT), os.dup(STDERR)]
        os.dup2(self.file.fileno(), STDOUT)
        os.dup2(self.file.fileno(), STDERR)
        try:
            yield
        finally:
            flush()
            for stream, copy in zip((STDOUT, STDERR), kept, strict=True):
                os.dup2(copy, stream)
                os.close(copy)

    def text(self) -> str:
        """Return the beginning of what was printed."""
        self.file.seek(0)
        text = self.file.read(4 * SHOWN).decode("utf-8", "replace")
        return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def use_plain_streams() -> None:
    """Let Python print line by line, in UTF-8, to whatever standard output and standard error are."""
    for name, stream in (("stdout", STDOUT), ("stderr", STDERR)):
        file = io.FileIO(stream, "w", closefd=False)
        text = io.TextIOWrapper(file, "utf-8", "backslashreplace", line_buffering=True)
        setattr(sys, name, text)
        setattr(sys, f"__{name}__", text)


def flush() -> None:
    """Hand what Python and C still hold back to the operating system."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # code under test may have put anything there, or closed it
            stream.flush()
    if _C is not None:
        _C.fflush(None)
