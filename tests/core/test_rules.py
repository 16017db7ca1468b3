"""`rrule` and `frule`: which rule a call gets, and what can be registered."""

import abc
import copy
import pickle
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from inspect import Parameter
from itertools import product
from types import FunctionType
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import pytest

from adjoint2rrule.core import (
    AmbiguousRuleError,
    HasForwardsMode,
    HasReverseMode,
    LyingRuleError,
    MissingFeatureError,
    NoTangent,
    RegistrationError,
    RuleCallError,
    RuleConfig,
    RuleError,
    frule,
    is_opted_out,
    opt_out,
    rrule,
    rrule_via_ad,
)


class ReverseConfig(RuleConfig[HasReverseMode]): ...


class BothConfig(RuleConfig[HasReverseMode, HasForwardsMode]): ...


@dataclass
class Layer:
    index: float
    thickness: float
    name: str = ""

    def phase(self, wavelength):
        return self.index * self.thickness / wavelength

    @classmethod
    def of_air(cls, thickness):
        return cls(1.0, thickness)

    @staticmethod
    def wavenumber(wavelength):
        return 1 / wavelength


class AbsorbingLayer(Layer): ...


class Affine:
    __hash__ = None

    def __eq__(self, other):
        return True  # a registry that compared callables would take all of these for one

    def __call__(self, x):
        return x


class SteepAffine(Affine): ...


def target():
    """Return a new function to register rules for."""

    def f(*xs, **kw):
        return xs

    return f


def register(f, *rules):
    for rule in rules:
        rrule.register(f)(rule)
    return f


def chosen(*call, **kw):
    """Return the name that the chosen rule gives, as all the rules here do in place of the pair."""
    return rrule(*call, **kw)


# What comes back.


def test_the_pair_of_the_rule_comes_back_as_it_is():
    pair = [object(), object()]
    f = register(target(), lambda f, x: pair)
    assert rrule(f, 1.0) is pair


@pytest.mark.parametrize("f", [target(), len, np.sin, Layer, Affine(), Layer(1.0, 2.0).phase])
def test_none_where_nothing_is_registered(f):
    assert rrule(f, 1.0) is None
    assert rrule(ReverseConfig(), f, 1.0) is None
    assert frule((NoTangent(), 1.0), f, 1.0) is None
    assert frule(ReverseConfig(), (NoTangent(), 1.0), f, 1.0) is None


def test_none_where_no_rule_fits():
    f = register(target(), lambda f, x: "one argument")
    assert chosen(f, 1.0) == "one argument"
    assert rrule(f) is None
    assert rrule(f, 1.0, 2.0) is None


def test_registration_returns_the_function_so_that_it_stacks():
    f, g = target(), target()

    @rrule.register(f)
    @rrule.register(g)
    def rule(f, x):
        return "both"

    assert rule(None, 1) == "both"
    assert chosen(f, 1.0) == chosen(g, 1.0) == "both"


def test_the_callable_itself_reaches_the_rule():
    f = register(target(), lambda f, x: f)
    assert rrule(f, 1.0) is f


# Which rule.


def int_rule(f, x: int):
    return "int"


def float_rule(f, x: float):
    return "float"


def complex_rule(f, x: complex):
    return "complex"


def any_rule(f, x):
    return "any"


def array_rule(f, x: np.ndarray):
    return "array"


def list_rule(f, x: list[float]):
    return "list"


def a_rule(f, x: Literal["a"]):
    return "a"


def str_rule(f, x: str):
    return "str"


def layer_rule(f, x: Layer):
    return "layer"


def absorbing_rule(f, x: AbsorbingLayer):
    return "absorbing"


def none_rule(f, x: int | None):
    return "optional"


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (True, "int"),
        (np.int8(1), "int"),
        (1.0, "float"),
        (np.float32(1), "float"),
        (1j, "complex"),
        (np.complex64(1), "complex"),
        (np.ones(2), "array"),
        ([1, 2.0], "list"),
        ([1, "a"], "any"),
        ("a", "a"),
        ("b", "str"),
        (Layer(1, 2), "layer"),
        (AbsorbingLayer(1, 2), "absorbing"),
        (None, "optional"),
        (len, "any"),
    ],
)  # fmt: skip
def test_the_most_specific_rule_wins_whatever_the_order_of_registration(x, expected):
    rules = [
        int_rule, float_rule, complex_rule, any_rule, array_rule, list_rule,
        a_rule, str_rule, layer_rule, absorbing_rule, none_rule,
    ]  # fmt: skip
    for seed in range(5):
        random.Random(seed).shuffle(rules)
        f = register(target(), *rules)
        assert [chosen(f, x) for _ in range(2)] == [expected] * 2  # found, and remembered


def test_a_remembered_choice_does_not_outlive_a_registration():
    f = register(target(), any_rule)
    assert chosen(f, 1.0) == "any"
    register(f, float_rule)
    assert chosen(f, 1.0) == "float"


def test_values_of_one_class_can_choose_differently():
    f = register(target(), a_rule, list_rule)
    assert [chosen(f, x) for x in ("a", "b", "a", [1.0], ["a"])] == ["a", None, "a", "list", None]


