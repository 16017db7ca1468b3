"""What numpy's functions make of tangents: what is right, or an error that says why not."""

import operator

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse
import scipy.special

from adjoint2rrule.core import (
    MutateTangentError,
    MutateThunkError,
    NoTangent,
    NotImplementedTangentError,
    Tangent,
    TangentConversionError,
    ZeroTangent,
    ZeroTangentDivisionError,
    not_implemented,
    thunk,
    unthunk,
)


@pytest.fixture(params=[ZeroTangent, NoTangent])
def z(request):
    return request.param()


x = np.ones((2, 3))
x.flags.writeable = False

LINEAR = {
    "sum": lambda z: np.sum(z, axis=0),
    "mean": lambda z: np.mean(z, axis=1, keepdims=True),
    "einsum": lambda z: np.einsum("ij,jk->ik", x, z),
    "tensordot": lambda z: np.tensordot(z, x, axes=1),
    "dot": lambda z: np.dot(x, z),
    "outer": lambda z: np.outer(z, x),
    "kron": lambda z: np.kron(x, z),
    "convolve": lambda z: np.convolve(z, np.ones(3)),
    "reshape": lambda z: np.reshape(z, (2, 3)),
    "transpose": lambda z: np.transpose(z, (1, 0)),
    "moveaxis": lambda z: np.moveaxis(z, 0, 1),
    "zeros_like": np.zeros_like,
    "copy": np.copy,
    "stack of zeros": lambda z: np.stack([z, z]),
    "fft": np.fft.fft,
    "inverse fft": lambda z: np.fft.irfftn(z, s=(4,)),
    "linalg.matmul": lambda z: np.linalg.multi_dot([x, z]),
    "fft by name": lambda z: np.fft.fft(a=z),
    "dot by name": lambda z: np.dot(a=x, b=z),
    "multi_dot of thunks": lambda z: np.linalg.multi_dot([thunk(lambda: x), z, np.ones(2)]),
    "multi_dot by name": lambda z: np.linalg.multi_dot(arrays=[x, z]),
    "einsum without a string": lambda z: np.einsum(x, [0, 1], z, [1, 2], [0, 2]),
    "a list of zeros": lambda z: np.outer([z, [z]], thunk(lambda: x)),
    "stack of zeros by name": lambda z: np.stack(arrays=[z, z]),
    "product with options": lambda z: np.multiply(z, np.full(2, np.inf), dtype=float),
    "quotient with options": lambda z: np.divide(z, np.zeros(2), dtype=float),
    "negative with options": lambda z: np.negative(z, dtype=float),
    "outer product": lambda z: np.multiply.outer(z, np.full(2, np.inf)),
    "outer product from the right": lambda z: np.multiply.outer(np.full(2, np.nan), z),
    "reduction": np.add.reduce,
    "matmul with options": lambda z: np.matmul(x, z, dtype=np.float32),
}


@pytest.mark.parametrize("call", LINEAR.values(), ids=LINEAR.keys())
def test_linear_functions_give_the_zero_back(z, call):
    assert call(z) is z


VALUES = {
    "where": (
        lambda z: np.where([True, False], z, np.float32([1, 2])),
        np.array([0.0, 2.0], dtype=np.float32),
    ),
    "condition": (lambda z: np.where(z, 1.0, 2.0), np.array(2.0)),
    "clip": (lambda z: np.clip([-1.0, 1.0], z, None), np.array([0.0, 1.0])),
    "maximum": (lambda z: np.maximum(np.float32([-1, 1]), z), np.array([0.0, 1.0], dtype=np.float32)),
    "norm": (np.linalg.norm, np.float64(0.0)),
    "full_like": (lambda z: np.full_like(x, z), np.zeros((2, 3))),
    "full": (lambda z: np.full(2, z), np.zeros(2)),
    "broadcast_to": (lambda z: np.broadcast_to(z, (2, 3)), np.zeros((2, 3))),
    "stack with numbers": (lambda z: np.stack([z, 1.0]), np.array([0.0, 1.0])),
    "array": (lambda z: np.array([[z, 1.0], [2.0, z]]), np.array([[0.0, 1.0], [2.0, 0.0]])),
    "insert": (lambda z: np.insert(np.ones(1), 0, z), np.array([0.0, 1.0])),
    "choose": (lambda z: np.choose([0, 1], [z, 1.0]), np.array([0.0, 1.0])),
    "exp": (np.exp, np.float64(1.0)),
    "erf": (scipy.special.erf, np.float64(0.0)),
    "mask": (lambda z: np.sum(x, where=z, initial=2.0), np.float64(2.0)),
    "initial": (lambda z: np.sum(x, initial=z), np.float64(6.0)),
    "outer of a ufunc": (lambda z: np.add.outer(z, [1.0, 2.0]), np.array([1.0, 2.0])),
    "assignment": (lambda z: assigned(np.ones(2), z), np.array([1.0, 0.0])),
}


