"""`definitions`: the legacy definitions of a file, and every other use of a legacy name."""

from __future__ import annotations

import ast

import pytest

from adjoint2rrule.convert.dialects.zygoterules.definitions import Decorated, Definitions, find_definitions
from adjoint2rrule.convert.dialects.zygoterules.names import closed_modules
from tests.convert.building import sample

HEAD = "from zygoterules import adjoint, adjoint_mut, nograd, pullback, gradient\nimport zygoterules as zr\n"


def found(text: str) -> Definitions:
    file = sample(HEAD + text)
    return find_definitions(file.unit, file.project, closed_modules())


def only(text: str) -> Decorated:
    (decorated,) = found(text).decorated
    return decorated


# -- what is found -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@adjoint\ndef f(x): ...", {"adjoint"}),
        ("@adjoint(g)\ndef f(x): ...", {"adjoint"}),
        ("@zr.adjoint(g)\ndef f(x): ...", {"adjoint"}),
        ("@adjoint_mut\ndef f(x): ...", {"adjoint_mut"}),
        ("@nograd\ndef f(x): ...", {"nograd"}),
        ("@nograd\nclass C: ...", {"nograd"}),
        ("@other\n@nograd\n@another\ndef f(x): ...", {"nograd"}),
        ("@adjoint\n@nograd\ndef f(x): ...", {"adjoint", "nograd"}),
        ("class C:\n    @nograd\n    def f(self): ...", {"nograd"}),
        ("def g():\n    @adjoint\n    def f(x): ...", {"adjoint"}),
        ("@adjoint\nasync def f(x): ...", {"adjoint"}),
    ],
)
def test_function_under_a_legacy_decorator_is_a_definition(text, names):
    assert only(text).names == names
    assert found(text).others == ()


@pytest.mark.parametrize(
    ("text", "statements", "others"),
    [
        ("nograd(f)", 1, []),
        ("nograd(f, g)\nzr.nograd(h)", 2, []),
        ("def g():\n    nograd(f)", 1, []),
        ("x = nograd(f)", 0, ["nograd"]),
        ("nograd", 0, ["nograd"]),
        ("adjoint(f)", 0, ["adjoint"]),
        ("adjoint(f)(g)", 0, ["adjoint"]),
        ("rules = [adjoint]", 0, ["adjoint"]),
        ("@adjoint.register\ndef f(x): ...", 0, ["adjoint"]),
        ("@make(adjoint)\ndef f(x): ...", 0, ["adjoint"]),
        ("@adjoint(f)(g)\ndef f(x): ...", 0, ["adjoint"]),
        ("y, back = pullback(f, x)", 0, ["pullback"]),
        ("@pullback\ndef f(x): ...", 0, ["pullback"]),
        ("def g(x):\n    return gradient(f, x)", 0, ["gradient"]),
    ],
)
def test_other_uses_are_statements_or_others(text, statements, others):
    definitions = found(text)
    assert definitions.decorated == ()
    assert len(definitions.statements) == statements
    assert [use.name for use in definitions.others] == others


def test_definitions_come_in_the_order_of_the_file():
    text = "@adjoint\ndef b(x): ...\n@nograd\ndef a(x): ...\n@adjoint(g)\ndef c(x): ..."
    assert [decorated.node.name for decorated in found(text).decorated] == ["b", "a", "c"]


def test_calls_inside_of_a_definition_are_its_callbacks():
    definitions = found(
        "@adjoint\ndef f(g, x):\n    y, back = pullback(g, x)\n    return y, lambda dy: zr.gradient(g, dy)\n"
        "z = pullback(f, 1)\n"
    )
    (decorated,) = definitions.decorated
    assert [use.name for use in decorated.callbacks] == ["pullback", "gradient"]
    assert [use.node.lineno for use in definitions.others] == [HEAD.count("\n") + 5]


def test_file_without_legacy_names_has_no_definitions():
    assert found("def adjoint_of(x): ...") == Definitions((), (), ())


# -- what a definition says of itself ----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("@adjoint\ndef f(x): ...", [0]),
        ("@other\n@adjoint\ndef f(x): ...", [1]),
        ("@adjoint(g)\n@other\n@adjoint(h)\ndef f(x): ...", [0, 2]),
    ],
)
def test_decorators_are_counted_from_the_top(text, positions):
    assert [position for position, _ in only(text).decorators] == positions


@pytest.mark.parametrize(
    ("text", "is_plain", "is_plain_rule"),
    [
        ("@adjoint\ndef f(x): ...", True, True),
        ("@adjoint_mut\ndef f(x): ...", True, True),
        ("@nograd\ndef f(x): ...", True, False),
        ("@adjoint(g)\ndef f(x): ...", False, False),
        ("@adjoint\n@adjoint(g)\ndef f(x): ...", True, True),
    ],
)
def test_plain_form_is_the_one_without_a_target(text, is_plain, is_plain_rule):
    decorated = only(text)
    assert (decorated.is_plain, decorated.is_plain_rule) == (is_plain, is_plain_rule)


@pytest.mark.parametrize(
    ("text", "targets", "name"),
    [
        ("@adjoint\ndef f(x): ...", [], "f"),
        ("@adjoint(np.linalg.inv)\ndef f(x): ...", ["np.linalg.inv"], "np.linalg.inv"),
        ("@adjoint(np.sin)\n@adjoint(np.cos)\ndef f(x): ...", ["np.sin", "np.cos"], "np.sin, np.cos"),
        ("@adjoint()\ndef f(x): ...", [], "f"),
        ("@adjoint\ndef __call__(self: Affine, x): ...", [], "Affine.__call__"),
        ("@adjoint\ndef __call__(self: 'Affine', x): ...", [], "Affine.__call__"),
        ("@adjoint\ndef __call__(self: Affine, x, /, z: Foo): ...", [], "Affine.__call__"),
        ("@adjoint\ndef __call__(self, x, /, z: Foo): ...", [], "__call__"),
        ("@adjoint\ndef __call__(self, x): ...", [], "__call__"),
        ("@adjoint\ndef __call__(): ...", [], "__call__"),
        ("@nograd\nclass C: ...", [], "C"),
    ],
)
def test_definition_is_named_for_what_it_is_a_rule_for(text, targets, name):
    decorated = only(text)
    assert [ast.unparse(target) for target in decorated.explicit_targets] == targets
    assert decorated.name == name


def test_definition_knows_the_scope_in_which_it_stands():
    file = sample(f"{HEAD}def outer():\n    @adjoint\n    def f(x): ...\n")
    (decorated,) = find_definitions(file.unit, file.project, closed_modules()).decorated
    assert decorated.scope is file.inside("outer")
