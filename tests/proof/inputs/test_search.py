"""What rules are called with, from the sources alone."""

from itertools import islice
from textwrap import dedent

import numpy as np
import pytest

from adjoint2rrule.convert.model import Options, SourceFile
from adjoint2rrule.convert.pipeline import closed_modules
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.syntax import parse
from adjoint2rrule.proof.inputs import CallIndex, search
from adjoint2rrule.proof.subjects import subjects_of
from tests.proof.building import RUNTIME

HEADER = """\
import numpy as np
import scipy.linalg as sla
import scipy.sparse as sp
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, NamedTuple, Optional, Union
from adjoint2rrule.core import *
"""


SPARSE = "[[-1.5, 2.0], [0.0, -2.3], [1.2, 0.0]]"


def searches_in(text, root, others=()):
    """Return the searches for the rules of a module `lab.rules` with `text`, among `others`."""
    for path, content in {"lab/__init__.py": "", **dict(others)}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(dedent(content), "utf-8")
    project = Project((root,), closed_modules(Options()))
    source = SourceFile(str(root / "lab/rules.py"), (HEADER + dedent(text)).encode())
    (root / "lab/rules.py").write_bytes(source.content)
    unit = project.unit(parse(source))
    index = CallIndex(project)
    return [search(subject, project, index) for subject in subjects_of(unit, project, RUNTIME)]


def search_in(text, root, others=()):
    """Return the search for the only rule of a module."""
    (found,) = searches_in(text, root, others)
    return found


def found_in(text, root, others=()):
    return [str(call) for call in search_in(text, root, others).found]


def rule_of(signature, body="return f(x), lambda dy: (NoTangent(), dy)"):
    """Return a function of that signature, without a body that tells anything, and its rule."""
    return f"def f({signature}): ...\n\n@rrule.register(f)\ndef f_rrule(f, {signature}):\n    {body}\n"


def test_annotations_say_what_to_call_a_rule_with(tmp_path):
    text = """
    @dataclass
    class Foo:
        A: float
        b: float
        name: str = ""

    def f(x: float, foo: Foo, y: float): ...

    @rrule.register(f)
    def f_rrule(f, x: float, foo: Foo, y: float): ...
    """
    found = search_in(text, tmp_path)
    assert [str(call) for call in found.found] == ["f(2.6, Foo(1.6, 0.6), 2.2)"]
    assert sorted(map(str, found.found[0].imports)) == [
        "from lab.rules import Foo",
        "from lab.rules import f",
    ]
    assert not found.missing


@pytest.mark.parametrize(
    ("signature", "calls"),
    [
        ("x: int", ["f(5)"]),
        ("x: bool", ["f(True)", "f(False)"]),
        ("x: complex", ["f(-1.5+2.0j)"]),
        ("x: str", ['f("ab")']),
        ("x: 'float'", ["f(2.6)"]),
        ("x: Optional[float]", ["f(2.6)", "f(None)"]),
        ("x: float | None = None", ["f()", "f(2.6)", "f(0.29)"]),
        ("x: Literal['log', 'plain']", ['f("log")', 'f("plain")']),
        ("x: float, mode: Literal['a', 'b'] = 'a'", ["f(2.6)", 'f(2.6, "b")']),
        ("x: tuple[float, str]", ['f((2.6, "ab"))']),
        ("x: tuple[int, int]", ["f((3, 5))"]),
        ("x: list[float]", ["f([2.6, 1.6])"]),
        ("x: tuple[float, ...]", ["f((2.6, 1.6))"]),
        ("x: dict[str, float], y: dict[str, float]", ['f({"a": 2.6, "b": 1.6}, {"b": 0.6, "c": 2.2})']),
        ("x: Callable[[float], float]", ["f(lambda x: 0.4 * x - 0.1 * x**2 + 0.2)"]),
        ("*x: float", ["f(2.6, 1.6)"]),
        ("*, x: float, y: float = 2.0", ["f(x=2.6)", "f(x=2.6, y=1.6)", "f(x=2.6, y=0.48)"]),
        ("x: sp.csr_array", [f"f(sp.csr_array(np.array({SPARSE})))"]),
    ],
)
def test_each_annotation_has_its_values(signature, calls, tmp_path):
    assert found_in(rule_of(signature), tmp_path) == calls


