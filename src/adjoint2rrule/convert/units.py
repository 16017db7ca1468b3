"""The modules of a project, and what their names stand for, as values."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from adjoint2rrule.convert.scopes import Binding, By, DefinitionNode, Scope, evaluated
from adjoint2rrule.convert.syntax import Module


@dataclass(frozen=True, eq=False)
class Unit:
    """A module of the project: its name, its tree, and its outermost scope."""

    module: Module
    name: str
    is_package: bool
    scope: Scope

    def absolute(self, statement: ast.ImportFrom) -> str | None:
        """Return the full name of the module that a ``from … import`` names, if it can be told."""
        if not statement.level:
            return statement.module
        if not self.name:
            return None
        parts = self.name.split(".")
        up = statement.level - self.is_package
        if up > len(parts):
            return None
        package = parts[: len(parts) - up]
        if not package and up == 1:
            # A folder is a package without an `__init__.py` too, and is named by itself.
            package = [Path(self.module.source.path).absolute().parent.name]
        elif not package:
            return None
        return ".".join([*package, *([statement.module] if statement.module else [])]) or None

    @cached_property
    def evaluated(self) -> list[tuple[ast.AST, Scope, tuple[DefinitionNode, ...]]]:
        """Every node with the scope that evaluates it and the functions around it, in order."""
        return list(evaluated(self.scope))

    @cached_property
    def tops(self) -> dict[ast.AST, ast.stmt]:
        """For every node, the statement of the module that it stands in."""
        return {node: top for top in self.module.tree.body for node in ast.walk(top)}

    @cached_property
    def reads(self) -> dict[str, list[tuple[ast.Name, Scope]]]:
        """Every place that reads a name, with its scope, by the name."""
        found: dict[str, list[tuple[ast.Name, Scope]]] = {}
        for node, scope, _ in self.evaluated:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found.setdefault(node.id, []).append((node, scope))
        return found

    @cached_property
    def called_for_effect(self) -> set[ast.expr]:
        """What is called by a statement that has no use for the result."""
        statements = (n for n, _, _ in self.evaluated if isinstance(n, ast.Expr))
        return {s.value.func for s in statements if isinstance(s.value, ast.Call)}

    @cached_property
    def tested(self) -> set[ast.expr]:
        """The names that are only asked whether they are `None`, or true."""
        found: list[ast.expr] = []
        for node, _, _ in self.evaluated:
            match node:
                case ast.Compare(
                    left=left, ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]
                ):
                    found.append(left)
                case ast.UnaryOp(op=ast.Not(), operand=asked):
                    found.append(asked)
                case ast.If(test=asked) | ast.IfExp(test=asked):
                    found += asked.values if isinstance(asked, ast.BoolOp) else [asked]
        return {node for node in found if isinstance(node, ast.Name)}

    @cached_property
    def borrowed(self) -> set[str]:
        """The names that some function declares `global` or `nonlocal`."""
        nodes = (n for n, _, _ in self.evaluated if isinstance(n, ast.Global | ast.Nonlocal))
        return {name for node in nodes for name in node.names}

    @cached_property
    def in_loops(self) -> set[ast.AST]:
        """The nodes that stand in a loop."""
        loops = (n for n, _, _ in self.evaluated if isinstance(n, ast.For | ast.AsyncFor | ast.While))
        return {node for loop in loops for node in ast.walk(loop)}

    @cached_property
    def only_typing(self) -> set[str]:
        """The names imported under ``if TYPE_CHECKING:`` alone, which are not there when the code runs."""
        guarded = {
            statement
            for node in self.module.tree.body
            if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
            for statement in node.body
        }
        return {
            name
            for name, bindings in self.scope.bindings.items()
            if all(b.statement in guarded for b in bindings)
        }

    @cached_property
    def _places(self) -> dict[str, set[ast.stmt]]:
        """The statements of the module that bind a name at its top, or define it anywhere."""
        nodes = [(b.name, b.node) for bindings in self.scope.bindings.values() for b in bindings]
        nodes += [(n.name, n) for n in self.tops if isinstance(n, DefinitionNode | ast.ClassDef)]
        found: dict[str, set[ast.stmt]] = {}
        for name, node in nodes:
            found.setdefault(name, set()).add(self.tops[node])
        return found

    def concerning(self, nodes: Iterable[ast.AST]) -> set[ast.stmt]:
        """Return the statements of the module that hold `nodes`, and all that these name, and so on."""
        found: set[ast.stmt] = set()
        pending = [self.tops[node] for node in nodes]
        while pending:
            statement = pending.pop()
            if statement not in found:
                found.add(statement)
                names = {getattr(n, "id", getattr(n, "attr", "")) for n in ast.walk(statement)}
                pending += [place for name in names for place in self._places.get(name, ())]
        return found

    @cached_property
    def exported(self) -> list[str] | None:
        """The names in `__all__`, or `None` where it is not given at once as plain strings."""
        bindings = self.scope.bindings.get("__all__", [])
        for binding in bindings if len(bindings) == 1 and "__all__" not in self.reads else ():
            if isinstance(binding.value, ast.List | ast.Tuple):
                names = [e.value for e in _constants(binding.value) if isinstance(e.value, str)]
                return names if len(names) == len(binding.value.elts) else None
        return None

    @cached_property
    def promised(self) -> set[str]:
        """Every string in a statement of the module that makes or changes `__all__`."""
        return {
            part.value
            for statement in self.module.tree.body
            if any(isinstance(n, ast.Name) and n.id == "__all__" for n in ast.walk(statement))
            for part in ast.walk(statement)
            if isinstance(part, ast.Constant) and isinstance(part.value, str)
        }


@dataclass(frozen=True)
class Symbol:
    """What a name stands for.

    Attributes
    ----------
    dotted
        Its full name: ``numpy.linalg.inv``, ``optics_lab.multilayer.Layer``; a local name as it is.
    unit
        The module of the project that makes it, `None` for anything from outside.
    scope
        The scope in which it is made, where `unit` is known.
    bindings
        Every place of that scope that binds it.
    """

    dotted: str
    unit: Unit | None = None
    scope: Scope | None = None
    bindings: tuple[Binding, ...] = ()

    @property
    def class_node(self) -> ast.ClassDef | None:
        """The class statement behind the name, where it is bound by nothing else."""
        match self.makers:
            case [Binding(by=By.CLASS, node=ast.ClassDef() as node)]:
                return node
        return None

    @property
    def is_none(self) -> bool:
        """Whether the name is bound to `None` and to nothing else, as one that could not be imported is."""
        values = [b.value if b.by is By.VALUE else None for b in self.bindings]
        return bool(values) and all(isinstance(v, ast.Constant) and v.value is None for v in values)

    @property
    def makers(self) -> list[Binding]:
        """The bindings without the decorated functions among several.

        ``@adjoint`` over ``def Layer`` leaves the name to the class; no other decorator is put over a
        second definition of a name and means to replace the first by a function of another kind.
        """
        plain = [b for b in self.bindings if not getattr(b.node, "decorator_list", None) or b.by is By.CLASS]
        return plain or list(self.bindings)


def _constants(display: ast.List | ast.Tuple) -> Iterator[ast.Constant]:
    return (e for e in display.elts if isinstance(e, ast.Constant))
