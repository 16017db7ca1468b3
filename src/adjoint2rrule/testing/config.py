"""The AD system of a test: rules where there are some, finite differences elsewhere.

Ports: ChainRulesTestUtils.jl, ``rule_config.jl``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint2rrule.core import (
    HasForwardsMode,
    HasReverseMode,
    RuleConfig,
    frule,
    frule_via_ad,
    rrule,
    rrule_via_ad,
)
from adjoint2rrule.testing.finite_difference_calls import FiniteDifferenceMethod, default_fdm
from adjoint2rrule.testing.linearization import Linearization
from adjoint2rrule.testing.output_control import Place
from adjoint2rrule.testing.tangent_space import TangentSpace, filled


class TestConfig(RuleConfig[HasReverseMode, HasForwardsMode]):
    """The config that tests hand to rules; it lets a rule that calls back into AD be tested by itself.

    Where a rule calls back on a function without a rule, finite differences take the place of the AD
    system, so that no AD system needs to be there.

    Parameters
    ----------
    fdm
        The finite difference method; `fdm.central_fdm(5, 1)` where none is given.

    Examples
    --------
    >>> from adjoint2rrule.core import rrule_via_ad
    >>> y, back = rrule_via_ad(TestConfig(), lambda x: x**2, 3.0)
    >>> y, [round(x̄, 6) for x̄ in back(1.0)[1:]]
    (9.0, [6.0])

    Notes
    -----
    Ports: `TestConfig`.
    """

    __test__ = False

    def __init__(self, fdm: FiniteDifferenceMethod | None = None) -> None:
        self.fdm = fdm

    def __repr__(self) -> str:
        return f"TestConfig({'' if self.fdm is None else repr(self.fdm)})"


@rrule_via_ad.register(TestConfig)
def pullback_by_differences(
    config: TestConfig, f: Any, /, *xs: Any, **kw: Any
) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Return the value of `f` and its pullback, by its rule or by finite differences."""
    pair: tuple[Any, Callable[[Any], tuple[Any, ...]]] | None = rrule(config, f, *xs, **kw)
    if pair is not None:
        return pair
    function = _linearization(config, f, xs, kw)

    def back(dy: Any) -> tuple[Any, ...]:
        seed = filled(function.output.coordinates(dy, Place("the seed of", "rrule_via_ad")))
        gradients = (function.gradient(i, seed) for i in range(1 + len(xs)))
        return tuple(
            space.tangent(gradient) for space, gradient in zip(function.primals, gradients, strict=True)
        )

    return function.output.x, back


@frule_via_ad.register(TestConfig)
def pushforward_by_differences(
    config: TestConfig, dargs: tuple[Any, ...], f: Any, /, *xs: Any, **kw: Any
) -> tuple[Any, Any]:
    """Return the value of `f` and its derivative along `dargs`, by its rule or by finite differences."""
    pair: tuple[Any, Any] | None = frule(config, dargs, f, *xs, **kw)
    if pair is not None:
        return pair
    function = _linearization(config, f, xs, kw)
    places = (Place("the tangent of", f"argument {i} of frule_via_ad") for i in range(1 + len(xs)))
    read = map(TangentSpace.coordinates, function.primals, dargs, places)
    return function.output.x, function.output.tangent(
        function.pushforward(dict(enumerate(map(filled, read))))
    )


def _linearization(config: TestConfig, f: Any, xs: tuple[Any, ...], kw: dict[str, Any]) -> Linearization:
    def call(f: Any, *xs: Any) -> Any:
        return f(*xs, **kw)

    return Linearization.at(call, (f, *xs), config.fdm or default_fdm())
