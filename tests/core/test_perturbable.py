"""What cannot be perturbed is the same to all that ask: projections, zeros, and what is no cotangent."""

import datetime
import io
import operator
import pathlib
import random
import re
import sys
import threading
import zoneinfo
from enum import Enum
from functools import lru_cache

import numpy as np
import pytest

from adjoint2rrule.core import (
    LyingRuleError,
    NoTangent,
    ProjectionError,
    ProjectTo,
    debugging,
    rrule,
    zero_tangent,
)
from adjoint2rrule.core.perturbable import cannot_be_perturbed


class Colour(Enum):
    RED = 1.0


class Route(pathlib.PurePosixPath):
    """A path of its own class."""


class Dice(random.Random):
    """A generator with a field."""

    bias = 0.5

    def __init__(self):
        super().__init__()
        self.bias = 0.5


@lru_cache
def cached(): ...


cached.weight = 1.0

NAMES_AND_FLAGS = [
    True,
    np.True_,
    "a",
    b"a",
    bytearray(b"a"),
    None,
    Colour.RED,
    ...,
    NotImplemented,
    slice(1),
]
FUNCTIONS = [len, np.sin, np.sum, cached, lambda: 1.0, "".join, str.join, operator.itemgetter(1), property()]
CLASSES = [float, Colour, list[float], int | str, np.dtype(float), np]
TIMES = [datetime.time.min, np.datetime64("2020"), datetime.UTC, zoneinfo.ZoneInfo("UTC")]
GENERATORS = [
    np.random.default_rng(0),
    np.random.RandomState(0),
    np.random.PCG64(0),
    random.Random(0),
    Dice(),
]
PLACES = [pathlib.Path("a"), pathlib.PureWindowsPath("a"), Route("a"), io.StringIO(), io.BytesIO()]
OTHERS = [threading.Lock(), threading.RLock(), re.compile("a"), re.match("a", "a"), (lambda: 1).__code__]
ALL = [*NAMES_AND_FLAGS, *FUNCTIONS, *CLASSES, *TIMES, *GENERATORS, *PLACES, *OTHERS]


@pytest.mark.parametrize("x", ALL, ids=lambda x: type(x).__name__)
def test_what_cannot_be_perturbed_has_no_tangent(x):
    assert cannot_be_perturbed(x)
    assert ProjectTo(x)(1.0) is zero_tangent(x) is NoTangent()
    assert ProjectTo([x, x])([1.0, 1.0]) is NoTangent()


@pytest.mark.parametrize("primal", [1.0, np.ones(2), (1.0, 2.0), 1j])
@pytest.mark.parametrize("x", ALL[2:], ids=lambda x: type(x).__name__)  # but flags, which are numbers too
def test_what_cannot_be_perturbed_is_no_cotangent(x, primal):
    with pytest.raises(ProjectionError):
        ProjectTo(primal)(x)


@pytest.mark.parametrize("x", [1.0, 1, 1j, np.ones(2), [1.0], {"a": 1.0}, object(), np.float32(1), {1.0}])
def test_other_things_may_be(x):
    assert not cannot_be_perturbed(x)


def test_a_module_that_nobody_loaded_is_not_asked(monkeypatch):
    rng = random.Random(0)
    monkeypatch.delitem(sys.modules, "random")
    assert not cannot_be_perturbed(rng)
    assert cannot_be_perturbed("a")


def test_a_function_of_the_users_own_comes_first():
    class Way(pathlib.PurePosixPath):
        pass

    zero_tangent.register(Way)(lambda x: 0.0)
    ProjectTo.register(Way)(lambda x: lambda dx: 2 * dx)
    assert zero_tangent(Way("a")) == 0.0
    assert ProjectTo(Way("a"))(1.0) == 2.0


def draw(rng):
    return rng.normal()


@rrule.register(draw)
def draw_rrule(draw, rng: np.random.Generator):
    return draw(rng), lambda ȳ: (NoTangent(), 2 * ȳ)


def test_debug_mode_refuses_a_cotangent_of_a_generator():
    with debugging():
        _, pullback = rrule(draw, np.random.default_rng(0))
        with pytest.raises(LyingRuleError, match=r"nothing for a Generator, which cannot be perturbed"):
            pullback(1.0)


@pytest.mark.parametrize("x", [datetime.date.min, datetime.datetime.min, datetime.timedelta(hours=1)])
def test_the_tangents_of_dates_are_durations(x):
    day = datetime.timedelta(days=1)
    assert ProjectTo(x)(day) is day
    assert x + (zero_tangent(x) + day) == x + day
