"""Sums and multiples of structural tangents, part by part."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from numbers import Number
from typing import Any

import numpy as np

from adjoint2rrule.core.errors import TangentConversionError, TangentMismatchError
from adjoint2rrule.core.sparse import is_sparse
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.structural_elements import ElementsKind, NamedElementsKind
from adjoint2rrule.core.tangent_types.structural_kinds import AnythingKind, EntriesKind, store


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
        total = x | {name: plus(x[name], dy) if name in x else dy for name, dy in y.items()}
        return made(cls, _own_parts(total, x, y) if cls.__mutable__ else total)
    if len(x) != len(y):
        raise TangentMismatchError(f"{a!r} has {len(x)} elements and {b!r} has {len(y)}: they have no sum")
    return made(cls, tuple(map(plus, x, y)))


def _own_parts(total: dict[str, Any], x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of a sum with a copy of each that is one of `x` or `y`.

    Others go on to add to a mutable sum in place, and what they write is to reach no operand.
    """
    taken = {name: dx for name, dx in total.items() if dx is x.get(name) or dx is y.get(name)}
    return total | deepcopy(taken)


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
        if issubclass(cls, NamedElementsKind) and len(backing) != len(cls.__names__):
            raise TangentMismatchError(
                f"{tangent!r} has {len(backing)} elements, but a {cls.__primal__.__qualname__} has"
                f" {len(cls.__names__)}: {[*cls.__names__]}; give one for each, ZeroTangent() for no change"
            )
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


def plus(x: Any, dx: Any) -> Any:
    """Return the sum of a part, of a tangent or a primal, and a tangent of it."""
    return x + checked(dx)


def checked(dx: Any) -> Any:
    """Return a tangent as it is, after a look at what is often taken for one."""
    if dx is None:
        raise TangentConversionError("None is no tangent; write ZeroTangent(), or NoTangent()")
    if isinstance(dx, (str, bytes)):
        raise TangentConversionError(f"{dx!r} is no tangent; that of a {type(dx).__name__} is NoTangent()")
    # the `+` and `*` of containers join and repeat; some of scipy's sparse arrays are dicts, and add
    if isinstance(dx, (list, tuple, dict)) and not is_sparse(dx):
        raise TangentConversionError(
            f"{dx!r} is no tangent; that of a {type(dx).__name__} is a Tangent[{type(dx).__name__}](...)"
        )
    if isinstance(dx, type) and issubclass(dx, AbstractTangent):
        raise TangentConversionError(f"{dx.__name__} is the class of a tangent; write {dx.__name__}(...)")
    return dx
