"""Walls of two layers, and the heat that they let through."""

from dataclasses import dataclass

from adjoint2rrule.legacy import adjoint


@dataclass
class Layer:
    thickness: float
    conductivity: float
    material: str = ""


@dataclass
class Wall:
    bearing: Layer
    insulation: Layer
    area: float = 1.0


@adjoint
def Layer(thickness, conductivity, material: str = ""):
    def back(seed):
        return (seed["thickness"], seed["conductivity"], None)

    return Layer(thickness, conductivity, material), back


def resistance(layer: Layer):
    """Thermal resistance of a square metre."""
    return layer.thickness / layer.conductivity


@adjoint
def resistance(layer: Layer):
    k = layer.conductivity
    r = resistance(layer)
    return r, lambda r̄: (dict(thickness=r̄ / k, conductivity=-r̄ * r / k, material=None),)


def heat_loss(wall: Wall, inside, outside):
    """Heat that flows through `wall` in a second."""
    total = resistance(wall.bearing) + resistance(wall.insulation)
    return wall.area * (inside - outside) / total


@adjoint
def heat_loss(wall: Wall, inside: float, outside: float):
    flow = heat_loss(wall, inside, outside)
    of_bearing, of_insulation = resistance(wall.bearing), resistance(wall.insulation)
    total = of_bearing + of_insulation

    def heat_loss_pullback(ȳ):
        r̄ = -ȳ * flow / total  # either layer's resistance counts alike
        dwall = dict(
            bearing=dict(
                thickness=r̄ / wall.bearing.conductivity,
                conductivity=-r̄ * of_bearing / wall.bearing.conductivity,
                material=None,
            ),
            insulation=dict(
                thickness=r̄ / wall.insulation.conductivity,
                conductivity=-r̄ * of_insulation / wall.insulation.conductivity,
                material=None,
            ),
            area=ȳ * flow / wall.area,
        )
        dinside = ȳ * wall.area / total
        return (dwall, dinside, -dinside)

    return flow, heat_loss_pullback
