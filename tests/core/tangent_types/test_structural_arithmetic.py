"""The laws of a vector space for the tangents of any primal, and those of its sums with them."""

import copy
from dataclasses import dataclass
from operator import neg

import numpy as np
import pytest
from hypothesis import given

from adjoint2rrule.core import (
    AbstractZero,
    MutableTangent,
    NoTangent,
    StructuralTangent,
    Tangent,
    ZeroTangent,
    add_inplace,
    backing,
    canonicalize,
    primal_type,
    thunk,
    unthunk,
    zero_tangent,
)
from tests.support.tangent_strategies import reals, structured_primals, with_tangents


def equal(a, b):
    """Whether two tangents are equal, both zeros being one."""
    a, b = unthunk(a), unthunk(b)
    if isinstance(a, AbstractZero) or isinstance(b, AbstractZero):
        return isinstance(a, AbstractZero) and isinstance(b, AbstractZero)
    if isinstance(a, StructuralTangent):
        return type(a) is type(b) and a == b
    return np.shape(a) == np.shape(b) and bool(np.all(a == b))


def is_zero(dx):
    dx = unthunk(dx)
    if isinstance(dx, StructuralTangent):
        parts = backing(dx)
        return all(map(is_zero, parts.values() if isinstance(parts, dict) else parts))
    return isinstance(dx, AbstractZero) or not np.any(dx)


def same_primal(x, y):
    """Whether two primals are one in class and value, down to their leaves."""
    if isinstance(x, np.ndarray | np.generic):  # numpy makes numbers of arrays without axes
        return x.dtype == y.dtype and np.array_equal(x, y)
    if type(x) is not type(y):
        return False
    if isinstance(x, (float, complex, int, str, bytes, type(None))):
        return x == y
    a, b = backing(x), backing(y)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same_primal(a[name], b[name]) for name in a)
    return len(a) == len(b) and all(map(same_primal, a, b))


class TestVectorSpace:
    @given(with_tangents(3))
    def test_addition_is_associative(self, vectors):
        _, a, b, c = vectors
        assert equal((a + b) + c, a + (b + c))

    @given(with_tangents(2))
    def test_addition_is_commutative(self, vectors):
        _, a, b = vectors
        assert equal(a + b, b + a)

    @given(with_tangents(1))
    def test_zeros_are_neutral(self, vectors):
        x, a = vectors
        for zero in (ZeroTangent(), NoTangent()):
            assert equal(a + zero, a)
            assert equal(zero + a, a)
            assert equal(a - zero, a)
        assert same_primal(x + (zero_tangent(x) + a), x + a)

    @given(with_tangents(2))
    def test_everything_has_a_negative(self, vectors):
        _, a, b = vectors
        assert is_zero(a + -a)
        assert is_zero(a - a)
        assert equal(a - b, a + -b)
        assert equal(neg(neg(a)), a)
        assert equal(-a, -1.0 * a)

    @given(with_tangents(2), reals)
    def test_multiples_distribute_over_tangents(self, vectors, s):
        _, a, b = vectors
        assert equal(s * (a + b), s * a + s * b)
        assert equal((a + b) * s, s * (a + b))

    @given(with_tangents(1), reals, reals)
    def test_multiples_distribute_over_numbers(self, vectors, s, t):
        _, a = vectors
        assert equal((s + t) * a, s * a + t * a)
        assert equal((s * t) * a, s * (t * a))
        assert equal(1.0 * a, a)
        assert is_zero(0.0 * a)

    @given(with_tangents(1))
    def test_quotients_are_multiples(self, vectors):
        _, a = vectors
        assert equal(a / 4.0, 0.25 * a)

    @given(with_tangents(2))
    def test_conj_is_an_involution_and_additive(self, vectors):
        _, a, b = vectors
        assert equal(np.conj(np.conj(a)), a)
        assert equal(np.conj(a + b), np.conj(a) + np.conj(b))

    @given(with_tangents(2))
    def test_nothing_changes_its_operands(self, vectors):
        _, a, b = vectors
        before = copy.deepcopy((a, b))
        _ = (a + b, a - b, -a, 2.0 * a, np.conj(a))
        assert equal(a, before[0])
        assert equal(b, before[1])


