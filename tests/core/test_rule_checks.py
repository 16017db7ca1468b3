"""Debug mode finds the rules that lie, says which and where, and lets honest ones alone."""

import asyncio
import inspect
import re
import threading
from array import array
from collections import deque
from copy import copy, deepcopy
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.sparse

from adjoint2rrule.core import (
    AbstractTangent,
    AbstractThunk,
    HasReverseMode,
    InplaceableThunk,
    LyingRuleError,
    MutableTangent,
    NoTangent,
    ProjectionError,
    ProjectTo,
    RuleCallError,
    RuleConfig,
    RuleError,
    Tangent,
    Thunk,
    ZeroTangent,
    add_inplace,
    debugging,
    frule,
    non_differentiable,
    not_implemented,
    opt_out,
    rrule,
    scalar_rule,
    thunk,
    unthunk,
    zero_tangent,
)

NO = NoTangent()


@dataclass
class Layer:
    weight: object
    name: str = "layer"


class Point(NamedTuple):
    x: float
    y: float


class Units(np.ndarray):
    """A subclass of numpy's array."""


class Vector:
    """A class of which the runtime knows nothing, whose tangents are of the class itself."""

    __slots__ = ()

    def __add__(self, other):
        return self


class Color(Enum):
    RED = 1


class Level(IntEnum):
    LOW = 1


class OneHot(AbstractTangent):
    """A tangent of a user's own."""


class Angle:
    def __init__(self, degrees):
        self.degrees = degrees


@zero_tangent.register(Angle)
def angle_zero(x):
    return 0.0


def giving(*entries):
    """Return a function whose rule has a pullback that returns `entries`, and those alone."""

    def f(x, n=1):
        return x

    @rrule.register(f)
    def f_rrule(f, x, n: int = 1):
        return x, lambda ȳ: entries

    return f


def cotangent_of(x, x̄, *seed):
    """Return the cotangent of `x` that a rule gives as `x̄`, in debug mode."""
    with debugging():
        _, pullback = rrule(giving(NO, x̄), x)
    return pullback(*seed or (ZeroTangent(),))[1]


X = np.ones((3, 2))
CYCLE = MutableTangent[Layer]()
CYCLE.weight = CYCLE
CYCLIC = Layer(None)
CYCLIC.weight = CYCLIC

