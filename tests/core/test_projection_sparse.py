"""`ProjectTo` of scipy's sparse arrays and matrices."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from adjoint2rrule.core import (
    NoTangent,
    ProjectionError,
    ProjectTo,
    Tangent,
    Thunk,
    not_implemented,
    thunk,
    unthunk,
)

FORMATS = ("csr", "csc", "coo", "bsr", "dia", "dok", "lil")
CLASSES = [getattr(scipy.sparse, f"{name}_{kind}") for name in FORMATS for kind in ("array", "matrix")]
PATTERN = np.array([[1, 0, 2, 0], [0, 3, 0, 0], [4, 0, 0, 0]])
DENSE = np.arange(1.0, 13.0).reshape(3, 4)


def stored(x):
    """Return where a sparse array stores an entry, be it zero, as zeros and ones."""
    if x.format == "dia":
        x = type(x)((np.ones_like(x.data), x.offsets), shape=x.shape)
    entries, where = x.tocoo(), np.zeros(x.shape)
    where[entries.coords] = 1
    return where


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble, np.complex64, np.complex128])
@pytest.mark.parametrize("cls", CLASSES)
def test_a_dense_cotangent_is_taken_where_the_primal_stores_entries(cls, dtype):
    x = cls(PATTERN.astype(dtype))
    dx = ProjectTo(x)(DENSE + 1j)
    assert type(dx) is cls
    assert dx.dtype == dtype
    expected = DENSE + 1j if dx.dtype.kind == "c" else DENSE
    assert np.array_equal(dx.toarray(), expected * stored(x))
    assert np.array_equal(stored(dx), stored(x))


@pytest.mark.parametrize("other", CLASSES)
@pytest.mark.parametrize("cls", CLASSES)
def test_a_sparse_cotangent_is_taken_where_the_primal_stores_entries(cls, other):
    x = cls(PATTERN.astype(np.float32))
    elsewhere = other(np.flip(DENSE * (DENSE % 3 > 0)))
    dx = ProjectTo(x)(elsewhere)
    assert type(dx) is cls
    assert dx.dtype == np.float32
    assert np.array_equal(dx.toarray(), elsewhere.toarray() * stored(x))
    assert np.array_equal(stored(dx), stored(x))


@pytest.mark.parametrize("cls", CLASSES)
def test_a_sparse_cotangent_that_fits_comes_back_itself(cls):
    x = cls(PATTERN.astype(float))
    project_x = ProjectTo(x)
    dx = project_x(DENSE)
    assert project_x(dx) is dx
    assert project_x(x) is x


@pytest.mark.parametrize("cls", CLASSES)
def test_explicit_zeros_belong_to_the_pattern(cls):
    rows, columns = np.array([0, 0, 2]), np.array([0, 2, 3])
    zeros = scipy.sparse.coo_array((np.array([0.0, 1.0, 0.0]), (rows, columns)), shape=(3, 4))
    dx = ProjectTo(cls(zeros))(DENSE)
    assert np.array_equal(dx.toarray()[rows, columns], DENSE[rows, columns])
    assert dx.nnz == cls(zeros).nnz


def test_diagonals_and_blocks_keep_their_layout():
    diagonals = scipy.sparse.dia_array((np.zeros((2, 6)), [1, -1]), shape=(3, 4))
    dx = ProjectTo(diagonals)(DENSE)
    assert dx.offsets.tolist() == [1, -1]
    assert dx.toarray()[[0, 1, 2, 1], [1, 2, 3, 0]].tolist() == [2.0, 7.0, 12.0, 5.0]
    blocks = scipy.sparse.bsr_array(PATTERN, blocksize=(3, 2))
    assert ProjectTo(blocks)(DENSE).blocksize == (3, 2)
    assert np.array_equal(ProjectTo(blocks)(DENSE).toarray(), DENSE)


def test_many_diagonals_do_not_warn():
    x = scipy.sparse.dia_array((np.ones((150, 200)), range(150)), shape=(200, 200))
    assert ProjectTo(x)(np.ones((200, 200))).offsets.size == 150


def assembled(name, where):
    """Return a sparse array that stores 1.0, 2.0, ... in these places, in this order if its format can."""
    (i, j), values = np.array(where, int).reshape(-1, 2).T, np.arange(1.0, len(where) + 1)
    if name == "coo":
        return scipy.sparse.coo_array((values, (i, j)), shape=(3, 4))
    cls, (major, minor), length = getattr(scipy.sparse, f"{name}_array"), (i, j), 3
    if name == "csc":
        (major, minor), length = (j, i), 4
    order = np.argsort(major, kind="stable")
    starts = np.searchsorted(major[order], range(length + 1))
    values = values[order].reshape(-1, 1, 1) if name == "bsr" else values[order]
    return cls((values, minor[order], starts), shape=(3, 4))


def jacobian(x):
    """Return the differences of all entries of a sparse array by each of the values that it stores."""
    columns = []
    for k in range(x.data.size):
        moved = x.copy()
        moved.data.flat[k] += 1.0
        columns.append((moved.toarray() - x.toarray()).ravel())
    return np.array(columns).reshape(-1, 12).T


def stores_alike(x, y):
    if x.format == "coo":
        return all(map(np.array_equal, x.coords, y.coords))
    return np.array_equal(x.indices, y.indices) and np.array_equal(x.indptr, y.indptr)


places = st.tuples(st.integers(0, 2), st.integers(0, 3))
formats = st.sampled_from(["coo", "csr", "csc", "bsr"])
others = st.sampled_from([np.asarray, *CLASSES])


@given(formats, st.lists(places, unique=True), others)
def test_the_values_are_the_cotangents_of_those_of_the_primal_in_their_order(name, where, other):
    x = assembled(name, where)
    project_x = ProjectTo(x)
    dx = project_x(other(DENSE))
    assert np.array_equal(dx.data.ravel(), jacobian(x).T @ DENSE.ravel())
    assert stores_alike(dx, x)
    assert project_x(dx) is dx
    assert project_x(x) is x


@given(formats, st.lists(places), others)
def test_its_inner_product_with_what_the_stored_values_change_is_that_of_the_cotangent(name, where, other):
    x = assembled(name, where)
    project_x = ProjectTo(x)
    dx = project_x(other(DENSE))
    expected = jacobian(x).T @ DENSE.ravel()
    assert np.array_equal(jacobian(x).T @ dx.toarray().ravel(), expected)
    assert np.array_equal(jacobian(x).T @ project_x(dx + dx).toarray().ravel(), 2 * expected)
    assert np.array_equal(stored(dx), stored(x))
    assert project_x(dx) is dx


def test_the_cotangents_of_pieces_are_read_at_their_places():
    i, j = np.array([2, 0, 0]), np.array([1, 3, 3])
    x = scipy.sparse.coo_array((np.ones(3), (i, j)), shape=(3, 4))
    dx = ProjectTo(x)(DENSE)
    assert dx.nnz == 2
    assert np.asarray(dx.tocsr()[i, j]).tolist() == DENSE[i, j].tolist()


def test_blocks_out_of_order_stay_so():
    data, indices, starts = np.arange(8.0).reshape(2, 2, 2), np.array([1, 0]), np.array([0, 2])
    x = scipy.sparse.bsr_array((data, indices, starts), shape=(2, 4))
    dx = ProjectTo(x)(DENSE[:2])
    assert dx.indices.tolist() == [1, 0]
    assert dx.data.tolist() == [[[3, 4], [7, 8]], [[1, 2], [5, 6]]]
    assert ProjectTo(x)(x) is x


def test_a_dict_of_keys_fits_in_any_order():
    x = scipy.sparse.dok_array((2, 2))
    x[1, 1], x[0, 0] = 1.0, 2.0
    assert ProjectTo(x)(x) is x
    assert ProjectTo(x) == ProjectTo(x.tocsr().todok())


@pytest.mark.parametrize("cls", [scipy.sparse.coo_array, scipy.sparse.csr_array, scipy.sparse.csc_matrix])
def test_entries_that_are_stored_in_pieces_count_once(cls):
    pieces = (np.ones(3), (np.array([0, 0, 1]), np.array([1, 1, 0])))
    x = scipy.sparse.coo_array(pieces, shape=(2, 2))
    if cls is not scipy.sparse.coo_array:
        x = cls((np.ones(3), np.array([1, 1, 0]), np.array([0, 2, 3])), shape=(2, 2))
    dx = ProjectTo(x)(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert np.array_equal(dx.toarray(), [[0, 2], [3, 0]])
    assert dx.nnz == 2
    given = scipy.sparse.coo_array((np.ones(2), (np.zeros(2, int), np.ones(2, int))), shape=(2, 2))
    assert ProjectTo(x)(given).toarray()[0, 1] == 2.0


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("shape", [(3, 4), (0, 4)])
def test_an_empty_pattern_leaves_nothing(cls, shape):
    dx = ProjectTo(cls(shape))(np.ones(shape))
    assert (dx.shape, dx.nnz, type(dx)) == (shape, 0, cls)
    assert ProjectTo(cls(shape))(cls(np.ones(shape))).nnz == 0


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16])
def test_integers_count_as_doubles(cls, dtype):
    assert ProjectTo(cls(PATTERN.astype(dtype)))(DENSE.astype(np.float32)).dtype == np.float64


@pytest.mark.parametrize("cls", CLASSES)
def test_flags_have_no_tangent(cls):
    assert ProjectTo(cls(PATTERN > 0))(DENSE) is NoTangent()


@pytest.mark.parametrize("name", ["csr", "csc", "coo", "bsr", "dia"])
def test_neither_primal_nor_result_can_change_the_projection(name):
    x = getattr(scipy.sparse, f"{name}_array")(np.diag([1.0, 2.0, 3.0]))
    project_x = ProjectTo(x)
    for changed in (x, project_x(np.ones((3, 3)))):
        for array in ("data", "indices", "indptr", "offsets"):
            if hasattr(changed, array):
                getattr(changed, array)[...] = 0
        for coordinates in changed.coords if name == "coo" else ():
            coordinates[:] = 0
        assert np.array_equal(project_x(np.ones((3, 3))).toarray(), np.eye(3))


def test_arrays_of_one_axis_and_of_three():
    line = scipy.sparse.coo_array(np.array([0.0, 1.0, 2.0]))
    for dx in (
        np.ones(3),
        np.ones((3, 1)),
        scipy.sparse.coo_array(np.ones(3)),
        scipy.sparse.csc_array(np.ones((3, 1))),
    ):
        assert ProjectTo(line)(dx).toarray().tolist() == [0, 1, 1]
    if tuple(map(int, scipy.__version__.split(".")[:2])) >= (1, 15):  # which first has three axes
        cube = scipy.sparse.coo_array(np.arange(8.0).reshape(2, 2, 2))
        dx = ProjectTo(cube)(scipy.sparse.coo_array(np.ones((2, 2, 2))))
        assert (dx.shape, dx.nnz, dx.toarray().sum()) == ((2, 2, 2), 7, 7.0)


def test_large_shapes_take_no_memory():
    where = (np.array([0, 10**9]), np.array([5, 10**10]))
    x = scipy.sparse.coo_array((np.ones(2), where), shape=(10**10, 10**11))
    given = scipy.sparse.coo_array((np.array([3.0, 4.0]), tuple(i[::-1] for i in where)), shape=x.shape)
    assert ProjectTo(x)(given).data.sum() == 7.0


def test_a_subclass_stays_one():
    class Laplacian(scipy.sparse.csr_array):
        pass

    assert type(ProjectTo(Laplacian(PATTERN))(DENSE)) is Laplacian


@pytest.mark.parametrize("cls", CLASSES)
def test_projections_on_equal_patterns_are_equal(cls):
    x = cls(PATTERN.astype(float))
    project_x = ProjectTo(x)
    assert project_x == ProjectTo(x * 2)
    assert project_x != ProjectTo(cls(PATTERN.astype(np.float32)))
    assert project_x != ProjectTo(cls(PATTERN.T.astype(float)))
    assert project_x != ProjectTo(cls(np.flip(PATTERN).astype(float)))
    assert project_x != ProjectTo(PATTERN)
    for copied in (copy.deepcopy(project_x), pickle.loads(pickle.dumps(project_x))):
        assert copied == project_x
        assert hash(copied) == hash(project_x)
        assert np.array_equal(copied(DENSE).toarray(), project_x(DENSE).toarray())


def test_tangents_thunks_and_arrays_of_tangents():
    project_x = ProjectTo(scipy.sparse.csr_array(PATTERN))
    structural = Tangent[scipy.sparse.csr_array](data=np.ones(4))
    assert project_x(structural) is structural
    projected = project_x(thunk(lambda: DENSE))
    assert type(projected) is Thunk
    assert unthunk(projected).nnz == 4
    missing = not_implemented("missing")
    objects = np.empty(PATTERN.shape, dtype=object)
    for index in np.ndindex(objects.shape):
        objects[index] = missing
    assert project_x(objects) is missing


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize(
    ("dx", "message"),
    [
        (1.0, r"x is a \w+ of shape \(3, 4\), but its cotangent is 1\.0 \(float\)"),
        ([[1.0]], r"\(list\); give a sparse or dense array"),
        (np.ones((4, 3)), r"x has shape \(3, 4\) and its cotangent \(4, 3\).*transposed"),
        (scipy.sparse.eye_array(4), r"x has shape \(3, 4\) and its cotangent \(4, 4\)"),
        (np.full((3, 4), "a"), "dtype <U1"),
    ],
    ids=["number", "list", "transposed", "sparse", "strings"],
)
def test_what_is_no_array_of_the_shape_is_refused(cls, dx, message):
    with pytest.raises(ProjectionError, match=message):
        ProjectTo(cls(PATTERN))(dx)


def test_scipy_is_not_imported_to_project():
    code = (
        "import sys, numpy; from adjoint2rrule.core import ProjectTo;"
        "ProjectTo({'a': numpy.ones(2)})({'a': numpy.ones(2, complex)}); print('scipy' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout == "False\n"
