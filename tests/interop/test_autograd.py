"""HIPS autograd behind `rrule_via_ad`, and as the default."""

import subprocess
import sys
from dataclasses import dataclass
from typing import NamedTuple

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from adjoint2rrule.core import (
    HasReverseMode,
    NoTangent,
    RuleConfig,
    Tangent,
    ZeroTangent,
    rrule,
    rrule_via_ad,
    thunk,
)
from adjoint2rrule.interop import default_config
from adjoint2rrule.interop.autograd import AutogradConfig, MissingAutogradError
from adjoint2rrule.interop.errors import PullbackError, SeedError, UntraceableError

CONFIG = AutogradConfig()


@dataclass
class Layer:
    index: float
    thickness: float
    name: str = ""


@dataclass
class Affine:
    weight: np.ndarray
    bias: np.ndarray

    def __post_init__(self):
        self.weight = np.asarray(self.weight, dtype=float)

    def __call__(self, x):
        return self.weight @ x + self.bias

    def norm(self, p):
        return (self.weight**p).sum()


class Pair(NamedTuple):
    r: float
    t: float


def cotangents(f, /, *xs, seed=1.0, **kw):
    return rrule_via_ad(CONFIG, f, *xs, **kw)[1](seed)


def test_default_config_is_that_of_autograd():
    assert isinstance(default_config(), AutogradConfig)
    assert HasReverseMode in default_config().features


