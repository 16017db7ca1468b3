"""Of which kind a parameter without an annotation is, by its default."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from adjoint2rrule.convert.annotations import Place
from adjoint2rrule.proof.inputs.by_use import BOTH, texts_of
from adjoint2rrule.proof.inputs.facts import Facts, How
from adjoint2rrule.proof.inputs.kinds import Choice, Guess, Near, Number, Row, Text, Trait

if TYPE_CHECKING:
    from adjoint2rrule.proof.inputs.kinds_of import Kinds


class ByDefault:
    """Reads the defaults of parameters."""

    def __init__(self, kinds: Kinds) -> None:
        self.kinds = kinds

    def of(self, default: ast.expr, place: Place, facts: Facts) -> Guess | None:
        """Return what a parameter with this default can be; `None` where the default does not say."""
        match default:
            case ast.Constant(value=bool()):
                return Guess(Choice(BOTH), True)
            case ast.Constant(value=int() as number):
                is_axis = bool(facts.traits & {Trait.AXIS})
                whole = frozenset({Trait.WHOLE} | ({Trait.AXIS} if is_axis else set()))
                return Guess(Number(whole) if is_axis else Near(number), True)
            case ast.Constant(value=float() as number):
                return Guess(Near(number), True)
            case ast.Constant(value=str()):
                return Guess(texts_of(facts), True) if facts.has(How.COMPARED) else Guess(Text(), True)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return self.of(ast.Constant(-number), place, facts)
            case ast.Tuple(elts=entries):
                guesses = [self.of(e, place, facts) or Guess() for e in entries]
                return Guess(Row("tuple", tuple(g.kind for g in guesses)), all(g.is_certain for g in guesses))
            case ast.Attribute(value=owner):
                for symbol in self.kinds.project.resolve(owner, place.scope, place.unit):
                    if self.kinds.annotations.is_enum(symbol):
                        return Guess(Choice(self.kinds.makers.members(symbol)), True)
        return None
