"""What JAX's numbers are, and the forms in which it wants them and their tangents.

All arrays of JAX in the arguments of a call are leaves, since none may get past JAX: those of integers and of
truth values too, though nothing is differentiated with respect to them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from adjoint2rrule.core import AbstractZero, NoTangent
from adjoint2rrule.core.shapes import shape_of
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.cotangents import ZERO, is_complex
from adjoint2rrule.interop.jax.config import JaxConfig
from adjoint2rrule.interop.leaves import is_leaf
from adjoint2rrule.interop.system import System


def is_array(x: Any) -> bool:
    """Return whether `x` is an array of JAX, or stands for one: a tracer, a description."""
    return isinstance(x, jax.Array | jax.ShapeDtypeStruct)


def is_tracer(x: Any) -> bool:
    """Return whether `x` stands for an array that is not known while JAX traces."""
    return isinstance(x, jax.core.Tracer)


def as_array(x: Any) -> Any:
    """Return a number as JAX has it; one that is known stays so, as by `jnp.asarray` it might not."""
    return x if is_array(x) else jax.device_put(x)


def is_key(x: Any) -> bool:
    """Return whether `x` is a key for random numbers, an array of a dtype that is JAX's own."""
    return is_array(x) and bool(jnp.issubdtype(x.dtype, jax.dtypes.prng_key))


def stand_in(x: Any) -> Any:
    """Return what a rule is chosen by in the place of an array: without axes, a number."""
    dtype = np.dtype(x.dtype) if isinstance(x.dtype, np.dtype) else np.dtype(object)
    return np.broadcast_to(np.zeros((), dtype), x.shape) if x.ndim else np.zeros((), dtype)[()]


def conj(x: Any) -> Any:
    """Return the conjugate, and what is real as it is."""
    return x.conjugate() if is_complex(x) else x


class JaxSystem(System):
    """JAX, for which arrays of integers and of truth values in a value are arrays too."""

    def is_number(self, y: Any) -> bool:
        """Return whether `y` is a leaf of a value; an `int` or a `bool` of Python's own is a constant."""
        if is_array(y) or is_leaf(y):
            return True
        # by what JAX says of it: numpy knows nothing of bfloat16
        return (type(y) is np.ndarray or isinstance(y, np.generic)) and _is_of_numbers(y.dtype)


def _is_of_numbers(dtype: Any) -> bool:
    if dtype.kind in "mM":
        return False
    return bool(jnp.issubdtype(dtype, np.number) or jnp.issubdtype(dtype, np.bool_))


SYSTEM = JaxSystem("JAX", JaxConfig(), is_array, stand_in, conj)


def is_inexact(x: Any) -> bool:
    """Return whether an array, a number or a description of one can be differentiated."""
    return bool(jnp.issubdtype(_dtype_of(x), np.inexact))


def aval_of(x: Any) -> jax.ShapeDtypeStruct:
    """Return the shape of a number or array, and the dtype that JAX has for it."""
    return jax.ShapeDtypeStruct(shape_of(x) or (), _dtype_of(x))


def _dtype_of(x: Any) -> Any:
    return x.dtype if is_array(x) else jnp.result_type(x)


#: What stands behind the errors of JAX, in the terms of whoever wrote the function.
_REASONS: dict[type[Exception], str] = {
    jax.errors.TracerArrayConversionError: "it calls numpy, or what is written in it, on an array of JAX",
    jax.errors.ConcretizationTypeError: "it asks for the number in an array, as `if` and `float` do",
    jax.errors.TracerIntegerConversionError: "it takes the number in an array for an index or a count",
    jax.errors.NonConcreteBooleanIndexError: "how many elements a mask selects is not known beforehand",
    jax.errors.UnexpectedTracerError: "it uses an array that is none of its arguments; make it one",
}


def problem_in(err: Exception) -> str:
    """Return why JAX could not trace a function, from the error that came of it."""
    own = f"{type(err).__name__}: {str(err).partition(chr(10))[0]}"
    return next((reason for kind, reason in _REASONS.items() if isinstance(err, kind)), own)


def described(call: Call) -> Call:
    """Return the call with the descriptions of its leaves in their places, so that it holds no tracer."""
    return Call(SYSTEM, *call.with_values(map(aval_of, call.leaves)))


def with_zeros(parts: Iterable[Any], flags: Iterable[bool], absent: AbstractZero = ZERO) -> list[Any]:
    """Return the next of `parts` where a flag is set, and a zero elsewhere."""
    remaining = iter(parts)
    return [next(remaining) if flag else absent for flag in flags]


def seeds(parts: Iterable[Any], outputs: Iterable[Any]) -> list[Any]:
    """Return a seed for each of `outputs`: the next of `parts` for those that can be differentiated."""
    return with_zeros(parts, map(is_inexact, outputs), NoTangent())


def fitted(x: Any, dx: Any) -> Any:
    """Return a tangent or cotangent of `x` as an array of its dtype, with zeros for a zero."""
    aval = aval_of(x)
    if isinstance(dx, AbstractZero):
        return jnp.zeros(aval.shape, aval.dtype)
    return jnp.asarray(dx, aval.dtype)


def fitted_in_numpy(x: Any, dx: Any) -> np.ndarray[Any, Any]:
    """Return the same as `fitted`, as an array of numpy."""
    aval = aval_of(x)
    if isinstance(dx, AbstractZero):
        return np.zeros(aval.shape, aval.dtype)
    return np.asarray(dx, aval.dtype)
