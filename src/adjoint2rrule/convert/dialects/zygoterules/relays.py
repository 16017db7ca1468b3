"""Who calls back into the AD for a rule from outside of it: functions of its file, and whom these call."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from adjoint2rrule.convert.dialects.zygoterules.helpers import Helpers
from adjoint2rrule.convert.dialects.zygoterules.names import Use
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.scopes import DefinitionNode


@dataclass(frozen=True, eq=False)
class Relay:
    """A statement of the module, or a method of one of its classes, that calls back into the AD.

    Attributes
    ----------
    node
        The statement.
    names
        What it binds in the module.
    method
        The name by which any object may be asked for it.
    """

    node: ast.stmt
    names: frozenset[str]
    method: str | None = None


@dataclass(frozen=True)
class Relays:
    """Tells what calls back into the AD for the rules of a file."""

    helpers: Helpers

    def calling_back(self, rule: ast.AST) -> tuple[ast.FunctionDef, ...]:
        """Return the functions that call back into the AD for `rule` and can be given its config."""
        reached = self._reached(rule)
        functions = [r.node for r in reached if isinstance(r.node, ast.FunctionDef) and self._can_take(r)]
        return tuple(functions) if len(functions) == len(reached) else ()

    def uses_in(self, functions: Collection[ast.AST]) -> list[Use]:
        """Return the uses of legacy names that ask for the AD in `functions`."""
        return [use for use in self.helpers.callbacks if use.functions[:1] and use.functions[0] in functions]

    def problems(self, rule: ast.FunctionDef) -> Iterator[Problem]:
        """Yield a problem for each place of `rule` from which the AD is called outside of it."""
        fixed = any(not self._can_take(relay) for relay in self._reached(rule))
        for node in _body(rule):
            name = self._named(node)
            if name is None or not any(self._is_meant(node, relay) for relay in self._all):
                continue
            message = f"`{name}` calls back into the AD for it"
            if fixed:
                message = f"`{name}` calls the legacy AD for it, whichever AD calls the rule"
            assert isinstance(node, ast.expr)
            yield Problem("opaque-callback", node, message, "Call the AD in the rule itself.")

    def rules_using(self, function: ast.FunctionDef) -> list[ast.AST]:
        """Return the rules that use `function`, or for which others call it back."""
        direct = self.helpers.rules_using(function)
        return [
            rule
            for rule in self.helpers.rules
            if rule in direct or any(relay.node is function for relay in self._reached(rule))
        ]

    def serves_a_rule(self, node: ast.AST) -> bool:
        """Whether a call into the AD, which stands outside of the rules, is made for one of them."""
        return any(
            node in set(ast.walk(relay.node)) for rule in self.helpers.rules for relay in self._reached(rule)
        )

    # -- the statements of the file ------------------------------------------------------------

    @cached_property
    def _statements(self) -> list[Relay]:
        unit, found = self.helpers.unit, []
        names: dict[ast.stmt, set[str]] = {}
        for name, bindings in unit.scope.bindings.items():
            for top in {unit.tops[b.node] for b in bindings if b.node in unit.tops}:
                names.setdefault(top, set()).add(name)
        for top in unit.module.tree.body:
            if top not in self.helpers.rules:
                found.append(Relay(top, frozenset(names.get(top, ()))))
                inner = top.body if isinstance(top, ast.ClassDef) else []
                found += [Relay(m, frozenset(), m.name) for m in inner if isinstance(m, DefinitionNode)]
        return found

    @cached_property
    def _all(self) -> list[Relay]:
        """What calls back into the AD, itself or through others."""
        uses = {use.node for use in self.helpers.callbacks}
        known = [r for r in self._statements if not uses.isdisjoint(ast.walk(r.node))]
        while more := [r for r in self._statements if r not in known and self._next(r.node, known)]:
            known += more
        return known

    @cached_property
    def _primals(self) -> set[str]:
        """What the rules are for: what a primal does with the AD is its own affair."""
        rules = [rule for rule in self.helpers.rules if isinstance(rule, ast.FunctionDef)]
        targets = {
            n.id for r in rules for d in r.decorator_list for n in ast.walk(d) if isinstance(n, ast.Name)
        }
        return targets | {rule.name for rule in rules}

    @cached_property
    def _reads(self) -> set[ast.AST]:
        """The places that read a name of the module."""
        module = self.helpers.unit.scope
        reads = (read for places in self.helpers.unit.reads.values() for read in places)
        return {n for n, scope in reads if (found := scope.find(n.id)) is not None and found[0] is module}

    # -- who calls whom ------------------------------------------------------------------------

    def _reached(self, rule: ast.AST) -> list[Relay]:
        """Return what calls back into the AD for `rule`, in the order in which one comes to it."""
        reached = self._next(rule, self._all)
        for relay in reached:  # grows on the way
            reached += [r for r in self._next(relay.node, self._all) if r not in reached]
        return reached

    def _next(self, node: ast.AST, relays: Iterable[Relay]) -> list[Relay]:
        """Return which of `relays` the statement `node` mentions."""
        nodes = list(_body(node))
        return [r for r in relays if r.node is not node and any(self._is_meant(n, r) for n in nodes)]

    def _is_meant(self, node: ast.AST, relay: Relay) -> bool:
        match node:
            case ast.Name(id=name):
                return name in relay.names - self._primals and node in self._reads
            case ast.Attribute(attr=name):
                return name == relay.method
        return False

    @staticmethod
    def _named(node: ast.AST) -> str | None:
        return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else None

    def _can_take(self, relay: Relay) -> bool:
        return relay.node in self._changeable

    @cached_property
    def _changeable(self) -> set[ast.AST]:
        """The functions of the module that rules alone use, directly or through each other."""
        functions = {r.node for r in self._all if self._is_plain(r)}
        while True:
            inside = {node for function in functions for node in ast.walk(function)}
            fixed = {f for f in functions if not self.helpers.serves_rules(f, inside)}
            if not fixed:
                return set(functions)
            functions -= fixed

    def _is_plain(self, relay: Relay) -> bool:
        function = relay.node
        return (
            isinstance(function, ast.FunctionDef)
            and relay.method is None
            and not function.decorator_list
            and not relay.names & self._primals
            and function not in self.helpers.kept
            and len(self.helpers.unit.scope.bindings[function.name]) == 1
        )


def _body(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what a statement does: of a function, neither its decorators nor its annotations."""
    if isinstance(node, DefinitionNode):
        defaults = [d for d in (*node.args.defaults, *node.args.kw_defaults) if d is not None]
        for part in (*node.body, *defaults):
            yield from ast.walk(part)
    else:
        yield from ast.walk(node)
