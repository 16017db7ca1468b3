"""How the rules of the legacy side are found: those of a library, and those that the legacy runtime runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adjoint2rrule.proof.model import Side, Trial, Verdict
from adjoint2rrule.proof.workers import Worker
from tests.proof.labs import call, subject, write

LEGACY = """
from zygoterules import *
from zygoterules import _pullback
from typing import Literal
import mylab.ad as ad
import numpy as np

class Square:
    def __init__(self, side): self.side = side
    @property
    def area(self): return self.side**2
    def scaled(self, factor): return self.side * factor
    def __call__(self, x): return self.side * x

@adjoint
def literal_getproperty(x: Square, name: Literal["area"]):
    return x.area, lambda dy: ({"side": 2.0 * x.side * dy}, None)

@ad.adjoint(Square.scaled)
def _(self, factor):
    return self.scaled(factor), lambda dy: ({"side": factor * dy}, self.side * dy)

@adjoint
def __call__(self: Square, x):
    return self(x), lambda dy: ({"side": x * dy}, self.side * dy)

@adjoint(Square)
def _(side):
    return Square(side), lambda dy: (dy["side"],)

def both(x, y): return x, y
@adjoint
def both(x, y):
    def back(d):
        dx, dy = d
        return dx, None if dy is None else 2.0 * dy
    return both(x, y), back

def apply(f, x): return f(x)
@adjoint
def apply(f, x):
    y, back = _pullback(f, x)
    return y, lambda dy: (None, back(dy)[1])

def wrong(x): return 3.0 * x
@adjoint
def wrong(x): return wrong(x), lambda dy: (2.0 * dy,)

def long(x): return 3.0 * x
@adjoint
def long(x): return long(x), lambda dy: (3.0 * dy, None)

def plain(x): return 3.0 * x

@nograd
def nearest(x): return round(x)
"""


@pytest.fixture(scope="module")
def legacy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    path = write(tmp_path_factory.mktemp("legacy"), rules=LEGACY)
    with Worker([path], Side.LEGACY, legacy_modules=["mylab.ad"]) as worker:
        assert worker.load(["lab.rules"]) == {"lab.rules": ""}
        yield worker


def trial(worker: Worker, function: str, *args: str) -> Trial:
    return next(worker.trials(subject(function), [call(function, *args)]))


@pytest.mark.parametrize(
    ("function", "arguments", "verdict"),
    [
        ("getattr", ["Square(1.5)", "'area'"], Verdict.PASSES),
        ("Square.scaled", ["Square(1.5)", "2.0"], Verdict.PASSES),
        ("Square(1.5)", ["2.0"], Verdict.PASSES),
        ("Square", ["1.5"], Verdict.PASSES),
        ("apply", ["np.sin", "1.5"], Verdict.PASSES),
        ("apply", ["lambda x: float(x)", "1.5"], Verdict.UNFIT),
        ("wrong", ["1.5"], Verdict.WRONG),
        ("long", ["1.5"], Verdict.WRONG),
        ("nearest", ["1.2"], Verdict.PASSES),
        ("plain", ["1.5"], Verdict.NO_RULE),
    ],
)
def test_legacy_rules_are_judged_as_well(
    legacy: Worker, function: str, arguments: list[str], verdict: Verdict
) -> None:
    found = trial(legacy, function, *arguments)
    assert found.verdict is verdict, found.message


def test_a_legacy_run_gives_tangents(legacy: Worker) -> None:
    found = legacy.run(subject("getattr"), call("getattr", "Square(1.5)", "'area'"))
    (pulled,) = found.pulled
    assert found.value[0].numbers == (2.25,)
    assert [leaf.path for leaf in pulled.cotangents[1].leaves] == [".side"]


def test_a_legacy_pullback_sees_missing_parts_as_none(legacy: Worker) -> None:
    _, *without = legacy.run(subject("both"), call("both", "1.5", "2.5")).pulled
    given = [[x̄.leaves[0].numbers[0] == 0.0 for x̄ in pulled.cotangents[1:]] for pulled in without]
    assert given == [[True, False], [False, True]]


def test_a_legacy_library_that_is_installed_is_used_itself(tmp_path: Path) -> None:
    (tmp_path / "zygoterules.py").write_text(
        "def adjoint(f):\n    return f\ndef _pullback(f, x):\n    return f(x), lambda dy: (None, 3 * dy)\n"
    )
    source = "from zygoterules import adjoint\n@adjoint\ndef f(x):\n    return 3 * x"
    with Worker([write(tmp_path, rules=source)], Side.LEGACY) as worker:
        assert trial(worker, "f", "1.5").verdict is Verdict.PASSES


def test_a_runtime_of_the_project_is_the_runtime(tmp_path: Path) -> None:
    source = (
        "from lab._runtime import NoTangent, rrule\n"
        "def f(x): return 3 * x\n"
        "@rrule.register(f)\n"
        "def f_rrule(f, x): return f(x), lambda dy: (NoTangent(), 3 * dy)\n"
    )
    path = write(tmp_path, rules=source, _runtime="raise ValueError('the copy is not run')")
    with Worker([path], Side.CONVERTED, runtime="lab._runtime") as worker:
        (found,) = worker.trials(subject("f_rrule", source), [call("f", "1.5")])
    assert found.verdict is Verdict.PASSES, found.message
