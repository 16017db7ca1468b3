"""What all thunks share: a tangent that is yet to be computed passes for its value."""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from adjoint2rrule.core.errors import MutateThunkError
from adjoint2rrule.core.sparse import is_sparse
from adjoint2rrule.core.tangent_arithmetic import Scalar, conj
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero
from adjoint2rrule.core.tangent_types.notimplemented import NotImplementedTangent

#: The methods that write into an object of the builtin classes and of numpy.
WRITING_METHODS: tuple[tuple[type, frozenset[str]], ...] = (
    (np.ndarray, frozenset(("fill", "partition", "put", "resize", "setfield", "setflags", "sort"))),
    (list, frozenset(("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"))),
    (dict, frozenset(("clear", "pop", "popitem", "setdefault", "update"))),
)

#: Those of scipy's sparse arrays.
WRITING_SPARSE = frozenset(("eliminate_zeros", "resize", "setdiag"))


def unthunk(x: Any, /) -> Any:
    """Return the value of a thunk, and anything else as it is.

    Parameters
    ----------
    x
        Any tangent, or what may be one. The value of a thunk is computed now, unless it was before.

    Examples
    --------
    >>> from adjoint2rrule.core import thunk
    >>> unthunk(thunk(lambda: 2.0 + 3.0))
    5.0
    >>> unthunk(2.0)
    2.0

    Notes
    -----
    Ports: ``unthunk`` of ChainRulesCore.jl. Differs: a thunk in a thunk is unwrapped as well, since
    a thunk that looks like its value must not look like a thunk.
    """
    return x.__unthunk__() if isinstance(x, AbstractThunk) else x


def _binary(op: Callable[[Any, Any], Any]) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    def forward(self: AbstractThunk, other: Any) -> Any:
        if isinstance(other, (AbstractZero, NotImplementedTangent)):
            return NotImplemented  # they decide, and without the value
        return op(unthunk(self), unthunk(other))

    def reflected(self: AbstractThunk, other: Any) -> Any:
        return op(other, unthunk(self))

    return forward, reflected


