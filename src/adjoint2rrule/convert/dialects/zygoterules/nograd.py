"""``@nograd`` becomes ``@non_differentiable``, and ``nograd(f, g)`` one ``non_differentiable`` a function."""

from __future__ import annotations

import ast
from bisect import bisect
from collections.abc import Set as AbstractSet

from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.dialects.zygoterules.targets import Target, Targets
from adjoint2rrule.convert.model import Diagnostic, Kind
from adjoint2rrule.convert.operations import Operation, Replace, ReplaceStatement, address
from adjoint2rrule.convert.runtime import RuntimeNames
from adjoint2rrule.convert.scopes import DefinitionNode, Scope
from adjoint2rrule.convert.syntax import Module

# What these make cannot be called, so that the legacy runtime takes none of it.
_WRAPPERS = frozenset(
    {"abstractproperty", "cached_property", "classmethod", "deleter", "getter", "property", "setter"}
)

Outcome = tuple[tuple[Operation, ...], tuple[Diagnostic, ...]] | Problem  # with the notes on it


def decorator_problem(node: DefinitionNode | ast.ClassDef, positions: list[int]) -> Problem | None:
    """Return why ``@nograd`` on `node` is refused, if it is."""
    if isinstance(node, ast.ClassDef):
        hint = "Mark the constructor, below the class: `non_differentiable(type[MyClass])`."
        return Problem("unsupported-use", node, "`@nograd` stands on a class", hint)
    for i, decorator in enumerate(node.decorator_list):
        if i in positions and isinstance(decorator, ast.Call):
            return Problem("unsupported-use", decorator, "`@nograd` is called", "Write `@nograd` alone.")
        below = any(position < i for position in positions)
        if below and ast.unparse(decorator).rpartition(".")[2] in _WRAPPERS:
            message = f"`@nograd` stands above `@{ast.unparse(decorator)}`, whose result is no function"
            return Problem("other-decorator", decorator, message, "Put `@nograd` below it.")
    return None


def call_operations(
    place: ast.Expr | ast.Call, scope: Scope, targets: Targets, ruled: AbstractSet[str], runtime: RuntimeNames
) -> Outcome:
    """Return what becomes of ``nograd(f, g)``, a statement, or of a call of `nograd` inside of one.

    `ruled` is what the file has rules for: in the legacy runtime they stay.
    """
    call = place.value if isinstance(place, ast.Expr) else place
    assert isinstance(call, ast.Call)
    starred = any(isinstance(a, ast.Starred) for a in call.args)
    if not call.args or call.keywords or starred:
        hint = "Name the functions one by one: `nograd(f, g)`."
        return Problem("unsupported-use", place, "which functions `nograd` is for cannot be told", hint)
    found = []
    for argument in call.args:
        target = _target(argument, scope, targets, is_kept=isinstance(place, ast.Call))
        if isinstance(target, Problem):
            return target
        if ast.unparse(argument) in ruled:
            message = f"`{ast.unparse(argument)}` has rules too, which `non_differentiable` would replace"
            return Problem("unsupported-use", argument, message, _RULED)
        found.append(target)
    notes = tuple(note for target in found for note in target.notes)
    name = runtime.use("non_differentiable")
    if isinstance(place, ast.Call) and (len(found) > 1 or found[0].kind is not Kind.FUNCTION):
        message = f"the value of `{ast.unparse(call)}` is used, and that of its conversion is another"
        return Problem("unsupported-use", place, message, "Write it as a statement of its own.")
    if len(found) == 1:
        return tuple(_in_place(call, found[0], name)), notes
    assert isinstance(place, ast.Expr)
    texts = [f"{name}({target.text})" for target in found]
    lines = _with_comments(place, call, texts, targets.unit.module)
    return lines if isinstance(lines, Problem) else ((ReplaceStatement(address(place), lines),), notes)


def _target(argument: ast.expr, scope: Scope, targets: Targets, *, is_kept: bool) -> Target | Problem:
    if is_kept and targets.is_object(argument, scope):
        return Target(Kind.FUNCTION, ast.unparse(argument), "")
    target = targets.of_explicit(argument, scope)
    if isinstance(target, Target) and target.kind is Kind.PROPERTY:
        message = "it says that no property of anything has a gradient"
        return Problem("property-rule", argument, message, "Name the classes and properties that have none.")
    return target


def _in_place(call: ast.Call, target: Target, name: str) -> list[Operation]:
    """Return what makes ``nograd(f)`` a call of `name`, with its comments where they are."""
    operations: list[Operation] = [Replace(address(call.func), name)]
    if target.text != ast.unparse(call.args[0]):
        operations.append(Replace(address(call.args[0]), target.text))
    return operations


def _with_comments(
    statement: ast.Expr, call: ast.Call, texts: list[str], module: Module
) -> tuple[str, ...] | Problem:
    """Return the statements, each with the comments above and behind the argument that it is for."""
    span = module.span(call)
    if not module.has_comment(span):
        return tuple(texts)
    above: list[list[str]] = [[] for _ in texts]
    behind: list[list[str]] = [[] for _ in texts]
    ends = [module.span(argument).end for argument in call.args]
    for place, comment in module.comments:
        if span.start <= place < module.end_of_line(span.end):
            following = bisect(ends, place)
            has_own_line = not _line_before(place, module)
            if following == len(texts) or (following and not has_own_line):
                behind[following - 1].append(comment)
            else:
                above[following].append(comment)
    if _line_before(span.start, module) or any(len(comments) > 1 for comments in behind):
        hint = "Move the comments out of the call, or write one `nograd` a function."
        return Problem("comment-in-the-way", statement, "there are comments between its arguments", hint)
    return tuple(
        "\n".join([*head, "  ".join([text, *tail])])
        for head, text, tail in zip(above, texts, behind, strict=True)
    )


def _line_before(place: int, module: Module) -> bytes:
    """Return what stands on the line before a place, without the space around it."""
    line, _ = module.location(place)
    return module.source.content[module.line_starts[line - 1] : place].strip()


_RULED = "Restrict it to the arguments that the rules are not for: `non_differentiable(f, int)`."
