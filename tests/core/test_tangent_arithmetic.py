"""The law of `tangent_arithmetic`, as one table: every operator over every pair of kinds, from both sides."""

import operator
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.sparse

from adjoint2rrule.core import (
    AbstractThunk,
    AbstractZero,
    MutableTangent,
    MutateTangentError,
    NotImplementedTangent,
    NotImplementedTangentError,
    PrimalAdditionError,
    StructuralTangent,
    Tangent,
    TangentConversionError,
    TangentMismatchError,
    ZeroTangentDivisionError,
    backing,
    primal_type,
    thunk,
    unthunk,
)
from tests.support.tangent_kinds import (
    ARRAYS,
    KINDS,
    MISSING,
    NO,
    NUMBERS,
    OBJECTS,
    OTHERS,
    RAN,
    SEQUENCES,
    SPARSE,
    STRUCTURES,
    TANGENTS,
    THUNKS,
    ZERO,
)

SUMS = {"+": operator.add, "-": operator.sub}
DOTS = {"dot": np.dot, "vdot": np.vdot, "inner": np.inner}
PRODUCTS = {"*": operator.mul, "@": operator.matmul} | DOTS
BINARY = SUMS | PRODUCTS | {"/": operator.truediv}
UFUNCS = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "@": np.matmul}
INPLACE = {"+": operator.iadd, "-": operator.isub, "*": operator.imul}
UNARY = {
    "-": (operator.neg, np.negative),
    "+": (operator.pos, np.positive),
    "conj": (np.conj, np.conjugate),
    "abs": (abs, np.absolute),
}
VALUES = {"-": operator.neg, "+": operator.pos, "conj": operator.methodcaller("conjugate"), "abs": abs}


class Error(NamedTuple):
    """What happened instead of a result."""

    kind: type


def outcome(f, *args):
    """Return the result of a call, or what it raised, be it a warning."""
    try:
        return f(*args)
    except (ArithmeticError, AttributeError, TypeError, ValueError, NotImplementedError, Warning) as err:
        return Error(type(err))


# The law, in the order in which it decides.


def law(symbol, a, b):
    """Return what must come of ``a symbol b``, one of which is a tangent; `Ellipsis` where anything may."""
    if is_a(AbstractZero, a, b) or is_a(NotImplementedTangent, a, b):
        return of_missing_and_zeros(symbol, a, b)
    a, b = unthunk(a), unthunk(b)
    if is_a(StructuralTangent, a, b):
        return of_structures(symbol, a, b)
    return outcome(BINARY[symbol], a, b)  # as numpy and Python have it


def of_missing_and_zeros(symbol, a, b):
    zeros = [x for x in (a, b) if is_a(AbstractZero, x)]
    other = b if is_a(AbstractZero, a) else a
    if symbol in PRODUCTS and zeros:  # zeros win products, ZeroTangent before NoTangent
        return ZERO if ZERO in zeros else NO
    if symbol == "/" and is_a(AbstractZero, a):
        return a
    if is_a(NotImplementedTangent, a, b):  # what is missing wins all else, and cannot be subtracted
        return MISSING if symbol == "+" or symbol in PRODUCTS else Error(NotImplementedTangentError)
    if symbol == "/":
        return Error(ZeroTangentDivisionError)
    if len(zeros) == 2:  # NoTangent wins sums
        return NO if NO in zeros else ZERO
    return outcome(operator.neg, b) if symbol == "-" and other is b else other


def of_structures(symbol, a, b):
    t, x = (a, b) if is_a(StructuralTangent, a) else (b, a)
    if symbol in DOTS:  # as other functions of numpy, which take sequences for arrays
        return outcome(lambda: DOTS[symbol](as_array(a), as_array(b))) if is_array(t, x) else Error(TypeError)
    if is_a(StructuralTangent, x):  # vectors of one space have sums, and no products
        return sum_of(symbol, a, b) if symbol in SUMS else Error(TypeError)
    if symbol in SUMS:  # all else is a primal, which cannot be subtracted from its tangent
        return Error(
            TypeError if (symbol == "-" and t is a) or primal_type(t) is Any else PrimalAdditionError
        )
    if is_number(x) and symbol != "@" and not (symbol == "/" and t is b):
        return each(t, lambda dx: BINARY[symbol](dx, x) if t is a else BINARY[symbol](x, dx))
    ragged = len({np.shape(part) for part in t}) > 1
    if is_array(t) and not ragged and not is_number(x):
        return outcome(lambda: BINARY[symbol](as_array(a), as_array(b)))
    return Error(TypeError)


