"""What a rule may be called with: what the sources vouch for, guesses for a probe, and what is missing."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from adjoint2rrule.convert.annotations import Place
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.units import Symbol
from adjoint2rrule.proof.inputs.annotated import Kinds
from adjoint2rrule.proof.inputs.arrays import Form
from adjoint2rrule.proof.inputs.callables import Callables
from adjoint2rrule.proof.inputs.calls import CallIndex
from adjoint2rrule.proof.inputs.candidates import Candidates, Slot, options_slot, slot
from adjoint2rrule.proof.inputs.facts import NOTHING_KNOWN, Facts, How
from adjoint2rrule.proof.inputs.fits import fits
from adjoint2rrule.proof.inputs.forms import Forms
from adjoint2rrule.proof.inputs.kinds import (
    Array,
    Choice,
    Either,
    Function,
    Guess,
    Kind,
    Made,
    Many,
    Mapping,
    Nothing,
    Number,
    Numeric,
    Row,
    Text,
    Trait,
)
from adjoint2rrule.proof.inputs.knowledge import positions_of
from adjoint2rrule.proof.inputs.numbers import Numbers
from adjoint2rrule.proof.inputs.settings import OF_VECTORS, SETTINGS, Setting
from adjoint2rrule.proof.inputs.texts import literal
from adjoint2rrule.proof.inputs.used import Uses
from adjoint2rrule.proof.model import Expression, Inputs, Parameter, Reach, Search, Subject, Take

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


@dataclass(frozen=True)
class _Read:
    """A parameter, and what is known of it."""

    parameter: Parameter
    guess: Guess
    facts: Facts


class _Searching:
    def __init__(self, subject: Subject, project: Project, calls: CallIndex) -> None:
        self.subject = _with_arguments(subject)
        self.project = project
        self.calls = calls
        place = self._place()
        self.uses = Uses(project)
        self.kinds = Kinds(project, place.unit, self.uses)
        self.forms = Forms(Callables(place.unit, self.kinds))

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
        candidates = self._candidates(function, read)
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
            return self.kinds.of_call(callee.expression, callee.parameters, self._facts_of_maker())
        if callee.symbol is None:
            return None
        found = self.kinds.of_class(callee.symbol, NOTHING_KNOWN, 0)
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

    def _parameters(self) -> list[_Read]:
        facts = self.uses.of_subject(self.subject)
        read = [_Read(p, self.kinds.of(p, facts[p.name]), facts[p.name]) for p in self.subject.parameters]
        # An axis tells more of a matrix than of a vector.
        has_axis = any(Trait.AXIS in entry.facts.traits for entry in read)
        return [replace(entry, guess=_as_matrix(entry.guess)) for entry in read] if has_axis else read

    def _missing(self, function: Guess, read: Sequence[_Read]) -> tuple[str, ...]:
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

    # -- calls ---------------------------------------------------------------------------------

    def _candidates(self, function: Guess, read: Sequence[_Read]) -> Candidates:
        slots = [self._slot(entry) for entry in read]
        kinds = [function.kind, *(entry.guess.kind for entry in read)]
        settings: tuple[Setting, ...] = SETTINGS if any(map(_has_matrix, kinds)) else OF_VECTORS
        if any(_has_trait(kind, Trait.SQUARE) for kind in kinds[1:]):
            settings = tuple(s.squared for s in settings)
        forms = tuple(self.forms.of(function.kind))
        return Candidates(forms, tuple(slots), settings, "annotations, and how the parameters are used")

    def _slot(self, entry: _Read) -> Slot:
        parameter, kind = entry.parameter, entry.guess.kind
        if parameter.take is Take.OPTIONS:
            return options_slot(parameter, list(self._options(entry)))
        default = self._default(parameter)
        forms = [form for form in self.forms.of(kind) if default is None or not _writes(form, default)]
        if isinstance(kind, Numeric) and not entry.guess.is_certain and not entry.facts.uses:
            forms = [*forms, *self._anything()]
        return slot(parameter, forms, default, self._variations(kind, len(forms), default is not None))

    @staticmethod
    def _variations(kind: Kind, forms: int, is_optional: bool) -> int:
        """Return how many of a parameter's forms are worth a call of their own, beside the first."""
        match kind:
            case Choice():
                return forms
            case Number(bounds=bounds) | Numeric(bounds=bounds) if bounds:
                return 2 * len(bounds)
            case Either(kinds=kinds) if any(isinstance(k, Nothing) for k in kinds):
                return max(1, 2 * is_optional)
        return 2 * is_optional

    def _anything(self) -> list[Form]:
        """Return forms of all that is no number, for a parameter of which nothing is known."""
        kinds: list[Kind] = [Many("list", Array()), Mapping(Number()), Function(1), Function(2), Text()]
        return [form.at(5) for kind in kinds for form in self.forms.of(kind)[:2]]

    def _default(self, parameter: Parameter) -> Expression | None:
        """Return the default of a parameter as a test can write it."""
        if parameter.default is None:
            return None
        read = self.calls.literals.read(parameter.default, parameter.place)
        return read.expression if read is not None else None

    def _options(self, entry: _Read) -> Iterator[tuple[str, list[Form]]]:
        """Yield what ``**options`` may hold: what the bodies ask for, and keywords of the function."""
        place = entry.parameter.place
        for detail in entry.facts.details(How.OPTION):
            name, _, default = detail.partition("=")
            yield from self._option(name, ast.parse(default, mode="eval").body, place, NOTHING_KNOWN)
        own = {p.name for p in self.subject.parameters}
        for body in self.subject.bodies:
            a = body.node.args
            for argument, value in zip(a.kwonlyargs, a.kw_defaults, strict=True):
                if argument.arg not in own and value is not None:
                    facts = self.uses.of(body.node, body.place).get(argument.arg, NOTHING_KNOWN)
                    yield from self._option(argument.arg, value, place, facts)

    def _option(
        self, name: str, default: ast.expr, place: Place, facts: Facts
    ) -> Iterator[tuple[str, list[Form]]]:
        guess = self.kinds.by_default(default, place, facts)
        if guess is not None:
            written = literal(default)
            yield name, [form for form in self.forms.of(guess.kind) if not _writes(form, written)]


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


def _writes(form: Form, expression: Expression) -> bool:
    """Whether a form writes just this."""
    return form.write(SETTINGS[0], Numbers()).text == expression.text


def _as_matrix(guess: Guess) -> Guess:
    """Return a guess by which what may have any number of dimensions has two."""
    kind = guess.kind
    if isinstance(kind, Numeric | Array) and not kind.traits & _SHAPES:
        return replace(guess, kind=Array(kind.traits | {Trait.MATRIX}))
    return guess


def _has_matrix(kind: Kind) -> bool:
    return _has_trait(kind, Trait.MATRIX) or _has_trait(kind, Trait.SQUARE)


def _has_trait(kind: Kind, trait: Trait) -> bool:
    """Whether a value of a kind, or a part of it, has this trait."""
    match kind:
        case Array(traits=traits) | Numeric(traits=traits):
            return trait in traits
        case Either(kinds=kinds) | Row(entries=kinds):
            return any(_has_trait(k, trait) for k in kinds)
        case Many(each=each):
            return _has_trait(each, trait)
        case Made(fields=fields):
            return any(_has_trait(f.kind, trait) for f in fields)
        case Function():
            return trait is Trait.MATRIX  # it may be an object that holds one
    return False
