"""What must hold of every changed file before it is handed on; where it does not, the error is ours.

The checks know nothing of what was decided.  They look at the bytes before and after.
"""

from __future__ import annotations

import ast
import builtins
import io
import symtable
import tokenize
from collections import Counter
from collections.abc import Iterator

from adjoint2rrule.convert.imports import is_directive
from adjoint2rrule.convert.model import SourceFile
from adjoint2rrule.convert.syntax import UnreadableSourceError, parse


def broken_promise(before: SourceFile, after: SourceFile) -> str | None:
    """Return what is wrong with a conversion of `before` into `after`, `None` where all is well.

    Examples
    --------
    >>> broken_promise(SourceFile("f.py", b"x = 1  # one"), SourceFile("f.py", b"x = 1"))
    'the comment `# one` is lost'
    """
    try:
        module = parse(after)
    except UnreadableSourceError as err:
        return f"the result cannot be parsed: {err.diagnostic.message}"
    lost = Counter(_comments(before)) - Counter(_comments(after))
    for comment in lost:
        if not is_directive(comment):
            return f"the comment `{comment}` is lost"
    undefined = sorted(_undefined(after) - _undefined(before))
    if undefined:
        return f"the name `{undefined[0]}` is not defined any more"
    unused = sorted(_unused_imports(module.tree) - _unused_imports(parse(before).tree))
    if unused:
        return f"the import of `{unused[0]}` is not used"
    return None


def _comments(source: SourceFile) -> Iterator[str]:
    for token in tokenize.tokenize(io.BytesIO(source.content).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def _undefined(source: SourceFile) -> set[str]:
    """Return the names that the file reads from its module or the builtins, which bind them neither."""
    table = symtable.symtable(source.content, source.path, "exec")
    known = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
    known |= {s.get_name() for t in _tables(table) for s in t.get_symbols() if s.is_declared_global()}
    read = {
        s.get_name()
        for t in _tables(table)
        for s in t.get_symbols()
        if s.is_referenced() and (s.is_global() or t is table)
    }
    return {name for name in read - known if not hasattr(builtins, name)}


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    pending = [table]
    while pending:
        current = pending.pop()
        yield current
        pending += current.get_children()


def _unused_imports(tree: ast.Module) -> set[str]:
    """Return the names that are imported and never read, counting strings as possible readers."""
    imported: set[str] = set()
    read: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                imported |= {a.asname or a.name.partition(".")[0] for a in aliases}
            case ast.Name(id=name):
                read.add(name)
            case ast.Constant(value=str() as text):
                read |= {word for word in imported if word in text}
    return imported - read - {"*"}
