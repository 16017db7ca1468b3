"""What an annotation accepts, stated as a table: the annotation, values it takes, values it does not."""

import abc
import collections
import collections.abc
import datetime
import enum
import functools
import numbers
import weakref
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    LiteralString,
    NamedTuple,
    Never,
    NewType,
    Optional,
    Protocol,
    Self,
    SupportsFloat,
    TypedDict,
    TypeVar,
    Union,
    get_origin,
    runtime_checkable,
)

import numpy as np
import pytest
from numpy.typing import ArrayLike, DTypeLike, NDArray
from typing_extensions import TypeAliasType

from adjoint2rrule.core import rrule
from adjoint2rrule.core.dispatch.annotations import Scope, pattern_of
from adjoint2rrule.core.dispatch.patterns import Anything


class Base: ...


class Derived(Base): ...


class Virtual(metaclass=abc.ABCMeta):
    @abc.abstractmethod
    def method(self): ...


@Virtual.register
class Registered: ...


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Level(enum.IntEnum):
    LOW = 0


class Point(NamedTuple):
    x: float
    y: float


class HasArea(Protocol):
    side: float

    def area(self) -> float: ...


@runtime_checkable
class Scalable(Protocol):
    def scaled(self, factor: float) -> "Scalable": ...


@dataclass
class Square:
    side: float

    def area(self) -> float:
        return self.side**2


class Shapeless:
    def area(self) -> float:
        return 0.0


class Vector:
    def scaled(self, factor: float) -> "Vector":
        return self


class ByInheritance(Scalable): ...


class Box(Generic[TypeVar("T")]): ...


class Movie(TypedDict):
    title: str


class Sequel(Movie):
    number: int


class Draft(TypedDict, total=False):
    title: str


class Chapter(TypedDict, total=False):
    next: "Chapter"


class Forward(TypedDict):
    a: "NoSuchClass"  # noqa: F821


class EvenMeta(type):
    def __instancecheck__(cls, value):
        return value % 2 == 0


class Even(metaclass=EvenMeta): ...


T = TypeVar("T")
TBase = TypeVar("TBase", bound=Base)
TNumber = TypeVar("TNumber", int, str)
UserId = NewType("UserId", int)
Alias = TypeAliasType("Alias", list[int])
f32, f64 = np.float32, np.float64

