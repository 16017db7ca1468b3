"""From what a rule returned to one cotangent for each leaf: the other way round from `leaves.tangent`.

A thunk is forced where a leaf that it is for is needed, and else never. What cannot be the cotangent of its
leaf is refused: a framework that got it would fail later and in its own words, or broadcast it to a wrong
gradient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adjoint2rrule.core import (
    AbstractZero,
    NoTangent,
    NotImplementedTangent,
    StructuralTangent,
    ZeroTangent,
    primal_type,
    unthunk,
)
from adjoint2rrule.core.descriptions import described, step_to, stored_parts
from adjoint2rrule.core.projection.plain_arrays import plain
from adjoint2rrule.core.shapes import alike_with_axes, shape_of
from adjoint2rrule.core.sparse import is_sparse
from adjoint2rrule.interop.leaves import IsLeaf, leaves, parts_of

ZERO = ZeroTangent()

_REAL = frozenset((int, float, np.float64, type(ZERO), NoTangent))


class MisfitError(Exception):
    """A value cannot be the cotangent that it stands for; the way to it is told as the error passes.

    Parameters
    ----------
    problem, expected
        What is wrong, and what would be right, for the middle and the end of a sentence.
    """

    def __init__(self, problem: str, expected: str) -> None:
        super().__init__(problem, expected)
        self.problem, self.expected, self.path = problem, expected, ""


def cotangents_of_leaves(x: Any, x̄: Any, needed: Sequence[bool], is_leaf: IsLeaf) -> list[Any]:
    """Return the part of `x̄` for each leaf of `x`, `ZeroTangent` where there is none or it is not needed.

    Raises
    ------
    MisfitError
        Where `x̄` cannot be the cotangent of `x`.
    NotImplementedTangentError
        Where a cotangent is needed that the rule does not implement.

    Examples
    --------
    >>> from adjoint2rrule.core import Tangent, thunk
    >>> from adjoint2rrule.interop.leaves import is_leaf
    >>> x, x̄ = {"a": 1.5, "b": 2.5}, Tangent[dict](a=thunk(lambda: 3.0), b=thunk(lambda: print("forced")))
    >>> cotangents_of_leaves(x, x̄, [True, False], is_leaf)
    [3.0, ZeroTangent()]
    """
    if not any(needed):
        return [ZERO for _ in needed]
    x̄ = unthunk(x̄)
    if isinstance(x̄, AbstractZero):
        return [ZERO for _ in needed]
    if x̄ is None:
        raise MisfitError("is None", "NoTangent(), or ZeroTangent() where it can be perturbed")
    if isinstance(x̄, NotImplementedTangent):
        float(x̄)  # raises, and tells the place where it was made
    return [checked(x, x̄)] if is_leaf(x) else _of_parts(x, x̄, needed, is_leaf)


def _of_parts(x: Any, x̄: Any, needed: Sequence[bool], is_leaf: IsLeaf) -> list[Any]:
    parts = parts_of(x, is_leaf)
    given = _parts_of_tangent(x, x̄, parts)
    found: list[Any] = []
    for key, part in parts.items():
        flags = needed[len(found) : len(found) + len(leaves(part, is_leaf))]
        try:
            found += cotangents_of_leaves(part, given.get(key, ZERO), flags, is_leaf)
        except MisfitError as misfit:
            misfit.path = step_to(x, key) + misfit.path
            raise
    return found


def _parts_of_tangent(x: Any, x̄: Any, parts: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """Return the parts of the tangent `x̄` by the keys that `x` has for them."""
    wanted = f"Tangent[{type(x).__name__}](...)"
    if type(x̄) is type(x):
        return parts_of(x̄, lambda _: False)  # the natural tangent of an object is one of its class
    if not isinstance(x̄, StructuralTangent):
        raise MisfitError(f"is {described(x̄)}", wanted)
    primal: Any = primal_type(x̄)
    if primal is not Any and not isinstance(x, primal):
        raise MisfitError(f"is a {type(x̄).__name__}", wanted)
    given = stored_parts(x̄)
    if isinstance(x̄.__backing__, tuple):
        if len(given) != len(parts):
            raise MisfitError(f"has {len(given)} elements", f"{len(parts)}, as {described(x)} has")
        return dict(zip(parts, given.values(), strict=True))  # a NamedTuple is a tuple
    if not given.keys() <= parts.keys():
        raise MisfitError(f"has the parts {[*given]}", f"those of {described(x)}, {[*parts]}")
    return given


def checked(x: Any, x̄: Any) -> Any:
    """Return `x̄` if it can be the cotangent of the number or array `x`, in the shape of that.

    Axes of length 1 may come and go at the end, as in `ProjectTo`; nothing is broadcast, and no imaginary
    part is dropped.

    Raises
    ------
    MisfitError
        Where it cannot.

    Examples
    --------
    >>> checked(np.ones((2, 1)), np.array([3.0, 4.0])).shape
    (2, 1)
    """
    x̄ = x̄.toarray() if is_sparse(x̄) else plain(x̄)
    shape, given = shape_of(x) or (), shape_of(x̄)
    if given is None or not _is_of_numbers(x̄):
        dtype = "" if given is None or isinstance(x̄, np.ndarray) else f" of {getattr(x̄, 'dtype', 'no dtype')}"
        raise MisfitError(f"is {described(x̄)}{dtype}", f"a number or array of shape {shape}")
    if given != shape:
        if not alike_with_axes(given, shape):
            raise MisfitError(f"has shape {given}", f"{shape}; sum over what was broadcast")
        x̄ = x̄.reshape(shape)
    if is_complex(x̄) and not is_complex(x):
        raise MisfitError("is complex", "a real one for a real number; wrap it in `ProjectTo(x)`")
    return x̄


def is_complex(x: Any) -> bool:
    """Return whether a number, or an array of whatever library, is complex.

    Examples
    --------
    >>> is_complex(1j), is_complex(np.ones(2, complex)), is_complex(2.0)
    (True, True, False)
    """
    if type(x) in _REAL:
        return False
    of_torch = getattr(getattr(x, "dtype", None), "is_complex", None)
    return bool(np.iscomplexobj(x) if of_torch is None else of_torch)


def _is_of_numbers(x̄: Any) -> bool:
    if isinstance(x̄, bool):
        return False
    dtype = getattr(x̄, "dtype", None)
    # not "of a kind that is one of numbers": libraries have dtypes of their own, as bfloat16
    return not (dtype.kind in "bOSUmM" if isinstance(dtype, np.dtype) else str(dtype) == "torch.bool")