def assigned(y, z):
    y[1] = z
    return y


@pytest.mark.parametrize(("call", "expected"), VALUES.values(), ids=VALUES.keys())
def test_other_functions_take_it_for_nought(z, call, expected):
    result = call(z)
    assert (np.shape(result), np.asarray(result).dtype) == (np.shape(expected), expected.dtype)
    np.testing.assert_array_equal(result, expected)


SHAPED = {
    "concatenate": lambda z: np.concatenate([x, z]),
    "stack": lambda z: np.stack([x, z]),
    "hstack": lambda z: np.hstack([z, x]),
    "vstack": lambda z: np.vstack([z, z]),
    "block": lambda z: np.block([[x, z]]),
    "append": lambda z: np.append(x, z),
    "pad": lambda z: np.pad(z, 1),
    "split": lambda z: np.split(z, 2),
    "ones_like": np.ones_like,
    "full_like": lambda z: np.full_like(z, 2.0),
    "atleast_2d": np.atleast_2d,
    "meshgrid": lambda z: np.meshgrid(z, x),
    "inv": np.linalg.inv,
    "solve": lambda z: np.linalg.solve(np.eye(2), z),
    "svd": np.linalg.svd,
    "norm along an axis": lambda z: np.linalg.norm(z, axis=0),
    "polyval": lambda z: np.polyval(z, x),
}


@pytest.mark.parametrize("name", SHAPED)
def test_functions_that_need_its_shape_say_so(z, name):
    with pytest.raises(TangentConversionError, match=rf"{name.split()[0]}.* got {z!r}.*np\.zeros\(shape\)"):
        SHAPED[name](z)


def test_the_reason_that_numpy_gives_is_kept(z):
    with pytest.raises(
        TangentConversionError, match=r"numpy says: .*all input arrays must have the same"
    ) as raised:
        np.stack([x, z])
    assert isinstance(raised.value.__cause__, ValueError)


OUT = {
    "sum": lambda z, out: np.sum(z, axis=0, out=out),
    "einsum": lambda z, out: np.einsum("ij->i", z, out=out),
    "dot": lambda z, out: np.dot(x, z, out=out),
    "dot by position": lambda z, out: np.dot(x, z, out),
    "multiply": lambda z, out: np.multiply(2.0, z, out=out),
    "add": lambda z, out: np.add(0.0, z, out=out),
    "exp": lambda z, out: np.subtract(np.exp(z, out=out), 1.0, out=out),
}


@pytest.mark.parametrize("call", OUT.values(), ids=OUT.keys())
def test_what_has_an_out_is_written_there(z, call):
    out = np.full(2, 5.0)
    assert call(z, out) is out
    assert out.tolist() == [0.0, 0.0]


OPTIONS = {
    "keyword": (lambda z: np.diff([1.0, 3.0], prepend=z), [1.0, 2.0]),
    "of the sum": (lambda z: np.sum(T([1.0, 2.0]), None, None, None, False, z), 3.0),
    "of an index, as numpy takes numbers": (lambda z: np.take(T([5.0, 2.0]), z), 5.0),
    "of the differences": (lambda z: np.diff(T([1.0, 3.0]), 1, -1, z), [1.0, 2.0]),
}


@pytest.mark.parametrize(("call", "expected"), OPTIONS.values(), ids=OPTIONS.keys())
def test_a_zero_that_is_no_operand_of_a_linear_function_is_an_option(z, call, expected):
    np.testing.assert_array_equal(call(z), expected)


INDICES = {
    "delete": lambda z: np.delete(T([1.0, 2.0]), z),
    "tile": lambda z: np.tile(T([1.0, 2.0]), [z]),
}


@pytest.mark.parametrize("name", INDICES)
def test_a_zero_is_no_index(z, name):
    with pytest.raises(TangentConversionError, match=rf"{name} .* got {z!r}.*numpy says"):
        INDICES[name](z)


def T(value):
    """Return a thunk of an array."""
    return thunk(lambda: np.array(value))


PARTLY_ZERO = {
    "dot": lambda v: np.dot(v, T([3.0, 2.0])),
    "inner": lambda v: np.inner(T([3.0, 2.0]), v),
    "outer": lambda v: np.outer(v, T([3.0, 2.0])),
    "kron": lambda v: np.kron(T([3.0, 2.0]), v),
    "einsum": lambda v: np.einsum("i,i->i", v, T([3.0, 2.0])),
    "tensordot": lambda v: np.tensordot(v, T([3.0, 2.0]), 1),
    "multi_dot": lambda v: np.linalg.multi_dot([v, T(np.eye(2)), T([3.0, 2.0])]),
    "convolve": lambda v: np.convolve(v, T([3.0, 2.0])),
    "outer product": lambda v: np.multiply.outer(v, T([3.0, 2.0])),
}


