"""What tests have to say at the end of a run: numbers that people ask for, one line each."""

from __future__ import annotations

#: printed by `tests/conftest.py` when all is done; under xdist, those of every worker
LINES: list[str] = []
