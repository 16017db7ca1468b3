"""ChainRulesCore.jl, ``rule_author/superpowers/projectto.md`` and the docstring of `ProjectTo`.

Differs: numpy has no structured matrices, so scipy's sparse ones stand for ``Diagonal``; a row is no type of
its own, only an array of another shape.
"""

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pytest
from scipy import sparse

from adjoint2rrule.core import (
    NoTangent,
    ProjectionError,
    ProjectTo,
    Tangent,
    Thunk,
    ZeroTangent,
    not_implemented,
    rrule,
    thunk,
    unthunk,
)
from adjoint2rrule.testing import test_rrule as check_rrule


def adjoint(A):
    return A.conj().T


def times(A, B):
    return A @ B


@rrule.register(times)
def times_rrule(times, A, B):
    project_A, project_B = ProjectTo(A), ProjectTo(B)

    def times_pullback(ȳ):
        return NoTangent(), project_A(ȳ @ adjoint(B)), project_B(adjoint(A) @ ȳ)

    return times(A, B), times_pullback


def lazy_times(A, B):
    return A @ B


@rrule.register(lazy_times)
def lazy_times_rrule(lazy_times, A, B):
    project_A, project_B = ProjectTo(A), ProjectTo(B)

    def times_pullback(ȳ):
        Ā = thunk(lambda: project_A(ȳ @ adjoint(B)))
        B̄ = thunk(lambda: project_B(adjoint(A) @ ȳ))
        return NoTangent(), Ā, B̄

    return lazy_times(A, B), times_pullback


DIAGONAL = sparse.dia_array((np.array([[1.0, 2.0, 3.0]]), [0]), shape=(3, 3))
DENSE = np.arange(9.0).reshape(3, 3) - 3.5


@pytest.mark.parametrize("f", [times, lazy_times])
@pytest.mark.parametrize(
    ("A", "B"),
    [
        pytest.param(DENSE, DENSE + 1.0, id="real"),
        pytest.param(DENSE, DENSE + 2.0j, id="real by complex"),
        pytest.param(DENSE + 2.0j, DENSE, id="complex by real"),
        pytest.param(DENSE.astype(np.float32), DENSE, id="single precision by double"),
    ],
)
def test_one_rule_serves_many_types(f, A, B):
    check_rrule(f, A, B)


def test_without_projection_a_real_matrix_would_get_a_complex_cotangent():
    ȳ = np.full((3, 3), 1.0 + 1.0j)
    assert np.iscomplexobj(ȳ @ adjoint(DENSE + 2.0j))
    _, Ā, B̄ = rrule(times, DENSE, DENSE + 2.0j)[1](ȳ)
    assert not np.iscomplexobj(Ā)
    assert np.iscomplexobj(B̄)


def test_what_is_off_the_diagonal_is_outside_of_the_space():
    ȳ = np.ones((3, 3))
    _, Ā, B̄ = rrule(times, DIAGONAL, DENSE)[1](ȳ)
    assert sparse.issparse(Ā)
    assert np.array_equal(Ā.toarray(), np.diag(np.diag(ȳ @ DENSE.T)))
    assert np.array_equal(B̄, DIAGONAL.T @ ȳ)


def test_projections_are_put_off_with_the_products_they_project():
    _, Ā, _ = rrule(lazy_times, DIAGONAL, DENSE)[1](np.ones((3, 3)))
    assert isinstance(Ā, Thunk)
    assert sparse.issparse(unthunk(Ā))


def test_real_numbers_and_their_precision_are_kept():
    project = ProjectTo(np.float32(1.5))
    dx = project(3 + 4j)
    assert dx == 3.0
    assert isinstance(dx, np.float32)
    assert ProjectTo(1.0 + 0j)(3.0) == 3.0
    assert isinstance(ProjectTo(1.0 + 0j)(3.0), complex)


def test_the_projection_of_a_thunk_is_a_thunk():
    project = ProjectTo(sparse.dia_array((np.array([[1, 2, 3]]), [0]), shape=(3, 3)))
    ran = []
    lazy = project(thunk(lambda: ran.append(1) or np.arange(1.0, 10.0).reshape(3, 3)))
    assert isinstance(lazy, Thunk)
    assert ran == []
    assert np.array_equal(unthunk(lazy).toarray(), np.diag([1.0, 5.0, 9.0]))


def test_integers_are_floats_to_a_projection():
    dx = ProjectTo(np.array([[1, 2], [3, 4]]).T)(np.array([[1.5, 2.5], [3.5, 4.5]]))
    assert np.array_equal(dx, [[1.5, 2.5], [3.5, 4.5]])
    assert ProjectTo(3)(1.5) == 1.5


@pytest.mark.parametrize("x", [True, "string", None, len, np.array([True, False])], ids=repr)
def test_what_cannot_be_perturbed_has_no_tangent(x):
    assert ProjectTo(x)(1.5) is NoTangent()
    assert ProjectTo(x)(ZeroTangent()) is ZeroTangent()


@pytest.mark.parametrize("x", [1.5, np.ones(2), (1.0, 2.0), "string"], ids=repr)
def test_zeros_and_what_is_missing_pass(x):
    missing = not_implemented()
    assert ProjectTo(x)(ZeroTangent()) is ZeroTangent()
    assert ProjectTo(x)(NoTangent()) is NoTangent()
    assert ProjectTo(1.5)(missing) is missing


def test_trailing_axes_of_length_one_come_and_go():
    assert ProjectTo(np.ones(4))(np.ones((4, 1))).shape == (4,)
    assert ProjectTo(np.ones((4, 1)))(np.ones(4)).shape == (4, 1)
    for x, dx in ((np.ones(4), np.ones((1, 4))), (np.ones((1, 4)), np.ones(4)), (np.ones(4), 1.0)):
        with pytest.raises(ProjectionError):
            ProjectTo(x)(dx)


def test_arrays_without_axes_are_restored_from_numbers():
    dx = ProjectTo(np.array(2.0))(3.0)
    assert isinstance(dx, np.ndarray)
    assert dx.shape == ()
    assert dx == 3.0


class Pair(NamedTuple):
    x: float
    y: float


def test_tuples_are_projected_part_by_part():
    assert ProjectTo((1.0, "a"))((2.0 + 1.0j, 3.0)) == Tangent[tuple](2.0, NoTangent())
    assert ProjectTo((1.0, "a"))(Tangent[tuple](2.0 + 1.0j, 3.0)) == Tangent[tuple](2.0, NoTangent())
    assert ProjectTo(Pair(1.0, 2.0))(Tangent[Pair](y=1j)) == Tangent[Pair](y=0.0)
    assert ProjectTo(("a", True))((1.0, 2.0)) is NoTangent()
    with pytest.raises(ProjectionError):
        ProjectTo((1.0, 2.0))((1.0, 2.0, 3.0))


def test_unknown_types_are_left_as_they_are():
    # writing_good_rules.md: the natural tangent of a date is a duration
    project = ProjectTo(date(2020, 2, 29))
    assert project(timedelta(days=1)) == timedelta(days=1)
