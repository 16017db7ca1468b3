"""Which definitions have a form that is converted, and what each of these is a rule for.

What is refused here is refused for how the definition stands in its file, before its body is read.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from adjoint2rrule.convert.dialects.zygoterules import names as legacy
from adjoint2rrule.convert.dialects.zygoterules.definitions import Decorated
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.dialects.zygoterules.targets import Target, Targets
from adjoint2rrule.convert.model import Kind
from adjoint2rrule.convert.project import Project, Unit


def form_problem(decorated: Decorated) -> Problem | None:
    """Return why a definition is refused for its decorators, its place or its callbacks, if it is."""
    node, names = decorated.node, decorated.names
    if legacy.AMBIGUOUS in names:
        message = "its decorator is a legacy one on some paths only"
        return Problem("ambiguous-name", node, message, "Import the name from one place on every path.")
    if "adjoint_mut" in names:
        message = "`@adjoint_mut` rules change their arguments; an `rrule` may not"
        return Problem("mutating-rule", node, message, _MUTATING)
    if names != {"adjoint"} or len(decorated.decorators) < len(node.decorator_list):
        message = "it has other decorators, which may change what the rule returns"
        return Problem("other-decorator", node, message, _DECORATOR)
    if not isinstance(node, ast.FunctionDef):
        message = "`@adjoint` stands on something else than a plain function"
        return Problem("unsupported-use", node, message, "Write the rule as a plain function.")
    if isinstance(decorated.scope.node, ast.ClassDef):
        return Problem("in-class", node, "the rule stands in the body of a class", _IN_CLASS)
    return _callback(decorated)


def _callback(decorated: Decorated) -> Problem | None:
    """Return the first call into the legacy AD from inside a rule, if there is one."""
    for use in decorated.callbacks:
        if use.name in legacy.PROPERTIES:
            message = f"the rule reads a property by `{ast.unparse(use.node)}`"
            return Problem("property-access", use.node, message, _BY_HAND)
        message = f"the rule calls back into the AD through `{ast.unparse(use.node)}`"
        return Problem("callback", use.node, message, _BY_HAND)
    for inner in ast.walk(decorated.node):
        if isinstance(inner, ast.Name) and inner.id == legacy.CONTEXT:
            message = "the rule uses `__context__`, which is the legacy AD's own"
            return Problem("callback", inner, message, _BY_HAND)
    return None


def targets_of(
    decorated: Decorated, node: ast.FunctionDef, targets: Targets, modules: legacy.Modules
) -> list[Target] | Problem:
    """Return what a definition is a rule for: one target, or those of all its decorators."""
    named: list[ast.expr] = (
        [ast.Name(node.name, ast.Load())] if decorated.is_plain else decorated.explicit_targets
    )
    for target in named:
        symbols = targets.project.resolve(target, decorated.scope, targets.unit)
        if any(legacy.legacy_name((s,), modules) in legacy.PROPERTIES for s in symbols):
            return Problem(
                "property-rule", node, "it is a rule on a property, which is not converted yet", _BY_HAND
            )
    if decorated.is_plain:
        if len(decorated.decorators) > 1:
            message = "`@adjoint` stands on it both with and without a target"
            return Problem("other-decorator", node, message, "Write a rule for each of them.")
        found = targets.of_plain(node, decorated.scope)
        return found if isinstance(found, Problem) else [found]
    return _explicit(decorated, node, targets)


def _explicit(decorated: Decorated, node: ast.FunctionDef, targets: Targets) -> list[Target] | Problem:
    found = []
    for i, _ in decorated.decorators:
        call = node.decorator_list[i]
        assert isinstance(call, ast.Call)
        if len(call.args) != 1 or call.keywords or isinstance(call.args[0], ast.Starred):
            hint = "Write one `@adjoint(target)` for each target."
            return Problem("unsupported-use", call, "`adjoint` takes one target", hint)
        target = targets.of_explicit(call.args[0], decorated.scope)
        if isinstance(target, Problem):
            return target
        found.append(target)
    if len(found) > 1 and any(target.kind is Kind.FUNCTOR for target in found):
        message = "one function is the rule of a functor and of something else"
        return Problem("unsupported-use", node, message, "Write a rule for each of them.")
    return found


def escapes(decorated: Decorated, node: ast.FunctionDef, unit: Unit, project: Project) -> Iterator[Problem]:
    """Yield a problem where a rule that keeps its name is used under it, by code that expects its old form.

    A function may return it: that is how a factory of rules ends.
    """
    if decorated.is_plain or node.name == "_":
        return
    is_made = isinstance(decorated.scope.node, ast.FunctionDef)
    around = ast.walk(decorated.scope.node) if is_made else ()
    returned = {n.value for n in around if isinstance(n, ast.Return)}
    for use in unit.reads.get(node.name, ()):
        if use not in returned:
            message = f"`{node.name}` is called elsewhere, by code that expects its old form"
            yield Problem("used-rule", use, message, _USED)
    if decorated.scope.parent is None:
        for other in project.importers(unit, node.name):
            message = f"`{node.name}` is imported by `{other.name}`, which expects its old form"
            yield Problem("used-rule", node, message, _USED)


_MUTATING = "Rewrite the primal without mutation, or keep this rule on `adjoint2rrule.legacy`."
_DECORATOR = "Leave only `@adjoint` on the rule, and let the others decorate what it calls."
_IN_CLASS = "Move it out of the class: `@adjoint(MyClass.method)` over a function of the module."
_BY_HAND = "Convert this rule by hand, or keep it on `adjoint2rrule.legacy` for now."
_USED = "Give what both need a function of its own, and let the rule call it."
