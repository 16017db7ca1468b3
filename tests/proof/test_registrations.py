"""The decorators and calls of the runtime that register rules, under whatever names."""

import pytest

from tests.convert.building import write
from tests.proof.building import subjects_in

RULE = """
def f(x): ...

@{register}(f)
def f_rrule(f, x): ...
"""
IMPORTS = [
    ("from adjoint2rrule.core import rrule", "rrule.register"),
    ("from adjoint2rrule.core import rrule as rule", "rule.register"),
    ("from adjoint2rrule import core", "core.rrule.register"),
    ("import adjoint2rrule.core", "adjoint2rrule.core.rrule.register"),
    ("import adjoint2rrule.core as ad", "ad.rrule.register"),
    ("from adjoint2rrule.core import *", "rrule.register"),
]


@pytest.mark.parametrize(("imports", "register"), IMPORTS)
def test_rule_is_found_under_any_name_of_the_runtime(imports, register, tmp_path):
    (subject,) = subjects_in(imports + RULE.format(register=register), tmp_path)
    assert (subject.name, subject.line, subject.last_line) == ("f", 4, 5)


@pytest.mark.parametrize(
    "text",
    [
        "from lab.other import rrule" + RULE.format(register="rrule.register"),
        "import functools as rrule" + RULE.format(register="rrule.register"),
        "from adjoint2rrule.core import frule" + RULE.format(register="frule.register"),
        "from adjoint2rrule.core import rrule\nrrule = None" + RULE.format(register="rrule.other"),
    ],
)
def test_other_decorators_register_nothing(text, tmp_path):
    assert subjects_in(text, tmp_path) == []


def test_vendored_runtime_is_known_by_its_own_name(tmp_path):
    write(
        tmp_path,
        {
            "lab/__init__.py": "",
            "lab/_rules/__init__.py": "from lab._rules.rules import rrule",
            "lab/_rules/rules.py": "rrule = object()",
        },
    )
    text = "from ._rules import rrule" + RULE.format(register="rrule.register")
    assert [s.name for s in subjects_in(text, tmp_path, runtime="lab._rules")] == ["f"]
    assert subjects_in(text, tmp_path) == []


def test_every_register_of_a_stack_counts(tmp_path):
    text = """
    import numpy as np
    from adjoint2rrule.core import rrule

    @rrule.register(np.sin)
    @rrule.register(np.cos)
    def rule(f, x): ...
    """
    assert [s.name for s in subjects_in(text, tmp_path)] == ["np.sin", "np.cos"]


def test_functions_without_a_gradient_count_too(tmp_path):
    text = """
    import numpy as np
    from adjoint2rrule.core import non_differentiable

    non_differentiable(np.floor)
    non_differentiable(np.clip, np.ndarray, int, ...)

    @non_differentiable
    def count(values, axis: int = 0): ...
    """
    subjects = subjects_in(text, tmp_path)
    assert [(s.name, s.differentiable) for s in subjects] == [
        ("np.floor", False),
        ("np.clip", False),
        ("count", False),
    ]
