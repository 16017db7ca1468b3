"""Every operator over every pair of kinds of tangents, from both sides."""

import operator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjoint2rrule.core import (
    AbstractThunk,
    InplaceableThunk,
    NoTangent,
    NotImplementedTangent,
    NotImplementedTangentError,
    StructuralTangent,
    Tangent,
    TangentMismatchError,
    ZeroTangent,
    not_implemented,
    primal_type,
    thunk,
    unthunk,
)


@dataclass
class Foo:
    a: float
    b: object = 0.0


class Point(NamedTuple):
    x: float
    y: float


class Celsius(np.ndarray):
    """A subclass of numpy's array that keeps its class through sums."""


def read_only(x):
    x.flags.writeable = False
    return x


ZERO, NO, MISSING = ZeroTangent(), NoTangent(), not_implemented("for the tests")

NUMBERS = {
    "int": 3,
    "float": 2.5,
    "complex": 1.0 - 2.0j,
    "fraction": Fraction(1, 3),
    **{
        name: getattr(np, name)(1.5)
        for name in ("float16", "float32", "float64", "longdouble", "complex64", "complex128", "clongdouble")
    },
    "int64": np.int64(4),
    "0-d": np.array(2.5),
}
ARRAYS = {
    "1-d": np.array([1.0, -2.0, 3.0]),
    "2-d": np.arange(6.0).reshape(2, 3),
    "float32 array": np.ones(3, dtype=np.float32),
    "complex array": np.array([1.0 + 1.0j, 2.0]),
    "int array": np.arange(3),
    "bool array": np.array([True, False]),
    "empty": np.empty((0, 3)),
    "read-only": read_only(np.ones(3)),
    "broadcast": np.broadcast_to(1.5, (2, 2)),
    "object array": np.array([Fraction(1, 3), 2.0], dtype=object),
    "subclass": np.ones(3).view(Celsius),
    "matrix-like view": np.arange(12.0).reshape(3, 4)[::-1, ::2],
}
STRUCTURES = {
    "object": Tangent[Foo](a=1.0),
    "object of arrays": Tangent[Foo](a=np.ones(3), b=Tangent[Point](2.0)),
    "tuple": Tangent[tuple](1.0, np.ones(2)),
    "list": Tangent[list](1.0, 2.0),
    "NamedTuple": Tangent[Point](y=1.0),
    "dict": Tangent[dict]({"a": 1.0, 2: np.ones(2)}),
    "anything": Tangent[object](a=2.0),
}
THUNKS = {
    "thunk": lambda: thunk(lambda: np.ones(3)),
    "thunk of a number": lambda: thunk(lambda: 2.0),
    "thunk of a structure": lambda: thunk(lambda: Tangent[Foo](a=2.0)),
    "inplaceable": lambda: InplaceableThunk(lambda x: None, thunk(lambda: np.ones(3))),
}
PRIMALS = {"str": "name", "None": None, "list primal": [1, 2], "object primal": Foo(1.0)}


def fresh(table):
    return [pytest.param(value, id=name) for name, value in table.items()]


def without(name, table):
    return {key: value for key, value in table.items() if key != name}


def same(a, b):
    """Whether two tangents are one and the same in value, class and dtype."""
    a, b = unthunk(a), unthunk(b)
    if a is b:
        return True
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape and bool(np.all(a == b))
    return type(a) is type(b) and bool(a == b)


@pytest.fixture(params=[ZERO, NO], ids=repr)
def zero(request):
    return request.param


