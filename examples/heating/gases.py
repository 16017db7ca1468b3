"""Gases and vapours: what they press with at which temperature."""

from dataclasses import dataclass

import numpy as np
from adjoint2rrule.legacy import adjoint

R = 8.314462618  # J / (mol K)


@dataclass
class IdealGas:
    name: str = ""


@dataclass
class VanDerWaals:
    """A gas whose molecules attract each other, by `a`, and take up the volume `b`."""

    a: float
    b: float
    name: str = ""


def pressure(gas, volume, temperature):
    """Pressure of a mole of `gas`."""
    if isinstance(gas, VanDerWaals):
        return R * temperature / (volume - gas.b) - gas.a / volume**2
    return R * temperature / volume


@adjoint
def pressure(gas: IdealGas, volume: float, temperature: float):
    p = pressure(gas, volume, temperature)
    return p, lambda p̄: (None, -p̄ * p / volume, p̄ * R / volume)


@adjoint
def pressure(gas: VanDerWaals, volume: float, temperature: float):
    free = volume - gas.b

    def pressure_pullback(p̄):
        squeezed = p̄ * R * temperature / free**2
        dgas = dict(a=-p̄ / volume**2, b=squeezed, name=None)
        dvolume = 2 * p̄ * gas.a / volume**3 - squeezed
        return (dgas, dvolume, p̄ * R / free)

    return pressure(gas, volume, temperature), pressure_pullback


@dataclass
class Vapour:
    """Saturation pressure by Antoine's equation, ``log p = a - b / (c + T)``."""

    a: float
    b: float
    c: float

    def __call__(self, temperature):
        return np.exp(self.a - self.b / (self.c + temperature))


@adjoint
def __call__(self: Vapour, temperature):
    p = self(temperature)
    offset = self.c + temperature

    def back(p̄):
        dlog = p̄ * p
        dtemperature = dlog * self.b / offset**2
        dself = {
            "a": np.sum(dlog),
            "b": -np.sum(dlog / offset),
            "c": np.sum(dtemperature),
        }
        return (dself, dtemperature)

    return p, back
