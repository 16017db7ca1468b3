"""Numbers that a call depends on and is not given: autograd would lose their gradients, without a word."""

from __future__ import annotations

from typing import Any

from autograd.tracer import isbox

from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.core.rules import object_of
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.closures import hidden
from adjoint2rrule.interop.errors import UntraceableError


def check_closures(call: Call) -> None:
    """Refuse functions in a call that hold numbers which autograd differentiates it with respect to.

    A number of a gradient around that of the arguments is none: autograd follows it through the rule's body.

    Raises
    ------
    UntraceableError
        Where the function, or one among the arguments, holds such a number.
    """
    innermost = max((x._trace for x in call.leaves), default=-1)
    # the object of a method is an argument too, and no constant
    given = (getattr(call.f, "__func__", call.f), object_of(call.f), *call.xs, *call.kw.values())
    if any(box._trace >= innermost for box in hidden(given, isbox)):
        raise capture_error(call.f)


def capture_error(f: Any) -> UntraceableError:
    """Return what is said of a call of `f` that depends on more than its arguments."""
    return UntraceableError(
        f"the value of {describe(f)} depends on a number that autograd differentiates with respect"
        f" to and that is not among the arguments: a function that was passed has it in its closure."
        f" Make it an argument, or a field of a callable object."
    )
