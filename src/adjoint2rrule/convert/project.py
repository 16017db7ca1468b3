"""What the project around a file says: its modules, re-exports and classes, read and never imported.

A name is followed through imports and re-exports to where it is made.  Modules outside the
project end the way: ``np.linalg.inv`` is ``numpy.linalg.inv``, wherever numpy may define it.
"""

from __future__ import annotations

import ast
import builtins
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from adjoint2rrule.convert.discover import discover
from adjoint2rrule.convert.installed import is_installed_class
from adjoint2rrule.convert.model import SourceFile
from adjoint2rrule.convert.scopes import Binding, By, Scope, line_of
from adjoint2rrule.convert.subclasses import may_have_subclasses
from adjoint2rrule.convert.syntax import Module, UnreadableSourceError, parse
from adjoint2rrule.convert.units import Symbol, Unit

Closed = Mapping[str, frozenset[str]]

_LINE_LENGTH = "line-length"  # as ruff and black call it
_MAX_HOPS = 20  # longer chains of re-exports are cycles


class Project:
    """The modules around a file, read when they are first asked for.

    Parameters
    ----------
    roots
        Directories in which the project's top-level modules stand.
    closed
        Modules that are never looked into, because their names mean something as they are, each
        with the names that ``from module import *`` gives.
    """

    def __init__(self, roots: tuple[Path, ...] = (), closed: Closed | None = None) -> None:
        self.roots = roots
        self.closed = closed or {}
        self._units: dict[Path, Unit | None] = {}
        self._paths: dict[str, Path | None] = {}
        self._mentions: dict[tuple[str, ...], list[Path]] = {}
        self._derived: dict[ast.ClassDef, bool] = {}

    def fork(self) -> Project:
        """Return a project that knows what this one does, and in which files can be replaced."""
        other = Project(self.roots, self.closed)
        other._units = dict(self._units)
        return other

    @cached_property
    def line_length(self) -> int | None:
        """The length of lines that the project's ``pyproject.toml`` asks ruff or black for."""
        for root in self.roots:
            try:
                content = (root / "pyproject.toml").read_text("utf-8")
                tools = tomllib.loads(content).get("tool", {})
            except (OSError, ValueError):
                continue
            lengths = (tools.get(tool, {}).get(_LINE_LENGTH) for tool in ("ruff", "black"))
            return next((length for length in lengths if isinstance(length, int)), None)
        return None

    # -- modules ---------------------------------------------------------------------------

    def unit(self, module: Module) -> Unit:
        """Return the unit of a parsed file, named by where it stands under the roots."""
        path = Path(module.source.path)
        name, is_package = self._name(path)
        unit = Unit(module, name, is_package, Scope(module.tree))
        self._units[path.absolute()] = unit
        return unit

    def unit_of(self, scope: Scope) -> Unit:
        """Return the unit whose outermost scope is `scope`."""
        return next(u for u in self._units.values() if u is not None and u.scope is scope)

    def _name(self, path: Path) -> tuple[str, bool]:
        path = path.absolute()
        for root in self.roots:
            if path.suffix == ".py" and path.is_relative_to(root):
                parts = list(path.relative_to(root).with_suffix("").parts)
                if parts[-1] == "__init__":
                    return ".".join(parts[:-1]), True
                return ".".join(parts), False
        return "", False

    def find(self, name: str) -> Unit | None:
        """Return the module of the project called `name`, if there is one that can be read."""
        if not name or name in self.closed:
            return None
        if name not in self._paths:
            self._paths[name] = self._locate(name)
        path = self._paths[name]
        return self._read(path) if path is not None else None

    def _locate(self, name: str) -> Path | None:
        for root in self.roots:
            base = root.joinpath(*name.split("."))
            for path in (base / "__init__.py", base.with_name(base.name + ".py")):
                if path in self._units or path.is_file():
                    return path
        return None

    def unit_at(self, path: Path) -> Unit | None:
        """Return the module that stands in a file, if it can be read."""
        return self._read(path.absolute())

    def _read(self, path: Path) -> Unit | None:
        if path not in self._units:
            try:
                module = parse(SourceFile(str(path), path.read_bytes()))
            except (OSError, UnreadableSourceError):
                # Reported where the file itself is converted; for others it says nothing.
                self._units[path] = None
            else:
                self.unit(module)
        return self._units[path]

    @cached_property
    def files(self) -> list[Path]:
        """Every Python file under the first root, for questions about the whole project."""
        found = (path for path in discover([str(root) for root in self.roots[:1]]) if isinstance(path, str))
        return [Path(path) for path in found]

    def mentioning(self, *words: str) -> Iterator[Unit]:
        """Yield the readable modules of the project in which all `words` occur."""
        for path in self._mentioning(words):
            unit = self._read(path)
            if unit is not None:
                yield unit

    def mentions_any(self, words: Iterable[str]) -> bool:
        """Whether one of `words` occurs in any file of the project."""
        return any(self._mentioning((word,)) for word in words)

    def _mentioning(self, words: tuple[str, ...]) -> list[Path]:
        if words not in self._mentions:
            wanted = [word.encode(errors="surrogateescape") for word in words]
            self._mentions[words] = [path for path in self.files if _holds(path, wanted)]
        return self._mentions[words]

    # -- names -----------------------------------------------------------------------------

    def resolve(self, expression: ast.expr, scope: Scope, unit: Unit) -> tuple[Symbol, ...]:
        """Return what `expression`, a name or a dotted one, can stand for in `scope` of `unit`.

        Several answers come from a name that is imported in more than one place, as in ``try`` and
        ``except``; none where the name is unknown.
        """
        match expression:
            case ast.Name(id=name):
                return self._name_in(name, scope, unit)
            case ast.Attribute(value=value, attr=attribute):
                bases = self.resolve(value, scope, unit)
                return tuple(s for base in bases for s in self._attribute(base, attribute, 0))
        return ()

    def _name_in(self, name: str, scope: Scope, unit: Unit, hops: int = 0) -> tuple[Symbol, ...]:
        found = scope.find(name)
        if found is not None:
            return tuple(dict.fromkeys(self._bound(name, *found, unit, hops)))
        symbols = self._starred(name, unit.scope.star_imports, unit, hops)
        if not symbols and hasattr(builtins, name):
            return (Symbol(f"builtins.{name}"),)
        return symbols

    def _bound(
        self, name: str, where: Scope, bindings: list[Binding], unit: Unit, hops: int
    ) -> Iterator[Symbol]:
        """Yield what `name`, bound in the scope `where`, can stand for."""
        imports = [b for b in bindings if b.by is By.IMPORT]
        for binding in imports:
            yield from self.imported(binding, unit, hops)
        if len(imports) < len(bindings):
            others = tuple(b for b in bindings if b.by is not By.IMPORT)
            dotted = f"{unit.name}.{name}" if where.parent is None and unit.name else name
            yield Symbol(dotted, unit, where, others)
        if where is unit.scope and unit.scope.star_imports:
            # A star import further down binds the name anew.
            first = min(line_of(b) for b in bindings)
            later = [s for s in unit.scope.star_imports if s.lineno > first]
            yield from self._starred(name, later, unit, hops)

    def _starred(
        self, name: str, statements: list[ast.ImportFrom], unit: Unit, hops: int
    ) -> tuple[Symbol, ...]:
        """Return what star imports make of `name`: the last one, and those in blocks after it."""
        symbols: list[Symbol] = []
        for statement in reversed(statements):
            source = unit.absolute(statement)
            found = self.exported(source, name, hops) if source is not None else ()
            symbols += found
            if found and statement in unit.module.tree.body:
                break
        return tuple(dict.fromkeys(symbols))

    def imported(self, binding: Binding, unit: Unit, hops: int = 0) -> tuple[Symbol, ...]:
        """Return what an import of `unit` binds its name to."""
        alias, statement = binding.node, binding.statement
        assert isinstance(alias, ast.alias)
        if isinstance(statement, ast.ImportFrom):
            source = unit.absolute(statement)
            return self.follow(f"{source}.{alias.name}", hops + 1) if source else ()
        return (Symbol(alias.name if alias.asname else alias.name.partition(".")[0]),)

    def exported(self, source: str, name: str, hops: int = 0) -> tuple[Symbol, ...]:
        """Return what ``from source import *`` makes of `name`."""
        if source in self.closed:
            return (Symbol(f"{source}.{name}"),) if name in self.closed[source] else ()
        unit = self.find(source)
        if unit is None or hops > _MAX_HOPS:
            return ()
        listed = "__all__" in unit.scope.bindings  # where it is computed, it may have any name in it
        public = name in unit.exported if unit.exported is not None else listed or not name.startswith("_")
        symbols = self._name_in(name, unit.scope, unit, hops + 1) if public and _binds(unit, name) else ()
        return tuple(s for s in symbols if not s.dotted.startswith("builtins."))

    def _attribute(self, base: Symbol, attribute: str, hops: int) -> tuple[Symbol, ...]:
        dotted = f"{base.dotted}.{attribute}"
        if base.unit is not None:
            return self._member(base, attribute) if base.class_node else ()
        return self.follow(dotted, hops + 1)

    def _member(self, owner: Symbol, name: str) -> tuple[Symbol, ...]:
        """Return what a class of the project has under `name`, as far as the class itself says."""
        assert owner.class_node is not None
        assert owner.scope is not None
        scope = owner.scope.inner(owner.class_node)
        return (Symbol(f"{owner.dotted}.{name}", owner.unit, scope, tuple(scope.bindings.get(name, ()))),)

    def follow(self, dotted: str, hops: int = 0) -> tuple[Symbol, ...]:
        """Return what a full name stands for once re-exports are followed through the project."""
        source, _, name = dotted.rpartition(".")
        if source in self.closed or hops > _MAX_HOPS or self.find(dotted) is not None:
            return (Symbol(dotted),)
        unit = self.find(source)
        if unit is not None:
            return self._name_in(name, unit.scope, unit, hops + 1) if _binds(unit, name) else ()
        if source and self.find(source.partition(".")[0]) is not None:
            found = tuple(
                t for s in self.follow(source, hops + 1) for t in self._attribute(s, name, hops + 1)
            )
            return found or (Symbol(dotted),)
        return (Symbol(dotted),)

    def importers(self, unit: Unit, name: str) -> Iterator[Unit]:
        """Yield the other modules of the project that use `name` of `unit`."""
        if not unit.name:
            return
        for other in self.mentioning(name, unit.name.rpartition(".")[2]):
            if other.name != unit.name and self._takes(other, unit, name):
                yield other

    def _takes(self, other: Unit, unit: Unit, name: str) -> bool:
        """Whether `other` imports `name` from `unit`, or reads it as an attribute of the module."""
        for node, scope, _ in other.evaluated:
            match node:
                case ast.ImportFrom(names=aliases) if any(a.name == name for a in aliases):
                    if other.absolute(node) == unit.name:
                        return True
                case ast.Attribute(value=owner, attr=attribute) if attribute == name:
                    if any(symbol.dotted == unit.name for symbol in self.resolve(owner, scope, other)):
                        return True
        return False

    # -- classes ---------------------------------------------------------------------------

    def is_class(self, symbol: Symbol, hops: int = 0) -> bool | None:
        """Whether `symbol` is a class; `None` where neither the project nor an installed package tells."""
        if symbol.unit is None:
            if symbol.dotted.startswith("builtins."):
                return isinstance(getattr(builtins, symbol.dotted.removeprefix("builtins."), None), type)
            return is_installed_class(symbol.dotted)
        kinds = {self._binds_class(b, symbol, hops) for b in symbol.makers}
        return kinds.pop() if len(kinds) == 1 else None

    def _binds_class(self, binding: Binding, symbol: Symbol, hops: int) -> bool | None:
        if (
            isinstance(binding.value, ast.Name | ast.Attribute)
            and binding.by is By.VALUE
            and hops < _MAX_HOPS
        ):
            assert symbol.scope is not None
            assert symbol.unit is not None
            answers = {
                self.is_class(s, hops + 1) for s in self.resolve(binding.value, symbol.scope, symbol.unit)
            }
            return answers.pop() if len(answers) == 1 else None
        return _class_or_not(binding)

    def has_subclasses(self, symbol: Symbol) -> bool:
        """Whether a class of the project has subclasses there, or may have."""
        node = symbol.class_node
        if node is None:
            return False
        if node not in self._derived:
            assert symbol.unit is not None
            self._derived[node] = may_have_subclasses(self, node, symbol.unit)
        return self._derived[node]

    def is_same_class(self, symbol: Symbol, node: ast.ClassDef, hops: int = 0) -> bool:
        """Whether `symbol` is the class of `node`, under whatever name."""
        if symbol.class_node is not None or hops > _MAX_HOPS:
            return symbol.class_node is node
        values = [b.value for b in symbol.bindings if isinstance(b.value, ast.Name | ast.Attribute)]
        if symbol.scope is None or symbol.unit is None:
            return False
        found = (s for v in values for s in self.resolve(v, symbol.scope, symbol.unit))
        return any(self.is_same_class(s, node, hops + 1) for s in found)


