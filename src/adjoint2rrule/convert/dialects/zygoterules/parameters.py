"""Which zero ``None`` stands for, parameter by parameter: `NoTangent` where the argument cannot be perturbed.

Converting ZygoteRules, section "``nothing`` becomes an ``AbstractZero``".
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from adjoint2rrule.convert.dialects.zygoterules.annotations import Alternative, Annotations, Place
from adjoint2rrule.convert.dialects.zygoterules.functions import Functions
from adjoint2rrule.convert.dialects.zygoterules.rules import Parameter, Rule
from adjoint2rrule.convert.scopes import Scope

# Keywords of numpy's functions that take axes, shapes and counts.
_STATIC_KEYWORDS = frozenset({"axes", "axis", "dtype", "indices", "num", "shape", "size"})
# Functions all of whose arguments are counts or shapes.
_STATIC_CALLS = frozenset(
    {"builtins.range", *(f"numpy.{name}" for name in ("arange", "empty", "eye", "identity", "ones", "zeros"))}
)


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
        perturbable = not (always_missing and _is_static(parameter, rule, target, functions))
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


def _is_static(parameter: Parameter, rule: Rule, target: str, functions: Functions) -> bool:
    """Whether the rule uses the argument only as an index, shape, axis or count, or to call it, and does so.

    Handing it on to the function itself does not count.
    """
    parents = {child: node for node in ast.walk(rule.node) for child in ast.iter_child_nodes(node)}
    uses = _Uses(parents, rule.scope, target, functions)
    names = (n for n in ast.walk(rule.node) if isinstance(n, ast.Name) and n.id == parameter.name)
    answers = [static for static in map(uses.is_static, names) if static is not None]
    return bool(answers) and all(answers)


@dataclass(frozen=True)
class _Uses:
    """Tells of the uses of an argument which are static."""

    parents: dict[ast.AST, ast.AST]
    scope: Scope
    target: str
    functions: Functions

    def is_static(self, use: ast.expr) -> bool | None:
        """Whether the argument is used as an index or the like; `None` where the function itself takes it."""
        match parent := self.parents[use]:
            case ast.Subscript(slice=index):
                return index is use
            case ast.Slice():
                return True
            case ast.Tuple() | ast.Starred():
                return self.is_static(parent)
            case ast.keyword(arg=keyword):
                call = self.parents[parent]
                assert isinstance(call, ast.Call)
                if ast.unparse(call.func) == self.target:
                    return None
                return keyword in _STATIC_KEYWORDS and self._is_numerical(call)
            case ast.Call(func=function, args=arguments):
                if function is use:
                    return True
                if ast.unparse(function) == self.target:
                    return None
                return self._takes_counts(parent, arguments.index(use))
        return False

    def _is_numerical(self, call: ast.Call) -> bool:
        called = self.functions.called(call, self.scope)
        return called.is_numerical or called.is_array_method

    def _takes_counts(self, call: ast.Call, position: int) -> bool:
        called = self.functions.called(call, self.scope)
        if called.method == "reshape":
            return True
        return called.name in _STATIC_CALLS or (called.name == "numpy.reshape" and position == 1)
