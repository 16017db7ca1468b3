"""Rules without code: `non_differentiable` and `opt_out`."""

import functools

import numpy as np
import pytest

from adjoint2rrule.core import (
    HasReverseMode,
    NoTangent,
    RegistrationError,
    RuleConfig,
    frule,
    is_opted_out,
    non_differentiable,
    opt_out,
    rrule,
)


class ReverseConfig(RuleConfig[HasReverseMode]): ...


def target():
    def f(*xs, **kw):
        return xs, kw

    return f


def has_rules(f, *xs, **kw):
    reverse = rrule(f, *xs, **kw)
    forward = frule((NoTangent(),) * (1 + len(xs)), f, *xs, **kw)
    assert (reverse is None) == (forward is None)
    return reverse is not None


# Derivatives that are zero.


def test_every_argument_gets_no_tangent():
    f = target()
    assert non_differentiable(f) is f
    for xs in ((), (1.0,), (1.0, "a", None)):
        y, pullback = rrule(f, *xs, axis=0)
        assert y == (xs, {"axis": 0})
        assert pullback(1.0) == (NoTangent(),) * (1 + len(xs))
        assert frule((NoTangent(), *xs), f, *xs, axis=0) == (y, NoTangent())


def test_it_is_a_decorator():
    @non_differentiable
    def rank(x):
        return 1

    assert has_rules(rank, np.ones(2))


def test_types_restrict_it():
    f = target()
    non_differentiable(f, int, str | None)
    assert has_rules(f, 1, None)
    assert not has_rules(f, 1)
    assert not has_rules(f, 1.0, "a")
    assert not has_rules(f, 1, "a", "b")


def test_an_ellipsis_makes_the_last_type_variadic():
    f = target()
    non_differentiable(f, str, int, ...)
    assert has_rules(f, "a")
    assert has_rules(f, "a", 1, 2, 3)
    assert not has_rules(f)
    assert not has_rules(f, "a", 1, 2.0)


def test_a_differentiable_case_can_be_more_specific():
    f = target()
    non_differentiable(f)

    @rrule.register(f)
    def rule(f, x: float):
        return "rule"

    assert rrule(f, 1.0) == "rule"
    assert has_rules(f, "a")


def test_it_takes_the_targets_of_register():
    class Rank:
        def __init__(self, n=0): ...

        def __call__(self, x):
            return 1

        def of(self, x):
            return 2

    class Sub(Rank): ...

    assert non_differentiable(Rank) is Rank
    non_differentiable(Rank.of)
    non_differentiable(type[Rank], subclasses=True)
    assert rrule(Sub(), 1.0)[1](1.0) == (NoTangent(), NoTangent())
    assert rrule(Sub().of, 1.0)[1](1.0) == (NoTangent(), NoTangent())
    assert rrule(Rank.of, Sub(), 1.0)[1](1.0) == (NoTangent(), NoTangent(), NoTangent())
    assert isinstance(rrule(Sub, 3)[0], Sub)
    for f in (np.floor, np.argmax):
        assert non_differentiable(f) is f
        assert has_rules(f, np.ones(2))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: non_differentiable(complex),
            r"^non_differentiable\(complex\).*write `non_differentiable\(type\[complex\]\)`",
        ),
        (
            lambda: non_differentiable(target(), ...),
            r"non_differentiable\(.*f, \.\.\.\): `\.\.\.` stands after a type",
        ),
        (lambda: non_differentiable(target(), 3), r"non_differentiable: 3 is not a type"),
        (lambda: non_differentiable(target(), ..., int), r"Ellipsis is not a type"),
        (
            lambda: opt_out(frule, complex, int),
            r"^opt_out\(frule, complex\).*write `opt_out\(frule, type\[complex\]\)`",
        ),
        (lambda: is_opted_out(rrule, 3.0), r"^is_opted_out\(rrule, 3\.0\): it is neither a callable"),
        (lambda: opt_out(rrule, ReverseConfig), r"opt_out: no target after ReverseConfig"),
        (lambda: opt_out(target(), float), r"opt_out: .*f is neither `rrule` nor `frule`"),
        (lambda: is_opted_out(target(), float), r"is_opted_out: .*f is neither `rrule` nor `frule`"),
        (lambda: is_opted_out(rrule, target(), 3), r"is_opted_out: 3 is not a type"),
        (lambda: opt_out(rrule, target(), "Layer"), r"opt_out: 'Layer' is a string; write the class itself"),
    ],
)
def test_a_wrong_signature_says_why(make, message):
    with pytest.raises(RegistrationError, match=message):
        make()


# Signatures without a rule.


