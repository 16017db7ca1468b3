"""ChainRulesCore.jl, ``maths/complex.md``: a complex number is a pair of real numbers to a rule."""

import cmath

import numpy as np
import pytest

from adjoint2rrule.core import NoTangent, ZeroTangent, frule, rrule, scalar_rule
from adjoint2rrule.testing import test_scalar as check_scalar


def jacobian_via_frule(f, z):
    (_, dx), (_, dy) = (frule((ZeroTangent(), dz), f, z) for dz in (1, 1j))
    return np.array([[np.real(dx), np.real(dy)], [np.imag(dx), np.imag(dy)]])


def jacobian_via_rrule(f, z):
    _, pullback = rrule(f, z)
    (_, ū), (_, v̄) = pullback(1), pullback(1j)
    return np.array([[np.real(ū), np.imag(ū)], [np.real(v̄), np.imag(v̄)]])


def jacobian_by_differences(f, z, h=1e-6):
    dx, dy = ((f(z + h * dz) - f(z - h * dz)) / (2 * h) for dz in (1, 1j))
    return np.array([[np.real(dx), np.real(dy)], [np.imag(dx), np.imag(dy)]])


def exp(z):
    return cmath.exp(z)


def reciprocal(z):
    return 1 / z


scalar_rule(exp, lambda Ω, z: Ω)
scalar_rule(reciprocal, lambda Ω, z: -(Ω**2))


def magnitude(z):
    return abs(z)


@frule.register(magnitude)
def magnitude_frule(dargs, magnitude, z: complex):
    Ω = magnitude(z)
    return Ω, (z.conjugate() * dargs[1]).real / Ω


@rrule.register(magnitude)
def magnitude_rrule(magnitude, z: complex):
    Ω = magnitude(z)

    def magnitude_pullback(Ω̄):
        return NoTangent(), np.real(Ω̄) * z / Ω

    return Ω, magnitude_pullback


def real_part(z):
    return z.real


@frule.register(real_part)
def real_part_frule(dargs, real_part, z: complex):
    return z.real, dargs[1].real


@rrule.register(real_part)
def real_part_rrule(real_part, z: complex):
    def real_part_pullback(Ω̄):
        return NoTangent(), complex(np.real(Ω̄), 0.0)

    return z.real, real_part_pullback


def imaginary_part(z):
    return z.imag


@frule.register(imaginary_part)
def imaginary_part_frule(dargs, imaginary_part, z: complex):
    return z.imag, complex(dargs[1]).imag


@rrule.register(imaginary_part)
def imaginary_part_rrule(imaginary_part, z: complex):
    def imaginary_part_pullback(Ω̄):
        return NoTangent(), complex(0.0, np.real(Ω̄))

    return z.imag, imaginary_part_pullback


def conjugate(z):
    return z.conjugate()


@frule.register(conjugate)
def conjugate_frule(dargs, conjugate, z: complex):
    return z.conjugate(), dargs[1].conjugate()


@rrule.register(conjugate)
def conjugate_rrule(conjugate, z: complex):
    def conjugate_pullback(Ω̄):
        return NoTangent(), Ω̄.conjugate()

    return z.conjugate(), conjugate_pullback


HOLOMORPHIC = [exp, reciprocal]
OTHERS = [magnitude, real_part, imaginary_part, conjugate]
z = 0.7 - 1.3j


@pytest.mark.parametrize("f", HOLOMORPHIC + OTHERS)
def test_both_directions_give_one_jacobian(f):
    expected = jacobian_by_differences(f, z)
    assert np.allclose(jacobian_via_frule(f, z), expected, atol=1e-8)
    assert np.allclose(jacobian_via_rrule(f, z), expected, atol=1e-8)


@pytest.mark.parametrize("f", HOLOMORPHIC)
def test_the_jacobian_of_a_holomorphic_function_is_a_complex_number(f):
    (a, b), (c, d) = jacobian_via_frule(f, z)
    assert (a, b) == pytest.approx((d, -c))


@pytest.mark.parametrize(("f", "derivative"), [(exp, cmath.exp(z)), (reciprocal, -1 / z**2)])
def test_a_pullback_gives_the_conjugate_of_the_holomorphic_derivative(f, derivative):
    _, df_dz = frule((ZeroTangent(), 1), f, z)
    _, conj_df_dz = rrule(f, z)[1](1)
    assert df_dz == pytest.approx(derivative)
    assert conj_df_dz.conjugate() == pytest.approx(derivative)


@pytest.mark.parametrize("f", HOLOMORPHIC + OTHERS)
def test_finite_differences_agree(f):
    check_scalar(f, z)


def test_only_the_real_part_of_the_seed_of_a_real_value_counts():
    for f in (magnitude, real_part, imaginary_part):
        pullback = rrule(f, z)[1]
        assert pullback(1.0 + 5.0j) == pullback(1.0)
        assert pullback(5.0j)[1] == 0
