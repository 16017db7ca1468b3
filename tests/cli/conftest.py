"""What the tests of the command line share: an empty directory to work in, and the installed command."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(sysconfig.get_path("scripts"), "adjoint2rrule")

LEGACY = b"""\
from zygoterules import adjoint


def double(x):
    return 2 * x


@adjoint
def double(x):
    return double(x), lambda dy: (2 * dy,)
"""

CONVERTED = b"""\
from adjoint2rrule.core import NoTangent, rrule


def double(x):
    return 2 * x


@rrule.register(double)
def double_rrule(double, x):
    return double(x), lambda dy: (NoTangent(), 2 * dy)
"""

MUTATING = b"""\
from zygoterules import adjoint_mut


@adjoint_mut
def scale(x):
    return scale(x), lambda dy: (dy,)
"""

Command = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Make an empty directory the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def command(tree) -> Command:
    """Return a function that runs the installed command and returns its exit code and what it printed."""

    def run(*arguments: str | bytes, stdin: bytes = b"", **environment: str):
        return subprocess.run(
            [SCRIPT, *arguments], input=stdin, capture_output=True, env={**os.environ, **environment}
        )

    return run


@pytest.fixture
def legacy() -> bytes:
    """Return a file with a definition that can be converted."""
    return LEGACY


@pytest.fixture
def converted() -> bytes:
    """Return what `legacy` becomes."""
    return CONVERTED


@pytest.fixture
def mutating() -> bytes:
    """Return a file with a definition that cannot be converted."""
    return MUTATING