LIES = {
    "none": (X, None, "is None, expected a tangent: return NoTangent()"),
    "shape": (X, X.T, r"has shape (2, 3), expected shape (3, 2)"),
    "more axes": (X, np.ones((4, 3, 2)), r"has shape (4, 3, 2), expected shape (3, 2)"),
    "number for an array": (X, 2.0, "has shape (), expected shape (3, 2)"),
    "number for one element": (np.ones(1), 2.0, "has shape (), expected shape (1,)"),
    "array for a number": (2.0, np.ones(1), "has shape (1,), expected shape ()"),
    "complex": (X, 1j * X, "is complex, expected a tangent of a ndarray of shape (3, 2) and dtype float64"),
    "complex number": (2.0, 1j, "is complex, expected a tangent of a float"),
    "sparse of another shape": (scipy.sparse.csr_array(X), scipy.sparse.csr_array(X.T), "has shape (2, 3)"),
    "mask": (X, X > 0, "is a ndarray of shape (3, 2) and dtype bool"),
    "Boolean": (2.0, True, "is a bool, expected a tangent of a float"),
    "text": (2.0, "x", "is a str, expected a tangent of a float"),
    "list for an array": (np.ones(2), [1.0, 2.0], "is a list, expected a tangent of a ndarray of shape (2,)"),
    "function": (2.0, len, "is a builtin_function_or_method, expected a tangent of a float"),
    "another primal": (2.0, Tangent[Layer](), "is a Tangent[Layer], expected a tangent of a float"),
    "bare tuple": ((1.0,), (1.0,), "is a tuple, expected a tangent of a tuple: return Tangent[tuple](...)"),
    "bare list": ([1.0], [1.0], "is a list, expected a tangent of a list: return Tangent[list](...)"),
    "array for a list": ([1.0], np.ones(1), "expected a tangent of a list: return Tangent[list](...)"),
    "bare dict": (Layer(1.0), {"weight": 1.0}, "is a dict, expected a tangent of a Layer: return"),
    "bare NamedTuple": (Point(1.0, 2.0), Point(1.0, 2.0), "return Tangent[Point](...)"),
    "number for an object": (Layer(1.0), 1.0, "is a float, expected a tangent of a Layer"),
    "other object": (Layer(1.0), Point(1.0, 2.0), "is a Point, expected a tangent of a Layer"),
    "tangent of another": ((1.0,), Tangent[list](1.0), "is a Tangent[list]"),
    "too many elements": ((1.0,), Tangent[tuple](1.0, 2.0), "has the parts [0, 1], expected those of"),
    "too few elements": ((1.0, 2.0), Tangent[tuple](1.0), "the parts [0], expected those of a tuple, [0, 1]"),
    "strange key": ({"a": 1.0}, Tangent[dict](b=1.0), "has the parts ['b'], expected those of a dict, ['a']"),
    "for a Boolean": (True, 3.0, "is a float, expected nothing for a bool, which cannot be perturbed"),
    "for numpy's Boolean": (np.True_, 3.0, "is a float, expected nothing for a bool"),
    "for a mask": (X > 0, X, "expected nothing for a ndarray of shape (3, 2) and dtype bool"),
    "for a sparse mask": (scipy.sparse.csr_array(X > 0), X, "expected nothing for a csr_array"),
    "for a Boolean, itself": (True, True, "is a bool, expected nothing for a bool"),
    "for an enum": (Color.RED, 1.0, "is a float, expected nothing for a Color, which cannot be perturbed"),
    "for an enum of integers": (Level.LOW, 1.0, "is a float, expected nothing for a Level"),
    "for a tuple of text": (("a",), (1.0,), "is a tuple, expected nothing for a tuple"),
    "tuple for a NamedTuple": (Point(1.0, 2.0), Tangent[tuple](1.0, "2"), "args[0][1] (`x[1]`) is a str"),
    "None in an array of objects": (X[0], np.array([1.0, None]), "args[0][1] (`x[1]`) is None"),
    "in a field": (Layer(X), Tangent[Layer](weight=1.0), "of args[0].weight (`x.weight`) has shape ()"),
    "in an entry": ({"a": (X,)}, Tangent[dict](a=Tangent[tuple](X.T)), "args[0]['a'][0] (`x['a'][0]`) has"),
    "in a NamedTuple": (Point(1.0, 2.0), Tangent[Point](y="1"), "of args[0].y (`x.y`) is a str"),
    "in an element": (np.array([1.0, "a"], object), np.array([1.0, 2.0], object), "args[0][1] (`x[1]`) is"),
    "shape of objects": (np.array([1.0, "a"], object), np.ones(3), "has shape (3,), expected shape (2,)"),
    "parameters of a type": ((1.0, X), Tangent[dict[str, float]](a=1.0), "is a Tangent[dict], expected"),
    "for text": ("x", 1.0, "is a float, expected nothing for a str, which cannot be perturbed"),
    "for None": (None, 1.0, "is a float, expected nothing for None, which cannot be perturbed"),
    "for text in a field": (Layer(1.0), Tangent[Layer](name=1.0), "of args[0].name (`x.name`) is a float"),
    "for a class": (Layer, np.ones(2), "expected nothing for a type, which cannot be perturbed"),
    "for a function": (len, 1.0, "expected nothing for a builtin_function_or_method"),
    "for an array of text": (np.array(["a"]), np.ones(1), "for a ndarray of shape (1,) and dtype <U1"),
}  # fmt: skip

