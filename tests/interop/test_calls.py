"""What all bridges share, with an AD system of one class: numbers that are wrapped."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pytest

from adjoint2rrule.core import (
    HasReverseMode,
    NoTangent,
    RuleConfig,
    Tangent,
    ZeroTangent,
    frule,
    rrule,
    thunk,
)
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.cotangents import MisfitError, cotangents_of_leaves
from adjoint2rrule.interop.errors import KeywordError, NoRuleError, PullbackError, SeedError, UntraceableError
from adjoint2rrule.interop.leaves import is_leaf
from adjoint2rrule.interop.system import System

ZERO = ZeroTangent()


class Wrapped:
    """A number of a system that does nothing else."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value

    shape = property(lambda self: np.shape(self.value))
    dtype = property(lambda self: np.asarray(self.value).dtype)


class WrappingConfig(RuleConfig[HasReverseMode]):
    pass


SYSTEM = System(
    "wrapping",
    WrappingConfig(),
    lambda x: type(x) is Wrapped,
    stand_in=lambda x: x.value,
    conj=lambda x: ("conj", x),
)
PLAIN = System("wrapping", WrappingConfig(), SYSTEM.is_leaf, stand_in=SYSTEM.stand_in)


@dataclass(frozen=True)
class Lens:
    focus: object
    name: str = "lens"

    def __call__(self, x):
        return x / self.focus

    def power(self):
        return 1 / self.focus


class Point(NamedTuple):
    x: object
    y: object


def first(x, *others, option=None):
    return x


def with_pullback(pullback):
    """Return a function of its own with a rule that has this pullback."""

    def f(*xs, **kw):
        return xs[0]

    rrule.register(f)(lambda f, *xs, **kw: (f(*xs, **kw), pullback))
    return f


# -- the leaves of a call ------------------------------------------------------------------------------


def test_leaves_are_those_of_the_function_and_of_its_arguments_in_order():
    a, b, c, d, e = map(Wrapped, range(5))
    call = Call(SYSTEM, Lens(a), ([b, 1.5, "text"], {"x": Lens(c)}, Point(2, d)), {"option": (e,)})
    assert call.leaves == [a, b, c, d, e]
    f, xs, kw = call.with_values("ABCDE")
    assert (f, xs, kw) == (
        Lens("A"),
        (["B", 1.5, "text"], {"x": Lens("C")}, Point(2, "D")),
        {"option": ("E",)},
    )


@pytest.mark.parametrize(
    "x",
    [1, 1.5, 1j, "text", None, True, np.ones(2), abs, len, Lens, np.float32(1), np.array([1, None]), (), {}],
)
def test_all_else_passes_untouched(x):
    call = Call(SYSTEM, first, (Wrapped(1.0), x), {})
    assert len(call.leaves) == 1
    assert call.with_values([2.0])[1][1] is x
    assert call.value([2.0]) == 2.0


def test_what_refers_to_itself_passes_without_a_leaf_and_is_refused_with_one():
    class Node:
        def __init__(self, x):
            self.x, self.parent = x, self

    node = Node(1.5)
    call = Call(SYSTEM, first, (Wrapped(1.0), node), {})
    assert call.with_values([2.0])[1] == (2.0, node)
    with pytest.raises(UntraceableError, match="a Node that holds itself"):
        Call(SYSTEM, first, (Node(Wrapped(1.0)),), {})


def test_method_has_the_leaves_of_its_object():
    call = Call(SYSTEM, Lens(Wrapped(2.0)).power, (), {})
    assert len(call.leaves) == 1
    assert call.value([4.0]) == 0.25


def test_what_holds_no_leaf_is_not_copied():
    lens, names = Lens(1.5), ["a"]
    f, xs, kw = Call(SYSTEM, lens, (names, [Wrapped(1.0)]), {"names": names}).with_values([2.0])
    assert f is lens
    assert xs[0] is names
    assert kw["names"] is names


# -- which rule -------------------------------------------------------------------------------------------


def test_rule_is_chosen_by_what_leaves_stand_for():
    def f(x):
        return x

    rrule.register(f)(lambda f, x: ("any", lambda ȳ: ()))

    @rrule.register(f)
    def of_float(f, x: float):
        return "float", lambda ȳ: ()

    @rrule.register(f)
    def of_matrix(f, x: np.ndarray):
        return "array", lambda ȳ: ()

    for x, expected in ((1.5, "float"), (np.ones(2), "array"), ("text", "any")):
        call = Call(SYSTEM, f, (Wrapped(x),), {})
        assert call.reverse([x]).y == expected
        assert call.reverse([Wrapped(x)]).y == expected


