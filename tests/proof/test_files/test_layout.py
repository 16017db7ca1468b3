"""How expressions are written and wrapped."""

import ast
import subprocess
import sys

import pytest

from adjoint2rrule.proof.test_files.layout import wrapped, written

TEXTS = [
    "test_rrule(f, 2.5, Foo(9.9, 7.2), 31.0)",
    "test_rrule(f, np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]]), 'log', fkwargs={'axis': 1})",
    "test_rrule(f, [Layer(0.5, name='a', n=[1.5, 2.5]), Layer(1.5)], (0.25,), {0.5, 1.5}, {}, [], ())",
    "test_rrule(f, lambda x, *ps: 0.3 * x ** 2 + sum(ps) ** 2 - a.b ** -2, x[0], *[0.5, 1.5], **{'a': 1})",
    "test_rrule(f, np.array([0.5, 1.5, 2.5, 3.5, 4.5, 5.5]).reshape(2, 3), {'a': sp.csr_array(np.eye(3))})",
    "test_rrule(f, Affine(weight=np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]])), np.array([0.25, 3.5]))",
    "pytest.mark.skip(reason='`f`: give it an annotation')",
    "test_rrule(f, 'it\\'s', 'say \"so\"', 'x ** 2', 'naïve', b'raw', '\\n', -1.5, 2j, 1e-07, None, ...)",
    "test_rrule(f, -np.array([0.5, 1.5]), 2.0 * np.ones((3, 2)), x if y else z, not x, x[1:3], 1 < 2)",
]


def parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


@pytest.mark.parametrize("width", [10, 24, 40, 60, 88, 120])
def test_formatter_has_nothing_to_do(width):
    lines = [line for text in TEXTS for line in wrapped(parsed(text), width, "")]
    source = "\n".join(lines) + "\n"
    assert all(any(ast.dump(parsed(t)) == ast.dump(n.value) for t in TEXTS) for n in ast.parse(source).body)
    command = [sys.executable, "-m", "ruff", "format", "--isolated", f"--line-length={width}", "-"]
    formatted = subprocess.run(command, input=source, capture_output=True, check=True, encoding="utf-8")
    if width >= 60:  # below that, ruff breaks what has no brackets
        assert formatted.stdout == source


@pytest.mark.parametrize("text", TEXTS)
def test_line_that_fits_is_one_line(text):
    (line,) = wrapped(parsed(text), 200, "    ")
    assert line == f"    {written(parsed(text))}"


def test_arguments_of_a_call_share_a_line_where_they_fit():
    assert wrapped(parsed("function(0.5, 1.5)"), 16, "") == ["function(", "    0.5, 1.5", ")"]


def test_elements_of_a_list_have_a_line_each():
    assert wrapped(parsed("[0.25, 0.75, 1.5]"), 16, "") == ["[", "    0.25,", "    0.75,", "    1.5,", "]"]


def test_strings_have_double_quotes_unless_they_hold_some():
    assert written(parsed("f('a', 'b\"', \"it's\")")) == 'f("a", \'b"\', "it\'s")'
