"""What the names in an annotation stand for, and the names under which things are found."""

from __future__ import annotations

import functools
import inspect
import operator
import sys
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FrameType
from typing import Any

# What the evaluation of a string raises that is an annotation for type checkers alone.
UNRESOLVABLE = (NameError, AttributeError, SyntaxError, TypeError, LookupError, ValueError, ImportError)


def evaluated(
    text: str, module: Mapping[str, Any], closure: Mapping[str, Any], function: Callable[..., Any] | None
) -> Any:
    """Return what the annotation stands for where `function` is defined, in a module of these names."""
    code = compile(text, "<annotation>", "eval")
    # As `typing.get_type_hints` does; but that gives up on all where one cannot be resolved.
    return eval(code, dict(module), {**_around(function, code), **closure})


def function_within(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, with its annotations, that wrappers and partials stand around."""
    function = inspect.unwrap(function)
    while isinstance(function, functools.partial):
        function = inspect.unwrap(function.func)
    unbound: Callable[..., Any] = getattr(function, "__func__", function)
    return unbound


def is_found_by_name(thing: Any) -> bool:
    """Return whether its module has `thing`, a class or what looks like one, under its own name."""
    try:
        found = operator.attrgetter(thing.__qualname__)(sys.modules.get(thing.__module__))
    except (AttributeError, TypeError):
        return False
    return found is thing


def closure_of(function: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    """Yield what the names stand for that `function` has from the functions around it."""
    code = getattr(function, "__code__", None)
    names = code.co_freevars if isinstance(code, CodeType) else ()
    for name, cell in zip(names, getattr(function, "__closure__", None) or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # a name that is not bound yet
            continue


def _around(function: Callable[..., Any] | None, annotation: CodeType) -> dict[str, Any]:
    """Return what an annotation may mention in the functions and classes around `function` that run now."""
    names: dict[str, Any] = {}
    inner = getattr(function, "__code__", None)
    frame: FrameType | None = sys._getframe()
    if "." not in getattr(function, "__qualname__", ""):
        return names  # it stands in a module
    while frame is not None:
        outer = frame.f_code
        if any(constant is inner for constant in outer.co_consts):
            # Not without need: what `f_locals` has once seen, Python 3.12 keeps until the function returns.
            is_function = outer.co_flags & inspect.CO_OPTIMIZED
            if not is_function or not _locals_of(outer).isdisjoint(annotation.co_names):
                names = {**frame.f_locals, **names}
            inner = outer
        frame = frame.f_back
    return names


def _locals_of(code: CodeType) -> frozenset[str]:
    return frozenset((*code.co_varnames, *code.co_cellvars))
