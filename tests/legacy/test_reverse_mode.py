"""What `_pullback`, `pullback` and `gradient` call, in what order, and what they give."""

# ruff: noqa: F811 - a plain definition takes the name of its primal

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from adjoint2rrule.core import (
    HasReverseMode,
    NoTangent,
    RuleConfig,
    Tangent,
    ZeroTangent,
    rrule,
    rrule_via_ad,
    thunk,
)
from adjoint2rrule.interop.autograd import AutogradConfig, MissingAutogradError
from adjoint2rrule.legacy import (
    NotAScalarError,
    __context__,
    _pullback,
    adapt_pullback,
    adjoint,
    gradient,
    nograd,
    pullback,
)


@dataclass
class Affine:
    weight: float
    bias: float

    def __call__(self, x):
        return self.weight * x + self.bias

    def scaled(self, x):
        return self.weight * x


def with_definition(answer):
    def f(x):
        return 2 * x

    @adjoint
    def f(x):
        return 2 * x, lambda dy: (answer,)

    return f


def with_rrule(answer):
    def f(x):
        return 2 * x

    @rrule.register(f)
    def f_rrule(f, x):
        return 2 * x, lambda ȳ: (NoTangent(), answer)

    return f


# -- the order ----------------------------------------------------------------------------------------


def test_definition_comes_before_a_rule():
    f = with_rrule("rule")
    adjoint(f)(lambda x: (2 * x, lambda dy: ("definition",)))
    assert gradient(f, 1.0) == ("definition",)


def test_rule_comes_before_autograd():
    assert gradient(with_rrule("rule"), 1.0) == ("rule",)


def test_rule_serves_the_arguments_that_no_definition_takes():
    f = with_rrule("rule")

    @adjoint(f)
    def _(x: float):
        return 2 * x, lambda dy: ("definition",)

    assert gradient(f, 1.0) == ("definition",)
    assert pullback(f, 1j)[1](1.0) == ("rule",)


def test_autograd_does_the_rest():
    assert gradient(lambda x: np.sin(x) * x, 2.0) == pytest.approx((np.sin(2.0) + 2 * np.cos(2.0),))


def test_without_autograd_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "autograd.core", None)

    def lonely(x):
        return x

    with pytest.raises(MissingAutogradError, match=r"lonely has no rule.*'adjoint2rrule\[autograd\]'"):
        gradient(lonely, 1.0)
    assert gradient(with_definition(3.0), 1.0) == (3.0,)
    assert gradient(with_rrule(3.0), 1.0) == (3.0,)


def test_import_loads_neither_autograd_nor_scipy():
    check = (
        "import sys, adjoint2rrule.legacy as legacy\n"
        "f = legacy.adjoint(abs)(lambda x: (abs(x), lambda dy: (dy,)))\n"
        "assert legacy.gradient(abs, 1.0) == (1.0,)\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(loaded & {'autograd', 'scipy', 'libcst', 'click', 'rich'}))"
    )
    result = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


# -- what is called -----------------------------------------------------------------------------------


def test_pullback_has_no_entry_for_the_function():
    f = with_definition(3.0)
    assert _pullback(f, 1.0)[1](1.0) == (None, 3.0)
    assert pullback(f, 1.0)[1](1.0) == (3.0,)


def test_keywords_reach_the_rule():
    def f(x, *, power):
        return x**power

    @adjoint
    def f(x, *, power):
        return x**power, lambda dy: (power * dy,)

    assert _pullback(f, 2.0, power=3)[1](1.0) == (None, 3.0)
    assert gradient(f, 2.0, power=3) == (3.0,)
    assert pullback(lambda x, *, f: f * x, 2.0, f=4.0)[1](1.0) == (4.0,)


@pytest.mark.parametrize("call", [_pullback, pullback])
def test_context_in_front_changes_nothing(call):
    f = with_definition(3.0)
    assert call(__context__, f, 1.0)[1](1.0) == call(f, 1.0)[1](1.0)
    assert gradient(__context__, f, 1.0) == gradient(f, 1.0)


def test_config_alone_is_an_error():
    with pytest.raises(TypeError, match="'f'"):
        _pullback(__context__)


def test_seeds_and_cotangents_of_a_rule_are_in_the_legacy_form():
    seeds = []

    def swap(p, layer, mode):
        return p[1], {"a": p[0]}

    @rrule.register(swap)
    def swap_rrule(swap, p, layer, mode):
        def back(ȳ):
            seeds.append(ȳ)
            dp = Tangent[tuple](ȳ[1]["a"], ȳ[0])
            return NoTangent(), dp, thunk(lambda: Tangent[Affine](bias=2.0)), NoTangent()

        return swap(p, layer, mode), back

    _, back = pullback(swap, (1.0, 2.0), Affine(1.0, 2.0), "up")
    assert back((None, {"a": 3.0})) == ((3.0, None), {"weight": None, "bias": 2.0}, None)
    assert seeds == [Tangent[tuple](ZeroTangent(), Tangent[dict](a=3.0))]
    assert back((thunk(lambda: 4.0), {"a": None})) == ((None, 4.0), {"weight": None, "bias": 2.0}, None)


@pytest.mark.parametrize("seed", [None, ZeroTangent(), NoTangent()], ids=repr)
@pytest.mark.parametrize(
    "make", [with_definition, with_rrule, lambda _: lambda x: 2 * x], ids=["legacy", "rule", "ad"]
)
def test_zero_seed_gives_none_for_all(make, seed):
    assert _pullback(make(3.0), 1.0)[1](seed) == (None, None)


