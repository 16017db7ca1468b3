"""The bridges between rules and AD systems."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adjoint2rrule.interop.autograd import AutogradConfig

__all__ = ["default_config"]


def default_config() -> AutogradConfig:
    """Return the config of the AD system that comes with this package, HIPS autograd.

    Examples
    --------
    >>> from adjoint2rrule.core import HasReverseMode
    >>> from adjoint2rrule.interop import default_config
    >>> HasReverseMode in default_config().features
    True
    """
    from adjoint2rrule.interop.autograd import AutogradConfig

    return AutogradConfig()
