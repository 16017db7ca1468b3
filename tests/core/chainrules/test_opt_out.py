"""ChainRulesCore.jl, ``rule_author/superpowers/opt_out.md`` and ``ad_author/opt_out.md``.

Differs: `no_rrule` is `is_opted_out(rrule, ...)`; a rule cannot be opted out of for all callables at once.
"""

import numpy as np
import pytest

from adjoint2rrule.core import (
    HasReverseMode,
    NoTangent,
    RegistrationError,
    RuleConfig,
    frule,
    is_opted_out,
    opt_out,
    rrule,
)


class SkewSymmetric(np.ndarray):
    """A matrix with zeros on its diagonal, and its negative for its transpose."""


def total(x):
    return 0.0 if isinstance(x, SkewSymmetric) else np.sum(x)


@rrule.register(total)
def total_rrule(total, x: np.ndarray):
    def total_pullback(ȳ):
        return NoTangent(), np.full(x.shape, ȳ)

    return total(x), total_pullback


@frule.register(total)
def total_frule(dargs, total, x: np.ndarray):
    return total(x), np.sum(dargs[1])


opt_out(rrule, total, SkewSymmetric)
opt_out(frule, total, SkewSymmetric)

SKEW = np.array([[0.0, 1.0], [-1.0, 0.0]]).view(SkewSymmetric)


def test_a_subclass_has_no_rule_and_its_base_still_has():
    assert rrule(total, SKEW) is None
    assert frule((NoTangent(), SKEW), total, SKEW) is None
    y, pullback = rrule(total, np.ones((2, 2)))
    assert y == 4.0
    assert np.array_equal(pullback(3.0)[1], np.full((2, 2), 3.0))
    assert frule((NoTangent(), np.ones((2, 2))), total, np.ones((2, 2))) == (4.0, 4.0)


def test_a_system_can_ask_what_was_opted_out_of():
    assert is_opted_out(rrule, total, SkewSymmetric)
    assert is_opted_out(frule, total, SkewSymmetric)
    assert not is_opted_out(rrule, total, np.ndarray)


def test_a_more_specific_rule_wins_over_the_opt_out():
    class Rotation(SkewSymmetric):
        pass

    @rrule.register(total)
    def rotation_rrule(total, x: Rotation):
        return total(x), lambda ȳ: (NoTangent(), NoTangent())

    assert rrule(total, SKEW.view(Rotation)) is not None
    assert not is_opted_out(rrule, total, Rotation)
    assert rrule(total, SKEW) is None


def test_it_cannot_be_for_all_functions():
    with pytest.raises(RegistrationError, match="object"):
        opt_out(rrule, object, SkewSymmetric)


class TapeConfig(RuleConfig[HasReverseMode]):
    pass


def scale(x):
    return 2 * x


def test_an_opt_out_with_a_config_is_for_that_system_alone():
    @rrule.register(scale)
    def scale_rrule(scale, x: float):
        return scale(x), lambda ȳ: (NoTangent(), 2 * ȳ)

    opt_out(rrule, TapeConfig, scale, float)
    assert rrule(TapeConfig(), scale, 1.0) is None
    assert rrule(RuleConfig(), scale, 1.0) is not None
    assert rrule(scale, 1.0) is not None
    assert is_opted_out(rrule, TapeConfig, scale, float)
    assert not is_opted_out(rrule, scale, float)


def double(x):
    return x + x


def test_a_rule_with_a_config_wins_over_an_opt_out_without():
    @rrule.register(double)
    def double_rrule(config: RuleConfig[HasReverseMode], double, x: float):
        return double(x), lambda ȳ: (NoTangent(), 2 * ȳ)

    opt_out(rrule, double, float)
    assert rrule(TapeConfig(), double, 1.0) is not None
    opt_out(rrule, RuleConfig[HasReverseMode], double, float)
    assert rrule(TapeConfig(), double, 1.0) is None
