"""A linear function with a given transpose, as one operation of JAX.

JAX has `custom_jvp`, whose reverse mode is the transpose of its forward mode, and `custom_vjp`, which has no
forward mode. A function with an `frule` and an `rrule` needs both: the tangent of its value is this operation
of the tangents of its arguments, which runs the `frule`, and which JAX transposes by the pullback of the
`rrule`. In reverse mode it is transposed and never run, so that a function may have one of the two only.

JAX's own `linear_call` is the same idea, but has neither a rule for `vmap` nor one for second derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

#: From residuals, and tangents or cotangents in a row, to a list of the other ones.
Map: TypeAlias = Callable[[Sequence[Any], Sequence[Any]], list[Any]]


@dataclass(frozen=True, eq=False)
class Linear:
    """A linear function, and its transpose.

    Attributes
    ----------
    forward, transposed
        What it does to tangents, and its transpose to cotangents, both of the residuals first.
    avals, outputs
        The shapes and dtypes of what it takes, and of what it gives.
    residuals
        How many arrays both depend on, in whatever way.
    is_traced
        Whether JAX can look into `transposed`, for derivatives of that.
    """

    forward: Map
    transposed: Map
    avals: tuple[Any, ...]
    outputs: tuple[Any, ...]
    residuals: int
    is_traced: bool = True

    def __call__(self, residuals: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
        """Return `forward` of the tangents, as one operation that JAX can transpose."""
        return list(linear_p.bind(*residuals, *tangents, linear=self))

    def split(self, args: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        """Return the residuals, and the rest, of the arguments in a row."""
        return args[: self.residuals], args[self.residuals :]

    def turned(self) -> Linear:
        """Return the transpose, with this for its own transpose."""
        return Linear(self.transposed, self.forward, self.outputs, self.avals, self.residuals, self.is_traced)

    def batched(self, size: int, axes: Sequence[int | None]) -> Linear:
        """Return the same for arrays with one more axis in front, where `axes` says so of the residuals."""

        def mapped(function: Map) -> Map:
            return jax.vmap(function, in_axes=(list(axes), 0), out_axes=0)  # type: ignore[no-any-return]

        return Linear(
            mapped(self.forward),
            mapped(self.transposed),
            tuple(_with_axis(size, aval) for aval in self.avals),
            tuple(_with_axis(size, aval) for aval in self.outputs),
            self.residuals,
            self.is_traced,
        )


def shaped(x: Any) -> Any:
    """Return the shape and dtype of an array as JAX writes them for the results of operations."""
    return ShapedArray(x.shape, x.dtype)


def _with_axis(size: int, aval: Any) -> Any:
    return ShapedArray((size, *aval.shape), aval.dtype)


def _run(*args: Any, linear: Linear) -> list[Any]:
    residuals, tangents = linear.split(args)
    return linear.forward(list(residuals), list(tangents))


def _differentiated(primals: Sequence[Any], dprimals: Sequence[Any], *, linear: Linear) -> Any:
    (residuals, tangents), (dresiduals, dtangents) = linear.split(primals), linear.split(dprimals)
    if not all(isinstance(dx, ad.Zero) for dx in dresiduals):
        dprimals = list(map(ad.instantiate_zeros, dprimals))
        return jax.jvp(lambda *args: _run(*args, linear=linear), list(primals), dprimals)
    return linear(residuals, tangents), linear(residuals, list(map(ad.instantiate_zeros, dtangents)))


def _transposed(cts: Sequence[Any], *args: Any, linear: Linear) -> list[Any]:
    residuals, _ = linear.split(args)
    cts = list(map(ad.instantiate_zeros, cts))
    # Into what JAX can look into it is let, for derivatives of all orders.
    turned = linear.transposed if linear.is_traced else linear.turned()
    return [None] * linear.residuals + turned(list(residuals), cts)


def _batched(args: Sequence[Any], axes: Sequence[int | None], *, linear: Linear) -> Any:
    size = next(x.shape[axis] for x, axis in zip(args, axes, strict=True) if axis is not None)
    in_front = [x if axis is None else jnp.moveaxis(x, axis, 0) for x, axis in zip(args, axes, strict=True)]
    residuals, tangents = linear.split(in_front)
    residual_axes, tangent_axes = linear.split([None if axis is None else 0 for axis in axes])
    # All tangents get the axis: the transpose sums over it where they had none.
    tangents = [
        jnp.broadcast_to(dx, (size, *dx.shape)) if axis is None else dx
        for dx, axis in zip(tangents, tangent_axes, strict=True)
    ]
    outputs = linear.batched(size, residual_axes)(residuals, tangents)
    return outputs, [0] * len(outputs)


linear_p = Primitive("by_rule")
linear_p.multiple_results = True
linear_p.def_impl(_run)
linear_p.def_abstract_eval(lambda *_, linear: list(linear.outputs))
ad.primitive_jvps[linear_p] = _differentiated
ad.primitive_transposes[linear_p] = _transposed
batching.primitive_batchers[linear_p] = _batched
mlir.register_lowering(linear_p, mlir.lower_fun(_run, multiple_results=True))
