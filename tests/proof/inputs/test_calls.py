"""Literal calls in tests, doctests and examples."""

import pytest

from tests.proof.inputs.test_search import rule_of, search_in, searches_in

FUNCTION = rule_of("x, y=2.0")
FUNCTOR = """
@dataclass
class RBF:
    scale: float

    def __call__(self, X): ...

    def diag(self, X): ...

@rrule.register(RBF)
def call_rrule(self: RBF, X): ...

@rrule.register(RBF.diag)
def diag_rrule(diag, self, X): ...
"""
TEST = """
import numpy as np
import pytest
import scipy.sparse as sp
from lab.rules import *
from lab import rules

WEIGHTS = [0.5, 1.5]
"""


def from_tests(text, root, rules=FUNCTION, path="tests/test_it.py"):
    """Return the calls that the search finds in a file of tests, in the words of a test."""
    found = search_in(rules, root, {path: TEST + text})
    return [str(call) for call in found.found if call.origin.startswith("a call in")]


@pytest.mark.parametrize(
    ("source", "call"),
    [
        ("f(1.5)", "f(1.5)"),
        ("f(-1.5, 2)", "f(-1.5, 2)"),
        ("rules.f([1.0, 2.0], 'a')", 'f([1.0, 2.0], "a")'),
        ("f(np.array([[1.0, 2.0]]))", "f(np.array([[1.0, 2.0]]))"),
        ("f(np.linspace(0, 1, 5))", "f(np.linspace(0, 1, 5))"),
        ("f(2 * np.eye(3))", "f(2 * np.eye(3))"),
        ("f(sp.csr_array(np.eye(2)))", "f(sp.csr_array(np.eye(2)))"),
        ("f({'a': 1.5}, (2.5,))", 'f({"a": 1.5}, (2.5,))'),
        ("f(WEIGHTS)", "f([0.5, 1.5])"),
        ("f(np.pi)", "f(np.pi)"),
        ("f(np.sin)", "f(np.sin)"),
        ("f(lambda x: 2 * x)", "f(lambda x: 2 * x)"),
        ("x = np.array([1.0]); f(x)", "f(np.array([1.0]))"),
        ("assert f(1.5) == 3", "f(1.5)"),
        ("np.testing.assert_allclose(f(1.5), 3.0)", "f(1.5)"),
    ],
)
def test_calls_with_literals_are_found(source, call, tmp_path):
    assert from_tests(f"def test_f():\n    {source}\n", tmp_path) == [call]


@pytest.mark.parametrize(
    "source",
    [
        "f(np.random.rand(3))",
        "with pytest.raises(ValueError, match='x'):\n        f(-1.5)",
        "with np.testing.assert_raises(ValueError):\n        f(-1.5)",
        "f(np.random.default_rng(0).normal(size=3))",
        "f(unknown)",
        "f(*WEIGHTS)",
        "f(open('data.txt').read())",
        "f(1.5, 2.5, 3.5)",
        "f()",
        "x = 1.5; x = x + 1; f(x)",
        "other(1.5)",
    ],
)
def test_other_calls_are_not(source, tmp_path):
    assert from_tests(f"def test_f(x=None):\n    {source}\n", tmp_path) == []


def test_calls_of_objects_and_their_methods_are_found(tmp_path):
    text = """
    from lab.rules import RBF

    def test_rbf():
        RBF(0.5)([1.5])
        k = RBF(2.5)
        k([2.5])
        k.diag([3.5])
    """
    call, diag = searches_in(FUNCTOR, tmp_path, {"tests/test_it.py": text})
    assert [str(c) for c in call.found[:2]] == ["RBF(0.5)([1.5])", "RBF(2.5)([2.5])"]
    assert str(diag.found[0]) == "RBF.diag(RBF(2.5), [3.5])"


