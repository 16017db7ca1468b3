"""Which definitions have a form that is converted, and what each of these is a rule for.

What is refused here is refused for how the definition stands in its file, before its body is read.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator

from adjoint2rrule.convert.dialects.zygoterules import names as legacy
from adjoint2rrule.convert.dialects.zygoterules.definitions import Decorated
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.dialects.zygoterules.targets import Target, Targets
from adjoint2rrule.convert.model import Kind
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import walk_scope
from adjoint2rrule.convert.units import Unit

_TYPE_COMMENT = re.compile(r"#\s*type:\s*\(")


def form_problem(decorated: Decorated, unit: Unit) -> Problem | None:
    """Return why a definition is refused for its decorators or its place, if it is."""
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
    first = unit.module.span(node.body[0]).start
    start = unit.module.span(node).start
    comments = (text for place, text in unit.module.comments if start <= place < first)
    if any(_TYPE_COMMENT.match(text) for text in comments):
        message = "its signature is annotated by a type comment, which has no place for one more parameter"
        return Problem("comment-in-the-way", node, message, "Write the types as annotations.")
    return None


def targets_of(decorated: Decorated, node: ast.FunctionDef, targets: Targets) -> list[Target] | Problem:
    """Return what a definition is a rule for: one target, or those of all its decorators."""
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

    A factory of rules may return it, where nobody has a use for what it returns.
    """
    if decorated.is_plain:
        yield from _lost_name(decorated, node, unit, project)
    if decorated.is_plain or node.name == "_":
        return
    for use, scope in unit.reads.get(node.name, ()):
        found = scope.find(node.name)
        if found is not None and found[0] is decorated.scope and not _ends_factory(use, decorated, unit):
            message = f"`{node.name}` is used elsewhere, by code that expects its old form"
            yield Problem("used-rule", use, message, _USED)
    if decorated.scope.parent is None:
        if node.name in (unit.exported or ()):
            message = f"`{node.name}` is in `__all__`, and its users expect its old form"
            yield Problem("used-rule", node, message, _USED)
        for other in project.importers(unit, node.name):
            message = f"`{node.name}` is imported by `{other.name}`, which expects its old form"
            yield Problem("used-rule", node, message, _USED)


def _lost_name(
    decorated: Decorated, node: ast.FunctionDef, unit: Unit, project: Project
) -> Iterator[Problem]:
    """Yield a problem where other modules take from this one a builtin that only its rule binds here."""
    bindings = unit.scope.bindings.get(node.name, [])
    if decorated.scope is not unit.scope or not hasattr(builtins, node.name):
        return
    if any(not getattr(b.node, "decorator_list", None) for b in bindings) or unit.scope.star_imports:
        return
    if node.name in (unit.exported or ()) or any(True for _ in project.importers(unit, node.name)):
        message = f"the rule binds `{node.name}` in this module, and others take it from here"
        yield Problem("used-rule", node, message, f"Let them use the builtin `{node.name}` itself.")


def _ends_factory(use: ast.Name, decorated: Decorated, unit: Unit) -> bool:
    """Whether `use` is returned by a function that is called for its effect alone in all of the file."""
    factory = decorated.scope.node
    if not isinstance(factory, ast.FunctionDef) or decorated.scope.parent is not unit.scope:
        return False
    returned = {n.value for n in walk_scope(factory.body) if isinstance(n, ast.Return)}
    calls = (name for name, _ in unit.reads.get(factory.name, ()))
    return use in returned and all(name in unit.called_for_effect for name in calls)


_MUTATING = "Rewrite the primal without mutation, or keep this rule on `adjoint2rrule.legacy`."
_DECORATOR = "Leave only `@adjoint` on the rule, and let the others decorate what it calls."
_IN_CLASS = "Move it out of the class: `@adjoint(MyClass.method)` over a function of the module."
_BY_HAND = "Convert this rule by hand, or keep it on `adjoint2rrule.legacy` for now."
_USED = "Give what both need a function of its own, and let the rule call it."
