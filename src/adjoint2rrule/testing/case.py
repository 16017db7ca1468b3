"""A function at its arguments, as a test sees it: what is called what, and how the function is run."""

from __future__ import annotations

import copy
import inspect
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from types import BuiltinMethodType, MethodType, ModuleType, NoneType
from typing import Any

import numpy as np

from adjoint2rrule.testing.check_result import EXACTLY, Tolerance, first_difference
from adjoint2rrule.testing.data_generation import PrimalAndTangent
from adjoint2rrule.testing.failure import FailureKind, RuleTestFailure, inconsistency
from adjoint2rrule.testing.output_control import Place, kind_of, name_of, reported
from adjoint2rrule.testing.rand_tangent import random_tangent
from adjoint2rrule.testing.tangent_space import TangentSpace
from adjoint2rrule.testing.to_vec import tangent_space

# What draws from these gives another value each time, and they do not show that they changed.
RANDOM = (np.random.Generator, np.random.RandomState, random.Random)

NOWHERE = Place("", "")


@dataclass(frozen=True)
class Case:
    """A function and the arguments that its rule is tested at.

    Attributes
    ----------
    test
        The name of the test.
    f
        The callable, as the rule is to find it.
    primals
        The callable, or the object that it is a bound method of; then the positional arguments.
    chosen
        The tangents that `with_tangent` gave, by the position of the primal.
    keywords
        The keyword arguments.
    before
        Copies of the primals and of the keyword arguments, to see what is changed.
    seed
        What the random numbers of the test are made from.
    tolerance
        How far apart a derivative and finite differences may be.
    """

    test: str
    f: Any
    primals: tuple[Any, ...]
    chosen: Mapping[int, Any]
    keywords: Mapping[str, Any]
    before: tuple[tuple[Any, ...], Mapping[str, Any]] = field(repr=False)
    seed: int
    tolerance: Tolerance
    rng: np.random.Generator = field(repr=False)

    @classmethod
    def of(
        cls,
        test: str,
        arguments: Sequence[Any],
        keywords: Mapping[str, Any] | None,
        rng: np.random.Generator | int | None,
        tolerance: Tolerance,
    ) -> Case:
        """Return the case for ``(f, *args)``, some of them perhaps with a tangent."""
        chosen = {i: x.tangent for i, x in enumerate(arguments) if isinstance(x, PrimalAndTangent)}
        f, *args = (x.primal if isinstance(x, PrimalAndTangent) else x for x in arguments)
        primals, keywords = (f.__self__ if function_of(f) else f, *args), dict(keywords or {})
        before = tuple(map(copied, primals)), copied(keywords)
        seed = rng if isinstance(rng, (int, np.integer)) else np.random.default_rng(rng).integers(2**32)
        generator = np.random.default_rng(seed)
        return cls(test, f, primals, chosen, keywords, before, int(seed), tolerance, generator)

    @cached_property
    def spaces(self) -> tuple[TangentSpace, ...]:
        """The tangent spaces of the primals; an integer for which a number was chosen counts as a float."""
        spaces = map(tangent_space, self.primals)
        return tuple(tangent_space(space.as_floats(self.chosen.get(i))) for i, space in enumerate(spaces))

    def reported(self) -> AbstractContextManager[None]:
        """Return a context in which failures get the name of the test and its seed."""
        return reported(self.test, name_of(self.f), self.seed)

    def place(self, i: int, role: str) -> Place:
        """Return how primal `i` is called in a failure."""
        if i == 0:
            return Place(role, "f.__self__" if function_of(self.f) else "f")
        return Place(role, f"args[{i - 1}]", self._names.get(i - 1))

    def call(self, *primals: Any) -> Any:
        """Return the value of the function at other primals, without a trace in these."""
        return self._invoke(*(self.copies(primals) if self._leaves_traces else primals))

    def copies(self, primals: Sequence[Any]) -> tuple[Any, ...]:
        """Return copies of primals; what rules may be registered for by identity stays itself."""
        memo = {id(f): f for f in (self.f, *filter(callable, self.primals))}
        return tuple(copied(x, memo) for x in primals)

    def tangent(self, i: int, space: TangentSpace) -> Any:
        """Return the tangent that goes with primal `i`: the one that was chosen, or a random one."""
        return self.chosen[i] if i in self.chosen else random_tangent(space, self.rng)

    def check_unchanged(self, primals: Sequence[Any], keywords: Mapping[str, Any], culprit: str) -> None:
        """Fail where one of the primals or keyword arguments is not what it was.

        What the function does to itself, a cache that it fills, its rule may do as well.
        """
        before, keywords_before = self.before
        for i, x in enumerate(primals):
            if first_difference(x, before[i], EXACTLY, NOWHERE) and not (i == 0 and self._changes_itself):
                difference = first_difference(x, before[i], EXACTLY, self.place(i, ""))
                raise inconsistency(f"{culprit} changes its arguments: {difference}")
        if difference := first_difference(keywords, keywords_before, EXACTLY, Place("", "fkwargs")):
            raise inconsistency(f"{culprit} changes its arguments: {difference}")

    @cached_property
    def _leaves_traces(self) -> bool:
        if any(isinstance(x, RANDOM) for x in self.primals):
            return True
        primals = self.copies(self.primals)
        self._invoke(*primals)
        pairs = zip(primals[1:], self.before[0][1:], strict=True)
        return any(first_difference(x, before, EXACTLY, NOWHERE) for x, before in pairs)

    @cached_property
    def _changes_itself(self) -> bool:
        owner, *xs = map(copied, self.before[0])
        self._invoke(owner, *xs)
        return first_difference(owner, self.before[0][0], EXACTLY, NOWHERE) is not None

    def _invoke(self, owner: Any, *xs: Any) -> Any:
        function = self._function
        return function(owner, *xs, **self.keywords) if function else owner(*xs, **self.keywords)

    @cached_property
    def _function(self) -> Callable[..., Any] | None:
        return function_of(self.f)

    @cached_property
    def _names(self) -> Mapping[int, str]:
        try:
            parameters = list(inspect.signature(self.f).parameters.values())
        except (TypeError, ValueError):  # builtins do not always tell
            return {}
        positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)
        surplus = range(len(self.primals) - 1 - len(positional)) if rest else ()
        return dict(enumerate([*positional, *(f"{rest}[{k}]" for k in surplus)]))


def function_of(f: Any) -> Callable[..., Any] | None:
    """Return the function of a bound method; `None` for what is not bound."""
    if isinstance(f, MethodType):
        return f.__func__
    # A function of a C module is bound to the module.
    if isinstance(f, BuiltinMethodType) and not isinstance(f.__self__, (ModuleType, NoneType)):
        function: Callable[..., Any] | None = getattr(type(f.__self__), f.__name__, None)
        return function
    return None


@contextmanager
def running(what: str, kind: FailureKind = FailureKind.RAISES) -> Iterator[None]:
    """Turn whatever code under test raises into a failure that says where."""
    try:
        yield
    except Exception as err:
        raise RuleTestFailure(kind, f"{what} raises {type(err).__name__}: {err}") from err


def copied(x: Any, memo: dict[int, Any] | None = None) -> Any:
    """Return a deep copy of `x`, or `x` itself where it holds something that cannot be copied."""
    try:
        return copy.deepcopy(x, memo)
    except (TypeError, copy.Error):
        return x


def described(primals: Sequence[Any]) -> str:
    """Return what the arguments of a call are: `(a float, an array of shape (2, 3))`."""
    return f"({', '.join(map(kind_of, primals))})"
