"""Running a job so that nothing of it stays: in a forked process, where the system can fork.

What a job does to global state ends with the process; so do its exit, its crash, and its hanging.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
import traceback
import warnings
from collections.abc import Callable
from typing import Any

from adjoint2rrule.proof.worker.channel import encoded
from adjoint2rrule.proof.worker.output import KEPT, Output, flush

Answer = dict[str, Any]
Job = Callable[[], Answer]


def in_this_process(job: Job) -> Answer:
    """Return what `job` gives; the process that asked watches the time, and that this one lives."""
    with Output() as output:
        with output.captured():
            answer = job()
        return answer | {"printed": output.text()}


def in_a_fork(job: Job, limit: float) -> Answer:
    """Return what `job`, run in a process of its own, gives within `limit` seconds.

    Where it gives nothing, the answer says whether it ``hangs``, or how it ``dies``.
    """
    with Output() as output:
        flush()  # or the fork would print it once more
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            # The user's modules may have started threads, and may have made warnings errors.
            warnings.simplefilter("ignore")
            pid = os.fork()
        if pid == 0:
            os.close(reading)
            _run(job, output, writing)
        os.close(writing)
        try:
            line = _line(reading, time.monotonic() + limit)
        finally:
            os.close(reading)
            # Whether it is still running or just about to end, this leaves its exit status as it is.
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
        return _answer(line, os.waitstatus_to_exitcode(status), limit) | {"printed": output.text()}


def _run(job: Job, output: Output, writing: int) -> None:
    """Run `job` in the fork, which ends here."""
    pid = os.getpid()
    try:
        with output.captured():
            try:
                _limit_resources()
                answer = job()
            except Exception:  # our own mistake: what is printed tells it
                traceback.print_exc()
                raise
        if os.getpid() == pid:  # and not in a process that the job forked and did not end
            line = encoded(answer)
            while line:
                line = line[os.write(writing, line) :]
    finally:
        os._exit(0)  # the answer tells how it went


def _limit_resources() -> None:
    """Let a call that prints, writes or allocates without end fail, before it does harm."""
    import resource  # of systems that fork

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = {resource.RLIMIT_FSIZE: KEPT, resource.RLIMIT_DATA: memory // 2, resource.RLIMIT_CORE: 0}
    for kind, most in limits.items():
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _line(reading: int, deadline: float) -> bytes | None:
    """Return what is written until the line or the process ends; `None` where the time is over before."""
    received = bytearray()
    while not received.endswith(b"\n"):
        ready, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return None
        part = os.read(reading, 2**20)
        if not part:
            break
        received += part
    return bytes(received)


def _answer(line: bytes | None, status: int, limit: float) -> Answer:
    if line is None and status == -signal.SIGKILL:
        return {"hangs": limit}
    try:
        answer: Answer = json.loads(line or b"")
    except ValueError:  # it died before, or wrote something of its own there
        return {"dies": status}
    return answer