def test_every_argument_counts():
    def x_first(f, x: float, y):
        return "x"

    def y_first(f, x, y: float):
        return "y"

    def both(f, x: float, y: float):
        return "both"

    f = register(target(), x_first, y_first)
    assert chosen(f, 1.0, "a") == "x"
    assert chosen(f, "a", 1.0) == "y"
    with pytest.raises(AmbiguousRuleError):
        rrule(f, 1.0, 1.0)
    register(f, both)
    assert chosen(f, 1.0, 1.0) == "both"


def test_an_ambiguous_call_lists_its_candidates():
    f = target()

    @rrule.register(f)
    def narrow_x(f, x: float, y): ...

    @rrule.register(f)
    def narrow_y(f, x, y: list[int]): ...

    @rrule.register(f)
    def unrelated(f, x: str, y): ...

    with pytest.raises(AmbiguousRuleError) as caught:
        rrule(f, 1.0, [1])
    message = str(caught.value)
    assert "f(float, list): 2 rules fit" in message
    assert "narrow_x(f, x: float, y)" in message
    assert "narrow_y(f, x, y: list[int])" in message
    assert f"{__file__}:{narrow_x.__code__.co_firstlineno}" in message
    assert "unrelated" not in message
    assert isinstance(caught.value, RuleError | TypeError)


def test_variadic_rules():
    def one(f, x):
        return "one"

    def some(f, x, *ys):
        return "some"

    def floats(f, *xs: float):
        return "floats"

    def many(f, *xs):
        return "many"

    f = register(target(), many, floats, some, one)
    assert chosen(f) == "floats"
    assert chosen(f, "a") == "one"
    assert chosen(f, "a", "b") == "some"
    assert chosen(f, 1.0, 2.0) == "floats"

    def first_float(f, x: float, *ys): ...

    register(f, first_float)
    assert chosen(f, 1.0, 2.0) == "floats"
    register(f, lambda f, x, y, *zs: "two or more")
    assert chosen(f, "a", "b") == "two or more"


def test_a_variadic_annotation_holds_for_every_element():
    f = register(target(), lambda f, x, *ys: "any")

    @rrule.register(f)
    def floats(f, x, *ys: float):
        return "floats"

    assert chosen(f, "a", 1.0, 2) == "floats"
    assert chosen(f, "a", 1.0, "b") == "any"


def test_equal_variadics_that_differ_in_what_is_left_out_are_ambiguous():
    f = target()

    @rrule.register(f)
    def strings(f, x, *ys: str): ...

    @rrule.register(f)
    def layers(f, x, *ys: Layer): ...

    with pytest.raises(AmbiguousRuleError):
        rrule(f, 1.0)


def test_a_parameter_left_to_its_default_fits():
    def rule(f, x, axis: int = -1, form: Literal["plain", "log"] = "plain"):
        return axis, form

    f = register(target(), rule)
    assert chosen(f, 1.0) == (-1, "plain")
    assert chosen(f, 1.0, 0) == (0, "plain")
    assert chosen(f, 1.0, 0, "log") == (0, "log")
    assert rrule(f, 1.0, "0") is None
    assert rrule(f, 1.0, 0, "exp") is None


def test_a_default_of_none_makes_none_acceptable():
    f = target()

    @rrule.register(f)
    def rule(f, x, axis: int = None):  # noqa: RUF013
        return "axis", axis

    assert chosen(f, 1.0, 2) == ("axis", 2)
    assert chosen(f, 1.0, None) == ("axis", None)
    assert rrule(f, 1.0, "a") is None


def test_a_rule_with_the_exact_parameters_goes_before_one_with_defaults():
    def exact(f, x):
        return "exact"

    def optional(f, x, y=1):
        return "optional"

    for rules in ([exact, optional], [optional, exact]):
        f = register(target(), *rules)
        assert chosen(f, 1.0) == "exact"
        assert chosen(f, 1.0, 2.0) == "optional"


def test_a_rule_with_defaults_goes_before_one_that_takes_any_number():
    def optional(f, x, y=1, z=2):
        return "optional"

    def variadic(f, x, *ys):
        return "variadic"

    for rules in ([variadic, optional], [optional, variadic]):
        f = register(target(), *rules)
        assert [chosen(f, *[1.0] * count) for count in (1, 2, 3)] == ["optional"] * 3
        assert chosen(f, 1.0, 2.0, 3.0, 4.0) == "variadic"


def test_a_repeated_registration_replaces_the_rule():
    f = target()

    def load_module(version):
        @rrule.register(f)
        def any_rule(f, x):
            return "any", version

        @rrule.register(f)
        def float_rule(f, x: float | int, *ys):  # `float` is the same type
            return "float", version

    for version in range(3):
        load_module(version)
    assert chosen(f, "a") == ("any", 2)
    assert chosen(f, 1.0, 2.0) == ("float", 2)
    (table,) = rrule._plain.tables("itself", f)
    assert len(table.methods) == 2


# Keywords.


def test_keywords_reach_the_rule():
    f = register(target(), lambda f, x, *, axis=None, **options: (axis, options))
    assert chosen(f, 1.0, axis=2, keepdims=True) == (2, {"keepdims": True})


