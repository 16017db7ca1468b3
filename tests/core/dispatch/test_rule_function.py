"""Registrations that cannot work, and what `which` and `methods` say of those that do."""

from __future__ import annotations

import abc
import functools
import importlib
import math
import pickle
import subprocess
import sys
import textwrap
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Generic, NamedTuple, Never, NewType, TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray

from adjoint2rrule.core import (
    AmbiguousRuleError,
    HasForwardsMode,
    HasReverseMode,
    NoTangent,
    RegistrationError,
    RuleConfig,
    frule,
    non_differentiable,
    opt_out,
    rrule,
    scalar_rule,
)

if TYPE_CHECKING:
    from decimal import Decimal
    from fractions import Fraction

    from adjoint2rrule.core import RuleConfig as Config  # noqa: F401 - annotations in strings mention it


class ReverseConfig(RuleConfig[HasReverseMode]): ...


class Layer:
    def phase(self, x): ...

    @property
    def index(self): ...

    @functools.cached_property
    def thickness(self): ...

    of_air = classmethod(print)


class Box(Generic[TypeVar("T")]): ...


UserId = NewType("UserId", int)


def scale(x, factor): ...


def target():
    def f(*xs, **kw): ...

    return f


# Wrong targets.


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (5, r"rrule\.register\(5\): it is neither a callable nor a class nor `type\[\.\.\.\]` of one"),
        (None, r"register\(None\): it is neither a callable"),
        ([len], r"register\(\[<built-in function len>\]\): it is neither a callable"),
        ("sin", r"register\('sin'\): it is a name; write the callable itself"),
        (Layer, r"register\(Layer\): instances of Layer cannot be called.*type\[Layer\]"),
        (Layer.index, r"property object.*not called, but read; write `@rrule\.register\(getattr\)`"),
        (Layer.__dict__["thickness"], r"cached_property.*`@rrule\.register\(getattr\)`"),
        (Layer.__dict__["of_air"], r"bound to no class yet; register the rule after the class"),
        (list[int], r"list\[int\]\): a target has no parameters; leave them out"),
        (Callable[[int], int], r"Callable\[\[int\], int\]\): a target has no parameters"),
        (int | str, r"int \| str\): these are several targets; name one at a time"),
        (type[int | str], r"type\[int \| str\]\): `type\[\.\.\.\]` takes one class; name one at a time"),
        (type[Any], r"type\[typing\.Any\]\): `type\[\.\.\.\]` takes one class"),
    ],
)
def test_what_is_no_target_is_refused(wrong, message):
    with pytest.raises(RegistrationError, match=message):
        rrule.register(wrong)


@pytest.mark.parametrize("rules", [rrule, frule])
def test_a_generic_function_is_no_decorator(rules):
    message = (
        rf"{rules.__name__}: it is not known yet what square_rule is.*`@{rules.__name__}\.register\(f\)`"
    )
    with pytest.raises(RegistrationError, match=message):

        @rules
        def square_rule(square, x): ...

    def thunk(): ...

    assert rrule(thunk) is None
    assert frule((NoTangent(),), thunk) is None


@pytest.mark.parametrize("rules", [rrule, frule])
def test_a_decorator_without_its_target_is_refused(rules):
    with pytest.raises(
        RegistrationError, match=rf"`@{rules.__name__}\.register\(f\)` over `def square_rule`"
    ):

        @rules.register
        def square_rule(square, x): ...

    with pytest.raises(RegistrationError, match=r"not known yet what method_rule is a rule for"):

        class Own:
            @functools.lru_cache
            @rules.register
            @staticmethod
            def other(x): ...

            @rules.register
            def method_rule(self, x): ...


def test_a_function_of_the_same_frame_is_a_target():
    def f(x): ...

    @rrule.register(f)
    def f_rule(f, x):
        return "rule"

    @rrule.register(f_rule)  # a rule for a rule, as for second derivatives
    def second_rule(f_rule, f, x):
        return "second"

    assert rrule(f_rule, f, 1.0) == "second"
    assert rrule.register(lambda x: x)(f_rule) is f_rule


