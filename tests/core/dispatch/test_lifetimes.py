"""What rules keep alive: neither their target, nor a class that an argument had."""

import copy
import functools
import gc
import pickle
import weakref
from typing import NamedTuple

import numpy as np
import pytest

from adjoint2rrule.core import (
    HasForwardsMode,
    HasReverseMode,
    RuleConfig,
    frule,
    frule_via_ad,
    is_opted_out,
    non_differentiable,
    opt_out,
    rrule,
    rrule_via_ad,
    scalar_rule,
)


class Layer:
    def __call__(self, x): ...

    def phase(self, x): ...

    @classmethod
    def of_air(cls, x): ...


class Slotted:
    __slots__ = ("__weakref__",)

    def __call__(self, x): ...


def make_function():
    def f(x): ...

    return f, f, f


def make_closure():
    scale = Layer()

    def f(x):
        return scale, f

    return f, f, f


def make_lambda():
    f = lambda x: x  # noqa: E731
    return f, f, f


def make_method():
    class Local:
        def m(self, x): ...

    return Local.m, Local().m, Local


def make_bound_method():
    layer = Layer()
    return layer.phase, layer.phase, layer


def make_class_method():
    class Local(Layer): ...

    return Local.of_air, Local.of_air, Local


def make_method_of_c():
    class Local(list): ...

    xs = Local()
    return xs.append, xs.append, xs


def make_constructor():
    class Local:
        def __init__(self, x): ...

    return type[Local], Local, Local


def make_functor_class():
    class Local(Layer): ...

    return Local, Local(), Local


def make_partial():
    f = functools.partial(max, 1.0)
    return f, f, f


def make_cached_function():
    f = functools.lru_cache(lambda x: x)
    return f, f, f


def make_instance():
    f = Layer()
    return f, f, f


# What `register` takes, what is called, and what has to go.
MAKERS = [
    make_function,
    make_closure,
    make_lambda,
    make_method,
    make_bound_method,
    make_class_method,
    make_method_of_c,
    make_constructor,
    make_functor_class,
    make_partial,
    make_cached_function,
    make_instance,
]


def plain(target, called, mortal):
    rrule.register(target)(lambda *args: "rule")
    frule.register(target)(lambda *args: "rule")


def mentioning_its_target(target, called, mortal):
    def rule(*args):
        return target, called, mortal

    rrule.register(target)(rule)
    frule.register(target)(rule)


def with_a_config(target, called, mortal):
    @rrule.register(target)
    def rule(config: RuleConfig, *args):
        return target, called, mortal

    assert rrule.which(RuleConfig(), called, 1.0) is rule


def by_non_differentiable(target, called, mortal):
    non_differentiable(target)
    non_differentiable(target, mortal if isinstance(mortal, type) else type(mortal))


def by_opt_out(target, called, mortal):
    mentioning_its_target(target, called, mortal)
    opt_out(rrule, target, float)
    assert is_opted_out(rrule, target, float)


@pytest.mark.parametrize(
    "register", [plain, mentioning_its_target, with_a_config, by_non_differentiable, by_opt_out]
)
@pytest.mark.parametrize("make", MAKERS)
def test_no_rule_keeps_its_target_alive(make, register):
    target, called, mortal = make()
    register(target, called, mortal)
    for _ in range(2):  # looked up, and remembered
        rrule.which(called, 1.0)
        rrule.which(called, mortal, x=mortal)
        rrule.which(RuleConfig(), called, mortal)
        frule.which((None, None), called, 1.0)
    dies = weakref.ref(mortal)
    del target, called, mortal
    gc.collect()
    assert dies() is None


def function_with_a_scalar_rule():
    f = eval("lambda x: x", {})  # no closure
    scalar_rule(f, lambda Ω, x: (f, 1.0)[1])
    assert rrule(f, 1.0)
    return f


def config_with_an_implementation(via_ad, feature):
    class Config(RuleConfig[feature]): ...

    via_ad.register(Config)(lambda *args: Config)
    assert via_ad(Config(), None, None) is Config
    return Config


@pytest.mark.parametrize(
    "make",
    [
        function_with_a_scalar_rule,
        lambda: config_with_an_implementation(rrule_via_ad, HasReverseMode),
        lambda: config_with_an_implementation(frule_via_ad, HasForwardsMode),
    ],
)
def test_what_the_tools_register_keeps_nothing_alive(make):
    dies = weakref.ref(make())
    gc.collect()
    assert dies() is None


def test_an_object_without_a_dict_goes_where_its_rule_does_not_mention_it():
    f = Slotted()
    rrule.register(f)(lambda f, x: "rule")
    assert rrule(f, 1.0) == "rule"
    dies = weakref.ref(f)
    del f
    gc.collect()
    assert dies() is None