@pytest.mark.parametrize("name", ["f", "config", "self", "dargs", "target", "xs", "call"])
def test_every_keyword_name_reaches_the_rule(name):
    g = target()
    rrule.register(g)(lambda g, /, x, **kw: kw)
    frule.register(g)(lambda da, g, /, x, **kw: kw)
    assert rrule(g, 1.0, **{name: 2}) == {name: 2}
    assert rrule(ReverseConfig(), g, 1.0, **{name: 2}) == {name: 2}
    assert frule((), g, 1.0, **{name: 2}) == {name: 2}
    assert frule(ReverseConfig(), (), g, 1.0, **{name: 2}) == {name: 2}


def test_a_parameter_given_by_keyword_is_dispatched_on():
    def on_float(f, x, y: float):
        return "float"

    def on_str(f, x, y: str):
        return "str"

    f = register(target(), on_float, on_str)
    assert chosen(f, 1.0, y=2.0) == "float"
    assert chosen(f, 1.0, y="a") == "str"
    assert rrule(f, 1.0, y=None) is None
    assert rrule(f, x=1.0, y="a") == "str"


def test_a_rule_that_does_not_take_the_keywords_does_not_fit():
    def rule(f, x, *, axis):
        return axis

    f = register(target(), rule)
    assert chosen(f, 1.0, axis=0) == 0
    assert rrule(f, 1.0) is None
    assert rrule(f, 1.0, axis=0, keepdims=True) is None
    assert rrule(f, 1.0, x=2.0, axis=0) is None


def test_an_option_is_dispatched_on_by_its_annotation():
    def whole(f, x, *, axis: None):
        return "whole"

    def along(f, x, *, axis: int):
        return "along"

    for rules in ([whole, along], [along, whole]):
        f = register(target(), *rules)
        assert (chosen(f, 1.0, axis=None), chosen(f, 1.0, axis=0)) == ("whole", "along")
        assert rrule(f, 1.0, axis="first") is rrule(f, 1.0) is None


def test_the_annotation_of_all_other_options_is_dispatched_on():
    def rule(f, x, **weights: float):
        return weights

    f = register(target(), rule)
    assert chosen(f, 1.0, a=1) == {"a": 1}
    assert rrule(f, 1.0, a=1, b="b") is None


@pytest.mark.parametrize(
    "other",
    [
        lambda f, x: "other",
        lambda f, x, *, axis=None: "other",
        lambda f, x, *, along: "other",
        lambda f, x, *, axis, keepdims: "other",
        lambda f, x, *, axis, **kw: "other",
        lambda f, x, **kw: "other",
    ],
)
def test_only_a_rule_with_the_same_options_is_replaced(other):
    def rule(f, x, *, axis):
        return "rule"

    f = register(target(), rule, other)
    assert rrule.methods(f) == [other, rule]
    assert chosen(f, 1.0, axis=0) == ("other" if other.__kwdefaults__ else "rule")


def test_the_order_of_options_is_no_part_of_the_signature():
    def first(f, x, *, a: int, b: str): ...

    def second(f, x, *, b: str, a: int): ...

    assert rrule.methods(register(target(), first, second)) == [second]


def test_a_rule_with_the_options_of_the_call_goes_before_one_that_leaves_them_open():
    def with_options(f, x, *, axis=0, keepdims=False):
        return "options"

    def with_axis(f, x, *, axis=0):
        return "axis"

    def without(f, x):
        return "none"

    def with_any(f, x, **kw):
        return "any"

    rules = [with_options, with_axis, without, with_any]
    for order in (rules, rules[::-1]):
        f = register(target(), *order)
        assert [chosen(f, 1.0), chosen(f, 1.0, axis=1)] == ["none", "axis"]
        assert [chosen(f, 1.0, keepdims=True), chosen(f, 1.0, other=1)] == ["options", "any"]


def test_a_call_without_the_option_that_tells_rules_apart_is_ambiguous():
    def whole(f, x, *, axis: None = None):
        return "whole"

    def along(f, x, *, axis: int = 0):
        return "along"

    f = register(target(), whole, along)
    assert (chosen(f, 1.0, axis=None), chosen(f, 1.0, axis=1)) == ("whole", "along")
    with pytest.raises(AmbiguousRuleError, match=r"f\(float\): 2 rules fit[^$]*of options .* a default"):
        rrule(f, 1.0)


def test_a_virtual_subclass_counts_for_an_option_too():
    class Axes(abc.ABC):
        @abc.abstractmethod
        def first(self): ...

    @Axes.register
    class First: ...

    class Second: ...

    def rule(f, x, *, axes: Axes):
        return "rule"

    f = register(target(), rule)
    assert chosen(f, 1.0, axes=First()) == "rule"
    assert rrule(f, 1.0, axes=Second()) is None
    Axes.register(Second)
    assert chosen(f, 1.0, axes=Second()) == "rule"


# Targets.


def test_a_constructor_is_the_class_itself_and_no_subclass():
    class Own(Layer): ...

    class Sub(Own): ...

    @rrule.register(type[Own])
    def Own_rrule(Own, index, thickness, name: str = ""):
        return Own

    assert rrule(Own, 1.0, 2.0) is Own
    assert rrule(Sub, 1.0, 2.0) is None
    with pytest.raises(RuleCallError, match="cannot be called"):
        rrule(Own(1.0, 2.0))


