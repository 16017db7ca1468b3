"""Functions that PyTorch differentiates by their rules."""

import math
import subprocess
import sys
from dataclasses import dataclass
from enum import Enum
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
    scalar_rule,
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

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from torch.autograd import forward_ad, grad, gradcheck, gradgradcheck  # noqa: E402
from torch.func import grad as func_grad  # noqa: E402
from torch.func import hessian, jacfwd, jacrev, jvp, vjp, vmap  # noqa: E402
from torch.testing import assert_close  # noqa: E402

from adjoint2rrule.interop.torch import MissingTorchError, TorchConfig, to_torch  # noqa: E402
from tests.support.higher_order import USES  # noqa: E402

# Each gradient is scaled by a factor that the function itself has not: so it is seen who gave it.
RULE = 10.0

# What a rule is run on: numpy's numbers, if it is not said otherwise, or tensors.
BODY = pytest.mark.parametrize("body", ["auto", "tensor"])


def ruled(f, pullback, *, body="auto"):
    """Give `f` a rule with the pullback ``pullback(*xs)(ȳ)``, and return it for PyTorch."""

    @rrule.register(f)
    def rule(f, *xs, **kw):
        return f(*xs, **kw), pullback(*xs, **kw)

    return to_torch(f, body=body)


def tensor(x, dtype=None, **kw):
    """Return a tensor in double precision that needs a gradient."""
    dtype = dtype or (torch.complex128 if np.iscomplexobj(x) else torch.float64)
    return torch.tensor(x, dtype=dtype, requires_grad=True, **kw)


def constant(x):
    """Return a tensor in double precision that needs no gradient."""
    return tensor(x).detach()


def square(x):
    return x * x


@rrule.register(square)
def square_rrule(square, x: float | np.ndarray | complex):
    return square(x), lambda ȳ: (NoTangent(), 2 * x.conj() * ȳ)


@frule.register(square)
def square_frule(dargs, square, x: float | np.ndarray | complex):
    return square(x), 2 * x * dargs[1]


def cube(x):
    return x**3


@rrule.register(cube)
def cube_rrule(cube, x: torch.Tensor):
    return cube(x), lambda ȳ: (NoTangent(), 3 * x**2 * ȳ)


@frule.register(cube)
def cube_frule(dargs, cube, x: torch.Tensor):
    return cube(x), 3 * x**2 * dargs[1]


@dataclass
class Layer:
    index: object
    thickness: object
    name: str = "glass"


class Pair(NamedTuple):
    r: object
    t: object


class Mode(Enum):
    TE = 1.0


squared, cubed = to_torch(square), to_torch(cube)


# -- numbers and arrays -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "f", [squared, to_torch(square, body="tensor"), cubed], ids=["numpy", "any", "torch"]
)
@pytest.mark.parametrize("x", [3.0, [1.0, 2.0, 3.0], [[1.0, 2.0], [3.0, 4.0]]])
def test_torchs_own_checks_pass_in_all_modes(f, x):
    assert gradcheck(f, tensor(x), check_forward_ad=True, check_undefined_grad=True)
    assert gradgradcheck(f, tensor(x), check_fwd_over_rev=True)


@pytest.mark.parametrize("z", [1 + 2j, [1 + 2j, 3j]])
def test_torchs_own_checks_pass_for_complex_numbers(z):
    assert gradcheck(squared, tensor(z), check_forward_ad=True)
    assert gradgradcheck(squared, tensor(z))


def test_the_gradient_is_that_of_the_rule_and_not_of_the_function():
    f = ruled(lambda x: x**2, lambda x: lambda ȳ: (NoTangent(), RULE * x * ȳ))
    x = tensor(3.0)
    f(x).backward()
    assert x.grad == 30.0
    assert func_grad(f)(torch.tensor(3.0)) == 30.0
    assert func_grad(func_grad(f))(torch.tensor(3.0)) == RULE
    assert func_grad(lambda x: f(f(x)))(torch.tensor(2.0)) == RULE * 4.0 * RULE * 2.0


def test_without_tensors_the_function_runs_alone():
    f = ruled(lambda x: x**2, lambda x: pytest.fail("the rule ran"))
    assert f(3.0) == 9.0


def test_every_operator_of_torch_takes_it():
    x, eye = constant([1.0, 2.0]), torch.eye(2, dtype=torch.float64)
    for f in (squared, to_torch(square, body="tensor")):
        diagonal = torch.diag(2 * x)
        assert_close(vjp(f, x)[1](torch.ones_like(x))[0], 2 * x)
        assert_close(jvp(f, (x,), (x,)), (x * x, 2 * x * x))
        assert_close(jacrev(f)(x), diagonal)
        assert_close(jacfwd(f)(x), diagonal)
        assert_close(torch.autograd.functional.jacobian(f, x), diagonal)
        assert_close(hessian(lambda x: f(x).sum())(x), 2 * eye)  # noqa: B023
        assert_close(torch.autograd.functional.hessian(lambda x: f(x).sum(), x), 2 * eye)  # noqa: B023
        second = torch.stack([2 * torch.diag(row) for row in eye])
        for outer in (jacrev, jacfwd):
            assert_close(outer(jacrev(f))(x), second)
            assert_close(outer(jacfwd(f))(x), second)


def test_vmap_runs_the_rule_for_each_sample():
    x = constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert_close(vmap(squared)(x), x**2)
    assert_close(vmap(vmap(squared))(x), x**2)
    assert_close(vmap(vmap(func_grad(squared)))(x), 2 * x)
    assert_close(vmap(vmap(func_grad(func_grad(squared))))(x), torch.full_like(x, 2.0))
    assert_close(func_grad(lambda x: vmap(squared, in_dims=1, out_dims=1)(x).sum())(x), 2 * x)
    product = ruled(lambda x, y: x * y, lambda x, y: lambda ȳ: (NoTangent(), y * ȳ, (x * ȳ).sum()))
    assert_close(vmap(product, (0, None))(x, constant(2.0)), 2 * x)
    assert_close(func_grad(lambda y: vmap(product, (0, None))(x, y).sum())(constant(2.0)), x.sum())


