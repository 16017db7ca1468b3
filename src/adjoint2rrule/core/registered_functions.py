"""Functions that users register for their own classes, looked at then and not only when they are used."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from adjoint2rrule.core.errors import RegistrationError


def check_takes(function: Any, parameters: Sequence[str], task: str, result: str) -> None:
    """Refuse a function that cannot be called as its task is.

    Parameters
    ----------
    function
        What is registered.
    parameters : sequence of str
        What it is called with, by position. Where a ``*xs`` is among them, there may be more.
    task, result : str
        What it is to do, and to return, for the message.

    Raises
    ------
    RegistrationError
        Where it is not callable, or takes other arguments.

    Examples
    --------
    >>> check_takes(lambda x: 0.0, ["x"], "be the zero of an Angle", "it")
    """
    given = [name for name in parameters if name.isidentifier()]
    try:
        signature = inspect.signature(function)
        is_open = any(name.startswith("*") for name in parameters)
        (signature.bind_partial if is_open else signature.bind)(*given)
    except ValueError:  # a function of C that does not tell
        return
    except TypeError as err:
        name = getattr(function, "__qualname__", repr(function))
        raise RegistrationError(
            f"{name} cannot {task}: {err}. Write a function, `def f({', '.join(parameters)})`, that returns"
            f" {result}."
        ) from err