# Wrong rules.


async def asynchronous(f, x): ...


async def asynchronous_generator(f, x):
    yield x


def generator(f, x):
    yield x


class AsynchronousRule:
    async def __call__(self, f, x): ...


class Rule:
    def __init__(self, f, x): ...


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (asynchronous, r"asynchronous cannot be a rule: it is asynchronous.*`def asynchronous\(f, \.\.\.\)`"),
        (asynchronous_generator, r"it is asynchronous"),
        (AsynchronousRule(), r"it is asynchronous.*`def f_rule\(f, \.\.\.\)`"),
        (functools.partial(asynchronous), r"it is asynchronous"),
        (generator, r"generator cannot be a rule: it yields\. Write a function, .*returns the pair"),
        (Rule, r"Rule cannot be a rule: a call of it makes an instance"),
        (max, r"max cannot be a rule: no signature found"),
        (classmethod(scale), r"not a callable object"),
        (3, r"3 cannot be a rule: 3 is not a callable object"),
        (lambda: ..., r"no parameter for the callable itself"),
        (lambda *, f, x: ..., r"\(\*, f, x\).*no parameter for the callable itself"),
        (lambda config, f, x: ..., r"it is not known that `config` is a config.*RuleConfig\[\.\.\.\]"),
    ],
)
def test_what_is_no_rule_is_refused(rule, message):
    with pytest.raises(RegistrationError, match=message):
        rrule.register(len)(rule)


@pytest.mark.parametrize("f", [math.sin, np.sin, np.linalg.inv, str.upper, float.__neg__])
def test_a_forward_rule_without_the_tangents_is_refused(f):
    with pytest.raises(
        RegistrationError, match=r"takes at least 1 argument, the rule fewer.*\(dargs, f, \.\.\.\)"
    ):
        frule.register(f)(lambda f, x: ...)


def rule_of(annotations):
    def rule(config, f, x): ...

    rule.__annotations__ = annotations
    return rule


@pytest.mark.parametrize(
    ("hint", "message"),
    [
        ("RuleConfigs", r"not known that `config: 'RuleConfigs'` is a config"),
        ("Config[HasReverseMode]", r"not known that `config: 'Config\[HasReverseMode\]'` is a config"),
        (RuleConfig["HasTape"], r"asks for ForwardRef\('HasTape'\), but a feature is a class"),
        (RuleConfig[3], r"`config` cannot be dispatched on: .* asks for 3"),
        (RuleConfig[HasReverseMode | HasForwardsMode], r"several stand side by side, `RuleConfig\[A, B\]`"),
        (RuleConfig | None, r"write two rules"),
    ],
)
def test_a_config_that_cannot_be_had_is_refused(hint, message):
    with pytest.raises(RegistrationError, match=message):
        rrule.register(np.sin)(rule_of({"config": hint}))


class Caller:
    def __init__(self, *args): ...

    def __call__(self, *args): ...

    def method(self, *args): ...


@pytest.mark.parametrize(
    "f", [math.sin, np.sin, np.linalg.inv, target(), Caller, Caller(), Caller().method, type[Caller]]
)
def test_a_config_after_the_callable_is_refused(f):
    def rule(f, config: RuleConfig[HasReverseMode], x=1): ...

    with pytest.raises(
        RegistrationError, match=r"its config stands after the callable|takes at most 1 argument"
    ):
        rrule.register(f)(rule)


@pytest.mark.parametrize("f", [np.sin, np.linalg.inv, target()])
def test_a_config_after_the_callable_of_a_forward_rule_is_refused(f):
    def next_to_it(dargs, f, config: RuleConfig[HasReverseMode], x=1): ...

    def at_the_end(dargs, f, x, config: RuleConfig[HasReverseMode] = RuleConfig()): ...  # noqa: B008

    for rule in (next_to_it, at_the_end):
        with pytest.raises(RegistrationError, match=r"its config stands after the callable"):
            frule.register(f)(rule)


