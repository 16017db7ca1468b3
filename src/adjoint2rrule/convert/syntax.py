r"""A source file and its syntax tree, with the way from the tree's positions back to bytes.

`ast` counts columns in UTF-8 bytes, whatever the file is written in, and lines by ``\n``, ``\r\n``
and ``\r`` alone (a form feed ends none).  Edits are made in the file's own bytes; this is the one
place that knows the difference.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from bisect import bisect_left, bisect_right
from codecs import BOM_UTF8
from dataclasses import dataclass
from functools import cached_property
from unicodedata import normalize

from adjoint2rrule.convert.model import Diagnostic, Severity, SourceFile, Span

LINE_END = re.compile(rb"\r\n|\r|\n")

# What carries a position: statements, expressions, arguments, import aliases, handlers and keywords.
Located = ast.stmt | ast.expr | ast.arg | ast.alias | ast.excepthandler | ast.keyword | ast.pattern


class UnreadableSourceError(Exception):
    """The file is not Python that this interpreter can parse; `diagnostic` says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


@dataclass(frozen=True)
class Module:
    """A parsed source file."""

    source: SourceFile
    tree: ast.Module
    encoding: str

    @cached_property
    def line_starts(self) -> list[int]:
        """Byte offsets at which the lines start, and the end of the file after the last of them."""
        content = self.source.content
        first = len(BOM_UTF8) if content.startswith(BOM_UTF8) else 0
        return [first, *(end.end() for end in LINE_END.finditer(content)), len(content)]

    def offset(self, line: int, column: int) -> int:
        """Return the byte at `line`, from 1, and `column`, in UTF-8 bytes as `ast` counts them."""
        start = self.line_starts[line - 1]
        if self.encoding == "utf-8":
            return start + column
        text = self.source.content[start : self.line_starts[line]].decode(self.encoding)
        before = text.encode()[:column].decode()
        return start + len(before.encode(self.encoding))

    def span(self, node: Located) -> Span:
        """Return the bytes of `node`, without the decorators of a definition."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return Span(
            self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)
        )

    def from_decorators(self, node: ast.stmt) -> Span:
        """Return the bytes of a definition from the ``@`` of its first decorator on."""
        span = self.span(node)
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        if not decorators:
            return span
        start = self.source.content.rindex(b"@", 0, self.span(decorators[0]).start)
        return Span(start, span.end)

    @cached_property
    def _lines(self) -> dict[ast.stmt, Span]:
        """For each statement of the module, the whole lines that it stands in."""
        groups: list[tuple[int, int, list[ast.stmt]]] = []
        for statement in self.tree.body:
            first, last = self._first_line(statement), statement.end_lineno or statement.lineno
            if groups and first <= groups[-1][1]:
                start, _, statements = groups.pop()
                groups.append((start, last, [*statements, statement]))
            else:
                groups.append((first, last, [statement]))
        return {
            statement: Span(self.line_starts[first - 1], self.line_starts[last])
            for first, last, statements in groups
            for statement in statements
        }

    def lines_of(self, statement: ast.stmt) -> Span:
        """Return the lines of a statement of the module, with those that share one of them.

        They run from the first decorator to the last line end.
        """
        return self._lines[statement]

    def statement_at(self, line: int) -> ast.stmt:
        """Return the statement of the module that stands on `line`, from 1; the last that starts there."""
        return self.tree.body[bisect_right(self._first_lines, line) - 1]

    @cached_property
    def _first_lines(self) -> list[int]:
        return [self._first_line(statement) for statement in self.tree.body]

    def _first_line(self, statement: ast.stmt) -> int:
        """Return the line on which a statement starts: that of the ``@`` of its first decorator."""
        return self.location(self.from_decorators(statement).start)[0]

    def is_alone(self, statement: ast.stmt) -> bool:
        """Whether no other statement of the module shares a line with this one."""
        return sum(lines == self._lines[statement] for lines in self._lines.values()) == 1

    @cached_property
    def _spellings(self) -> dict[str, str]:
        """Names that Python folds (NFKC), with what the author typed for them."""
        if self.source.content.isascii():
            return {}
        words = re.findall(r"\w+", self.source.content.decode(self.encoding))
        return {folded: word for word in words if (folded := normalize("NFKC", word)) != word}

    def as_typed(self, code: str) -> str:
        """Return `code` with its names as the author of the file types them."""
        if not self._spellings:
            return code
        return re.sub(r"\w+", lambda word: self._spelled(word[0]), code)

    def _spelled(self, word: str) -> str:
        """Return `word` as typed; of one that was made from a name, by ``_`` and more, the name."""
        head, tail = word, ""
        while head and head not in self._spellings:
            head, separator, end = head.rpartition("_")
            tail = f"{separator}{end}{tail}"
        return self._spellings[head] + tail if head else word

    def text(self, node: Located) -> str:
        """Return the source of `node` as its author wrote it."""
        span = self.span(node)
        return self.source.content[span.start : span.end].decode(self.encoding)

    def location(self, offset: int) -> tuple[int, int]:
        """Return line and column of a byte, both from 1, the column in characters."""
        line = min(bisect_right(self.line_starts, offset), len(self.line_starts) - 1)
        start = self.line_starts[line - 1]
        before = self.source.content[start:offset].decode(self.encoding, "replace")
        return line, len(before) + 1

    def diagnostic(
        self, slug: str, node: Located, message: str, hint: str, severity: Severity = Severity.ERROR
    ) -> Diagnostic:
        """Return a remark about the place where `node` stands."""
        line, column = self.location(self.span(node).start)
        return Diagnostic(slug, severity, message, hint, line, column)

    @cached_property
    def comments(self) -> list[tuple[int, str]]:
        """Each comment of the file: the byte it starts at, and its text."""
        # `tokenize` knows no line that goes on after a backslash and a bare CR; columns stay as they are.
        code = self.source.content.decode(_with_bom(self.encoding))
        text = io.StringIO(re.sub(r"\r\n?", "\n", code), newline="")
        found = []
        for token in tokenize.generate_tokens(text.readline):
            if token.type == tokenize.COMMENT:
                line, column = token.start
                start = self.line_starts[line - 1]
                found.append((start + len(token.line[:column].encode(self.encoding)), token.string))
        return found

    def end_of_line(self, offset: int) -> int:
        """Return the byte at which the line that holds `offset` ends, its line end included."""
        return self.line_starts[min(bisect_right(self.line_starts, offset), len(self.line_starts) - 1)]

    def has_comment(self, span: Span) -> bool:
        """Whether a comment starts inside `span`."""
        first = bisect_left(self.comments, (span.start, ""))
        return first < len(self.comments) and self.comments[first][0] < span.end


# What speaks to tools about the line it stands on.
_CODES = r"(?:[A-Z]+[0-9]+|[a-z][0-9]+)"
_DIRECTIVE = re.compile(
    rf"""
      (?i:(?:(?:ruff|flake8)\s*:\s*)?noqa)\b(?!-) (?:\s*:\s*{_CODES}(?:[\s,]+{_CODES}\b)*)?
    | type\s*:\s*ignore\b (?:\[[^]]*\])?
    | type\s*:.*
    | (?:isort|fmt|ruff|yapf)\s*:\s*[\w-]+ (?:\s*[:=]\s*[\w-]+)?
    | pylint\s*:\s*[\w-]+ (?:\s*=\s*[\w-]+(?:\s*,\s*[\w-]+)*)?
    | pragma\s*:\s*(?:no\s)?\s*[\w-]+
    | (?:mypy|flake8)\s*:\s*[\w-]+ (?:\s*=\s*\S+)?
    | pyright\s*:\s*[\w-]+ (?:\[[^]]*\]|\s*=\s*\w+)?
    """,
    re.VERBOSE,
)


def for_people(comment: str) -> str:
    """Return what is left of a comment without what it says to tools at its start: a comment, or nothing.

    What speaks to tools goes with its line; the rest is for whoever reads on.

    Examples
    --------
    >>> for_people("# noqa: F401"), for_people("# noqa: F401  kept for plugins"), for_people("# no quarter")
    ('', '# kept for plugins', '# no quarter')
    """
    text = comment.lstrip("#").lstrip()
    directive = _DIRECTIVE.match(text)
    if directive is None:
        return comment
    rest = text[directive.end() :].lstrip(" \t#,;:-\N{EM DASH}\N{EN DASH}")
    return for_people(f"# {rest}") if rest else ""


def is_directive(comment: str) -> bool:
    """Whether a comment speaks to a tool about the line it stands on, and to nobody else.

    Examples
    --------
    >>> is_directive("# noqa: F401"), is_directive("# no quarter")
    (True, False)
    """
    return not for_people(comment)


def first_line(node: ast.stmt) -> int:
    """Return the line, from 1, on which a statement starts, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])


