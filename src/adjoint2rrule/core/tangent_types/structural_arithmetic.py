"""Sums and multiples of structural tangents, part by part, and what becomes of a primal they are added to."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy, deepcopy
from numbers import Number
from typing import Any

import numpy as np

from adjoint2rrule.core.debug_mode import debug_mode
from adjoint2rrule.core.errors import (
    PrimalAdditionError,
    RuleError,
    TangentConversionError,
    TangentMismatchError,
)
from adjoint2rrule.core.sparse import is_sparse
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.construct import construct
from adjoint2rrule.core.tangent_types.equality import same_value
from adjoint2rrule.core.tangent_types.primal_fields import fields_of, has_fields, is_container
from adjoint2rrule.core.tangent_types.structural_kinds import (
    AnythingKind,
    ElementsKind,
    EntriesKind,
    store,
)


def mapped(f: Callable[[Any], Any], tangent: Any) -> Any:
    """Return the tangent with `f` applied to each of its parts."""
    backing = tangent.__backing__
    if isinstance(backing, tuple):
        return made(type(tangent), tuple(f(checked(dx)) for dx in backing))
    return made(type(tangent), {name: f(checked(dx)) for name, dx in backing.items()})


def added(a: Any, b: Any) -> Any:
    """Return the sum of two structural tangents, of one primal or of a class and its subclass."""
    cls = _common_class(type(a), type(b))
    x, y = backing_as(cls, a), backing_as(cls, b)
    if isinstance(x, dict):
        total = x | {name: _plus(x[name], dy) if name in x else dy for name, dy in y.items()}
        return made(cls, _own_parts(total, x, y) if cls.__mutable__ else total)
    if len(x) != len(y):
        raise TangentMismatchError(f"{a!r} has {len(x)} elements and {b!r} has {len(y)}: they have no sum")
    return made(cls, tuple(map(_plus, x, y)))


def _own_parts(total: dict[str, Any], x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of a sum with a copy of each that is one of `x` or `y`.

    Others go on to add to a mutable sum in place, and what they write is to reach no operand.
    """
    taken = {name: dx for name, dx in total.items() if dx is x.get(name) or dx is y.get(name)}
    return total | deepcopy(taken)


def added_to_primal(primal: Any, tangent: Any) -> Any:
    """Return the primal with each part of the tangent added to its field, entry or element."""
    P, T = type(tangent).__primal__, type(primal)
    if P is not Any and not isinstance(primal, P):
        own = f"a Tangent[{T.__qualname__}]" if has_fields(primal) or is_container(T) else "of its own kind"
        raise PrimalAdditionError(
            f"a {type(tangent).__name__} cannot be added to a {T.__qualname__}, {primal!r}; "
            f"its tangent is {own}"
        )
    parts = backing_as(type(tangent).__family__[T], tangent)
    fields: Any
    if isinstance(parts, tuple):
        if len(parts) != len(primal):
            raise PrimalAdditionError(
                f"{tangent!r} has {len(parts)} elements and not as many as {primal!r}: {len(primal)}; "
                "give one for each, ZeroTangent() where nothing changes"
            )
        fields = tuple(_moved(primal, x, dx) for x, dx in zip(primal, parts, strict=True))
    else:
        # a dict of a class of its own may hold more than its entries, and have an `update` that adds
        fields = copy(primal) if isinstance(primal, dict) else fields_of(primal)
        if not parts.keys() <= fields.keys():
            raise PrimalAdditionError(
                f"{primal!r} has nothing that {[*(parts.keys() - fields.keys())]} belong to, "
                f"only {[*fields]}; leave out what it does not have"
            )
        dict.update(fields, {name: _moved(primal, fields[name], dx) for name, dx in parts.items()})
    total = construct(T, fields)
    if debug_mode() and isinstance(fields, dict):
        _check_rebuilt(total, fields)
    return total


def with_array(op: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """Return the product of an array and the tangent of a sequence, which is an array to it."""
    if not is_array(a) and not is_array(b):
        return NotImplemented
    if not isinstance(a, ElementsKind) and not isinstance(b, ElementsKind):
        # not `NotImplemented`: a masked array would make something of it
        raise TangentConversionError(
            f"{type(a).__name__} and {type(b).__name__} have no product: the tangent of an object is "
            "multiplied by numbers; compute with its parts"
        )
    return op(*(np.asarray(x) if isinstance(x, ElementsKind) else x for x in (a, b)))


def is_array(x: Any) -> bool:
    """Return whether `x` is an array with axes, dense or sparse."""
    return (isinstance(x, np.ndarray) and x.ndim > 0) or is_sparse(x)


def is_scalar(x: Any) -> bool:
    """Return whether `x` is a number, be it an array without axes."""
    # a tangent may have any attribute, one called "shape" too
    return isinstance(x, Number) or (not isinstance(x, AbstractTangent) and getattr(x, "shape", None) == ())


def made(cls: Any, backing: Any) -> Any:
    """Return a tangent of the class with this backing, which is known to be good."""
    tangent = object.__new__(cls)
    store(tangent, backing)
    return tangent


def backing_as(cls: Any, tangent: Any) -> Any:
    """Return what the tangent stores in the form, and with the checks, of another class."""
    backing = tangent.__backing__
    if type(tangent) is cls:
        return backing
    if isinstance(tangent, AnythingKind) and 0 in backing:
        backing = tuple(backing.values())
    if isinstance(backing, tuple):
        return cls(*backing).__backing__
    return (cls(backing) if issubclass(cls, EntriesKind) else cls(**backing)).__backing__


def _common_class(a: Any, b: Any) -> Any:
    if a is b:
        return a
    family = (a if a.__mutable__ else b).__family__
    P, Q = a.__primal__, b.__primal__
    if Q is Any or (P is not Any and issubclass(P, Q)):
        return family[P]
    if P is Any or issubclass(Q, P):
        return family[Q]
    raise TangentMismatchError(
        f"{a.__name__} and {b.__name__} are tangents of different primals: they have no sum"
    )


def _moved(primal: Any, x: Any, dx: Any) -> Any:
    try:
        return _plus(x, dx)
    except RuleError:
        raise
    except (TypeError, ValueError) as err:
        raise PrimalAdditionError(
            f"{x!r}, a part of {primal!r}, and its tangent {dx!r} have no sum; give it NoTangent() where it"
            " cannot be perturbed, or project the tangent to it"
        ) from err


def _plus(x: Any, dx: Any) -> Any:
    return x + checked(dx)


def checked(dx: Any) -> Any:
    """Return a tangent as it is, after a look at what is often taken for one."""
    if dx is None:
        raise TangentConversionError("None is no tangent; write ZeroTangent(), or NoTangent()")
    if isinstance(dx, (list, tuple, dict, str, bytes)):  # their `+` and `*` join and repeat
        raise TangentConversionError(
            f"{dx!r} is no tangent; that of a {type(dx).__name__} is a Tangent[{type(dx).__name__}](...)"
        )
    return dx


def _check_rebuilt(total: Any, fields: dict[Any, Any]) -> None:
    T = type(total).__qualname__
    rebuilt = total if isinstance(total, dict) else fields_of(total)
    for name, expected in fields.items():
        if name not in rebuilt or not same_value(rebuilt[name], expected):
            raise PrimalAdditionError(
                f"the sum of a {T} and its tangent has {name}={rebuilt.get(name)!r} and not {expected!r}; "
                f"say how to build a {T} from its fields by `@construct.register({T})`"
            )