def test_a_constructor_rule_can_hold_for_subclasses():
    class Own: ...

    class Sub(Own): ...

    class Special(Sub): ...

    @rrule.register(type[Own], subclasses=True)
    def Own_rrule(cls: type[Own]):
        return "own", cls

    @rrule.register(type[Special])
    def Special_rrule(cls):
        return "special", cls

    assert rrule(Own) == ("own", Own)
    assert rrule(Sub) == ("own", Sub)
    assert rrule(Special) == ("special", Special)


def test_a_functor_rule_is_for_the_instances_of_the_class_and_its_subclasses():
    class Own(Affine): ...

    class Sub(Own): ...

    @rrule.register(Own)
    def Own_rrule(self: Own, x):
        return self

    for instance in (Own(), Sub()):
        assert rrule(instance, 1.0) is instance
    assert rrule(Affine(), 1.0) is None
    assert rrule(Own, 1.0) is None


def test_a_functor_rule_is_none_for_a_subclass_that_overrides_the_call():
    class Own(Affine): ...

    class Relu(Own):
        def __call__(self, x):
            return max(super().__call__(x), 0.0)

    class Leaf(Relu): ...

    rrule.register(Own)(lambda self, x: "own")
    for config in ((), (ReverseConfig(),)):
        assert rrule(*config, Own(), 1.0) == "own"
        assert rrule(*config, Relu(), 1.0) is rrule(*config, Leaf(), 1.0) is None
    assert rrule.methods(Leaf) == rrule.methods(Leaf()) == []
    rrule.register(Relu)(lambda self, x: "relu")
    assert rrule(Leaf(), 1.0) == "relu"


def test_a_call_that_is_overridden_by_a_mixin_is_another_call():
    class Mixin:
        def __call__(self, x): ...

    class Own(Affine): ...

    class Left(Mixin, Own): ...

    class Right(Own, Mixin): ...

    rrule.register(Own)(lambda self, x: "own")
    assert rrule(Left(), 1.0) is None
    assert rrule(Right(), 1.0) == "own"


def test_a_rule_for_an_abstract_call_is_for_those_that_implement_it():
    class Abstract(abc.ABC):
        @abc.abstractmethod
        def __call__(self, x): ...

    class Model(Protocol):
        def __call__(self, x): ...

    for base in (Abstract, Model):

        class Own(base):
            def __call__(self, x): ...

        class Sub(Own):
            def __call__(self, x): ...

        rrule.register(base)(lambda self, x: "abstract")
        assert rrule(Own(), 1.0) == rrule(Sub(), 1.0) == "abstract"
        rrule.register(Own)(lambda self, x: "own")
        assert (rrule(Own(), 1.0), rrule(Sub(), 1.0)) == ("own", "abstract")


def test_a_rule_of_the_call_method_serves_the_instances():
    class Own:
        def __call__(self, x): ...

    class Sub(Own): ...

    class Other(Own):
        def __call__(self, x): ...

    own = Own()

    @rrule.register(Own.__call__)
    def call_rrule(call, self, x: float):
        return (call, self, x), lambda ȳ: (NoTangent(), "self", ȳ)

    @frule.register(Own.__call__)
    def call_frule(dargs, call, self, x):
        return dargs

    y, pullback = rrule(own, 1.0)
    assert (y, pullback(2.0)) == ((Own.__call__, own, 1.0), ("self", 2.0))
    assert frule(("dself", "dx"), own, 1.0) == (NoTangent(), "dself", "dx")
    assert rrule.which(own, 1.0) is rrule.which(Sub(), 1.0) is call_rrule
    assert rrule(Other(), 1.0) is rrule(own, "a") is None
    assert rrule.methods(own) == rrule.methods(Own) == rrule.methods(Sub()) == [call_rrule]
    opt_out(rrule, Own.__call__, Sub, float)
    assert is_opted_out(rrule, Sub, float)
    assert not is_opted_out(rrule, Own, float)
    rrule.register(Own)(lambda self, x: "instances")
    assert rrule(own, 1.0) == "instances"


def test_the_nearest_class_comes_first_and_its_bases_fill_in():
    class Own(Affine): ...

    class Sub(Own): ...

    @rrule.register(Own)
    def own_any(self, x):
        return "own any"

    @rrule.register(Own)
    def own_float(self, x: float):
        return "own float"

    @rrule.register(Sub)
    def sub_number(self, x: complex):
        return "sub number"

    assert rrule(Own(), 1.0) == "own float"
    assert rrule(Sub(), 1.0) == "sub number"
    assert rrule(Sub(), "a") == "own any"


def test_the_annotation_of_the_instance_selects_too():
    class Own(Affine): ...

    class Sub(Own): ...

    @rrule.register(Own)
    def sub_only(self: Sub, x):
        return "sub"

    assert rrule(Sub(), 1.0) == "sub"
    assert rrule(Own(), 1.0) is None


class Root: ...


