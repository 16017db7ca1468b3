"""Rules that are right pass `test_rrule`, whatever the random numbers are."""

import enum
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import attrs
import numpy as np
import pytest
import scipy.linalg
import scipy.sparse

from adjoint2rrule.core import (
    AbstractZero,
    HasReverseMode,
    InplaceableThunk,
    NoTangent,
    RuleConfig,
    Tangent,
    ZeroTangent,
    non_differentiable,
    rrule,
    rrule_via_ad,
    thunk,
)
from adjoint2rrule.testing import test_rrule, with_tangent

RIGHT: list[Any] = []
A = np.array([[1.5, -2.0, 0.5], [0.25, 3.0, -1.0], [2.0, 1.0, -0.5]])
B = np.array([[0.5, 1.0], [-1.5, 2.0], [3.0, -0.25]])
V = np.array([1.5, -2.0, 0.5])
Z = np.array([1.5 - 0.5j, -2.0 + 1.0j])
C = np.array([[1.0 + 2.0j, 0.5, -1.0j], [0.0, 2.0 - 1.0j, 1.0], [0.5j, -1.0, 1.5]])


def right(case: Callable[[], Any]) -> None:
    """Add a case: a function that gives a callable with a right rule, arguments, and perhaps options."""
    RIGHT.append(pytest.param(case, id=case.__name__))


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


@dataclass(frozen=True, slots=True)
class Frozen:
    a: float
    w: Any
    label: str = "frozen"


@dataclass
class Stack:
    layers: list[Foo]
    top: Foo
    name: str = "stack"


@attrs.frozen
class Attrs:
    a: float
    _b: float


class Slots:
    __slots__ = ("density", "label")

    def __init__(self, density, label="design"):
        self.density = density
        self.label = label


class Plain:
    def __init__(self, values):
        self.values = np.asarray(values)

    @cached_property
    def squares(self):
        return self.values**2


class FromText:
    """The constructor takes something else than the fields."""

    def __init__(self, text):
        self.a, self.b = map(float, text.split())


class Fresnel(NamedTuple):
    r: complex
    t: float
    n: int = 1


class Pol(enum.Enum):
    S = "s"
    P = "p"


class Level(float, enum.Enum):
    LOW = 0.5


@dataclass
class Affine:
    weight: Any
    bias: float

    def __call__(self, x):
        return self.weight * x + self.bias

    def scaled(self, x):
        return self.weight * x


# Numbers and arrays


@right
def the_seed_page():
    def f(x, y, z):
        return 2 * x + y.a

    @rrule.register(f)
    def f_rrule(f, x, y: Foo, z):
        def f_pullback(Ω̄):
            return NoTangent(), 2 * Ω̄, Tangent[Foo](a=Ω̄), ZeroTangent()

        return f(x, y, z), f_pullback

    return f, 2.5, Foo(9.9, 7.2), 31.0


@right
def scalar():
    return with_rule(lambda x: np.sin(x), lambda ȳ, x: (NoTangent(), ȳ * np.cos(x))), 0.7


@right
def ufunc_of_an_array():
    return with_rule(lambda x: np.exp(x) * x, lambda ȳ, x: (NoTangent(), ȳ * np.exp(x) * (1 + x))), V


@right
def close_to_a_singularity():
    return with_rule(lambda x: np.log(x), lambda ȳ, x: (NoTangent(), ȳ / x)), np.array([1e-5, 1e-2, 3.0])


@right
def at_the_edge_of_the_domain():
    def guarded(x):
        if x < 0:
            raise ValueError("negative")
        return x**1.5

    return with_rule(guarded, lambda ȳ, x: (NoTangent(), 1.5 * ȳ * x**0.5)), 1e-3


@right
def domain_guarded_by_an_assertion():
    def guarded(x):
        assert x > 0
        return np.log(x)

    return with_rule(guarded, lambda ȳ, x: (NoTangent(), ȳ / x)), 1e-3


@right
def domain_guarded_by_an_exception_of_its_own():
    class OutOfRangeError(Exception): ...

    def guarded(x):
        if not abs(x) < 1:
            raise OutOfRangeError(x)
        return np.arcsin(x)

    return with_rule(guarded, lambda ȳ, x: (NoTangent(), ȳ / np.sqrt(1 - x**2))), 0.999


