"""Finds the legacy definitions of a file, and decides on each: converted or refused, with the reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from adjoint2rrule.convert.dialects.zygoterules import names as legacy
from adjoint2rrule.convert.dialects.zygoterules import nograd
from adjoint2rrule.convert.dialects.zygoterules.classes import Classes
from adjoint2rrule.convert.dialects.zygoterules.functions import Functions
from adjoint2rrule.convert.dialects.zygoterules.names import Use
from adjoint2rrule.convert.dialects.zygoterules.naming import first_parameter, rule_name
from adjoint2rrule.convert.dialects.zygoterules.rules import Problem, read_rule
from adjoint2rrule.convert.dialects.zygoterules.tangents import Tangents
from adjoint2rrule.convert.dialects.zygoterules.targets import Target, Targets
from adjoint2rrule.convert.model import (
    Converted,
    Diagnostic,
    Kind,
    LegacyDefinition,
    Options,
    Refused,
    Severity,
)
from adjoint2rrule.convert.operations import EditFunction, Operation, Replace, address
from adjoint2rrule.convert.plan import Plan, Plans
from adjoint2rrule.convert.project import Project, Unit
from adjoint2rrule.convert.runtime import RuntimeNames
from adjoint2rrule.convert.scopes import DefinitionNode, Scope


@dataclass
class Decorated:
    """A function or class under legacy decorators: the position and use of each, from the top."""

    node: DefinitionNode | ast.ClassDef
    scope: Scope
    legacy: list[tuple[int, Use]] = field(default_factory=list)

    @property
    def is_plain(self) -> bool:
        """Whether a decorator stands without a target, so that the function's own name is it."""
        return any(not isinstance(self.node.decorator_list[i], ast.Call) for i, _ in self.legacy)


def plan_file(unit: Unit, project: Project, options: Options) -> Plans:
    """Return what becomes of each legacy definition in `unit`, in the order of the file."""
    modules = legacy.closed_modules(options.legacy_modules)
    uses = list(legacy.uses(unit, project, modules))
    return _Planner(unit, project, options, uses).plan() if uses else Plans(())