class TestZeros:
    """Zeros against everything else."""

    @pytest.mark.parametrize("x", fresh(NUMBERS | ARRAYS | STRUCTURES | PRIMALS))
    def test_adding_a_zero_gives_the_very_object(self, zero, x):
        assert x + zero is x
        assert zero + x is x

    @pytest.mark.parametrize(
        "x", fresh(NUMBERS | STRUCTURES | without("bool array", ARRAYS))
    )  # numpy has no negative of it
    def test_subtraction(self, zero, x):
        assert x - zero is x
        assert same(zero - x, -x)

    @pytest.mark.parametrize("x", fresh(NUMBERS | ARRAYS | STRUCTURES | PRIMALS))
    def test_zero_times_anything_is_that_zero(self, zero, x):
        assert zero * x is zero
        assert zero @ x is zero
        assert zero / x is zero
        assert x * zero is zero

    @pytest.mark.parametrize("x", fresh(ARRAYS))
    def test_matrix_products_and_dots_with_a_zero_are_that_zero(self, zero, x):
        assert x @ zero is zero
        for dot in (np.dot, np.vdot, np.inner, np.matmul, np.outer, np.kron):
            assert dot(zero, x) is zero
            assert dot(x, zero) is zero

    @pytest.mark.parametrize("x", fresh(NUMBERS | ARRAYS | STRUCTURES))
    def test_division_by_a_zero_is_an_error(self, zero, x):
        with pytest.raises(ZeroDivisionError, match=f"{type(zero).__name__}"):
            x / zero

    @pytest.mark.parametrize("make", fresh(THUNKS))
    def test_zeros_do_not_run_thunks(self, zero, make):
        ran = []
        t = thunk(lambda: ran.append(1) or unthunk(make()))
        assert zero + t is t
        assert t + zero is t
        assert t - zero is t
        for product in (zero * t, t * zero, zero @ t, t @ zero, zero / t):
            assert product is zero
        for dot in (np.dot, np.vdot, np.inner, np.multiply, np.matmul):
            assert dot(zero, t) is zero
            assert dot(t, zero) is zero
        assert not ran

    @pytest.mark.parametrize(
        ("a", "b", "total", "product"),
        [(ZERO, ZERO, ZERO, ZERO), (NO, NO, NO, NO), (ZERO, NO, NO, ZERO), (NO, ZERO, NO, ZERO)],
    )
    def test_no_tangent_wins_sums_and_zero_tangent_wins_products(self, a, b, total, product):
        assert a + b is total
        assert a - b is total
        assert a * b is product
        assert a @ b is product
        assert np.dot(a, b) is product
        assert np.add(a, b) is total

    def test_unary_operators(self, zero):
        for result in (-zero, +zero, abs(zero), np.conj(zero), np.negative(zero), zero.conj()):
            assert result is zero

    @pytest.mark.parametrize(
        "x", fresh({k: v for k, v in ARRAYS.items() if k not in ("read-only", "broadcast")})
    )
    def test_adding_in_place_changes_nothing(self, zero, x):
        before, y = x.copy(), x.copy()
        z = y
        y += zero
        assert y is z
        assert same(y, before)

    def test_adding_to_a_masked_array_keeps_its_mask(self, zero):
        x = np.ma.array([1.0, 2.0], mask=[False, True])
        for total in (x + zero, zero + x):
            assert total.tolist() == [1.0, None]
        assert zero * x is zero

    def test_multiplying_in_place_fills_with_zeros(self, zero):
        x = np.array([1.0, np.inf, np.nan])
        x *= zero
        assert same(x, np.zeros(3))


