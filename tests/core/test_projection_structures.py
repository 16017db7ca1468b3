"""`ProjectTo` of what is made of parts: tuples, lists, dicts, objects and arrays of objects."""

import pickle
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

import attrs
import numpy as np
import pytest

from adjoint2rrule.core import (
    MutableTangent,
    NoTangent,
    ProjectionError,
    ProjectTo,
    Tangent,
    Thunk,
    ZeroTangent,
    backing,
    thunk,
)


class Pair(NamedTuple):
    x: float
    label: str


@dataclass
class Layer:
    index: float
    thickness: Any = 1.0
    name: str = "layer"


@dataclass
class Coated(Layer):
    coating: float = 0.0


@dataclass(frozen=True, slots=True)
class Frozen:
    a: float
    b: str = "b"


@attrs.define
class Attrs:
    _a: float
    b: int = 3


class Plain:
    def __init__(self, **fields):
        self.__dict__.update(fields)


class Affine:
    """A callable object, which has fields all the same."""

    def __init__(self, W):
        self.W = W

    def __call__(self, x):
        return self.W @ x


class Slots:
    __slots__ = ("a", "b")

    def __init__(self, a):
        self.a = a


class ArrayLike:
    def __init__(self):
        self.data = 1.0

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.data, dtype)


FLOAT32 = np.float32(1)


@pytest.mark.parametrize(
    ("x", "dx", "projected"),
    [
        ((1.0, "a"), Tangent[tuple](1 + 2j, 3.0), Tangent[tuple](1.0, NoTangent())),
        ((1.0, "a"), Tangent[tuple[float, str]](1 + 2j, 3.0), Tangent[tuple](1.0, NoTangent())),
        ((1.0, 2.0), (1, ZeroTangent()), Tangent[tuple](1.0, ZeroTangent())),
        ((1.0, 2.0), [1j + 1, 2], Tangent[tuple](1.0, 2.0)),
        ((1.0, 2.0), np.array([1, 2]), Tangent[tuple](1.0, 2.0)),
        ((1.0, 2.0), np.array([[1], [2]]), Tangent[tuple](1.0, 2.0)),
        ((1.0, 2.0), Tangent[Any](1j, 2), Tangent[tuple](0.0, 2.0)),
        ([1.0, [2.0]], [1, [2]], Tangent[list](1.0, Tangent[list](2.0))),
        ([1.0, 2.0], np.array([1, 2]), Tangent[list](1.0, 2.0)),
        (
            [[1.0, 2.0], [3.0, 4.0]],
            np.array([[1, 2], [3, 4j]]),
            Tangent[list](Tangent[list](1.0, 2.0), Tangent[list](3.0, 0.0)),
        ),
        (Pair(1.0, "a"), Pair(2j, "b"), Tangent[Pair](0.0, NoTangent())),
        (Pair(1.0, "a"), (2, None), Tangent[Pair](x=2.0, label=NoTangent())),
        (Pair(1.0, "a"), Tangent[tuple](2, ZeroTangent()), Tangent[Pair](x=2.0)),
        (Pair(1.0, "a"), Tangent[Pair](x=2j + 1), Tangent[Pair](x=1.0)),
        (Pair(1.0, "a"), Tangent[Pair](2j + 1), Tangent[Pair](x=1.0)),
        (Pair(1.0, "a"), Tangent[Any](2, ZeroTangent()), Tangent[Pair](x=2.0)),
        (Pair(1.0, "a"), Tangent[Any](x=2), Tangent[Pair](x=2.0)),
        ({"a": 1.0, "b": "c"}, {"a": 2}, Tangent[dict](a=2.0)),
        ({"a": 1.0, 2: 3.0}, Tangent[dict]({2: 1j}), Tangent[dict]({2: 0.0})),
        (OrderedDict(a=1.0), {"a": 2}, Tangent[OrderedDict](a=2.0)),
        (Layer(1.0), Tangent[Layer](index=1j + 2), Tangent[Layer](index=2.0)),
        (Layer(1.0), Tangent[Any](index=1j + 2), Tangent[Layer](index=2.0)),
        (Layer(1.0), Layer(2, 3), Tangent[Layer](index=2.0, thickness=3.0, name=NoTangent())),
        (Coated(1.0), Tangent[Layer](index=2), Tangent[Coated](index=2.0)),
        (Layer(1.0), Tangent[Coated](index=2), Tangent[Layer](index=2.0)),
        (Frozen(1.0), Frozen(2j), Tangent[Frozen](a=0.0, b=NoTangent())),
        (Attrs(1.0), Tangent[Attrs](_a=2), Tangent[Attrs](_a=2.0)),
        (Plain(a=1.0), Tangent[Plain](a=2), Tangent[Plain](a=2.0)),
        (Plain(a=FLOAT32), Plain(a=2.0), Tangent[Plain](a=np.float32(2))),
        (Slots(1.0), Tangent[Slots](a=2), Tangent[Slots](a=2.0)),
        (Affine(1.0), Tangent[Affine](W=2), Tangent[Affine](W=2.0)),
        (Layer(1.0, Layer(2.0)), Layer(1, Layer(2)), None),
    ],
)
def test_each_part_is_projected_by_its_own_projection(x, dx, projected):
    if projected is None:
        inner = Tangent[Layer](index=2.0, thickness=1.0, name=NoTangent())
        projected = Tangent[Layer](index=1.0, thickness=inner, name=NoTangent())
    result = ProjectTo(x)(dx)
    assert result == projected
    assert type(result) is type(projected)
    assert _classes(result) == _classes(projected)  # `2 == 2.0`


