"""Keeps a legacy pullback as it is, and wraps it: the answer where the source does not say enough.

What the pullback returns is told from the arguments when it runs, by `adapt_pullback` of the legacy runtime.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from adjoint2rrule.convert.dialects.zygoterules.calls import is_context
from adjoint2rrule.convert.dialects.zygoterules.names import CALLBACKS, CONTEXT, Use
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.dialects.zygoterules.rules import Rule
from adjoint2rrule.convert.dialects.zygoterules.tangents import Changes
from adjoint2rrule.convert.dialects.zygoterules.targets import Target
from adjoint2rrule.convert.model import Kind, Options
from adjoint2rrule.convert.operations import AddStatements, EditFunction, Redirect, SplitReturn, Wrap, address
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.runtime import RuntimeNames
from adjoint2rrule.convert.scopes import names_bound_by

MODULE = "adjoint2rrule.legacy"

# These say that the source is not clear; what the pullback means is certain once it runs.
_ADAPTABLE = frozenset(
    """
    decorated-pullback inspected-cotangent inspected-seed list-cotangent opaque-call
    opaque-callback opaque-cotangent opaque-pair opaque-pullback rebound-argument shared-cotangent
    stepwise-cotangent unknown-structure used-pullback variadic-cotangents
    """.split()  # noqa: SIM905 (names, not sentences)
)


def module_for(runtime: str, project: Project) -> str:
    """Return where `adapt_pullback` comes from: a copy of the runtime that has it, or the legacy one.

    It has to give the tangents of the runtime that the rules are on, and a copy has its own.
    """
    is_copy = runtime != Options().runtime and project.exported(runtime, "adapt_pullback")
    return runtime if is_copy else MODULE


def is_adaptable(problem: Problem) -> bool:
    """Whether a rule with this problem is right once its pullback is wrapped."""
    return problem.slug in _ADAPTABLE


def adapt(
    rule: Rule,
    target: Target,
    names: RuntimeNames,
    config: str,
    parameter: str,
    helpers: Sequence[ast.FunctionDef] = (),
    callbacks: Sequence[Use] = (),
    *,
    with_value: bool = False,
) -> Changes:
    """Return what wraps the pullbacks of `rule`, and what stands in the way.

    Parameters
    ----------
    names
        Those of the legacy runtime, to write.
    config, parameter
        The name of the parameter that takes the config of the AD, where the rule calls back into it, and
        the parameter with its annotation.
    helpers, callbacks
        The functions that call back into the AD for the rule, and where they do so.
    with_value
        Whether the pullback looks at its seed so closely that every key of a dict must be there.
    """
    changes = Changes()
    primals = tuple(f"*{p.name}" if p.is_variadic else p.name for p in rule.parameters)
    if any(_is_rebound(rule, p.name) for p in rule.parameters):
        primals = _saved(rule, primals, changes)
    functor = ("functor=True",) if target.kind is Kind.FUNCTOR else ()
    for statement in rule.returns:
        _wrap(statement, (*primals, *functor), names, rule, changes, with_value)
    for callback in rule.callbacks.calls:
        callee, replaced = names.use(callback.name), callback.context is not None
        changes.call(Redirect(address(callback.call), callee, config, replaced))
    for helper in helpers:
        changes.edit(EditFunction(address(helper), parameters=(parameter,)), helper)
    for function in (rule.node, *helpers):
        _hand_on(function, helpers, callbacks, names, config, changes)
    return changes


def _hand_on(
    function: ast.FunctionDef,
    helpers: Sequence[ast.FunctionDef],
    callbacks: Sequence[Use],
    names: RuntimeNames,
    config: str,
    changes: Changes,
) -> None:
    """Give the config to the calls in `function` of helpers that call back into the AD, and of the AD."""
    own = {name for node in ast.walk(function) if node is not function for name in names_bound_by(node)}
    known = {helper.name for helper in helpers} - own
    uses: dict[ast.AST, str] = {use.node: use.name for use in callbacks}
    calls = {node.func: node for node in ast.walk(function) if isinstance(node, ast.Call)}
    contexts = {call.args[0] for called, call in calls.items() if called in uses and call.args}
    for node in ast.walk(function):
        callee = names.use(uses[node]) if uses.get(node) in CALLBACKS else None
        if isinstance(node, ast.Name) and node.id in known and isinstance(node.ctx, ast.Load):
            callee = node.id
        stray = uses.get(node) == CONTEXT and node not in contexts
        if callee is None and not stray:
            continue
        assert isinstance(node, ast.expr)
        call = calls.get(node)
        if callee is None or call is None:
            message = f"`{ast.unparse(node)}`, which calls back into the AD, is handed to something else"
            changes.problem("callback", node, message, "Call it by its name in the rule.")
            continue
        replaced = bool(call.args) and is_context(call.args[0], uses)
        changes.call(Redirect(address(call), callee, config, replaced))


def _saved(rule: Rule, primals: tuple[str, ...], changes: Changes) -> tuple[str, ...]:
    """Keep what the rule was called with, and return how that is handed on."""
    name = free_name("primals", rule.node)
    kept = f"{primals[0]}," if len(primals) == 1 else ", ".join(primals)
    kept = f"({kept})" if len(primals) == 1 else kept
    behind = int(ast.get_docstring(rule.node, clean=False) is not None)
    changes.edit(AddStatements(address(rule.node), (f"{name} = {kept}",), behind), rule.node)
    return (f"*{name}",)


def _wrap(
    statement: ast.Return,
    more: tuple[str, ...],
    names: RuntimeNames,
    rule: Rule,
    changes: Changes,
    with_value: bool,
) -> None:
    callee = names.use("adapt_pullback")
    match statement.value:
        case ast.Tuple(elts=[ast.Name(id=y), pullback]) if with_value and not isinstance(
            pullback, ast.Starred
        ):
            changes.edit(Wrap(address(pullback), callee, more=(*more, f"value={y}")), pullback)
        case ast.Tuple(elts=[_, pullback]) if not with_value and not isinstance(pullback, ast.Starred):
            changes.edit(Wrap(address(pullback), callee, more=more), pullback)
        case ast.Tuple(elts=[_, ast.Name(id=pullback)]) if statement.lineno == statement.end_lineno:
            y = free_among(("y", "value"), rule.node)
            then = f"return {y}, {callee}({', '.join((pullback, *more, f'value={y}'))})"
            changes.edit(SplitReturn(address(statement), y, then), statement)
        case _:
            y, back = free_among(("y", "value"), rule.node), free_among(("back", "pullback"), rule.node)
            arguments = (back, *more, *((f"value={y}",) if with_value else ()))
            then = f"return {y}, {callee}({', '.join(arguments)})"
            changes.edit(SplitReturn(address(statement), f"{y}, {back}", then), statement)


def _is_rebound(rule: Rule, name: str) -> bool:
    """Whether the rule, or a function inside of it, binds the name of an argument anew."""
    borrowed = {
        borrowed
        for node in ast.walk(rule.node)
        if isinstance(node, ast.Global | ast.Nonlocal)
        for borrowed in node.names
    }
    return len(rule.scope.bindings.get(name, [])) > 1 or name in borrowed


def free_among(names: Sequence[str], function: ast.FunctionDef) -> str:
    """Return the first of `names` that `function` does not use, or else one like the first."""
    free = (name for name in names if free_name(name, function) == name)
    return next(free, None) or free_name(names[0], function)


def free_name(name: str, *functions: ast.FunctionDef) -> str:
    """Return `name`, or one like it that none of `functions` uses."""
    nodes = [node for function in functions for node in ast.walk(function)]
    taken = {n for node in nodes for n in names_bound_by(node)}
    taken |= {node.id for node in nodes if isinstance(node, ast.Name)}
    while name in taken:
        name = f"{name}_"
    return name
