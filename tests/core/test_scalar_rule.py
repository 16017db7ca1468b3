"""Both rules from the partial derivatives."""

import cmath
import math
import re
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjoint2rrule.core import (
    NoTangent,
    PartialsError,
    ProjectionError,
    RegistrationError,
    RuleCallError,
    Tangent,
    TangentMismatchError,
    ZeroTangent,
    frule,
    not_implemented,
    rrule,
    scalar_rule,
    thunk,
    unthunk,
)


def square(x):
    return x * x


def product(x, y):
    return x * y


def sincos(x):
    return math.sin(x), math.cos(x)


class Polar(NamedTuple):
    r: float
    phi: float


def polar(x, y):
    return Polar(math.hypot(x, y), math.atan2(y, x))


def polar_partials(Ω, x, y):
    r, _ = Ω
    return (x / r, y / r), (-y / r**2, x / r**2)


def total(*xs):
    return sum(xs)


def ratio(x, y):
    return x / y


scalar_rule(square, lambda Ω, x: 2 * x)
scalar_rule(product, lambda Ω, x, y: (y, x))
scalar_rule(sincos, lambda Ω, x: (Ω[1], -Ω[0]))
scalar_rule(polar, polar_partials)
scalar_rule(total, lambda Ω, *xs: (1,) * len(xs))
scalar_rule(ratio, lambda Ω, x, y: (1 / y, -Ω / y), types=(float, complex))

numbers = st.floats(0.5, 2.0)
complexes = st.builds(complex, numbers, numbers)
rule_cases = st.one_of(
    st.tuples(st.just(square), st.tuples(st.one_of(numbers, complexes))),
    st.tuples(st.just(product), st.tuples(st.one_of(numbers, complexes), st.one_of(numbers, complexes))),
    st.tuples(st.just(ratio), st.tuples(numbers, complexes)),
    st.tuples(st.just(polar), st.tuples(numbers, numbers)),
    st.tuples(st.just(sincos), st.tuples(numbers)),
    st.tuples(st.just(total), st.lists(numbers, min_size=1, max_size=3).map(tuple)),
)


def inner(x, y):
    """Return the real inner product of two numbers, or of two tuples."""
    return sum((complex(a).conjugate() * b).real for a, b in zip(parts(x), parts(y), strict=True))


def parts(y):
    return y if isinstance(y, tuple | Tangent) else (y,)


def difference(f, xs, dxs, h=1e-6):
    plus = f(*(x + h * dx for x, dx in zip(xs, dxs, strict=True)))
    minus = f(*(x - h * dx for x, dx in zip(xs, dxs, strict=True)))
    return np.subtract(parts(plus), parts(minus)) / (2 * h)


@given(rule_cases, st.lists(complexes, min_size=5, max_size=5))
def test_the_rules_are_each_others_adjoint_and_agree_with_differences(case, tangents):
    f, xs = case
    dxs = tuple(dx if isinstance(x, complex) else dx.real for x, dx in zip(xs, tangents, strict=False))
    y, dy = frule((NoTangent(), *dxs), f, *xs)
    assert np.allclose(list(parts(dy)), difference(f, xs, dxs), rtol=1e-6)

    seed = Tangent[type(y)](*(s.real for s in tangents[3:])) if isinstance(y, tuple) else tangents[3]
    value, pullback = rrule(f, *xs)
    df, *x̄s = pullback(seed)
    assert (value, df) == (y, NoTangent())
    assert all(isinstance(x̄, complex) <= isinstance(x, complex) for x, x̄ in zip(xs, x̄s, strict=True))
    assert math.isclose(inner(seed, dy), sum(map(inner, x̄s, dxs)), rel_tol=1e-9, abs_tol=1e-9)


def test_the_rules_are_for_numbers_alone():
    for x in (2, 2.0, 2j, np.float32(2), np.int8(2)):
        assert rrule(square, x)[1](1.0)[1] == 2 * x or x == 2j
        assert frule((NoTangent(), 1.0), square, x)[1] == 2 * x
    for x in (np.ones(2), "a", None):
        assert rrule(square, x) is None
        assert frule((NoTangent(), 1.0), square, x) is None
    assert rrule(square) is rrule(square, 1.0, 2.0) is None