HONEST = {
    "number": (2.0, 3.0),
    "numpy's number": (2.0, np.float32(3.0)),
    "array without axes": (2.0, np.array(3.0)),
    "integer that is a number to the rule": (2, 3.0),
    "integers": (np.arange(3), np.ones(3)),
    "matrix of integers": (np.eye(2, dtype=int), np.ones((2, 2))),
    "numpy's integer": (np.int8(3), 3.0),
    "sparse integers": (scipy.sparse.csr_array(np.eye(2, dtype=int)), np.ones((2, 2))),
    "integer in a field": (Layer(3), Tangent[Layer](weight=1.0)),
    "zero of a Boolean": (True, 0.0),
    "zeros of Booleans": (X > 0, np.zeros((3, 2))),
    "integer for a number": (2.0, 3),
    "lower precision": (X, X.astype(np.float32)),
    "real for complex": (1j, 2.0),
    "complex without an imaginary part": (X, X + 0j),
    "axis of length one": (X, X[..., None]),
    "two axes of length one less": (X[..., None, None], X),
    "sparse for dense": (X, scipy.sparse.csr_array(X)),
    "dense for sparse": (scipy.sparse.csr_array(X), X),
    "structural complex": (1j, Tangent[complex](real=1.0)),
    "zero": (X, ZeroTangent()),
    "no tangent": (X, NO),
    "not implemented": (X, not_implemented()),
    "zero of text": ("x", 0.0),
    "zeros of text": (np.array(["a"]), np.zeros(3)),
    "structural": (Layer(X), Tangent[Layer](weight=X)),
    "structural with zeros": (Layer(X), Tangent[Layer](weight=X, name=NO)),
    "mutable": (Layer(X), MutableTangent[Layer](weight=X)),
    "tangent that contains itself": (CYCLIC, CYCLE),
    "tangent of anything": ((1.0, X), Tangent[Any](1.0, X)),
    "NamedTuple": (Point(1.0, 2.0), Tangent[Point](y=1.0)),
    "parameters are decoration": ((1.0, 2.0), Tangent[tuple[float, float]](1.0, 2.0)),
    "dict": ({"a": 1.0, "b": 2.0}, Tangent[dict](a=1.0)),
    "natural": (Layer(1.0), Layer(2.0)),
    "natural, unknown": (Vector(), Vector()),
    "objects": (np.array([1.0, "a"], object), np.array([1.0, NO], object)),
    "closure": (lambda: X, Tangent[type(lambda: 0)](X=X)),
    "tuple for a NamedTuple": (Point(1.0, 2.0), Tangent[tuple](1.0, 2.0)),
    "numbers as objects": (X, X.astype(object)),
    "array of Python's": (array("d", [1.0, 2.0]), np.ones(2)),
    "container that is not known": (deque([1.0]), np.ones(1)),
    "class that is not known": (X, Vector()),
    "tangent of a user's own": (X, OneHot()),
    "tangent of a user's own for an object": (Layer(X), OneHot()),
    "what the user says is the zero": (Angle(90.0), 0.5),
    "structural without parts": ((), Tangent[tuple]()),
    "tangent of a tangent": (Tangent[tuple](1.0), 3.0),
    "nan": (X, X * np.nan),
}  # fmt: skip


@pytest.mark.parametrize(("x", "x̄", "says"), LIES.values(), ids=LIES)
def test_a_lie_is_found_and_named(x, x̄, says):
    with pytest.raises(LyingRuleError, match=re.escape(says)) as caught:
        cotangent_of(x, x̄)
    assert "rrule of giving.<locals>.f, giving.<locals>.f_rrule (" in str(caught.value)
    assert re.search(r"test_rule_checks\.py:\d+\): the cotangent of args\[0\]", str(caught.value))


@pytest.mark.parametrize(("x", "x̄", "says"), LIES.values(), ids=LIES)
def test_a_thunk_that_lies_is_found_when_it_is_forced(x, x̄, says):
    t = cotangent_of(x, thunk(lambda: x̄))
    with pytest.raises(LyingRuleError, match=re.escape(says)):
        unthunk(t)


@pytest.mark.parametrize(("x", "x̄"), HONEST.values(), ids=HONEST)
def test_another_representation_of_a_tangent_is_no_lie(x, x̄):
    assert cotangent_of(x, x̄) is x̄
    value = unthunk(cotangent_of(x, thunk(lambda: x̄)))
    assert value is x̄


@pytest.mark.parametrize(("x", "x̄", "says"), LIES.values(), ids=LIES)
def test_nothing_is_checked_outside_debug_mode(x, x̄, says):
    with debugging(False):
        _, pullback = rrule(giving(NO, x̄), x)
        assert pullback(1.0) == (NO, x̄) or pullback(1.0)[1] is x̄


