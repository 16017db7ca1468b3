"""scipy's sparse arrays, recognised at no cost where scipy is not in use."""

from __future__ import annotations

import sys


def is_sparse(x: object) -> bool:
    """Return whether `x` is one of scipy's sparse arrays or matrices.

    Examples
    --------
    >>> is_sparse(2.0)
    False
    """
    sparse = sys.modules.get("scipy.sparse")  # where nobody has imported it, nothing is sparse
    return sparse is not None and bool(sparse.issparse(x))


def is_sparse_class(T: type) -> bool:
    """Return whether `T` is a class of scipy's sparse arrays or matrices.

    Examples
    --------
    >>> is_sparse_class(dict)
    False
    """
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and issubclass(T, (sparse.sparray, sparse.spmatrix))
