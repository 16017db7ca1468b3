"""Zeros with the structure of a primal, to accumulate cotangents in."""

from __future__ import annotations

from enum import Enum
from numbers import Integral, Number
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from adjoint2rrule.core.sparse import is_sparse
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero, NoTangent, ZeroTangent
from adjoint2rrule.core.tangent_types.primal_fields import fields_of
from adjoint2rrule.core.tangent_types.structural_arithmetic import mapped
from adjoint2rrule.core.tangent_types.structural_tangent import MutableTangent, StructuralTangent
from adjoint2rrule.core.tangent_types.thunks import AbstractThunk, unthunk

#: Objects of Python itself that have attributes, and yet nothing to perturb.
NOT_PERTURBABLE = (Enum, type, FunctionType, MethodType, BuiltinFunctionType, ModuleType)


def zero_tangent(x: Any, /) -> Any:
    """Return a zero of the tangent space of `x`, to which its tangents can be added in place.

    Returns
    -------
    Any
        Zeros of the same dtype for floating point numbers and arrays; a `Tangent` of zeros for tuples,
        lists, dicts, NamedTuples and frozen objects, and a `MutableTangent` for objects whose fields
        can be set, the same one wherever the object occurs in `x`; `NoTangent` for what cannot be
        perturbed: integers, strings, functions, objects without fields.

    Examples
    --------
    >>> zero_tangent(2.5), zero_tangent(3)
    (0.0, NoTangent())
    >>> zero_tangent((np.ones(2), "name"))
    Tangent[tuple](array([0., 0.]), NoTangent())

    Notes
    -----
    Ports: ``zero_tangent`` of ChainRulesCore.jl. Differs: integers have no tangent space here.
    """
    return _zero(x, {})


def _zero(x: Any, made_before: dict[int, Any]) -> Any:
    if isinstance(x, Number):
        return NoTangent() if isinstance(x, Integral) else type(x)(0)  # type: ignore[call-arg]
    if isinstance(x, np.ndarray):
        return _zero_array(x, made_before)
    if isinstance(x, AbstractTangent):
        return _zero_of_tangent(x)
    if isinstance(x, dict):
        return _tangent_class(x)({key: _zero(value, made_before) for key, value in x.items()})
    if isinstance(x, (list, tuple)):
        return _tangent_class(x)(*[_zero(element, made_before) for element in x])
    if is_sparse(x):
        return type(x)(x.shape, dtype=x.dtype) if x.dtype.kind in "fc" else NoTangent()
    return NoTangent() if isinstance(x, NOT_PERTURBABLE) else _zero_object(x, made_before)


def _zero_array(x: np.ndarray[Any, Any], made_before: dict[int, Any]) -> Any:
    if x.dtype.kind in "fc":
        return np.zeros_like(x)
    if x.dtype.kind != "O":
        return NoTangent()
    zeros = np.empty(x.shape, dtype=object)
    for index in np.ndindex(x.shape):
        zeros[index] = _zero(x[index], made_before)
    return zeros


def _zero_of_tangent(x: AbstractTangent) -> Any:
    if isinstance(x, AbstractThunk):
        return zero_tangent(unthunk(x))
    if isinstance(x, StructuralTangent):
        return mapped(zero_tangent, x)
    return x if isinstance(x, AbstractZero) else ZeroTangent()


def _zero_object(x: Any, made_before: dict[int, Any]) -> Any:
    if id(x) in made_before:
        return made_before[id(x)]
    fields = fields_of(x)
    if not fields:
        return NoTangent()
    tangent = _tangent_class(x)()
    made_before[id(x)] = tangent  # before its fields, one of which may be `x` again
    zeros = {name: _zero(value, made_before) for name, value in fields.items()}
    if isinstance(tangent, MutableTangent):
        tangent.__backing__.update(zeros)
        return tangent
    return type(tangent)(**zeros)


def _tangent_class(x: Any) -> Any:
    return StructuralTangent[type(x)]  # type: ignore[misc]  # immutable where `x` is
