"""What functions hold: found wherever Python lets them hold it, and nothing else taken for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial, wraps

import numpy as np
import pytest

from adjoint2rrule.interop.closures import hidden


@dataclass
class Held:
    number: object
    other: object = None

    def method(self, x):
        return x


W = 2.5


def is_number(x):
    return type(x) is float


def returning(value):
    return lambda: value


def with_default(x, w=W):
    return x


def with_keyword(x, *, w=W):
    return x


@wraps(with_default)
def wrapper(*xs):
    return with_default(*xs)


FUNCTIONS = [
    returning(W),
    returning([{"w": (W,)}]),
    returning(Held(W)),
    returning(returning(W)),
    returning(Held(W).method),
    with_default,
    with_keyword,
    partial(with_default, W),
    partial(returning, value=W),
    Held(W).method,
    np.vectorize(returning(W)),
]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("place", [lambda f: f, lambda f: [f], lambda f: {"f": f}, lambda f: Held(None, f)])
def test_what_a_function_holds_is_found(function, place):
    assert W in list(hidden(place(function), is_number))


@pytest.mark.parametrize(
    "value", [W, [W], {"w": W}, Held(W), np.ones(2), math, None, len, int, returning(3), returning(math)]
)
def test_what_no_function_holds_is_not(value):
    assert list(hidden(value, is_number)) == []


def test_cycles_and_empty_cells_end():
    held = Held(None)

    def f():
        return held, g, later

    def g():
        return f

    held.other = f
    assert list(hidden(f, is_number)) == []
    later = W
    assert list(hidden(g, is_number)) == [W]
