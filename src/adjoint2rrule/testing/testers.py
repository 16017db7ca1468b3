"""The tests of rules: what a rule says, against the function itself and finite differences.

Ports: ChainRulesTestUtils.jl, ``testers.jl``.
"""

# ruff: noqa: PT028 - these are no tests, although their names are those of ChainRulesTestUtils

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from adjoint2rrule.core import frule, rrule
from adjoint2rrule.testing.case import Case
from adjoint2rrule.testing.check_result import Tolerance
from adjoint2rrule.testing.config import TestConfig
from adjoint2rrule.testing.data_generation import with_tangent
from adjoint2rrule.testing.finite_difference_calls import FiniteDifferenceMethod, default_fdm
from adjoint2rrule.testing.forward_rule import run_forward_checks
from adjoint2rrule.testing.output_control import Outcome, not_collected
from adjoint2rrule.testing.reverse_rule import run_reverse_checks

TEST_CONFIG = TestConfig()


@not_collected
def test_rrule(
    f: Any,
    /,
    *args: Any,
    config: Any = TEST_CONFIG,
    output_tangent: Any = None,
    check_thunked_output_tangent: bool = True,
    fdm: FiniteDifferenceMethod | None = None,
    rrule_f: Callable[..., Any] = rrule,
    fkwargs: Mapping[str, Any] | None = None,
    rng: np.random.Generator | int | None = None,
    rtol: float = 1e-9,
    atol: float = 1e-9,
) -> Outcome:
    """Test the `rrule` of `f` at some arguments, against `f` and finite differences.

    It checks that the rule returns the value of `f`; that its pullback returns a tuple with an entry
    for `f` and one for each argument, each a tangent of the right form; that these are what finite
    differences say; that a multiple of the seed gives that multiple of them, and a thunk the same; that
    `ZeroTangent()` for a part of a seed with parts means zeros there; that they add up in place as they
    do by ``+``; and that neither the arguments nor the seed are changed.

    Arguments that cannot be perturbed (integers, strings, functions) must get `NoTangent()`. Where the
    rule's annotation, or its absence, admits floats too, `ZeroTangent()` will do, and so will the right
    number for an integer. A cotangent that is not implemented is left out, with a warning.

    Parameters
    ----------
    f
        The function, class or callable object that the rule is for.
    *args
        The arguments, some of them perhaps `with_tangent`: that tangent is what the cotangent is added
        to, and `NoTangent()` says that the argument cannot be perturbed.
    config
        The first argument of `rrule_f`; with `None`, `rrule_f` is called without one.
    output_tangent
        The seed; a random one is used where none is given.
    check_thunked_output_tangent
        Whether to pull back a thunk as well.
    fdm
        The finite difference method, `fdm.central_fdm(5, 1)` where none is given.
    rrule_f
        What gives the pair of value and pullback: `rrule`, or `rrule_via_ad` to test an AD system.
    fkwargs
        The keyword arguments of `f`.
    rng
        A generator, or the seed of one; every failure says which seed repeats it.
    rtol, atol
        How far apart the rule and finite differences may be, relative to the norm of each array, and
        absolutely. Where numbers have less than double precision, the differences may be half their
        digits.

    Returns
    -------
    Outcome
        How each cotangent was checked. Arguments with more than a few hundred entries are checked
        along random directions.

    Raises
    ------
    RuleTestFailure
        Where a check fails; it names the argument, the place inside it, and both values.

    Examples
    --------
    >>> from adjoint2rrule.core import NoTangent, rrule
    >>> def area(width, height):
    ...     return width * height
    >>> @rrule.register(area)
    ... def area_rrule(area, width, height):
    ...     return area(width, height), lambda ȳ: (NoTangent(), ȳ * height, ȳ * height)
    >>> test_rrule(area, 2.0, 3.0, output_tangent=1.0, rng=1)
    Traceback (most recent call last):
    ...
    adjoint2rrule.testing.failure.RuleTestFailure: test_rrule(area): the cotangent of args[1]
    (`height`) is 3.0, finite differences say 2.0 [rng=1]

    Notes
    -----
    Ports: `test_rrule`. Differs: linearity and mutation are checked, and large arguments along random
    directions.
    """
    case = Case.of("test_rrule", (f, *args), fkwargs, rng, Tolerance(rtol, atol))
    with case.reported():
        return run_reverse_checks(
            case, rrule_f, config, output_tangent, check_thunked_output_tangent, fdm or default_fdm()
        )


