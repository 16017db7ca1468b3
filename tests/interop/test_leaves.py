"""Where the numbers are in structured values."""

import functools
import operator
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from adjoint2rrule.core import NoTangent, Tangent, ZeroTangent
from adjoint2rrule.interop.errors import SeedError, UntraceableError
from adjoint2rrule.interop.leaves import (
    leaves,
    seeds,
    tangent,
    with_leaves,
    zero_for,
)


class Mode(Enum):
    FAST = 1.5


@dataclass(frozen=True)
class Frozen:
    a: float
    name: str = ""


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a):
        self.a = a


class Converting:
    def __init__(self, text):
        self.value = float(text)


@dataclass
class Derived:
    a: float
    total: float = field(init=False)

    def __post_init__(self):
        self.total = 10 * self.a


class Point(NamedTuple):
    x: float
    y: object


class MyList(list):
    pass


def wrapped():
    return 1.5


wrapped.attribute = 2.5

VALUES = [
    (1.5, [1.5]),
    (2j, [2j]),
    (np.float32(1.5), [1.5]),
    ((1.5, 2, "a", [None, 2.5]), [1.5, 2.5]),
    ({"a": 1.5, 3: {"b": 2.5}}, [1.5, 2.5]),
    (Frozen(1.5, "name"), [1.5]),
    (Slotted(1.5), [1.5]),
    (Converting("1.5"), [1.5]),
    (Derived(1.5), [1.5, 15.0]),
    (Point(1.5, Frozen(2.5)), [1.5, 2.5]),
    (MyList([1.5]), [1.5]),
]
CONSTANTS = [
    1,
    True,
    None,
    "a",
    b"a",
    Mode.FAST,
    slice(1.5),
    range(3),
    np.int64(1),
    np.arange(3),
    np.array("a"),
    float,
    np.dtype(float),
    np,
    wrapped,
    np.sin,
    abs,
    [1.5].index,
    Frozen(1.5).__eq__,
    functools.partial(pow, 1.5),
    functools.lru_cache(wrapped),
    operator.itemgetter(1.5),
    np.random.default_rng(1),
    object(),
    (1, "a"),
]


@pytest.mark.parametrize(("x", "expected"), VALUES, ids=lambda value: type(value).__name__)
def test_leaves_are_found_in_order(x, expected):
    assert leaves(x) == expected


@pytest.mark.parametrize("x", CONSTANTS)
def test_constant_has_no_leaves(x):
    assert leaves(x) == []
    assert with_leaves(pytest.fail, x) is x
    assert tangent(x, iter(())) == NoTangent()


@pytest.mark.parametrize(("x", "expected"), VALUES, ids=lambda value: type(value).__name__)
def test_leaves_are_replaced_in_a_copy_of_the_same_class(x, expected):
    doubled = with_leaves(lambda leaf: 2 * leaf, x)
    assert type(doubled) is type(2 * x if isinstance(x, np.floating) else x)
    assert leaves(doubled) == [2 * leaf for leaf in expected]
    assert leaves(x) == expected


def test_parts_without_leaves_are_not_copied():
    names = ["a", "b"]
    doubled = with_leaves(lambda leaf: 2 * leaf, {"a": 1.5, "names": names})
    assert doubled["names"] is names


def test_arrays_are_leaves():
    (leaf,) = leaves([np.ones((2, 2), np.float32)])
    assert leaf.shape == (2, 2)
    assert [leaf.dtype for leaf in leaves([np.ones(1, complex), np.ones(())])] == [complex, float]


def test_tangent_has_cotangents_in_the_place_of_leaves():
    x = [(1.5, 2), {"a": 1.5, "b": "c"}, Frozen(1.5, "name"), Point(1, 1.5), "text"]
    assert tangent(x, iter([10.0, 20.0, 30.0, 40.0])) == Tangent[list](
        Tangent[tuple](10.0, NoTangent()),
        Tangent[dict](a=20.0),
        Tangent[Frozen](a=30.0),
        Tangent[Point](y=40.0),
        NoTangent(),
    )


def test_seeds_are_read_part_by_part():
    y = ({"a": 1.5, "b": 2.5}, Frozen(3.5), "text")
    assert list(seeds(y, Tangent[tuple](Tangent[dict](b=1.0), ZeroTangent(), NoTangent()))) == [
        ZeroTangent(),
        1.0,
        ZeroTangent(),
    ]


@pytest.mark.parametrize(
    ("y", "ȳ", "part"),
    [
        ((1.5, 2.5), (1.0,), "1"),
        ({"a": 1.5}, {"b": 1.0}, "'a'"),
        (Frozen(1.5), 1.0, "'a'"),
        ([1.5], 1.0, "0"),
    ],
)
def test_seed_without_a_part_of_the_output_is_an_error(y, ȳ, part):
    with pytest.raises(SeedError, match=f"has no part {part}, which the output"):
        list(seeds(y, ȳ))


@pytest.mark.parametrize(
    ("x", "kind"),
    [
        (sp.csr_array(np.eye(2)), "csr_array"),
        (np.array([1.5, None]), "array of objects"),
        (np.ma.masked_array([1.5]), "MaskedArray"),
    ],
)
def test_numbers_out_of_reach_are_an_error(x, kind):
    with pytest.raises(UntraceableError, match=f"with respect to a {kind}.*close over it"):
        leaves([1.5, x])


def test_value_that_holds_itself_is_an_error():
    x = [1.5]
    x.append(x)
    with pytest.raises(UntraceableError, match="holds itself"):
        leaves(x)


numbers = st.floats(allow_nan=False)
structures = st.recursive(
    numbers | st.integers() | st.text(max_size=2),
    lambda parts: st.one_of(
        st.lists(parts, max_size=3),
        st.tuples(parts, parts),
        st.dictionaries(st.text(max_size=2), parts, max_size=3),
        st.builds(Frozen, parts),
        st.builds(Point, parts, parts),
    ),
    max_leaves=8,
)


@given(structures)
def test_leaves_put_back_give_an_equal_value(x):
    found = iter(leaves(x))
    assert with_leaves(lambda _: next(found), x) == x
    assert list(found) == []


@given(structures)
def test_tangent_of_the_leaves_reads_as_seeds_of_the_leaves(x):
    found = leaves(x)
    assert list(seeds(x, tangent(x, iter(found)))) == found


def test_zero_is_no_tangent_where_there_is_nothing_to_perturb():
    assert {zero_for(x) for x in CONSTANTS[:-3]} == {NoTangent()}
    assert {zero_for(x) for x, _ in VALUES} == {ZeroTangent()}
