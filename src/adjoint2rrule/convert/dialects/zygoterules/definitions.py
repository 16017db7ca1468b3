"""Finds the legacy definitions of a file: functions under legacy decorators, and ``nograd`` statements."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from adjoint2rrule.convert.dialects.zygoterules import names as legacy
from adjoint2rrule.convert.dialects.zygoterules.names import Use
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import DefinitionNode, Scope, parameters_of
from adjoint2rrule.convert.units import Unit

_DECORATING = legacy.DEFINING | {legacy.AMBIGUOUS}


@dataclass
class Decorated:
    """A function or class under legacy decorators.

    Attributes
    ----------
    node, scope
        The definition, and the scope in which it stands.
    decorators
        Position, from the top, and use of each legacy decorator.
    targets
        Uses of legacy names that are the targets of decorators.
    callbacks
        Uses of legacy names inside of it.
    """

    node: DefinitionNode | ast.ClassDef
    scope: Scope
    decorators: list[tuple[int, Use]] = field(default_factory=list)
    targets: list[Use] = field(default_factory=list)
    callbacks: list[Use] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        """The legacy names among the decorators."""
        return {use.name for _, use in self.decorators}

    @property
    def is_plain(self) -> bool:
        """Whether a decorator stands without a target, so that the function's own name is it."""
        return any(not isinstance(self.node.decorator_list[i], ast.Call) for i, _ in self.decorators)

    @property
    def is_plain_rule(self) -> bool:
        """Whether this leaves its name to what it is a rule for."""
        return self.is_plain and self.names <= {"adjoint", "adjoint_mut"}

    @property
    def explicit_targets(self) -> list[ast.expr]:
        """The targets that the decorators name."""
        calls = [self.node.decorator_list[i] for i, _ in self.decorators]
        return [call.args[0] for call in calls if isinstance(call, ast.Call) and call.args]

    @property
    def target_names(self) -> set[str]:
        """The targets, as the source writes them."""
        explicit = {ast.unparse(target) for target in self.explicit_targets}
        return explicit | ({self.node.name} if self.is_plain else set())

    @property
    def name(self) -> str:
        """What the definition is for, as the source writes it."""
        if self.explicit_targets:
            return ", ".join(ast.unparse(target) for target in self.explicit_targets)
        if self.node.name == "__call__" and isinstance(self.node, ast.FunctionDef):
            first = next(iter(parameters_of(self.node)), None)
            if first is not None and first.annotation is not None:
                return ast.unparse(first.annotation).strip("'") + ".__call__"
        return self.node.name


@dataclass(frozen=True)
class Definitions:
    """What a file holds of the dialect.

    Attributes
    ----------
    decorated
        The definitions under legacy decorators.
    statements
        The ``nograd(...)`` statements, each with the use of the name.
    others
        Uses of legacy names outside of all these.
    ruled
        What the file has rules for, legacy or not, as the source writes it.
    """

    decorated: tuple[Decorated, ...]
    statements: tuple[tuple[ast.Expr, Use], ...]
    others: tuple[Use, ...]
    ruled: frozenset[str] = frozenset()

    @property
    def uses(self) -> list[Use]:
        """Every use of a legacy name but for those inside of decorated definitions."""
        return [*self.others, *(use for _, use in self.statements)]


def find_definitions(unit: Unit, project: Project, modules: legacy.Modules) -> Definitions:
    """Return the legacy definitions of `unit`, and every other use of a legacy name in it."""
    uses = list(legacy.uses(unit, project, modules))
    if not uses:
        return Definitions((), (), ())
    decorated, rest = _decorated(unit, uses)
    statements, rest = _statements(unit, rest)
    by_node = {d.node: d for d in decorated if d.names != {"nograd"}}
    by_target = {target: d for d in decorated for target in d.explicit_targets}
    others = []
    for use in rest:
        if use.node in by_target:
            by_target[use.node].targets.append(use)
            continue
        around = [by_node[f] for f in use.functions if f in by_node]
        for definition in around:
            definition.callbacks.append(use)
        if not around:
            others.append(use)
    ruled = frozenset(_ruled(unit, decorated))
    return Definitions(tuple(decorated), tuple(statements), tuple(others), ruled)


def _ruled(unit: Unit, decorated: list[Decorated]) -> Iterator[str]:
    """Yield the targets of the legacy rules, and of the ones under ``@rrule.register(target)``."""
    for definition in decorated:
        if definition.names != {"nograd"}:
            yield from definition.target_names
    for node in unit.tops:
        for decorator in getattr(node, "decorator_list", []):
            match decorator:
                case ast.Call(
                    func=ast.Attribute(attr="register"),
                    args=[ast.Subscript(value=ast.Name(id="type"), slice=target) | target],
                ):
                    yield ast.unparse(target)


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
        if use.node in decorators and use.name in _DECORATING:
            node, index = decorators[use.node]
            found.setdefault(node, Decorated(node, use.scope)).decorators.append((index, use))
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
    found = [(calls[use.node], use) for use in uses if use.name == "nograd" and use.node in calls]
    taken = {use.node for _, use in found}
    return found, [use for use in uses if use.node not in taken]
