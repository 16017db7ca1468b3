"""Which `__call__` an instance runs, and so which of the rules for its classes are rules of that call."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from adjoint2rrule.core.dispatch.classes import is_protocol


def serves(base: type, cls: type) -> bool:
    """Return whether rules for calling instances of `base` hold for those of its subclass `cls`.

    They do not where `cls` runs a `__call__` that overrides that of `base`, and so computes something
    else. An abstract `__call__`, or that of a protocol, computes nothing: rules for its class are meant for
    what subclasses make of it.
    """
    if base is cls:
        return True
    definer = _definer_of_call(cls)
    if definer is None or cls.__mro__.index(base) <= cls.__mro__.index(definer):
        return True
    return is_call_abstract(base)


def call_of(cls: type) -> FunctionType | None:
    """Return the Python function that a call of an instance of `cls` runs; `None` where there is none."""
    definer = _definer_of_call(cls)
    call = None if definer is None else vars(definer)["__call__"]
    return call if isinstance(call, FunctionType) else None


def is_call_abstract(cls: type) -> bool:
    """Return whether the `__call__` of `cls` is there to be overridden."""
    definer = _definer_of_call(cls)
    if definer is None:
        return False
    call: Any = vars(definer)["__call__"]
    return is_protocol(definer) or bool(getattr(call, "__isabstractmethod__", False))


def _definer_of_call(cls: type) -> type | None:
    return next((base for base in cls.__mro__ if "__call__" in vars(base)), None)
