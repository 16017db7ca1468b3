"""Code inside a differentiated function that takes no part in the derivative.

Ports: `ignore_derivatives` of ChainRulesCore.jl (ignore_derivatives.jl).
"""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.core.errors import RuleCallError
from adjoint2rrule.core.perturbable import FUNCTIONS
from adjoint2rrule.core.rule_definition_tools import non_differentiable


@non_differentiable
def ignore_derivatives(f: Any, /) -> Any:
    """Return `f()` for a function of no arguments, and any other value as it is; the derivative is none.

    An AD system that meets it gives `NoTangent()` to whatever is inside: to what the function uses, or
    to the value.

    Parameters
    ----------
    f : callable or object
        A function that can be called without arguments, or a value.

    Returns
    -------
    object
        What the function returns, or the value.

    Raises
    ------
    RuleCallError
        Where `f` is a function of C that does not tell whether it needs arguments.

    Examples
    --------
    >>> from adjoint2rrule.core import rrule
    >>> history = []
    >>> ignore_derivatives(lambda: history.append("seen"))
    >>> history, ignore_derivatives(3.0)
    (['seen'], 3.0)
    >>> y, pullback = rrule(ignore_derivatives, 3.0)
    >>> pullback(1.0)
    (NoTangent(), NoTangent())

    Notes
    -----
    Ports: `ignore_derivatives`. Differs: a function that needs arguments is a value.
    """
    return f() if _needs_no_arguments(f) else f


def _needs_no_arguments(f: Any) -> bool:
    if not isinstance(f, (*FUNCTIONS, partial)):
        return False
    try:
        inspect.signature(f).bind()
    except TypeError:
        return False
    except ValueError as err:  # a function of C that does not say
        name = describe(f)
        raise RuleCallError(
            f"ignore_derivatives({name}): {name} does not tell whether it needs arguments; write"
            f" `ignore_derivatives(lambda: {name}())` to call it, or `ignore_derivatives(lambda: {name})` to"
            f" have it as it is."
        ) from err
    return True
