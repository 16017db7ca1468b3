"""The `+ - * / @ conj dot` of tangents: who decides, and how numpy comes to ask.

Where two tangents meet, the one that stands further left here decides::

    NotImplementedTangent, NoTangent, ZeroTangent, thunks, Tangent, anything else

with two exceptions, which make ``*`` fit to select with: under ``*``, ``@`` and ``dot`` a zero wins
over what is not implemented, and `ZeroTangent` wins over `NoTangent`. The operators themselves are
methods of the classes, and Python's own protocol makes the table: what must not decide returns
``NotImplemented``. Here is what all of them share, the way from numpy's functions to these operators.

Ports: ChainRulesCore.jl, ``tangent_arithmetic.jl``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import numpy as np

from adjoint2rrule.core.errors import MutateTangentError, TangentConversionError


class TangentArithmetic:
    """What lets a tangent stand in numpy's expressions without becoming an object array."""

    __slots__ = ()

    __array_priority__ = 1000.0  # above the arrays of numpy (0) and the matrices of scipy (10.1)

    #: The functions that give this tangent back when it is one of their arguments.
    __absorbs__: ClassVar[frozenset[Callable[..., Any]]] = frozenset()

    def __operand__(self) -> Any:
        """Return what numpy computes with in place of this tangent."""
        raise TangentConversionError(f"numpy cannot compute with {self!r}; compute with its parts")

    def __written__(self, *args: Any) -> NoReturn:
        """Complain that something is about to be written into this tangent."""
        raise MutateTangentError(f"{self!r} cannot be written into; bind a name to the result instead")

    if not TYPE_CHECKING:  # a type checker knows without them that there is nothing to write into
        __setattr__ = __delattr__ = __setitem__ = __delitem__ = __written__

    def __conj__(self) -> Any:
        return self

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        _refuse_writing((*kwargs.get("out", ()), *(inputs[:1] if method == "at" else ())))
        operation = OPERATIONS.get(ufunc) if method == "__call__" and kwargs.keys() <= {"out"} else None
        if operation is None:
            return getattr(ufunc, method)(*map(operand, inputs), **kwargs)
        result = operation(*inputs)
        return _copied_into(kwargs["out"][0], result) if kwargs else result

    def __array_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        _refuse_writing((kwargs.get("out"), *(args[:1] if func in WRITERS else ())))
        absorbing = [x for x in _tangents((*args, *kwargs.values())) if func in x.__absorbs__]
        if absorbing:
            return reduce(operator.mul, absorbing)
        return func(*map(operand, args), **{name: operand(value) for name, value in kwargs.items()})


def operand(x: Any) -> Any:
    """Return what numpy computes with in place of `x`: itself, or what the tangents in it stand for."""
    if isinstance(x, TangentArithmetic):
        return x.__operand__()
    if type(x) in (list, tuple):  # not a NamedTuple: `type(x)(...)` would not rebuild it
        return type(x)(map(operand, x))
    return x


def conj(x: Any) -> Any:
    """Return the complex conjugate of a tangent of any kind, or of a number or array."""
    return x.__conj__() if isinstance(x, TangentArithmetic) else x.conjugate()


def _binary(name: str) -> Callable[[Any, Any], Any]:
    # not `operator.add`: that of an array would come back here
    forward, reflected = f"__{name}__", f"__{name}__" if name in ("eq", "ne") else f"__r{name}__"

    def operation(a: Any, b: Any) -> Any:
        result = _method(a, forward)(a, b)
        return _method(b, reflected)(b, a) if result is NotImplemented else result

    return operation


def _method(x: Any, name: str) -> Callable[[Any, Any], Any]:
    return getattr(type(x), name, _not_defined) if isinstance(x, TangentArithmetic) else _not_defined


def _not_defined(a: Any, b: Any) -> Any:
    return NotImplemented


def _equal(a: Any, b: Any) -> Any:
    result = _binary("eq")(a, b)
    return False if result is NotImplemented else result


def _not_equal(a: Any, b: Any) -> Any:
    result = _binary("ne")(a, b)
    return True if result is NotImplemented else result


def _tangents(x: Any) -> Iterator[TangentArithmetic]:
    if isinstance(x, TangentArithmetic):
        yield x
    elif isinstance(x, (list, tuple)):
        for element in x:
            yield from _tangents(element)


def _refuse_writing(destinations: Iterable[Any]) -> None:
    for x in _tangents(tuple(destinations)):
        x.__written__()


def _copied_into(out: np.ndarray[Any, Any], result: Any) -> Any:
    if result is NotImplemented:
        return NotImplemented
    if result is not out:
        np.copyto(out, operand(result), casting="same_kind")
    return out


#: What an operator of tangents decides, by the ufunc that stands for it.
OPERATIONS: dict[np.ufunc, Callable[..., Any]] = {
    np.add: _binary("add"),
    np.subtract: _binary("sub"),
    np.multiply: _binary("mul"),
    np.divide: _binary("truediv"),
    np.matmul: _binary("matmul"),
    np.negative: operator.neg,
    np.positive: operator.pos,
    np.conjugate: conj,
    np.equal: _equal,
    np.not_equal: _not_equal,
}

#: Linear in each array: a zero among them makes the result zero, and a tangent that is not implemented wins.
DOTS: frozenset[Callable[..., Any]] = frozenset({np.dot, np.vdot, np.inner})

#: Linear in each array: a zero among them makes the result zero, whatever the shapes of the others.
LINEAR: frozenset[Callable[..., Any]] = DOTS | {
    *(np.sum, np.mean, np.cumsum, np.diff, np.trace, np.real, np.imag),
    *(np.reshape, np.ravel, np.squeeze, np.expand_dims, np.transpose, np.swapaxes, np.moveaxis),
    *(np.diag, np.diagonal, np.tril, np.triu, np.flip, np.roll, np.repeat, np.tile, np.take),
    *(np.outer, np.kron, np.cross, np.tensordot, np.einsum),
}

#: Functions that write into their first argument.
WRITERS: frozenset[Callable[..., Any]] = frozenset(
    {np.copyto, np.fill_diagonal, np.place, np.put, np.put_along_axis, np.putmask}
)
