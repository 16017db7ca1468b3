"""`ProjectTo` of numbers and arrays, of what cannot be perturbed, and of what is not known."""

import copy
import functools
import gc
import pickle
import types
import weakref
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from numbers import Number

import numpy as np
import pytest
import scipy.sparse

from adjoint2rrule.core import (
    InplaceableThunk,
    NoTangent,
    ProjectionError,
    ProjectTo,
    Tangent,
    Thunk,
    ZeroTangent,
    not_implemented,
    thunk,
    unthunk,
)

REALS = [float, np.float16, np.float32, np.float64, np.longdouble]
COMPLEXES = [complex, np.complex64, np.complex128, np.clongdouble]
INTEGERS = [np.dtype(code).type for code in np.typecodes["AllInteger"]]


class Colour(IntEnum):
    RED = 1


class Level(float, Enum):
    LOW = 0.5


class Metre(float):
    pass


class Dual(Number):
    """A number that says more than its value."""

    __hash__ = None


class Vector(np.ndarray):
    pass


@dataclass
class Point:
    a: float
    b: float


class Tracer:
    """A stranger among the cotangents, and an array of another library among the primals."""

    __array_priority__ = 100.0

    def __init__(self):
        self.trace = 1.0


PRIMALS = [
    *(T(1) for T in (*REALS, *COMPLEXES, *INTEGERS)),
    *(1, True, None, "a", Fraction(1, 2), Decimal("0.5"), Colour.RED, len, date.min, Tracer()),
    *(np.ones((2, 3)), np.array(1.0), np.arange(3), np.array([]), np.array([1.0, [2.0]], dtype=object)),
    *([1.0, [2.0]], (1.0, "a"), {"a": 1.0}, Point(1.0, 2.0), scipy.sparse.csr_array(np.eye(2))),
]


# Numbers


@pytest.mark.parametrize("T", REALS)
@pytest.mark.parametrize("U", [*REALS, *COMPLEXES, *INTEGERS, int, bool, np.bool_, Fraction, Decimal, Metre])
def test_a_real_number_makes_numbers_real_and_of_its_class(T, U):
    dx = ProjectTo(T(0.5))(U(1))
    assert type(dx) is T
    assert dx == 1


@pytest.mark.parametrize("T", COMPLEXES)
@pytest.mark.parametrize("U", [*REALS, *COMPLEXES, *INTEGERS, int, bool, np.bool_, Fraction, Decimal])
def test_a_complex_number_makes_numbers_complex_and_of_its_class(T, U):
    dx = ProjectTo(T(0.5))(U(1))
    assert type(dx) is T
    assert dx == 1


def test_the_imaginary_part_goes_where_the_primal_is_real_alone():
    assert ProjectTo(2.0)(3 + 4j) == 3.0
    assert ProjectTo(2)(np.complex64(3 + 4j)) == 3.0
    assert ProjectTo(2j)(3 + 4j) == 3 + 4j
    assert ProjectTo(Fraction(1, 2))(3 + 4j) == 3.0
    assert ProjectTo(Decimal(1))(np.complex128(3 + 4j)) == 3.0


@pytest.mark.parametrize("x", [1, Metre(1.0)])
def test_integers_and_subclasses_count_as_floats(x):
    assert type(ProjectTo(x)(2)) is float


@pytest.mark.parametrize("T", INTEGERS)
def test_numpys_integers_count_as_doubles(T):
    assert type(ProjectTo(T(1))(np.float32(2))) is np.float64


def test_a_fraction_takes_any_real_number():
    project_x = ProjectTo(Fraction(1, 2))
    for dx in (Fraction(1, 3), 0.5, 2, Decimal("0.1"), np.float32(1)):
        assert project_x(dx) is dx


