"""Accumulating into mutable tangents: every field gets its sum, and nothing that another holds is written."""

from copy import copy
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjoint2rrule.core import (
    InplaceableThunk,
    MutableTangent,
    NoTangent,
    Tangent,
    TangentMismatchError,
    ZeroTangent,
    add_inplace,
    backing,
    not_implemented,
    thunk,
    zero_tangent,
)


@dataclass
class Node:
    a: object = None
    b: object = None


@dataclass
class Derived(Node):
    c: object = None


M, T = MutableTangent[Node], Tangent[Node]


def ones(value=1.0):
    return np.full(3, value)


def test_an_array_that_two_fields_share_gets_two_sums():
    shared = ones()
    x = M(a=shared, b=shared)
    total = add_inplace(x, T(a=ones(2.0), b=ones(3.0)))
    assert total is x
    assert x == M(a=ones(3.0), b=ones(4.0))
    assert add_inplace(M(a=shared, b=shared), T(a=ones())) == M(a=shared + 1.0, b=shared)


def test_two_fields_that_share_with_both_sides_get_one_sum():
    shared, other = ones(), ones(2.0)
    x = M(a=shared, b=shared)
    add_inplace(x, T(a=other, b=other))
    assert x.a is x.b is shared
    assert shared.tolist() == [3.0] * 3
    assert other.tolist() == [2.0] * 3


@pytest.mark.parametrize(
    "windows",
    [(slice(0, 3), slice(1, 4)), (slice(0, 3), slice(2, None, -1)), (slice(None), slice(0, 1))],
    ids=str,
)
def test_fields_that_overlap_are_left_alone(windows):
    base = np.arange(4.0)
    before = base.copy()
    a, b = (base[window] for window in windows)
    x = M(a=a, b=b)
    add_inplace(x, T(a=np.ones(a.shape), b=np.ones(b.shape)))
    assert x == M(a=before[windows[0]] + 1.0, b=before[windows[1]] + 1.0)
    assert base.tolist() == before.tolist()


def test_fields_that_overlap_the_other_tangent_are_left_alone():
    x = M(a=ones(1.0), b=ones(5.0))
    y = T(a=x.b, b=x.a)
    add_inplace(x, y)
    assert x == M(a=ones(6.0), b=ones(6.0))
    assert y == T(a=ones(5.0), b=ones(1.0))


def test_a_thunk_that_reads_the_other_tangent_is_forced_before_that_changes():
    x = M(a=ones(1.0), b=ones(1.0))
    a = x.a
    add_inplace(x, T(a=ones(2.0), b=thunk(lambda: a + 1.0)))
    assert x == M(a=ones(3.0), b=ones(3.0))


def test_a_tangent_can_be_added_to_itself():
    x = M(a=ones(), b=M(a=2.0))
    assert add_inplace(x, x) is x
    assert x == M(a=ones(2.0), b=M(a=4.0))


def test_what_is_not_shared_is_written_into():
    a, inner = ones(), ones()
    x = M(a=a, b=M(a=inner))
    b = x.b
    add_inplace(x, T(a=ones(), b=T(a=ones(), b=1.0)))
    assert x.a is a
    assert x.b is b
    assert x.b.a is inner
    assert x == M(a=ones(2.0), b=M(a=ones(2.0), b=1.0))


@pytest.mark.parametrize("old", [ZeroTangent(), NoTangent(), 0, T(), T(a=ZeroTangent())], ids=str)
@pytest.mark.parametrize("make", [M, T, lambda a: thunk(lambda: M(a=a))], ids=["mutable", "tangent", "thunk"])
def test_what_was_added_is_never_written_into_later(old, make):
    held = ones()
    x = M(a=old)
    add_inplace(x, T(a=make(a=held)))
    add_inplace(x, T(a=M(a=ones())))
    add_inplace(x, T(a=M(a=ones())))
    assert x == M(a=T(a=ones(3.0))) or x == M(a=M(a=ones(3.0)))
    assert held.tolist() == [1.0] * 3


