"""Of which kind a value is, by what is done with it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from adjoint2rrule.convert.annotations import Place
from adjoint2rrule.convert.syntax import parse_expression
from adjoint2rrule.proof.inputs.facts import NOTHING_KNOWN, Facts, How
from adjoint2rrule.proof.inputs.kinds import (
    Array,
    Choice,
    Function,
    Guess,
    Kind,
    Many,
    Mapping,
    Number,
    Numeric,
    Row,
    Text,
    Trait,
    Traits,
    either,
)
from adjoint2rrule.proof.inputs.texts import in_double_quotes
from adjoint2rrule.proof.model import Expression, Import

if TYPE_CHECKING:
    from adjoint2rrule.proof.inputs.kinds_of import Kinds

BOTH = (Expression("True"), Expression("False"))
_MAX_DEPTH = 4
_ONLY_OF_ARRAYS = frozenset({Trait.VECTOR, Trait.MATRIX, Trait.SQUARE, Trait.INCREASING})
ARRAY_TRAITS = _ONLY_OF_ARRAYS | {Trait.ROWS, Trait.POSITIVE, Trait.UNIT, Trait.COMPLEX}


class ByUse:
    """Draws conclusions from what functions do with their parameters."""

    def __init__(self, kinds: Kinds) -> None:
        self.kinds = kinds

    def of(self, facts: Facts, depth: int) -> Guess:
        """Return what the use of a value says of it."""
        told = facts.has(How.TRAIT, How.ARRAY, How.INDEXED, How.PARTS, How.KNOWN)
        known = told or not facts.has(How.HANDED)
        if facts.has(How.CALLED, How.CALLED_WITH_REST):
            return Guess(function_of(facts))
        if facts.has(How.COMPARED) and not facts.has(How.NUMERIC, How.ARRAY):
            return Guess(texts_of(facts), known)
        if facts.has(How.KEYED, How.MAPPING, How.OPTION):
            keys = tuple(self._keys(facts, depth))
            return Guess(Mapping(Number(), keys), bool(keys) and known)
        if facts.has(How.SPARSE):
            return Guess(sparse("csr_array", facts), known)
        if facts.has(How.OBJECT) and depth <= _MAX_DEPTH:
            owners = self.kinds.makers.with_attributes(facts.details(How.OBJECT))
            made = [
                g
                for g in (self.kinds.objects.made(owner, facts, depth + 1) for owner in owners)
                if g is not None
            ]
            if made:
                return Guess(either([g.kind for g in made]), len(made) == 1 and made[0].is_certain)
        parts = facts.count(How.PARTS)
        if parts is not None:
            entries = self.parts(parts, facts, depth)
            return Guess(either([Row("array", entries), Row("tuple", entries)]), known)
        return self._numeric(facts, known, depth)

    def _numeric(self, facts: Facts, known: bool, depth: int) -> Guess:
        traits = facts.traits
        if facts.has(How.ITERATED) and facts.has(How.ARRAY, How.NUMERIC):
            traits |= {Trait.VECTOR}
        shapes = traits & ARRAY_TRAITS
        is_array = facts.has(How.ARRAY, How.INDEXED) or shapes & _ONLY_OF_ARRAYS
        if Trait.SCALAR in traits and not is_array:
            return Guess(Numeric(range_of(facts) | {Trait.SCALAR}, bounds_of(facts)), known)
        if facts.has(How.ITERATED) and not facts.has(How.ARRAY, How.NUMERIC):
            each = self.of(facts.part("[]"), depth + 1) if depth <= _MAX_DEPTH else Guess()
            if not isinstance(each.kind, Numeric):
                return Guess(Many("tuple", each.kind), known and each.is_certain)
            vector = Array(shapes | {Trait.VECTOR})
            return Guess(either([vector, Many("list", Number())]), known)
        if Trait.AXIS in traits or Trait.WHOLE in traits:
            return Guess(Number(traits & {Trait.AXIS, Trait.WHOLE} | {Trait.WHOLE}), known)
        if Trait.INDEX in traits and not facts.has(How.NUMERIC):
            whole = frozenset({Trait.WHOLE, Trait.INDEX})
            return Guess(either([Array(whole | {Trait.VECTOR}), Number(whole)]), known)
        if is_array:
            return Guess(Array(shapes), known)
        if facts.has(How.NUMERIC, How.BOUND) or shapes:
            return Guess(Numeric(shapes | range_of(facts), bounds_of(facts)), known)
        if facts.uses and all(use.how is How.SWITCH for use in facts.uses):
            return Guess(Choice(BOTH), True)
        return Guess()

    def parts(self, count: int, facts: Facts, depth: int) -> tuple[Kind, ...]:
        """Return the kinds of what a value is unpacked into: numbers, unless more is known."""
        kinds = [self.of(facts.part(f"[{i}]"), depth + 1).kind for i in range(count)]
        return tuple(
            Number(k.traits & {Trait.POSITIVE, Trait.UNIT}) if isinstance(k, Numeric | Array) else k
            for k in kinds
        )

    def _keys(self, facts: Facts, depth: int) -> Iterator[tuple[str, Kind]]:
        """Yield the keys that a mapping is asked for, with what is under each."""
        for key in facts.details(How.KEYED):
            yield key, self.of(facts.part(f"[{key!r}]"), depth + 1).kind
        unit = self.kinds.unit
        for detail in facts.details(How.OPTION):
            key, _, default = detail.partition("=")
            written = parse_expression(default) or ast.Constant(value=None)
            found = self.kinds.by_default.of(written, Place(unit.scope, unit), NOTHING_KNOWN)
            yield key, (found or Guess()).kind


def texts_of(facts: Facts) -> Kind:
    """Return the strings that a value is compared with, and nothing in particular where there are none."""
    found = [text for text in facts.details(How.COMPARED) if parse_expression(text) is not None]
    return Choice(tuple(map(Expression, map(in_double_quotes, found)))) if found else Text()


def bounds_of(facts: Facts) -> tuple[float, ...]:
    """Return the numbers that a value is compared with."""
    return tuple(float(text) for text in facts.details(How.SPLIT))


def range_of(facts: Facts) -> Traits:
    """Return where a number should lie; a mere bound lies where most values are on either side of it."""
    found = facts.traits & {Trait.POSITIVE, Trait.UNIT}
    is_bound = facts.has(How.BOUND) and not facts.has(How.NUMERIC, How.SPLIT)
    return found | {Trait.UNIT} if is_bound else found


def function_of(facts: Facts) -> Function:
    """Return the kind of what is called, by what it is called with."""
    rest = facts.count(How.CALLED_WITH_REST)
    if rest is not None:
        return Function(rest, open=True)
    return Function(facts.count(How.CALLED))


def sparse(name: str, facts: Facts) -> Array:
    """Return the kind of a sparse array, of a class of scipy."""
    maker = Expression(f"sp.{name}", frozenset({Import("scipy.sparse", alias="sp")}))
    return Array(facts.traits & ARRAY_TRAITS | {Trait.MATRIX}, (maker,))
