"""Whether two tangents, or the arrays in them, are the same, as one bool."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint2rrule.core.sparse import is_sparse
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.abstract_thunk import unthunk
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero


def same_value(a: Any, b: Any) -> bool:
    """Return whether `a` and `b` are equal, as one bool for arrays too; both zeros are one."""
    a, b = unthunk(a), unthunk(b)
    if a is b:
        return True
    if isinstance(a, AbstractZero) or isinstance(b, AbstractZero):
        return isinstance(a, AbstractZero) and isinstance(b, AbstractZero)
    if isinstance(a, AbstractTangent) or isinstance(b, AbstractTangent):
        # Not by the shape: a tangent may have any attribute that its primal may have.
        return type(a) is type(b) and bool(a == b)
    if getattr(a, "shape", ()) != getattr(b, "shape", ()):
        return False
    if is_sparse(a) and is_sparse(b):  # their `==` would be dense
        return not (a != b).nnz
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.dtype.kind == "O":  # of arrays, maybe
        return all(map(same_value, a.flat, b.flat))
    return bool(np.all(a == b))


def nonzero(backing: dict[Any, Any]) -> dict[Any, Any]:
    """Return the parts that are not a zero, unthunked."""
    values = {name: unthunk(value) for name, value in backing.items()}
    return {name: value for name, value in values.items() if not isinstance(value, AbstractZero)}


def same_backing(a: Any, b: Any) -> bool:
    """Return whether what two structural tangents store is equal, absent parts being zeros."""
    if isinstance(a, dict):
        a, b = nonzero(a), nonzero(b)
        return a.keys() == b.keys() and all(same_value(value, b[name]) for name, value in a.items())
    return len(a) == len(b) and all(map(same_value, a, b))
