"""Whether a value can be the tangent of a primal: what debug mode asks of what rules return and are given.

A tangent may be represented in many ways, and none of them is a lie: structural or natural, thunked or
not, dense or sparse, of another precision, with a trailing axis of length 1 more or less, any zero, what
is not implemented, and what nobody here knows. `ProjectTo` knows what else may be the tangent of an object,
and of what there is none. It takes integers for numbers, and so does this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, NoReturn, TypeAlias

import numpy as np

from adjoint2rrule.core.descriptions import (
    NUMBERS,
    described,
    kind_of_numbers,
    parts_of,
    step_to,
    stored_parts,
)
from adjoint2rrule.core.errors import LyingRuleError, ProjectionError, RuleCallError
from adjoint2rrule.core.projection import ProjectTo
from adjoint2rrule.core.projection.misfits import KNOWN
from adjoint2rrule.core.projection.not_perturbable import NO_TANGENT
from adjoint2rrule.core.shapes import alike_with_axes, shape_of
from adjoint2rrule.core.sparse import is_sparse
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.structural_arithmetic import made
from adjoint2rrule.core.tangent_types.structural_kinds import AnythingKind
from adjoint2rrule.core.tangent_types.structural_tangent import StructuralTangent, Tangent
from adjoint2rrule.core.tangent_types.thunks import InplaceableThunk, Thunk, unthunk
from adjoint2rrule.core.tangent_types.zero_tangent import is_perturbable, zero_tangent

#: What was changed inside objects, and who did it.
Changes: TypeAlias = tuple[tuple[Any, str], ...]


@dataclass(frozen=True)
class Claim:
    """That a value which a rule gave is a tangent of a primal; `CallersClaim` is for those it was given.

    Attributes
    ----------
    rule
        What messages call the rule.
    role
        What the value is said to be, such as ``the cotangent of``.
    position
        Of which primal, such as ``args[1]``.
    name
        The rule's own name for the primal, where it has one.
    path
        The way from the primal to the part that is looked at, such as ``.a[3]``.
    changes
        What must not have a tangent but zero, since it is no longer what the function was given.
    inside
        The tangents that the part was reached through, by their identity, since one may contain itself.
    """

    rule: str
    role: str
    position: str
    name: str | None = None
    path: str = ""
    changes: Changes = ()
    inside: frozenset[int] = frozenset()

    def __str__(self) -> str:
        where = f"{self.role} {self.position}{self.path}"
        return f"{where} (`{self.name}{self.path}`)" if self.name else where

    def checked(self, dx: Any, x: Any) -> Any:
        """Return the tangent `dx` of `x`, with thunks that are checked when they are forced.

        Raises
        ------
        LyingRuleError
            Where it cannot be a tangent of `x`.
        """
        if type(dx) is Thunk or type(dx) is InplaceableThunk:  # another class is more than its value
            return self._checked_later(dx, x)
        if isinstance(x, AbstractTangent):
            return dx
        if isinstance(dx, StructuralTangent):
            return self._checked_parts(dx, x)
        if not isinstance(dx, AbstractTangent):
            self._check_value(dx, x)
        return dx

    def _checked_later(self, dx: Thunk | InplaceableThunk, x: Any) -> Thunk | InplaceableThunk:
        val = Thunk(lambda: self.checked(unthunk(dx), x))
        return InplaceableThunk(dx.add, val) if isinstance(dx, InplaceableThunk) else val

    def _checked_parts(self, dx: StructuralTangent, x: Any) -> Any:
        if id(dx) in self.inside:
            return dx
        if not isinstance(x, _primal_class(dx)):
            self._refuse(f"is a {type(dx).__name__}", f"a tangent of {described(x)}", _remedy(x))
        if kind_of_numbers(x) or (callable(x) and not is_perturbable(x)):
            return dx  # of what a closure holds, for instance, which an AD system may know
        given, parts = stored_parts(dx), self._parts_with_tangents(dx, x)
        new = {
            key: self._part(step_to(x, key), dx).checked(value, parts[key]) for key, value in given.items()
        }
        if not isinstance(dx, Tangent) or all(new[key] is value for key, value in given.items()):
            return dx
        return made(type(dx), tuple(new.values()) if isinstance(dx.__backing__, tuple) else new)

    def _parts_with_tangents(self, dx: StructuralTangent, x: Any) -> Mapping[Any, Any]:
        """Return the parts of `x` by the keys that `dx` has for them."""
        given, parts = stored_parts(dx), parts_of(x)
        ordered = isinstance(dx.__backing__, tuple)
        if ordered or (isinstance(dx, AnythingKind) and 0 in given):
            parts = dict(enumerate(parts.values()))  # a NamedTuple is a tuple
        if not given.keys() <= parts.keys() or (ordered and len(given) != len(parts)):
            problem = f"has the parts {[*given]}"
            self._refuse(problem, f"those of {described(x)}, {[*parts]}", "leave out what it does not have")
        return parts

    def _check_value(self, dx: Any, x: Any) -> None:
        """Refuse a `dx` that is no tangent by its class, and does not look like one of `x` either."""
        if dx is None:
            remedy = "return NoTangent(), or ZeroTangent() where it can be perturbed and does not matter"
            self._refuse("is None", "a tangent", remedy)
        for value, culprit in self.changes:
            if value is x and not _is_zero(dx):
                where = f"{self.position}{self.path}"
                self._raise(f"{culprit} changed {where}, which has a cotangent: work on a copy of it")
        if isinstance(x, np.ndarray) and "O" in (kind_of_numbers(dx), kind_of_numbers(x)):
            self._check_elements(dx, x)
        elif kind_of_numbers(x) in NUMBERS:
            self._check_numbers(dx, x)
        elif not (_is_of_its_kind(dx, x) or zero_tangent.registered_for(x)):
            self._check_natural(dx, x)

    def _check_numbers(self, dx: Any, x: Any) -> None:
        kind, shape, expected = kind_of_numbers(dx), shape_of(dx), f"a tangent of {described(x)}"
        if kind not in NUMBERS and (kind or isinstance(dx, KNOWN)):
            self._refuse(f"is {described(dx)}", expected, _remedy(x))
        if shape is not None and not alike_with_axes(shape, np.shape(x)):
            self._refuse(f"has shape {shape}", f"shape {np.shape(x)}", "sum over what was broadcast")
        if kind == "c" and kind_of_numbers(x) != "c" and np.any(_values(dx).imag):
            self._check_complex(expected)

    def _check_complex(self, expected: str) -> None:
        self._refuse("is complex", expected, "return its real part, as `ProjectTo` gives it")

    def _check_elements(self, dx: Any, x: np.ndarray[Any, Any]) -> None:
        if shape_of(dx) != x.shape:
            self._refuse(
                f"has shape {shape_of(dx)}", f"shape {x.shape}", "return one tangent for each element"
            )
        elements = np.asarray(dx)
        for index in np.ndindex(x.shape):
            self._part(f"[{', '.join(map(str, index))}]", dx).checked(elements[index], x[index])

    def _check_natural(self, dx: Any, x: Any) -> None:
        expected, project_x = f"a tangent of {described(x)}", ProjectTo(x)
        if project_x is NO_TANGENT:
            if not _is_zero(dx):
                expected = f"nothing for {described(x)}, which cannot be perturbed"
                self._refuse(f"is {described(dx)}", expected, "return NoTangent()")
        elif isinstance(x, (tuple, list, dict)):
            self._refuse(f"is {described(dx)}", expected, _remedy(x))
        elif not _is_array_like(dx, x):
            try:
                project_x(dx)
            except ProjectionError as err:
                self._refuse(f"is {described(dx)}", expected, _remedy(x), err)

    def _part(self, step: str, dx: Any) -> Claim:
        return replace(self, path=self.path + step, inside=self.inside | {id(dx)})

    def _refuse(
        self, problem: str, expected: str, remedy: str, cause: ProjectionError | None = None
    ) -> NoReturn:
        self._raise(f"{self} {problem}, expected {expected}: {remedy}", cause)

    def _raise(self, what: str, cause: ProjectionError | None = None) -> NoReturn:
        raise LyingRuleError(f"{self.rule}: {what}.") from cause


class CallersClaim(Claim):
    """That a value which the caller of a rule gave it is a tangent of a primal.

    That of a sequence or dict may be a bare one of as many elements: rules take it apart all the same. That
    of a real number may be complex, as seeds are where nobody has projected them: rules take the real part.
    """

    def _check_complex(self, expected: str) -> None:
        """Refuse nothing."""

    def _check_natural(self, dx: Any, x: Any) -> None:
        if not (isinstance(x, (tuple, list, dict)) and _length(dx) == len(x)):
            super()._check_natural(dx, x)

    def _raise(self, what: str, cause: ProjectionError | None = None) -> NoReturn:
        raise RuleCallError(f"{self.rule}: {what}.") from cause

    def _refuse(
        self, problem: str, expected: str, remedy: str, cause: ProjectionError | None = None
    ) -> NoReturn:
        # not the remedy, which is for the author of a rule
        self._raise(f"{self} {problem}, expected {expected}: the caller gave this; correct the call", cause)


def _is_of_its_kind(dx: Any, x: Any) -> bool:
    """Whether both are of a class that the runtime does not know and that may be a space of vectors."""
    known = (tuple, list, dict, str, bytes, Enum)
    is_known = isinstance(x, known) or kind_of_numbers(x)
    return type(dx) is type(x) and not is_known and hasattr(x, "__add__")


def _is_array_like(dx: Any, x: Any) -> bool:
    """Whether `dx` is an array of the shape of `x`, an object that is one in its own way."""
    given, expected = shape_of(dx), shape_of(x)
    if given is None or expected is None or kind_of_numbers(dx) == "b":
        return False
    return alike_with_axes(given, expected)


def _is_zero(dx: Any) -> bool:
    return kind_of_numbers(dx) in NUMBERS and not np.any(_values(dx))


def _length(dx: Any) -> int | None:
    if isinstance(dx, np.ndarray) and dx.ndim == 0:
        return None
    return len(dx) if isinstance(dx, (tuple, list, dict, np.ndarray)) else None


def _remedy(x: Any) -> str:
    wanted = "a number or an array of numbers" if kind_of_numbers(x) else f"Tangent[{type(x).__name__}](...)"
    return f"return {wanted}"


def _primal_class(tangent: StructuralTangent) -> Any:
    primal = tangent.__primal__
    return object if primal is Any else primal


def _values(x: Any) -> np.ndarray[Any, Any]:
    return np.asarray(x.tocoo().data if is_sparse(x) else x)
