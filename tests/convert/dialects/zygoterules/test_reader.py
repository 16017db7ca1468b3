"""`reader`: what an expression of a pullback is, and nothing that cannot be told from the source."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert.dialects.zygoterules.cotangents import Items, Unclear, parts
from adjoint2rrule.convert.dialects.zygoterules.reader import Reader
from tests.convert.building import functions_of, sample
from tests.convert.dialects.zygoterules.pullback_reading import HEAD, described, read, reading

EXPRESSIONS = {
    # values as they are written
    "None": "none",
    "1": "ready",
    "0.0": "ready",
    "2j": "ready",
    "True": "ready",
    "dy": "seed",
    "-dy": "ready",
    "2 * dy": "ready",
    "dy @ y.T": "ready",
    "dy / x": "ready",
    "dy - x": "ready",
    "x ** 2": "ready",
    "dy > 0": "ready",
    "dy + x": "part",
    "dy[0]": "seed",
    "dy.T": "ready",
    "dy.real * x": "ready",
    "np.pi": "ready",
    # displays
    "(dy, None)": "(seed, none)",
    "dy, None": "(seed, none)",
    "()": "()",
    "[dy, None]": "[seed, none]",
    "(dy, (None, [dy]))": "(seed, (none, [seed]))",
    "{}": "{}",
    "{'a': dy, 'b': None}": "{a: seed, b: none}",
    "{0: dy, (1): None}": "{0: seed, 1: none}",
    "dict(a=dy, b=None)": "{a: seed, b: none}",
    "dict()": "{}",
    "SimpleNamespace(a=dy)": "{a: seed}",
    "{'a': {'b': None}}": "{a: {b: none}}",
    # branches
    "dy if x else None": "none | seed",
    "dy if x else -dy": "ready | seed",
    "(dy, None) if x else None": "(seed, none) | none",
    "dy if x else None if y else {}": "none | seed | {}",
    "(a := None)": "none",
    # sequences
    "(*(dy, None), dy)": "(*(seed, none), seed)",
    "(dy,) + (None,) + (2 * dy,)": "(seed) + (none) + (ready)",
    "[dy] + [None]": "[seed] + [none]",
    "(dy,) * 3": "each seed",
    "[(dy, None)] * x": "each (seed, none)",
    "2 * [dy]": "each seed",
    "(None for _ in x)": "each none",
    "[(dy, None) for _ in x]": "each (seed, none)",
    "(dy, dy)[0]": "seed",
    "(dy, 1.0)[-1]": "ready",
    "(dy, 1.0, dy)[1:]": "<ready, seed>",
    "{k: dy for k in x}": "{each: seed}",
    "{k: dy if k else None for k in x}": "{each: none | seed}",
    "{k: (v, None) for k, v in dy.items()}": "{each: (seed, none)}",
    "[v for v in dy]": "each seed",
    "[v for _, v in zip(x, dy)]": "each seed",
    "[v for i, (_, v) in enumerate(zip(x, dy))]": "each seed",
    "[i for i, v in enumerate(x)]": "each ready",
    "dy[1:]": "part",
    "dy[0] + dy[1]": "part",
    "dy[0] + 1.0": "ready",
    # what cannot be told
    "x": "?",
    "absent": "?",
    "CONSTANT": "?",
    "'text'": "?",
    "f'{dy}'": "?",
    "...": "?",
    "x[0]": "?",
    "x.a": "?",
    "x + y": "?",
    "(dy, *x)": "(seed, *?)",
    "[*x]": "[*?]",
    "{**x}": "?",
    "{x: dy}": "?",
    "{'a': dy, 'a': None}": "?",
    "dict(x)": "?",
    "dict(**x)": "?",
    "dict([('a', dy)])": "?",
    "(dy,) + (None,)": "(seed) + (none)",
    "(dy,) + x": "?",
    "[None] * 2": "each none",
    "{'a': dy} | {'b': dy}": "?",
    "[dy for i in x]": "each seed",
    "lambda: dy": "?",
    "dy or None": "?",
}


@pytest.mark.parametrize(("expression", "wanted"), EXPRESSIONS.items(), ids=EXPRESSIONS)
def test_expression_is_read_as(expression, wanted):
    assert read(expression) == wanted


NAMES = {
    "d = None": ("d", "none"),
    "d = 2 * dy": ("d", "ready"),
    "d: float = None": ("d", "none"),
    "d = e = None": ("(d, e)", "(none, none)"),
    "d = dict(a=None)": ("d", "{a: none}"),
    "d = (dy, None)": ("d", "(seed, none)"),
    "d = None\ne = d": ("e", "none"),
    "if x:\n    d = dy\nelse:\n    d = None": ("d", "none | seed"),
    "d = None\nif x:\n    d = {'a': dy}": ("d", "none | {a: seed}"),
    "d, e = dy, None": ("(d, e)", "(seed, none)"),
    "(d, e), g = (dy, None), {}": ("(d, e, g)", "(seed, none, {})"),
    "d, e = dy": ("d", "seed"),
    "d, e = np.linalg.svd(dy)": ("e", "ready"),
    "d, e = pair(x, dy)": ("e", "ready"),
    "d, e = x": ("d", "?"),
    "d, e = unknown(x)": ("d", "?"),
    "d = 2 * dy\nd += x": ("d", "? | ready"),
    "d = 2 * dy\nd += dy": ("d", "ready"),
    "d = 2 * dy\nd -= x": ("d", "ready"),
    "d = [dy]\nd += [None]": ("d", "? | [seed]"),
    "d = dy\nd = d * 2": ("d", "ready | seed"),
    "d = None\nd = d": ("d", "none | ready"),
    "for d in x: pass": ("d", "?"),
    "with x as d: pass": ("d", "?"),
    "d = dy\ndel d": ("d", "? | seed"),
    "try:\n    d = dy\nexcept E:\n    d = None": ("d", "none | seed"),
    "if (d := None) is None: pass": ("d", "none"),
    "def d(): pass": ("d", "?"),
    "import d": ("d", "?"),
}


@pytest.mark.parametrize(("before", "case"), NAMES.items(), ids=NAMES)
def test_name_is_followed_to_every_place_that_binds_it(before, case):
    expression, wanted = case
    assert read(expression, before) == wanted


def test_name_of_the_rule_around_is_followed():
    assert read("(dx, dw)", outside="dx = dw = None") == "(none, none)"
    assert read("dx", outside="dx = np.zeros(3)") == "ready"


def test_name_of_the_module_is_not_followed():
    value, _ = reading("CONSTANT")
    assert isinstance(value, Unclear)
    assert value.reason == "`CONSTANT` is bound outside of the rule"


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("absent", "`absent` is not bound in this file"),
        ("x", "`x` is an argument, handed back as it came"),
        ("(dy, *x)", "`x` is an argument, handed back as it came"),
        ("{x: dy}", "a dict whose keys are not all literal"),
        ("{1: dy, 1: dy}", "a dict with a key twice"),
        ("x[0]", "a part of something that cannot be told"),
    ],
)
def test_what_cannot_be_told_says_why(expression, reason):
    value, _ = reading(expression)
    found = next(part for part in parts(value) if isinstance(part, Unclear))
    assert found.reason.endswith(reason)


def test_uses_of_names_on_the_way_to_a_cotangent_are_followed():
    value, reader = reading("(d, -e)", "d = None\ne = 2 * dy\nc = d")
    assert isinstance(value, Items)
    assert reader.followed == {value.node.elts[0]}


def test_looking_follows_nothing():
    file = sample(f"{HEAD}def f(x):\n    d = None\n    return d\n")
    reader = Reader(functions_of(file), file.inside("f"))
    statement = file.definition("f").body[-1]
    assert described(reader.look(statement.value, file.inside("f"))) == "none"
    assert reader.followed == set()


GROWN = {
    "d = []\nd.append(dy)": "grown [seed]",
    "d = []\nfor _ in x:\n    d.append({'a': None})": "grown [{a: none}]",
    "d = [dy]\nd.insert(0, None)": "grown [seed, none]",
    "d = []\nd.extend([dy, None])": "grown [none | seed]",
    "d = []\nd.append(2 * dy)\nd.reverse()": "grown [ready]",
    "d = [dy, None]": "[seed, none]",
    "d = [dy]\nd.append(dy, 1)": "[seed]",
    "d = []\nd.extend(x)": "grown [?]",
    "d = []\nd = [dy]\nd.append(dy)": "[] | [seed]",
    "def g():\n    d = []\n    d.append(dy)\nd = 2 * dy": "ready",
}


@pytest.mark.parametrize(("before", "wanted"), GROWN.items(), ids=GROWN)
def test_list_that_grows_holds_what_is_put_into_it(before, wanted):
    assert read("d", before) == wanted


INSIDE = {
    "def g(): return None": ("g()", "result none"),
    "def g(a): return (a, None)": ("g(dy)", "result (seed, none)"),
    "def g(a): return a": ("g(dy)", "seed"),
    "def g(a): return {'a': a}": ("[g(v) for v in dy]", "each result {a: seed}"),
    "def g(a):\n    if x:\n        return a": ("g(dy)", "?"),
    "def g(a, b=None): return b": ("g(dy)", "result ?"),
    "def g(a): return a\nh = g": ("g(dy)", "result ?"),
    "d = None\ndef g():\n    nonlocal d\n    d = dy": ("d", "?"),
}


@pytest.mark.parametrize(("before", "case"), INSIDE.items(), ids=INSIDE)
def test_function_inside_the_rule_is_read_with_its_arguments(before, case):
    expression, wanted = case
    assert read(expression, before) == wanted


def test_methods_that_make_a_list_grow_are_followed():
    _, reader = reading("d", "d = []\nd.append(dy)\nd.reverse()\nprint(d)")
    assert len(reader.followed) == 3


def test_reader_of_another_function_shares_no_parameters():
    _, reader = reading("dy")
    other = reader.elsewhere(reader.owner)
    assert (other.parameters, other.depth) == ({}, reader.depth + 1)