def new_functor():
    class Leaf(Root):
        def __call__(self, x): ...

    return Leaf, Leaf(), [Any, Root, Leaf, Leaf | int, "Leaf"]


def new_constructor():
    class Leaf(Root): ...

    return type[Leaf], Leaf, [Any, type, type[Root], type[Leaf], "type[Leaf]"]


def new_function():
    def leaf(x): ...

    return leaf, leaf, [Any, Callable, FunctionType, "FunctionType"]


@pytest.mark.parametrize("make", [new_functor, new_constructor, new_function])
def test_annotating_the_callable_as_what_it_is_makes_no_rule_more_specific(make):
    count = 1 + len(make()[2])
    for first, second in product(range(count), repeat=2):
        target, called, hints = make()
        for number, name, T in ((first, "any", Any), (second, "int", int)):
            rule = lambda f, x, name=name: name  # noqa: E731
            rule.__annotations__ = {"f": [Parameter.empty, *hints][number], "x": T}
            rrule.register(target)(rule)
        assert (rrule(called, 1), rrule(called, 1.0)) == ("int", "any"), (first, second)


def test_a_rule_for_one_object_comes_before_that_of_its_class():
    class Own(Affine): ...

    special = Own()
    rrule.register(Own)(lambda self, x: "class")
    rrule.register(special)(lambda self, x: "object")
    assert rrule(special, 1.0) == "object"
    assert rrule(Own(), 1.0) == "class"


def test_classes_are_instances_of_their_metaclass():
    class Meta(type): ...

    class Own(metaclass=Meta): ...

    rrule.register(Meta)(lambda cls: cls)
    assert rrule(Own) is Own
    assert rrule(Layer) is None


def test_a_bound_method_uses_the_rule_of_its_function():
    class Own(Layer):
        def phase(self, wavelength):
            return self.index / wavelength

    @rrule.register(Own.phase)
    def phase_rrule(phase, self: Own, wavelength: float):
        def phase_pullback(ȳ):
            return NoTangent(), ("self", ȳ), ("wavelength", ȳ)

        return phase(self, wavelength), phase_pullback

    @frule.register(Own.phase)
    def phase_frule(dargs, phase, self, wavelength):
        return phase(self, wavelength), dargs

    layer = Own(3.0, 1.0)
    y, pullback = rrule(layer.phase, 2.0)
    assert (y, pullback(1)) == (1.5, (("self", 1), ("wavelength", 1)))
    y, pullback = rrule(layer.phase, wavelength=2.0)
    assert (y, pullback(1)) == (1.5, (("self", 1), ("wavelength", 1)))
    assert frule(("dself", "dx"), layer.phase, 2.0) == (1.5, (NoTangent(), "dself", "dx"))
    assert rrule(layer.phase, "a") is None
    assert rrule(Own.phase, layer, 2.0)[1](1) == (NoTangent(), ("self", 1), ("wavelength", 1))


@pytest.mark.parametrize(
    ("given", "shown"), [(3.0, "a float"), ((1.0, len, 2.0), "a tuple of 3"), ([1.0, len], "list")]
)
@pytest.mark.parametrize("config", [(), (ReverseConfig(),)])
def test_the_rule_of_a_bound_method_has_to_return_a_pair(config, given, shown):
    class Own:
        def phase(self, x): ...

    def phase_rrule(phase, self, x):
        return given

    def phase_rrule_with_config(config: ReverseConfig, phase, self, x):
        return given

    rule = phase_rrule_with_config if config else phase_rrule
    rrule.register(Own.phase)(rule)
    message = rf"rrule of .*phase, .*{rule.__name__} \(.*returned .*{shown}.*return \(y, pullback\)"
    with pytest.raises(LyingRuleError, match=message):
        rrule(*config, Own().phase, 1.0)
    # That of the function is what its rule returned, unseen.
    assert rrule(*config, Own.phase, Own(), 1.0) is given


def test_the_pair_of_a_bound_method_may_have_names():
    class Own:
        def phase(self, x): ...

    class Pair(NamedTuple):
        y: Any
        pullback: Any

    rrule.register(Own.phase)(lambda phase, self, x: Pair(x, lambda ȳ: (NoTangent(), ȳ, ȳ)))
    assert rrule(Own().phase, 1.0)[1](2.0) == (2.0, 2.0)


def test_a_bound_method_of_c_uses_the_rule_of_its_descriptor():
    class Own(np.ndarray): ...

    rrule.register(str.upper)(lambda upper, self: (upper(self), lambda ȳ: (NoTangent(), ȳ)))
    y, pullback = rrule("a".upper)
    assert (y, pullback(1)) == ("A", (1,))
    assert rrule("a".lower) is None


def test_a_bound_method_itself_can_be_the_target():
    generator = random.Random(1)
    rrule.register(generator.gauss)(lambda gauss, mu, sigma: "this generator's")
    assert rrule(generator.gauss, 0.0, 1.0) == "this generator's"
    assert rrule(random.Random(1).gauss, 0.0, 1.0) is None
    assert rrule(generator.uniform, 0.0, 1.0) is None