class TestForm:
    """What a rule and its pullback return."""

    @pytest.mark.parametrize(
        ("returned", "says"),
        [
            (1.0, "it returned a float, expected a pair: return (y, pullback)"),
            ([1.0, len], "it returned a list, expected a pair"),
            ((1.0,), "it returned a tuple of 1, expected a pair"),
            ((1.0, len, len), "it returned a tuple of 3, expected a pair"),
            ((1.0, 2.0), "its pullback is a float: return a function of the seed"),
            ((1.0, None), "its pullback is None"),
        ],
    )
    def test_a_rule_returns_a_pair(self, returned, says):
        def f(x):
            return x

        rrule.register(f)(lambda f, x: returned)
        with debugging(), pytest.raises(LyingRuleError, match=re.escape(says)):
            rrule(f, 1.0)

    @pytest.mark.parametrize(
        ("entries", "says"),
        [
            (2.0, "its pullback returned a float, expected a tuple"),
            (None, "its pullback returned None, expected a tuple"),
            ([NO, 2.0], "its pullback returned a list, expected a tuple"),
            ((), "its pullback returned 0 entries, expected 2 to 3"),
            ((2.0,), "its pullback returned 1 entries, expected 2 to 3: return one entry for the function"),
            ((NO, 2.0, NO, NO), "its pullback returned 4 entries, expected 2 to 3"),
            ((2.0, NO), "the cotangent of the function is a float, expected nothing for a function"),
            ((None, 2.0), "the cotangent of the function is None"),
        ],
    )
    def test_a_pullback_returns_an_entry_for_each_argument(self, entries, says):
        def f(x, n=1):
            return x

        rrule.register(f)(lambda f, x, n=1: (x, lambda ȳ: entries))
        with debugging():
            _, pullback = rrule(f, 1.0)
        with pytest.raises(LyingRuleError, match=re.escape(says)):
            pullback(1.0)

    def test_entries_for_defaults_may_follow(self):
        with debugging():
            _, pullback = rrule(giving(NO, 2.0, NO), 1.0)
            assert pullback(1.0) == (NO, 2.0, NO)
            _, pullback = rrule(giving(NO, 2.0, NO), 1.0, n=2)
            assert pullback(1.0) == (NO, 2.0, NO)

    def test_a_variadic_rule_gives_as_many_as_it_got(self):
        def f(*xs):
            return sum(xs)

        count = 2

        @rrule.register(f)
        def f_rrule(f, *xs: float):
            return f(*xs), lambda ȳ: (NO,) + (ȳ,) * count

        with debugging():
            assert rrule(f, 1.0, 2.0)[1](1.0) == (NO, 1.0, 1.0)
            for xs in ((1.0,), (1.0, 2.0, 3.0)):
                with pytest.raises(LyingRuleError, match=f"returned 3 entries, expected {1 + len(xs)}:"):
                    rrule(f, *xs)[1](1.0)

    @pytest.mark.parametrize(
        ("annotation", "n"),
        [
            (int, 3),
            (int | np.floating, 3),
            (np.number, np.int64(3)),
            (np.ndarray[Any, np.dtype[np.integer]], np.arange(3)),
            (np.ndarray[tuple[int, int], np.dtype[Any]], np.eye(2, dtype=int)),
            (scipy.sparse.csr_matrix, scipy.sparse.csr_matrix(np.eye(2, dtype=int))),
            (Units, np.arange(3).view(Units)),
        ],
        ids=str,
    )
    def test_integers_are_numbers_whatever_the_annotation_says(self, annotation, n):
        def double(n):
            return 2 * n

        @rrule.register(double)
        def double_rrule(double, n: annotation):
            return double(n), lambda ȳ: (NO, 2.0 * ȳ)

        seed = 1.0 * n
        with debugging():
            double_rrule_pullback = rrule(double, n)[1]
            assert type(double_rrule_pullback(seed)[1]) is type(seed)

    def test_the_projection_of_an_integer_is_a_tangent_of_it(self):
        def square(x):
            return x * x

        for number in (int, float):

            @rrule.register(square)
            def square_rrule(square, x: number):
                return x * x, lambda ȳ: (NO, ProjectTo(x)(2 * x * ȳ))

        with debugging():
            assert rrule(square, 3)[1](1.0) == rrule(square, 3.0)[1](1.0) == (NO, 6.0)

    def test_no_rule_is_no_lie(self):
        f = giving(NO, 1.0)
        opt_out(rrule, f, str)
        with debugging():
            assert rrule(f, "x") is None
            assert rrule(len, [1.0]) is None
            assert frule((NO, 1.0), f, 1.0) is None

    def test_the_value_comes_back_as_it_is(self):
        x = object()
        with debugging():
            assert rrule(giving(NO, NO), x)[0] is x

    def test_a_tuple_may_be_of_a_class_of_its_own(self):
        class Cotangents(NamedTuple):
            f: object
            x: object

        class Pushed(NamedTuple):
            y: float
            dy: float

        f = giving()
        rrule.register(f)(lambda f, x: (x, lambda ȳ: Cotangents(NO, ȳ)))
        frule.register(f)(lambda dargs, f, x: Pushed(x, dargs[1]))
        with debugging():
            assert rrule(f, 2.0)[1](3.0).x == 3.0
            assert frule((NO, 3.0), f, 2.0).dy == 3.0
            assert rrule(f, 2.0)[1](thunk(lambda: 3.0))[1] + 1.0 == 4.0

    def test_what_the_runtime_makes_is_honest(self):
        def cube(x):
            return x**3

        def sign(x):
            return abs(x) > 1

        scalar_rule(cube, lambda Ω, x: 3 * x**2)
        non_differentiable(sign)
        with debugging():
            for x in (2.0, 2, 2j, True, np.float32(2.0)):
                unthunk(rrule(cube, x)[1](1.0)[1])
                assert rrule(sign, x)[1](1.0) == (NO, NO)
                dx = NO if x is True else 1.0
                frule((NO, dx), cube, x)
                frule((NO, dx), sign, x)

    def test_the_error_is_a_rule_error(self):
        assert issubclass(LyingRuleError, RuleError)
        assert issubclass(LyingRuleError, ValueError)


