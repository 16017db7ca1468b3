"""The call of a function with rules, as one operation of JAX, whose derivatives are by the rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress
from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero

from adjoint2rrule.core import frule, rrule
from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.errors import UntraceableError
from adjoint2rrule.interop.jax.bodies import Value, filled
from adjoint2rrule.interop.jax.choice import Choice
from adjoint2rrule.interop.jax.closures import hidden_tracers
from adjoint2rrule.interop.jax.linear import Linear, shaped
from adjoint2rrule.interop.jax.outlines import difference
from adjoint2rrule.interop.jax.system import SYSTEM, as_array, aval_of, described, is_inexact
from adjoint2rrule.interop.leaves import leaves, with_leaves


class Node:
    """A call that JAX is to differentiate by rules.

    Parameters
    ----------
    call
        The call, with arrays of JAX for leaves.
    choice
        How the body of each rule is run.
    """

    def __init__(self, call: Call, choice: Choice) -> None:
        self.call, self._choice, self._leaves = described(call), choice, call.leaves
        #: How the value is made that JAX has seen, as others have to be.
        self._form: Any = None

    def run(self) -> Any:
        """Return the value of the call, which JAX differentiates by the rules."""
        values, self._leaves = self._leaves, []  # which may be tracers, and JAX keeps what is told of here
        operation = _by_rule(lambda *xs: self._primal(xs[: len(values)]), self._differentiated)
        # JAX is told of what is hidden in closures, so that it says whether that is differentiated.
        inputs = (self.call.f, self.call.xs, dict(self.call.kw))
        arrays = operation(*values, *hidden_tracers(inputs))
        return filled(self._form, arrays)

    def _primal(self, values: Sequence[Any]) -> list[Any]:
        body = self._choice.of(self.call, "value", values)
        return self._like_before(body.value(self.call, values))

    def _differentiated(self, values: Sequence[Any], dvalues: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Return the numbers of the value, and their tangents."""
        flags = [
            is_inexact(x) and type(dx) is not SymbolicZero for x, dx in zip(values, dvalues, strict=True)
        ]
        count = len(self.call.leaves)
        needed, values, dvalues = flags[:count], list(map(as_array, values[:count])), dvalues[:count]
        if any(flags[count:]):
            raise _capture_error(self.call)
        if not any(needed):
            arrays = self._primal(values)
            return arrays, list(map(_no_tangent, arrays))
        self.call.check_needed(needed)
        dxs = [jnp.asarray(dx) for dx in compress(dvalues, needed)]
        arrays, dys = self._with_tangents(values, dxs, needed)
        remaining = iter(dys)
        return arrays, [next(remaining) if is_inexact(y) else _no_tangent(y) for y in arrays]

    def _with_tangents(
        self, values: Sequence[Any], dxs: list[Any], needed: Sequence[bool]
    ) -> tuple[list[Any], list[Any]]:
        """Return the numbers of the value, and the tangents of those that can be differentiated."""
        has_frule = self._has_rule(frule)
        if has_frule and not self._has_rule(rrule):
            return self._by_frule(values, dxs, needed)
        body = self._choice.of(self.call, "rrule", values, needed)
        value, held, pullback = body.reverse(self.call, values, needed)
        arrays = self._like_before(value)
        # Forward mode needs the values, reverse mode only what the pullback holds.
        known = [*values] if has_frule else []
        outputs = list(map(aval_of, arrays))
        linear = Linear(
            lambda held, dxs: self._tangents(held[: len(known)], dxs, needed, outputs),
            lambda held, ȳs: pullback(held[len(known) :], ȳs),
            tuple(map(shaped, dxs)),
            tuple(map(shaped, filter(is_inexact, outputs))),
            len(known) + len(held),
            body.is_traced,
        )
        return self.kept(values, arrays), linear([*known, *held], dxs)

    def _by_frule(
        self, values: Sequence[Any], dxs: list[Any], needed: Sequence[bool]
    ) -> tuple[list[Any], list[Any]]:
        """Return the same without an `rrule`: JAX can transpose an `frule` that it traces."""
        body = self._choice.of(self.call, "frule", values, needed)
        arrays = self._primal(values)
        outputs = list(map(aval_of, arrays))
        if body.is_traced:
            return self.kept(values, arrays), body.tangents(self.call, values, dxs, needed, outputs)
        linear = Linear(
            lambda values, dxs: body.tangents(self.call, values, dxs, needed, outputs),
            self._no_pullback,
            tuple(map(shaped, dxs)),
            tuple(map(shaped, filter(is_inexact, outputs))),
            len(values),
            is_traced=False,
        )
        return self.kept(values, arrays), linear([*values], dxs)

    def _tangents(
        self, values: Sequence[Any], dxs: Sequence[Any], needed: Sequence[bool], outputs: list[Any]
    ) -> list[Any]:
        if not self._has_rule(frule):
            self.call.refuse_without_rule("frule", None)
        body = self._choice.of(self.call, "frule", values, needed)
        return body.tangents(self.call, values, dxs, needed, outputs)

    def _no_pullback(self, held: Sequence[Any], ȳs: Sequence[Any]) -> NoReturn:
        self.call.refuse_without_rule("rrule", None)

    def kept(self, values: Sequence[Any], arrays: Sequence[Any]) -> list[Any]:
        """Return `arrays`, the value, as what JAX differentiates by the rules once more.

        Else it would look for the second derivatives in the body of the rule, which computes the value in
        ways of its own.
        """

        def differentiated(primals: Any, tangents: Any) -> Any:
            (values, arrays), (dvalues, _) = primals, tangents
            return arrays, self._differentiated(values, dvalues)[1]

        return _by_rule(lambda values, arrays: arrays, differentiated)([*values], [*arrays])  # type: ignore[no-any-return]

    def _like_before(self, value: Value) -> list[Any]:
        """Return the numbers of the value, if it is made like the one that JAX has seen of this call.

        Raises
        ------
        LyingRuleError
            Where the value of a rule is not like that of the function.
        """
        if self._form is None:
            self._form = value.form
        elif problem := difference(value.form, self._form):
            function = describe(self.call.f)
            self.call.rule_call("rrule").refuse(
                f"its value is made otherwise than that of {function}: {problem}", "return what that returns"
            )
        before = leaves(self._form, SYSTEM.is_number)
        pairs = zip(value.arrays, before, strict=True)
        # not where nothing is to do: JAX forgets that a number came from Python, and takes its precision
        return [x if x.dtype == y.dtype else x.astype(y.dtype) for x, y in pairs]

    def _has_rule(self, generic: Any) -> bool:
        call = self.call
        runner = generic.runner(call.system.config, call.f, call.stand_ins(), call.kw, checked=False)
        return runner is not None


