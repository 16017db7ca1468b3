"""Runs rules before and after their conversion on the same inputs.

It is a script, ``python -m tests.support.agreement``, so that no test sees the rules of another.  It reads
a JSON list of jobs from its standard input, and writes a JSON object with a message for each job that
fails.  A job is ``{"name", "before", "after", "module", "calls"}``: two folders with a module of one name,
and a file whose function `calls` takes the module and yields a function, its arguments and, if there are
any, its keywords.
"""

from __future__ import annotations

import copy
import importlib
import json
import runpy
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

import adjoint2rrule.legacy
from adjoint2rrule.core import rrule
from adjoint2rrule.legacy import __context__, _pullback, from_legacy, literal_getproperty
from tests.support.cotangents import described_legacy, described_tangent, described_value, seeds_for


@contextmanager
def imported(folder: str, name: str) -> Iterator[ModuleType]:
    """Import the module `name` from `folder`, and forget all modules of that folder afterwards."""
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        yield importlib.import_module(name)
    finally:
        sys.path.remove(folder)
        for known, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None)).startswith(folder):
                del sys.modules[known]


def check(job: dict[str, str]) -> None:
    """Raise an error that tells where the rules of a job differ."""
    with imported(job["before"], job["module"]) as module:
        calls = runpy.run_path(job["calls"])["calls"]
        old = [Run(*call).legacy() for call in calls(module)]
    with imported(job["after"], job["module"]) as module:
        calls = runpy.run_path(job["calls"])["calls"]
        new = [Run(*call).converted() for call in calls(module)]
    assert old, "no calls to compare"
    for i, (expected, found) in enumerate(zip(old, new, strict=True)):
        compare(found, expected, f"call {i}")


def compare(found: Described, expected: Described, where: str) -> None:
    """Raise an `AssertionError` where a converted rule does not give what the legacy one does."""
    np.testing.assert_equal(found.value, expected.value, where)
    for new, old in zip(found.cotangents, expected.cotangents, strict=True):
        if old is not None:
            np.testing.assert_equal(new, old, where)


@dataclass(frozen=True)
class Described:
    """The value of a call, and for each of several seeds its cotangents; `None` for a seed that fails."""

    value: Any
    cotangents: list[list[Any] | None]


class Run:
    """One call of a function, differentiated in either way and described."""

    def __init__(self, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> None:
        self.f, self.args, self.kwargs = f, args, kwargs or {}

    @property
    def now(self) -> Any:
        """The function that has the rule once that is converted."""
        return getattr if self.f is literal_getproperty else self.f

    def legacy(self) -> Described:
        """Describe what the legacy rule gives."""
        y, back = _pullback(self.f, *copy.deepcopy(self.args), **self.kwargs)
        return self._described(y, back, described_legacy)

    def converted(self) -> Described:
        """Describe what the `rrule` gives, to the legacy runtime if it calls back into the AD."""
        pair = rrule(__context__, self.now, *copy.deepcopy(self.args), **self.kwargs)
        assert pair is not None, f"no rule for {self.f}"
        y, pullback = pair

        def back(seed: Any) -> Any:
            cotangents = pullback(*from_legacy((seed,), (y,)))
            assert isinstance(cotangents, tuple), cotangents
            assert len(cotangents) > len(self.args), cotangents
            return cotangents[: len(self.args) + 1]

        return self._described(y, back, described_tangent)

    def _described(self, y: Any, back: Any, describe: Callable[[Any, Any], Any]) -> Described:
        whole = (self.f, *self.args)
        found: list[list[Any] | None] = []
        for seed in seeds_for(y, np.random.default_rng(5)):
            try:
                cotangents = back(seed)
            except TypeError:
                if not found:
                    raise
                found.append(None)  # not every rule is written for seeds with missing parts
            else:
                found.append([describe(c, x) for c, x in zip(cotangents, whole, strict=True)])
        return Described(described_value(y), found)


def main() -> None:
    """Check every job."""
    sys.modules["zygoterules"] = adjoint2rrule.legacy
    sys.modules["autograd"] = None  # type: ignore[assignment]  # it would stand in for a rule that is missing
    sys.dont_write_bytecode = True
    problems = {}
    for job in json.load(sys.stdin):
        try:
            check(job)
        except Exception:  # whatever a case does wrong is said of that case
            problems[job["name"]] = traceback.format_exc()
    json.dump(problems, sys.stdout)


if __name__ == "__main__":
    main()