@pytest.mark.parametrize("call", PARTLY_ZERO.values(), ids=PARTLY_ZERO.keys())
def test_a_list_is_zero_only_where_all_its_elements_are(z, call):
    np.testing.assert_array_equal(call([z, 1.0]), call([0.0, 1.0]))
    assert call([z, z]) is z


@pytest.mark.parametrize("name", PARTLY_ZERO)
def test_a_list_never_hides_what_is_missing(z, name):
    missing = not_implemented("the order")
    for v in ([z, missing], [missing, z], [missing, 1.0]):
        if name in ("dot", "inner"):
            assert PARTLY_ZERO[name](v) is missing
            assert np.dot([z, 1.0], missing) is np.dot(missing, [z, 1.0]) is missing
        else:
            with pytest.raises(NotImplementedTangentError, match="the order"):
                PARTLY_ZERO[name](v)


@pytest.mark.parametrize("divide", [np.divide, lambda x, z: np.divide(x, z, dtype=float), np.divide.outer])
def test_nothing_is_divided_by_a_zero(z, divide):
    with pytest.raises(ZeroTangentDivisionError, match=f"division by {type(z).__name__}"):
        divide(np.ones(2), z)
    assert divide(z, np.ones(2)) is z


def test_zeros_are_written_where_they_are_asked_for(z):
    out = np.ones(2)
    assert np.multiply(z, [1.0, 2.0], out=out, where=[True, False]) is out
    assert out.tolist() == [0.0, 1.0]


def test_what_is_missing_is_not_written_into_an_out():
    with pytest.raises(NotImplementedTangentError):
        np.dot(np.ones(2), not_implemented(), out=np.ones(()))


@pytest.mark.parametrize("kind", [scipy.sparse.csr_array, scipy.sparse.csc_matrix, scipy.sparse.dia_array])
def test_sparse_products_leave_the_decision_to_zeros_and_thunks(z, kind):
    S = kind(np.eye(2))
    assert S @ z is S * z is z @ S is z * S is z
    two = thunk(lambda: 2.0)
    for product in (S * two, two * S):
        np.testing.assert_array_equal(product.toarray(), 2 * np.eye(2))
    np.testing.assert_array_equal((S / two).toarray(), np.eye(2) / 2)


def test_the_method_of_a_sparse_array_leaves_a_decision_that_nobody_takes(z):
    # scipy takes what it would return from `*` for a result; `unthunk` is the way out for thunks
    S, two = scipy.sparse.csr_array(np.eye(2)), thunk(lambda: 2.0)
    assert S.multiply(z) is S.multiply(two) is NotImplemented
    np.testing.assert_array_equal(S.multiply(unthunk(two)).toarray(), 2 * np.eye(2))


def test_the_method_dot_of_an_array_takes_a_zero_for_a_number(z):
    # numpy looks for no overrides there; `@` and `np.dot` are the way
    A = np.ones((2, 3))
    np.testing.assert_array_equal(A.dot(z), np.zeros((2, 3)))
    assert A @ z is np.dot(A, z) is z


def test_what_numpy_has_of_a_zero_or_thunk_is_a_plain_array(z):
    for t in (z, thunk(lambda: 0.0), thunk(lambda: np.array(0.0))):
        assert type(np.asarray(t)) is np.ndarray
        assert np.asarray(t).dtype == float
        assert np.array([t, 1.0]).tolist() == [0.0, 1.0]


def test_what_is_computed_from_any_array_of_it_is_plain(z):
    x = np.asanyarray(z)
    for y in (x + np.ones(3), np.ones(3) * x, np.maximum(x, np.ones(3))):
        assert type(y) is np.ndarray
        assert y.dtype == float
    assert type(np.cos(x)) is np.float64
    assert x.reshape(1).dtype == np.broadcast_to(x, 3).dtype == x.astype(float)[None].dtype == float


def test_other_classes_that_override_numpy_are_asked_too():
    class Quantity:
        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
            return "mine"

    t = Tangent[dict](a=1.0)
    assert np.multiply(Quantity(), t) == np.multiply(t, Quantity()) == "mine"


