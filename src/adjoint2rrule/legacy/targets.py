"""Which object a legacy definition is a rule for: what its name denotes where the decorator runs."""

from __future__ import annotations

import builtins
import inspect
import sys
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from inspect import Parameter
from types import CodeType, FrameType, FunctionType, WrapperDescriptorType
from typing import Any, get_origin

from adjoint2rrule.legacy.errors import LegacyRuleError


def is_definition_under(frame: FrameType, argument: object) -> bool:
    """Return whether `argument` is the function below the decorator that `frame` is just running.

    A rule (``@adjoint`` over ``def f``) and a target (``@adjoint(f)``) are both functions and reach the
    decorator in the same way. Only the rule was compiled as part of what runs, with the decorator's
    own line among its lines.
    """
    code = getattr(inspect.unwrap(argument), "__code__", None) if callable(argument) else None
    if not isinstance(code, CodeType) or code.co_name == "<lambda>" or not _contains(frame.f_code, code):
        return False
    last_line = max(line for *_, line in code.co_lines() if line is not None)
    return code.co_firstlineno <= frame.f_lineno <= last_line


def _contains(outer: CodeType, inner: CodeType) -> bool:
    constants = (constant for constant in outer.co_consts if isinstance(constant, CodeType))
    return any(constant is inner or _contains(constant, inner) for constant in constants)


def denoted(rule: Callable[..., Any], frame: FrameType) -> Any:
    """Return what the name of `rule` denotes in `frame`, in which it is not bound to `rule` yet.

    Raises
    ------
    NameError
        Where it denotes nothing.
    """
    name = rule.__name__
    for scope in _scopes(frame):
        if name in scope:
            return scope[name]
    raise NameError(
        f"adjoint: {name!r} denotes nothing at line {frame.f_lineno} of {frame.f_code.co_filename},"
        f" so there is no function to give a rule to. Define or import {name} above,"
        f" or name the function with @adjoint(target)."
    )


def is_functor_definition(rule: Callable[..., Any], frame: FrameType) -> bool:
    """Return whether `rule` is a ``def __call__`` that stands outside of the class it is for."""
    in_class_body = "__qualname__" in frame.f_locals and frame.f_locals is not frame.f_globals
    return rule.__name__ == "__call__" and not in_class_body


def functor_class(rule: Callable[..., Any], frame: FrameType) -> type:
    """Return the class that annotates the first parameter of ``def __call__(self: Affine, x)``.

    Raises
    ------
    LegacyRuleError
        Where no class does.
    """
    parameter = next(iter(inspect.signature(rule).parameters.values()), None)
    hint = parameter.annotation if parameter else Parameter.empty
    names = ChainMap(*map(dict, _scopes(frame)))
    while isinstance(hint, str):
        try:
            hint = eval(hint, {}, names)  # as `typing.get_type_hints` does, which reads all annotations
        except (NameError, AttributeError, SyntaxError, TypeError):
            hint = None
    hint = get_origin(hint) or hint
    if isinstance(hint, type) and hint is not Parameter.empty:
        return hint
    raise LegacyRuleError(
        f"adjoint: `__call__` at line {frame.f_lineno} of {frame.f_code.co_filename} does not say whose calls"
        f" it is a rule for. Annotate its first parameter with the class, `self: Affine`, or write"
        f" @adjoint(Affine.__call__)."
    )


def owner_of_call(function: Any, frame: FrameType) -> type | None:
    """Return the class that `function` is the ``__call__`` of, `None` where none is found."""
    if getattr(function, "__name__", None) != "__call__":
        return None
    if isinstance(function, WrapperDescriptorType):  # that of a class of C
        return function.__objclass__
    if not isinstance(function, FunctionType):
        return None
    names = function.__qualname__.rpartition("<locals>.")[2].split(".")[:-1]
    for scope in (*_scopes(frame), vars(sys.modules.get(function.__module__, builtins))):
        owner = _at(names, scope)
        if isinstance(owner, type) and vars(owner).get("__call__") is function:
            return owner
    return None


def _at(names: Sequence[str], scope: Mapping[str, Any]) -> Any:
    """Return what a name, or a dotted one, denotes in `scope`; `None` where it denotes nothing."""
    first, *attributes = names or [""]
    return reduce(lambda value, name: getattr(value, name, None), attributes, scope.get(first))


def _scopes(frame: FrameType) -> Iterator[Mapping[str, Any]]:
    """Yield the namespaces in which Python looks a name up, the innermost first."""
    yield frame.f_locals
    yield from (outer.f_locals for outer in _enclosing(frame))
    yield frame.f_globals
    yield vars(builtins)


def _enclosing(frame: FrameType) -> Iterator[FrameType]:
    """Yield the frames of the functions around that of `frame`, which are those that compiled it.

    The `def` below a decorator makes its name local, so that the compiler captures no outer variable
    of that name; while the outer function runs, it is found here.
    """
    inner, caller = frame, frame.f_back
    while caller is not None:
        if _contains(caller.f_code, inner.f_code):
            if caller.f_code.co_flags & inspect.CO_OPTIMIZED:  # a class body is no scope for its functions
                yield caller
            inner = caller
        caller = caller.f_back
