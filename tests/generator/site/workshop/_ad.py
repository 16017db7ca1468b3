"""The legacy names, for all modules of the package."""

from zygoterules import _pullback, adjoint, adjoint_mut, gradient, literal_getproperty, nograd, pullback

__all__ = ["_pullback", "adjoint", "adjoint_mut", "gradient", "literal_getproperty", "nograd", "pullback"]
