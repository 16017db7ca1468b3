"""Numbers for tests."""

import pytest

from adjoint2rrule.proof.inputs.numbers import Numbers, Scale


@pytest.mark.parametrize("scale", Scale)
def test_numbers_are_distinct_and_neither_0_nor_1(scale):
    taken = [float(text) for text in Numbers().take(200, scale)]
    assert len(set(taken)) == 200
    assert not {0.0, 1.0, -1.0} & set(taken)


def test_first_numbers_are_short():
    assert all(len(text.lstrip("-")) == 3 for text in Numbers().take(20, Scale.MIXED))


@pytest.mark.parametrize(
    ("scale", "low", "high"),
    [
        (Scale.MIXED, -2.8, 2.8),
        (Scale.POSITIVE, 0.4, 3.0),
        (Scale.UNIT, 0.1, 0.9),
        (Scale.NEGATIVE, -2.9, -0.3),
    ],
)
def test_scales_say_where_numbers_lie(scale, low, high):
    taken = [float(text) for text in Numbers().take(40, scale)]
    assert low <= min(taken) < low + 0.3 * (high - low)
    assert high - 0.3 * (high - low) < max(taken) <= high


def test_dicts_of_a_call_share_a_key():
    numbers = Numbers()
    first, second = set(numbers.keys()), set(numbers.keys())
    assert len(first & second) == 1


def test_indices_are_within_bounds_and_may_repeat():
    taken = [int(text) for text in Numbers().indices(5, 3)]
    assert set(taken) <= {0, 1, 2}
