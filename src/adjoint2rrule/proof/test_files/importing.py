"""What a test file imports, and under which names: no two are alike, and pytest collects none of them."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count, groupby

from adjoint2rrule.convert.import_style import ImportStyle
from adjoint2rrule.proof.model import Expression, Import

# what pytest gives a meaning to, where a module has it
_OF_PYTEST = frozenset({"pytest_plugins", "pytestmark"}) | {
    f"{when}_{what}" for when in ("setup", "teardown") for what in ("function", "module")
}


@dataclass(frozen=True)
class Names:
    """Under which names a file imports what its expressions need.

    Attributes
    ----------
    renamed
        The imports whose own name would not do, each with the one to write instead.
    """

    renamed: Mapping[Import, Import]

    def imported(self, wanted: Import) -> Import:
        """Return the import to write for one that an expression asks for."""
        return self.renamed.get(wanted, wanted)

    def read(self, expression: Expression) -> ast.expr:
        """Return an expression with the names that the file has for what it needs."""
        node = ast.parse(expression.text, mode="eval").body
        new = {_spelled(i): self.renamed[i].bound for i in expression.imports if i in self.renamed}
        renamed = _Renaming(new).visit(node) if new else node
        assert isinstance(renamed, ast.expr)
        return renamed


def names_for(expressions: Iterable[Expression], taken: Iterable[str]) -> Names:
    """Return the names for what `expressions` need, beside those that are `taken`.

    Examples
    --------
    >>> f = Expression("norm(x)", frozenset({Import("lab.norms", "norm")}))
    >>> g = Expression("norm(x)", frozenset({Import("lab.vectors", "norm")}))
    >>> names = names_for([f, g], ["x"])
    >>> ast.unparse(names.read(f)), ast.unparse(names.read(g))
    ('norm(x)', 'vectors_norm(x)')
    """
    known = list(expressions)
    imports = sorted({i for e in known for i in e.imports})
    used = {*taken, *_OF_PYTEST, *(name for e in known for name in _builtins(e))}
    owners: dict[str, str] = {}  # what each name is bound to
    renamed: dict[Import, Import] = {}
    for wanted in imports:
        whole = _whole(wanted)
        is_free = wanted.bound not in used and owners.get(wanted.bound, whole) == whole
        if not is_free or _is_collected(wanted.bound):
            name = next(n for n in _others(wanted) if n not in used and n not in owners)
            renamed[wanted] = replace(wanted, alias=name)
        owners[renamed.get(wanted, wanted).bound] = whole
    return Names(renamed)


def import_block(
    imports: Iterable[Import],
    is_first_party: Callable[[str], bool],
    width: int,
    comments: Mapping[Import, str],
) -> list[str]:
    """Return the lines that import, sorted as isort and ruff do, with `comments` behind them."""
    sections: dict[int, list[Import]] = {}
    for wanted in sorted(set(imports), key=_order):
        top = wanted.module.partition(".")[0]
        section = 0 if top in sys.stdlib_module_names else 2 if is_first_party(top) else 1
        sections.setdefault(section, []).append(wanted)
    blocks = [list(_statements(sections[s], width, comments)) for s in sorted(sections)]
    return [line for i, block in enumerate(blocks) for line in ([""] if i else []) + block]


def _statements(imports: list[Import], width: int, comments: Mapping[Import, str]) -> Iterator[str]:
    # isort puts what is imported under another name on a line of its own
    for (module, is_joined), group in groupby(
        imports, key=lambda i: (i.module, bool(i.name and not i.alias))
    ):
        found = list(group)
        if is_joined:
            yield from ImportStyle(width).write(module, [i.name for i in found]).splitlines()
        else:
            yield from (str(i) + (f"  # {comments[i]}" if i in comments else "") for i in found)


def _order(wanted: Import) -> tuple[object, ...]:
    """Return isort's key: `import` before `from`, constants before classes before the rest."""
    name = wanted.name
    kind = 0 if len(name) > 1 and name.isupper() else 1 if name[:1].isupper() else 2
    joined = not wanted.alias
    return bool(name), _natural(wanted.module), not joined, kind, _natural(name), wanted.alias


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """Return a key by which `x2` comes before `x10`."""
    parts = re.split(r"(\d+)", name.lower())
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def _is_collected(name: str) -> bool:
    return name.startswith(("test", "Test"))


def _whole(wanted: Import) -> str:
    """Return what an import binds its name to, as a dotted name."""
    if wanted.name:
        return f"{wanted.module}.{wanted.name}"
    return wanted.module if wanted.alias else wanted.bound


def _others(wanted: Import) -> Iterator[str]:
    """Yield other names for what is imported: with more and more of where it comes from before it."""
    parts = [part for part in (*wanted.module.split("."), wanted.name) if part]
    for first in reversed(range(len(parts) - 1)):
        name = "_".join(parts[first:])
        yield f"_{name}" if _is_collected(name) else name
    yield from (f"_{'_'.join(parts)}_{number}" for number in count(1))


def _builtins(expression: Expression) -> set[str]:
    """Return the names that an expression reads and does not import."""
    names = {n.id for n in ast.walk(ast.parse(expression.text, mode="eval")) if isinstance(n, ast.Name)}
    return names - {i.bound for i in expression.imports}


def _spelled(wanted: Import) -> str:
    """Return how expressions spell what is imported."""
    return wanted.alias or wanted.name or wanted.module


class _Renaming(ast.NodeTransformer):
    """Replaces names, dotted ones too, but not those of the parameters of a `lambda`."""

    def __init__(self, new: Mapping[str, str]) -> None:
        self.new = new

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name(self.new.get(node.id, node.id), node.ctx)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        new = self.new.get(ast.unparse(node))
        return ast.Name(new, node.ctx) if new is not None else self.generic_visit(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        own = {n.arg for n in ast.walk(node.args) if isinstance(n, ast.arg)}
        inner = _Renaming({old: new for old, new in self.new.items() if old not in own})
        return ast.Lambda(self.visit(node.args), inner.visit(node.body))
