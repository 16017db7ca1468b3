"""Debug mode: checks of the runtime that cost too much to be made every time.

It is on inside ``with debugging():``, or everywhere with ``ADJOINT2RRULE_DEBUG=1`` in the environment.

Ports: ChainRulesCore.jl, ``debug_mode.jl``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_debug_mode = ContextVar("debug_mode", default=os.environ.get("ADJOINT2RRULE_DEBUG", "0") not in ("", "0"))


def debug_mode() -> bool:
    """Return whether the runtime makes its extra checks.

    Examples
    --------
    >>> with debugging():
    ...     debug_mode()
    True

    Notes
    -----
    Ports: ``debug_mode`` of ChainRulesCore.jl. Differs: there one redefines the function.
    """
    return _debug_mode.get()


@contextmanager
def debugging(on: bool = True) -> Iterator[None]:
    """Switch debug mode on, or off, inside a ``with`` block and for its thread or task alone."""
    token = _debug_mode.set(on)
    try:
        yield
    finally:
        _debug_mode.reset(token)
