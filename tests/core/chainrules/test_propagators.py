"""ChainRulesCore.jl, ``maths/propagators.md``: what a pushforward and a pullback take and give."""

import pytest

from adjoint2rrule.core import NoTangent, Tangent, ZeroTangent, frule, rrule


def f(a, b, c):
    return a * b + b * c**2


@frule.register(f)
def f_frule(dargs, f, a, b, c):
    _, da, db, dc = dargs
    return f(a, b, c), b * da + (a + c**2) * db + 2 * b * c * dc


@rrule.register(f)
def f_rrule(f, a, b, c):
    def f_pullback(ȳ):
        return NoTangent(), b * ȳ, (a + c**2) * ȳ, 2 * b * c * ȳ

    return f(a, b, c), f_pullback


POINT = (2.0, 3.0, 0.5)


def test_a_pushforward_is_the_derivative_in_a_direction():
    direction = (1.5, 0.4, -1)
    y, dy = frule((ZeroTangent(), *direction), f, *POINT)
    h = 1e-6
    ahead, behind = (f(*(x + s * h * dx for x, dx in zip(POINT, direction, strict=True))) for s in (1, -1))
    assert y == f(*POINT)
    assert dy == pytest.approx((ahead - behind) / (2 * h), rel=1e-8)


def test_a_pullback_is_the_gradient_and_basis_directions_are_its_parts():
    _, f_pullback = rrule(f, *POINT)
    f̄, *gradient = f_pullback(1)
    partials = [frule((ZeroTangent(), *basis), f, *POINT)[1] for basis in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
    assert f̄ is NoTangent()
    assert gradient == partials


class Scaled:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x):
        return self.factor * x


@frule.register(Scaled)
def scaled_frule(dargs, self: Scaled, x):
    dself, dx = dargs
    return self(x), dself.factor * x + self.factor * dx


@rrule.register(Scaled)
def scaled_rrule(self: Scaled, x):
    def scaled_pullback(ȳ):
        return Tangent[Scaled](factor=x * ȳ), self.factor * ȳ

    return self(x), scaled_pullback


def test_an_object_that_is_called_has_a_derivative_of_its_own():
    half = Scaled(0.5)
    _, dy = frule((Tangent[Scaled](factor=1.0), 0.0), half, 3.0)
    s̄elf, x̄ = rrule(half, 3.0)[1](1.0)
    assert dy == s̄elf.factor == 3.0
    assert x̄ == 0.5


def test_an_object_that_is_held_fixed_has_a_zero_in_its_place():
    assert frule((ZeroTangent(), 1.0), Scaled(0.5), 3.0) == (1.5, 0.5)


def test_what_has_no_rule_is_none_and_not_an_error():
    def unknown(x):
        return x

    assert rrule(unknown, 1.0) is None
    assert frule((NoTangent(), 1.0), unknown, 1.0) is None