# fmt: off
ACCEPTED = [
    (Any, [1, None, Base], []),
    (object, [1, None, Base], []),
    (None, [None], [0, False]),
    (Base, [Base(), Derived()], [Base, 1]),
    (Virtual, [Registered()], [Base()]),
    # the numeric tower
    (bool, [True, np.True_], [1, 0.0, None]),
    (int, [1, True, np.True_, np.int8(1), np.uint64(1), Level.LOW], [1.0, f64(1), 1j, np.timedelta64(1)]),
    (float, [1, True, np.True_, 1.0, np.int8(1), f32(1), np.longdouble(1)], [1j, "1", None, np.ones(())]),
    (np.integer, [np.int8(1), np.uint8(1)], [1, np.True_, f32(1), np.timedelta64(1)]),
    (complex, [1, 1.0, 1j, np.int8(1), f32(1), np.complex64(1)], ["1", None, np.ones(2)]),
    (f32, [f32(1)], [1.0, f64(1)]),
    (f64, [f64(1)], [1.0, f32(1)]),
    (numbers.Real, [1, 1.0, f32(1)], [1j]),
    # unions
    (int | str, [1, "a"], [1.0, None]),
    (Union[float, np.ndarray], [1, np.ones(2)], ["a"]),  # noqa: UP007
    (Optional[float], [1, None], ["a"]),  # noqa: UP045
    (Never, [], [1, None]),
    # values
    (Literal["a", "b"], ["a"], ["c", None]),
    (Literal[1], [1], [True, 1.0, np.int64(1)]),
    (Literal[True], [True], [1, np.True_]),
    (Literal[None, "a"], [None, "a"], [0]),
    (Literal[Colour.RED], [Colour.RED], [Colour.BLUE, 1]),
    # classes as values
    (type, [int, Base], [1]),
    (type[Any], [int, Base], [1]),
    (type[Base], [Base, Derived], [Base(), int]),
    (type[Virtual], [Registered], [Base]),
    (type[int | str], [bool, str], [np.int64, float]),
    (type[float], [float, f64], [int, f32, 1.0]),
    (type["Base"], [Derived], [int]),
    # names that typing gives to other types
    (Annotated[float, {"unhashable"}], [1], ["a"]),
    (UserId, [1], ["a"]),
    (T, [1, "a"], []),
    (TBase, [Derived()], [1]),
    (TNumber, [1, "a"], [1.0]),
    (Alias, [[1]], [["a"]]),
    (LiteralString, ["a"], [1]),
    (Self, [1], []),
    # parametric, element by element
    (list[float], [[], [1, 2.0, f32(1)]], [[1, "a"], [1.0] * 50 + ["a"], (1.0,)]),
    (list[Any], [[1, "a"]], [(1,)]),
    (list["float"], [[1]], [["a"]]),
    (list[list[int]], [[[1], []]], [[[1], ["a"]], [1]]),
    (collections.abc.Sequence[int], [[1], (1,), range(10**12), b"ab"], [["a"], {1}, "ab"]),
    (collections.abc.Sequence[str], [["a"], "ab"], [[1]]),
    (collections.abc.Iterable[int], [[1], {1}, iter("ab"), (x for x in "a")], [["a"], 1]),
    (set[str], [{"a"}], [{1}, ["a"]]),
    (frozenset[Literal["a"]], [frozenset("a")], [frozenset("b")]),
    (collections.deque[int], [collections.deque([1])], [[1]]),
    (collections.Counter[str], [collections.Counter("ab")], [collections.Counter([1])]),
    (dict[str, float], [{}, {"a": 1}], [{"a": "b"}, {1: 1.0}, [("a", 1.0)]]),
    (collections.abc.Mapping[str, Any], [{"a": None}], [{1: None}]),
    (tuple[int, str], [(1, "a")], [(1,), (1, 2), (1, "a", 3), [1, "a"]]),
    (tuple[int, ...], [(), (1, 2)], [(1, "a")]),
    (tuple[()], [()], [(1,)]),
    (tuple[int, *tuple[str, ...]], [(1, "a")], [[1]]),
    (Point, [Point(1, 2)], [(1, 2)]),
    (Box[int], [Box()], [1]),
    (Movie, [{"title": "M"}, {"title": "M", "year": 1}], ["M", {}, {"title": 1}, {"title": "M", 1: 2}]),
    (Sequel, [{"title": "M", "number": 2}], [{"title": "M"}, {"number": 2}, {"title": "M", "number": "2"}]),
    (Draft, [{}, {"title": "M"}], [{"title": 1}]),
    (Chapter, [{"next": {}}, {"next": {"next": {}}}], [{"next": 1}]),
    (Forward, [{"a": 1}, {}], [1]),
    # arrays, by dtype and number of axes
    (np.ndarray, [np.ones(2)], [[1.0]]),
    (NDArray, [np.ones(2), np.array(["a"])], [[1.0]]),
    (NDArray[Any], [np.ones(2), np.array(["a"])], [[1.0]]),
    (NDArray[f64], [np.ones(2), np.ones(())], [np.ones(2, f32), np.ones(2, int), f64(1)]),
    (NDArray[np.floating], [np.ones(2, f32)], [np.ones(2, int), np.ones(2, complex)]),
    (NDArray[np.integer | np.bool_], [np.ones(2, int), np.ones(2, bool)], [np.ones(2)]),
    (NDArray[float], [np.ones(2), np.ones(2, f32), np.ones(2, int)], [np.ones(2, complex)]),
    (np.ndarray[tuple[int, int], np.dtype[f64]], [np.ones((1, 1))], [np.ones(1), np.ones((1, 1), f32)]),
    (ArrayLike, [1, [1], (1, 2), [[1]], np.ones(2), "a"], [None, {1}, object()]),
    (DTypeLike, [float, "f8", np.dtype("f4")], [1.0]),
    # callables and protocols
    (collections.abc.Callable, [len, Base, np.sin, lambda: 0], [1, None]),
    (collections.abc.Callable[[int], int], [len, np.sin], [1]),
    (SupportsFloat, [1.0, np.ones(2)], ["a"]),
    (HasArea, [Square(1.0)], [Square, Shapeless(), 1]),
    (Scalable, [Vector(), ByInheritance()], [Vector, Square(1.0)]),
    (Even, [2], [3]),
    # strings
    ("float", [1], ["a"]),
    ("list[Base]", [[Derived()]], [[1]]),
    ("no.such.name", [1, "a"], []),
    ("not a type", [1, "a"], []),
    ("list[Missing]", [1, [1]], []),
]
# fmt: on

