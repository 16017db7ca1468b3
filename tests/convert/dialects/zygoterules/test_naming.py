"""`naming`: what a converted rule is called, and what it calls the function that it is for."""

from __future__ import annotations

import ast
from itertools import pairwise

import pytest

from adjoint2rrule.convert.dialects.zygoterules.naming import RuleNames, identifiers, rule_name
from adjoint2rrule.convert.scopes import Scope
from tests.convert.building import converted

HEAD = """\
from zygoterules import adjoint
import numpy as np
def f(x): ...
def g(x): ...
class Foo: ...
"""


@pytest.mark.parametrize(
    ("taken", "wanted"),
    [
        (set(), "f_rrule"),
        ({"f", "g_rrule"}, "f_rrule"),
        ({"f_rrule"}, "f_rrule_2"),
        ({"f_rrule", "f_rrule_2", "f_rrule_3"}, "f_rrule_4"),
        ({"f_rrule_2"}, "f_rrule"),
    ],
)
def test_rule_gets_a_name_that_nothing_else_has(taken, wanted):
    assert rule_name("f", taken) == wanted


FACTORIES = """\
def one():
    def h(x): ...
    @adjoint
    def h(x):
        return h(x), lambda dy: (dy,)
    return h
"""


def test_factories_each_have_rules_of_the_same_name():
    text = FACTORIES + FACTORIES.replace("one", "two")
    assert heads(text) == ["    def h_rrule(h, x):"] * 2


def test_rule_inside_a_function_is_not_named_like_one_around_it():
    text = f"def h(x): ...\n{rule('', 'h')}{FACTORIES}"
    assert heads(text) == ["def h_rrule(h, x):", "    def h_rrule_2(h, x):"]


def test_rules_of_one_scope_are_told_apart():
    names = RuleNames({"g_rrule"})
    scope = Scope(ast.parse(""))
    assert [names.give(base, scope) for base in "ffg"] == ["f_rrule", "f_rrule_2", "g_rrule_2"]


def test_identifiers_are_all_names_of_a_tree():
    tree = ast.parse("import a.b as c\ndef d(e=f): g.h(i=j)\nclass k: l: m = 1\n'n'")
    assert identifiers(ast.walk(tree)) >= set("cdefghijklm")
    assert "n" not in identifiers(ast.walk(tree))


def heads(text: str) -> list[str]:
    """Return the first lines of the rules in a converted file."""
    lines = converted(HEAD + text).splitlines()
    return [
        head
        for decorator, head in pairwise(lines)
        if decorator.strip().startswith("@rrule") and "def" in head
    ]


def rule(target: str, name: str, parameters: str = "x", body: str = "pass") -> str:
    decorator = f"@adjoint({target})" if target else "@adjoint"
    return f"{decorator}\ndef {name}({parameters}):\n    {body}\n    return 1.0, lambda dy: None\n"


HEADS = {
    # the plain form gets a name of its own, the explicit one keeps its author's
    ("", "f", "x", "pass"): "def f_rrule(f, x):",
    ("np.linalg.inv", "h", "A", "pass"): "def h(inv, A):",
    ("np.linalg.inv", "_", "A", "pass"): "def _(inv, A):",
    ("f", "f_rule", "x", "pass"): "def f_rule(f, x):",
    ("", "Foo", "x", "pass"): "def Foo_rrule(Foo, x):",
    # the function is the first parameter, before those of every kind
    ("", "f", "", "pass"): "def f_rrule(f):",
    ("", "f", "x, /, y", "pass"): "def f_rrule(f, x, /, y):",
    ("", "f", "x, *, axis=0", "pass"): "def f_rrule(f, x, *, axis=0):",
    ("", "f", "*, axis=0", "pass"): "def f_rrule(f, *, axis=0):",
    ("", "f", "x, **options", "pass"): "def f_rrule(f, x, **options):",
    # under another name where the rule has a use for its own
    ("", "f", "x, f", "pass"): "def f_rrule(f_, x, f):",
    ("", "f", "x", "f = 1"): "def f_rrule(f_, x):",
    ("", "f", "x", "for f in x: pass"): "def f_rrule(f_, x):",
    ("", "f", "x", "import f"): "def f_rrule(f_, x):",
    ("", "f", "x", "f_ = f = 1"): "def f_rrule(f__, x):",
    ("", "f", "x", "f(x)"): "def f_rrule(f, x):",
    ("np.linalg.inv", "h", "A", "inv(A)"): "def h(inv_, A):",
    ("np.linalg.inv", "h", "A", "np.linalg.inv(A)"): "def h(inv, A):",
    ("type", "h", "x", "pass"): "def h(type_, x):",
    ("tuple", "h", "x", "pass"): "def h(tuple_, x):",
}


@pytest.mark.parametrize(("case", "wanted"), HEADS.items(), ids=map(repr, HEADS))
def test_head_of_a_converted_rule(case, wanted):
    assert heads(rule(*case)) == [wanted]


def test_functor_keeps_its_parameters():
    text = "@adjoint\ndef __call__(self: Foo, x):\n    return 1.0, lambda dy: None\n"
    assert heads(text) == ["def Foo_rrule(self: Foo, x):"]


def test_rules_of_one_function_have_different_names():
    assert heads(rule("", "f", "x: float") + rule("", "f", "x: int")) == [
        "def f_rrule(f, x: float):",
        "def f_rrule_2(f, x: int):",
    ]


@pytest.mark.parametrize("use", ["f_rrule = 1\n", "x.f_rrule\n", "def h(f_rrule): ...\n", "h(f_rrule=1)\n"])
def test_name_that_the_file_has_is_not_given_again(use):
    assert heads(use + rule("", "f")) == ["def f_rrule_2(f, x):"]


def test_rule_for_several_targets_calls_the_function_by_the_first():
    text = "@adjoint(np.sin)\n@adjoint(np.cos)\ndef h(x):\n    return 1.0, lambda dy: None\n"
    assert converted(HEAD + text).endswith(
        "@rrule.register(np.sin)\n@rrule.register(np.cos)\ndef h(sin, x):\n"
        "    return 1.0, lambda dy: (NoTangent(), ZeroTangent())\n"
    )


def test_rule_for_several_targets_does_not_hide_the_function_that_it_calls():
    text = "@adjoint(f)\n@adjoint(g)\ndef h(x):\n    return f(x), lambda dy: None\n"
    assert "def h(f_, x):\n    return f(x)," in converted(HEAD + text)


@pytest.mark.parametrize(
    "text",
    [
        "@adjoint\ndef f(x):\n    return f(x), lambda dy: None\nf = other\n",
        "@adjoint\ndef f(x):\n    return f(x), lambda dy: None\ndef k():\n    global f\n    f = 1\n",
    ],
)
def test_function_that_is_bound_again_is_not_sure_to_be_the_one_that_is_called(text):
    assert "def f_rrule(f_, x):" in converted(HEAD + text)


def test_variable_of_a_loop_is_not_sure_to_be_the_function_that_is_called():
    text = "for h in x:\n    @adjoint\n    def h(x):\n        return h(x), lambda dy: None\n"
    assert "def h_rrule(h_, x):" in converted(HEAD + text)