def test_a_function_that_takes_a_config_has_rules():
    def via(config: RuleConfig, f): ...

    @rrule.register(via)
    def rule(via, config: RuleConfig[HasReverseMode], f):
        return "rule"

    # As everywhere a config that comes first is that of the AD system that runs.
    assert rrule(via, ReverseConfig(), len) == "rule"


def test_an_object_whose_call_takes_a_config_has_rules():
    class Via:
        def __init__(self, f, config: ReverseConfig | None = None): ...

        def __call__(self, config: ReverseConfig, f): ...

    def first(via, config: RuleConfig, f):
        return "first"

    def second(via, f, config: RuleConfig):
        return "second"

    rrule.register(Via)(first)
    rrule.register(type[Via])(second)
    assert rrule(Via(1), ReverseConfig(), len) == "first"
    assert rrule(Via, len, ReverseConfig()) == "second"
    for target, rule in ((Via, second), (type[Via], first)):
        with pytest.raises(RegistrationError, match="config stands after the callable"):
            rrule.register(target)(rule)


class Point:
    def __init__(self, x, y=0.0): ...

    def __call__(self, x): ...

    def phase(self, x, *, axis=0): ...

    @classmethod
    def of(cls, x): ...


class Pair(NamedTuple):
    first: float
    second: float


@pytest.mark.parametrize(
    ("target", "fewest", "most"),
    [
        (Point, 1, 1),
        (Point(1.0), 1, 1),
        (Point.__call__, 2, 2),
        (Point.phase, 2, 3),
        (Point(1.0).phase, 1, 2),
        (Point.of, 1, 1),
        (type[Point], 1, 2),
        (type[Pair], 2, 2),
    ],
)
def test_rules_of_whatever_runs_a_python_function_need_its_arguments(target, fewest, most):
    rules = {n: eval(f"lambda {', '.join(['f', *'abcd'[:n]])}: 0") for n in range(5)}
    for count, rule in rules.items():
        if fewest <= count <= most:
            rrule.register(target)(rule)
            opt_out(rrule, target, *[float] * count)
            continue
        with pytest.raises(RegistrationError, match=r"takes at (least|most) \d argument"):
            rrule.register(target)(rule)
        if count > most:
            with pytest.raises(RegistrationError, match=r"opt_out\(.*takes at most \d argument"):
                opt_out(rrule, target, *[float] * count)
            with pytest.raises(RegistrationError, match=r"non_differentiable\(.*takes at most \d argument"):
                non_differentiable(target, *[float] * count)


@pytest.mark.parametrize("target", [Point, Point(1.0), Point.phase, Point(1.0).phase, type[Point]])
def test_a_forward_rule_of_a_python_function_without_the_tangents_is_refused(target):
    rule = {Point.phase: lambda f, self, x: 0}.get(target, lambda f, x: 0)
    with pytest.raises(RegistrationError, match=r"the rule fewer\. A rule takes .*\(dargs, f, \.\.\.\)"):
        frule.register(target)(rule)


def test_what_subclasses_may_make_of_a_call_is_not_checked():
    class Abstract(abc.ABC):
        @abc.abstractmethod
        def __call__(self): ...

    class Meta(type):
        def __call__(cls, *args): ...

    class Made(metaclass=Meta):
        def __init__(self): ...

    rrule.register(Abstract)(lambda self, x, y: 0)
    rrule.register(type[Made])(lambda Made, x, y: 0)
    rrule.register(type[Point], subclasses=True)(lambda Point, x, y, z: 0)


def test_a_rule_that_no_value_fits_is_refused():
    def never(f, x: Never): ...

    with pytest.raises(RegistrationError, match=r"never: no value fits the annotation of `x`"):
        rrule.register(target())(never)
    with pytest.raises(RegistrationError, match=r"opt_out: typing\.Never is the type of no value"):
        opt_out(rrule, target(), Never)
    with pytest.raises(
        RegistrationError, match=r"Callable\): functions and .* do not inherit from it; name them"
    ):
        rrule.register(Callable)