def test_types_are_one_for_each_argument():
    assert rrule(ratio, 1.0, 2j) is not None
    assert rrule(ratio, 1j, 2.0) is None


def test_a_pullback_multiplies_by_the_conjugates():
    _, pullback = rrule(square, 1 + 2j)
    assert pullback(1.0) == (NoTangent(), 2 - 4j)
    _, pullback = rrule(product, 3.0, 1j)
    assert pullback(1j) == (NoTangent(), 1.0, 3j)


def test_zeros_and_thunks_pass():
    assert frule((NoTangent(), ZeroTangent(), 1.0), product, 2.0, 3.0) == (6.0, 2.0)
    _, pullback = rrule(sincos, 0.0)
    assert pullback(Tangent[tuple](thunk(lambda: 2.0), ZeroTangent())) == (NoTangent(), 2.0)
    _, pullback = rrule(square, 3.0)
    assert pullback(thunk(lambda: 1.0)) == (NoTangent(), 6.0)
    assert pullback(ZeroTangent()) == (NoTangent(), ZeroTangent())


@pytest.mark.parametrize(
    "T", [float, complex, np.float16, np.float32, np.float64, np.longdouble, np.complex64]
)
@pytest.mark.parametrize(
    "seed", [2, 2.0, 2 + 0j, np.float64(2), np.longdouble(2), np.array(2.0), True + True]
)
def test_a_cotangent_has_the_class_and_precision_of_its_argument(T, seed):
    _, pullback = rrule(product, T(3), 4.0)
    _, x̄, ȳ = pullback(seed)
    assert (type(x̄), x̄) == (T, 8)
    assert (type(ȳ), ȳ) == (float, 6.0)


def test_integers_have_cotangents_of_floats():
    for x, T in ((3, float), (np.int8(3), np.float64), (True, NoTangent)):
        _, x̄ = rrule(square, x)[1](1)
        assert type(x̄) is T


def square_of_sum(x, y):
    return (x + y) ** 2


scalar_rule(square_of_sum, lambda Ω, x, y: (2 * (x + y), 2 * (x + y)))


def wrappings(n):
    return np.uint8(n), np.array(n, np.uint8), np.int16(n), thunk(lambda: np.uint8(n))


@pytest.mark.parametrize("x", [3, np.uint8(3), 3.0])
@pytest.mark.parametrize("n", [200, 100, 1])
def test_integers_of_numpy_do_not_wrap_around(x, n):
    for seed in (n, float(n), *wrappings(n)):
        assert rrule(square, x)[1](seed) == (NoTangent(), 6 * n)
        assert rrule(square_of_sum, x, x)[1](seed) == (NoTangent(), 12 * n, 12 * n)
        assert frule((NoTangent(), seed), square, x)[1] == 6 * n
        assert frule((NoTangent(), seed, seed), square_of_sum, x, x)[1] == 24 * n
    assert rrule(square, x)[1](-1) == rrule(square, x)[1](np.int8(-1)) == (NoTangent(), -6)
    assert rrule(sincos, 0.0)[1](np.array([200, 1], np.uint8)) == (NoTangent(), 200.0)


def test_flags_are_numbers_to_a_seed():
    assert rrule(square, 3)[1](np.True_) == rrule(square, 3)[1](True) == (NoTangent(), 6)


def test_a_cotangent_that_overflows_is_infinite_without_a_warning():
    x = np.float16(2)
    assert rrule(square, x)[1](np.float64(1e9)) == (NoTangent(), np.inf)


def test_the_pullback_of_several_inputs_and_outputs_takes_any_sequence():
    _, pullback = rrule(polar, 3.0, 4.0)
    expected = 0.6 * 5 - 0.16 * 10, 0.8 * 5 + 0.12 * 10
    seeds = (
        (5.0, 10.0),
        [5, 10],
        np.array([5, 10]),
        Polar(5.0, 10.0),
        Tangent[tuple](5.0, thunk(lambda: 10.0)),
    )
    for seed in (
        *seeds,
        Tangent[Polar](r=5.0, phi=10.0),
        Tangent[Any](5.0, 10.0),
        thunk(lambda: (5.0, 10.0)),
    ):
        df, *x̄s = pullback(seed)
        assert df is NoTangent()
        assert np.allclose(x̄s, expected)
    assert np.allclose(pullback(Tangent[Polar](phi=10.0))[1:], (-1.6, 1.2))
    for zero in (ZeroTangent(), NoTangent(), thunk(ZeroTangent)):
        assert pullback(zero)[1:] == (unthunk(zero), unthunk(zero))


