"""Functions that JAX differentiates by their rules."""

import logging
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest
from scipy import sparse

from adjoint2rrule.core import (
    HasForwardsMode,
    HasReverseMode,
    LyingRuleError,
    NoTangent,
    NotImplementedTangentError,
    ProjectTo,
    RuleConfig,
    Tangent,
    ZeroTangent,
    debugging,
    frule,
    frule_via_ad,
    not_implemented,
    rrule,
    rrule_via_ad,
    thunk,
)
from adjoint2rrule.interop.errors import (
    KeywordError,
    NoRuleError,
    PullbackError,
    SeedError,
    UntraceableError,
    UntraceableRuleError,
)
from adjoint2rrule.interop.jax import BodyError, JaxConfig, MissingJaxError, register_pytree, to_jax
from tests.support.higher_order import USES

jax = pytest.importorskip("jax")
jnp = jax.numpy
check_grads = pytest.importorskip("jax.test_util").check_grads

# Each gradient is scaled by a factor that the function itself has not: so it is seen who gave it.
RULE = 10.0


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def ruled(f, pullback, *, body="auto"):
    """Give `f` a rule with the pullback ``pullback(*xs)(ȳ)``, and return it for JAX."""

    @rrule.register(f)
    def rule(f, *xs, **kw):
        return f(*xs, **kw), pullback(*xs, **kw)

    return to_jax(f, body=body)


def square(x):
    return x * x


@rrule.register(square)
def square_rrule(square, x: float | np.ndarray | complex):
    return square(x), lambda ȳ: (NoTangent(), 2 * x.conj() * ȳ)


@frule.register(square)
def square_frule(dargs, square, x: float | np.ndarray | complex):
    return square(x), 2 * x * dargs[1]


def turn(A, x):
    return np.sin(np.dot(A, x))


@rrule.register(turn)
def turn_rrule(turn, A: np.ndarray, x: np.ndarray):
    """Return the value and the pullback by numpy: no tracer gets through `np.dot`."""
    slope = np.cos(np.dot(A, x))

    def turn_pullback(ȳ):
        return NoTangent(), thunk(lambda: np.outer(slope * ȳ, x)), thunk(lambda: np.dot(A.T, slope * ȳ))

    return turn(A, x), turn_pullback


@frule.register(turn)
def turn_frule(dargs, turn, A: np.ndarray, x: np.ndarray):
    _, dA, dx = dargs
    # a zero is no array
    return turn(A, x), np.cos(np.dot(A, x)) * ((dA + np.zeros_like(A)) @ x + A @ (dx + np.zeros_like(x)))


def turn_in_jax(A, x):
    return jnp.sin(A @ x)


@register_pytree
@dataclass
class Layer:
    index: object
    thickness: object
    name: str = "glass"


class Pair(NamedTuple):
    r: object
    t: object


squared = to_jax(square)
turned = to_jax(turn, body="host")
A, x = np.arange(6.0).reshape(3, 2) / 5, np.array([0.3, 0.4])


# -- numbers and arrays -------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [lambda f: f, jax.jit], ids=["eager", "jit"])
@pytest.mark.parametrize("x", [3.0, np.arange(3.0), np.array([1 + 2j])], ids=["number", "array", "complex"])
def test_jaxs_own_checks_pass_in_all_modes(x, wrap):
    check_grads(wrap(squared), (x,), order=2, modes=["fwd", "rev"])


@pytest.mark.parametrize("wrap", [lambda f: f, jax.jit], ids=["eager", "jit"])
def test_jaxs_own_checks_pass_for_a_rule_in_numpy(wrap):
    check_grads(wrap(turned), (A, x), order=1, modes=["fwd", "rev"])


def test_the_gradient_is_that_of_the_rule_and_not_of_the_function():
    f = ruled(lambda x: x**2, lambda x: lambda ȳ: (NoTangent(), RULE * x * ȳ))
    for wrap in (lambda f: f, jax.jit):
        assert jax.grad(wrap(f))(3.0) == 30.0
        assert wrap(jax.grad(f))(3.0) == 30.0
        assert jax.grad(jax.grad(wrap(f)))(3.0) == RULE
        assert jax.grad(lambda x: wrap(f)(f(x)))(2.0) == RULE * 4.0 * RULE * 2.0  # noqa: B023


def test_without_a_gradient_the_function_runs_alone():
    f = ruled(lambda x: x**2, lambda x: pytest.fail("the rule ran"))
    assert f(3.0) == f(jnp.array(3.0)) == jax.jit(f)(3.0) == 9.0
    np.testing.assert_array_equal(jax.vmap(f)(jnp.arange(3.0)), [0.0, 1.0, 4.0])


@pytest.mark.parametrize("f", [turned, to_jax(turn_in_jax)], ids=["host", "without"])
def test_value_under_jit_and_vmap(f):
    xs = np.stack([x, 2 * x])
    np.testing.assert_allclose(jax.jit(f)(A, x), turn_in_jax(A, x))
    np.testing.assert_allclose(jax.vmap(f, (None, 0))(A, xs), jax.vmap(turn_in_jax, (None, 0))(A, xs))


OPERATORS = {
    "jacrev": lambda f: jax.jacrev(f, (0, 1))(A, x),
    "jacfwd": lambda f: jax.jacfwd(f, (0, 1))(A, x),
    "jit of jacrev": lambda f: jax.jit(jax.jacrev(f, (0, 1)))(A, x),
    "jacrev of jit": lambda f: jax.jacrev(jax.jit(f), (0, 1))(A, x),
    "jacfwd of jit": lambda f: jax.jacfwd(jax.jit(f), (0, 1))(A, x),
    "vmap of jacrev": lambda f: jax.vmap(jax.jacrev(f), (None, 0))(A, np.stack([x, 2 * x])),
    "vmap of the last axis": lambda f: jax.vmap(jax.jacrev(f), (None, 1))(A, np.stack([x, 2 * x], 1)),
    "grad of vmap": lambda f: jax.grad(lambda A, xs: (jax.vmap(f, (None, 0))(A, xs) ** 2).sum(), (0, 1))(
        A, np.stack([x, 2 * x])
    ),
    "grad of jit of vmap": lambda f: jax.grad(
        lambda A, xs: (jax.jit(jax.vmap(f, (None, 0)))(A, xs) ** 2).sum()
    )(A, np.stack([x, 2 * x])),
    "jvp of vmap": lambda f: jax.jvp(
        lambda xs: jax.vmap(f, (None, 0))(A, xs), (np.stack([x, 2 * x]),), (np.ones((2, 2)),)
    ),
    "linearize": lambda f: jax.linearize(partial(f, A), x)[1](np.ones(2)),
    "grad of scan": lambda f: jax.grad(
        lambda x: jax.lax.scan(lambda c, _: (f(A, c)[:2], None), x, None, length=3)[0].sum()
    )(x),
    "grad of cond": lambda f: jax.grad(
        lambda x: jax.lax.cond(x[0] > 0, lambda x: f(A, x), lambda x: 2 * f(A, x), x).sum()
    )(x),
    "grad of checkpoint": lambda f: jax.grad(lambda x: jax.checkpoint(partial(f, A))(x).sum())(x),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_of_jax_take_a_rule_in_numpy(name):
    jax.tree.map(
        partial(np.testing.assert_allclose, rtol=1e-12),
        OPERATORS[name](turned),
        OPERATORS[name](turn_in_jax),
    )


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_of_jax_take_a_rule_that_it_traces(name):
    @rrule.register(f := lambda A, x: jnp.sin(A @ x))
    def f_rrule(f, A, x):
        slope = jnp.cos(A @ x)
        return f(A, x), lambda ȳ: (NoTangent(), jnp.outer(slope * ȳ, x), A.T @ (slope * ȳ))

    frule.register(f)(lambda dargs, f, A, x: jax.jvp(turn_in_jax, (A, x), _filled(dargs, A, x)))
    by_rule = OPERATORS[name](to_jax(f, body="traced"))
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-12), by_rule, OPERATORS[name](turn_in_jax))


