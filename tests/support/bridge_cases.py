"""Runs the cases of a converted package under an AD system, and compares with the gradients of the rules.

It is a script: ``python -m tests.support.bridge_cases FRAMEWORK CASES``, where `FRAMEWORK` is one of
`FRAMEWORKS` and `CASES` is as for `case_results`. It writes a JSON object: how many calls agree, the
message for each case that the bridge refuses, and what is wrong with each other. In a process of its own,
no test sees the rules. Sparse matrices are constants to AD systems.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from scipy.sparse import issparse

import adjoint2rrule.legacy
from adjoint2rrule.core import AbstractZero, rrule
from adjoint2rrule.interop.cotangents import cotangents_of_leaves
from adjoint2rrule.interop.errors import NoRuleError, UntraceableError, UntraceableRuleError
from adjoint2rrule.interop.leaves import is_leaf, leaves, tangent, with_leaves
from adjoint2rrule.legacy import literal_getproperty

RNG = np.random.default_rng(7)

Numbers = Sequence[Any]
# the numbers in the value of a call, from those in its arguments
Outputs = Callable[[Numbers], tuple[Any, ...]]


class Framework(Protocol):
    """An AD system with its bridge."""

    config: Any

    def bridge(self, f: Any) -> Callable[..., Any]:
        """Return `f` as a function that the framework differentiates by its rule."""

    def numbers_in(self, y: Any) -> Numbers:
        """Return the numbers in the value of a call, as the framework gave them."""

    def pullback(self, outputs: Outputs, xs: Numbers, seeds: Numbers) -> tuple[Numbers, Numbers]:
        """Return the values of `outputs`, and the gradient with respect to `xs`."""

    def check(self, outputs: Outputs, xs: Numbers) -> None:
        """Let the framework's own checker compare the gradient with finite differences."""


class Autograd:
    """HIPS autograd."""

    def __init__(self) -> None:
        from adjoint2rrule.interop.autograd import AutogradConfig, to_autograd

        self.config, self.bridge = AutogradConfig(), to_autograd

    def numbers_in(self, y: Any) -> Numbers:
        from adjoint2rrule.interop.autograd.boxes import opened

        return leaves(opened(y))

    def pullback(self, outputs: Outputs, xs: Numbers, seeds: Numbers) -> tuple[Numbers, Numbers]:
        from autograd import make_vjp

        vjp, values = make_vjp(self._in_a_tuple(outputs))(tuple(xs))
        # what is not conjugated goes in and comes out of autograd
        return values, [*map(np.conj, vjp(tuple(map(np.conj, seeds))))]

    def check(self, outputs: Outputs, xs: Numbers) -> None:
        from autograd.test_util import check_grads

        check_grads(self._in_a_tuple(outputs), modes=["rev"], order=1)(tuple(xs))

    def _in_a_tuple(self, outputs: Outputs) -> Callable[[Any], Any]:
        from autograd.builtins import tuple as tuple_box

        return lambda xs: tuple_box(outputs(xs))


class Jax:
    """JAX, in double precision; gradients are taken as they are, and checked under `jit`."""

    def __init__(self, body: Literal["auto", "host"]) -> None:
        import jax

        from adjoint2rrule.interop.jax import JaxConfig, to_jax

        jax.config.update("jax_enable_x64", True)
        self.config, self.bridge = JaxConfig(), partial(to_jax, body=body)

    def numbers_in(self, y: Any) -> Numbers:
        from adjoint2rrule.interop.jax.system import SYSTEM, is_inexact

        return [*filter(is_inexact, leaves(y, SYSTEM.is_number))]

    def pullback(self, outputs: Outputs, xs: Numbers, seeds: Numbers) -> tuple[Numbers, Numbers]:
        import jax

        values, vjp = jax.vjp(lambda *xs: outputs(xs), *xs)
        # what is not conjugated goes in and comes out of JAX
        return values, [*map(np.conj, vjp(tuple(map(np.conj, seeds))))]

    def check(self, outputs: Outputs, xs: Numbers) -> None:
        import jax
        from jax.test_util import check_grads

        # its steps are of one size for all arguments, in whatever units these are
        scales = [np.max(np.abs(x), initial=0.0) or 1.0 for x in xs]
        scaled = jax.jit(lambda *us: outputs([u * scale for u, scale in zip(us, scales, strict=True)]))
        us = [x / scale for x, scale in zip(xs, scales, strict=True)]
        check_grads(scaled, us, order=1, modes=["rev"], eps=1e-6)