def test_members_of_enumerations_are_not_taken_for_their_values(tmp_path):
    rules = "class Pol(Enum):\n    S = 's'\n\n" + rule_of("x, pol=Pol.S")
    assert from_tests("f(1.5, Pol.S)\n", tmp_path, rules) == ["f(1.5, Pol.S)"]


def test_overloads_get_the_calls_that_are_theirs(tmp_path):
    rules = """
    @dataclass
    class Layer:
        index: float

    @dataclass
    class Other:
        index: float

    def f(layer): ...

    @rrule.register(f)
    def f_rrule(f, layer: Layer): ...

    @rrule.register(f)
    def f_rrule_2(f, layer: Other): ...
    """
    others = {"tests/test_it.py": "from lab.rules import *\nf(Layer(1.5))\nf(Other(2.5))\n"}
    first, second = searches_in(rules, tmp_path, others)
    assert [str(c) for c in first.found] == ["f(Layer(1.5))", "f(Layer(2.6))"]
    assert [str(c) for c in second.found] == ["f(Other(2.5))", "f(Other(2.6))"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("lab/other.py", '"""A module.\n\n>>> from lab.rules import f\n>>> f(1.5)\n"""\n'),
        ("lab/other.py", 'from lab.rules import f\n\ndef g():\n    """\n    >>> f(1.5)\n    """\n'),
        ("examples/show.py", "from lab.rules import f\nf(1.5)\n"),
        ("lab/tests/test_it.py", "from lab.rules import f\nf(1.5)\n"),
        ("test_it.py", "from lab.rules import f\nf(1.5)\n"),
        ("README.md", "# Use\n\n>>> from lab.rules import f\n>>> f(1.5)\n"),
        ("docs/use.rst", "Use\n===\n\n>>> from lab.rules import f\n>>> f(1.5)\n3.0\n"),
    ],
)
def test_sources_are_tests_examples_and_doctests(path, text, tmp_path):
    found = search_in(FUNCTION, tmp_path, {path: text})
    assert str(found.found[0]) == "f(1.5)"
    assert found.found[0].origin.startswith(f"a call in {path}, line ")


def test_origins_name_the_line(tmp_path):
    text = '"""A module.\n\n>>> from lab.rules import f\n>>> f(1.5)\n"""\n'
    found = search_in(FUNCTION, tmp_path, {"lab/other.py": text})
    assert found.found[0].origin == "a call in lab/other.py, line 4"


def test_example_that_ends_in_a_traceback_is_no_call(tmp_path):
    text = ">>> from lab.rules import f\n>>> f(-1.5)\nTraceback (most recent call last):\nValueError: x\n"
    found = search_in(FUNCTION, tmp_path, {"README.md": text})
    assert all(not call.origin.startswith("a call") for call in found.found)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("lab/other.py", "from lab.rules import f\nf(1.5)\n"),
        ("tests/test_it.py", "# Generated by `adjoint2rrule convert`\nfrom lab.rules import f\nf(1.5)\n"),
        ("tests/test_it.py", "from lab.rules import f\nf(1.5\n"),
    ],
)
def test_other_files_are_no_sources(path, text, tmp_path):
    found = search_in(FUNCTION, tmp_path, {path: text})
    assert all(not call.origin.startswith("a call") for call in found.found)


@pytest.mark.parametrize(
    ("decorator", "calls"),
    [
        ("'x, y', [(0.5, 2.0), (1.5, 3.0)]", ["f(0.5, 2.0)", "f(1.5, 3.0)"]),
        ("['x', 'y'], [(0.5, 2.0), pytest.param(1.5, 3.0, id='large')]", ["f(0.5, 2.0)", "f(1.5, 3.0)"]),
        ("'x', [0.5]", []),
        ("'x, y', cases()", []),
    ],
)
def test_rows_of_parametrized_tests_are_calls_each(decorator, calls, tmp_path):
    text = f"@pytest.mark.parametrize({decorator})\ndef test_f(x, y):\n    f(x, y)\n"
    assert from_tests(text, tmp_path) == calls
