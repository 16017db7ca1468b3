"""A rule under test and its pullback, run with care: the form of what they return, and what they change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from adjoint2rrule.core import AbstractThunk, AbstractZero, NoTangent, ZeroTangent, unthunk
from adjoint2rrule.testing.case import Case, copied, described, running
from adjoint2rrule.testing.check_result import EXACTLY, Tolerance, first_difference
from adjoint2rrule.testing.failure import FailureKind, RuleTestFailure, form_failure, inconsistency
from adjoint2rrule.testing.numeric_space import Integers
from adjoint2rrule.testing.output_control import Place, kind_of, shown
from adjoint2rrule.testing.rule_signature import RuleSignature
from adjoint2rrule.testing.structure_space import Fields
from adjoint2rrule.testing.tangent_space import Coordinates, TangentSpace
from adjoint2rrule.testing.to_vec import structure_kind

Call: TypeAlias = tuple[tuple[Any, ...], Mapping[str, Any]]

ENTRIES = "one for the function itself, then one for each positional argument"
FORGOTTEN = "; is the entry for the function itself, NoTangent(), missing?"


def run_rule(
    case: Case, rule_f: Callable[..., Any], before: Sequence[Any], returns: str
) -> tuple[Any, Any, Call]:
    """Return what the rule gives for a call, two things, and the arguments it was run on.

    `before` stands before the callable: a config, the tangents of a forward rule.
    """
    primals, keywords = case.copies(case.primals), copied(case.keywords)
    with running("the rule"):
        pair = rule_f(*before, case.f, *primals[1:], **keywords)
    if pair is None:
        register = f"@{getattr(rule_f, '__name__', 'rrule')}.register"
        what = f"no rule takes the arguments {described(primals[1:])}; add one by `{register}`"
        raise RuleTestFailure(FailureKind.NO_RULE, what)
    if not (isinstance(pair, tuple) and len(pair) == 2):
        raise form_failure(f"the rule returned {kind_of(pair)}, not the pair {returns}")
    case.check_unchanged(primals, keywords, "the rule")
    return *pair, (primals, keywords)


def check_primal(y: Any, expected: Any, tolerance: Tolerance) -> None:
    """Fail where the rule's value is not that of the function."""
    if difference := first_difference(y, expected, tolerance, Place("", "y")):
        raise RuleTestFailure(
            FailureKind.PRIMAL, f"the rule returns another value than the function: {difference}"
        )


