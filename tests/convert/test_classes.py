"""`classes`: the fields of a project's classes, and which classes are those of all that is so annotated."""

from __future__ import annotations

import ast

import pytest

from adjoint2rrule.convert.classes import Classes
from tests.convert.building import Sample, expression, sample

IMPORTS = """\
import abc, attr, attrs, dataclasses, typing
from abc import ABC, ABCMeta
from attrs import define
from dataclasses import dataclass, field, KW_ONLY
from typing import ClassVar, Generic, NamedTuple, Protocol, TypeVar
"""


def asked(text: str, name: str = "A", root=None, files=None):
    """Return the classes of a file, and the symbol of one of them."""
    file: Sample = sample(IMPORTS + text, root, files)
    (symbol,) = file.project.resolve(expression(name), file.scope, file.unit)
    return Classes(file.project, file.unit), symbol


# -- fields ------------------------------------------------------------------------------------

FIELDS = {
    "@dataclass\nclass A:\n    x: float\n    y: int = 1": "x: float, y: int",
    "@dataclass(frozen=True, slots=True)\nclass A:\n    x: float": "x: float",
    "@dataclasses.dataclass\nclass A:\n    x: float = field(default=1.0)": "x: float",
    "@dataclass\nclass A:\n    x: float\n    N: ClassVar[int] = 1\n    M: typing.ClassVar = 2": "x: float",
    "@dataclass\nclass A:\n    x: float\n    y = 1\n    def z(self): ...": "x: float",
    "@dataclass\nclass A: ...": "",
    "@define\nclass A:\n    x: float": "x: float",
    "@attrs.frozen\nclass A:\n    x: float": "x: float",
    "@attr.s(auto_attribs=True)\nclass A:\n    x: float": "x: float",
    "class A(NamedTuple):\n    x: float\n    y: 'B' = None": "x: float, y: 'B'",
    "@dataclass\nclass B:\n    x: float\n@dataclass\nclass A(B):\n    y: float": "x: float, y: float",
    "@dataclass\nclass B:\n    x: float\n@dataclass\nclass A(B):\n    y: int\n    x: int": "x: int, y: int",
    "@dataclass\nclass B:\n    x: float\n@dataclass\nclass C:\n    y: int\n@dataclass\nclass A(B, C): ...": (
        "y: int, x: float"
    ),
    "T = TypeVar('T')\n@dataclass\nclass A(Generic[T]):\n    x: T": "x: T",
    "@dataclass\nclass A(ABC):\n    x: float": "x: float",
    "class B:\n    'Doc.'\n    def m(self): ...\n@dataclass\nclass A(B):\n    x: float": "x: float",
    "@dataclass\nclass C:\n    x: float\nclass B(C): ...\n@dataclass\nclass A(B):\n    y: int": (
        "x: float, y: int"
    ),
    "class A:\n    __slots__ = ('x', 'y')": "x, y",
    "class A:\n    __slots__ = ['x']\n    def __init__(self, x: float, z: int): ...": "x: float",
    "class A:\n    __slots__ = ('x', 'y')\n    x: float\n    def __init__(self, x, *, y: int): ...": (
        "x: float, y: int"
    ),
}


@pytest.mark.parametrize(("text", "wanted"), FIELDS.items(), ids=FIELDS)
def test_fields_are_told_in_order(text, wanted):
    classes, symbol = asked(text)
    found = classes.fields(symbol)
    assert found is not None
    written = [f"{f.name}: {ast.unparse(f.annotation)}" if f.annotation else f.name for f in found]
    assert ", ".join(written) == wanted


UNKNOWN = [
    "class A:\n    x: float",
    "class A:\n    def __init__(self, x: float):\n        self.x = x",
    "class B: ...\nclass A(B):\n    __slots__ = ('x',)",
    "class A:\n    __slots__ = names()",
    "from elsewhere import B\n@dataclass\nclass A(B):\n    x: float",
    "class B:\n    y = 1\n@dataclass\nclass A(B):\n    x: float",
    "@dataclass\nclass A(Unknown):\n    x: float",
    "@decorator\nclass A:\n    x: float",
    "def A(): ...",
]