GIVEN = {
    "shape": (np.ones(3), np.ones(7), "has shape (7,), expected shape (3,)"),
    "number for an array": (np.ones(3), 1.0, "has shape (), expected shape (3,)"),
    "array for a number": (1.0, np.ones(3), "has shape (3,), expected shape ()"),
    "none": (1.0, None, "is None, expected a tangent"),
    "Boolean": (1.0, True, "is a bool, expected a tangent of a float"),
    "text": (1.0, "1", "is a str, expected a tangent of a float"),
    "for text": ("x", 1.0, "is a float, expected nothing for a str, which cannot be perturbed"),
    "number for a tuple": ((1.0, 2.0), 1.0, "is a float, expected a tangent of a tuple"),
    "array without axes for a tuple": ((1.0, 2.0), np.ones(()), "is a ndarray of shape () and dtype float64"),
    "tuple of another length": ((1.0, 2.0), (1.0,), "is a tuple, expected a tangent of a tuple"),
    "tangent of another": ((1.0, 2.0), Tangent[list](1.0, 2.0), "is a Tangent[list], expected a tangent of"),
    "number for an object": (Layer(1.0), 1.0, "is a float, expected a tangent of a Layer"),
}  # fmt: skip
WELL_GIVEN = HONEST | {
    "bare tuple": ((1.0, 2.0), (3.0, 4.0)),
    "complex number for a real one": (1.0, 1j),
    "complex for real": (X, 1j * X),
    "array for a tuple": ((1.0, 2.0), np.ones(2)),
    "bare dict": ({"a": 1.0}, {"a": 2.0}),
    "tuple of text": (("a", "b"), ("c", "d")),
}