def _comparison(op: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: op(unthunk(self), unthunk(other))


def _unary(op: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, *args: op(unthunk(self), *args)


def _writes(name: str, value: Any) -> bool:
    """Return whether the attribute of a value is a method that writes into it."""
    if name in WRITING_SPARSE and is_sparse(value):
        return True
    return any(name in names and isinstance(value, cls) for cls, names in WRITING_METHODS)


def _refuse(self: AbstractThunk, *args: Any) -> NoReturn:
    raise MutateThunkError(
        f"{self!r} cannot be written into, since others may hold it: use unthunk(x).copy()"
    )


def read_only(value: Any) -> Any:
    """Return an array as a view that cannot be written into, and all else as it is."""
    # parts of an array are views, and writing into them would write into what others hold
    if isinstance(value, np.ndarray):
        value = value.view()
        value.flags.writeable = False
    return value


def _holds_others(value: Any) -> bool:
    # of other arrays the parts are views or copies: those of a read-only one do no harm
    return not isinstance(value, np.ndarray) or value.dtype.kind == "O"


class AbstractThunk(AbstractTangent):
    """A tangent that is yet to be computed, and behaves as its value in all but ``isinstance``.

    Arithmetic, comparison, indexing, iteration, conversion, attributes and methods, and the functions
    of numpy and scipy run the computation and work on its result. ``ZeroTangent() * t`` does not run
    it. Nothing can be written into a thunk: ``t[0] = 1.0`` is a `MutateThunkError`, and the arrays that
    numpy makes of it without copying, as views of its parts, are read-only; ``t += x`` binds ``t`` to
    the sum. An array that is an element or an attribute of the value is read-only too. What is further
    down in it, or comes from its methods (``t.items()``, ``t[0][1]``, ``S.T`` of a sparse array), is the
    value's own, which others may hold: copy it before you write into it.

    Functions that ask for the class of their argument, such as those of C extensions and the
    functions and methods of ``scipy.sparse`` (``S.multiply(t)``; ``S * t`` is fine), need `unthunk`.

    Examples
    --------
    >>> from adjoint2rrule.core import thunk
    >>> t = thunk(lambda: np.arange(3.0))
    >>> isinstance(t, AbstractThunk), isinstance(t, np.ndarray)
    (True, False)
    >>> t.sum(), np.linalg.norm(t - t), t[1:]
    (np.float64(3.0), np.float64(0.0), array([1., 2.]))
    >>> t[0] = 1.0  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    adjoint2rrule.core.errors.MutateThunkError: Thunk(lambda: array([0., 1., 2.])) cannot be written into...

    Notes
    -----
    Ports: ``AbstractThunk`` of ChainRulesCore.jl. Differs: attributes and methods are those of the
    value, since Python code calls methods where Julia code calls functions.
    """

    __slots__ = ()

    def __unthunk__(self) -> Any:
        """Return the value, which is no thunk."""
        raise NotImplementedError(
            f"{type(self).__name__} does not define `__unthunk__`, which gives its value"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return unthunk, (unthunk(self),)

    def __copy__(self) -> Any:
        return copy.copy(unthunk(self))

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return copy.deepcopy(unthunk(self), memo)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):  # a probe, as of `copy`, must not run it
            raise AttributeError(f"{type(self).__name__} has no {name}")
        value = unthunk(self)
        if _writes(name, value):
            _refuse(self)
        part = getattr(read_only(value), name)
        return read_only(part) if _holds_others(value) else part

    __setattr__ = __delattr__ = __setitem__ = __delitem__ = __written__ = _refuse

    def __getitem__(self, key: Any) -> Any:
        value = read_only(unthunk(self))
        part = value[unthunk(key)]
        return read_only(part) if _holds_others(value) else part

    def __iter__(self) -> Iterator[Any]:
        value = read_only(unthunk(self))
        return map(read_only, value) if _holds_others(value) else iter(value)

    def __reversed__(self) -> Any:
        value = read_only(unthunk(self))
        return map(read_only, reversed(value)) if _holds_others(value) else reversed(value)

    def __contains__(self, x: Any) -> bool:
        return x in unthunk(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        value = read_only(unthunk(self))
        if copy is not None:
            return np.array(value, dtype, copy=copy)
        array = np.asarray(value, dtype)
        return array.view(Scalar) if array.ndim == 0 and dtype is None else array

    def __operand__(self) -> Any:
        return read_only(unthunk(self))

    __len__, __bool__, __hash__ = _unary(len), _unary(bool), _unary(hash)
    __str__, __format__ = _unary(str), _unary(format)
    __float__, __complex__, __int__ = _unary(float), _unary(complex), _unary(int)
    __index__, __round__, __trunc__ = _unary(operator.index), _unary(round), _unary(math.trunc)
    __neg__, __pos__, __abs__ = _unary(operator.neg), _unary(operator.pos), _unary(abs)
    __invert__, __conj__ = _unary(operator.invert), _unary(conj)

    __eq__, __ne__ = _comparison(operator.eq), _comparison(operator.ne)
    __lt__, __le__ = _comparison(operator.lt), _comparison(operator.le)
    __gt__, __ge__ = _comparison(operator.gt), _comparison(operator.ge)

    __add__, __radd__ = _binary(operator.add)
    __sub__, __rsub__ = _binary(operator.sub)
    __mul__, __rmul__ = _binary(operator.mul)
    __matmul__, __rmatmul__ = _binary(operator.matmul)
    __truediv__, __rtruediv__ = _binary(operator.truediv)
    __floordiv__, __rfloordiv__ = _binary(operator.floordiv)
    __mod__, __rmod__ = _binary(operator.mod)
    __divmod__, __rdivmod__ = _binary(divmod)
    __pow__, __rpow__ = _binary(operator.pow)
    __and__, __rand__ = _binary(operator.and_)
    __or__, __ror__ = _binary(operator.or_)
    __xor__, __rxor__ = _binary(operator.xor)
