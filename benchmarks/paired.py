"""One benchmark: two things that are timed in turns, in one run, and the ratio of their times.

Absolute times depend on the machine; a ratio against something known, taken in the same run, does not.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
import timeit
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any


@dataclass(frozen=True)
class Benchmark:
    """What is timed, and against what.

    `number` is how many operations one call makes, and `rounds` how often each side is called. The ratio
    should be at most `limit`, and one operation at most `surplus` seconds longer, where these are given.
    """

    what: str
    against: str
    one: Callable[[], object]
    other: Callable[[], object]
    rounds: int
    number: int = 1
    limit: float | None = None
    surplus: float | None = None

    def is_kept(self, timing: Timing) -> bool:
        """Return whether the figures are within what was promised."""
        longer = timing.one - timing.other
        return (self.limit is None or timing.ratio <= self.limit) and (
            self.surplus is None or longer <= self.surplus
        )


@dataclass(frozen=True)
class Timing:
    """The median times of one operation on either side, in seconds, and the median of their ratios."""

    one: float
    other: float
    ratio: float


def timed(benchmark: Benchmark) -> Timing:
    """Call both sides in turns, after one call of each to warm up."""
    benchmark.one(), benchmark.other()
    pairs = [(_time(benchmark.one), _time(benchmark.other)) for _ in range(benchmark.rounds)]
    one, other = (statistics.median(side) / benchmark.number for side in zip(*pairs, strict=True))
    # Each ratio is of two neighbours in time, so that a machine that slows down slows both.
    return Timing(one, other, statistics.median(mine / theirs for mine, theirs in pairs))


def _time(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def statements(
    one: str,
    other: str,
    names: Mapping[str, Any],
    *,
    number: int = 10_000,
    rounds: int = 31,
    limit: float | None = None,
    surplus: float | None = None,
) -> Benchmark:
    """Return the benchmark of two statements, each run `number` times in a loop."""
    sides = (partial(timeit.Timer(code, globals=dict(names)).timeit, number) for code in (one, other))
    return Benchmark(one, other, *sides, rounds, number, limit, surplus)


def processes(one: str, other: str, *, rounds: int = 9, limit: float | None = None) -> Benchmark:
    """Return the benchmark of two command lines of Python, each a process of its own.

    Modules are compiled once, in the call to warm up, as they are for whoever has installed them.
    """
    return Benchmark(
        f"python {one}", f"python {other}", partial(_run, one), partial(_run, other), rounds, limit=limit
    )


def _run(arguments: str) -> None:
    option, _, rest = arguments.partition(" ")
    command = [option, rest] if option == "-c" else arguments.split()
    # Not `check=True`: `convert --check` says with its exit code what it has found.
    subprocess.run(
        [sys.executable, *command],
        env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