def _filled(dargs, *xs):
    return tuple(jnp.zeros_like(x) + dx for x, dx in zip(xs, dargs[1:], strict=True))


def test_second_derivatives_in_every_order_of_modes():
    for outer in (jax.jacfwd, jax.jacrev):
        for inner in (jax.jacfwd, jax.jacrev):
            for wrap in (lambda f: f, jax.jit):
                np.testing.assert_allclose(outer(inner(wrap(squared)))(3.0), 2.0)
    np.testing.assert_allclose(jax.hessian(lambda x: squared(x).sum())(np.ones(2)), 2 * np.eye(2))


def test_third_derivatives():
    f = ruled(lambda x: x**3, lambda x: lambda ȳ: (NoTangent(), 3 * x**2 * ȳ))
    assert jax.grad(jax.grad(jax.grad(f)))(2.0) == 6.0
    assert jax.jit(jax.grad(jax.grad(jax.grad(f))))(2.0) == 6.0


def test_value_beside_a_gradient_is_differentiated_by_the_rule_again():
    f = ruled(lambda x: jnp.round(x), lambda x: lambda ȳ: (NoTangent(), RULE * ȳ))
    assert jax.grad(lambda x: jax.value_and_grad(f)(x)[0])(1.7) == RULE
    assert jax.grad(jax.jit(lambda x: jax.value_and_grad(f)(x)[0]))(1.7) == RULE