class Torch:
    """PyTorch."""

    def __init__(self) -> None:
        from adjoint2rrule.interop.torch import TorchConfig, to_torch

        self.config, self.bridge = TorchConfig(), to_torch

    def numbers_in(self, y: Any) -> Numbers:
        import torch

        return [x for x in leaves(y, torch.is_tensor) if x.is_floating_point() or x.is_complex()]

    def pullback(self, outputs: Outputs, xs: Numbers, seeds: Numbers) -> tuple[Numbers, Numbers]:
        import torch

        tensors = self._tensors(xs)
        values = outputs(tensors)
        gradient = torch.autograd.grad(
            values, tensors, [*map(torch.as_tensor, seeds)], materialize_grads=True
        )
        return [y.detach().numpy() for y in values], [x̄.numpy() for x̄ in gradient]

    def check(self, outputs: Outputs, xs: Numbers) -> None:
        import torch

        assert torch.autograd.gradcheck(
            lambda *tensors: outputs(tensors), self._tensors(xs), atol=1e-4, rtol=1e-4
        )

    def _tensors(self, xs: Numbers) -> list[Any]:
        import torch

        return [torch.tensor(np.asarray(x), requires_grad=True) for x in xs]


FRAMEWORKS: dict[str, Callable[[], Framework]] = {
    "autograd": Autograd,
    "jax": partial(Jax, "auto"),
    "jax-host": partial(Jax, "host"),
    "torch": Torch,
}


@dataclass(frozen=True)
class Case:
    """A call of a function with a rule."""

    framework: Framework
    f: Any
    args: tuple[Any, ...]
    kw: dict[str, Any]

    def check(self) -> None:
        """Raise an error where value or gradient are not those of the rule, or not right."""
        xs, pair = leaves(self._inputs), rrule(self.framework.config, self.f, *self.args, **self.kw)
        if pair is None or issparse(pair[0]):
            self.framework.pullback(self._outputs, xs, [])
            raise AssertionError(
                "a call that has no derivative for an AD system, and the bridge did not mind"
            )
        y, pullback = pair
        expected = leaves(y)
        if not xs or not expected:
            return
        seeds = [seed_for(part) for part in expected]
        values, gradient = self.framework.pullback(self._outputs, xs, seeds)
        for value, part in zip(values, expected, strict=True):
            np.testing.assert_allclose(value, part, rtol=1e-14)
        for x̄, of_rule in zip(gradient, self._of_rule(pullback(tangent(y, iter(seeds)))), strict=True):
            np.testing.assert_allclose(x̄, of_rule, rtol=1e-12, atol=1e-14)
        self.framework.check(self._outputs, xs)

    @property
    def _inputs(self) -> tuple[Any, ...]:
        return tuple(None if issparse(x) else x for x in (self.f, *self.args))

    def _outputs(self, xs: Numbers) -> tuple[Any, ...]:
        remaining = iter(xs)
        inputs = with_leaves(lambda _: next(remaining), self._inputs)
        f, *args = (old if x is None else x for x, old in zip(inputs, (self.f, *self.args), strict=True))
        y = self.framework.bridge(f)(*args, **self.kw)
        return tuple(self.framework.numbers_in(y))

    def _of_rule(self, entries: tuple[Any, ...]) -> list[Any]:
        """Return the part of what a pullback gave for each number."""
        xs = leaves(self._inputs)
        x̄s = cotangents_of_leaves(self._inputs, entries[: len(self._inputs)], [True for _ in xs], is_leaf)
        return [np.zeros_like(x) if isinstance(x̄, AbstractZero) else x̄ for x, x̄ in zip(xs, x̄s, strict=True)]


def seed_for(y: Any) -> Any:
    """Return random numbers of the shape of `y`, complex where that is."""
    seed = np.asarray(RNG.standard_normal(np.shape(y)))
    return seed + 1j * RNG.standard_normal(np.shape(y)) if np.iscomplexobj(y) else seed


def main() -> None:
    """Check every call of every case."""
    framework, path = FRAMEWORKS[sys.argv[1]](), Path(sys.argv[2])
    sys.modules["zygoterules"] = adjoint2rrule.legacy
    sys.path.insert(0, str(path.parent))
    agree, refused, problems = 0, {}, {}
    for name, f, calls, kw in importlib.import_module(path.stem).CASES:
        for args in calls:
            try:
                Case(framework, getattr if f is literal_getproperty else f, tuple(args), kw).check()
            except (NoRuleError, UntraceableError, UntraceableRuleError) as err:
                refused[name] = str(err)
            except Exception:  # whatever a case does wrong is said of that case
                problems[name] = traceback.format_exc()
            else:
                agree += 1
    json.dump({"agree": agree, "refused": refused, "problems": problems}, sys.stdout)


if __name__ == "__main__":
    main()
