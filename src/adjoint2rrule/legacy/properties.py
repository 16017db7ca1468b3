"""Property access in the form that legacy rules are written against, and its adjoint where there is no rule.

Ports: ``literal_getproperty`` and ``literal_getfield`` of ZygoteRules.jl (ZygoteRules.jl).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint2rrule.core import rrule
from adjoint2rrule.core.tangent_types.primal_fields import fields_of
from adjoint2rrule.legacy.context import __context__
from adjoint2rrule.legacy.definitions import adjoint
from adjoint2rrule.legacy.reverse_mode import _pullback, in_legacy_form
from adjoint2rrule.legacy.rules import Pair


def literal_getproperty(x: Any, name: str, /) -> Any:
    """Return ``getattr(x, name)``; rules for a property are written as rules for this function.

    Without a rule, the cotangent of a field is a dict of the fields, and a property is differentiated
    as the code that computes it.

    Examples
    --------
    >>> from typing import Literal
    >>> from adjoint2rrule.legacy import adjoint, literal_getproperty, pullback
    >>> class Square:
    ...     def __init__(self, side):
    ...         self.side = side
    ...
    ...     @property
    ...     def area(self):
    ...         return self.side**2
    >>> @adjoint
    ... def literal_getproperty(x: Square, name: Literal["area"]):
    ...     return x.area, lambda ȳ: ({"side": 2 * x.side * ȳ}, None)
    >>> area, back = pullback(literal_getproperty, Square(3.0), "area")
    >>> back(1.0)
    ({'side': 6.0}, None)
    """
    return getattr(x, name)


def literal_getfield(x: Any, name: str, /) -> Any:
    """Return an attribute as Python finds it by itself, past a ``__getattribute__`` of the class of `x`.

    Examples
    --------
    >>> literal_getfield(2.0 + 3.0j, "imag")
    3.0
    """
    return object.__getattribute__(x, name)


def _adjoint_of(read: Callable[[Any, str], Any]) -> Callable[[Any, str], Pair]:
    """Return the definition for reading an attribute for which there is no other one."""

    def read_adjoint(x: Any, name: str) -> Pair:
        y, fields = read(x, name), fields_of(x)
        # After its conversion, a rule for a property is one for `getattr`.
        pair = rrule(__context__, read, x, name)
        if pair is None and name in fields and fields[name] is y:
            return y, lambda ȳ: (dict.fromkeys(fields) | {name: ȳ}, None)
        y, back = _pullback(read, x, name) if pair is None else in_legacy_form(pair, 3)
        return y, lambda ȳ: back(ȳ)[1:]

    return read_adjoint


adjoint(literal_getproperty)(_adjoint_of(getattr))
adjoint(literal_getfield)(_adjoint_of(object.__getattribute__))