@pytest.mark.parametrize("body", ["traced", "host"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cotangents_have_the_precision_of_the_argument(dtype, body):
    f = ruled(lambda x: (x**2).sum(), lambda x: lambda ȳ: (NoTangent(), 2.0 * x.astype(float)), body=body)
    for wrap in (lambda f: f, jax.jit):
        assert jax.grad(wrap(f))(np.ones(2, dtype)).dtype == dtype


@pytest.mark.parametrize("body", ["traced", "host"])
def test_single_precision_is_jaxs_default(body):
    f = ruled(lambda x: x**2, lambda x: lambda ȳ: (NoTangent(), 2 * x * ȳ), body=body)
    with jax.enable_x64(False):
        assert jax.jit(f)(3.0).dtype == jax.grad(jax.jit(f))(3.0).dtype == np.float32
        assert jax.grad(f)(3.0) == 6.0


def test_numbers_of_python_take_the_precision_of_arrays_beside_them():
    f = ruled(lambda x: 2 * x, lambda x: lambda ȳ: (NoTangent(), 2 * ȳ), body="traced")
    half = jnp.ones(2, jnp.bfloat16)
    for wrap in (lambda f: f, jax.jit):
        assert wrap(lambda x: f(x) * half)(1.5).dtype == jnp.bfloat16
        value, _ = wrap(jax.value_and_grad(lambda x: (f(x) * half).sum()))(1.5)
        assert value.dtype == jnp.bfloat16


@pytest.mark.parametrize("body", ["traced", "host"])
def test_integer_cotangents_and_zeros_count_as_floats(body):
    f = ruled(lambda x, y: x, lambda x, y: lambda ȳ: (NoTangent(), 1, ZeroTangent()), body=body)
    for wrap in (lambda f: f, jax.jit):
        dx, dy = jax.grad(wrap(f), (0, 1))(3.0, np.ones(2))
        assert dx.dtype == float
        np.testing.assert_array_equal(dy, [0.0, 0.0])


def test_trailing_axes_of_length_one_come_and_go():
    f = ruled(lambda x: x.sum(), lambda x: lambda ȳ: (NoTangent(), np.array([1.0, 2.0])))
    np.testing.assert_array_equal(jax.grad(f)(np.ones((2, 1))), [[1.0], [2.0]])


@pytest.mark.parametrize("make", [np.matrix, np.ma.masked_array, sparse.csr_array])
def test_cotangents_of_numpys_own_classes_become_arrays(make):
    f = ruled(lambda A: A.sum(), lambda A: lambda ȳ: (NoTangent(), make(2 * np.eye(2))), body="host")
    with pytest.warns(PendingDeprecationWarning) if make is np.matrix else np.errstate():
        np.testing.assert_array_equal(jax.grad(f)(np.ones((2, 2))), 2 * np.eye(2))


def test_no_array_of_the_user_is_written_into():
    x, shared = np.ones(3), np.full(3, 5.0)
    f = ruled(lambda x, y: (x + y).sum(), lambda x, y: lambda ȳ: (NoTangent(), shared, shared), body="host")
    for wrap in (lambda f: f, jax.jit):
        x̄ = jax.grad(wrap(lambda x: f(x, x) + f(x, x)))(x)
        np.testing.assert_array_equal(x̄, np.full(3, 20.0))
    np.testing.assert_array_equal(shared, np.full(3, 5.0))
    np.testing.assert_array_equal(x, np.ones(3))


# -- complex numbers ----------------------------------------------------------------------------------

FUNCTIONS = {
    "product": (lambda z: (2 + 3j) * z, lambda z: lambda ȳ: (NoTangent(), (2 - 3j) * ȳ)),
    "conj": (lambda z: z.conj(), lambda z: lambda ȳ: (NoTangent(), ȳ.conj())),
    "abs2": (lambda z: (z * z.conj()).real, lambda z: lambda ȳ: (NoTangent(), 2 * z * ȳ.real)),
    "square": (lambda z: z * z, lambda z: lambda ȳ: (NoTangent(), (2 * z).conj() * ȳ)),
}


@pytest.mark.parametrize("body", ["traced", "host"])
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("read", [jnp.real, jnp.imag, lambda z: jnp.abs(z) ** 2])
def test_complex_gradients_are_those_of_jax_itself(name, read, body):
    z = np.array([1.0 + 2.0j, -0.5j])
    f, pullback = FUNCTIONS[name]
    g = ruled(lambda z: f(z), pullback, body=body)
    own = jax.grad(lambda z: jnp.sum(read(f(z))))(z)
    for wrap in (lambda f: f, jax.jit):
        np.testing.assert_allclose(wrap(jax.grad(lambda z: jnp.sum(read(g(z)))))(z), own)


#: functions that JAX can differentiate itself, with tangent and cotangent, and where
MAPS = {
    "complex to real": (
        lambda z: (z * z.conj()).real,
        lambda z, dz: 2 * (z.conj() * dz).real,
        lambda z, ȳ: 2 * z * ȳ,
        np.complex128(1 + 2j),
    ),
    "real to complex": (
        lambda x: (2 + 3j) * x * x,
        lambda x, dx: (2 + 3j) * 2 * x * dx,
        lambda x, ȳ: ((2 - 3j) * 2 * x * ȳ).real,
        np.float64(0.7),
    ),
    "complex to complex": (
        lambda z: z * z * z.conj(),
        lambda z, dz: 2 * z * z.conj() * dz + z * z * dz.conj(),
        lambda z, ȳ: 2 * z.conj() * z * ȳ + z * z * ȳ.conj(),
        np.complex128(1 + 2j),
    ),
}


@pytest.mark.parametrize("body", ["traced", "host"])
@pytest.mark.parametrize("name", MAPS)
def test_complex_derivatives_in_both_modes_are_those_of_jax_itself(name, body):
    own, push, pull, x = MAPS[name]
    f = ruled(lambda x: own(x), lambda x: lambda ȳ: (NoTangent(), pull(x, ȳ)), body=body)
    frule.register(f.__wrapped__)(lambda dargs, f, x: (f(x), push(x, dargs[1])))
    dx, ȳ = (jnp.asarray(0.3 + 0.4j if np.iscomplexobj(z) else 0.3) for z in (x, own(x)))
    for wrap in (lambda f: f, jax.jit):
        np.testing.assert_allclose(
            jax.jvp(wrap(f), (x,), (dx,)), jax.jvp(own, (jnp.asarray(x),), (dx,)), rtol=1e-14
        )
        x̄, own_x̄ = (jax.vjp(g, jnp.asarray(x))[1](ȳ)[0] for g in (wrap(f), own))
        np.testing.assert_allclose(x̄, own_x̄, rtol=1e-14)
        assert x̄.dtype == x.dtype
    check_grads(f, (x,), order=1)


# -- structure ----------------------------------------------------------------------------------------


def cost(layers, weights, mode, *scales):
    return layers[0].index * weights["a"] * layers[1].index + scales[0] * scales[1] * weights["b"][0]


@rrule.register(cost)
def cost_rrule(cost, layers, weights, mode: str, *scales: float):
    first, second = layers

    def cost_pullback(ȳ):
        return (
            NoTangent(),
            Tangent[list](
                Tangent[Layer](index=ȳ * weights["a"] * second.index),
                Tangent[Layer](index=ȳ * weights["a"] * first.index),
            ),
            Tangent[dict](
                a=ȳ * first.index * second.index, b=Tangent[tuple](ȳ * scales[0] * scales[1], NoTangent())
            ),
            NoTangent(),
            ȳ * scales[1] * weights["b"][0],
            ȳ * scales[0] * weights["b"][0],
        )

    return cost(layers, weights, mode, *scales), cost_pullback


@pytest.mark.parametrize("body", ["traced", "host"])
def test_leaves_may_be_anywhere_in_the_arguments(body):
    def own(n, a, b, s, f):
        layers = [Layer(n, 1.0), Layer(2 * n, 3.0)]
        return f(layers, {"a": a, "b": (b, "text")}, "mode", s, 7.0)

    values, places = (1.5, 2.5, 3.5, 4.5), (0, 1, 2, 3)
    f = partial(own, f=to_jax(cost, body=body))
    expected = jax.grad(partial(own, f=cost), places)(*values)
    np.testing.assert_allclose(jax.grad(f, places)(*values), expected)
    np.testing.assert_allclose(jax.jit(jax.grad(f, places))(*values), expected)
    check_grads(f, values, order=2 if body == "traced" else 1, modes=["rev"])


@pytest.mark.parametrize("body", ["traced", "host"])
def test_gradients_with_respect_to_pytrees_are_pytrees(body):
    layers, weights = [Layer(1.5, 1.0), Layer(2.5, 3.0, "air")], {"a": 2.0, "b": (3.0, 4.0)}

    def own(layers, weights, f):
        return f(layers, {"a": weights["a"], "b": (weights["b"][0], "text")}, "mode", 2.0, 7.0)

    for wrap in (lambda f: f, jax.jit):
        by_rule = wrap(jax.grad(partial(own, f=to_jax(cost, body=body)), (0, 1)))(layers, weights)
        assert by_rule == jax.grad(partial(own, f=cost), (0, 1))(layers, weights)
    assert [type(layer) for layer in by_rule[0]] == [Layer, Layer]
    assert by_rule[0][1].name == "air"


@pytest.mark.parametrize("body", ["traced", "host"])
@pytest.mark.parametrize(
    "make",
    [Layer, Pair, lambda *xs: list(xs), lambda a, b: {"a": a, "b": b}],
    ids=["data", "NT", "list", "dict"],
)
def test_structures_as_values_take_structural_seeds(make, body):
    def parts(y):
        kind = type(make(1, 2))
        if kind is Layer:
            return y.index, y.thickness
        return (y["a"], y["b"]) if kind is dict else (y[0], y[1])

    def pullback(x):
        return lambda ȳ: (NoTangent(), 2 * x * parts(ȳ)[0] + 3.0 * parts(ȳ)[1])

    f = ruled(lambda x: make(x**2, 3 * x), pullback, body=body)
    for wrap in (lambda f: f, jax.jit):
        assert wrap(jax.grad(lambda x: math.prod(parts(f(x)))))(2.0) == pytest.approx(36.0)
        assert wrap(jax.grad(lambda x: parts(f(x))[1]))(2.0) == 3.0
        assert type(wrap(f)(2.0)) is type(make(1, 2))


@pytest.mark.parametrize("body", ["traced", "host"])
def test_integers_and_names_in_values(body):
    def largest(x):
        return x.max(), np.int64(3) + x.argmax(), "name", 5

    def pullback(x):
        place = x.argmax()
        return lambda ȳ: (NoTangent(), ȳ[0] * (jnp if body == "traced" else np).eye(3)[place])

    f = ruled(largest, pullback, body=body)
    for wrap in (lambda f: f, lambda f: jax.jit(f)):
        y, place, name, five = f(jnp.array([1.0, 3.0, 2.0]))
        assert (y, place, name, five) == (3.0, 4, "name", 5)
        g = wrap(jax.value_and_grad(lambda x: f(x)[:2], has_aux=True))
        (y, place), x̄ = g(jnp.array([1.0, 2.0, 3.0]))
        assert (y, place) == (3.0, 5)
        np.testing.assert_array_equal(x̄, [0.0, 0.0, 1.0])


def test_value_without_numbers_passes():
    f = ruled(lambda x: "text", lambda x: pytest.fail)
    assert jax.grad(lambda x: x if f(x) == "text" else 0.0)(1.5) == 1.0


@register_pytree
@dataclass
class Gain:
    factor: object
    unit: str = "dB"

    def __call__(self, x):
        return self.factor * x

    def damped(self, x):
        return self.factor * x - x


@rrule.register(Gain)
def gain_rrule(self: Gain, x: float):
    return self(x), lambda ȳ: (Tangent[Gain](factor=RULE * x * ȳ), RULE * self.factor * ȳ)


@rrule.register(Gain.damped)
def damped_rrule(damped, self, x: float):
    def damped_pullback(ȳ):
        return NoTangent(), Tangent[Gain](factor=RULE * x * ȳ), RULE * (self.factor - 1) * ȳ

    return damped(self, x), damped_pullback


@rrule.register(type[Gain])
def make_gain_rrule(Gain, factor: float):
    return Gain(factor), lambda ȳ: (NoTangent(), RULE * ȳ.factor)


@pytest.mark.parametrize("body", ["auto", "traced", "host"])
@pytest.mark.parametrize("wrap", [lambda f: f, jax.jit], ids=["eager", "jit"])
def test_functors_methods_and_constructors_have_gradients(wrap, body):
    gain = partial(to_jax, body=body)
    assert wrap(jax.grad(lambda k: gain(Gain(k))(3.0)))(2.0) == 30.0
    assert wrap(jax.grad(gain(Gain(2.0))))(3.0) == 20.0
    assert wrap(jax.grad(lambda gained: gain(gained)(3.0)))(Gain(2.0)) == Gain(30.0)
    assert wrap(jax.grad(lambda k: gain(Gain(k).damped)(3.0)))(2.0) == 30.0
    assert wrap(jax.grad(gain(Gain(2.0).damped)))(3.0) == 10.0
    assert wrap(jax.grad(lambda k: gain(Gain.damped)(Gain(k), 3.0)))(2.0) == 30.0
    assert wrap(jax.grad(lambda k: gain(Gain)(k).factor))(2.0) == RULE
    assert to_jax(Gain)(2.0) == Gain(2.0)


def test_keywords_reach_the_rule_and_are_constants():
    f = ruled(lambda x, *, n, name: x * n, lambda x, n, name: lambda ȳ: (NoTangent(), RULE * n * ȳ))
    assert jax.grad(f)(3.0, n=2, name="a") == 20.0
    assert jax.jit(lambda x, n: jax.grad(f)(x, n=n, name="a"))(3.0, 2.0) == 20.0


def test_gradient_with_respect_to_a_keyword_is_an_error():
    f = ruled(lambda x, n: x * n[0], lambda x, n: lambda ȳ: (NoTangent(), n[0] * ȳ))
    for call in (lambda n: f(3.0, n=[n]), lambda n: f(n, n=[n]), jax.jit(lambda n: f(n, n=[n]))):
        with pytest.raises(KeywordError, match="with respect to `n`, which is given by keyword"):
            jax.grad(call)(2.0)


@pytest.mark.parametrize(
    "other", [2, "text", None, True, abs, len, slice(2), np.arange(2), 2.5, sparse.eye_array(2)]
)
@pytest.mark.parametrize("body", ["auto", "traced", "host"])
def test_what_is_no_array_of_jax_passes_untouched(other, body):
    seen = []

    def first(x, other):
        seen.append(other)
        return x

    f = ruled(first, lambda x, other: lambda ȳ: (NoTangent(), ȳ, NoTangent()), body=body)
    assert jax.grad(f)(1.5, other) == 1.0
    assert jax.jit(jax.grad(lambda x: f(x, other)))(1.5) == 1.0
    assert all(each is other for each in seen)


@pytest.mark.parametrize("body", ["traced", "host"])
def test_arrays_of_integers_have_no_cotangent(body):
    xp = jnp if body == "traced" else np

    def pick(x, i):
        return x[i]

    def pullback(x, i):
        return lambda ȳ: (NoTangent(), xp.asarray(ȳ)[..., None] @ xp.eye(3)[i][..., None, :], NoTangent())

    f = ruled(
        lambda x, i: x[i], lambda x, i: lambda ȳ: (NoTangent(), ȳ @ xp.eye(3)[i], NoTangent()), body=body
    )
    x, i = jnp.array([1.0, 2.0, 3.0]), jnp.array([2, 0])
    for wrap in (lambda f: f, jax.jit):
        np.testing.assert_array_equal(wrap(jax.grad(lambda x, i: f(x, i).sum()))(x, i), [1.0, 0.0, 1.0])
    _, vjp = jax.vjp(f, x, i)
    assert vjp(jnp.ones(2))[1].dtype == jax.dtypes.float0


@pytest.mark.parametrize("body", ["auto", "traced", "host"])
def test_thunks_for_what_is_not_asked_for_are_not_forced(body):
    def pullback(x, layer):
        return lambda ȳ: (
            NoTangent(),
            thunk(lambda: 2.0 * ȳ),
            Tangent[Layer](index=thunk(lambda: pytest.fail("index")), thickness=thunk(lambda: 3.0 * ȳ)),
        )

    f = ruled(lambda x, layer: x, pullback, body=body)
    for wrap in (lambda f: f, jax.jit):
        assert jax.grad(wrap(lambda t: f(1.5, Layer(1.0, t))))(2.0) == 3.0
    g = ruled(
        lambda x, y: x,
        lambda x, y: lambda ȳ: (NoTangent(), thunk(lambda: 2 * ȳ), thunk(lambda: pytest.fail("y"))),
        body=body,
    )
    for wrap in (lambda f: f, jax.jit):
        assert jax.grad(wrap(g))(1.5, 2.5) == 2.0


# -- rules that call back -----------------------------------------------------------------------------


def apply(g, x):
    return g(x)


@rrule.register(apply)
def apply_rrule(config: RuleConfig[HasReverseMode], apply, g, x):
    y, pullback = rrule_via_ad(config, g, x)
    return y, lambda ȳ: (NoTangent(), *pullback(ȳ))


@frule.register(apply)
def apply_frule(config: RuleConfig[HasForwardsMode], dargs, apply, g, x):
    return frule_via_ad(config, dargs[1:], g, x)


applied = to_jax(apply)


def test_rules_that_call_back_run_under_jax_or_by_the_rule_of_what_they_call():
    scaled = ruled(lambda x: x**2, lambda x: lambda ȳ: (NoTangent(), RULE * x * ȳ)).__wrapped__
    for wrap in (lambda f: f, partial(jax.jit, static_argnums=0)):
        g = wrap(applied)
        assert jax.grad(g, 1)(jnp.sin, 2.0) == pytest.approx(math.cos(2.0))
        assert jax.grad(g, 1)(scaled, 2.0) == 20.0
        assert jax.grad(jax.grad(g, 1), 1)(jnp.sin, 2.0) == pytest.approx(-math.sin(2.0))
        assert jax.grad(jax.grad(g, 1), 1)(scaled, 2.0) == RULE
        assert jax.grad(g, 1)(to_jax(scaled), 2.0) == 20.0


def test_forward_rules_call_back_too():
    assert jax.jvp(lambda x: applied(square, x), (3.0,), (1.0,)) == (9.0, 6.0)
    assert jax.jvp(lambda x: applied(lambda x: x**3, x), (2.0,), (1.0,)) == (8.0, 12.0)


def test_functors_that_are_passed_have_gradients():
    assert jax.grad(lambda k: applied(Gain(k), 3.0))(2.0) == 30.0


@pytest.mark.parametrize("body", ["auto", "host"])
@pytest.mark.parametrize("name", USES)
def test_rules_of_higher_order_run_under_the_config(name, body):
    rate, x = jnp.array(0.4), jnp.array([0.75, 1.5])
    own, by_rules = (
        lambda rate, x, of=of: USES[name](of, rate, x).sum()
        for of in (lambda f: f, partial(to_jax, body=body))
    )
    expected = jax.grad(own, (0, 1))(rate, x)
    for wrap in (lambda f: f, jax.jit):
        for found, x̄ in zip(wrap(jax.grad(by_rules, (0, 1)))(rate, x), expected, strict=True):
            np.testing.assert_allclose(found, x̄, atol=1e-6)


@pytest.mark.parametrize("wrap", [lambda f: f, jax.jit], ids=["eager", "jit"])
def test_number_in_the_closure_of_a_function_that_is_passed_is_an_error(wrap):
    for f in (
        lambda w: applied(lambda x: w * x, 3.0 * w),
        lambda w: applied(lambda x: w * x, jnp.array(3.0)),
        lambda w: applied(lambda x: w * x, 3.0),
        lambda w: applied(Gain(w).damped, 3.0),
        lambda w: applied((lambda held: lambda x: held(x))(Gain(w)), 3.0),
        lambda w: applied((lambda held: lambda x: held(x))(Gain(w)), jnp.array(3.0)),
        lambda w: applied(partial(jnp.multiply, w), jnp.array(3.0)),
        lambda w: applied(lambda x: (lambda: w * x)(), jnp.array(3.0)),
        lambda w: applied((lambda weights: lambda x: weights["w"] * x)({"w": w}), jnp.array(3.0)),
        lambda w: applied(lambda x, w=w: w * x, jnp.array(3.0)),
        lambda w: applied(jax.jit(lambda x: w * x), jnp.array(3.0)),
        lambda w: applied(Gain(w).damped, jnp.array(3.0)),
        lambda w: to_jax(lambda fs, x: fs["f"](x))({"f": lambda x: w * x}, jnp.array(3.0)),
    ):
        with pytest.raises(
            UntraceableError, match=r"(apply|lambda>) with respect to an array in the closure"
        ):
            jax.grad(wrap(f))(2.0)
        with pytest.raises(
            UntraceableError, match=r"(apply|lambda>) with respect to an array in the closure"
        ):
            jax.jvp(wrap(f), (2.0,), (1.0,))


def test_array_that_a_function_finds_elsewhere_is_an_error():
    def f(w):
        weights = type("Weights", (), {"w": w})
        return applied(lambda x: weights.w * x, 3.0 * w)

    with pytest.raises(UntraceableRuleError, match=r"lambda> .* uses an array that is none of its arguments"):
        jax.grad(f)(2.0)
    with pytest.raises(TypeError):  # from JAX, when it compiles
        jax.grad(jax.jit(f))(2.0)


def test_closure_over_a_number_that_is_not_differentiated():
    def f(w, x):
        return applied(lambda t: w * t, x)

    assert jax.jit(f)(2.0, 3.0) == 6.0
    assert jax.jit(jax.grad(f, 1))(2.0, 3.0) == 2.0
    assert jax.vmap(jax.grad(f, 1))(jnp.full(1, 2.0), jnp.ones(1)) == 2.0


def test_closure_over_a_number_that_is_not_differentiated_in_a_call_without_arrays():
    def f(v, w):
        return v * applied(lambda t: w * t, 3.0)

    assert jax.jit(f)(2.0, 5.0) == 30.0
    assert jax.grad(jax.jit(f))(2.0, 5.0) == jax.jit(jax.grad(f))(2.0, 5.0) == 15.0
    np.testing.assert_array_equal(jax.vmap(f, (None, 0))(2.0, jnp.arange(2.0)), [0.0, 6.0])


def test_via_ad_gives_numpy_to_whom_gives_numpy():
    y, pullback = rrule_via_ad(JaxConfig(), lambda x, n: x**n, np.array([1.0, 2.0]), 2)
    f̄, x̄, n̄ = pullback(np.ones(2))
    assert (f̄, n̄, type(y), type(x̄)) == (NoTangent(), NoTangent(), np.ndarray, np.ndarray)
    np.testing.assert_allclose((y, x̄), [[1.0, 4.0], [2.0, 4.0]])
    y, pullback = rrule_via_ad(JaxConfig(), lambda x: {"a": x, "b": "text", "n": 2}, jnp.ones(2))
    assert isinstance(y["a"], jax.Array)
    np.testing.assert_allclose(pullback(Tangent[dict](a=np.array([1.0, 2.0])))[1], [1.0, 2.0])
    assert rrule_via_ad(JaxConfig(), lambda n, name: name * n, 3, "a")[0] == "aaa"


def test_via_ad_conjugates_as_rules_do():
    _, pullback = rrule_via_ad(JaxConfig(), lambda z: (2 + 3j) * z, 1 + 1j)
    assert pullback(1.0)[1] == 2 - 3j


@pytest.mark.parametrize("zero", [ZeroTangent(), NoTangent()], ids=repr)
def test_via_ad_of_a_zero_is_zeros(zero):
    _, pullback = rrule_via_ad(JaxConfig(), lambda x, n: x * n, 1.0, 2)
    assert pullback(zero) == (NoTangent(), ZeroTangent(), NoTangent())


def test_via_ad_checks_what_a_rule_gives():
    def short(x, y):
        return x

    rrule.register(short)(lambda short, x, y: (x, lambda ȳ: (NoTangent(), ȳ)))
    for x in (1.0, jnp.array(1.0)):
        with pytest.raises(PullbackError, match="short gave 2 cotangents where 3 are due"):
            rrule_via_ad(JaxConfig(), short, x, 2.0)[1](1.0)


def test_via_ad_in_forward_mode():
    config = JaxConfig()
    tangents = (NoTangent(), Tangent[Layer](index=1.0))
    assert frule_via_ad(config, tangents, lambda s: s.index**2, Layer(3.0, 1.0)) == (9.0, 6.0)
    y, dy = frule_via_ad(config, (NoTangent(), 2.0), lambda x: (x**2, "text"), 3.0)
    assert (y, dy) == ((9.0, "text"), Tangent[tuple](12.0, NoTangent()))
    assert frule_via_ad(config, (NoTangent(), ZeroTangent()), square, 3.0)[1] == ZeroTangent()
    assert frule_via_ad(config, (NoTangent(), NoTangent()), lambda n: n + 1, 3) == (4, NoTangent())
    with pytest.raises(SeedError, match=r"tangent of args\[0\].* has shape \(3,\), expected \(2,\)"):
        frule_via_ad(config, (NoTangent(), np.ones(3)), lambda x: x + 1, np.ones(2))
    with pytest.raises(SeedError, match=r"the seed of .* has shape \(3,\), expected \(2,\)"):
        rrule_via_ad(config, lambda x: x + 1, np.ones(2))[1](np.ones(3))


def test_function_that_neither_has_a_rule_nor_can_be_traced_is_an_error():
    def hidden(x):
        return math.sin(x)

    with pytest.raises(
        UntraceableRuleError, match=r"hidden has no rule .* JAX cannot trace it: .*`float` do"
    ):
        rrule_via_ad(JaxConfig(), hidden, 1.0)


# -- forward mode -------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["traced", "host"])
def test_forward_rules_of_structured_functions(body):
    def split(layer):
        return Pair(layer.index**2, layer.thickness)

    @frule.register(split)
    def split_frule(dargs, split, layer):
        d = dargs[1]
        return split(layer), Tangent[Pair](2 * layer.index * d.index, d.thickness)

    def total(x):
        y = to_jax(split, body=body)(Layer(x, 2.0))
        return y.r + y.t

    for wrap in (lambda f: f, jax.jit):
        assert jax.jvp(wrap(total), (3.0,), (1.0,)) == (11.0, 6.0)


def test_forward_rule_alone_is_transposed_if_it_can_be_traced():
    def f(x):
        return x**2

    frule.register(f)(lambda dargs, f, x: (f(x), RULE * x * dargs[1]))
    for wrap in (lambda f: f, jax.jit):
        assert jax.grad(wrap(to_jax(f)))(3.0) == 30.0
        with pytest.raises(NoRuleError, match=r"has no rrule for JAX"):
            jax.grad(wrap(to_jax(f, body="host")))(3.0)


def test_forward_mode_without_a_forward_rule_is_an_error():
    f = ruled(lambda x: x, lambda x: lambda ȳ: (NoTangent(), ȳ))
    for wrap in (lambda f: f, jax.jit):
        with pytest.raises(NoRuleError, match=r"\(float64\) has no frule for JAX .*`@frule\.register"):
            jax.jvp(wrap(f), (1.5,), (1.0,))


def test_tangents_that_are_none_of_the_value_are_errors():
    for dy, message in (
        (np.ones(2), r"has shape \(2,\), expected \(\)"),
        (None, "is None"),
        (1j, "is complex"),
    ):
        frule.register(f := lambda x: x**2)(lambda dargs, f, x, dy=dy: (f(x), dy))
        for body in ("traced", "host"):
            for wrap in (lambda f: f, jax.jit):
                with pytest.raises(PullbackError, match=rf"frule of .*: the tangent of y {message}"):
                    jax.jvp(wrap(to_jax(f, body=body)), (1.5,), (1.0,))


# -- the body: traced, or on the host -----------------------------------------------------------------


def test_auto_takes_what_works_and_says_once_which(caplog):
    caplog.set_level(logging.INFO, "adjoint2rrule.interop.jax")
    f = to_jax(turn)
    for _ in range(3):
        np.testing.assert_allclose(jax.jit(jax.jacrev(f))(A, x), jax.jacrev(turn_in_jax)(A, x))
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "the rrule of turn runs on the host" in record.message
    assert "JAX cannot trace it, since it calls numpy" in record.message
    caplog.clear()
    g = ruled(lambda x: x * x, lambda x: lambda ȳ: (NoTangent(), 2 * x * ȳ)).__wrapped__
    g.__qualname__ = "followed"
    for _ in range(3):
        assert jax.grad(to_jax(g))(2.0) == 4.0  # wrapped anew each time
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("INFO", "the rrule of followed is traced by JAX")
    ]


def test_auto_takes_the_host_where_a_tracer_would_go_another_way():
    def pullback(x):
        factor = 2 if isinstance(x, np.ndarray | np.generic) else 3
        return lambda ȳ: (NoTangent(), factor * x * ȳ)

    f = ruled(lambda x: x**2, pullback)
    assert jax.grad(f)(2.0) == jax.jit(jax.grad(f))(2.0) == 4.0


def test_auto_takes_the_host_where_only_the_seed_cannot_be_traced():
    f = ruled(lambda x: 3 * x, lambda x: lambda ȳ: (NoTangent(), 3 * np.asarray(ȳ)))
    assert jax.grad(f)(2.0) == jax.jit(jax.grad(f))(2.0) == 3.0


def test_auto_decides_again_for_other_shapes_and_constants():
    def f(x, name):
        return np.sin(x) if name == "numpy" else jnp.sin(x)

    g = ruled(
        f, lambda x, name: lambda ȳ: (NoTangent(), (np if name == "numpy" else jnp).cos(x) * ȳ, NoTangent())
    )
    for name in ("jax", "numpy", "jax"):
        assert jax.jit(jax.grad(lambda x: g(x, name)))(0.5) == pytest.approx(math.cos(0.5))  # noqa: B023
    assert jax.grad(jax.grad(lambda x: g(x, "jax")))(0.5) == pytest.approx(-math.sin(0.5))
    h = ruled(
        lambda x, names: f(x, *names),
        lambda x, names: lambda ȳ: (NoTangent(), (jnp if "jax" in names else np).cos(x) * ȳ, NoTangent()),
    )
    for name in ("jax", "numpy"):  # in a list, which cannot be hashed
        assert jax.jit(jax.grad(lambda x: h(x, [name])))(0.5) == pytest.approx(math.cos(0.5))  # noqa: B023


def test_traced_body_that_calls_numpy_is_an_error_that_names_the_rule():
    message = (
        r"rrule of turn, turn_rrule \(.*test_jax.py:\d+\): JAX cannot trace this rule: it calls numpy, .*"
        r"body='host'"
    )
    for wrap in (lambda f: f, jax.jit):
        with pytest.raises(UntraceableRuleError, match=message):
            jax.jacrev(wrap(to_jax(turn, body="traced") if wrap is not jax.jit else only_rule))(A, x)
    with pytest.raises(UntraceableRuleError, match="JAX cannot trace turn: it calls numpy, "):
        jax.jit(to_jax(turn, body="traced"))(A, x)


def only_rule(A, x):
    """Take the place of a function that can be traced, and whose rule cannot."""
    f = lambda A, x: turn_in_jax(A, x)  # noqa: E731
    f.__name__ = f.__qualname__ = "turn"
    rrule.register(f)(turn_rrule)
    return to_jax(f, body="traced")(A, x)


def test_second_derivative_of_a_rule_on_the_host_is_an_error_that_names_it():
    message = r"rrule of turn, turn_rrule \(.*test_jax.py:\d+\): it runs on the host.*body='traced'"
    for wrap in (lambda f: f, jax.jit):
        with pytest.raises(UntraceableRuleError, match=message):
            jax.hessian(lambda x: wrap(turned)(A, x).sum())(x)  # noqa: B023


def test_linear_second_derivatives_of_a_rule_on_the_host():
    def loss(w):
        return (w * turned(A, x)).sum() ** 2 + (turned(A, x) * w**3).sum()

    def own(w):
        return (w * turn_in_jax(A, x)).sum() ** 2 + (turn_in_jax(A, x) * w**3).sum()

    np.testing.assert_allclose(jax.hessian(loss)(np.ones(3)), jax.hessian(own)(np.ones(3)))

    def slope(x, w, f):
        return (w**2 * f(A, x)).sum()

    mixed, expected = (
        jax.jacfwd(jax.grad(partial(slope, f=f)), 1)(x, jnp.ones(3)) for f in (turned, turn_in_jax)
    )
    np.testing.assert_allclose(mixed, expected)
    mixed = jax.jacrev(jax.grad(partial(slope, f=turned)), 1)(x, jnp.ones(3))
    np.testing.assert_allclose(mixed, expected)


def test_rule_on_the_host_runs_once_outside_of_jit():
    runs = []

    def f(x):
        return x**2

    @rrule.register(f)
    def f_rrule(f, x):
        runs.append("rule")
        return x**2, lambda ȳ: (NoTangent(), runs.append("pullback") or 2 * x * ȳ)

    for x in (2.0, jnp.array(2.0)):
        assert jax.grad(to_jax(f, body="host"))(x) == 4.0
        assert runs == ["rule", "pullback"]
        runs.clear()


def test_shapes_are_found_with_sample_arguments():
    def solve(A, b):
        return {"x": np.linalg.solve(A, b), "logdet": np.log(np.linalg.det(A))}

    f = to_jax(solve, body="host")
    A, b = np.array([[3.0, 1.0], [1.0, 2.0]]), np.ones(2)
    y = jax.jit(f)(A, b)
    np.testing.assert_allclose(y["x"], np.linalg.solve(A, b))
    np.testing.assert_allclose(y["logdet"], np.log(5.0))


def test_function_that_fails_for_sample_arguments_is_an_error():
    def picky(x):
        if x > 0:
            raise ValueError("too large")
        return x

    with pytest.raises(
        UntraceableRuleError, match=r"picky runs on the host.*failed with ValueError: too large"
    ):
        jax.jit(to_jax(picky, body="host"))(-1.0)
    assert to_jax(picky, body="host")(jnp.array(-1.0)) == -1.0


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: x[x > 0], r"numbers of shape \(1,\), and not numbers of shape \(2,\)"),
        (lambda x: (x, "low" if x[0] < 0 else "high"), r"at \[1\] 'low', and not 'high'"),
        (lambda x: (x, int(x[0] < 0)), r"at \[1\] 1, and not 0"),
        (lambda x: (x, lambda t: x * t), r"at \[1\] a function at .*, and not a function at"),
    ],
)
def test_value_whose_form_depends_on_numbers_is_an_error_under_jit(f, message):
    with pytest.raises(Exception, match=message):
        jax.block_until_ready(
            jax.jit(lambda x: jax.tree.leaves(to_jax(f, body="host")(x))[0])(np.array([-1.0, 2.0]))
        )
    to_jax(f, body="host")(jnp.array([-1.0, 2.0]))


