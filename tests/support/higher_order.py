"""Rules of higher order, which ask the AD for the derivatives of the functions that they are given.

They are arithmetic, so that every AD system can run them, and what they call. `USES` are functions of a rate
and a start, which take what makes a function one of an AD system.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adjoint2rrule.core import (
    HasReverseMode,
    NoTangent,
    RuleConfig,
    Tangent,
    ZeroTangent,
    rrule,
    rrule_via_ad,
)

TURNS = 60  # enough for a fixed point to be one


@dataclass
class Relaxation:
    """A step towards 1, as a functor without a rule of its own."""

    rate: Any

    def __call__(self, x):
        return x + self.rate * (1 - x * x)


def mapped(f, xs):
    return [f(x) for x in xs]


@rrule.register(mapped)
def mapped_rrule(config: RuleConfig[HasReverseMode], mapped, f, xs: list):
    ys, pullbacks = zip(*(rrule_via_ad(config, f, x) for x in xs), strict=True)

    def mapped_pullback(ȳ):
        entries = [pullback(ȳ[i]) for i, pullback in enumerate(pullbacks)]
        return (
            NoTangent(),
            sum((f̄ for f̄, _ in entries), ZeroTangent()),
            Tangent[list](*(x̄ for _, x̄ in entries)),
        )

    return [*ys], mapped_pullback


def checkpointed(f, x):
    return f(x)


@rrule.register(checkpointed)
def checkpointed_rrule(config: RuleConfig[HasReverseMode], checkpointed, f, x):
    return f(x), lambda ȳ: (NoTangent(), *rrule_via_ad(config, f, x)[1](ȳ))


def fixed_point(f, x):
    for _ in range(TURNS):
        x = f(x)
    return x


@rrule.register(fixed_point)
def fixed_point_rrule(config: RuleConfig[HasReverseMode], fixed_point, f, x):
    x = fixed_point(f, x)
    _, pullback = rrule_via_ad(config, f, x)

    def fixed_point_pullback(ȳ):
        x̄ = ȳ
        for _ in range(TURNS):
            x̄ = ȳ + pullback(x̄)[1]
        return NoTangent(), pullback(x̄)[0], ZeroTangent()

    return x, fixed_point_pullback


def ode_step(f, x, h):
    return x + h * f(x + h / 2 * f(x))


@rrule.register(ode_step)
def ode_step_rrule(config: RuleConfig[HasReverseMode], ode_step, f, x, h: float):
    slope, half_back = rrule_via_ad(config, f, x)
    middle, back = rrule_via_ad(config, f, x + h / 2 * slope)

    def ode_step_pullback(ȳ):
        f̄, m̄ = back(h * ȳ)
        f̄_half, x̄ = half_back(h / 2 * m̄)
        return NoTangent(), f̄ + f̄_half, ȳ + m̄ + x̄, NoTangent()

    return x + h * middle, ode_step_pullback


Use = Callable[[Callable[[Any], Any], Any, Any], Any]


def two_checkpoints(of, rate, x):
    return of(checkpointed)(Relaxation(rate), of(checkpointed)(Relaxation(2.0), x))


def two_steps(of, rate, x):
    return of(ode_step)(Relaxation(rate), of(ode_step)(Relaxation(rate), x, 0.1), 0.1)


USES: dict[str, Use] = {
    "map": lambda of, rate, x: sum(y**2 for y in of(mapped)(Relaxation(rate), [x, 2 * x, x])),
    "checkpoint": two_checkpoints,
    "fixed point": lambda of, rate, x: of(fixed_point)(Relaxation(rate), x),
    "ODE step": two_steps,
}