class TestCallers:
    """What a rule is given, which is the affair of its caller."""

    CALLER = "expected .*: the caller gave this; correct the call\\.$"

    def pushing(self, *xs):
        """Return a function and what its forward rule was given, which it gives back."""

        def f(*xs, n=0):
            return xs[0]

        given = []
        frule.register(f)(lambda dargs, f, *xs, n=0: given.append(dargs) or (1.0, 1.0))
        return f, given

    @pytest.mark.parametrize("wrapped", [lambda ȳ: ȳ, lambda ȳ: thunk(lambda: ȳ)], ids=["value", "thunk"])
    @pytest.mark.parametrize(("y", "ȳ", "says"), GIVEN.values(), ids=GIVEN)
    def test_a_seed_is_a_tangent_of_the_value(self, y, ȳ, says, wrapped):
        def f(x):
            return y

        ran = []
        rrule.register(f)(lambda f, x: (y, lambda ȳ: ran.append(unthunk(ȳ)) or (NO, NO)))
        with debugging():
            _, pullback = rrule(f, 1.0)
        with pytest.raises(RuleCallError, match=re.escape(f"the seed of y {says}")) as caught:
            pullback(wrapped(ȳ))
        assert re.search(self.CALLER, str(caught.value))
        assert str(caught.value).startswith("rrule of ")
        assert not ran

    @pytest.mark.parametrize(("x", "dx", "says"), GIVEN.values(), ids=GIVEN)
    def test_a_tangent_is_one_of_its_argument(self, x, dx, says):
        f, given = self.pushing()
        with (
            debugging(),
            pytest.raises(RuleCallError, match=re.escape(f"tangent of args[1] {says}")) as caught,
        ):
            frule((NO, 1.0, dx), f, 1.0, x)
        assert re.search(self.CALLER, str(caught.value))
        assert str(caught.value).startswith("frule of ")
        assert not given

    @pytest.mark.parametrize(("y", "ȳ"), WELL_GIVEN.values(), ids=WELL_GIVEN)
    def test_what_can_be_a_tangent_reaches_the_rule_as_it_is(self, y, ȳ):
        reached, (f, given) = [], self.pushing()
        rrule.register(f)(lambda f, *xs: (y, lambda ȳ: reached.append(ȳ) or (NO, NO)))
        dargs = (NO, ȳ)
        with debugging():
            rrule(f, 1.0)[1](ȳ)
            frule(dargs, f, y)
        assert reached[0] is ȳ
        assert given[0] is dargs

    @pytest.mark.parametrize(
        ("dargs", "says"),
        [
            (
                (NO, 1.0),
                "the caller gave 2 tangents, expected a tuple of 3: that of the function, NoTangent()",
            ),
            ((), "the caller gave 0 tangents, expected a tuple of 3"),
            ((NO, 1.0, 1.0, 1.0), "the caller gave 4 tangents, expected a tuple of 3"),
            (1.0, "the caller gave a float, expected a tuple of 3"),
            (None, "the caller gave None, expected a tuple of 3"),
            ([NO, 1.0, 1.0], "the caller gave a list, expected a tuple of 3"),
        ],
    )
    def test_there_is_a_tangent_for_each_argument(self, dargs, says):
        f, given = self.pushing()
        with (
            debugging(),
            pytest.raises(RuleCallError, match=re.escape(says) + ".*, and one for each argument"),
        ):
            frule(dargs, f, 2.0, 3.0)
        assert not given

    def test_there_may_be_one_for_a_default(self):
        def f(x, n=1.0):
            return x

        @frule.register(f)
        def f_frule(dargs, f, x, n=1.0):
            return x, dargs[1]

        with debugging():
            assert frule((NO, 2.0, NO), f, 1.0) == (1.0, 2.0)
            assert frule((NO, 2.0), f, 1.0) == (1.0, 2.0)
            with pytest.raises(RuleCallError, match="gave 1 tangents, expected a tuple of 2 to 3"):
                frule((NO,), f, 1.0)

    def test_the_function_has_a_tangent_too(self):
        f, _ = self.pushing()
        with debugging(), pytest.raises(RuleCallError, match="the tangent of the function is a float"):
            frule((1.0, 1.0), f, 1.0)

    def test_a_method_has_that_of_its_object(self):
        class Scale:
            def apply(self, x):
                return x

        frule.register(Scale.apply)(lambda dargs, apply, self, x: (x, dargs[2]))
        with debugging():
            assert frule((NO, 2.0), Scale().apply, 1.0) == (1.0, 2.0)
            with pytest.raises(RuleCallError, match=r"the tangent of args\[1\] is None"):
                frule((NO, None), Scale().apply, 1.0)

    def test_systems_with_an_agreement_of_their_own_give_what_they_like(self):
        class Feature:
            pass

        class Config(RuleConfig[Feature]):
            pass

        def f(x):
            return x

        @rrule.register(f)
        def f_rrule(config: RuleConfig[Feature], f, x):
            return x, lambda ȳ: (NO, ȳ[0])

        @frule.register(f)
        def f_frule(config: RuleConfig[Feature], dargs, f, x):
            return x, dargs

        with debugging():
            assert rrule(Config(), f, 1.0)[1]([2.0]) == (NO, 2.0)
            assert frule(Config(), 3.0, f, 1.0) == (1.0, 3.0)

    def test_nothing_is_looked_at_outside_debug_mode(self):
        f, given = self.pushing()
        with debugging(False):
            frule((NO, None), f, 2.0, 3.0)
        assert given == [(NO, None)]

    def test_a_rule_may_decline(self):
        def f(x):
            return x

        rrule.register(f)(lambda f, x: None)
        frule.register(f)(lambda dargs, f, x: None)
        with debugging():
            assert rrule(f, 1.0) is None
            assert frule((NO, 1.0), f, 1.0) is None