def test_what_is_no_array_in_a_value_is_that_of_these_arguments_or_an_error():
    """Nothing runs on the host for it under jit, where none of the numbers of the value is used."""
    for f in (lambda x: (x, lambda: float(x)), lambda x: (x, lambda: 1.0 if x > 0 else -1.0)):
        g = to_jax(f, body="host")
        with pytest.raises(UntraceableRuleError, match=r"it has at \[1\] a function"):
            jax.jit(lambda x: x * g(x)[1]())(7.0)  # noqa: B023
    g = to_jax(lambda x: {"sign": "+" if x > 0 else "-", "x": x}, body="host")
    with pytest.raises(UntraceableRuleError, match=r"it has at \['sign'\] '-', and not '\+'"):
        jax.jit(lambda x: x if g(x)["sign"] == "+" else -x)(7.0)
    g = to_jax(lambda x: (abs(x), np.sign, "+"), body="host")
    assert jax.jit(lambda x: g(x)[1](3) + x)(7.0) == 8.0


@pytest.mark.parametrize("body", ["auto", "traced", "host"])
@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.complex64])
def test_dtypes_that_numpy_has_not_are_differentiated_too(dtype, body):
    f = ruled(lambda x: x * x, lambda x: lambda ȳ: (NoTangent(), 2 * x.conj() * ȳ), body=body)
    for wrap in (lambda f: f, jax.jit):
        x̄ = wrap(jax.grad(lambda x: f(x).real.astype(np.float32)))(jnp.array(3.0, dtype))
        assert (x̄, x̄.dtype) == (6.0, dtype)


