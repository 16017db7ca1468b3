"""Inputs for every rule of `examples/heating`; `CASES` and `NOGRAD` are as in the corpus."""

import numpy as np
from heating import arrays, gases, pipes, walls  # noqa: F401 (the rules of `arrays` are for numpy)

rng = np.random.default_rng(20)
randn = rng.standard_normal

carbon_dioxide = gases.VanDerWaals(0.3640, 4.267e-5, "CO2")
water = gases.Vapour(23.196, 3816.4, -46.13)
brick = walls.Layer(0.24, 0.5, "brick")
wall = walls.Wall(brick, walls.Layer(0.12, 0.035, "wool"), 14.0)
regular = randn((3, 3)) + 3 * np.eye(3)


#: (name, function, several lists of positional arguments, keyword arguments)
CASES = [
    ("exp", np.exp, [[0.3], [randn((2, 3))]], {}),
    ("roll", np.roll, [[randn(5), 2], [randn((2, 3)), -1, 1]], {}),
    ("solve", np.linalg.solve, [[regular, randn(3)], [regular, randn((3, 2))]], {}),
    ("pressure of an ideal gas", gases.pressure, [[gases.IdealGas("air"), 0.02, 300.0]], {}),
    ("pressure of a van der Waals gas", gases.pressure, [[carbon_dioxide, 0.001, 300.0]], {}),
    ("vapour", water, [[300.0], [np.array([280.0, 300.0, 350.0])]], {}),
    ("nusselt", pipes.nusselt, [[1500.0, 6.0], [9000.0, 6.0]], {}),
    ("mean_difference", pipes.mean_difference, [[(30.0, 12.0)], [(30.0, 12.0), "plain"]], {}),
    ("Layer", walls.Layer, [[0.24, 0.5, "brick"], [0.24, 0.5]], {}),
    ("resistance", walls.resistance, [[brick]], {}),
    ("heat_loss", walls.heat_loss, [[wall, 20.0, -5.0]], {}),
]

#: no gradient comes out of these
NOGRAD = [
    ("argmax", np.argmax, [randn(3)]),
    ("searchsorted", np.searchsorted, [np.array([0.0, 1.0]), 0.3]),
    ("regime", pipes.regime, [3000.0]),
]