def _classes(tangent):
    parts = backing(tangent)
    parts = parts.values() if isinstance(parts, dict) else parts
    return [type(part) for part in parts if part is not ZeroTangent()]


@pytest.mark.parametrize(
    ("x", "dx"),
    [
        ((1.0, 2.0), Tangent[tuple](1.0, ZeroTangent())),
        ([1.0, (2.0,)], Tangent[list](1.0, Tangent[tuple](2.0))),
        (Pair(1.0, "a"), Tangent[Pair](x=1.0)),
        ({"a": np.ones(2), "b": "c"}, Tangent[dict](a=np.ones(2), b=NoTangent())),
        (Layer(1.0), Tangent[Layer](index=2.0)),
        (Layer(1.0), MutableTangent[Layer](index=2.0)),
        (np.array([1.0, [2.0]], dtype=object), np.array([1.0, Tangent[list](2.0)], dtype=object)),
    ],
)
def test_a_tangent_that_fits_comes_back_itself(x, dx):
    assert ProjectTo(x)(dx) is dx


@pytest.mark.parametrize(
    ("x", "dx"),
    [
        ((1.0, "a"), Tangent[tuple](ZeroTangent(), 1.0)),
        ((1.0, "a"), (NoTangent(), "a")),
        ([1.0], [ZeroTangent()]),
        ({"a": 1.0}, {}),
        (Layer(1.0), Tangent[Layer]()),
        (Layer(1.0), Tangent[Layer](name=1.0)),
        (Layer(1.0, (2.0,)), Tangent[Layer](thickness=(ZeroTangent(),))),
        (np.array([1.0, "a"], dtype=object), np.array([ZeroTangent(), 1.0], dtype=object)),
    ],
)
def test_what_is_zero_in_all_parts_has_no_tangent(x, dx):
    assert ProjectTo(x)(dx) is NoTangent()


@pytest.mark.parametrize(
    "x",
    [
        ("a", True),
        ["a", [None]],
        {"a": len},
        Pair(True, "a"),
        Layer("a", None),
        Plain(),
        Plain(a=("b",)),
        Slots("a"),
    ],
)
def test_what_has_no_part_to_perturb_has_no_tangent(x):
    assert ProjectTo(x) == ProjectTo(True)


def test_a_mutable_tangent_stays_mutable():
    dx = MutableTangent[Layer](index=1j, thickness=2.0)
    assert ProjectTo(Layer(1.0))(dx) == MutableTangent[Layer](index=0.0, thickness=2.0)
    assert dx.index == 1j


def test_thunks_inside_stay_thunks():
    dx = Tangent[Layer](index=thunk(lambda: 2j))
    projected = ProjectTo(Layer(1.0))(dx)
    assert type(backing(projected)["index"]) is Thunk
    assert projected.index == 0.0


# What does not fit


