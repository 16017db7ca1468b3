"""Each mistake that people make in rules fails `test_rrule`, with the message meant for it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

from adjoint2rrule.core import (
    AbstractZero,
    InplaceableThunk,
    NoTangent,
    Tangent,
    ZeroTangent,
    non_differentiable,
    rrule,
    thunk,
)
from adjoint2rrule.testing import test_rrule, with_tangent
from adjoint2rrule.testing.failure import FailureKind, RuleTestFailure

WRONG: list[Any] = []
A = np.array([[1.5, -2.0, 0.5], [0.25, 3.0, -1.0], [2.0, 1.0, -0.5]])
B = np.array([[0.5, 1.0], [-1.5, 2.0], [3.0, -0.25]])
V = np.array([1.5, -2.0, 0.5])
Z = np.array([1.5 - 0.5j, -2.0 + 1.0j])


def wrong(message: str, kind: str = "VALUE") -> Callable[[Callable[[], tuple[Any, ...]]], None]:
    """Add a case: a function that gives a callable with a wrong rule, and arguments for it."""

    def add(case: Callable[[], tuple[Any, ...]]) -> None:
        WRONG.append(pytest.param(case, message, FailureKind[kind], id=case.__name__))

    return add


def with_rule(f: Any, pullback: Callable[..., Any], target: Any = None) -> Any:
    """Return `f` with a rule whose pullback is `pullback`, called with the seed and the arguments."""

    @rrule.register(target or f)
    def rule(f: Any, *xs: Any) -> Any:
        return f(*xs), lambda ȳ: pullback(ȳ, *xs)

    return f


@dataclass
class Foo:
    a: float
    b: float


@dataclass
class Bar:
    a: float
    b: float


@dataclass
class Layers:
    layers: list[Foo]
    scale: float


class Pair(NamedTuple):
    left: float
    right: float


@dataclass
class Affine:
    weight: Any
    bias: float

    def __call__(self, x):
        return self.weight * x + self.bias

    def scaled(self, x):
        return self.weight * x


# The derivative itself


@wrong(r"the cotangent of args\[0\] \(`x`\) is -?[\d.]+, finite differences say -?[\d.]+; the sign is wrong")
def sign():
    return with_rule(lambda x: np.cos(x), lambda ȳ, x: (NoTangent(), ȳ * np.sin(x))), 0.7


@wrong(r"args\[1\] \(`y`\) is .*; it is 2 times what it should be")
def factor():
    return with_rule(lambda x, y: x + y**2, lambda ȳ, x, y: (NoTangent(), ȳ, 4 * y * ȳ)), 1.5, 2.5


@wrong(r"args\[0\]\[\d, \d\] \(`x\[\d, \d\]`\) is .*; it is transposed")
def transposed():
    return with_rule(lambda x: A @ x, lambda ȳ, x: (NoTangent(), (A.T @ ȳ).T)), A


@wrong(
    r"args\[0\] \(`x`\) has shape \(2, 3\), but its primal has shape \(3, 2\); it looks transposed", "FORM"
)
def transposed_shape():
    return with_rule(lambda x: A @ x, lambda ȳ, x: (NoTangent(), ȳ.T @ A)), B


@wrong(r"args\[0\]\[\d\] \(`z\[\d\]`\) is .*j\), finite differences say .*; a conjugate is missing in it")
def conjugate_missing():
    return with_rule(lambda z: z**2, lambda ȳ, z: (NoTangent(), 2 * z * ȳ)), Z


@wrong(r"args\[0\]\[\d\] \(`x\[\d\]`\) .*; it is multiplied by i")
def imaginary_factor():
    return with_rule(lambda x: 1j * x, lambda ȳ, x: (NoTangent(), ȳ)), Z


@wrong(r"args\[0\] \(`x`\) .*; it is the cotangent of args\[1\] \(`y`\): are the two swapped\?")
def swapped():
    return with_rule(lambda x, y: x * y, lambda ȳ, x, y: (NoTangent(), x * ȳ, y * ȳ)), 2.0, 3.0


@wrong(r"args\[1\] \(`y`\) is ZeroTangent\(\), finite differences say -?[\d.]+ \[")
def zero_that_is_none():
    return with_rule(lambda x, y: x * y, lambda ȳ, x, y: (NoTangent(), y * ȳ, ZeroTangent())), 2.0, 3.0


@wrong(r"args\[0\] \(`x`\) is NoTangent\(\), finite differences say")
def no_tangent_for_a_float():
    return with_rule(lambda x: 3 * x, lambda ȳ, x: (NoTangent(), NoTangent())), 2.0


@wrong(r"args\[0\]\[1\] \(`x\[1\]`\) is .*, finite differences say [^;]* \[")
def one_wrong_entry():
    def back(ȳ, x):
        x̄ = 2 * x * ȳ
        x̄[1] += 1e-5
        return NoTangent(), x̄

    return with_rule(lambda x: x**2, back), V


@wrong(r"args\[0\] \(`x`\) is .* along a random direction, finite differences say .*; the sign is wrong")
def large_argument():
    return with_rule(lambda x: x**2, lambda ȳ, x: (NoTangent(), -2 * x * ȳ)), np.linspace(1, 2, 2000)


@wrong(r"args\[0\] \(`x`\) is .* along a random direction, finite differences say [^;]* \[")
def one_wrong_entry_of_many():
    def back(ȳ, x):
        x̄ = 2 * x * ȳ
        x̄[77] *= 1.01
        return NoTangent(), x̄

    return with_rule(lambda x: x**2, back), np.linspace(1, 2, 2000)


@wrong(r"args\[0\] \(`x`\) .*; it is transposed")
def large_and_transposed():
    M = np.random.default_rng(0).standard_normal((40, 40))
    return with_rule(lambda x: M @ x, lambda ȳ, x: (NoTangent(), ȳ.T @ M)), M


@wrong(r"args\[0\] \(`x`\) is .*; the function has a kink here", "KINK")
def kink():
    return with_rule(lambda x: np.maximum(x, 0.0), lambda ȳ, x: (NoTangent(), ȳ * (x > 0))), 0.0


@wrong(r"args\[0\] \(`x`\) is .*; the function has a kink here", "KINK")
def kink_that_looks_like_a_factor():
    return with_rule(lambda x: np.maximum(x, 0.0), lambda ȳ, x: (NoTangent(), ȳ * (x >= 0))), 0.0


@wrong(r"finite differences find no value: the function raises ValueError: only here close to", "UNDEFINED")
def function_without_values_beside_its_argument():
    def f(x):
        if x != 1.5:
            raise ValueError("only here")
        return x

    return with_rule(f, lambda ȳ, x: (NoTangent(), ȳ)), 1.5


@wrong(r"args\[0\]\[\d\] \(`x\[\d\]`\) is .*; it is 0\.9966\d* times what it should be")
def single_precision_is_not_an_excuse():
    x = np.array([1.5, -2.0], dtype=np.float32)
    return with_rule(lambda x: x**3, lambda ȳ, x: (NoTangent(), np.float32(2.99) * x**2 * ȳ)), x


@wrong(r"args\[0\]\[\d\] \(`x\[\d\]`\) is .*, finite differences say")
def derivative_pushed_forward():
    return with_rule(lambda x: A @ x, lambda ȳ, x: (NoTangent(), A @ ȳ)), V


@wrong(r"args\[0\]\[\d\] \(`x\[\d\]`\) is .*; it is 3 times what it should be")
def mean_taken_for_a_sum():
    return with_rule(lambda x: x.mean(), lambda ȳ, x: (NoTangent(), np.full(3, ȳ))), V


@wrong(r"args\[0\]\[\d\] \(`x\[\d\]`\) is .*; it is 1\.0000001 times what it should be")
def constant_with_a_wrong_digit():
    return with_rule(lambda x: x**2, lambda ȳ, x: (NoTangent(), 2.0000002 * x * ȳ)), V


@wrong(r"args\[0\]\[0\] \(`x\[0\]`\) is .*, finite differences say")
def repeated_index():
    def back(ȳ, x, i):
        x̄ = np.zeros_like(x)
        x̄[i] += ȳ
        return NoTangent(), x̄, NoTangent()

    return with_rule(lambda x, i: x[i], back), V, np.array([0, 0, 2])


@wrong(r"args\[1\]\[\d\] \(`b\[\d\]`\) is .*, finite differences say")
def one_row_for_a_sum_over_rows():
    return with_rule(lambda x, b: x + b, lambda ȳ, x, b: (NoTangent(), ȳ, ȳ[0])), B, V[:2]


@wrong(r"args\[0\] \(`x`\) is .*; it is the cotangent of args\[1\] \(`y`\): are the two swapped\?")
def parts_of_the_seed_swapped():
    return with_rule(lambda x, y: (2 * x, 3 * y), lambda ȳ, x, y: (NoTangent(), 3 * ȳ[1], 2 * ȳ[0])), 1.5, 2.5


@wrong(r"args\[0\] \(`x`\) is .*, finite differences say")
def part_of_the_seed_forgotten():
    return with_rule(lambda x: {"a": 2 * x, "b": 3 * x}, lambda ȳ, x: (NoTangent(), 2 * ȳ["a"])), 1.5


@wrong(r"args\[0\]\[\d\] \(`z\[\d\]`\) is .*; its complex conjugate would be right")
def conjugate_of_the_cotangent():
    return with_rule(lambda z: np.abs(z) ** 2, lambda ȳ, z: (NoTangent(), 2 * np.conj(z) * ȳ)), Z


@wrong(r"args\[0\]\[\d\] \(`z\[\d\]`\) is .*, finite differences say")
def imaginary_part_forgotten():
    return with_rule(lambda z: z**2, lambda ȳ, z: (NoTangent(), np.real(2 * np.conj(z) * ȳ))), Z


@wrong(r"args\[0\] \(`x`\) is NoTangent\(\), finite differences say")
def differentiable_after_all():
    def f(x):
        return 2 * x

    non_differentiable(f)
    return f, 1.5


@wrong(r"args\[0\]\[\d\] \(`x\[\d\]`\) is .*, finite differences say")
def straight_through():
    return with_rule(lambda x: np.floor(x), lambda ȳ, x: (NoTangent(), ȳ)), V + 0.25


@wrong(r"args\[0\]\[0\] \(`x\[0\]`\) is 1\.0, finite differences say 0\.0")
def cotangent_of_an_index():
    return with_rule(lambda x: np.argmax(x), lambda ȳ, x: (NoTangent(), np.ones(3))), V


@wrong(r"args\[0\]\[0\] \(`x\[0\]`\) is nan, finite differences say -?[\d.]+ \[")
def not_a_number():
    def back(ȳ, x):
        x̄ = 2 * ȳ
        x̄[0] = np.nan
        return NoTangent(), x̄

    return with_rule(lambda x: 2 * x, back), V


@wrong(r"args\[0\] \(`x`\) is -?inf, finite differences say -?[\d.]+ \[")
def infinite():
    return with_rule(lambda x: 2 * x, lambda ȳ, x: (NoTangent(), np.inf * ȳ)), 1.5


@wrong(r"args\[0\] \(`x`\) is nan along a random direction, finite differences say")
def large_and_not_a_number():
    return with_rule(lambda x: 2 * x, lambda ȳ, x: (NoTangent(), ȳ * np.nan)), np.linspace(1, 2, 2000)


# The form of the result


@wrong(
    r"the pullback returned 2 cotangents, expected 3: one for the function itself, .*; "
    r"is the entry for the function itself, NoTangent\(\), missing\?",
    "FORM",
)
def function_entry_forgotten():
    return with_rule(lambda x, y: x * y, lambda ȳ, x, y: (y * ȳ, x * ȳ)), 2.0, 3.0


@wrong(
    r"the first cotangent, that of the function itself, is -?[\d.]+, .*is the entry for the function itself",
    "FORM",
)
def function_entry_forgotten_beside_a_default():
    def scaled(x, n=2):
        return n * x

    return with_rule(scaled, lambda ȳ, x, n=2: (n * ȳ, NoTangent())), 2.0


@wrong(
    r"the function itself, is ZeroTangent\(\), but a function cannot be perturbed: return NoTangent\(\) \[",
    "FORM",
)
def zero_for_the_function():
    return with_rule(lambda x: 2 * x, lambda ȳ, x: (ZeroTangent(), 2 * ȳ)), 2.0


@wrong(r"that of the function itself, is None", "FORM")
def none_for_the_function():
    return with_rule(lambda x: 2 * x, lambda ȳ, x: (None, 2 * ȳ)), 2.0


@wrong(r"the pullback returned a list, not the tuple", "FORM")
def list_instead_of_tuple():
    return with_rule(lambda x: 2 * x, lambda ȳ, x: [NoTangent(), 2 * ȳ]), 2.0


@wrong(r"the pullback returned a float, not the tuple", "FORM")
def bare_cotangent():
    return with_rule(lambda x: 2 * x, lambda ȳ, x: 2 * ȳ), 2.0


@wrong(r"the pullback returned None, not the tuple", "FORM")
def forgotten_return():
    return with_rule(lambda x: 2 * x, lambda ȳ, x: None), 2.0


@wrong(r"the pullback returned 3 cotangents, expected 2", "FORM")
def too_many():
    def triple(x):
        return 3 * x

    @rrule.register(triple)
    def triple_rrule(triple, x):
        return triple(x), lambda ȳ: (NoTangent(), 3 * ȳ, NoTangent())

    return triple, 2.0


@wrong(r"the cotangent of args\[1\] \(`y`\) is None, which is no tangent: return ZeroTangent\(\)", "FORM")
def none_for_a_float():
    return with_rule(lambda x, y: 2 * x, lambda ȳ, x, y: (NoTangent(), 2 * ȳ, None)), 2.0, 3.0


@wrong(r"the cotangent of args\[1\] \(`n`\) is None, which is no tangent: return NoTangent\(\)", "FORM")
def none_for_an_int():
    return with_rule(lambda x, n: n * x, lambda ȳ, x, n: (NoTangent(), n * ȳ, None)), 2.0, 3


@wrong(r"args\[1\] \(`n`\) is ZeroTangent\(\), but an int cannot be perturbed: return NoTangent\(\)", "FORM")
def zero_for_an_annotated_int():
    def times(x, n):
        return n * x

    @rrule.register(times)
    def times_rrule(times, x, n: int):
        return times(x, n), lambda ȳ: (NoTangent(), n * ȳ, ZeroTangent())

    return times, 2.0, 3


@wrong(r"args\[1\] \(`n`\) is ZeroTangent\(\), but an int cannot be perturbed: return NoTangent\(\)", "FORM")
def zero_of_an_int_in_the_call_of_an_object():
    class Times:
        def __call__(self, x, n):
            return n * x

    @rrule.register(Times.__call__)
    def call_rrule(call, self, x: float, n: int):
        return call(self, x, n), lambda ȳ: (NoTangent(), NoTangent(), n * ȳ, ZeroTangent())

    return Times(), 2.0, 3


@wrong(
    r"args\[1\] \(`shape`\) is ZeroTangent\(\), but a tuple cannot be perturbed: return NoTangent\(\)", "FORM"
)
def zero_for_an_annotated_shape():
    def reshaped(x, shape):
        return x.reshape(shape)

    @rrule.register(reshaped)
    def reshaped_rrule(reshaped, x, shape: tuple[int, ...]):
        return reshaped(x, shape), lambda ȳ: (NoTangent(), ȳ.reshape(x.shape), ZeroTangent())

    return reshaped, B, (2, 3)


@wrong(r"the cotangent of args\[1\] \(`mode`\) is ZeroTangent\(\), but a str cannot be perturbed", "FORM")
def zero_for_an_annotated_string():
    def moded(x, mode):
        return 2 * x

    @rrule.register(moded)
    def moded_rrule(moded, x, mode: str):
        return moded(x, mode), lambda ȳ: (NoTangent(), 2 * ȳ, ZeroTangent())

    return moded, 2.0, "fast"


@wrong(
    r"the cotangent of args\[1\] \(`n`\) is a float64, but an int cannot be perturbed: return NoTangent\(\)",
    "FORM",
)
def number_for_an_annotated_int():
    def times(x, n):
        return n * x

    @rrule.register(times)
    def times_rrule(times, x, n: int):
        return times(x, n), lambda ȳ: (NoTangent(), n * ȳ, np.float64(x * ȳ))

    return times, 2.0, 3


@wrong(
    r"args\[1\] \(`n`\) is a number, but the function takes no float for the integer there: it raises Ind",
    "FORM",
)
def number_for_an_index():
    return with_rule(lambda x, n: x[n], lambda ȳ, x, n: (NoTangent(), np.eye(3)[n] * ȳ, ȳ)), V, 1


@wrong(r"args\[1\] \(`n`\) is -?[\d.]+, finite differences say")
def wrong_number_for_an_integer():
    return with_rule(lambda x, n: n**2 * x, lambda ȳ, x, n: (NoTangent(), n**2 * ȳ, n * x * ȳ)), 2.0, 3


@wrong(r"args\[0\] \(`x`\) .*; it is the cotangent of args\[1\] \(`y`\): are the two swapped\?")
def integers_alone():
    return with_rule(lambda x, y: x * y, lambda ȳ, x, y: (NoTangent(), x * ȳ, y * ȳ)), 2, 3


@wrong(r"args\[1\] \(`flag`\) is a float, but a bool cannot be perturbed: return NoTangent\(\)", "FORM")
def number_for_a_flag():
    return with_rule(lambda x, flag: 2 * x, lambda ȳ, x, flag: (NoTangent(), 2 * ȳ, ȳ)), 2.0, True


@wrong(r"args\[0\] \(`foo`\) is a dict, no tangent of a Foo: return a Tangent\[Foo\]", "FORM")
def bare_dict():
    return with_rule(lambda foo: foo.a, lambda ȳ, foo: (NoTangent(), {"a": ȳ, "b": ZeroTangent()})), Foo(
        1.0, 2.0
    )


@wrong(r"args\[0\] \(`pair`\) is a tuple, no tangent of a tuple: return a Tangent\[tuple\]", "FORM")
def bare_tuple():
    return with_rule(lambda pair: pair[0], lambda ȳ, pair: (NoTangent(), (ȳ, ZeroTangent()))), (1.0, 2.0)


@wrong(r"args\[0\] \(`iterable`\) is a list, no tangent of a list: return a Tangent\[list\]", "FORM")
def bare_list():
    return with_rule(sum, lambda ȳ, xs: (NoTangent(), [ȳ, ȳ])), [1.0, 2.0]


@wrong(
    r"args\[0\] \(`x`\) is a list, no tangent of an array of shape \(2,\): return an array of shape \(2,\)",
    "FORM",
)
def list_for_an_array():
    return with_rule(lambda x: x.sum(), lambda ȳ, x: (NoTangent(), [ȳ, ȳ])), V[:2]


@wrong(r"\(`x`\) is an array of shape \(2,\) and dtype bool, no tangent of an array", "FORM")
def flags():
    return with_rule(lambda x: x.sum(), lambda ȳ, x: (NoTangent(), x == x)), V[:2]


@wrong(r"args\[0\] \(`foo`\) is a Tangent\[Bar\], no tangent of a Foo: return a Tangent\[Foo\]", "FORM")
def tangent_of_another_class():
    return with_rule(lambda foo: foo.a, lambda ȳ, foo: (NoTangent(), Tangent[Bar](a=ȳ))), Foo(1.0, 2.0)


@wrong(r"args\[0\]\.b \(`foo\.b`\) is 0\.0, finite differences say")
def forgotten_field():
    return with_rule(lambda foo: foo.a * foo.b, lambda ȳ, foo: (NoTangent(), Tangent[Foo](a=ȳ * foo.b))), Foo(
        1.0, 2.0
    )


@wrong(r"args\[0\]\.layers\[1\]\.b \(`stack\.layers\[1\]\.b`\) is 0\.0, finite differences say -?[\d.]+")
def wrong_in_depth():
    def back(ȳ, stack):
        layers = Tangent[list](Tangent[Foo](a=ȳ), Tangent[Foo](b=0.0))
        return NoTangent(), Tangent[Layers](layers=layers)

    def total(stack):
        return stack.layers[0].a + 3.0 * stack.layers[1].b

    return with_rule(total, back), Layers([Foo(1.0, 2.0), Foo(3.0, 4.0)], 1.0)


@wrong(r"args\[0\] \(`pair`\) has 1 parts, but its primal has 2", "FORM")
def too_short_a_tangent():
    return with_rule(lambda pair: pair[0], lambda ȳ, pair: (NoTangent(), Tangent[tuple](ȳ))), (1.0, 2.0)


@wrong(r"args\[0\] \(`terms`\) has a part \['c'\] that its primal does not have", "FORM")
def unknown_key():
    def back(ȳ, terms):
        return NoTangent(), Tangent[dict]({"a": ȳ, "c": ȳ})

    return with_rule(lambda terms: terms["a"], back), {"a": 1.0, "b": 2.0}


@wrong(r"args\[0\]\['b'\] \(`terms\['b'\]`\) is 0\.0, finite differences say")
def forgotten_key():
    def back(ȳ, terms):
        return NoTangent(), Tangent[dict]({"a": ȳ})

    return with_rule(lambda terms: terms["a"] + terms["b"], back), {"a": 1.0, "b": 2.0}


@wrong(r"args\[0\] \(`x`\) has shape \(3, 1\), but its primal has shape \(3,\)", "FORM")
def column_for_a_vector():
    return with_rule(lambda x: 2 * x, lambda ȳ, x: (NoTangent(), 2 * ȳ[:, None])), V


@wrong(r"args\[0\] \(`x`\) has shape \(\), but its primal has shape \(3,\)", "FORM")
def number_for_a_vector():
    return with_rule(lambda x: x.sum(), lambda ȳ, x: (NoTangent(), ȳ)), V


@wrong(r"args\[1\] \(`b`\) has shape \(3,\), but its primal is a number", "FORM")
def not_summed_over_broadcasting():
    return with_rule(lambda x, b: x + b, lambda ȳ, x, b: (NoTangent(), ȳ, ȳ)), V, 2.0


@wrong(r"args\[0\] \(`x`\) is complex, but its primal is real: return its real part", "FORM")
def complex_for_a_real():
    return with_rule(lambda x: Z * x, lambda ȳ, x: (NoTangent(), np.sum(np.conj(Z) * ȳ))), 2.0


@wrong(r"args\[0\] \(`x`\) is a str, no tangent of a float: return a number", "FORM")
def string():
    return with_rule(lambda x: 2 * x, lambda ȳ, x: (NoTangent(), "2ȳ")), 2.0


# Functors, constructors and methods


@wrong(r"the cotangent of f\.(weight|bias) is NoTangent\(\), finite differences say")
def functor_without_its_fields():
    return with_rule(Affine(2.0, 1.0), lambda ȳ, x: (NoTangent(), 2.0 * ȳ), target=Affine), 3.0


@wrong(r"the cotangent of f\.weight is .*; the sign is wrong")
def functor_with_a_wrong_field():
    class Scale(Affine):
        pass

    def back(ȳ, x):
        return Tangent[Scale](weight=-x * ȳ, bias=-ȳ), 2.0 * ȳ

    return with_rule(Scale(2.0, 1.0), back, target=Scale), 3.0


@wrong(r"the first cotangent, that of the function itself, is a Tangent\[Foo\]", "FORM")
def constructor_with_a_tangent_for_itself():
    class Point(Foo):
        pass

    return with_rule(Point, lambda ȳ, a, b: (Tangent[Foo](), ȳ.a, ȳ.b), target=type[Point]), 1.0, 2.0


@wrong(
    r"the cotangent of args\[0\] \(`a`\) .*; it is the cotangent of args\[1\] \(`b`\): are the two swapped\?"
)
def constructor_with_swapped_fields():
    class Point(Foo):
        pass

    return with_rule(Point, lambda ȳ, a, b: (NoTangent(), ȳ.b, ȳ.a), target=type[Point]), 1.0, 2.0


@wrong(r"the cotangent of f\.__self__\.weight is .*; the sign is wrong")
def method():
    layer = Affine(2.0, 1.0)

    @rrule.register(Affine.scaled)
    def scaled_rrule(scaled, self, x):
        def back(ȳ):
            return NoTangent(), Tangent[Affine](weight=-x * ȳ), self.weight * ȳ

        return scaled(self, x), back

    return layer.scaled, 3.0


# What the rule does beside


@wrong(r"the rule returns another value than the function: y is 5\.0, expected 4\.0", "PRIMAL")
def wrong_primal():
    def twice(x):
        return 2 * x

    @rrule.register(twice)
    def twice_rrule(twice, x):
        return 2 * x + 1, lambda ȳ: (NoTangent(), 2 * ȳ)

    return twice, 2.0


@wrong(r"the rule returns another value than the function: y is a list, expected a tuple", "PRIMAL")
def primal_of_another_type():
    def both(x):
        return x, 2 * x

    @rrule.register(both)
    def both_rrule(both, x):
        return list(both(x)), lambda ȳ: (NoTangent(), ȳ[0] + 2 * ȳ[1])

    return both, 2.0


@wrong(r"the rule returns another value than the function: y has shape \(1,\), expected \(\)", "PRIMAL")
def primal_of_another_shape():
    def total(x):
        return x.sum()

    @rrule.register(total)
    def total_rrule(total, x):
        return x.sum(keepdims=True), lambda ȳ: (NoTangent(), ȳ * np.ones(3))

    return total, V


@wrong(r"the rule changes its arguments: args\[0\]\[1\] \(`x\[1\]`\) is -4\.0, expected -2\.0", "CONSISTENCY")
def mutated_argument():
    def twice(x):
        return 2 * x

    @rrule.register(twice)
    def twice_rrule(twice, x):
        x *= 2
        return x.copy(), lambda ȳ: (NoTangent(), 2 * ȳ)

    return twice, V


@wrong(r"the rule changes its arguments: f\.bias is 2\.0, expected 1\.0", "CONSISTENCY")
def mutated_functor():
    class Shift(Affine):
        pass

    @rrule.register(Shift)
    def shift_rrule(self: Shift, x):
        y = self(x)
        self.bias += 1.0
        return y, lambda ȳ: (Tangent[Shift](weight=x * ȳ, bias=ȳ), self.weight * ȳ)

    return Shift(2.0, 1.0), 3.0


@wrong(r"the rule changes its arguments: fkwargs\['weights'\]\[0\] is 2\.0, expected 1\.0", "CONSISTENCY")
def mutated_keyword():
    def weighted(x, *, weights):
        return x @ weights

    @rrule.register(weighted)
    def weighted_rrule(weighted, x, *, weights):
        y = weighted(x, weights=weights)
        weights *= 2
        return y, lambda ȳ: (NoTangent(), ȳ * weights / 2)

    return weighted, V, {"fkwargs": {"weights": np.ones(3)}}


@wrong(r"the pullback changes its arguments: args\[0\]\[\d\] \(`x\[\d\]`\) is", "CONSISTENCY")
def argument_mutated_by_the_pullback():
    def back(ȳ, x):
        x *= ȳ
        return NoTangent(), 2 * x

    return with_rule(lambda x: x**2, back), V


@wrong(r"the pullback changes its arguments: args\[0\]\[\d\] \(`x\[\d\]`\) is", "CONSISTENCY")
def argument_mutated_by_a_thunk():
    def back(ȳ, x):
        def late():
            x[0] = 0.0
            return 2 * ȳ

        return NoTangent(), thunk(late)

    return with_rule(lambda x: 2 * x, back), V


@wrong(r"the pullback changes its seed: ȳ\[\d\] is", "CONSISTENCY")
def mutated_seed():
    def back(ȳ, x):
        ȳ *= 2
        return NoTangent(), ȳ

    return with_rule(lambda x: 2 * x, back), V


@wrong(r"the pullback changes the value that the rule returned: y\[\d\] is", "CONSISTENCY")
def mutated_value():
    def exp(x):
        return np.exp(x)

    @rrule.register(exp)
    def exp_rrule(exp, x):
        y = exp(x)

        def back(ȳ):
            y[...] = y * ȳ
            return NoTangent(), y.copy()

        return y, back

    return exp, V


@wrong(
    r"the cotangent of args\[0\] \(`x`\) is not linear in the seed: -2\.0 times the seed does not give",
    "CONSISTENCY",
)
def not_linear():
    return with_rule(lambda x: 2 * x, lambda ȳ, x: (NoTangent(), 2 * ȳ + 1)), 2.0


@wrong(r"the cotangent of args\[0\] \(`x`\) does not depend on the seed", "CONSISTENCY")
def seed_forgotten():
    return with_rule(lambda x: x**2, lambda ȳ, x: (NoTangent(), 2 * x)), 2.0


@wrong(
    r"the cotangent of args\[0\] \(`x`\) is another one when the pullback runs a second time", "CONSISTENCY"
)
def pullback_that_remembers():
    total = [0.0]

    def back(ȳ, x):
        total[0] += 2 * ȳ
        return NoTangent(), total[0]

    return with_rule(lambda x: 2 * x, back), 2.0


@wrong(
    r"the cotangent of args\[0\] \(`x`\) changes when the pullback runs again: return a new array each time",
    "CONSISTENCY",
)
def buffer_that_is_used_again():
    buffer = np.empty(3)

    def back(ȳ, x):
        return NoTangent(), np.multiply(2.0, ȳ, out=buffer)

    return with_rule(lambda x: 2 * x, back), V


@wrong(r"with a thunk for its seed, the pullback raises TypeError: .*; unthunk the seed first", "CONSISTENCY")
def thunk_mishandled():
    def back(ȳ, x):
        if not isinstance(ȳ, (float, np.ndarray)):
            raise TypeError("a number, please")
        return NoTangent(), 2 * ȳ

    return with_rule(lambda x: 2 * x, back), 2.0


@wrong(
    r"the cotangent of args\[0\] \(`x`\) is 0\.0 with a thunk for the seed, and -?[\d.]+ with the seed",
    "CONSISTENCY",
)
def thunk_taken_for_zero():
    def back(ȳ, x):
        return NoTangent(), 2 * ȳ if isinstance(ȳ, float) else ZeroTangent()

    return with_rule(lambda x: 2 * x, back), 2.0


@wrong(
    r"the cotangent of args\[0\] \(`x`\) adds up to -?[\d.]+ by add_inplace, and to -?[\d.]+ by \+",
    "CONSISTENCY",
)
def inplaceable_thunk_that_lies():
    def back(ȳ, x):
        return NoTangent(), InplaceableThunk(lambda total: np.add(total, ȳ, out=total), thunk(lambda: 2 * ȳ))

    return with_rule(lambda x: 2 * x, back), V


@wrong(
    r"`x`\) is -?[\d.]+ with ZeroTangent\(\) for ȳ\[0\] in the seed, and -?[\d.]+ with zeros there",
    "CONSISTENCY",
)
def part_of_the_seed_left_out():
    def back(ȳ, x):
        a, b = ȳ
        return NoTangent(), b if isinstance(a, AbstractZero) else 2 * a + 3 * b

    return with_rule(lambda x: (2 * x, 3 * x), back), 2.0


@wrong(r"with ZeroTangent\(\) for ȳ\[0\] in the seed, the pullback returned 1 cotangent", "CONSISTENCY")
def part_of_the_seed_mishandled():
    def back(ȳ, x):
        a, b = ȳ
        return (NoTangent(),) if isinstance(a, AbstractZero) else (NoTangent(), 2 * a + 3 * b)

    return with_rule(lambda x: (2 * x, 3 * x), back), 2.0


@wrong(r"the thunk in the cotangent of args\[0\] \(`x`\) raises ZeroDivisionError: ", "RAISES")
def thunk_that_raises():
    return with_rule(lambda x: 2 * x, lambda ȳ, x: (NoTangent(), thunk(lambda: ȳ / 0))), 2.0


@wrong(r"the pullback raises IndexError: ", "RAISES")
def pullback_that_raises():
    return with_rule(lambda x: x[0], lambda ȳ, x: (NoTangent(), x[7] * ȳ)), V


@wrong(r"the rule raises AttributeError: 'float' object has no attribute 'shape'", "RAISES")
def rule_that_raises():
    def twice(x):
        return 2 * x

    @rrule.register(twice)
    def twice_rrule(twice, x):
        n = x.shape
        return 2 * x, lambda ȳ: (NoTangent(), n * ȳ)

    return twice, 2.0


@wrong(
    r"no rule takes the arguments \(a float, an array of shape \(3,\)\); add one by `@rrule\.register`",
    "NO_RULE",
)
def no_rule():
    return lambda x, y: x * y, 2.0, V


@wrong(r"the rule returned an array of shape \(3,\), not the pair \(y, pullback\)", "FORM")
def no_pair():
    def twice(x):
        return 2 * x

    @rrule.register(twice)
    def twice_rrule(twice, x):
        return 2 * x

    return twice, V


@wrong(r"the rule returned a float for its pullback, not a function of the seed", "FORM")
def no_pullback():
    def twice(x):
        return 2 * x

    @rrule.register(twice)
    def twice_rrule(twice, x):
        return 2 * x, 2.0

    return twice, 2.0


@wrong(
    r"args\[1\] \(`y`\) is -?[\d.]+, but the test says by `with_tangent` that it cannot be perturbed", "FORM"
)
def marked_as_constant():
    return (
        with_rule(lambda x, y: x * y, lambda ȳ, x, y: (NoTangent(), y * ȳ, x * ȳ)),
        2.0,
        with_tangent(3.0, NoTangent()),
    )


@pytest.mark.parametrize(("case", "message", "kind"), WRONG)
@pytest.mark.parametrize("rng", range(3))
def test_wrong_rule_fails_with_its_message(case, message, kind, rng):
    f, *args = case()
    options = args.pop() if isinstance(args[-1], dict) and "fkwargs" in args[-1] else {}
    with pytest.raises(RuleTestFailure) as failure:
        test_rrule(f, *args, rng=rng, **options)
    assert str(failure.value).startswith("test_rrule(")
    assert str(failure.value).endswith(f"[rng={rng}]")
    assert re.search(message, str(failure.value))
    assert failure.value.kind is kind
