"""Calling the legacy AD: the value of a function, and what takes a seed to the cotangents of its arguments.

Ports: ``pullback``, ``_pullback`` and ``gradient`` of ZygoteRules.jl (ZygoteRules.jl).
"""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from adjoint2rrule.core import AbstractZero, RuleConfig, rrule_via_ad
from adjoint2rrule.core.config import AnyConfig
from adjoint2rrule.core.dispatch.registry import is_bound
from adjoint2rrule.interop.autograd import rrule_or_autograd
from adjoint2rrule.legacy.context import LegacyConfig, __context__
from adjoint2rrule.legacy.errors import NotAScalarError
from adjoint2rrule.legacy.rules import Pair, find_legacy_pair
from adjoint2rrule.legacy.translation import from_legacy, to_legacy, with_article


def _pullback(f: Any, /, *xs: Any, **kw: Any) -> Pair:
    """Return the value of ``f(*xs, **kw)``, and its pullback with an entry for `f` in front.

    What differentiates `f` is, in this order: a legacy definition, a rule of `rrule`, and HIPS autograd.
    ``_pullback(__context__, f, *xs)`` is the same. ``_pullback(config, f, *xs)``, with the config of
    another AD system, leaves `f` to that, and still speaks the legacy form.

    Parameters
    ----------
    f : callable
        A function; a class, for its constructor; an object that can be called.
    *xs, **kw
        The arguments of the call.

    Returns
    -------
    y : object
        The value.
    back : callable
        Takes the cotangent of `y` to a tuple in the legacy form, with one entry for `f` and one for each
        of `xs`: `None` where there is no gradient, and for every argument where the seed is `None`.

    Raises
    ------
    MissingAutogradError
        Where there is neither a definition nor a rule, and autograd is not installed.

    Examples
    --------
    >>> from adjoint2rrule.legacy import _pullback
    >>> y, back = _pullback(lambda x, n: x**n, 3.0, 2)
    >>> back(1.0)
    (None, np.float64(6.0), None)

    See Also
    --------
    pullback : Without the entry for `f`.
    """
    if isinstance(f, RuleConfig):
        return _pullback_by(f, *xs, **kw)
    return _pullback_by(__context__, f, *xs, **kw)


def _pullback_by(config: AnyConfig, f: Any, /, *xs: Any, **kw: Any) -> Pair:
    if not isinstance(config, LegacyConfig):
        return in_legacy_form(rrule_via_ad(config, f, *xs, **kw), 1 + len(xs))
    pair = find_legacy_pair(f, xs, kw)
    return in_legacy_form(rrule_or_autograd(config, f, *xs, **kw), 1 + len(xs)) if pair is None else pair


@rrule_via_ad.register(LegacyConfig)
def legacy_rrule_via_ad(config: AnyConfig, f: Any, /, *xs: Any, **kw: Any) -> Pair:
    """Return what `_pullback` does for a converted rule, which speaks of tangents."""
    pair = find_legacy_pair(f, xs, kw)
    if pair is None:
        return rrule_or_autograd(config, f, *xs, **kw)
    y, back = pair
    primals = (f.__self__ if is_bound(f) else f, *xs)
    return y, lambda ȳ: from_legacy(back(ȳ), primals)


def in_legacy_form(pair: Pair, count: int) -> Pair:
    """Return the pair of a rule as one that speaks the legacy form, with `count` entries."""
    y, pullback = pair

    def back(ȳ: Any) -> tuple[Any, ...]:
        (seed,) = from_legacy((ȳ,), (y,))
        if isinstance(seed, AbstractZero):
            return (None,) * count
        return tuple(map(to_legacy, pullback(seed)[:count]))

    return y, back


def pullback(f: Any, /, *xs: Any, **kw: Any) -> Pair:
    """Return the value of ``f(*xs, **kw)``, and its pullback with an entry for each of `xs`.

    It is `_pullback` without the entry for `f`, and takes a config in front as that does.

    Parameters
    ----------
    f : callable
        A function; a class, for its constructor; an object that can be called.
    *xs, **kw
        The arguments of the call.

    Returns
    -------
    y : object
        The value.
    back : callable
        Takes the cotangent of `y` to a tuple in the legacy form, with one entry for each of `xs`.

    Examples
    --------
    >>> from adjoint2rrule.legacy import pullback
    >>> y, back = pullback(lambda x, y: x * y, 3.0, 4.0)
    >>> back(10.0)
    (np.float64(40.0), np.float64(30.0))
    """
    y, back = _pullback(f, *xs, **kw)
    return y, lambda ȳ: back(ȳ)[1:]


def gradient(f: Any, /, *xs: Any, **kw: Any) -> tuple[Any, ...]:
    """Return the gradient of a scalar function: its `pullback`, applied to 1.

    Raises
    ------
    NotAScalarError
        Where the value of ``f(*xs, **kw)`` is not a real number.

    Examples
    --------
    >>> from adjoint2rrule.legacy import gradient
    >>> gradient(lambda x, y: x * y, 3.0, 4.0)
    (np.float64(4.0), np.float64(3.0))
    """
    y, back = pullback(f, *xs, **kw)
    if not _is_real_number(y):
        raise NotAScalarError(
            f"gradient: the value is {with_article(y)} and not a real number: {y!r}. Use `pullback`, and give"
            f" its `back` the cotangent of the value."
        )
    return back(np.ones_like(y)[()] if isinstance(y, np.ndarray | np.generic) else 1.0)


def _is_real_number(y: Any) -> bool:
    # An array without axes is one too, and so is the box that stands for a number while autograd runs.
    return isinstance(y, Real) or (getattr(y, "shape", None) == () and not np.iscomplexobj(y))