class TestNotImplemented:
    """What is not implemented against everything else."""

    @pytest.mark.parametrize("x", fresh(NUMBERS | ARRAYS | STRUCTURES))
    def test_it_wins_sums_products_and_dots(self, x):
        for op in (operator.add, operator.mul):
            assert op(MISSING, x) is MISSING
            assert op(x, MISSING) is MISSING
        if isinstance(x, np.ndarray):
            assert MISSING @ x is MISSING
            assert x @ MISSING is MISSING
            assert np.vdot(x, MISSING) is MISSING
            assert np.dot(MISSING, x) is MISSING

    @pytest.mark.parametrize("make", fresh(THUNKS))
    def test_it_wins_over_thunks_without_running_them(self, make):
        t = thunk(lambda: pytest.fail("ran"))
        assert t + MISSING is MISSING + t is t * MISSING is MISSING * t is np.dot(t, MISSING) is MISSING
        assert make() + MISSING is MISSING

    def test_it_loses_products_to_zeros_and_wins_sums(self, zero):
        assert zero * MISSING is MISSING * zero is zero @ MISSING is MISSING @ zero is zero
        assert np.dot(zero, MISSING) is np.vdot(MISSING, zero) is zero
        assert zero / MISSING is zero
        assert zero + MISSING is MISSING + zero is MISSING

    @pytest.mark.parametrize(
        "x", fresh(NUMBERS | ARRAYS | STRUCTURES | {"zero": ZERO, "no": NO, "itself": MISSING})
    )
    def test_differences_and_quotients_raise(self, x):
        for op in (operator.sub, operator.truediv):
            with pytest.raises(NotImplementedTangentError, match="for the tests"):
                op(MISSING, x)
            if op is operator.truediv and x in (ZERO, NO):
                continue  # zero over anything is zero
            with pytest.raises(NotImplementedTangentError, match="for the tests"):
                op(x, MISSING)

    def test_unary_operators(self):
        assert -MISSING is +MISSING is np.conj(MISSING) is MISSING.conj() is np.negative(MISSING) is MISSING


class TestThunks:
    """Thunks against everything that does not decide by itself."""

    @pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul, operator.truediv])
    @pytest.mark.parametrize("x", fresh(NUMBERS | ARRAYS))
    def test_a_thunk_calculates_as_its_value(self, op, x):
        value = np.array([1.0, 2.0, 4.0]) if np.ndim(x) != 1 or len(x) == 3 else np.array([1.0, 2.0])
        if np.shape(x)[-1:] not in ((), (3,), (len(value),)):
            value = 4.0
        make = lambda: thunk(lambda: value)  # noqa: E731
        with np.errstate(all="ignore"):
            assert same(op(make(), x), op(value, x))
            assert same(op(x, make()), op(x, value))

    @pytest.mark.parametrize("make", fresh(THUNKS))
    @pytest.mark.parametrize("other", fresh(THUNKS))
    def test_the_sum_of_two_thunks_is_that_of_their_values(self, make, other):
        a, b = unthunk(make()), unthunk(other())
        if isinstance(a, Tangent) == isinstance(b, Tangent):
            assert same(make() + other(), a + b)
            assert not isinstance(make() + other(), AbstractThunk)
        else:
            with pytest.raises(TypeError):
                make() + other()

    @pytest.mark.parametrize("t", fresh(STRUCTURES))
    def test_a_thunk_of_a_structure_adds_as_the_structure(self, t):
        assert thunk(lambda: t) + t == t + thunk(lambda: t) == t + t
        assert thunk(lambda: 2.0) * t == t * thunk(lambda: 2.0) == 2.0 * t


class TestStructures:
    """Structural tangents against numbers, arrays and each other."""

    @pytest.mark.parametrize("t", fresh(STRUCTURES))
    @pytest.mark.parametrize("s", fresh(without("fraction", NUMBERS)))  # numpy makes objects of them
    def test_multiples_by_numbers_keep_the_class(self, s, t):
        for multiple in (s * t, t * s, np.multiply(s, t), t / (1 / s)):
            assert type(multiple) is type(t)
            assert multiple.keys() == t.keys() if hasattr(t, "keys") else len(multiple) == len(t)

    @pytest.mark.parametrize("t", fresh(STRUCTURES))
    @pytest.mark.parametrize("x", fresh(ARRAYS))
    def test_arrays_and_structures_have_no_sums_or_products(self, t, x):
        for op in (operator.add, operator.mul, operator.matmul, operator.sub, operator.truediv):
            for a, b in ((x, t), (t, x)):
                with pytest.raises(TypeError):
                    op(a, b)

    @pytest.mark.parametrize("a", fresh(STRUCTURES))
    @pytest.mark.parametrize("b", fresh(STRUCTURES))
    def test_sums_are_for_tangents_of_one_primal(self, a, b):
        P, Q = primal_type(a), primal_type(b)
        if not issubclass(P, Q) and not issubclass(Q, P):
            with pytest.raises(TangentMismatchError, match="different primals"):
                a + b
        elif type(a) is type(b) and a.keys() == b.keys() if hasattr(a, "keys") else a is b:
            assert a + b == 2 * a

    def test_products_of_structures_are_no_tangents(self):
        with pytest.raises(TypeError):
            STRUCTURES["list"] * STRUCTURES["list"]

    @pytest.mark.parametrize("t", fresh(STRUCTURES))
    def test_unary_operators_go_through_the_parts(self, t):
        assert -t == -1 * t
        assert +t is t
        assert np.conj(1j * t) == -1j * np.conj(t)


