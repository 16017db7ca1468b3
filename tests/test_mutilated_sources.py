"""Files that nobody wrote: whatever the bytes are, the converter says something, and breaks nothing.

Bytes and tokens at random around a legacy import, and legacy code with lines and tokens left out, doubled and
swapped, as an editor or a merge leaves it.
"""

from __future__ import annotations

import ast
import io
import itertools
import tokenize
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from adjoint2rrule.convert.model import Conversion, Options, Refused, Severity, SourceFile
from adjoint2rrule.convert.pipeline import closed_modules, convert_source
from adjoint2rrule.convert.project import Project

IMPORT = b"from adjoint2rrule.legacy import adjoint, adjoint_mut, gradient, nograd, pullback\n"
FIXTURES = Path(__file__).parent / "fixtures"
CORPUS = Path(__file__).parents[2] / "shared" / "corpus" / "optics_lab"
WORDS = (
    *("adjoint", "nograd", "pullback", "gradient", "literal_getproperty", "f", "g", "x", "dy", "np", "self"),
    *("def", "class", "lambda", "return", "if", "else", "for", "in", "with", "as", "try", "except", "match"),
    *("import", "from", "global", "del", "not", "and", "await", "yield", "async", "None", "True", "1", "'a'"),
    *("(", ")", "[", "]", "{", "}", ",", ":", ";", "=", ":=", "+", "*", "**", "@", ".", "->", "~", "\\\n"),
    *("\n", "\n    ", "\n        ", "\r\n", "\r", "\t", "\x0c", "# c\n", '"""', "f'{x}'", "Ω̄", "ﬁ", "\ufeff"),
)
at_random = settings(
    phases=[phase for phase in Phase if phase is not Phase.explain],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def sources() -> list[bytes]:
    """Return legacy code of every kind: the fixtures and, where it is at hand, the corpus."""
    before = [*FIXTURES.glob("*/before.py"), *FIXTURES.glob("*/before/**/*.py"), *CORPUS.glob("*.py")]
    return [path.read_bytes() for path in sorted(before) if not path.parent.name.startswith("unreadable")]


SOURCES = sources()


@at_random
@given(st.binary(max_size=200), st.binary(max_size=200))
def test_bytes_at_random_are_read_or_reported(before: bytes, after: bytes) -> None:
    check(before + IMPORT + after)


@at_random
@given(st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join))
def test_words_at_random_are_read_or_reported(text: str) -> None:
    check(IMPORT + text.encode())


@at_random
@given(st.sampled_from(SOURCES), st.data())
def test_code_with_lines_moved_about_is_converted_or_reported(source: bytes, data: st.DataObject) -> None:
    check(b"".join(disturbed(source.splitlines(keepends=True), data)))


@at_random
@given(st.sampled_from(SOURCES), st.data())
def test_code_with_tokens_moved_about_is_converted_or_reported(source: bytes, data: st.DataObject) -> None:
    check("".join(disturbed(pieces(source), data)).encode("utf-8", "surrogatepass"))


def disturbed(parts: list, data: st.DataObject) -> list:  # type: ignore[type-arg]
    """Return `parts` with a few left out, doubled and swapped."""
    if not parts:
        return parts
    parts = list(parts)
    place = st.integers(0, len(parts) - 1)
    for what in data.draw(
        st.lists(st.sampled_from(["drop", "double", "swap", "word"]), min_size=1, max_size=4)
    ):
        i, j = data.draw(place), data.draw(place)
        if what == "swap":
            parts[i], parts[j] = parts[j], parts[i]
        else:
            parts[i] = {"drop": parts[i][:0], "double": parts[i] * 2, "word": parts[j]}[what]
    return parts


def pieces(source: bytes) -> list[str]:
    """Return the tokens of a file, with the space between them; characters, where it has none."""
    text = source.decode("utf-8", "replace")
    starts = list(itertools.accumulate(map(len, text.splitlines(keepends=True)), initial=0))
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text, newline="").readline))
    except (SyntaxError, tokenize.TokenError):
        return list(text)
    ends = sorted({min(starts[min(t.end[0] - 1, len(starts) - 1)] + t.end[1], len(text)) for t in tokens})
    return [text[a:b] for a, b in itertools.pairwise([0, *ends, len(text)])]


def check(content: bytes) -> None:
    """Fail where a conversion is an error of ours, or breaks what must hold of all."""
    options = Options()
    source = SourceFile("rules.py", content)
    outcome = convert_source(source, options, Project((), closed_modules(options)))
    assert "internal-error" not in {d.slug for d in outcome.diagnostics}, outcome.diagnostics
    if not outcome.edits:
        assert outcome.result is content
        return
    assert not outcome.failed
    parsed(outcome.result)
    spans = [decision.definition.span for decision in outcome.decisions]
    for decision in outcome.decisions:
        if isinstance(decision, Refused):
            span = decision.definition.span
            alone = sum(other in span for other in spans) == 1  # not a class with definitions in it
            assert decision.reason.severity is Severity.ERROR
            assert not alone or content[span.start : span.end] in outcome.result


def parsed(content: bytes) -> ast.Module:
    """Parse the result of a conversion, whatever escapes its strings have."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(content)


def test_check_finds_what_it_looks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(source: SourceFile, *_: object) -> Conversion:
        return Conversion(source, source.content + b"\n")

    monkeypatch.setitem(globals(), "convert_source", broken)
    with pytest.raises(AssertionError):
        check(IMPORT)
