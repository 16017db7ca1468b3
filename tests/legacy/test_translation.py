"""The legacy form of tangents, and back."""

from dataclasses import dataclass
from enum import Enum
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from adjoint2rrule.core import (
    MutableTangent,
    NoTangent,
    NotImplementedTangentError,
    Tangent,
    UnknownFieldError,
    ZeroTangent,
    not_implemented,
    thunk,
)
from adjoint2rrule.legacy import LegacyRuleError, adapt_pullback, from_legacy, to_legacy


@dataclass
class Layer:
    index: float
    thickness: float
    name: str = ""


@dataclass
class Stack:
    layers: list
    substrate: Layer


class Design:
    def __init__(self, density, beta):
        self.density = density
        self.beta = beta


class Fresnel(NamedTuple):
    r: float
    t: float


class Pol(Enum):
    S = "s"


# -- to_legacy ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tangent", "expected"),
    [
        (ZeroTangent(), None),
        (NoTangent(), None),
        (2.0, 2.0),
        (None, None),
        (thunk(lambda: 2.0), 2.0),
        (thunk(ZeroTangent), None),
        (Tangent[tuple](1.0, ZeroTangent()), (1.0, None)),
        (Tangent[list](1.0, NoTangent()), [1.0, None]),
        (Tangent[Fresnel](t=1.0), (None, 1.0)),
        (Tangent[dict](a=thunk(lambda: 1.0), b=ZeroTangent()), {"a": 1.0, "b": None}),
        (Tangent[dict]({0: 1.0}), {0: 1.0}),
        (Tangent[Layer](index=1.0), {"index": 1.0, "thickness": None, "name": None}),
        (MutableTangent[Layer](index=1.0), {"index": 1.0, "thickness": None, "name": None}),
        (Tangent[Design](beta=1.0), {"beta": 1.0}),
        (Tangent[tuple](Tangent[Design](beta=Tangent[list](ZeroTangent())), 1.0), ({"beta": [None]}, 1.0)),
        ((1.0, [ZeroTangent()], {"a": thunk(lambda: 2.0)}), (1.0, [None], {"a": 2.0})),
    ],
)
def test_legacy_form_of(tangent, expected):
    legacy = to_legacy(tangent)
    assert legacy == expected
    assert isinstance(legacy, type(expected))


def test_named_tuple_keeps_its_names_in_the_legacy_form():
    seed = to_legacy(Tangent[Fresnel](t=1.0))
    assert (seed.r, seed.t) == (None, 1.0)
    assert to_legacy(Fresnel(thunk(lambda: 2.0), 1.0)) == Fresnel(2.0, 1.0)


@pytest.mark.parametrize("tangent", [Tangent[dict](core=1.0), Tangent[Design](density=1.0)], ids=str)
def test_parts_that_a_tangent_does_not_store_read_as_none(tangent):
    assert to_legacy(tangent)["beta"] is None


def test_not_implemented_tangents_stay_until_they_are_used():
    legacy = to_legacy(Tangent[tuple](not_implemented("the derivative"), 1.0))
    with pytest.raises(NotImplementedTangentError):
        bool(legacy[0])


# -- from_legacy --------------------------------------------------------------------------------------


class Scale:
    def __init__(self, a):
        self.a = a

    def __call__(self, x):
        return self.a * x


@pytest.mark.parametrize(
    "x",
    [
        None,
        True,
        3,
        "text",
        b"bytes",
        Pol.S,
        slice(1, 2),
        range(3),
        float,
        np.dtype(float),
        np.arange(3),
        np.array([True]),
        np.int64(3),
        np.bool_(True),
        np.datetime64("2020-01-01"),
        np.array(["a"]),
        abs,
        np.sin,
        str.count,
        [].append,
        test_legacy_form_of,
        Scale(1.0).__call__,
        np,
        ...,
        (1, 2),
        [],
        {"axis": 1},
    ],
)
def test_none_is_no_tangent_for_what_cannot_be_perturbed(x):
    assert from_legacy((None,), (x,)) == (NoTangent(),)


@pytest.mark.parametrize(
    "x",
    [
        1.0,
        1j,
        np.float32(1),
        np.ones(2),
        np.ones(0, complex),
        np.array([Scale(1.0)], dtype=object),
        (1, 2.0),
        [1, [2.0]],
        {"a": 1.0},
        Layer(1.0, 2.0),
        Fresnel(1.0, 2.0),
        Scale(1.0),
        sp.csr_array(np.eye(2)),
    ],
)
def test_none_is_a_zero_tangent_for_what_can_be_perturbed(x):
    assert from_legacy((None,), (x,)) == (ZeroTangent(),)


