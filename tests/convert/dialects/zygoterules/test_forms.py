"""`forms`: which definitions are refused for how they stand in their file."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert.model import Kind, Refused
from tests.convert.building import conversion, converted, refusal

HEAD = """\
from zygoterules import adjoint, adjoint_mut, nograd, pullback, _pullback, gradient
from zygoterules import literal_getfield, literal_getproperty
import numpy as np
def f(x): ...
def g(x): ...
class Foo:
    def __call__(self, x): ...
    def method(self, x): ...
"""
BODY = "    return f(x), lambda dy: (dy,)\n"

REFUSED = {
    # decorators
    f"@adjoint_mut\ndef f(x):\n{BODY}": (
        "mutating-rule",
        "`f` is not converted: `@adjoint_mut` rules change their arguments; an `rrule` may not",
    ),
    f"@adjoint_mut(np.sin)\ndef f(x):\n{BODY}": ("mutating-rule", "`np.sin` is not converted"),
    f"@cache\n@adjoint\ndef f(x):\n{BODY}": (
        "other-decorator",
        "it has other decorators, which may change what the rule returns",
    ),
    f"@adjoint\n@cache\ndef f(x):\n{BODY}": ("other-decorator", "it has other decorators"),
    f"@adjoint\n@nograd\ndef f(x):\n{BODY}": ("other-decorator", "it has other decorators"),
    f"@adjoint\n@adjoint(g)\ndef f(x):\n{BODY}": (
        "other-decorator",
        "`@adjoint` stands on it both with and without a target",
    ),
    f"@adjoint\nasync def f(x):\n{BODY}": (
        "unsupported-use",
        "`@adjoint` stands on something else than a plain function",
    ),
    "@adjoint\nclass f: ...\n": (
        "unsupported-use",
        "`@adjoint` stands on something else than a plain function",
    ),
    f"@adjoint()\ndef f(x):\n{BODY}": ("unsupported-use", "`adjoint` takes one target"),
    f"@adjoint(f, g)\ndef h(x):\n{BODY}": ("unsupported-use", "`adjoint` takes one target"),
    f"@adjoint(*fs)\ndef h(x):\n{BODY}": ("unsupported-use", "`adjoint` takes one target"),
    f"@adjoint(f, kind=1)\ndef h(x):\n{BODY}": ("unsupported-use", "`adjoint` takes one target"),
    f"@adjoint(Foo.__call__)\n@adjoint(g)\ndef h(self, x):\n{BODY}": (
        "unsupported-use",
        "one function is the rule of a functor and of something else",
    ),
    # places
    f"class C:\n    @adjoint\n    def f(x):\n    {BODY}": (
        "in-class",
        "the rule stands in the body of a class",
    ),
    f"@adjoint(unknown(x))\ndef h(x):\n{BODY}": ("unknown-target", "what `unknown(x)` is cannot be told"),
    f"@adjoint\ndef absent(x):\n{BODY}": ("unknown-target", "`absent` is not bound where the rule stands"),
    # properties
    "@adjoint\ndef f(x):\n    return literal_getproperty(x), lambda dy: (dy,)\n": (
        "property-access",
        "`literal_getproperty(x)` does not give an object and the name of a property alone",
    ),
    "@adjoint(literal_getfield)\ndef h(x: Foo, name):\n    return x.a, lambda dy: (None, None)\n": (
        "property-rule",
        "it is a rule on a function that is `literal_getfield`, which no other AD knows",
    ),
    # type comments
    f"@adjoint\ndef f(x):  # type: (float) -> tuple\n{BODY}": (
        "comment-in-the-way",
        "its signature is annotated by a type comment",
    ),
    f"@adjoint\ndef f(x):\n    # type: (float) -> tuple\n{BODY}": ("comment-in-the-way", "a type comment"),
    # rules that are used under their own name
    f"@adjoint(g)\ndef h(x):\n{BODY}y = h(1.0)\n": (
        "used-rule",
        "`h` is used elsewhere, by code that expects its old form",
    ),
    f"@adjoint(g)\ndef h(x):\n{BODY}def k():\n    return h\n": ("used-rule", "`h` is used elsewhere"),
    f"@adjoint(g)\ndef h(x):\n{BODY}__all__ = ['h']\n": ("used-rule", "`h` is in `__all__`"),
    f"def make():\n    @adjoint(g)\n    def h(x):\n    {BODY}    return h\nrule = make()\n": (
        "used-rule",
        "`h` is used elsewhere",
    ),
}


@pytest.mark.parametrize(("text", "wanted"), REFUSED.items(), ids=REFUSED)
def test_form_that_is_not_converted_says_why(text, wanted):
    reason = refusal(HEAD + text)
    assert reason.slug == wanted[0]
    assert wanted[1] in reason.message
    assert reason.hint


def test_name_that_is_legacy_on_some_paths_only_is_refused():
    text = "try:\n    from zygoterules import adjoint\nexcept ImportError:\n    adjoint = print\n"
    reason = refusal(f"{text}def f(x): ...\n@adjoint\ndef f(x):\n{BODY}")
    assert reason.slug == "ambiguous-name"
    assert "its decorator is a legacy one on some paths only" in reason.message


def test_rule_that_another_module_imports_is_refused(tmp_path):
    text = f"{HEAD}@adjoint(g)\ndef h(x):\n{BODY}"
    reason = refusal(text, tmp_path, {"other.py": "from rules import h\n"})
    assert reason.slug == "used-rule"
    assert "`h` is imported by `other`, which expects its old form" in reason.message


def test_mutating_rule_is_called_one():
    outcome = conversion(f"{HEAD}@adjoint_mut\ndef f(x):\n{BODY}")
    (decision,) = outcome.decisions
    assert isinstance(decision, Refused)
    assert decision.definition.kind is Kind.MUTATING


CONVERTED = {
    "one target": f"@adjoint(np.sin)\ndef h(x):\n{BODY}",
    "several targets": f"@adjoint(np.sin)\n@adjoint(np.cos)\ndef h(x):\n{BODY}",
    "in a function": f"def outer():\n    @adjoint\n    def f(x):\n    {BODY}",
    "under a condition": f"if True:\n    @adjoint\n    def f(x):\n    {BODY}",
    "a factory called for its effect": (
        f"def make(f):\n    @adjoint(f)\n    def h(x):\n    {BODY}    return h\nmake(np.sin)\nmake(np.cos)\n"
    ),
    "a rule without a name": f"@adjoint(g)\ndef _(x):\n{BODY}_ = 1\nprint(_)\n",
    "a name used for something else": f"@adjoint(g)\ndef h(x):\n{BODY}def k(h):\n    return h\n",
    "a plain rule whose function is used": f"@adjoint\ndef f(x):\n{BODY}y = f(1.0)\n",
    "a method": "@adjoint(Foo.method)\ndef _(self, x):\n    return self.method(x), lambda dy: (None, dy)\n",
    "a type comment on a parameter": f"@adjoint\ndef f(\n    x,  # type: float\n):\n{BODY}",
}


@pytest.mark.parametrize("text", CONVERTED.values(), ids=CONVERTED)
def test_form_that_is_converted(text):
    assert "rrule.register(" in converted(HEAD + text)


ABS = "from zygoterules import adjoint\n{}@adjoint\ndef abs(x):\n    return abs(x), lambda dy: (dy,)\n"


def test_builtin_that_others_take_from_its_rules_module_stays_there(tmp_path):
    files = {"user.py": "from rules import abs\n"}
    reason = refusal(ABS.format(""), tmp_path, files)
    assert reason.slug == "used-rule"
    assert "the rule binds `abs` in this module, and others take it from here" in reason.message
    assert refusal(ABS.format("__all__ = ['abs']\n")).slug == "used-rule"


def test_builtin_that_the_module_binds_itself_can_be_taken_from_there(tmp_path):
    files = {"user.py": "from rules import abs\n"}
    assert "def abs_rrule(abs, x)" in converted(ABS.format("from numpy import abs\n"), tmp_path, files)
    assert "def abs_rrule(abs, x)" in converted(ABS.format(""))
