"""The ways to give each parameter of a rule a value, as they make up calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adjoint2rrule.convert.annotations import Place
from adjoint2rrule.proof.inputs.callables import Callables
from adjoint2rrule.proof.inputs.candidates import Candidates, Slot, options_slot, slot
from adjoint2rrule.proof.inputs.facts import NOTHING_KNOWN, Facts, How
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
    Near,
    Nothing,
    Number,
    Numeric,
    Row,
    Text,
    Trait,
)
from adjoint2rrule.proof.inputs.kinds_of import Kinds
from adjoint2rrule.proof.inputs.literals import Literals
from adjoint2rrule.proof.inputs.numbers import Numbers
from adjoint2rrule.proof.inputs.settings import OF_VECTORS, SETTINGS, Setting
from adjoint2rrule.proof.inputs.texts import literal
from adjoint2rrule.proof.inputs.writing import Form
from adjoint2rrule.proof.model import Expression, Parameter, Subject, Take


@dataclass(frozen=True)
class Read:
    """A parameter, and what is known of it."""

    parameter: Parameter
    guess: Guess
    facts: Facts


class Slots:
    """Makes calls of one function from what is known of its parameters."""

    def __init__(self, subject: Subject, kinds: Kinds, literals: Literals) -> None:
        self.subject = subject
        self.kinds = kinds
        self.literals = literals
        self.forms = Forms(Callables(kinds.unit, kinds))

    def candidates(self, function: Guess, read: Sequence[Read]) -> Candidates:
        """Return the calls of a function, certain or not."""
        slots = [self._slot(entry) for entry in read]
        kinds = [function.kind, *(entry.guess.kind for entry in read)]
        settings: tuple[Setting, ...] = SETTINGS if any(map(_has_matrix, kinds)) else OF_VECTORS
        if any(_has_trait(kind, Trait.SQUARE) for kind in kinds[1:]):
            settings = tuple(s.squared for s in settings)
        forms = tuple(self.forms.of(function.kind))
        return Candidates(forms, tuple(slots), settings, "annotations, and how the parameters are used")

    def _slot(self, entry: Read) -> Slot:
        parameter, kind = entry.parameter, entry.guess.kind
        if parameter.take is Take.OPTIONS:
            return options_slot(parameter, list(self._options(entry)))
        default = self._default(parameter)
        forms = [form for form in self.forms.of(kind) if default is None or not _writes(form, default)]
        if isinstance(kind, Numeric) and not entry.guess.is_certain and not entry.facts.uses:
            forms = [*forms, *self._anything()]
        varied = self._variations(kind, len(forms), default is not None)
        has_cotangent = parameter.take is Take.ONE and _has_cotangent(kind)
        return slot(parameter, forms, default, varied, has_cotangent=has_cotangent)

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
        read = self.literals.read(parameter.default, parameter.place)
        return read.expression if read is not None else None

    def _options(self, entry: Read) -> Iterator[tuple[str, list[Form]]]:
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
                    facts = self.kinds.uses.of(body.node, body.place).get(argument.arg, NOTHING_KNOWN)
                    yield from self._option(argument.arg, value, place, facts)

    def _option(
        self, name: str, default: ast.expr, place: Place, facts: Facts
    ) -> Iterator[tuple[str, list[Form]]]:
        guess = self.kinds.by_default.of(default, place, facts)
        if guess is not None:
            written = literal(default)
            yield name, [form for form in self.forms.of(guess.kind) if not _writes(form, written)]


def _has_cotangent(kind: Kind) -> bool:
    """Whether what a parameter is given may have a gradient."""
    match kind:
        case Near(value=value):
            return isinstance(value, float)
        case Number(traits=traits) | Numeric(traits=traits) | Array(traits=traits):
            return not traits & {Trait.WHOLE, Trait.INDEX, Trait.AXIS}
    return False


def _writes(form: Form, expression: Expression) -> bool:
    """Whether a form writes just this."""
    return form.write(SETTINGS[0], Numbers()).text == expression.text


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
