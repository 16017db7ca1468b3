"""Functions that HIPS autograd differentiates by their rules."""

import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import deriv, elementwise_grad, grad, hessian, jacobian, make_jvp, make_vjp, value_and_grad
from autograd.builtins import tuple as boxed_tuple
from autograd.extend import defvjp, primitive
from autograd.test_util import check_grads
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
    scalar_rule,
    thunk,
)
from adjoint2rrule.interop.autograd import AutogradConfig, MissingAutogradError, to_autograd
from adjoint2rrule.interop.errors import (
    KeywordError,
    NoRuleError,
    PullbackError,
    SeedError,
    UntraceableError,
    UntraceableRuleError,
)
from tests.support.higher_order import USES

# Each gradient is scaled by a factor that the function itself has not: so it is seen who gave it.
RULE = 10.0


def ruled(f, pullback, *, body=None):
    """Give `f` a rule with the pullback ``pullback(*xs)(ȳ)``, and return it for autograd."""

    @rrule.register(f)
    def rule(f, *xs, **kw):
        return f(*xs, **kw), pullback(*xs, **kw)

    return to_autograd(f)


def square(x):
    return x * x


@rrule.register(square)
def square_rrule(square, x: float | np.ndarray | complex):
    return square(x), lambda ȳ: (NoTangent(), 2 * np.conj(x) * ȳ)


@frule.register(square)
def square_frule(dargs, square, x: float | np.ndarray | complex):
    return square(x), 2 * x * dargs[1]


@dataclass
class Layer:
    index: object
    thickness: object
    name: str = "glass"

    def phase(self, k):
        return self.index * self.thickness * k

    def __call__(self, x):
        return self.index * x + self.thickness


class Pair(NamedTuple):
    r: object
    t: object


squared = to_autograd(square)


# -- numbers and arrays -------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [3.0, np.float64(3.0), np.array(3.0), np.arange(3.0), np.ones((2, 3)), 1 + 2j])
def test_autograds_own_checks_pass_in_all_modes(x):
    check_grads(squared, modes=["fwd", "rev"], order=2)(x)


def test_the_gradient_is_that_of_the_rule_and_not_of_the_function():
    f = ruled(lambda x: x**2, lambda x: lambda ȳ: (NoTangent(), RULE * x * ȳ))
    assert grad(f)(3.0) == 30.0
    assert grad(grad(f))(3.0) == RULE
    assert grad(lambda x: f(f(x)))(2.0) == RULE * 4.0 * RULE * 2.0


def test_without_a_gradient_the_function_runs_alone():
    f = ruled(lambda x: x**2, lambda x: pytest.fail("the rule ran"))
    assert f(3.0) == 9.0


def test_every_operator_of_autograd_takes_it():
    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(elementwise_grad(squared)(x), 2 * x)
    np.testing.assert_allclose(jacobian(squared)(x), np.diag(2 * x))
    np.testing.assert_allclose(hessian(lambda x: squared(x).sum())(x), 2 * np.eye(2))
    np.testing.assert_allclose(value_and_grad(squared)(3.0), (9.0, 6.0))
    assert deriv(squared)(3.0) == 6.0
    assert make_jvp(squared)(3.0)(10.0) == (9.0, 60.0)
    assert make_vjp(squared)(3.0)[0](10.0) == 60.0


def test_rules_from_partials_are_followed():
    def logistic(x):
        return 1 / (1 + anp.exp(-x))

    scalar_rule(logistic, lambda Ω, x: Ω * (1 - Ω))
    check_grads(to_autograd(logistic), modes=["fwd", "rev"], order=2)(0.3)


def test_third_derivatives():
    def cube(x):
        return x**3

    f = ruled(cube, lambda x: lambda ȳ: (NoTangent(), 3 * x**2 * ȳ))
    assert grad(grad(grad(f)))(2.0) == 6.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_cotangents_have_the_precision_of_the_argument(dtype):
    f = ruled(
        lambda x: (abs(x) ** 2).sum().real, lambda x: lambda ȳ: (NoTangent(), 2 * np.asarray(x, complex))
    )
    if np.dtype(dtype).kind == "f":
        f = ruled(lambda x: (x**2).sum(), lambda x: lambda ȳ: (NoTangent(), 2 * np.asarray(x, float)))
    assert grad(f)(np.ones(2, dtype)).dtype == dtype


