"""Reads one legacy rule into a plain description: its parameters, its pullbacks, and what these return.

Nothing is decided here about what becomes of it; what cannot be read is part of the description.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adjoint2rrule.convert.dialects.zygoterules.callbacks import Callbacks, read_callbacks
from adjoint2rrule.convert.dialects.zygoterules.cotangents import (
    READY,
    SEED,
    Cotangent,
    Entries,
    Fields,
    is_sequence,
)
from adjoint2rrule.convert.dialects.zygoterules.functions import Functions
from adjoint2rrule.convert.dialects.zygoterules.helpers import Helpers
from adjoint2rrule.convert.dialects.zygoterules.holders import changed_lists
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.dialects.zygoterules.pullbacks import Handed, Pullback, Value
from adjoint2rrule.convert.dialects.zygoterules.reader import Reader
from adjoint2rrule.convert.dialects.zygoterules.sources import Sources
from adjoint2rrule.convert.flow import falls_through
from adjoint2rrule.convert.scopes import Binding, By, Scope, walk_scope


@dataclass(frozen=True)
class Parameter:
    """A positional parameter of a rule, or its ``*args``.

    Attributes
    ----------
    node
        The parameter as it is written.
    default
        The expression it defaults to.
    is_variadic
        Whether it collects the rest of the arguments.
    """

    node: ast.arg
    default: ast.expr | None = None
    is_variadic: bool = False

    @property
    def name(self) -> str:
        """The parameter's name."""
        return self.node.arg


@dataclass(frozen=True)
class Rule:
    """A legacy rule.

    Attributes
    ----------
    node, scope
        Its definition, and the scope of its body.
    parameters
        The ones that have cotangents, in order.
    value
        What is known of its value.
    returns
        The statements that return a pair.
    pullbacks
        Every pullback that it can return and that can be rewritten, here or in a helper of its own.
    handed
        The pullbacks that it can return and that come from elsewhere.
    callbacks
        What it does with the AD.
    followed
        The uses of names that were followed to a cotangent.
    problems
        What stands in the way of a conversion, in the order in which it was found.
    """

    node: ast.FunctionDef
    scope: Scope
    parameters: tuple[Parameter, ...]
    value: Value
    returns: tuple[ast.Return, ...]
    pullbacks: tuple[Pullback, ...]
    handed: tuple[Handed, ...]
    callbacks: Callbacks
    followed: frozenset[ast.Name]
    problems: tuple[Problem, ...]

    @property
    def helpers(self) -> tuple[ast.FunctionDef, ...]:
        """The functions outside of the rule that make its pullbacks and are rewritten with it."""
        return tuple(dict.fromkeys(p.home for p in self.pullbacks if p.home is not None))


def read_rule(
    node: ast.FunctionDef,
    scope: Scope,
    functions: Functions,
    helpers: Helpers,
    callbacks: Mapping[ast.expr, str],
) -> Rule:
    """Return the description of the rule that `node`, in `scope`, defines.

    `callbacks` are the uses of legacy names that call back into the AD.
    """
    own = scope.inner(node)
    problems: list[Problem] = []
    reader = Reader(functions, own, callbacks)
    returns = [n for n in walk_scope(node.body) if isinstance(n, ast.Return)]
    value = _read_value(returns, reader, own)
    sources = Sources(reader, helpers, problems, own, value=value)
    if any(isinstance(n, ast.Yield | ast.YieldFrom) for n in walk_scope(node.body)):
        problems.append(Problem("no-pair", node, "the rule is a generator", _PAIR))
    if falls_through(node.body):
        problems.append(Problem("no-pair", node, "the rule can end without returning a pair", _PAIR))
    for statement in returns:
        sources.of_return(statement)
    sources.check_uses(node)
    followed = reader.followed | sources.followed
    problems += changed_lists(node, reader.changeable | sources.changeable, followed)
    called_back = read_callbacks(node, reader, {p.node for p in sources.pullbacks.values()})
    return Rule(
        node,
        own,
        tuple(_parameters(node)),
        value,
        tuple(returns),
        tuple(sources.pullbacks.values()),
        tuple(sources.handed),
        called_back,
        frozenset(followed),
        (*problems, *called_back.problems),
    )


def _read_value(returns: list[ast.Return], reader: Reader, scope: Scope) -> Value:
    """Return what is known of the value, if every ``return`` agrees on it."""
    pairs = [statement.value for statement in returns]
    values = [p.elts[0] for p in pairs if isinstance(p, ast.Tuple) and len(p.elts) == 2]
    if not values or len(values) < len(pairs):
        return Value()
    found = [reader.look(value, scope) for value in values]
    structured = {
        isinstance(v, Fields | Entries) or is_sequence(v) or None if v != READY else False for v in found
    }
    return Value(
        _entries_of_value(returns),
        _parts_of_value(returns, reader, scope),
        structured.pop() if len(structured) == 1 else None,
        all(map(is_sequence, found)),
    )


def _entries_of_value(returns: list[ast.Return]) -> int | None:
    """Return how many entries the value has, where every ``return`` gives a tuple of so many."""
    counts: set[int | None] = set()
    for statement in returns:
        match statement.value:
            case ast.Tuple(elts=[ast.Tuple(elts=entries), _]) if not any(
                isinstance(e, ast.Starred) for e in entries
            ):
                counts.add(len(entries))
            case _:
                counts.add(None)
    return counts.pop() if len(counts) == 1 else None


def _parts_of_value(returns: list[ast.Return], reader: Reader, scope: Scope) -> tuple[Cotangent, ...] | None:
    """Return what the parts of a seed are, where the one ``return`` shows the parts of the value."""
    match returns:
        case [ast.Return(value=ast.Tuple(elts=[ast.Tuple(elts=entries), _]))] if not any(
            isinstance(entry, ast.Starred) for entry in entries
        ):
            return tuple(_part_of_value(entry, reader, scope) for entry in entries)
    return None


def _part_of_value(entry: ast.expr, reader: Reader, scope: Scope) -> Cotangent:
    """Return a number or an array, where `entry` is one: an argument counts that nothing is said of."""
    if isinstance(entry, ast.Name) and (found := scope.find(entry.id)) is not None and found[0] is scope:
        match found[1]:
            case [Binding(by=By.PARAMETER, node=ast.arg(annotation=None))]:
                return READY
    return READY if reader.look(entry, scope) == READY else SEED


def _parameters(node: ast.FunctionDef) -> Iterator[Parameter]:
    positional = [*node.args.posonlyargs, *node.args.args]
    defaults = [None] * (len(positional) - len(node.args.defaults)) + node.args.defaults
    for parameter, default in zip(positional, defaults, strict=True):
        yield Parameter(parameter, default)
    if node.args.vararg:
        yield Parameter(node.args.vararg, is_variadic=True)


_PAIR = "A rule returns `(y, pullback)` on every path; the legacy runtime fails on anything else."
