"""How far a run has come: one line on a terminal, and nothing at all anywhere else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TextIO

_CLEARED = "\r\x1b[K"  # back to the start of the line, and erase to its end
_USUAL_WIDTH = 80  # where a terminal does not say


@dataclass
class Progress:
    """Counts steps on a terminal, in a line that is gone when the run ends.

    Attributes
    ----------
    stream
        Where the line goes, if that is a terminal.
    total
        How many steps there are.
    """

    stream: TextIO
    total: int
    done: int = 0

    def step(self, what: str) -> None:
        """Show that `what` begins."""
        self.done += 1
        if self._is_shown:
            self.stream.write(f"{_CLEARED}{self.done}/{self.total} {what}"[: self._width])
            self.stream.flush()

    def clear(self) -> None:
        """Make room for other output."""
        if self._is_shown:
            self.stream.write(_CLEARED)
            self.stream.flush()

    @property
    def _is_shown(self) -> bool:
        return self.stream.isatty() and os.environ.get("TERM") != "dumb"

    @property
    def _width(self) -> int:
        columns = os.get_terminal_size(self.stream.fileno()).columns or _USUAL_WIDTH
        return len(_CLEARED) + columns - 1
