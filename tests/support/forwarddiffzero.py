"""The smallest forward mode AD that can be built on `frule`: dual numbers, by operator overloading.

There is no arithmetic of dual numbers here: all of it comes from the rules.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adjoint2rrule.core import HasForwardsMode, NoReverseMode, NoTangent, RuleConfig, frule, frule_via_ad
from tests.support import arithmetic_rules  # noqa: F401 - registers
from tests.support.overloading import called, overload


class DualConfig(RuleConfig[HasForwardsMode, NoReverseMode]):
    """The config of dual numbers."""


@overload
@dataclass(frozen=True, eq=False)
class Dual:
    """A number, and its derivative along the input that is perturbed."""

    primal: Any
    partial: Any

    @staticmethod
    def primitive(f: Callable[..., Any], *args: Any) -> Any:
        """Run `f` by its `frule`, where it has one."""
        dargs = NoTangent(), *(x.partial if isinstance(x, Dual) else NoTangent() for x in args)
        pair = frule(DualConfig(), dargs, f, *(x.primal if isinstance(x, Dual) else x for x in args))
        return NotImplemented if pair is None else Dual(*pair)


@frule_via_ad.register(DualConfig)
def dual_frule(config: Any, dargs: tuple[Any, ...], f: Callable[..., Any], /, *xs: Any) -> tuple[Any, Any]:
    """Return the value of `f` and its derivative along `dargs`, whether it has a rule or not."""
    y = called(Dual, f, *map(Dual, xs, dargs[1:]))
    return (y.primal, y.partial) if isinstance(y, Dual) else (y, NoTangent())


def derv(f: Callable[..., Any], x: Any) -> Any:
    """Return the derivative of a function of one number."""
    return dual_frule(DualConfig(), (NoTangent(), 1.0), f, x)[1]
