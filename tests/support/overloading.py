"""How an AD system by operator overloading comes to see the calls of a program."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

BINARY = (operator.add, operator.sub, operator.mul, operator.truediv, operator.pow)


def overload(cls: Any) -> Any:
    """Give `cls` the operators of numbers and numpy's functions, each run by ``cls.primitive(op, *args)``."""
    for op in BINARY:
        setattr(cls, f"__{op.__name__}__", _forward(op))
        setattr(cls, f"__r{op.__name__}__", _reflected(op))
    cls.__neg__ = lambda self: cls.primitive(operator.neg, self)
    cls.__array_ufunc__ = _ufunc
    return cls


def called(cls: Any, f: Callable[..., Any], *args: Any) -> Any:
    """Run `f` by its rule; a function without one sees the overloaded numbers."""
    y = cls.primitive(f, *args)
    return f(*args) if y is NotImplemented else y


def _forward(op: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: type(self).primitive(op, self, other)


def _reflected(op: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: type(self).primitive(op, other, self)


def _ufunc(self: Any, ufunc: np.ufunc, method: str, *args: Any) -> Any:
    # numpy's functions of scalars; methods such as `reduce` are for arrays
    return type(self).primitive(ufunc, *args) if method == "__call__" else NotImplemented