def test_a_seed_with_names_is_read_by_them_in_any_order():
    _, pullback = rrule(polar, 3.0, 4.0)
    expected = pullback((5.0, 10.0))
    for tangent in (Tangent[Any], Tangent[Polar]):
        assert pullback(tangent(phi=10.0, r=5.0)) == expected
        assert pullback(tangent(phi=thunk(lambda: 10.0), r=5.0)) == expected
        assert pullback(tangent(phi=10.0)) == pullback((ZeroTangent(), 10.0))


class Cartesian(NamedTuple):
    x: float
    y: float


@pytest.mark.parametrize(
    "seed",
    [
        *(1.0, (1.0,), (1.0, 2.0, 3.0), np.array(1.0), np.ones((2, 2))[:1], {"r": 1.0, "phi": 2.0}, None),
        *(Tangent[Any](r=1.0, y=2.0), Tangent[Any](1.0), Tangent[Cartesian](1.0, 2.0), Tangent[tuple](1.0)),
        *(Tangent[Any](r=1.0, phi=1.0, z=1.0), Tangent[dict](r=1.0, phi=2.0)),
    ],
)
def test_a_seed_that_does_not_fit_the_outputs_is_refused(seed):
    _, pullback = rrule(polar, 3.0, 4.0)
    with pytest.raises(ProjectionError, match=r"scalar_rule\(polar\): it has 2 outputs.*with 2 elements"):
        pullback(seed)


def test_a_seed_with_names_is_refused_where_the_outputs_have_none():
    _, pullback = rrule(sincos, 0.0)
    with pytest.raises(ProjectionError, match=r"sincos\): it has 2 outputs.*Tangent\[Any\]\(b=1\.0"):
        pullback(Tangent[Any](b=1.0, a=10.0))


@pytest.mark.parametrize("dargs", [(NoTangent(), 1.0), (NoTangent(), 1.0, 2.0, 3.0)])
def test_there_is_a_tangent_for_each_argument(dargs):
    with pytest.raises(TangentMismatchError, match=rf"product\): {len(dargs) - 1} tangents for 2 arguments"):
        frule(dargs, product, 2.0, 3.0)


def test_what_is_not_implemented_comes_through():
    missing = not_implemented("missing")
    _, pullback = rrule(product, 2.0, 3.0)
    assert pullback(missing) == (NoTangent(), missing, missing)

    def gamma(a, x):
        return a + x

    for several in (rrule(polar, 3.0, 4.0)[1], rrule(sincos, 0.0)[1]):
        assert set(several(missing)[1:]) == set(several(thunk(lambda: missing))[1:]) == {missing}
        assert set(several((missing, 1.0))[1:]) == {missing}

    scalar_rule(gamma, lambda Ω, a, x: (missing, 1.0))
    assert rrule(gamma, 1.0, 2.0)[1](2.0) == (NoTangent(), missing, 2.0)
    assert rrule(gamma, 1.0, 2.0)[1](ZeroTangent()) == (NoTangent(), ZeroTangent(), ZeroTangent())


def test_a_function_of_c_can_be_a_target():
    assert scalar_rule(math.expm1, lambda Ω, x: Ω + 1) is math.expm1
    assert scalar_rule(np.tanh, lambda Ω, x: 1 - Ω**2) is np.tanh
    assert rrule(math.expm1, 0.0)[1](2.0) == (NoTangent(), 2.0)
    assert rrule(np.tanh, 0.0)[1](2.0) == (NoTangent(), 2.0)


class Affine:
    def __call__(self, x): ...

    def method(self, x): ...


def closure():
    a = 2.0

    def f(x):
        return a * x

    return f


