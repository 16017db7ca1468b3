"""ChainRulesCore.jl, ``maths/arrays.md``: the rules that it derives, for real and complex arrays.

Differs: all but `logabsdet` and `sylvester` take stacks of matrices as numpy does, ``(..., n, m)``;
``eltype`` is not asked, and `sylvester` is scipy's ``solve_sylvester(A, B, -C)``.
"""

import numpy as np
import pytest
from scipy.linalg import solve_sylvester

from adjoint2rrule.core import NoTangent, Tangent, ZeroTangent, frule, rrule, thunk
from adjoint2rrule.testing import test_frule as check_frule
from adjoint2rrule.testing import test_rrule as check_rrule


def adjoint(A):
    return np.conj(np.swapaxes(A, -1, -2))


def add(A, B):
    return A + B


@frule.register(add)
def add_frule(dargs, add, A: np.ndarray, B: np.ndarray):
    _, dA, dB = dargs
    return add(A, B), dA + dB


def times(A, B):
    return A @ B


@frule.register(times)
def times_frule(dargs, times, A: np.ndarray, B: np.ndarray):
    _, dA, dB = dargs
    return times(A, B), dA @ B + A @ dB


@rrule.register(times)
def times_rrule(times, A: np.ndarray, B: np.ndarray):
    def times_pullback(Ω̄):
        return NoTangent(), thunk(lambda: Ω̄ @ adjoint(B)), thunk(lambda: adjoint(A) @ Ω̄)

    return times(A, B), times_pullback


def inv(A):
    return np.linalg.inv(A)


@frule.register(inv)
def inv_frule(dargs, inv, A: np.ndarray):
    Ω = inv(A)
    return Ω, -Ω @ dargs[1] @ Ω


@rrule.register(inv)
def inv_rrule(inv, A: np.ndarray):
    Ω = inv(A)

    def inv_pullback(Ω̄):
        return NoTangent(), -adjoint(Ω) @ Ω̄ @ adjoint(Ω)

    return Ω, inv_pullback


def abs2(x):
    return np.real(x) ** 2 + np.imag(x) ** 2


def mapsum(f, X, *, axis=None):
    return np.sum(f(X), axis=axis, keepdims=axis is not None)


@frule.register(mapsum)
def sum_abs2_frule(dargs, mapsum, f, X: np.ndarray, *, axis=None):
    _, _, dX = dargs
    dΩ = np.sum(2 * np.real(np.conj(X) * dX), axis=axis, keepdims=axis is not None)
    return mapsum(f, X, axis=axis), dΩ


@rrule.register(mapsum)
def sum_abs2_rrule(mapsum, f, X: np.ndarray, *, axis=None):
    def sum_abs2_pullback(Ω̄):
        return NoTangent(), NoTangent(), 2 * np.real(Ω̄) * X

    return mapsum(f, X, axis=axis), sum_abs2_pullback


def logabsdet(A):
    s, logarithm = np.linalg.slogdet(A)
    return logarithm, s


@frule.register(logabsdet)
def logabsdet_frule(dargs, logabsdet, A: np.ndarray):
    Ω = _, s = logabsdet(A)
    b = np.trace(np.linalg.solve(A, dargs[1]))
    ds = 1j * np.imag(b) * s if np.iscomplexobj(A) else ZeroTangent()
    return Ω, Tangent[tuple](np.real(b), ds)


@rrule.register(logabsdet)
def logabsdet_rrule(logabsdet, A: np.ndarray):
    Ω = _, s = logabsdet(A)

    def logabsdet_pullback(Ω̄):
        l̄, s̄ = Ω̄
        f = np.conj(s) * s̄
        return NoTangent(), (np.real(l̄) + (f - np.real(f))) * adjoint(np.linalg.inv(A))

    return Ω, logabsdet_pullback


def sylvester(A, B, C):
    return solve_sylvester(A, B, -C)


@frule.register(sylvester)
def sylvester_frule(dargs, sylvester, A: np.ndarray, B: np.ndarray, C: np.ndarray):
    _, dA, dB, dC = dargs
    X = sylvester(A, B, C)
    return X, sylvester(A, B, dC + dA @ X + X @ dB)