def kept(call: Call, y: Any) -> Any:
    """Return `y`, which a rule gave for a call, as what JAX differentiates by the rules."""
    value, node = Value.of(y), Node(call, Choice("traced"))
    return filled(y, node.kept(call.leaves, value.arrays))


def _by_rule(function: Callable[..., Any], differentiated: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that JAX differentiates by another, of its arguments and their tangents."""
    operation = jax.custom_jvp(function)
    operation.defjvp(differentiated, symbolic_zeros=True)
    return operation  # type: ignore[no-any-return]


def _no_tangent(y: Any) -> Any:
    """Return as JAX has it the tangent of an array that does not depend on any argument."""
    return np.zeros(y.shape, jax.dtypes.float0) if not is_inexact(y) else jnp.zeros(y.shape, y.dtype)


def value_without_rules(call: Call) -> Any:
    """Return the value of a call that no array is given to: JAX differentiates what it computes as it does.

    Raises
    ------
    UntraceableError
        Where that is with respect to an array in a closure: the derivative would be by no rule.
    """
    y = call.f(*call.xs, **call.kw)
    tracers = [*hidden_tracers((call.f, call.xs, dict(call.kw)))]
    if not tracers:
        return y
    numbers = leaves(y, SYSTEM.is_number)
    count = len(numbers)

    def differentiated(values: Sequence[Any], dvalues: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        held = zip(values[count:], dvalues[count:], strict=True)
        if any(is_inexact(x) and type(dx) is not SymbolicZero for x, dx in held):
            raise _capture_error(call)
        arrays = list(map(as_array, values[:count]))
        dys = zip(arrays, dvalues[:count], strict=True)
        return arrays, [_no_tangent(y) if type(dy) is SymbolicZero else dy for y, dy in dys]

    operation = _by_rule(lambda *xs: list(map(as_array, xs[:count])), differentiated)
    arrays = iter(operation(*map(as_array, numbers), *tracers))
    return with_leaves(lambda _: next(arrays), y, SYSTEM.is_number)


def _capture_error(call: Call) -> UntraceableError:
    return UntraceableError(
        f"JAX differentiates a call of {describe(call.f)} with respect to an array in the closure of a"
        f" function that takes part in it: a rule has no cotangent for that. Make it an argument, or a field"
        f" of a callable object."
    )
