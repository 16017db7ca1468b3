"""What the tests of the converter's centre are built from: small files, parsed, in projects, converted."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from adjoint2rrule.convert.dialects.zygoterules.functions import Functions
from adjoint2rrule.convert.dialects.zygoterules.helpers import Helpers
from adjoint2rrule.convert.dialects.zygoterules.names import CALLBACKS, closed_modules
from adjoint2rrule.convert.dialects.zygoterules.rules import Rule, read_rule
from adjoint2rrule.convert.model import (
    Adapted,
    Conversion,
    Converted,
    Diagnostic,
    Options,
    Refused,
    SourceFile,
)
from adjoint2rrule.convert.pipeline import convert_source
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import DefinitionNode, Scope
from adjoint2rrule.convert.syntax import Module, parse
from adjoint2rrule.convert.units import Unit

Files = Mapping[str, str | bytes]


def source(text: str | bytes, path: str | Path = "rules.py") -> SourceFile:
    """Return a file with `text`, which may be indented as a whole, as in a test."""
    return SourceFile(str(path), dedent(text).encode() if isinstance(text, str) else text)


def parsed(text: str | bytes) -> Module:
    """Return the syntax tree of a file with `text`."""
    return parse(source(text))


def expression(text: str) -> ast.expr:
    """Return the tree of one expression."""
    return ast.parse(text, mode="eval").body


def write(root: Path, files: Files) -> None:
    """Write `files`, by their paths below `root`."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source(text).content)


@dataclass(frozen=True)
class Sample:
    """A file, and the project it stands in."""

    project: Project
    unit: Unit

    @property
    def scope(self) -> Scope:
        """The scope of the whole file."""
        return self.unit.scope

    def definition(self, name: str) -> DefinitionNode | ast.ClassDef:
        """Return the last definition called `name`, however deep it stands."""
        return self._found(name)[0]

    def outside(self, name: str) -> Scope:
        """Return the scope in which the last definition called `name` stands."""
        return self._found(name)[1]

    def inside(self, name: str) -> Scope:
        """Return the scope that the last definition called `name` makes."""
        node, scope = self._found(name)
        return scope.inner(node)

    def _found(self, name: str) -> tuple[DefinitionNode | ast.ClassDef, Scope]:
        found = []
        pending = [(node, self.scope) for node in self.unit.module.tree.body]
        while pending:
            node, scope = pending.pop(0)
            if isinstance(node, DefinitionNode | ast.ClassDef):
                if node.name == name:
                    found.append((node, scope))
                scope = scope.inner(node)
            pending += [(s, scope) for s in ast.iter_child_nodes(node) if isinstance(s, ast.stmt)]
        return max(found, key=lambda pair: pair[0].lineno)


def sample(
    text: str | bytes, root: Path | None = None, files: Files | None = None, path: str = "rules.py"
) -> Sample:
    """Return a file with `text` at `path` below `root`, beside `files`; without `root`, on its own."""
    if root is None:
        project = Project((), closed_modules())
        return Sample(project, project.unit(parsed(text)))
    write(root, {**(files or {}), path: text})
    project = Project((root,), closed_modules())
    return Sample(project, project.unit(parse(SourceFile(str(root / path), (root / path).read_bytes()))))


def functions_of(sample: Sample) -> Functions:
    """Return the functions of a file, in which a plain ``@adjoint`` is legacy, wherever it comes from."""
    return Functions(sample.project, sample.unit, lambda node, _: is_marked(node))


def is_marked(node: ast.AST) -> bool:
    """Return whether `node` is defined under a plain ``@adjoint``."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return any(isinstance(d, ast.Name) and d.id == "adjoint" for d in decorators)


def helpers_of(sample: Sample) -> Helpers:
    """Return which functions of a file serve its rules, those under a plain ``@adjoint``."""
    rules = [node for node in ast.walk(sample.unit.module.tree) if is_marked(node)]
    return Helpers(sample.unit, sample.project, rules)


def callbacks_in(node: ast.AST) -> dict[ast.expr, str]:
    """Return the uses, in `node`, of the legacy names that call back into the AD."""
    return {n: n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in CALLBACKS}


def rule_in(sample: Sample, name: str = "f") -> Rule:
    """Return the description of the rule called `name` in `sample`."""
    node = sample.definition(name)
    assert isinstance(node, ast.FunctionDef)
    functions, helpers = functions_of(sample), helpers_of(sample)
    return read_rule(node, sample.outside(name), functions, helpers, callbacks_in(node))


def conversion(
    text: str | bytes,
    root: Path | None = None,
    files: Files | None = None,
    path: str = "rules.py",
    options: Options | None = None,
) -> Conversion:
    """Return what becomes of a file with `text` at `path` below `root`, beside `files`."""
    options = options or Options()
    closed = closed_modules(options.legacy_modules)
    if root is None:
        return convert_source(source(text, path), options, Project((), closed))
    write(root, {**(files or {}), path: text})
    content = (root / path).read_bytes()
    return convert_source(SourceFile(str(root / path), content), options, Project((root,), closed))


def converted(text: str, root: Path | None = None, files: Files | None = None, path: str = "rules.py") -> str:
    """Return the text that a file becomes whose definitions are all converted."""
    outcome = conversion(text, root, files, path)
    left = [d.reason.message for d in outcome.decisions if not isinstance(d, Converted)]
    assert not left
    assert not outcome.failed, outcome.diagnostics
    return outcome.result.decode()


def refusal(
    text: str, root: Path | None = None, files: Files | None = None, path: str = "rules.py"
) -> Diagnostic:
    """Why the first definition of a file that is refused is refused, in a file that stays as it is there."""
    outcome = conversion(text, root, files, path)
    assert not outcome.failed, outcome.diagnostics
    refused = [d for d in outcome.decisions if isinstance(d, Refused)]
    assert refused, [type(d).__name__ for d in outcome.decisions]
    span = refused[0].definition.span
    assert outcome.source.content[span.start : span.end] in outcome.result
    assert not any(isinstance(d, Adapted) for d in outcome.decisions)
    return refused[0].reason


def adaption(
    text: str, root: Path | None = None, files: Files | None = None, path: str = "rules.py"
) -> Diagnostic:
    """Why the pullback of the first definition of a file that is adapted is kept, and wrapped."""
    outcome = conversion(text, root, files, path)
    assert not outcome.failed, outcome.diagnostics
    adapted = [d for d in outcome.decisions if isinstance(d, Adapted)]
    assert adapted, [type(d).__name__ for d in outcome.decisions]
    assert b"adapt_pullback(" in outcome.result
    return adapted[0].reason