class TestCallables:
    """Whatever is called, it is checked, and the message names what a reader knows."""

    def test_the_entry_of_a_bound_methods_object_takes_the_place_of_the_functions(self):
        class Scale:
            def __init__(self):
                self.factor = np.ones(2)

            def apply(self, x):
                return self.factor * x

        entries = [NO, Tangent[Scale](factor=np.ones(2)), 1.0]

        @rrule.register(Scale.apply)
        def apply_rrule(apply, self, x: float):
            return apply(self, x), lambda ȳ: tuple(entries)

        scale = Scale()
        with debugging():
            assert rrule(scale.apply, 2.0)[1](np.ones(2)) == tuple(entries[1:])
            entries[1] = Tangent[Scale](factor=1.0)
            with pytest.raises(
                LyingRuleError, match=re.escape("args[0].factor (`self.factor`) has shape ()")
            ):
                rrule(scale.apply, 2.0)[1](np.ones(2))
            del entries[0]
            with pytest.raises(LyingRuleError, match="returned 2 entries, expected 3"):
                rrule(scale.apply, 2.0)[1](np.ones(2))

    def test_a_functor_has_a_cotangent(self):
        class Affine:
            def __init__(self, a):
                self.a = a

            def __call__(self, x):
                return self.a * x

        bar = [Tangent[Affine](a=3.0)]

        @rrule.register(Affine)
        def affine_rrule(f, x: float):
            return f(x), lambda ȳ: (bar[0], f.a * ȳ)

        with debugging():
            assert rrule(Affine(2.0), 3.0)[1](1.0) == (bar[0], 2.0)
            bar[0] = {"a": 3.0}
            with pytest.raises(
                LyingRuleError, match="cotangent of the function is a dict, expected a tangent of an Aff"
            ):
                rrule(Affine(2.0), 3.0)[1](1.0)
            bar[0] = Tangent[Affine](b=3.0)
            with pytest.raises(LyingRuleError, match=re.escape("has the parts ['b']")):
                rrule(Affine(2.0), 3.0)[1](1.0)

    def test_a_rule_with_a_config_is_checked_and_named(self):
        class Config(RuleConfig[HasReverseMode]):
            pass

        def f(x):
            return x

        @rrule.register(f)
        def rule_with_config(config: RuleConfig[HasReverseMode], f, x: float):
            return x, lambda ȳ: (NO, None)

        with (
            debugging(),
            pytest.raises(LyingRuleError, match=r"rule_with_config \(.*args\[0\] \(`x`\) is None"),
        ):
            rrule(Config(), f, 1.0)[1](1.0)

    def test_keywords_reach_the_rule(self):
        def f(x, *, scale):
            return scale * x

        @rrule.register(f)
        def f_rrule(f, x, *, scale):
            return f(x, scale=scale), lambda ȳ: (NO, scale * ȳ)

        with debugging():
            assert rrule(f, 2.0, scale=3.0)[1](1.0) == (NO, 3.0)

    def test_parameters_may_have_any_name(self):
        def f(x, **kw):
            return x

        @rrule.register(f)
        def f_rrule(f, x, /, **kw):
            return sorted(kw), lambda ȳ: (NO, ȳ)

        with debugging():
            assert rrule(f, 2.0, f=1, x=2, self=3, rule=4, call=5)[0] == ["call", "f", "rule", "self", "x"]


class Diagonal:
    """A matrix, of which the user says what its tangents are."""

    def __init__(self, diag):
        self.diag = diag


@ProjectTo.register(Diagonal)
def project_diagonal(x):
    n = len(x.diag)

    def project(dx):
        if np.shape(dx) != (n, n):
            raise ProjectionError(f"not of shape {(n, n)}")
        return np.diag(dx)

    return project


def test_the_projection_of_a_class_knows_its_tangents():
    x, x̄ = Diagonal(np.ones(2)), np.ones((2, 2))
    assert cotangent_of(x, x̄) is x̄
    with pytest.raises(
        LyingRuleError, match=r"is a ndarray of shape \(3, 3\).*return Tangent\[Diagonal\]"
    ) as caught:
        cotangent_of(x, np.ones((3, 3)))
    assert str(caught.value.__cause__) == "not of shape (2, 2)"


class TestThunks:
    """Thunks stay lazy, and what they are."""

    def test_they_are_not_forced(self):
        ran = []
        t = cotangent_of(1.0, thunk(lambda: ran.append(1) or 2.0))
        assert not ran
        assert t + 1.0 == 3.0
        assert t + 1.0 == 3.0
        assert ran == [1]

    def test_an_inplaceable_one_still_adds_itself(self):
        def add(x):
            x += 1.0

        t = cotangent_of(np.ones(2), InplaceableThunk(add, thunk(lambda: np.ones(2))))
        assert type(t) is InplaceableThunk
        x̄ = np.ones(2)
        assert add_inplace(x̄, t) is x̄
        assert x̄.tolist() == [2.0, 2.0]

    def test_one_of_a_users_own_class_stays_what_it_is(self):
        class Lazy(AbstractThunk):
            __slots__ = ()

            def __unthunk__(self):
                return 2.0

        class Named(Thunk):
            __slots__ = ()

        for t in (Lazy(), Named(lambda: 2.0)):
            assert cotangent_of(1.0, t) is t

    def test_one_in_a_tangent_is_checked_too(self):
        t = cotangent_of((1.0, X), Tangent[tuple](thunk(lambda: 1.0), thunk(lambda: X.T)))
        assert t[0] == 1.0
        with pytest.raises(LyingRuleError, match=re.escape("of args[0][1] (`x[1]`) has shape (2, 3)")):
            t[1]


