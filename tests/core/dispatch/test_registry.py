"""Where rules are kept: as long as their targets live, no longer, and never for another object."""

import copy
import functools
import gc
import pickle
import random
import weakref
from operator import attrgetter
from typing import Protocol

import numpy as np
import pytest

from adjoint2rrule.core import (
    HasReverseMode,
    NoTangent,
    RuleConfig,
    frule,
    non_differentiable,
    rrule,
    rrule_via_ad,
)
from adjoint2rrule.core.dispatch.method_table import MethodTable
from adjoint2rrule.core.dispatch.registry import Home


def function_with_a_rule():
    def f(x):
        return x

    @rrule.register(f)
    @frule.register(f)
    def rule(*args):
        return f

    assert rrule(f, 1.0) is f
    return f


def functor_class():
    class Scale:
        def __call__(self, x): ...

    @rrule.register(Scale)
    def scale_rrule(self: Scale, x: float):
        return Scale

    assert rrule(Scale(), 1.0) is Scale
    return Scale


def constructed_class():
    class Scale: ...

    @rrule.register(type[Scale])
    @rrule.register(type[Scale], subclasses=True)
    def Scale_rrule(cls: type[Scale], *xs):
        return Scale

    assert rrule(Scale, 1.0) is Scale
    return Scale


def config_class():
    class Config(RuleConfig[HasReverseMode]): ...

    @rrule_via_ad.register(Config)
    def via(config, f, /, *xs):
        return Config

    assert rrule_via_ad(Config(), abs) is Config
    return Config


def partial_with_a_rule():
    f = functools.partial(max, 1.0)
    rrule.register(f)(lambda f, x: "rule")
    assert rrule(f, 1.0) == "rule"
    return f


def object_with_a_rule_for_its_method():
    generator = random.Random(1)
    non_differentiable(generator.gauss)
    assert rrule(generator.gauss, 0.0, 1.0)
    return generator


@pytest.mark.parametrize(
    "make",
    [
        function_with_a_rule,
        functor_class,
        constructed_class,
        config_class,
        partial_with_a_rule,
        object_with_a_rule_for_its_method,
    ],
)
def test_a_target_can_be_collected_with_its_rules(make):
    target = weakref.ref(make())
    gc.collect()
    assert target() is None


def test_nothing_is_left_of_a_dead_target():
    kept = rrule._plain.itself._kept
    before = len(kept)
    partials = [partial_with_a_rule() for _ in range(10)]
    assert len(kept) == before + 10
    del partials
    gc.collect()
    assert len(kept) == before


def test_the_end_of_a_reference_that_was_replaced_forgets_nothing():
    home = Home("__rules__")
    target = functools.partial(max, 1.0)
    home.put(target, ())
    replaced = home.get(target).bearer
    home.put(target, ())
    replaced.__callback__(replaced)
    assert home.get(target) is not None


def test_a_dead_object_is_never_taken_for_a_new_one():
    for _ in range(200):
        partial_with_a_rule()
        assert rrule(functools.partial(max, 1.0), 1.0) is None


@pytest.mark.parametrize(
    "target",
    [np.sin, np.linalg.inv, np.ndarray.sum, np.add.reduce, np.random.normal, len, str.join, int.__add__],
)
def test_targets_of_c_are_found_again(target):
    class Marker: ...

    @rrule.register(target)
    def rule(f, x: Marker, *ys):
        return "rule"

    gc.collect()
    assert rrule(target, Marker()) == "rule"
    assert rrule(target, object()) is None


def test_methods_of_c_are_told_apart_by_object_and_name():
    class Marker: ...

    @rrule.register(np.add.reduce)
    def rule(f, x: Marker):
        return "rule"

    assert rrule(np.add.reduce, Marker()) == "rule"
    assert rrule(np.add.accumulate, Marker()) is None
    assert rrule(np.multiply.reduce, Marker()) is None


def test_a_class_of_c_can_be_a_target():
    class Marker: ...

    @rrule.register(type[np.ndarray])
    def rule(cls, x: Marker):
        return cls

    # Not `np.ufunc`: rules of a class stay, and one for every ufunc would reach the other tests.
    @rrule.register(attrgetter)
    def getter_rule(f, x: Marker):
        return f

    getter = attrgetter("name")
    assert rrule(np.ndarray, Marker()) is np.ndarray
    assert rrule(getter, Marker()) is getter


def test_callables_are_compared_by_identity():
    class Unhashable:
        __hash__ = None

        def __eq__(self, other):
            raise AssertionError("compared")

        def __call__(self, x): ...

    one, other = Unhashable(), Unhashable()
    rrule.register(one)(lambda f, x: "one")
    assert rrule(one, 1.0) == "one"
    assert rrule(other, 1.0) is None


