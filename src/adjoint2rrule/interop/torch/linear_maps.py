"""What a rule says of an evaluation, as maps of tensors: the pullback, and the forward rule.

Each of them can be run in the way the evaluation was, which is the first derivative, or on the tensors
themselves, so that torch can follow it. Their variables are the inputs of the rule, and then the seeds or
the tangents of the inputs, `None` for a zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from adjoint2rrule.interop.cotangents import ZERO
from adjoint2rrule.interop.torch.evaluation import Evaluation
from adjoint2rrule.interop.torch.tensors import as_tangent


@dataclass(frozen=True)
class PullbackMap:
    """The map from seeds to the cotangents of those inputs that are `needed`."""

    evaluation: Evaluation
    needed: Sequence[bool]
    kind: ClassVar[str] = "rrule"

    def run(self, variables: Sequence[Any]) -> tuple[Any, ...]:
        """Return the cotangents, as the rule has them."""
        inputs, ȳs = self._split(variables)
        return tuple(x̄ for x̄ in self.evaluation.cotangents(inputs, ȳs, self.needed) if x̄ is not None)

    def followed(self, variables: Sequence[Any]) -> tuple[Any, ...]:
        """Return the cotangents, by the rule run on tensors."""
        inputs, ȳs = self._split(variables)
        x̄s = self.evaluation.call.reverse(inputs).cotangents(_or_zeros(ȳs), self.needed)
        return tuple(as_tangent(x̄, x) for x̄, x, flag in zip(x̄s, inputs, self.needed, strict=True) if flag)

    def of_samples(self, count: int) -> list[PullbackMap]:
        """Return the maps of the samples, which share an evaluation if only the seeds differ."""
        evaluations = self.evaluation.samples or [self.evaluation] * count
        return [PullbackMap(evaluation, self.needed) for evaluation in evaluations]

    def _split(self, variables: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        return variables[: len(self.needed)], variables[len(self.needed) :]


@dataclass(frozen=True)
class TangentMap:
    """The map from the tangents of the inputs to those of the outputs."""

    evaluation: Evaluation
    kind: ClassVar[str] = "frule"

    def run(self, variables: Sequence[Any]) -> tuple[Any, ...]:
        """Return the tangents, as the rule has them."""
        return self.evaluation.tangents(*self._split(variables))

    def followed(self, variables: Sequence[Any]) -> tuple[Any, ...]:
        """Return the tangents, by the rule run on tensors."""
        inputs, dxs = self._split(variables)
        return self.evaluation.as_tangents(inputs, *self.evaluation.call.forward(inputs, _or_zeros(dxs)))

    def of_samples(self, count: int) -> list[TangentMap]:
        """Return the maps of the samples."""
        return [TangentMap(self.evaluation.again()) for _ in range(count)]

    def _split(self, variables: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        half = len(variables) // 2
        return variables[:half], variables[half:]


LinearMap: TypeAlias = PullbackMap | TangentMap


def _or_zeros(tangents: Sequence[Any]) -> list[Any]:
    return [ZERO if dx is None else dx for dx in tangents]