def test_vmap_of_values_that_differ_in_more_than_numbers_is_an_error():
    f = ruled(lambda x: (x, "large" if x > 1 else "small"), lambda x: lambda ȳ: (NoTangent(), ȳ[0]))
    with pytest.raises(UntraceableError, match=r"values that differ in their numbers only.*'small'.*'large'"):
        vmap(lambda x: f(x)[0])(torch.tensor([0.0, 2.0]))
    with pytest.raises(UntraceableError, match="differ in more"):
        vmap(vmap(lambda x: f(x)[0]))(torch.tensor([[0.0], [2.0]]))
    assert_close(vmap(lambda x: f(x)[0])(torch.tensor([0.0, 1.0])), torch.tensor([0.0, 1.0]))
    with pytest.raises(UntraceableError, match="no samples"):
        vmap(squared)(torch.ones(0))


def test_rules_from_partials_are_followed():
    def logistic(x):
        return 1 / (1 + 2.0**-x)

    scalar_rule(logistic, lambda Ω, x: math.log(2.0) * Ω * (1 - Ω))
    assert gradcheck(to_torch(logistic), tensor(0.3), check_forward_ad=True)
    assert gradgradcheck(to_torch(logistic), tensor(0.3))


def test_third_derivatives():
    f = ruled(lambda x: x**4, lambda x: lambda ȳ: (NoTangent(), 4 * x**3 * ȳ))
    assert func_grad(func_grad(func_grad(f)))(constant(2.0)) == 48.0
    x = tensor(2.0)
    first = grad(f(x), x, create_graph=True)[0]
    second = grad(first, x, create_graph=True)[0]
    assert grad(second, x)[0] == 48.0


DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@BODY
@pytest.mark.parametrize("x", [3.0, [1.0, 2.0]])
def test_value_and_gradient_have_the_dtype_of_the_argument(x, body, dtype):
    x = tensor(x, dtype)
    y = to_torch(square, body=body)(x)
    assert y.dtype is dtype
    assert y.shape == x.shape
    (x̄,) = grad(y.real.sum() if dtype.is_complex else y.sum(), x)
    assert x̄.dtype is dtype
    assert_close(x̄, 2 * x.detach())


def test_numbers_of_python_get_the_dtype_of_the_tensors():
    f = ruled(lambda x: math.sin(x), lambda x: lambda ȳ: (NoTangent(), math.cos(x) * ȳ.item()))
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        x = tensor(0.5, dtype)
        y = f(x)
        assert y.dtype is dtype
        assert grad(y, x)[0].dtype is dtype
    mixed = ruled(lambda x, n: x.item() * 1j, lambda x, n: pytest.fail)
    assert mixed(tensor(0.5, torch.float32), torch.tensor(2)).dtype is torch.complex64


def test_device_is_kept():
    x = torch.ones(2, device="meta", requires_grad=True)
    y = cubed(x)
    assert y.device.type == "meta"
    assert grad(y.sum(), x)[0].device.type == "meta"
    with pytest.raises(NotImplementedError, match="meta"):
        squared(x)  # it has no numbers for numpy


def test_tensors_without_axes_are_numbers_to_a_rule():
    seen = []
    f = ruled(
        lambda x: seen.append(type(x)) or x, lambda x: lambda ȳ: (NoTangent(), seen.append(type(ȳ)) or ȳ)
    )
    x = tensor(1.5)
    assert grad(f(x), x)[0] == 1.0
    assert seen == [np.float64, np.float64]


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x.t(),
        lambda x: x[:, ::2],
        lambda x: x.flip(0),
        lambda x: x[:1].expand(3, 3),
        lambda x: x.unsqueeze(0),
        lambda x: torch.complex(x, x).conj(),
        lambda x: torch.complex(x, x).conj().imag,
    ],
)
@BODY
def test_views_of_tensors_are_arguments(view, body):
    x = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
    f = to_torch(square, body=body)
    assert gradcheck(lambda x: f(view(x)), x)
    assert gradgradcheck(lambda x: f(view(x)), x)


def test_integer_cotangents_and_zeros_count_as_floats():
    f = ruled(lambda x, y: x, lambda x, y: lambda ȳ: (NoTangent(), 1, ZeroTangent()))
    x, y = tensor(3.0), tensor([1.0, 1.0])
    x̄, ȳ = grad(f(x, y), (x, y))
    assert x̄.dtype is torch.float64
    assert_close(ȳ, torch.zeros_like(ȳ))


@pytest.mark.parametrize("make", [np.matrix, np.ma.masked_array, sparse.csr_array])
def test_cotangents_of_numpys_own_classes_become_plain_tensors(make):
    f = ruled(lambda A: A.sum(), lambda A: lambda ȳ: (NoTangent(), make(2 * np.eye(2))))
    A = tensor([[1.0, 2.0], [3.0, 4.0]])
    with pytest.warns(PendingDeprecationWarning) if make is np.matrix else np.errstate():
        assert_close(grad(f(A), A)[0], 2 * torch.eye(2, dtype=torch.float64))


def test_trailing_axes_of_length_one_come_and_go():
    f = ruled(lambda x: x.sum(), lambda x: lambda ȳ: (NoTangent(), np.array([1.0, 2.0])))
    x = tensor([[1.0], [1.0]])
    assert_close(grad(f(x), x)[0], constant([[1.0], [2.0]]))


