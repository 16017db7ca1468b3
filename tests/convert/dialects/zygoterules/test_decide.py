"""`decide`: a plan for each definition of a file, and a note for each call that stays."""

from __future__ import annotations

import ast

import pytest

from adjoint2rrule.convert.dialects.zygoterules.decide import plan_file
from adjoint2rrule.convert.model import Adapted, Converted, Kind, Options, Refused, Severity
from adjoint2rrule.convert.operations import EditFunction, ExtendTuple, Replace
from adjoint2rrule.convert.plan import Plan, Plans
from tests.convert.building import Sample, sample

HEAD = """\
from zygoterules import adjoint, adjoint_mut, nograd, pullback, gradient
import numpy as np
def f(x): ...
class Foo: ...
"""


def planned(text: str, options: Options | None = None) -> Plans:
    file = sample(text)
    return plan_file(file.unit, file.project, options or Options())


def only(text: str) -> tuple[Plan, Sample]:
    file = sample(text)
    (plan,) = plan_file(file.unit, file.project, Options()).plans
    return plan, file


RULE = "@adjoint\ndef f(x):\n    return f(x), lambda dy: (2 * dy,)\n"

# -- decisions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        (RULE, Kind.FUNCTION, "f"),
        ("@adjoint(np.sin)\ndef g(x):\n    return 1.0, lambda dy: (dy,)\n", Kind.FUNCTION, "np.sin"),
        ("@adjoint\ndef Foo(x):\n    return 1.0, lambda dy: (dy,)\n", Kind.CONSTRUCTOR, "Foo"),
        ("@adjoint(Foo)\ndef g(x):\n    return 1.0, lambda dy: (dy,)\n", Kind.CONSTRUCTOR, "Foo"),
        (
            "@adjoint\ndef __call__(self: Foo):\n    return 1.0, lambda dy: (None,)\n",
            Kind.FUNCTOR,
            "Foo.__call__",
        ),
        ("@nograd\ndef g(x): ...\n", Kind.NOGRAD, "g"),
        ("nograd(f, np.sin)\n", Kind.NOGRAD, "f, np.sin"),
    ],
)
def test_converted_definition_has_its_kind_and_name(text, kind, name):
    plan, _ = only(HEAD + text)
    assert isinstance(plan.decision, Converted)
    assert (plan.decision.definition.kind, plan.decision.definition.name) == (kind, name)


@pytest.mark.parametrize(
    ("text", "kind", "slug"),
    [
        ("@adjoint_mut\ndef f(x):\n    return 1.0, lambda dy: (dy,)\n", Kind.MUTATING, "mutating-rule"),
        ("@adjoint\ndef f(x):\n    return 2 * x\n", Kind.FUNCTION, "no-pair"),
        ("@adjoint\ndef Foo(x):\n    return 2 * x\n", Kind.CONSTRUCTOR, "no-pair"),
        ("@adjoint\ndef f(x):\n    return 1.0, lambda dy: [dy]\n", Kind.FUNCTION, "not-a-tuple"),
        ("nograd(make())\n", Kind.NOGRAD, "unknown-target"),
        ("adjoint(f)(g)\n", Kind.FUNCTION, "unsupported-use"),
    ],
)
def test_refused_definition_asks_for_nothing(text, kind, slug):
    plan, _ = only(HEAD + text)
    assert isinstance(plan.decision, Refused)
    assert (plan.decision.definition.kind, plan.decision.reason.slug) == (kind, slug)
    assert plan.decision.reason.severity is Severity.ERROR
    assert (plan.operations, plan.runtime, plan.consumed) == ((), frozenset(), frozenset())


def test_first_problem_is_the_reason():
    plan, _ = only(
        f"{HEAD}@adjoint\ndef f(x):\n    if x:\n        return 2 * x\n    return f(x), lambda: 1\n"
    )
    assert isinstance(plan.decision, Refused)
    assert plan.decision.reason.message.startswith("`f` is not converted: the rule returns something else")


def test_refusal_outranks_what_could_be_adapted():
    plan, _ = only(
        f"{HEAD}@adjoint\ndef f(x):\n    if x:\n        return make(x)\n    return f(x), lambda: 1\n"
    )
    assert isinstance(plan.decision, Refused)
    assert plan.decision.reason.slug == "pullback-parameters"


@pytest.mark.parametrize(
    ("text", "kind", "slug"),
    [
        ("@adjoint\ndef f(x):\n    return make(x)\n", Kind.FUNCTION, "opaque-pair"),
        ("@adjoint\ndef Foo(x):\n    return make(x)\n", Kind.CONSTRUCTOR, "opaque-pair"),
        ("@adjoint\ndef f(x):\n    return 1.0, lambda dy: ([dy],)\n", Kind.FUNCTION, "list-cotangent"),
        ("@adjoint\ndef __call__(self: Foo):\n    return make(self)\n", Kind.FUNCTOR, "opaque-pair"),
    ],
)
def test_adapted_definition_asks_for_the_runtime_and_says_why(text, kind, slug):
    plan, _ = only(HEAD + text)
    assert isinstance(plan.decision, Adapted)
    assert (plan.decision.definition.kind, plan.decision.reason.slug) == (kind, slug)
    assert plan.decision.reason.severity is Severity.WARNING
    assert "keeps its legacy pullback, which is wrapped: " in plan.decision.reason.message
    assert plan.decision.reason.hint.startswith("It is right as it is.")
    assert (plan.runtime, plan.imports) == ({"rrule"}, {("adjoint2rrule.legacy", "adapt_pullback")})


