"""Which tangent space a primal has: the table from types to spaces.

Ports: `to_vec` of FiniteDifferences.jl, by which ChainRulesTestUtils.jl lays out any value as a vector.
"""

from __future__ import annotations

from enum import Enum
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from adjoint2rrule.testing.numeric_space import Integers, Numeric, Sparse, is_sparse
from adjoint2rrule.testing.structure_space import Elements, Entries, Fields, Items, NamedItems, Structure
from adjoint2rrule.testing.tangent_space import NoSpace, TangentSpace

# Some of these have attributes, none of them a field that could be moved. A Boolean comes before the
# integers, an `Enum` that is also a float or a tuple before these.
ATOMS = (
    *(bool, np.bool_, Enum, str, bytes, bytearray, type(None), type, slice, range),
    *(FunctionType, BuiltinFunctionType, MethodType, ModuleType, np.ufunc, np.dtype),
)


def tangent_space(x: Any, inside: frozenset[int] = frozenset()) -> TangentSpace:
    """Return the tangent space of the primal `x`.

    An object that is reached again from its own parts (`inside` holds what it is reached through) is
    left alone there: the way round would not end.
    """
    if isinstance(x, ATOMS) or id(x) in inside:
        return NoSpace(x)
    if isinstance(x, (int, np.integer)):
        return Integers(x)
    if isinstance(x, (float, complex, np.floating, np.complexfloating)):
        return Numeric(x)
    if is_sparse(x):
        return Sparse(x) if x.dtype.kind in "fc" else NoSpace(x)
    if isinstance(x, np.ndarray) and x.dtype.kind != "O":
        return _array_space(x)
    kind = structure_kind(x)
    if kind is None:
        return NoSpace(x)
    inside |= {id(x)}
    return kind(x, {key: tangent_space(part, inside) for key, part in kind.parts(x).items()})


def structure_kind(x: Any) -> type[Structure] | None:
    """Return the kind of space that a primal with parts has; `None` for what has none."""
    if isinstance(x, (*ATOMS, int, np.generic)):
        return None
    if isinstance(x, np.ndarray):
        return Elements if x.dtype.kind == "O" else None
    if isinstance(x, tuple):
        return NamedItems if hasattr(x, "_fields") else Items
    if isinstance(x, (list, dict)):
        return Items if isinstance(x, list) else Entries
    return Fields if Fields.parts(x) else None


def _array_space(x: np.ndarray[Any, Any]) -> TangentSpace:
    if x.dtype.kind in "fc":
        return Numeric(x)
    return Integers(x) if x.dtype.kind in "iu" else NoSpace(x)
