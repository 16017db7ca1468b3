"""What the rule that a call runs admits as arguments, and how many cotangents it may give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from adjoint2rrule.core import RuleConfig, rrule
from adjoint2rrule.core.dispatch.method import read_method
from adjoint2rrule.core.dispatch.patterns import Anything, Pattern
from adjoint2rrule.testing.case import function_of


class _Functor:
    """A callable that can be perturbed, as far as an annotation can tell."""

    def __init__(self) -> None:
        self.scale = 1.5

    def __call__(self) -> float:
        return self.scale


# One of each kind of argument that can be perturbed.
PERTURBABLE = (1.5, 1.5j, np.array([1.5]), np.array([1.5j]), (1.5,), [1.5], {"a": 1.5}, _Functor())


@dataclass(frozen=True)
class RuleSignature:
    """The positional parameters of a rule, those of the callable and the config left out.

    Attributes
    ----------
    patterns
        What each parameter admits.
    rest
        What the elements of ``*xs`` have to be; `None` where the rule has none.
    """

    patterns: tuple[Pattern, ...]
    rest: Pattern | None

    def most_cotangents(self, count: int) -> int:
        """Return how many cotangents of arguments the rule may give for a call with `count` of them."""
        return max(count, len(self.patterns))

    def admits_perturbable(self, k: int) -> bool:
        """Return whether argument `k` might have been one that can be perturbed."""
        pattern = self.patterns[k] if k < len(self.patterns) else self.rest or Anything()
        return any(map(pattern.accepts, PERTURBABLE))


def rule_signature(
    rrule_f: Callable[..., Any], config: Any, f: Any, xs: Sequence[Any], keywords: Mapping[str, Any]
) -> RuleSignature | None:
    """Return the signature of the rule for this call; `None` where only `rrule_f` knows it."""
    if rrule_f is not rrule:
        return None
    if function := function_of(f):
        of_function = rule_signature(rrule_f, config, function, (f.__self__, *xs), keywords)
        if of_function:
            return RuleSignature(of_function.patterns[1:], of_function.rest)
    rule = _find(config, f, tuple(xs), keywords)
    if rule is None:
        return None
    method, asks_for_config = read_method(rule, 0)
    patterns = [parameter.pattern for parameter in method.parameters]
    return RuleSignature(tuple(patterns[2 if asks_for_config else 1 :]), method.rest)


def _find(config: Any, f: Any, xs: tuple[Any, ...], keywords: Mapping[str, Any]) -> Callable[..., Any] | None:
    found = rrule._find_with_config(config, f, xs, keywords) if isinstance(config, RuleConfig) else None
    found = found or rrule._find(f, xs, keywords)
    return found.func if isinstance(found, partial) else found
