"""What a rule may be called with: what the sources vouch for, guesses for a probe, and what is missing."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from adjoint2rrule.convert.annotations import Place
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.units import Symbol
from adjoint2rrule.proof.inputs.calls import CallIndex
from adjoint2rrule.proof.inputs.facts import NOTHING_KNOWN, Facts
from adjoint2rrule.proof.inputs.fits import fits
from adjoint2rrule.proof.inputs.kinds import (
    Array,
    Choice,
    Guess,
    Made,
    Numeric,
    Trait,
)
from adjoint2rrule.proof.inputs.kinds_of import Kinds
from adjoint2rrule.proof.inputs.knowledge import positions_of
from adjoint2rrule.proof.inputs.slots import Read, Slots
from adjoint2rrule.proof.inputs.used import Uses
from adjoint2rrule.proof.model import Inputs, Parameter, Reach, Search, Subject, Take

_MOST_FOUND = 12
_SHAPES = frozenset({Trait.VECTOR, Trait.MATRIX, Trait.SQUARE, Trait.SCALAR, Trait.WHOLE, Trait.INDEX})


def search(subject: Subject, project: Project, calls: CallIndex) -> Search:
    """Return what a rule may be called with.

    Parameters
    ----------
    subject
        The rule.
    project
        The project that it belongs to.
    calls
        The calls in the project's tests and examples.

    Examples
    --------
    >>> from adjoint2rrule.convert.model import SourceFile
    >>> from adjoint2rrule.convert.syntax import parse
    >>> from adjoint2rrule.proof.subjects import subjects_of
    >>> source = b'''import numpy as np
    ... from adjoint2rrule.core import NoTangent, rrule
    ...
    ... @rrule.register(np.exp)
    ... def exp_rrule(exp, x: float):
    ...     y = exp(x)
    ...     return y, lambda dy: (NoTangent(), dy * y)
    ... '''
    >>> project = Project()
    >>> (subject,) = subjects_of(
    ...     project.unit(parse(SourceFile("lab.py", source))), project, "adjoint2rrule.core"
    ... )
    >>> [str(call) for call in search(subject, project, CallIndex(project)).found]
    ['np.exp(2.6)']
    """
    return _Searching(subject, project, calls).search()


class _Searching:
    def __init__(self, subject: Subject, project: Project, calls: CallIndex) -> None:
        self.subject = _with_arguments(subject)
        self.project = project
        self.calls = calls
        place = self._place()
        self.uses = Uses(project)
        self.kinds = Kinds(project, place.unit, self.uses)
        self.slots = Slots(self.subject, self.kinds, calls.literals)

    def _place(self) -> Place:
        places = [p.place for p in self.subject.parameters] + [b.place for b in self.subject.bodies]
        unit = self.project.unit_at(Path(self.subject.path)) or places[0].unit
        return Place(unit.scope, unit)

    def search(self) -> Search:
        subject = self.subject
        if subject.callee.reach is Reach.NONE:
            return Search(missing=(subject.callee.problem,))
        literal = self._literal_calls()
        function = self._function()
        if function is None:
            return Search(tuple(literal), missing=(self._unknown_maker(),))
        read = self._parameters()
        missing = self._missing(function, read)
        candidates = self.slots.candidates(function, read)
        found = literal if missing else [*literal, *candidates.varied()]
        kept = tuple(dict.fromkeys(found))[:_MOST_FOUND]
        return Search(kept, replace(candidates, origin="a guess", without=kept), () if kept else missing)

    # -- what the project's own tests call -----------------------------------------------------

    def _literal_calls(self) -> list[Inputs]:
        subject = self.subject
        found = self.calls.of(subject.callee, self._symbol())
        annotations = self.kinds.annotations
        return [
            Inputs(
                call.function.expression if call.function is not None else subject.callee.expression,
                tuple(arg.expression for arg in call.args),
                tuple((name, value.expression) for name, value in call.keywords),
                call.origin,
            )
            for call in found
            if fits(call, subject.parameters, annotations)
        ]

    def _symbol(self) -> Symbol | None:
        """Return what sources call: the function, or the class or function that makes it."""
        callee = self.subject.callee
        if callee.reach is Reach.MADE:
            return next((Symbol(f"{i.module}.{i.name}") for i in callee.expression.imports), None)
        return callee.symbol

    # -- what is known of the parameters -------------------------------------------------------

    def _function(self) -> Guess | None:
        """Return the function itself, or how it is made; `None` where that cannot be told."""
        callee = self.subject.callee
        if callee.reach is Reach.NAMED:
            return Guess(Choice((callee.expression,)), True)
        if callee.reach is Reach.MADE:
            return self.kinds.objects.of_call(callee.expression, callee.parameters, self._facts_of_maker())
        if callee.symbol is None:
            return None
        found = self.kinds.objects.of(callee.symbol, NOTHING_KNOWN, 0)
        match found.kind:
            case Made():
                return replace(found, kind=replace(found.kind, maker=callee.expression))
        return None

    def _facts_of_maker(self) -> Facts:
        """Return what the function that makes another does with its parameters, each under its name."""
        maker = ast.Name(self.subject.callee.expression.text, ast.Load())
        unit = self.kinds.unit
        facts = [self.uses.of_function(s) for s in self.project.resolve(maker, unit.scope, unit)]
        return Facts(parts={name: found for each in facts for name, found in each.items()})

    def _parameters(self) -> list[Read]:
        facts = self.uses.of_subject(self.subject)
        read = [Read(p, self.kinds.of(p, facts[p.name]), facts[p.name]) for p in self.subject.parameters]
        # An axis tells more of a matrix than of a vector.
        has_axis = any(Trait.AXIS in entry.facts.traits for entry in read)
        return [replace(entry, guess=_as_matrix(entry.guess)) for entry in read] if has_axis else read

    def _missing(self, function: Guess, read: Sequence[Read]) -> tuple[str, ...]:
        name = self.subject.name
        found = [] if function.is_certain else [self._unknown_maker()]
        for entry in read:
            parameter = entry.parameter
            needed = parameter.default is None and parameter.take is not Take.OPTIONS
            if needed and not entry.guess.is_certain:
                advice = f"give it an annotation, or call `{name}` with literals in a test"
                found.append(f"`{parameter.name}`: {advice}")
        return tuple(found)

    def _unknown_maker(self) -> str:
        maker = self.subject.callee.expression
        return f"`{maker}`: annotate what it takes, or call it with literals in a test"


def _with_arguments(subject: Subject) -> Subject:
    """Return a rule for a function from outside, of which ``*args`` is known, with as many as it needs."""
    symbol = subject.callee.symbol
    count = positions_of(symbol.dotted) if symbol is not None and symbol.unit is None else None
    match subject.parameters:
        case (Parameter(take=Take.REST) as rest,) if count is not None and not subject.bodies:
            single = replace(rest, take=Take.ONE)
            names = [f"x{k + 1}" for k in range(count)] if count > 1 else ["x"]
            return replace(subject, parameters=tuple(replace(single, name=name) for name in names))
    return subject


def _as_matrix(guess: Guess) -> Guess:
    """Return a guess by which what may have any number of dimensions has two."""
    kind = guess.kind
    if isinstance(kind, Numeric | Array) and not kind.traits & _SHAPES:
        return replace(guess, kind=Array(kind.traits | {Trait.MATRIX}))
    return guess
