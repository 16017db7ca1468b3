"""`to_autograd`: a function that HIPS autograd differentiates by its rules."""

from __future__ import annotations

from collections.abc import Callable
from functools import WRAPPER_ASSIGNMENTS, wraps
from typing import Any

from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.interop.autograd.config import MissingAutogradError
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.leaves import ATOMS


def to_autograd(f: Callable[..., Any], /) -> Callable[..., Any]:
    """Return `f` as a function whose derivatives under autograd are those of its rules.

    Reverse mode takes the `rrule` for the call, forward mode the `frule`, both with `AutogradConfig`. The
    rule is looked for when autograd differentiates a call; without that, `f` itself runs.

    Parameters
    ----------
    f : callable
        A function, a method, an object that can be called, or a class for its constructor.

    Returns
    -------
    callable
        It takes what `f` takes. What autograd differentiates with respect to may stand anywhere in
        the positional arguments, and in the fields of `f`: inside of tuples, lists, dicts, NamedTuples,
        dataclasses and other objects with fields. All else passes untouched, and a rule's thunks for it
        are not forced. A value that is a number, or a tuple, list or dict of numbers, is a box of autograd's;
        in others each number is.

    Raises
    ------
    MissingAutogradError
        Where autograd is not installed.
    NoRuleError
        From a call that is differentiated, where no rule fits.
    PullbackError, LyingRuleError
        From a call that is differentiated, where the rule gives something else than it should.
    KeywordError
        From a call that is differentiated with respect to what was given by keyword.
    UntraceableError
        From a call that is differentiated with respect to what a function has in its closure.
    UntraceableRuleError
        Under second derivatives, where the body of the rule is not one that autograd can follow.

    Examples
    --------
    >>> from autograd import grad
    >>> from adjoint2rrule.core import NoTangent, Tangent, rrule
    >>> def energy(spring, x):
    ...     return 0.5 * spring["k"] * x**2
    >>> @rrule.register(energy)
    ... def energy_rrule(energy, spring, x: float):
    ...     def energy_pullback(ȳ):
    ...         return NoTangent(), Tangent[dict](k=0.5 * x**2 * ȳ), spring["k"] * x * ȳ
    ...
    ...     return energy(spring, x), energy_pullback
    >>> grad(to_autograd(energy), 0)({"k": 3.0}, 2.0)
    {'k': array(2.)}
    >>> grad(grad(to_autograd(energy), 1), 1)({"k": 3.0}, 2.0)
    np.float64(3.0)

    Notes
    -----
    autograd does not conjugate, and rules do: seeds and cotangents are conjugated on their way, so that the
    gradient is the one that autograd has for a function of its own.
    """
    try:
        from adjoint2rrule.interop.autograd.boxes import SYSTEM, is_of_array, opened, run
        from adjoint2rrule.interop.autograd.captures import check_closures
        from adjoint2rrule.interop.autograd.plain_calls import plain_call
    except ImportError as err:
        raise MissingAutogradError(
            f"to_autograd({describe(f)}) needs autograd, which is not installed: pip install"
            f" 'adjoint2rrule[autograd]'"
        ) from err

    # a function or a class, which has no numbers of its own
    is_plain = type(f) in ATOMS and not getattr(f, "__closure__", None)

    @wraps(f, assigned=[name for name in WRAPPER_ASSIGNMENTS if hasattr(f, name)], updated=())
    def differentiated_by_rules(*xs: Any, **kw: Any) -> Any:
        if is_plain and not kw and (y := plain_call(f, xs)) is not NotImplemented:
            return y
        call = Call(SYSTEM, f, xs, kw)
        if not all(map(is_of_array, call.leaves)):
            call = Call(SYSTEM, f, opened(xs), opened(kw))
        check_closures(call)
        if not call.leaves:
            return f(*xs, **kw)
        if kw:
            call.check_needed([True for _ in call.leaves])
        return run(call, call.leaves)

    return differentiated_by_rules
