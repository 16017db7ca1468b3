"""Debug mode: checks of the runtime that cost too much to be made every time.

It is on inside ``with debugging():``, or everywhere with ``ADJOINT2RRULE_DEBUG=1`` in the environment.
What it finds, by the error that says so:

`LyingRuleError`, from `rrule` and `frule`, and from the pullbacks and thunks that they give
    A rule returned no pair, or a pair whose second half is no function of the seed. A pullback returned no
    tuple, or one with too few or too many entries. An entry, or the tangent of an `frule`, is nothing that
    can be a tangent (`None`, a string, a Boolean), is a bare tuple, list or dict where the primal is made of
    parts, has another shape than its primal, is complex where that is real, or is not zero where `ProjectTo`
    gives `NoTangent` for all (Booleans, strings, enums, functions; integers count as numbers). See
    `tangent_checks`.

    A rule or pullback changed an array, list or dict that is an argument or the seed, or an array inside an
    object, be it the callable, of which its pullback gives a cotangent that is not zero: so objects may have
    buffers and counters. Not watched are the argument ``out``, what `non_differentiable` runs, and rules that
    ask for a feature of a user's own or for the config of one system. See `watch`.

    A rule that returns `None` in place of the pair is honest: it declines the call.

`RuleCallError`, from `frule`, and from the pullbacks that `rrule` gives
    The caller of a rule, which is not to blame, gave no tangent for each of the function and its arguments,
    or one, or a seed, that cannot be a tangent as above; a bare tuple, list or dict can, where it has as many
    elements as the primal, and what is complex where that is real. What rules are given that ask for a
    feature of a user's own is their own affair.

`BadInplaceError`, from `add_inplace`
    The ``add`` of an `InplaceableThunk` returned another array than it was given, or added something else
    than the thunk's value. `TangentMismatchError`, where that value has another shape than the array.

`PrimalAdditionError`, from a primal plus its `Tangent`
    The primal that a function given to `construct.register` built from the sums does not have them in its
    fields. Those that the runtime builds by itself are looked at without debug mode too.

Ports: ChainRulesCore.jl, ``debug_mode.jl``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Switch:
    """Whether anybody has asked for debug mode yet, which is all that most calls of a rule look at.

    It never goes back to false: a task that was started inside a ``debugging()`` block keeps debug mode
    on for as long as it runs, and nobody can tell for how long that is.
    """

    __slots__ = ("touched",)

    def __init__(self, touched: bool) -> None:
        self.touched = touched


_everywhere = os.environ.get("ADJOINT2RRULE_DEBUG", "0") not in ("", "0")
_debug_mode = ContextVar("debug_mode", default=_everywhere)
switch = Switch(_everywhere)


def debug_mode() -> bool:
    """Return whether the runtime makes its extra checks.

    Examples
    --------
    >>> with debugging():
    ...     debug_mode()
    True

    Notes
    -----
    Ports: ``debug_mode`` of ChainRulesCore.jl. Differs: there one redefines the function.
    """
    return _debug_mode.get()


@contextmanager
def debugging(on: bool = True, /) -> Iterator[None]:
    """Switch debug mode on, or off, inside a ``with`` block.

    It concerns the thread or asyncio task of the block, and the tasks that are started there; other
    threads are left as they are. Blocks nest. A pullback or thunk is checked if debug mode was on when
    its rule ran, whatever it is later on.

    Parameters
    ----------
    on
        Whether to switch it on.

    Examples
    --------
    >>> from adjoint2rrule.core import LyingRuleError, NoTangent, rrule
    >>> def total(xs, start):
    ...     return sum(xs, start)
    >>> @rrule.register(total)
    ... def total_rrule(total, xs, start):
    ...     def total_pullback(ȳ):
    ...         return NoTangent(), [ȳ for _ in xs], ȳ
    ...
    ...     return total(xs, start), total_pullback
    >>> with debugging():
    ...     y, pullback = rrule(total, [1.0, 2.0], 0.5)
    >>> try:
    ...     pullback(1.0)
    ... except LyingRuleError as err:
    ...     print(str(err).partition(": ")[2])
    the cotangent of args[0] (`xs`) is a list, expected a tangent of a list: return Tangent[list](...).
    """
    switch.touched = True
    token = _debug_mode.set(on)
    try:
        yield
    finally:
        _debug_mode.reset(token)
