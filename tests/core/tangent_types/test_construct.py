"""Building primals from their fields."""

from collections import Counter, OrderedDict, defaultdict
from dataclasses import InitVar, dataclass, field
from typing import NamedTuple

import attrs
import pytest

from adjoint2rrule.core import PrimalAdditionError, Tangent, construct


class Point(NamedTuple):
    x: float
    y: float


@pytest.mark.parametrize(
    ("T", "fields", "expected"),
    [
        (tuple, (1.0, 2.0), (1.0, 2.0)),
        (list, (1.0, 2.0), [1.0, 2.0]),
        (dict, {"a": 1.0}, {"a": 1.0}),
        (OrderedDict, {"a": 1.0}, OrderedDict(a=1.0)),
        (Point, {"y": 2.0, "x": 1.0}, Point(1.0, 2.0)),
        (Point, (1.0, 2.0), Point(1.0, 2.0)),
        (complex, {"real": 1.0, "imag": 2.0}, 1.0 + 2.0j),
    ],
)
def test_builtin_classes(T, fields, expected):
    built = construct(T, fields)
    assert type(built) is T
    assert built == expected


def test_dicts_keep_all_else_that_they_hold():
    class Labelled(dict):
        def __init__(self, label, **entries):
            super().__init__(**entries)
            self.label = label

    for x in (Counter(a=1.0, b=2.0), OrderedDict(b=2.0, a=1.0), Labelled("name", a=1.0, b=2.0)):
        total = x + Tangent[type(x)](a=-3.0)
        assert type(total) is type(x)
        assert list(total.items()) == [(k, -2.0 if k == "a" else 2.0) for k in x]
        assert x["a"] == 1.0
        assert getattr(total, "label", None) == getattr(x, "label", None)
    total = defaultdict(list, a=1.0) + Tangent[dict](a=1.0)
    assert total == {"a": 2.0}
    assert total["absent"] == []
    assert construct(defaultdict, {"a": 1.0}) == {"a": 1.0}


def test_a_container_that_does_not_take_its_parts_is_refused():
    class Named(list):
        def __init__(self, name):
            self.name = name

    x = Named("name")
    x.append(1.0)
    with pytest.raises(PrimalAdditionError, match=r"Named cannot be rebuilt.*of \(2\.0,\) it made \[\]"):
        x + Tangent[Named](1.0)


def test_keyword_only_and_late_fields_of_dataclasses():
    @dataclass(frozen=True, kw_only=True)
    class Late:
        a: float
        b: float = field(init=False)

    assert construct(Late, {"a": 1.0, "b": 2.0}).b == 2.0


def test_private_attrs_fields_go_to_their_arguments():
    @attrs.define
    class Private:
        _a: float
        b: float = attrs.field(alias="beta")

    assert construct(Private, {"_a": 1.0, "b": 2.0}) == Private(1.0, 2.0)


def test_an_argument_that_is_no_field_is_refused():
    @dataclass
    class Seeded:
        a: float
        seed: InitVar[int]

    with pytest.raises(PrimalAdditionError, match=r"Seeded cannot be rebuilt.*\['seed'\]"):
        construct(Seeded, {"a": 1.0})


def test_a_class_that_does_not_tell_its_arguments_is_refused():
    with pytest.raises(PrimalAdditionError, match="does not tell its arguments") as raised:
        construct(range, {})
    assert isinstance(raised.value.__cause__, ValueError)


def test_a_registered_constructor_serves_the_class_and_its_subclasses():
    class Base:
        def __init__(self, text):
            self.value = float(text)

    class Derived(Base):
        pass

    @construct.register(Base)
    def build(T, fields):
        return T(str(fields["value"]))

    assert callable(build)
    assert type(construct(Derived, {"value": 1.5})) is Derived
    assert construct(Base, {"value": 1.5}).value == 1.5


def test_what_a_constructor_raises_is_the_users_to_see():
    @dataclass
    class Positive:
        a: float

        def __post_init__(self):
            if self.a <= 0:
                raise ValueError("must be positive")

    with pytest.raises(ValueError, match="must be positive"):
        construct(Positive, {"a": -1.0})