class TestPrimals:
    @given(with_tangents(2))
    def test_tangents_are_added_one_by_one_or_together(self, vectors):
        x, a, b = vectors
        assert same_primal(x + (a + b), (x + a) + b)
        assert same_primal(x + a, a + x)

    @given(with_tangents(1))
    def test_what_was_added_can_be_subtracted(self, vectors):
        x, a = vectors
        assert same_primal((x + a) - a, x)

    @given(with_tangents(1))
    def test_the_sum_is_a_primal_and_leaves_the_primal_alone(self, vectors):
        x, a = vectors
        before = copy.deepcopy(x)
        total = x + a
        assert type(total) is type(x) or np.ndim(x) == 0
        assert same_primal(x, before)


class TestCanonicalize:
    @given(with_tangents(2, structured_primals))
    def test_it_changes_nothing(self, vectors):
        x, a, b = vectors
        a = unthunk(a)
        if not isinstance(a, Tangent):
            return
        canonical = canonicalize(a)
        assert canonical == a
        assert hash_of(canonical) == hash_of(a)
        assert equal(canonical + b, a + b)
        assert equal(-canonical, -a)
        assert same_primal(x + canonical, x + a)
        assert repr(canonicalize(canonical)) == repr(canonical)

    @given(with_tangents(1, structured_primals))
    def test_every_field_is_there_in_order(self, vectors):
        x, a = vectors
        a = unthunk(a)
        if isinstance(a, Tangent) and primal_type(a).__name__ in ("Data", "Point", "FrozenAttrs"):
            assert list(backing(canonicalize(a))) == list(backing(x))


def hash_of(t):
    try:
        return hash(t)
    except TypeError:  # of an array in it
        return None


class State:
    """A class whose tangents are mutable, and does not tell its fields."""


@dataclass
class Known:
    v: np.ndarray
    w: object = 0.0


MAKES_MUTABLE = {
    "sum with a zero": lambda t: t + type(t)(),
    "sum with a zero part": lambda t: t + type(t)(v=ZeroTangent(), w=ZeroTangent()),
    "sum from the right": lambda t: Tangent[primal_type(t)]() + t,
    "difference": lambda t: t - type(t)(),
    "sum": lambda t: sum([t]),
    "plus": lambda t: +t,
    "positive": np.positive,
    "conj": lambda t: t.conj(),
    "conjugate": np.conj,
    "multiple": lambda t: 1 * t,
    "canonicalize": canonicalize,
}


class TestOwnership:
    """What is written into a mutable result reaches none of its operands."""

    @pytest.mark.parametrize("P", [State, Known])
    @pytest.mark.parametrize("call", MAKES_MUTABLE.values(), ids=MAKES_MUTABLE.keys())
    @pytest.mark.parametrize(
        "hold", [lambda v: v, lambda v: MutableTangent[Known](v=v), lambda v: thunk(lambda: v)]
    )
    def test_adding_to_a_mutable_result_leaves_its_operands_alone(self, P, call, hold):
        v, w = np.ones(2), np.ones(2)
        t = MutableTangent[P](v=v, w=hold(w))
        result = call(t)
        assert type(result) is type(t)
        assert result is not t
        assert result == t
        result.v += 1.0
        add_inplace(result, copy.deepcopy(t))
        assert (v.tolist(), w.tolist()) == ([1.0, 1.0], [1.0, 1.0])

    def test_two_fields_of_a_sum_share_what_they_shared(self):
        v = np.ones(2)
        total = MutableTangent[Known](v=v, w=v) + MutableTangent[Known]()
        assert total.v is total.w is not v

    def test_the_sum_of_two_tangents_that_contain_themselves_ends(self):
        t = MutableTangent[Known](v=1.0)
        t.w = t
        total = t + MutableTangent[Known](v=2.0)
        assert (total.v, total.w.v) == (3.0, 1.0)
        assert total.w is not t
        assert (+t).w.w is not t


class TestConjugates:
    """A conjugate is nobody else's, real or not."""

    @pytest.mark.parametrize("conj", [np.conj, lambda t: t.conj(), lambda t: t.conjugate()])
    @pytest.mark.parametrize("P", [tuple, list])
    def test_a_conjugate_shares_no_memory(self, P, conj):
        v = np.ones(2)
        for dx in (v, thunk(lambda: v), Tangent[P](v)):
            part = conj(Tangent[P](dx))[0]
            (part[0] if isinstance(dx, Tangent) else part)[0] = 5.0
        assert v.tolist() == [1.0, 1.0]