@right
def close_to_the_end_of_a_table():
    table = np.arange(10.0) ** 2

    def looked_up(x):
        i = int(x)
        return table[i] + (x - i) * (table[i + 1] - table[i])

    return with_rule(looked_up, lambda ȳ, x: (NoTangent(), ȳ * (table[int(x) + 1] - table[int(x)]))), 8.9995


@right
def very_close_to_a_singularity():
    return with_rule(
        lambda x: np.sum(x * np.log(x)), lambda ȳ, x: (NoTangent(), ȳ * (np.log(x) + 1))
    ), np.array([1e-12, 0.3, 0.7])


@right
def close_to_kinks():
    x = np.array([-1e-6, 1e-6, -1e-3, 2.0, -2.0])
    return with_rule(lambda x: np.maximum(x, 0), lambda ȳ, x: (NoTangent(), ȳ * (x > 0))), x


@right
def close_to_a_jump():
    x = np.array([-1e-4, 1e-4, 2.0])
    return with_rule(lambda x: np.where(x > 0, 1 + x, x), lambda ȳ, x: (NoTangent(), ȳ)), x


@right
def squares_of_the_cotangent_overflow():
    return with_rule(lambda x: x**2, lambda ȳ, x: (NoTangent(), 2 * x * ȳ)), np.array([1e100, 2e150])


@right
def large_and_small_numbers():
    return with_rule(lambda x, y: x * y, lambda ȳ, x, y: (NoTangent(), y * ȳ, x * ȳ)), 1e8, 1e-8


@right
def fast_oscillation():
    return with_rule(lambda x: np.sin(60 * x), lambda ȳ, x: (NoTangent(), 60 * ȳ * np.cos(60 * x))), V


@right
def saturation():
    return with_rule(
        lambda x: np.tanh(40 * x), lambda ȳ, x: (NoTangent(), 40 * ȳ / np.cosh(40 * x) ** 2)
    ), V / 30


@right
def matrix_product():
    return with_rule(lambda x, y: x @ y, lambda ȳ, x, y: (NoTangent(), ȳ @ y.T, x.T @ ȳ)), A, B


@right
def inverse():
    def back(ȳ, x):
        y = np.linalg.inv(x)
        return NoTangent(), -y.T @ ȳ @ y.T

    return with_rule(lambda x: np.linalg.inv(x), back), A


@right
def complex_inverse():
    def back(ȳ, x):
        yh = np.linalg.inv(x).conj().T
        return NoTangent(), -yh @ ȳ @ yh

    return with_rule(lambda x: np.linalg.inv(x), back), C


@right
def complex_square():
    return with_rule(lambda z: z**2, lambda ȳ, z: (NoTangent(), 2 * np.conj(z) * ȳ)), Z


@right
def not_holomorphic():
    return with_rule(lambda z: np.abs(z) ** 2, lambda ȳ, z: (NoTangent(), 2 * z * ȳ)), Z


@right
def complex_number_to_real():
    return with_rule(lambda z: z.imag, lambda ȳ, z: (NoTangent(), 1j * ȳ)), 1.5 - 2.0j


@right
def real_to_complex():
    return with_rule(
        lambda x: np.exp(1j * x), lambda ȳ, x: (NoTangent(), np.real(-1j * np.exp(-1j * x) * ȳ))
    ), V


@right
def real_seed_for_a_complex_cotangent():
    return with_rule(lambda z: z.real, lambda ȳ, z: (NoTangent(), ȳ)), Z


@right
def single_precision():
    x = np.linspace(0.5, 3, 20, dtype=np.float32)
    return with_rule(lambda x: x**3 / 7, lambda ȳ, x: (NoTangent(), 3 * x**2 / 7 * ȳ)), x


@right
def single_precision_matrices():
    a, b = A.astype(np.float32), B.astype(np.float32)
    return with_rule(lambda x, y: x @ y, lambda ȳ, x, y: (NoTangent(), ȳ @ y.T, x.T @ ȳ)), a, b


