"""The rules of a converted file: what they take, and what they are called."""

import ast

import pytest

from adjoint2rrule.proof.model import Take
from tests.proof.building import subject_in, subjects_in


def annotations_of(subject):
    return {
        p.name: p.annotation and ast.unparse(p.annotation)
        for p in (*subject.parameters, *subject.callee.parameters)
    }


def test_parameters_of_a_rule_are_what_a_call_takes(tmp_path):
    text = """
    def f(x, n=2, *rest, axis: int = 0, **options): ...

    @rrule.register(f)
    def f_rrule(f, x, n=2, *rest, axis: int = 0, **options): ...
    """
    subject = subject_in(text, tmp_path)
    assert [(p.name, p.take) for p in subject.parameters] == [
        ("x", Take.ONE),
        ("n", Take.ONE),
        ("rest", Take.REST),
        ("axis", Take.KEYWORD),
        ("options", Take.OPTIONS),
    ]
    assert [p.default and ast.unparse(p.default) for p in subject.parameters] == [None, "2", None, "0", None]


@pytest.mark.parametrize(
    "annotation", ["RuleConfig[HasReverseMode]", "RuleConfig", "'RuleConfig[Any]'", "Mine"]
)
def test_config_is_no_argument(annotation, tmp_path):
    text = f"""
    from adjoint2rrule.core import HasReverseMode, RuleConfig, rrule

    class Mine(RuleConfig[HasReverseMode]): ...

    def f(x): ...

    @rrule.register(f)
    def f_rrule(config: {annotation}, f, x): ...
    """
    (subject,) = subjects_in(text, tmp_path)
    assert [p.name for p in subject.parameters] == ["x"]


def test_config_is_known_where_a_star_brings_it(tmp_path):
    text = """
    def f(x): ...

    @rrule.register(f)
    def f_rrule(config: RuleConfig[HasReverseMode], f, x): ...
    """
    assert [p.name for p in subject_in(text, tmp_path).parameters] == ["x"]


def test_annotations_of_the_function_fill_in_for_those_of_the_rule(tmp_path):
    text = """
    def f(a: float, b: int, *, scale: float = 1.0): ...

    @rrule.register(f)
    def f_rrule(f, x, y: bool, *, scale=1.0): ...
    """
    assert annotations_of(subject_in(text, tmp_path)) == {"x": "float", "y": "bool", "scale": "float"}


def test_method_takes_an_object_of_its_class(tmp_path):
    text = """
    class RBF:
        def diag(self, X: list): ...

    @rrule.register(RBF.diag)
    def _(diag, kernel, X): ...
    """
    assert annotations_of(subject_in(text, tmp_path)) == {"kernel": "RBF", "X": "list"}


@pytest.mark.parametrize(
    "definition",
    [
        "@dataclass\nclass Layer:\n    index: float\n    name: str = ''",
        "class Layer(NamedTuple):\n    index: float\n    name: str = ''",
        "class Layer:\n    def __init__(self, index: float, name: str = ''): ...",
    ],
)
def test_constructor_takes_what_its_class_says(definition, tmp_path):
    text = (
        "from dataclasses import dataclass\nfrom typing import NamedTuple\n"
        f"{definition}\n@rrule.register(type[Layer])\ndef rule(Layer, n, name=''): ..."
    )
    assert annotations_of(subject_in(text, tmp_path)) == {"n": "float", "name": "str"}


def test_instance_is_no_argument(tmp_path):
    text = """
    class Affine:
        def __call__(self, x: float): ...

    @rrule.register(Affine)
    def rule(self: Affine, x): ...
    """
    subject = subject_in(text, tmp_path)
    assert annotations_of(subject) == {"x": "float"}
    assert (subject.name, subject.label) == ("Affine.__call__", "Affine_call")


def test_types_without_a_gradient_are_annotations(tmp_path):
    text = """
    import numpy as np
    non_differentiable(np.take, np.ndarray, int)
    non_differentiable(np.hypot, float, ...)
    non_differentiable(np.floor)
    """
    take, hypot, floor = subjects_in(
        "from adjoint2rrule.core import *" + text.replace("\n    ", "\n"), tmp_path
    )
    assert [(p.take, ast.unparse(p.annotation)) for p in take.parameters] == [
        (Take.ONE, "np.ndarray"),
        (Take.ONE, "int"),
    ]
    assert [(p.take, ast.unparse(p.annotation)) for p in hypot.parameters] == [(Take.REST, "float")]
    assert [(p.take, p.annotation) for p in floor.parameters] == [(Take.REST, None)]


def test_bodies_know_the_names_of_the_rule(tmp_path):
    text = """
    def f(a, b, *rest, scale=1.0): ...

    @rrule.register(f)
    def f_rrule(f, x, y, *others, scale=1.0): ...
    """
    rule, primal = subject_in(text, tmp_path).bodies
    assert (rule.node.name, primal.node.name) == ("f_rrule", "f")
    assert dict(rule.names) == {"x": "x", "y": "y", "others": "others", "scale": "scale"}
    assert dict(primal.names) == {"x": "a", "y": "b", "others": "rest", "scale": "scale"}


def test_labels_are_short_and_tell_rules_apart(tmp_path):
    text = """
    from typing import Literal
    from adjoint2rrule.core import rrule
    import numpy as np

    class Layer: ...
    class Film(Layer): ...
    def phase(layer): ...
    def norm(x): ...

    @rrule.register(phase)
    def a(phase, layer: Layer): ...

    @rrule.register(phase)
    def b(phase, layer: "Film"): ...

    @rrule.register(np.linalg.norm)
    def c(norm, x): ...

    @rrule.register(norm)
    def d(norm, x): ...

    @rrule.register(getattr)
    def e(getattr, x: Layer, name: Literal["depth"]): ...

    @rrule.register(np.sin)
    def g(sin, x): ...
    """
    subjects = subjects_in(text, tmp_path)
    assert [s.label for s in subjects] == ["phase_Layer", "phase_Film", "norm", "norm_2", "depth", "sin"]
    assert [s.name for s in subjects][2:5] == ["np.linalg.norm", "norm", "Layer.depth"]


def test_names_stay_as_their_author_typed_them(tmp_path):
    # Python reads the ligature as two letters, and finds the function all the same.
    subject = subject_in("def ﬁt(x): ...\n@rrule.register(ﬁt)\ndef rule(ﬁt, x): ...", tmp_path)
    assert subject.callee.expression.text == "ﬁt"