@pytest.mark.parametrize(
    ("T", "large"),
    [
        (np.float16, 1e300),
        (np.float32, np.longdouble("1e400")),
        (np.complex64, 1e300 + 0j),
        (float, 10**400),
        (np.float64, Fraction(10**400)),
        (complex, 10**400),
        (float, Decimal("1e400")),
    ],
)
def test_what_is_too_large_becomes_infinite_without_a_warning(T, large):
    with np.errstate(all="raise"):
        assert ProjectTo(T(1))(large).real == np.inf
        assert ProjectTo(T(1))(-large).real == -np.inf


def test_an_array_without_axes_is_a_number():
    assert ProjectTo(1.0)(np.array(2.0)) == 2.0
    assert type(ProjectTo(1.0)(np.where(True, 2, 3))) is float


def test_a_tangent_of_a_complex_number_becomes_that_number():
    dx = Tangent[complex](real=1.0, imag=thunk(lambda: 2.0))
    assert ProjectTo(1j)(dx) == 1 + 2j
    assert ProjectTo(np.float32(1))(dx) == np.float32(1.0)
    assert ProjectTo(1j)(Tangent[complex](imag=2.0)) == 2j


@pytest.mark.parametrize("x", [1.0, np.float32(1), 1j, Fraction(1, 2), np.array(1.0)])
def test_numbers_that_say_more_than_their_value_pass(x):
    dx = Dual()
    assert ProjectTo(x)(dx) is dx
    assert ProjectTo(dx)(x) is x


def test_a_tangent_of_a_number_passes():
    dx = Tangent[Dual](epsilon=1.0)
    assert ProjectTo(1.0)(dx) is ProjectTo(Fraction(1, 2))(dx) is dx


@pytest.mark.parametrize("x", [1.0, np.float32(1), 1j, 3, Fraction(1, 2)])
@pytest.mark.parametrize(
    ("dx", "shown"),
    [
        (np.ones(1), r"of shape \(1,\) and dtype float64 \(ndarray\)"),
        ([1.0], r"\[1\.0\] \(list\)"),
        ((1.0,), r"\(1\.0,\) \(tuple\)"),
        ({"a": 1.0}, r"\(dict\)"),
        ("1.0", r"'1\.0' \(str\)"),
        (len, "builtin_function_or_method"),
        (Tangent[Point](a=1.0), r"Tangent\[Point\]\(a=1\.0\)"),
        (scipy.sparse.csr_array(np.eye(2)), r"of shape \(2, 2\).*csr_array"),
        (np.timedelta64(1, "s"), "timedelta64"),
    ],
)
def test_what_is_no_number_is_refused_for_a_number(x, dx, shown):
    with pytest.raises(ProjectionError, match=rf"x is a .*its cotangent is .*{shown}.*; give a number"):
        ProjectTo(x)(dx)


@pytest.mark.parametrize("x", [1.0, np.ones(2), Point(1.0, 2.0), (1.0,), scipy.sparse.eye_array(2)])
def test_none_is_no_cotangent(x):
    with pytest.raises(ProjectionError, match=r"its cotangent is None; write ZeroTangent\(\)"):
        ProjectTo(x)(None)


# Arrays


@pytest.mark.parametrize("T", [*REALS, *COMPLEXES])
@pytest.mark.parametrize("U", [*REALS, *COMPLEXES, *INTEGERS, bool])
def test_an_array_makes_arrays_of_its_dtype(T, U):
    x, given = np.zeros((2, 3), dtype=T), np.ones((2, 3), dtype=U)
    dx = ProjectTo(x)(given)
    assert dx.dtype == x.dtype
    assert dx.shape == (2, 3)
    assert (dx == 1).all()
    assert (dx is given) == (given.dtype == x.dtype)


@pytest.mark.parametrize("dtype", [*INTEGERS])
def test_an_array_of_integers_makes_arrays_of_doubles(dtype):
    assert ProjectTo(np.ones(2, dtype))(np.ones(2, np.float32)).dtype == np.float64


