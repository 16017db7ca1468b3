"""Which values are taken for scipy's sparse arrays."""

import subprocess
import sys
from collections.abc import Mapping

import numpy as np
import pytest
import scipy.sparse

from adjoint2rrule.core import StructuralTangent, Tangent, ZeroTangent, add_inplace, backing
from adjoint2rrule.core.sparse import is_sparse, is_sparse_class


class Operator:
    def __init__(self, A):
        self.A = A


@pytest.mark.parametrize("cls", [scipy.sparse.csr_array, scipy.sparse.coo_matrix, scipy.sparse.dia_array])
def test_sparse_arrays_and_matrices_are_sparse(cls):
    assert is_sparse(cls(np.eye(2)))


@pytest.mark.parametrize("x", [np.eye(2), 0.0, None, ZeroTangent(), Tangent[dict](nnz=1)], ids=str)
def test_nothing_else_is(x):
    assert not is_sparse(x)


@pytest.mark.parametrize("cls", [scipy.sparse.csr_array, scipy.sparse.dok_matrix, scipy.sparse.dok_array])
def test_classes_of_sparse_arrays_are_sparse(cls):
    assert is_sparse_class(cls)
    assert not any(map(is_sparse_class, (dict, np.ndarray, Tangent[cls])))


@pytest.mark.parametrize("cls", [scipy.sparse.dok_array, scipy.sparse.dok_matrix])
def test_sparse_arrays_that_are_dicts_calculate_as_sparse_arrays(cls):
    D, dA = cls(np.eye(2)), Tangent[Operator](A=cls(np.eye(2)))
    for total in ((dA + dA).A, (dA * 2).A, (2 * dA).A, -(-dA - dA).A, add_inplace(D, D)):
        np.testing.assert_array_equal(total.toarray(), 2 * np.eye(2))
    np.testing.assert_array_equal((Operator(D) + dA).A.toarray(), 2 * np.eye(2))
    assert dA == Tangent[Operator](A=cls(np.eye(2)))
    assert not isinstance(StructuralTangent[cls](), Mapping)
    assert backing(D).keys() == vars(D).keys()


def test_scipy_is_not_imported_to_find_out():
    code = (
        "import sys; from adjoint2rrule.core.sparse import is_sparse;"
        "print(is_sparse(1.0), 'scipy' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout == "False False\n"
