"""Where a new import goes in a file, how it is wrapped, and which blank lines go with those that leave."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from itertools import pairwise

from adjoint2rrule.convert.import_style import import_style
from adjoint2rrule.convert.model import Edit, Span
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.syntax import Module, for_people
from adjoint2rrule.convert.units import Unit

_ImportNode = ast.Import | ast.ImportFrom


def insertion(
    unit: Unit, project: Project, new: Sequence[tuple[str, Sequence[str]]], removed: Sequence[ast.stmt]
) -> Edit:
    """Return the edit that imports names at the top of a file: `new` has the modules, each with its names.

    It stands in for an import under a comment of its own, joins the third-party imports, sorted in, or
    makes a section of its own for them.  The statements in `removed` leave at the same time.
    """
    module = unit.module
    end = newline(module)
    text = end.join(written(module, project, source, names) for source, names in new)
    for statement in removed:
        if is_headed(module, statement, removed) and _section_of(unit, project, statement) == "third":
            start = module.lines_of(statement).start
            return Edit(Span(start, start), text + end)
    source = new[0][0]
    imports = leading_imports(module.tree)
    third = [s for s in imports if _section(unit, project, s) == "third"]
    if third:
        later = _first_after(third, source)
        if later is not None and module.is_alone(later):
            start = module.lines_of(later).start
            return Edit(Span(start, start), text + end)
        return _after(module, third[-1], text, end)
    earlier = [s for s in imports if _section(unit, project, s) in {"future", "standard"}]
    if earlier:
        return _after(module, earlier[-1], end + text, end, _next_line_end(module, earlier[-1], end))
    if imports:
        start = module.lines_of(imports[0]).start
        left = any(statement not in removed for statement in imports)
        return Edit(Span(start, start), text + end + (end if left else b""))
    return _without_block(module, text, end)


def written(module: Module, project: Project, source: str, names: Sequence[str]) -> bytes:
    """Return the import of `names` from `source` as the file wraps its own, without a line end."""
    text = import_style(module, project).write(source, names)
    return text.encode(module.encoding).replace(b"\n", newline(module))


def _without_block(module: Module, text: bytes, end: bytes) -> Edit:
    """Return the insertion into a file that imports nothing: after its docstring, else before its code."""
    body = module.tree.body
    if ast.get_docstring(module.tree, clean=False) is not None:
        return _after(module, body[0], end + text, end, _next_line_end(module, body[0], end))
    start = _start_with_comments(module, body[0])
    return Edit(Span(start, start), text + end + end)


def is_headed(module: Module, statement: ast.stmt, removed: Sequence[ast.stmt]) -> bool:
    """Whether lines of comment speak of `statement`, or of a section that holds what is `removed` alone.

    They stand right above it, or a blank line further up where blank lines set it apart.
    """
    content, starts = module.source.content, module.line_starts
    lines = [content[a:b].strip() for a, b in pairwise(starts)]
    leaving = {module.lines_of(s).start: module.lines_of(s).end for s in removed}
    first, end = starts.index(module.lines_of(statement).start), module.lines_of(statement).start
    while end in leaving:
        end = leaving[end]
    following = lines[starts.index(end)] if end < len(content) else b""
    above = first - 1
    if above > 0 and not lines[above] and not following:
        above -= 1
    head = above
    while head >= 0 and lines[head].startswith(b"#"):
        head -= 1
    # At the very top of a file stand its licence, encoding and the like.
    return 0 <= head < above and (not following or following.startswith(b"#"))


def _start_with_comments(module: Module, statement: ast.stmt) -> int:
    """Return where the lines of comment start that stand right above `statement` and below other lines.

    Those at the very top of a file are its licence, encoding and the like, and stay there.
    """
    starts = module.line_starts
    first = line = starts.index(module.lines_of(statement).start)
    while line > 0 and module.source.content[starts[line - 1] : starts[line]].lstrip().startswith(b"#"):
        line -= 1
    return starts[line if line > 0 else first]


def _after(module: Module, statement: ast.stmt, text: bytes, end: bytes, more: bytes = b"") -> Edit:
    """Return the insertion of a line after `statement`, whose own line may lack an end."""
    lines = module.lines_of(statement)
    last = module.source.content[lines.start : lines.end]
    if not last.endswith((b"\n", b"\r")):
        return Edit(Span(lines.end, lines.end), end + text)
    return Edit(Span(lines.end, lines.end), text + end + more)


def _next_line_end(module: Module, statement: ast.stmt, end: bytes) -> bytes:
    """Return a blank line where something else than one follows `statement`."""
    position = module.lines_of(statement).end
    following = module.source.content[position : position + 2]
    return b"" if following[:1] in (b"\r", b"\n", b"") else end


def leading_imports(tree: ast.Module) -> list[_ImportNode]:
    """Return the imports at the top of a module, up to its first other statement."""
    found = []
    for i, statement in enumerate(tree.body):
        if isinstance(statement, _ImportNode):
            found.append(statement)
        elif isinstance(statement, ast.Try | ast.TryStar | ast.If) and _only_imports(statement):
            continue
        elif not (i == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            break
    return found


def _only_imports(node: ast.Try | ast.TryStar | ast.If) -> bool:
    return all(isinstance(s, _ImportNode) for s in node.body)


def _section_of(unit: Unit, project: Project, statement: ast.stmt) -> str:
    """Return the section that an import belongs to, or the first one in a statement that goes as a whole."""
    inside = (node for node in ast.walk(statement) if isinstance(node, _ImportNode))
    return next(_section(unit, project, node) for node in inside)


def _section(unit: Unit, project: Project, statement: _ImportNode) -> str:
    if isinstance(statement, ast.ImportFrom) and statement.level:
        return "first"
    name = statement.module or "" if isinstance(statement, ast.ImportFrom) else statement.names[0].name
    top = name.partition(".")[0]
    if top == "__future__":
        return "future"
    if top in sys.stdlib_module_names:
        return "standard"
    return "first" if top == unit.name.partition(".")[0] or project.find(top) is not None else "third"


def _first_after(imports: list[_ImportNode], source: str) -> _ImportNode | None:
    """Return the import that a ``from source import …`` goes before, by the order that the block has."""
    kinds = [isinstance(s, ast.ImportFrom) for s in imports]
    mixed = kinds != sorted(kinds)
    for statement in imports:
        if isinstance(statement, ast.ImportFrom):
            if (statement.module or "") > source:
                return statement
        elif mixed and statement.names[0].name > source:
            return statement
    return None


def newline(module: Module) -> bytes:
    """Return the line end that the file's first line has."""
    first = module.source.content.partition(b"\n")
    if not first[1]:
        return b"\r" if b"\r" in first[0] else b"\n"
    return b"\r\n" if first[0].endswith(b"\r") else b"\n"