numbers = st.integers(-100, 100).map(float)
zeros = st.sampled_from([ZERO, NO])
leaves = numbers | zeros | st.lists(numbers, min_size=3, max_size=3).map(np.array)


def lazily(x):
    return thunk(lambda: x)


foos = st.builds(lambda a, b: Tangent[Foo](a=a, b=b), numbers | zeros, numbers | zeros)
partial_foos = st.dictionaries(st.sampled_from("ab"), numbers).map(lambda fields: Tangent[Foo](**fields))
lists = st.lists(numbers | zeros, min_size=2, max_size=2).map(lambda xs: Tangent[list](*xs))
dicts = st.dictionaries(st.sampled_from("klm"), numbers | zeros).map(Tangent[dict])
points = st.builds(Tangent[Point], numbers, y=numbers | zeros)
nested = st.builds(lambda a, b: Tangent[Foo](a=a, b=b), leaves, points)
arrays = st.lists(numbers, min_size=2, max_size=2).map(np.array)
SPACES = [numbers, arrays, foos | partial_foos, lists, points, nested]


def equal(a, b):
    return bool(np.all(unthunk(a) == unthunk(b)))


def vectors(n):
    """`n` tangents of one space, each of them perhaps lazy, or a zero."""
    return st.sampled_from(SPACES).flatmap(lambda space: st.tuples(*[space | space.map(lazily) | zeros] * n))


class TestVectorSpace:
    """The laws of a vector space, for all kinds of tangents of one primal together."""

    @given(vectors(3))
    def test_addition_is_associative(self, abc):
        a, b, c = abc
        assert equal((a + b) + c, a + (b + c))

    @given(vectors(2))
    def test_addition_is_commutative(self, ab):
        a, b = ab
        assert equal(a + b, b + a)

    @given(vectors(2), st.integers(-8, 8))
    def test_scaling_distributes_over_addition(self, ab, s):
        a, b = ab
        if isinstance(a, type(ZERO) | type(NO)) and isinstance(b, type(ZERO) | type(NO)):
            return  # NoTangent + ZeroTangent is NoTangent, and both are zero
        assert equal(s * (a + b), s * a + s * b)

    @given(vectors(1), st.integers(-8, 8), st.integers(-8, 8))
    def test_scaling_distributes_over_numbers(self, a, s, t):
        (a,) = a
        assert equal((s + t) * a, s * a + t * a)
        assert equal((s * t) * a, s * (t * a))
        assert equal(1 * a, a)

    @given(vectors(1))
    def test_the_zeros_are_neutral(self, a):
        (a,) = a
        assert equal(a + ZERO, a)
        assert equal(ZERO + a, a)
        if a is not ZERO:
            assert equal(a + NO, a)

    @given(vectors(1))
    def test_everything_has_a_negative(self, a):
        (a,) = a
        assert equal(a + -a, 0 * a)
        assert equal(a - a, 0 * a)

    @given(st.tuples(dicts, dicts, dicts))
    def test_dicts_with_different_keys_add_up(self, abc):
        a, b, c = abc
        assert (a + b) + c == a + (b + c)
        assert (a + b).keys() == a.keys() | b.keys()


def test_structural_tangents_are_found_by_numpy_without_object_arrays():
    for x in (ZERO, NO, *STRUCTURES.values()):
        assert isinstance(np.add(x, x), ZeroTangent | NoTangent | StructuralTangent)
    assert isinstance(np.add(MISSING, MISSING), NotImplementedTangent)
