"""The zeros as objects, as numbers, and as stand-ins for the parts of anything."""

import copy
import pickle

import numpy as np
import pytest
import scipy.sparse

from adjoint2rrule.core import AbstractTangent, AbstractZero, NoTangent, ZeroTangent


@pytest.fixture(params=[ZeroTangent, NoTangent])
def zero(request):
    return request.param()


def test_each_zero_is_a_single_object(zero):
    assert type(zero)() is zero
    assert pickle.loads(pickle.dumps(zero)) is zero
    assert copy.copy(zero) is copy.deepcopy(zero) is zero
    assert copy.deepcopy({"part": [zero]})["part"][0] is zero


def test_the_zeros_differ():
    assert ZeroTangent() != NoTangent()
    assert len({ZeroTangent(), NoTangent(), ZeroTangent()}) == 2


def test_a_zero_equals_nothing_else(zero):
    for x in (0, 0.0, np.float64(0.0), None, False, "ZeroTangent()"):
        assert zero != x
        assert x != zero
    assert (zero == np.zeros(3)) is False
    assert (np.zeros(3) == zero) is False
    assert (np.zeros(3) != zero) is True


def test_abstract_zero_has_no_instances():
    with pytest.raises(TypeError, match="AbstractZero has no instances"):
        AbstractZero()


def test_the_classes_are_as_in_chainrulescore(zero):
    assert isinstance(zero, AbstractZero)
    assert isinstance(zero, AbstractTangent)


def test_repr_reads_as_the_constructor(zero):
    assert eval(repr(zero)) is zero
    assert str(zero) == f"{type(zero).__name__}()"


def test_a_zero_is_false_and_nought(zero):
    assert not zero
    assert float(zero) == 0.0
    assert type(float(zero)) is float
    assert complex(zero) == 0j
    assert int(zero) == 0


def test_a_zero_has_no_order(zero):
    with pytest.raises(TypeError):
        zero < 1.0  # noqa: B015


def test_every_part_of_a_zero_is_that_zero(zero):
    assert zero.field is zero._private is zero[0] is zero["key"] is zero[:, None] is zero
    assert zero.T is zero.real is zero.imag is zero
    assert list(zero) == [zero]
    (part,) = zero
    assert part is zero


def test_every_method_of_a_zero_gives_that_zero(zero):
    assert zero.conj() is zero.sum() is zero.sum(axis=0, keepdims=True) is zero
    assert zero.reshape(2, 3) is zero.transpose() is zero.copy() is zero.field.ravel() is zero


def test_a_zero_follows_no_protocol_that_it_does_not_define(zero):
    for name in ("__len__", "__array_interface__", "__jax_array__", "__wrapped__"):
        assert not hasattr(zero, name)


def test_a_zero_cannot_be_changed(zero):
    with pytest.raises(AttributeError):
        zero.field = 1.0
    with pytest.raises(TypeError):
        zero[0] = 1.0


def test_arrays_made_of_zeros_are_float_arrays(zero):
    for x in (np.asarray(zero), np.array([zero, 1.0]), np.full(3, zero), np.stack([zero, 1.0])):
        assert x.dtype == float
    assert np.asarray(zero, dtype=np.complex64).dtype == np.complex64


@pytest.mark.parametrize(
    "function", [np.sum, np.mean, np.trace, np.real, np.imag, np.ravel, np.transpose, np.diag, np.cumsum]
)
def test_linear_functions_of_a_zero_are_that_zero(zero, function):
    assert function(zero) is zero


def test_linear_functions_with_more_arguments_are_that_zero(zero):
    x = np.ones((2, 3))
    assert np.reshape(zero, (2, 3)) is np.sum(zero, axis=0) is np.swapaxes(zero, 0, 1) is zero
    assert np.einsum("ij,j->i", x, zero) is np.tensordot(zero, x, axes=1) is np.outer(x, zero) is zero


def test_other_functions_take_a_zero_for_nought(zero):
    assert np.exp(zero) == 1.0
    assert np.linalg.norm(zero) == 0.0
    assert np.maximum(np.array([-1.0, 2.0], dtype=np.float32), zero).dtype == np.float32
    assert np.where([True, False], zero, 2.0).tolist() == [0.0, 2.0]
    assert np.isfinite(zero)
    assert np.allclose(zero, 0.0)


def test_scattering_a_zero_adds_nothing(zero):
    x = np.ones(3)
    np.add.at(x, [0, 0], zero)
    np.add(x, zero, out=x)
    assert x.tolist() == [1.0, 1.0, 1.0]


def test_nothing_is_written_into_a_zero(zero):
    for write in (
        lambda: np.add(1.0, 1.0, out=zero),
        lambda: np.copyto(zero, 1.0),
        lambda: np.add.at(zero, 0, 1.0),
    ):
        with pytest.raises(TypeError):
            write()


@pytest.mark.parametrize("kind", [scipy.sparse.csr_array, scipy.sparse.csc_matrix, scipy.sparse.coo_array])
def test_sparse_arrays_absorb_zeros(zero, kind):
    x = kind(np.eye(2))
    assert zero + x is x
    assert x + zero is x
    assert x - zero is x
    assert zero * x is zero @ x is zero
