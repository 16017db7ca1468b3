"""Thunks: tangents that are computed when they are needed, at most once."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any

from adjoint2rrule.core.errors import TangentConstructionError
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.abstract_thunk import AbstractThunk, unthunk

__all__ = ["AbstractThunk", "InplaceableThunk", "Thunk", "thunk", "unthunk"]


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
    >>> import numpy as np
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
