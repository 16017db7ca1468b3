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
    NoTangent,
    RegistrationError,
    RuleConfig,
    RuleError,
    frule,
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
        (
            lambda: rrule_via_ad(Forward(), len),
            r"^rrule_via_ad: Forward lacks the feature HasReverseMode\. .* asks for it with"
            r" `config: RuleConfig\[HasReverseMode\]`; .*`class Forward\(RuleConfig\[HasReverseMode\]\)`\.",
        ),
        (
            lambda: frule_via_ad(TapeConfig(), (), len),
            r"TapeConfig lacks the feature HasForwardsMode\. .* asks for it with `config:"
            r" RuleConfig\[HasForwardsMode\]`; .*`class TapeConfig\(RuleConfig\[HasForwardsMode\]\)`",
        ),
        (lambda: rrule_via_ad(TapeConfig(), len), r"TapeConfig has.*`@rrule_via_ad\.register\(TapeConfig\)`"),
        (lambda: rrule_via_ad(len, 1), r"must be a RuleConfig, not <built-in function len>\."),
        (
            lambda: rrule_via_ad(TapeConfig, len),
            r"not <class .*TapeConfig'>; make an instance, `TapeConfig\(\)`",
        ),
        (lambda: rrule_via_ad(RuleConfig(), len), r"`class MyConfig\(RuleConfig\[HasReverseMode\]\)`\."),
        (lambda: frule_via_ad(Inherited(), (), len), r"Inherited lacks the feature HasForwardsMode"),
    ],
)
def test_a_call_that_a_config_cannot_serve_names_what_is_missing(call, message):
    with pytest.raises(MissingFeatureError, match=message) as caught:
        call()
    assert isinstance(caught.value, RuleError)
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize("wrong", [int, 3, TapeConfig(), Forward, RuleConfig])
def test_only_configs_with_the_feature_can_be_implemented(wrong):
    with pytest.raises(RegistrationError, match=r"takes a subclass of RuleConfig|lacks the feature"):
        rrule_via_ad.register(wrong)


@pytest.mark.parametrize("via_ad", [rrule_via_ad, frule_via_ad])
def test_the_way_back_is_copied_and_pickled_as_itself(via_ad):
    assert pickle.loads(pickle.dumps(via_ad)) is via_ad
    assert copy.deepcopy(via_ad) is via_ad


@pytest.mark.parametrize(
    ("via_ad", "wrong", "message"),
    [
        (
            rrule_via_ad,
            lambda f: None,
            r"<lambda> cannot implement rrule_via_ad: too many positional.*\(config, f, /,",
        ),
        (
            frule_via_ad,
            lambda config, f: None,
            r"cannot implement frule_via_ad.*\(config, dargs, f, /, \*xs, \*\*kw\)",
        ),
        (rrule_via_ad, 3, r"3 cannot implement rrule_via_ad: 3 is not a callable object"),
    ],
)
def test_an_implementation_that_cannot_be_called_so_is_refused(via_ad, wrong, message):
    class Own(RuleConfig[HasReverseMode, HasForwardsMode]): ...

    with pytest.raises(RegistrationError, match=message):
        via_ad.register(Own)(wrong)
    with pytest.raises(MissingFeatureError):
        via_ad(Own(), (), abs)


def test_a_later_implementation_replaces_the_earlier():
    class Own(RuleConfig[HasReverseMode]): ...

    for name in ("first", "second"):
        rrule_via_ad.register(Own)(lambda config, f, /, *xs, name=name: name)
    assert rrule_via_ad(Own(), abs) == "second"


def test_a_subclass_that_adds_a_feature_has_the_implementation_of_the_other():
    class Own(RuleConfig[HasReverseMode]): ...

    class Both(Own, RuleConfig[HasForwardsMode]): ...

    rrule_via_ad.register(Own)(lambda config, f, /, *xs: "reverse")
    frule_via_ad.register(Both)(lambda config, dargs, f, /, *xs: "forwards")
    assert (rrule_via_ad(Both(), abs), frule_via_ad(Both(), (), abs)) == ("reverse", "forwards")
    with pytest.raises(MissingFeatureError, match="Own lacks the feature HasForwardsMode"):
        frule_via_ad(Own(), (), abs)


def test_rules_can_ask_for_what_ruleconfig_means_in_every_form():
    def f(x): ...

    def asks(hint, name, T):
        def rule(config, f, x):
            return name

        rule.__annotations__ = {"config": hint, "x": T}
        rrule.register(f)(rule)

    asks(RuleConfig, "any", object)
    asks(RuleConfig[HasReverseMode], "reverse", object)
    asks(RuleConfig[HasTape, HasReverseMode], "tape", object)
    asks(TapeConfig, "class", int)
    asks("Forward | RuleConfig[HasTape]", "either", str)
    rrule.register(f)(lambda f, x: "plain")
    assert [rrule(config, f, 1.0) for config in (RuleConfig(), Parametric(), TapeConfig())] == [
        "any",
        "reverse",
        "tape",
    ]
    assert [rrule(config, f, 1) for config in (Forward(), Inherited())] == ["any", "class"]
    assert rrule(Forward(), f, "a") == "either"
    assert rrule(f, 1) == "plain"


def test_a_rule_with_a_config_comes_first_even_for_the_wider_arguments():
    # ruleconfig.md of ChainRulesCore.jl warns of it.
    def f(x): ...

    @rrule.register(f)
    def any_config(config: RuleConfig, f, x):
        return "config"

    @rrule.register(f)
    def of_float(f, x: float):
        return "float"

    assert (rrule(RuleConfig(), f, 1.0), rrule(f, 1.0)) == ("config", "float")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_configs_and_annotations_survive_copies(copied):
    assert type(copied(TapeConfig())) is TapeConfig
    assert copied(TapeConfig) is TapeConfig
    hint = RuleConfig[HasReverseMode, HasTape]
    assert copied(hint) == hint
    assert hash(copied(hint)) == hash(hint)
    assert "HasReverseMode" in repr(hint)


def test_the_class_of_a_config_in_its_place_is_refused():
    def f(x):
        return x

    says = r"the class TapeConfig stands where a config may: make an instance, `TapeConfig\(\)`"
    with pytest.raises(MissingFeatureError, match=f"rrule: {says}"):
        rrule(TapeConfig, f, 1.0)
    with pytest.raises(MissingFeatureError, match=f"frule: {says}"):
        frule(TapeConfig, (NoTangent(), 1.0), f, 1.0)


def test_a_config_made_of_an_annotation_is_refused():
    config = RuleConfig[HasReverseMode]()
    says = r"RuleConfig\[HasReverseMode\]\(\) has no features.* write `class MyConfig\(RuleConfig\["
    for call in (rrule, rrule.which, rrule_via_ad):
        with pytest.raises(MissingFeatureError, match=says):
            call(config, abs, 1.0)
    with pytest.raises(MissingFeatureError, match=says):
        frule(config, (NoTangent(), 1.0), abs, 1.0)
