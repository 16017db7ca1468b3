"""How the body of a rule runs under JAX: traced, on JAX's own arrays, or on the host, on numpy's.

Both give JAX the same three things of a call: its value, its tangents by the `frule`, and its cotangents by
the pullback of the `rrule`. What is differentiated is said by `needed`, one flag for each leaf of the call.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import compress
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from adjoint2rrule.core import RuleError
from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.errors import UntraceableRuleError
from adjoint2rrule.interop.jax.host import as_numpy, check_like, on_host, sample_of
from adjoint2rrule.interop.jax.linear import Map
from adjoint2rrule.interop.jax.system import (
    SYSTEM,
    aval_of,
    fitted,
    fitted_in_numpy,
    is_array,
    is_inexact,
    is_tracer,
    problem_in,
    seeds,
    with_zeros,
)
from adjoint2rrule.interop.jax.trials import check
from adjoint2rrule.interop.leaves import leaves, with_leaves
from adjoint2rrule.interop.runs import ReverseRun


@dataclass(frozen=True)
class Value:
    """What a call gave.

    Attributes
    ----------
    form
        The value, whatever it is made of, with descriptions in the places of its numbers.
    arrays
        These, as arrays of JAX.
    """

    form: Any
    arrays: list[Any]

    @classmethod
    def of(cls, y: Any) -> Value:
        """Return a value apart from its numbers, and these."""
        arrays = [x if is_array(x) else jnp.asarray(np.asarray(x)) for x in leaves(y, SYSTEM.is_number)]
        return cls(filled(y, map(aval_of, arrays)), arrays)


def filled(form: Any, numbers: Iterable[Any]) -> Any:
    """Return a value with these in the places of its numbers."""
    remaining = iter(numbers)
    return with_leaves(lambda _: next(remaining), form, SYSTEM.is_number)


class Body(ABC):
    """The body of a rule, and the way in which JAX runs it.

    Attributes
    ----------
    is_traced
        Whether JAX can look into it, for derivatives of what it does.
    """

    is_traced: ClassVar[bool]

    @abstractmethod
    def value(self, call: Call, values: Sequence[Any]) -> Value:
        """Return the value of the function itself."""

    @abstractmethod
    def reverse(
        self, call: Call, values: Sequence[Any], needed: Sequence[bool]
    ) -> tuple[Value, list[Any], Map]:
        """Return the value, and the pullback as a function of residuals and seeds, with the residuals."""

    @abstractmethod
    def tangents(
        self,
        call: Call,
        values: Sequence[Any],
        dxs: Sequence[Any],
        needed: Sequence[bool],
        outputs: list[Any],
    ) -> list[Any]:
        """Return the tangents, by the `frule`, of what can be differentiated among `outputs`."""


class Traced(Body):
    """A body that JAX follows: it compiles it, maps it over axes, and differentiates it once more."""

    is_traced = True

    def value(self, call: Call, values: Sequence[Any]) -> Value:
        with following(call, ""):
            return Value.of(call.value(values))

    def reverse(
        self, call: Call, values: Sequence[Any], needed: Sequence[bool]
    ) -> tuple[Value, list[Any], Map]:
        with following(call, "rrule"):
            run = call.reverse(values)
            value = Value.of(run.y)
            # Traced now, since a pullback is a closure, and what it holds must reach JAX as residuals.
            pullback = jax.make_jaxpr(lambda *ȳs: _cotangents(call, run, ȳs, needed, fitted))(
                *map(aval_of, filter(is_inexact, run.outputs))
            )
        body = pullback.jaxpr  # and not the residuals, which may be tracers
        return value, pullback.consts, lambda held, ȳs: jax.core.eval_jaxpr(body, held, *ȳs)

    def tangents(
        self,
        call: Call,
        values: Sequence[Any],
        dxs: Sequence[Any],
        needed: Sequence[bool],
        outputs: list[Any],
    ) -> list[Any]:
        with following(call, "frule"):
            _, dys = call.forward(values, with_zeros(dxs, needed))
            return [fitted(y, dy) for y, dy in zip(outputs, dys, strict=True) if is_inexact(y)]


class Host(Body):
    """A body in numpy, which JAX calls back: on numbers and arrays of numpy, once for each set of them."""

    is_traced = False

    def value(self, call: Call, values: Sequence[Any]) -> Value:
        if not any(map(is_tracer, values)):
            return Value.of(call.value(in_numpy(values)))
        sample = sample_of(call, values)
        numbers = leaves(sample, SYSTEM.is_number)
        avals = list(map(aval_of, numbers))

        def run(*values: Any) -> list[Any]:
            y = call.value(in_numpy(values))
            check_like(call, sample, y)
            return list(map(fitted_in_numpy, avals, leaves(y, SYSTEM.is_number)))

        # The derivative is that of the rule: JAX is not to look for one of the callback.
        values = list(map(jax.lax.stop_gradient, values))
        return Value(filled(sample, avals), on_host(call, "rrule", run, avals, values))

    def reverse(
        self, call: Call, values: Sequence[Any], needed: Sequence[bool]
    ) -> tuple[Value, list[Any], Map]:
        asked = list(compress(map(aval_of, values), needed))
        if not any(map(is_tracer, values)):
            run = call.reverse(in_numpy(values))

            def known_pullback(_: Sequence[Any], ȳs: Sequence[Any]) -> list[Any]:
                def pull(*ȳs: Any) -> list[Any]:
                    return _cotangents(call, run, in_numpy(ȳs), needed, fitted_in_numpy)

                return on_host(call, "rrule", pull, asked, ȳs)

            return Value.of(run.y), [], known_pullback

        check(call, "rrule", values, needed)

        def pull(*args: Any) -> list[Any]:
            args = tuple(in_numpy(args))
            run = call.reverse(args[: len(values)])
            return _cotangents(call, run, args[len(values) :], needed, fitted_in_numpy)

        return (
            self.value(call, values),
            [*values],
            lambda held, ȳs: on_host(call, "rrule", pull, asked, [*held, *ȳs]),
        )

    def tangents(
        self,
        call: Call,
        values: Sequence[Any],
        dxs: Sequence[Any],
        needed: Sequence[bool],
        outputs: list[Any],
    ) -> list[Any]:
        asked = list(map(aval_of, filter(is_inexact, outputs)))

        def push(*args: Any) -> list[Any]:
            args = tuple(in_numpy(args))
            _, dys = call.forward(args[: len(values)], with_zeros(args[len(values) :], needed))
            return [fitted_in_numpy(y, dy) for y, dy in zip(outputs, dys, strict=True) if is_inexact(y)]

        if any(map(is_tracer, (*values, *dxs))):
            check(call, "frule", values, needed)
        return on_host(call, "frule", push, asked, [*values, *dxs])


def in_numpy(values: Sequence[Any]) -> list[Any]:
    """Return arrays as numpy has them, those without axes as numbers."""
    return list(map(as_numpy, values))


def _cotangents(
    call: Call,
    run: ReverseRun,
    ȳs: Sequence[Any],
    needed: Sequence[bool],
    fit: Callable[[Any, Any], Any],
) -> list[Any]:
    """Return the cotangents of the leaves that are needed, each as JAX has to have it."""
    found = run.cotangents(seeds(ȳs, run.outputs), needed)
    return [fit(x, x̄) for x, x̄ in compress(zip(call.leaves, found, strict=True), needed)]


@contextmanager
def following(call: Call, kind: str) -> Iterator[None]:
    """Say in errors that come of tracing which rule JAX was following, and what it can follow."""
    try:
        yield
    except RuleError:
        raise
    # what JAX, numpy and Python raise where a tracer stands for an array or a number
    except (TypeError, ValueError, AttributeError, LookupError, NotImplementedError) as err:
        what = f"{call.rule_call(kind)}: JAX cannot trace this rule" if kind else None
        raise UntraceableRuleError(
            f"{what or f'JAX cannot trace {describe(call.f)}'}: {problem_in(err)}. JAX follows arithmetic and"
            f" the functions of jax.numpy: write the body in these, or let it run on the host,"
            f" `to_jax(f, body='host')`."
        ) from err
