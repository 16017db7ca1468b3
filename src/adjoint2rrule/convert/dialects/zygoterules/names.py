"""The legacy names, and every place of a file that uses one.

A name is legacy only when it resolves, through imports, to a legacy module; any other ``adjoint``
is none of our business.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import Binding, By, DefinitionNode, Scope
from adjoint2rrule.convert.units import Symbol, Unit

MODULES = frozenset({"adjoint2rrule.legacy", "zygoterules", "zygote"})
DEFINING = frozenset({"adjoint", "adjoint_mut", "nograd"})
CALLBACKS = frozenset({"pullback", "_pullback", "gradient"})
PROPERTIES = frozenset({"literal_getproperty", "literal_getfield"})
CONTEXT = "__context__"  # known in a rule's body without an import
ALL = DEFINING | CALLBACKS | PROPERTIES | {CONTEXT}

Modules = Mapping[str, frozenset[str]]  # legacy modules, with the names that a star import of each gives

AMBIGUOUS = "?"

_NOWHERE = Scope(ast.Module([], []))  # binds nothing: what is looked up from here comes from star imports


@dataclass(frozen=True, eq=False)
class Use:
    """A place that uses a legacy name.

    Attributes
    ----------
    name
        The legacy name, or `AMBIGUOUS` where it is legacy only on some paths to this place.
    node
        The whole expression, such as ``zr.adjoint``.
    root
        The name at its front, which an import binds.
    scope
        The scope that evaluates it.
    functions
        The functions around it, from the outside.
    """

    name: str
    node: ast.Name | ast.Attribute
    root: ast.Name
    scope: Scope
    functions: tuple[DefinitionNode, ...]


def closed_modules(extra: tuple[str, ...] = ()) -> Modules:
    """Return the modules whose names are legacy, each with the ones that a star import gives."""
    public = frozenset(name for name in ALL if not name.startswith("_"))
    return dict.fromkeys(MODULES.union(extra), public)


def legacy_name(symbols: tuple[Symbol, ...], modules: Modules) -> str | None:
    """Return the legacy name that `symbols` all stand for, `None` where none of them is legacy."""
    names = set()
    for symbol in symbols:
        module, _, name = symbol.dotted.rpartition(".")
        foreign = symbol.unit is None  # a module of the project may bear a legacy one's name
        names.add(name if foreign and module in modules and name in ALL else None)
    if names <= {None}:
        return None
    return next(iter(names)) if len(names) == 1 else AMBIGUOUS


def uses(unit: Unit, project: Project, modules: Modules) -> Iterator[Use]:
    """Yield every use of a legacy name in `unit`, in the order of the file."""
    # Another name for a legacy one has to be given to it by a module that names where it comes from.
    renamed = project.mentions_any(sorted({module.partition(".")[0] for module in modules}))
    inner: set[ast.AST] = set()  # the fronts of dotted names that are one use already
    for node, scope, functions in unit.evaluated:
        if not isinstance(node, ast.Name | ast.Attribute) or node in inner or node in unit.tested:
            continue
        root = _root(node)
        if root is None or not _may_be_legacy(node, root, scope, unit, project, renamed=renamed):
            continue
        found = behind_rules(node, scope, unit, project, modules)
        name = legacy_name(tuple(s for s in found if not s.is_none), modules)
        if name is not None:
            inner |= {node.value} if isinstance(node, ast.Attribute) else set()
            yield Use(name, node, root, scope, functions)


def behind_rules(
    node: ast.Name | ast.Attribute, scope: Scope, unit: Unit, project: Project, modules: Modules
) -> tuple[Symbol, ...]:
    """Return what `node` can stand for, without the rules that bear its name; behind them, star imports."""
    found = project.resolve(node, scope, unit)
    others = tuple(s for s in found if not is_plain_rule(s, project, modules))
    if isinstance(node, ast.Name) and found and not others:
        return project.resolve(node, _NOWHERE, unit)
    return others


def dynamic_imports(unit: Unit, modules: Modules) -> Iterator[ast.Call]:
    """Yield the calls that import a legacy module by its name: what they give is not followed."""
    for node, _, _ in unit.evaluated:
        match node:
            case ast.Call(func=ast.Name(id=function) | ast.Attribute(attr=function), args=[name, *_]):
                imports = function in {"__import__", "import_module"}
                if imports and isinstance(name, ast.Constant) and name.value in modules:
                    yield node


def _may_be_legacy(
    node: ast.Name | ast.Attribute,
    root: ast.Name,
    scope: Scope,
    unit: Unit,
    project: Project,
    *,
    renamed: bool,
) -> bool:
    """Whether following `node` through imports is worth the reading; for most names of a file it is not.

    A legacy name that was given another one, if any is `renamed`, can only come from a module of the project.
    """
    found = scope.find(root.id)
    imports = [b for b in found[1] if b.by is By.IMPORT] if found is not None else []
    is_hidden = found is not None and not all(map(_may_be_rule, found[1]))  # rules hide no star import
    if not imports and (is_hidden or not unit.scope.star_imports):
        return False
    if isinstance(node, ast.Attribute) and node.attr in ALL:
        return True
    originals = {b.node.name for b in imports if isinstance(b.node, ast.alias)} or {root.id}
    if node is root and not originals.isdisjoint(ALL):
        return True
    if not renamed:
        return False
    stars = (unit.absolute(statement) for statement in unit.scope.star_imports)
    sources = [s for b in imports for s in _sources(b, unit)] if imports else [s for s in stars if s]
    return any(project.find(source) is not None for source in sources)


def _sources(binding: Binding, unit: Unit) -> list[str]:
    """Return the modules that an import takes its name from, or that it may be a name for."""
    alias, statement = binding.node, binding.statement
    assert isinstance(alias, ast.alias)
    if not isinstance(statement, ast.ImportFrom):
        return [alias.name]
    source = unit.absolute(statement)
    return [source, f"{source}.{alias.name}"] if source else []


def is_plain_rule(symbol: Symbol, project: Project, modules: Modules) -> bool:
    """Whether a symbol is a function under ``@adjoint``, which leaves the name to what it was before."""
    if symbol.unit is None or symbol.scope is None or not all(map(_may_be_rule, symbol.bindings)):
        return False
    found = (
        project.resolve(decorator, symbol.scope, symbol.unit)
        for b in symbol.bindings
        for decorator in getattr(b.node, "decorator_list", ())
    )
    return any(legacy_name(symbols, modules) == "adjoint" for symbols in found)


def _may_be_rule(binding: Binding) -> bool:
    return isinstance(binding.node, ast.FunctionDef) and bool(binding.node.decorator_list)


def _root(node: ast.expr) -> ast.Name | None:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) else None
