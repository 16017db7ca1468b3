"""The kinds of structural tangents that are sequences: those of tuples and lists, and of NamedTuples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from adjoint2rrule.core.errors import (
    TangentConstructionError,
    TangentConversionError,
    TangentMismatchError,
)
from adjoint2rrule.core.tangent_arithmetic import operand
from adjoint2rrule.core.tangent_types.abstract_thunk import unthunk
from adjoint2rrule.core.tangent_types.structural_kinds import ZERO, Kind, Named, store
from adjoint2rrule.core.tangent_types.structural_refusals import element_of, refuse_unknown


class ElementsKind(Kind):
    """The tangent of a tuple or a list: a sequence."""

    __slots__ = ()

    def __init__(self, /, *elements: Any, **fields: Any) -> None:
        if fields:
            raise TangentConstructionError(
                f"{type(self).__name__} takes its elements by position, but got {fields!r}"
            )
        store(self, elements)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self.__builtin__(map(unthunk, self.__backing__[index]))
        return unthunk(element_of(self, self.__backing__, index))

    def __iter__(self) -> Iterator[Any]:
        return map(unthunk, self.__backing__)

    def __operand__(self) -> Any:
        return operand(self.__builtin__(self))  # numpy takes sequences for arrays

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if copy is False:
            raise ValueError(f"the elements of {self!r} must be copied to make an array of them")
        try:
            return np.array(self.__operand__(), dtype)
        except ValueError as err:
            raise TangentConversionError(
                f"{self!r} is no array, since its elements differ in shape; compute with each of them"
            ) from err

    def __builtin__(self, elements: Iterable[Any]) -> Any:
        return list(elements) if issubclass(self.__primal__, list) else tuple(elements)

    __contains__ = Sequence.__contains__
    __reversed__ = Sequence.__reversed__
    index = Sequence.index
    count = Sequence.count


class NamedElementsKind(Named, ElementsKind):
    """The tangent of a NamedTuple: a sequence in which every field has its place, stored or not."""

    __slots__ = ()

    def __init__(self, /, *elements: Any, **fields: Any) -> None:
        names = self.__names__
        if len(elements) > len(names):
            raise TangentMismatchError(
                f"{type(self).__name__} takes at most {len(names)} elements, {[*names]}, but got {elements!r}"
            )
        given = dict(zip(names, elements, strict=False))
        if not fields.keys() <= names.keys():
            refuse_unknown(self, fields)
        if not fields.keys().isdisjoint(given):
            raise TangentConstructionError(
                f"{type(self).__name__} got {[*(fields.keys() & given.keys())]} twice"
            )
        store(self, given | fields)

    def __len__(self) -> int:
        return len(self.__names__)

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, str):
            return element_of(self, tuple(self), key)
        if key not in self.__names__:
            refuse_unknown(self, [key])
        return unthunk(self.__backing__.get(key, ZERO))

    def __iter__(self) -> Iterator[Any]:
        return (unthunk(self.__backing__.get(name, ZERO)) for name in self.__names__)


Sequence.register(ElementsKind)
