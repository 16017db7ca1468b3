"""What structural tangents store, by name or by place, beside what primals are made of."""

from __future__ import annotations

from typing import Any

from adjoint2rrule.core.errors import NoFieldsError
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.abstract_thunk import unthunk
from adjoint2rrule.core.tangent_types.primal_fields import fields_of, has_fields, is_container, is_namedtuple
from adjoint2rrule.core.tangent_types.structural_arithmetic import made
from adjoint2rrule.core.tangent_types.structural_kinds import ZERO, AnythingKind, Kind
from adjoint2rrule.core.tangent_types.structural_tangent import StructuralTangent


def backing(x: Any, /) -> Any:
    """Return what a structural tangent stores, or what a primal is made of.

    Parameters
    ----------
    x : object
        A structural tangent, or an object with fields, a tuple, list or dict; it may be a thunk.

    Returns
    -------
    dict, tuple or list
        By name or key for objects, NamedTuples and dicts; tuples and lists as such. Thunks are left
        alone. What is returned for a tangent is a copy.

    Raises
    ------
    NoFieldsError
        Where `x` is not made of parts, or is a class and not one of its instances.

    Examples
    --------
    >>> from adjoint2rrule.core import Tangent
    >>> backing(Tangent[tuple](1.0, 2.0))
    (1.0, 2.0)
    >>> backing(Tangent[dict](a=1.0))
    {'a': 1.0}

    Notes
    -----
    Ports: ``backing`` of ChainRulesCore.jl. Differs: a NamedTuple gives a dict, as its tangent does.
    """
    x = unthunk(x)
    if isinstance(x, StructuralTangent):
        return _copied(x)
    if is_namedtuple(type(x)):
        return x._asdict()
    if is_container(type(x)):
        return x
    if isinstance(x, (AbstractTangent, type)) or not has_fields(x):
        raise NoFieldsError(
            f"{x!r} is not made of fields; backing takes a structural tangent, or an object that has some"
        )
    return fields_of(x)


def canonicalize(tangent: StructuralTangent, /) -> Any:
    """Return the tangent with every field of its primal, in their order; absent ones are `ZeroTangent`.

    A tangent whose class of primals does not tell its fields is returned as it is. A `MutableTangent` gives
    a copy, which shares no part that can be written.

    Parameters
    ----------
    tangent : Tangent or MutableTangent
        It may be a thunk.

    Raises
    ------
    NoFieldsError
        Where `tangent` is no structural tangent.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> from adjoint2rrule.core import Tangent
    >>> class Point(NamedTuple):
    ...     x: float
    ...     y: float
    >>> canonicalize(Tangent[Point](y=1.0))
    Tangent[Point](x=ZeroTangent(), y=1.0)

    Notes
    -----
    Ports: ``canonicalize`` of ChainRulesCore.jl.
    """
    tangent = unthunk(tangent)
    if not isinstance(tangent, StructuralTangent):
        raise NoFieldsError(
            f"canonicalize takes a structural tangent, such as Tangent[Foo](...), not {tangent!r}"
        )
    tangent = +tangent  # a copy, of what can be written into
    names = type(tangent).__names__  # type: ignore[attr-defined]
    if names is None:
        return tangent
    stored = tangent.__backing__
    return made(type(tangent), {name: stored.get(name, ZERO) for name in names})


def primal_type(tangent: StructuralTangent | type[StructuralTangent], /) -> Any:
    """Return the class `P` of a ``Tangent[P]``, or of a tangent of that class.

    Parameters
    ----------
    tangent : Tangent or MutableTangent, or such a class
        What has a class of primals.

    Raises
    ------
    NoFieldsError
        Where `tangent` is no structural tangent, nor the class of some.

    Examples
    --------
    >>> from adjoint2rrule.core import Tangent
    >>> primal_type(Tangent[tuple[float, float]](1.0, 2.0))
    <class 'tuple'>
    """
    tangent = unthunk(tangent)
    cls = tangent if isinstance(tangent, type) else type(tangent)
    if not issubclass(cls, Kind):
        raise NoFieldsError(
            f"primal_type takes a structural tangent or its class, Tangent[Foo], not {tangent!r}"
        )
    return cls.__primal__


def _copied(tangent: StructuralTangent) -> Any:
    stored = tangent.__backing__
    if isinstance(stored, tuple):
        return list(stored) if issubclass(tangent.__primal__, list) else stored
    if isinstance(tangent, AnythingKind) and 0 in stored:
        return tuple(stored.values())
    return dict(stored)
