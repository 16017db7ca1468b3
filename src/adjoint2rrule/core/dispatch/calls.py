"""How calls of `rrule` and `frule` are written, and what is said of a call that is written otherwise.

It is looked at only where no rule was found, so that calls with rules do not pay for it.
"""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np

from adjoint2rrule.core.config import AnyConfig, RuleConfig, is_config_class
from adjoint2rrule.core.dispatch.arity import function_called
from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.core.dispatch.reading import annotated
from adjoint2rrule.core.errors import MissingFeatureError, RuleCallError

# The callable of a call that has none.
NOTHING: Any = object()


def check_call(form: str, leading: tuple[Any, ...], f: Any, xs: tuple[Any, ...] = ()) -> None:
    """Refuse a call that can have no rule, since something else stands where the callable or its tangents do.

    Calls are written as `form`, such as ``frule((df, *dxs), f, *xs)``; there `leading` is the tuple in front.
    Of a call with a config in its place, the arguments `xs` need no look.

    Raises
    ------
    MissingFeatureError
        Where the class of a config stands first.
    RuleCallError
        Where the call is not written so.
    """
    name, _, arguments = form.partition("(")
    first = leading[0] if leading else f
    if is_config_class(first):
        raise MissingFeatureError(
            f"{name}: the class {first.__name__} stands where a config may: make an instance,"
            f" `{first.__name__}()`."
        )
    if (wrong := _what_is_wrong(leading, f, xs)) is not None:
        raise RuleCallError(
            f"{name}: {wrong}; write `{form}`, or `{name}(config, {arguments}` with a config."
        )


def _what_is_wrong(leading: tuple[Any, ...], f: Any, xs: tuple[Any, ...]) -> str | None:
    if f is NOTHING:
        return "there is no callable"
    if isinstance(f, RuleConfig):
        return f"the config {f!r} stands where the callable does"
    if not callable(f):
        return f"{reprlib.repr(f)} stands where the callable does, and cannot be called"
    if not all(isinstance(dargs, tuple) for dargs in leading):
        return f"{reprlib.repr(leading[0])} stands where the tangents do, which are a tuple"
    for position, x in enumerate(xs):
        if isinstance(x, RuleConfig) and not _may_take(f, position, x):
            return f"the config {x!r} stands among the arguments of {describe(f)}, but comes first"
    return None


def _may_take(f: Any, position: int, config: AnyConfig) -> bool:
    """Return whether `config` may be meant for `f`: this says so, or is a function of C that says nothing."""
    if isinstance(f, np.ufunc):
        return False
    function, _ = function_called(f, "itself")
    pattern = annotated(f, position)
    return function is None or (pattern is not None and pattern.accepts(config))