def test_rule_with_a_config_is_given_that_of_the_system():
    def f(x):
        return x

    @rrule.register(f)
    def f_rrule(config: RuleConfig[HasReverseMode], f, x: float):
        return type(config).__name__, lambda ȳ: ()

    rrule.register(f)(lambda f, x: ("without", lambda ȳ: ()))
    assert Call(SYSTEM, f, (Wrapped(1.5),), {}).reverse([1.5]).y == "WrappingConfig"


def test_functor_and_method_have_their_rules():
    @rrule.register(Lens)
    def lens_rrule(self: Lens, x: float):
        return self(x), lambda ȳ: (Tangent[Lens](focus=2 * ȳ), 3 * ȳ)

    @rrule.register(Lens.power)
    def power_rrule(power, self):
        return power(self), lambda ȳ: (NoTangent(), Tangent[Lens](focus=5 * ȳ))

    run = Call(PLAIN, Lens(Wrapped(2.0)), (Wrapped(1.0),), {}).reverse([2.0, 1.0])
    assert run.cotangents([1.0]) == [2.0, 3.0]
    run = Call(PLAIN, Lens(Wrapped(2.0)).power, (), {}).reverse([4.0])
    assert (run.y, run.cotangents([1.0])) == (0.25, [5.0])


def test_short_pullback_of_a_method_names_its_rule():
    class Mirror:
        def turn(self, x, y):
            return x

    @rrule.register(Mirror.turn)
    def turn_rrule(turn, self, x, y):
        return x, lambda ȳ: (NoTangent(), NoTangent(), ȳ)

    run = Call(PLAIN, Mirror().turn, (Wrapped(1.0), Wrapped(2.0)), {}).reverse([1.0, 2.0])
    with pytest.raises(PullbackError, match=r"turn_rrule \(.*gave 2 cotangents where 3 are due"):
        run.cotangents([1.0])


# -- cotangents --------------------------------------------------------------------------------------------


def test_conjugation_is_on_the_way_in_and_on_the_way_out():
    seeds = []
    f = with_pullback(lambda ȳ: seeds.append(ȳ) or (NoTangent(), 1j, 2.0))
    run = Call(SYSTEM, f, (Wrapped(1j), Wrapped(1.0)), {}).reverse([1j, 1.0])
    assert run.cotangents([3j]) == [("conj", 1j), 2.0]
    assert seeds == [("conj", 3j)]


def test_zero_seeds_run_nothing():
    run = Call(PLAIN, with_pullback(lambda ȳ: pytest.fail("it ran")), (Wrapped(1.0),), {}).reverse([1.0])
    assert run.cotangents([ZERO]) == [ZERO]
    assert run.cotangents([1.0], [False]) == [ZERO]


def test_seeds_have_the_structure_of_the_value():
    seeds = []
    f = with_pullback(lambda ȳ: seeds.append(ȳ) or (NoTangent(), NoTangent(), NoTangent()))
    y = {"a": 1.0, "lens": Lens(2.0), "pair": Point(3.0, "text"), "none": None}
    run = Call(PLAIN, f, (y, Wrapped(1.0)), {}).reverse([1.0])
    assert run.outputs == [1.0, 2.0, 3.0]
    assert run.cotangents([10.0, ZERO, 30.0]) == [ZERO]
    assert seeds == [Tangent[dict](a=10.0, lens=Tangent[Lens](), pair=Tangent[Point](x=30.0))]
    assert run.with_outputs("ABC")["lens"] == Lens("B")


@pytest.mark.parametrize("structured", [False, True])
def test_thunks_of_what_is_not_needed_are_not_forced(structured):
    forced = []

    def pullback(ȳ):
        x̄s = [thunk(lambda i=i: forced.append(i) or float(i)) for i in range(3)]
        return (NoTangent(), Tangent[list](*x̄s)) if structured else (NoTangent(), *x̄s)

    xs = [Wrapped(1.0) for _ in range(3)]
    call = Call(PLAIN, with_pullback(pullback), (xs,) if structured else tuple(xs), {})
    run = call.reverse([1.0, 2.0, 3.0])
    if structured:
        run = call.reverse([1.0, 2.0, 3.0])
        assert run.cotangents([1.0, 1.0, 1.0], [False, True, False]) == [ZERO, 1.0, ZERO]
    else:
        assert run.cotangents([1.0], [False, True, False]) == [ZERO, 1.0, ZERO]
    assert forced == [1]


def test_thunk_of_a_structure_is_forced_where_one_part_is_needed():
    f = with_pullback(lambda ȳ: (NoTangent(), thunk(lambda: Tangent[dict](b=2.0))))
    run = Call(PLAIN, f, ({"a": Wrapped(1.0), "b": Wrapped(1.0)},), {}).reverse([1.0, 1.0])
    assert run.cotangents([1.0, 1.0]) == [ZERO, 2.0]


