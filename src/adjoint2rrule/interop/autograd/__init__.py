"""The bridge to HIPS autograd: small, on numpy alone, and the default of rules that call back into an AD.

`to_autograd` makes a function with a rule one that autograd differentiates by this rule. `AutogradConfig` is
for the other direction, rules that ask an AD for a derivative. autograd is imported when the first of these
needs it.
"""

from adjoint2rrule.interop.autograd.bridge import to_autograd
from adjoint2rrule.interop.autograd.config import AutogradConfig, MissingAutogradError
from adjoint2rrule.interop.autograd.tracing import autograd_pullback
from adjoint2rrule.interop.autograd.via_ad import rrule_or_autograd

__all__ = ["AutogradConfig", "MissingAutogradError", "autograd_pullback", "rrule_or_autograd", "to_autograd"]
