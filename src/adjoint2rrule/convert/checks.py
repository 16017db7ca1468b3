"""What must hold of every changed file before it is handed on; where it does not, the error is ours.

The checks know nothing of what was decided.  They look at the bytes before and after.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Set

from adjoint2rrule.convert.scopes import Scope, evaluated
from adjoint2rrule.convert.syntax import Module, is_directive


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
    for comment in _comments(before) - _comments(after):
        if not is_directive(comment):
            return f"the comment `{comment}` is lost"
    undefined = sorted(_undefined(after) - _undefined(before))
    if undefined:
        return f"the name `{undefined[0]}` is not defined any more"
    unused = sorted(_unused_imports(after) - _unused_imports(before) - kept)
    if unused:
        return f"the import of `{unused[0]}` is not used"
    return None


def _comments(module: Module) -> Counter[str]:
    return Counter(comment for _, comment in module.comments)


def _undefined(module: Module) -> set[str]:
    """Return the names that are read and that no scope around binds, nor the builtins.

    Where a star import is left, any name may come from there.
    """
    scope = Scope(module.tree)
    if scope.star_imports:
        return set()
    return {
        node.id
        for node, inner, _ in evaluated(scope)
        if isinstance(node, ast.Name)
        and isinstance(node.ctx, ast.Load)
        and not hasattr(builtins, node.id)
        and inner.find(node.id) is None
    }


def _unused_imports(module: Module) -> set[str]:
    """Return the names that are imported and never read, counting strings as possible readers."""
    imported: set[str] = set()
    read: set[str] = set()
    texts: list[str] = []
    for node in ast.walk(module.tree):
        match node:
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                imported |= {a.asname or a.name.partition(".")[0] for a in aliases}
            case ast.Name(id=name):
                read.add(name)
            case ast.Constant(value=str() as text):
                texts.append(text)
    return {name for name in imported - read - {"*"} if not any(name in text for text in texts)}