SCOPE = Scope.of(lambda: 0)


@pytest.mark.parametrize(("hint", "taken", "refused"), ACCEPTED, ids=[str(row[0]) for row in ACCEPTED])
def test_an_annotation_accepts_what_typing_says(hint, taken, refused):
    pattern = pattern_of(hint, SCOPE)
    assert [value for value in taken if not pattern.accepts(value)] == []
    assert [value for value in refused if pattern.accepts(value)] == []


@pytest.mark.parametrize(("hint", "taken", "refused"), ACCEPTED, ids=[str(row[0]) for row in ACCEPTED])
def test_what_the_class_decides_is_what_the_value_decides(hint, taken, refused):
    pattern = pattern_of(hint, SCOPE)
    for expected, values in ((True, taken), (False, refused)):
        assert all(pattern.decide(type(value)) in (expected, None) for value in values)


def test_an_alias_that_mentions_itself_can_be_read():
    scope = Scope({"Tree": list["Tree"] | float})  # noqa: F821
    pattern = pattern_of("Tree", scope)
    assert pattern.accepts([1.0])
    assert not pattern.accepts("a")


def test_an_iterator_is_not_used_up():
    iterator = iter([1, 2, 3])
    assert pattern_of(collections.abc.Iterable[int]).accepts(iterator)
    assert list(iterator) == [1, 2, 3]


class Refusing:
    """It looks like a collection, and is none."""

    def __len__(self):
        return 3

    def __contains__(self, x):
        return False

    def __iter__(self):
        raise RuntimeError("not now")


class RefusingMapping(Refusing, Mapping):
    def __getitem__(self, key):
        raise KeyError(key)


@pytest.mark.parametrize("value", [np.array(1.0), Refusing(), RefusingMapping()])
@pytest.mark.parametrize(
    "hint", [Iterable[float], Collection[float], Mapping[str, float], Iterable[int] | str]
)
def test_what_cannot_be_iterated_does_not_fit(hint, value):
    def f(x): ...

    @rrule.register(f)
    def any_rule(f, x):
        return "any"

    @rrule.register(f)
    def iterable_rule(f, x: hint):
        return "iterable"

    assert rrule(f, value) == "any"


def test_a_protocol_runs_no_property():
    class Lazy:
        @property
        def side(self):
            raise AssertionError("the property ran")

        def area(self): ...

    assert pattern_of(HasArea).accepts(Lazy())


def test_a_proxy_is_what_its_class_is():
    class Proxy:
        def __init__(self, target):
            self.target = target

        @property
        def __class__(self):
            return type(self.target)

    assert not pattern_of(Base).accepts(Proxy(Base()))


