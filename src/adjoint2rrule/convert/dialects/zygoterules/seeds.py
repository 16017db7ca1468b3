"""What a pullback does with its seed, and with the tangents that callbacks give it.

A legacy seed is `None`, a dict or a tuple where a tangent is a zero or a `Tangent`.  Calculating with
it, indexing and unpacking it work on both; tests for ``None`` become tests for a zero, and what needs
the value itself is given it.  Everything else is a problem: silently, it would take another path.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from adjoint2rrule.convert.dialects.zygoterules.changed_uses import (
    Change,
    Forced,
    NonePattern,
    is_zero_test,
)
from adjoint2rrule.convert.dialects.zygoterules.functions import Functions
from adjoint2rrule.convert.dialects.zygoterules.held import seed
from adjoint2rrule.convert.dialects.zygoterules.reading import Reading
from adjoint2rrule.convert.dialects.zygoterules.use_problems import UseProblem
from adjoint2rrule.convert.dialects.zygoterules.uses import uses_in
from adjoint2rrule.convert.scopes import FunctionNode, Scope


@dataclass(frozen=True)
class TangentUses:
    """The uses of tangents in a pullback that matter to its conversion.

    Attributes
    ----------
    problems
        Those that stand in its way, in the order of the source.
    changes
        Those that change, in the order of the source; `settled` says which of them do.
    """

    problems: tuple[UseProblem, ...] = ()
    changes: tuple[Change, ...] = ()

    def settled(self, rewritten: AbstractSet[ast.AST] = frozenset()) -> TangentUses:
        """Return what is left when the ``None``s in `rewritten`, and no others, become zeros.

        A test on what may be such a ``None`` changes with it, one on what may be another does not, and
        one that may meet a ``None`` that stays and the zero of a tangent has no right form.
        """
        tests = [(change, is_zero_test(change, rewritten)) for change in self.changes]
        mixed = [_mixed(change) for change, outcome in tests if outcome is None]
        return TangentUses((*self.problems, *mixed), tuple(change for change, outcome in tests if outcome))


def read_uses(
    function: FunctionNode,
    seeds: AbstractSet[str],
    given: AbstractSet[ast.Call],
    scope: Scope,
    functions: Functions,
    *,
    structured: bool | None = None,
) -> TangentUses:
    """Return how `function` uses tangents.

    Parameters
    ----------
    function, scope
        The pullback, and the scope of its body.
    seeds
        Its parameters that hold a seed, which may be a thunk.
    given
        Calls in it whose result is a bare tuple of tangents, each of which may be a thunk.
    functions
        Tells what a call calls.
    structured
        Whether the seed is a `Tangent`; `None` where that is not known.
    """
    held = dict.fromkeys(seeds, seed(structured))
    return _in_order(uses_in(Reading(function, scope, functions, held, given)))


def _in_order(found: Iterable[UseProblem | Change]) -> TangentUses:
    ordered = sorted(dict.fromkeys(found), key=lambda use: (use.node.lineno, use.node.col_offset))
    problems = tuple(use for use in ordered if isinstance(use, UseProblem))
    return TangentUses(problems, tuple(use for use in ordered if not isinstance(use, UseProblem)))


def _mixed(change: Change) -> UseProblem:
    assert not isinstance(change, Forced)
    node = change.statement if isinstance(change, NonePattern) else change.node
    return UseProblem("inspected-seed", node, "is compared with `None`, and may be one that stays")
