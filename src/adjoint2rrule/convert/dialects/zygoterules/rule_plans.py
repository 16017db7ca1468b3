"""Plans what becomes of a legacy rule: converted where that is sure to be right, else adapted or refused."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from adjoint2rrule.convert.classes import Classes
from adjoint2rrule.convert.dialects.zygoterules import names as legacy
from adjoint2rrule.convert.dialects.zygoterules.adapting import adapt, free_name, is_adaptable
from adjoint2rrule.convert.dialects.zygoterules.conversions import RuleConversion, used
from adjoint2rrule.convert.dialects.zygoterules.definitions import Decorated
from adjoint2rrule.convert.dialects.zygoterules.forms import escapes
from adjoint2rrule.convert.dialects.zygoterules.functions import Functions
from adjoint2rrule.convert.dialects.zygoterules.names import Use
from adjoint2rrule.convert.dialects.zygoterules.naming import RuleNames, first_parameter
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.dialects.zygoterules.properties import Properties
from adjoint2rrule.convert.dialects.zygoterules.relays import Relays
from adjoint2rrule.convert.dialects.zygoterules.rules import Rule, read_rule
from adjoint2rrule.convert.dialects.zygoterules.tangents import Changes
from adjoint2rrule.convert.dialects.zygoterules.targets import Target, Targets
from adjoint2rrule.convert.model import Kind, Options
from adjoint2rrule.convert.operations import EditFunction, Operation, Replace, address, written_by
from adjoint2rrule.convert.plan import Consumed
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.runtime import RuntimeNames
from adjoint2rrule.convert.units import Unit


@dataclass(frozen=True)
class RulePlan:
    """What converting or adapting a rule takes.

    Attributes
    ----------
    operations
        What is to be done to it, and to its helpers.
    reason
        Why it is adapted; `None` where it is converted.
    runtime
        The names of the runtime that the new code uses.
    imports
        What it takes from the legacy runtime: the module, and the name with its alias.
    consumed
        The uses of names that it no longer has.
    helpers
        The functions outside of it that are rewritten with it.
    advice
        What its author may want to reconsider.
    calls_back
        Whether it calls back into the AD.
    """

    operations: tuple[Operation, ...]
    reason: Problem | None
    runtime: frozenset[str]
    imports: frozenset[tuple[str, str]]
    consumed: frozenset[Consumed]
    helpers: tuple[ast.FunctionDef, ...]
    advice: Problem | None
    calls_back: bool


@dataclass(frozen=True)
class RulePlanner:
    """Plans the rules of one file.

    Attributes
    ----------
    unit, project
        The file, and the project around it.
    targets, functions, classes, properties, relays
        What is known of them.
    runtime, legacy
        The names of the runtime, and of the one that has `adapt_pullback`.
    names
        The names that rules are given.
    options
        What the user asked for.
    """

    unit: Unit
    project: Project
    targets: Targets
    functions: Functions
    classes: Classes
    properties: Properties
    relays: Relays
    runtime: RuntimeNames
    legacy: RuntimeNames
    names: RuleNames
    options: Options

    def plan(
        self, decorated: Decorated, node: ast.FunctionDef, targets: list[Target], *, with_config: bool
    ) -> RulePlan | Problem:
        """Return the plan for a rule, or why it is refused; `with_config`, one that takes a config anyhow."""
        callbacks: dict[ast.expr, str]
        callbacks = {u.node: u.name for u in decorated.callbacks if u.name in _ASKING}
        rule = read_rule(node, decorated.scope, self.functions, self.relays.helpers, callbacks)
        reads = self._property_reads(decorated)
        problems = [*escapes(decorated, node, self.unit, self.project), *rule.problems]
        problems += [read for read in reads.values() if isinstance(read, Problem)]
        if fatal := [problem for problem in problems if not is_adaptable(problem)]:
            return fatal[0]
        helpers = self.relays.calling_back(node)
        problems += self.relays.problems(node)
        config = free_name("config", node, *helpers)
        runtime, names = self.runtime.fresh(), self.legacy.fresh()
        if not problems:
            conversion = RuleConversion(
                rule, targets[0], self.unit, self.classes, self.functions, runtime, config, self.options
            )
            changes = conversion.decide()
            problems = list(changes.problems)
        else:
            uses = [rule.callbacks.uses, *(pullback.uses for pullback in rule.pullbacks)]
            problems += [used(problem) for found in uses for problem in found.problems]
        if fatal := [problem for problem in problems if not is_adaptable(problem)]:
            return fatal[0]
        if problems:
            runtime = self.runtime.fresh()
            inside = self.relays.uses_in(helpers)
            parameter = self._config_parameter(config, runtime) if helpers else config
            closely = any(
                p.slug in {"inspected-seed", "inspected-cotangent", "opaque-call"} for p in problems
            )
            with_value = closely and _asks_for_keys(rule)
            changes = adapt(
                rule, targets[0], names, config, parameter, helpers, inside, with_value=with_value
            )
            if changes.problems:
                return changes.problems[0]
        properties = [read for read in reads.values() if not isinstance(read, Problem)]
        calls_back = bool(rule.callbacks.calls or helpers)
        asked = config if calls_back or with_config else None
        is_same = names.module == runtime.module
        head = self._head(decorated, node, targets, runtime, changes, asked)
        return RulePlan(
            (*head, *changes.in_order, *properties),
            min(problems, key=_telling, default=None),
            frozenset(runtime.used | names.used if is_same else runtime.used),
            frozenset() if is_same else frozenset((names.module, name) for name in names.used),
            frozenset(
                self._consumed(
                    decorated,
                    changes,
                    reads.keys(),
                    rule,
                    helpers,
                    is_on_properties=targets[0].kind is Kind.PROPERTY,
                )
            ),
            helpers if problems else rule.helpers,
            changes.advice,
            calls_back,
        )

    @staticmethod
    def _config_parameter(name: str, runtime: RuntimeNames) -> str:
        """Return the parameter that takes the config of an AD that rules can call back into."""
        return f"{name}: {runtime.use('RuleConfig')}[{runtime.use('HasReverseMode')}]"

    def _property_reads(self, decorated: Decorated) -> Mapping[Use, Operation | Problem]:
        """Return what becomes of each use of ``literal_getproperty`` in the rule."""
        # The AD of whoever calls the rule knows `getattr`, whatever the legacy one asks for.
        calls = {use.node for use in decorated.callbacks if use.name not in legacy.CALLBACKS}
        uses = (use for use in decorated.callbacks if use.name in legacy.PROPERTIES)
        return {use: self.properties.operation(use, calls) for use in uses}

    def _consumed(
        self,
        decorated: Decorated,
        changes: Changes,
        reads: Set[Use],
        rule: Rule,
        helpers: tuple[ast.FunctionDef, ...],
        *,
        is_on_properties: bool,
    ) -> Iterator[Consumed]:
        """Yield the uses of names that a rule has no more; of a plain rule on properties, its name too."""
        yield from changes.consumed
        back = {callback.call.func for callback in rule.callbacks.calls}
        uses = [*reads, *decorated.targets, *(use for _, use in decorated.decorators)]
        uses += [use for use in decorated.callbacks if use.node in back or use.name == legacy.CONTEXT]
        uses += self.relays.uses_in(helpers)
        for use in uses:
            yield use.root, use.scope, ast.unparse(use.node)
        if decorated.is_plain and is_on_properties:
            # The rule was read under this name, and is the last to need its import.
            name = ast.Name(decorated.node.name, ast.Load())
            yield name, decorated.scope, name.id

    def _head(
        self,
        decorated: Decorated,
        node: ast.FunctionDef,
        targets: list[Target],
        runtime: RuntimeNames,
        changes: Changes,
        config: str | None,
    ) -> Iterator[Operation]:
        """Yield the operations on the decorators, name and parameters of the rule."""
        register = f"{runtime.use('rrule')}.register"
        for (i, _), target in zip(decorated.decorators, targets, strict=True):
            decorator = node.decorator_list[i]
            if isinstance(decorator, ast.Call):
                yield Replace(address(decorator.func), register)
                if target.text != ast.unparse(decorator.args[0]):
                    yield Replace(address(decorator.args[0]), target.text)
            else:
                yield Replace(address(decorator), f"{register}({target.text})")
        written = {w for o in changes.in_order for w in re.findall(r"\w+", written_by(o))}
        own = first_parameter(decorated, node, targets, self.targets, written | {config or ""})
        parameters = [own] if own is not None else []
        if config is not None:
            parameters.insert(0, self._config_parameter(config, runtime))
        name = self.names.give(targets[0].name, decorated.scope) if decorated.is_plain else None
        yield EditFunction(address(node), name, tuple(parameters))


_ITERATING = frozenset({"dict", "enumerate", "iter", "len", "list", "sorted", "tuple"})


def _asks_for_keys(rule: Rule) -> bool:
    """Whether a pullback may ask which keys its seed has: the tangent of a dict or object stores no zeros."""
    if rule.value.structured is False or rule.value.is_sequence:
        return False
    nodes = ((node, pullback.seed) for pullback in rule.pullbacks for node in ast.walk(pullback.node))
    return any(_is_about_keys(node, seed) for node, seed in nodes)


def _is_about_keys(node: ast.AST, seed: str) -> bool:
    match node:
        case ast.MatchMapping() | ast.keyword(arg=None):
            return True
        case ast.Attribute(attr=name):
            return name in {"get", "items", "keys", "pop", "values"}
        case ast.Compare(left=ast.Constant(value=str()), ops=[ast.In() | ast.NotIn()]):
            return True
        case ast.Call(func=ast.Name(id=function), args=[ast.Name(id=name), *_]):
            return name == seed and function in _ITERATING
        case ast.For(iter=ast.Name(id=name)):
            return name == seed
        case ast.comprehension(iter=ast.Name(id=name)):
            return name == seed
    return False


def _telling(problem: Problem) -> bool:
    """Return the key by which the problem comes first that says most: what a helper does with cotangents."""
    return problem.slug != "inspected-cotangent"


_ASKING = legacy.CALLBACKS | {legacy.CONTEXT}  # names that ask for the AD
