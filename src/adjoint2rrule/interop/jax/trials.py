"""Parts of a function with rules, run on sample arguments: whether they are right, and JAX can trace them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, Literal, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from adjoint2rrule.core import AbstractZero, RuleError
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.jax.host import samples
from adjoint2rrule.interop.jax.system import SYSTEM, aval_of, is_inexact, problem_in, seeds, with_zeros
from adjoint2rrule.interop.leaves import leaves

Kind: TypeAlias = Literal["value", "rrule", "frule"]

#: How far a result of JAX may be from numpy's, relative to the largest number in it.
TOLERANCE = {2: 1e-2, 4: 1e-3, 8: 1e-6}


def problem_of(call: Call, kind: Kind, values: Sequence[Any], needed: Sequence[bool]) -> str | None:
    """Return why a part of the function cannot be traced, and `None` where it can.

    Raises
    ------
    RuleError
        Where the rule is wrong in numpy too.
    """
    inputs = samples(values)
    in_jax = _Trial(call, needed, jnp.ones)  # which are tracers where JAX traces
    try:
        traced = jax.make_jaxpr(lambda *values: list(map(jnp.asarray, in_jax.run(kind, values))))(*inputs)
    except Exception as err:  # whatever a body does with a tracer
        check(call, kind, inputs, needed)
        return f"JAX cannot trace it, since {problem_in(err)}"
    try:
        with jax.ensure_compile_time_eval():
            expected = _Trial(call, needed).run(kind, inputs)
            found = jax.core.eval_jaxpr(traced.jaxpr, traced.consts, *map(jnp.asarray, inputs))
            agree = _agree(found, expected)
    except Exception:  # the samples are not to its liking: nothing can be compared
        return None
    return None if agree else "it gives other numbers where JAX traces it"


def check(call: Call, kind: Kind, values: Sequence[Any], needed: Sequence[bool]) -> None:
    """Refuse a rule that is wrong in numpy, before JAX is told of it: what fails in JAX, fails in its words.

    Raises
    ------
    RuleError
        Where there is no rule, or it gives what it should not.
    """
    try:
        with jax.ensure_compile_time_eval():
            _Trial(call, needed).run(kind, samples(values))
    except RuleError:
        raise
    except Exception:  # the samples are not to its liking, which says nothing
        pass


def _ones_of_numpy(shape: tuple[int, ...], dtype: Any) -> Any:
    return np.ones(shape, dtype)[()]


@dataclass(frozen=True)
class _Trial:
    """A run of parts of a call, which gives all their numbers for seeds or tangents of ones."""

    call: Call
    needed: Sequence[bool]
    ones: Callable[[tuple[int, ...], Any], Any] = _ones_of_numpy

    def run(self, kind: Kind, values: Sequence[Any]) -> list[Any]:
        if kind == "value":
            return _numbers(self.call.value(values))
        return self._rrule(values) if kind == "rrule" else self._frule(values)

    def _rrule(self, values: Sequence[Any]) -> list[Any]:
        run = self.call.reverse(values)
        ȳs = seeds(self._ones_like(filter(is_inexact, run.outputs)), run.outputs)
        return [*_numbers(run.y), *_known(values, run.cotangents(ȳs, self.needed))]

    def _frule(self, values: Sequence[Any]) -> list[Any]:
        dxs = self._ones_like(compress(values, self.needed))
        y, dys = self.call.forward(values, with_zeros(dxs, self.needed))
        return [*_numbers(y), *_known(leaves(y, SYSTEM.is_number), dys)]

    def _ones_like(self, numbers: Iterable[Any]) -> list[Any]:
        return [self.ones(aval.shape, aval.dtype) for aval in map(aval_of, numbers)]


def _numbers(y: Any) -> list[Any]:
    return [number for number in leaves(y, SYSTEM.is_number) if is_inexact(number)]


def _known(primals: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
    """Return the tangents with numbers for zeros, and without those of integers."""
    pairs = zip(primals, tangents, strict=True)
    return [np.zeros(np.shape(x)) if isinstance(dx, AbstractZero) else dx for x, dx in pairs if is_inexact(x)]


def _agree(found: Sequence[Any], expected: Sequence[Any]) -> bool:
    return len(found) == len(expected) and all(map(_are_close, found, expected))


def _are_close(x: Any, y: Any) -> bool:
    tolerance = TOLERANCE.get(jnp.finfo(x.dtype).bits // 8, 1e-6)
    kind = complex if jnp.issubdtype(x.dtype, np.complexfloating) else float
    x, y = np.asarray(x).astype(kind), np.asarray(y).astype(kind)
    scale = np.max(np.abs(y[np.isfinite(y)]), initial=0.0)
    return x.shape == y.shape and np.allclose(x, y, rtol=tolerance, atol=tolerance * scale, equal_nan=True)
