"""Which names a scope binds, and by what: Python's own rules, read from the syntax tree.

A scope is read only when somebody asks for it, since most functions of a file hold no rule.
Nothing here knows about other files; `adjoint2rrule.convert.project` follows imports.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
ComprehensionNode = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
ScopeNode = ast.Module | ast.ClassDef | FunctionNode | ComprehensionNode
DefinitionNode = ast.FunctionDef | ast.AsyncFunctionDef

# These have names of their own: what they bind inside is invisible outside.
_INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


class By(Enum):
    """What binds a name."""

    IMPORT = auto()
    FUNCTION = auto()
    CLASS = auto()
    VALUE = auto()  # `name = value` and its like: `Binding.value` is the expression
    PART = auto()  # unpacked from `Binding.value`
    UPDATE = auto()  # `name += value` and its like
    PARAMETER = auto()
    OTHER = auto()  # loops, `with`, `except`, `del`, patterns


@dataclass(frozen=True, eq=False)
class Binding:
    """One place that binds a name.

    Attributes
    ----------
    name
        The name, in the NFKC form that Python compares.
    by
        What binds it.
    node
        The node that does: an alias, a definition, an assignment, an argument, a target.
    statement
        For imports, the statement that `node` is an alias of.
    value
        For `By.VALUE` the expression that the name is bound to, for `By.PART` the one it is a part of.
    """

    name: str
    by: By
    node: ast.AST
    statement: ast.Import | ast.ImportFrom | None = None
    value: ast.expr | None = None


class Scope:
    """A module, class, function or comprehension, and the names it binds.

    Parameters
    ----------
    node
        The tree of the scope.
    parent
        The scope around it, `None` for a module.
    """

    def __init__(self, node: ScopeNode, parent: Scope | None = None) -> None:
        self.node = node
        self.parent = parent
        self._inner: dict[ScopeNode, Scope] = {}

    def inner(self, node: ScopeNode) -> Scope:
        """Return the scope of a class, function or comprehension that stands directly in this one."""
        if node not in self._inner:
            self._inner[node] = Scope(node, self)
        return self._inner[node]

    @property
    def module(self) -> Scope:
        """The scope of the whole file."""
        return self if self.parent is None else self.parent.module

    @cached_property
    def _collected(self) -> _Collector:
        collector = _Collector()
        if isinstance(self.node, ComprehensionNode):
            collector.collect([generator.target for generator in self.node.generators])
            return collector
        if isinstance(self.node, FunctionNode):
            for parameter in parameters_of(self.node):
                collector.add(parameter.arg, By.PARAMETER, parameter)
        body = self.node.body
        collector.collect(body if isinstance(body, list) else [body])
        return collector

    @property
    def bindings(self) -> dict[str, list[Binding]]:
        """The names bound in this scope itself, each with every place that binds it, in order."""
        return self._collected.bindings

    @property
    def borrowed(self) -> set[str]:
        """The names that the scope declares `global` or `nonlocal`."""
        return self._collected.borrowed

    @property
    def declared_global(self) -> set[str]:
        """The names that a function declares `global`."""
        return self._collected.declared_global if self.parent is not None else set()

    @property
    def star_imports(self) -> list[ast.ImportFrom]:
        """The `from … import *` statements of the scope, in order."""
        return self._collected.stars

    def find(self, name: str) -> tuple[Scope, list[Binding]] | None:
        """Return the scope that `name` is looked up in from here, and its bindings there.

        Classes are passed over, as Python does, unless the search starts in one.
        """
        scope: Scope | None = self
        while scope is not None:
            visible = scope is self or not isinstance(scope.node, ast.ClassDef)
            if name in scope.declared_global:
                scope = scope.module
                continue
            if visible and name in scope.bindings and name not in scope.borrowed:
                return scope, scope.bindings[name]
            scope = scope.parent
        return None


class _Collector:
    """Finds what the statements of one scope bind, without entering the scopes inside.

    Keeps a stack of its own: generated code nests more deeply than Python's.
    """

    def __init__(self) -> None:
        self.bindings: dict[str, list[Binding]] = {}
        self.borrowed: set[str] = set()
        self.declared_global: set[str] = set()
        self.stars: list[ast.ImportFrom] = []
        self._pending: list[ast.AST] = []

    def collect(self, nodes: list[ast.stmt] | list[ast.expr]) -> None:
        """Note what `nodes` bind."""
        self._later(*nodes)
        while self._pending:
            node = self._pending.pop()
            visit = _VISIT.get(type(node).__name__)
            if visit is not None:
                visit(self, node)
            else:
                self._later(*ast.iter_child_nodes(node))

    def _later(self, *nodes: ast.AST) -> None:
        self._pending.extend(reversed(nodes))

    def add(
        self,
        name: str,
        by: By,
        node: ast.AST,
        value: ast.expr | None = None,
        statement: ast.Import | ast.ImportFrom | None = None,
    ) -> None:
        """Note that `node` binds `name`."""
        self.bindings.setdefault(name, []).append(Binding(name, by, node, statement, value))

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*" and isinstance(node, ast.ImportFrom):
                self.stars.append(node)
            else:
                self.add(alias.asname or alias.name.partition(".")[0], By.IMPORT, alias, statement=node)

    def _definition(self, node: DefinitionNode | ast.ClassDef) -> None:
        self.add(node.name, By.CLASS if isinstance(node, ast.ClassDef) else By.FUNCTION, node)
        self._later(*outer_expressions(node))

    def _lambda(self, node: ast.Lambda) -> None:
        self._later(*outer_expressions(node))

    def _comprehension(self, node: ast.AST) -> None:
        # The targets are the comprehension's own; only a walrus binds in the scope around it.
        self._later(*(child for child in ast.walk(node) if isinstance(child, ast.NamedExpr)))

    def _assignment(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._assign(target, node, node.value)
        self._later(node.value)

    def _annotated(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._assign(node.target, node, node.value)
            self._later(node.value)
        elif isinstance(node.target, ast.Name):
            self.add(node.target.id, By.OTHER, node)

    def _update(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.add(node.target.id, By.UPDATE, node, node.value)
        self._later(node.value)

    def _walrus(self, node: ast.NamedExpr) -> None:
        self._assign(node.target, node, node.value)
        self._later(node.value)

    def _alias(self, node: ast.AST) -> None:  # `type X = …`, which `ast` of 3.11 has not
        name, value = node.name, node.value  # type: ignore[attr-defined]  # see above
        self.add(name.id, By.VALUE, node, value)

    def _assign(self, target: ast.expr, node: ast.AST, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.add(target.id, By.VALUE, node, value)
        elif isinstance(target, ast.Tuple | ast.List):
            for inner, part in _paired(target, value):
                if part is not None:
                    self._assign(inner, node, part)
                else:
                    by = By.OTHER if isinstance(inner, ast.Starred) else By.PART
                    for name in _names(inner):
                        self.add(name, by, node, value)
        else:
            self._later(target)

    def _name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.add(node.id, By.OTHER, node)

    def _borrow(self, node: ast.Global | ast.Nonlocal) -> None:
        self.borrowed.update(node.names)
        if isinstance(node, ast.Global):
            self.declared_global.update(node.names)

    def _named(self, node: ast.ExceptHandler | ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self.add(node.name, By.OTHER, node)
        self._later(*ast.iter_child_nodes(node))

    def _rest(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.add(node.rest, By.OTHER, node)
        self._later(*ast.iter_child_nodes(node))


# By name, since not every version of `ast` has every node.
_VISIT: dict[str, Callable[..., None]] = {
    "Import": _Collector._import,
    "ImportFrom": _Collector._import,
    "FunctionDef": _Collector._definition,
    "AsyncFunctionDef": _Collector._definition,
    "ClassDef": _Collector._definition,
    "Lambda": _Collector._lambda,
    "ListComp": _Collector._comprehension,
    "SetComp": _Collector._comprehension,
    "DictComp": _Collector._comprehension,
    "GeneratorExp": _Collector._comprehension,
    "Assign": _Collector._assignment,
    "AnnAssign": _Collector._annotated,
    "AugAssign": _Collector._update,
    "NamedExpr": _Collector._walrus,
    "TypeAlias": _Collector._alias,
    "Name": _Collector._name,
    "Global": _Collector._borrow,
    "Nonlocal": _Collector._borrow,
    "ExceptHandler": _Collector._named,
    "MatchAs": _Collector._named,
    "MatchStar": _Collector._named,
    "MatchMapping": _Collector._rest,
}


def _paired(target: ast.Tuple | ast.List, value: ast.expr) -> list[tuple[ast.expr, ast.expr | None]]:
    """Return each part of `target` with the expression it is bound to, where `value` shows it."""
    if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
        both = [*target.elts, *value.elts]
        if not any(isinstance(e, ast.Starred) for e in both):
            return list(zip(target.elts, value.elts, strict=True))
    return [(inner, None) for inner in target.elts]


def _names(target: ast.expr) -> Iterator[str]:
    return (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def names_bound_by(node: ast.AST) -> list[str]:
    """Return the names that `node` itself binds, in whichever scope it stands, or borrows from another.

    Examples
    --------
    >>> names_bound_by(ast.parse("import a.b, c as d").body[0])
    ['a', 'd']
    """
    match node:
        case ast.Name(id=name) if not isinstance(node.ctx, ast.Load):
            return [name]
        case ast.arg(arg=name):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return [alias.asname or alias.name.partition(".")[0] for alias in aliases]
        case ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name):
            return [name]
        case ast.MatchStar(name=str() as name) | ast.MatchMapping(rest=str() as name):
            return [name]
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            return names
    return []


def parameters_of(function: FunctionNode) -> list[ast.arg]:
    """Return every parameter of `function`, in the order in which it writes them."""
    a = function.args
    variadic = [a.vararg] if a.vararg else []
    keywords = [a.kwarg] if a.kwarg else []
    return [*a.posonlyargs, *a.args, *variadic, *a.kwonlyargs, *keywords]


def outer_expressions(node: DefinitionNode | ast.ClassDef | ast.Lambda) -> list[ast.expr]:
    """Return the expressions of a definition that are evaluated in the scope around it."""
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *(k.value for k in node.keywords)]
    defaults = [*node.args.defaults, *(d for d in node.args.kw_defaults if d)]
    if isinstance(node, ast.Lambda):
        return defaults
    annotations = [p.annotation for p in parameters_of(node) if p.annotation]
    return [*node.decorator_list, *defaults, *annotations, *([node.returns] if node.returns else [])]


def walk_scope(body: list[ast.stmt] | ast.expr) -> Iterator[ast.AST]:
    """Yield the nodes of a function's body that belong to the function itself, in order.

    Definitions and lambdas inside are yielded, and not entered.
    """
    pending: list[ast.AST] = list(reversed(body)) if isinstance(body, list) else [body]
    while pending:
        node = pending.pop()
        yield node
        inner = outer_expressions(node) if isinstance(node, _INNER) else ast.iter_child_nodes(node)
        pending.extend(reversed(list(inner)))


def evaluated(root: Scope) -> Iterator[tuple[ast.AST, Scope, tuple[DefinitionNode, ...]]]:
    """Yield each node below `root` with the scope that evaluates it and the functions around it, in order."""
    pending: list[tuple[ast.AST, Scope, tuple[DefinitionNode, ...]]] = [(root.node, root, ())]
    while pending:
        node, scope, functions = pending.pop()
        yield node, scope, functions
        if node is not root.node and isinstance(node, FunctionNode | ast.ClassDef):
            inner = scope.inner(node)
            within = (*functions, node) if isinstance(node, DefinitionNode) else functions
            body: list[ast.stmt] | list[ast.expr] = node.body if isinstance(node.body, list) else [node.body]
            children: list[tuple[ast.AST, Scope, tuple[DefinitionNode, ...]]]
            children = [(e, scope, functions) for e in outer_expressions(node)]
            children += [(s, inner, within) for s in body]
        elif isinstance(node, ComprehensionNode):
            inner = scope.inner(node)
            first = node.generators[0].iter
            children = [(first, scope, functions)]
            children += [(part, inner, functions) for part in _parts_of(node) if part is not first]
        else:
            children = [(c, scope, functions) for c in ast.iter_child_nodes(node)]
        pending.extend(reversed(children))


def _parts_of(node: ComprehensionNode) -> Iterator[ast.expr]:
    """Yield the expressions of a comprehension, its iterables, targets and conditions first."""
    for generator in node.generators:
        yield from (generator.iter, generator.target, *generator.ifs)
    yield from (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
