"""Converts a generated module, runs it in both forms on the same inputs, and says where they differ."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from adjoint2rrule.core import NoTangent, rrule, thunk
from adjoint2rrule.core.dispatch.registry import Home
from adjoint2rrule.legacy import __context__, from_legacy, literal_getproperty
from adjoint2rrule.legacy.rules import legacy_rule
from tests.generator.definitions import Trial
from tests.support.agreement import Run, compare
from tests.support.cotangents import described_tangent

numbers = itertools.count()

#: what rules of a module can be for that outlives it
LASTING = ((legacy_rule, literal_getproperty), (rrule, getattr))


@contextmanager
def executed(content: bytes) -> Iterator[ModuleType]:
    """Run a module under a name of its own, and forget it with its rules afterwards."""
    module = ModuleType(f"workshop.generated_{next(numbers)}")
    module.__package__ = "workshop"
    sys.modules[module.__name__] = module  # where dataclasses look their annotations up
    kept = [(home, f, home.get(f)) for rules, f in LASTING for home in homes_of(rules)]
    try:
        exec(compile(content, "<generated>", "exec"), vars(module))
        yield module
    finally:
        del sys.modules[module.__name__]
        for home, f, table in kept:
            home.put(f, table.methods if table else ())


def homes_of(rules: Any) -> tuple[Home, Home]:
    """Return where rules are kept, by what they are for."""
    return rules._plain.itself, rules._configured.itself


class ConvertedRun(Run):
    """A call whose rule may ask for a config, and whose cotangents are looked at closely."""

    def __init__(
        self, trial: Trial, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], wrap: Any
    ) -> None:
        super().__init__(f, args, kwargs)
        self.trial, self.wrap = trial, wrap

    def converted(self) -> Any:
        pair = rrule(__context__, self.f, *self.args, **self.kwargs)
        assert pair is not None, f"no rule for {self.f}"
        y, pullback = pair

        def back(seed: Any) -> Any:
            (tangent,) = from_legacy((seed,), (y,))
            return self._checked(pullback(self.wrap(tangent)))

        return self._described(y, back, described_tangent)

    def _checked(self, cotangents: Any) -> Any:
        assert isinstance(cotangents, tuple), cotangents
        if self.trial.entries:
            assert len(cotangents) == self.trial.entries, cotangents
        for i in self.trial.rigid:
            assert isinstance(cotangents[1 + i], NoTangent), cotangents
        for i in self.trial.perturbable:
            assert not isinstance(cotangents[1 + i], NoTangent), cotangents
        return cotangents[: len(self.args) + 1]


def compare_trial(trial: Trial, old: ModuleType, new: ModuleType) -> None:
    """Raise an error that tells where the two forms of a rule differ; `new` is `old` where it has but one."""
    for switch in (True, False):
        old.SWITCH = new.SWITCH = switch  # type: ignore[attr-defined]
        expected = Run(*_called(trial, old, literal_getproperty=literal_getproperty)).legacy()
        for wrap in (_itself, _delayed) if new is not old else ():
            arguments = _called(trial, new, literal_getproperty=getattr)
            found = ConvertedRun(trial, *arguments, wrap).converted()
            compare(found, expected, f"{trial.function} with SWITCH = {switch}, {wrap.__name__}")


def _itself(seed: Any) -> Any:
    return seed


def _delayed(seed: Any) -> Any:
    return thunk(lambda: seed)


def _called(trial: Trial, module: ModuleType, **names: Any) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    call = f"({', '.join(trial.call.positional)}{',' * bool(trial.call.positional)})"
    named = f"dict({', '.join(trial.call.named)})"
    f, args, kwargs = (eval(text, {**vars(module), **names}) for text in (trial.function, call, named))
    return f, args, kwargs