def test_a_sum_that_becomes_mutable_shares_nothing():
    y = M(b=ones())
    total = add_inplace(T(a=1.0), y)
    add_inplace(total, T(b=ones()))
    assert total == M(a=1.0, b=ones(2.0))
    assert y == M(b=ones())


def test_a_tangent_in_two_fields_gets_two_sums():
    inner = M(a=1.0)
    x = M(a=inner, b=inner)
    add_inplace(x, T(a=T(a=1.0), b=T(a=2.0)))
    assert x == M(a=M(a=2.0), b=M(a=3.0))
    assert inner == M(a=1.0)


def test_a_tangent_in_two_fields_of_both_sides_gets_one_sum():
    inner, other = M(a=1.0), M(a=2.0)
    x = M(a=inner, b=inner)
    add_inplace(x, M(a=other, b=other))
    assert x.a is x.b is inner
    assert inner == M(a=3.0)


class TestCycles:
    """A tangent that contains itself."""

    def cycle(self, value):
        x = M(a=value)
        x.b = x
        return x

    def test_one_can_be_added_to_another(self):
        x, y = self.cycle(ones(1.0)), self.cycle(ones(2.0))
        assert add_inplace(x, y) is x
        assert x.b is x
        assert x.a.tolist() == [3.0] * 3
        assert y.a.tolist() == [2.0] * 3

    def test_the_way_back_stays_where_nothing_is_added_to_it(self):
        x = self.cycle(1.0)
        add_inplace(x, T(a=2.0))
        assert x.a == 3.0
        assert x.b is x

    def test_the_way_back_gets_a_sum_of_its_own(self):
        x = self.cycle(1.0)
        add_inplace(x, T(a=2.0, b=T(a=5.0)))
        assert x.a == 3.0
        assert x.b.a == 6.0
        assert x.b.b is x

    def test_the_zero_of_an_object_takes_its_tangents(self):
        parent, child = Node(1.0), Node(2.0)
        parent.b, child.b = child, parent
        zero = zero_tangent(parent)
        add_inplace(zero, T(a=1.0, b=T(a=2.0)))
        add_inplace(zero, T(a=1.0, b=T(a=2.0)))
        assert zero.a == 2.0
        assert zero.b.a == 4.0
        assert zero.b.b is zero


class TestClasses:
    """Tangents of a class and its subclass, and of anything."""

    def test_a_base_is_added_into_the_derived(self):
        a = ones()
        x = MutableTangent[Derived](a=a, c=1.0)
        assert add_inplace(x, T(a=ones())) is x
        assert x.a is a
        assert add_inplace(x, Tangent[object](c=2.0)) is x
        assert x.c == 3.0

    def test_a_derived_one_makes_the_sum_one(self):
        a, y = ones(), Tangent[Derived](c=ones())
        total = add_inplace(M(a=a), y)
        assert total == MutableTangent[Derived](a=ones(), c=ones())
        add_inplace(total, y)
        assert y == Tangent[Derived](c=ones())

    def test_others_have_no_sum(self):
        @dataclass
        class Other:
            a: object = None

        with pytest.raises(TangentMismatchError, match=r"Tangent\[Node\] and Tangent\[.*Other\]"):
            add_inplace(M(a=1.0), Tangent[Other](a=1.0))


def test_a_field_that_adds_itself_does_so():
    added = []

    def add(x):
        added.append(x)
        x += 1.0

    a = ones()
    x = M(a=a)
    t = InplaceableThunk(add, thunk(ones))
    add_inplace(x, T(a=t, b=t))
    assert added == [a] or added[0] is a
    assert len(added) == 1
    assert x == M(a=ones(2.0), b=ones())


def test_fields_of_another_shape_are_not_broadcast():
    shared = ones()
    for x in (M(a=ones()), M(b=M(a=ones())), M(a=1.0), M(a=shared, b=shared)):
        y = T(a=np.ones((1, 3)), b=T(a=np.ones((1, 3))))
        with pytest.raises(
            TangentMismatchError, match=r"shape \((3,)?\) and one of shape \(1, 3\) have no sum"
        ):
            add_inplace(x, y)