def test_for_the_types_it_is_as_if_no_rule_fitted():
    f = target()

    @rrule.register(f)
    @frule.register(f)
    def rule(*args):
        return "rule"

    opt_out(rrule, f, str, int, ...)
    assert rrule(f, "a") is rrule(f, "a", 1, 2) is None
    assert rrule(f, "a", 1.0) == rrule(f, 1) == "rule"
    assert frule((), f, "a") == "rule"
    opt_out(frule, f, str)
    assert frule((), f, "a") is None


def test_a_more_specific_rule_opts_in_again():
    f = target()
    opt_out(rrule, f, complex)

    @rrule.register(f)
    def rule(f, x: float):
        return "rule"

    assert rrule(f, 1j) is None
    assert rrule(f, 1.0) == "rule"


def test_an_opted_out_class_does_not_fall_back_on_its_base():
    class Base:
        def __call__(self, x): ...

    class Sub(Base): ...

    rrule.register(Base)(lambda self, x: "rule")
    opt_out(rrule, Sub, float)
    assert rrule(Sub(), 1.0) is None
    assert rrule(Sub(), "a") == rrule(Base(), 1.0) == "rule"
    assert is_opted_out(rrule, Sub, float)
    assert is_opted_out(rrule, Sub(), float)
    assert not is_opted_out(rrule, Sub, str)
    assert not is_opted_out(rrule, Base, float)


def test_an_opt_out_goes_before_a_rule_that_annotates_its_instance():
    class Own:
        def __call__(self, x): ...

    @rrule.register(Own)
    def rule(self: Own, x):
        return "rule"

    opt_out(rrule, Own, float)
    assert rrule(Own(), 1.0) is None
    assert rrule(Own(), "a") == "rule"


def test_rules_with_a_config_are_opted_out_of_by_config():
    f = target()

    @rrule.register(f)
    def configured(config: RuleConfig, f, x):
        return "configured"

    @rrule.register(f)
    def plain(f, x):
        return "plain"

    opt_out(rrule, f, float)
    assert rrule(f, 1.0) is None
    assert rrule(ReverseConfig(), f, 1.0) == "configured"
    opt_out(rrule, RuleConfig[HasReverseMode], f, float)
    assert rrule(ReverseConfig(), f, 1.0) is None
    assert rrule(RuleConfig(), f, 1.0) == "configured"
    assert rrule(ReverseConfig(), f, "a") == "configured"


def test_what_is_opted_out_of_can_be_asked():
    f = target()
    opt_out(rrule, f, list[float])
    opt_out(rrule, RuleConfig[HasReverseMode], f, str)
    assert is_opted_out(rrule, f, list[int])
    assert not is_opted_out(rrule, f, list)
    assert not is_opted_out(rrule, f, list[str])
    assert not is_opted_out(frule, f, list[int])
    assert not is_opted_out(rrule, f, str)
    assert is_opted_out(rrule, ReverseConfig, f, str)
    assert not is_opted_out(rrule, RuleConfig, f, str)
    assert is_opted_out(rrule, ReverseConfig, f, list[int])


def test_a_constructor_can_be_opted_out_of():
    class Own: ...

    opt_out(rrule, type[Own], int)
    assert is_opted_out(rrule, type[Own], int)
    assert not is_opted_out(rrule, type[Own], str)


class Layer:
    def phase(self, x): ...

    @classmethod
    def of_air(cls, x): ...


def test_methods_can_be_opted_out_of_for_one_object():
    class Own(Layer): ...

    class Sub(Own): ...

    own, sub = Own(), Sub()
    rrule.register(Own.phase)(lambda phase, self, x: (1, lambda ȳ: (ȳ, ȳ, ȳ)))
    opt_out(rrule, own.phase, float)
    assert rrule(own.phase, 1.0) is None
    assert rrule(own.phase, "a")[0] == rrule(sub.phase, 1.0)[0] == 1
    assert is_opted_out(rrule, own.phase, float)
    assert not is_opted_out(rrule, own.phase, str)
    assert not is_opted_out(rrule, sub.phase, float)
    assert not is_opted_out(frule, own.phase, float)


def test_an_opt_out_of_a_function_holds_for_the_method():
    class Own:
        def phase(self, x): ...

    class Sub(Own): ...

    rrule.register(Own.phase)(lambda phase, self, x: (1, lambda ȳ: (ȳ, ȳ, ȳ)))
    opt_out(rrule, Own.phase, Sub, float)
    opt_out(rrule, RuleConfig[HasReverseMode], Own.phase, Own, str)
    assert rrule(Sub().phase, 1.0) is None
    assert is_opted_out(rrule, Sub().phase, float)
    assert is_opted_out(rrule, ReverseConfig, Own().phase, str)
    assert not is_opted_out(rrule, Own().phase, float)
    assert not is_opted_out(rrule, Own().phase, str)