def test_nothing_is_left_in_the_registry():
    homes = [rrule._plain.itself, rrule._configured.itself, frule._plain.itself]
    gc.collect()
    before = [len(home._kept) for home in homes]
    for make in MAKERS:
        mentioning_its_target(*make())
        with_a_config(*make())
    gc.collect()
    assert [len(home._kept) for home in homes] == before


# Classes of arguments.


def stays(x, *ys, **kw): ...


@rrule.register(stays)
def stays_rrule(stays, x, *ys, **kw):
    return "rule"


@rrule.register(stays)
def stays_rrule_for_lists(stays, x: list[int], *ys, **kw):
    return "list"


@pytest.mark.parametrize(
    "call",
    [
        lambda x: rrule(stays, x),
        lambda x: rrule(stays, 1.0, x),
        lambda x: rrule(stays, x, 1.0, x),
        lambda x: rrule(stays, 1.0, key=x),
        lambda x: rrule(stays, [x]),
        lambda x: rrule(stays, type(x)),
        lambda x: rrule(RuleConfig(), stays, x),
    ],
)
def test_a_table_keeps_no_class_of_an_argument_alive(call):
    class Local: ...

    for _ in range(3):
        assert call(Local())
    dies = weakref.ref(Local)
    del Local
    gc.collect()
    assert dies() is None


def test_what_is_known_of_a_class_goes_with_it():
    (table,) = rrule._plain.tables("itself", stays)
    gc.collect()
    before = len(table.memory.known)
    local = [type("Local", (), {}) for _ in range(10)]
    assert [rrule(stays, cls()) for cls in local] == ["rule"] * 10
    assert len(table.memory.known) == before + 10
    del local
    gc.collect()
    assert len(table.memory.known) == before


def test_a_dead_class_is_never_taken_for_a_new_one():
    def f(x): ...

    rrule.register(f)(lambda f, x: "any")

    class Base: ...

    @rrule.register(f)
    def of_base(f, x: Base):
        return "base"

    for i in range(200):
        bases = (Base,) if i % 2 else ()
        cls = type("Local", bases, {})
        assert rrule(f, cls()) == ("base" if bases else "any")
        del cls
        gc.collect(0)


class Replaced: ...


def test_a_class_whose_name_was_given_away_is_let_go(monkeypatch):
    class New: ...

    New.__qualname__ = "Replaced"
    assert rrule(stays, New()) == "rule"
    (table,) = rrule._plain.tables("itself", stays)
    assert New not in table.memory.settled
    assert rrule(stays, Replaced()) == "rule"
    assert Replaced in table.memory.settled


# What carrying a table must not change.


def test_a_table_is_no_field_of_its_object_for_equality_or_copies():
    one, other = Layer(), Layer()
    one.a = other.a = 1
    rrule.register(one)(lambda f, x: "rule")
    assert rrule(one, 1.0) == "rule"
    for new in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one)), other):
        assert rrule(new, 1.0) is None
        assert new.a == 1


def test_a_pickle_of_an_object_with_rules_needs_no_runtime():
    f = functools.partial(max, 1.0)
    rrule.register(f)(lambda f, x: "rule")
    assert b"adjoint2rrule." not in pickle.dumps(f)
    assert pickle.loads(pickle.dumps(f))(2.0) == 2.0


def test_a_copy_of_an_object_with_rules_does_not_keep_it_alive():
    f = Layer()
    rrule.register(f)(lambda f, x: "rule")
    new = copy.copy(f)
    dies = weakref.ref(f)
    del f
    gc.collect()
    assert dies() is None
    assert rrule(new, 1.0) is None


def test_a_wrapper_of_an_object_with_rules_has_none():
    f = functools.partial(max, 1.0)
    rrule.register(f)(lambda f, x: "rule")

    @functools.wraps(f)
    def wrapper(x): ...

    assert (rrule(f, 1.0), rrule(wrapper, 1.0)) == ("rule", None)


class MadeUp:
    @property
    def __dict__(self):
        return {}

    def __call__(self, x): ...


class Frozen(NamedTuple):
    a: float

    def __call__(self, x): ...


@pytest.mark.parametrize("make", [MadeUp, Slotted, lambda: Frozen(1.0), lambda: np.frompyfunc(abs, 1, 1)])
def test_objects_that_cannot_carry_a_table_have_rules_all_the_same(make):
    f = make()
    rrule.register(f)(lambda f, x: "rule")
    gc.collect()
    assert [rrule(f, 1.0) for _ in range(2)] == ["rule", "rule"]
    assert rrule(make(), 1.0) is None