def test_an_ambiguous_call_says_what_is_empty():
    def of_arrays(f, x: list[np.ndarray]): ...

    def of_floats(f, x: list[float]): ...

    f = target()
    rrule.register(f)(of_arrays)
    rrule.register(f)(of_floats)
    with pytest.raises(
        AmbiguousRuleError,
        match=r"f\(empty list\): 2 rules[^\0]*every `list\[\.\.\.\]`: register a rule for `list`",
    ):
        rrule(f, [])
    assert rrule.which(f, [1.0]) is of_floats


# Rules that no call could tell apart.


def a_fraction(f, x: Fraction): ...


def a_decimal(f, x: Decimal): ...


def box_of_int(f, x: Box[int]): ...


def box_of_str(f, x: Box[str]): ...


def a_user(f, x: UserId): ...


def an_int(f, x: int): ...


def fraction_first(f, x: list[Fraction], y): ...


def fraction_second(f, x, y: Fraction): ...


@pytest.mark.parametrize(
    ("first", "second", "one", "other"),
    [
        (a_fraction, a_decimal, "`x: Fraction`", "`x: Decimal`"),
        (box_of_int, box_of_str, r"`x: Box\[int\]`", r"`x: Box\[str\]`"),
        (a_user, an_int, "`x: UserId`", "an annotation that says less"),
        (an_int, a_user, "an annotation that says less", "`x: UserId`"),
        (fraction_first, fraction_second, r"`x: list\[Fraction\]`", "`y: Fraction`"),
    ],
)
def test_a_rule_that_only_its_annotations_tell_from_another_is_refused(first, second, one, other):
    f = target()
    rrule.register(f)(first)
    with pytest.raises(RegistrationError, match=rf"would replace .*no call can tell {one} from {other}\."):
        rrule.register(f)(second)
    assert rrule.methods(f) == [first]
    rrule.register(f)(first)  # as a module that is loaded again does
    assert rrule.methods(f) == [first]


def module_with(name, source):
    module = types.ModuleType(name)
    code = compile(textwrap.dedent(source), name, "exec", dont_inherit=True)
    exec(code, vars(module))
    return module


@pytest.mark.parametrize(
    "source",
    [
        """
        def rule(f, x: "Shape"): ...
        """,
        """
        import typing
        Shape = typing.NewType("Shape", float)
        def rule(f, x: Shape): ...
        """,
        """
        import typing
        Shape = typing.NewType("Shape", float)
        def rule(f, *, x: "Shape"): ...
        """,
    ],
)
def test_one_name_in_two_modules_is_not_known_to_mean_one_thing(source, monkeypatch):
    circles, squares = module_with("circles", source), module_with("squares", source)
    f = target()
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "circles", circles)
        patch.setitem(sys.modules, "squares", squares)
        rrule.register(f)(circles.rule)
        with pytest.raises(RegistrationError, match=r"would replace .*`x: .*Shape` from `x: .*Shape`"):
            rrule.register(f)(squares.rule)
        again = module_with("circles", source)
        patch.setitem(sys.modules, "circles", again)
        rrule.register(f)(again.rule)
        assert rrule.methods(f) == [again.rule]


def test_two_local_types_of_one_name_are_two():
    def local():
        Shape = NewType("Shape", float)

        def rule(f, x): ...

        rule.__annotations__["x"] = Shape
        return rule

    f = target()
    rrule.register(f)(local())
    with pytest.raises(RegistrationError, match="would replace"):
        rrule.register(f)(local())


def test_a_parameter_may_get_another_name():
    for hint in (Box[int], UserId, "Fraction", Annotated[float, "positive"]):

        def first(f, x: hint): ...

        def second(f, renamed: hint): ...

        f = target()
        rrule.register(f)(first)
        rrule.register(f)(second)
        assert rrule.methods(f) == [second]


