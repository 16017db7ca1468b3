"""Where a project shows how its functions are called: its tests, its examples, and doctests."""

from __future__ import annotations

import ast
import doctest
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from adjoint2rrule.convert.annotations import Place
from adjoint2rrule.convert.discover import MissingPathError, discover
from adjoint2rrule.convert.model import SourceFile
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import Scope, evaluated
from adjoint2rrule.convert.syntax import parse
from adjoint2rrule.convert.units import Unit
from adjoint2rrule.proof.inputs.literals import is_of_tests
from adjoint2rrule.proof.inputs.parametrized import rows_of, with_row

_FOLDERS = ("tests", "test", "testing", "examples", "example", "docs", "doc", "doctest")
_DOCUMENTS = ("*.md", "*.rst", "docs/*.md", "docs/*.rst", "doc/*.md", "doc/*.rst")
_MARKERS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
_RAISES = ("raises", "assertraises", "assert_raises")  # as in pytest, unittest, numpy
GENERATED = b"enerated by `adjoint2rrule"  # in the first line of files that are no source


@dataclass(frozen=True, eq=False)
class Source:
    """A piece of Python that calls functions of the project.

    Attributes
    ----------
    name
        The file it stands in, as people call it.
    place
        Where its names are to be read.
    above
        How many lines of the file stand above its first one.
    """

    name: str
    place: Place
    above: int = 0

    def calls(self) -> Iterator[tuple[ast.Call, Scope]]:
        """Yield every call with the scope that evaluates it, once for each row of parameters of its test."""
        nodes = list(evaluated(self.place.scope))
        failing = {inner for node, _, _ in nodes if _expects_error(node) for inner in ast.walk(node)}
        for node, scope, functions in nodes:
            if isinstance(node, ast.Call) and node not in failing:
                for row in rows_of(functions):
                    yield with_row(node, row), scope

    def line(self, node: ast.expr) -> int:
        """Return the line of `node` in the file."""
        return self.above + node.lineno


class Sources:
    """Finds the sources of a project, file by file."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._read: dict[Path, list[Source]] = {}

    def mentioning(self, word: str) -> Iterator[Source]:
        """Yield the sources in whose files `word` occurs, in order."""
        wanted = word.encode(errors="surrogateescape")
        for path, content in self._files.items():
            if wanted in content:
                if path not in self._read:
                    self._read[path] = list(self._of(path, content))
                yield from self._read[path]

    @cached_property
    def _files(self) -> dict[Path, bytes]:
        """Every file that may hold sources, with its content; Python without tests has doctests at most."""
        found: dict[Path, bytes] = {}
        for path in self._paths():
            try:
                content = path.read_bytes()
            except OSError:
                continue  # reported where it is converted
            is_generated = GENERATED in content.partition(b"\n")[0]
            if not is_generated and (self._is_shown(path) or b">>>" in content):
                found[path] = content
        return found

    def _paths(self) -> Iterator[Path]:
        found: dict[Path, None] = {}
        for root in self._roots():
            found |= dict.fromkeys(p for pattern in _DOCUMENTS for p in sorted(root.glob(pattern)))
            folders = [root / name for name in _FOLDERS if (root / name).is_dir()]
            found |= dict.fromkeys(path for folder in folders for path in _python(folder))
            found |= dict.fromkeys(sorted([*root.glob("test_*.py"), *root.glob("*_test.py")]))
        found |= dict.fromkeys(self.project.files)
        yield from sorted(found, key=lambda path: (not self._is_shown(path), str(path)))

    def _roots(self) -> Iterator[Path]:
        """Yield the folder of the package, and those that say that they hold a project."""
        for index, root in enumerate(self.project.roots):
            if index == 0 or any((root / name).exists() for name in _MARKERS):
                yield root

    def _is_shown(self, path: Path) -> bool:
        """Whether a file is there to show how functions are called."""
        for root in self.project.roots:
            if path.is_relative_to(root):
                parts = path.relative_to(root).with_suffix("").parts
                return any(p in _FOLDERS for p in parts[:-1]) or is_of_tests(".".join(parts))
        return False

    def _of(self, path: Path, content: bytes) -> Iterator[Source]:
        name = self._name(path)
        if path.suffix != ".py":
            yield from self._of_document(name, path, content)
            return
        unit = self.project.unit_at(path)
        if unit is None:
            return
        if self._is_shown(path):
            yield Source(name, Place(unit.scope, unit))
        for node in ast.walk(unit.module.tree) if b">>>" in content else ():
            yield from self._of_docstring(name, unit, node)

    def _name(self, path: Path) -> str:
        roots = [root for root in self.project.roots if path.is_relative_to(root)]
        return path.relative_to(min(roots, key=lambda r: len(r.parts))).as_posix() if roots else path.name

    def _of_docstring(self, name: str, unit: Unit, node: ast.AST) -> Iterator[Source]:
        """Yield the doctests of a module, class or function, which see the names of the module."""
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) or not node.body:
            return
        match node.body[0]:
            case ast.Expr(value=ast.Constant(value=str() as text) as constant):
                tree = _examples(text)
                if tree is not None:
                    yield Source(name, Place(Scope(tree, unit.scope), unit), constant.lineno - 1)

    def _of_document(self, name: str, path: Path, content: bytes) -> Iterator[Source]:
        tree = _examples(content.decode("utf-8", errors="replace"))
        if tree is not None:
            module = parse(SourceFile(str(path), ast.unparse(tree).encode()))
            unit = Unit(module, "", False, Scope(tree))
            yield Source(name, Place(unit.scope, unit))


def _expects_error(node: ast.AST) -> bool:
    """Return whether what stands in `node` is there to fail: ``with pytest.raises(…)``."""
    if not isinstance(node, ast.With):
        return False
    contexts = (ast.unparse(item.context_expr).partition("(")[0] for item in node.items)
    return any(context.rpartition(".")[2].lower().startswith(_RAISES) for context in contexts)


def _examples(text: str) -> ast.Module | None:
    """Return the examples of a docstring as one module, with the lines of the text; `None` if it has none."""
    try:
        examples = doctest.DocTestParser().get_examples(text)
    except ValueError:
        return None
    body: list[ast.stmt] = []
    for example in (e for e in examples if e.exc_msg is None):
        try:
            tree = ast.parse(example.source)
        except SyntaxError:
            continue
        body += [ast.increment_lineno(statement, example.lineno) for statement in tree.body]
    return ast.Module(body, []) if body else None


def _python(folder: Path) -> list[Path]:
    try:
        return [Path(path) for path in discover([str(folder)]) if isinstance(path, str)]
    except MissingPathError:
        return []
