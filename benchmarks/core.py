"""The runtime: what a rule costs beside its own work, and a tangent beside its primal."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from plum import Dispatcher

from adjoint2rrule.core import NoTangent, ProjectTo, Tangent, add_inplace, rrule, thunk, unthunk
from benchmarks.paired import Benchmark, processes, statements


def square(x: float) -> float:
    """Return the square of a number."""
    return x * x


@rrule.register(square)
def square_rrule(square, x: float):  # annotations are the dispatch
    """Return the square of `x` and its pullback."""

    def square_pullback(ȳ: float) -> tuple[NoTangent, float]:
        return NoTangent(), 2 * x * ȳ

    return square(x), square_pullback


#: A ufunc takes no attributes and no weak references, so that its rules are found in another way.
sine = np.frompyfunc(math.sin, 1, 1)


@rrule.register(sine)
def sine_rrule(sine, x: float):
    """Return the sine of `x` and its pullback."""

    def sine_pullback(ȳ: float) -> tuple[NoTangent, float]:
        return NoTangent(), math.cos(x) * ȳ

    return sine(x), sine_pullback


@dataclass
class Foo:
    """What tangents are made for here."""

    a: float
    b: float


def benchmarks() -> Iterator[Benchmark]:
    """Yield what the runtime is held to."""
    dispatch = Dispatcher()
    names = {
        **{f.__name__: f for f in (rrule, square, square_rrule, sine_rrule, Foo)},
        **{f.__name__: f for f in (Tangent, add_inplace, thunk, unthunk)},
        "np": np,
        "sine": sine,
        "square_plum": dispatch(square_rrule),
        "sine_plum": dispatch(sine_rrule),
        "x": np.ones(131_072),
        "y": np.ones(131_072),
        "project": ProjectTo(2.5),
        "project_x": ProjectTo(np.ones(131_072)),
    }
    yield statements("rrule(square, 2.0)", "square_rrule(square, 2.0)", names, surplus=1.2e-6)
    yield statements("rrule(square, 2.0)", "square_plum(square, 2.0)", names, limit=1.5)
    yield statements("rrule(sine, 2.0)", "sine_rrule(sine, 2.0)", names, surplus=1.2e-6)
    yield statements("rrule(sine, 2.0)", "sine_plum(sine, 2.0)", names, limit=1.5)
    yield statements("Tangent[Foo](a=1.0, b=2.0)", "Foo(a=1.0, b=2.0)", names, limit=2.0)
    yield statements("add_inplace(x, y)", "np.add(x, y, out=x)", names, number=100, rounds=201, limit=1.05)
    yield statements("unthunk(thunk(lambda: 2.0))", "(lambda: 2.0)()", names)
    yield statements("project(1.5)", "float(1.5)", names)
    yield statements("project_x(y)", "np.asarray(y, dtype=x.dtype)", names)
    yield processes("-c import adjoint2rrule.core", "-c import numpy, plum", limit=1.3)
    yield processes("-c import adjoint2rrule.core", "-c import numpy")