def test_integer_cotangents_and_zeros_count_as_floats():
    f = ruled(lambda x, y: x, lambda x, y: lambda ȳ: (NoTangent(), 1, ZeroTangent()))
    dx, dy = grad(f, (0, 1))(3.0, np.ones(2))
    assert dx.dtype == float
    np.testing.assert_array_equal(dy, [0.0, 0.0])


@pytest.mark.parametrize("make", [np.matrix, np.ma.masked_array, sparse.csr_array])
def test_cotangents_of_numpys_own_classes_become_plain_arrays(make):
    f = ruled(lambda A: A.sum(), lambda A: lambda ȳ: (NoTangent(), make(2 * np.eye(2))))
    with pytest.warns(PendingDeprecationWarning) if make is np.matrix else np.errstate():
        Ā = grad(f)(np.ones((2, 2)))
    assert type(Ā) is np.ndarray
    np.testing.assert_array_equal(Ā, 2 * np.eye(2))


def test_trailing_axes_of_length_one_come_and_go():
    f = ruled(lambda x: x.sum(), lambda x: lambda ȳ: (NoTangent(), np.array([1.0, 2.0])))
    np.testing.assert_array_equal(grad(f)(np.ones((2, 1))), [[1.0], [2.0]])


# -- complex numbers ----------------------------------------------------------------------------------