@dataclass(frozen=True)
class PullbackRun:
    """The pullback of a rule, ready to be run.

    Attributes
    ----------
    case
        The function at its arguments.
    pullback
        What the rule gave.
    y
        The value that the rule gave with it.
    call
        The arguments that the rule was run on.
    find_signature
        Gives the signature of the rule, where it is known.
    """

    case: Case
    pullback: Callable[[Any], Any]
    y: Any
    call: Call
    find_signature: Callable[[], RuleSignature | None]

    @cached_property
    def signature(self) -> RuleSignature | None:
        """The signature of the rule; most rules are tested without it."""
        return self.find_signature()

    @property
    def primals(self) -> tuple[Any, ...]:
        """What the pullback has cotangents for."""
        return self.call[0]

    def check_pullback(self) -> None:
        """Fail where the rule gave no function for its pullback."""
        if not callable(self.pullback):
            raise form_failure(
                f"the rule returned {kind_of(self.pullback)} for its pullback, not a function of the seed"
            )

    def place(self, i: int) -> Place:
        """Return how the cotangent of primal `i` is called in a failure."""
        return self.case.place(i, "the cotangent of")

    def cotangents(self, seed: Any, as_given: Callable[[Any], Any] = lambda seed: seed) -> tuple[Any, ...]:
        """Return what the pullback makes of `seed`, one cotangent for each primal.

        Thunks among them have been run by then, so that what they do to the arguments is seen.
        """
        given, y = copied(seed), copied(self.y)
        with running("the pullback"):
            cotangents = self.pullback(as_given(given))
        self._check_form(cotangents)
        for i, cotangent in enumerate(cotangents[: len(self.primals)]):
            if isinstance(cotangent, AbstractThunk):
                with running(f"the thunk in {self.place(i)}"):
                    unthunk(cotangent)
        self.case.check_unchanged(*self.call, "the pullback")
        _check_same(given, seed, Place("", "ȳ"), "its seed")
        _check_same(self.y, y, Place("", "y"), "the value that the rule returned")
        return tuple(cotangents[: len(self.primals)])

    def coordinates(self, spaces: Sequence[TangentSpace], cotangents: Sequence[Any]) -> list[Coordinates]:
        """Return the coordinates of cotangents; fails where one is no tangent of its primal."""
        places = map(self.place, range(len(spaces)))
        return list(map(TangentSpace.coordinates, spaces, cotangents, places))

    def check_function_entry(self, cotangent: Any) -> None:
        """Fail where the function, which has no fields, gets anything but `NoTangent()`."""
        cotangent = unthunk(cotangent)
        if cotangent is not NoTangent():
            hint = "" if isinstance(cotangent, AbstractZero) else FORGOTTEN
            raise form_failure(
                f"the first cotangent, that of the function itself, is {shown(cotangent)}, "
                f"but a function cannot be perturbed: return NoTangent(){hint}"
            )

    def check_no_tangent(self, i: int, cotangent: Any) -> None:
        """Fail where an argument that cannot be perturbed gets a `ZeroTangent()`, and its rule knows.

        A rule whose annotation, or its absence, admits arguments that can be perturbed does not.
        """
        if unthunk(cotangent) is ZeroTangent() and not self.admits_perturbable(i):
            raise form_failure(
                f"{self.place(i)} is ZeroTangent(), "
                f"but {kind_of(self.primals[i])} cannot be perturbed: return NoTangent()"
            )

    def check_left_alone(self, i: int, cotangent: Any) -> None:
        """Fail where an argument that the test marks with `NoTangent()` gets a cotangent."""
        if unthunk(cotangent) is not NoTangent():
            raise form_failure(
                f"{self.place(i)} is {shown(unthunk(cotangent))}, "
                "but the test says by `with_tangent` that it cannot be perturbed: return NoTangent()"
            )

    def admits_perturbable(self, i: int) -> bool:
        """Return whether the rule takes an argument that can be perturbed in the place of primal `i`.

        Of an object that cannot be perturbed, another one of its class may be.
        """
        has_fields = structure_kind(self.primals[i]) is Fields
        return i == 0 or has_fields or self.signature is None or self.signature.admits_perturbable(i - 1)

    def takes_integers_for_floats(self) -> bool:
        """Return whether all arguments that could be perturbed are integers where floats may stand.

        So may the value then: `2 * 3` has the derivatives of `2.0 * 3.0`.
        """
        spaces = self.case.spaces
        integers = [i for i, space in enumerate(spaces) if isinstance(space, Integers)]
        return not any(space.perturbable for space in spaces) and any(map(self.admits_perturbable, integers))

    def _check_form(self, cotangents: Any) -> None:
        if not isinstance(cotangents, tuple):
            raise form_failure(f"the pullback returned {kind_of(cotangents)}, not the tuple (f̄, *x̄s)")
        count, expected = len(cotangents), len(self.primals)
        if count < expected:
            hint = FORGOTTEN if count == expected - 1 else ""
            raise form_failure(
                f"the pullback returned {count} cotangents, expected {expected}: {ENTRIES}{hint}"
            )
        if count == expected:
            return
        most = 1 + self.signature.most_cotangents(expected - 1) if self.signature else count
        if count > most:
            raise form_failure(f"the pullback returned {count} cotangents, expected {most}: {ENTRIES}")


def _check_same(now: Any, before: Any, place: Place, what: str) -> None:
    if difference := first_difference(now, before, EXACTLY, place):
        raise inconsistency(f"the pullback changes {what}: {difference}")