@pytest.mark.parametrize(
    "f",
    [Affine, Affine(), Affine().method, closure(), lru_cache(closure()), partial(pow, 2), [].append],
)
def test_what_has_a_derivative_of_its_own_is_refused(f):
    with pytest.raises(RegistrationError, match=r"derivative of its own.*@rrule\.register"):
        scalar_rule(f, lambda Ω, x: 1.0)


def test_a_cached_function_is_a_plain_one():
    @lru_cache
    def f(x):
        return cmath.exp(x)

    scalar_rule(f, lambda Ω, x: Ω)
    assert rrule(f, 0.0)[1](1.0) == (NoTangent(), 1.0)


def test_a_target_that_is_none_is_refused_by_this_name():
    with pytest.raises(RegistrationError, match=r"^scalar_rule\('f', \.\.\.\): it is a name"):
        scalar_rule("f", lambda Ω, x: 1.0)
    with pytest.raises(RegistrationError, match=r"write `scalar_rule\(type\[Fraction\], \.\.\.\)`"):
        scalar_rule(Fraction, lambda Ω, x: 1.0)


def test_types_must_be_as_many_as_the_arguments():
    with pytest.raises(RegistrationError, match=r"scalar_rule: 2 is not a type"):
        scalar_rule(ratio, lambda Ω, x, y: (1, 1), types=(float, 2))
    with pytest.raises(RegistrationError, match=r"scalar_rule\(ratio\): 1 types for 2 arguments"):
        scalar_rule(ratio, lambda Ω, x, y: (1, 1), types=(float,))


def returning(output):
    return lambda x, output=output: output  # no closure


@pytest.mark.parametrize(
    "output", [[1.0, 2.0], np.ones(2), np.ones(1), (1.0, [2.0]), (1.0, np.ones(2)), None, "1.0", {"a": 1.0}]
)
def test_an_output_that_is_no_number_is_refused(output):
    f = returning(output)
    scalar_rule(f, lambda Ω, x: pytest.fail("it ran"))
    message = rf"the output is {re.escape(repr(output))}, neither a number.*@rrule\.register"
    with pytest.raises(PartialsError, match=message):
        rrule(f, 1.0)[1](1.0)
    with pytest.raises(PartialsError, match=message):
        frule((NoTangent(), 1.0), f, 1.0)


@pytest.mark.parametrize("output", [2, 2.0, 2j, True, np.float32(2), np.array(2.0), Fraction(2), np.True_])
def test_an_output_is_any_number_and_an_array_without_axes(output):
    f = returning(output)
    scalar_rule(f, lambda Ω, x: 3.0)
    assert rrule(f, 1.0)[1](1.0) == (NoTangent(), 3.0)
    assert frule((NoTangent(), 1.0), f, 1.0) == (output, 3.0)


@pytest.mark.parametrize(
    ("f", "partials", "message"),
    [
        (lambda x, y: x, lambda Ω, x, y: 1.0, r"1 output\(s\) by 2 argument\(s\) are 1\.0"),
        (lambda x, y: x, lambda Ω, x, y: (1.0, 2.0, 3.0), r"are \(1\.0, 2\.0, 3\.0\)"),
        (lambda x: (x, x), lambda Ω, x: 1.0, r"2 output\(s\) by 1 argument\(s\) are 1\.0"),
        (lambda x: (x, x), lambda Ω, x: ((1.0,), (1.0,), (1.0,)), "2 output"),
    ],
)
def test_partials_of_another_shape_are_reported(f, partials, message):
    scalar_rule(f, partials)
    xs = (1.0,) * f.__code__.co_argcount
    with pytest.raises(PartialsError, match=message):
        rrule(f, *xs)[1](1.0)
    with pytest.raises(PartialsError, match=message):
        frule((NoTangent(), *xs), f, *xs)


