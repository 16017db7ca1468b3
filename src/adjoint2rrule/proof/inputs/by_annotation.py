"""Of which kind a value is, by its annotation; how it is used says what the annotation leaves open."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from adjoint2rrule.convert.annotations import Alternative, Place
from adjoint2rrule.proof.inputs.by_use import (
    ARRAY_TRAITS,
    BOTH,
    bounds_of,
    function_of,
    range_of,
    sparse,
    texts_of,
)
from adjoint2rrule.proof.inputs.facts import Facts, How
from adjoint2rrule.proof.inputs.kinds import (
    Array,
    Choice,
    Function,
    Guess,
    Many,
    Mapping,
    Nothing,
    Number,
    Row,
    Trait,
    either,
)
from adjoint2rrule.proof.inputs.texts import literal

if TYPE_CHECKING:
    from adjoint2rrule.proof.inputs.kinds_of import Kinds

_FLOATS = frozenset({"builtins.float", "numpy.floating", "numpy.float64", "numbers.Real", "numbers.Number"})
_INTS = frozenset(
    {"builtins.int", "numpy.integer", "numpy.int64", "numpy.intp", "numbers.Integral", "typing.SupportsIndex"}
)
_COMPLEX = frozenset({"builtins.complex", "numpy.complexfloating", "numpy.complex128", "numbers.Complex"})
# What nothing follows from.
_ANYTHING = frozenset({"", "typing.Any", "builtins.object", "typing.TypeVar"})


class ByAnnotation:
    """Reads the annotations of parameters and fields."""

    def __init__(self, kinds: Kinds) -> None:
        self.kinds = kinds

    def of(self, annotation: ast.expr, place: Place, facts: Facts, depth: int) -> Guess:
        """Return what a value with this annotation can be."""
        found = self.kinds.annotations.alternatives(annotation, place)
        optional = any(a.name == "None" for a in found)
        found = [a for a in found if a.name != "None"]
        # The newer one of scipy's two classes first.
        found.sort(key=lambda a: a.name.startswith("scipy.sparse.") and not a.name.endswith("_array"))
        guesses = [self._one(alternative, facts, depth) for alternative in found]
        if not guesses:
            return self.kinds.by_use.of(facts, depth)
        kinds = [*(g.kind for g in guesses), *([Nothing()] if optional else [])]
        return Guess(either(kinds), all(g.is_certain for g in guesses))

    def _one(self, type_: Alternative, facts: Facts, depth: int) -> Guess:
        """Return what a value of one type can be."""
        name, range_ = type_.name, range_of(facts)
        if name in _ANYTHING:
            return self.kinds.by_use.of(facts, depth)
        if name == "Literal":
            return Guess(Choice(tuple(map(literal, type_.arguments))), True)
        if name in _FLOATS:
            return Guess(Number(range_, bounds_of(facts)), True)
        if name in _INTS:
            return Guess(Number(frozenset({Trait.WHOLE}) | facts.traits & {Trait.AXIS}), True)
        if name in _COMPLEX:
            return Guess(Number(frozenset({Trait.COMPLEX})), True)
        if name in {"builtins.bool", "numpy.bool_", "numpy.bool"}:
            return Guess(Choice(BOTH), True)
        if name == "builtins.str":
            return Guess(texts_of(facts), True)
        if name.startswith("scipy.sparse."):
            return Guess(sparse(name.rpartition(".")[2], facts), True)
        if type_.is_array:
            return self._array(type_, facts)
        if name in {"typing.Callable", "collections.abc.Callable"}:
            return _callable(type_, facts)
        if type_.container is not None:
            return self._container(type_, facts, depth)
        if type_.symbol is not None and type_.symbol.class_node is not None:
            return self.kinds.objects.of(type_.symbol, facts, depth)
        return Guess(self.kinds.by_use.of(facts, depth).kind)

    def _array(self, type_: Alternative, facts: Facts) -> Guess:
        traits = facts.traits & (ARRAY_TRAITS | {Trait.INDEX})
        dtypes = [
            d for a in type_.arguments[-1:] for d in self.kinds.annotations.alternatives(a, type_.place)
        ]
        inner = [
            e for d in dtypes for a in d.arguments for e in self.kinds.annotations.alternatives(a, d.place)
        ] or dtypes
        if any(d.name in _INTS or "int" in d.name.rpartition(".")[2] for d in inner):
            traits |= {Trait.WHOLE}
        if any(d.name in _COMPLEX for d in inner):
            traits |= {Trait.COMPLEX}
        is_certain = facts.has(How.NUMERIC, How.TRAIT, How.ARRAY, How.INDEXED)
        return Guess(Array(traits), is_certain)

    def _container(self, type_: Alternative, facts: Facts, depth: int) -> Guess:
        arguments = type_.arguments
        if type_.is_mapping:
            value = arguments[1] if len(arguments) == 2 else None
            each = self._entry(value, type_.place, facts.part("[]"), depth)
            keys = (
                []
                if value is None
                else [
                    (key, self.of(value, type_.place, facts.part(f"[{key!r}]"), depth).kind)
                    for key in facts.details(How.KEYED)
                ]
            )
            return Guess(Mapping(each.kind, tuple(keys)), each.is_certain)
        container = "list" if type_.container == "abstract" else str(type_.container)
        last = arguments[-1] if arguments else None
        repeats = isinstance(last, ast.Constant) and last.value is ...
        if container == "tuple" and arguments and not repeats:
            entries = [
                self._entry(a, type_.place, facts.part(f"[{i}]"), depth) for i, a in enumerate(arguments)
            ]
            kinds = tuple(entry.kind for entry in entries)
            return Guess(Row("tuple", kinds), all(entry.is_certain for entry in entries))
        parts = facts.count(How.PARTS)
        if not arguments and parts is not None:
            return Guess(Row(container, self.kinds.by_use.parts(parts, facts, depth)), True)
        each = self._entry(arguments[0] if arguments else None, type_.place, facts.part("[]"), depth)
        return Guess(Many(container, each.kind), each.is_certain)

    def _entry(self, annotation: ast.expr | None, place: Place, facts: Facts, depth: int) -> Guess:
        if annotation is None:
            return self.kinds.by_use.of(facts, depth)
        return self.of(annotation, place, facts, depth)


def _callable(type_: Alternative, facts: Facts) -> Guess:
    match type_.arguments:
        case [ast.List(elts=taken), _]:
            return Guess(Function(len(taken)), True)
    return Guess(function_of(facts))
