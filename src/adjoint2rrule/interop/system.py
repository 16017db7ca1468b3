"""What the parts that all bridges share have to know of one AD system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adjoint2rrule.core.config import AnyConfig
from adjoint2rrule.interop.leaves import IsLeaf, is_leaf


def itself(x: Any) -> Any:
    """Return `x`."""
    return x


@dataclass(frozen=True)
class System:
    """An AD system, as far as a call of a rule depends on it.

    Attributes
    ----------
    name
        What messages call it.
    config
        What rules that call back are given.
    is_leaf
        Whether a value is a number of the system's own: a box, a tracer, a tensor. All else in the
        arguments is a constant to the system, and passes untouched.
    stand_in
        A plain value of the class, shape and dtype of a leaf, by which the rule is chosen: annotations
        speak of `float` and `np.ndarray`, and fit no box.
    conj
        From a cotangent in the convention of the system to one in that of rules, and back. Rules and PyTorch
        conjugate, so that it is the identity there; for autograd and JAX it is their `conj`. It is
        applied in `ReverseRun.cotangents`, to each seed on its way in and each cotangent on its way out, and
        nowhere else.

    Examples
    --------
    >>> import numpy as np
    >>> from adjoint2rrule.core import RuleConfig
    >>> system = System("numpy", RuleConfig(), lambda x: isinstance(x, np.ndarray), conj=np.conj)
    >>> system.is_number(np.ones(2)), system.is_number(2.5), system.is_number(3)
    (True, True, False)
    """

    name: str
    config: AnyConfig
    is_leaf: IsLeaf
    stand_in: Callable[[Any], Any] = itself
    conj: Callable[[Any], Any] = itself

    def is_number(self, y: Any) -> bool:
        """Return whether `y` is a leaf of a value: of the system, or a float or array of numpy's."""
        return self.is_leaf(y) or is_leaf(y)