@pytest.mark.parametrize("body", ["auto", "traced", "host"])
def test_keys_for_random_numbers_are_arguments(body):
    f = ruled(
        lambda x, key: x * jax.random.normal(key),
        lambda x, key: lambda ȳ: (NoTangent(), RULE * jax.random.normal(key) * ȳ, NoTangent()),
        body=body,
    )
    for wrap in (lambda f: f, jax.jit):
        key = jax.random.key(3)
        np.testing.assert_allclose(wrap(jax.grad(f))(2.0, key), RULE * jax.random.normal(key))


def test_value_of_a_rule_made_otherwise_than_that_of_the_function_is_an_error():
    def f(x):
        return {"a": x, "b": 2 * x}

    @rrule.register(f)
    def f_rrule(f, x):
        return {"b": 2 * x, "a": x}, lambda ȳ: (NoTangent(), ȳ["a"] + 2 * ȳ["b"])

    g = jax.jit(lambda x: to_jax(f)(x)["a"])
    with pytest.raises(LyingRuleError, match=r"f_rrule \(.*: its value is made otherwise than that of .*f"):
        jax.grad(g)(2.0)


def test_unknown_body_is_an_error():
    with pytest.raises(BodyError, match=r"body='numpy', expected one of 'auto', 'traced', 'host'"):
        to_jax(square, body="numpy")


