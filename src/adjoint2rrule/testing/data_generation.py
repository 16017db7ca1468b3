"""Primals with a tangent of the user's choice.

Ports: ChainRulesTestUtils.jl, ``data_generation.jl``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class PrimalAndTangent:
    """A primal, and the tangent a test is to use with it."""

    primal: Any
    tangent: Any


def with_tangent(x: Any, tangent: Any, /) -> PrimalAndTangent:
    """Return the primal `x` for a test, together with a tangent to use instead of a random one.

    `test_frule` pushes it forward, and `test_rrule` adds the cotangent to it. With `NoTangent()` the
    argument is not perturbed: its cotangent has to be `NoTangent()` too.

    Parameters
    ----------
    x : object
        The primal.
    tangent : object
        A tangent of `x`.

    Returns
    -------
    PrimalAndTangent
        Both, as the functions of this package take them in place of an argument.

    Examples
    --------
    >>> from adjoint2rrule.core import NoTangent
    >>> with_tangent(2.5, NoTangent())
    PrimalAndTangent(primal=2.5, tangent=NoTangent())

    Notes
    -----
    Ports: the operator ``⊢``.
    """
    return PrimalAndTangent(x, tangent)
