"""The bridge to PyTorch.

`to_torch` makes a function with a rule one that PyTorch differentiates by this rule. `TorchConfig` is for the
other direction, rules that ask an AD for a derivative. torch is imported when the first of these needs it.
"""

from adjoint2rrule.interop.torch.bridge import to_torch
from adjoint2rrule.interop.torch.config import MissingTorchError, TorchConfig
from adjoint2rrule.interop.torch.via_ad import frule_or_torch, rrule_or_torch

__all__ = ["MissingTorchError", "TorchConfig", "frule_or_torch", "rrule_or_torch", "to_torch"]