# -- what rules and users get wrong -------------------------------------------------------------------


def test_function_without_a_rule_is_an_error_that_lists_what_there_is():
    def without(x):
        return x

    with pytest.raises(NoRuleError, match=r"without\(float64\) has no rrule for JAX.*known are: none"):
        jax.grad(to_jax(without))(1.5)
    message = r"Gain\(str, float64\) has no rrule.*make_gain_rrule\(Gain, factor.*type\[.*Gain\]"
    with pytest.raises(NoRuleError, match=message):
        jax.grad(lambda x: to_jax(Gain)("a", x).unit)(1.5)


@pytest.mark.parametrize(
    ("form", "body"),
    [("plain", "auto"), ("plain", "traced"), ("plain", "host"), ("structured", "traced")],
)
@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (lambda x: (NoTangent(),), r"gave 1 cotangents where 2 are due"),
        (lambda x: (NoTangent(), x, x, x), r"gave 4 cotangents where 2 are due"),
        (lambda x: x, r"its pullback returned .*, expected a tuple"),
        (lambda x: [NoTangent(), x], r"its pullback returned .*, expected a tuple"),
        (lambda x: None, r"its pullback returned None, expected a tuple"),
        (lambda x: (NoTangent(), None), r"args\[0\] \(`x`\).* is None.*NoTangent\(\), or ZeroTangent\(\)"),
        (lambda x: (NoTangent(), "text"), r"args\[0\] \(`x`\).* is a str"),
        (lambda x: (NoTangent(), np.ones(3)), r"args\[0\] \(`x`\).* has shape \(3,\), expected \(2,\)"),
        (lambda x: (NoTangent(), 1.0), r"args\[0\] \(`x`\).* has shape \(\), expected \(2,\)"),
        (lambda x: (NoTangent(), 1j * np.ones(2)), r"args\[0\] \(`x`\).* is complex.*ProjectTo\(x\)"),
        (lambda x: (NoTangent(), np.array(["a", "b"])), r"args\[0\] \(`x`\).* dtype <U1, expected a number"),
        (lambda x: (NoTangent(), jnp.ones(3)), r"args\[0\] \(`x`\).* has shape \(3,\), expected \(2,\)"),
        (lambda x: (NoTangent(), Tangent[tuple](1.0, 2.0)), r"args\[0\] \(`x`\).* is a Tangent"),
    ],
)
def test_pullback_that_gives_something_else_is_an_error_that_names_the_rule(entries, message, form, body):
    def total(x, scale=1.0):
        return (x if form == "plain" else x["x"]).sum()

    @rrule.register(total)
    def total_rrule(total, x, scale=1.0):
        def total_pullback(ȳ):
            given = entries(np.ones(2))
            if form == "plain" or not isinstance(given, tuple) or len(given) != 2:
                return given
            return given[0], Tangent[dict]({"x": given[1]}) if given[1] is not None else None

        return total(x), total_pullback

    for wrap in (lambda f: f, jax.jit):
        with pytest.raises(PullbackError, match=message) as error:
            jax.grad(lambda x: wrap(to_jax(total, body=body))(x if form == "plain" else {"x": x}))(np.ones(2))  # noqa: B023
        assert "total_rrule (" in str(error.value)
        assert f"{__file__}:" in str(error.value)


