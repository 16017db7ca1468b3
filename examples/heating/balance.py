"""Where heat gained and heat lost are equal.

`adjoint2rrule convert` leaves these rules as they are, and says why: they need a person.
"""

from adjoint2rrule.legacy import adjoint, adjoint_mut, pullback


def steady_temperature(gain, guess, power):
    """Solve ``gain(T, power) == 0`` for the temperature ``T``, by Newton from `guess`."""
    temperature = guess
    for _ in range(50):
        residual, back = pullback(gain, temperature, power)
        if abs(residual) < 1e-12:
            break
        temperature = temperature - residual / back(1.0)[0]
    return temperature


@adjoint
def steady_temperature(gain, guess, power):
    temperature = steady_temperature(gain, guess, power)
    _, back = pullback(gain, temperature, power)

    def steady_temperature_pullback(ȳ):
        # implicit function theorem: the root moves so that the gain stays zero
        by_temperature, by_power = back(1.0)
        return (None, None, -ȳ * by_power / by_temperature)

    return temperature, steady_temperature_pullback


def relax(profile, rate):
    """Move each inner temperature of `profile` towards its neighbours', in place."""
    profile[1:-1] += rate * ((profile[:-2] + profile[2:]) / 2 - profile[1:-1])
    return profile


@adjoint_mut
def relax(profile, rate):
    change = (profile[:-2] + profile[2:]) / 2 - profile[1:-1]

    def back(ȳ):
        if ȳ is None:
            return None
        inner = ȳ[1:-1]
        dprofile = ȳ.copy()
        dprofile[1:-1] -= rate * inner
        dprofile[:-2] += rate * inner / 2
        dprofile[2:] += rate * inner / 2
        return (dprofile, inner @ change)

    return relax(profile, rate), back