def test_a_rule_does_not_make_its_protocol_harder_to_follow():
    class Kernel(Protocol):
        def __call__(self, x): ...

    class Gaussian(Kernel):
        def __call__(self, x): ...

    rrule.register(Kernel)(lambda self, x: "kernel")

    def f(kernel): ...

    @rrule.register(f)
    def rule(f, kernel: Kernel):
        return "accepted"

    assert rrule(Gaussian(), 1.0) == "kernel"
    assert rrule(f, lambda x: x) == "accepted"


def test_a_metaclass_that_answers_every_name_makes_no_protocol():
    class Meta(type):
        def __getattr__(cls, name):
            return name

    class Scale(metaclass=Meta):
        def __call__(self, x): ...

    def f(scale): ...

    rrule.register(Scale)(lambda self, x: "functor")
    rrule.register(type[Scale])(lambda cls: "constructor")
    rrule.register(f)(lambda f, scale: "anything")

    @rrule.register(f)
    def rule(f, scale: Scale):
        return "an instance"

    assert (rrule(Scale(), 1.0), rrule(Scale)) == ("functor", "constructor")
    assert (rrule(f, Scale()), rrule(f, len)) == ("an instance", "anything")


def test_a_copy_of_what_a_function_carries_is_not_the_copys():
    f = function_with_a_rule()

    def g(x): ...

    g.__dict__.update(copy.deepcopy(f.__dict__))
    assert rrule(f, 1.0) is f
    assert rrule(g, 1.0) is None


def fields_below(x, found):
    """Append every object that can be reached through fields, as code for any object finds them."""
    found.append(x)
    names = [*vars(x)] if hasattr(x, "__dict__") else getattr(type(x), "__slots__", ())
    for name in names:
        fields_below(getattr(x, name), found)
    return found


def test_whoever_walks_through_the_fields_of_a_function_finds_none_of_its_rules():
    f = function_with_a_rule()
    assert len(fields_below(f, [])) == 1 + len(vars(f))


@pytest.mark.parametrize("make", [function_with_a_rule, functor_class, constructed_class])
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
def test_a_copy_of_a_target_is_the_target(make, copied):
    target = make()
    assert copied(target) is target
    assert [copied(table) for table in vars(target).values() if isinstance(table, MethodTable)]
    assert all(copied(table) is table for table in vars(target).values() if isinstance(table, MethodTable))


class Pickled:
    def __call__(self, x): ...


def pickled(x): ...


@pytest.mark.parametrize("target", [Pickled, pickled])
def test_a_target_can_be_pickled(target):
    rrule.register(target)(lambda f, x: "rule")
    assert pickle.loads(pickle.dumps(target)) is target


def test_a_functor_keeps_its_rules_when_it_is_copied():
    Scale = functor_class()
    for instance in (copy.copy(Scale()), copy.deepcopy(Scale())):
        assert rrule(instance, 1.0) is Scale


def test_an_object_that_answers_every_attribute_has_no_rules():
    assert rrule(NoTangent(), 1.0) is None


class Weighted:
    def __init__(self, weight):
        self.weight = weight

    def __call__(self, x): ...

    def load(self, other):
        self.__dict__.update(other.__dict__)


class Shared(Weighted):
    def __init__(self, fields):
        self.__dict__ = fields


def test_an_object_that_takes_over_the_fields_of_another_does_not_get_its_rules():
    a, b, c = Weighted(1.0), Weighted(2.0), Weighted(3.0)
    for target in (a, a.load):
        rrule.register(target)(lambda f, x: "rule of a")
    for target in (b, b.load):
        rrule.register(target)(lambda f, x: "rule of b")
    b.load(a)
    c.load(a)
    assert [rrule(f, 1.0) for f in (a, b, c)] == ["rule of a", None, None]
    assert [rrule(f.load, 1.0) for f in (a, b, c)] == ["rule of a", None, None]
    rrule.register(b)(lambda f, x: "rule of b again")
    assert [rrule(f, 1.0) for f in (a, b)] == ["rule of a", "rule of b again"]


def test_objects_that_share_their_fields_have_rules_of_their_own():
    fields = {}
    p, q = Shared(fields), Shared(fields)
    for name, target in {"p": p, "q": q, "p again": p}.items():
        rrule.register(target)(lambda f, x, name=name: name)
    assert (rrule(p, 1.0), rrule(q, 1.0)) == ("p again", "q")


def test_fields_from_a_pickle_hold_no_rules():
    a, b = Weighted(1.0), Weighted(2.0)
    rrule.register(a)(lambda f, x: "rule of a")
    rrule.register(b)(lambda f, x: "rule of b")
    b.load(pickle.loads(pickle.dumps(a)))
    assert rrule(b, 1.0) is None
    rrule.register(b)(lambda f, x: "rule of b")
    assert rrule(b, 1.0) == "rule of b"