FUNCTIONS = {
    "product": (lambda z: (2 + 3j) * z, lambda z: lambda ȳ: (NoTangent(), (2 - 3j) * ȳ)),
    "conj": (lambda z: anp.conj(z), lambda z: lambda ȳ: (NoTangent(), np.conj(ȳ))),
    "abs2": (
        lambda z: anp.real(z * anp.conj(z)),
        lambda z: lambda ȳ: (NoTangent(), 2 * z * np.real(ȳ)),
    ),
    "exp": (lambda z: anp.exp(z), lambda z: lambda ȳ: (NoTangent(), np.conj(np.exp(z)) * ȳ)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("z", [1.0 + 2.0j, np.array([1.0 + 2.0j, -0.5j])])
@pytest.mark.parametrize("read", [anp.real, anp.imag, lambda z: anp.abs(z) ** 2])
def test_complex_gradients_are_those_of_autograd_itself(name, z, read):
    f, pullback = FUNCTIONS[name]
    own = grad(lambda z: anp.sum(read(f(z))))(z)
    by_rule = grad(lambda z: anp.sum(read(ruled(lambda z: f(z), pullback)(z))))(z)
    np.testing.assert_allclose(by_rule, own)


def test_a_real_argument_of_a_complex_function_has_the_gradient_of_autograd():
    def f(x):
        return (2 + 3j) * x

    g = ruled(f, lambda x: lambda ȳ: (NoTangent(), ProjectTo(x)((2 - 3j) * ȳ)))
    for read in (anp.real, anp.imag):
        assert grad(lambda x: read(g(x)))(1.5) == grad(lambda x: read(f(x)))(1.5)  # noqa: B023


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


def test_leaves_may_be_anywhere_in_the_arguments():
    def own(n, a, b, s, f):
        layers = [Layer(n, 1.0), Layer(2 * n, 3.0)]
        return f(layers, {"a": a, "b": (b, "text")}, "mode", s, 7.0)

    values = 1.5, 2.5, 3.5, 4.5
    by_rule = grad(partial(own, f=to_autograd(cost)), (0, 1, 2, 3))(*values)
    np.testing.assert_allclose(by_rule, grad(partial(own, f=cost), (0, 1, 2, 3))(*values))


def test_boxes_of_containers_are_opened():
    f = ruled(
        lambda d: d["a"] * d["b"][1],
        lambda d: (
            lambda ȳ: (
                NoTangent(),
                Tangent[dict](a=ȳ * d["b"][1], b=Tangent[list](ZeroTangent(), ȳ * d["a"])),
            )
        ),
    )
    assert grad(f)({"a": 2.0, "b": [3.0, 5.0], "c": 7.0}) == {"a": 5.0, "b": [0.0, 2.0], "c": 0.0}
    g = ruled(lambda t: t[0] * t[1], lambda t: lambda ȳ: (NoTangent(), Tangent[tuple](ȳ * t[1], ȳ * t[0])))
    assert grad(g)((2.0, 3.0)) == (3.0, 2.0)
    check_grads(g, modes=["rev"], order=2)((2.0, 3.0))


def test_box_of_a_container_with_something_else_in_it_is_an_error():
    f = ruled(lambda d: d["a"], lambda d: lambda ȳ: (NoTangent(), Tangent[dict](a=ȳ)))
    with pytest.raises(UntraceableError, match=r"dict that holds a str, at 'name'"):
        grad(f)({"a": 2.0, "name": "text"})


@pytest.mark.parametrize("make", [lambda *xs: list(xs), lambda *xs: xs, lambda a, b: {"a": a, "b": b}])
def test_containers_of_numbers_are_values_that_autograd_has_boxes_for(make):
    def of(x):
        return make(x**2, 3 * x)

    def pullback(x):
        return lambda ȳ: (NoTangent(), sum(g * d for g, d in zip(parts(ȳ), (2 * x, 3.0), strict=True)))

    def parts(y):
        return [y[key] for key in (("a", "b") if isinstance(make(1, 2), dict) else (0, 1))]

    f = ruled(of, pullback)
    check_grads(f, modes=["rev"], order=2)(1.5)
    assert grad(lambda x: parts(f(x))[0] * parts(f(x))[1])(2.0) == pytest.approx(9 * 2.0**2)


@pytest.mark.parametrize("make", [Layer, Pair])
def test_objects_as_values_have_boxes_in_their_fields(make):
    def split(x):
        return make(x**2, 3 * x)

    f = ruled(
        split,
        lambda x: lambda ȳ: (NoTangent(), 2 * x * getattr(ȳ, first) + 3.0 * getattr(ȳ, second)),
    )
    first, second = ("r", "t") if make is Pair else ("index", "thickness")

    def product(x):
        y = f(x)
        assert type(y) is make
        return getattr(y, first) * getattr(y, second)

    assert grad(product)(2.0) == pytest.approx(36.0)
    assert grad(lambda x: getattr(f(x), second))(2.0) == 3.0
    assert grad(grad(product))(2.0) == pytest.approx(36.0)


def test_value_without_numbers_passes():
    f = ruled(lambda x: "text", lambda x: pytest.fail)
    assert grad(lambda x: x if f(x) == "text" else 0.0)(1.5) == 1.0


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


def test_functor_has_a_gradient_of_its_own():
    assert grad(lambda k: to_autograd(Gain(k))(3.0))(2.0) == 30.0
    assert grad(to_autograd(Gain(2.0)))(3.0) == 20.0


def test_method_has_the_gradient_of_its_object():
    assert grad(lambda k: to_autograd(Gain(k).damped)(3.0))(2.0) == 30.0
    assert grad(to_autograd(Gain(2.0).damped))(3.0) == 10.0
    assert grad(lambda k: to_autograd(Gain.damped)(Gain(k), 3.0))(2.0) == 30.0


def test_constructor_is_a_function_too():
    assert grad(lambda k: to_autograd(Gain)(k).factor)(2.0) == RULE
    assert to_autograd(Gain)(2.0) == Gain(2.0)


def test_keywords_reach_the_rule_and_are_constants():
    f = ruled(lambda x, *, n, name: x * n, lambda x, n, name: lambda ȳ: (NoTangent(), RULE * n * ȳ))
    assert grad(f)(3.0, n=2, name="a") == 20.0


def test_gradient_with_respect_to_a_keyword_is_an_error():
    f = ruled(lambda x, n: x * n, lambda x, n: lambda ȳ: (NoTangent(), n * ȳ))
    for call in (lambda n: f(3.0, n=n), lambda n: f(n, n=[n])):
        with pytest.raises(KeywordError, match="with respect to `n`, which is given by keyword"):
            grad(call)(2.0)


@pytest.mark.parametrize(
    "other", [2, "text", None, True, abs, len, slice(2), np.arange(2), sparse.eye_array(2)]
)
def test_what_is_no_number_of_autograd_passes_untouched(other):
    seen = []

    def first(x, other):
        seen.append(other)
        return x

    f = ruled(first, lambda x, other: lambda ȳ: (NoTangent(), ȳ, NoTangent()))
    assert grad(f)(1.5, other) == 1.0
    assert all(each is other for each in seen)


def test_thunks_for_what_is_not_asked_for_are_not_forced():
    def pullback(x, layer):
        return lambda ȳ: (
            NoTangent(),
            thunk(lambda: 2.0 * ȳ),
            Tangent[Layer](index=thunk(lambda: pytest.fail("index")), thickness=thunk(lambda: 3.0 * ȳ)),
        )

    f = ruled(lambda x, layer: x, pullback)
    assert grad(lambda t: f(1.5, Layer(1.0, t)))(2.0) == 3.0
    f = ruled(
        lambda x, y: x,
        lambda x, y: lambda ȳ: (NoTangent(), thunk(lambda: 2 * ȳ), thunk(lambda: pytest.fail("y"))),
    )
    assert grad(f)(1.5, 2.5) == 2.0


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


applied = to_autograd(apply)


def test_rules_that_call_back_run_under_autograd_or_by_the_rule_of_what_they_call():
    scaled = ruled(lambda x: x**2, lambda x: lambda ȳ: (NoTangent(), RULE * x * ȳ)).__wrapped__
    assert grad(applied, 1)(lambda x: x**3, 2.0) == 12.0
    assert grad(applied, 1)(scaled, 2.0) == 20.0
    assert grad(grad(applied, 1), 1)(lambda x: x**3, 2.0) == 12.0
    assert grad(grad(applied, 1), 1)(scaled, 2.0) == RULE
    assert grad(applied, 1)(to_autograd(scaled), 2.0) == 20.0


def test_forward_rules_call_back_too():
    assert make_jvp(applied, 1)(square, 3.0)(1.0) == (9.0, 6.0)
    assert make_jvp(applied, 1)(lambda x: x**3, 2.0)(1.0) == (8.0, 12.0)


def test_functors_that_are_passed_have_gradients():
    assert grad(lambda k: applied(Gain(k), 3.0))(2.0) == 30.0


@pytest.mark.parametrize("name", USES)
def test_rules_of_higher_order_run_under_the_config(name):
    own, by_rules = (lambda xs, of=of: anp.sum(USES[name](of, *xs)) for of in (lambda f: f, to_autograd))
    xs = (0.4, np.array([0.75, 1.5]))
    for found, x̄ in zip(grad(by_rules)(xs), grad(own)(xs), strict=True):
        np.testing.assert_allclose(found, x̄, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "f",
    [
        lambda w: applied(lambda x: w * x, w),
        lambda w: applied(lambda x: w * x, 3.0),
        lambda w: applied(lambda x: w * x, np.float64(3.0)),
        lambda w: applied(partial(anp.multiply, w), 3.0),
        lambda w: applied(lambda x, w=w: w * x, 3.0),
        lambda w: applied(lambda x: (lambda: w * x)(), 3.0),
        lambda w: applied((lambda held: lambda x: held["w"] * x)({"w": w}), 3.0),
        lambda w: applied((lambda held: lambda x: held(x))(Gain(w)), 3.0),
        lambda w: applied(Gain(w).__call__, 3.0),
        lambda w: to_autograd(lambda fs, x: fs["f"](x))({"f": lambda x: w * x}, 3.0),
        lambda w: to_autograd(lambda x: w * x)(3.0),
    ],
)
def test_number_in_the_closure_of_a_function_that_is_passed_is_an_error(f):
    message = r"(apply|lambda>) depends on a number .* has it in its closure"
    with pytest.raises(UntraceableError, match=message):
        grad(f)(2.0)
    with pytest.raises(UntraceableError, match=message):
        make_jvp(f)(2.0)(1.0)


def test_closure_that_a_rule_would_lose_without_a_trace_in_the_value_is_an_error():
    def sign(f, x):
        return 1.0 if f(x) > 0 else -1.0

    for hi in (lambda w: 3.0, lambda w: w + 1.0):
        with pytest.raises(UntraceableError, match="sign depends on a number"):
            grad(lambda w, hi=hi: to_autograd(sign)(lambda x: w * x, hi(w)))(2.0)


def test_closure_over_constants_is_no_error():
    weights, gain = {"w": 3.0}, Gain(2.0)
    assert grad(lambda x: applied(lambda t: weights["w"] * t * gain.factor, x))(2.0) == 6.0
    assert applied(lambda t: weights["w"] * t, 2.0) == 6.0


def test_closure_over_a_number_of_another_gradient_is_followed():
    def mixed(w):
        return grad(lambda x: applied(lambda t: w**2 * t**3, x))(2.0)

    assert grad(mixed)(3.0) == pytest.approx(2 * 3.0 * 12.0)


def test_via_ad_in_forward_mode():
    config = AutogradConfig()
    y, dy = frule_via_ad(
        config, (NoTangent(), Tangent[Layer](index=1.0)), lambda s: s.index**2, Layer(3.0, 1.0)
    )
    assert (y, dy) == (9.0, 6.0)
    y, dy = frule_via_ad(config, (NoTangent(), 2.0), lambda x: (x**2, "text"), 3.0)
    assert (y, dy) == ((9.0, "text"), Tangent[tuple](12.0, NoTangent()))
    assert frule_via_ad(config, (NoTangent(), ZeroTangent()), square, 3.0)[1] == ZeroTangent()
    assert frule_via_ad(config, (NoTangent(), NoTangent()), lambda n: n + 1, 3) == (4, NoTangent())
    with pytest.raises(SeedError, match=r"tangent of args\[0\].* has shape \(3,\), expected \(2,\)"):
        frule_via_ad(config, (NoTangent(), np.ones(3)), lambda x: x + 1, np.ones(2))


# -- forward mode -------------------------------------------------------------------------------------


def test_forward_rules_of_structured_functions():
    def split(layer):
        return Pair(layer.index**2, layer.thickness)

    @frule.register(split)
    def split_frule(dargs, split, layer):
        d = dargs[1]
        return split(layer), Tangent[Pair](2 * layer.index * d.index, d.thickness)

    def total(x):
        y = to_autograd(split)(Layer(x, 2.0))
        return y.r + y.t

    assert make_jvp(total)(3.0)(1.0) == (11.0, 6.0)
    assert make_jvp(lambda x: make_jvp(total)(x)(1.0)[1])(3.0)(1.0) == (6.0, 2.0)
    f = to_autograd(lambda x: (x, 2 * x))
    frule.register(f.__wrapped__)(lambda dargs, f, x: (f(x), Tangent[tuple](dargs[1], 2 * dargs[1])))
    assert make_jvp(f)(3.0)(1.0) == ((3.0, 6.0), (1.0, 2.0))


def test_forward_mode_without_a_forward_rule_is_an_error():
    f = ruled(lambda x: x, lambda x: lambda ȳ: (NoTangent(), ȳ))
    with pytest.raises(NoRuleError, match=r"\(float\) has no frule for autograd .*`@frule\.register"):
        make_jvp(f)(1.5)(1.0)


def test_forward_over_reverse():
    np.testing.assert_allclose(make_jvp(grad(squared))(3.0)(1.0), (6.0, 2.0))
    np.testing.assert_allclose(grad(lambda x: make_jvp(squared)(x)(1.0)[1])(3.0), 2.0)


# -- second derivatives of what autograd cannot follow --------------------------------------------------


def test_body_that_autograd_cannot_follow_is_an_error_at_the_second_derivative():
    import math

    f = ruled(lambda x: math.sin(x), lambda x: lambda ȳ: (NoTangent(), math.cos(x) * ȳ))
    assert grad(f)(0.5) == pytest.approx(np.cos(0.5))
    with pytest.raises(
        UntraceableRuleError, match=r"rrule of .*rule \(.*test_to_autograd.py:\d+\).*autograd.numpy"
    ):
        grad(grad(f))(0.5)


def test_body_that_takes_another_way_on_boxes_is_an_error():
    def f(x):
        return x**2

    def pullback(x):
        factor = 2 if isinstance(x, float) else 3
        return lambda ȳ: (NoTangent(), factor * x * ȳ)

    with pytest.raises(UntraceableRuleError, match="must not ask for the class of its arguments"):
        grad(grad(ruled(f, pullback)))(2.0)


def test_body_that_makes_an_array_of_objects_is_an_error():
    f = ruled(
        lambda x: (x**2).sum(), lambda x: lambda ȳ: (NoTangent(), np.array([2 * each for each in x]) * ȳ)
    )
    np.testing.assert_allclose(grad(f)(np.ones(2)), [2.0, 2.0])
    with pytest.raises(UntraceableRuleError):
        hessian(f)(np.ones(2))


# -- what rules and users get wrong -------------------------------------------------------------------


def test_function_without_a_rule_is_an_error_that_lists_what_there_is():
    def without(x):
        return x

    with pytest.raises(NoRuleError, match=r"without\(float\) has no rrule for autograd.*known are: none"):
        grad(to_autograd(without))(1.5)
    message = r"Gain\(str, float\) has no rrule.*make_gain_rrule\(Gain, factor.*type\[.*Gain\]"
    with pytest.raises(NoRuleError, match=message):
        grad(lambda x: to_autograd(Gain)("a", x))(1.5)
    with pytest.raises(NoRuleError, match=r"gain_rrule\(self.*Write one with `@rrule.register\(Gain\)`"):
        grad(lambda x: to_autograd(Gain(x))("a"))(1.5)


@pytest.mark.parametrize("form", ["plain", "structured"])
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
        (lambda x: (NoTangent(), np.ones(2, bool)), r"args\[0\] \(`x`\).* dtype bool, expected a number"),
        (lambda x: (NoTangent(), Tangent[tuple](1.0, 2.0)), r"args\[0\] \(`x`\).* is a Tangent"),
    ],
)
def test_pullback_that_gives_something_else_is_an_error_that_names_the_rule(entries, message, form):
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

    with pytest.raises(PullbackError, match=message) as error:
        grad(lambda x: to_autograd(total)(x if form == "plain" else {"x": x}))(np.ones(2))
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
        grad(lambda n: to_autograd(index)(Layer(n, 1.0)))(1.5)