def sum_of(symbol, a, b):
    """Return the sum, part by part, what is absent being zero."""
    P, Q = primal_type(a), primal_type(b)
    if P is not Q:
        related = Any in (P, Q) or issubclass(P, Q) or issubclass(Q, P)
        return ... if related else Error(TangentMismatchError)
    x, y = backing(a), backing(b)
    if not isinstance(x, dict):
        return Tangent[P](*map(SUMS[symbol], x, y)) if len(x) == len(y) else Error(TangentMismatchError)
    parts = {name: (x.get(name, ZERO), y.get(name, ZERO)) for name in [*x, *y]}
    family = MutableTangent if is_a(MutableTangent, a, b) else Tangent
    return made(family[P], outcome(lambda: {name: SUMS[symbol](*pair) for name, pair in parts.items()}))


def each(t, f):
    """Return the tangent with `f` of every part."""
    parts = backing(t)
    if isinstance(parts, dict):
        return made(type(t), outcome(lambda: {name: f(dx) for name, dx in parts.items()}))
    parts = outcome(lambda: [f(dx) for dx in parts])
    return parts if is_a(Error, parts) else type(t)(*parts)


def made(cls, parts):
    if is_a(Error, parts):
        return parts
    return cls(parts) if primal_type(cls) is not Any and issubclass(primal_type(cls), dict) else cls(**parts)


def is_a(cls, *xs):
    return any(isinstance(x, cls) for x in xs)


def is_array(*xs):
    return all(
        any(issubclass(type(x), Tangent[P]) for P in LIKE_ARRAYS) or not is_a(StructuralTangent, x)
        for x in xs
    )


LIKE_ARRAYS = tuple({primal_type(make()) for make in SEQUENCES.values()})


def as_array(x):
    if isinstance(x, StructuralTangent):
        return np.array([0.0 if is_a(AbstractZero, part) else part for part in x])
    return x


def is_number(x):
    return np.ndim(x) == 0 and not scipy.sparse.issparse(x)


def entries(x):
    # not as a dense array, which scipy before 1.15 cannot make of objects
    return [getattr(x, name) for name in ("data", "indices", "indptr", "row", "col") if hasattr(x, name)]


def same(a, b):
    """Whether two outcomes are one and the same in value, class and dtype."""
    if is_a(Error, a, b):
        return is_a(Error, a) and is_a(Error, b) and issubclass(a.kind, b.kind)
    a, b = unthunk(a), unthunk(b)
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, StructuralTangent):
        return same_parts(backing(a), backing(b))
    if scipy.sparse.issparse(a):
        return a.shape == b.shape and same_parts(entries(a), entries(b))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and same_elements(a, b)
    return bool(a == b)


