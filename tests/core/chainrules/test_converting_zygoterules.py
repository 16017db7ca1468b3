"""ChainRulesCore.jl, ``rule_author/converting_zygoterules.md``: the example, and what it says of each step.

The conversion itself is tested in ``tests/convert``; here the rule that comes out of it runs.
"""

from dataclasses import dataclass

import pytest

from adjoint2rrule.core import (
    HasReverseMode,
    NoTangent,
    RuleConfig,
    Tangent,
    ZeroTangent,
    non_differentiable,
    rrule,
    rrule_via_ad,
)
from adjoint2rrule.testing import TestConfig
from adjoint2rrule.testing import test_rrule as check_rrule


@dataclass
class Foo:
    a: float
    b: float


def f(x, y, z):
    return 2 * x + y.a


@rrule.register(f)
def f_rrule(f, x, y: Foo, z):
    def f_pullback(Ω̄):
        return NoTangent(), 2 * Ω̄, Tangent[Foo](a=Ω̄), ZeroTangent()

    return f(x, y, z), f_pullback


def test_the_example_passes_the_test_of_the_page():
    check_rrule(f, 2.5, Foo(9.9, 7.2), 31.0)


def test_only_nonzero_fields_need_to_be_listed():
    _, _, ȳ, z̄ = rrule(f, 2.5, Foo(9.9, 7.2), 31.0)[1](1.0)
    assert ȳ == Tangent[Foo](a=1.0, b=ZeroTangent())
    assert ȳ.b is ZeroTangent()
    assert z̄ is ZeroTangent()


def test_structural_tangents_add_where_bare_tuples_would_join():
    a, b = (1.0, 2.0), (3.0, 4.0)
    assert Tangent[tuple](*a) + Tangent[tuple](*b) == Tangent[tuple](4.0, 6.0)
    assert a + b == (1.0, 2.0, 3.0, 4.0)


def test_a_bare_tuple_or_dict_does_not_pass():
    def g(x, y):
        return x * y.a

    @rrule.register(g)
    def g_rrule(g, x, y: Foo):
        return g(x, y), lambda Ω̄: (NoTangent(), Ω̄ * y.a, {"a": Ω̄ * x})

    with pytest.raises(AssertionError, match="Tangent"):
        check_rrule(g, 2.0, Foo(3.0, 4.0))


def each(g, xs):
    return tuple(g(x) for x in xs)


@rrule.register(each)
def each_rrule(config: RuleConfig[HasReverseMode], each, g, xs: tuple[float, ...]):
    ys, pullbacks = zip(*(rrule_via_ad(config, g, x) for x in xs), strict=True)

    def each_pullback(ȳs):
        x̄s = [pullback(ȳ)[1] for pullback, ȳ in zip(pullbacks, ȳs, strict=True)]
        return NoTangent(), NoTangent(), Tangent[tuple](*x̄s)

    return ys, each_pullback


def test_a_rule_calls_back_by_its_config():
    check_rrule(each, lambda x: x**2, (1.0, 2.0))
    assert rrule(TestConfig(), each, abs, (1.0, 2.0)) is not None
    assert rrule(each, abs, (1.0, 2.0)) is None


def test_nograd_becomes_non_differentiable_for_a_signature_or_for_all():
    def rank(x, y):
        return int(x > y)

    non_differentiable(rank, int, int)
    assert rrule(rank, 2.0, 1.0) is None
    non_differentiable(rank)
    assert rrule(rank, 2.0, 1.0)[1](1.0) == (NoTangent(),) * 3