def test_natural_tangents_of_the_class_of_the_argument_are_read():
    f = ruled(lambda layer: layer.index, lambda layer: lambda ȳ: (NoTangent(), Layer(2 * ȳ, 0.0)))
    assert grad(lambda n: f(Layer(n, 1.0)))(1.5) == 2.0


@pytest.mark.parametrize("pair", [1.5, (1.5,), (1.5, None), (1, 2, 3)], ids=repr)
def test_rule_that_returns_no_pair_is_an_error(pair):
    def f(x):
        return x

    rrule.register(f)(lambda f, x: pair)
    with pytest.raises(LyingRuleError, match=r"rrule of .*f, .*<lambda> \(.*test_to_autograd.py:\d+\)"):
        grad(to_autograd(f))(1.5)


def test_rule_that_declines_is_an_error_that_names_it():
    def f(x):
        return x

    @rrule.register(f)
    def f_rrule(f, x):
        return None

    with pytest.raises(NoRuleError, match=r"f_rrule \(.*test_to_autograd.py:\d+\): it returned None"):
        grad(to_autograd(f))(1.5)


def test_cotangent_that_is_not_implemented_is_an_error_where_it_is_needed():
    f = ruled(lambda x, n: x**n, lambda x, n: lambda ȳ: (NoTangent(), n * ȳ, not_implemented("of the order")))
    assert grad(f)(2.0, 3.0) == 3.0
    with pytest.raises(NotImplementedTangentError, match="of the order"):
        grad(f, 1)(2.0, 3.0)


