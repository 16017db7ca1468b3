"""Uses of tangents that change with their form, as plain descriptions, and the operations that they take."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from adjoint2rrule.convert.operations import AsClassPattern, AsInstanceTest, Operation, Wrap, address
from adjoint2rrule.convert.runtime import RuntimeNames


@dataclass(frozen=True)
class NoneTest:
    """A comparison with ``None`` that is to tell a zero.

    Attributes
    ----------
    node, operand
        The comparison, and what is compared.
    thunk
        Whether that may be a thunk.
    is_tangent
        Whether it may be a tangent that others have made.
    nones
        ``None``s of the pullback's own that it may be as well.
    is_unknown
        Whether it may be something that is not followed, ``None`` among others.
    """

    node: ast.Compare
    operand: ast.expr
    thunk: bool
    is_tangent: bool = True
    nones: frozenset[ast.Constant] = frozenset()
    is_unknown: bool = False


@dataclass(frozen=True)
class NonePattern:
    """A pattern ``None``, in the ``match`` `statement`, that is to match a zero; see `NoneTest`."""

    node: ast.MatchSingleton
    statement: ast.Match
    is_tangent: bool = True
    nones: frozenset[ast.Constant] = frozenset()
    is_unknown: bool = False


@dataclass(frozen=True)
class Forced:
    """A tangent that is to be the value where it may be a thunk: a stand-in will not do."""

    node: ast.expr


Change = NoneTest | NonePattern | Forced


def is_zero_test(change: Change, rewritten: AbstractSet[ast.AST]) -> bool | None:
    """Return whether a test is to tell zeros, when the ``None``s in `rewritten` become such.

    `None` where it would have to tell both.
    """
    if isinstance(change, Forced):
        return True
    if not change.is_tangent and not change.nones & rewritten:
        return False
    return True if change.nones <= rewritten and not change.is_unknown else None


def operations_of(change: Change, runtime: RuntimeNames) -> Iterator[Operation]:
    """Yield the operations that carry out `change`."""
    match change:
        case NoneTest(node=node, operand=operand, thunk=thunk):
            negated = isinstance(node.ops[0], ast.IsNot | ast.NotEq)
            yield AsInstanceTest(address(node), runtime.use("AbstractZero"), operand is node.left, negated)
            if thunk:
                yield Wrap(address(operand), runtime.use("unthunk"))
        case NonePattern(node=node):
            yield AsClassPattern(address(node), runtime.use("AbstractZero"))
        case Forced(node=node):
            yield Wrap(address(node), runtime.use("unthunk"))
