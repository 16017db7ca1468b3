"""Thunks: tangents that are computed when they are needed, at most once, and look like their value."""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Callable, Iterator
from threading import RLock
from typing import Any, NoReturn

import numpy as np

from adjoint2rrule.core.errors import MutateThunkError, TangentConstructionError
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


def unthunk(x: Any) -> Any:
    """Return the value of a thunk, and anything else as it is.

    Parameters
    ----------
    x
        Any tangent, or what may be one. The value of a thunk is computed now, unless it was before.

    Examples
    --------
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


def _refuse(self: AbstractThunk, *args: Any) -> NoReturn:
    raise MutateThunkError(
        f"{self!r} cannot be written into, since others may hold it: use unthunk(x).copy()"
    )


def _read_only(value: Any) -> Any:
    # parts of an array are views, and writing into them would write into what others hold
    if isinstance(value, np.ndarray):
        value = value.view()
        value.flags.writeable = False
    return value


class AbstractThunk(AbstractTangent):
    """A tangent that is yet to be computed, and behaves as its value in all but ``isinstance``.

    Arithmetic, comparison, indexing, iteration, conversion, attributes and methods, and the functions
    of numpy and scipy run the computation and work on its result. ``ZeroTangent() * t`` does not run
    it. Nothing can be written into a thunk: ``t[0] = 1.0`` is a `MutateThunkError`, and the arrays that
    numpy makes of it without copying, as views of its parts, are read-only; ``t += x`` binds ``t`` to
    the sum. Functions that ask for the class of their argument, such as those of C extensions and the
    functions and methods of ``scipy.sparse`` (``S.multiply(t)``; ``S * t`` is fine), need `unthunk`.

    Examples
    --------
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
        if name.startswith("__") and name.endswith(
            "__"
        ):  # a probe, of `copy` or of an editor, must not run it
            raise AttributeError(f"{type(self).__name__} has no {name}")
        value = unthunk(self)
        if any(name in names and isinstance(value, cls) for cls, names in WRITING_METHODS):
            _refuse(self)
        return getattr(_read_only(value), name)

    __setattr__ = __delattr__ = __setitem__ = __delitem__ = __written__ = _refuse

    def __getitem__(self, key: Any) -> Any:
        return _read_only(unthunk(self))[unthunk(key)]

    def __iter__(self) -> Iterator[Any]:
        return iter(_read_only(unthunk(self)))

    def __reversed__(self) -> Any:
        return reversed(_read_only(unthunk(self)))

    def __contains__(self, x: Any) -> bool:
        return x in unthunk(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        value = _read_only(unthunk(self))
        if copy is not None:
            return np.array(value, dtype, copy=copy)
        array = np.asarray(value, dtype)
        return array.view(Scalar) if array.ndim == 0 and dtype is None else array

    def __operand__(self) -> Any:
        return _read_only(unthunk(self))

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


class Thunk(AbstractThunk):
    """A thunk that calls a function of no arguments, at most once and only when its value is needed.

    Two threads that need the value at once get the same one, from one call. The function is let go
    as soon as it has returned; one that raises is called again the next time.

    Parameters
    ----------
    f
        The computation. `thunk` is the usual way to give it.

    Raises
    ------
    TangentConstructionError
        Where `f` cannot be called.
    MutateThunkError
        Where something is written into the thunk.

    Examples
    --------
    >>> t = Thunk(lambda: print("running") or 2.0)
    >>> t * 3.0
    running
    6.0
    >>> unthunk(t)
    2.0

    Notes
    -----
    Ports: ``Thunk`` of ChainRulesCore.jl. Differs: the value is kept, so that using a thunk twice
    costs no more than computing it once.
    """

    __slots__ = ("__f", "__lock", "__value")

    def __init__(self, f: Callable[[], Any], /) -> None:
        if not callable(f):
            raise TangentConstructionError(
                f"a thunk takes a function of no arguments, as thunk(lambda: ...), but got {f!r}"
            )
        _set(self, "_Thunk__f", f)
        _set(self, "_Thunk__lock", RLock())  # a thunk that asks for itself is an error, not a deadlock

    def __unthunk__(self) -> Any:
        if self.__f is not None:
            with self.__lock:
                if self.__f is not None:
                    _set(self, "_Thunk__value", unthunk(self.__f()))
                    _set(self, "_Thunk__f", None)  # last, since it is what other threads look at
        return self.__value

    def __repr__(self) -> str:
        f = self.__f
        if f is None:
            return f"Thunk(lambda: {self.__value!r})"
        return f"Thunk({getattr(f, '__qualname__', repr(f))})"


class InplaceableThunk(AbstractThunk):
    """A thunk that also knows how to add its value to an array in place.

    Parameters
    ----------
    add
        Called as ``add(x)`` with a writeable array: adds the value to `x`, preferably without
        computing the value first, and returns `x` or nothing.
    val
        The thunk that computes the value for everybody else.

    Raises
    ------
    TangentConstructionError
        Where `add` cannot be called, or `val` is a function and not a thunk of it.

    Examples
    --------
    >>> from adjoint2rrule.core import add_inplace
    >>> x̄ = np.ones(3)
    >>> dx = InplaceableThunk(lambda x: np.add(x, 2.0, out=x), thunk(lambda: np.full(3, 2.0)))
    >>> add_inplace(x̄, dx) is x̄
    True
    >>> x̄
    array([3., 3., 3.])

    Notes
    -----
    Ports: ``InplaceableThunk`` of ChainRulesCore.jl.
    """

    __slots__ = ("add", "val")

    add: Callable[[Any], Any]
    val: Any

    def __init__(self, add: Callable[[Any], Any], val: Any, /) -> None:
        if not callable(add):
            raise TangentConstructionError(
                f"InplaceableThunk takes a function that adds in place, but got {add!r}"
            )
        if callable(val) and not isinstance(val, AbstractTangent):
            raise TangentConstructionError(
                f"InplaceableThunk takes a thunk of its value, as thunk(lambda: ...), but got {val!r}"
            )
        _set(self, "add", add)
        _set(self, "val", val)

    def __unthunk__(self) -> Any:
        return unthunk(self.val)

    def __repr__(self) -> str:
        return f"InplaceableThunk({getattr(self.add, '__qualname__', repr(self.add))}, {self.val!r})"


_set = object.__setattr__  # the thunks' own refuses


def thunk(f: Callable[[], Any], /) -> Thunk:
    """Return a tangent that calls `f` when its value is needed: ``thunk(lambda: A.T @ ȳ)``.

    It pays where a rule has several cotangents that take real work, since whoever needs only some
    of them does not pay for the others. For one cotangent, or for cheap ones, it costs more than it
    saves.

    Parameters
    ----------
    f
        The computation, a function of no arguments.

    Raises
    ------
    TangentConstructionError
        Where `f` cannot be called, as a value that is computed already.

    Examples
    --------
    >>> from adjoint2rrule.core import ZeroTangent
    >>> t = thunk(lambda: print("running") or 2.0)
    >>> ZeroTangent() * t
    ZeroTangent()
    >>> t + 1.0
    running
    3.0
    >>> t + 2.0
    4.0

    Notes
    -----
    Ports: ``@thunk`` of ChainRulesCore.jl.
    """
    return Thunk(f)