@pytest.mark.parametrize("partial", [None, "1.0", [1.0], np.ones(2), np.ones(1), Tangent[tuple](1.0)])
def test_a_partial_that_is_no_number_is_reported(partial):
    def f(x):
        return x

    def g(x, y):
        return x * y

    scalar_rule(f, lambda Ω, x: partial)
    scalar_rule(g, lambda Ω, x, y: (1.0, partial))
    for function, xs, shown in ((f, (1.0,), repr(partial)), (g, (1.0, 1.0), f"(1.0, {partial!r})")):
        message = re.escape(f"of the partials {shown}, {partial!r} is no number; for a derivative")
        with pytest.raises(PartialsError, match=message):
            rrule(function, *xs)[1](1.0)
        with pytest.raises(PartialsError, match=message):
            frule((NoTangent(), *xs), function, *xs)


@pytest.mark.parametrize(
    "partial", [ZeroTangent(), thunk(lambda: 0.0), np.array(0.0), np.False_, Fraction(0)]
)
def test_a_partial_is_any_number_or_stands_for_one(partial):
    def f(x):
        return x

    scalar_rule(f, lambda Ω, x: partial)
    assert float(rrule(f, 1.0)[1](1.0)[1]) == float(frule((NoTangent(), 1.0), f, 1.0)[1]) == 0.0


def scaled(x, k=3.0):
    return k * x * x


def both(x, y): ...


def stretched(x, *ys): ...


@pytest.mark.parametrize(
    ("f", "partials", "shown"),
    [
        (scaled, lambda x, k: 6 * x, "x, k"),
        (both, lambda x, y: (y, x), "x, y"),
        (math.pow, lambda x, y: (1.0, 1.0), "x, y"),
        (stretched, lambda x, *ys: (1.0,), "x, *ys"),
        (total, lambda *xs: xs, "*xs"),
    ],
)
def test_partials_without_the_output_are_refused(f, partials, shown):
    message = (
        rf"\({f.__name__}\): the partials take what {f.__name__} takes, `{re.escape(shown)}`, but the output"
    )
    with pytest.raises(RegistrationError, match=message):
        scalar_rule(f, partials)


@pytest.mark.parametrize(
    ("f", "partials", "reason"),
    [
        (both, lambda Ω, x: 1.0, "both takes at least 2 arguments, but the partials are for 1;"),
        (both, lambda Ω, x, y, z: (1.0,) * 3, "both takes at most 2 arguments, but the partials are for 3;"),
        (both, lambda Ω, x, y, z, *rest: (), "both takes at most 2 arguments, but the partials are for 3;"),
        (math.exp, lambda Ω, x, y: (Ω, 0.0), "exp takes at most 1 argument, but the partials are for 2;"),
        (np.add, lambda Ω, x: 1.0, "add takes at least 2 arguments, but the partials are for 1;"),
        (np.add, lambda Ω, x, y, z: (1.0,) * 3, "add takes at most 2 arguments, but the partials are for 3;"),
    ],
)
def test_partials_for_more_or_fewer_arguments_than_the_function_takes_are_refused(f, partials, reason):
    with pytest.raises(RegistrationError, match=rf"scalar_rule\({f.__name__}\): {reason} write a function"):
        scalar_rule(f, partials)


def test_partials_may_leave_out_what_has_a_default_and_take_any_number():
    def f(x, k=3.0):
        return k * x * x

    scalar_rule(f, lambda Ω, x: 6 * x)
    assert rrule(f, 2.0)[1](1.0) == (NoTangent(), 12.0)
    assert rrule(f, 2.0, 3.0) is None
    scalar_rule(f, lambda Ω, *xs: (2 * Ω / xs[0], Ω / xs[1]))
    assert rrule(f, 2.0, 3.0)[1](1.0) == (NoTangent(), 12.0, 4.0)


def test_partials_may_call_the_arguments_as_they_like():
    def f(y, x):
        return y * x

    scalar_rule(f, lambda y, a, b: (b, a))
    assert rrule(f, 2.0, 3.0)[1](1.0) == (NoTangent(), 3.0, 2.0)


@pytest.mark.parametrize("dargs", [1.0, [NoTangent(), 1.0], None, ZeroTangent()])
def test_tangents_that_are_no_tuple_are_refused(dargs):
    message = (
        rf"{re.escape(repr(dargs))} stands where the tangents do, which are a tuple; write `frule\(\(df, "
    )
    with pytest.raises(RuleCallError, match=message):
        frule(dargs, square, 2.0)