_projects: dict[tuple[Path, ...], Project] = {}


def project_around(path: Path, closed: Closed) -> Project:
    """Return the project that `path`, a file, belongs to; the same one for all its files.

    Its roots are the directory that holds the file's outermost package, the one above, where that
    directory is a package itself, and that of the nearest ``pyproject.toml`` with the ``src`` in it.
    """
    path = path.absolute()
    folder = path.parent
    while (folder / "__init__.py").is_file() and folder != folder.parent:
        folder = folder.parent
    roots = [folder, folder.parent]
    for above in [folder, *folder.parents]:
        if (above / "pyproject.toml").is_file():
            roots += [above, above / "src"]
            break
    key = tuple(dict.fromkeys(roots))
    known = _projects.get(key)
    if known is None or known.closed != closed:
        known = _projects[key] = Project(key, closed)
    return known


_CLASS_FACTORIES = frozenset({"namedtuple", "NamedTuple", "TypedDict", "type", "make_dataclass", "NewType"})


def _holds(path: Path, words: list[bytes]) -> bool:
    """Whether a file has all of `words` in it; one that cannot be read has not."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return all(word in content for word in words)


def _binds(unit: Unit, name: str) -> bool:
    return name in unit.scope.bindings or bool(unit.scope.star_imports)


def _class_or_not(binding: Binding) -> bool | None:
    if binding.by is By.CLASS:
        return True
    if binding.by is By.FUNCTION:
        return False
    match binding.value:
        case ast.Lambda():
            return False
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _CLASS_FACTORIES:
            return True
    return None
