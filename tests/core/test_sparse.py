"""Which values are taken for scipy's sparse arrays."""

import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse

from adjoint2rrule.core import Tangent, ZeroTangent
from adjoint2rrule.core.sparse import is_sparse


@pytest.mark.parametrize("cls", [scipy.sparse.csr_array, scipy.sparse.coo_matrix, scipy.sparse.dia_array])
def test_sparse_arrays_and_matrices_are_sparse(cls):
    assert is_sparse(cls(np.eye(2)))


@pytest.mark.parametrize("x", [np.eye(2), 0.0, None, ZeroTangent(), Tangent[dict](nnz=1)], ids=str)
def test_nothing_else_is(x):
    assert not is_sparse(x)


def test_scipy_is_not_imported_to_find_out():
    code = (
        "import sys; from adjoint2rrule.core.sparse import is_sparse;"
        "print(is_sparse(1.0), 'scipy' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout == "False False\n"
