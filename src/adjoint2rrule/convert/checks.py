"""What must hold of every changed file before it is handed on; where it does not, the error is ours.

The checks know nothing of what was decided.  They look at the bytes before and after.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterable, Set

from adjoint2rrule.convert.scopes import Scope, evaluated, names_bound_by
from adjoint2rrule.convert.syntax import Module, for_people


def broken_promise(before: Module, after: Module, kept: Set[str] = frozenset()) -> str | None:
    """Return what is wrong with a conversion of `before` into `after`, `None` where all is well.

    Imports of the names in `kept` may have become unused.

    Examples
    --------
    >>> from adjoint2rrule.convert.model import SourceFile
    >>> from adjoint2rrule.convert.syntax import parse
    >>> before, after = (parse(SourceFile("f.py", code)) for code in (b"x = 1  # one", b"x = 1"))
    >>> broken_promise(before, after)
    'the comment `# one` is lost'
    """
    old, new = _comments(before), _comments(after)
    if lost := list(old - new):
        return f"the comment `{lost[0]}` is lost"
    if doubled := list(new - old):
        return f"the comment `{doubled[0]}` stands there once more"
    undefined = sorted(_newly_undefined(before, after))
    if undefined:
        return f"the name `{undefined[0]}` is not defined any more"
    unused = sorted(_unused_imports(after) - _without_readers(before) - kept)
    if unused:
        return f"the import of `{unused[0]}` is not used"
    return None


def _comments(module: Module) -> Counter[str]:
    """Return the comments for people; those for tools go and come with the lines that they speak of."""
    return Counter(text for _, comment in module.comments if (text := for_people(comment)))


def _newly_undefined(before: Module, after: Module) -> Iterable[str]:
    """Return the names that `after` reads more often than `before` where nothing binds them.

    Where a star import is left, any name of the file may come from there, but none that is new in it.
    """
    if Scope(after.tree).star_imports:
        return _undefined(after).keys() - _words(before)
    return _undefined(after) - _undefined(before)


def _undefined(module: Module) -> Counter[str]:
    """Return the names that are read and that no scope around binds, nor the builtins, and how often."""
    return Counter(
        node.id
        for node, inner, _ in evaluated(Scope(module.tree))
        if isinstance(node, ast.Name)
        and isinstance(node.ctx, ast.Load)
        and not hasattr(builtins, node.id)
        and inner.find(node.id) is None
    )


def _words(module: Module) -> set[str]:
    """Return every name that a file reads or binds."""
    nodes = list(ast.walk(module.tree))
    read = {node.id for node in nodes if isinstance(node, ast.Name)}
    return read.union(*map(names_bound_by, nodes))


def _unused_imports(module: Module) -> set[str]:
    """Return the names that are imported and never read, counting strings as possible readers."""
    nodes = ast.walk(module.tree)
    texts = [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return {name for name in _without_readers(module) if not any(name in text for text in texts)}


def _without_readers(module: Module) -> set[str]:
    """Return the names that are imported and that no code reads.

    Of a file as it was, that is enough to see that no edit made an import unused: a string that named
    it may have become an attribute or a keyword.
    """
    imported: set[str] = set()
    read: set[str] = set()
    for node in ast.walk(module.tree):
        match node:
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                imported |= {a.asname or a.name.partition(".")[0] for a in aliases}
            case ast.Name(id=name):
                read.add(name)
    return imported - read - {"*"}
