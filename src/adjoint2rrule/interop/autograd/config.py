"""The config of HIPS autograd, and what is said where autograd is missing. autograd is not loaded for it."""

from __future__ import annotations

from adjoint2rrule.core import HasForwardsMode, HasReverseMode, RuleConfig
from adjoint2rrule.interop.errors import MissingFrameworkError


class MissingAutogradError(MissingFrameworkError):
    """autograd is needed, for a function without a rule or for `to_autograd`, and is not installed."""


class AutogradConfig(RuleConfig[HasReverseMode, HasForwardsMode]):
    """The config of HIPS autograd: a rule where there is one, autograd elsewhere.

    Arguments can be structured: floats and arrays are differentiated with respect to wherever they
    stand in tuples, lists, dicts and objects. Integers, strings and functions pass untouched, and so
    do keyword arguments. Inside of what autograd runs, functions are not looked up: a rule is used where
    the function it is for was asked for, or wrapped by `to_autograd`.

    Examples
    --------
    >>> from adjoint2rrule.core import rrule_via_ad
    >>> from adjoint2rrule.interop.autograd import AutogradConfig
    >>> y, pullback = rrule_via_ad(AutogradConfig(), lambda x, n: x**n, 3.0, 2)
    >>> y, pullback(1.0)
    (np.float64(9.0), (NoTangent(), np.float64(6.0), NoTangent()))
    """
