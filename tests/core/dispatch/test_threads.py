"""Registration and calls from several threads: nothing lost, nothing half done, no exception."""

import functools
import gc
import sys
import threading
from abc import ABCMeta, abstractmethod
from concurrent.futures import ThreadPoolExecutor

import pytest

from adjoint2rrule.core import (
    HasReverseMode,
    NoTangent,
    RuleConfig,
    frule,
    is_opted_out,
    non_differentiable,
    opt_out,
    rrule,
    rrule_via_ad,
)

THREADS = 8
EACH = 16


@pytest.fixture(autouse=True)
def _eager_switching():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def in_threads(*functions):
    """Run functions in threads that start together, and return what they give; what one raises, raise."""
    start = threading.Barrier(len(functions))

    def run(function):
        start.wait()
        return function()

    with ThreadPoolExecutor(len(functions)) as pool:
        return [future.result() for future in [pool.submit(run, function) for function in functions]]


def rule_for(cls, result):
    def rule(f, x):
        return result

    rule.__annotations__ = {"x": cls}
    return rule


def new_classes():
    return [type(f"Class{i}", (), {}) for i in range(THREADS * EACH)]


class Affine:
    def __call__(self, x): ...

    def m(self, x): ...


def new_function():
    return lambda x: x


def new_functor_class():
    return type("Functor", (Affine,), {})


@pytest.mark.parametrize("make", [new_function, new_functor_class, Affine, lambda: functools.partial(max, 1)])
def test_no_rule_for_one_target_is_lost(make):
    target, classes = make(), new_classes()
    f = target() if isinstance(target, type) else target

    def register(k):
        for cls in classes[k::THREADS]:
            rrule.register(target)(rule_for(cls, cls))
            assert rrule(f, cls()) is cls

    in_threads(*(functools.partial(register, k) for k in range(THREADS)))
    assert [rrule(f, cls()) for cls in classes] == classes
    assert len(rrule.methods(target)) == len(classes)


@pytest.mark.parametrize("make", [new_function, new_functor_class, Affine, lambda: Affine().m])
def test_no_target_of_many_is_lost(make):
    targets = [make() for _ in range(THREADS * EACH)]

    def register(k):
        for target in targets[k::THREADS]:
            rrule.register(target)(rule_for(float, target))
            frule.register(target)(lambda da, f, x, target=target: target)

    in_threads(*(functools.partial(register, k) for k in range(THREADS)))
    for target in targets:
        f = target() if isinstance(target, type) else target
        assert rrule(f, 1.0) is frule((), f, 1.0) is target


def test_calls_see_the_rules_from_before_or_after_a_registration():
    f, done = new_function(), threading.Event()
    rrule.register(f)(rule_for(object, "old"))
    names = {"old", *range(EACH)}

    def call():
        seen = set()
        while not done.is_set():
            seen |= {rrule(f, 1.0), rrule(f, x=1.0), rrule.which(f, 1.0)(f, 1.0)}
        return seen

    def register():
        for i in range(EACH):
            rrule.register(f)(rule_for(float, i))
            assert rrule(f, 1.0) == i
        done.set()

    *seen, _ = in_threads(call, call, register)
    assert set.union(*seen) <= names


def test_classes_that_come_and_go_are_never_confused():
    f = new_function()

    class Base: ...

    rrule.register(f)(rule_for(object, "any"))
    rrule.register(f)(rule_for(Base, "base"))

    def call(bases, expected):
        for i in range(100):
            assert rrule(f, type("Local", bases, {})()) == expected
            if i % 50 == 0:
                gc.collect()

    in_threads(*(functools.partial(call, *case) for case in [((), "any"), ((Base,), "base")] * 3))


def test_a_virtual_subclass_is_one_from_its_registration_on():
    class Number(metaclass=ABCMeta):
        @abstractmethod
        def number(self): ...

    f = new_function()
    rrule.register(f)(rule_for(object, "any"))
    rrule.register(f)(rule_for(Number, "number"))

    def call():
        for _ in range(100):
            cls = type("Local", (), {})
            assert rrule(f, cls()) == "any"
            Number.register(cls)
            assert rrule(f, cls()) == rrule(f, cls()) == "number"

    in_threads(call, call, call)


def test_targets_that_die_take_nothing_with_them():
    stays = Affine()
    rrule.register(stays)(rule_for(float, "stays"))

    def come_and_go():
        for _ in range(60):
            f = functools.partial(max, 1)
            rrule.register(f)(rule_for(float, "goes"))
            assert rrule(f, 1.0) == "goes"
            assert rrule(functools.partial(max, 1), 1.0) is None
            assert rrule(stays, 1.0) == "stays"

    in_threads(come_and_go, come_and_go, come_and_go, gc.collect)


def test_tools_register_from_several_threads():
    f, classes = new_function(), new_classes()

    def declare(k):
        for i, cls in enumerate(classes[k::THREADS]):
            if i % 2:
                non_differentiable(f, cls)
                assert rrule(f, cls())[1](1.0) == (NoTangent(), NoTangent())
            else:
                opt_out(rrule, f, cls)
                assert rrule(f, cls()) is None

    in_threads(*(functools.partial(declare, k) for k in range(THREADS)))
    opted_out = [is_opted_out(rrule, f, cls) for cls in classes]
    assert opted_out == [rrule(f, cls()) is None for cls in classes]
    assert sum(opted_out) == len(classes) // 2


def test_configs_are_implemented_from_several_threads():
    class Config(RuleConfig[HasReverseMode]): ...

    rrule_via_ad.register(Config)(lambda config, f, /, *xs: "inherited")

    def implement(k):
        for i in range(EACH):

            class Own(Config): ...

            assert rrule_via_ad(Own(), abs) == "inherited"
            rrule_via_ad.register(Own)(lambda config, f, /, *xs, i=i: (k, i))
            assert rrule_via_ad(Own(), abs) == (k, i)

    in_threads(*(functools.partial(implement, k) for k in range(THREADS)))
    assert rrule_via_ad(Config(), abs) == "inherited"