def test_cotangents_of_parameters_that_were_left_to_their_defaults_do_not_count():
    def f(x, y=1.0):
        return x

    rrule.register(f)(lambda f, x, y=1.0: (x, lambda ȳ: (NoTangent(), 1.0, 2.0)))
    assert Call(PLAIN, f, (Wrapped(1.0),), {}).reverse([1.0]).cotangents([1.0]) == [1.0]


def test_keywords_may_hold_leaves_that_are_not_needed():
    call = Call(PLAIN, with_pullback(lambda ȳ: (NoTangent(), 2.0)), (Wrapped(1.0),), {"k": [Wrapped(3.0)]})
    run = call.reverse([1.0, 3.0])
    assert run.cotangents([1.0], [True, False]) == [2.0, ZERO]
    with pytest.raises(KeywordError, match=r"wrapping asks for .* `k`.* Pass it by position"):
        run.cotangents([1.0], [False, True])


def test_seed_of_another_shape_is_an_error():
    run = Call(PLAIN, with_pullback(lambda ȳ: ()), (Wrapped(1.0),), {}).reverse([np.ones(2)])
    with pytest.raises(SeedError, match=r"has shape \(3,\), .* belongs to \(2,\)"):
        run.cotangents([np.ones(3)])


@pytest.mark.parametrize(
    ("x", "x̄", "expected"),
    [
        (Point(1.0, 2.0), Tangent[Point](y=5.0), [ZERO, 5.0]),
        (Point(1.0, 2.0), Tangent[tuple](4.0, 5.0), [4.0, 5.0]),
        (Point(1.0, 2.0), Point(4.0, 5.0), [4.0, 5.0]),
        ((1.0, 2.0), (4.0, thunk(lambda: 5.0)), [4.0, 5.0]),
        ({"a": 1.0, 2: 2.0}, Tangent[dict]({2: 5.0}), [ZERO, 5.0]),
        ({"a": 1.0}, NoTangent(), [ZERO]),
        ([1.0, [2.0, 3.0]], Tangent[list](ZERO, Tangent[list](5.0, NoTangent())), [ZERO, 5.0, ZERO]),
        (Lens(2.0), Lens(3.0), [3.0]),
    ],
)
def test_cotangents_are_read_from_structures(x, x̄, expected):
    assert cotangents_of_leaves(x, x̄, [True] * len(expected), is_leaf) == expected


@pytest.mark.parametrize(
    ("x", "x̄", "problem", "path"),
    [
        ((1.0, 2.0), Tangent[tuple](1.0), "has 1 elements", ""),
        ((1.0, 2.0), [1.0, 2.0], "is a list", ""),
        ([1.0, 2.0], np.ones(2), r"is a ndarray of shape \(2,\)", ""),
        ({"a": 1.0}, Tangent[dict](b=1.0), r"has the parts \['b'\]", ""),
        ({"a": 1.0}, MappingProxyType({"a": 1.0}), "is a mappingproxy", ""),
        (Lens(1.0), Tangent[Point](1.0, 2.0), r"is a Tangent\[Point\]", ""),
        (
            {"a": [1.0, Lens(2.0)]},
            Tangent[dict](a=Tangent[list](1.0, Tangent[Lens](focus="b"))),
            "str",
            "['a'][1].focus",
        ),
    ],
)
def test_cotangents_of_another_structure_are_an_error(x, x̄, problem, path):
    with pytest.raises(MisfitError, match=problem) as error:
        cotangents_of_leaves(x, x̄, [True] * 2, is_leaf)
    assert error.value.path == path


# -- forward mode -------------------------------------------------------------------------------------------


def test_forward_rules_take_tangents_of_leaves_and_give_those_of_the_value():
    def f(layer, n):
        return {"y": layer["x"] * n, "n": n}

    @frule.register(f)
    def f_frule(dargs, f, layer, n: int):
        assert dargs == (NoTangent(), Tangent[dict](x=5.0), NoTangent())
        return f(layer, n), Tangent[dict](y=n * dargs[1]["x"])

    call = Call(PLAIN, f, ({"x": Wrapped(2.0), "z": Wrapped(1.0)}, 3), {})
    assert call.forward([2.0, 1.0], [5.0, ZERO]) == ({"y": 6.0, "n": 3}, [15.0])


def test_wrong_tangent_of_the_value_is_an_error():
    def f(x):
        return x

    @frule.register(f)
    def f_frule(dargs, f, x):
        return x, np.ones(3)

    with pytest.raises(PullbackError, match=r"frule of .*f_frule \(.*the tangent of y has shape \(3,\)"):
        Call(PLAIN, f, (Wrapped(2.0),), {}).forward([2.0], [1.0])
    with pytest.raises(NoRuleError, match="no frule for wrapping"):
        Call(PLAIN, first, (Wrapped(2.0),), {}).forward([2.0], [1.0])
