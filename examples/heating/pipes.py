"""Heat transfer in pipes."""

from typing import Literal

import numpy as np
from adjoint2rrule.legacy import adjoint, nograd


@nograd
def regime(reynolds) -> str:
    """In words, how a fluid flows."""
    return "laminar" if reynolds < 2300 else "turbulent"


def nusselt(reynolds, prandtl):
    """Nusselt number of the flow in a smooth pipe, by Dittus and Boelter if turbulent."""
    if regime(reynolds) == "laminar":
        return 3.66
    return 0.023 * reynolds**0.8 * prandtl**0.4


@adjoint
def nusselt(reynolds: float, prandtl: float):
    nu = nusselt(reynolds, prandtl)
    if regime(reynolds) == "laminar":
        return nu, lambda _: None  # only the shape of the pipe counts

    def nusselt_pullback(ȳ):
        return (0.8 * ȳ * nu / reynolds, 0.4 * ȳ * nu / prandtl)

    return nu, nusselt_pullback


Mean = Literal["log", "plain"]


def mean_difference(ends: tuple[float, float], mean: Mean = "log"):
    """Mean temperature difference of a heat exchanger, from those at its two ends."""
    a, b = ends
    return (a - b) / np.log(a / b) if mean == "log" else (a + b) / 2


@adjoint
def mean_difference(ends: tuple[float, float], mean: Mean = "log"):
    y = mean_difference(ends, mean)
    if mean == "plain":
        return y, lambda ȳ: ((ȳ / 2, ȳ / 2), None)

    def back(ȳ):
        a, b = ends
        slope = ȳ * y / (a - b)
        return (slope * (1 - y / a), slope * (y / b - 1)), None

    return y, back
