"""ChainRulesCore.jl, ``rule_author/tangents.md`` and the docstrings of the tangent types."""

from dataclasses import dataclass

import numpy as np
import pytest

from adjoint2rrule.core import (
    InplaceableThunk,
    MutableTangent,
    NoTangent,
    PrimalAdditionError,
    Tangent,
    ZeroTangent,
    backing,
    canonicalize,
    construct,
    frule,
    not_implemented,
    rrule,
    thunk,
    unthunk,
    zero_tangent,
)


@dataclass(frozen=True)
class Point:
    x: float
    y: float


class Cell:
    def __init__(self, v):
        self.v = v


def inplaceable(value):
    return InplaceableThunk(lambda x: np.add(x, value, out=x), thunk(lambda: value))


# A primal, two tangents of it, and whether the sum of primal and tangent is a primal.
SPACES = [
    (2.0, 0.5, -1.5),
    (2.0 - 1.0j, 0.5j, 1.5),
    (np.array([1.0, 2.0]), np.array([0.5, 0.0]), np.array([-1.0, 4.0])),
    (np.array([1.0, 2.0]), thunk(lambda: np.array([0.5, 0.0])), inplaceable(np.array([-1.0, 4.0]))),
    (Point(1.0, 2.0), Tangent[Point](x=1.0), Tangent[Point](x=0.5, y=thunk(lambda: 2.0))),
    ((1.0, 2.0), Tangent[tuple](1.0, ZeroTangent()), Tangent[tuple[float, float]](3.0, 4.0)),
    ([1.0, 2.0], Tangent[list](1.0, 2.0), Tangent[list](3.0, 4.0)),
    ({"a": 1.0, "b": 2.0}, Tangent[dict](a=1.0), Tangent[dict]({"b": 2.0})),
    (2.0, ZeroTangent(), 1.5),
    (2.0, NoTangent(), ZeroTangent()),
]


def same(a, b):
    return bool(np.all(unthunk(a) == unthunk(b)))


@pytest.mark.parametrize(("x", "dx", "dz"), SPACES)
def test_tangents_are_a_vector_space(x, dx, dz):
    assert same(dx + dz, dz + dx)
    assert same(2.0 * (dx + dz), 2.0 * dx + 2.0 * dz)
    assert same(dx + ZeroTangent(), dx)
    assert same((2.0 + 3.0) * dx, 2.0 * dx + 3.0 * dx)
    assert same(-dx, -1.0 * dx)


@pytest.mark.parametrize(("x", "dx", "dz"), SPACES)
def test_a_primal_plus_its_tangent_is_a_primal(x, dx, dz):
    assert type(x + unthunk(dx)) is type(x)
    assert same(x + dx, dx + x)
    assert same(x + ZeroTangent(), x)


def fill(x, n):
    return np.full(n, x)


@rrule.register(fill)
def fill_rrule(fill, x, n: int):
    def fill_pullback(Ȳ):
        return NoTangent(), thunk(lambda: np.sum(Ȳ)), NoTangent()

    return fill(x, n), fill_pullback


def test_a_size_has_no_tangent():
    _, x̄, n̄ = rrule(fill, 2.0, 3)[1](np.ones(3))
    assert (unthunk(x̄), n̄) == (3.0, NoTangent())


def test_which_zero_comes_of_two():
    zero, none = ZeroTangent(), NoTangent()
    assert zero + none is none + zero is none
    assert zero * none is none * zero is zero
    assert np.dot(zero, none) is zero


def test_the_order_in_which_kinds_decide_a_sum():
    missing = not_implemented("for the test")
    for other in (NoTangent(), ZeroTangent(), thunk(lambda: 1.0), Tangent[Point](x=1.0), 2.0, np.ones(2)):
        assert missing + other is missing
        assert other + missing is missing
    for zero in (NoTangent(), ZeroTangent()):
        assert missing * zero is zero * missing is zero


def test_thunks_run_when_their_value_is_needed():
    t = thunk(lambda: 3)
    assert unthunk(t) == 3
    assert unthunk(3) == 3
    ran = []
    lazy = thunk(lambda: ran.append(1) or 2.0)
    ZeroTangent() * lazy
    assert ran == []
    assert 1.0 + lazy == 3.0


def test_canonical_tangents_have_every_field():
    assert canonicalize(Tangent[Point](y=1.0)).keys() == {"x": 0, "y": 0}.keys()
    assert canonicalize(Tangent[tuple](1.0, 2.0)) == Tangent[tuple](1.0, 2.0)
    assert canonicalize(Tangent[dict](a=1.0)) == Tangent[dict](a=1.0)


def test_explicit_zeros_are_equal_to_absent_ones():
    assert Tangent[Point](x=1.0, y=ZeroTangent()) == Tangent[Point](x=1.0)
    assert hash(Tangent[Point](x=1.0, y=ZeroTangent())) == hash(Tangent[Point](x=1.0))
    assert Tangent[Point](x=1.0) != Tangent[tuple](1.0)


def test_backing_takes_apart_what_construct_builds():
    assert backing(Point(1.0, 2.0)) == {"x": 1.0, "y": 2.0}
    assert construct(Point, backing(Point(1.0, 2.0))) == Point(1.0, 2.0)
    assert backing((1.0, 2.0)) == (1.0, 2.0)
    assert backing(Tangent[Point](y=1.0)) == {"y": 1.0}


class Interval:
    def __init__(self, centre, radius):
        self.low, self.high = centre - radius, centre + radius


def test_a_class_that_is_not_made_from_its_fields_needs_a_constructor():
    interval, dx = Interval(2.0, 1.0), Tangent[Interval](high=2.0)
    with pytest.raises(PrimalAdditionError, match=r"@construct\.register\(Interval\)"):
        interval + dx

    @construct.register(Interval)
    def construct_interval(T, fields):
        low, high = fields["low"], fields["high"]
        return T((low + high) / 2, (high - low) / 2)

    assert backing(interval + dx) == {"low": 1.0, "high": 5.0}


def test_zeros_answer_to_what_they_stand_for():
    for zero in (ZeroTangent(), NoTangent()):
        assert zero.field is zero
        assert zero[1, 2] is zero
        assert list(zero) == [zero]
        assert zero.T is zero
        assert np.conj(zero) is zero
        assert np.sum(zero) is zero
        assert np.reshape(zero, (2, 3)) is zero
        assert zero / 2.0 is zero
        assert np.linalg.norm(zero) == 0
        assert complex(zero) == 0


def test_mutable_tangents_are_for_objects_that_can_be_changed():
    zero = zero_tangent(Cell(2.0))
    assert isinstance(zero, MutableTangent)
    zero.v += 1.5
    assert zero + Tangent[Cell](v=1.0) == MutableTangent[Cell](v=2.5)


def test_the_tangent_of_an_output_is_one_value_however_many_parts_it_has():
    def pair(x):
        return x, 2 * x

    @frule.register(pair)
    def pair_frule(dargs, pair, x):
        return pair(x), Tangent[tuple](dargs[1], 2 * dargs[1])

    _, dΩ = frule((NoTangent(), 1.0), pair, 3.0)
    assert dΩ == Tangent[tuple](1.0, 2.0)