def test_entries_of_a_rule_for_defaults_are_dropped():
    def f(x, y=1.0):
        return x

    @rrule.register(f)
    def f_rrule(f, x, y=1.0):
        return x, lambda ȳ: (NoTangent(), 2.0, 3.0)

    assert _pullback(f, 1.0)[1](1.0) == (None, 2.0)


def test_rule_of_a_functor_gives_its_own_cotangent():
    class Line(Affine):
        pass

    @rrule.register(Line)
    def line_rrule(self, x):
        return self(x), lambda ȳ: (Tangent[Line](weight=x * ȳ), self.weight * ȳ)

    assert _pullback(Line(2.0, 1.0), 3.0)[1](1.0) == ({"weight": 3.0, "bias": None}, 2.0)


def test_bound_method_and_functor_without_rules_are_differentiated_in_their_objects():
    affine = Affine(2.0, 1.0)
    assert _pullback(affine, 3.0)[1](1.0) == ({"weight": 3.0, "bias": 1.0}, 2.0)
    assert _pullback(affine.scaled, 3.0)[1](1.0) == ({"weight": 3.0, "bias": 0.0}, 2.0)


def test_constructor_without_a_rule_is_differentiated():
    y, back = _pullback(Affine, 2.0, 1.0)
    assert y == Affine(2.0, 1.0)
    assert back({"weight": 3.0, "bias": None}) == (None, 3.0, 0.0)


# -- another AD system --------------------------------------------------------------------------------


class Recording(RuleConfig[HasReverseMode]):
    def __init__(self):
        self.calls = []


@rrule_via_ad.register(Recording)
def _(config, f, /, *xs, **kw):
    config.calls.append((f, xs, kw))
    return f(*xs, **kw), lambda ȳ: (NoTangent(), *(thunk(lambda: ȳ) for _ in xs))


@pytest.mark.parametrize("make", [with_definition, with_rrule])
def test_config_in_front_uses_its_own_ad(make):
    config, f = Recording(), make(3.0)
    y, back = _pullback(config, f, 1.5)
    assert config.calls == [(f, (1.5,), {})]
    assert (y, back(4.0)) == (3.0, (None, 4.0))
    assert pullback(config, f, 1.5)[1](4.0) == (4.0,)
    assert gradient(config, f, 1.5) == (1.0,)


def test_config_in_front_still_speaks_the_legacy_form():
    _, back = _pullback(Recording(), lambda p: p, (1.0, 2.0))
    assert back((3.0, None)) == (None, (3.0, None))
    assert back(None) == (None, None)


def test_converted_rule_calls_back_into_the_legacy_ad():
    inner = with_definition(30.0)

    def apply(f, x):
        return f(x)

    @rrule.register(apply)
    def apply_rrule(config: RuleConfig[HasReverseMode], apply, f, x):
        y, back = rrule_via_ad(config, f, x)

        def apply_pullback(ȳ):
            df, dx = back(ȳ)
            return NoTangent(), df, dx

        return y, apply_pullback

    assert _pullback(apply, inner, 1.0)[1](1.0) == (None, None, 30.0)
    assert _pullback(apply, with_rrule(40.0), 1.0)[1](1.0) == (None, None, 40.0)
    assert _pullback(apply, lambda x: x**2, 3.0)[1](1.0) == (None, None, 6.0)


def test_legacy_ad_gives_tangents_to_converted_rules():
    @adjoint(Affine.scaled)
    def _(self, x):
        return self.weight * x, lambda dy: ({"weight": x * dy, "bias": None}, self.weight * dy)

    _, back = rrule_via_ad(__context__, Affine(2.0, 1.0).scaled, 3.0)
    assert back(thunk(lambda: 1.0)) == (Tangent[Affine](weight=3.0), 2.0)
    assert back(ZeroTangent()) == (ZeroTangent(), ZeroTangent())
    _, back = rrule_via_ad(__context__, Affine.scaled, Affine(2.0, 1.0), 3.0)
    assert back(1.0) == (NoTangent(), Tangent[Affine](weight=3.0), 2.0)


def test_adapted_rule_runs_under_every_config():
    def map_list(f, xs):
        return [f(x) for x in xs]

    @rrule.register(map_list)
    def map_list_rrule(config: RuleConfig[HasReverseMode], map_list, f, xs):
        pairs = [_pullback(config, f, x) for x in xs]

        def back(dys):
            return (None, [one(dy)[1] for (_, one), dy in zip(pairs, dys, strict=True)])

        return [y for y, _ in pairs], adapt_pullback(back, f, xs)

    for config in (AutogradConfig(), __context__):
        y, back = rrule(config, map_list, lambda x: x**2, [2.0, 3.0])
        assert y == [4.0, 9.0]
        assert back(Tangent[list](1.0, ZeroTangent())) == (
            NoTangent(),
            NoTangent(),
            Tangent[list](4.0, ZeroTangent()),
        )


# -- gradient -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("y", [2.0, 2, np.float32(2), np.array(2.0)], ids=repr)
def test_gradient_is_the_pullback_of_one(y):
    def f(x):
        return y

    seen = []
    adjoint(f)(lambda x: (y, lambda dy: (seen.append(dy), "gradient")[1:]))
    assert gradient(f, 1.0) == ("gradient",)
    assert seen == [1]
    assert np.result_type(seen[0], np.float32(1)) == np.result_type(y, np.float32(1))


@pytest.mark.parametrize(
    "y",
    [np.ones(1), (1.0,), {"a": 1.0}, 1j, np.complex64(1), np.array(1j), None, "text", Affine(1.0, 2.0)],
    ids=repr,
)
def test_gradient_of_what_is_no_real_number_is_an_error(y):
    @nograd
    def f(x):
        return y

    with pytest.raises(NotAScalarError, match=rf"an? {type(y).__name__} and not a real number.*`pullback`"):
        gradient(f, 1.0)
