"""Both rules of a function of numbers, from its partial derivatives.

Ports: `@scalar_rule` of ChainRulesCore.jl (rule_definition_tools.jl).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from types import FunctionType
from typing import Any, TypeVar

import numpy as np

from adjoint2rrule.core.dispatch.annotations import pattern_of
from adjoint2rrule.core.dispatch.arity import arguments_of, counted
from adjoint2rrule.core.dispatch.calls import check_call
from adjoint2rrule.core.dispatch.classes import is_static
from adjoint2rrule.core.dispatch.method import Method, Parameter, Rule, describe, signature_of
from adjoint2rrule.core.dispatch.patterns import Anything, Pattern
from adjoint2rrule.core.dispatch.reading import pattern_of_type
from adjoint2rrule.core.dispatch.registry import is_bound
from adjoint2rrule.core.dispatch.signatures import BY_POSITION
from adjoint2rrule.core.dispatch.targets import read_target
from adjoint2rrule.core.errors import RegistrationError, TangentMismatchError
from adjoint2rrule.core.partials import dot, rows_of, seeds_of, times
from adjoint2rrule.core.projection import ProjectTo
from adjoint2rrule.core.rules import Pullback, frule, rrule
from adjoint2rrule.core.tangent_arithmetic import conj
from adjoint2rrule.core.tangent_types.abstract_zero import NoTangent
from adjoint2rrule.core.tangent_types.structural_tangent import Tangent

Target = TypeVar("Target", bound=Callable[..., Any])
Partials = Callable[..., Any]

Kind = inspect.Parameter


def scalar_rule(f: Target, partials: Partials, /, *, types: Sequence[Any] | None = None) -> Target:
    """Give `f`, a function of numbers, an `rrule` and an `frule`.

    Parameters
    ----------
    f : callable
        A function of one or more numbers to a number or a tuple of numbers. Not a closure, a bound method
        nor an object with fields: their own derivatives would be lost.
    partials : callable
        ``partials(Ω, *xs)`` returns the partial derivatives of ``Ω = f(*xs)``, one for each of `xs`; for
        several outputs a tuple of such tuples, one for each output. For one argument, the derivative need
        not be in a tuple. For complex arguments `f` must be holomorphic in them.
    types : sequence of type, optional
        The types of the arguments that the rules are for, one for each; without it, all numbers.

    Returns
    -------
    callable
        `f`.

    Raises
    ------
    RegistrationError
        Where `f` has a derivative of its own, or `partials` takes more or fewer arguments than `f`, has no
        parameter for ``Ω``, or takes another number of arguments than there are `types`.
    PartialsError
        From the rules, where `f` or `partials` returns something else than it should: `None`, and arrays
        with axes, for instance, are no numbers.

    Examples
    --------
    >>> import cmath
    >>> _ = scalar_rule(cmath.exp, lambda Ω, x: Ω)
    >>> y, pullback = rrule(cmath.exp, 0.0)
    >>> y, pullback(2.0)
    ((1+0j), (NoTangent(), 2.0))

    What ``@setup`` is in Julia is the body of a function here:

    >>> def polar_partials(Ω, x, y):
    ...     r, _ = Ω
    ...     return (x / r, y / r), (-y / r**2, x / r**2)
    >>> def polar(x, y):
    ...     return (x**2 + y**2) ** 0.5, cmath.phase(complex(x, y))
    >>> _ = scalar_rule(polar, polar_partials)
    >>> frule((NoTangent(), 1.0, 0.0), polar, 3.0, 4.0)[1]
    Tangent[tuple](0.6, -0.16)

    Notes
    -----
    Ports: `@scalar_rule`, with the conjugate convention for complex numbers: a pullback multiplies by the
    conjugates of the partial derivatives, and gives each argument a cotangent of its own kind, by
    `ProjectTo`: a real one of a real number, a single precision one of a ``float32``.
    """
    role, target = read_target("scalar_rule({}, ...)", f)
    if role == "instances" or not _is_plain(target):
        raise RegistrationError(
            f"scalar_rule({describe(f)}): it can have a derivative of its own, which the rules would lose;"
            f" write them with `@rrule.register` and `@frule.register`."
        )
    parameters, rest = _arguments(f, target, partials, types)
    for rules, rule in ((rrule, _scalar_rrule(partials)), (frule, _scalar_frule(partials))):
        rules.add(role, target, Method(rule, parameters, rest, label=f"scalar_rule({describe(f)})"))
    return f


def _is_plain(f: Any) -> bool:
    function = inspect.unwrap(f)
    if isinstance(function, FunctionType):
        return function.__closure__ is None
    # What else has no fields is made by the interpreter or by C.
    return not is_bound(f) and (isinstance(f, type) or is_static(type(f)))


def _arguments(
    f: object, target: Any, partials: Partials, types: Sequence[Any] | None
) -> tuple[tuple[Parameter, ...], Pattern | None]:
    count, is_open = _arguments_of_partials(f, target, partials)
    numbers = pattern_of(complex)
    patterns = [numbers] * count if types is None else _patterns_of(f, types)
    rest = numbers if is_open and types is None else None
    if rest is None and len(patterns) != count:
        raise RegistrationError(
            f"scalar_rule({describe(f)}): {len(patterns)} types for {count} arguments of the partials."
        )
    _check_count(f, target, len(patterns), rest is not None)
    return tuple(Parameter(None, pattern) for pattern in (Anything(), *patterns)), rest


def _patterns_of(f: object, types: Any) -> list[Pattern]:
    if not isinstance(types, Sequence):
        raise RegistrationError(
            f"scalar_rule({describe(f)}): types={describe(types)} is no sequence;"
            f" write types=({describe(types)},)."
        )
    return [pattern_of_type("scalar_rule", T) for T in types]


def _arguments_of_partials(f: object, target: Any, partials: Partials) -> tuple[int, bool]:
    """Return how many arguments of `f` the partials take, and whether there may be more of them."""
    try:
        parameters = signature_of(partials).parameters.values()
    except (TypeError, ValueError) as err:  # no callable, or one of C that does not tell its arguments
        raise _bad_partials(f, partials) from err
    by_position = [p.name for p in parameters if p.kind in BY_POSITION]
    variadic = [p.name for p in parameters if p.kind is p.VAR_POSITIONAL]
    if len(by_position) < 2 and not variadic:
        raise _bad_partials(f, partials)
    _check_output_is_named(f, target, by_position + variadic)
    return max(len(by_position) - 1, 0), bool(variadic)


def _check_output_is_named(f: object, target: Any, names: list[str]) -> None:
    """Refuse partials that have the very parameters of the function, from the first one on, and no ``Ω``."""
    try:
        own = signature_of(target).parameters
    except (TypeError, ValueError):  # a function of C that does not tell
        return
    if names == list(own)[: len(names)]:
        shown = ", ".join("*" * (own[name].kind is Kind.VAR_POSITIONAL) + name for name in names)
        raise RegistrationError(
            f"scalar_rule({describe(f)}): the partials take what {describe(f)} takes, `{shown}`, but the"
            f" output comes before that; write `lambda Ω, {shown}: ...`."
        )


def _check_count(f: object, target: Any, count: int, is_open: bool) -> None:
    required, most = arguments_of(target)
    if isinstance(target, np.ufunc):
        most = target.nin  # what may follow is where the output goes
    if count <= most and (count >= required or is_open):
        return
    limit = f"at most {counted(most)}" if count > most else f"at least {counted(required)}"
    raise RegistrationError(
        f"scalar_rule({describe(f)}): {describe(f)} takes {limit}, but the partials are for {count}; write a"
        f" function of the output and of each argument, `lambda Ω, x: ...`."
    )


def _bad_partials(f: object, partials: object) -> RegistrationError:
    return RegistrationError(
        f"scalar_rule({describe(f)}): {describe(partials)} cannot give the partials; write a function of"
        f" the output and of each argument, `lambda Ω, x: ...`."
    )


def _scalar_rrule(partials: Partials) -> Rule:
    def scalar_rrule(f: Any, /, *xs: Any) -> tuple[Any, Pullback]:
        Ω = f(*xs)

        def scalar_pullback(Ω̄: Any) -> tuple[Any, ...]:
            rows = rows_of(f, partials, Ω, xs)
            if isinstance(Ω, tuple):
                seeds = seeds_of(f, Ω̄, Ω)
                x̄s = [dot(map(conj, column), seeds) for column in zip(*rows, strict=True)]
            else:
                x̄s = [times(conj(partial), Ω̄) for partial in rows[0]]
            # not before: making the projections costs more than most functions of numbers
            return NoTangent(), *[ProjectTo(x)(x̄) for x, x̄ in zip(xs, x̄s, strict=True)]

        return Ω, scalar_pullback

    return scalar_rrule


def _scalar_frule(partials: Partials) -> Rule:
    def scalar_frule(dargs: Any, f: Any, /, *xs: Any) -> tuple[Any, Any]:
        if not isinstance(dargs, tuple):
            check_call("frule((df, *dxs), f, *xs)", (dargs,), f)
        Ω = f(*xs)
        _, *dxs = dargs
        if len(dxs) != len(xs):
            raise TangentMismatchError(
                f"scalar_rule({describe(f)}): {len(dxs)} tangents for {len(xs)} arguments; give one for each,"
                " after that of the function."
            )
        dΩs = [dot(row, dxs) for row in rows_of(f, partials, Ω, xs)]
        return Ω, _tangent_of(type(Ω), dΩs) if isinstance(Ω, tuple) else dΩs[0]

    return scalar_frule


def _tangent_of(primal: Any, fields: Iterable[Any]) -> Any:
    tangent: Any = Tangent  # `primal` is no type expression to a type checker
    return tangent[primal](*fields)
