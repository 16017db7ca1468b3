"""The `+ - * / @ conj dot` of tangents: who decides, and how numpy comes to ask.

Where two tangents meet, the one that stands further left here decides::

    NotImplementedTangent, NoTangent, ZeroTangent, thunks, Tangent, anything else

with two exceptions, which make ``*`` fit to select with: under ``*``, ``@`` and ``dot`` a zero wins
over what is not implemented, and `ZeroTangent` wins over `NoTangent`. A `Tangent` has sums with tangents
of its own primal, and with that primal, and multiples by numbers; the tangent of a sequence is an array
of its elements in products with arrays, and to all other functions of numpy.

The operators themselves are methods of the classes, and Python's own protocol makes the table: what must
not decide returns ``NotImplemented``. Here is what all of them share, the way from numpy's functions to
these operators.

Ports: ChainRulesCore.jl, ``tangent_arithmetic.jl``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from adjoint2rrule.core.errors import MutateTangentError, TangentConversionError
from adjoint2rrule.core.tangent_types.numpy_functions import output_of, written_by


class _OfTheClass:
    """A method that numpy finds, since it looks at the class, and that its masked arrays do not.

    They look at the instance; where they find the method, they compute with what is behind their masks
    and give the result a mask that does not belong to it, instead of leaving the decision to a tangent.
    """

    def __init__(self, method: Callable[..., Any]) -> None:
        self.method = method

    def __get__(self, instance: object, owner: type) -> Callable[..., Any]:
        if instance is not None:
            raise AttributeError("numpy finds it on the class")
        return self.method


class Scalar(np.ndarray[Any, Any]):
    """The array without axes that some tangents are for those who take any array.

    scipy's sparse arrays take it for none, and leave the decision to the tangent: they do so where all that
    numpy can make of an operand is an array without axes that holds an object. What is computed from it is
    a plain array again.
    """

    __array_priority__ = -1.0  # whatever class of array it meets is that of the result

    @property
    def dtype(self) -> Any:
        return np.dtype(object) if self.ndim == 0 else np.asarray(self).dtype

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        plain = np.asarray(array)
        return plain[()] if return_scalar or plain.ndim == 0 else plain


class TangentArithmetic:
    """What lets a tangent stand in numpy's expressions without becoming an object array."""

    __slots__ = ()

    __array_priority__ = 1000.0  # above the arrays of numpy (0) and the matrices of scipy (10.1)
    __rank__ = 1  # of those in a call, the lowest decides first

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

    def __decide__(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Return what a function of numpy gives for this tangent, if that is not for its operand to say."""
        return NotImplemented

    @_OfTheClass
    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        _refuse_writing((*kwargs.get("out", ()), *(inputs[:1] if method == "at" else ())))
        if method != "__call__":
            return decided(getattr(ufunc, method), inputs, kwargs)
        operation = OPERATIONS.get(ufunc) if kwargs.keys() <= {"out"} else None
        if operation is None:
            return decided(ufunc, inputs, kwargs)
        result = operation(*inputs)
        if result is NotImplemented:
            return _refuse_operation(ufunc, inputs)
        return copied_into(kwargs["out"][0], result) if kwargs else result

    def __array_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        _refuse_writing(written_by(func, args, kwargs))
        return decided(func, args, kwargs)


def decided(func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Return what a function of numpy gives: for one of the tangents in the call to say, or for numpy."""
    for tangent in sorted(tangents_in((*args, *kwargs.values())), key=lambda tangent: tangent.__rank__):
        result = tangent.__decide__(func, args, kwargs)
        if result is not NotImplemented:
            out = output_of(func, args, kwargs)
            where = kwargs.get("where", True) if isinstance(func, np.ufunc) else True
            return result if out is None else copied_into(out, result, where)
    return applied(func, args, kwargs)


def applied(func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Return what a function of numpy gives for the operands that the tangents in a call stand for."""
    return func(*map(operand, args), **{name: operand(value) for name, value in kwargs.items()})


def operand(x: Any) -> Any:
    """Return what numpy computes with in place of `x`: itself, or what the tangents in it stand for."""
    if isinstance(x, TangentArithmetic):
        return x.__operand__()
    if type(x) in (list, tuple):  # not a NamedTuple: `type(x)(...)` would not rebuild it
        return type(x)(map(operand, x))
    return x


def conj(x: Any) -> Any:
    """Return the complex conjugate of a tangent of any kind, or of a number or array: a copy, as numpy's."""
    if isinstance(x, TangentArithmetic):
        return x.__conj__()
    # tensors call it `conj`, and what autograd has for numbers knows numpy's function only
    conjugate = getattr(x, "conjugate", None) or getattr(x, "conj", None)
    result = np.conjugate(x) if conjugate is None else conjugate()
    return x.copy() if result is x and isinstance(x, np.ndarray) else result  # as of real arrays


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


def tangents_in(x: Any) -> Iterator[TangentArithmetic]:
    """Yield the tangents in an argument of numpy's: itself, or those in a list or tuple."""
    if isinstance(x, TangentArithmetic):
        yield x
    elif isinstance(x, (list, tuple)):
        for element in x:
            yield from tangents_in(element)


def _refuse_writing(destinations: Iterable[Any]) -> None:
    for x in tangents_in(tuple(destinations)):
        x.__written__()


def _refuse_operation(ufunc: np.ufunc, inputs: tuple[Any, ...]) -> Any:
    own = (None, np.ndarray.__array_ufunc__, TangentArithmetic.__array_ufunc__)
    if any(getattr(type(x), "__array_ufunc__", None) not in own for x in inputs):
        return NotImplemented  # something else may know what to do
    names = " and ".join(type(x).__name__ for x in inputs)
    raise TangentConversionError(
        f"np.{ufunc.__name__} has no meaning for {names}: the tangent of an object is added to its like and "
        "multiplied by numbers; compute with its parts"
    )


def copied_into(out: Any, result: Any, where: Any = True) -> Any:
    """Return `out` with a result written into it."""
    if result is not out:
        np.copyto(out, operand(result), casting="same_kind", where=where)
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
    np.absolute: operator.abs,
    np.conjugate: conj,
    np.equal: _equal,
    np.not_equal: _not_equal,
}