@pytest.mark.parametrize("seed", [np.ones(3), 1.0, np.ones((2, 1))])
def test_seed_of_another_shape_is_an_error(seed):
    with pytest.raises(SeedError, match=r"seed of square has shape .* belongs to \(2,\)"):
        make_vjp(squared)(np.ones(2))[0](seed)


def doubled_in_place(ȳ):
    ȳ *= 2
    return ȳ


def test_pullback_that_writes_into_its_seed_is_an_error():
    f = ruled(lambda x: 2 * x, lambda x: lambda ȳ: (NoTangent(), doubled_in_place(ȳ)))
    g = ruled(lambda x: (2 * x, x), lambda x: lambda ȳ: (NoTangent(), doubled_in_place(ȳ[0])))
    for y in (f, lambda x: g(x)[0]):
        with pytest.raises(PullbackError, match=r"writes into the seed .* Others hold it too"):
            # the seed of a sum is that of each of its terms
            grad(lambda x, y=y: anp.sum(2.0 * (5.0 * x + y(x))))(np.ones(3))


def test_forward_rule_that_writes_into_a_tangent_is_an_error():
    f = ruled(lambda x: 2 * x, lambda x: lambda ȳ: (NoTangent(), 2 * ȳ))
    frule.register(f.__wrapped__)(lambda dargs, f, x: (f(x), doubled_in_place(dargs[1])))
    with pytest.raises(PullbackError, match=r"frule of .* writes into the seed or tangent"):
        make_jvp(lambda x: x + f(x))(np.ones(3))(np.ones(3))


