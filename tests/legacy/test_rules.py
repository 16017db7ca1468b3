"""What the runtime makes of a definition's result, and what it hides from the definition."""

# ruff: noqa: F811 - a plain definition takes the name of its primal

import copy
import re
from types import SimpleNamespace

import numpy as np
import pytest

from adjoint2rrule.core import NoTangent, Tangent, ZeroTangent, debugging, thunk
from adjoint2rrule.legacy import LegacyRuleError, _pullback, adjoint, pullback


def defined(back):
    """Return a function of three parameters, two with defaults, whose adjoint has this pullback."""

    def f(x, y=0.0, z=0.0):
        return x

    @adjoint
    def f(x, y=0.0, z=0.0):
        return x, back

    return f


def test_entries_for_parameters_left_to_their_defaults_are_dropped():
    f = defined(lambda dy: (1.0, 2.0, 3.0))
    assert pullback(f, 0.5)[1](1.0) == (1.0,)
    assert pullback(f, 0.5, 0.5)[1](1.0) == (1.0, 2.0)
    assert pullback(f, 0.5, z=0.5)[1](1.0) == (1.0,)
    assert _pullback(f, 0.5, 0.5, 0.5)[1](1.0) == (None, 1.0, 2.0, 3.0)


@pytest.mark.parametrize("result", [(), (None,), None, (None, None)])
def test_missing_entries_are_none(result):
    assert pullback(defined(lambda dy: result), 0.5, 0.5, 0.5)[1](1.0) == (None, None, None)


def test_pullback_gives_a_tuple_whatever_tuple_it_got():
    class Entries(tuple):
        __slots__ = ()

    result = pullback(defined(lambda dy: Entries((1.0, 2.0))), 0.5, 0.5)[1](1.0)
    assert type(result) is tuple
    assert result == (1.0, 2.0)


def test_too_many_entries_are_an_error_that_names_the_definition():
    back = pullback(defined(lambda dy: (1.0, 2.0, 3.0, 4.0)), 0.5)[1]
    where = re.escape(__file__) + r":\d+"
    with pytest.raises(
        LegacyRuleError, match=rf"pullback of .*f \({where}\) returned 4 entries.* 3 positional"
    ):
        back(1.0)


@pytest.mark.parametrize(
    ("result", "what"),
    [(2.0, "a float"), ([1.0], "a list"), ({"x": 1.0}, "a dict"), (np.ones(1), "a ndarray")],
)
def test_result_that_is_no_tuple_is_an_error(result, what):
    back = pullback(defined(lambda dy: result), 0.5)[1]
    with pytest.raises(LegacyRuleError, match=rf"returned {what} and not a tuple"):
        back(1.0)


@pytest.mark.parametrize("result", [2.0, None, (2.0,), (2.0, None), [2.0, abs], (1.0, abs, abs)])
def test_definition_that_returns_no_pair_is_an_error(result):
    def f(x):
        return x

    @adjoint(f)
    def rule_of_f(x):
        return result

    with pytest.raises(LegacyRuleError, match=r"rule_of_f .*not a pair `\(y, pullback\)`"):
        pullback(f, 1.0)


def test_variadic_parameters_have_an_entry_each():
    def f(x, *xs, power=1.0, **options):
        return x

    @adjoint
    def f(x, *xs, power=1.0, **options):
        return x, lambda dy: tuple(power * n for n in range(1 + len(xs)))

    assert pullback(f, 1.0, 1.0, 1.0, power=2.0, other=3.0)[1](1.0) == (0.0, 2.0, 4.0)
    assert pullback(f, 1.0)[1](1.0) == (0.0,)


def test_variadic_definition_with_an_entry_too_many_is_an_error():
    def f(*xs):
        return xs[0]

    @adjoint
    def f(*xs):
        return xs[0], lambda dy: (1.0,) * (len(xs) + 1)

    with pytest.raises(LegacyRuleError, match=r"3 entries.* 2 positional parameters"):
        pullback(f, 1.0, 1.0)[1](1.0)


def test_variadic_definition_may_be_called_with_less_than_its_named_parameters():
    def f(x, y=1.0, *xs):
        return x

    @adjoint
    def f(x, y=1.0, *xs):
        return x, lambda dy: (3.0, 4.0, *xs)

    assert pullback(f, 1.0)[1](1.0) == (3.0,)


@pytest.mark.parametrize("seed", [None, ZeroTangent(), NoTangent(), thunk(ZeroTangent)], ids=str)
def test_zero_seed_gives_zeros_without_running_the_pullback(seed):
    f = defined(lambda dy: pytest.fail("the pullback ran"))
    assert _pullback(f, 0.5, 0.5)[1](seed) == (None, None, None)


@pytest.mark.parametrize(
    "seed", [0.0, np.zeros(2), (None, None), {"a": None}, Tangent[tuple](ZeroTangent())], ids=str
)
def test_seed_that_is_zero_in_parts_or_by_value_runs_the_pullback(seed):
    f = defined(lambda dy: ("ran",))
    assert pullback(f, 0.5)[1](seed) == ("ran",)


@pytest.mark.parametrize(
    ("seed", "seen"),
    [
        (thunk(lambda: 2.0), 2.0),
        ((thunk(lambda: 2.0), None), (2.0, None)),
        ([1.0, {"a": thunk(lambda: 2.0)}], [1.0, {"a": 2.0}]),
        (Tangent[tuple](thunk(lambda: 2.0), ZeroTangent()), (2.0, None)),
        (thunk(lambda: Tangent[dict](a=ZeroTangent())), {"a": None}),
        (SimpleNamespace(a=thunk(lambda: 2.0)), SimpleNamespace(a=2.0)),
    ],
    ids=["whole", "in_tuple", "nested", "in_tangent", "tangent", "namespace"],
)
def test_pullback_sees_no_thunks_and_no_tangents(seed, seen):
    got = []
    pullback(defined(lambda dy: got.append(dy)), 0.5)[1](seed)
    assert got == [seen]
    assert type(got[0]) is type(seen) or isinstance(got[0], type(seen))


def test_seed_in_the_legacy_form_reaches_the_pullback_itself():
    got, seeds = [], [np.ones(2), (1.0, None), {"a": 1.0}, [1.0], SimpleNamespace(a=1.0)]
    back = pullback(defined(lambda dy: got.append(dy)), 0.5)[1]
    for seed in seeds:
        back(seed)
    assert all(a is b for a, b in zip(got, seeds, strict=True))


def test_function_with_a_definition_shows_no_new_fields():
    # what code that walks through objects does: whatever has fields is looked into, copied and rebuilt
    f = defined(lambda dy: (dy,))
    for table in vars(f).values():
        assert not hasattr(table, "__dict__")
        assert type(table).__slots__ == ()
        assert copy.copy(table) is copy.deepcopy(table) is table
    assert pullback(copy.deepcopy(f), 0.5)[1](1.0) == (1.0,)


def test_debug_mode_does_not_ask_for_the_form_of_rrule():
    with debugging():
        assert pullback(defined(lambda dy: None), 0.5)[1](1.0) == (None,)
