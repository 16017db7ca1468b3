"""`annotations`: what an annotation allows, and whether such a value can be perturbed."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert.annotations import Annotations, Place
from tests.convert.building import Sample, expression, sample

IMPORTS = """
import collections
import collections.abc
import datetime
import enum
import fractions
import os
import pathlib
import types
import typing
import typing as t
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, IntEnum
from typing import Annotated, Any, Dict, Final, List, Literal, NamedTuple, NewType, Optional, Tuple
from typing import Type, TypeVar, Union
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from numpy.typing import NDArray

class Foo: ...
class Color(Enum):
    RED = 1
class Deep(Color): ...
class Level(enum.IntEnum): ...
class Pair(NamedTuple):
    a: float
Index = int
Indices = Tuple[int, ...]
Maybe = Optional["Index"]
Matrix = np.ndarray
UserId = NewType("UserId", int)
Meters = NewType("Meters", float)
T = TypeVar("T")
Loop = "Loop"
Here: typing.TypeAlias = "Union[int, str]"
twice = int
twice = float
N = TypeVar("N", bound=int)
M = typing.TypeVar("M", int, str)
R = TypeVar("R", int, float)
Shade = Enum("Shade", "light dark")
Hue = enum.IntEnum("Hue", ["red"])
Tone = Color("Tone", "low high")
UserName = typing.NewType("UserName", str)
class Step(typing.Protocol):
    def __call__(self, x: float) -> float: ...
class Model(typing.Protocol):
    scale: float
    def __call__(self, x: float) -> float: ...
class Kernel:
    def __call__(self, x): ...
