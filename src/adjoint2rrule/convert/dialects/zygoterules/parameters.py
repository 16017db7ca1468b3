"""Which zero ``None`` stands for, parameter by parameter: `NoTangent` where the argument cannot be perturbed.

Converting ZygoteRules, section "``nothing`` becomes an ``AbstractZero``".
"""

from __future__ import annotations

import ast
import builtins
from types import EllipsisType

from adjoint2rrule.convert.annotations import Alternative, Annotations, Place
from adjoint2rrule.convert.dialects.zygoterules.functions import Functions
from adjoint2rrule.convert.dialects.zygoterules.rules import Parameter, Rule
from adjoint2rrule.convert.dialects.zygoterules.static_uses import is_static
from adjoint2rrule.convert.scopes import Binding, By
from adjoint2rrule.convert.units import Symbol

# Calls of these give what has no tangent space.
_DISCRETE_CALLS = frozenset(
    f"builtins.{name}" for name in ("bool", "bytes", "int", "range", "slice", "str", "type")
)
_MAX_DEPTH = 10


def zero_for(
    parameter: Parameter,
    alternatives: list[Alternative],
    annotations: Annotations,
    rule: Rule,
    target: str,
    functions: Functions,
    *,
    always_missing: bool,
) -> str:
    """Return the name of the zero that is the cotangent of `parameter` where it gets none.

    `target` is how the rule's body calls what it is a rule for; `always_missing` says that no path
    gives the parameter a gradient.
    """
    if parameter.node.annotation is not None:
        # The annotation outranks the default: `x: float = 0` can be perturbed, although `0` is an `int`.
        perturbable = annotations.is_perturbable(alternatives)
    elif parameter.default is not None:
        perturbable = _default_is_perturbable(parameter, annotations, rule, always_missing)
    else:
        perturbable = True
    if perturbable and parameter.node.annotation is None:
        perturbable = not (always_missing and is_static(parameter.name, rule, target, functions))
    return "ZeroTangent" if perturbable else "NoTangent"


def _default_is_perturbable(
    parameter: Parameter, annotations: Annotations, rule: Rule, always_missing: bool
) -> bool:
    if isinstance(parameter.default, ast.Constant) and parameter.default.value is None:
        return not always_missing
    assert parameter.default is not None
    assert rule.scope.parent is not None
    return not _is_discrete(parameter.default, Place(rule.scope.parent, annotations.unit), annotations)


def _is_discrete(default: ast.expr, place: Place, annotations: Annotations, depth: int = 0) -> bool:
    """Whether the value of `default` is of a type whose values cannot be perturbed."""
    match default:
        case ast.Constant(value=bool() | int() | str() | bytes() | EllipsisType()) | ast.Lambda():
            return True
        case ast.UnaryOp(operand=operand):
            return isinstance(default.op, ast.Not) or _is_discrete(operand, place, annotations, depth)
        case ast.Tuple(elts=[_, *_] as entries):
            return all(_is_discrete(e, place, annotations, depth) for e in entries)
        case ast.Call(func=function):
            found = annotations.project.resolve(function, place.scope, place.unit)
            return [s.dotted for s in found] in [[name] for name in _DISCRETE_CALLS]
        case ast.Name() | ast.Attribute():
            return depth < _MAX_DEPTH and _stands_for_discrete(default, place, annotations, depth + 1)
    return False


def _stands_for_discrete(
    default: ast.Name | ast.Attribute, place: Place, annotations: Annotations, depth: int
) -> bool:
    """Whether a name stands for a class, a function, a member of an enumeration, or a discrete constant."""
    if isinstance(default, ast.Attribute):
        owner = annotations.alternatives(default.value, place)
        if not annotations.is_perturbable(owner):
            return True
    symbols = annotations.project.resolve(default, place.scope, place.unit)
    if len(symbols) != 1:
        return False
    (symbol,) = symbols
    if annotations.project.is_class(symbol) or _is_function(symbol):
        return True
    match symbol.bindings:
        case [Binding(by=By.VALUE, value=ast.expr() as value)]:
            assert symbol.scope is not None
            assert symbol.unit is not None
            return _is_discrete(value, Place(symbol.scope, symbol.unit), annotations, depth)
    return False


def _is_function(symbol: Symbol) -> bool:
    if symbol.unit is None:
        package, _, name = symbol.dotted.partition(".")
        return package == "builtins" and callable(getattr(builtins, name, None))
    return bool(symbol.bindings) and all(b.by is By.FUNCTION for b in symbol.bindings)