def test_a_class_method_is_a_bound_method_of_its_class():
    class Own(Layer): ...

    class Sub(Own): ...

    rrule.register(Own.of_air)(lambda of_air, thickness: of_air(thickness))
    assert rrule(Own.of_air, 2.0) == Own(1.0, 2.0)
    assert rrule(Sub.of_air, 2.0) is None


def test_a_static_method_is_a_function():
    class Own:
        @staticmethod
        def wavenumber(wavelength): ...

        rrule.register(wavenumber)(lambda f, wavelength: "static")

    assert rrule(Own.wavenumber, 1.0) == rrule(Own().wavenumber, 1.0) == "static"


def test_a_property_rule_on_getattr():
    @rrule.register(getattr)
    def getattr_rrule(getattr, x: AbsorbingLayer, name: Literal["optical_thickness"]):  # noqa: A002
        return "property"

    assert rrule(getattr, AbsorbingLayer(1, 2), "optical_thickness") == "property"
    assert rrule(getattr, AbsorbingLayer(1, 2), "index") is None
    assert rrule(getattr, Layer(1, 2), "optical_thickness") is None


def test_a_wrapper_does_not_inherit_the_rules_of_what_it_wraps():
    f = register(target(), any_rule)

    @wraps(f)
    def wrapper(*xs):
        return 2 * f(*xs)

    assert rrule(wrapper, 1.0) is None
    register(wrapper, float_rule)
    assert chosen(wrapper, 1.0) == "float"
    assert chosen(f, 1.0) == "any"


# Configs.


def test_a_rule_with_a_config_comes_before_every_rule_without():
    f = target()

    @rrule.register(f)
    def plain(f, x: float):
        return "plain"

    @rrule.register(f)
    def reverse(config: RuleConfig[HasReverseMode], f, x):
        return "reverse"

    assert rrule(f, 1.0) == "plain"
    assert rrule(ReverseConfig(), f, 1.0) == "reverse"
    assert rrule(RuleConfig(), f, 1.0) == "plain"


def test_the_rule_that_asks_for_most_features_wins():
    f = target()

    @rrule.register(f)
    def any_config(config: RuleConfig, f, x):
        return "any"

    @rrule.register(f)
    def reverse(config: RuleConfig[HasReverseMode], f, x):
        return "reverse"

    @rrule.register(f)
    def both(config: RuleConfig[HasForwardsMode, HasReverseMode], f, x):
        return "both"

    @rrule.register(f)
    def one_system(config: BothConfig, f, x: int):
        return "system"

    assert rrule(RuleConfig(), f, 1.0) == "any"
    assert rrule(ReverseConfig(), f, 1.0) == "reverse"
    assert rrule(BothConfig(), f, 1.0) == "both"
    assert rrule(BothConfig(), f, 1) == "system"
    assert rrule(f, 1.0) is None


def test_the_config_reaches_the_rule():
    f = target()

    @rrule.register(f)
    def rule(config: RuleConfig[HasReverseMode], f, x):
        return config, f, x

    @frule.register(f)
    def forward(config: RuleConfig[HasReverseMode], dargs, f, x):
        return config, dargs, f, x

    config = ReverseConfig()
    assert rrule(config, f, 1.0) == (config, f, 1.0)
    assert frule(config, ("df", "dx"), f, 1.0) == (config, ("df", "dx"), f, 1.0)


def test_a_rule_with_a_config_serves_bound_methods_too():
    class Own(Layer):
        def phase(self, wavelength): ...

    @rrule.register(Own.phase)
    def phase_rrule(config: RuleConfig[HasReverseMode], phase, self, x):
        return config, lambda ȳ: (NoTangent(), self, ȳ)

    layer, config = Own(1.0, 2.0), ReverseConfig()
    y, pullback = rrule(config, layer.phase, 1.0)
    assert (y, pullback(3)) == (config, (layer, 3))
    assert rrule(layer.phase, 1.0) is None


# Registrations that cannot work.


@pytest.mark.parametrize(
    ("register_it", "message"),
    [
        (lambda: rrule.register(Layer), r"rrule\.register\(Layer\).*`@rrule\.register\(type\[Layer\]\)`"),
        (lambda: frule.register(Layer), r"`@frule\.register\(type\[Layer\]\)`"),
        (lambda: rrule.register(int), r"type\[int\]"),
        (lambda: rrule.register(3.0), r"3\.0.*neither a callable nor a class"),
        (lambda: rrule.register(type["Layer"]), r"type\['Layer'\].*takes one class"),
        (lambda: rrule.register(type[int | str]), r"type\[int \| str\].*one at a time"),
        (lambda: rrule.register(list[int]), r"list\[int\].*leave them out"),
        (lambda: rrule.register(Affine, subclasses=True), r"Affine.*goes with `type\[\.\.\.\]`"),
        (lambda: rrule.register(len)(3), "3 cannot be a rule"),
        (lambda: rrule.register(len)(lambda: 0), r"no parameter for the callable.*f_rule\(f, \.\.\.\)"),
        (
            lambda: frule.register(len)(lambda f: 0),
            r"<lambda>\(f\) cannot.* no parameter.*\(dargs, f, \.\.\.\)",
        ),
    ],
)
def test_a_wrong_registration_says_what_to_write(register_it, message):
    with pytest.raises(RegistrationError, match=message):
        register_it()


