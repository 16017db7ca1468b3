"""How the rule for a call is found on either side: by `rrule`, or as legacy code finds its definitions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import adjoint2rrule.legacy
from adjoint2rrule.core import rrule
from adjoint2rrule.core.dispatch.registry import is_bound
from adjoint2rrule.legacy import from_legacy, literal_getfield, literal_getproperty, to_legacy
from adjoint2rrule.legacy.context import __context__
from adjoint2rrule.legacy.rules import find_legacy_pair
from adjoint2rrule.proof.model import Side
from adjoint2rrule.proof.worker.calls import Call
from adjoint2rrule.testing import TestConfig, test_rrule

Pair: TypeAlias = tuple[Any, Callable[[Any], Any]]

# What a converted rule is for, and what the legacy one is for.
ACCESS = ((getattr, literal_getproperty), (object.__getattribute__, literal_getfield))


@dataclass(frozen=True)
class Rules:
    """The rules of one side.

    Attributes
    ----------
    side
        Which side it is.
    libraries
        The legacy modules, which may be those of a library with definitions of its own.
    """

    side: Side
    libraries: Sequence[str] = ()

    def call(self, call: Call) -> Call:
        """Return what the rules of this side are for where a converted rule is for `call`."""
        if self.side is Side.CONVERTED:
            return call
        f = next((old for new, old in ACCESS if new is call.f), call.f)
        return Call(f, call.args, call.keywords)

    def pair(self, call: Call) -> Pair | None:
        """Return the value and the pullback by the rule; `None` where there is none.

        What the rule calls back into is differentiated by the same AD system on both sides.
        """
        if self.side is Side.CONVERTED:
            return rrule(__context__, call.f, *call.args, **call.keywords)
        return self._legacy_pair(call.f, *call.args, **call.keywords)

    def tested_pair(self, call: Call) -> Pair | None:
        """Return the same with finite differences as the AD system, as `test` has it."""
        if self.side is Side.CONVERTED:
            return rrule(TestConfig(), call.f, *call.args, **call.keywords)
        return self._legacy_pair(call.f, *call.args, **call.keywords)

    def test(self, call: Call) -> None:
        """Test the rule by finite differences."""
        if self.side is Side.CONVERTED:
            test_rrule(call.f, *call.args, fkwargs=call.keywords, rng=0)
        else:
            test_rrule(
                call.f,
                *call.args,
                config=None,
                rrule_f=self._legacy_pair,
                fkwargs=call.keywords,
                rng=0,
            )

    def _legacy_pair(self, f: Any, /, *xs: Any, **kw: Any) -> Pair | None:
        """Return the pair by the legacy definition, or by a rule; its pullback speaks of tangents."""
        pair = find_legacy_pair(f, xs, kw)
        if pair is None:
            return rrule(__context__, f, *xs, **kw) or self._foreign_pair(f, xs, kw)
        return _in_tangents(pair, f, xs)

    def _foreign_pair(self, f: Any, xs: tuple[Any, ...], kw: dict[str, Any]) -> Pair | None:
        """Return the pair that an installed legacy library gives."""
        for name in self.libraries:
            library = sys.modules.get(name, adjoint2rrule.legacy)
            if library is not adjoint2rrule.legacy and hasattr(library, "_pullback"):
                return _in_tangents(library._pullback(f, *xs, **kw), f, xs)
        return None


def _in_tangents(pair: Pair, f: Any, xs: tuple[Any, ...]) -> Pair:
    y, back = pair
    primals = (f.__self__ if is_bound(f) else f, *xs)
    return y, lambda ȳ: from_legacy(back(to_legacy(ȳ)), primals)
