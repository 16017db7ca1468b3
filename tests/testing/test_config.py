"""`TestConfig` runs what a rule calls back on: by its rule, or by finite differences."""

from dataclasses import dataclass

import numpy as np
import pytest

from adjoint2rrule.core import (
    HasForwardsMode,
    HasReverseMode,
    NoTangent,
    Tangent,
    ZeroTangent,
    frule,
    frule_via_ad,
    rrule,
    rrule_via_ad,
)
from adjoint2rrule.testing import TestConfig


@dataclass
class Scale:
    factor: float

    def __call__(self, x, n=1):
        return self.factor * x**n


def test_it_can_do_both_modes():
    assert {HasReverseMode, HasForwardsMode} <= TestConfig.features


def test_rule_is_preferred():
    def f(x):
        return x

    rrule.register(f)(lambda f, x: (x, lambda ȳ: (NoTangent(), "from the rule")))
    frule.register(f)(lambda dargs, f, x: (x, "from the rule"))
    assert rrule_via_ad(TestConfig(), f, 1.0)[1](1.0) == (NoTangent(), "from the rule")
    assert frule_via_ad(TestConfig(), (NoTangent(), 1.0), f, 1.0) == (1.0, "from the rule")


def test_pullback_has_an_entry_for_the_callable_and_for_each_argument():
    y, back = rrule_via_ad(TestConfig(), Scale(3.0), np.array([1.0, 2.0]), 2)
    ḡ, x̄, n̄ = back(np.array([1.0, 10.0]))
    np.testing.assert_allclose(y, [3.0, 12.0])
    assert isinstance(ḡ, Tangent[Scale])
    assert ḡ.factor == pytest.approx(41.0)
    np.testing.assert_allclose(x̄, [6.0, 120.0])
    assert n̄ is NoTangent()


def test_pullback_takes_seeds_with_missing_parts_and_keywords():
    y, back = rrule_via_ad(TestConfig(), lambda x, *, n: (x, n * x), 2.0, n=3)
    assert y == (2.0, 6.0)
    assert back(Tangent[tuple](ZeroTangent(), 1.0))[1] == pytest.approx(3.0)


def test_pushforward_follows_all_tangents():
    y, dy = frule_via_ad(TestConfig(), (Tangent[Scale](factor=1.0), 2.0, NoTangent()), Scale(3.0), 5.0, 1)
    assert y == 15.0
    assert dy == pytest.approx(1.0 * 5.0 + 3.0 * 2.0)


def test_method_is_the_users():
    class Method:
        def __call__(self, f, x=0.0, *, step=None, max_range=None):
            return np.array([42.0])

    config = TestConfig(Method())
    assert rrule_via_ad(config, lambda x: x**2, 3.0)[1](1.0)[1] == 42.0
    assert repr(config).startswith("TestConfig(<")
    assert repr(TestConfig()) == "TestConfig()"