def test_parameters_that_may_be_anything_say_nothing():
    def first(f, x: NDArray[np.floating[Any]], y: Box[Any]): ...

    def second(f, x: NDArray[np.floating], y: Box): ...

    f = target()
    rrule.register(f)(first)
    rrule.register(f)(second)
    assert rrule.methods(f) == [second]


def test_what_is_annotated_is_no_part_of_the_dispatch_and_not_forgotten():
    array = np.ones(2)

    def positive(f, x: Annotated[float, "positive"]): ...

    def negative(f, x: Annotated[float, "negative"]): ...

    def plain(f, x: float): ...

    def with_array(f, x: Annotated[float, array]): ...

    def with_another_array(f, x: Annotated[float, np.ones(2)]): ...

    for rule in (with_array, with_another_array, positive, negative):
        rule.__annotations__ = {"x": eval(rule.__annotations__["x"], globals(), {"array": array})}
    for first, second in (
        (positive, negative),
        (positive, plain),
        (plain, positive),
        (with_array, with_another_array),
    ):
        f = target()
        rrule.register(f)(first)
        with pytest.raises(RegistrationError, match="would replace"):
            rrule.register(f)(second)
        rrule.register(f)(first)
    f = target()
    rrule.register(f)(positive)
    assert rrule.which(f, 1) is positive


Real = TypeVar("Real", float, str)
Whole = TypeVar("Whole", int, bytes)
Item = TypeVar("Item")


def test_all_mentions_of_a_type_variable_mean_the_same_constraint():
    def same(f, x: Real, y: Real, *zs: Whole, w: Whole | None = None):
        return "same"

    f = target()
    rrule.register(f)(same)
    assert rrule(f, 1.0, 2) == rrule(f, "a", "b") == rrule(f, "a", "b", 1, 2, w=3) == "same"
    assert rrule(f, 1.0, "a") is rrule(f, "a", 1.0) is rrule(f, 1, 2, 3, w=b"w") is None
    assert rrule.methods(f) == [same]
    rrule.register(f)(same)
    (table,) = rrule._plain.tables("itself", f)
    assert len(table.methods) == 4


def test_a_type_variable_that_is_mentioned_once_is_any_of_its_constraints():
    def rule(f, x: Real, y: Whole): ...

    f = target()
    rrule.register(f)(rule)
    assert rrule.which(f, 1.0, b"b") is rrule.which(f, "a", 1) is rule
    (table,) = rrule._plain.tables("itself", f)
    assert len(table.methods) == 1


def test_a_repeated_type_variable_says_more_than_none():
    def same(f, x: Item, y: list[Item]): ...

    def any_list(f, x, y: list): ...

    def again(f, x, y): ...

    T = TypeVar("T")
    again.__annotations__ = {"x": T, "y": list[T]}
    f = target()
    rrule.register(f)(same)
    with pytest.raises(RegistrationError, match=r"would replace .*`x: Item`, `y: list\[Item\]`"):
        rrule.register(f)(any_list)
    rrule.register(f)(again)
    assert rrule.methods(f) == [again]


def test_overloads_on_local_classes_are_told_apart():
    class One: ...

    class Other: ...

    f = target()

    @rrule.register(f)
    def one(f, x: One):
        return "one"

    @rrule.register(f)
    def other(f, x: Other):
        return "other"

    assert (rrule(f, One()), rrule(f, Other()), rrule(f, 1)) == ("one", "other", None)


def test_an_opt_out_replaces_a_rule_whose_annotation_says_more():
    f = target()
    rrule.register(f)(box_of_int)
    opt_out(rrule, f, Box[int])
    assert rrule(f, Box()) is None
    assert len(rrule.methods(f)) == 1


# Which rule, and which rules there are.


