"""The two zeros: `ZeroTangent`, of what does not matter, and `NoTangent`, of what cannot be perturbed."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from typing import Any, ClassVar, NoReturn, Self

import numpy as np

from adjoint2rrule.core.errors import (
    TangentConstructionError,
    TangentConversionError,
    ZeroTangentDivisionError,
)
from adjoint2rrule.core.tangent_arithmetic import Scalar, applied
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.numpy_functions import LINEAR, SHAPED, operands_of


class AbstractZero(AbstractTangent):
    """A tangent that acts as zero whatever it is added to or multiplied by.

    Each of its subclasses has a single instance. Any attribute, element or part of a zero is that
    zero again, and so is what its methods return, so that code written for arrays or objects runs
    on a zero too. Whoever runs a pullback need not run it on a zero: a linear map sends it to zeros.

    Functions of numpy that are linear give the zero back, whatever the shapes; others take it for the
    number 0.0, and those that would need its shape are a `TangentConversionError`. So is ``len(z)``,
    or using it as an index, a `TypeError`. Some methods ask nobody: ``A.dot(z)`` of an array, unlike
    ``A @ z`` and ``np.dot(A, z)``, is an array of zeros with the shape of ``A``; a masked array compares
    itself with 0.0; ``S.multiply(z)`` of a sparse array, unlike ``S * z``, does not know zeros.

    Examples
    --------
    >>> z = ZeroTangent()
    >>> isinstance(z, AbstractZero), bool(z), float(z)
    (True, False, 0.0)
    >>> np.ones(3) + z
    array([1., 1., 1.])
    >>> z.T[0].sum() is np.einsum("ij,j", np.eye(2), z) is z
    True
    >>> np.where([True, False], z, 2.0)
    array([0., 2.])

    Notes
    -----
    Ports: ``AbstractZero`` of ChainRulesCore.jl.
    """

    __slots__ = ()

    __instance: ClassVar[Any] = None

    def __new__(cls) -> Self:
        if cls.__instance is None:
            raise TangentConstructionError("AbstractZero has no instances; use ZeroTangent() or NoTangent()")
        return cls.__instance  # type: ignore[no-any-return]

    def __init_subclass__(cls) -> None:
        cls.__instance = object.__new__(cls)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    # What it is as a number, and in a condition.

    def __bool__(self) -> bool:
        return False

    def __float__(self) -> float:
        return 0.0

    def __complex__(self) -> complex:
        return 0j

    def __int__(self) -> int:
        return 0

    def __operand__(self) -> float:
        return 0.0

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        nought = np.zeros((), dtype=dtype)
        return nought.view(Scalar) if dtype is None and copy is None else nought

    def __decide__(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        if func in LINEAR:
            zeros = [zero for x in operands_of(func, args, kwargs) if (zero := zero_of(x)) is not None]
            if zeros:
                return reduce(operator.mul, zeros)
        if func in SHAPED:
            self._refuse(func)
        if func in (np.divide, np.divide.outer) and zero_of(args[1]) is not None:
            self.__rtruediv__(args[0])
        try:
            return applied(func, args, kwargs)
        except (AttributeError, IndexError, TypeError, ValueError) as err:
            self._refuse(func, err)

    def _refuse(self, func: Callable[..., Any], cause: Exception | None = None) -> NoReturn:
        raise TangentConversionError(
            f"{func.__name__} needs an array with a shape, but got {self!r}, which could "
            "have any; give it zeros of the shape that is meant, np.zeros(shape)"
            + (f" (numpy says: {cause})" if cause else "")
        ) from cause

    # What its parts are.

    def __getattr__(self, name: str) -> Self:
        # protocols that a zero does not follow; numpy's masked arrays ask everything for three more
        if name in ("_data", "_mask", "dtype") or (name.startswith("__") and name.endswith("__")):
            raise AttributeError(f"{self!r} has no {name}")
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Self:
        # `z.reshape` cannot know whether a field or a method is meant: both are `z`, and `z(2, 3)` is `z`
        return self

    def __getitem__(self, key: Any) -> Self:
        return self

    def __iter__(self) -> Iterator[Self]:
        yield self

    # What it makes of others.

    def __neg__(self) -> Self:
        return self

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return self

    def __add__(self, other: Any) -> Any:
        return other

    def __radd__(self, other: Any) -> Any:
        return other

    def __sub__(self, other: Any) -> Any:
        # not simply `-other`, which is fine for a tangent that is not implemented, when a difference is not
        decides = isinstance(other, AbstractTangent) and not isinstance(other, AbstractZero)
        return NotImplemented if decides else -other

    def __rsub__(self, other: Any) -> Any:
        return other

    def __mul__(self, other: Any) -> Any:
        return self

    def __rmul__(self, other: Any) -> Any:
        return self

    def __matmul__(self, other: Any) -> Any:
        return self

    def __rmatmul__(self, other: Any) -> Any:
        return self

    def __truediv__(self, other: Any) -> Self:
        return self

    def __rtruediv__(self, other: Any) -> Any:
        raise ZeroTangentDivisionError(f"division by {self!r}")


def zero_of(x: Any) -> Any:
    """Return the zero that an operand of numpy's is, itself or a list of zeros alone, and None for others."""
    if not isinstance(x, (list, tuple)) or not x:
        return x if isinstance(x, AbstractZero) else None
    zeros = [*map(zero_of, x)]
    return None if any(zero is None for zero in zeros) else reduce(operator.mul, zeros)


class ZeroTangent(AbstractZero):
    """The zero of every vector space: the output does not depend on this input.

    Examples
    --------
    >>> ZeroTangent() + 2.5
    2.5
    >>> 2.5 * ZeroTangent()
    ZeroTangent()
    >>> ZeroTangent() is ZeroTangent()
    True

    Notes
    -----
    Ports: ``ZeroTangent`` of ChainRulesCore.jl. Differs: it can be called, so that it answers to
    any method of what it stands for.
    """

    __slots__ = ()


class NoTangent(AbstractZero):
    """The tangent of what cannot be perturbed: an index, a shape, a string, a function.

    It calculates as `ZeroTangent` does, and tells the reader more: there is no tangent space. The
    sum of both is `NoTangent`, their product `ZeroTangent`.

    Examples
    --------
    >>> NoTangent() + ZeroTangent()
    NoTangent()
    >>> NoTangent() * ZeroTangent()
    ZeroTangent()

    Notes
    -----
    Ports: ``NoTangent`` of ChainRulesCore.jl.
    """

    __slots__ = ()

    def __add__(self, other: Any) -> Any:
        return self if isinstance(other, AbstractZero) else other

    def __sub__(self, other: Any) -> Any:
        return self if isinstance(other, AbstractZero) else super().__sub__(other)

    def __mul__(self, other: Any) -> AbstractZero:
        return other if isinstance(other, AbstractZero) else self

    def __matmul__(self, other: Any) -> AbstractZero:
        return other if isinstance(other, AbstractZero) else self