@pytest.mark.parametrize("text", UNKNOWN)
def test_fields_that_cannot_all_be_told_are_unknown(text):
    classes, symbol = asked(text)
    assert classes.fields(symbol) is None


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("def __init__(self, n: int):\n        self.n = n", "int"),
        ("def __init__(self, *, n: 'int'):\n        self.n = n", "'int'"),
        ("def __init__(self, n: int):\n        self.n = float(n)", None),
        ("def __init__(self, n: int):\n        self.n = n\n        self.n += 0.5", None),
        ("def __init__(self, n: int):\n        self.m = n", None),
        ("def __init__(self, n):\n        self.n = n", None),
        ("def __init__(self, n: int):\n        m.n = n", None),
        ("x = 1", None),
    ],
)
def test_parameter_that_becomes_a_field_annotates_it(body, wanted):
    classes, symbol = asked(f"class A:\n    {body}\n")
    found = classes.annotation(symbol, "n")
    assert (ast.unparse(found) if found is not None else None) == wanted


def test_annotation_of_a_field_is_that_of_its_class():
    classes, symbol = asked("@dataclass\nclass A:\n    n: int\n    m: float")
    assert ast.unparse(classes.annotation(symbol, "m")) == "float"
    assert classes.annotation(symbol, "x") is None
    assert classes.annotation(None, "x") is None


def test_fields_of_an_unknown_class_are_unknown():
    file = sample("")
    assert Classes(file.project, file.unit).fields(None) is None


def test_fields_are_inherited_from_other_modules(tmp_path):
    files = {"base.py": "import dataclasses as dc\n@dc.dataclass\nclass B:\n    x: float\n"}
    classes, symbol = asked("import base\n@dataclass\nclass A(base.B):\n    y: int", "A", tmp_path, files)
    assert [field.name for field in classes.fields(symbol) or []] == ["x", "y"]


# -- concrete classes --------------------------------------------------------------------------

CONCRETE = {
    "class A: ...": True,
    "class B: ...\nclass A(B): ...": True,
    "class A(NamedTuple): ...": True,
    "class A(ABC): ...": False,
    "class A(abc.ABC): ...": False,
    "class A(metaclass=ABCMeta): ...": False,
    "class A(Protocol): ...": False,
    "class A(Protocol[int]): ...": False,
    "class B(ABC): ...\nclass A(B): ...": True,
    "class B(Protocol): ...\nclass A(B): ...": True,
    "import typing\nclass A(typing.TypedDict): ...": False,
    "from typing import TypedDict\nclass B(TypedDict): ...\nclass A(B): ...": False,
    "class A(Unknown): ...": False,
    "class A(make()): ...": False,
    "class A: ...\ndef f():\n    class C: ...": True,
    "def A(): ...": False,
    "from elsewhere import A": False,
}


@pytest.mark.parametrize(("text", "wanted"), CONCRETE.items(), ids=CONCRETE)
def test_class_is_that_of_every_value(text, wanted):
    classes, symbol = asked(text)
    assert classes.is_concrete(symbol) is wanted


def test_subclass_in_the_same_module_makes_a_class_abstract(tmp_path):
    classes, symbol = asked("class A: ...\nclass B(A): ...", "A", tmp_path)
    assert not classes.is_concrete(symbol)


def test_subclass_in_another_module_makes_a_class_abstract(tmp_path):
    other = {"other.py": "from rules import A\nclass B(A): ...\n"}
    classes, symbol = asked("class A: ...", "A", tmp_path, other)
    assert not classes.is_concrete(symbol)


def test_unknown_class_is_not_concrete():
    file = sample("")
    assert not Classes(file.project, file.unit).is_concrete(None)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("class A(NamedTuple): ...", True),
        ("class A(typing.NamedTuple): ...", True),
        ("class B(NamedTuple): ...\nclass A(B): ...", True),
        ("class A: ...", False),
        ("class tuple: ...\nclass A(tuple): ...", False),
        ("from collections import namedtuple\nA = namedtuple('A', 'x')", False),
    ],
)
def test_named_tuples_are_classes_that_derive_from_it(text, wanted):
    classes, symbol = asked(text)
    assert classes.is_named_tuple(symbol) is wanted