def test_an_annotation_that_is_no_type_is_refused_by_name():
    with pytest.raises(RegistrationError, match=r"scale_rrule: the annotation of `x`.*array.* is not a type"):

        @rrule.register(target())
        def scale_rrule(f, x: np.array): ...


def scale(x, factor):
    return x * factor


def shift(x, *, by):
    return x + by


@pytest.mark.parametrize(
    ("target", "rule", "reason"),
    [
        (scale, lambda x, factor: ..., r"scale takes at least 2 arguments, the rule fewer"),
        (scale, lambda cfg, f, x, factor: ..., r"scale takes at most 2 arguments, the rule needs more"),
        (scale, lambda f, x, factor, *, mode: ..., r"at most 2 arguments"),
        (shift, lambda f, x: ..., r"shift takes at least 2 arguments"),
    ],
)
def test_a_rule_that_no_call_of_the_function_fits_is_refused(target, rule, reason):
    with pytest.raises(RegistrationError, match=reason + r".*callable first.*`config: RuleConfig\[\.\.\.\]`"):
        rrule.register(target)(rule)


@pytest.mark.parametrize(
    ("target", "rule"),
    [
        (scale, lambda *args: ...),
        (scale, lambda f, x, *, factor: ...),
        (scale, lambda f, x, factor, mode="plain", *, axis=0: ...),
        (scale, lambda f, x, **kw: ...),
        (shift, lambda f, x, by: ...),
        (wraps(scale)(lambda x: x), lambda f, x: ...),
    ],
)
def test_a_rule_that_some_call_of_the_function_fits_is_taken(target, rule):
    assert rrule.register(target)(rule) is rule


def test_a_rule_whose_first_parameter_is_not_the_callable_is_refused():
    def rule(x: float, factor): ...

    def functor_rule(x: float): ...

    with pytest.raises(RegistrationError, match=r"rule\(x: float, factor\) cannot be a rule for len"):
        rrule.register(len)(rule)
    with pytest.raises(RegistrationError, match=r"callable itself is annotated as something else"):
        rrule.register(Affine)(functor_rule)


def test_a_config_that_may_be_missing_is_refused():
    def rule(config: RuleConfig[HasReverseMode] | None, f, x): ...

    with pytest.raises(RegistrationError, match=r"write two rules"):
        rrule.register(len)(rule)


def test_a_rule_may_ask_for_either_of_two_configs():
    f = target()

    @rrule.register(f)
    def rule(config: BothConfig | RuleConfig[HasForwardsMode], f, x):
        return "either"

    assert rrule(BothConfig(), f, 1.0) == "either"
    assert rrule(ReverseConfig(), f, 1.0) is None


def test_a_refused_registration_changes_nothing():
    f = register(target(), any_rule)
    with pytest.raises(RegistrationError):
        register(f, lambda: "no room")
    assert chosen(f, 1.0) == "any"


# The generic functions themselves.


@pytest.mark.parametrize("rules", [rrule, frule])
def test_a_generic_function_is_copied_and_pickled_as_itself(rules):
    assert pickle.loads(pickle.dumps(rules)) is rules
    assert copy.deepcopy(rules) is copy.copy(rules) is rules


def test_calls_without_a_callable_are_errors():
    for call in ((), (ReverseConfig(),)):
        for use in (rrule, rrule.which):
            with pytest.raises(RuleCallError, match=r"rrule: there is no callable; write `rrule\(f, \*xs\)`"):
                use(*call)
        for use in (frule, frule.which):
            for dargs in ((), ((1.0,),)):
                with pytest.raises(RuleCallError, match=r"frule: there is no callable; write `frule\(\(df, "):
                    use(*call, *dargs)


@pytest.mark.parametrize(
    ("call", "part"),
    [
        ((abs, (0.0, 1.0), 2.0), r"\(0\.0, 1\.0\) stands where the callable does"),
        ((abs, 2.0), r"2\.0 stands where the callable does, and cannot be called; write `frule\(\(df, "),
        (((0.0, 1.0), ReverseConfig(), abs, 2.0), r"the config ReverseConfig\(\) stands where the callable"),
        ((1.0, len, "a"), r"1\.0 stands where the tangents do, which are a tuple"),
        ((ReverseConfig(), [0.0, 1.0], len, 3.0), r"\[0\.0, 1\.0\] stands where the tangents do"),
    ],
)
def test_a_forward_call_that_is_written_otherwise_says_how(call, part):
    for use in (frule, frule.which):
        with pytest.raises(RuleCallError, match=part):
            use(*call)


def test_tangents_of_a_bound_method_that_are_no_tuple_are_refused():
    class Own:
        def phase(self, x): ...

    frule.register(Own.phase)(lambda dargs, phase, self, x: dargs)
    assert frule((1.0, 2.0), Own().phase, 3.0) == (NoTangent(), 1.0, 2.0)
    with pytest.raises(RuleCallError, match=r"None stands where the tangents do, which are a tuple"):
        frule(None, Own().phase, 3.0)