def same_parts(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    return len(a) == len(b) and all(map(same, a, b))


def same_elements(a, b):
    if isinstance(a, np.ma.MaskedArray):
        whole = np.shape(a.mask) in ((), a.shape)  # not so after a product with a matrix, a bug of numpy
        return same(a.mask, b.mask) and (not whole or same(a.filled(0), b.filled(0)))
    return bool(np.all((a == b) | ((a != a) & (b != b))))


def holds_objects(x):
    x = unthunk(x)
    if isinstance(x, StructuralTangent):
        parts = backing(x)
        return any(map(holds_objects, parts.values() if isinstance(parts, dict) else parts))
    return getattr(getattr(x, "dtype", None), "kind", None) == "O" or type(x).__name__ == "Fraction"


def pairs():
    """Yield the names of kinds of which one at least is a tangent."""
    for first in KINDS:
        for second in KINDS if first in TANGENTS else TANGENTS:
            yield first, second


#: scipy asks what is missing for an array before it lets it decide.
EXCEPTIONS = {(symbol, name, "missing") for symbol in ("*", "@") for name in SPARSE}
#: numpy's dots, masks and objects do not know sparse arrays, and give nonsense.
EXCEPTIONS |= {
    (symbol, *pair)
    for pair in pairs()
    for symbol in BINARY
    if any(name in " ".join(pair) for name in SPARSE)
    and (symbol in DOTS or any(name in " ".join(pair) for name in ("masked", "objects")))
}
SECONDS = {first: [second for one, second in pairs() if one == first] for first in KINDS}


@pytest.fixture(params=BINARY)
def symbol(request):
    return request.param


@pytest.fixture(params=KINDS)
def first(request):
    return request.param


class TestPairs:
    """Every operator over every pair."""

    def cases(self, symbol, first):
        for second in SECONDS[first]:
            if (symbol, first, second) not in EXCEPTIONS:
                RAN.clear()
                yield second, KINDS[first](), KINDS[second]()

    def test_the_law_holds(self, symbol, first):
        for second, a, b in self.cases(symbol, first):
            result = outcome(BINARY[symbol], a, b)
            expected = law(symbol, a, b)
            assert expected is ... or same(result, expected), f"{first} {symbol} {second}"

    def test_functions_of_numpy_agree_with_operators(self, symbol, first):
        for second, a, b in self.cases(symbol, first):
            if symbol in UFUNCS:
                result, expected = outcome(UFUNCS[symbol], a, b), outcome(BINARY[symbol], a, b)
                assert same(result, expected) or same(expected, result), f"{first} {symbol} {second}"

    def test_sums_commute_in_value_class_and_dtype(self, first):
        for second, a, b in self.cases("+", first):
            if "objects" in first + second or all("_" in name for name in (first, second)):
                continue  # objects may know sums from one side only; of sparse arrays, the first decides
            assert same(outcome(operator.add, a, b), outcome(operator.add, b, a)), f"{first} + {second}"

    def test_no_array_of_objects_appears(self, symbol, first):
        for second, a, b in self.cases(symbol, first):
            if not holds_objects(a) and not holds_objects(b):
                assert not holds_objects(outcome(BINARY[symbol], a, b)), f"{first} {symbol} {second}"

    def test_operands_stay_as_they_were(self, symbol, first):
        for second, a, b in self.cases(symbol, first):
            outcome(BINARY[symbol], a, b)
            assert same(a, KINDS[first]()), f"{first} {symbol} {second}"
            assert same(b, KINDS[second]()), f"{first} {symbol} {second}"

    def test_thunks_run_only_where_their_value_matters(self, symbol, first):
        for second, a, b in self.cases(symbol, first):
            if is_a(AbstractThunk, a, b) and is_a(AbstractZero, a, b) | is_a(NotImplementedTangent, a, b):
                outcome(BINARY[symbol], a, b)
                negated = symbol == "-" and is_a(AbstractZero, a)
                assert bool(RAN) is negated, f"{first} {symbol} {second}"

    def test_tangents_equal_only_their_like(self, first):
        for second, a, b in self.cases("==", first):
            if first in SPARSE or "masked" in (first, second) or is_a(AbstractThunk, a, b):
                continue  # these arrays compare themselves with whatever they meet, thunks as their values
            expected = first == second
            for equal, unequal in ((operator.eq, operator.ne), (np.equal, np.not_equal)):
                assert equal(a, b) is expected, f"{first} == {second}"
                assert unequal(a, b) is not expected, f"{first} != {second}"


@pytest.mark.parametrize("symbol", INPLACE)
@pytest.mark.parametrize("name", KINDS)
class TestInPlace:
    """``a += b``, which writes into arrays and binds all else anew."""

    def test_arrays_take_what_the_operator_gives(self, symbol, name):
        for second in SECONDS[name]:
            a, b = KINDS[name](), KINDS[second]()
            if type(a) is not np.ndarray or (symbol, name, second) in EXCEPTIONS:
                continue
            copy = KINDS[name]()
            expected = into(copy, law(symbol, copy, b))
            result = outcome(INPLACE[symbol], a, b)
            assert same(result, expected), f"{name} {symbol}= {second}"
            assert is_a(Error, result) or result is a, f"{name} {symbol}= {second}"

    def test_all_else_is_bound_to_the_result(self, symbol, name):
        for second in SECONDS[name]:
            a, b = KINDS[name](), KINDS[second]()
            if isinstance(a, np.ndarray) or (symbol, name, second) in EXCEPTIONS:  # subclasses may do either
                continue
            expected = law(symbol, a, b)
            assert expected is ... or same(outcome(INPLACE[symbol], a, b), expected), (
                f"{name} {symbol}= {second}"
            )


def into(array, result):
    """Return an array with a result written into it, as numpy does."""
    if is_a(NotImplementedTangent, result):
        return Error(NotImplementedTangentError)
    if is_a(StructuralTangent, result):
        return Error(Exception)  # it is not an array, or not one of that shape
    return (
        result
        if is_a(Error, result) or result is array
        else outcome(written, array, 0.0 if is_a(AbstractZero, result) else result)
    )


def written(array, value):
    np.copyto(array, value, casting="same_kind")
    return array


@pytest.mark.parametrize("name", TANGENTS)
@pytest.mark.parametrize("symbol", UNARY)
def test_unary_operators(symbol, name):
    x = TANGENTS[name]()
    for f in UNARY[symbol]:
        assert same(outcome(f, x), unary(symbol, x)), f"{f} {name}"


def unary(symbol, x):
    """Zeros and what is missing stay, thunks are as their values, and structures go part by part."""
    x = unthunk(x)
    if isinstance(x, AbstractZero):
        return x
    if isinstance(x, NotImplementedTangent):
        return Error(NotImplementedTangentError) if symbol == "abs" else x
    if not isinstance(x, StructuralTangent):
        return outcome(VALUES[symbol], x)
    if symbol == "abs":
        return Error(TypeError)
    return x if symbol == "+" else each(x, lambda dx: unary(symbol, dx))


def test_an_object_and_an_array_have_no_product():
    with pytest.raises(TangentConversionError, match=r"ndarray and Tangent\[Data\] have no product"):
        np.ones(3) * OBJECTS["dataclass"]()


def test_functions_of_numpy_say_what_has_no_meaning():
    for t in (OBJECTS["dataclass"](), SEQUENCES["list"]()):
        with pytest.raises(TangentConversionError, match=r"np\.multiply has no meaning for Tangent\[.*like"):
            np.multiply(t, t)


@pytest.mark.parametrize("other", [2.5, np.ones(3), "name"])
def test_nothing_but_a_tangent_is_subtracted_from_a_tangent(other):
    with pytest.raises(TangentConversionError, match=r"cannot be subtracted from a Tangent\[Data\]"):
        OBJECTS["dataclass"]() - other


def test_a_sequence_whose_elements_differ_in_shape_is_no_array():
    with pytest.raises(TangentConversionError, match=r"Tangent\[tuple\]\(1\.0, array.* is no array"):
        np.ones(3) * SEQUENCES["ragged"]()


def test_sum_starts_from_nothing():
    assert sum([Tangent[tuple](1.0), Tangent[tuple](2.0)]) == Tangent[tuple](3.0)
    assert sum([MISSING, 1.0]) is MISSING
    assert sum([thunk(lambda: 1.0), ZERO]) == 1.0


@pytest.mark.parametrize("name", TANGENTS)
def test_nothing_is_written_into_a_tangent(name):
    t = TANGENTS[name]()
    for write in (
        lambda: np.add(1.0, 1.0, out=t),
        lambda: np.copyto(t, 1.0),
        lambda: np.copyto(dst=t, src=1.0),
        lambda: np.add.at(t, 0, 1.0),
        lambda: np.sum(np.ones(3), out=t),
        lambda: np.dot(np.ones(3), np.ones(3), t),
    ):
        with pytest.raises(MutateTangentError, match="cannot be written into"):
            write()


def test_every_kind_is_in_the_table():
    assert not OTHERS.keys() & TANGENTS.keys()
    assert NUMBERS.keys() | ARRAYS.keys() | SPARSE.keys() == OTHERS.keys()
    assert STRUCTURES.keys() | THUNKS.keys() < TANGENTS.keys()
