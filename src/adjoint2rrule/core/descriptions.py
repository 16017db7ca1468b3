"""What debug mode says of values: what they are, their parts, and how the way to a part is written."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from numbers import Complex, Integral, Number, Real
from typing import Any

import numpy as np

from adjoint2rrule.core.sparse import is_sparse
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero
from adjoint2rrule.core.tangent_types.primal_fields import fields_of
from adjoint2rrule.core.tangent_types.structural_tangent import StructuralTangent

#: The kinds of numpy's dtypes that a tangent can have.
NUMBERS = frozenset("iufc")


def kind_of_numbers(x: Any) -> str:
    """Return the kind of numpy's dtypes that the numbers in `x` have; nothing where it holds none."""
    if isinstance(x, Enum):  # a name, be it a number as well
        return ""
    if isinstance(x, (np.ndarray, np.generic)) or is_sparse(x):
        return str(x.dtype.kind)
    if isinstance(x, (bool, Integral)):
        return "b" if isinstance(x, bool) else "i"
    if isinstance(x, Complex) and not isinstance(x, Real):
        return "c"
    return "f" if isinstance(x, Number) else ""


def described(x: Any) -> str:
    """Return what messages call a value: what it is rather than what is in it."""
    if isinstance(x, np.ndarray) or is_sparse(x):
        return f"a {type(x).__name__} of shape {x.shape} and dtype {x.dtype}"
    if x is None or isinstance(x, AbstractZero):
        return repr(x)
    name = type(x).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def parts_of(x: Any) -> Mapping[Any, Any]:
    """Return the parts of a primal by their keys: fields, entries, or elements."""
    if isinstance(x, dict):
        return x
    if isinstance(x, (tuple, list)):
        return dict(zip(getattr(x, "_fields", range(len(x))), x, strict=True))
    return fields_of(x)


def stored_parts(tangent: StructuralTangent) -> Mapping[Any, Any]:
    """Return the parts that a structural tangent stores, by their keys; thunks stay thunks."""
    stored = tangent.__backing__
    return dict(enumerate(stored)) if isinstance(stored, tuple) else stored


def step_to(x: Any, key: Any) -> str:
    """Return how the part of a primal with this key is written after the name of the whole."""
    return f".{key}" if isinstance(key, str) and not isinstance(x, dict) else f"[{key!r}]"
