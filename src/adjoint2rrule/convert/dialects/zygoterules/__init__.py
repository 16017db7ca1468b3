"""The dialect of ZygoteRules: ``@adjoint``, ``nograd``, ``pullback`` and their like."""

from adjoint2rrule.convert.dialects.zygoterules.decide import plan_file
from adjoint2rrule.convert.dialects.zygoterules.names import closed_modules

__all__ = ["closed_modules", "plan_file"]
