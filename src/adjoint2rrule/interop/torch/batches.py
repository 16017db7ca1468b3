"""Rules under `torch.vmap`: they run for one sample after the other, and what they give is stacked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.interop.errors import UntraceableError
from adjoint2rrule.interop.leaves import IsLeaf, parts_of
from adjoint2rrule.interop.torch.evaluation import Evaluation


def samples_of(count: int, dims: Sequence[Any], tensors: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the tensors of each sample; `dims` are the axes of the samples, `None` where there is none.

    Examples
    --------
    >>> samples_of(2, (0, None), (torch.tensor([1, 2]), torch.tensor(3)))
    [(tensor(1), tensor(3)), (tensor(2), tensor(3))]
    """

    def part(x: Any, dim: int | None, i: int) -> Any:
        return x if dim is None else x.select(dim, i)

    return [tuple(part(x, dim, i) for x, dim in zip(tensors, dims, strict=True)) for i in range(count)]


def stacked(results: Sequence[Sequence[Any]]) -> tuple[Any, Any]:
    """Return what the samples gave, stacked, and the axes of the samples in it."""
    whole = tuple(torch.stack(parts) for parts in zip(*results, strict=True))
    return whole, tuple(0 for _ in whole)


def check_samples(evaluation: Evaluation) -> None:
    """Refuse samples whose values differ in more than the numbers that are stacked.

    Raises
    ------
    UntraceableError
        Where they do, or where there is no sample, and so no value.
    """
    f, samples = describe(evaluation.call.f), _ran(evaluation)
    if not samples:
        raise UntraceableError(f"torch.vmap of {f} has no samples, and without one there is no value")
    is_number = evaluation.call.system.is_number
    first, *others = (_form(each.run.y, is_number) for each in samples)
    for form in others:
        if form != first:
            raise UntraceableError(
                f"torch.vmap needs values that differ in their numbers only, and those of {f} differ in more:"
                f" {first} for one sample, {form} for another, where shapes stand for the numbers"
            )


def _ran(evaluation: Evaluation) -> list[Evaluation]:
    """Return the evaluations of all samples, those of nested batches too."""
    return [ran for each in evaluation.samples for ran in (_ran(each) if each.samples else [each])]


def _form(y: Any, is_number: IsLeaf) -> Any:
    """Return what is the same for all samples: the shapes of the numbers, and all that is no number."""
    if is_number(y):
        return tuple(getattr(y, "shape", ()))
    parts = parts_of(y, is_number)
    return (type(y), {key: _form(part, is_number) for key, part in parts.items()}) if parts else y
