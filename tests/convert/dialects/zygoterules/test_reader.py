"""`cotangents`: what an expression of a pullback is, and nothing that cannot be told from the source."""

from __future__ import annotations

import ast
from textwrap import indent

import pytest

from adjoint2rrule.convert.dialects.zygoterules.cotangents import (
    Cotangent,
    Either,
    Fields,
    Items,
    Missing,
    Ready,
    Unclear,
    parts,
)
from adjoint2rrule.convert.dialects.zygoterules.reader import Reader
from tests.convert.building import functions_of, sample

HEAD = """\
import numpy as np
import scipy.special as sps
from types import SimpleNamespace
CONSTANT = 1.0
def number(a, b): return a * b + np.sin(b)
def pair(a, b): return a * b, a - b
def nothing(a): return None
def fields(a): return {"a": -a}
def branches(a):
    if a > 0:
        return -a
    return np.sin(a)
def may_end(a):
    if a > 0:
        return -a
def handed_back(a): return a
def calls(a): return number(a, -a)
def variadic(*a): return 1.0
def generator(a): yield -a
async def later(a): return -a
@decorator
def decorated(a): return -a
def rec(a): return rec(a)
"""


def described(value: Cotangent) -> str:
    """Return a cotangent in short: `(ready, none)`, `{a: ready}`, `none | ready`, `?`."""
    match value:
        case Missing():
            return "none"
        case Items(node=node, values=values):
            inner = ", ".join(map(described, values))
            return f"({inner})" if isinstance(node, ast.Tuple) else f"[{inner}]"
        case Fields(keys=keys, values=values):
            entries = zip(keys, map(described, values), strict=True)
            return "{" + ", ".join(f"{k}: {v}" for k, v in entries) + "}"
        case Either(choices=choices):
            return " | ".join(sorted(map(described, choices)))
        case Unclear():
            return "?"
    return "ready"


def reading(expression: str, before: str = "", outside: str = "") -> tuple[Cotangent, Reader]:
    """Return what `expression` is as a cotangent, behind the statements `before` in a pullback of a rule."""
    body = indent(f"{before}\nreturn {expression}", " " * 8)
    text = f"{HEAD}def f(x, y):\n{indent(outside or 'pass', ' ' * 4)}\n    def back(dy):\n{body}\n"
    file = sample(text)
    rule, pullback = file.inside("f"), file.inside("back")
    reader = Reader(functions_of(file), rule, {(pullback, "dy"): Ready()})
    statement = file.definition("back").body[-1]
    assert isinstance(statement, ast.Return)
    assert statement.value is not None
    return reader.read(statement.value, pullback), reader


def read(expression: str, before: str = "", outside: str = "") -> str:
    return described(reading(expression, before, outside)[0])