def test_precision_that_is_lost_gives_infinities_and_no_warning():
    project_x = ProjectTo(np.ones(3, np.float16))
    with np.errstate(all="raise"):
        dx = project_x(np.array([1e300, np.nan, -1e-300 + 1j]))
    assert np.array_equal(dx, np.array([np.inf, np.nan, 0], np.float16), equal_nan=True)


@pytest.mark.parametrize(
    ("shape", "given"),
    [((3,), (3, 1)), ((3, 1), (3,)), ((2, 3), (2, 3, 1, 1)), ((), (1, 1)), ((1, 1), ()), ((0,), (0, 1))],
)
def test_axes_of_length_one_at_the_end_come_and_go(shape, given):
    dx = np.ones(given)
    projected = ProjectTo(np.zeros(shape))(dx)
    assert projected.shape == shape
    assert np.may_share_memory(projected, dx) or not dx.size


@pytest.mark.parametrize(
    ("shape", "given", "remedy"),
    [
        ((3, 2), (2, 3), "is it transposed"),
        ((3,), (1, 3), "sum it over the axes"),
        ((3, 1), (3, 4), "sum it over the axes"),
        ((3,), (4,), r"give it the shape \(3,\)"),
        ((2, 3), (6,), r"give it the shape \(2, 3\)"),
        ((), (2,), "sum it over the axes"),
        ((0,), (1,), r"give it the shape \(0,\)"),
    ],
)
def test_other_shapes_are_refused_with_both_shapes_and_a_remedy(shape, given, remedy):
    pattern = r"x has shape {} and its cotangent {},.*{}"
    escaped = [str(s).replace("(", r"\(").replace(")", r"\)") for s in (shape, given)]
    with pytest.raises(ProjectionError, match=pattern.format(*escaped, remedy)):
        ProjectTo(np.zeros(shape))(np.ones(given))


@pytest.mark.parametrize("dx", [1.0, np.float32(1), 2j, "a", (1.0, 1.0, 1.0), {}, Tangent[tuple](1.0)])
@pytest.mark.parametrize("shape", [(1,), (3,), (1, 1)])
def test_a_number_is_no_cotangent_of_an_array_with_axes(shape, dx):
    with pytest.raises(ProjectionError, match=r"x is an array of shape .*float64, but its cotangent is .*"):
        ProjectTo(np.zeros(shape))(dx)


def test_a_number_becomes_an_array_without_axes():
    for dx in (2, 2.0, 2 + 3j, Fraction(2), np.float64(2)):
        projected = ProjectTo(np.array(1.0, np.float32))(dx)
        assert isinstance(projected, np.ndarray)
        assert (projected.shape, projected.dtype, projected) == ((), np.float32, 2)


def test_lists_and_sparse_arrays_become_arrays():
    project_x = ProjectTo(np.zeros((2, 2)))
    for dx in ([[1, 0], [0, 1]], scipy.sparse.eye_array(2), scipy.sparse.csr_matrix(np.eye(2))):
        projected = project_x(dx)
        assert type(projected) is np.ndarray
        assert np.array_equal(projected, np.eye(2))
    with pytest.raises(
        ProjectionError, match=r"is \[\[1\], \[2, 3\]\], whose parts differ in shape; give an"
    ):
        project_x([[1], [2, 3]])


def test_a_tangent_of_a_list_becomes_an_array_as_a_list_does():
    project_x = ProjectTo(np.zeros((2, 2), np.float32))
    rows = [thunk(lambda: [1, 2j]), Tangent[list](thunk(lambda: 3), ZeroTangent())]
    for dx in (rows, Tangent[list](*rows), Tangent[list](*rows)[:]):
        projected = project_x(dx)
        assert (type(projected), projected.dtype) == (np.ndarray, np.float32)
        assert projected.tolist() == [[1.0, 0.0], [3.0, 0.0]]
    with pytest.raises(ProjectionError, match=r"x has shape \(2, 2\) and its cotangent \(1,\)"):
        project_x(Tangent[list](1.0))
    with pytest.raises(ProjectionError, match=r"is Tangent\[list\]\(1\.0, \[2\.0\]\), whose parts"):
        project_x(Tangent[list](1.0, [2.0]))


