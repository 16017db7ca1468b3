"""Decides on each legacy definition of a file, converted or refused, and plans what converting it takes."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Sequence, Set
from dataclasses import dataclass, replace

from adjoint2rrule.convert.classes import Classes
from adjoint2rrule.convert.dialects.zygoterules import names as legacy
from adjoint2rrule.convert.dialects.zygoterules import nograd
from adjoint2rrule.convert.dialects.zygoterules.adapting import module_for
from adjoint2rrule.convert.dialects.zygoterules.definitions import (
    Decorated,
    Definitions,
    find_definitions,
)
from adjoint2rrule.convert.dialects.zygoterules.forms import form_problem, targets_of
from adjoint2rrule.convert.dialects.zygoterules.functions import Functions
from adjoint2rrule.convert.dialects.zygoterules.helpers import Helpers
from adjoint2rrule.convert.dialects.zygoterules.names import Use
from adjoint2rrule.convert.dialects.zygoterules.naming import RuleNames, identifiers
from adjoint2rrule.convert.dialects.zygoterules.overloads import (
    groups_elsewhere,
    overload_group,
    stays_legacy,
)
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.dialects.zygoterules.properties import Properties
from adjoint2rrule.convert.dialects.zygoterules.reexports import unneeded_reexports
from adjoint2rrule.convert.dialects.zygoterules.relays import Relays
from adjoint2rrule.convert.dialects.zygoterules.rule_plans import RulePlanner
from adjoint2rrule.convert.dialects.zygoterules.targets import Target, Targets
from adjoint2rrule.convert.model import (
    Adapted,
    Converted,
    Decision,
    Diagnostic,
    Kind,
    LegacyDefinition,
    Options,
    Refused,
    Severity,
)
from adjoint2rrule.convert.operations import Operation, Replace, address
from adjoint2rrule.convert.plan import Consumed, Plan, Plans
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.runtime import RuntimeNames
from adjoint2rrule.convert.scopes import By, names_bound_by
from adjoint2rrule.convert.units import Unit


def plan_file(unit: Unit, project: Project, options: Options) -> Plans:
    """Return what becomes of each legacy definition in `unit`, in the order of the file."""
    modules = legacy.closed_modules(options.legacy_modules)
    found = find_definitions(unit, project, modules)
    unfollowed = [_unfollowed(call, unit) for call in legacy.dynamic_imports(unit, modules)]
    unfollowed += unneeded_reexports(unit, project, modules)
    if found == Definitions((), (), ()):
        return Plans((), tuple(unfollowed))
    plans = _agreed_plans(unit, project, options, found)
    plans.sort(key=lambda plan: plan.decision.definition.span)
    planner = _Planner(unit, project, options, found)
    consumed = {name for plan in plans for name, _, _ in plan.consumed}
    left = (u for u in found.others if u.name in legacy.CALLBACKS and u.root not in consumed)
    notes = tuple(planner.note(use) for use in left if not planner.speaks_for_a_rule(use))
    return Plans(tuple(plans), (*unfollowed, *notes))


def _unfollowed(call: ast.Call, unit: Unit) -> Diagnostic:
    """Return the note on a legacy module that is imported by a call."""
    message = f"`{ast.unparse(call)}` gives a legacy module, and what is defined through it is not looked for"
    hint = "Write it as an `import` statement."
    return unit.module.diagnostic("dynamic-import", call, message, hint, Severity.NOTE)


@dataclass(frozen=True)
class _Agreement:
    """What the plans of a file have to agree on.

    Attributes
    ----------
    kept
        Helpers that one of their rules needs as they are.
    freed
        Names that nothing will bind or use any more.
    asking
        Groups of rules of which one calls back into the AD, so that all take its config.
    legacy
        Groups of rules of which one is refused, so that all are.
    """

    kept: frozenset[ast.AST] = frozenset()
    freed: frozenset[str] = frozenset()
    asking: frozenset[Hashable] = frozenset()
    legacy: frozenset[Hashable] = frozenset()

    def __or__(self, other: _Agreement) -> _Agreement:
        return _Agreement(
            self.kept | other.kept,
            self.freed | other.freed,
            self.asking | other.asking,
            self.legacy | other.legacy,
        )


def _agreed_plans(unit: Unit, project: Project, options: Options, found: Definitions) -> list[Plan]:
    """Return the plans, made anew until they agree."""
    asking, changing = groups_elsewhere(unit, project, legacy.closed_modules(options.legacy_modules))
    agreement = _Agreement(asking=asking, legacy=changing)
    while True:
        planner = _Planner(unit, project, options, found, agreement)
        plans = planner.plans()
        wider = agreement | planner.wanted(plans)
        if wider == agreement:
            return plans
        agreement = wider


class _Planner:
    """Plans the definitions of one file."""

    def __init__(
        self,
        unit: Unit,
        project: Project,
        options: Options,
        found: Definitions,
        agreement: _Agreement = _Agreement(),
    ) -> None:
        self.found = found
        self.agreement = agreement
        self.asking: set[Hashable] = set()
        self.unit = unit
        self.project = project
        self.modules = legacy.closed_modules(options.legacy_modules)
        self.rules: set[ast.AST] = {d.node for d in found.decorated if d.is_plain_rule}
        self.targets = Targets(project, unit, self.rules, self.modules)
        self.properties = Properties(unit, project)
        self.ruled = found.ruled
        self.calls = {use.node for use in (*found.others, *(use for _, use in found.statements))}
        self.functions = Functions(project, unit, self._is_rule)
        self.classes = Classes(project, unit)
        self.tops = unit.tops
        self.names = RuleNames(identifiers(self.tops))
        within = unit.concerning([*(d.node for d in found.decorated), *(u.node for u in found.uses)])
        self.runtime = RuntimeNames(unit, project, options.runtime, within=within)
        rules = [d.node for d in found.decorated if d.names == {"adjoint"}]
        outside = [use for use in found.others if use.name in {*legacy.CALLBACKS, legacy.CONTEXT}]
        self.helpers = Helpers(unit, project, rules, outside, agreement.kept)
        self.relays = Relays(self.helpers)
        self.rule_planner = RulePlanner(
            unit,
            project,
            self.targets,
            self.functions,
            self.classes,
            self.properties,
            self.relays,
            self.runtime,
            RuntimeNames(unit, project, module_for(options.runtime, project), agreement.freed, within),
            self.names,
            options,
        )

    def plans(self) -> list[Plan]:
        """Return the plan for each definition, and for each use that is none."""
        plans = [self.of_decorated(decorated) for decorated in self.found.decorated]
        plans += [self.of_nograd(statement, use) for statement, use in self.found.statements]
        defining = legacy.DEFINING | {legacy.AMBIGUOUS}
        plans += [self.of_other(use) for use in self.found.others if use.name in defining]
        plans += [self.of_property(use) for use in self.found.others if use.name in legacy.PROPERTIES]
        return plans

    def wanted(self, plans: Sequence[Plan]) -> _Agreement:
        """Return what the plans that were made would have to agree on."""
        refused = (p.group for p in plans if isinstance(p.decision, Refused))
        legacy_groups = frozenset().union(*refused)
        return _Agreement(self._disputed(plans), self._unused(plans), frozenset(self.asking), legacy_groups)

    def _disputed(self, plans: Sequence[Plan]) -> frozenset[ast.AST]:
        """Return the helpers on which not all plans of the rules that use them agree."""
        changed = {helper for plan in plans for helper in plan.helpers}
        found = set()
        for helper in changed:
            assert isinstance(helper, ast.FunctionDef)
            users = self.relays.rules_using(helper)
            mine = [p for p in plans if helper in p.helpers]
            wanted = {_operations_in(helper, plan) for plan in mine}
            if len(mine) < len(users) or len(wanted) > 1:
                found.add(helper)
        return frozenset(found)

    def _unused(self, plans: Sequence[Plan]) -> frozenset[str]:
        """Return the names of the legacy runtime that no use is left of, and that new code needs."""
        consumed = {name for plan in plans for name, _, _ in plan.consumed}
        wanted = {name.partition(" as ")[0] for plan in plans for _, name in plan.imports}
        return frozenset(name for name in wanted if self._is_imported_alone(name, consumed))

    def _is_imported_alone(self, name: str, consumed: Set[ast.Name]) -> bool:
        """Whether imports alone bind a name, in any scope, and `consumed` are all its uses."""
        bindings = [b for b in self.unit.scope.bindings.get(name, []) if b.by is By.IMPORT]
        bound = sum(names_bound_by(node).count(name) for node in ast.walk(self.unit.module.tree))
        uses = [use for use, _ in self.unit.reads.get(name, ())]
        return 0 < bound == len(bindings) and all(use in consumed for use in uses)

    def _is_rule(self, node: ast.AST, unit: Unit) -> bool:
        """Whether a function, here or in another module, leaves its name to what it is a rule for."""
        if unit is self.unit:
            return node in self.rules
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        names = [self.project.resolve(decorator, unit.scope, unit) for decorator in decorators]
        return any(legacy.legacy_name(symbols, self.modules) == "adjoint" for symbols in names)

    # -- functions under decorators ------------------------------------------------------------

    def of_decorated(self, decorated: Decorated) -> Plan:
        """Return the plan for a function or class under legacy decorators."""
        if decorated.names == {"nograd"}:
            return self._nograd(decorated)
        problem = form_problem(decorated, self.unit)
        if problem is not None:
            return self._refused_form(decorated, problem)
        assert isinstance(decorated.node, ast.FunctionDef)
        try:
            targets = targets_of(decorated, decorated.node, self.targets)
            if isinstance(targets, Problem):
                return self._refused(decorated, Kind.FUNCTION, targets)
            return self._rule(decorated, decorated.node, targets)
        except RecursionError:
            message = "it is nested more deeply than can be read"
            problem = Problem("too-deep", decorated.node, message, "Split its longest expression or branch.")
            return self._refused(decorated, Kind.FUNCTION, problem)

    def _refused_form(self, decorated: Decorated, problem: Problem) -> Plan:
        """Return the refusal of a definition for its form; what it is a rule for can often be told."""
        kind = Kind.MUTATING if problem.slug == "mutating-rule" else Kind.FUNCTION
        plan = self._refused(decorated, kind, problem)
        if not isinstance(decorated.node, ast.FunctionDef) or not decorated.names <= {
            "adjoint",
            "adjoint_mut",
        }:
            return plan
        targets = targets_of(decorated, decorated.node, self.targets)
        if isinstance(targets, Problem):
            return plan
        group = overload_group(targets, decorated.scope, self.unit, self.project, self.classes)
        return replace(plan, group=group)

    def _rule(self, decorated: Decorated, node: ast.FunctionDef, targets: list[Target]) -> Plan:
        """Return the plan for a rule whose form is one of those that are converted."""
        kind = targets[0].kind
        group = overload_group(targets, decorated.scope, self.unit, self.project, self.classes)
        with_config = bool(group & self.agreement.asking)
        found = self.rule_planner.plan(decorated, node, targets, with_config=with_config)
        if not isinstance(found, Problem) and group & self.agreement.legacy:
            found = stays_legacy(node)
        if isinstance(found, Problem):
            return replace(self._refused(decorated, kind, found), group=group)
        self.asking |= group if found.calls_back else set()
        definition = self._definition(decorated, kind)
        notes = tuple(note for t in targets for note in t.notes)
        advice = (self._advice(found.advice, decorated.name),) if found.advice is not None else ()
        decision: Decision = Converted(definition, notes, advice)
        if found.reason is not None:
            decision = Adapted(definition, self._adapted(found.reason, decorated.name), notes)
        return Plan(
            decision,
            self.tops[node],
            found.operations,
            found.runtime,
            found.consumed,
            frozenset({node} if decorated.is_plain else ()),
            found.imports,
            frozenset(found.helpers),
            group,
        )

    # -- nograd --------------------------------------------------------------------------------

    def _nograd(self, decorated: Decorated) -> Plan:
        problem = nograd.decorator_problem(decorated.node, [i for i, _ in decorated.decorators])
        if problem is not None:
            return self._refused(decorated, Kind.NOGRAD, problem)
        runtime = self.runtime.fresh()
        uses = [use for _, use in decorated.decorators]
        return Plan(
            Converted(self._definition(decorated, Kind.NOGRAD)),
            self.tops[decorated.node],
            tuple(Replace(address(use.node), runtime.use("non_differentiable")) for use in uses),
            frozenset(runtime.used),
            frozenset(map(_consumed, uses)),
        )

    def of_nograd(self, place: ast.Expr | ast.Call, use: Use) -> Plan:
        """Return the plan for a call of ``nograd``: a statement, or a part of one."""
        call = place.value if isinstance(place, ast.Expr) else place
        assert isinstance(call, ast.Call)
        name = ", ".join(ast.unparse(a) for a in call.args) or "nograd()"
        definition = self._definition_at(name, Kind.NOGRAD, place)
        runtime = self.runtime.fresh()
        outcome = nograd.call_operations(place, use.scope, self.targets, self.ruled, runtime)
        if isinstance(outcome, Problem):
            return Plan(Refused(definition, self._diagnostic(outcome, name)), self.tops[place])
        operations, notes = outcome
        return Plan(
            Converted(definition, notes),
            self.tops[place],
            operations,
            frozenset(runtime.used),
            frozenset({_consumed(use)}),
        )

    # -- access to properties ------------------------------------------------------------------

    def of_property(self, use: Use) -> Plan:
        """Return the plan for a use of ``literal_getproperty`` or its like outside of rules."""
        place = self.properties.place(use)
        definition = self._definition_at(ast.unparse(place), Kind.ACCESS, place)
        operation = self.properties.operation(use, self.calls)
        if isinstance(operation, Problem):
            return Plan(Refused(definition, self._diagnostic(operation, definition.name)), self.tops[place])
        consumed = frozenset({_consumed(use)})
        return Plan(Converted(definition), self.tops[place], (operation,), consumed=consumed)

    # -- refusals and notes --------------------------------------------------------------------

    def of_other(self, use: Use) -> Plan:
        """Return the plan for a use that is neither a decorator nor a ``nograd`` statement."""
        call = self.properties.place(use)
        if use.name == "nograd" and isinstance(call, ast.Call):
            return self.of_nograd(call, use)
        text = ast.unparse(use.node)
        problem = Problem(
            "unsupported-use",
            use.node,
            f"`{text}` is used otherwise than as a decorator",
            "Write the rule as a function under `@adjoint`, or convert it by hand.",
        )
        definition = self._definition_at(text, Kind.FUNCTION, use.node)
        return Plan(Refused(definition, self._diagnostic(problem, text)), self.tops[use.node])

    def speaks_for_a_rule(self, use: Use) -> bool:
        """Whether a call into the legacy AD is given the config of a rule, which is adapted already."""
        call = self.properties.place(use)
        first = call.args[0] if isinstance(call, ast.Call) and call.args else None
        found = use.scope.find(first.id) if isinstance(first, ast.Name) else None
        nodes = [b.node for b in found[1]] if found is not None else []
        annotations = [n.annotation for n in nodes if isinstance(n, ast.arg) and n.annotation is not None]
        return any("RuleConfig" in ast.unparse(annotation) for annotation in annotations)

    def note(self, use: Use) -> Diagnostic:
        """Return the note on a call into the legacy AD that stands in no rule."""
        message = f"`{ast.unparse(use.node)}` calls the legacy AD from outside of a rule; it stays as it is"
        if self.relays.serves_a_rule(use.node):
            message = f"`{ast.unparse(use.node)}` calls the legacy AD, for a rule too; it stays as it is"
        return self.unit.module.diagnostic("legacy-call", use.node, message, "", Severity.NOTE)

    def _refused(self, decorated: Decorated, kind: Kind, problem: Problem) -> Plan:
        reason = self._diagnostic(problem, decorated.name)
        return Plan(Refused(self._definition(decorated, kind), reason), self.tops[decorated.node])

    def _adapted(self, problem: Problem, name: str) -> Diagnostic:
        message = f"`{name}` keeps its legacy pullback, which is wrapped: {problem.message}"
        wish = problem.hint[:1].lower() + problem.hint[1:]
        hint = f"It is right as it is. For plain tangents instead: {wish}"
        return self.unit.module.diagnostic(problem.slug, problem.node, message, hint, Severity.WARNING)

    def _advice(self, problem: Problem, name: str) -> Diagnostic:
        message = f"`{name}`: {problem.message}"
        return self.unit.module.diagnostic(problem.slug, problem.node, message, problem.hint, Severity.NOTE)

    def _diagnostic(self, problem: Problem, name: str) -> Diagnostic:
        message = f"`{name}` is not converted: {problem.message}"
        return self.unit.module.diagnostic(problem.slug, problem.node, message, problem.hint)

    def _definition(self, decorated: Decorated, kind: Kind) -> LegacyDefinition:
        return self._definition_at(decorated.name, kind, decorated.node)

    def _definition_at(self, name: str, kind: Kind, node: ast.stmt | ast.expr) -> LegacyDefinition:
        module = self.unit.module
        span = module.from_decorators(node) if isinstance(node, ast.stmt) else module.span(node)
        line, column = module.location(span.start)
        return LegacyDefinition(name, kind, span, line, column)


def _operations_in(helper: ast.AST, plan: Plan) -> frozenset[Operation]:
    """Return the operations of `plan` on `helper`."""
    assert isinstance(helper, ast.FunctionDef)
    lines = range(helper.lineno, (helper.end_lineno or helper.lineno) + 1)
    return frozenset(o for o in plan.operations if o.at.start[0] in lines)


def _consumed(use: Use) -> Consumed:
    return use.root, use.scope, ast.unparse(use.node)
