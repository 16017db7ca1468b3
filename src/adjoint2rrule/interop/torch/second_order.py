"""Derivatives of derivatives: rules run on tensors, so that torch differentiates their bodies.

Not every body can be followed. One that calls numpy on a tensor fails, and the error says so; one that makes
a number of it, or asks what it is, `isinstance(x, np.ndarray)`, could give a wrong derivative. So what leads
out of torch is refused, and the run is compared with the one that gave the first derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from adjoint2rrule.core import RuleError
from adjoint2rrule.interop.errors import UntraceableRuleError
from adjoint2rrule.interop.torch.captures import is_transformed
from adjoint2rrule.interop.torch.linear_maps import LinearMap
from adjoint2rrule.interop.torch.tensors import can_be_perturbed
from adjoint2rrule.interop.torch.tracing import Following, pushed_forward

REMEDY = (
    "write the body of the rule in arithmetic, methods of arrays and functions of torch, or ask for first"
    " derivatives only"
)


class FollowedMap:
    """A derivative that a rule gives, run on tensors, as a function that torch can differentiate.

    Parameters
    ----------
    linear_map
        The derivative.
    variables
        The variables of the map, `None` for a missing one.
    found
        What it gave as the first derivative.
    """

    def __init__(self, linear_map: LinearMap, variables: Sequence[Any], found: Sequence[Any]) -> None:
        self._map, self._variables, self._found = linear_map, variables, found
        # torch differentiates with respect to what is not missing, and no integer
        self._places = [i for i, x in enumerate(variables) if x is not None and can_be_perturbed(x)]

    def vjp(self, seeds: Sequence[Any]) -> Sequence[Any]:
        """Return the gradients of the variables, `None` for those that have none."""
        values, pullback = torch.func.vjp(self._function(), *self._followed())
        self._check(values)
        found: list[Any] = [None] * len(self._variables)
        for place, x̄ in zip(self._places, pullback(tuple(seeds)), strict=True):
            found[place] = x̄
        return found

    def jvp(self, dxs: Sequence[Any]) -> tuple[Any, ...]:
        """Return the tangents of the value of the map."""
        followed = self._followed()
        given = ((x, dxs[place]) for x, place in zip(followed, self._places, strict=True))
        tangents = tuple(torch.zeros_like(x) if dx is None else dx for x, dx in given)
        values, found = pushed_forward(self._function(), followed, tangents)
        self._check(values)
        return found

    def _followed(self) -> tuple[Any, ...]:
        # a seed may be one number that was expanded, in which torch cannot keep tangents
        return tuple(self._variables[place].contiguous() for place in self._places)

    def _function(self) -> Callable[..., tuple[Any, ...]]:
        """Return the map as a function of those variables that torch follows."""
        if self._map.evaluation.body == "numpy":
            raise UntraceableRuleError(
                f"{self._rule()}: it is run on numpy's values alone, body='numpy', so that torch has no"
                f" derivative of its gradient: leave out `body`, and torch tries to follow the rule."
            )

        def followed_map(*followed: Any) -> tuple[Any, ...]:
            variables = list(self._variables)
            for place, x in zip(self._places, followed, strict=True):
                variables[place] = x
            with _following(self._rule()):
                return self._map.followed(variables)

        return followed_map

    def _rule(self) -> str:
        return str(self._map.evaluation.call.rule_call(self._map.kind))

    def _check(self, values: Sequence[Any]) -> None:
        """Refuse a body that gives something else for tensors than it gave before."""
        if all(map(_agree, values, self._found)):
            return
        given, found = ([*map(_unwrapped, xs)] for xs in (values, self._found))
        raise UntraceableRuleError(
            f"{self._rule()}: it gives {given} where torch follows it, and {found} elsewhere, so that second"
            f" derivatives would be wrong: it must not ask for the class of its arguments."
        )


@contextmanager
def _following(rule: str) -> Iterator[None]:
    try:
        with Following(rule, REMEDY):
            yield
    except RuleError:
        raise
    # what torch, numpy and Python raise where a tensor stands for an array or a number
    except (TypeError, ValueError, AttributeError, LookupError, RuntimeError, AssertionError) as err:
        raise UntraceableRuleError(
            f"{rule}: torch cannot differentiate this rule itself, as second derivatives need it"
            f" ({type(err).__name__}: {err}): {REMEDY}."
        ) from err


def _agree(a: Any, b: Any) -> bool:
    tolerance = torch.finfo(a.dtype).eps ** 0.5
    is_close = (a - b).abs() <= tolerance * b.abs().amax() if b.numel() else torch.tensor(True)
    is_close |= a.isnan() & b.isnan()
    return bool(_unwrapped(is_close).all())  # of all samples, under `torch.vmap`


def _unwrapped(x: Any) -> Any:
    """Return the numbers in a tensor that `torch.func` transforms."""
    while is_transformed(x):
        x = torch._C._functorch.get_unwrapped(x)
    return x