made = make()
"""


def place_in(file: Sample) -> Place:
    return Place(file.scope, file.unit)


def found_in(text: str):
    """Return the alternatives of an annotation, and who reads them."""
    file = sample(IMPORTS)
    annotations = Annotations(file.project, file.unit)
    return annotations, annotations.alternatives(expression(text), place_in(file))


PERTURBABLE = """
    float complex object list tuple dict set np.ndarray np.float64 np.floating np.number npt.ArrayLike Foo Any
    Pair Unknown T Loop twice NDArray npt.NDArray fractions.Fraction Meters Matrix Sequence Mapping
    Optional[float] Union[int,float] int|float float|None 'float' "Optional[float]" "'float'" 'not/valid('
    Annotated[float,int] Final[float] list[float]
    List[float] Tuple[int,float] tuple[int,float] tuple[float,...]
    dict[str,float] Dict[int,Foo] Mapping[str,float] Sequence[float] list[list[float]] tuple[()]
    NDArray[np.float64] NDArray[Any] np.ndarray[Any,np.dtype[np.float64]] npt.NDArray[np.complex128]
    R made Model Kernel deque[float] collections.deque[float] typing.DefaultDict[str,float] Self
    collections.OrderedDict[int,float] types.MappingProxyType[str,float]
    Foo[int] f(x) lambda:1 sp.csr_matrix Type|float
    """.split()  # noqa: SIM905 (types and calls, not sentences)
NOT_PERTURBABLE = """
    int bool str bytes bytearray slice range type None Callable callable Type typing.Callable
    collections.abc.Callable types.FunctionType types.ModuleType pathlib.Path os.PathLike np.ufunc np.dtype
    npt.DTypeLike np.integer np.intp np.int64 np.uint8 np.bool_ np.str_ np.datetime64
    Color Deep Level UserId Index Indices Maybe Here
    Literal['a'] Literal[1,2] typing.Literal['a'] t.Literal["x"]
    Optional[int] Optional[Color] Union[int,str]
    int|None int|str|None Union[int,None] Optional[Union[int,str]]
    'int' "Optional[int]" "'int'" 'int|None' Annotated[int,'axis'] Annotated['int',1.0] Final[int]
    Callable[[float],float] collections.abc.Callable[...,float] Type[Foo] type[Foo]
    list[int] List[int] tuple[int,...] tuple[int,int] Tuple[int,str] Sequence[int] Sequence[str] set[str]
    frozenset[int] dict[str,int] dict[float,bool]
    Mapping[str,str] list[tuple[int,...]] Optional[tuple[int,int]]
    NDArray[np.intp] NDArray[np.bool_]
    npt.NDArray[np.int64] np.ndarray[Any,np.dtype[np.int_]] np.dtype[np.float64]
    Optional[NDArray[np.intp]] N M Shade Hue Tone UserName Step collections.deque[int] np.intc np.ubyte
    typing.DefaultDict[str,int] collections.OrderedDict[float,int] typing.AbstractSet[int]
    collections.abc.Iterator[int] types.MappingProxyType[str,int] typing.Counter[str]
    """.split()  # noqa: SIM905 (types and calls, not sentences)


@pytest.mark.parametrize("text", PERTURBABLE)
def test_value_can_be_perturbed(text):
    annotations, found = found_in(text)
    assert annotations.is_perturbable(found)


@pytest.mark.parametrize("text", NOT_PERTURBABLE)
def test_value_cannot_be_perturbed(text):
    annotations, found = found_in(text)
    assert not annotations.is_perturbable(found)


NAMES = {
    "float": ["builtins.float"],
    "None": ["None"],
    "np.ndarray": ["numpy.ndarray"],
    "Matrix": ["numpy.ndarray"],
    "'Foo'": ["Foo"],
    "Optional[Foo]": ["Foo", "None"],
    "Foo | None": ["Foo", "None"],
    "Union[int, 'Foo', None]": ["builtins.int", "Foo", "None"],
    "int | float | str": ["builtins.int", "builtins.float", "builtins.str"],
    "Annotated[Foo, 1]": ["Foo"],
    "Literal['a']": ["Literal"],
    "Maybe": ["builtins.int", "None"],
    "UserId": ["builtins.int"],
    "list[float]": ["builtins.list"],
    "Sequence[float]": ["collections.abc.Sequence"],
    "Unknown": [""],
    "T": [""],
    "f(x)": [""],
    "1": [""],
}


@pytest.mark.parametrize(("text", "wanted"), NAMES.items(), ids=NAMES)
def test_alternatives_are_what_an_annotation_allows(text, wanted):
    assert [a.name for a in found_in(text)[1]] == wanted


CONTAINERS = {
    "tuple": "tuple",
    "tuple[int, ...]": "tuple",
    "Tuple[float]": "tuple",
    "list[float]": "list",
    "List": "list",
    "dict": "dict",
    "Dict[str, float]": "dict",
    "set[int]": "set",
    "frozenset": "set",
    "Sequence[float]": "abstract",
    "typing.Sequence": "abstract",
    "Mapping[str, float]": "abstract",
    "collections.abc.Iterable": "abstract",
    "Foo": None,
    "np.ndarray": None,
    "float": None,
    "Pair": None,
}


@pytest.mark.parametrize(("text", "wanted"), CONTAINERS.items(), ids=CONTAINERS)
def test_container_of_an_alternative(text, wanted):
    (found,) = found_in(text)[1]
    assert found.container == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("np.ndarray", True), ("NDArray[np.float64]", True), ("npt.ArrayLike", True), ("Foo", False)],
)
def test_arrays_are_numpys(text, wanted):
    (found,) = found_in(text)[1]
    assert found.is_array is wanted


def test_class_of_the_project_called_as_a_container_is_none():
    file = sample("class Sequence: ...")
    (found,) = Annotations(file.project, file.unit).alternatives(expression("Sequence"), place_in(file))
    assert (found.container, found.symbol.class_node) == (None, file.definition("Sequence"))


def test_arguments_are_kept_with_the_place_to_read_them_in(tmp_path):
    file = sample("from shapes import Pairs", tmp_path, {"shapes.py": "class A: ...\nPairs = list['A']\n"})
    annotations = Annotations(file.project, file.unit)
    (found,) = annotations.alternatives(expression("Pairs"), place_in(file))
    (inner,) = annotations.alternatives(found.arguments[0], found.place)
    assert (found.container, inner.name) == ("list", "shapes.A")


def test_imported_enumeration_cannot_be_perturbed(tmp_path):
    files = {
        "base.py": "from enum import Enum as Base\n",
        "kinds.py": "from base import Base\nclass K(Base): ...\n",
    }
    file = sample("from kinds import K", tmp_path, files)
    annotations = Annotations(file.project, file.unit)
    assert not annotations.is_perturbable(annotations.alternatives(expression("K"), place_in(file)))


def test_ancestors_are_read_as_far_up_as_they_can_be(tmp_path):
    files = {"base.py": "from abc import ABC\nclass A(ABC): ...\nclass B(A[int]): ...\n"}
    file = sample("from base import B\nclass C(B, Unknown): ...", tmp_path, files)
    annotations = Annotations(file.project, file.unit)
    (symbol,) = file.project.resolve(expression("C"), file.scope, file.unit)
    assert [base.dotted for base in annotations.ancestors(symbol)] == ["base.B", "base.A", "abc.ABC"]


def test_class_that_is_its_own_ancestor_ends():
    file = sample("class A(B): ...\nclass B(A): ...")
    annotations = Annotations(file.project, file.unit)
    assert annotations.is_perturbable(annotations.alternatives(expression("A"), place_in(file)))


def test_literals_keep_their_values():
    found = sample(IMPORTS + "def f(x: Literal['a', 2]): ...\n")
    (alternative,) = Annotations(found.project, found.unit).alternatives(
        expression("Literal['a', 2]"), Place(found.unit.scope, found.unit)
    )
    assert [getattr(argument, "value", None) for argument in alternative.arguments] == ["a", 2]