def without_lines(module: Module, statements: Sequence[ast.stmt], place: Edit | None) -> list[Edit]:
    """Return the edits that take whole `statements` away, and `place`.

    Where a whole group of lines goes, so does the blank line that set it apart.  Comments for people
    stay, on lines of their own.
    """
    spans: list[Span] = []
    for lines in sorted({module.lines_of(s) for s in statements}):
        if spans and not module.source.content[spans[-1].end : lines.start].strip():
            spans[-1] = Span(spans[-1].start, lines.end)
        else:
            spans.append(lines)
    edits = [place] if place is not None else []
    for span in spans:
        inside = (for_people(c) for start, c in module.comments if span.start <= start < span.end)
        comments = [comment for comment in inside if comment]
        joined = place is not None and span.start <= place.span.start <= span.end
        if place is not None and span.start < place.span.start < span.end:
            edits.append(Edit(Span(span.start, place.span.start), b""))
            span = Span(place.span.start, span.end)
        left = b"".join(comment.encode(module.encoding) + newline(module) for comment in comments)
        edits.append(Edit(span if joined or left else _with_blank_lines(module, span), left))
    return edits


def _with_blank_lines(module: Module, span: Span) -> Span:
    """Return `span` with the blank lines before it, where blank lines or the end of the file follow."""
    starts = module.line_starts
    content = module.source.content

    def is_blank(line: int) -> bool:
        return not content[starts[line] : starts[line + 1]].strip()

    first, after = starts.index(span.start), starts.index(span.end)
    if after + 1 < len(starts) and not is_blank(after):
        return span
    while first > 0 and is_blank(first - 1):
        first -= 1
    while first == 0 and after + 1 < len(starts) and is_blank(after):
        after += 1
    return Span(starts[first], starts[after])