def test_integer_tensors_are_values_without_gradients():
    f = ruled(lambda x: (x * 2, np.argsort(x)), lambda x: lambda ȳ: (NoTangent(), 2 * ȳ[0]))
    x = tensor([2.0, 1.0])
    y, order = f(x)
    assert_close(order, torch.tensor([1, 0]))
    assert not order.requires_grad
    assert_close(grad(y[order].sum(), x)[0], constant([2.0, 2.0]))


# -- complex numbers ----------------------------------------------------------------------------------

FUNCTIONS = {
    "product": (lambda z: (2 + 3j) * z, lambda z: lambda ȳ: (NoTangent(), (2 - 3j) * ȳ)),
    "conj": (lambda z: z.conj(), lambda z: lambda ȳ: (NoTangent(), ȳ.conj())),
    "abs2": (lambda z: (z * z.conj()).real, lambda z: lambda ȳ: (NoTangent(), 2 * z * ȳ.real)),
    "sixth": (lambda z: z**6, lambda z: lambda ȳ: (NoTangent(), 6 * z.conj() ** 5 * ȳ)),
    "real": (lambda z: z.real, lambda z: lambda ȳ: (NoTangent(), ȳ.real)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("z", [1 + 2j, [1 + 2j, -0.5j]])
@BODY
def test_complex_gradients_are_those_of_torch_itself(name, z, body):
    f, pullback = FUNCTIONS[name]
    by_rule = ruled(lambda z: f(z), pullback, body=body)
    z = tensor(z)
    for read in (lambda y: y.real.sum(), lambda y: (y * (1 - 2j)).imag.sum(), lambda y: (y.abs() ** 2).sum()):
        assert_close(grad(read(by_rule(z)), z), grad(read(f(z)), z))


def test_a_real_argument_of_a_complex_function_has_the_gradient_of_torch():
    def f(x):
        return (2 + 3j) * x

    g = ruled(f, lambda x: lambda ȳ: (NoTangent(), ProjectTo(x)((2 - 3j) * ȳ)))
    x = tensor(1.5)
    for part in (0, 1):
        assert_close(grad(torch.view_as_real(g(x))[part], x), grad(torch.view_as_real(f(x))[part], x))


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

    xs = tuple(map(tensor, (1.5, 2.5, 3.5, 4.5)))
    by_rule = partial(own, f=to_torch(cost))
    assert_close(grad(by_rule(*xs), xs), grad(own(*xs, f=cost), xs))
    assert gradcheck(by_rule, xs)
    assert gradgradcheck(by_rule, xs)
    assert_close(
        func_grad(by_rule, (0, 3))(*map(torch.Tensor.detach, xs)),
        (grad(by_rule(*xs), xs[0])[0], grad(by_rule(*xs), xs[3])[0]),
    )


def test_one_tensor_at_two_places_has_the_sum():
    f = ruled(lambda t: t[0] * t[1], lambda t: lambda ȳ: (NoTangent(), Tangent[tuple](ȳ * t[1], ȳ * t[0])))
    g = ruled(lambda x, y: x * y, lambda x, y: lambda ȳ: (NoTangent(), ȳ * y, ȳ * x))
    x = tensor(3.0)
    assert grad(f((x, x)), x)[0] == 6.0
    assert grad(g(x, x), x)[0] == 6.0
    assert func_grad(func_grad(lambda x: f((x, x))))(constant(3.0)) == 2.0


@pytest.mark.parametrize(
    "make", [Layer, Pair, lambda *xs: list(xs), lambda *xs: xs, lambda a, b: {"a": a, "b": b}]
)
@BODY
def test_structures_as_values_have_tensors_in_their_parts(make, body):
    first, second = {Layer: ("index", "thickness"), Pair: ("r", "t")}.get(make, (0, 1))
    if isinstance(make(1, 2), dict):
        first, second = "a", "b"

    def part(y, key):
        return y[key] if isinstance(y, dict | list) or isinstance(key, int) else getattr(y, key)

    f = ruled(
        lambda x: make(x**2, 3 * x),
        lambda x: lambda ȳ: (NoTangent(), 2 * x * part(ȳ, first) + 3.0 * part(ȳ, second)),
        body=body,
    )
    x = tensor(2.0)
    y = f(x)
    assert type(y) is type(make(1, 2))
    assert grad(part(y, first) * part(y, second), x)[0] == 36.0
    assert grad(part(f(x), second), x)[0] == 3.0
    assert gradgradcheck(lambda x: part(f(x), first) * part(f(x), second), x)


def test_value_without_numbers_passes():
    f = ruled(lambda x: "text", lambda x: pytest.fail)
    assert f(tensor(1.5)) == "text"


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
    k, x = tensor(2.0), tensor(3.0)
    assert grad(to_torch(Gain(k))(x), (k, x)) == (30.0, 20.0)
    assert grad(to_torch(Gain(2.0))(x), x)[0] == 20.0


def test_method_has_the_gradient_of_its_object():
    k, x = tensor(2.0), tensor(3.0)
    assert grad(to_torch(Gain(k).damped)(x), (k, x)) == (30.0, 10.0)
    assert grad(to_torch(Gain.damped)(Gain(k), x), (k, x)) == (30.0, 10.0)
    assert func_grad(lambda k: to_torch(Gain(k).damped)(3.0))(constant(2.0)) == 30.0


def test_constructor_is_a_function_too():
    k = tensor(2.0)
    assert grad(to_torch(Gain)(k).factor, k)[0] == RULE
    assert to_torch(Gain)(2.0) == Gain(2.0)


def test_keywords_reach_the_rule_and_are_constants():
    f = ruled(lambda x, *, n, name: x * n, lambda x, n, name: lambda ȳ: (NoTangent(), RULE * n * ȳ))
    x = tensor(3.0)
    assert grad(f(x, n=2, name="a"), x)[0] == 20.0
    assert grad(f(x, n=torch.tensor(2.0), name="a"), x)[0] == 20.0


def test_gradient_with_respect_to_a_keyword_is_an_error():
    f = ruled(lambda x, n: x * n, lambda x, n: lambda ȳ: (NoTangent(), n * ȳ))
    frule.register(f.__wrapped__)(lambda dargs, f, x, n: (f(x, n), dargs[1] * n))
    n = constant(2.0)
    calls = [
        lambda: f(3.0, n=tensor(2.0)),
        lambda: f(n, n=tensor(2.0)),
        lambda: func_grad(lambda n: f(3.0, n=n))(n),
        lambda: func_grad(lambda n: f(n, n=n))(n),
        lambda: jvp(lambda n: f(n, n=n), (n,), (n,)),
    ]
    for call in calls:
        with pytest.raises(KeywordError, match="with respect to `n`, which is given by keyword"):
            call()
    with forward_ad.dual_level(), pytest.raises(KeywordError):
        f(n, n=forward_ad.make_dual(n, n))
    with torch.no_grad():
        assert f(3.0, n=tensor(2.0)) == 6.0


@pytest.mark.parametrize(
    "other",
    [2, "text", None, True, abs, Mode.TE, slice(2), np.arange(2), sparse.eye_array(2), torch.float32],
)
def test_what_is_no_number_of_torch_passes_untouched(other):
    seen = []

    def first(x, other):
        seen.append(other)
        return x

    f = ruled(first, lambda x, other: lambda ȳ: (NoTangent(), ȳ, NoTangent()))
    x = tensor(1.5)
    assert grad(f(x, other), x)[0] == 1.0
    assert func_grad(f)(constant(1.5), other) == 1.0
    assert all(each is other for each in seen)


def test_integer_tensors_have_no_gradient():
    f = ruled(lambda x, n: x**n, lambda x, n: lambda ȳ: (NoTangent(), n * x ** (n - 1) * ȳ, NoTangent()))
    x, n = tensor(3.0), torch.tensor(2)
    assert grad(f(x, n), x)[0] == 6.0
    assert func_grad(func_grad(f))(x.detach(), n) == 2.0


def test_thunks_for_what_is_not_asked_for_are_not_forced():
    def pullback(x, layer):
        return lambda ȳ: (
            NoTangent(),
            thunk(lambda: 2.0 * ȳ),
            Tangent[Layer](index=thunk(lambda: pytest.fail("index")), thickness=thunk(lambda: 3.0 * ȳ)),
        )

    f = ruled(lambda x, layer: x, pullback)
    t = tensor(2.0)
    assert grad(f(torch.tensor(1.5), Layer(torch.tensor(1.0), t)), t)[0] == 3.0
    f = ruled(
        lambda x, y: x,
        lambda x, y: lambda ȳ: (NoTangent(), thunk(lambda: 2 * ȳ), thunk(lambda: pytest.fail("y"))),
    )
    x, y = tensor(1.5), constant(2.5)
    assert grad(f(x, y), x)[0] == 2.0
    assert func_grad(f)(x.detach(), y) == 2.0
    assert func_grad(func_grad(f))(x.detach(), y) == 0.0


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


applied = to_torch(apply)
BODIES = [applied, to_torch(apply, body="tensor")]


@pytest.mark.parametrize("applied", BODIES, ids=["auto", "tensor"])
def test_rules_that_call_back_run_under_torch_or_by_the_rule_of_what_they_call(applied):
    scaled = ruled(lambda x: x**2, lambda x: lambda ȳ: (NoTangent(), RULE * x * ȳ)).__wrapped__
    two = constant(2.0)
    assert func_grad(applied, 1)(lambda x: x**3, two) == 12.0
    assert func_grad(applied, 1)(torch.sin, two) == torch.cos(two)
    assert func_grad(applied, 1)(scaled, two) == 20.0
    assert func_grad(func_grad(applied, 1), 1)(lambda x: x**3, two) == 12.0
    assert func_grad(func_grad(applied, 1), 1)(scaled, two) == RULE
    assert func_grad(applied, 1)(to_torch(scaled), two) == 20.0
    assert gradcheck(partial(applied, torch.sin), tensor([0.5, 1.5]), check_forward_ad=True)
    assert gradgradcheck(partial(applied, torch.sin), tensor([0.5, 1.5]))


@pytest.mark.parametrize("applied", BODIES, ids=["auto", "tensor"])
def test_functors_and_modules_that_are_passed_have_gradients(applied):
    k = tensor(2.0)
    assert grad(applied(Gain(k), 3.0), k)[0] == 30.0
    module = torch.nn.Linear(3, 2, dtype=torch.float64)
    x = constant([1.0, 2.0, 3.0])
    own = grad(module(x).square().sum(), module.parameters())
    assert_close(grad(applied(module, x).square().sum(), module.parameters()), own)


@BODY
@pytest.mark.parametrize("name", USES)
def test_rules_of_higher_order_run_under_the_config(name, body):
    rate, x = tensor(0.4), tensor([0.75, 1.5])
    own, by_rules = (USES[name](of, rate, x) for of in (lambda f: f, partial(to_torch, body=body)))
    assert_close(by_rules, own)
    expected = grad(own.sum(), (rate, x))
    assert_close(grad(by_rules.sum(), (rate, x), materialize_grads=True), expected, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("applied", BODIES, ids=["auto", "tensor"])
def test_tensor_in_the_closure_of_a_function_that_is_passed_is_an_error(applied):
    message = r"depends on a tensor .* has it in its closure"
    two, needed = constant(2.0), tensor(2.0)
    calls = [
        lambda: applied(lambda x: needed * x, two),
        lambda: applied(partial(torch.mul, needed), two),
        lambda: func_grad(lambda w: applied(lambda x: w * x, w))(two),
        lambda: func_grad(lambda w: applied(lambda x: w * x, two))(two),
        lambda: func_grad(lambda w: applied(partial(torch.mul, w), two))(two),
        lambda: func_grad(lambda w: applied(lambda x, w=w: w * x, two))(two),
        lambda: func_grad(lambda w: applied((lambda g: lambda x: g(x))(lambda x: w * x), two))(two),
        lambda: func_grad(lambda x: applied(lambda x: needed * x, x))(two),
        lambda: jvp(lambda w: applied(lambda x: w * x, two), (two,), (two,)),
        lambda: vmap(lambda w: applied(lambda x: w * x, two))(torch.ones(2)),
        lambda: func_grad(lambda w: func_grad(applied, 1)(lambda x: w * x, two))(two),
    ]
    for call in calls:
        with pytest.raises(UntraceableError, match=message):
            call()
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(two, two)
        with pytest.raises(UntraceableError, match=message):
            applied(lambda x: dual * x, two)
    with torch.no_grad():
        assert applied(lambda x: needed * x, two) == 4.0
    assert func_grad(lambda x: applied(lambda x: two * x, x))(two) == 2.0


@pytest.mark.parametrize("body", ["auto", "tensor"])
def test_tensor_in_a_closure_that_the_value_does_not_show_is_an_error(body):
    def sign(f, x):
        return 1.0 if f(x) > 0 else -1.0

    rrule.register(sign)(lambda sign, f, x: (sign(f, x), lambda ȳ: (NoTangent(), NoTangent(), 0.0 * ȳ)))
    needed = tensor(2.0)
    for f in (lambda x: needed * x, Gain(needed).damped, (lambda held: lambda x: held(x))(Gain(needed))):
        for x in (tensor(3.0), constant(3.0), 3.0):
            with pytest.raises(UntraceableError, match=r"sign depends on a tensor .* has it in its closure"):
                to_torch(sign, body=body)(f, x)
    fixed = needed.detach()
    assert to_torch(sign, body=body)(lambda x: fixed * x, tensor(3.0)) == 1.0


def test_tensor_that_a_rule_itself_depends_on_is_an_error():
    w = tensor(3.0)
    for body in ("numpy", "tensor"):
        f = ruled(lambda x: w * x, lambda x: lambda ȳ: (NoTangent(), 3.0 * ȳ), body=body)
        g = ruled(lambda x: {"y": w * x}, lambda x: lambda ȳ: (NoTangent(), 3.0 * ȳ["y"]), body=body)
        for function in (f, g):
            with pytest.raises(UntraceableError, match="has it in its closure"):
                function(tensor(2.0))


def test_via_ad_gives_numpys_numbers_for_numpys_numbers():
    config = TorchConfig()
    y, pullback = rrule_via_ad(config, lambda s: [s.index**2, "text"], Layer(3.0, 1.0))
    assert y == [9.0, "text"]
    assert pullback(Tangent[list](2.0, NoTangent())) == (
        NoTangent(),
        Tangent[Layer](index=12.0, thickness=0.0),
    )
    y, dy = frule_via_ad(
        config, (NoTangent(), Tangent[Layer](index=1.0)), lambda s: s.index**2, Layer(3.0, 1.0)
    )
    assert (y, dy) == (9.0, 6.0)
    assert frule_via_ad(config, (NoTangent(), ZeroTangent()), square, 3.0)[1] == ZeroTangent()
    assert frule_via_ad(config, (NoTangent(), NoTangent()), lambda n: n + 1, 3) == (4, NoTangent())
    with pytest.raises(SeedError, match=r"the tangent .* has shape \(3,\), expected \(2,\)"):
        frule_via_ad(config, (NoTangent(), np.ones(3)), lambda x: x + 1, np.ones(2))
    with pytest.raises(SeedError, match=r"the seed .* has shape \(3,\), expected \(2,\)"):
        rrule_via_ad(config, lambda x: x + 1, np.ones(2))[1](np.ones(3))


def test_function_without_a_rule_that_leaves_torch_is_an_error():
    for g in (
        lambda x: math.sin(x),
        lambda x: np.hypot(x, 1.0),
        lambda x: torch.tensor([x]),
        lambda x: x.item(),
    ):
        with pytest.raises(
            UntraceableRuleError, match=r"a tensor that torch has to differentiate.*give it a rule"
        ):
            func_grad(lambda x: applied(g, x).sum())(constant(2.0))  # noqa: B023


# -- forward mode -------------------------------------------------------------------------------------


def test_forward_rules_of_structured_functions():
    def split(layer):
        return Pair(layer.index**2, layer.thickness)

    ruled(split, lambda layer: lambda ȳ: (NoTangent(), Tangent[Layer](2 * layer.index * ȳ.r, ȳ.t)))

    @frule.register(split)
    def split_frule(dargs, split, layer):
        d = dargs[1]
        return split(layer), Tangent[Pair](2 * layer.index * d.index, d.thickness)

    def total(x):
        y = to_torch(split)(Layer(x, 2.0))
        return y.r + y.t

    x, one = constant(3.0), constant(1.0)
    assert jvp(total, (x,), (one,)) == (11.0, 6.0)
    assert jvp(lambda x: jvp(total, (x,), (one,))[1], (x,), (one,)) == (6.0, 2.0)
    with forward_ad.dual_level():
        assert forward_ad.unpack_dual(total(forward_ad.make_dual(x, one))) == (11.0, 6.0)


@BODY
def test_forward_mode_goes_through_the_gradient(body):
    f, x = to_torch(square, body=body), tensor([3.0, 5.0])
    with forward_ad.dual_level():
        y = f(forward_ad.make_dual(x, constant([1.0, 10.0])))
        (x̄,) = grad(y.sum(), x)
        assert_close(tuple(forward_ad.unpack_dual(x̄)), (2 * x.detach(), constant([2.0, 20.0])))


def test_forward_mode_without_a_forward_rule_is_an_error():
    f = ruled(lambda x: x, lambda x: lambda ȳ: (NoTangent(), ȳ))
    x = torch.tensor(1.5)
    with pytest.raises(NoRuleError, match=r"\(float32\) has no frule for PyTorch .*`@frule\.register"):
        jvp(f, (x,), (x,))


def test_forward_rules_call_back_too():
    two = constant(2.0)
    for g, value, tangent in ((square, 4.0, 4.0), (cube, 8.0, 12.0), (lambda x: x**3, 8.0, 12.0)):
        assert jvp(partial(applied, g), (two,), (constant(1.0),)) == (value, tangent)
        with forward_ad.dual_level():
            y = applied(g, forward_ad.make_dual(two, constant(1.0)))
            assert forward_ad.unpack_dual(y) == (value, tangent)


# -- second derivatives of what torch cannot follow -----------------------------------------------------


def test_body_that_torch_cannot_follow_is_an_error_at_the_second_derivative():
    f = ruled(lambda x: math.sin(x), lambda x: lambda ȳ: (NoTangent(), math.cos(x) * ȳ))
    g = ruled(lambda x: np.sin(x), lambda x: lambda ȳ: (NoTangent(), np.cos(x) * ȳ))
    x = tensor(0.5)
    for function in (f, g):
        (x̄,) = grad(function(x), x, create_graph=True)
        assert_close(x̄, x.cos())
        message = r"rrule of .*rule \(.*test_torch.py:\d+\).*write the body of the rule in arithmetic"
        with pytest.raises(UntraceableRuleError, match=message):
            grad(x̄, x)
        with pytest.raises(UntraceableRuleError, match=message):
            func_grad(func_grad(function))(x.detach())


def test_body_that_is_run_on_numpy_alone_is_an_error_at_the_second_derivative():
    with pytest.raises(UntraceableRuleError, match=r"square_rrule \(.*body='numpy'"):
        func_grad(func_grad(to_torch(square, body="numpy")))(torch.tensor(2.0))


@pytest.mark.parametrize(
    "second", [lambda f: func_grad(func_grad(f)), lambda f: vmap(func_grad(func_grad(f)))]
)
def test_body_that_takes_another_way_on_tensors_is_an_error(second):
    def pullback(x):
        factor = 2 if isinstance(x, float) else 3
        return lambda ȳ: (NoTangent(), factor * x * ȳ)

    f = second(ruled(lambda x: x**2, pullback))
    with pytest.raises(UntraceableRuleError, match="must not ask for the class of its arguments") as error:
        f(constant([1.0, 2.0]) if "vmap" in repr(second.__code__.co_names) else constant(2.0))
    assert "Tracking" not in str(error.value)


@pytest.mark.parametrize(
    "run", [torch.func.linearize, lambda f, x: torch.fx.experimental.proxy_tensor.make_fx(f)(x)]
)
@pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr")
def test_graph_that_torch_records_without_the_rule_is_an_error(run):
    with pytest.raises(UntraceableError, match="records a graph of square"):
        run(squared, constant([1.0, 2.0]))
    assert run(cubed, constant([1.0, 2.0])) is not None


def test_many_seeds_at_once_are_an_error():
    x = tensor([1.0, 2.0])
    with pytest.raises(UntraceableError, match=r"gradient of square.*many seeds.*torch\.func\.jacrev"):
        torch.autograd.functional.jacobian(squared, x, vectorize=True)


# -- what rules and users get wrong -------------------------------------------------------------------


def test_function_without_a_rule_is_an_error_that_lists_what_there_is():
    def without(x):
        return x

    x = tensor(1.5)
    with pytest.raises(NoRuleError, match=r"without\(float64\) has no rrule for PyTorch.*known are: none"):
        to_torch(without)(x)
    message = r"Gain\(str, float64\) has no rrule.*make_gain_rrule\(Gain, factor.*type\[.*Gain\]"
    with pytest.raises(NoRuleError, match=message):
        to_torch(Gain)("a", x)
    with pytest.raises(NoRuleError, match=r"gain_rrule\(self.*Write one with `@rrule.register\(Gain\)`"):
        to_torch(Gain(x))("a")
    with pytest.raises(NoRuleError, match=r"cube\(ndarray\) has no rrule.*x: .*Tensor"):
        to_torch(cube, body="numpy")(tensor([1.0]))


ENTRIES = [
    (lambda x: (NoTangent(),), r"gave 1 cotangents where 2 are due"),
    (lambda x: (NoTangent(), x, x, x), r"gave 4 cotangents where 2 are due"),
    (lambda x: x, r"its pullback returned .*, expected a tuple"),
    (lambda x: [NoTangent(), x], r"its pullback returned .*, expected a tuple"),
    (lambda x: None, r"its pullback returned None, expected a tuple"),
    (lambda x: (NoTangent(), None), r"args\[0\] \(`x`\).* is None.*NoTangent\(\), or ZeroTangent\(\)"),
    (lambda x: (NoTangent(), "text"), r"args\[0\] \(`x`\).* is a str"),
    (lambda x: (NoTangent(), np.ones(3)), r"args\[0\] \(`x`\).* has shape \(3,\), expected \(2,\)"),
    (lambda x: (NoTangent(), torch.ones(3)), r"args\[0\] \(`x`\).* has shape .*3.*, expected .*2"),
    (lambda x: (NoTangent(), 1.0), r"args\[0\] \(`x`\).* has shape \(\), expected \(2,\)"),
    (lambda x: (NoTangent(), 1j * np.ones(2)), r"args\[0\] \(`x`\).* is complex.*ProjectTo\(x\)"),
    (lambda x: (NoTangent(), 1j * torch.ones(2)), r"args\[0\] \(`x`\).* is complex.*ProjectTo\(x\)"),
    (lambda x: (NoTangent(), np.array(["a", "b"])), r"args\[0\] \(`x`\).* dtype <U1, expected a number"),
    (lambda x: (NoTangent(), np.ones(2, bool)), r"args\[0\] \(`x`\).* dtype bool, expected a number"),
    (lambda x: (NoTangent(), torch.ones(2) > 0), r"args\[0\] \(`x`\).* is a Tensor of torch.bool, expected"),
    (lambda x: (NoTangent(), Tangent[tuple](1.0, 2.0)), r"args\[0\] \(`x`\).* is a Tangent"),
]


@BODY
@pytest.mark.parametrize("form", ["plain", "structured"])
@pytest.mark.parametrize(("entries", "message"), ENTRIES)
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

    x = tensor([1.0, 1.0])
    f = to_torch(total, body=body)
    runs = [
        lambda: f(x if form == "plain" else {"x": x}).backward(),
        lambda: func_grad(lambda x: f(x if form == "plain" else {"x": x}))(x.detach()),
    ]
    for run in runs:
        with pytest.raises(PullbackError, match=message) as error:
            run()
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
        to_torch(index)(Layer(tensor(1.5), 1.0)).backward()


@pytest.mark.parametrize(
    ("dy", "message"),
    [
        (np.ones(3), r"frule of .*f_frule \(.*the tangent of y has shape \(3,\), expected \(2,\)"),
        (None, r"the tangent of y is None"),
        (1j * np.ones(2), r"the tangent of y is complex"),
    ],
)
def test_tangent_that_does_not_fit_the_value_is_an_error(dy, message):
    def f(x):
        return x

    rrule.register(f)(lambda f, x: (f(x), lambda ȳ: (NoTangent(), ȳ)))

    @frule.register(f)
    def f_frule(dargs, f, x):
        return x, dy

    x = torch.ones(2)
    with pytest.raises((PullbackError, LyingRuleError), match=message):
        jvp(to_torch(f), (x,), (x,))


def test_natural_tangents_of_the_class_of_the_argument_are_read():
    f = ruled(lambda layer: layer.index, lambda layer: lambda ȳ: (NoTangent(), Layer(2 * ȳ, 0.0)))
    n = tensor(1.5)
    assert grad(f(Layer(n, 1.0)), n)[0] == 2.0


@pytest.mark.parametrize("pair", [1.5, (1.5,), (1.5, None), (1, 2, 3)], ids=repr)
def test_rule_that_returns_no_pair_is_an_error(pair):
    def f(x):
        return x

    rrule.register(f)(lambda f, x: pair)
    with pytest.raises(LyingRuleError, match=r"rrule of .*f, .*<lambda> \(.*test_torch.py:\d+\)"):
        to_torch(f)(tensor(1.5))


def test_rule_that_declines_is_an_error_that_names_it():
    def f(x):
        return x

    @rrule.register(f)
    def f_rrule(f, x):
        return None

    with pytest.raises(NoRuleError, match=r"f_rrule \(.*test_torch.py:\d+\): it returned None"):
        to_torch(f)(tensor(1.5))


def test_cotangent_that_is_not_implemented_is_an_error_where_it_is_needed():
    f = ruled(lambda x, n: x**n, lambda x, n: lambda ȳ: (NoTangent(), n * ȳ, not_implemented("of the order")))
    x, n = tensor(2.0), tensor(3.0)
    assert grad(f(x, n.detach()), x)[0] == 3.0
    with pytest.raises(NotImplementedTangentError, match="of the order"):
        f(x, n).backward()


def test_tensors_in_an_array_of_objects_are_an_error():
    f = ruled(lambda xs: xs[0], lambda xs: lambda ȳ: (NoTangent(), NoTangent()))
    xs = np.empty(2, object)
    xs[0] = tensor(1.5)
    with pytest.raises(UntraceableError, match="array of objects"):
        f(xs)


def test_sparse_tensors_are_for_rules_that_are_written_for_tensors():
    A = torch.eye(2).to_sparse()
    with pytest.raises(UntraceableError, match=r"a tensor of layout torch\.sparse_coo"):
        squared(A)


def test_error_of_a_rule_itself_is_its_own():
    f = ruled(lambda x: x, lambda x: lambda ȳ: 1 // 0)
    x = tensor(1.5)
    for run in (lambda: f(x).backward(), lambda: func_grad(f)(x.detach())):
        with pytest.raises(ZeroDivisionError):
            run()


def test_body_is_one_of_three():
    with pytest.raises(ValueError, match="body is 'torch', expected 'auto', 'numpy' or 'tensor'"):
        to_torch(square, body="torch")


def test_missing_torch_is_an_error_that_names_the_extra():
    check = (
        "import sys\nsys.modules['torch'] = None\n"
        "from adjoint2rrule.interop.torch import to_torch\n"
        "try:\n    to_torch(len)\nexcept ImportError as error:\n    print(type(error).__name__, error)"
    )
    result = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("MissingTorchError to_torch(len) needs PyTorch")
    assert "'adjoint2rrule[torch]'" in result.stdout
    assert issubclass(MissingTorchError, ImportError)


def test_debug_mode_looks_at_rules_under_torch():
    f = ruled(lambda x: x, lambda x: lambda ȳ: (NoTangent(), x.fill(0.0) or ȳ))
    with debugging(), pytest.raises(LyingRuleError, match=r"its pullback changed args\[0\]"):
        f(tensor([1.0, 1.0])).sum().backward()
    with debugging():
        for by_rule in (squared, to_torch(square, body="tensor"), cubed):
            assert gradcheck(by_rule, tensor([1.0, 2.0]), check_forward_ad=True)
            assert gradgradcheck(by_rule, tensor([1.0, 2.0]))


# -- beside torch's own mechanism -----------------------------------------------------------------------


def test_gradients_add_up_with_those_of_torchs_own_functions():
    x = tensor(2.0)
    assert grad((squared(x)) ** 2 + squared(x**2) + x, x)[0] == 8 * 2.0**3 + 1


@BODY
def test_no_memory_of_the_user_is_written_into(body):
    shared = np.full(3, 5.0) if body == "auto" else torch.full((3,), 5.0, dtype=torch.float64)
    for given in (lambda: shared, lambda: shared[:], lambda: shared.reshape(3, 1)[:, 0]):
        f = ruled(lambda x: x.sum(), lambda x: lambda ȳ: (NoTangent(), given()), body=body)  # noqa: B023
        x = tensor([1.0, 1.0, 1.0])
        f(x).backward()
        f(x).backward()
        x.grad.zero_()
        assert shared.tolist() == [5.0] * 3
    g = ruled(lambda x: x, lambda x: lambda ȳ: (NoTangent(), ȳ), body=body)
    x, seed = tensor([1.0, 2.0]), constant([3.0, 4.0])
    y = g(x)
    grad(y, x, seed, retain_graph=True)[0].zero_()
    assert seed.tolist() == [3.0, 4.0]
    y.detach().zero_()
    assert x.tolist() == [1.0, 2.0]


def test_rule_runs_once_for_a_gradient():
    runs = []

    def f(x):
        return x**2

    @rrule.register(f)
    def f_rrule(f, x):
        runs.append("rule")
        return x**2, lambda ȳ: (NoTangent(), runs.append("pullback") or 2 * x * ȳ)

    for x in (2.0, [1.0, 1.0], 1j):
        for body in ("auto", "tensor"):
            runs.clear()
            x = tensor(x) if not isinstance(x, torch.Tensor) else x
            to_torch(f, body=body)(x).backward(torch.ones_like(x))
            assert runs == ["rule", "pullback"]
            runs.clear()
            vjp(to_torch(f, body=body), x.detach())[1](torch.ones_like(x))
            assert runs == ["rule", "pullback"]


def test_backward_may_run_twice():
    x = tensor([1.0, 2.0])
    for f in (squared, cubed, to_torch(square, body="tensor")):
        y = f(x).sum()
        first = grad(y, x, retain_graph=True)
        assert_close(grad(y, x, retain_graph=True), first)
        grad(y, x)
        with pytest.raises(RuntimeError, match="second time"):
            grad(y, x)


@pytest.mark.parametrize("change", ["argument", "value", "constant"])
@pytest.mark.parametrize(
    "f", [squared, cubed, to_torch(square, body="tensor")], ids=["numpy", "torch", "any"]
)
def test_change_in_place_before_the_gradient_is_an_error(f, change):
    leaf = tensor([1.0, 2.0])
    x, other = leaf * 1, constant([3.0, 4.0])
    y = f(x)
    if change == "constant":
        product = ruled(lambda x, y: x * y, lambda x, y: lambda ȳ: (NoTangent(), y * ȳ, x * ȳ))
        y = product(x, other)
    {"argument": x, "value": y, "constant": other}[change].data_ptr()
    {"argument": x, "value": y, "constant": other}[change].mul_(2.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_no_graph_is_kept_where_no_gradient_is_recorded():
    x = tensor([1.0, 2.0])
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            y = squared(x)
            assert not y.requires_grad
            assert y.tolist() == [1.0, 4.0]
    assert not squared(x.detach()).requires_grad


def test_parameters_and_subclasses_of_tensors_are_tensors():
    class Own(torch.Tensor):
        pass

    frozen = torch.nn.Parameter(torch.ones(2), requires_grad=False)
    for x in (torch.nn.Parameter(torch.ones(2)), torch.ones(2).as_subclass(Own).requires_grad_()):
        squared(x).sum().backward()
        assert x.grad.tolist() == [2.0, 2.0]
    f = ruled(lambda x: frozen, lambda x: lambda ȳ: (NoTangent(), ȳ))
    assert f(tensor([1.0, 1.0])).requires_grad
    assert not frozen.requires_grad


def test_training_step_takes_the_gradient_of_the_rule():
    x = torch.nn.Parameter(torch.tensor([4.0, -2.0]))
    optimizer = torch.optim.SGD([x], lr=0.25)
    for _ in range(3):
        optimizer.zero_grad()
        squared(x).sum().backward()
        optimizer.step()
    assert x.tolist() == [0.5, -0.25]


def test_name_and_docstring_stay():
    assert squared.__name__ == "square"
    assert squared.__wrapped__ is square
    assert to_torch(Gain(2.0)).__wrapped__ == Gain(2.0)


def doubled_in_place(ȳ):
    ȳ *= 2
    return ȳ


@pytest.mark.parametrize("body", ["numpy", "tensor"])
@pytest.mark.parametrize("structured", [False, True], ids=["plain", "structured"])
def test_pullback_that_writes_into_its_seed_is_an_error(body, structured):
    if structured:
        f = ruled(lambda x: (2 * x, x), lambda x: lambda ȳ: (NoTangent(), doubled_in_place(ȳ[0])), body=body)
    else:
        f = ruled(lambda x: 2 * x, lambda x: lambda ȳ: (NoTangent(), doubled_in_place(ȳ)), body=body)
    x = tensor([1.0, 2.0])
    y = 5 * x + (f(x)[0] if structured else f(x))  # the seed of a sum is that of each of its terms
    with pytest.raises(PullbackError, match=r"writes into the seed .* Others hold it too"):
        (2 * y).sum().backward()