def test_what_is_not_implemented_in_a_list_wins():
    missing = not_implemented("missing")
    for dx in ([missing, 1.0], Tangent[list](1.0, missing), [thunk(lambda: missing), ZeroTangent()]):
        assert ProjectTo(np.zeros(2))(dx) is missing
    assert ProjectTo(np.zeros((1, 2)))([[1.0, missing]]) is missing


def test_arrays_of_objects_become_arrays_of_numbers():
    project_x = ProjectTo(np.zeros(3, np.float32))
    dx = np.empty(3, dtype=object)
    dx[:] = [ZeroTangent(), thunk(lambda: 2j + 1), Fraction(1, 2)]
    projected = project_x(dx)
    assert projected.dtype == np.float32
    assert projected.tolist() == [0.0, 1.0, 0.5]
    dx[:] = [ZeroTangent()] * 3
    assert project_x(dx) is NoTangent()
    missing = not_implemented("missing")
    dx[1] = missing
    assert project_x(dx) is missing
    dx[:] = [Tracer()] * 3
    assert project_x(dx) is dx
    dx[:] = None
    with pytest.raises(ProjectionError, match="None"):
        project_x(dx)
    assert ProjectTo(np.zeros(0))(np.array([], dtype=object)).dtype == np.float64


def test_arrays_of_no_numbers_are_refused():
    with pytest.raises(ProjectionError, match=r"x has dtype float64.*cotangent has dtype <U1"):
        ProjectTo(np.zeros(1))(np.array(["a"]))


def test_the_order_of_bytes_does_not_matter():
    swapped, native = np.ones(2, ">f4"), np.ones(2, "<f4")
    for x in (swapped, native):
        assert ProjectTo(x)(swapped) is swapped
        assert ProjectTo(x)(native) is native
        assert ProjectTo(x)(np.ones(2)).dtype == np.dtype(np.float32)


