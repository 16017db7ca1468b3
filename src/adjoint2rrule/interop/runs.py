"""What the run of an `rrule` gives an AD system: a value, and from seeds for its leaves the cotangents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from adjoint2rrule.core import AbstractZero, rrule, unthunk
from adjoint2rrule.core.config import AnyConfig
from adjoint2rrule.core.descriptions import described
from adjoint2rrule.core.dispatch.method import Rule, describe
from adjoint2rrule.core.rule_checks import FORGOTTEN, RuleCall
from adjoint2rrule.core.rules import object_of
from adjoint2rrule.core.shapes import shape_of
from adjoint2rrule.core.tangent_types.abstract_thunk import read_only
from adjoint2rrule.interop.cotangents import ZERO, MisfitError, cotangents_of_leaves, is_complex
from adjoint2rrule.interop.errors import PullbackError, SeedError, UntraceableError
from adjoint2rrule.interop.leaves import leaves, tangent, with_leaves, zero_for

if TYPE_CHECKING:
    from adjoint2rrule.interop.calls import Call

#: A value, and its pullback.
Pair: TypeAlias = tuple[Any, Callable[[Any], tuple[Any, ...]]]


class ReverseRun:
    """A value that an `rrule` gave, and the way back.

    Attributes
    ----------
    y
        The value.
    outputs : list
        Its leaves: numbers and arrays, of numpy or of the system.
    """

    __slots__ = ("_call", "_pullback", "_rule", "outputs", "y")

    def __init__(self, call: Call, rule: Rule, y: Any, pullback: Callable[[Any], Any]) -> None:
        self._call, self._rule, self.y, self._pullback = call, rule, y, pullback
        try:
            self.outputs = leaves(y, call.system.is_number)
        except UntraceableError as err:
            raise UntraceableError(
                f"{self._rule_call()}: its value is {described(y)}, and has numbers that {call.system.name}"
                f" cannot get at: return them as numbers and arrays, such as `A.data`, in tuples, dicts or"
                f" objects."
            ) from err

    def _rule_call(self) -> RuleCall:
        """Return what messages say of the rule."""
        return RuleCall(self._rule, "rrule", self._call.f, self._call.xs, self._call.kw)

    def with_outputs(self, values: Iterable[Any]) -> Any:
        """Return the value with these in the places of its leaves."""
        remaining = iter(values)
        return with_leaves(lambda _: next(remaining), self.y, self._call.system.is_number)

    def entries(self, ȳ: Any) -> tuple[Any, ...]:
        """Return what the pullback gives for `ȳ`, as the rule has it, with an entry for each argument.

        Raises
        ------
        PullbackError
            Where it writes into the seed, does not return a tuple, or one of another length.
        """
        return self.checked(run_on(ȳ, self._pullback, self._rule_call))

    def checked(self, entries: Any) -> tuple[Any, ...]:
        """Return what the pullback gave, if it is a tuple with an entry for each argument.

        Raises
        ------
        PullbackError
            Where it is not.
        """
        if type(entries) is tuple and len(entries) == 1 + len(self._call.xs):
            return entries
        return entries_of(self._rule_call(), entries)

    def cotangents(self, ȳs: Sequence[Any], needed: Sequence[bool] | None = None) -> list[Any]:
        """Return the cotangents of the leaves of the call, by the pullback of the rule.

        Both sides are in the convention of the system: the conjugate is taken here, on the way in and out.

        Parameters
        ----------
        ȳs
            One seed for each of `outputs`, `ZeroTangent()` where nothing flows. The pullback does not run
            where all are zeros.
        needed
            For each leaf of the call, whether its cotangent is asked for; thunks for others are not forced.

        Returns
        -------
        list
            For each leaf of the call, a number or an array of its shape, of whatever precision, which may
            be real for a complex leaf, and may share memory with a seed or an argument; `ZeroTangent()` for
            a zero, and for what is not needed.

        Raises
        ------
        SeedError
            Where a seed does not have the shape of its output.
        PullbackError
            Where the pullback does not return a tuple with an entry for each argument, or one of them is no
            cotangent of it.
        KeywordError
            Where a cotangent is needed for a keyword argument.
        """
        call = self._call
        needed = [True for _ in call.leaves] if needed is None else needed
        call.check_needed(needed)
        seeds = list(map(self._conj, self._checked_seeds(ȳs)))
        if not any(needed) or all(isinstance(ȳ, AbstractZero) for ȳ in seeds):
            return [ZERO for _ in needed]
        return self.read(self.entries(self._seed(list(map(read_only, seeds)))), needed)

    def read(self, entries: tuple[Any, ...], needed: Sequence[bool]) -> list[Any]:
        """Return the cotangents of the leaves of the call, from what its pullback gave.

        Raises
        ------
        PullbackError
            Where an entry is no cotangent of its argument.
        """
        is_plain = self._call.places is not None
        found = self._plain_found(entries, needed) if is_plain else self._found(entries, needed)
        return list(map(self._conj, found))

    def _seed(self, seeds: list[Any]) -> Any:
        if self.outputs[0] is self.y:
            return seeds[0]
        return tangent(self.y, iter(seeds), self._call.system.is_number)

    def _plain_found(self, entries: tuple[Any, ...], needed: Sequence[bool]) -> list[Any]:
        """Return the cotangents of leaves that are arguments themselves."""
        call, found = self._call, []
        for place, leaf, is_needed in zip(call.places or (), call.leaves, needed, strict=True):
            x̄ = unthunk(entries[1 + place]) if is_needed else ZERO
            found.append(x̄ if isinstance(x̄, AbstractZero) else self._read(place + 1, leaf, x̄, [True])[0])
        return found

    def _found(self, entries: tuple[Any, ...], needed: Sequence[bool]) -> list[Any]:
        """Return the cotangents of leaves that are somewhere inside of arguments."""
        call, found = self._call, []
        flags = call.needed_by(needed)
        for place, (x, x̄) in enumerate(zip((object_of(call.f), *call.xs), entries, strict=True)):
            found += self._read(place, x, x̄, flags[place])
        return found + [ZERO for _ in needed[len(found) :]]

    def _read(self, place: int, x: Any, x̄: Any, needed: Sequence[bool]) -> list[Any]:
        try:
            return cotangents_of_leaves(x, x̄, needed, self._call.system.is_leaf)
        except MisfitError as misfit:
            what = f"the cotangent of {self._name(place)}"
            raise misfit_error(self._rule_call(), what, misfit) from None

    def _conj(self, x̄: Any) -> Any:
        return self._call.system.conj(x̄) if is_complex(x̄) else x̄

    def _checked_seeds(self, ȳs: Sequence[Any]) -> Sequence[Any]:
        for y, ȳ in zip(self.outputs, ȳs, strict=True):
            if not isinstance(ȳ, AbstractZero) and shape_of(ȳ) != shape_of(y):
                raise SeedError(
                    f"the seed of {describe(self._call.f)} has shape {shape_of(ȳ)}, and the output it belongs"
                    f" to {shape_of(y)}"
                )
        return ȳs

    def _name(self, place: int) -> str:
        """Return how messages name what has the entry at `place`."""
        if place == 0:
            return "the function"
        names = self._rule_call().parameter_names()
        return f"args[{place - 1}]" + (f" (`{names[place - 1]}`)" if place <= len(names) else "")


def run_on(given: Any, function: Callable[[Any], Any], rule_call: Callable[[], RuleCall]) -> Any:
    """Return ``function(given)``: a pullback of a seed, or an `frule` of tangents, in read-only arrays.

    Raises
    ------
    PullbackError
        Where it writes into one of them: AD systems hand the same array to other functions too.
    """
    try:
        return function(given)
    except ValueError as err:
        if "read-only" not in str(err):  # as numpy says it, and compiled code that asks for a buffer
            raise
        raise changed_seed_error(rule_call(), f", or into another array that is read-only ({err})") from err


def changed_seed_error(run: RuleCall, more: str = "") -> PullbackError:
    """Return what is said of a rule that writes into what an AD system gave it."""
    return PullbackError(
        f"{run}: it writes into the seed or tangent that it was given{more}. Others hold it too: compute a"
        f" new array, or work on a copy."
    )


def guarded(
    pair: Pair,
    config: AnyConfig,
    f: Callable[..., Any],
    xs: tuple[Any, ...],
    kw: Mapping[str, Any],
    call: Call | None = None,
) -> Pair:
    """Return a pair as `rrule_via_ad` gives it to rules that call back.

    Its pullback gives one cotangent for `f` and one for each of `xs`, whatever parameters a rule has besides,
    and zeros for a zero. `call` is the call where it holds numbers of an AD system.
    """
    y, pullback = pair

    def guarded_pullback(ȳ: Any) -> tuple[Any, ...]:
        if isinstance(ȳ, AbstractZero):
            return tuple(map(zero_for, (object_of(f), *xs)))
        entries = pullback(ȳ)
        if type(entries) is tuple and len(entries) == 1 + len(xs):
            return entries
        if call is not None:
            return entries_of(call.rule_call("rrule"), entries)
        return entries_of(RuleCall(rrule.runner(config, f, xs, kw) or f, "rrule", f, xs, kw), entries)

    return y, guarded_pullback


def entries_of(run: RuleCall, entries: Any) -> tuple[Any, ...]:
    """Return what the pullback of a rule returned, if it has an entry for each argument.

    Raises
    ------
    PullbackError
        Where it is no tuple, too short, or longer than the rule has parameters.
    """
    if type(entries) is tuple and len(entries) == 1 + len(run.xs):
        return entries
    if not isinstance(entries, tuple):
        raise PullbackError(f"{run}: its pullback returned {entries!r}, expected a tuple: {FORGOTTEN}.")
    least, most = run.counts()
    if not least <= len(entries) <= most:
        raise PullbackError(
            f"{run}: the pullback of the rule for {describe(run.f)} gave {len(entries)} cotangents where"
            f" {least} are due: {FORGOTTEN}."
        )
    return entries[:least]


def misfit_error(run: RuleCall, what: str, misfit: MisfitError) -> PullbackError:
    path = f" at `{misfit.path}`" if misfit.path else ""
    return PullbackError(f"{run}: {what}{path} {misfit.problem}, expected {misfit.expected}.")