EXPRESSIONS = {
    # values as they are written
    "None": "none",
    "1": "ready",
    "0.0": "ready",
    "2j": "ready",
    "True": "ready",
    "dy": "ready",
    "-dy": "ready",
    "2 * dy": "ready",
    "dy @ y.T": "ready",
    "dy / x": "ready",
    "dy - x": "ready",
    "x ** 2": "ready",
    "dy > 0": "ready",
    "dy + x": "ready",
    "dy[0]": "ready",
    "dy.T": "ready",
    "dy.real * x": "ready",
    "np.pi": "ready",
    # displays
    "(dy, None)": "(ready, none)",
    "dy, None": "(ready, none)",
    "()": "()",
    "[dy, None]": "[ready, none]",
    "(dy, (None, [dy]))": "(ready, (none, [ready]))",
    "{}": "{}",
    "{'a': dy, 'b': None}": "{a: ready, b: none}",
    "{0: dy, (1): None}": "{0: ready, 1: none}",
    "dict(a=dy, b=None)": "{a: ready, b: none}",
    "dict()": "{}",
    "SimpleNamespace(a=dy)": "{a: ready}",
    "{'a': {'b': None}}": "{a: {b: none}}",
    # branches
    "dy if x else None": "none | ready",
    "dy if x else -dy": "ready",
    "(dy, None) if x else None": "(ready, none) | none",
    "dy if x else None if y else {}": "none | ready | {}",
    "(a := None)": "none",
    # calls
    "np.sin(dy)": "ready",
    "np.linalg.solve(x, dy)": "ready",
    "sps.erf(dy)": "ready",
    "abs(dy)": "ready",
    "sum(dy)": "ready",
    "dy.sum(axis=0)": "ready",
    "x.sum()": "ready",
    "dy.copy()": "ready",
    "np.sin(dy).reshape(2)": "ready",
    "number(x, dy)": "ready",
    "branches(dy)": "ready",
    "calls(dy)": "ready",
    "handed_back(dy)": "ready",
    "number(b=dy, a=x)": "ready",
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
    "(dy, *x)": "?",
    "[*x]": "?",
    "{**x}": "?",
    "{x: dy}": "?",
    "{'a': dy, 'a': None}": "?",
    "dict(x)": "?",
    "dict(**x)": "?",
    "dict([('a', dy)])": "?",
    "(dy,) + (None,)": "?",
    "(dy,) + x": "?",
    "[None] * 2": "?",
    "2 * [dy]": "?",
    "{'a': dy} | {'b': dy}": "?",
    "[dy for i in x]": "?",
    "tuple(dy)": "?",
    "lambda: dy": "?",
    "not_there(dy)": "?",
    "x.method(dy)": "?",
    "dy.tolist()": "?",
    "np.linalg.svd(dy)": "?",
    "np.where(dy)": "?",
    "nothing(dy)": "?",
    "fields(dy)": "?",
    "may_end(dy)": "?",
    "handed_back(x)": "?",
    "handed_back(None)": "?",
    "variadic(dy)": "?",
    "number(*x)": "?",
    "number(dy, c=1)": "?",
    "generator(dy)": "?",
    "later(dy)": "?",
    "decorated(dy)": "?",
    "rec(dy)": "?",
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
    "d = (dy, None)": ("d", "(ready, none)"),
    "d = None\ne = d": ("e", "none"),
    "if x:\n    d = dy\nelse:\n    d = None": ("d", "none | ready"),
    "d = None\nif x:\n    d = {'a': dy}": ("d", "none | {a: ready}"),
    "d, e = dy, None": ("(d, e)", "(ready, none)"),
    "(d, e), g = (dy, None), {}": ("(d, e, g)", "(ready, none, {})"),
    "d, e = dy": ("d", "ready"),
    "d, e = np.linalg.svd(dy)": ("e", "ready"),
    "d, e = pair(x, dy)": ("e", "ready"),
    "d, e = x": ("d", "?"),
    "d, e = unknown(x)": ("d", "?"),
    "d = 2 * dy\nd += x": ("d", "? | ready"),
    "d = 2 * dy\nd += dy": ("d", "ready"),
    "d = 2 * dy\nd -= x": ("d", "ready"),
    "d = [dy]\nd += [None]": ("d", "? | [ready]"),
    "d = dy\nd = d * 2": ("d", "ready"),
    "d = None\nd = d": ("d", "none | ready"),
    "for d in x: pass": ("d", "?"),
    "with x as d: pass": ("d", "?"),
    "d = dy\ndel d": ("d", "? | ready"),
    "try:\n    d = dy\nexcept E:\n    d = None": ("d", "none | ready"),
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
        ("(dy, *x)", "how many entries a starred expression gives cannot be told"),
        ("{x: dy}", "a dict whose keys are not all literal"),
        ("{1: dy, 1: dy}", "a dict with a key twice"),
        ("dict(x)", "its fields are not written out as keywords"),
        ("unknown(dy)", "what `unknown` returns cannot be told"),
        ("np.linalg.qr(dy)", "what `np.linalg.qr` returns cannot be told"),
        ("x.m(dy)", "what `x.m` returns cannot be told"),
        ("may_end(dy)", "`may_end` cannot be read: it may return nothing"),
        ("decorated(dy)", "`decorated` cannot be read: it is decorated"),
        ("later(dy)", "`later` cannot be read: it is asynchronous"),
        ("generator(dy)", "`generator` cannot be read: it is a generator"),
        ("variadic(dy)", "`variadic` cannot be read: its arguments cannot be matched"),
        ("fields(dy)", "`fields` cannot be read: it may return `None`, a dict or a tuple"),
        ("rec(dy)", "it calls too many others"),
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


def test_names_are_noted_with_what_they_stand_for():
    _, reader = reading("(d, e)", "d = None\ne = {'a': dy}")
    assert {name: described(value) for (_, name), value in reader.names.items()} == {
        "d": "none",
        "e": "{a: ready}",
    }


def test_looking_follows_nothing():
    file = sample(f"{HEAD}def f(x):\n    d = None\n    return d\n")
    reader = Reader(functions_of(file), file.inside("f"))
    statement = file.definition("f").body[-1]
    assert described(reader.look(statement.value, file.inside("f"))) == "none"
    assert (reader.followed, reader.names) == (set(), {})


def test_helper_of_another_module_is_read_there(tmp_path):
    other = {"lib.py": "import numpy as np\nSCALE = 2.0\ndef scaled(a): return np.multiply(a, SCALE)\n"}
    file = sample("from lib import scaled\ndef f(x):\n    return scaled(x)\n", tmp_path, other)
    reader = Reader(functions_of(file), file.inside("f"))
    assert described(reader.read(file.definition("f").body[0].value, file.inside("f"))) == "ready"


def test_parts_are_everything_in_a_cotangent():
    value, _ = reading("(dy if x else None, {'a': (None,)})")
    found = [type(part).__name__ for part in parts(value)]
    assert sorted(found) == ["Either", "Fields", "Items", "Items", "Missing", "Missing", "Ready"]
