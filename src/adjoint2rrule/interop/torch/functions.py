"""A rule on torch's tape: a function that runs the rule, and one that runs its pullback or the forward rule.

The derivative is a function of its own, since torch may differentiate it again: under `create_graph=True`,
and always under `torch.func`. The derivative of that is nobody's rule: torch gets it from the body of the
rule, which is then run on tensors, where it can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.autograd import forward_ad

from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.interop.errors import UntraceableError
from adjoint2rrule.interop.torch.batches import check_samples, samples_of, stacked
from adjoint2rrule.interop.torch.captures import is_transforming
from adjoint2rrule.interop.torch.evaluation import Evaluation
from adjoint2rrule.interop.torch.linear_maps import LinearMap, PullbackMap, TangentMap
from adjoint2rrule.interop.torch.second_order import FollowedMap
from adjoint2rrule.interop.torch.tensors import can_be_perturbed

# What `vectorize=True` of `torch.autograd.functional` runs in, and which asks no function how to run in it.
_is_in_old_vmap = torch._C._dispatch_tls_is_dispatch_key_included
_OLD_VMAP = torch._C._parse_dispatch_key("VmapMode")


def outputs_of(evaluation: Evaluation, tensors: Sequence[Any]) -> Sequence[Any]:
    """Return the outputs of a rule for these tensors, on torch's tape."""
    if is_transforming():  # such a function says separately what it keeps, which takes twice the time
        outputs: Sequence[Any] = TransformedRule.apply(evaluation, *tensors)
        return outputs
    evaluation.evaluate(tensors)
    return on_tape(evaluation, tensors)


def on_tape(evaluation: Evaluation, tensors: Sequence[Any]) -> Sequence[Any]:
    """Return the outputs of a rule that has run on these tensors, on torch's tape."""
    outputs: Sequence[Any] = Rule.apply(evaluation, *tensors)
    return outputs


class RuleGradient(torch.autograd.Function):
    """What reverse and forward mode do with a rule that has run."""

    @staticmethod
    def backward(ctx: Any, *ȳs: Any) -> Any:
        """Run the pullback, for those tensors that need a gradient."""
        evaluation, needed = ctx.evaluation, ctx.needs_input_grad[1:]
        if _is_in_old_vmap(_OLD_VMAP):
            raise UntraceableError(
                f"the gradient of {describe(evaluation.general().call.f)} was asked for many seeds at once,"
                f" by `is_grads_batched` or `vectorize`, which rules cannot do: take `torch.func.jacrev`"
            )
        inputs = ctx.saved_tensors[: len(needed)]  # torch refuses where one was changed in place
        if torch.is_grad_enabled() or is_transforming() or forward_ad._current_level >= 0:
            found = iter(Derivative.apply(PullbackMap(evaluation.general(), needed), *inputs, *ȳs))
            return (None, *(next(found) if flag else None for flag in needed))
        return (None, *evaluation.cotangents(inputs, ȳs, needed))

    @staticmethod
    def jvp(ctx: Any, _: Any, *dxs: Any) -> Any:
        """Run the forward rule."""
        dys = Derivative.apply(TangentMap(ctx.evaluation.general()), *ctx.saved_tensors, *dxs)
        return tuple(dy if can_be_perturbed(dy) else None for dy in dys)

    @staticmethod
    def vmap(info: Any, in_dims: Sequence[Any], evaluation: Evaluation, *tensors: Any) -> Any:
        """Run the rule for one sample after the other."""
        samples = samples_of(info.batch_size, in_dims[1:], tensors)
        evaluation.samples = [evaluation.again() for _ in samples]
        results = [outputs_of(*pair) for pair in zip(evaluation.samples, samples, strict=True)]
        check_samples(evaluation)
        return stacked(results)


def _keep(ctx: Any, evaluation: Evaluation, tensors: Sequence[Any], outputs: Sequence[Any]) -> None:
    ctx.evaluation = evaluation
    # torch refuses where one of these was changed in place
    ctx.save_for_backward(*tensors, *evaluation.shared(outputs))
    ctx.save_for_forward(*tensors)
    ctx.set_materialize_grads(False)


class Rule(RuleGradient):
    """A rule that has run."""

    @staticmethod
    def forward(ctx: Any, evaluation: Evaluation, *tensors: Any) -> Any:
        """Return what the rule gave."""
        outputs = evaluation.outputs(tensors)
        _keep(ctx, evaluation, tensors, outputs)
        return outputs


class TransformedRule(RuleGradient):
    """A run of a rule under `torch.func`."""

    @staticmethod
    def forward(evaluation: Evaluation, *tensors: Any) -> Any:
        """Run the rule."""
        with torch.enable_grad():  # else a tensor in a closure would not show that it needs a gradient
            evaluation.evaluate(tensors)
        return evaluation.outputs(tensors)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Keep what the pullback needs."""
        _keep(ctx, inputs[0], inputs[1:], output)


class Derivative(torch.autograd.Function):
    """A run of the pullback of a rule, or of the forward rule, as a function that has derivatives too."""

    @staticmethod
    def forward(linear_map: LinearMap, *variables: Any) -> Any:
        """Run it as the rule has it."""
        return linear_map.run(variables)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Keep what its derivative needs."""
        ctx.linear_map, *variables = inputs
        # torch saves tensors only, and what is zero is missing
        ctx.missing = [x is None for x in variables]
        kept = [*(x for x in variables if x is not None), *output]
        ctx.save_for_backward(*kept)
        ctx.save_for_forward(*kept)

    @staticmethod
    def backward(ctx: Any, *x̄s: Any) -> Any:
        """Let torch differentiate the rule's body."""
        return (None, *_followed(ctx).vjp(x̄s))

    @staticmethod
    def jvp(ctx: Any, _: Any, *dxs: Any) -> Any:
        """Let torch differentiate the rule's body, forwards."""
        return _followed(ctx).jvp(dxs)

    @staticmethod
    def vmap(info: Any, in_dims: Sequence[Any], linear_map: LinearMap, *variables: Any) -> Any:
        """Run it for one sample after the other."""
        maps = linear_map.of_samples(info.batch_size)
        samples = samples_of(info.batch_size, in_dims[1:], variables)
        return stacked([Derivative.apply(one, *xs) for one, xs in zip(maps, samples, strict=True)])


def _followed(ctx: Any) -> FollowedMap:
    kept = iter(ctx.saved_tensors)
    variables = [None if missing else next(kept) for missing in ctx.missing]
    return FollowedMap(ctx.linear_map, variables, [*kept])