def test_reason_stands_where_the_problem_is():
    plan, _ = only(f"{HEAD}@adjoint\ndef f(x):\n    return f(x), lambda dy: (x,)\n")
    assert isinstance(plan.decision, Adapted)
    line = HEAD.count("\n") + 3
    assert (plan.decision.reason.line, plan.decision.reason.column) == (
        line,
        len("    return f(x), lambda dy: (") + 1,
    )


def test_definition_spans_from_its_first_decorator_to_its_last_line():
    plan, file = only(
        f"{HEAD}@adjoint(np.sin)\n@adjoint(np.cos)\ndef g(x):\n    return 1.0, lambda dy: (dy,)\n"
    )
    definition = plan.decision.definition
    content = file.unit.module.source.content
    assert content[definition.span.start : definition.span.end].startswith(
        b"@adjoint(np.sin)\n@adjoint(np.cos)"
    )
    assert content[definition.span.end :] == b"\n"
    assert (definition.line, definition.column) == (HEAD.count("\n") + 1, 1)


def test_plans_come_in_the_order_of_the_file():
    text = f"nograd(np.ceil)\n{RULE}x = adjoint\n@nograd\ndef g(x): ...\nnograd(np.floor)\n"
    names = [plan.decision.definition.name for plan in planned(HEAD + text).plans]
    assert names == ["np.ceil", "f", "adjoint", "g", "np.floor"]


def test_file_without_definitions_has_no_plans():
    assert planned("def adjoint(A): return A.T\n@adjoint\ndef f(x): ...\n") == Plans((), ())


def test_extra_legacy_modules_have_definitions():
    text = "from lab.rules import nograd\nnograd(len)\n"
    assert planned(text).plans == ()
    assert len(planned(text, Options(legacy_modules=("lab.rules",))).plans) == 1


# -- what carries a decision out ---------------------------------------------------------------


def test_plan_says_what_is_to_be_done():
    plan, file = only(HEAD + RULE)
    kinds = [type(operation) for operation in plan.operations]
    assert kinds == [Replace, EditFunction, ExtendTuple]
    replace, edit, _ = plan.operations
    assert isinstance(replace, Replace)
    assert replace.text == "rrule.register(f)"
    assert isinstance(edit, EditFunction)
    assert (edit.name, edit.parameters) == ("f_rrule", ("f",))
    assert plan.statement is file.definition("f")


def test_plan_names_what_the_new_code_imports_and_what_it_lets_go():
    plan, file = only(HEAD + RULE)
    assert plan.runtime == {"rrule", "NoTangent"}
    assert {(name.id, scope is file.scope, text) for name, scope, text in plan.consumed} == {
        ("adjoint", True, "adjoint")
    }


def test_statement_of_a_plan_is_the_one_of_the_module():
    plan, file = only(f"{HEAD}def outer():\n    if True:\n        nograd(f)\n")
    assert plan.statement is file.definition("outer")


def test_namespace_that_becomes_a_tangent_is_let_go():
    plan, _ = only(
        f"from types import SimpleNamespace\n{HEAD}"
        "@adjoint\ndef f(x):\n    return f(x), lambda dy: (SimpleNamespace(a=dy),)\n"
    )
    assert {text for _, _, text in plan.consumed} == {"adjoint", "SimpleNamespace"}
    assert plan.runtime == {"rrule", "NoTangent", "Tangent"}


def test_rule_that_needs_no_zero_imports_none():
    plan, _ = only(f"{HEAD}@adjoint\ndef __call__(self: Foo, x):\n    return 1.0, lambda dy: (dy, 2 * dy)\n")
    assert plan.runtime == {"rrule"}


# -- notes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("y, back = pullback(f, 1.0)\n", "pullback"),
        ("def g(x):\n    return gradient(f, x)\n", "gradient"),
        ("import zygote\nzygote.gradient(f, 1.0)\n", "zygote.gradient"),
    ],
)
def test_call_into_the_legacy_ad_outside_of_a_rule_is_noted(text, name):
    found = planned(HEAD + text)
    (note,) = found.notes
    assert found.plans == ()
    assert (note.slug, note.severity) == ("legacy-call", Severity.NOTE)
    assert note.message == f"`{name}` calls the legacy AD from outside of a rule; it stays as it is"


def test_rules_of_other_files_leave_their_names_to_what_they_are_rules_for(tmp_path):
    files = {
        "lib.py": """
            from zygoterules import adjoint
            def scale(a): return 2 * a
            @adjoint
            def scale(a):
                return scale(a), lambda dy: (2 * dy,)
            """
    }
    text = f"from lib import scale\n{HEAD}@adjoint\ndef f(x):\n    return f(x), lambda dy: (scale(dy),)\n"
    file = sample(text, tmp_path, files)
    (plan,) = plan_file(file.unit, file.project, Options()).plans
    assert isinstance(plan.decision, Converted)


def test_rule_that_is_nested_too_deeply_is_refused_and_the_others_are_not():
    product = " * ".join(["dy"] * 600)
    deep = f"@adjoint(len)\ndef g(x):\n    return 1.0, lambda dy: ({product},)\n"
    first, second = planned(HEAD + deep + RULE).plans
    assert isinstance(first.decision, Refused)
    assert first.decision.reason.slug == "too-deep"
    assert (
        "`len` is not converted: it is nested more deeply than can be read" in first.decision.reason.message
    )
    assert isinstance(second.decision, Converted)


def test_every_operation_is_inside_the_statement_of_its_plan():
    plan, _ = only(HEAD + RULE)
    assert isinstance(plan.statement, ast.FunctionDef)
    first = plan.statement.decorator_list[0].lineno
    assert all(first <= op.at.start[0] <= (plan.statement.end_lineno or 0) for op in plan.operations)
