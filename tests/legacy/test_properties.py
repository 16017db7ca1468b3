"""Property access: as a function, and its adjoint with and without rules."""

# ruff: noqa: A002, F811 - a plain definition takes the name of its primal, and a rule names its function

from dataclasses import dataclass
from typing import Literal, NamedTuple

import pytest

from adjoint2rrule import legacy
from adjoint2rrule.core import NoTangent, Tangent, rrule
from adjoint2rrule.legacy import _pullback, adjoint, literal_getfield, literal_getproperty, pullback


@dataclass
class Layer:
    index: float
    thickness: float

    @property
    def optical_thickness(self):
        return self.index * self.thickness

    @property
    def doubled(self):
        return 2 * self.index


class Absorbing(Layer):
    pass


class Point(NamedTuple):
    x: float
    y: float


class Guarded:
    def __init__(self, a):
        self.a = a

    def __getattribute__(self, name):
        return (
            object.__getattribute__(self, name) * 10 if name == "a" else object.__getattribute__(self, name)
        )


@adjoint
def literal_getproperty(x: Layer, name: Literal["optical_thickness"]):
    return x.optical_thickness, lambda dy: ({"index": dy * x.thickness, "thickness": dy * x.index}, None)


LAYER = Layer(1.5, 0.2)


def test_property_access_is_getattr():
    assert literal_getproperty(LAYER, "index") == 1.5
    assert literal_getproperty(LAYER, "optical_thickness") == LAYER.optical_thickness
    with pytest.raises(AttributeError, match="missing"):
        literal_getproperty(LAYER, "missing")


def test_field_access_goes_past_the_class():
    assert literal_getproperty(Guarded(1.0), "a") == 10.0
    assert literal_getfield(Guarded(1.0), "a") == 1.0


def test_name_of_a_property_definition_still_is_the_function():
    assert literal_getproperty is legacy.literal_getproperty


@pytest.mark.parametrize("layer", [LAYER, Absorbing(1.5, 0.2)])
def test_definition_of_a_property_is_chosen_by_class_and_name(layer):
    y, back = _pullback(literal_getproperty, layer, "optical_thickness")
    assert (y, back(2.0)) == (pytest.approx(0.3), (None, {"index": 0.4, "thickness": 3.0}, None))


@pytest.mark.parametrize("access", [literal_getproperty, literal_getfield])
def test_field_without_a_definition_has_its_seed_as_cotangent(access):
    y, back = pullback(access, LAYER, "index")
    assert (y, back(2.0)) == (1.5, ({"index": 2.0, "thickness": None}, None))
    assert pullback(access, Point(1.0, 2.0), "y")[1](3.0) == ({"x": None, "y": 3.0}, None)
    assert pullback(access, LAYER, "index")[1](None) == (None, None)


def test_field_access_gives_the_value_that_the_function_gives():
    y, back = pullback(literal_getproperty, Guarded(1.0), "a")
    assert (y, back(1.0)) == (10.0, ({"a": 10.0}, None))
    y, back = pullback(literal_getfield, Guarded(1.0), "a")
    assert (y, back(1.0)) == (1.0, ({"a": 1.0}, None))


def test_property_without_a_definition_is_differentiated():
    y, back = pullback(literal_getproperty, LAYER, "doubled")
    assert (y, back(1.0)) == (3.0, ({"index": 2.0, "thickness": 0.0}, None))


def test_converted_rule_of_a_property_is_used():
    class Converted(Layer):
        pass

    for name in ("doubled", "index"):

        @rrule.register(getattr)
        def getattr_rrule(getattr, x: Converted, name: Literal[name]):
            return getattr(x, name), lambda ȳ: (NoTangent(), Tangent[Converted](index=7.0), NoTangent())

    for name in ("doubled", "index"):
        _, back = pullback(literal_getproperty, Converted(1.5, 0.2), name)
        assert back(1.0)[0]["index"] == 7.0