@pytest.mark.parametrize("hint", [3, np.array, [int], "3", datetime], ids=str)
def test_what_is_no_type_is_refused(hint):
    with pytest.raises(TypeError, match="is not a type"):
        pattern_of(hint)


def test_strings_are_read_in_globals_and_closure():
    def enclosing():
        class Local: ...

        def rule(f, x: "Local", y: "Base"):
            return Local

        return Local, rule

    Local, rule = enclosing()
    assert Scope.of(rule).read("Local").accepts(Local())
    assert not Scope.of(rule).read("Local").accepts(Base())
    assert Scope.of(rule).read("Base").accepts(Derived())


def made_rule():
    class Local: ...

    def rule(f, x: "Local"): ...  # the closure does not hold what only an annotation mentions

    return rule


def test_a_name_in_no_scope_is_any():
    scope = Scope.of(made_rule())  # its function has returned
    assert scope.read("Local") == Anything()
    assert scope.lost == [(__name__, "Local")]


def test_strings_are_read_in_the_functions_and_classes_around():
    class Local: ...

    class Outer:
        class Own: ...

        def rule(self, x: "Local", y: "Own", z: "Base"): ...

        scope = Scope.of(rule)
        local, own, base = scope.read("Local"), scope.read("Own"), scope.read("Base")

    assert Outer.local.accepts(Local())
    assert Outer.own.accepts(Outer.Own())
    assert Outer.base.accepts(Base())
    assert not any(pattern.accepts(1) for pattern in (Outer.local, Outer.own, Outer.base))
    assert Outer.scope.lost == []


def test_a_local_name_hides_a_global_one():
    class Base: ...

    def rule(f, x: "Base"): ...

    assert Scope.of(rule).read("Base").accepts(Base())
    assert not Scope.of(rule).read("Base").accepts(Derived())


def test_another_function_with_such_a_name_has_no_say():
    Local = str  # noqa: F841 - this is not where the rule stands

    assert Scope.of(made_rule()).read("Local") == Anything()


def test_what_no_annotation_mentions_is_not_kept():
    class Local: ...

    def register():
        big, local = Local(), Local()
        rule = lambda f, x: local  # noqa: E731
        rule.__annotations__ = {"x": "float"}
        assert Scope.of(rule).read("float")
        dies = weakref.ref(big)
        del big
        assert dies() is None

    register()


@pytest.mark.parametrize(
    "hint",
    [
        Box[int],
        list[Box[int]],
        Box[int] | None,
        type[Box[int]],
        collections.abc.Callable[[int], int],
        UserId,
        Annotated[float, "positive"],
        Self,
        LiteralString,
        tuple[int, *tuple[str, ...]],
        "no.such.name",
        list["Missing"],  # noqa: F821
        Forward,
    ],
    ids=str,
)
def test_an_annotation_that_says_more_than_its_pattern_is_noted(hint):
    scope = Scope.of(lambda: 0)
    pattern_of(hint, scope)
    assert scope.lost


def test_all_others_are_read_in_full():
    for hint, *_ in ACCEPTED:
        scope = Scope({**globals(), "Tree": list["Tree"] | float})  # noqa: F821
        pattern_of(hint, scope)
        is_annotated = get_origin(hint) is Annotated
        assert bool(scope.lost) == (hint in NOT_IN_FULL or is_annotated), hint


NOT_IN_FULL = [
    *(ArrayLike, DTypeLike, UserId, LiteralString, Self, tuple[int, *tuple[str, ...]], Box[int], Forward),
    *(collections.abc.Callable[[int], int], "no.such.name", "not a type", "list[Missing]"),
]


@pytest.mark.parametrize("wrap", [functools.partial, lambda rule: functools.wraps(rule)(lambda *a: rule(*a))])
def test_the_scope_of_a_wrapped_rule_is_that_of_the_rule(wrap):
    def rule(f, x): ...

    assert Scope.of(wrap(rule)).read("Base").accepts(Base())
