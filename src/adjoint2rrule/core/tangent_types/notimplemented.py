"""The tangent of what has a derivative that nobody has written down."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, NoReturn

from adjoint2rrule.core.errors import NotImplementedAttributeError, NotImplementedTangentError
from adjoint2rrule.core.tangent_arithmetic import tangents_in
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero, zero_of
from adjoint2rrule.core.tangent_types.numpy_functions import DOTS, operands_of


class NotImplementedTangent(AbstractTangent):
    """A tangent that is not implemented: harmless until its value is needed.

    It wins whatever it is added to or multiplied by, except that a zero times it is zero, so that
    an output on which nothing depends may have such a partial derivative. Anything that needs its
    value raises a `NotImplementedTangentError` that names the place where it was made. So does a sparse
    array of scipy's that it is multiplied by, or added to, from the right: scipy asks for its value before
    it leaves the decision to anybody, and ``np.asarray`` must raise.

    `not_implemented` makes one, and finds the place by itself.

    Parameters
    ----------
    module
        The name of the module in which it was made.
    source
        The place, as ``file:line``.
    info
        What is missing, and where to ask for it.

    Examples
    --------
    >>> from adjoint2rrule.core import ZeroTangent
    >>> missing = NotImplementedTangent("orders", "orders.py:12", "of the order")
    >>> missing + 1.0
    NotImplementedTangent('orders', 'orders.py:12', 'of the order')
    >>> ZeroTangent() * missing
    ZeroTangent()

    Notes
    -----
    Ports: ``NotImplemented`` of ChainRulesCore.jl. Differs: the name, which is a constant in Python.
    """

    __slots__ = ("info", "module", "source")

    __rank__ = 0  # before a zero in a list, which would ask for the value

    module: str
    source: str
    info: str

    def __init__(self, module: str, source: str, info: str = "", /) -> None:
        for name, value in (("module", module), ("source", source), ("info", info)):
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        return NotImplementedTangent, (self.module, self.source, self.info)

    def __repr__(self) -> str:
        return f"NotImplementedTangent({self.module!r}, {self.source!r}, {self.info!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NotImplementedTangent) and self.__reduce__() == other.__reduce__()

    def __hash__(self) -> int:
        return hash(self.__reduce__())

    def _raise(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedTangentError(self.__why())

    def __why(self) -> str:
        place = f"a derivative is needed that is not implemented, in {self.module} ({self.source})"
        return f"{place}: {self.info}" if self.info else place

    def __decide__(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        if func not in DOTS:
            return NotImplemented
        decisions = map(_decision, operands_of(func, args, kwargs))
        return reduce(operator.mul, [x for x in decisions if x is not None])

    __sub__ = __rsub__ = __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = _raise
    __pow__ = __rpow__ = __mod__ = __rmod__ = __divmod__ = __rdivmod__ = _raise
    __lt__ = __le__ = __gt__ = __ge__ = __round__ = _raise
    __bool__ = __float__ = __complex__ = __int__ = __index__ = __len__ = __abs__ = _raise
    __iter__ = __contains__ = __getitem__ = __array__ = __operand__ = _raise

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__") and name.endswith("__"):  # a probe for a protocol needs no value
            raise AttributeError(f"{self!r} has no {name}")
        raise NotImplementedAttributeError(f"{self.__why()} (its {name!r} was asked for)")

    def conj(self) -> NotImplementedTangent:
        """Return itself, as every linear map does."""
        return self

    conjugate = conj

    def __neg__(self) -> NotImplementedTangent:
        return self

    def __pos__(self) -> NotImplementedTangent:
        return self

    def __add__(self, other: Any) -> NotImplementedTangent:
        return self

    def __radd__(self, other: Any) -> NotImplementedTangent:
        return self

    def __mul__(self, other: Any) -> AbstractTangent:
        return other if isinstance(other, AbstractZero) else self

    __rmul__ = __matmul__ = __rmatmul__ = dot = __mul__


def _decision(x: Any) -> AbstractTangent | None:
    """Return what decides a product with an operand of numpy's, if anything: a zero, or what is missing."""
    missing = (dx for dx in tangents_in(x) if isinstance(dx, NotImplementedTangent))
    zero = zero_of(x)
    return next(missing, None) if zero is None else zero


def not_implemented(info: str = "", /, *, stacklevel: int = 1) -> NotImplementedTangent:
    """Return a tangent for a derivative that this rule does not implement.

    Parameters
    ----------
    info
        What is missing; a link to where it is asked for is good practice.
    stacklevel
        Whose place to tell: 1 for that of this call, 2 for that of whoever called the function it
        stands in, and so on, as in `warnings.warn`.

    Returns
    -------
    NotImplementedTangent
        It carries `info` and the place of this call.

    Examples
    --------
    >>> dx = not_implemented("the derivative with respect to the order is not known")
    >>> (2.0 * dx + 1.0) is dx
    True
    >>> 0.0 - dx  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.NotImplementedTangentError: a derivative is needed that is not implemented...

    Notes
    -----
    Ports: ``@not_implemented`` of ChainRulesCore.jl.
    """
    frame = sys._getframe(stacklevel)
    module = frame.f_globals.get("__name__", "?")
    return NotImplementedTangent(module, f"{frame.f_code.co_filename}:{frame.f_lineno}", info)
