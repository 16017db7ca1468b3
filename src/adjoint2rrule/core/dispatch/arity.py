"""How many arguments a target takes, as far as that is certain."""

from __future__ import annotations

import inspect
import math
from types import (
    BuiltinFunctionType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    WrapperDescriptorType,
)
from typing import Any, Literal

import numpy as np

from adjoint2rrule.core.dispatch.functors import call_of, is_call_abstract

# A target is a callable *itself* (of a class, its constructor), a class for the constructors of its
# *subclasses*, or a class whose *instances* are called.
Role = Literal["itself", "subclasses", "instances"]

Kind = inspect.Parameter


def counted(count: float) -> str:
    """Return so many arguments in words."""
    return f"{count:.0f} argument{'' if count == 1 else 's'}"


def function_called(target: Any, role: Role) -> tuple[FunctionType | None, int]:
    """Return the Python function that calls of `target` run, and how many parameters precede the arguments.

    It is `None` where none is known, or where subclasses may have another one.
    """
    if role == "instances":
        return None if is_call_abstract(target) else call_of(target), 1
    function = target
    if isinstance(target, type):
        function = _constructor(target) if role == "itself" else None
    elif type(target) is MethodType:
        function = target.__func__
    elif type(target) is not FunctionType:
        function = call_of(type(target))
    return function if type(function) is FunctionType else None, int(function is not target)


def _constructor(cls: type) -> Any:
    if type(cls).__call__ is not type.__call__:
        return None  # a metaclass has the first word
    new = cls.__new__
    return new if isinstance(new, FunctionType) else inspect.getattr_static(cls, "__init__")


def arguments_of(target: Any, role: Role = "itself") -> tuple[int, float]:
    """Return how many arguments `target` needs, and how many it can take, as far as that is certain."""
    if role == "itself" and isinstance(target, np.ufunc):
        return target.nin, math.inf
    if role == "itself" and type(target) in OF_C:
        return _arguments_of_signature(target)
    function, before = function_called(target, role)
    if function is None:
        return 0, math.inf
    # Not by `inspect.signature`, which believes what a decorator says.
    code = function.__code__
    has_more = code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
    before = min(before, code.co_argcount)  # `def m(*args)` takes the object too
    count = code.co_argcount + code.co_kwonlyargcount - before
    optional = len(function.__defaults__ or ()) + len(function.__kwdefaults__ or {})
    return max(count - optional, 0), math.inf if has_more else count


# `np.sum` is of a class of numpy's own, as all its functions are.
OF_C = (BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType, type(np.sum))


def _arguments_of_signature(target: Any) -> tuple[int, float]:
    try:
        parameters = inspect.signature(target).parameters.values()
    except ValueError:  # it does not say
        return 0, math.inf
    has_more = any(p.kind in (Kind.VAR_POSITIONAL, Kind.VAR_KEYWORD) for p in parameters)
    named = [p for p in parameters if p.kind not in (Kind.VAR_POSITIONAL, Kind.VAR_KEYWORD)]
    return sum(p.default is Kind.empty for p in named), math.inf if has_more else len(named)
