"""What random tangents look like."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest

from adjoint2rrule.core import NoTangent, Tangent
from adjoint2rrule.testing import rand_tangent


@dataclass
class Foo:
    a: float
    n: int
    w: np.ndarray


class Pair(NamedTuple):
    left: float
    name: str


def test_same_seed_gives_the_same_tangent():
    x = np.zeros(20)
    assert (rand_tangent(x, 3) == rand_tangent(x, 3)).all()
    assert (rand_tangent(x, 3) == rand_tangent(x, np.random.default_rng(3))).all()
    assert (rand_tangent(x, 3) != rand_tangent(x, 4)).any()


def test_numbers_are_short_small_and_not_zero():
    values = rand_tangent(np.zeros(10_000), 0)
    assert (abs(values) <= 9).all()
    assert (values != 0).all()
    assert all(len(repr(float(abs(value)))) <= 4 for value in values)
    parts = rand_tangent(np.zeros(10_000, complex), 0).view(float)
    assert all(len(repr(float(abs(part)))) <= 3 for part in parts)
    assert abs(parts.mean()) < 0.5


@pytest.mark.parametrize(
    "x", [np.float32(1.0), np.complex64(1.0), np.zeros(2, np.float32), np.zeros((2, 3), complex), 1.0, 1.0j]
)
def test_tangent_has_the_kind_of_the_primal(x):
    dx = rand_tangent(x, 0)
    assert type(dx) is type(x)
    assert np.shape(dx) == np.shape(x)
    assert np.asarray(dx).dtype == np.asarray(x).dtype


def test_structures_get_structural_tangents():
    dx = rand_tangent(Foo(1.0, 2, np.zeros(2)), 0)
    assert isinstance(dx, Tangent[Foo])
    assert dx.n is NoTangent()
    assert dx.w.shape == (2,)
    dp = rand_tangent(Pair(1.0, "x"), 0)
    assert isinstance(dp, Tangent[Pair])
    assert dp[1] is NoTangent()
    assert isinstance(rand_tangent({"a": 1.0}, 0), Tangent[dict])
    assert isinstance(rand_tangent([1.0], 0), Tangent[list])


def test_number_with_a_class_of_its_own_gets_a_plain_tangent():
    class Metres(float): ...

    assert type(rand_tangent(Metres(1.0), 0)) is float
