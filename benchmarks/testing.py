"""`test_rrule`, against `autograd.test_util.check_grads` on the same functions and arguments.

The two do not do the same. One call of `check_grads(f, modes=["rev"], order=1)` makes one check: it compares
one number, the derivative along one random direction, with a difference of two values of `f`, to six digits.
One call of `test_rrule` compares each entry of each cotangent with a difference of its own, to nine digits,
and makes these checks beside:

- the value is that of `f`; the result is a tuple of the right length; the entry of `f` is right;
- the rule changes no argument; the pullback changes no argument, not its seed, not the value;
- the cotangents are linear in the seed, stay what they are when the pullback runs again, and are the same
  for a thunk: ten for the call;
- `add_inplace` agrees with `+`: one for each argument.

Each kind is counted once, although the pullback is watched each time that it runs; that shapes and types
are those of the arguments is not counted on either side. So there are three lines for each function:

- *a call* of either. More is done in one of ours, and nothing is promised;
- *a derivative*: one call of ours, against as many calls of `check_grads` as derivatives are compared. The
  other checks are not counted, so that a function of one number pays for all of them; nothing is promised
  here either;
- *a check*: one call of ours, against as many calls of `check_grads` as there are checks of any kind. This is
  what has to be at most 1.

`check_grads` differentiates by autograd's own rules; for the very same functions, those that `test_rrule`
tests are written out below. Both evaluate `f` by autograd's numpy. `check_grads` runs `f` under its tracer in
each call: that is part of its work, as the choice of a step is of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.test_util import check_grads

from adjoint2rrule.core import NoTangent, Tangent, rrule
from adjoint2rrule.testing import test_rrule
from benchmarks.paired import Benchmark

#: Checks of `test_rrule` beside derivatives: of a call, and of each argument.
OF_A_CALL, OF_AN_ARGUMENT = 10, 1
LARGE = 1000


def sine(x: Any) -> Any:
    """Return the sine of a number or of each entry."""
    return anp.sin(x)


def scaled_exp(x: Any) -> Any:
    """Return `x exp(x)`, entry by entry."""
    return anp.exp(x) * x


def product(x: Any, y: Any) -> Any:
    """Return a product of matrices."""
    return anp.dot(x, y)


def solution(a: Any, b: Any) -> Any:
    """Return the solution of linear equations."""
    return anp.linalg.solve(a, b)


def area(sides: Any) -> Any:
    """Return the product of the parts of a tuple."""
    return sides[0] * sides[1]


@rrule.register(sine)
def sine_rrule(sine, x):  # annotations are the dispatch
    """Return the sine and its pullback."""
    return sine(x), lambda ȳ: (NoTangent(), ȳ * np.cos(x))


@rrule.register(scaled_exp)
def scaled_exp_rrule(scaled_exp, x):
    """Return `x exp(x)` and its pullback."""
    return scaled_exp(x), lambda ȳ: (NoTangent(), ȳ * np.exp(x) * (1 + x))


@rrule.register(product)
def product_rrule(product, x, y):
    """Return the product and its pullback."""
    return product(x, y), lambda Ω̄: (NoTangent(), Ω̄ @ y.T, x.T @ Ω̄)


@rrule.register(solution)
def solution_rrule(solution, a, b):
    """Return the solution and its pullback."""
    y = solution(a, b)

    def solution_pullback(ȳ):
        b̄ = np.linalg.solve(a.T, ȳ)
        return NoTangent(), -np.outer(b̄, y), b̄

    return y, solution_pullback


@rrule.register(area)
def area_rrule(area, sides):
    """Return the product and its pullback."""
    return area(sides), lambda ȳ: (NoTangent(), Tangent[tuple](sides[1] * ȳ, sides[0] * ȳ))


def benchmarks() -> Iterator[Benchmark]:
    """Yield what `test_rrule` is measured by."""
    rng = np.random.default_rng(0)
    yield from compared("sin, a number", sine, (0.7,), derivatives=1)
    yield from compared("x exp(x), 20 entries", scaled_exp, (rng.random(20),), derivatives=20)
    yield from compared("x exp(x), 200 entries", scaled_exp, (rng.random(200),), derivatives=200)
    x, y = rng.random((5, 6)), rng.random((6, 4))
    yield from compared("x @ y, 5x6 and 6x4", product, (x, y), derivatives=54)
    a, b = rng.random((5, 5)) + np.eye(5), rng.random(5)
    yield from compared("solve, 5x5", solution, (a, b), derivatives=30)
    yield from compared("x[0] * x[1], a tuple", area, ((1.5, 2.5),), derivatives=2)
    x, y = rng.standard_normal((2, LARGE, LARGE))
    yield against_calls(f"x @ y, {LARGE}x{LARGE}: a call", product, (x, y), rounds=1)


def compared(
    name: str, f: Callable[..., Any], args: tuple[Any, ...], derivatives: int
) -> Iterator[Benchmark]:
    """Yield the benchmarks by call, by derivative and by check; `derivatives` is how many are compared."""
    yield against_calls(f"{name}: a call", f, args)
    yield against_calls(f"{name}: a derivative", f, args, derivatives)
    checks = derivatives + OF_A_CALL + OF_AN_ARGUMENT * len(args)
    yield against_calls(f"{name}: a check", f, args, checks, limit=1.0)


def against_calls(
    what: str,
    f: Callable[..., Any],
    args: tuple[Any, ...],
    calls: int = 1,
    *,
    rounds: int = 15,
    limit: float | None = None,
) -> Benchmark:
    """Return the benchmark of one call of `test_rrule` against so many of `check_grads`."""
    check = check_grads(f, modes=["rev"], order=1)

    def check_often() -> None:
        for _ in range(calls):
            check(*args)

    one = partial(test_rrule, f, *args, rng=0)
    return Benchmark(what, f"check_grads, {calls}x", one, check_often, rounds, number=calls, limit=limit)