class TestPullbacks:
    """A pullback is what the rule made of it, also where it is checked."""

    class Linear:
        """The pullback of a multiplication."""

        def __init__(self):
            self.factor = 3.0

        def __call__(self, ȳ):
            return NO, self.factor * ȳ

        @property
        def twice(self):
            return 2 * self.factor

    def run(self, pullback):
        def f(x):
            return x

        rrule.register(f)(lambda f, x: (x, pullback))
        with debugging():
            return rrule(f, 1.0)[1]

    def test_it_keeps_its_attributes(self):
        checked = self.run(self.Linear())
        assert (checked.factor, checked.twice, checked.__doc__) == (3.0, 6.0, self.Linear.__doc__)
        checked.factor = 4.0
        assert checked.twice == 8.0
        assert checked(1.0) == (NO, 4.0)
        with pytest.raises(AttributeError, match="'Linear' object has no attribute 'slope'"):
            assert checked.slope

    def test_it_can_be_copied(self):
        for copied in (copy, deepcopy):
            assert copied(self.run(self.Linear()))(1.0) == (NO, 3.0)

    def test_a_function_keeps_its_name_and_signature(self):
        def f_pullback(ȳ):
            """Return the cotangents."""
            return NO, ȳ

        f_pullback.saved = 1.0
        checked = self.run(f_pullback)
        assert (checked.__name__, checked.__doc__, checked.saved) == ("f_pullback", f_pullback.__doc__, 1.0)
        assert inspect.signature(checked) == inspect.signature(f_pullback)
        assert repr(checked) == repr(f_pullback)


class TestForward:
    """`frule` returns the value and its tangent."""

    def run(self, returned, x=1.0):
        def f(x):
            return x

        frule.register(f)(lambda dargs, f, x: returned)
        with debugging():
            return frule((NO, 1.0), f, x)

    @pytest.mark.parametrize(
        ("returned", "says"),
        [
            (1.0, "frule of TestForward.run.<locals>.f, "),
            (1.0, "it returned a float, expected a pair: return (y, dy)"),
            ((1.0, 2.0, 3.0), "it returned a tuple of 3, expected a pair"),
            ((1.0, None), "the tangent of y is None"),
            ((X, X.T), "the tangent of y has shape (2, 3), expected shape (3, 2)"),
            ((1.0, 1j), "the tangent of y is complex, expected a tangent of a float"),
            (((1.0, 2.0), (1.0, 2.0)), "the tangent of y is a tuple"),
            (("text", 1.0), "the tangent of y is a float, expected nothing for a str"),
        ],
    )
    def test_a_lie_is_found_and_named(self, returned, says):
        with pytest.raises(LyingRuleError, match=re.escape(says)):
            self.run(returned)

    @pytest.mark.parametrize(
        "returned", [None, (1.0, 2.0), (3, 2.0), (X, ZeroTangent()), (1.0, not_implemented())]
    )
    def test_an_honest_one_is_left_alone(self, returned):
        assert self.run(returned) is returned or self.run(returned) == returned

    def test_it_may_change_its_arguments(self):
        def double(x):
            x *= 2
            return x

        @frule.register(double)
        def double_frule(dargs, double, x):
            _, dx = dargs
            dx *= 2
            return double(x), dx

        x, dx = np.ones(2), np.ones(2)
        with debugging():
            y, dy = frule((NO, dx), double, x)
        assert y is x
        assert dy is dx


class TestWhere:
    """Debug mode is where it was asked for: a rule is checked there and not elsewhere."""

    @staticmethod
    def lies():
        _, pullback = rrule(giving(NO, None), 1.0)
        try:
            pullback(1.0)
        except LyingRuleError:
            return True
        return False

    def test_blocks_nest(self):
        with debugging(False):
            assert not self.lies()
            with debugging():
                assert self.lies()
                with debugging(False):
                    assert not self.lies()
                assert self.lies()
            assert not self.lies()

    def test_threads_have_their_own(self):
        seen = {}
        inside, seen_outside = threading.Event(), threading.Event()

        def with_debugging():
            with debugging():
                inside.set()
                seen_outside.wait(10)
                seen["inside"] = self.lies()

        thread = threading.Thread(target=with_debugging)
        with debugging(False):
            thread.start()
            inside.wait(10)
            seen["outside"] = self.lies()
            seen_outside.set()
            thread.join()
        assert seen == {"inside": True, "outside": False}

    def test_tasks_have_their_own_and_keep_it(self):
        async def run():
            async def later():
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                return self.lies()

            with debugging(False):
                outside = asyncio.create_task(later())
                with debugging():
                    inside = asyncio.create_task(later())
                    await asyncio.sleep(0)
                return await outside, await inside, self.lies()

        assert asyncio.run(run()) == (False, True, False)

    def test_a_pullback_is_checked_where_its_rule_ran(self):
        with debugging():
            _, pullback = rrule(giving(NO, None), 1.0)
        with debugging(False), pytest.raises(LyingRuleError):
            pullback(1.0)
