"""A function of other parameters than it will be called with is refused when it is registered."""

import re

import pytest

from adjoint2rrule.core import (
    HasForwardsMode,
    HasReverseMode,
    ProjectTo,
    RegistrationError,
    RuleConfig,
    construct,
    frule_via_ad,
    rrule_via_ad,
    zero_tangent,
)
from adjoint2rrule.core.registered_functions import check_takes


class Foo:
    """A class of the user's."""


class Config(RuleConfig[HasReverseMode, HasForwardsMode]):
    """A config of the user's."""


REGISTERS = {
    "construct a Foo": (construct.register(Foo), "T, fields", lambda T, fields: None),
    "give the zero tangent of a Foo": (zero_tangent.register(Foo), "x", lambda x: None),
    "give the projection of a Foo": (ProjectTo.register(Foo), "x", lambda x: None),
    "implement rrule_via_ad": (
        rrule_via_ad.register(Config),
        "config, f, /, *xs, **kw",
        lambda config, f, x: None,
    ),
    "implement frule_via_ad": (
        frule_via_ad.register(Config),
        "config, dargs, f, /, *xs, **kw",
        lambda config, dargs, f, *xs: None,
    ),
}


@pytest.mark.parametrize("task", REGISTERS)
@pytest.mark.parametrize("wrong", [lambda: None, 1.0, "f", lambda *, x: None])
def test_what_cannot_be_called_so_is_refused(task, wrong):
    register, parameters, _ = REGISTERS[task]
    name = getattr(wrong, "__qualname__", repr(wrong))
    message = rf"^{re.escape(name)} cannot {task}: .+\. Write a function, `def f\({re.escape(parameters)}\)`"
    with pytest.raises(RegistrationError, match=message):
        register(wrong)


@pytest.mark.parametrize("task", list(REGISTERS)[:3])
def test_what_needs_more_than_it_is_given_is_refused(task):
    with pytest.raises(RegistrationError, match=r"missing a required argument: 'c'"):
        REGISTERS[task][0](lambda a, b=None, *, c: None)


@pytest.mark.parametrize("task", REGISTERS)
def test_what_can_be_called_so_comes_back(task):
    register, _, right = REGISTERS[task]
    assert register(right) is right


def test_a_function_of_c_that_does_not_tell_is_taken():
    check_takes(max, ("x",), "be the largest", "it")
