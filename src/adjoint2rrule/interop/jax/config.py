"""The config of JAX, and what is said where JAX is missing. JAX is not loaded for it."""

from __future__ import annotations

from adjoint2rrule.core import HasForwardsMode, HasReverseMode, RuleConfig
from adjoint2rrule.interop.errors import MissingFrameworkError


class MissingJaxError(MissingFrameworkError):
    """JAX is needed, for a function without a rule or for `to_jax`, and is not installed."""


class JaxConfig(RuleConfig[HasReverseMode, HasForwardsMode]):
    """The config of JAX: a rule where there is one, JAX elsewhere.

    Arguments can be structured: floats and arrays are differentiated with respect to wherever they
    stand in tuples, lists, dicts and objects. Integers, strings and functions pass untouched, and so
    do keyword arguments. Inside of what JAX traces, functions are not looked up: a rule is used where
    the function it is for was asked for, or wrapped by `to_jax`.

    Examples
    --------
    >>> from adjoint2rrule.core import rrule_via_ad
    >>> from adjoint2rrule.interop.jax import JaxConfig
    >>> y, pullback = rrule_via_ad(JaxConfig(), lambda x, n: x**n, 3.0, 2)
    >>> float(y), [float(x̄) for x̄ in pullback(1.0)]
    (9.0, [0.0, 6.0, 0.0])

    Notes
    -----
    JAX computes in single precision, unless its option ``jax_enable_x64`` is set.
    """
