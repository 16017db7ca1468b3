"""The config of PyTorch, and what is said where PyTorch is missing. torch is not loaded for it."""

from __future__ import annotations

from adjoint2rrule.core import HasForwardsMode, HasReverseMode, RuleConfig
from adjoint2rrule.interop.errors import MissingFrameworkError


class MissingTorchError(MissingFrameworkError):
    """PyTorch is needed, for a function without a rule or for `to_torch`, and is not installed."""


class TorchConfig(RuleConfig[HasReverseMode, HasForwardsMode]):
    """The config of PyTorch: a rule where there is one, PyTorch elsewhere.

    A function without a rule is run on tensors: it has to be written in torch's functions, or in arithmetic.
    Arguments can be structured. Floats, arrays and tensors are differentiated with respect to wherever they
    stand; a call without tensors has no tensors in its value and cotangents either. Inside of what PyTorch
    runs, functions are not looked up: a rule is used where the function it is for was asked for, or wrapped
    by `to_torch`.

    Examples
    --------
    >>> from adjoint2rrule.core import rrule_via_ad
    >>> from adjoint2rrule.interop.torch import TorchConfig
    >>> y, pullback = rrule_via_ad(TorchConfig(), lambda x, n: x**n, 3.0, 2)
    >>> y, pullback(1.0)
    (np.float64(9.0), (NoTangent(), np.float64(6.0), NoTangent()))
    """
