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
    PART = auto()  # unpacked from `Binding.value`, or captured by a pattern on it: the part at `Binding.path`
    ELEMENT = auto()  # each element of `Binding.value` in turn, or the part of it at `Binding.path`
    UPDATE = auto()  # `name += value` and its like
    PARAMETER = auto()
    OTHER = auto()  # `with`, `except`, `del`


@dataclass(frozen=True)
class Rest:
    """What a starred name takes of a sequence: all but so many entries at either end."""

    before: int
    after: int


# An index, from the end where it is negative; `None` for a part that cannot be told.
Step = int | Rest | None


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
        For `By.VALUE` the expression that the name is bound to, for `By.PART` the one it is a part of, for
        `By.ELEMENT` the one that is iterated over.
    path
        Where the part stands in there, from the outside.
    """

    name: str
    by: By
    node: ast.AST
    statement: ast.Import | ast.ImportFrom | None = None
    value: ast.expr | None = None
    path: tuple[Step, ...] = ()


def line_of(binding: Binding) -> int:
    """Return the line, from 1, at which `binding` stands."""
    line = getattr(binding.node, "lineno", 1)
    assert isinstance(line, int)
    return line


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
            collector.collect_generators(self.node.generators)
            return collector
        if isinstance(self.node, FunctionNode):
            for parameter in parameters_of(self.node):
                collector.add(parameter.arg, By.PARAMETER, parameter)
        body = self.node.body
        collector.collect(body if isinstance(body, list) else [body])
        if isinstance(self.node, ast.Module):
            collector.collect_globals(self.node.body)
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

    def collect_generators(self, generators: list[ast.comprehension]) -> None:
        """Note what the targets of a comprehension bind."""
        for generator in generators:
            self._assign(generator.target, generator.iter, By.ELEMENT)

    def collect_globals(self, body: list[ast.stmt]) -> None:
        """Note what functions below `body`, that of a module, bind in it by `global`."""
        for function in _borrowers(body):
            inner = _Collector()
            inner.collect(function.body)
            for name in sorted(inner.declared_global & inner.bindings.keys()):
                self.bindings.setdefault(name, []).extend(map(_from_inside, inner.bindings[name]))

    def _later(self, *nodes: ast.AST) -> None:
        self._pending.extend(reversed(nodes))

    def add(
        self,
        name: str,
        by: By,
        node: ast.AST,
        value: ast.expr | None = None,
        statement: ast.Import | ast.ImportFrom | None = None,
        path: tuple[Step, ...] = (),
    ) -> None:
        """Note that `node` binds `name`."""
        self.bindings.setdefault(name, []).append(Binding(name, by, node, statement, value, path))

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
            self._assign(target, node.value, By.VALUE, node)
        self._later(node.value)

    def _annotated(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._assign(node.target, node.value, By.VALUE, node)
            self._later(node.value)
        elif isinstance(node.target, ast.Name):
            self.add(node.target.id, By.OTHER, node)

    def _update(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.add(node.target.id, By.UPDATE, node, node.value)
        self._later(node.value)

    def _walrus(self, node: ast.NamedExpr) -> None:
        self._assign(node.target, node.value, By.VALUE, node)
        self._later(node.value)

    def _loop(self, node: ast.For | ast.AsyncFor) -> None:
        self._assign(node.target, node.iter, By.ELEMENT)
        self._later(node.iter, *node.body, *node.orelse)

    def _alias(self, node: ast.AST) -> None:  # `type X = …`, which `ast` of 3.11 has not
        name, value = node.name, node.value  # type: ignore[attr-defined]  # see above
        self.add(name.id, By.VALUE, node, value)

    def _assign(
        self,
        target: ast.expr,
        value: ast.expr,
        by: By,
        node: ast.AST | None = None,
        path: tuple[Step, ...] = (),
    ) -> None:
        """Note what `target` binds to `value`, or to the part of it at `path`."""
        if isinstance(target, ast.Name):
            by = By.PART if path and by is By.VALUE else by
            self.add(target.id, by, node or target, value, path=path)
        elif isinstance(target, ast.Starred):
            self._assign(target.value, value, by, node, path)
        elif isinstance(target, ast.Tuple | ast.List):
            parts = _paired(target, value) if by is By.VALUE and not path else None
            for i, inner in enumerate(target.elts):
                if parts is not None:
                    self._assign(inner, parts[i], by, node)
                else:
                    self._assign(inner, value, by, node, (*path, _step(target, i)))
        else:
            self._later(target)

    def _name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.add(node.id, By.OTHER, node)

    def _borrow(self, node: ast.Global | ast.Nonlocal) -> None:
        self.borrowed.update(node.names)
        if isinstance(node, ast.Global):
            self.declared_global.update(node.names)

    def _handler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.add(node.name, By.OTHER, node)
        self._later(*ast.iter_child_nodes(node))

    def _match(self, node: ast.Match) -> None:
        self._later(node.subject)
        for case in node.cases:
            for pattern in ast.walk(case.pattern):
                for name in names_bound_by(pattern) if isinstance(pattern, ast.pattern) else ():
                    path: tuple[Step, ...] = () if pattern is case.pattern else (None,)
                    self.add(name, By.PART, pattern, node.subject, path=path)
            self._later(*([case.guard] if case.guard else []), *case.body)


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
    "ExceptHandler": _Collector._handler,
    "For": _Collector._loop,
    "AsyncFor": _Collector._loop,
    "Match": _Collector._match,
}


_Borrower = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _borrowers(body: list[ast.stmt]) -> list[_Borrower]:
    """Return the definitions below `body` that declare names `global`, without a look at expressions."""
    found: dict[_Borrower, None] = {}
    pending: list[tuple[ast.AST, _Borrower | None]] = [(s, None) for s in reversed(body)]
    while pending:
        node, around = pending.pop()
        if isinstance(node, ast.Global) and around is not None:
            found[around] = None
        inner = node if isinstance(node, _Borrower) else around
        blocks = (getattr(node, field, ()) for field in _BLOCKS)
        pending += [(child, inner) for block in blocks for child in reversed(block)]
    return list(found)


# What holds statements; the bodies of lambdas are expressions, and no statement has one.
_BLOCKS = ("cases", "finalbody", "orelse", "handlers", "body")


def _from_inside(binding: Binding) -> Binding:
    """Return a binding by a function for the module; what its value means there cannot be told."""
    if binding.by is By.IMPORT:
        return binding
    return Binding(binding.name, By.OTHER, binding.node)


def _paired(target: ast.Tuple | ast.List, value: ast.expr) -> list[ast.expr] | None:
    """Return the expression that each part of `target` is bound to, where `value` shows them."""
    if not isinstance(value, ast.Tuple | ast.List) or len(value.elts) != len(target.elts):
        return None
    starred = any(isinstance(e, ast.Starred) for e in (*target.elts, *value.elts))
    return None if starred else value.elts


def _step(target: ast.Tuple | ast.List, index: int) -> Step:
    """Return which part of a sequence the entry at `index` of `target` takes."""
    count = len(target.elts)
    star = next((i for i, e in enumerate(target.elts) if isinstance(e, ast.Starred)), count)
    return index if index < star else Rest(star, count - star - 1) if index == star else index - count


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
