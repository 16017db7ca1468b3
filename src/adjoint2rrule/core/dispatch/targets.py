"""What `register` takes as a target, and why it takes no other things."""

from __future__ import annotations

import collections.abc
from functools import cached_property
from types import FrameType, FunctionType, UnionType
from typing import Any, Union, get_args, get_origin

from adjoint2rrule.core.dispatch.arity import Role
from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.core.errors import RegistrationError


def read_target(form: str, target: Any, subclasses: bool = False) -> tuple[Role, Any]:
    """Return the role of `target`, and what the rules for it are kept with.

    `form` is how it was given, as in ``"@rrule.register({})"``, and `subclasses` as there.

    Raises
    ------
    RegistrationError
        Where it is no target.
    """
    if isinstance(target, staticmethod):
        target = target.__func__
    is_constructor = get_origin(target) is type
    if subclasses and not is_constructor:
        reason = "`subclasses=True` goes with `type[...]`, the constructor of a class"
        raise _refused(form, target, reason)
    if is_constructor:
        (cls,) = get_args(target)
        if not isinstance(cls, type) or cls is Any:
            raise _refused(form, target, "`type[...]` takes one class; name one at a time")
        return "subclasses" if subclasses else "itself", cls
    if isinstance(target, type):
        _check_instances_are_called(form, target)
        return "instances", target
    if not callable(target) or get_origin(target) is not None:
        raise _refused(form, target, _why_not(form, target))
    return "itself", target


def _check_instances_are_called(form: str, cls: type) -> None:
    if cls in _WITHOUT_SUBCLASSES:
        raise _refused(
            form, cls, "functions and callable objects do not inherit from it; name them one by one"
        )
    # Not `callable(cls)`: the class itself can be called, by its metaclass.
    if any(vars(base).get("__call__") for base in cls.__mro__):
        return
    name = cls.__qualname__
    remedy = f"For a rule on its constructor, write `{form.format(f'type[{name}]')}`"
    raise _refused(form, cls, f"instances of {name} cannot be called. {remedy}")


# What can be called counts as its instance, and does not inherit from it.
_WITHOUT_SUBCLASSES: tuple[object, ...] = (collections.abc.Callable,)


def _why_not(form: str, target: Any) -> str:
    """Return why `target` is none, and what to write instead."""
    if get_origin(target) in (Union, UnionType):
        return "these are several targets; name one at a time"
    if get_origin(target) is not None:
        return "a target has no parameters; leave them out"
    if isinstance(target, property | cached_property):
        return f"a property is not called, but read; write `{form.format('getattr')}`"
    if isinstance(target, classmethod):
        return "it is bound to no class yet; register the rule after the class, for `Foo.m`"
    if isinstance(target, str):
        return "it is a name; write the callable itself"
    return "it is neither a callable nor a class nor `type[...]` of one"


def check_target_is_named(rules: str, target: Any, frame: FrameType) -> None:
    """Refuse a function that `rules` gets as a decorator without a target; `frame` is where it stands.

    Raises
    ------
    RegistrationError
        Where `target` is the function of the ``def`` that the frame is at.
    """
    if type(target) is FunctionType and _is_being_defined(target, frame):
        name = target.__name__
        raise RegistrationError(
            f"{rules}: it is not known yet what {name} is a rule for. Name the callable,"
            f" `@{rules}.register(f)` over `def {name}`."
        )


def _is_being_defined(function: FunctionType, frame: FrameType) -> bool:
    """Return whether `function` comes from a `def` that this frame is at, as a decorator gets it.

    Who writes the name of a function, does so on a later line.
    """
    code = function.__code__
    if code.co_name == "<lambda>" or all(constant is not code for constant in frame.f_code.co_consts):
        return False
    lines = [line for _, _, line in code.co_lines() if line is not None]
    return code.co_firstlineno <= (frame.f_lineno or 0) <= max(lines)


def _refused(form: str, target: object, reason: str) -> RegistrationError:
    return RegistrationError(f"{form.removeprefix('@').format(describe(target))}: {reason}.")