@right
def single_precision_inside():
    def rounded(x):
        return np.sin(x.astype(np.float32))

    return with_rule(rounded, lambda ȳ, x: (NoTangent(), ȳ * np.cos(x))), V


@right
def single_precision_only():
    def picky(x):
        assert x.dtype == np.float32
        return x**2

    return with_rule(picky, lambda ȳ, x: (NoTangent(), 2 * x * ȳ)), V.astype(np.float32)


@right
def half_precision():
    return with_rule(lambda x: x * x, lambda ȳ, x: (NoTangent(), 2 * x * ȳ)), V.astype(np.float16)


@right
def numpy_scalars():
    x, z = np.float32(1.5), np.complex128(1.0 - 2.0j)
    return with_rule(lambda x, z: x * z, lambda ȳ, x, z: (NoTangent(), np.real(np.conj(z) * ȳ), x * ȳ)), x, z


@right
def long_double():
    return with_rule(lambda x: x**2, lambda ȳ, x: (NoTangent(), 2 * x * ȳ)), np.longdouble(1.5)


@right
def array_without_axes():
    return with_rule(lambda x: 3 * x, lambda ȳ, x: (NoTangent(), 3 * ȳ)), np.array(1.5)


@right
def empty_array():
    return with_rule(lambda x: x.sum(), lambda ȳ, x: (NoTangent(), ȳ * np.ones(0))), np.zeros(0)


@right
def fortran_order_and_views():
    a = np.asfortranarray(A)[::-1, 1:]
    return with_rule(lambda x: x * B, lambda ȳ, x: (NoTangent(), B * ȳ)), a


@right
def large_array():
    return with_rule(
        lambda x: np.cumsum(x**2), lambda ȳ, x: (NoTangent(), 2 * x * np.cumsum(ȳ[::-1])[::-1])
    ), np.linspace(-1, 1, 5000)


@right
def large_output():
    k = np.linspace(0, 100, 10_000)
    return with_rule(lambda x: np.sin(k * x), lambda ȳ, x: (NoTangent(), np.sum(ȳ * k * np.cos(k * x)))), 0.7


# What cannot be perturbed


@right
def integers_and_strings():
    def f(x, n, mode, flag, nothing):
        return n * x

    def back(ȳ, x, n, *rest):
        return NoTangent(), n * ȳ, NoTangent(), *(NoTangent() for _ in rest)

    return with_rule(f, back), V, 3, "mode", True, None


@right
def zero_for_an_integer_that_might_be_a_float():
    return with_rule(lambda x, n: n * x, lambda ȳ, x, n: (NoTangent(), n * ȳ, ZeroTangent())), 2.0, 3


@right
def zero_for_an_integer_annotated_as_a_float():
    def times(x, n):
        return n * x

    @rrule.register(times)
    def times_rrule(times, x, n: float):
        return times(x, n), lambda ȳ: (NoTangent(), n * ȳ, ZeroTangent())

    return times, 2.0, 3


@right
def number_for_an_integer_that_might_be_a_float():
    return with_rule(lambda x, y: x * y, lambda ȳ, x, y: (NoTangent(), y * ȳ, x * ȳ)), 2.5, 3


@right
def integers_alone():
    return with_rule(lambda x, y: x * y, lambda ȳ, x, y: (NoTangent(), y * ȳ, x * ȳ)), 2, 3


