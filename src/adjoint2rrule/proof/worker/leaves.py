"""Values and cotangents as numbers at named places, which another process can compare."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from adjoint2rrule.core import StructuralTangent, backing, unthunk
from adjoint2rrule.testing.numeric_space import Numeric, Sparse, is_sparse, numeric
from adjoint2rrule.testing.output_control import Place, kind_of
from adjoint2rrule.testing.structure_space import Structure
from adjoint2rrule.testing.tangent_space import TangentSpace
from adjoint2rrule.testing.to_vec import structure_kind, tangent_space

Leaf: TypeAlias = dict[str, Any]  # the fields of `adjoint2rrule.proof.model.Leaf`
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
LONGEST = 200  # characters of a text


def value_leaves(y: Any, path: str = "", inside: frozenset[int] = frozenset()) -> Iterator[Leaf]:
    """Yield what stands where in a value, the kind of each container included.

    Examples
    --------
    >>> [(leaf["path"], leaf["text"] or leaf["numbers"]) for leaf in value_leaves([1.5, "a"])]
    [('', 'a list of 2'), ('[0]', [1.5]), ('[1]', "'a'")]
    """
    if is_sparse(y):
        yield from _sparse_leaves(y, path)
        return
    if isinstance(y, StructuralTangent):
        y = backing(y)
    kind = structure_kind(y)
    if kind is None or id(y) in inside:
        yield _leaf(y, path)
        return
    parts = kind.parts(y)
    yield _text(path, f"{kind_of(y)} of {len(parts)}")
    for key, part in parts.items():
        yield from value_leaves(part, path + kind.step(key), inside | {id(y)})


def _sparse_leaves(y: Any, path: str) -> Iterator[Leaf]:
    entries = y.tocoo(copy=True)
    entries.sum_duplicates()
    yield _text(path, kind_of(y))
    yield _numbers(f"{path}.data", entries.data)
    for axis, coordinates in enumerate(entries.coords):
        yield _numbers(f"{path}.coords[{axis}]", coordinates)


def cotangent_leaves(x̄: Any, x: Any) -> tuple[list[Leaf], str]:
    """Return the numbers of a cotangent in the tangent space of its primal, and why it is none of that.

    Zeros of all kinds are zeros there. What is no tangent of `x` is given as it is.
    """
    space = tangent_space(x)
    space = tangent_space(space.as_floats(x̄))
    try:
        coordinates = space.coordinates(x̄, Place("", "it"))
    except AssertionError as err:
        return list(value_leaves(unthunk(x̄))), str(err)
    found = []
    for leaf, dtype in zip(space.leaves(Place("", "")), _dtypes(space), strict=True):
        if coordinates.missing[leaf.part].any():
            found.append(_text(leaf.place.path, "not implemented"))
        else:
            numbers = leaf.entries(coordinates.values).reshape(leaf.shape)
            found.append(_numbers(leaf.place.path, numbers) | {"dtype": str(dtype)})
    return found, ""


def _dtypes(space: TangentSpace) -> Iterator[np.dtype[Any]]:
    """Yield the types of the numbers of a primal, for each leaf of its space."""
    if isinstance(space, Structure):
        for child in space.children.values():
            yield from _dtypes(child)
    elif isinstance(space, Sparse):
        yield space.values.dtype
    elif isinstance(space, Numeric):
        yield space.dtype


def _leaf(x: Any, path: str) -> Leaf:
    array = numeric(x)
    if array is None and isinstance(x, np.ndarray) and x.dtype.kind == "b":
        array = x
    return _text(path, ADDRESS.sub("", repr(x))) if array is None else _numbers(path, array)


def _text(path: str, text: str) -> Leaf:
    shown = text if len(text) <= LONGEST else text[:LONGEST] + "…"
    return {"path": path, "shape": None, "numbers": [], "dtype": "", "text": shown}


def _numbers(path: str, array: NDArray[Any]) -> Leaf:
    shape = list(array.shape)
    return {"path": path, "shape": shape, "numbers": _exact(array), "dtype": str(array.dtype), "text": ""}


def _exact(array: NDArray[Any]) -> list[Any]:
    """Return numbers as JSON has them: exactly, and complex ones as pairs."""
    flat = np.ascontiguousarray(array).ravel()
    if flat.dtype.kind == "c":
        return [[float(z.real), float(z.imag)] for z in flat]
    return flat.tolist() if flat.dtype.itemsize <= 8 else list(map(float, flat))