class _Planner:
    def __init__(self, unit: Unit, project: Project, options: Options, uses: list[Use]) -> None:
        self.unit = unit
        self.project = project
        self.options = options
        self.uses = uses
        self.decorated, rest = _decorated(unit, uses)
        self.statements, self.others = _statements(unit, rest)
        self.tops = {node: top for top in unit.module.tree.body for node in ast.walk(top)}
        rules = {
            d.node for d in self.decorated if d.is_plain and any(u.name == "adjoint" for _, u in d.legacy)
        }
        self.targets = Targets(project, unit, set(rules))
        self.functions = Functions(project, unit)
        self.functions.ignore(set(rules))
        self.classes = Classes(project, unit)
        self.taken = {n for node in ast.walk(unit.module.tree) for n in _identifiers(node)}

    def plan(self) -> Plans:
        nodes = {d.node for d in self.decorated}
        inside = [u for u in self.others if nodes & set(u.functions)]
        plans = [self._of_decorated(d, [u for u in inside if d.node in u.functions]) for d in self.decorated]
        plans += [self._of_statement(statement, use) for statement, use in self.statements]
        outside = [u for u in self.others if u not in inside]
        defining = legacy.DEFINING | {legacy.AMBIGUOUS}
        plans += [self._unsupported(u) for u in outside if u.name in defining]
        plans.sort(key=lambda plan: plan.decision.definition.span)
        return Plans(tuple(plans), tuple(self._note(u) for u in outside if u.name not in defining))

    # -- functions under decorators ------------------------------------------------------------

    def _of_decorated(self, decorated: Decorated, inside: list[Use]) -> Plan:
        names = {use.name for _, use in decorated.legacy}
        if names == {"nograd"}:
            return self._nograd_decorator(decorated)
        problem = self._form_problem(decorated, names, inside)
        if problem is not None:
            return self._refused(
                decorated, Kind.MUTATING if "adjoint_mut" in names else Kind.FUNCTION, problem
            )
        assert isinstance(decorated.node, ast.FunctionDef)
        return self._rule(decorated, decorated.node)

    def _form_problem(self, decorated: Decorated, names: set[str], inside: list[Use]) -> Problem | None:
        """Return why a definition is refused before it is read, if it is."""
        node = decorated.node
        if legacy.AMBIGUOUS in names:
            return Problem(
                "ambiguous-name", node, "its decorator is a legacy one on some paths only", _AMBIGUOUS
            )
        if "adjoint_mut" in names:
            return Problem(
                "mutating-rule",
                node,
                "`@adjoint_mut` rules change their arguments; an `rrule` may not",
                _MUTATING,
            )
        if names != {"adjoint"} or len(decorated.legacy) < len(node.decorator_list):
            return Problem(
                "other-decorator",
                node,
                "it has other decorators, which may change what the rule returns",
                _DECORATOR,
            )
        if not isinstance(node, ast.FunctionDef):
            return Problem(
                "unsupported-use", node, "`@adjoint` stands on something else than a plain function", _PLAIN
            )
        if isinstance(decorated.scope.node, ast.ClassDef):
            return Problem("in-class", node, "the rule stands in the body of a class", _IN_CLASS)
        for use in inside:
            slug = "property-access" if use.name in legacy.PROPERTIES else "callback"
            what = (
                "reads a property by" if use.name in legacy.PROPERTIES else "calls back into the AD through"
            )
            return Problem(slug, use.node, f"the rule {what} `{ast.unparse(use.node)}`", _CALLBACK)
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and inner.id == legacy.CONTEXT:
                return Problem(
                    "callback", inner, "the rule uses `__context__`, the legacy AD's own", _CALLBACK
                )
        return None

    def _rule(self, decorated: Decorated, node: ast.FunctionDef) -> Plan:
        """Return the plan for a rule whose form is one of those that are converted."""
        targets = self._targets_of(decorated, node)
        if isinstance(targets, Problem):
            return self._refused(decorated, Kind.FUNCTION, targets)
        target = targets[0]
        rule = read_rule(node, decorated.scope, self.functions)
        runtime = RuntimeNames(self.unit, self.options.runtime)
        own = first_parameter(decorated, node, target, self.targets)
        tangents = Tangents(rule, target, target.text, self.unit, self.classes, runtime)
        problems = [*self._escapes(decorated, node), *rule.problems]
        changes = tangents.decide() if not problems else tangents.changes
        problems += changes.problems
        if problems:
            return self._refused(decorated, target.kind, problems[0])
        head = self._head(decorated, node, targets, runtime, own)
        notes = tuple(note for t in targets for note in t.notes)
        return Plan(
            Converted(self._definition(decorated, target.kind), notes),
            self.tops[node],
            (*head, *changes.operations.values()),
            frozenset(runtime.used),
            frozenset({*changes.consumed, *((use.root, use.scope) for _, use in decorated.legacy)}),
            _home(decorated.legacy[0][1]),
        )

    def _targets_of(self, decorated: Decorated, node: ast.FunctionDef) -> list[Target] | Problem:
        """Return what the rule is for: one target, or those of all its decorators."""
        if any(name in legacy.PROPERTIES for name in self._property_names(decorated, node)):
            return Problem(
                "property-rule", node, "rules on `literal_getproperty` are not converted yet", _CALLBACK
            )
        if decorated.is_plain:
            if len(decorated.legacy) > 1:
                return Problem(
                    "other-decorator",
                    node,
                    "`@adjoint` stands on it more than once, with and without a target",
                    _DECORATOR,
                )
            found = self.targets.of_plain(node, decorated.scope)
            return found if isinstance(found, Problem) else [found]
        targets = []
        for i, _ in decorated.legacy:
            call = node.decorator_list[i]
            assert isinstance(call, ast.Call)
            if len(call.args) != 1 or call.keywords or isinstance(call.args[0], ast.Starred):
                return Problem(
                    "unsupported-use",
                    call,
                    "`adjoint` takes one target",
                    "Write one `@adjoint(target)` for each target.",
                )
            target = self.targets.of_explicit(call.args[0], decorated.scope)
            if isinstance(target, Problem):
                return target
            targets.append(target)
        if len({(t.kind is Kind.FUNCTOR) for t in targets}) > 1 or (
            len(targets) > 1 and targets[0].kind is Kind.FUNCTOR
        ):
            return Problem(
                "unsupported-use",
                node,
                "a functor's rule is stacked with others",
                "Write a rule for each of them.",
            )
        return targets

    def _property_names(self, decorated: Decorated, node: ast.FunctionDef) -> Iterator[str]:
        modules = legacy.closed_modules(self.options.legacy_modules)
        plain: list[ast.expr] = [ast.Name(node.name, ast.Load())]
        named = [d.args[0] for d in node.decorator_list if isinstance(d, ast.Call) and d.args]
        for target in plain if decorated.is_plain else named:
            symbols = self.project.resolve(target, decorated.scope, self.unit)
            yield from filter(None, (legacy.legacy_name((s,), modules) for s in symbols))

    def _head(
        self,
        decorated: Decorated,
        node: ast.FunctionDef,
        targets: list[Target],
        runtime: RuntimeNames,
        own: str | None,
    ) -> Iterator[Operation]:
        """Yield the operations on the decorators, name and parameters of the rule."""
        register = f"{runtime.use('rrule')}.register"
        for (i, _), target in zip(decorated.legacy, targets, strict=True):
            decorator = node.decorator_list[i]
            if isinstance(decorator, ast.Call):
                yield Replace(address(decorator.func), register)
                if target.text != ast.unparse(decorator.args[0]):
                    yield Replace(address(decorator.args[0]), target.text)
            else:
                yield Replace(address(decorator), f"{register}({target.text})")
        name = None
        if decorated.is_plain:
            name = rule_name(targets[0].name, self.taken)
            self.taken.add(name)
        yield EditFunction(address(node), name, own)

    def _escapes(self, decorated: Decorated, node: ast.FunctionDef) -> Iterator[Problem]:
        """Yield a problem where a rule that keeps its name is used under it, by code that expects its old form."""
        if decorated.is_plain or node.name == "_":
            return
        returned = {n.value for n in ast.walk(self.tops[node]) if isinstance(n, ast.Return)}
        for use in ast.walk(decorated.scope.node):
            named = isinstance(use, ast.Name) and use.id == node.name and isinstance(use.ctx, ast.Load)
            if isinstance(use, ast.Name) and named and use not in returned:
                message = f"`{node.name}` is called elsewhere, by code that expects its old form"
                yield Problem("used-rule", use, message, _USED)
        if decorated.scope.parent is None:
            for other in self.project.importers(self.unit, node.name):
                message = f"`{node.name}` is imported by `{other.name}`, which expects its old form"
                yield Problem("used-rule", node, message, _USED)

    # -- nograd --------------------------------------------------------------------------------

    def _nograd_decorator(self, decorated: Decorated) -> Plan:
        problem = nograd.decorator_problem(decorated.node, [i for i, _ in decorated.legacy])
        if problem is not None:
            return self._refused(decorated, Kind.NOGRAD, problem)
        runtime = RuntimeNames(self.unit, self.options.runtime)
        uses = [use for _, use in decorated.legacy]
        operations = tuple(Replace(address(u.node), runtime.use("non_differentiable")) for u in uses)
        return Plan(
            Converted(self._definition(decorated, Kind.NOGRAD)),
            self.tops[decorated.node],
            operations,
            frozenset(runtime.used),
            frozenset((u.root, u.scope) for u in uses),
            _home(uses[0]),
        )

    def _of_statement(self, statement: ast.Expr, use: Use) -> Plan:
        assert isinstance(statement.value, ast.Call)
        arguments = statement.value.args
        name = ", ".join(ast.unparse(a) for a in arguments) or "nograd()"
        definition = self._definition_at(name, Kind.NOGRAD, statement)
        runtime = RuntimeNames(self.unit, self.options.runtime)
        outcome = nograd.statement_operations(statement, use.scope, self.targets, self.unit, runtime)
        if isinstance(outcome, Problem):
            return Plan(Refused(definition, self._diagnostic(outcome, name)), self.tops[statement])
        operations, notes = outcome
        return Plan(
            Converted(definition, notes),
            self.tops[statement],
            operations,
            frozenset(runtime.used),
            frozenset({(use.root, use.scope)}),
            _home(use),
        )

    # -- refusals and notes --------------------------------------------------------------------

    def _refused(self, decorated: Decorated, kind: Kind, problem: Problem) -> Plan:
        definition = self._definition(decorated, kind)
        return Plan(
            Refused(definition, self._diagnostic(problem, definition.name)), self.tops[decorated.node]
        )

    def _unsupported(self, use: Use) -> Plan:
        text = ast.unparse(use.node)
        problem = Problem(
            "unsupported-use",
            use.node,
            f"`{text}` is used otherwise than as a decorator",
            "Write the rule as a function under `@adjoint`, or convert it by hand.",
        )
        definition = self._definition_at(text, Kind.FUNCTION, use.node)
        return Plan(Refused(definition, self._diagnostic(problem, text)), self.tops[use.node])

    def _note(self, use: Use) -> Diagnostic:
        return self.unit.module.diagnostic(
            "legacy-call",
            use.node,
            f"`{ast.unparse(use.node)}` calls the legacy AD from outside of a rule; it stays as it is",
            "",
            Severity.NOTE,
        )

    def _diagnostic(self, problem: Problem, name: str) -> Diagnostic:
        message = f"`{name}` is not converted: {problem.message}"
        return self.unit.module.diagnostic(problem.slug, problem.node, message, problem.hint)

    def _definition(self, decorated: Decorated, kind: Kind) -> LegacyDefinition:
        node = decorated.node
        targets = [
            d.args[0]
            for i, _ in decorated.legacy
            if isinstance(d := node.decorator_list[i], ast.Call) and d.args
        ]
        name = ", ".join(ast.unparse(t) for t in targets) or node.name
        return self._definition_at(name, kind, node)

    def _definition_at(self, name: str, kind: Kind, node: ast.stmt | ast.expr) -> LegacyDefinition:
        span = self.unit.module.span(node)
        if isinstance(node, ast.stmt):
            span = self.unit.module.from_decorators(node)
        line, column = self.unit.module.location(span.start)
        return LegacyDefinition(name, kind, span, line, column)


