"""Functions without a rule, differentiated by autograd: of structured arguments, and to structured values.

autograd is imported when the first of them is.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from types import MethodType
from typing import Any, NamedTuple

import numpy as np

from adjoint2rrule.core import AbstractZero
from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.interop.autograd.config import MissingAutogradError
from adjoint2rrule.interop.cotangents import MisfitError, cotangents_of_leaves
from adjoint2rrule.interop.errors import SeedError
from adjoint2rrule.interop.leaves import is_leaf, leaves, seeds, tangent, with_leaves, zero_for
from adjoint2rrule.interop.runs import Pair


def autograd_pullback(f: Callable[..., Any], /, *xs: Any, **kw: Any) -> Pair:
    """Return the value and the pullback of ``f(*xs, **kw)`` by autograd, without a look at any rule.

    autograd does not conjugate, rules do: seeds and cotangents are conjugated on their way.

    Raises
    ------
    MissingAutogradError
        Where autograd is not installed.
    UntraceableError
        Where the numbers in an argument are out of autograd's reach.
    """
    function, owner = _as_function(f)
    inputs = (owner, *xs)
    given = tuple(leaves(inputs))
    if not given:
        return f(*xs, **kw), lambda ȳ: tuple(map(zero_for, inputs))
    system = _Autograd.loaded_for(f)
    results: list[Any] = []
    with _advice(f):
        vjp, (*values, _) = system.make_vjp(_of_tuple(function, inputs, kw, system, results), given)
    y = _with_values(results[0], values)

    def pullback(ȳ: Any) -> tuple[Any, ...]:
        pairs = zip(values, seeds(y, ȳ), strict=True)
        of_outputs = (_seed(value, part, system.vspace, np.conj) for value, part in pairs)
        cotangents = map(_conjugate, vjp((*of_outputs, system.vspace(given[0]).zeros())))
        return tuple(tangent(x, cotangents) for x in inputs)

    return y, pullback


def autograd_tangent(
    dargs: tuple[Any, ...], f: Callable[..., Any], /, *xs: Any, **kw: Any
) -> tuple[Any, Any]:
    """Return the value of ``f(*xs, **kw)`` and its tangent along `dargs`, without a look at any rule.

    Raises
    ------
    MissingAutogradError
        Where autograd is not installed.
    UntraceableError
        Where the numbers in an argument are out of autograd's reach.
    SeedError
        Where a tangent does not fit its argument.
    """
    function, owner = _as_function(f)
    inputs = (owner, *xs)
    given = tuple(leaves(inputs))
    if not given:
        y = f(*xs, **kw)
        return y, zero_for(y)
    system = _Autograd.loaded_for(f)
    along = tuple(_seed(x, dx, system.vspace) for x, dx in zip(given, _parts(f, inputs, dargs), strict=True))
    results: list[Any] = []
    of_tuple = _of_tuple(function, inputs, kw, system, results)
    with _advice(f):
        values, tangents = system.make_jvp(of_tuple, given)(along)
    y = _with_values(results[0], values)
    return y, tangent(y, iter(tangents))


def _parts(f: Any, inputs: tuple[Any, ...], dargs: tuple[Any, ...]) -> list[Any]:
    """Return the part of the tangents of the arguments for each of their leaves."""
    found = []
    for i, (x, dx) in enumerate(zip(inputs, dargs, strict=True)):
        try:
            found += cotangents_of_leaves(x, dx, [True for _ in leaves(x)], is_leaf)
        except MisfitError as misfit:
            place = f"args[{i - 1}]{misfit.path}" if i else f"the function{misfit.path}"
            raise SeedError(
                f"frule_via_ad: the tangent of {place} of {describe(f)} {misfit.problem}, expected"
                f" {misfit.expected}."
            ) from None
    return found


def _as_function(f: Any) -> tuple[Callable[..., Any], Any]:
    """Return a function of all that `f` can be differentiated by, and what comes first among that."""
    return (f.__func__, f.__self__) if isinstance(f, MethodType) else (operator.call, f)


def _of_tuple(
    function: Callable[..., Any],
    inputs: tuple[Any, ...],
    kw: Mapping[str, Any],
    system: _Autograd,
    results: list[Any],
) -> Callable[[Any], Any]:
    """Return `function` from the leaves of its inputs to those of its value, which it adds to `results`."""

    def of_tuple(boxes: Any) -> Any:
        remaining = (boxes[i] for i in range(len(boxes)))
        y = function(*with_leaves(lambda _: next(remaining), inputs), **kw)
        if isinstance(y, np.ndarray) and y.dtype == object:
            y = system.joined(y.tolist())  # numpy's own functions make such arrays of boxes
        results.append(y)
        # The input comes last so that there always is one to depend on: autograd warns otherwise.
        return system.boxed_tuple([*leaves(y), boxes[0]])

    return of_tuple


def _with_values(y: Any, values: Any) -> Any:
    remaining = iter(values)
    return with_leaves(lambda _: next(remaining), y)


@contextmanager
def _advice(f: Any) -> Iterator[None]:
    """Say in errors of Python and numpy that autograd was running a function, and which."""
    try:
        yield
    except (TypeError, AttributeError, NotImplementedError) as err:
        err.add_note(
            f"This came up while autograd ran {describe(f)}, which has no rule. Besides numpy's ufuncs,"
            f" it follows only functions of autograd.numpy: call those, or write a rule."
        )
        raise


class _Autograd(NamedTuple):
    """What is used of autograd."""

    make_vjp: Any
    make_jvp: Any
    vspace: Callable[[Any], Any]
    boxed_tuple: Any
    joined: Callable[[Any], Any]

    @classmethod
    def loaded_for(cls, f: Any) -> _Autograd:
        try:
            core, containers = import_module("autograd.core"), import_module("autograd.builtins")
            joined = import_module("autograd.numpy").array
        except ImportError as err:
            raise MissingAutogradError(
                f"{describe(f)} has no rule for these arguments, and autograd, which would differentiate it,"
                f" is not installed. Write a rule, or: pip install 'adjoint2rrule[autograd]'"
            ) from err
        return cls(core.make_vjp, core.make_jvp, core.vspace, containers.tuple, joined)


def _seed(y: Any, ȳ: Any, vspace: Callable[[Any], Any], conj: Callable[[Any], Any] = np.positive) -> Any:
    """Return a tangent of `y` as autograd has it, with zeros for a zero."""
    zeros = vspace(y).zeros()
    if isinstance(ȳ, AbstractZero):
        return zeros
    if np.shape(ȳ) != np.shape(y):
        raise SeedError(f"the seed has shape {np.shape(ȳ)}, and the output it belongs to {np.shape(y)}")
    return conj(ȳ if np.iscomplexobj(y) else np.real(ȳ)) + zeros


def _conjugate(ā: Any) -> Any:
    return np.conj(ā)[()] if np.shape(ā) == () else np.conj(ā)
