"""A subprocess that answers requests, line by line, for as long as it lives."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Thread
from typing import IO, Any

import adjoint2rrule

Message = Mapping[str, Any]

# One thread each: the machine is busy enough, and forks and threads do not go together.
ENVIRONMENT = {
    **dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
    ),
    "PYTHONDONTWRITEBYTECODE": "1",  # the project's own folders stay as they are
    "PYTHONHASHSEED": "0",  # the same order of sets on both sides
    "MPLBACKEND": "Agg",
}
# `-P`, since the current folder may hold anything. The tool itself comes last, lest its neighbours hide
# modules of the user.
START = "import sys; sys.path.append(sys.argv[1]); from adjoint2rrule.proof.worker.server import main; main()"
LONGEST_REASON = 2000  # characters


class SilentError(Exception):
    """The process has not answered in time."""


class EndedError(Exception):
    """The process has ended; holds its exit code, negative for a signal, and what it wrote at the end."""

    def __init__(self, code: int, written: str) -> None:
        super().__init__(f"ended with {code}: {written}")
        self.code, self.written = code, written


class Process:
    """The subprocess in which rules are run.

    It leads a group of its own, so that an interrupt from the keyboard reaches it through `kill` only,
    with all that it has started.
    """

    def __init__(self, python: str) -> None:
        home = str(Path(adjoint2rrule.__file__).parents[1])
        with ExitStack() as stack:
            self._stderr: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())
            self._popen = subprocess.Popen(
                [python, "-P", "-c", START, home],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                env={**os.environ, **ENVIRONMENT},
                start_new_session=sys.platform != "win32",
            )
            stack.pop_all()  # from here on, it is for `close`
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        # On all systems, only a thread can wait for a line for a limited time.
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._popen.stdout is not None
        with self._popen.stdout as answers:
            for line in answers:
                if line.startswith(b"{"):  # and not what the user's Python prints as it starts
                    self._answers.put(line)
        self._answers.put(b"")

    def ask(self, request: Message, limit: float) -> Message:
        """Return the answer to a request.

        Raises
        ------
        SilentError
            Where there is none within `limit` seconds; the process is killed then.
        EndedError
            Where the process ends instead.
        """
        assert self._popen.stdin is not None
        with suppress(OSError):  # what ended gives no answer, which is seen below
            self._popen.stdin.write(json.dumps(request).encode("ascii") + b"\n")
            self._popen.stdin.flush()
        try:
            line = self._answers.get(timeout=limit)
        except queue.Empty:
            self.kill()
            raise SilentError(limit) from None
        try:
            answer: Message = json.loads(line)
        except ValueError:  # it ended, or something else wrote there
            self.kill()
            raise EndedError(self._popen.returncode, self._written()) from None
        return answer

    @property
    def is_alive(self) -> bool:
        """Whether it can still be asked."""
        return self._popen.returncode is None

    def kill(self) -> None:
        """End the process with all that it has started; does nothing the second time."""
        if self._popen.returncode is None:
            with suppress(OSError):
                self._kill_group()
            self._popen.wait()
        with suppress(OSError):
            self._popen.stdin.close()  # type: ignore[union-attr]

    def _kill_group(self) -> None:
        if sys.platform == "win32":
            self._popen.kill()
        else:
            os.killpg(self._popen.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process, and give back what belongs to it."""
        self.kill()
        self._stderr.close()

    def _written(self) -> str:
        self._stderr.seek(0)
        return self._stderr.read().decode("utf-8", "replace")[-LONGEST_REASON:].strip()