def test_subclasses_of_other_libraries_stay_what_they_are():
    vector = np.ones(3).view(Vector)
    assert ProjectTo(np.zeros(3))(vector) is vector
    narrowed = ProjectTo(np.zeros((3, 1), np.float32))(vector)
    assert (type(narrowed), narrowed.dtype, narrowed.shape) == (Vector, np.float32, (3, 1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "x", [np.ones((2, 2)), np.ones((2, 2)).view(np.matrix), np.ones((2, 2)).view(Vector), [[1.0, 1.0]] * 2]
)
@pytest.mark.parametrize("cls", [np.matrix, np.ma.MaskedArray, np.recarray])
def test_subclasses_of_numpys_own_become_plain_arrays(cls, x, dtype):
    dx = np.arange(4.0).astype(dtype).reshape(2, 2).view(cls)
    projected = ProjectTo(x)(dx)
    if isinstance(x, list):
        assert projected == Tangent[list](Tangent[list](0.0, 1.0), Tangent[list](2.0, 3.0))
        return
    assert type(projected) is np.ndarray
    assert np.array_equal(projected, [[0, 1], [2, 3]])
    assert np.array_equal(projected * projected, [[0, 1], [4, 9]])  # not the product of matrices


def test_the_array_of_a_file_becomes_a_plain_one(tmp_path):
    dx = np.memmap(tmp_path / "numbers", shape=3, mode="w+", dtype=np.float64)
    projected = ProjectTo(np.zeros(3))(dx)
    assert type(projected) is np.ndarray
    assert np.shares_memory(projected, dx)


def test_a_matrix_may_stand_for_a_column_and_lose_its_axis():
    column = np.array([[1.0], [2.0]]).view(np.matrix)
    assert ProjectTo(np.zeros(2))(column).tolist() == [1.0, 2.0]
    assert ProjectTo([0.0, 0.0])(column) == Tangent[list](1.0, 2.0)


def test_what_is_masked_in_a_cotangent_is_zero():
    masked = np.ma.array([1.0, 2.0], mask=[True, False])
    assert ProjectTo(np.ones(2))(masked).tolist() == [0.0, 2.0]
    assert ProjectTo(np.ones((2, 1), complex))(masked).tolist() == [[0], [2]]
    assert ProjectTo([1.0, 1.0])(masked) == Tangent[list](0.0, 2.0)
    assert ProjectTo(1.0)(np.ma.masked) == 0.0
    assert (
        ProjectTo(scipy.sparse.coo_array(np.eye(2)))(np.ma.array(np.ones((2, 2)), mask=np.eye(2))).sum() == 0
    )
    objects = np.ma.array([[1.0], 2.0], mask=[True, False], dtype=object)
    projected = ProjectTo(np.array([[1.0], 1.0], dtype=object))(objects)
    assert (type(projected), projected.tolist()) == (np.ndarray, [ZeroTangent(), 2.0])
    assert ProjectTo(np.ones(2))(np.ma.array([1j, 2.0], mask=[1, 0], dtype=object)).tolist() == [0.0, 2.0]
    total = ProjectTo(np.ones(2))(masked) + np.ones(2)  # the contribution of another rule
    assert total.tolist() == [1.0, 3.0]


def test_what_is_masked_in_the_primal_is_not_perturbed():
    x = np.ma.array([[1.0, 2.0], [3.0, 4.0]], mask=[[True, False], [False, True]])
    project_x = ProjectTo(x)
    for dx in (
        np.array([[np.nan, 6], [7, 8]]),
        np.ma.array([[5, 6], [7j + 7, 8]], mask=x.mask),
        [[5, 6], [7, 8]],
    ):
        projected = project_x(dx)
        assert type(projected) is np.ndarray
        assert projected.tolist() == [[0.0, 6.0], [7.0, 0.0]]
        assert project_x(projected) is projected
    assert (
        repr(project_x) == "ProjectTo[MaskedArray](ProjectTo[ndarray](dtype=float64, shape=(2, 2)), masked=2)"
    )
    for same in (ProjectTo(x * 2), copy.deepcopy(project_x), pickle.loads(pickle.dumps(project_x))):
        assert same == project_x
        assert hash(same) == hash(project_x)
    assert (
        project_x
        != ProjectTo(np.ma.array(x.data, mask=[[0, 0], [0, 1]]))
        != ProjectTo(np.ma.array(x.data, mask=x.mask.T ^ True))
    )
    assert ProjectTo(x.T)(np.array([[5.0, 6.0], [7.0, 8.0]])).tolist() == [[0.0, 6.0], [7.0, 0.0]]
    x[0, 1] = np.ma.masked  # which the projection does not see
    assert project_x(np.ones((2, 2))).sum() == 2.0


def test_a_cotangent_of_a_masked_primal_is_not_written_into():
    dx = np.ones(2)
    ProjectTo(np.ma.array([1.0, 2.0], mask=[True, False]))(dx)
    assert dx.tolist() == [1.0, 1.0]


def test_a_masked_element_and_masked_flags_have_no_tangent():
    assert ProjectTo(np.ma.masked)(1.0) is NoTangent()
    assert ProjectTo(np.ma.array([True, False], mask=[True, False]))(np.ones(2)) is NoTangent()
    objects = np.ma.array([1.0, 2.0], mask=[True, False], dtype=object)
    assert ProjectTo(objects)(np.ones(2)).tolist() == [NoTangent(), 1.0]


def test_a_read_only_cotangent_is_not_written_into():
    dx = np.broadcast_to(1 + 1j, (2, 2))
    assert np.array_equal(ProjectTo(np.zeros((2, 2)))(dx), np.ones((2, 2)))


@pytest.mark.parametrize(
    "x", [np.array([True]), np.array(["a"]), np.array([b"a"]), np.array(["2020"], "M8[D]")]
)
def test_arrays_of_flags_strings_and_dates_have_no_tangent(x):
    assert ProjectTo(x)(np.ones(7)) is NoTangent()


def test_records_are_not_known():
    dx = np.zeros(2, "f8,f8")
    assert ProjectTo(np.ones(2, "f8,f8"))(dx) is dx


# What cannot be perturbed, and what is not known


@pytest.mark.parametrize(
    "x",
    [
        *(True, np.True_, "a", b"a", bytearray(b"a"), None, Colour.RED, Level.LOW, slice(1), range(3), ...),
        *(float, Point, list[int], int | str, np.float64, np.dtype(float), np, NotImplemented),
        *(len, np.sin, np.sum, "".join, str.join, test_none_is_no_cotangent, functools.lru_cache(len)),
        *(types.MethodType(len, "a"), staticmethod(len), np.str_("a"), np.datetime64("2020"), ZeroTangent()),
        *(np.timedelta64(1, "s"), (), [], {}, ("a", True), {"a": None}),
    ],
)
def test_what_cannot_be_perturbed_has_no_tangent(x):
    for dx in (1.0, np.ones(3), None, Tangent[Point](a=1.0), thunk(lambda: pytest.fail("it ran"))):
        assert ProjectTo(x)(dx) is NoTangent()


@pytest.mark.parametrize("x", [object(), memoryview(b"a"), {1.0}, iter(()), functools.partial(len), Tracer()])
def test_unknown_types_give_the_identity(x):
    for dx in (1.0, np.ones(3), None, Tangent[Point](a=1.0), thunk(lambda: pytest.fail("it ran"))):
        assert ProjectTo(x)(dx) is dx


def test_a_tangent_as_a_primal_is_not_known_and_a_thunk_is_its_value():
    dx = 1.0 + 2.0j
    assert ProjectTo(Tangent[Point](a=1.0))(dx) is dx
    assert ProjectTo(thunk(lambda: 1.0))(dx) == 1.0


@pytest.mark.parametrize("x", [1.0, np.ones(2), (1.0,), Point(1.0, 2.0), [1.0], scipy.sparse.eye_array(2)])
def test_cotangents_of_unknown_classes_pass(x):
    dx = Tracer()
    assert ProjectTo(x)(dx) is dx


# Zeros, thunks, and what is not implemented


@pytest.mark.parametrize("x", PRIMALS)
def test_zeros_and_what_is_not_implemented_pass(x):
    missing = not_implemented("missing")
    for dx in (ZeroTangent(), NoTangent(), missing):
        assert ProjectTo(x)(dx) is dx


def test_a_thunk_is_projected_when_it_runs():
    runs = []
    projected = ProjectTo(np.float32(1))(thunk(lambda: runs.append(1) or 2.0 + 1j))
    assert type(projected) is Thunk
    assert not runs
    assert unthunk(projected) == np.float32(2)
    assert type(unthunk(projected)) is np.float32
    assert runs == [1]


def test_a_thunk_that_does_not_fit_is_refused_when_it_runs():
    projected = ProjectTo(1.0)(thunk(lambda: np.ones(2)))
    with pytest.raises(ProjectionError, match=r"of shape \(2,\)"):
        unthunk(projected)


def test_an_inplaceable_thunk_is_projected_as_its_value():
    project_x = ProjectTo(np.zeros(2))
    projected = project_x(InplaceableThunk(lambda x: x, thunk(lambda: np.ones(2, complex))))
    assert type(projected) is Thunk
    assert unthunk(projected).dtype == np.float64
    assert project_x(InplaceableThunk(lambda x: x, np.ones(2, complex))).dtype == np.float64


# The projection itself


@pytest.mark.parametrize("x", PRIMALS)
def test_a_projection_is_one_and_equals_its_copies(x):
    project_x = ProjectTo(x)
    assert isinstance(project_x, ProjectTo)
    assert project_x == ProjectTo(x)
    for copied in (copy.copy(project_x), copy.deepcopy(project_x), pickle.loads(pickle.dumps(project_x))):
        assert copied == project_x
        assert hash(copied) == hash(project_x)
        assert repr(copied) == repr(project_x)


def test_projections_of_different_spaces_differ():
    projections = {
        ProjectTo(x)
        for x in (1.0, 1j, np.float32(1), True, object(), Fraction(1), np.ones(2), np.ones((2, 1)), [1.0])
    }
    projections |= {
        ProjectTo(x) for x in (np.ones(2, complex), (1.0,), {"a": 1.0}, Point(1.0, 2.0), [1.0, 2.0])
    }
    assert len(projections) == 14


@pytest.mark.parametrize(
    ("x", "shown"),
    [
        (1.5, "ProjectTo[float]()"),
        (3, "ProjectTo[float]()"),
        (np.complex64(1), "ProjectTo[complex64]()"),
        (Fraction(1, 2), "ProjectTo[Real]()"),
        (True, "ProjectTo[NoTangent]()"),
        (object(), "ProjectTo[Any]()"),
        (np.ones((2, 3), np.float32), "ProjectTo[ndarray](dtype=float32, shape=(2, 3))"),
        ((1.0, "a"), "ProjectTo[tuple](ProjectTo[float](), ProjectTo[NoTangent]())"),
        ({"a": 1.0}, "ProjectTo[dict]({'a': ProjectTo[float]()})"),
        (Point(1.0, 2j), "ProjectTo[Point](a=ProjectTo[float](), b=ProjectTo[complex]())"),
        (
            np.array([1.0, "a"], dtype=object),
            "ProjectTo[ndarray](shape=(2,), ProjectTo[float](), ProjectTo[NoTangent]())",
        ),
        (scipy.sparse.eye_array(2), "ProjectTo[dia_array](dtype=float64, shape=(2, 2), stored=2)"),
    ],
)
def test_the_repr_tells_the_space(x, shown):
    assert repr(ProjectTo(x)) == shown


class Box:
    def __init__(self, x):
        self.x = x
        self.me = self


@pytest.mark.parametrize(
    "make", [lambda: Box(1.0), lambda: np.ones(3).view(Vector), lambda: scipy.sparse.eye_array(3)]
)
def test_a_projection_does_not_keep_its_primal_alive(make):
    x = make()
    project_x, dead = ProjectTo(x), weakref.ref(x)
    del x
    gc.collect()
    assert dead() is None, project_x


@pytest.mark.parametrize("call", [lambda: ProjectTo(), lambda: ProjectTo(1.0, 2.0), lambda: ProjectTo(x=1.0)])
def test_it_takes_one_primal(call):
    with pytest.raises(TypeError, match=r"ProjectTo\(x\) takes one primal, but got [012] arguments"):
        call()


@pytest.mark.parametrize("zero", [NoTangent, ZeroTangent])
@pytest.mark.parametrize(
    "x", [1.0, 1j, Fraction(1, 2), np.ones(2), (1.0,), [1.0], {"a": 1.0}, Point(1.0, 2.0)]
)
def test_the_class_of_a_zero_is_told_from_the_zero(x, zero):
    name = zero.__name__
    message = rf"x is an? .*, but its cotangent is the class {name}; write `{name}\(\)`$"
    with pytest.raises(ProjectionError, match=message):
        ProjectTo(x)(zero)


@pytest.mark.parametrize("x", [1.0, 1j, Fraction(1, 2)])
def test_only_what_has_axes_is_to_be_summed(x):
    for dx in (np.ones(2), [1.0, 2.0], scipy.sparse.csr_array(np.eye(2))):
        with pytest.raises(
            ProjectionError, match=r"give a number; sum over the axes along which x was broadcast$"
        ):
            ProjectTo(x)(dx)
    for dx in ("a", (1.0,), {"a": 1.0}, float, Tangent[Point](a=1.0)):
        with pytest.raises(ProjectionError, match=r"give a number$"):
            ProjectTo(x)(dx)