def test_masked_arrays_keep_their_masks(z):
    M = np.ma.array([1.0, 2.0], mask=[False, True])
    assert M * z is z * M is z
    assert M + z is z + M is M
    for op in (operator.iadd, operator.isub, operator.imul):
        result = op(M.copy(), z)
        assert result.mask.tolist() == [False, True]
    t = thunk(lambda: np.array([3.0, 4.0]))
    assert (M + t).tolist() == (t + M).tolist() == [4.0, None]


LISTS = {
    "exp": (np.exp, np.exp([0.0, 1.0])),
    "sum": (np.sum, 1.0),
    "dot": (lambda t: np.dot([2.0, 3.0], t), 3.0),
    "matmul": (lambda t: np.eye(2) @ t, np.array([0.0, 1.0])),
    "product": (lambda t: t * np.array([5.0, 2.0]), np.array([0.0, 2.0])),
    "quotient": (lambda t: t / np.array([5.0, 2.0]), np.array([0.0, 0.5])),
    "concatenate": (lambda t: np.concatenate([t, np.ones(1)]), np.array([0.0, 1.0, 1.0])),
    "norm": (np.linalg.norm, 1.0),
    "sparse": (lambda t: scipy.sparse.eye_array(2) @ t, np.array([0.0, 1.0])),
    "array": (np.array, np.array([0.0, 1.0])),
}


@pytest.mark.parametrize(("call", "expected"), LISTS.values(), ids=LISTS.keys())
@pytest.mark.parametrize("P", [tuple, list])
def test_the_tangent_of_a_sequence_is_the_array_of_its_elements(P, call, expected):
    np.testing.assert_allclose(call(Tangent[P](ZeroTangent(), thunk(lambda: 1.0))), expected)


def test_an_array_of_a_sequence_is_a_copy():
    t = Tangent[list](1.0, 2.0)
    np.asarray(t)[0] = 5.0
    assert t[0] == 1.0
    assert np.asarray(t, dtype=np.float32).dtype == np.float32
    if np.__version__ >= "2":  # before, `copy=False` only asked for no more copies than needed
        with pytest.raises(ValueError, match=r"must be copied"):
            np.array(t, copy=False)


LINALG = {
    "inv": np.linalg.inv,
    "det": np.linalg.det,
    "solve": lambda t: np.linalg.solve(t, t),
    "svd": lambda t: np.linalg.svd(t)[1],
    "eigh": lambda t: np.linalg.eigh(t).eigenvalues,
    "cholesky": np.linalg.cholesky,
    "norm": lambda t: np.linalg.norm(t, axis=0),
    "lstsq": lambda t: np.linalg.lstsq(t, t, rcond=None)[0],
    "matrix_power": lambda t: np.linalg.matrix_power(t, 3),
    "fft": np.fft.fft,
    "ifft2": np.fft.ifft2,
    "rfft": lambda t: np.fft.rfft(t, axis=0),
    "fftshift": np.fft.fftshift,
    "scipy": scipy.linalg.expm,
}


@pytest.mark.parametrize("call", LINALG.values(), ids=LINALG.keys())
def test_linear_algebra_and_transforms_see_the_value_of_a_thunk(call):
    A = np.array([[4.0, 1.0], [1.0, 3.0]])
    np.testing.assert_array_equal(call(thunk(lambda: A)), call(A))


WRITERS = {
    "copyto": lambda t: np.copyto(t, 1.0),
    "copyto by name": lambda t: np.copyto(src=1.0, dst=t),
    "fill_diagonal": lambda t: np.fill_diagonal(t, 1.0),
    "put": lambda t: np.put(t, 0, 1.0),
    "place": lambda t: np.place(t, [True], 1.0),
    "putmask": lambda t: np.putmask(t, [True], 1.0),
    "put_along_axis": lambda t: np.put_along_axis(t, np.zeros((1, 2), int), 1.0, axis=0),
    "out": lambda t: np.add(1.0, 1.0, out=t),
    "one of two outs": lambda t: np.modf(1.5, out=(np.ones(()), t)),
    "reduction": lambda t: np.add.reduce(np.ones((2, 2)), out=t),
    "function": lambda t: np.cumsum(np.ones(4), out=t),
    "dot": lambda t: np.dot(np.eye(2), np.eye(2), t),
    "at": lambda t: np.add.at(t, 0, 1.0),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS.keys())
@pytest.mark.parametrize("kind", ["zero", "thunk", "sequence"])
def test_nothing_is_written_into_a_tangent(kind, write):
    t = {"zero": ZeroTangent(), "thunk": thunk(lambda: np.eye(2)), "sequence": Tangent[list](1.0, 2.0)}[kind]
    with pytest.raises(
        MutateThunkError if kind == "thunk" else MutateTangentError, match="cannot be written into"
    ):
        write(t)