@pytest.mark.parametrize("config", [(), (ReverseConfig(),)])
@pytest.mark.parametrize("use", [rrule, rrule.which])
def test_what_cannot_be_called_has_no_rules(use, config):
    with pytest.raises(
        RuleCallError, match=r"2\.0 stands where the callable does.*`rrule\(config, f, \*xs\)`"
    ):
        use(*config, 2.0, abs)
    with pytest.raises(MissingFeatureError, match="the class ReverseConfig stands where a config may"):
        use(ReverseConfig, abs, 2.0)


def takes_anything(x: Any, *ys): ...


def takes_what_is_unknown(x: "Unknown", *ys: ReverseConfig): ...  # noqa: F821


@pytest.mark.parametrize("f", [target(), np.sin, takes_anything, Affine()])
def test_a_config_among_the_arguments_is_refused(f):
    message = r"config ReverseConfig\(\) stands among the arguments of .*`rrule\(config, f, \*xs\)`"
    for use in (rrule, rrule.which):
        with pytest.raises(RuleCallError, match=message):
            use(f, 1.0, ReverseConfig())
    for use in (frule, frule.which):
        with pytest.raises(
            RuleCallError, match=r"frule: the config .*`frule\(config, \(df, \*dxs\), f, \*xs\)`"
        ):
            use((0.0, 1.0, 1.0), f, 1.0, ReverseConfig())
    # Behind the config of the AD system that runs it is an argument.
    assert rrule(ReverseConfig(), f, 1.0, ReverseConfig()) is None


@pytest.mark.parametrize(
    "call",
    [
        (rrule, ReverseConfig(), len, "a"),
        (rrule_via_ad, ReverseConfig(), len, "a"),
        (takes_anything, ReverseConfig()),
        (takes_what_is_unknown, ReverseConfig()),
        (takes_what_is_unknown, 1.0, 2.0, ReverseConfig()),
        (getattr, ReverseConfig(), "features"),
    ],
)
def test_what_takes_a_config_is_called_with_one(call):
    f, *xs = call
    assert rrule(f, *xs) is None
    assert frule((NoTangent(),) * len(call), f, *xs) is None


def test_rules_are_kept_apart_by_direction():
    f = register(target(), any_rule)
    assert frule(("df", "dx"), f, 1.0) is None


def test_forward_rules_do_not_dispatch_on_the_tangents():
    f = target()

    @frule.register(f)
    def rule(dargs: Any, f, x: float):
        return dargs

    assert frule("anything", f, 1.0) == "anything"
    assert frule((1, 2), f, "a") is None


def test_a_partial_is_a_target_and_a_rule():
    f = partial(max, 1.0)
    rrule.register(f)(partial(lambda tag, f, x: tag, "partial"))
    assert rrule(f, 2.0) == "partial"
    assert rrule(partial(max, 1.0), 2.0) is None


# -- for AD systems: chosen by values, run on what stands for them -----------------------------------------


class Stand:
    """What an AD system has for a number, and no annotation names."""


def test_runner_is_chosen_by_values_and_takes_anything():
    def f(x):
        return x

    @rrule.register(f)
    def f_rrule(f, x: float):
        return x, lambda ȳ: (NoTangent(), ȳ)

    x = Stand()
    assert rrule(f, x) is None
    assert rrule.runner(RuleConfig(), f, (1.5,), {})(f, x)[0] is x
    assert rrule.runner(RuleConfig(), f, ("text",), {}) is None


def test_runner_hands_the_config_to_a_rule_that_asks_for_it():
    class Config(RuleConfig[HasReverseMode]): ...

    def f(x):
        return x

    rrule.register(f)(lambda f, x: ("without", None))

    @rrule.register(f)
    def f_rrule(config: RuleConfig[HasReverseMode], f, x: float):
        return type(config).__name__, None

    assert rrule.runner(Config(), f, (1.5,), {})(f, Stand())[0] == "Config"
    assert rrule.runner(RuleConfig(), f, (1.5,), {})(f, Stand())[0] == "without"


def test_runner_of_a_method_takes_the_object_from_the_method_that_is_run():
    class Gain:
        def __init__(self, k):
            self.k = k

        def at(self, x):
            return self.k * x

    @rrule.register(Gain.at)
    def at_rrule(at, self, x: float):
        return at(self, x), lambda ȳ: (NoTangent(), "of the object", "of x")

    @frule.register(Gain.at)
    def at_frule(dargs, at, self, x: float):
        return at(self, x), dargs

    run = rrule.runner(RuleConfig(), Gain(2.0).at, (1.5,), {})
    y, pullback = run(Gain(3.0).at, 5.0)
    assert (y, pullback(1.0)) == (15.0, ("of the object", "of x"))
    run = frule.runner(RuleConfig(), Gain(2.0).at, (1.5,), {})
    assert run(("of the object", "of x"), Gain(3.0).at, 5.0) == (15.0, (NoTangent(), "of the object", "of x"))


def test_runner_has_no_rule_where_the_call_is_opted_out():
    def f(x):
        return x

    rrule.register(f)(lambda f, x: (x, None))
    opt_out(rrule, f, float)
    assert rrule.runner(RuleConfig(), f, (1.5,), {}) is None