@not_collected
def test_frule(
    f: Any,
    /,
    *args: Any,
    config: Any = TEST_CONFIG,
    output_tangent: Any = None,
    fdm: FiniteDifferenceMethod | None = None,
    frule_f: Callable[..., Any] = frule,
    fkwargs: Mapping[str, Any] | None = None,
    rng: np.random.Generator | int | None = None,
    rtol: float = 1e-9,
    atol: float = 1e-9,
) -> Outcome:
    """Test the `frule` of `f` at some arguments, against `f` and finite differences.

    It checks that the rule returns the value of `f`, and the derivative along tangents of the
    arguments that finite differences say; that it is linear in these; that it adds up in place as it
    does by ``+``; and that neither the arguments nor their tangents are changed.

    Parameters
    ----------
    f
        The function, class or callable object that the rule is for.
    *args
        The arguments, some of them perhaps `with_tangent`: along that tangent the derivative is taken.
    output_tangent
        What the derivative is added to; a random tangent of the value where none is given.
    config, fdm, frule_f, fkwargs, rng, rtol, atol
        As in `test_rrule`.

    Raises
    ------
    RuleTestFailure
        Where a check fails; it names the place inside the value, and both derivatives.

    Examples
    --------
    >>> from adjoint2rrule.core import frule
    >>> def cube(x):
    ...     return x**3
    >>> @frule.register(cube)
    ... def cube_frule(dargs, cube, x):
    ...     return cube(x), 3 * x * dargs[1]
    >>> test_frule(cube, with_tangent(2.0, 1.0), rng=1)
    Traceback (most recent call last):
    ...
    adjoint2rrule.testing.failure.RuleTestFailure: test_frule(cube): the tangent of y is 6.0,
    finite differences say 12.0; it is 0.5 times what it should be [rng=1]

    Notes
    -----
    Ports: `test_frule`. Differs: linearity and mutation are checked.
    """
    case = Case.of("test_frule", (f, *args), fkwargs, rng, Tolerance(rtol, atol))
    with case.reported():
        return run_forward_checks(case, frule_f, config, output_tangent, fdm or default_fdm())


@not_collected
def test_scalar(f: Any, z: Any, /, **options: Any) -> None:
    """Test the `frule` and the `rrule` of a function of one number, in all directions there are.

    For a complex number, or a complex value, these are 1 and i; and a real tangent has to give the same
    as the complex number without an imaginary part.

    Parameters
    ----------
    f
        The function of a number.
    z
        The number.
    **options
        Options of both `test_rrule` and `test_frule`: `config`, `fdm`, `fkwargs`, `rng`, `rtol`, `atol`.

    Raises
    ------
    RuleTestFailure
        Where a check fails.

    Examples
    --------
    >>> from adjoint2rrule.core import NoTangent, frule, rrule
    >>> def square(z):
    ...     return z**2
    >>> @frule.register(square)
    ... def square_frule(dargs, square, z):
    ...     return square(z), 2 * z * dargs[1]
    >>> @rrule.register(square)
    ... def square_rrule(square, z):
    ...     return square(z), lambda ȳ: (NoTangent(), 2 * z.conjugate() * ȳ)
    >>> test_scalar(square, 1.5 - 2.0j)

    Notes
    -----
    Ports: `test_scalar`.
    """
    y = f(z, **(options.get("fkwargs") or {}))
    for dz in _units(z):
        test_frule(f, with_tangent(z, dz), **options)
    for dy in _units(y):
        test_rrule(f, with_tangent(z, 1.0), output_tangent=dy, **options)


def _units(z: Any) -> tuple[complex, ...]:
    # A real tangent of a complex number is one too, and means the same.
    return (1.0, 1.0 + 0.0j, 1.0j) if isinstance(z, (complex, np.complexfloating)) else (1.0,)