@pytest.mark.parametrize(
    ("x", "dx", "message"),
    [
        ((1.0, 2.0), (1.0,), r"x is a tuple of 2 elements, but its cotangent has 1 elements"),
        ((1.0, 2.0), Tangent[tuple](1.0), r"has 1 elements"),
        ((1.0, 2.0), np.ones(3), r"x has shape \(2,\) and its cotangent \(3,\)"),
        ((1.0, (2.0,)), np.ones(3), r"has 3 elements"),
        ((1.0, 2.0), np.array(1.0), r"x is a tuple of 2 elements.*shape \(\)"),
        (
            (1.0, 2.0),
            1.0,
            r"x is a tuple of 2 elements, but its cotangent is 1\.0 \(float\).*Tangent\[tuple\]",
        ),
        ((1.0, 2.0), {"a": 1.0}, r"\(dict\); write Tangent\[tuple\]\(\.\.\.\)"),
        ((1.0, 2.0), Tangent[list](1.0, 2.0), r"Tangent\[list\]"),
        ([1.0, 2.0], (1.0, 2.0), r"x is a list of 2 elements.*\(tuple\)"),
        (
            Pair(1.0, "a"),
            (1.0,),
            r"x is a Pair, but its cotangent has 1 elements.*\['x', 'label'\].*Tangent\[Pair\]",
        ),
        (Pair(1.0, "a"), Tangent[tuple](1.0), r"x is a Pair, but its cotangent has 1 elements"),
        (Pair(1.0, "a"), Tangent[tuple](1.0, 2.0, 3.0), r"x is a Pair, but its cotangent has 3 elements"),
        (Pair(1.0, "a"), Tangent[Any](1.0), r"x is a Pair, but its cotangent has 1 elements"),
        (Pair(1.0, "a"), np.ones(2), r"x is a Pair.*Tangent\[Pair\]"),
        ({"a": 1.0}, {"b": 1.0}, r"x is a dict with \['a'\].*also has \['b'\]"),
        ({"a": 1.0}, Tangent[dict](b=1.0, c=2.0), r"also has \['b', 'c'\]"),
        ({"a": 1.0}, [1.0], r"x is a dict.*\(list\)"),
        (Layer(1.0), 1.0, r"x is a Layer.*1\.0 \(float\).*Tangent\[Layer\].*@ProjectTo\.register\(Layer\)"),
        (Layer(1.0), {"index": 1.0}, r"x is a Layer.*\(dict\).*Tangent\[Layer\]"),
        (Layer(1.0), np.ones(2), r"x is a Layer.*shape \(2,\)"),
        (Layer(1.0), Tangent[Frozen](a=1.0), r"x is a Layer.*Tangent\[Frozen\]\(a=1\.0\)"),
        (Layer(1.0), Tangent[Coated](coating=1.0), r"x is a Layer.*Tangent\[Coated\].*coating"),
        (Plain(a=1.0), Tangent[Plain](b=1.0), r"x is a Plain with \['a'\].*also has \['b'\]"),
        (Slots(1.0), Tangent[Slots](b=1.0), r"also has \['b'\]"),
        (Layer(1.0), Tangent[Layer](index=np.ones(2)), r"x is a float, but its cotangent is of shape \(2,\)"),
        (np.array([1.0, "a"], dtype=object), np.ones(3), r"x has shape \(2,\) and its cotangent \(3,\)"),
        (
            np.array([1.0, "a"], dtype=object),
            1.0,
            r"x is an array of objects of shape \(2,\).*1\.0 \(float\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(x, dx, message):
    with pytest.raises(ProjectionError, match=message):
        ProjectTo(x)(dx)


def test_an_error_tells_the_place():
    x = Layer(1.0, [1.0, {"k": np.ones(2)}])
    dx = Tangent[Layer](thickness=[1.0, {"k": np.ones(3)}])
    with pytest.raises(ProjectionError) as error:
        ProjectTo(x)(dx)
    assert error.value.__notes__ == [
        "in 'k' of the cotangent",
        "in [1] of the cotangent",
        "in 'thickness' of the cotangent",
    ]


# Arrays of objects


def test_the_elements_of_an_array_of_objects_are_projected_one_by_one():
    x = np.array([[1.0, "a"], [np.ones(2), 2j]], dtype=object)
    given = np.empty((2, 2), dtype=object)
    given[0, 0], given[0, 1], given[1, 0], given[1, 1] = 1j, 2.0, [1, 2], 3.0
    projected = ProjectTo(x)(given)
    assert projected.shape == (2, 2)
    assert projected.dtype == object
    assert projected[0, 0] == 0.0
    assert projected[0, 1] is NoTangent()
    assert projected[1, 0].dtype == np.float64
    assert type(projected[1, 1]) is complex


def test_numbers_fit_an_array_of_objects():
    projected = ProjectTo(np.array([1.0, 2j], dtype=object))(np.array([1 + 1j, 2 + 2j]))
    assert projected.tolist() == [1.0, 2 + 2j]
    assert ProjectTo(np.array([1.0, 2j], dtype=object))([1j, 2]).tolist() == [0.0, 2.0]
    alone = ProjectTo(np.array(1.0, dtype=object))(2)
    assert (alone.shape, alone.dtype, alone.item()) == ((), object, 2.0)


def test_an_array_of_objects_without_tangents_has_none():
    for x in (np.array(["a", None], dtype=object), np.array([], dtype=object)):
        assert ProjectTo(x)(np.ones(x.shape)) is NoTangent()


# Objects that refer to themselves


def test_an_object_that_refers_to_itself_is_projected_once():
    x = Plain(a=1.0, name="x")
    x.me = x
    project_x = ProjectTo(x)
    assert repr(project_x) == (
        "ProjectTo[Plain](a=ProjectTo[float](), name=ProjectTo[NoTangent](), me=ProjectTo[...]())"
    )
    far = Tangent[Plain](a=1j)
    inner = Tangent[Plain](a=1j + 1, me=far)
    assert project_x(Tangent[Plain](a=1j, me=inner)) == Tangent[Plain](
        a=0.0, me=Tangent[Plain](a=1.0, me=far)
    )
    assert pickle.loads(pickle.dumps(project_x)) == project_x


def test_a_tangent_that_refers_to_itself_comes_back_itself():
    x, dx = Plain(a=1.0), MutableTangent[Plain](a=2.0)
    x.me = x
    dx.me = dx
    assert ProjectTo(x)(dx) is dx
    dx.a = 2j
    assert ProjectTo(x)(dx).me.a == 0.0


def test_objects_that_refer_to_each_other_have_their_numbers_projected():
    a, b = Plain(x=1.0, children=[2.0]), Plain(x=np.ones(2))
    a.parent, b.parent = b, a
    project_both = ProjectTo([a, b])
    array = np.array([1j, 2.0])
    near_a, near_b = Tangent[Plain](x=1j + 3, children=[1j]), Tangent[Plain](x=array)
    da, db = project_both([Tangent[Plain](parent=near_b), Tangent[Plain](parent=near_a)])
    assert da.parent.x.tolist() == [0.0, 2.0]
    assert (db.parent.x, db.parent.children) == (3.0, [1j])  # no further than to numbers and arrays
    for wrong in (Tangent[Plain](x=1.0, parent=1.0), Tangent[Plain](x=1.0, parent=Tangent[Plain](x="a"))):
        with pytest.raises(ProjectionError, match="float"):
            project_both([ZeroTangent(), wrong])
    assert pickle.loads(pickle.dumps(project_both)) == project_both
    assert hash(pickle.loads(pickle.dumps(project_both))) == hash(project_both)


def test_containers_that_contain_themselves_are_projected_once():
    items, entries, objects = [1.0], {"a": 1.0}, np.array([1.0, None], dtype=object)
    items.append(items)
    entries["me"] = entries
    objects[1] = objects
    assert ProjectTo(items)([1, ZeroTangent()]) == Tangent[list](1.0, ZeroTangent())
    assert ProjectTo(entries)({"a": 1}) == Tangent[dict](a=1.0)
    assert ProjectTo(objects)(np.array([1, ZeroTangent()], dtype=object))[0] == 1.0


def test_objects_that_refer_to_each_other_have_no_tangent_without_numbers():
    parent = Plain(name="parent")
    parent.children = [Plain(parent=parent), Plain(parent=parent)]
    assert ProjectTo(parent) == ProjectTo(True)
    parent.x = 1.0
    assert ProjectTo(parent)(Tangent[Plain](x=1)) == Tangent[Plain](x=1.0)


def test_an_object_that_is_reached_often_is_looked_at_once():
    x = [1.0]
    for _ in range(40):  # 2**40 paths
        x = Plain(left=x, right=x)
    project_x = ProjectTo(x)
    assert project_x.parts["left"] is project_x.parts["right"]


def test_primals_may_be_deep():
    x = dx = 1.0
    for _ in range(60):
        x, dx = [x], Tangent[list](dx)
    assert ProjectTo(x)(dx) is dx


def test_an_object_that_fails_leaves_nothing_behind():
    class Broken:
        __slots__ = ("a",)

        @property
        def __dict__(self):
            raise RuntimeError("broken")

    x = Plain(a=1.0)
    x.b = Broken()
    with pytest.raises(RuntimeError, match="broken"):
        ProjectTo((x, Layer(1.0)))
    x.b = 2.0
    assert ProjectTo(x)(Tangent[Plain](b=2)) == Tangent[Plain](b=2.0)


def test_an_array_of_another_library_is_not_made_of_its_attributes():
    dx = np.ones(3)
    assert ProjectTo(ArrayLike())(dx) is dx
