"""What the rule that a call runs admits as arguments, and how many cotangents it may give."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint2rrule.core import RuleConfig, rrule
from adjoint2rrule.core.dispatch.annotations import Scope, pattern_of
from adjoint2rrule.core.dispatch.functors import call_of
from adjoint2rrule.core.dispatch.reading import asks_for_config
from adjoint2rrule.core.dispatch.signatures import BY_POSITION
from adjoint2rrule.testing.case import function_of


class _Functor:
    """A callable that can be perturbed, as far as an annotation can tell."""

    scale = 1.5

    def __call__(self) -> float:
        return self.scale


# One of each kind of argument that can be perturbed.
PERTURBABLE = (1.5, 1.5j, np.array([1.5]), np.array([1.5j]), (1.5,), [1.5], {"a": 1.5}, _Functor())


@dataclass(frozen=True)
class RuleSignature:
    """The positional parameters of a rule, those of the callable and the config left out.

    Attributes
    ----------
    annotations
        That of each parameter.
    rest
        That of ``*xs``; `Any` where the rule has none.
    scope
        Where the annotations were written.
    """

    annotations: tuple[Any, ...]
    rest: Any
    scope: Scope

    @classmethod
    def of(cls, rule: Callable[..., Any], before: int) -> RuleSignature:
        """Return the signature of `rule`, without its first parameters."""
        parameters = inspect.signature(rule).parameters.values()
        annotations = {p: Any if p.annotation is p.empty else p.annotation for p in parameters}
        positional = [annotation for p, annotation in annotations.items() if p.kind in BY_POSITION]
        rest = (annotation for p, annotation in annotations.items() if p.kind is p.VAR_POSITIONAL)
        return cls(tuple(positional[before:]), next(rest, Any), Scope.of(rule))

    def most_cotangents(self, count: int) -> int:
        """Return how many cotangents of arguments the rule may give for a call with `count` of them."""
        return max(count, len(self.annotations))

    def admits_perturbable(self, k: int) -> bool:
        """Return whether argument `k` might have been one that can be perturbed."""
        annotation = self.annotations[k] if k < len(self.annotations) else self.rest
        return any(map(pattern_of(annotation, self.scope).accepts, PERTURBABLE))


def rule_signature(
    rrule_f: Callable[..., Any], config: Any, f: Any, xs: Sequence[Any], keywords: Mapping[str, Any]
) -> RuleSignature | None:
    """Return the signature of the rule for this call; `None` where only `rrule_f` knows it."""
    if rrule_f is not rrule:
        return None
    call = (config, f, *xs) if isinstance(config, RuleConfig) else (f, *xs)
    rule = rrule.which(*call, **keywords)
    if rule is None:
        return None
    # The rule of a bound method is that of its function, called with the object in front; so may be that of
    # an object which is called.
    function = function_of(f) or call_of(type(f))
    has_object = function is not None and rule in rrule.methods(function)
    return RuleSignature.of(rule, before=1 + asks_for_config(rule) + has_object)
