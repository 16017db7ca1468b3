"""`kinds`: what is a class, and what a class has from where."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert.dialects.zygoterules.kinds import (
    is_class,
    is_plain_method,
    is_property,
    makes_objects,
    members,
)
from adjoint2rrule.convert.units import Symbol
from tests.convert.building import Sample, expression, sample

HEAD = """\
import functools, typing
import numpy as np
from nowhere_at_all import Elsewhere
class Meta(type): ...
class Base: ...
class Foo(Base, typing.Generic[T]): ...
class Odd(Elsewhere): ...
def f(x): ...
"""


def symbol(file: Sample, name: str) -> Symbol:
    (found,) = file.project.resolve(expression(name), file.scope, file.unit)
    return found


VALUES = {
    "x = Foo": True,
    "x = y = Foo": True,
    "x = f": False,
    "x = np.sin": False,
    "x = np.ndarray": True,
    "x = lambda y: y": False,
    "x = 1": False,
    "x = {}": False,
    "x = functools.partial(f, 2)": False,
    "x = Foo()": False,
    "x = np.vectorize(f)": False,
    # what a metaclass or an unknown class makes may be a class
    "x = Meta('x', (), {})": None,
    "x = Odd()": None,
    "x = Elsewhere": None,
    "x = f(1)": None,
    # loops over what is written out
    "for x in (f, np.sin): ...": False,
    "for x in [Foo, Base]: ...": True,
    "for x in (f, Foo): ...": None,
    "for x, y in ((f, 1), (np.sin, 2)): ...": False,
    "for y, x in ((1, Foo),): ...": True,
    "fs = [f, np.sin]\nfor x in fs: ...": False,
    "fs = [f]\nfs = [Foo]\nfor x in fs: ...": None,
    "for x in (f, *others): ...": None,
    "for x in f: ...": None,
    # several places
    "x = f\nx = np.sin": False,
    "x = f\nx = Foo": None,
}


@pytest.mark.parametrize(("text", "answer"), VALUES.items(), ids=VALUES)
def test_values_tell_what_is_a_class(text, answer):
    file = sample(f"{HEAD}{text}\n")
    assert is_class(symbol(file, "x"), file.project) is answer


def test_names_that_name_each_other_are_of_no_known_kind():
    file = sample("x = y\ny = x\n")
    assert is_class(symbol(file, "x"), file.project) is None


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("Foo", True),
        ("Base", True),
        ("Meta", False),
        ("Odd", False),
        ("f", False),
        ("functools.partial", True),
    ],
)
def test_only_ordinary_classes_make_objects(name, answer):
    file = sample(HEAD)
    assert makes_objects(symbol(file, name), file.project) is answer


CLASSES = """\
import functools
from nowhere_at_all import Elsewhere
class Base:
    def a(self): ...
    @property
    def b(self): ...
class Left(Base): ...
class Right(Base):
    @functools.lru_cache
    def a(self): ...
class Both(Left, Right): ...
class Foreign(Elsewhere): ...
class Mixed(Base, Elsewhere): ...
"""


def found(owner: str, name: str) -> list[Symbol | None]:
    file = sample(CLASSES)
    return members(symbol(file, owner), name, file.project)


@pytest.mark.parametrize(
    ("owner", "name", "wanted"),
    [
        ("Base", "a", ["Base.a"]),
        ("Left", "a", ["Base.a"]),
        ("Right", "a", ["Right.a"]),
        ("Both", "a", ["Base.a", "Right.a"]),
        ("Base", "c", []),
        ("Foreign", "a", [None]),
        ("Mixed", "a", ["Base.a", None]),
    ],
)
def test_members_are_looked_for_in_all_bases(owner, name, wanted):
    assert [m and m.dotted for m in found(owner, name)] == wanted


@pytest.mark.parametrize(
    ("owner", "name", "plain", "read"),
    [("Left", "a", True, False), ("Right", "a", False, False), ("Left", "b", False, True)],
)
def test_decorators_tell_plain_methods_and_properties(owner, name, plain, read):
    (member,) = found(owner, name)
    assert member is not None
    assert (is_plain_method(member), is_property(member)) == (plain, read)


def test_unknown_member_is_no_plain_method():
    assert not is_plain_method(None)
