"""Derivatives of derivatives: rules run on boxes, so that autograd differentiates their bodies.

Not every body can be followed. One that calls numpy on a box mostly fails, and the error says so; one that
asks what its argument is, `isinstance(x, np.ndarray)`, may take another way and give another number. So each
run on boxes is compared with one on plain values, which is the first derivative as the rule has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from autograd.tracer import getval

from adjoint2rrule.core import AbstractZero
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.errors import NoRuleError, UntraceableRuleError
from adjoint2rrule.interop.runs import ReverseRun


def traced_cotangents(
    call: Call, values: Sequence[Any], ȳs: Sequence[Any], needed: Sequence[bool]
) -> list[Any]:
    """Return the cotangents of the leaves of a call, where some values or seeds are boxes.

    Raises
    ------
    UntraceableRuleError
        Where autograd cannot follow the rule.
    """
    plain = call.reverse(_plain(values)).cotangents(_plain(ȳs), needed)
    return _followed(call, "rrule", plain, lambda: call.reverse(values).cotangents(ȳs, needed))


def traced_tangents(call: Call, values: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
    """Return the tangents of the leaves of the value of a call, where some values or tangents are boxes.

    Raises
    ------
    UntraceableRuleError
        Where autograd cannot follow the rule.
    """
    _, plain = call.forward(_plain(values), _plain(tangents))
    return _followed(call, "frule", plain, lambda: call.forward(values, tangents)[1])


def traced_run(call: Call) -> ReverseRun | None:
    """Return what the rule for a call with boxes gives for these; `None` where there is no rule.

    Raises
    ------
    UntraceableRuleError
        Where autograd cannot follow the rule.
    """
    try:
        plain = call.reverse(_plain(call.leaves))
    except NoRuleError:
        return None
    with _following(call, "rrule"):
        traced = call.reverse(call.leaves)
    _check(call, "rrule", plain.outputs, traced.outputs)
    return traced


def _followed(call: Call, kind: str, plain: list[Any], traced: Callable[[], list[Any]]) -> list[Any]:
    with _following(call, kind):
        found = traced()
    _check(call, kind, plain, found)
    return found


@contextmanager
def _following(call: Call, kind: str) -> Iterator[None]:
    try:
        yield
    # what numpy and Python raise where a box stands for an array or a number
    except (TypeError, ValueError, AttributeError, LookupError, NotImplementedError, AssertionError) as err:
        raise UntraceableRuleError(
            f"{call.rule_call(kind)}: autograd cannot differentiate this rule itself, as second derivatives"
            f" need it ({type(err).__name__}: {err}). It follows arithmetic, numpy's ufuncs and the functions"
            f" of autograd.numpy: write the body of the rule in these."
        ) from err


def _check(call: Call, kind: str, plain: Sequence[Any], found: Sequence[Any]) -> None:
    if not all(map(_agree, _plain(plain), _plain(found))):
        raise UntraceableRuleError(
            f"{call.rule_call(kind)}: it gives {_plain(found)} where autograd follows it, and {[*plain]}"
            f" elsewhere, so that second derivatives would be wrong: it must not ask for the class of its"
            f" arguments."
        )


def _plain(values: Iterable[Any]) -> list[Any]:
    return list(map(getval, values))


def _agree(a: Any, b: Any) -> bool:
    if isinstance(a, AbstractZero) or isinstance(b, AbstractZero):
        return not np.any(0.0 if isinstance(a, AbstractZero) else a) and not np.any(
            0.0 if isinstance(b, AbstractZero) else b
        )
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-6, atol=0.0, equal_nan=True)