LAYER = Layer(1.5, 0.2)


@pytest.mark.parametrize(
    ("legacy", "primal", "expected"),
    [
        (2.0, 1.0, 2.0),
        ((2.0, None), (1.0, 1.0), Tangent[tuple](2.0, ZeroTangent())),
        ([2.0, None], [1.0, "a"], Tangent[list](2.0, NoTangent())),
        ([2.0, 3.0], (1.0, 1.0), Tangent[tuple](2.0, 3.0)),
        ((2.0, None), Fresnel(1.0, 1.0), Tangent[Fresnel](r=2.0)),
        ({"t": 2.0}, Fresnel(1.0, 1.0), Tangent[Fresnel](t=2.0)),
        ({"a": 2.0, "b": None}, {"a": 1.0, "b": 1.0}, Tangent[dict](a=2.0)),
        ({"index": 2.0, "thickness": None, "name": None}, LAYER, Tangent[Layer](index=2.0)),
        (SimpleNamespace(index=2.0), LAYER, Tangent[Layer](index=2.0)),
        ({"density": 2.0}, Design(1.0, 1.0), Tangent[Design](density=2.0)),
        (
            {"layers": [{"index": 2.0}, None], "substrate": {"thickness": 3.0}},
            Stack([LAYER, LAYER], LAYER),
            Tangent[Stack](
                layers=Tangent[list](Tangent[Layer](index=2.0), ZeroTangent()),
                substrate=Tangent[Layer](thickness=3.0),
            ),
        ),
        (Tangent[Layer](index=2.0), LAYER, Tangent[Layer](index=2.0)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_tangent_is_told_by_the_primal(legacy, primal, expected):
    assert from_legacy((legacy,), (primal,)) == (expected,)


def test_thunks_stay_lazy():
    (dx,) = from_legacy((thunk(lambda: pytest.fail("it ran")),), (1.0,))
    assert dx is not None


@pytest.mark.parametrize(
    ("cotangent", "x", "expected"),
    [
        ([1.0, 2.0], np.zeros(2), [1.0, 2.0]),
        ([1.0, None], np.zeros(2), [1.0, 0.0]),
        ([[1.0, 2.0], None], np.zeros((2, 2)), [[1.0, 2.0], [0.0, 0.0]]),
    ],
)
def test_list_for_an_array_is_that_array(cotangent, x, expected):
    (dx,) = from_legacy((cotangent,), (x,))
    assert isinstance(dx, np.ndarray)
    np.testing.assert_array_equal(dx, np.array(expected))


def test_sparse_cotangent_stays():
    A = sp.csr_array(np.eye(2))
    assert from_legacy((A,), (A,))[0] is A


def test_short_results_are_filled_and_a_single_none_is_all_zeros():
    assert from_legacy((2.0,), (1.0, 1.0, "a")) == (2.0, ZeroTangent(), NoTangent())
    assert from_legacy(None, (1.0, "a")) == (ZeroTangent(), NoTangent())
    assert from_legacy((), ()) == ()


@pytest.mark.parametrize(
    ("cotangents", "primals", "message"),
    [
        ((1.0, 2.0), (1.0,), r"2 entries.* 1 positional parameter\."),
        ([1.0], (1.0,), "a list and not a tuple"),
        (((1.0, 2.0, 3.0),), ((1.0, 2.0),), "a tuple of 3 is no cotangent of a tuple of 2"),
        (([1.0],), (np.ones(2),), "a list of 1 is no cotangent of a ndarray of 2"),
        (((1.0, 2.0),), (np.ones(2),), "a tuple of 2 is no cotangent of a ndarray"),
        (([1.0],), (np.ones(()),), "a list of 1 is no cotangent of a ndarray"),
        (((1.0,),), (2.0,), "a tuple of 1 is no cotangent of a float"),
        (((1.0,),), (LAYER,), "a tuple of 1 is no cotangent of a Layer"),
        (({"c": 1.0},), ({"a": 1.0},), "cotangent of a dict has the part 'c'"),
        (({"c": 1.0},), (LAYER,), "cotangent of a Layer has the part 'c'"),
        (({"c": 1.0},), (2.0,), "cotangent of a float has the part 'c'"),
    ],
)
def test_cotangent_that_does_not_fit_its_primal_is_an_error(cotangents, primals, message):
    with pytest.raises(LegacyRuleError, match=message):
        from_legacy(cotangents, primals)


def test_attribute_that_is_no_field_is_an_error_of_the_tangent():
    with pytest.raises(UnknownFieldError, match="__module__"):
        from_legacy(({"__module__": 1.0},), (LAYER,))


# -- there and back -----------------------------------------------------------------------------------

numbers = st.floats(allow_nan=False)
values = st.recursive(
    numbers,
    lambda parts: st.one_of(
        st.lists(parts, max_size=3),
        st.lists(parts, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=2), parts, max_size=3),
        st.builds(Fresnel, parts, parts),
        st.builds(Stack, parts, parts),
    ),
    max_leaves=8,
)


def as_legacy(x, scale):
    """Return a legacy cotangent with the structure of `x`: numbers that are scaled, and some `None`."""
    if isinstance(x, float):
        return scale * x if x > 0 else None
    if isinstance(x, dict):
        return {key: as_legacy(part, scale) for key, part in x.items()}
    if isinstance(x, Stack):
        return as_legacy(vars(x), scale)
    return (list if isinstance(x, list) else tuple)(as_legacy(part, scale) for part in x)


def without_zeros(legacy):
    if isinstance(legacy, dict):
        return {key: without_zeros(part) for key, part in legacy.items() if part is not None}
    if isinstance(legacy, tuple | list):
        return (list if isinstance(legacy, list) else tuple)(map(without_zeros, legacy))
    return legacy


@given(values)
def test_legacy_cotangents_survive_the_way_to_tangents_and_back(x):
    legacy = as_legacy(x, 0.5)
    (tangent,) = from_legacy((legacy,), (x,))
    assert without_zeros(to_legacy(tangent)) == without_zeros(legacy)


# -- adapt_pullback -----------------------------------------------------------------------------------


def test_adapted_pullback_speaks_tangents_on_both_sides():
    seen = []

    def back(seed):
        seen.append(seed)
        return ({"index": 2.0, "thickness": None, "name": None}, None)

    adapted = adapt_pullback(back, LAYER, "mode", 3.0)
    ȳ = Tangent[tuple](thunk(lambda: 1.0), ZeroTangent())
    assert adapted(ȳ) == (NoTangent(), Tangent[Layer](index=2.0), NoTangent(), ZeroTangent())
    assert seen == [(1.0, None)]


def test_adapted_functor_has_no_entry_inserted():
    adapted = adapt_pullback(lambda dy: ({"a": dy}, None), Scale(1.0), 2.0, functor=True)
    assert adapted(3.0) == (Tangent[Scale](a=3.0), ZeroTangent())


def test_adapted_pullback_does_not_run_for_a_zero():
    adapted = adapt_pullback(lambda dy: pytest.fail("the pullback ran"), 1.0, "a")
    assert adapted(ZeroTangent()) == (NoTangent(), ZeroTangent(), NoTangent())


def test_adapted_pullback_names_itself_where_its_result_does_not_fit():
    def my_back(dy):
        return (1.0, 2.0)

    with pytest.raises(LegacyRuleError, match="my_back returned 2 entries"):
        adapt_pullback(my_back, 1.0)(1.0)


def seen(seed, value):
    """Return the seed that an adapted pullback is given for `seed`, the tangent of `value`."""
    taken = []
    adapt_pullback(taken.append, value=value)(seed)
    (legacy,) = taken
    return legacy


@pytest.mark.parametrize(
    ("seed", "value", "expected"),
    [
        (Tangent[dict](a=2.0), {"b": 1.0, "a": 1.0}, {"b": None, "a": 2.0}),
        (Tangent[Design](density=2.0), Design(1.0, 1.0), {"density": 2.0, "beta": None}),
        (
            Tangent[Design](density=Tangent[Design](beta=2.0)),
            Design(Design(1.0, 1.0), 1.0),
            {"density": {"density": None, "beta": 2.0}, "beta": None},
        ),
        (
            Tangent[tuple](Tangent[Design](beta=2.0), ZeroTangent()),
            (Design(1.0, 1.0), 1.0),
            ({"density": None, "beta": 2.0}, None),
        ),
    ],
)
def test_seed_has_every_part_of_the_value(seed, value, expected):
    assert seen(seed, value) == expected


def test_seed_keeps_parts_that_the_value_does_not_show():
    assert seen(Tangent[Design](c=2.0), Design(1.0, 1.0))["c"] == 2.0


def test_parts_that_a_tangent_does_not_store_can_be_taken_out():
    legacy = to_legacy(Tangent[dict](a=2.0))
    assert [legacy.pop("b"), legacy.pop("b", 7.0), legacy.pop("a"), legacy] == [None, None, 2.0, {}]
