"""The class that all special tangents share; a number or an array is a tangent without it."""

from __future__ import annotations

from adjoint2rrule.core.tangent_arithmetic import TangentArithmetic


class AbstractTangent(TangentArithmetic):
    """Base class of the tangents that are more than a number or an array.

    They are the zeros (`ZeroTangent`, `NoTangent`), the structural tangents (`Tangent`,
    `MutableTangent`), the thunks (`Thunk`, `InplaceableThunk`) and `NotImplementedTangent`.
    Tangents of one primal make a vector space: they can be added to one another and multiplied
    by numbers, and mixed with the tangents of numpy in either order.

    Examples
    --------
    >>> from adjoint2rrule.core import NoTangent, Tangent, thunk
    >>> tangents = (NoTangent(), Tangent[tuple](1.0, 2.0), thunk(lambda: 1.0), 1.0)
    >>> [isinstance(t, AbstractTangent) for t in tangents]
    [True, True, True, False]

    Notes
    -----
    Ports: ``AbstractTangent`` of ChainRulesCore.jl.
    """

    __slots__ = ("__weakref__",)
