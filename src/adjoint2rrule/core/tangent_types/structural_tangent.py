"""Tangents that mirror the structure of their primal: `Tangent`, and `MutableTangent` to accumulate in.

Ports: ChainRulesCore.jl, ``structural_tangent.jl``.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy, deepcopy
from keyword import iskeyword
from operator import matmul, mul, neg, truediv
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from adjoint2rrule.core.errors import TangentConstructionError, TangentConversionError
from adjoint2rrule.core.tangent_arithmetic import conj
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.abstract_thunk import unthunk
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero
from adjoint2rrule.core.tangent_types.equality import nonzero, same_backing
from adjoint2rrule.core.tangent_types.primal_addition import added_to_primal
from adjoint2rrule.core.tangent_types.primal_fields import is_container
from adjoint2rrule.core.tangent_types.structural_arithmetic import (
    added,
    is_array,
    is_scalar,
    mapped,
    with_array,
)
from adjoint2rrule.core.tangent_types.structural_classes import StructuralType, has_mutable_fields
from adjoint2rrule.core.tangent_types.structural_kinds import ZERO, AnythingKind, EntriesKind, store
from adjoint2rrule.core.tangent_types.structural_refusals import refuse_unknown

P = TypeVar("P")


class StructuralTangent(AbstractTangent, metaclass=StructuralType):
    """Base class of the tangents that mirror their primal, field by field.

    ``StructuralTangent[P]`` is ``MutableTangent[P]`` where the fields of a `P` can be set, and
    ``Tangent[P]`` otherwise.

    Examples
    --------
    >>> class Counter:
    ...     pass
    >>> StructuralTangent[Counter] is MutableTangent[Counter]
    True
    >>> StructuralTangent[tuple] is Tangent[tuple]
    True

    Notes
    -----
    Ports: ``StructuralTangent`` of ChainRulesCore.jl.
    """

    __slots__ = ()

    __mutable__: ClassVar[bool] = False
    __family__: ClassVar[Any]
    __primal__: ClassVar[Any]
    __backing__: Any

    @classmethod
    def __family_for__(cls, primal: Any) -> Any:
        return MutableTangent if has_mutable_fields(primal) else Tangent

    def __init__(self, /, *elements: Any, **fields: Any) -> None:
        name = type(self).__name__
        raise TangentConstructionError(
            f"{name} needs to know the class of its primal: write {name}[Foo](...)"
        )

    if TYPE_CHECKING:  # the classes of each primal bring these

        def __getattr__(self, name: str) -> Any: ...
        def __getitem__(self, key: Any) -> Any: ...
        def __iter__(self) -> Iterator[Any]: ...
        def __len__(self) -> int: ...

    def __reduce__(self) -> tuple[Any, ...]:
        # what is stored comes as a state, after the tangent, which may be in it
        return object.__new__, (type(self),), copy(self.__backing__)

    def __setstate__(self, backing: Any) -> None:
        store(self, backing)

    @recursive_repr("...")
    def __repr__(self) -> str:
        backing = self.__backing__
        if isinstance(self, EntriesKind):
            parts = repr(backing)
        elif isinstance(backing, tuple) or (isinstance(self, AnythingKind) and 0 in backing):
            parts = ", ".join(map(repr, backing if isinstance(backing, tuple) else backing.values()))
        else:
            parts = ", ".join(_as_arguments(backing))
        return f"{type(self).__name__}({parts})"

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):  # arrays would compare each of their elements
            return False if is_array(other) else NotImplemented
        return same_backing(self.__backing__, other.__backing__)

    def __hash__(self) -> int:
        backing = self.__backing__
        if isinstance(backing, dict):
            return hash((type(self), frozenset(nonzero(backing).items())))
        return hash(
            (type(self), tuple(ZERO if isinstance(x, AbstractZero) else x for x in map(unthunk, backing)))
        )

    def conj(self) -> Any:
        """Return the tangent with the complex conjugates of its parts."""
        return mapped(conj, self)

    conjugate = __conj__ = conj

    def __neg__(self) -> Any:
        return mapped(neg, self)

    def __pos__(self) -> Any:
        return self

    def __add__(self, other: Any) -> Any:
        if isinstance(other, StructuralTangent):
            return added(self, other)
        # zeros, thunks and what is not implemented decide themselves; all else is a primal
        return NotImplemented if isinstance(other, AbstractTangent) else added_to_primal(other, self)

    def __radd__(self, other: Any) -> Any:
        if type(other) is int and other == 0:  # `sum` starts from it
            return +self
        return added_to_primal(other, self)

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, StructuralTangent):
            return added(self, -other)
        if isinstance(other, AbstractTangent):
            return NotImplemented
        raise TangentConversionError(
            f"{other!r} cannot be subtracted from a {type(self).__name__}, of which only a like tangent can"
        )

    def __rsub__(self, other: Any) -> Any:
        return -self if isinstance(other, AbstractZero) else added_to_primal(other, -self)

    def __mul__(self, other: Any) -> Any:
        return mapped(lambda dx: dx * other, self) if is_scalar(other) else with_array(mul, self, other)

    def __rmul__(self, other: Any) -> Any:
        return mapped(lambda dx: other * dx, self) if is_scalar(other) else with_array(mul, other, self)

    def __truediv__(self, other: Any) -> Any:
        return mapped(lambda dx: dx / other, self) if is_scalar(other) else with_array(truediv, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return with_array(truediv, other, self)

    def __matmul__(self, other: Any) -> Any:
        return with_array(matmul, self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return with_array(matmul, other, self)


class Tangent(StructuralTangent, Generic[P]):
    """The tangent of an object of class `P`, made of the tangents of its fields.

    ``Tangent[Foo](a=1.0)`` is the tangent of an object, ``Tangent[tuple](1.0, 2.0)`` that of a tuple (or
    ``list``), ``Tangent[dict]({"k": 1.0})`` that of a dict; those of a NamedTuple take their fields by
    position or by keyword. What is left out is zero, and reads as `ZeroTangent`. ``Tangent[Any]``
    takes anything. The parameters of ``tuple[float, float]`` and the like are decoration.

    Parts are read as of the primal, ``t.a`` or ``t["a"]`` and ``t[0]``, and thunks among them give their
    values. A part wins over a method of the tangent that has its name (``keys``, ``conj``), except that
    ``keys``, ``values``, ``items`` and ``get`` of a dict's tangent are those of a mapping, and ``t["keys"]``
    is the entry. The methods and properties of the primal are no parts of it, and are refused.

    The tangents of tuples, lists and NamedTuples are sequences and those of dicts are mappings, so that
    unpacking and ``match`` work; others iterate over the fields they store. Tangents of one class can be
    added, and multiplied by numbers; a primal plus its tangent is a primal, rebuilt by `construct`. A
    sequence that meets an array in ``*``, ``/`` or ``@``, or is given to a function of numpy, is the array
    of its elements, as lists are to numpy; it has no sum with an array, which is a tangent of something
    else.

    Raises
    ------
    UnknownFieldError
        Where a field is given, or read, that the class of the primal does not have: dataclasses, attrs
        classes, NamedTuples and classes with ``__slots__`` tell, other classes may have any field. Where
        an attribute is read that is not stored, and is a method, property or the like of that class.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Foo:
    ...     a: float
    ...     b: float
    >>> dx = Tangent[Foo](a=1.0)
    >>> dx.a, dx.b
    (1.0, ZeroTangent())
    >>> 2 * dx + Tangent[Foo](b=3.0)
    Tangent[Foo](a=2.0, b=3.0)
    >>> Foo(1.0, 2.0) + dx
    Foo(a=2.0, b=2.0)

    Notes
    -----
    Ports: ``Tangent`` of ChainRulesCore.jl. Differs: a class and its subclasses share tangents, so that
    the sum of a ``Tangent[Base]`` and a ``Tangent[Derived]`` is a ``Tangent[Derived]``, and iterating
    over the tangent of a dict gives its keys.
    """

    __slots__ = ()

    @classmethod
    def __family_for__(cls, primal: Any) -> Any:
        return Tangent


class MutableTangent(StructuralTangent, Generic[P]):
    """A tangent of an object with fields that can be set: ``dx.a = 1.0``.

    It is made as a `Tangent` is, and calculates as one; its sum with a `Tangent` is mutable again. What
    an operator, or `canonicalize`, makes of it shares nothing that can be written with it.

    Raises
    ------
    UnknownFieldError
        Where a field is given, set or read that the class of the primal does not have.
    TangentConstructionError
        Where the primal is a tuple, list or dict, whose tangents are a `Tangent`.

    Examples
    --------
    >>> class Counter:
    ...     pass
    >>> dx = MutableTangent[Counter](total=1.0)
    >>> dx.total = dx.total + 2.0
    >>> dx
    MutableTangent[Counter](total=3.0)

    Notes
    -----
    Ports: ``MutableTangent`` of ChainRulesCore.jl.
    """

    __slots__ = ()

    __mutable__ = True
    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def __family_for__(cls, primal: Any) -> Any:
        if primal is Any or is_container(primal):
            raise TangentConstructionError(
                f"a MutableTangent is for objects with fields; write Tangent[{primal.__name__}]"
            )
        return MutableTangent

    def __pos__(self) -> Any:
        return deepcopy(self)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "__backing__":
            object.__setattr__(self, name, value)
        else:
            self[name] = value

    def __setitem__(self, name: str, value: Any) -> None:
        names = type(self).__names__  # type: ignore[attr-defined]
        if not isinstance(name, str) or (names is not None and name not in names):
            refuse_unknown(self, [name])
        self.__backing__[name] = value

    def __delattr__(self, name: str) -> None:
        self[name] = ZERO

    __delitem__ = __delattr__


def _as_arguments(fields: dict[str, Any]) -> Iterator[str]:
    rest = {name: dx for name, dx in fields.items() if not name.isidentifier() or iskeyword(name)}
    yield from (f"{name}={dx!r}" for name, dx in fields.items() if name not in rest)
    if rest:
        yield f"**{rest!r}"