@pytest.mark.parametrize("shape", [(), (3,)])
def test_gradients_can_be_written_into(shape):
    the_same = ruled(lambda x: x, lambda x: lambda ȳ: (NoTangent(), ȳ))
    with_parts = ruled(lambda x: {"a": x}, lambda x: lambda ȳ: (NoTangent(), ȳ["a"]))
    for f in (the_same, lambda x: with_parts(x)["a"]):
        seed = np.ones(shape)
        gradient = make_vjp(f)(np.ones(shape))[0](seed)
        gradient *= 2.0
        np.testing.assert_array_equal(gradient, 2 * np.ones(shape))
        np.testing.assert_array_equal(seed, np.ones(shape))


def test_numbers_in_an_array_of_objects_are_an_error():
    f = ruled(lambda xs: xs[0], lambda xs: lambda ȳ: (NoTangent(), NoTangent()))
    with pytest.raises(UntraceableError, match="array of objects"):
        grad(lambda x: f(np.array([x, None], object)))(1.5)


def test_sparse_array_as_a_value_is_an_error():
    diagonal = ruled(sparse.diags_array, lambda x: lambda ȳ: (NoTangent(), ȳ.diagonal()))
    with pytest.raises(UntraceableError, match=r"its value is a dia_array of shape \(2, 2\).* `A.data`"):
        grad(lambda x: diagonal(x).sum())(np.ones(2))


