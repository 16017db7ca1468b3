"""Calls from JAX back into Python: on arrays that are known at once, on others when JAX has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np

from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.errors import UntraceableRuleError
from adjoint2rrule.interop.jax.outlines import difference
from adjoint2rrule.interop.jax.system import SYSTEM, is_key, is_tracer


def on_host(
    call: Call, kind: str, function: Callable[..., list[Any]], avals: Sequence[Any], args: Sequence[Any]
) -> list[Any]:
    """Return as arrays of JAX what `function` gives for `args`: a part of the rule of this kind."""
    if not any(map(is_tracer, args)):
        with jax.ensure_compile_time_eval():  # should it use JAX after all, within what JAX traces
            return list(map(jnp.asarray, function(*args)))
    operation = jax.custom_jvp(
        lambda *args: jax.pure_callback(function, list(avals), *args, vmap_method="sequential")
    )

    def refuse(primals: Any, tangents: Any) -> NoReturn:
        raise UntraceableRuleError(
            f"{call.rule_call(kind)}: it runs on the host, where JAX cannot differentiate the rule itself,"
            f" as second derivatives need it. Write its body in arithmetic and functions of jax.numpy,"
            f" `to_jax(f, body='traced')`."
        )

    operation.defjvp(refuse)
    return list(operation(*args))


def sample_of(call: Call, values: Sequence[Any]) -> Any:
    """Return the value of a call for samples of its arguments: it tells the shapes that JAX has to know.

    Raises
    ------
    UntraceableRuleError
        Where the function fails for these, or gives for others what is made otherwise.
    """
    try:
        with jax.ensure_compile_time_eval():
            sample = call.value(samples(values))
    except Exception as err:
        raise UntraceableRuleError(
            f"{describe(call.f)} runs on the host, and under jit and vmap JAX has to know the shape of its"
            f" value beforehand. To find it, the function was run on sample arguments, and failed with"
            f" {type(err).__name__}: {err}. Write it in functions of jax.numpy, or call it outside of jit."
        ) from err
    if not SYSTEM.is_number(sample):  # there may be other things in it, which are those of the sample
        _check_on_others(call, sample, values)
    return sample


def _check_on_others(call: Call, sample: Any, values: Sequence[Any]) -> None:
    """Look now whether what is no number depends on numbers: JAX does not run a callback for it alone."""
    try:
        with jax.ensure_compile_time_eval(), np.errstate(all="ignore"):
            other = call.value(samples(values, sign=-1.0))
    except Exception:  # they are not to its liking, which says nothing
        return
    check_like(call, sample, other)


def check_like(call: Call, sample: Any, y: Any) -> None:
    """Refuse a value that is made otherwise than the one that the shapes were worked out with.

    Raises
    ------
    UntraceableRuleError
        Where it is.
    """
    if problem := difference(y, sample):
        raise UntraceableRuleError(
            f"the value of {describe(call.f)} is made otherwise for these arguments than for others:"
            f" {problem}. Under jit and vmap, JAX has to know shapes, and what is no array, beforehand."
        )


def as_numpy(x: Any) -> Any:
    """Return an array as numpy has it, without axes a number; keys for random numbers it has not."""
    return x if is_key(x) else np.asarray(x)[()]


def samples(values: Sequence[Any], sign: float = 1.0) -> list[Any]:
    """Return a number or array of numpy for each of `values`: those that are known are taken as they are."""
    rng = np.random.default_rng(20)
    return [_sample(x, rng, sign) if is_tracer(x) else as_numpy(x) for x in values]


def _sample(x: Any, rng: np.random.Generator, sign: float) -> Any:
    if is_key(x):
        return jnp.broadcast_to(jax.random.key(0, impl=jax.random.key_impl(x)), x.shape)
    if not jnp.issubdtype(x.dtype, np.inexact):
        return np.zeros(x.shape, x.dtype)[()]  # an index that exists
    # positive, so that it has a logarithm; and matrices symmetric and far from singular
    sample = rng.uniform(0.5, 1.0, x.shape)
    if x.ndim >= 2 and x.shape[-1] == x.shape[-2]:
        sample = sample + np.swapaxes(sample, -1, -2) + 2 * x.shape[-1] * np.eye(x.shape[-1])
    if jnp.issubdtype(x.dtype, np.complexfloating):
        sample = sample * (1 + 0.5j)  # so that a conjugate is seen
    return (sign * sample).astype(x.dtype)[()]