def _decorated(unit: Unit, uses: list[Use]) -> tuple[list[Decorated], list[Use]]:
    """Return the definitions under legacy decorators, and the uses that are none."""
    decorators: dict[ast.expr, tuple[DefinitionNode | ast.ClassDef, int]] = {}
    for node in ast.walk(unit.module.tree):
        if isinstance(node, DefinitionNode | ast.ClassDef):
            for i, decorator in enumerate(node.decorator_list):
                decorators[decorator.func if isinstance(decorator, ast.Call) else decorator] = (node, i)
    found: dict[ast.AST, Decorated] = {}
    rest = []
    for use in uses:
        if use.node in decorators and use.name in legacy.DEFINING | {legacy.AMBIGUOUS}:
            node, index = decorators[use.node]
            found.setdefault(node, Decorated(node, use.scope)).legacy.append((index, use))
        else:
            rest.append(use)
    return list(found.values()), rest


def _statements(unit: Unit, uses: list[Use]) -> tuple[list[tuple[ast.Expr, Use]], list[Use]]:
    """Return the ``nograd(...)`` statements, and the uses that are none."""
    calls = {
        node.value.func: node
        for node in ast.walk(unit.module.tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    }
    found = [(calls[u.node], u) for u in uses if u.name == "nograd" and u.node in calls]
    taken = {u.node for _, u in found}
    return found, [u for u in uses if u.node not in taken]


def _home(use: Use) -> Scope | None:
    """Return the scope that binds the legacy name, `None` for a star import."""
    found = use.scope.find(use.root.id)
    return found[0] if found else None


def _identifiers(node: ast.AST) -> Iterator[str]:
    for attribute in ("id", "name", "arg", "asname", "attr"):
        value = getattr(node, attribute, None)
        if isinstance(value, str):
            yield value


_AMBIGUOUS = "Import the name from one place on every path."
_MUTATING = "Rewrite the primal without mutation, or keep this rule on `adjoint2rrule.legacy`."
_DECORATOR = "Leave only `@adjoint` on the rule, and let the others decorate what it calls."
_PLAIN = "Write the rule as a plain function under `@adjoint`."
_IN_CLASS = "Move it out of the class: `@adjoint(MyClass.method)` over a function of the module."
_CALLBACK = "Convert this rule by hand, or keep it on `adjoint2rrule.legacy` for now."
_USED = "Give what both need a function of its own, and let the rule call it."
