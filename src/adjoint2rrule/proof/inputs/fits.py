"""Whether a call in the sources is one that a rule is for."""

from __future__ import annotations

from collections.abc import Sequence

from adjoint2rrule.convert.annotations import Alternative, Annotations
from adjoint2rrule.convert.units import Symbol
from adjoint2rrule.proof.inputs.calls import LiteralCall
from adjoint2rrule.proof.inputs.literals import Literal
from adjoint2rrule.proof.model import Parameter, Take

# What each type of a literal can stand for beside itself.
_ALSO = {
    "builtins.int": {"builtins.float", "builtins.complex", "numpy.integer", "numpy.floating"},
    "builtins.float": {"builtins.complex", "numpy.floating", "numpy.float64"},
    "builtins.bool": {"builtins.int"},
    "numpy.ndarray": {"numpy.typing.NDArray", "numpy.typing.ArrayLike"},
}
_ARRAY_LIKE = "numpy.typing.ArrayLike"


def fits(call: LiteralCall, parameters: Sequence[Parameter], annotations: Annotations) -> bool:
    """Whether `call` gives what `parameters` ask for, as many and of the right types, as far as is known."""
    given = _bound(call, parameters)
    return given is not None and all(_agrees(p, value, annotations) for p, value in given)


def _bound(call: LiteralCall, parameters: Sequence[Parameter]) -> list[tuple[Parameter, Literal]] | None:
    """Return the arguments of a call with their parameters; `None` where they do not go together."""
    single = [p for p in parameters if p.take is Take.ONE]
    rest = next((p for p in parameters if p.take is Take.REST), None)
    options = any(p.take is Take.OPTIONS for p in parameters)
    by_keyword = {p.name: p for p in parameters if p.take is Take.KEYWORD}
    if len(call.args) > len(single) and rest is None:
        return None
    if any(p.default is None for p in single[len(call.args) :]):
        return None
    names = {name for name, _ in call.keywords}
    if any(p.default is None and name not in names for name, p in by_keyword.items()):
        return None
    if not options and names - set(by_keyword):
        return None
    pairs = list(zip(single, call.args, strict=False))
    pairs += [(rest, value) for value in call.args[len(single) :] if rest is not None]
    return [*pairs, *((by_keyword[name], value) for name, value in call.keywords if name in by_keyword)]


def _agrees(parameter: Parameter, value: Literal, annotations: Annotations) -> bool:
    """Whether a value may be of one of the types that the parameter is annotated with."""
    if parameter.annotation is None or not value.type:
        return True
    found = annotations.alternatives(parameter.annotation, parameter.place)
    return any(_may_be(value, alternative, annotations) for alternative in found)


def _may_be(value: Literal, type_: Alternative, annotations: Annotations) -> bool:
    if type_.name in {"", "typing.Any", "builtins.object", _ARRAY_LIKE}:
        return True
    if value.symbol is not None:
        return _is_a(value.symbol, type_, annotations)
    if type_.name == "Literal":
        texts = {getattr(a, "value", None) for a in type_.arguments}
        return value.expression.text.strip("\"'") in {str(text) for text in texts}
    if type_.container is not None:
        return type_.container == "abstract" or value.type == f"builtins.{type_.container}"
    known = {value.type, *_ALSO.get(value.type, ())}
    return type_.name in known


def _is_a(symbol: Symbol, type_: Alternative, annotations: Annotations) -> bool:
    """Whether an object of a class of the project is of a type."""
    above = [symbol, *annotations.ancestors(symbol)]
    if type_.symbol is not None and type_.symbol.class_node is not None:
        return any(base.class_node is type_.symbol.class_node for base in above)
    return any(base.dotted == type_.name for base in above)
