"""Which zero ``None`` stands for, parameter by parameter: `NoTangent` where the argument cannot be perturbed.

Converting ZygoteRules, section "``nothing`` becomes an ``AbstractZero``".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from adjoint2rrule.convert.dialects.zygoterules.annotations import Alternative, Annotations, Place
from adjoint2rrule.convert.dialects.zygoterules.rules import Parameter, Rule

# Keywords and functions of numpy that take axes, shapes and counts.
_STATIC_KEYWORDS = frozenset({"axes", "axis", "dtype", "indices", "k", "n", "num", "ord", "shape", "size"})
_STATIC_CALLS = frozenset({"arange", "empty", "eye", "identity", "ones", "range", "reshape", "zeros"})


def zero_for(
    parameter: Parameter,
    alternatives: list[Alternative],
    annotations: Annotations,
    rule: Rule,
    target: str,
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
        perturbable = not (always_missing and _is_static(parameter, rule, target))
    return "ZeroTangent" if perturbable else "NoTangent"


def _default_is_perturbable(
    parameter: Parameter, annotations: Annotations, rule: Rule, always_missing: bool
) -> bool:
    match parameter.default:
        case ast.Constant(value=None):
            return not always_missing
        case (
            ast.Constant(value=bool() | int() | str() | bytes())
            | ast.UnaryOp(operand=ast.Constant(value=int()))
        ):
            return False
        case ast.Lambda():
            return False
        case ast.Attribute(value=base):
            # `Pol.S`: a member of an enumeration says what the parameter is.
            assert rule.scope.parent is not None
            place = Place(rule.scope.parent, annotations.unit)
            return annotations.is_perturbable(annotations.alternatives(base, place))
    return True


def _is_static(parameter: Parameter, rule: Rule, target: str) -> bool:
    """Whether the rule uses the argument only as an index, shape, axis or count, or to call it, and does so.

    Handing it on to the function itself does not count.
    """
    uses = [static for static in _uses(parameter.name, rule.node, target) if static is not None]
    return bool(uses) and all(uses)


def _uses(name: str, node: ast.FunctionDef, target: str) -> Iterator[bool | None]:
    """Yield for each use of `name` whether it is static; `None` where it is handed to `target`."""
    parents = {child: parent for parent in ast.walk(node) for child in ast.iter_child_nodes(parent)}
    for use in ast.walk(node):
        if isinstance(use, ast.Name) and use.id == name:
            yield _is_static_use(use, parents, target)


def _is_static_use(use: ast.expr, parents: dict[ast.AST, ast.AST], target: str) -> bool | None:
    match parent := parents[use]:
        case ast.Subscript(slice=index):
            return index is use
        case ast.Slice():
            return True
        case ast.Tuple() | ast.Starred():
            return _is_static_use(parent, parents, target)
        case ast.keyword(arg=keyword):
            call = parents[parent]
            assert isinstance(call, ast.Call)
            return None if ast.unparse(call.func) == target else keyword in _STATIC_KEYWORDS
        case ast.Call(func=function):
            if function is use:
                return True
            if ast.unparse(function) == target:
                return None
            last = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            return last in _STATIC_CALLS
    return False