def test_which_gives_the_rule_without_running_it():
    f = target()

    @rrule.register(f)
    @frule.register(f)
    def rule(*args):
        raise AssertionError("it ran")

    @rrule.register(f)
    def configured(config: RuleConfig[HasReverseMode], f, x):
        raise AssertionError("it ran")

    assert rrule.which(f, 1.0) is rule
    assert frule.which((None, 1.0), f, 1.0) is rule
    assert rrule.which(ReverseConfig(), f, 1.0) is configured
    assert rrule.which(RuleConfig(), f, 1.0) is rule
    assert frule.which(ReverseConfig(), (None, 1.0), f, 1.0) is rule


def test_which_is_none_where_the_call_gives_none():
    f = target()
    assert rrule.which(f, 1.0) is None
    rrule.register(f)(lambda f, x: "rule")
    opt_out(rrule, f, float)
    assert rrule.which(f, 1.0) is None
    assert rrule.which(f, 1.0, 2.0) is None
    assert rrule.which(f, "a")(f, "a") == "rule"


def test_which_gives_the_functions_rule_for_a_bound_method():
    class Own(Layer):
        def phase(self, x): ...

    rrule.register(Own.phase)(rule := lambda phase, self, x: ...)
    assert rrule.which(Own().phase, 1.0) is rrule.which(Own.phase, Own(), 1.0) is rule
    assert rrule.methods(Own().phase) == rrule.methods(Own.phase) == [rule]


def test_which_raises_what_the_call_raises():
    f = target()

    @rrule.register(f)
    def one(f, x: float, y): ...

    @rrule.register(f)
    def other(f, x, y: float): ...

    with pytest.raises(AmbiguousRuleError, match=r"one\(f, x: 'float', y\)"):
        rrule.which(f, 1.0, 1.0)


def test_methods_are_in_the_order_in_which_they_are_asked():
    class Base:
        def __call__(self, x): ...

    class Own(Base): ...

    own = Own()

    def configured(config: RuleConfig, f, x): ...

    rules = {name: (lambda f, x, name=name: name) for name in ("base", "own", "object")}
    rrule.register(Base)(rules["base"])
    rrule.register(Own)(rules["own"])
    rrule.register(own)(rules["object"])
    rrule.register(Base)(configured)
    assert rrule.methods(own) == [configured, rules["object"], rules["own"], rules["base"]]
    assert rrule.methods(Own) == [configured, rules["own"], rules["base"]]
    assert rrule.methods(type[Own]) == frule.methods(own) == []


def test_methods_show_what_the_tools_register():
    f = eval("lambda x: x", {})
    non_differentiable(f, str)
    scalar_rule(f, lambda Ω, x: 1.0)
    opt_out(rrule, f, int)
    assert [rule.__name__ for rule in rrule.methods(f)] == [
        "no_rule",
        "scalar_rrule",
        "_non_differentiable_rrule",
    ]


def test_methods_of_what_is_no_target_are_refused():
    with pytest.raises(RegistrationError, match=r"^rrule\.methods\(3\): .*neither a callable nor a class"):
        rrule.methods(3)


# What is remembered.


def test_a_functor_rule_for_some_instances_is_not_remembered_for_others():
    class Own:
        def __call__(self, x): ...

    class Sub(Own): ...

    @rrule.register(Own)
    def sub_only(self: Sub, x):
        return "sub"

    @rrule.register(Own)
    def own(self, x):
        return "own"

    for _ in range(3):
        assert (rrule(Sub(), 1.0), rrule(Own(), 1.0)) == ("sub", "own")


def test_an_object_with_rules_of_its_own_still_has_those_of_its_class():
    class Own:
        def __call__(self, x): ...

    @rrule.register(Own)
    def of_class(self, x):
        return "class"

    own = Own()

    @rrule.register(own)
    def of_object(self, x: float):
        return "object"

    for _ in range(3):
        assert (rrule(own, 1.0), rrule(own, "a"), rrule(Own(), 1.0)) == ("object", "class", "class")