@pytest.mark.parametrize(
    ("definition", "annotation", "call"),
    [
        ("class Pol(Enum):\n    S = 's'\n    P = 'p'", "Pol", ["f(Pol.S)", "f(Pol.P)"]),
        ("class Pair(NamedTuple):\n    a: float\n    b: int", "Pair", ["f(Pair(2.6, 5))"]),
        ("@dataclass\nclass A:\n    a: float\n    n: int = 3\n    b: float = 0.0", "A", ["f(A(2.6, b=1.6))"]),
        ("@dataclass\nclass A:\n    a: float\n@dataclass\nclass B(A):\n    b: A", "B", ["f(B(2.6, A(1.6)))"]),
        ("class A:\n    def __init__(self, a: float):\n        self.a = a", "A", ["f(A(2.6))"]),
        ("@dataclass\nclass A:\n    a: list[float] = field(default_factory=list)", "A", ["f(A([2.6, 1.6]))"]),
        ("Number = Union[float, int]", "Number", ["f(2.6)"]),
    ],
)
def test_objects_are_built_from_their_classes(definition, annotation, call, tmp_path):
    text = f"{definition}\n\n{rule_of(f'x: {annotation}')}"
    assert found_in(text, tmp_path) == call


def test_classes_that_hold_themselves_come_to_an_end(tmp_path):
    text = """
    @dataclass
    class Tree:
        value: float
        left: Optional["Tree"] = None

    def f(tree: Tree): ...

    @rrule.register(f)
    def f_rrule(f, tree: Tree): ...
    """
    assert found_in(text, tmp_path) == ["f(Tree(2.6))"]


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        ("np.linalg.inv(x)", (3, 3)),
        ("np.linalg.cholesky((x + x.T) / 2)", (3, 3)),
        ("x.T @ x", (3, 2)),
        ("(2 * x) @ x.T", (3, 2)),
        ("x.sum(axis=1)", (3, 2)),
        ("x[0] + len(x)", (5,)),
        ("np.outer(x, x)", (5,)),
        ("np.exp(-x)", (5,)),
        ("helper(x)", (3, 3)),
    ],
)
def test_use_says_how_many_dimensions_an_array_has(body, shape, tmp_path):
    text = f"""
    def helper(A):
        return np.linalg.det(A)

    def f(x):
        return {body}

    @rrule.register(f)
    def f_rrule(f, x):
        return f(x), lambda dy: (NoTangent(), dy)
    """
    (call,) = search_in(text, tmp_path).found
    assert np.shape(eval(call.args[0].text, {"np": np})) == shape


@pytest.mark.parametrize(
    ("body", "calls"),
    [
        ("a, b = x\n    return a * b", ["f(np.array([2.6, 1.6]))"]),
        ("return 1.0 if x == 'log' else 2.0", ['f("log")']),
        ("return np.zeros(3).sum(axis=x)", ["f(0)"]),
        ("return 2 * x if x > 50 else x", ["f(2.6)", "f(65.0)", "f(30.0)"]),
        ("return TABLE[x]", ['f("left")', 'f("right")']),
    ],
)
def test_use_says_what_else_a_parameter_is(body, calls, tmp_path):
    text = "TABLE = {'left': 1, 'right': 2}\n\n" + rule_of("x", body)
    assert found_in(text, tmp_path) == calls


def test_attributes_say_which_class_an_object_is_of(tmp_path):
    text = """
    @dataclass
    class Layer:
        index: float
        thickness: float

    @dataclass
    class Other:
        index: float

    def f(layer):
        return layer.index * layer.thickness

    @rrule.register(f)
    def f_rrule(f, layer): ...
    """
    assert found_in(text, tmp_path) == ["f(Layer(2.6, 1.6))"]


def test_cotangents_that_are_sums_belong_to_numbers(tmp_path):
    text = """
    def f(x, scale):
        return x * scale

    @rrule.register(f)
    def f_rrule(f, x, scale):
        return x * scale, lambda dy: (NoTangent(), dy * scale, np.sum(dy * x))
    """
    assert found_in(text, tmp_path) == ["f(np.array([-1.5, 2.0, -0.2, -2.3, 1.2]), 2.9)"]