@right
def integers_that_are_counts():
    return with_rule(lambda n, k: n // k, lambda ȳ, n, k: (NoTangent(), NoTangent(), NoTangent())), 7, 2


@right
def integer_fields_of_floats():
    return with_rule(
        lambda foo: foo.a * foo.b, lambda ȳ, foo: (NoTangent(), Tangent[Foo](a=foo.b * ȳ, b=foo.a * ȳ))
    ), Foo(9, 7)


@right
def integer_arrays():
    def back(ȳ, x, i):
        x̄ = np.zeros_like(x)
        np.add.at(x̄, i, ȳ)
        return NoTangent(), x̄, NoTangent()

    return with_rule(lambda x, i: x[i], back), V, np.array([0, 2, 2])


@right
def functions_enums_and_slices():
    def f(g, x, pol, part):
        return g(x[part])

    def back(ȳ, g, x, pol, part):
        x̄ = np.zeros_like(x)
        x̄[part] = ȳ * np.cos(x[part])
        return NoTangent(), NoTangent(), x̄, NoTangent(), NoTangent()

    return with_rule(f, back), np.sin, V, Pol.P, slice(1, 3)


@right
def enum_of_floats():
    return (
        with_rule(
            lambda x, level: x * level.value, lambda ȳ, x, level: (NoTangent(), level.value * ȳ, NoTangent())
        ),
        2.0,
        (Level.LOW),
    )


@right
def integer_output():
    def position(x):
        return int(np.argmax(x))

    non_differentiable(position)
    return position, V


@right
def indices_from_numpy():
    non_differentiable(np.argmax)
    return np.argmax, V


@right
def piecewise_constant_in_one_argument():
    return (
        with_rule(lambda x, y: np.floor(x) * y, lambda ȳ, x, y: (NoTangent(), NoTangent(), np.floor(x) * ȳ)),
        V + 0.25,
        V,
    )


def _without_derivative(f):
    non_differentiable(f)
    return f


@right
def string_output():
    return _without_derivative(lambda x: f"{x}"), 1.5


@right
def no_output():
    return _without_derivative(lambda x: None), 1.5


@right
def flags_for_output():
    return _without_derivative(lambda x: x > 1), V


@right
def shape_and_options_for_output():
    return _without_derivative(lambda x: {"shape": x.shape, "dtype": x.dtype, "order": np.argsort(x)}), V


@right
def piecewise_constant():
    def steps(x):
        return np.floor(x)

    non_differentiable(steps)
    return steps, V + 0.25


@right
def marked_as_constant():
    f = with_rule(lambda x, y: x * y, lambda ȳ, x, y: (NoTangent(), y * ȳ, NoTangent()))
    return f, 2.0, with_tangent(3.0, NoTangent())


@right
def integer_marked_as_a_float():
    def times(x, n):
        return n * x

    @rrule.register(times)
    def times_rrule(times, x, n: int):
        return times(x, n), lambda ȳ: (NoTangent(), n * ȳ, x * ȳ)

    return times, 2.0, with_tangent(3, 1.0)


# Structures


@right
def tuples():
    return (
        with_rule(
            lambda p: (p[0] * p[1], p[1], 3),
            lambda ȳ, p: (NoTangent(), Tangent[tuple](p[1] * ȳ[0], p[0] * ȳ[0] + ȳ[1])),
        ),
        (2.0, 3.0),
    )


@right
def lists_of_numbers():
    return with_rule(lambda xs: sum(xs), lambda ȳ, xs: (NoTangent(), Tangent[list](*(ȳ for _ in xs)))), [
        1.0,
        2,
        3.0,
    ]


@right
def dicts():
    def back(ȳ, terms):
        return NoTangent(), Tangent[dict]({"a": 2 * ȳ["total"], 1: ȳ["total"]})

    return with_rule(lambda t: {"total": 2 * t["a"] + t[1], "n": 2}, back), {
        "a": 1.0,
        1: 2.0,
        None: 3.0,
        "n": 4,
    }


@right
def kinds_of_dicts():
    def back(ȳ, p, q):
        return NoTangent(), Tangent[OrderedDict](a=2 * ȳ), Tangent[dict](b=ȳ)

    return with_rule(lambda p, q: 2 * p["a"] + q["b"], back), OrderedDict(a=1.0), defaultdict(list, b=2.0)


@right
def named_tuples():
    def back(ȳ, f):
        return NoTangent(), Tangent[Fresnel](r=np.conj(2 * f.r) * ȳ.r, t=ȳ.t)

    return with_rule(lambda f: Fresnel(f.r**2, f.t, f.n), back), Fresnel(1.5 - 0.5j, 0.25)


@right
def named_tuples_by_position():
    return with_rule(
        lambda f: f.t, lambda ȳ, f: (NoTangent(), Tangent[Fresnel](ZeroTangent(), ȳ, NoTangent()))
    ), Fresnel(1.5 - 0.5j, 0.25)


@right
def frozen_with_slots():
    def back(ȳ, x):
        return NoTangent(), Tangent[Frozen](a=np.sum(ȳ * x.w), w=x.a * ȳ)

    return with_rule(lambda x: x.a * x.w, back), Frozen(1.5, V)


@right
def attrs_with_a_private_field():
    return with_rule(
        lambda x: x.a * x._b, lambda ȳ, x: (NoTangent(), Tangent[Attrs](a=x._b * ȳ, _b=x.a * ȳ))
    ), Attrs(2.0, 3.0)


@right
def plain_class_with_slots():
    return with_rule(
        lambda d: 2 * d.density, lambda ȳ, d: (NoTangent(), Tangent[Slots](density=2 * ȳ))
    ), Slots(V)


@right
def plain_class_with_a_cache():
    plain = Plain(V)
    plain.squares  # noqa: B018 - fills the cache
    return with_rule(
        lambda p: p.squares, lambda ȳ, p: (NoTangent(), Tangent[Plain](values=2 * p.values * ȳ))
    ), plain


@right
def class_with_another_constructor():
    return with_rule(
        lambda p: p.a * p.b, lambda ȳ, p: (NoTangent(), Tangent[FromText](a=p.b * ȳ, b=p.a * ȳ))
    ), FromText("2.5 -1.5")


@right
def class_that_keeps_something_else():
    class Gaussian:
        def __init__(self, sigma):
            self.sigma = sigma**2

    return with_rule(
        lambda g: 3 * g.sigma, lambda ȳ, g: (NoTangent(), Tangent[Gaussian](sigma=3 * ȳ))
    ), Gaussian(2.0)


@right
def zero_for_options():
    @dataclass
    class Options:
        n: int
        name: str

    def f(x, options):
        return options.n * x

    @rrule.register(f)
    def f_rrule(f, x, options: Options):
        return f(x, options), lambda ȳ: (NoTangent(), options.n * ȳ, ZeroTangent())

    return f, 2.0, Options(3, "three")


@right
def nested():
    def thickness(stack):
        return sum(layer.a * layer.b for layer in stack.layers) + stack.top.a

    def back(ȳ, stack):
        layers = [Tangent[Foo](a=layer.b * ȳ, b=layer.a * ȳ) for layer in stack.layers]
        return NoTangent(), Tangent[Stack](layers=Tangent[list](*layers), top=Tangent[Foo](a=ȳ))

    return with_rule(thickness, back), Stack([Foo(1.0, 2.0), Foo(3.0, 4.0)], Foo(5.0, 6.0))


@right
def tangent_of_a_base_class():
    class Special(Foo):
        pass

    return with_rule(lambda foo: foo.a, lambda ȳ, foo: (NoTangent(), Tangent[Foo](a=ȳ))), Special(1.0, 2.0)


@right
def untyped_tangent():
    return with_rule(lambda foo: foo.a, lambda ȳ, foo: (NoTangent(), Tangent[Any](a=ȳ))), Foo(1.0, 2.0)


@right
def array_of_arrays():
    xs = np.empty(2, dtype=object)
    xs[0], xs[1] = V, V[:2]

    def back(ȳ, xs):
        x̄s = np.empty(2, dtype=object)
        x̄s[0], x̄s[1] = np.full(3, ȳ), 2 * np.full(2, ȳ)
        return NoTangent(), x̄s

    return with_rule(lambda xs: xs[0].sum() + 2 * xs[1].sum(), back), xs


@right
def reaches_itself():
    class Node:
        pass

    node = Node()
    node.weight, node.parent = 2.0, node
    return with_rule(lambda n: n.parent.weight * 3, lambda ȳ, n: (NoTangent(), ZeroTangent())), node


@right
def sparse_argument():
    m = scipy.sparse.csr_array(np.array([[0, 1.5, 0], [2.0, 0, -1.0]]))

    def back(ȳ, m, x):
        entries = m.tocoo()
        m̄ = scipy.sparse.coo_array((ȳ[entries.row] * x[entries.col], (entries.row, entries.col)), m.shape)
        return NoTangent(), m̄.tocsr(), m.T @ ȳ

    return with_rule(lambda m, x: m @ x, back), m, V


@right
def sparse_without_entries():
    return (
        with_rule(lambda m, x: m @ x, lambda ȳ, m, x: (NoTangent(), 0 * m, m.T @ ȳ)),
        scipy.sparse.csr_array((3, 3)),
        V,
    )


@right
def sparse_matrix_output():
    rows, columns = np.array([0, 1, 1]), np.array([1, 0, 2])

    def assembled(values):
        return scipy.sparse.csc_matrix((values, (rows, columns)), shape=(2, 3))

    return with_rule(assembled, lambda ȳ, values: (NoTangent(), np.asarray(ȳ[rows, columns]).ravel())), V


# Callables of all kinds


@right
def functor():
    class Scale(Affine):
        pass

    @rrule.register(Scale)
    def scale_rrule(self: Scale, x):
        return self(x), lambda ȳ: (Tangent[Scale](weight=np.sum(x * ȳ), bias=np.sum(ȳ)), self.weight * ȳ)

    return Scale(2.0, 1.0), V


@right
def functor_that_counts_its_calls():
    class Counted:
        def __init__(self, weight):
            self.weight = weight
            self.calls = 0

        def __call__(self, x):
            self.calls += 1
            return self.weight * x

    @rrule.register(Counted)
    def counted_rrule(self: Counted, x):
        return self(x), lambda ȳ: (Tangent[Counted](weight=x * ȳ), self.weight * ȳ)

    return Counted(2.0), 3.0


@right
def functor_without_tangents():
    @dataclass
    class Power:
        n: int

        def __call__(self, x):
            return x**self.n

    @rrule.register(Power)
    def power_rrule(self: Power, x):
        return self(x), lambda ȳ: (NoTangent(), self.n * x ** (self.n - 1) * ȳ)

    return Power(3), V


@right
def constructor():
    @rrule.register(type[Foo])
    def foo_rrule(Foo, a, b):
        return Foo(a, b), lambda ȳ: (NoTangent(), ȳ.a, ȳ.b)

    return Foo, 1.0, 2.0


@right
def constructor_with_a_list():
    @rrule.register(type[Stack])
    def stack_rrule(Stack, layers, top, name="stack"):
        return Stack(layers, top, name), lambda ȳ: (NoTangent(), ȳ.layers, ȳ.top, NoTangent())

    return Stack, [Foo(1.0, 2.0)], Foo(3.0, 4.0)


@right
def bound_method():
    @rrule.register(Affine.scaled)
    def scaled_rrule(scaled, self, x):
        def back(ȳ):
            return NoTangent(), Tangent[Affine](weight=x * ȳ), self.weight * ȳ

        return scaled(self, x), back

    return Affine(2.0, 1.0).scaled, 3.0


@right
def method_as_a_function():
    return Affine.scaled, Affine(2.0, 1.0), 3.0


@right
def registered_by_identity():
    return with_rule(partial(np.multiply, 2.0), lambda ȳ, x: (NoTangent(), 2 * ȳ)), V


@right
def vectorized():
    return with_rule(np.vectorize(lambda x: 2 * x), lambda ȳ, x: (NoTangent(), 2 * ȳ)), V


@right
def ufunc_itself():
    @rrule.register(np.arctan)
    def arctan_rrule(arctan, x):
        return arctan(x), lambda ȳ: (NoTangent(), ȳ / (1 + x**2))

    return np.arctan, V


# Forms of calls


@right
def defaults_come_last():
    def shifted(x, shift=1.0, mode="plain"):
        return x + shift

    @rrule.register(shifted)
    def shifted_rrule(shifted, x, shift=1.0, mode="plain"):
        return shifted(x, shift, mode), lambda ȳ: (NoTangent(), ȳ, np.sum(ȳ), NoTangent())

    return shifted, V


@right
def given_by_keyword():
    def shifted(x, shift=1.0, *, twice=False):
        return x + shift

    @rrule.register(shifted)
    def shifted_rrule(shifted, x, shift=1.0, *, twice=False):
        return shifted(x, shift, twice=twice), lambda ȳ: (NoTangent(), ȳ, np.sum(ȳ))

    return shifted, V, {"fkwargs": {"shift": 2.0, "twice": True}}


@right
def variadic():
    return with_rule(lambda *xs: sum(xs), lambda ȳ, *xs: (NoTangent(), *(ȳ for _ in xs))), 1.0, 2.0, 3.0


@right
def no_arguments():
    return (with_rule(lambda: 2.0, lambda ȳ: (NoTangent(),)),)


@right
def calls_back():
    def twice(g, x):
        return g(g(x))

    @rrule.register(twice)
    def twice_rrule(config: RuleConfig[HasReverseMode], twice, g, x):
        y, inner = rrule_via_ad(config, g, x)
        z, outer = rrule_via_ad(config, g, y)

        def back(z̄):
            ḡ1, ȳ = outer(z̄)
            ḡ0, x̄ = inner(ȳ)
            return NoTangent(), ḡ0 + ḡ1, x̄

        return z, back

    return twice, Affine(1.5, -0.5), 2.0


@right
def without_a_config():
    def f(x):
        return 2 * x

    def rule(f, x):
        return f(x), lambda ȳ: (NoTangent(), 2 * ȳ)

    return f, 1.5, {"config": None, "rrule_f": rule}


@right
def tested_through_the_config():
    return (lambda x: x**2), 1.5, {"rrule_f": rrule_via_ad, "rtol": 1e-7}


@right
def thunks():
    def back(ȳ, x, y):
        return (
            NoTangent(),
            thunk(lambda: ȳ @ y.T),
            InplaceableThunk(lambda s: np.add(s, x.T @ ȳ, out=s), thunk(lambda: x.T @ ȳ)),
        )

    return with_rule(lambda x, y: x @ y, back), A, B


@right
def chosen_seed():
    def back(ȳ, x):
        w̄, v̄ = ȳ
        return NoTangent(), 2 * w̄ + 3 * v̄

    return (
        with_rule(lambda x: (2 * x, 3 * x), back),
        V,
        {"output_tangent": Tangent[tuple](ZeroTangent(), np.ones(3))},
    )


@right
def refuses_seeds_without_a_part():
    def back(ȳ, x):
        if any(isinstance(part, AbstractZero) for part in ȳ):
            raise NotImplementedError
        return NoTangent(), 2 * ȳ[0] + 3 * ȳ[1]

    return with_rule(lambda x: (2 * x, 3 * x), back), V


@right
def function_that_changes_its_argument():
    def accumulated(x, buffer):
        buffer += x
        return buffer.sum()

    @rrule.register(accumulated)
    def accumulated_rrule(accumulated, x, buffer):
        return x.sum() + buffer.sum(), lambda ȳ: (NoTangent(), np.full(3, ȳ), np.full(3, ȳ))

    return accumulated, V, np.ones(3)


@right
def random_numbers_from_an_argument():
    def noisy(x, rng):
        return x * rng.standard_normal(3)

    @rrule.register(noisy)
    def noisy_rrule(noisy, x, rng):
        noise = rng.standard_normal(3)
        return x * noise, lambda ȳ: (NoTangent(), noise * ȳ, NoTangent())

    return noisy, V, np.random.default_rng(0)


@right
def single_precision_marked_as_constant():
    f = with_rule(lambda x, y: x * y, lambda ȳ, x, y: (NoTangent(), y * ȳ, NoTangent()))
    x = V.astype(np.float32)
    return f, x, with_tangent(x, NoTangent())


@right
def many_small_parts():
    def back(ȳ, xs):
        return NoTangent(), Tangent[list](*(2 * x * ȳ for x in xs))

    return with_rule(lambda xs: sum(x**2 for x in xs), back), list(np.linspace(-1, 1, 350))


OPTIONS = {"config", "fkwargs", "output_tangent", "rrule_f"}


@pytest.mark.parametrize("case", RIGHT)
def test_right_rule_passes_at_a_hundred_seeds(case):
    for rng in range(100):
        f, *args = case()
        options = args.pop() if args and isinstance(args[-1], dict) and args[-1].keys() & OPTIONS else {}
        test_rrule(f, *args, rng=rng, **options)
