"""How objects of the project's classes are made, with arguments of the right kinds."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from adjoint2rrule.convert.annotations import Place
from adjoint2rrule.convert.scopes import parameters_of
from adjoint2rrule.convert.units import Symbol
from adjoint2rrule.proof.inputs.facts import NOTHING_KNOWN, Facts
from adjoint2rrule.proof.inputs.kinds import (
    Array,
    Choice,
    FieldKind,
    Function,
    Guess,
    Made,
    Many,
    Mapping,
    Near,
    Number,
    Numeric,
    Row,
    Trait,
    either,
)
from adjoint2rrule.proof.model import Expression, Parameter, Take
from adjoint2rrule.proof.signatures import function_behind

if TYPE_CHECKING:
    from adjoint2rrule.proof.inputs.kinds_of import Kinds

MAX_DEPTH = 4  # of objects in objects
_TYPED_DICTS = frozenset({"typing.TypedDict", "typing_extensions.TypedDict"})


class Objects:
    """Says what constructors, and functions that make functions, are to be given."""

    def __init__(self, kinds: Kinds) -> None:
        self.kinds = kinds

    def of(self, symbol: Symbol, facts: Facts, depth: int) -> Guess:
        """Return how an object of a class of the project can be made."""
        above = {base.dotted for base in self.kinds.annotations.ancestors(symbol)}
        if self.kinds.annotations.is_enum(symbol):
            members = self.kinds.makers.members(symbol)
            return Guess(Choice(members), True) if members else Guess()
        if above & _TYPED_DICTS:
            return self._typed_dict(symbol, facts, depth)
        if self.kinds.annotations.is_callback(symbol):
            return Guess(self._callback(symbol))
        candidates = (
            self.kinds.makers.subclasses(symbol) if self.kinds.makers.is_abstract(symbol) else [symbol]
        )
        made = [self.made(candidate, facts, depth) for candidate in candidates]
        known = [guess for guess in made if guess is not None]
        if not known:
            return Guess(Numeric())
        return Guess(either([g.kind for g in known]), known[0].is_certain)

    def _typed_dict(self, symbol: Symbol, facts: Facts, depth: int) -> Guess:
        assert symbol.class_node is not None
        assert symbol.scope is not None
        assert symbol.unit is not None
        place = Place(symbol.scope, symbol.unit)
        entries = [
            (
                s.target.id,
                self.kinds.by_annotation.of(s.annotation, place, facts.part(f"['{s.target.id}']"), depth),
            )
            for s in symbol.class_node.body
            if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)
        ]
        kinds = tuple((name, guess.kind) for name, guess in entries)
        return Guess(Mapping(Number(), kinds), all(guess.is_certain for _, guess in entries))

    def _callback(self, symbol: Symbol) -> Function:
        method = self.kinds.makers.method(symbol, "__call__")
        nodes = [b.node for b in method.bindings] if method is not None else []
        match nodes:
            case [ast.FunctionDef(args=ast.arguments(args=[_, *args], vararg=None))]:
                return Function(len(args))
        return Function()

    def made(self, symbol: Symbol, facts: Facts, depth: int) -> Guess | None:
        """Return how a call of a class makes an object; `None` where that cannot be told."""
        maker, parameters = self.kinds.makers.expression(symbol), self.kinds.makers.constructor(symbol)
        if maker is None or parameters is None or depth > MAX_DEPTH:
            return None
        inside = self._facts_of_fields(symbol)
        return self.of_call(maker, parameters, facts | inside, depth + 1)

    def of_call(
        self, maker: Expression, parameters: Sequence[Parameter], facts: Facts, depth: int = 0
    ) -> Guess:
        """Return how a call of a class, or of a function of the project, makes something.

        It gives what has no default, and what has one that hides something worth perturbing. The facts
        are those of what is made, which says what its fields are.
        """
        fields: list[FieldKind] = []
        certain, skipped = True, False
        for parameter in parameters:
            if parameter.take in {Take.REST, Take.OPTIONS}:
                continue
            guess = self.kinds.of(parameter, facts.part(parameter.name), depth)
            if parameter.default is None:
                certain = certain and guess.is_certain
            elif not self._is_worth_it(guess):
                skipped = True
                continue
            by_keyword = skipped or parameter.take is Take.KEYWORD
            fields.append(FieldKind(parameter.name, guess.kind, by_keyword))
        return Guess(Made(maker, tuple(fields)), certain)

    @staticmethod
    def _is_worth_it(guess: Guess) -> bool:
        """Whether a field that has a default holds something that can be perturbed, as far as is known."""
        kind = guess.kind
        if isinstance(kind, Number | Array):
            return not kind.traits & {Trait.WHOLE, Trait.INDEX}
        perturbable = isinstance(kind, Made | Many | Row) or (
            isinstance(kind, Near) and isinstance(kind.value, float)
        )
        return perturbable and guess.is_certain

    def _facts_of_fields(self, symbol: Symbol) -> Facts:
        """Return what the methods of a class do with what its objects hold."""
        found = NOTHING_KNOWN
        for method in self._methods(symbol):
            facts = self.kinds.uses.of_function(method)
            if method.dotted.endswith(".__init__"):
                found |= Facts(parts=facts)  # fields are called as the parameters are
                continue
            node = function_behind(method)
            names = [p.arg for p in parameters_of(node)] if node is not None else []
            if names:
                found |= facts.get(names[0], NOTHING_KNOWN)
        return found

    def _methods(self, symbol: Symbol) -> Iterator[Symbol]:
        statements = symbol.class_node.body if symbol.class_node is not None else []
        names = dict.fromkeys(s.name for s in statements if isinstance(s, ast.FunctionDef))
        for name in names:
            method = self.kinds.makers.method(symbol, name)
            if method is not None:
                yield method
