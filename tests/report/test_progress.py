"""Progress: one line, on a terminal only."""

from __future__ import annotations

import io
import os
import pty

from adjoint2rrule.report.progress import Progress


def test_progress_is_no_part_of_what_goes_into_a_file():
    stream = io.StringIO()
    progress = Progress(stream, 2)
    progress.step("solve")
    progress.clear()
    assert stream.getvalue() == ""


def test_progress_is_one_line_of_a_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    reader, writer = pty.openpty()
    with open(writer, "w") as stream:
        progress = Progress(stream, 12)
        progress.step("solve")
        progress.clear()
        assert os.read(reader, 100).decode() == "\r\x1b[K1/12 solve\r\x1b[K"
        monkeypatch.setenv("TERM", "dumb")
        progress.step("chol")
        stream.write("end")
        stream.flush()
        assert os.read(reader, 100).decode() == "end"
    os.close(reader)