def parse(source: SourceFile) -> Module:
    r"""Parse `source`, or raise `UnreadableSourceError` with what is wrong and where.

    Examples
    --------
    >>> module = parse(SourceFile("rules.py", b"f = None\n"))
    >>> module.text(module.tree.body[0].value)
    'None'
    """
    if b"\0" in source.content:
        raise UnreadableSourceError(
            _failure("binary-file", "the file holds null bytes; it is not Python source")
        )
    encoding = _encoding(source.content)
    try:
        with warnings.catch_warnings():
            # An odd escape sequence is between the author and Python; we only read.
            warnings.simplefilter("ignore")
            tree = ast.parse(source.content, source.path)
    except SyntaxError as err:
        raise UnreadableSourceError(
            _failure("syntax-error", f"Python cannot parse this: {err.msg}", err.lineno or 1, err.offset or 1)
        ) from err
    except (RecursionError, MemoryError) as err:
        raise UnreadableSourceError(
            _failure("too-deep", "the file is nested more deeply than Python's parser can follow")
        ) from err
    return Module(source, tree, encoding)


def parse_expression(text: str) -> ast.expr | None:
    r"""Return the tree of an expression that stands in a string, `None` where there is none.

    Examples
    --------
    >>> parse_expression(" Foo | None") is None, parse_expression("any text"), parse_expression("\ud800")
    (False, None, None)
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # no expression, or null bytes, lone surrogates, or too deep for the parser


def _encoding(content: bytes) -> str:
    """Return the encoding that the file declares, in Python's spelling, once it is sure to decode it."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    except SyntaxError as err:
        if not str(err).startswith("invalid or missing encoding"):
            raise UnreadableSourceError(_failure("undecodable", str(err))) from err
        encoding = "utf-8"  # nothing is declared, and the bytes are not what that means: look where
    try:
        content.decode(encoding)
    except UnicodeDecodeError as err:
        line = len(LINE_END.findall(content, 0, err.start)) + 1
        message = f"byte 0x{content[err.start]:02x} is not {err.encoding}: {err.reason}"
        raise UnreadableSourceError(_failure("undecodable", message, line)) from err
    except (LookupError, UnicodeError) as err:
        # From codecs that are known but are none of text, such as `hex`, or that refuse all of it.
        raise UnreadableSourceError(_failure("undecodable", str(err))) from err
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _with_bom(encoding: str) -> str:
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _failure(slug: str, message: str, line: int = 1, column: int = 1) -> Diagnostic:
    hint = "The file is left as it is; mend it, or leave it out with --exclude."
    return Diagnostic(slug, Severity.ERROR, message, hint, line, column)
