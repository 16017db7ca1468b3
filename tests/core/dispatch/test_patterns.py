"""Which of two annotations is the narrower one."""

import collections.abc
import numbers
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from adjoint2rrule.core import HasForwardsMode, HasReverseMode, RuleConfig
from adjoint2rrule.core.dispatch.annotations import pattern_of


class Base: ...


class Derived(Base): ...


class Movie(TypedDict):
    title: str


class Sequel(Movie):
    number: int


class TapeConfig(RuleConfig[HasReverseMode, HasForwardsMode]): ...


class Sized(Protocol):
    def __len__(self) -> int: ...


class WithHex(Protocol):
    """Of the numbers, Python's floats alone are such."""

    def hex(self): ...


class Indexed(Protocol):
    def __len__(self) -> int: ...
    def __getitem__(self, i: int) -> Any: ...


# Each chain goes from the narrowest to the widest.
CHAINS = [
    (bool, int, float, complex, Any),
    (Literal[True], Literal[True, False], bool, int, numbers.Real, numbers.Number, Any),
    (np.float64, float, float | np.ndarray, complex | np.ndarray, Any),
    (np.float32, np.floating, float),
    (Derived, Base, Base | None, Any),
    (Literal["a"], Literal["a", "b"], Literal["a", "b", None], str | None, Any),
    (Literal["a"], str, Sequence[str], Sequence, Collection, Iterable),
    (range, Sequence[int], Sequence[float], Sequence),
    (list[bool], list[int], list[float], Sequence[float], Sequence[float | str], Iterable, Any),
    (list[int], list[float] | tuple[float, ...], Sequence),
    (tuple[int, int], tuple[float, int], tuple[float, ...], tuple, Sequence),
    (dict[str, int], Mapping[str, float], Mapping, Iterable),
    (dict[str, int], Iterable[str]),
    (Sequel, Movie, Mapping[str, Any], Iterable[str], Iterable),
    (Movie, dict[str, Any], dict),
    (type[Derived], type[Base], type[Base] | type[int], type, Callable, Any),
    (type[bool], type[int]),
    (np.int64, np.integer, int, numbers.Real),
    (np.bool_, int, float),
    (NDArray[np.float64], NDArray[np.floating], NDArray[np.number], NDArray[Any], Any),
    (NDArray[np.float64], NDArray[float], np.ndarray),
    (np.ndarray[tuple[int, int], np.dtype[np.float64]], NDArray[np.float64], np.ndarray, ArrayLike),
    (list, Indexed, Sized),
    (Callable, Any),
    (TapeConfig, RuleConfig[HasReverseMode, HasForwardsMode], RuleConfig[HasReverseMode], RuleConfig),
]

PAIRS = [
    (chain[i], chain[j]) for chain in CHAINS for i in range(len(chain)) for j in range(i + 1, len(chain))
]

INCOMPARABLE = [
    (int, np.float64),
    (list[int], tuple[int, ...]),
    (list[int], list[str]),
    (tuple[int], tuple[int, int]),
    (NDArray[np.float32], NDArray[np.float64]),
    (np.ndarray[tuple[int], np.dtype[Any]], np.ndarray[tuple[int, int], np.dtype[Any]]),
    (Literal[1], Literal[True]),
    (type[int], type[np.int64]),
    (Base, Sized),
    (Sequence, collections.abc.Hashable),
    (WithHex, float),
    (np.timedelta64, np.integer),
    (RuleConfig[HasReverseMode], RuleConfig[HasForwardsMode]),
    (RuleConfig[HasReverseMode], Base),
]

SAME = [
    (object, Any),
    (list[Any], list),
    (int | str, str | int),
    (float, float | int),
    (float | bool, np.floating | float),
    (collections.abc.Callable[[int], int], Callable),
    (tuple[Any, ...], tuple),
    (type[Any], type),
]


@pytest.mark.parametrize(("narrow", "wide"), PAIRS, ids=str)
def test_the_wide_covers_the_narrow_and_not_the_other_way_round(narrow, wide):
    assert pattern_of(wide).covers(pattern_of(narrow))
    assert not pattern_of(narrow).covers(pattern_of(wide))


@pytest.mark.parametrize(("one", "other"), INCOMPARABLE, ids=str)
def test_neither_covers_the_other(one, other):
    assert not pattern_of(one).covers(pattern_of(other))
    assert not pattern_of(other).covers(pattern_of(one))


@pytest.mark.parametrize(("one", "other"), SAME, ids=str)
def test_two_ways_to_write_one_type_cover_each_other(one, other):
    assert pattern_of(one).covers(pattern_of(other))
    assert pattern_of(other).covers(pattern_of(one))


@pytest.mark.parametrize(
    ("hint", "cls", "expected"),
    [
        (type[Base], Derived, True),
        (type[Derived], Base, False),
        (type[Base], Base(), False),
        # What the values of a class decide, some instance of it may fit.
        (type[list[int]], list, True),
        (type[list[int]], tuple, False),
        (type[Literal["a"]], str, True),
        (type[Literal["a"]], int, False),
        (type[WithHex], float, True),
        (type[WithHex], Base, False),
    ],
)
def test_a_class_is_accepted_where_an_instance_of_it_may_be(hint, cls, expected):
    assert pattern_of(hint).accepts(cls) is expected


HINTS = sorted({hint for chain in CHAINS for hint in chain}, key=str)
VALUES = [
    True,
    2,
    2.0,
    np.float32(2),
    2j,
    "a",
    "b",
    None,
    Base(),
    Derived(),
    Base,
    bool,
    [1],
    [2.5],
    (1, 2),
    {"a": 1},
    {"title": "M"},
    {"title": "M", "number": 2},
]
VALUES += [range(3), np.ones(2), np.ones((2, 2), np.float32), TapeConfig(), len]


@given(st.sampled_from(HINTS), st.sampled_from(HINTS), st.sampled_from(HINTS))
def test_covering_is_an_order(a, b, c):
    a, b, c = map(pattern_of, (a, b, c))
    assert a.covers(a)
    if a.covers(b) and b.covers(c):
        assert a.covers(c)


@given(st.sampled_from(HINTS), st.sampled_from(HINTS), st.sampled_from(range(len(VALUES))))
def test_what_is_covered_accepts_no_more(a, b, i):
    if pattern_of(a).covers(pattern_of(b)) and pattern_of(b).accepts(VALUES[i]):
        assert pattern_of(a).accepts(VALUES[i])
