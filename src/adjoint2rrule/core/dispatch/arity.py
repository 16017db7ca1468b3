"""How many arguments a target takes, as far as that is certain."""

from __future__ import annotations

import inspect
import math
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, WrapperDescriptorType
from typing import Any

import numpy as np

Kind = inspect.Parameter


def counted(count: float) -> str:
    """Return so many arguments in words."""
    return f"{count:.0f} argument{'' if count == 1 else 's'}"


def arguments_of(target: Any) -> tuple[int, float]:
    """Return how many arguments `target` needs, and how many it can take, as far as that is certain."""
    if isinstance(target, np.ufunc):
        return target.nin, math.inf
    if type(target) in OF_C:
        return _arguments_of_signature(target)
    if type(target) is not FunctionType:
        return 0, math.inf
    # Not by `inspect.signature`, which believes what a decorator says.
    code = target.__code__
    has_more = code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
    count = code.co_argcount + code.co_kwonlyargcount
    optional = len(target.__defaults__ or ()) + len(target.__kwdefaults__ or {})
    return count - optional, math.inf if has_more else count


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
