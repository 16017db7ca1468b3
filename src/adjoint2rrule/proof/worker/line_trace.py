"""Which lines of a rule a call runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any


@dataclass(frozen=True)
class LineTrace:
    """Notes the lines that functions of one part of a file run.

    Attributes
    ----------
    file
        The file, by the name that its code has.
    first, last
        The lines between which the functions start.
    lines
        The lines that were run so far.
    """

    file: str
    first: int
    last: int
    lines: set[int] = field(default_factory=set)

    @contextmanager
    def on(self) -> Iterator[None]:
        """Trace what is run inside; all but the functions in question runs at full speed."""
        previous = sys.gettrace()
        sys.settrace(self._enter)
        try:
            yield
        finally:
            sys.settrace(previous)

    def _enter(self, frame: FrameType, event: str, arg: Any) -> Any:
        code = frame.f_code
        if not self.first <= code.co_firstlineno <= self.last or code.co_filename != self.file:
            return None
        return self._step

    def _step(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            self.lines.add(frame.f_lineno)
        return self._step
