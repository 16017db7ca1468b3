"""The smallest reverse mode AD that can be built on `rrule`: tracked numbers with a tape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from adjoint2rrule.core import (
    AbstractZero,
    HasReverseMode,
    NoForwardsMode,
    NoTangent,
    RuleConfig,
    add_inplace,
    rrule,
    rrule_via_ad,
    zero_tangent,
)
from tests.support import arithmetic_rules  # noqa: F401 - registers
from tests.support.overloading import called, overload


class TapeConfig(RuleConfig[HasReverseMode, NoForwardsMode]):
    """The config of tapes."""


@overload
@dataclass(eq=False)
class Tracked:
    """A number or array on a tape, with the cotangent that has come back to it so far."""

    primal: Any
    tape: list[Tracked]
    pullback: Callable[[Any], tuple[Any, ...]] | None = None
    parents: tuple[Any, ...] = ()
    x̄: Any = field(init=False)

    def __post_init__(self) -> None:
        # Not `ZeroTangent()`: the first cotangent added to that would be `x̄` itself, and others may hold it.
        self.x̄ = zero_tangent(self.primal)
        self.tape.append(self)

    @staticmethod
    def primitive(f: Callable[..., Any], *args: Any) -> Any:
        """Run `f` by its `rrule`, where it has one."""
        pair = rrule(TapeConfig(), f, *(x.primal if isinstance(x, Tracked) else x for x in args))
        if pair is None:
            return NotImplemented
        tape = next(x.tape for x in args if isinstance(x, Tracked))
        return Tracked(pair[0], tape, pair[1], args)

    def propagate(self) -> None:
        """Pull the cotangent back, and add it up in the parents."""
        if self.pullback is None or isinstance(self.x̄, AbstractZero):
            return
        for parent, x̄ in zip(self.parents, self.pullback(self.x̄)[1:], strict=True):
            if isinstance(parent, Tracked):
                parent.x̄ = add_inplace(parent.x̄, x̄)


@rrule_via_ad.register(TapeConfig)
def tape_rrule(config: Any, f: Callable[..., Any], /, *xs: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Return the value of `f` and its pullback, whether it has a rule or not."""
    tape: list[Tracked] = []
    inputs = [Tracked(x, tape) for x in xs]
    y = called(Tracked, f, *inputs)

    def tape_pullback(ȳ: Any) -> tuple[Any, ...]:
        for tracked in tape:
            tracked.x̄ = zero_tangent(tracked.primal)
        if isinstance(y, Tracked):
            y.x̄ = add_inplace(y.x̄, ȳ)
            for tracked in reversed(tape):
                tracked.propagate()
        return NoTangent(), *(x.x̄ for x in inputs)

    return (y.primal if isinstance(y, Tracked) else y), tape_pullback


def derv(f: Callable[..., Any], *xs: Any) -> tuple[Any, ...]:
    """Return the derivatives of a function of numbers with respect to each of them."""
    return tape_rrule(TapeConfig(), f, *xs)[1](1.0)[1:]
