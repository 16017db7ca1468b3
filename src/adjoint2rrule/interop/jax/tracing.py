"""Functions without a rule, differentiated by JAX: of structured arguments, and to structured values.

Whoever hands in numbers and arrays of numpy, as a rule that runs on the host does, gets such back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, compress
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from adjoint2rrule.core import AbstractZero, NoTangent, RuleError
from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.core.rules import object_of
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.cotangents import MisfitError, cotangents_of_leaves
from adjoint2rrule.interop.errors import SeedError, UntraceableRuleError
from adjoint2rrule.interop.jax.system import (
    SYSTEM,
    conj,
    fitted,
    is_array,
    is_inexact,
    problem_in,
    with_zeros,
)
from adjoint2rrule.interop.leaves import leaves, tangent, with_leaves, zero_for
from adjoint2rrule.interop.runs import Pair

#: Here numbers and arrays of numpy are differentiated too.
NUMBERS = replace(SYSTEM, is_leaf=SYSTEM.is_number)


class NumericCall:
    """A call of a function without a rule, as one of its numbers: those that JAX can differentiate.

    Parameters
    ----------
    f, xs, kw
        The call; what is given by keyword is a constant.
    """

    def __init__(self, f: Callable[..., Any], xs: tuple[Any, ...], kw: dict[str, Any]) -> None:
        self.call = Call(NUMBERS, f, xs, kw)
        self.inputs = (object_of(f), *xs)
        counts = [len(leaves(x, NUMBERS.is_leaf)) for x in self.inputs]
        #: For each leaf of the inputs, whether it is differentiated: integers are not.
        self.flags = list(map(is_inexact, self.call.leaves[: sum(counts)]))
        self.given = list(compress(self.call.leaves, self.flags))
        self.is_plain = not any(map(is_array, self.call.leaves))
        self._y: Any = None

    def __call__(self, *values: Any) -> list[Any]:
        """Return the numbers of the value for other ones of the arguments."""
        replaced = iter(values)
        flags = chain(self.flags, iter(lambda: False, True))
        mixed = [next(replaced) if mine else x for x, mine in zip(self.call.leaves, flags, strict=False)]
        with self._advice():
            self._y = self.call.value(mixed)
            return [jnp.asarray(number) for number in leaves(self._y, NUMBERS.is_leaf)]

    def value(self, numbers: Sequence[Any]) -> Any:
        """Return the value, with these for its numbers."""
        return self._filled(self._y, numbers)

    def tangents(self, dxs: Sequence[Any]) -> tuple[Any, ...]:
        """Return the tangent of the function and of each argument, from those of the numbers in there."""
        parts = iter(self.plain(with_zeros(dxs, self.flags, NoTangent())))
        return tuple(tangent(x, parts, NUMBERS.is_leaf) for x in self.inputs)

    def parts(self, dargs: tuple[Any, ...]) -> list[Any]:
        """Return the tangent of each number that is differentiated, from those of the arguments."""
        found = []
        for place, (x, dx) in enumerate(zip(self.inputs, dargs, strict=True)):
            what = f"args[{place - 1}]" if place else "the function"
            found += self.read(x, dx, f"the tangent of {what} of {describe(self.call.f)}")
        return [fitted(x, dx) for x, dx in compress(zip(self.call.leaves, found, strict=False), self.flags)]

    def read(self, x: Any, dx: Any, what: str) -> list[Any]:
        """Return the part of the tangent `dx` for each number in `x`."""
        try:
            return cotangents_of_leaves(x, dx, [True for _ in leaves(x, NUMBERS.is_leaf)], NUMBERS.is_leaf)
        except MisfitError as misfit:
            raise SeedError(f"{what}{misfit.path} {misfit.problem}, expected {misfit.expected}.") from None

    def plain(self, numbers: Sequence[Any]) -> list[Any]:
        """Return numbers as those are that came in: of numpy, if none was of JAX."""
        if not self.is_plain or any(isinstance(x, jax.core.Tracer) for x in numbers):
            return [*numbers]
        return [x if isinstance(x, AbstractZero) else np.asarray(x)[()] for x in numbers]

    def _filled(self, y: Any, numbers: Sequence[Any]) -> Any:
        remaining = iter(self.plain(numbers))
        return with_leaves(lambda _: next(remaining), y, NUMBERS.is_leaf)

    @contextmanager
    def _advice(self) -> Iterator[None]:
        try:
            yield
        except RuleError:
            raise
        except (jax.errors.JAXTypeError, jax.errors.JAXIndexError) as err:
            raise UntraceableRuleError(
                f"{describe(self.call.f)} has no rule for these arguments, and JAX cannot trace it:"
                f" {problem_in(err)}. JAX follows arithmetic and the functions of jax.numpy: write it in"
                f" these, or give it a rule."
            ) from err


def jax_pullback(f: Callable[..., Any], /, *xs: Any, **kw: Any) -> Pair:
    """Return the value and the pullback of ``f(*xs, **kw)`` by JAX, without a look at any rule.

    JAX does not conjugate, rules do: seeds and cotangents are conjugated on their way.
    """
    traced = NumericCall(f, xs, kw)
    if not traced.given:
        return f(*xs, **kw), lambda ȳ: tuple(map(zero_for, traced.inputs))
    numbers, vjp = jax.vjp(traced, *traced.given)
    y = traced.value(numbers)

    def pullback(ȳ: Any) -> tuple[Any, ...]:
        found = traced.read(y, ȳ, f"the seed of {describe(f)}")
        return traced.tangents(list(map(conj, vjp(list(map(_seed, numbers, found))))))

    return y, pullback


def jax_tangent(dargs: tuple[Any, ...], f: Callable[..., Any], /, *xs: Any, **kw: Any) -> tuple[Any, Any]:
    """Return the value of ``f(*xs, **kw)`` and its tangent along `dargs`, without a look at any rule."""
    traced = NumericCall(f, xs, kw)
    if not traced.given:
        y = f(*xs, **kw)
        return y, zero_for(y)
    numbers, dys = jax.jvp(traced, traced.given, traced.parts(dargs))
    y = traced.value(numbers)
    dys = [dy if is_inexact(number) else NoTangent() for number, dy in zip(numbers, dys, strict=True)]
    return y, tangent(y, iter(traced.plain(dys)), NUMBERS.is_leaf)


def _seed(y: Any, ȳ: Any) -> Any:
    return conj(fitted(y, ȳ)) if is_inexact(y) else np.zeros(y.shape, jax.dtypes.float0)