def test_fields_get_and_lose_axes_of_length_one_at_the_end():
    a, shared = ones(), ones()
    x = M(a=a, b=M(a=shared, b=shared))
    column = np.ones((3, 1))
    add_inplace(x, T(a=column, b=T(a=column, b=2 * column)))
    assert x.a is a
    assert x == M(a=ones(2.0), b=M(a=ones(2.0), b=ones(3.0)))


def test_what_is_not_implemented_wins():
    missing = not_implemented()
    x = M(a=ones(), b=1.0)
    assert add_inplace(x, missing) is missing
    assert add_inplace(x, T(a=missing)).a is missing
    assert add_inplace(x, T(a=ones())).a is missing


def leaves(shape):
    """Return a strategy for the tangents of a number or an array, with numbers where that has no axes."""
    return st.one_of(
        st.integers(-4, 4).map(lambda n: np.full(shape, float(n))),
        st.integers(-4, 4).map(lambda n: np.full(shape, n, dtype=np.float32)),
        st.integers(-4, 4).map(lambda n: np.full(shape, n * 1j)),
        st.just(ZeroTangent()),
        *([] if shape else [st.floats(-4, 4, width=16)]),
    )


WINDOWS = {
    (2,): [slice(0, 2), slice(1, 3), slice(1, None, -1)],
    (): [(0, ...), (1, ...), (0, ...)],  # arrays without axes
}


@st.composite
def tangents(draw, pool, family):
    """Return a tangent whose parts may be those of `pool`, which may be in many places."""
    names = draw(st.sets(st.sampled_from("ab")))
    return family(**{name: draw(st.sampled_from(pool)) for name in sorted(names)})


@pytest.mark.parametrize("shape", WINDOWS, ids=str)
@given(data=st.data())
def test_the_sum_is_that_of_plus_and_nothing_else_changes(shape, data):
    base = np.arange(4.0)
    views = [base[window] for window in WINDOWS[shape]]
    pool = [*data.draw(st.lists(leaves(shape), min_size=1, max_size=3)), *views]
    pool += [data.draw(tangents(pool, family)) for family in (M, T)]
    pool += [data.draw(tangents([part for part in pool if not isinstance(part, float)], M))]
    x, y = data.draw(tangents(pool, M)), data.draw(tangents(pool, data.draw(st.sampled_from([M, T]))))
    try:
        expected = x + y
    except (TypeError, ValueError):  # an array has no sum with a tangent
        return
    expected, y_before = _frozen(expected), _frozen(y)
    others = [(part, _frozen(part)) for part in pool if not _share(part, x)]
    total = add_inplace(x, y)
    assert total is x
    assert _frozen(total) == expected
    add_inplace(total, y)  # writes into what the first sum may have taken from `y`
    assert _frozen(y) == y_before
    for part, before in others:
        assert _frozen(part) == before


def _share(a, b):
    arrays = [part for part in _reached(a) if isinstance(part, np.ndarray)]
    theirs = [part for part in _reached(b) if isinstance(part, np.ndarray)]
    same = {id(part) for part in _reached(a)} & {id(part) for part in _reached(b)}
    return bool(same) or any(np.shares_memory(part, other) for part in arrays for other in theirs)


def _frozen(part):
    """Return all that a tangent holds, as it is now."""
    if isinstance(part, (M, T)):
        stored = {name: _frozen(value) for name, value in backing(part).items()}
        return {name: value for name, value in stored.items() if value not in ({}, "zero")}
    if isinstance(part, (np.ndarray, np.generic)):
        return str(part.dtype), part.tolist()
    return "zero" if part is ZeroTangent() else copy(part)


def _reached(part):
    yield part
    if isinstance(part, (M, T)):
        for value in backing(part).values():
            yield from _reached(value)
