"""The legacy runtime as an AD system: its config, which legacy rules know as `__context__`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import CodeType
from typing import Any

from adjoint2rrule.core.config import HasReverseMode, RuleConfig


class LegacyConfig(RuleConfig[HasReverseMode]):
    """The config of the legacy runtime: legacy adjoints first, then rules, then HIPS autograd.

    A rule that is already converted is given it when legacy code calls it, so that what it calls back
    into is differentiated as the legacy code around it is.
    """

    def __repr__(self) -> str:
        return "__context__"

    def __reduce__(self) -> str:
        return "__context__"


__context__ = LegacyConfig()


def reveal_context(rule: Callable[..., Any]) -> None:
    """Make `__context__` known in the body of `rule`, which need not import it.

    A function looks its names up in its module and nowhere else, so that is where the name is put;
    only modules with a rule that says it are touched.
    """
    function = inspect.unwrap(rule)
    code = getattr(function, "__code__", None)
    if isinstance(code, CodeType) and _mentions_context(code):
        function.__globals__.setdefault("__context__", __context__)


def _mentions_context(code: CodeType) -> bool:
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return "__context__" in code.co_names or any(map(_mentions_context, inner))
