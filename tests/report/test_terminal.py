"""`terminal`: plain bytes for programs, colour for people."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from adjoint2rrule.report.terminal import has_colour, put, put_diff

DIFF = b"".join(
    [
        b"diff --git a/f.py b/f.py\n",
        b"--- a/f.py\n",
        b"+++ b/f.py\n",
        b"@@ -1,2 +1,2 @@\n",
        b" context [bold]\xff\n",
        b"-- old\r\n",
        b"+new\n",
    ]
)


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True

    @property
    def shown(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode()


@pytest.fixture
def terminal(monkeypatch):
    """Make a terminal, and an environment that says nothing of colours."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return Terminal(io.BytesIO(), encoding="utf-8")


def test_bytes_are_put_as_they_are_in_their_place():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\r\n")
    stream.write("before|")
    put(stream, b"\xff\r\n\n")
    stream.write("|after")
    stream.flush()
    assert stream.buffer.getvalue() == b"before|\xff\r\n\n|after"


def test_diff_for_a_program_is_plain(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # which must not spoil `convert | git apply`
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    put_diff(stream, DIFF)
    assert stream.buffer.getvalue() == DIFF


def test_diff_on_a_terminal_is_coloured_line_by_line(terminal):
    put_diff(terminal, DIFF)
    assert terminal.shown.splitlines() == [
        "\x1b[1mdiff --git a/f.py b/f.py\x1b[0m",
        "\x1b[1m--- a/f.py\x1b[0m",
        "\x1b[1m+++ b/f.py\x1b[0m",
        "\x1b[36m@@ -1,2 +1,2 @@\x1b[0m",
        " context [bold]\\xff",
        "\x1b[31m-- old\x1b[0m",
        "\x1b[32m+new\x1b[0m",
    ]


def test_no_line_of_the_diff_is_wrapped_or_cut(terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    put_diff(terminal, b"a\nb\nc\n+" + b"x " * 200 + b"x\n")
    assert "+" + "x " * 200 + "x" in terminal.shown


@pytest.mark.parametrize(
    ("name", "value", "coloured"),
    [("NO_COLOR", "1", False), ("NO_COLOR", "", True), ("TERM", "dumb", False), ("TERM", "xterm", True)],
)
def test_user_decides_on_colours(terminal, monkeypatch, name, value, coloured):
    monkeypatch.setenv(name, value)
    assert has_colour(terminal) is coloured
    put_diff(terminal, DIFF)
    assert (terminal.buffer.getvalue() == DIFF) is not coloured


def test_rich_is_loaded_for_colours_only():
    code = """
import sys
from adjoint2rrule.report.terminal import put_diff

put_diff(sys.stdout, b"")
print(*sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = run.stdout.split()
    assert "adjoint2rrule.report.terminal" in loaded
    assert "rich" not in loaded