def test_missing_autograd_is_an_error_that_names_the_extra():
    check = (
        "import sys\nsys.modules['autograd'] = None\n"
        "from adjoint2rrule.interop.autograd import to_autograd\n"
        "try:\n    to_autograd(len)\nexcept ImportError as error:\n    print(type(error).__name__, error)"
    )
    result = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("MissingAutogradError to_autograd(len) needs autograd")
    assert "'adjoint2rrule[autograd]'" in result.stdout
    assert issubclass(MissingAutogradError, ImportError)


def test_debug_mode_looks_at_rules_under_autograd():
    f = ruled(lambda x: x, lambda x: lambda ȳ: (NoTangent(), x.fill(0.0) or ȳ))
    with debugging(), pytest.raises(LyingRuleError, match=r"its pullback changed args\[0\]"):
        grad(lambda x: f(x).sum())(np.ones(2))
    with debugging():
        check_grads(squared, modes=["fwd", "rev"], order=2)(np.ones(2))


# -- beside autograd's own mechanism -------------------------------------------------------------------


def test_gradients_add_up_with_those_of_autograds_own_primitives():
    own = primitive(lambda x: x**2)
    defvjp(own, lambda ans, x: lambda g: 2 * x * g)
    assert grad(lambda x: own(squared(x)) + squared(own(x)) + x)(2.0) == 8 * 2.0**3 + 1


def test_no_array_of_the_user_is_written_into():
    x, shared = np.ones(3), np.full(3, 5.0)
    f = ruled(lambda x, y: (x + y).sum(), lambda x, y: lambda ȳ: (NoTangent(), shared, shared))
    np.testing.assert_array_equal(grad(lambda x: f(x, x) + f(x, x))(x), np.full(3, 20.0))
    np.testing.assert_array_equal(shared, np.full(3, 5.0))
    np.testing.assert_array_equal(x, np.ones(3))


def test_the_rule_runs_once_for_a_gradient():
    runs = []

    def f(x):
        return x**2

    @rrule.register(f)
    def f_rrule(f, x):
        runs.append("rule")
        return x**2, lambda ȳ: (NoTangent(), runs.append("pullback") or 2 * x * ȳ)

    for x in (2.0, np.ones(2), 1j):
        runs.clear()
        make_vjp(to_autograd(f))(x)[0](np.ones_like(x))
        assert runs == ["rule", "pullback"]


def test_name_and_docstring_stay():
    assert squared.__name__ == "square"
    assert squared.__wrapped__ is square
    assert to_autograd(Gain(2.0)).__wrapped__ == Gain(2.0)


def test_tuples_of_autograd_are_arguments():
    f = ruled(lambda t: t[0] * t[1], lambda t: lambda ȳ: (NoTangent(), Tangent[tuple](ȳ * t[1], ȳ * t[0])))
    assert grad(lambda x: f(boxed_tuple((x, 2 * x))))(3.0) == 12.0
