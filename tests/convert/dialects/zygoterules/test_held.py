"""`held`: what an expression may evaluate to is joined like sets are, and never grows without end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adjoint2rrule.convert.dialects.zygoterules.held import (
    PART,
    SOLID,
    UNKNOWN,
    Held,
    container,
    join,
    seed,
    sequence,
)

PLAIN = st.builds(
    Held,
    whole=st.booleans(),
    part=st.booleans(),
    thunk=st.booleans(),
    array=st.booleans(),
    doubtful=st.booleans(),
    unknown=st.booleans(),
)
HELD = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3).map(sequence) | inner.map(lambda h: container([h])),
    max_leaves=5,
)


@given(HELD)
def test_join_with_itself_is_the_same(held):
    assert join([held, held]) == held


@given(HELD, HELD)
def test_join_does_not_depend_on_the_order(a, b):
    assert join([a, b]) == join([b, a])


@given(HELD, HELD)
def test_join_may_be_whatever_either_may_be(a, b):
    joined = join([a, b])
    assert (joined.whole, joined.part) == (a.whole or b.whole, a.part or b.part)
    assert joined.unknown == (a.unknown or b.unknown)
    assert joined.bears >= (a.bears or b.bears)


@given(HELD)
def test_containers_in_containers_come_to_an_end(held):
    around = [held]
    for _ in range(8):
        around.append(container([around[-1], held]))
    assert around[-1] == around[-2]


def test_entries_are_told_apart_as_long_as_there_are_as_many():
    pair = sequence([PART, UNKNOWN])
    assert join([pair, pair]).unpacked(2) == [PART, UNKNOWN]
    assert join([pair, sequence([PART])]).entry(0) == join([PART, UNKNOWN])
    assert pair.entry(-1) == UNKNOWN


def test_parts_of_a_seed_may_be_missing_unless_it_is_an_array():
    assert seed(None).elements() == seed(True).elements() == PART
    assert seed(False).elements() == SOLID


def test_seed_that_may_be_either_is_not_plain():
    assert not join([seed(False), seed(None)]).plain
    assert join([seed(False), SOLID]).plain
