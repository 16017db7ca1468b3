"""One rule, three AD systems: the orbit of a planet is fitted to its distances from the star.

Where the planet is at a time follows from Kepler's equation, E − e sin E = M, which Newton's method solves. No AD
system has to look into its loop: the derivative of a solution follows from the equation itself. That is written down
once, as an `rrule`, with `Orbit` as its argument. autograd, JAX and PyTorch differentiate by it, amid
operations of their own, and the optimiser of each takes it from there. They come to the same orbit:

    pip install 'adjoint2rrule[examples]'
    python examples/one_rule_three_systems.py
"""

from dataclasses import asdict, astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adjoint2rrule.core import NoTangent, Tangent, rrule

Array = NDArray[np.float64]


@dataclass
class Orbit:
    """An orbit around a star; lengths are in units of its semi-major axis."""

    eccentricity: Any
    period: Any  # days
    phase: Any  # radians, of the mean anomaly at time 0


def eccentric_anomaly(orbit: Orbit, times: Array) -> Array:
    """Return the angle E, in radians, for each time: the solution of Kepler's equation."""
    mean_anomaly = 2 * np.pi * times / orbit.period + orbit.phase
    angle, step = mean_anomaly, np.inf
    while np.max(np.abs(step)) > 1e-13:
        residual = angle - orbit.eccentricity * np.sin(angle) - mean_anomaly
        step = residual / (1 - orbit.eccentricity * np.cos(angle))
        angle = angle - step
    return angle


@rrule.register(eccentric_anomaly)
def eccentric_anomaly_rrule(eccentric_anomaly, orbit: Orbit, times):
    """Differentiate the equation, not the iteration: (1 − e cos E) dE = dM + sin E de."""
    angle = eccentric_anomaly(orbit, times)

    def eccentric_anomaly_pullback(angle_bar):
        mean_anomaly_bar = angle_bar / (1 - orbit.eccentricity * np.cos(angle))
        rate_bar = 2 * np.pi * mean_anomaly_bar / orbit.period
        orbit_bar = Tangent[Orbit](
            eccentricity=np.sum(mean_anomaly_bar * np.sin(angle)),
            period=-np.sum(rate_bar * times) / orbit.period,
            phase=np.sum(mean_anomaly_bar),
        )
        return NoTangent(), orbit_bar, rate_bar

    return angle, eccentric_anomaly_pullback


TRUTH = Orbit(eccentricity=0.3, period=11.0, phase=0.5)
START = Orbit(eccentricity=0.1, period=10.5, phase=0.2)
TIMES = np.linspace(0.0, 20.0, 50)
DISTANCES = 1 - TRUTH.eccentricity * np.cos(eccentric_anomaly(TRUTH, TIMES))

STEPS, RATE = 300, 0.01


def fitted_with_autograd() -> Orbit:
    """Return the orbit that autograd's Adam finds."""
    import autograd.numpy as anp
    from autograd import grad
    from autograd.misc.optimizers import adam

    from adjoint2rrule.interop.autograd import to_autograd

    angle = to_autograd(eccentric_anomaly)

    def loss(parameters: dict[str, float], step: int = 0) -> float:
        orbit = Orbit(**parameters)
        distances = 1 - orbit.eccentricity * anp.cos(angle(orbit, TIMES))
        return anp.mean((distances - DISTANCES) ** 2)

    return Orbit(**adam(grad(loss), asdict(START), num_iters=STEPS, step_size=RATE))


def fitted_with_jax() -> Orbit:
    """Return the orbit that optax's Adam finds."""
    import jax
    import jax.numpy as jnp
    import optax

    from adjoint2rrule.interop.jax import to_jax

    jax.config.update("jax_enable_x64", True)  # like the others, in double precision
    jax.tree_util.register_dataclass(Orbit)
    angle = to_jax(eccentric_anomaly, body="host")  # the rule is written in numpy, and called from compiled code

    def loss(orbit: Orbit) -> jax.Array:
        distances = 1 - orbit.eccentricity * jnp.cos(angle(orbit, TIMES))
        return jnp.mean((distances - DISTANCES) ** 2)

    adam = optax.adam(RATE)

    @jax.jit
    def step(orbit: Orbit, state: optax.OptState) -> tuple[Orbit, optax.OptState]:
        updates, state = adam.update(jax.grad(loss)(orbit), state)
        return optax.apply_updates(orbit, updates), state

    orbit = jax.tree.map(jnp.asarray, START)
    state = adam.init(orbit)
    for _ in range(STEPS):
        orbit, state = step(orbit, state)
    return jax.tree.map(float, orbit)


def fitted_with_torch() -> Orbit:
    """Return the orbit that PyTorch's Adam finds."""
    import torch

    from adjoint2rrule.interop.torch import to_torch

    angle = to_torch(eccentric_anomaly)
    parameters = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in astuple(START)]
    orbit, observed = Orbit(*parameters), torch.from_numpy(DISTANCES)
    adam = torch.optim.Adam(parameters, lr=RATE)
    for _ in range(STEPS):
        adam.zero_grad()
        distances = 1 - orbit.eccentricity * torch.cos(angle(orbit, TIMES))
        torch.mean((distances - observed) ** 2).backward()
        adam.step()
    return Orbit(*(x.item() for x in parameters))


FITS = {"autograd": fitted_with_autograd, "JAX": fitted_with_jax, "PyTorch": fitted_with_torch}


def main() -> None:
    """Fit the orbit with each of them, and print what they found."""
    print("".join(f"{name:>20}" for name in ("", *asdict(TRUTH))))
    print(f"{'truth':>20}" + "".join(f"{x:20.12f}" for x in astuple(TRUTH)))
    for name, fitted in FITS.items():
        print(f"{name:>20}" + "".join(f"{x:20.12f}" for x in astuple(fitted())))


if __name__ == "__main__":
    main()
