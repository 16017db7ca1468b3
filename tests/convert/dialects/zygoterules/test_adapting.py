"""`adapting`: the legacy pullback stays, and is wrapped with the arguments that tell what it gives."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert.dialects.zygoterules.adapting import free_name, is_adaptable
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from tests.convert.building import adaption, conversion, expression, sample

HEAD = """\
from zygoterules import _pullback, adjoint, gradient, pullback
from somewhere import unknown
class Foo: ...
def f(*args): ...
"""


def adapted(parameters: str, body: str, name: str = "f") -> str:
    """Return the body of a rule once that is adapted."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    text = f"{HEAD}@adjoint\ndef {name}({parameters}):\n{lines}"
    adaption(text)
    return conversion(text).result.decode().partition("@rrule")[2].partition("\n")[2]


PAIRS = {
    "a lambda": (
        "x, y",
        "return 1.0, lambda dy: (unknown(dy), dy)",
        "return 1.0, adapt_pullback(lambda dy: (unknown(dy), dy), x, y)",
    ),
    "a name": ("x", "back = unknown(x)\nreturn 1.0, back", "return 1.0, adapt_pullback(back, x)"),
    "a call": ("x", "return 1.0, unknown(x)", "return 1.0, adapt_pullback(unknown(x), x)"),
    "a conditional": (
        "x",
        "return 1.0, unknown(x) if x else unknown",
        "return 1.0, adapt_pullback(unknown(x) if x else unknown, x)",
    ),
    "the pair of a call": (
        "x",
        "return unknown(x)",
        "y, back = unknown(x)\n    return y, adapt_pullback(back, x)",
    ),
    "the pair of an expression": (
        "x, y",
        "return unknown(x) if x else unknown(y)",
        "value, back = unknown(x) if x else unknown(y)\n    return value, adapt_pullback(back, x, y)",
    ),
    "no arguments": ("", "return 1.0, unknown()", "return 1.0, adapt_pullback(unknown())"),
    "variadic arguments": (
        "x, *ys",
        "return 1.0, unknown(x)",
        "return 1.0, adapt_pullback(unknown(x), x, *ys)",
    ),
    "keyword-only ones": (
        "x, *, k, **o",
        "return 1.0, unknown(x)",
        "return 1.0, adapt_pullback(unknown(x), x)",
    ),
}


@pytest.mark.parametrize(("parameters", "body", "wanted"), PAIRS.values(), ids=PAIRS)
def test_pullback_is_wrapped_with_the_positional_arguments(parameters, body, wanted):
    assert wanted in adapted(parameters, body)


def test_functor_gives_its_own_cotangent_first():
    found = adapted("self: Foo, x", "return 1.0, unknown(x)", "__call__")
    assert "return 1.0, adapt_pullback(unknown(x), self, x, functor=True)" in found


def test_every_return_is_wrapped():
    found = adapted("x", "if x:\n    return 1.0, lambda dy: None\nreturn 2.0, lambda dy: (unknown(dy),)")
    assert found.count("adapt_pullback(") == 2


CALLS = {
    "pullback(x, 1.0)": "pullback(config, x, 1.0)",
    "_pullback(x)": "_pullback(config, x)",
    "_pullback(__context__, x)": "_pullback(config, x)",
    "gradient(x, *y)": "gradient(config, x, *y)",
}


@pytest.mark.parametrize(("call", "wanted"), CALLS.items(), ids=CALLS)
def test_callback_goes_through_the_config(call, wanted):
    found = adapted("x, y", f"z = [{call}]\nreturn unknown(z)")
    assert f"z = [{wanted}]" in found
    assert found.startswith("def f_rrule(config: RuleConfig[HasReverseMode], f, x, y):")


@pytest.mark.parametrize(
    "body",
    [
        "x = 2 * x\nreturn unknown(x)",
        "for x in y: pass\nreturn unknown(x)",
        "def g():\n    nonlocal x\n    x = 1\nreturn unknown(x)",
        "if (x := y): pass\nreturn unknown(x)",
    ],
)
def test_argument_that_is_bound_anew_is_kept_for_the_end(body):
    found = adapted("x, y", body)
    assert found.startswith("def f_rrule(f, x, y):\n    primals = x, y\n")
    assert found.rstrip().endswith("return value, adapt_pullback(back, *primals)")


@pytest.mark.parametrize(
    ("parameters", "body", "wanted"),
    [
        ("x", "x = 2 * x\nreturn 1.0, unknown(x)", "    primals = (x,)\n    x = 2 * x\n"),
        ("*xs", "xs = ()\nreturn 1.0, unknown(xs)", "    primals = (*xs,)\n    xs = ()\n"),
        ("x, *xs", "x = 1\nreturn 1.0, unknown(xs)", "    primals = x, *xs\n    x = 1\n"),
        (
            "x",
            '"""About it."""\nx = 2 * x\nreturn 1.0, unknown(x)',
            '    """About it."""\n    primals = (x,)\n',
        ),
        ("primals", "primals = 1\nreturn 1.0, unknown(1)", "    primals_ = (primals,)\n"),
    ],
)
def test_arguments_are_kept_before_they_are_bound_anew(parameters, body, wanted):
    assert wanted in adapted(parameters, body)


def test_arguments_of_a_rule_on_one_line_are_kept_there():
    text = conversion(f"{HEAD}@adjoint\ndef f(x): x = 2 * x; return 1.0, unknown(x)\n").result.decode()
    assert "primals = (x,); x = 2 * x; return 1.0, adapt_pullback(unknown(x), *primals)" in text


@pytest.mark.parametrize(
    ("slug", "wanted"),
    [("opaque-pair", True), ("stepwise-cotangent", True), ("no-pair", False), ("not-a-tuple", False)],
)
def test_what_shows_that_the_legacy_rule_fails_is_not_adapted(slug, wanted):
    assert is_adaptable(Problem(slug, expression("x"), "", "")) is wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("def f(): pass", "y"),
        ("def f(y): pass", "y_"),
        ("def f(): return y", "y_"),
        ("def f(y):\n    y_ = 1", "y__"),
        ("def f():\n    def y(): pass", "y_"),
        ("def f():\n    import y", "y_"),
    ],
)
def test_free_name_is_one_that_the_function_does_not_use(text, wanted):
    assert free_name("y", sample(text).definition("f")) == wanted