def test_a_rule_for_constructors_stays_before_that_of_the_metaclass():
    class Meta(type): ...

    class Own(metaclass=Meta): ...

    class Other(metaclass=Meta): ...

    rrule.register(Meta)(lambda cls, *xs: "metaclass")
    rrule.register(type[Own], subclasses=True)(lambda cls, *xs: "constructor")
    for _ in range(3):
        assert (rrule(Other, 1.0), rrule(Own, 1.0)) == ("metaclass", "constructor")


def test_a_config_that_can_be_called_is_a_config():
    class Own(RuleConfig[HasReverseMode]):
        def __call__(self, f, x): ...

    own, f = Own(), target()
    rrule.register(own)(lambda own, f, x: "a call of the config")
    rrule.register(f)(lambda f, x: "rule")
    assert [rrule(own, f, 1.0) for _ in range(3)] == ["rule"] * 3


def test_one_and_several_arguments_are_not_confused():
    f = target()

    @rrule.register(f)
    def rule(f, *xs):
        return len(xs)

    for _ in range(2):
        assert [rrule(f, *[1.0] * count) for count in range(4)] == [0, 1, 2, 3]
        assert rrule(f, (1.0, 2.0)) == 1


# Bound methods.


def test_the_method_of_a_base_has_the_rule_of_the_base():
    class Own(np.ndarray):
        def sum(self, x):
            return super().sum

    rrule.register(np.ndarray.sum)(lambda sum, self, x: "base")  # noqa: A006
    rrule.register(Own.sum)(lambda sum, self, x: "own")  # noqa: A006
    xs = np.ones(2).view(Own)
    assert rrule.which(xs.sum(1), 1)(None, None, 1) == "base"
    assert rrule.which(xs.sum, 1)(None, None, 1) == "own"
    assert rrule.which(np.ones(2).sum, 1)(None, None, 1) == "base"


@pytest.mark.parametrize(
    ("function", "method"),
    [
        (float.__add__, (1.5).__add__),
        (str.join, "a".join),
        (list.append, [].append),
        (int.__neg__, (1).__neg__),
    ],
)
def test_methods_of_builtin_types_are_their_descriptors(function, method):
    class Marker: ...

    @rrule.register(function)
    def rule(function, self, x: Marker = None, *xs): ...

    assert rrule.which(method, Marker()) is rule


def test_a_module_is_no_object_whose_methods_have_rules():
    assert rrule(math.sin, "a") is None
    assert rrule.which(math.sin, "a") is None


# Fresh processes.


def run(script):
    script = textwrap.dedent(script)
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()


def test_generic_functions_and_annotations_are_unpickled_elsewhere():
    from adjoint2rrule.core import frule_via_ad, rrule_via_ad

    values = (
        rrule,
        frule,
        rrule_via_ad,
        frule_via_ad,
        RuleConfig,
        RuleConfig[HasReverseMode],
        HasReverseMode,
    )
    printed = run(f"""
        import pickle
        from adjoint2rrule import core
        values = pickle.loads({pickle.dumps(values)!r})
        expected = (core.rrule, core.frule, core.rrule_via_ad, core.frule_via_ad, core.RuleConfig,
                    core.RuleConfig[core.HasReverseMode], core.HasReverseMode)
        print(values == expected, all(a is b for a, b in zip(values[:5], expected)))
    """)
    assert printed == ["True", "True"]


def test_a_module_that_is_loaded_again_replaces_its_rules(tmp_path, monkeypatch):
    (tmp_path / "reloaded_rules.py").write_text(
        textwrap.dedent("""
        from __future__ import annotations
        from math import cosh
        from adjoint2rrule.core import rrule

        @rrule.register(cosh)
        def rule(cosh, x: Missing):
            return "rule"
        """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("reloaded_rules")
    importlib.reload(module)
    assert rrule.methods(math.cosh) == [module.rule]
    assert rrule(math.cosh, NoTangent()) == "rule"  # what cannot be resolved counts as `Any`
