"""The bridges: what a gradient by a rule costs beside one that was declared to the framework itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np

from adjoint2rrule.core import NoTangent, rrule
from benchmarks.paired import Benchmark, statements


def cube(x: float) -> float:
    """Return the cube of a number."""
    return x * x * x


def cube_vjp(x: Any) -> Callable[[Any], Any]:
    """Return the pullback of the cube at `x`."""
    return lambda ȳ: 3 * x * x * ȳ


def energy(x: Any) -> Any:
    """Return half the sum of the squares of an array."""
    return 0.5 * np.vdot(x, x)


def energy_vjp(x: Any) -> Callable[[float], Any]:
    """Return the pullback of the energy at `x`."""
    return lambda ȳ: ȳ * x


@rrule.register(cube)
def cube_rrule(cube, x: float):
    """Return the cube of `x` and its pullback."""
    vjp = cube_vjp(x)
    return cube(x), lambda ȳ: (NoTangent(), vjp(ȳ))


@rrule.register(energy)
def energy_rrule(energy, x: np.ndarray):
    """Return the energy of `x` and its pullback."""
    vjp = energy_vjp(x)
    return energy(x), lambda ȳ: (NoTangent(), vjp(ȳ))


def benchmarks() -> Iterator[Benchmark]:
    """Yield what the bridges to the frameworks that are installed are held to."""
    for framework, of_framework in FRAMEWORKS.items():
        if find_spec(framework):
            yield from of_framework()


def of_autograd() -> Iterator[Benchmark]:
    """Yield the benchmarks of the bridge to autograd."""
    from autograd import grad

    from adjoint2rrule.interop.autograd import to_autograd

    names = {
        "x": np.ones(1_000_000),
        "by_rule": grad(to_autograd(cube)),
        "by_autograd": grad(declared(cube, cube_vjp)),
        "of_array": grad(to_autograd(energy)),
        "of_array_by_autograd": grad(declared(energy, energy_vjp)),
    }
    yield statements("by_rule(2.0)", "by_autograd(2.0)", names, number=2_000, limit=1.25)
    yield statements("of_array(x)", "of_array_by_autograd(x)", names, number=5, rounds=101, limit=1.03)


def declared(f: Callable[..., Any], vjp: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of one argument with its gradient as autograd's users declare it."""
    from autograd.extend import defvjp, primitive

    own = primitive(f)
    defvjp(own, lambda ans, x: vjp(x))
    result: Callable[..., Any] = own
    return result


def of_jax() -> Iterator[Benchmark]:
    """Yield the benchmarks of the bridge to JAX: what it compiles should be the same."""
    import jax
    import jax.numpy as jnp

    from adjoint2rrule.interop.jax import to_jax

    def energy_in_jax(x: Any) -> Any:
        return 0.5 * jnp.vdot(x, x)

    rrule.register(energy_in_jax)(energy_rrule)
    names = {"a": jnp.array(2.0), "x": jnp.ones(1_000_000), "done": jax.block_until_ready}
    for f, vjp, name in ((cube, cube_vjp, "cubed"), (energy_in_jax, energy_vjp, "summed")):
        own = jax.custom_vjp(f)
        own.defvjp(lambda x, f=f: (f(x), x), lambda x, ȳ, vjp=vjp: (vjp(x)(ȳ),))
        names[name] = jax.jit(jax.grad(to_jax(f, body="traced")))
        names[f"{name}_by_jax"] = jax.jit(jax.grad(own))
    yield statements("done(cubed(a))", "done(cubed_by_jax(a))", names, rounds=101, number=2_000, limit=1.02)
    yield statements("done(summed(x))", "done(summed_by_jax(x))", names, rounds=101, number=20, limit=1.02)


def of_torch() -> Iterator[Benchmark]:
    """Yield the benchmarks of the bridge to PyTorch, against the same bodies as an `autograd.Function`."""
    import torch

    from adjoint2rrule.interop.torch import to_torch

    names = {
        "x": torch.tensor(2.0, dtype=torch.float64, requires_grad=True),
        "xs": torch.ones(1_000_000, dtype=torch.float64, requires_grad=True),
        "grad": torch.autograd.grad,
        "by_rule": to_torch(cube),
        "by_torch": declared_to_torch(cube, cube_vjp),
        "of_tensor": to_torch(cube, body="tensor"),
        "of_tensor_by_torch": declared_to_torch(cube, cube_vjp, in_numpy=False),
        "of_array": to_torch(energy),
        "of_array_by_torch": declared_to_torch(energy, energy_vjp),
    }
    yield statements("grad(by_rule(x), x)", "grad(by_torch(x), x)", names, number=500, limit=1.25)
    yield statements("grad(of_tensor(x), x)", "grad(of_tensor_by_torch(x), x)", names, number=500, limit=1.25)
    yield statements(
        "grad(of_array(xs), xs)", "grad(of_array_by_torch(xs), xs)", names, number=5, rounds=101, limit=1.03
    )


def declared_to_torch(
    f: Callable[..., Any], vjp: Callable[..., Any], *, in_numpy: bool = True
) -> Callable[..., Any]:
    """Return a function of one argument with its gradient as PyTorch's users declare it."""
    import torch

    def value_of(x: torch.Tensor) -> Any:
        return x.detach().numpy() if in_numpy else x

    def tensor_of(y: Any) -> torch.Tensor:
        return torch.from_numpy(np.asarray(y)) if in_numpy else y

    class Declared(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            ctx.save_for_backward(x)
            return tensor_of(f(value_of(x)))

        @staticmethod
        def backward(ctx: Any, ȳ: torch.Tensor) -> torch.Tensor:
            (x,) = ctx.saved_tensors
            return tensor_of(vjp(value_of(x))(value_of(ȳ)))

    result: Callable[..., Any] = Declared.apply
    return result


FRAMEWORKS = {"autograd": of_autograd, "jax": of_jax, "torch": of_torch}
