"""The main loop of the subprocess: what is asked for, and who answers it."""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from adjoint2rrule.proof.model import Side
from adjoint2rrule.proof.worker import stand_ins
from adjoint2rrule.proof.worker.calls import fresh
from adjoint2rrule.proof.worker.channel import Channel
from adjoint2rrule.proof.worker.isolation import Answer, in_a_fork, in_this_process
from adjoint2rrule.proof.worker.line_trace import LineTrace
from adjoint2rrule.proof.worker.loading import load, search_in
from adjoint2rrule.proof.worker.output import use_plain_streams
from adjoint2rrule.proof.worker.runs import run
from adjoint2rrule.proof.worker.sides import Rules
from adjoint2rrule.proof.worker.trials import tried
from adjoint2rrule.testing.finite_difference_calls import default_fdm


@dataclass(frozen=True)
class Server:
    """Answers requests.

    Attributes
    ----------
    paths
        Where the project's modules stand.
    rules
        The rules of the side that is run.
    forks
        Whether each call gets a process of its own.
    """

    paths: tuple[str, ...]
    rules: Rules
    forks: bool

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Server:
        """Return the server that the first request describes, with its imports set up."""
        search_in(settings["paths"])
        stand_ins.install(settings["legacy_modules"], settings["runtime"])
        rules = Rules(Side(settings["side"]), tuple(settings["legacy_modules"]))
        return cls(tuple(settings["paths"]), rules, settings["forks"])

    def answer(self, request: Mapping[str, Any]) -> Answer:
        """Return the answer to a request."""
        if "load" in request:
            return self._load(request["load"], request["limit"])
        job = partial(self._try if request["task"] == "try" else self._run, request)
        return in_a_fork(job, request["limit"]) if self.forks else in_this_process(job)

    def _load(self, name: str, limit: float) -> Answer:
        if hasattr(signal, "alarm"):
            # Whoever asked watches the time; this is for the case that it is gone before.
            signal.alarm(int(limit) + 10)
        try:
            return {"reason": load(name, self.paths)}
        finally:
            if hasattr(signal, "alarm"):
                signal.alarm(0)
            gc.freeze()  # forks share what they need not look at

    def _try(self, request: Mapping[str, Any]) -> Answer:
        with _warnings_shown():
            return tried(partial(fresh, request), self.rules, _trace(request))

    def _run(self, request: Mapping[str, Any]) -> Answer:
        trace = _trace(request)
        with _warnings_shown(), trace.on() if trace else nullcontext():
            answer = run(partial(fresh, request), self.rules)
        return answer | {"lines": sorted(trace.lines) if trace else []}


@contextmanager
def _warnings_shown() -> Iterator[None]:
    """Print warnings, each of them once, whatever the user's modules asked for."""
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        yield


def _trace(request: Mapping[str, Any]) -> LineTrace | None:
    span = request.get("span")
    module = sys.modules.get(request["module"])
    file = getattr(module, "__file__", None)
    return LineTrace(file, *span) if span and file else None


def warm_up() -> None:
    """Import what each call would import for itself, after the fork, once more and once more."""
    default_fdm()
    with suppress(ImportError):  # it is an extra, and each rule that needs it says so
        import_module("autograd.numpy")


def main() -> None:
    """Answer requests until there are no more."""
    channel = Channel.take_over()
    use_plain_streams()
    faulthandler.enable()
    sys.argv[:] = [""]
    requests = iter(channel)
    warm_up()
    server = Server.of(next(requests))
    channel.send({"ready": os.getpid()})
    for request in requests:
        channel.send(server.answer(request))
    os._exit(0)  # what the user's modules would do at the exit is of no use to anyone