def test_import_does_not_load_autograd():
    check = (
        "import sys, adjoint2rrule.interop.autograd as bridge\n"
        "bridge.rrule_or_autograd(bridge.AutogradConfig(), len, [])\n"
        "print('autograd' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_missing_autograd_is_an_error_that_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "autograd.core", None)
    with pytest.raises(MissingAutogradError, match=r"<lambda> has no rule.*'adjoint2rrule\[autograd\]'"):
        rrule_via_ad(CONFIG, lambda x: x, 1.0)


# -- rules come first ---------------------------------------------------------------------------------


def test_rule_comes_first():
    def f(x):
        return 2 * x

    @rrule.register(f)
    def f_rrule(f, x: float):
        return 2 * x, lambda ȳ: (NoTangent(), "rule")

    assert cotangents(f, 1.0) == (NoTangent(), "rule")
    np.testing.assert_allclose(cotangents(f, np.ones(2), seed=np.ones(2))[1], [2.0, 2.0])


def test_rule_is_given_the_config():
    def f(g, x):
        return g(x)

    @rrule.register(f)
    def f_rrule(config: RuleConfig[HasReverseMode], f, g, x):
        y, back = rrule_via_ad(config, g, x)
        return y, lambda ȳ: (NoTangent(), *back(ȳ))

    assert cotangents(f, lambda x: x**2, 3.0) == (NoTangent(), NoTangent(), 6.0)


def test_cotangents_of_parameters_left_to_their_defaults_are_dropped():
    def f(x, y=1.0):
        return x

    rrule.register(f)(lambda f, x, y=1.0: (x, lambda ȳ: (NoTangent(), 1.0, 2.0)))
    assert cotangents(f, 1.0) == (NoTangent(), 1.0)


def test_rule_with_too_few_cotangents_is_an_error():
    def short(x, y):
        return x

    rrule.register(short)(lambda f, x, y: (x, lambda ȳ: (NoTangent(), 1.0)))
    with pytest.raises(PullbackError, match=r"short gave 2 cotangents where 3 are due"):
        cotangents(short, 1.0, 2.0)


@pytest.mark.parametrize("zero", [ZeroTangent(), NoTangent()], ids=repr)
def test_zero_seed_gives_zeros_without_running_anything(zero):
    def f(x, mode):
        return x

    rrule.register(f)(lambda f, x, mode: (x, lambda ȳ: pytest.fail("the pullback ran")))
    assert cotangents(f, 1.0, "a", seed=zero) == (NoTangent(), ZeroTangent(), NoTangent())
    assert cotangents(Layer(1.0, 2.0).__eq__, 1.0, seed=zero) == (ZeroTangent(), ZeroTangent())


# -- numbers and arrays -------------------------------------------------------------------------------


def test_value_and_cotangents_are_plain():
    y, back = rrule_via_ad(CONFIG, lambda x, A: np.sin(x) * (A * A).sum(), 2.0, np.ones((2, 2)))
    dx, dA = back(1.0)[1:]
    assert (type(y), type(dx), type(dA)) == (np.float64, np.float64, np.ndarray)
    np.testing.assert_allclose((y, dx), (4 * np.sin(2.0), 4 * np.cos(2.0)))
    np.testing.assert_allclose(dA, np.full((2, 2), 2 * np.sin(2.0)))


def test_functions_of_autograd_numpy_are_followed():
    def f(A, b):
        return anp.dot(anp.linalg.inv(A), b)

    A, b, ȳ = np.array([[2.0, 1.0], [0.0, 3.0]]), np.array([1.0, 2.0]), np.array([0.5, -1.0])
    _, dA, db = cotangents(f, A, b, seed=ȳ)
    Y = np.linalg.inv(A)
    np.testing.assert_allclose(dA, -np.outer(Y.T @ ȳ, Y @ b))
    np.testing.assert_allclose(db, Y.T @ ȳ)


def test_numpy_function_that_makes_an_array_of_boxes_is_followed():
    _, dx = cotangents(
        lambda x: np.where([True, False], 2 * x, -x), np.array([1.0, 2.0]), seed=np.array([1.0, 10.0])
    )
    np.testing.assert_allclose(dx, [2.0, -10.0])


def test_numpy_function_that_autograd_cannot_follow_is_an_error_with_advice():
    def solve_all(A):
        return np.linalg.inv(A)

    with pytest.raises(TypeError) as error:
        rrule_via_ad(CONFIG, solve_all, np.eye(2))
    assert "solve_all, which has no rule" in error.value.__notes__[0]


def test_error_of_the_function_itself_stays():
    with pytest.raises(ZeroDivisionError):
        rrule_via_ad(CONFIG, lambda x: x / 0 if False else 1 // 0, 1.0)


def test_output_that_does_not_depend_on_the_input_has_zero_cotangents():
    y, back = rrule_via_ad(CONFIG, lambda x: 3.0, 1.0)
    assert (y, back(1.0)) == (3.0, (NoTangent(), 0.0))


def test_function_without_numbers_is_just_called():
    y, back = rrule_via_ad(CONFIG, lambda n, name: name * n, 3, "a")
    assert (y, back("seed")) == ("aaa", (NoTangent(), NoTangent(), NoTangent()))


def test_integers_pass_untouched():
    _, dx, dn = cotangents(lambda x, n: sum(x[i] ** i for i in range(n)), np.array([2.0, 3.0, 4.0]), 3)
    np.testing.assert_allclose(dx, [0.0, 1.0, 8.0])
    assert dn == NoTangent()


def test_keywords_pass_untouched():
    assert cotangents(lambda x, *, f, config: f * x + config, 1.0, f=2.0, config=1.0) == (NoTangent(), 2.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64])
def test_precision_is_kept(dtype):
    _, dx = cotangents(lambda x: x * x, np.ones(2, dtype), seed=np.ones(2, dtype))
    assert dx.dtype == dtype


@given(st.complex_numbers(max_magnitude=10), st.complex_numbers(max_magnitude=10))
def test_cotangents_follow_the_conjugate_convention(c, ȳ):
    _, dz = cotangents(lambda z: c * z, 1.0 + 2.0j, seed=ȳ)
    assert dz == pytest.approx(np.conj(c) * ȳ)


def test_cotangent_of_a_real_number_is_real():
    _, dx = cotangents(lambda x: (1 + 2j) * x, 3.0, seed=1j)
    assert dx == 2.0
    assert not np.iscomplexobj(dx)
    _, dx = cotangents(lambda x: 2 * x, 3.0, seed=1 + 5j)
    assert dx == 2.0


@pytest.mark.parametrize("seed", [np.ones(3), np.ones((2, 1)), 1.0])
def test_seed_of_another_shape_is_an_error(seed):
    with pytest.raises(SeedError, match=r"seed has shape .* the output it belongs to \(2,\)"):
        cotangents(lambda x: 2 * x, np.ones(2), seed=seed)


# -- structure ----------------------------------------------------------------------------------------


def test_structured_arguments_have_structural_tangents():
    def f(layer, p, terms, xs):
        return layer.index * p.r + terms["a"] * xs[0] * xs[1]

    assert cotangents(f, Layer(2.0, 3.0, "a"), Pair(5.0, 7.0), {"a": 11.0, "b": 1.0}, [13.0, 17.0]) == (
        NoTangent(),
        Tangent[Layer](index=5.0, thickness=0.0),
        Tangent[Pair](2.0, 0.0),
        Tangent[dict](a=221.0, b=0.0),
        Tangent[list](187.0, 143.0),
    )


def test_structured_results_take_structural_seeds():
    def f(x):
        return Layer(2 * x, x**2), {"a": 3 * x, "b": "text"}, (x, 5.0)

    y, back = rrule_via_ad(CONFIG, f, 7.0)
    assert y == (Layer(14.0, 49.0), {"a": 21.0, "b": "text"}, (7.0, 5.0))
    seed = Tangent[tuple](
        Tangent[Layer](thickness=thunk(lambda: 1.0)),
        Tangent[dict](a=10.0),
        Tangent[tuple](100.0, ZeroTangent()),
    )
    assert back(seed) == (NoTangent(), 14.0 + 30.0 + 100.0)
    assert back(Tangent[tuple](ZeroTangent(), ZeroTangent(), Tangent[tuple](1.0, 1.0))) == (NoTangent(), 1.0)


def test_functor_has_a_cotangent_of_its_own():
    affine = Affine([[1.0, 2.0]], np.array([3.0]))
    dself, dx = cotangents(affine, np.array([5.0, 7.0]), seed=np.ones(1))
    np.testing.assert_allclose(dself.weight, [[5.0, 7.0]])
    np.testing.assert_allclose(dself.bias, [1.0])
    np.testing.assert_allclose(dx, [1.0, 2.0])


def test_bound_method_has_the_cotangent_of_its_object():
    dself, dp = cotangents(Affine([[2.0, 3.0]], np.zeros(1)).norm, 2)
    np.testing.assert_allclose(dself.weight, [[4.0, 6.0]])
    assert dp == NoTangent()


def test_class_is_differentiated_as_what_its_constructor_does():
    _, dW, db = cotangents(Layer, 2.0, 3.0, seed=Tangent[Layer](index=5.0))
    assert (dW, db) == (5.0, 0.0)


def test_arguments_are_not_changed():
    layer = Layer(2.0, 3.0)
    cotangents(lambda layer: layer.index**2, layer)
    assert layer == Layer(2.0, 3.0)


def test_numbers_out_of_reach_are_an_error():
    with pytest.raises(UntraceableError, match="csr_array"):
        rrule_via_ad(CONFIG, lambda A, x: A @ x, sparse.csr_array(np.eye(2)), np.ones(2))


def test_derivatives_nest_in_those_of_autograd():
    def slope(x):
        return rrule_via_ad(CONFIG, lambda x: x**3, x)[1](1.0)[1]

    assert slope(2.0) == 12.0
    assert grad(slope)(2.0) == 12.0