def test_class_methods_and_methods_of_c_can_be_opted_out_of():
    class Own(Layer): ...

    class Sub(Own): ...

    opt_out(rrule, Own.of_air, float)
    assert is_opted_out(rrule, Own.of_air, float)
    assert not is_opted_out(rrule, Sub.of_air, float)
    opt_out(rrule, str.zfill, str, int)
    assert is_opted_out(rrule, "a".zfill, int)
    assert not is_opted_out(rrule, "a".zfill, str)


def test_a_rule_of_a_method_itself_comes_before_an_opt_out_of_its_function():
    class Own:
        def phase(self, x): ...

    own = Own()
    opt_out(rrule, Own.phase)
    rrule.register(own.phase)(lambda phase, x: "own")
    assert rrule(own.phase, 1.0) == "own"
    assert not is_opted_out(rrule, own.phase, float)
    assert is_opted_out(rrule, Own().phase, float)


@pytest.mark.parametrize("tool", [non_differentiable, functools.partial(opt_out, rrule)])
def test_what_the_tools_register_takes_the_place_of_a_rule_with_options(tool):
    f = target()
    rrule.register(f)(lambda f, x, *, axis=None: "rule")
    tool(f, object)
    for options in ({}, {"axis": 0}, {"keepdims": True}):
        assert rrule(f, 1.0, **options) != "rule"
    rrule.register(f)(lambda f, x, *, axis: "rule")
    assert rrule(f, 1.0, axis=0) == "rule"
    assert rrule(f, 1.0) != "rule"


def test_without_types_the_tools_take_the_place_of_all_rules():
    for before in (
        lambda f, x: "rule",
        lambda f, x, *, axis=None: "rule",
        lambda f, *xs: "rule",
    ):
        f = target()
        rrule.register(f)(before)
        frule.register(f)(lambda dargs, f, x: "rule")
        non_differentiable(f)
        assert has_rules(f, 1.0)
        assert rrule(f, 1.0)[1](1.0) == (NoTangent(), NoTangent())
        assert frule((), f, 1.0)[1] == NoTangent()
        assert len(rrule.methods(f)) == len(frule.methods(f)) == 1
        opt_out(rrule, f)
        assert rrule(f, 1.0) is None
        assert len(rrule.methods(f)) == len(frule.methods(f)) == 1


def test_an_opt_out_without_types_is_one_of_all_calls():
    f = target()

    @rrule.register(f)
    def float_rule(f, x: float):
        return "float"

    assert not is_opted_out(rrule, f)
    opt_out(rrule, f)
    assert is_opted_out(rrule, f)
    assert is_opted_out(rrule, f, float)
    assert is_opted_out(rrule, f, str, int)
    assert not is_opted_out(frule, f)
    rrule.register(f)(float_rule)
    assert rrule(f, 1.0) == "float"
    assert rrule(f, "a") is None
    assert not is_opted_out(rrule, f)
    assert not is_opted_out(rrule, f, float)
    assert is_opted_out(rrule, f, str)


def test_an_opt_out_of_some_calls_is_none_of_all():
    f = target()
    opt_out(rrule, f, float, ...)
    assert is_opted_out(rrule, f, float)
    assert not is_opted_out(rrule, f)


def test_an_opt_out_without_types_leaves_rules_with_another_config():
    f = target()

    @rrule.register(f)
    def any_config(config: RuleConfig, f, x):
        return "any"

    @rrule.register(f)
    def reverse_config(config: RuleConfig[HasReverseMode], f, x: float):
        return "reverse"

    rrule.register(f)(lambda f, x: "plain")
    opt_out(rrule, f)
    assert rrule(f, 1.0) is None
    assert rrule(ReverseConfig(), f, 1.0) == "reverse"
    assert not is_opted_out(rrule, ReverseConfig, f)
    opt_out(rrule, RuleConfig[HasReverseMode], f)
    assert rrule(ReverseConfig(), f, 1.0) is rrule(ReverseConfig(), f, "a") is None
    assert rrule(RuleConfig(), f, "a") == "any"
    opt_out(rrule, RuleConfig, f)
    assert rrule(RuleConfig(), f, "a") is None
    assert is_opted_out(rrule, ReverseConfig, f)


def test_an_opt_out_of_a_class_is_one_of_its_instances_alone():
    class Own:
        def __call__(self, x): ...

    class Sub(Own): ...

    rrule.register(Own)(lambda self, x: "rule")
    opt_out(rrule, Sub)
    assert is_opted_out(rrule, Sub)
    assert is_opted_out(rrule, Sub())
    assert rrule(Sub(), 1.0) is None
    assert not is_opted_out(rrule, Own)
    assert rrule(Own(), 1.0) == "rule"
