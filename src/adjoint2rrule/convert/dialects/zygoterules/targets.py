"""What a legacy definition is a rule for: a function, a class, or the instances of one."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from adjoint2rrule.convert.dialects.zygoterules import names as legacy
from adjoint2rrule.convert.dialects.zygoterules.kinds import (
    is_class,
    is_plain_method,
    is_property,
    makes_objects,
    members,
)
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.dialects.zygoterules.properties import FUNCTION, Properties, property_problem
from adjoint2rrule.convert.model import Diagnostic, Kind, Severity
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import Binding, By, Scope
from adjoint2rrule.convert.syntax import parse_expression
from adjoint2rrule.convert.units import Symbol, Unit


@dataclass(frozen=True)
class Target:
    """What a rule is for.

    Attributes
    ----------
    kind
        Function, constructor, functor or property.
    text
        What `rrule.register` is given.
    name
        The last part of its name, which rules and first parameters are named after.
    symbol
        The class of a functor, where the project has it.
    notes
        What was assumed about it.
    """

    kind: Kind
    text: str
    name: str
    symbol: Symbol | None = None
    notes: tuple[Diagnostic, ...] = ()


class Targets:
    """Finds the targets of the definitions in one file."""

    def __init__(
        self, project: Project, unit: Unit, rules: set[ast.AST], modules: legacy.Modules | None = None
    ) -> None:
        self.project = project
        self.unit = unit
        self.modules = legacy.closed_modules() if modules is None else modules
        self.properties = Properties(unit, project)
        self.rules = rules  # plain definitions, whose names stay bound to what they are rules for

    # -- the plain form ------------------------------------------------------------------------

    def of_plain(self, node: ast.FunctionDef, scope: Scope) -> Target | Problem:
        """Return what ``@adjoint`` over `node` is a rule for: what its name denotes there."""
        if node.name == "__call__":
            return self._of_functor(node, scope)
        symbols = list(self._denoted(node, scope))
        if not symbols:
            return Problem(
                "unknown-target",
                node,
                f"`{node.name}` is not bound where the rule stands, so it is a rule for nothing",
                "Define or import the function above its rule, or name it: `@adjoint(module.function)`.",
            )
        return self._of_symbols(node, node.name, node.name, symbols)

    def _denoted(self, node: ast.FunctionDef, scope: Scope) -> Iterator[Symbol]:
        """Yield what the name of `node` can stand for where the decorator runs."""
        name = node.name
        own = self._bindings(name, scope)
        if own:
            # Only what is bound before the decorator runs can be meant by it.
            yield from self._symbols_of([b for b in own if _line(b.node) < node.lineno], scope)
            return
        outer = scope.parent
        while outer is not None:
            bindings = self._bindings(name, outer)
            if bindings and not isinstance(outer.node, ast.ClassDef):
                if outer.parent is None:
                    yield from self._symbols_of(bindings, outer)
                # The legacy runtime looks into the module next, Python into the functions between.
                return
            outer = outer.parent
        if hasattr(builtins, name):
            yield Symbol(f"builtins.{name}")
        elif self.unit.scope.star_imports:
            known = self.project.resolve(ast.Name(name, ast.Load()), _NOWHERE, self.unit)
            yield from known or ([Symbol(name)] if self._may_come_by_star() else ())

    def _may_come_by_star(self) -> bool:
        """Whether a star import may bring any name; that of a legacy module brings its own alone."""
        sources = (self.unit.absolute(statement) for statement in self.unit.scope.star_imports)
        return any(source not in self.project.closed for source in sources)

    def _bindings(self, name: str, scope: Scope) -> list[Binding]:
        return [b for b in scope.bindings.get(name, []) if b.node not in self.rules]

    def _symbols_of(self, bindings: list[Binding], scope: Scope) -> Iterator[Symbol]:
        for binding in bindings:
            if binding.by is By.IMPORT:
                yield from self.project.imported(binding, self.unit)
            else:
                yield Symbol(binding.name, self.unit, scope, (binding,))

    def _of_functor(self, node: ast.FunctionDef, scope: Scope) -> Target | Problem:
        positional = [*node.args.posonlyargs, *node.args.args]
        annotation = positional[0].annotation if positional else None
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            annotation = parse_expression(annotation.value)
        if isinstance(annotation, ast.Subscript) and self._is_own_class(annotation.value, scope):
            annotation = annotation.value  # the parameters of a generic class are no part of it at run time
        if not isinstance(annotation, ast.Name | ast.Attribute):
            return Problem(
                "unknown-target",
                node,
                "the first parameter of `__call__` does not say whose instances are called",
                "Annotate it with the class: `def __call__(self: MyClass, ...)`.",
            )
        return self._functor(node, annotation, scope)

    def _is_own_class(self, node: ast.expr, scope: Scope) -> bool:
        """Whether `node` names a class of the project."""
        symbols = self.project.resolve(node, scope, self.unit)
        return bool(symbols) and all(symbol.class_node is not None for symbol in symbols)

    # -- the explicit form ---------------------------------------------------------------------

    def of_explicit(self, target: ast.expr, scope: Scope) -> Target | Problem:
        """Return what ``@adjoint(target)`` is a rule for."""
        match target:
            case ast.Attribute(value=ast.Name() | ast.Attribute() as owner, attr="__call__"):
                return self._inherited_call(target, owner, scope) or self._functor(target, owner, scope)
            case ast.Name() | ast.Attribute():
                symbols = self._members(target, scope)
                name = target.id if isinstance(target, ast.Name) else target.attr
                problem = self._not_called(target, symbols)
                return problem or self._of_symbols(target, ast.unparse(target), name, symbols)
        return Problem(
            "unknown-target",
            target,
            f"what `{ast.unparse(target)}` is cannot be told from the source",
            "Give it a name first: `target = ...`, and `@adjoint(target)`.",
        )

    def _members(self, target: ast.Name | ast.Attribute, scope: Scope) -> list[Symbol]:
        """Return what `target` can stand for, with what a class of the project has from its bases."""
        symbols = self.project.resolve(target, scope, self.unit)
        before = legacy.behind_rules(target, scope, self.unit, self.project, self.modules)
        if self._legacy_name(before) is not None:
            return list(before)
        if not isinstance(target, ast.Attribute) or all(s.bindings for s in symbols):
            return list(symbols)
        owners = self.project.resolve(target.value, scope, self.unit)
        found = [m for owner in owners for m in members(owner, target.attr, self.project)]
        known = [member for member in found if member is not None]
        return known if known and len(known) == len(found) else list(symbols)

    def _not_called(self, target: ast.expr, symbols: list[Symbol]) -> Problem | None:
        """Return what is wrong with a target that is read and not called."""
        if not any(map(is_property, symbols)):
            return None
        message = f"`{ast.unparse(target)}` is a property, which the legacy runtime takes no rules for"
        return Problem("unknown-target", target, message, "Write it as a rule on `literal_getproperty`.")

    def _inherited_call(self, target: ast.expr, owner: ast.expr, scope: Scope) -> Problem | None:
        """Return what is wrong where the ``__call__`` of `owner` is not one of its own."""
        for symbol in self.project.resolve(owner, scope, self.unit):
            if symbol.class_node is not None and not self._has_own_call(symbol):
                text = ast.unparse(owner)
                message = f"`{text}` has its `__call__` from elsewhere, so that the rule is not its own"
                hint = "Name the class that defines it: `@adjoint(Base.__call__)`."
                return Problem("unknown-target", target, message, hint)
        return None

    def _has_own_call(self, symbol: Symbol) -> bool:
        assert symbol.class_node is not None
        assert symbol.scope is not None
        own = "__call__" in symbol.scope.inner(symbol.class_node).bindings
        return own and all(map(is_plain_method, members(symbol, "__call__", self.project)))

    def is_object(self, node: ast.expr, scope: Scope) -> bool:
        """Whether the value of `node` is sure to be no class: a lambda, or an instance of a known class."""
        makers = self.project.resolve(node.func, scope, self.unit) if isinstance(node, ast.Call) else ()
        made = bool(makers) and all(makes_objects(s, self.project) for s in makers)
        return made or isinstance(node, ast.Lambda)

    # -- both ----------------------------------------------------------------------------------

    def _functor(
        self, node: ast.expr | ast.stmt, owner: ast.Name | ast.Attribute, scope: Scope
    ) -> Target | Problem:
        symbols = list(self.project.resolve(owner, scope, self.unit))
        text = ast.unparse(owner)
        if not symbols and not self._may_come_by_star():
            hint = "Import or define the class above the rule."
            return Problem("unknown-target", node, f"`{text}` is not bound where the rule stands", hint)
        name = owner.id if isinstance(owner, ast.Name) else owner.attr
        found = self._of_symbols(node, text, name, symbols)
        if isinstance(found, Problem):
            return found
        if found.kind is not Kind.CONSTRUCTOR:
            return Problem(
                "unknown-target",
                node,
                f"`{text}` is not a class, as far as can be told",
                "A rule for calling instances names their class: `@adjoint(MyClass.__call__)`.",
            )
        return Target(Kind.FUNCTOR, text, name, symbols[0] if len(symbols) == 1 else None, found.notes)

    def _of_symbols(
        self, node: ast.expr | ast.stmt, text: str, name: str, symbols: list[Symbol]
    ) -> Target | Problem:
        name_there = self._legacy_name(symbols)
        if name_there is not None:
            return self._property(node, name_there)
        answers = {is_class(s, self.project) for s in symbols} or {None}
        answers = answers - {None} or answers
        notes: tuple[Diagnostic, ...] = ()
        if answers == {None}:
            constructs = name.lstrip("_")[:1].isupper()
            notes = (self._assumption(node, text, constructs),)
        elif len(answers) == 1:
            constructs = bool(answers.pop())
        else:
            return Problem(
                "unknown-target",
                node,
                f"`{text}` may be a class or a function, depending on how it was bound",
                "Give the two separate names, each with a rule of its own.",
            )
        if constructs:
            return Target(Kind.CONSTRUCTOR, f"type[{text}]", name, symbols[0] if symbols else None, notes)
        return Target(Kind.FUNCTION, text, name, None, notes)

    def _legacy_name(self, symbols: Iterable[Symbol]) -> str | None:
        return legacy.legacy_name(tuple(symbols), self.modules)

    def _property(self, node: ast.expr | ast.stmt, name: str) -> Target | Problem:
        """Return the target of a rule on the legacy function `name`."""
        problem = property_problem(name, node) or self.properties.shadowing(FUNCTION, self.unit.scope, node)
        return problem or Target(Kind.PROPERTY, FUNCTION, FUNCTION)

    def _assumption(self, node: ast.expr | ast.stmt, text: str, is_class: bool) -> Diagnostic:
        kind = "class" if is_class else "function"
        return self.unit.module.diagnostic(
            "assumed-target",
            node,
            f"`{text}` is taken for a {kind}, by its name: no source or stub of it was found",
            "" if is_class else f"If it is a class, write `type[{text}]` in the rule's `register`.",
            Severity.NOTE,
        )


# A scope that binds nothing: what is looked up from here comes from star imports.
_NOWHERE = Scope(ast.Module([], []))


def _line(node: ast.AST) -> int:
    line = getattr(node, "lineno", 0)
    assert isinstance(line, int)
    return line