@pytest.mark.parametrize(
    ("dx", "message"),
    [
        (Tangent[dict](a=1.0), r"args\[0\] \(`layer`\) is a Tangent\[dict\], expected Tangent\[Layer\]"),
        ((1.0, 2.0), r"args\[0\] \(`layer`\) is a tuple, expected Tangent\[Layer\]"),
        (1.0, r"args\[0\] \(`layer`\) is a float, expected Tangent\[Layer\]"),
        (Tangent[Layer](index=np.ones(2)), r"\(`layer`\) at `\.index` has shape \(2,\), expected \(\)"),
    ],
)
def test_tangent_of_another_structure_is_an_error(dx, message):
    def index(layer):
        return layer.index

    @rrule.register(index)
    def index_rrule(index, layer):
        return index(layer), lambda ȳ: (NoTangent(), dx)

    with pytest.raises(PullbackError, match=message):
        jax.grad(lambda n: to_jax(index)(Layer(n, 1.0)))(1.5)


def test_natural_tangents_of_the_class_of_the_argument_are_read():
    f = ruled(lambda layer: layer.index, lambda layer: lambda ȳ: (NoTangent(), Layer(2 * ȳ, 0.0)))
    assert jax.grad(lambda n: f(Layer(n, 1.0)))(1.5) == 2.0