@rrule.register(sylvester)
def sylvester_rrule(sylvester, A: np.ndarray, B: np.ndarray, C: np.ndarray):
    X = sylvester(A, B, C)

    def sylvester_pullback(X̄):
        C̄ = adjoint(sylvester(B, A, adjoint(np.asarray(X̄))))
        return NoTangent(), thunk(lambda: C̄ @ adjoint(X)), thunk(lambda: adjoint(X) @ C̄), C̄

    return X, sylvester_pullback


def well_conditioned(rng, *shape, dtype):
    """Return matrices that are far from singular, as ``generate_well_conditioned_matrix`` does."""
    A = random(rng, *shape, dtype=dtype)
    return A @ adjoint(A) + np.eye(shape[-1])


def random(rng, *shape, dtype):
    A = rng.standard_normal(shape)
    return A + 1j * rng.standard_normal(shape) if dtype is complex else A


@pytest.fixture(params=[float, complex])
def dtype(request):
    return request.param


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def test_addition(rng, dtype):
    check_frule(add, random(rng, 2, 3, dtype=dtype), random(rng, 2, 3, dtype=dtype))


@pytest.mark.parametrize("batch", [(), (2,), (2, 1)])
def test_matrix_multiplication(rng, dtype, batch):
    A, B = random(rng, *batch, 2, 3, dtype=dtype), random(rng, *batch, 3, 2, dtype=dtype)
    check_frule(times, A, B)
    check_rrule(times, A, B)


@pytest.mark.parametrize("batch", [(), (2,), (2, 1)])
def test_matrix_inversion(rng, dtype, batch):
    A = well_conditioned(rng, *batch, 3, 3, dtype=dtype)
    check_frule(inv, A)
    check_rrule(inv, A)


@pytest.mark.parametrize("axis", [None, 1, (0, 2)])
def test_sum_of_squares(rng, dtype, axis):
    X = random(rng, 2, 3, 2, dtype=dtype)
    check_frule(mapsum, abs2, X, fkwargs={"axis": axis})
    check_rrule(mapsum, abs2, X, fkwargs={"axis": axis})


@pytest.mark.parametrize("sign", [1, -1])
def test_logabsdet_gives_a_tuple(rng, dtype, sign):
    A = random(rng, 3, 3, dtype=dtype) * sign
    check_frule(logabsdet, A)
    check_rrule(logabsdet, A)


def test_the_sign_of_a_determinant_moves_along_the_circle(rng):
    A = random(rng, 3, 3, dtype=complex)
    (_, s), dΩ = frule((NoTangent(), random(rng, 3, 3, dtype=complex)), logabsdet, A)
    assert np.isclose(np.real(np.conj(s) * dΩ[1]), 0.0)
    # what of a seed points along the sign does not contribute
    _, pullback = rrule(logabsdet, A)
    assert np.allclose(pullback(Tangent[tuple](0.0, 2.0 * s))[1], 0.0)


def test_the_real_sign_does_not_move(rng):
    A = random(rng, 3, 3, dtype=float)
    assert frule((NoTangent(), A), logabsdet, A)[1][1] is ZeroTangent()


def test_implicit_functions(rng, dtype):
    A, B = (well_conditioned(rng, n, n, dtype=dtype) for n in (3, 2))
    C = random(rng, 3, 2, dtype=dtype)
    assert np.allclose(A @ sylvester(A, B, C) + sylvester(A, B, C) @ B, -C)
    check_frule(sylvester, A, B, C)
    check_rrule(sylvester, A, B, C)


@pytest.mark.parametrize(("f", "shapes"), [(times, [(2, 3), (3, 2)]), (inv, [(3, 3)])])
def test_pushforward_and_pullback_are_adjoint(rng, dtype, f, shapes):
    # the identity by which the page derives every pullback
    xs = [random(rng, *shape, dtype=dtype) for shape in shapes]
    dxs = [random(rng, *shape, dtype=dtype) for shape in shapes]
    Ω, dΩ = frule((NoTangent(), *dxs), f, *xs)
    Ω̄ = random(rng, *Ω.shape, dtype=dtype)
    _, *x̄s = rrule(f, *xs)[1](Ω̄)
    assert np.isclose(
        np.real(np.vdot(Ω̄, dΩ)), sum(np.real(np.vdot(x̄, dx)) for x̄, dx in zip(x̄s, dxs, strict=True))
    )
