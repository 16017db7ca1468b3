"""Features of an AD system, and the way back into it."""

import copy
import pickle
from typing import Generic, TypeVar

import pytest

from adjoint2rrule.core import (
    HasForwardsMode,
    HasReverseMode,
    MissingFeatureError,
    NoForwardsMode,
    NoReverseMode,
    RegistrationError,
    RuleConfig,
    RuleError,
    frule_via_ad,
    rrule,
    rrule_via_ad,
)


class HasTape:
    """A feature of the user's own."""


class TapeConfig(RuleConfig[HasReverseMode, NoForwardsMode, HasTape]): ...


class Inherited(TapeConfig): ...


class Extended(TapeConfig, RuleConfig[HasForwardsMode]): ...


class Parametric(RuleConfig[HasReverseMode], Generic[TypeVar("T")]): ...


class Forward(RuleConfig[HasForwardsMode, NoReverseMode]): ...


@pytest.mark.parametrize(
    ("config", "features"),
    [
        (RuleConfig, set()),
        (TapeConfig, {HasReverseMode, NoForwardsMode, HasTape}),
        (Inherited, {HasReverseMode, NoForwardsMode, HasTape}),
        (Extended, {HasReverseMode, NoForwardsMode, HasTape, HasForwardsMode}),
        (Parametric, {HasReverseMode}),
    ],
)
def test_a_config_has_its_features_and_those_of_its_bases(config, features):
    assert config.features == config().features == features


def test_a_rule_can_ask_for_a_feature_of_the_users_own():
    def f(x): ...

    @rrule.register(f)
    def rule(config: RuleConfig[HasTape], f, x):
        return "tape"

    assert rrule(TapeConfig(), f, 1.0) == "tape"
    assert rrule(Forward(), f, 1.0) is None


def test_an_implementation_serves_its_config_and_those_derived_from_it():
    class Own(RuleConfig[HasReverseMode]): ...

    class Derived(Own): ...

    class Special(Own): ...

    @rrule_via_ad.register(Own)
    def own(config, f, /, *xs, **kw):
        return "own", config, f, xs, kw

    @rrule_via_ad.register(Special)
    def special(config, f, /, *xs, **kw):
        return ("special",)

    config = Derived()
    assert rrule_via_ad(config, len, 1, 2, f=3, config=4) == (
        "own",
        config,
        len,
        (1, 2),
        {"f": 3, "config": 4},
    )
    assert rrule_via_ad(Special(), len) == ("special",)


def test_forwards_mode_takes_the_tangents_first():
    class Own(RuleConfig[HasForwardsMode]): ...

    @frule_via_ad.register(Own)
    def own(config, dargs, f, /, *xs):
        return dargs, f, xs

    assert frule_via_ad(Own(), (1, 2), len, 3) == ((1, 2), len, (3,))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rrule_via_ad(Forward(), len), r"rrule_via_ad: Forward lacks the feature HasReverseMode"),
        (lambda: frule_via_ad(TapeConfig(), (), len), r"TapeConfig lacks the feature HasForwardsMode"),
        (lambda: rrule_via_ad(TapeConfig(), len), r"TapeConfig has.*`@rrule_via_ad\.register\(TapeConfig\)`"),
        (lambda: rrule_via_ad(len, 1), r"must be a RuleConfig, not <built-in function len>"),
    ],
)
def test_a_call_that_a_config_cannot_serve_names_what_is_missing(call, message):
    with pytest.raises(MissingFeatureError, match=message) as caught:
        call()
    assert isinstance(caught.value, RuleError)
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize("wrong", [int, 3, TapeConfig(), Forward])
def test_only_configs_with_the_feature_can_be_implemented(wrong):
    with pytest.raises(RegistrationError, match=r"takes a subclass of RuleConfig|lacks the feature"):
        rrule_via_ad.register(wrong)


@pytest.mark.parametrize("via_ad", [rrule_via_ad, frule_via_ad])
def test_the_way_back_is_copied_and_pickled_as_itself(via_ad):
    assert pickle.loads(pickle.dumps(via_ad)) is via_ad
    assert copy.deepcopy(via_ad) is via_ad