def test_numbers_in_an_array_of_objects_are_an_error():
    f = ruled(lambda xs: xs[0], lambda xs: lambda ȳ: (NoTangent(), NoTangent()))
    objects = np.array([None, None])

    def first(x):
        objects[0] = x
        return f(objects)

    with pytest.raises(UntraceableError, match="array of objects"):
        jax.grad(first)(1.5)


@pytest.mark.parametrize("pair", [1.5, (1.5,), (1.5, None), (1, 2, 3)], ids=repr)
@pytest.mark.parametrize("body", ["auto", "traced", "host"])
def test_rule_that_returns_no_pair_is_an_error(pair, body):
    def f(x):
        return x

    rrule.register(f)(lambda f, x: pair)
    with pytest.raises(LyingRuleError, match=r"rrule of .*f, .*<lambda> \(.*test_jax.py:\d+\)"):
        jax.grad(to_jax(f, body=body))(1.5)


def test_rule_that_declines_is_an_error_that_names_it():
    def f(x):
        return x

    @rrule.register(f)
    def f_rrule(f, x):
        return None

    with pytest.raises(NoRuleError, match=r"f_rrule \(.*test_jax.py:\d+\): it returned None"):
        jax.grad(to_jax(f))(1.5)


def test_cotangent_that_is_not_implemented_is_an_error_where_it_is_needed():
    f = ruled(lambda x, n: x**n, lambda x, n: lambda ȳ: (NoTangent(), n * ȳ, not_implemented("of the order")))
    assert jax.grad(f)(2.0, 3.0) == 3.0
    with pytest.raises(NotImplementedTangentError, match="of the order"):
        jax.grad(f, 1)(2.0, 3.0)


def test_missing_jax_is_an_error_that_names_the_extra():
    check = (
        "import sys\nsys.modules['jax'] = None\n"
        "from adjoint2rrule.core import rrule_via_ad\n"
        "from adjoint2rrule.interop.jax import JaxConfig, register_pytree, to_jax\n"
        "for use in (to_jax, register_pytree, lambda f: rrule_via_ad(JaxConfig(), f, 1.0)):\n"
        "    try:\n        use(type('Foo', (), {'__call__': lambda self, x: x}))\n"
        "    except ImportError as error:\n        print(type(error).__name__, error)"
    )
    result = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    lines = result.stdout.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("MissingJaxError") and "'adjoint2rrule[jax]'" in line for line in lines)
    assert issubclass(MissingJaxError, ImportError)


def test_import_does_not_load_jax():
    check = "import sys, adjoint2rrule.interop.jax\nprint('jax' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_debug_mode_looks_at_rules_on_the_host():
    f = ruled(lambda x: x.sum(), lambda x: lambda ȳ: (NoTangent(), np.ones(3)), body="host")
    with debugging(), pytest.raises(LyingRuleError, match="shape"):
        jax.grad(f)(np.ones(2))
    with debugging():
        check_grads(squared, (np.ones(2),), modes=["fwd", "rev"], order=2)


# -- beside JAX's own mechanism -------------------------------------------------------------------------


def test_gradients_add_up_with_those_of_jaxs_own_custom_rules():
    own = jax.custom_vjp(lambda x: x**2)
    own.defvjp(lambda x: (x**2, x), lambda x, g: (2 * x * g,))
    assert jax.grad(lambda x: own(squared(x)) + squared(own(x)) + x)(2.0) == 8 * 2.0**3 + 1


def test_projections_work_on_tracers():
    f = ruled(
        lambda x: x * (1 + 2j), lambda x: (lambda p: lambda ȳ: (NoTangent(), p((1 - 2j) * ȳ)))(ProjectTo(x))
    )
    assert jax.grad(lambda x: jnp.real(f(x)))(2.0) == 1.0
    assert jax.jit(jax.grad(lambda x: jnp.real(f(x))))(2.0) == 1.0


def test_nothing_leaks_out_of_a_trace():
    with jax.checking_leaks():
        assert jax.jit(jax.grad(to_jax(square, body="traced")))(2.0) == 4.0


def test_name_and_docstring_stay():
    assert squared.__name__ == "square"
    assert squared.__wrapped__ is square
    assert to_jax(Gain(2.0)).__wrapped__ == Gain(2.0)


def test_pytrees_with_nothing_in_places_have_gradients():
    def total(weights, mode):
        return weights["a"] * weights["b"][0]

    f = ruled(
        total,
        lambda weights, mode: (
            lambda ȳ: (
                NoTangent(),
                Tangent[dict](a=weights["b"][0] * ȳ, b=Tangent[list](weights["a"] * ȳ, NoTangent())),
                NoTangent(),
            )
        ),
    )
    weights = {"a": 2.0, "b": [3.0, None], "c": None}
    for wrap in (lambda f: f, jax.jit):
        assert wrap(jax.grad(lambda weights: f(weights, None)))(weights) == {
            "a": 3.0,
            "b": [2.0, None],
            "c": None,
        }


def test_objects_of_a_registered_class_are_pytrees():
    @register_pytree
    class Slotted:
        __slots__ = ("a", "f", "n", "rest")

        def __init__(self, a):
            self.a, self.n, self.f, self.rest = a, 3, abs, {"b": 2.0}

    leaves, form = jax.tree.flatten(Slotted(1.5))
    assert leaves == [1.5, 2.0]
    again = jax.tree.unflatten(form, [2.5, None])
    assert (again.a, again.n, again.f, again.rest) == (2.5, 3, abs, {"b": None})
    assert jax.tree.structure(Slotted(1.0)) == form
