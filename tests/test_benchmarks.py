"""The benchmarks run, and say what they have measured; none of their times is judged here."""

import importlib
import json
import subprocess
import sys
from dataclasses import replace

import pytest

from adjoint2rrule.testing.derivative_check import GradientCheck
from benchmarks.__main__ import line_of, shown
from benchmarks.paired import Benchmark, Timing, statements, timed

INTEROP = importlib.import_module("benchmarks.interop")
QUICK = [*importlib.import_module("benchmarks.core").benchmarks()]
TESTING = importlib.import_module("benchmarks.testing")


@pytest.mark.parametrize("benchmark", QUICK, ids=lambda b: f"{b.what} / {b.against}")
def test_both_sides_of_a_benchmark_run(benchmark):
    benchmark.one()
    benchmark.other()


@pytest.mark.parametrize("framework", INTEROP.FRAMEWORKS)
def test_both_sides_of_a_benchmark_of_a_bridge_run(framework):
    pytest.importorskip(framework, reason=f"{framework} is not installed")
    for benchmark in INTEROP.FRAMEWORKS[framework]():
        benchmark.one()
        benchmark.other()


def test_as_many_derivatives_are_compared_as_are_counted(monkeypatch):
    compared = []
    run = GradientCheck.run

    def counted(self, coordinates, rng):
        compared.append(len(coordinates.known))
        return run(self, coordinates, rng)

    monkeypatch.setattr(GradientCheck, "run", counted)
    monkeypatch.setattr(TESTING, "LARGE", 30)
    for benchmark in TESTING.benchmarks():
        compared.clear()
        assert "along" not in str(benchmark.one().checked) or benchmark.limit is None
        if benchmark.what.endswith("a derivative"):
            assert sum(compared) == benchmark.number
        if benchmark.limit is not None:
            assert sum(compared) + TESTING.OF_A_CALL + len(compared) == benchmark.number
        if benchmark.number == 1:
            benchmark.other()


def test_the_sides_are_called_in_turns():
    calls = []
    benchmark = Benchmark("a", "b", lambda: calls.append("a"), lambda: calls.append("b"), rounds=3)
    timed(benchmark)
    assert calls == ["a", "b"] * 4


def test_times_are_those_of_one_operation():
    benchmark = statements("sum(xs)", "len(xs)", {"xs": range(1000)}, number=50, rounds=3)
    timing, as_one = timed(benchmark), timed(replace(benchmark, number=1))
    assert 5 < as_one.one / timing.one < 500
    assert timing.ratio > 1


@pytest.mark.parametrize(
    ("limit", "surplus", "end"),
    [
        (None, None, "2.00"),
        (2.0, None, "2.00  2.00"),
        (1.5, None, "2.00  1.50  <- not kept"),
        (None, 1e-6, "1 µs more; is 2.5 ns"),
        (None, 1e-9, "1 ns more; is 2.5 ns  <- not kept"),
    ],
)
def test_a_line_says_what_was_promised(limit, surplus, end):
    benchmark = Benchmark("f(x)", "g(x)", int, int, 1, limit=limit, surplus=surplus)
    line = line_of(benchmark, Timing(5e-9, 2.5e-9, 2.0))
    assert line.startswith("f(x) ")
    assert line.endswith(end)


def test_the_exit_code_says_whether_promises_were_kept(monkeypatch):
    main = importlib.import_module("benchmarks.__main__")
    monkeypatch.setattr(sys, "argv", ["benchmarks", "core"])
    for limit, code in ((None, 0), (1e9, 0), (1e-9, 1)):
        quick = statements("len(xs)", "sum(xs)", {"xs": [1.0]}, number=10, rounds=1, limit=limit)
        monkeypatch.setattr(
            importlib.import_module("benchmarks.core"), "benchmarks", lambda quick=quick: iter([quick])
        )
        assert main.main() == code


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.0, "2 s"), (0.0125, "12.5 ms"), (3e-6, "3 µs"), (4.5e-8, "45 ns"), (-2e-7, "-200 ns")],
)
def test_a_time_has_its_unit(seconds, text):
    assert shown(seconds) == text


def test_an_unknown_part_is_refused():
    done = subprocess.run([sys.executable, "-m", "benchmarks", "cores"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "no such part: cores; there are core, convert, testing, interop" in done.stderr


def test_the_figures_can_be_written_to_a_file(tmp_path, monkeypatch):
    main = importlib.import_module("benchmarks.__main__")
    quick = statements("len(xs)", "sum(xs)", {"xs": [1.0]}, number=10, rounds=1, limit=2.0)
    monkeypatch.setattr(importlib.import_module("benchmarks.core"), "benchmarks", lambda: iter([quick]))
    monkeypatch.setattr(sys, "argv", ["benchmarks", "core", "--json", str(tmp_path / "figures.json")])
    main.main()
    (figures,) = json.loads((tmp_path / "figures.json").read_text())
    assert (figures["what"], figures["against"], figures["limit"]) == ("len(xs)", "sum(xs)", 2.0)
    assert figures["ratio"] == pytest.approx(figures["one"] / figures["other"])
