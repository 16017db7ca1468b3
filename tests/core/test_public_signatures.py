"""Positional parameters are positional-only, so that every name is free for keywords and may change."""

import inspect

import pytest

import adjoint2rrule.core as core
from adjoint2rrule.core import RuleError, not_implemented, unthunk


def public_callables():
    for name in core.__all__:
        x = vars(core)[name]
        yield name, x
        for method in ("register", "methods", "which"):
            if hasattr(x, method):
                yield f"{name}.{method}", getattr(x, method)


CALLABLES = dict(public_callables())


@pytest.mark.parametrize("name", CALLABLES)
def test_a_parameter_is_reached_by_position_or_by_keyword_and_not_by_both(name):
    parameters = inspect.signature(CALLABLES[name]).parameters.values()
    assert [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD] == []


def test_the_ways_to_register_are_among_them():
    named = {name.partition(".")[0] for name in CALLABLES if name.endswith(".register")}
    assert named >= {
        "ProjectTo",
        "construct",
        "frule",
        "frule_via_ad",
        "rrule",
        "rrule_via_ad",
        "zero_tangent",
    }


@pytest.mark.parametrize(
    "call", [lambda: unthunk(x=1.0), lambda: not_implemented(info="x"), lambda: RuleError(message="x")]
)
def test_a_positional_parameter_has_no_name_for_callers(call):
    with pytest.raises(TypeError):
        call()
