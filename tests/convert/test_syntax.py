"""`syntax`: the way from the tree's positions to the file's bytes, and the files that have no tree."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjoint2rrule.convert.model import Severity, SourceFile, Span
from adjoint2rrule.convert.syntax import (
    Module,
    UnreadableSourceError,
    first_line,
    for_people,
    is_directive,
    parse,
    parse_expression,
)
from tests.convert.building import parsed


def failure(content: bytes):
    """Why `content` cannot be parsed."""
    with pytest.raises(UnreadableSourceError) as caught:
        parse(SourceFile("rules.py", content))
    return caught.value.diagnostic


def names(module: Module) -> list[ast.Name]:
    """Return the names in a file, in its order."""
    found = [n for n in ast.walk(module.tree) if isinstance(n, ast.Name)]
    return sorted(found, key=lambda n: (n.lineno, n.col_offset))


def cut(module: Module, span: Span) -> bytes:
    return module.source.content[span.start : span.end]


# -- positions ---------------------------------------------------------------------------------

LAYOUTS = {
    "unix": b"a\nbb\n",
    "windows": b"a\r\nbb\r\n",
    "old mac": b"a\rbb\r",
    "mixed": b"a\r\n# c\n\rbb",
    "no last line end": b"a\nbb",
    "byte order mark": b"\xef\xbb\xbfa\nbb\n",
    "byte order mark and declaration": b"\xef\xbb\xbf# coding: utf-8\na\nbb",
    "form feeds": b"a\n\x0c\nbb\n",
    "after letters of several bytes": "x = 'ȳ€😀', a\ny = 'ȳ', bb\n".encode(),
    "latin-1": "# coding: latin-1\nx = 'é', a\ny = 'éé', bb\n".encode("latin-1"),
    "utf8 under another of its names": "# coding: utf8\nx = 'ȳ', a\ny = bb\n".encode(),
    "shift_jis": "# coding: shift_jis\nx = 'ソース', a\ny = bb\n".encode("shift_jis"),
    "continued lines": b"x = (a,\n  \\\n  bb)\n",
    "tabs": b"if a:\n\tbb\n",
}


@pytest.mark.parametrize("content", LAYOUTS.values(), ids=LAYOUTS)
def test_span_is_where_the_node_stands(content):
    module = parsed(content)
    found = [cut(module, module.span(n)) for n in names(module)]
    assert [text for text in found if text not in {b"x", b"y"}] == [b"a", b"bb"]


@given(
    st.lists(st.sampled_from("aéü×"), max_size=6).map("".join),
    st.sampled_from(["utf-8", "utf8", "latin-1", "cp1252"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_offset_counts_the_bytes_of_any_encoding(letters, encoding, end):
    text = f"# coding: {encoding}{end}x = {letters!r}, target{end}"
    module = parse(SourceFile("rules.py", text.encode(encoding)))
    assert cut(module, module.span(names(module)[1])) == b"target"


def test_text_is_decoded_as_the_file_declares():
    module = parsed("# coding: latin-1\ncafé\n".encode("latin-1"))
    assert module.text(names(module)[0]) == "café"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("def f():\n    pass\n", "def f():\n    pass"),
        ("@a\ndef f(): pass\n", "@a\ndef f(): pass"),
        ("@a\n@b(1)\ndef f(): pass\n", "@a\n@b(1)\ndef f(): pass"),
        ("@ a\ndef f(): pass\n", "@ a\ndef f(): pass"),
        ("@ \\\n  a\ndef f(): pass\n", "@ \\\n  a\ndef f(): pass"),
        ("@(a)\nclass C: pass\n", "@(a)\nclass C: pass"),
        ("x = 1\n", "x = 1"),
    ],
)
def test_span_from_decorators_starts_at_the_first_at_sign(text, wanted):
    module = parsed(text)
    assert cut(module, module.from_decorators(module.tree.body[0])).decode() == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x = 1\ny = 2\n", "x = 1\n"),
        ("x = 1  # one\r\ny = 2\r\n", "x = 1  # one\r\n"),
        ("@a\n\n@b\ndef f():\n    return 1\nx = 1", "@a\n\n@b\ndef f():\n    return 1\n"),
        ("x = 1; y = 2\nz = 3\n", "x = 1; y = 2\n"),
        ("x = 1", "x = 1"),
    ],
)
def test_lines_of_a_statement_are_whole(text, wanted):
    module = parsed(text)
    assert cut(module, module.lines_of(module.tree.body[0])).decode() == wanted


def test_statements_that_share_a_line_have_its_lines_in_common():
    module = parsed("a = 1; b = (\n  2); c = 3\nd = 4\n")
    spans = [cut(module, module.lines_of(statement)) for statement in module.tree.body]
    assert spans == [b"a = 1; b = (\n  2); c = 3\n"] * 3 + [b"d = 4\n"]
    assert [module.is_alone(statement) for statement in module.tree.body] == [False, False, False, True]


@pytest.mark.parametrize(("offset", "end"), [(0, 3), (2, 3), (3, 7), (6, 7), (7, 8), (8, 8)])
def test_line_ends_behind_its_line_end(offset, end):
    assert parsed(b"ab\ncd\r\ne").end_of_line(offset) == end


@pytest.mark.parametrize(
    ("text", "code", "wanted"),
    [
        ("ﬁt = 1\n", "fit_rrule(fit, other)", "ﬁt_rrule(ﬁt, other)"),
        ("ȳ = 1\n", "ȳ", "ȳ"),
        ("x = 1\n", "x_rrule", "x_rrule"),
        ("ﬁt = fit = 1\n", "outfit", "outfit"),
    ],
)
def test_new_code_spells_names_as_the_file_does(text, code, wanted):
    assert parsed(text).as_typed(code) == wanted


def test_first_line_is_that_of_the_first_decorator():
    body = parsed("\n@a\n@b\ndef f(): pass\n\nx = 1\n").tree.body
    assert [first_line(statement) for statement in body] == [2, 6]


@pytest.mark.parametrize(
    ("content", "target", "wanted"),
    [
        (b"x\n+y\n", b"y", (2, 2)),
        ("ȳ = 1, x\n".encode(), b"x", (1, 8)),
        (b"\xef\xbb\xbfx\n", b"x", (1, 1)),
        (b"a\r\nb\r\nx", b"x", (3, 1)),
        (b"a\rx", b"x", (2, 1)),
        ("# coding: latin-1\n'é', x\n".encode("latin-1"), b"x", (2, 6)),
    ],
)
def test_location_counts_characters_from_one(content, target, wanted):
    assert parsed(content).location(content.index(target)) == wanted


def test_end_of_file_has_a_location_after_the_last_line():
    assert parsed(b"x = 1\n").location(6) == (2, 1)
    assert parsed(b"x = 1").location(5) == (1, 6)


def test_diagnostic_says_where_its_node_stands():
    module = parsed("ȳ = None; f(1)\n")
    call = module.tree.body[1].value
    remark = module.diagnostic("some-slug", call, "what", "do", Severity.NOTE)
    assert (remark.slug, remark.message, remark.hint) == ("some-slug", "what", "do")
    assert (remark.severity, remark.line, remark.column) == (Severity.NOTE, 1, 11)


# -- comments ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"x = 1  # one\n# two\n", ["# one", "# two"]),
        (b"\xef\xbb\xbf# one\nx = '#'\n", ["# one"]),
        (b"x = 1 # one\r\ny = 2 # two", ["# one", "# two"]),
        (b"x = 1 # one\ry = 2 # two\r", ["# one", "# two"]),
        (b"x = '''\n# no\n''' # one\n", ["# one"]),
        (b"\x0c# one\nx = (1, # two\n  2)\n", ["# one", "# two"]),
        ("x = 'é' # après\n".encode(), ["# après"]),
        ("# coding: latin-1\nx = 'é' # après\n".encode("latin-1"), ["# coding: latin-1", "# après"]),
    ],
)
def test_comments_are_found_where_they_start(content, wanted):
    module = parsed(content)
    assert [text for _, text in module.comments] == wanted
    for start, text in module.comments:
        assert content[start:].startswith(text.encode(module.encoding))


def test_span_has_a_comment_that_starts_in_it():
    module = parsed("f(a, # one\n  b)\ng()\n")
    first, second = module.tree.body
    assert module.has_comment(module.span(first))
    assert not module.has_comment(module.span(first.value.args[0]))
    assert not module.has_comment(module.span(second))


@pytest.mark.parametrize(
    ("comment", "wanted"),
    [
        ("# noqa", True),
        ("#noqa:F401", True),
        ("# NOQA", True),
        ("# type: ignore[import]", True),
        ("# isort: skip", True),
        ("# pylint: disable=unused-import", True),
        ("# pragma: no cover", True),
        ("# fmt: skip", True),
        ("# the rules of the lab", False),
        ("# see noqa", False),
        ("# types are below", False),
    ],
)
def test_directives_are_told_from_comments(comment, wanted):
    assert is_directive(comment) is wanted


@pytest.mark.parametrize(
    ("comment", "wanted"),
    [
        ("# noqa: F401  re-exported for plugins", "# re-exported for plugins"),
        ("# noqa: F401, E501 - both", "# both"),
        ("# NOQA because of the plugins", "# because of the plugins"),
        ("# type: ignore[import]  no stubs yet", "# no stubs yet"),
        ("# noqa  # type: ignore  # see the docs", "# see the docs"),
        ("# pylint: disable=a,b  until 2.0", "# until 2.0"),
        ("# pragma: no cover (needs a GPU)", "# (needs a GPU)"),
        ("# isort stays here please", "# isort stays here please"),
        ("# noqa-like words", "# noqa-like words"),
        ("# a word first  # noqa", "# a word first  # noqa"),
        ("# type: (int) -> int", ""),
        ("# noqa  # type: ignore", ""),
    ],
)
def test_words_for_people_behind_a_directive_are_theirs(comment, wanted):
    assert for_people(comment) == wanted


# -- files without a tree ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "slug", "line", "column"),
    [
        (b"x = 1\ny = (\n", "syntax-error", 2, 5),
        (b"x = 1\r\ny = 1 ?", "syntax-error", 2, 7),
        (b"x = 1\n\0", "binary-file", 1, 1),
        (b"x = 1\n# caf\xe9\n", "undecodable", 2, 1),
        (b"# coding: nonsense\n", "undecodable", 1, 1),
        (b"\xef\xbb\xbf# coding: latin-1\n", "undecodable", 1, 1),
        (b"# coding: rot13\n", "undecodable", 1, 1),
        (b"# coding: base64\n", "undecodable", 1, 1),
    ],
)
def test_file_that_cannot_be_read_says_where(content, slug, line, column):
    found = failure(content)
    assert (found.slug, found.line, found.column) == (slug, line, column)
    assert found.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"y = (\n", "'(' was never closed"),
        (b"x = 1\ny = caf\xe9\n", "byte 0xe9 is not utf-8: "),
        (b"# coding: ascii\nx = 'caf\xe9'\n", "byte 0xe9 is not ascii: "),
        (b"# coding: nonsense\n", "nonsense"),
        (b"\0", "null bytes"),
    ],
)
def test_file_that_cannot_be_read_says_what_is_wrong(content, words):
    assert words in failure(content).message


def test_nesting_that_the_parser_cannot_follow_is_reported():
    assert failure(b"x = " + b"-" * 100_000 + b"1\n").slug == "too-deep"


def test_odd_escapes_are_left_between_the_author_and_python():
    # Warnings are errors in these tests, so that one would be raised here.
    assert parsed(b"x = '\\d'\n").text(parsed(b"x = '\\d'\n").tree.body[0]) == "x = '\\d'"


@pytest.mark.parametrize(
    "text",
    ["", "two words", "x = 1", "((", "\0", "\ud800", "-" * 100_000 + "1", "(" * 300 + "x" + ")" * 300],
    ids=["nothing", "text", "statement", "brackets", "null", "surrogate", "signs", "groups"],
)
def test_string_that_is_no_expression_has_no_tree(text):
    assert parse_expression(text) is None


def test_expression_in_a_string_is_read_without_warnings():
    tree = parse_expression(" Literal['\\d'] ")
    assert isinstance(tree, ast.Subscript)
