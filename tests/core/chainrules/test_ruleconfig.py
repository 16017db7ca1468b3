"""ChainRulesCore.jl, ``rule_author/superpowers/ruleconfig.md`` and ``ad_author/call_back_into_ad.md``.

Differs: ``RuleConfig{>:Union{A,B}}`` is the annotation ``RuleConfig[A, B]``, and so is the base class that an
AD system declares its features by.
"""

import math

import numpy as np
import pytest

from adjoint2rrule.core import (
    HasForwardsMode,
    HasReverseMode,
    MissingFeatureError,
    NoForwardsMode,
    NoReverseMode,
    NoTangent,
    RuleConfig,
    ZeroTangent,
    add_inplace,
    frule_via_ad,
    rrule,
    rrule_via_ad,
)
from adjoint2rrule.testing import test_rrule as check_rrule
from tests.support.forwarddiffzero import DualConfig
from tests.support.reversediffzero import TapeConfig


class Feature1:
    pass


class Feature2:
    pass


class OneConfig(RuleConfig[Feature1]):
    pass


class BothConfig(RuleConfig[Feature1, Feature2]):
    pass


def asking(x):
    return x


@rrule.register(asking)
def asking_rrule(config: RuleConfig[Feature1, Feature2], asking, x: float):
    return asking(x), lambda ȳ: (NoTangent(), ȳ)


def test_a_rule_needs_all_the_features_that_it_asks_for():
    assert rrule(BothConfig(), asking, 1.0) is not None
    assert rrule(OneConfig(), asking, 1.0) is None
    assert rrule(asking, 1.0) is None


def ranked(x):
    return x


@rrule.register(ranked)
def ranked_rrule_with_config(config: RuleConfig, ranked, x):
    return "with", lambda ȳ: (NoTangent(), ȳ)


@rrule.register(ranked)
def ranked_rrule(ranked, x: float):
    return "without", lambda ȳ: (NoTangent(), ȳ)


def test_a_rule_with_a_config_wins_over_a_more_specific_one_without():
    assert rrule(OneConfig(), ranked, 1.0)[0] == "with"
    assert rrule(ranked, 1.0)[0] == "without"


def test_a_rule_without_a_config_serves_every_system():
    def plain(x):
        return x

    @rrule.register(plain)
    def plain_rrule(plain, x: float):
        return plain(x), lambda ȳ: (NoTangent(), ȳ)

    assert rrule(OneConfig(), plain, 1.0)[0] == 1.0


def mapped(f, xs):
    return np.array([f(x) for x in xs])


@rrule.register(mapped)
def mapped_rrule_forwards(config: RuleConfig[HasForwardsMode], mapped, f, xs: np.ndarray):
    pairs = [frule_via_ad(config, (NoTangent(), 1.0), f, x) for x in xs]
    ys, dys = map(np.array, zip(*pairs, strict=True))

    def mapped_pullback(ȳs):
        return NoTangent(), NoTangent(), ȳs * dys

    return ys, mapped_pullback


@rrule.register(mapped)
def mapped_rrule_backwards(config: RuleConfig[HasReverseMode, NoForwardsMode], mapped, f, xs: np.ndarray):
    ys, pullbacks = zip(*(rrule_via_ad(config, f, x) for x in xs), strict=True)

    def mapped_pullback(ȳs):
        x̄s = [pullback(ȳ)[1] for pullback, ȳ in zip(pullbacks, ȳs, strict=True)]
        return NoTangent(), NoTangent(), np.array(x̄s)

    return np.array(ys), mapped_pullback


def logistic(x):
    return 1.0 / (1.0 - np.sinh(x))


XS = np.array([-0.5, 0.1, 0.7])


@pytest.mark.parametrize("config", [DualConfig(), TapeConfig()])
def test_map_differentiates_what_it_maps_by_the_mode_that_there_is(config):
    ys, pullback = rrule(config, mapped, logistic, XS)
    assert np.allclose(ys, mapped(logistic, XS))
    f̄, function_cotangent, x̄s = pullback(np.array([1.0, 2.0, 3.0]))
    assert (f̄, function_cotangent) == (NoTangent(), NoTangent())
    assert np.allclose(x̄s, [1, 2, 3] * np.cosh(XS) / (1 - np.sinh(XS)) ** 2)


def test_map_passes_the_tests_with_the_config_of_the_tests():
    check_rrule(mapped, math.exp, XS)


def test_no_rule_calls_back_where_there_is_no_config():
    assert rrule(mapped, logistic, XS) is None


class SupportsMutation:
    pass


class MutatingConfig(RuleConfig[SupportsMutation, HasReverseMode, NoForwardsMode]):
    pass


def push(xs, x):
    xs.append(x)
    return xs


@rrule.register(push)
def push_rrule(config: RuleConfig[SupportsMutation], push, xs: list, x: float):
    y = push(xs, x)

    def push_pullback(ȳ):
        xs.pop()  # as it was, for pullbacks that are yet to run
        return NoTangent(), ZeroTangent(), ȳ.pop()

    return y, push_pullback


def test_any_class_can_be_a_feature():
    xs = [1.0, 2.0]
    y, pullback = rrule(MutatingConfig(), push, xs, 3.0)
    assert y == [1.0, 2.0, 3.0]
    assert pullback([0.1, 0.2, 0.3]) == (NoTangent(), ZeroTangent(), 0.3)
    assert xs == [1.0, 2.0]
    assert rrule(TapeConfig(), push, xs, 3.0) is None


class OwnConfig(RuleConfig):
    pass


@rrule.register(add_inplace)
def add_inplace_rrule(config: OwnConfig, add_inplace, x, y):
    return x + y, lambda ȳ: (NoTangent(), ȳ, ȳ)


def test_a_rule_can_be_for_one_system_alone():
    x = np.ones(2)
    y, pullback = rrule(OwnConfig(), add_inplace, x, x)
    assert np.array_equal(y, [2.0, 2.0])
    assert np.array_equal(x, [1.0, 1.0])
    ȳ = np.array([1.0, 3.0])
    assert all(x̄ is ȳ for x̄ in pullback(ȳ)[1:])
    assert rrule(OneConfig(), add_inplace, x, x) is None
    assert rrule(add_inplace, x, x) is None


def test_a_system_that_says_it_has_a_mode_has_to_implement_it():
    class Promising(RuleConfig[HasReverseMode, NoForwardsMode]):
        pass

    with pytest.raises(MissingFeatureError, match=r"@rrule_via_ad\.register\(Promising\)"):
        rrule_via_ad(Promising(), math.sin, 1.0)
    with pytest.raises(MissingFeatureError, match="HasForwardsMode"):
        frule_via_ad(Promising(), (NoTangent(), 1.0), math.sin, 1.0)


def test_the_absence_of_a_mode_is_a_feature_too():
    assert TapeConfig.features == {HasReverseMode, NoForwardsMode}
    assert DualConfig.features == {HasForwardsMode, NoReverseMode}


def test_the_system_of_a_mode_may_be_another_one():
    # as Nabla could call ForwardDiff: a reverse mode system that borrows the dual numbers
    class Borrowing(RuleConfig[HasReverseMode, HasForwardsMode]):
        pass

    @frule_via_ad.register(Borrowing)
    def borrowed(config, dargs, f, *xs):
        return frule_via_ad(DualConfig(), dargs, f, *xs)

    assert frule_via_ad(Borrowing(), (NoTangent(), 1.0), lambda x: x * x, 3.0) == (9.0, 6.0)