def test_fields_of_functors_fit_together(tmp_path):
    text = """
    @dataclass
    class Affine:
        weight: np.ndarray
        bias: np.ndarray

        def __call__(self, x):
            return self.weight @ x + self.bias

    @rrule.register(Affine)
    def affine_rrule(self: Affine, x):
        return self(x), lambda dy: (None, self.weight.T @ dy)
    """
    found = search_in(text, tmp_path)
    first = next(iter(found.found), None) or next(iter(found.possible))
    made = {"np": np}
    weight, bias = (
        np.shape(eval(part, made))
        for part in first.function.text.removeprefix("Affine(").removesuffix(")").split(", np.")
        for part in [part if part.startswith("np.") else f"np.{part}"]
    )
    assert (weight, bias) == ((3, 2), (3,))
    assert np.shape(eval(first.args[0].text, made)) == (2,)


def test_what_a_factory_returns_is_made_by_it(tmp_path):
    text = """
    def make(n: int, low: float):
        def apply(x):
            return np.where(np.arange(n) >= low, x, 0.0)

        @rrule.register(apply)
        def apply_rrule(apply, x):
            return apply(x), lambda dy: (NoTangent(), apply(dy))

        return apply
    """
    (call,) = search_in(text, tmp_path).found
    # A bound lies between 0 and 1, so that it splits what it is compared with.
    assert str(call) == "make(5, 0.29)(np.array([2.0, -0.2, -2.3, 1.2, 2.5]))"


def test_functions_are_those_that_have_rules_or_lambdas(tmp_path):
    text = """
    def g(x, a: float):
        return a * np.tanh(x)

    @rrule.register(g)
    def g_rrule(g, x, a: float):
        return g(x, a), None

    def solve(f, x, a):
        return f(x, a)

    from adjoint2rrule.core import RuleConfig

    @rrule.register(solve)
    def solve_rrule(config: RuleConfig, solve, f, x, a):
        return rrule_via_ad(config, f, x, a)
    """
    _, found = searches_in(text, tmp_path)
    functions = {call.args[0].text for call in islice(found.possible, 100)}
    assert {"g", "lambda x, a: 0.4 * x - 0.1 * x**2 + 0.2 * a"} <= functions
    assert found.found == ()
    assert found.missing[0] == "`f`: give it an annotation, or call `solve` with literals in a test"


def test_possible_calls_are_the_same_each_time_and_each_once(tmp_path):
    found = search_in(rule_of("x, y, z=2.0"), tmp_path)
    first, second = list(map(str, found.possible)), list(map(str, found.possible))
    assert first == second
    assert 100 < len(first) == len(set(first)) <= 2000


def test_possible_calls_are_none_of_those_found(tmp_path):
    found = search_in(rule_of("x: float"), tmp_path)
    assert not set(map(str, found.found)) & set(map(str, found.possible))


def test_numbers_of_a_call_are_distinct(tmp_path):
    for call in islice(search_in(rule_of("A: np.ndarray, x: float, y: float"), tmp_path).possible, 50):
        values = [v for arg in call.args for v in np.ravel(eval(arg.text, {"np": np}))]
        assert len(set(values)) == len(values) or np.issubdtype(np.asarray(values).dtype, np.integer)


def test_options_are_varied_one_at_a_time_and_defaults_fill_in(tmp_path):
    text = rule_of("x: float, axis: int = -1, form: Literal['plain', 'log'] = 'plain'")
    assert 'f(2.6, -1, "log")' in found_in(text, tmp_path)


def test_keywords_that_a_body_asks_for_are_given(tmp_path):
    text = rule_of("x: float, **options", "return x if options.get('periodic', False) else 2 * x")
    assert found_in(text, tmp_path) == ["f(2.6)", "f(2.6, periodic=True)"]


def test_functions_from_outside_get_as_many_arguments_as_they_need(tmp_path):
    text = "non_differentiable(np.floor)\nnon_differentiable(np.searchsorted)\n"
    floor, searchsorted = searches_in(text, tmp_path)
    assert [len(s.found[0].args) for s in (floor, searchsorted)] == [1, 2]


def test_what_cannot_be_reached_says_why(tmp_path):
    text = """
    def outer():
        def f(x): ...

        @rrule.register(f)
        def f_rrule(f, x): ...
    """
    found = search_in(text, tmp_path)
    assert not found.found
    assert not list(found.possible)
    assert found.missing


def test_what_has_a_cotangent_is_given_although_it_has_a_default(tmp_path):
    found = found_in(rule_of('x: float, by: float = 2.5, axis: int = -1, mode="plain"'), tmp_path)
    assert found[:2] == ["f(2.6, 1.6)", "f(2.6)"]
