"""Rules for the arithmetic of numbers, which the two smallest AD systems run on."""

import operator

import numpy as np

from adjoint2rrule.core import NoTangent, frule, rrule, scalar_rule, thunk

# `True` is the most general one.
scalar_rule(operator.add, lambda Ω, x, y: (True, True))
scalar_rule(operator.sub, lambda Ω, x, y: (True, -1))
scalar_rule(operator.truediv, lambda Ω, x, y: (1 / y, -Ω / y))
scalar_rule(operator.neg, lambda Ω, x: -1)
scalar_rule(np.sinh, lambda Ω, x: np.cosh(x))


@frule.register(operator.mul)
def mul_frule(dargs, mul, x: complex, y: complex):
    _, dx, dy = dargs
    return mul(x, y), dx * y + x * dy


@rrule.register(operator.mul)
def mul_rrule(mul, x: complex, y: complex):
    def mul_pullback(Ω̄):
        return NoTangent(), thunk(lambda: Ω̄ * y.conjugate()), thunk(lambda: x.conjugate() * Ω̄)

    return mul(x, y), mul_pullback


@frule.register(operator.pow)
def pow_frule(dargs, pow_, x: float, n: int):
    _, dx, _ = dargs
    return pow_(x, n), n * x ** (n - 1) * dx


@rrule.register(operator.pow)
def pow_rrule(pow_, x: float, n: int):
    def pow_pullback(Ω̄):
        return NoTangent(), n * x ** (n - 1) * Ω̄, NoTangent()

    return pow_(x, n), pow_pullback
