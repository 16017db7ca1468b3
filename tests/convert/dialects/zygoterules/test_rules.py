"""`rules`: a legacy rule read into parameters, pullbacks and results, or into what cannot be read."""

from __future__ import annotations

import ast
from textwrap import indent

import pytest

from adjoint2rrule.convert.dialects.zygoterules.cotangents import Items, Missing
from adjoint2rrule.convert.dialects.zygoterules.rules import Rule
from tests.convert.building import rule_in, sample

HEAD = """\
import numpy as np
from functools import partial
def helper(a): return -a
def make(a): return lambda dy: (dy,)
"""


def rule(body: str, parameters: str = "x, y") -> Rule:
    return rule_in(sample(f"{HEAD}@adjoint\ndef f({parameters}):\n{indent(body, '    ')}\n"))


def lengths(read: Rule) -> list[list[int | None]]:
    """For each pullback how many cotangents its results have, `None` for a single ``None``."""
    return [
        [None if isinstance(result, Missing) else len(result.values) for result in pullback.results]
        for pullback in read.pullbacks
    ]


# -- what can be read --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ("", []),
        ("x, y", [("x", None, False), ("y", None, False)]),
        ("x, /, y=1", [("x", None, False), ("y", "1", False)]),
        ("x=1, /, y=2", [("x", "1", False), ("y", "2", False)]),
        ("x, *ys", [("x", None, False), ("ys", None, True)]),
        ("x, *, axis=0", [("x", None, False)]),
        ("x, **options", [("x", None, False)]),
        ("x: float, y: 'Foo' = None", [("x", None, False), ("y", "None", False)]),
    ],
)
def test_parameters_are_the_positional_ones(parameters, wanted):
    found = rule("return 1, lambda dy: ()", parameters).parameters
    written = [(p.name, p.default and ast.unparse(p.default), p.is_variadic) for p in found]
    assert written == wanted


READ = {
    "lambda": ("return f(x), lambda dy: (dy, None)", [[2]]),
    "nested def": ("def back(dy):\n    return dy, None\nreturn f(x), back", [[2]]),
    "lambda under a name": ("back = lambda dy: (dy, None)\nreturn f(x), back", [[2]]),
    "pair in parentheses": ("return (f(x), lambda dy: (dy,))", [[1]]),
    "single none": ("return f(x), lambda dy: None", [[None]]),
    "bare return": ("def back(dy):\n    return\nreturn f(x), back", [[None]]),
    "no cotangents": ("return f(x), lambda dy: ()", [[0]]),
    "several returns": (
        "def back(dy):\n    if x > 0:\n        return None\n    return dy, dy\nreturn f(x), back",
        [[None, 2]],
    ),
    "conditional result": ("return f(x), lambda dy: (dy, dy) if x else None", [[2, None]]),
    "result in a variable": ("def back(dy):\n    r = (dy, None)\n    return r\nreturn f(x), back", [[2]]),
    "one of two pullbacks": (
        "if x:\n    back = lambda dy: (dy,)\nelse:\n    def back(dy):\n        return\nreturn f(x), back",
        [[1], [None]],
    ),
    "conditional pullback": ("return f(x), (lambda dy: (dy,)) if x else (lambda dy: None)", [[1], [None]]),
    "early pair": (
        "if x > 0:\n    return 0.0, lambda dy: None\nreturn f(x), lambda dy: (dy,)",
        [[None], [1]],
    ),
    "pullback in a try": (
        "def back(dy):\n    try:\n        return (dy,)\n    except E:\n        return\nreturn f(x), back",
        [[1, None]],
    ),
    "pullback with options": ("return f(x), lambda dy, x=x: (dy,)", [[1]]),
    "pullback of another seed": ("def back(seed, *, k=1):\n    return (seed,)\nreturn f(x), back", [[1]]),
    "rule that raises": ("if x < 0:\n    raise ValueError\nreturn f(x), lambda dy: (dy,)", [[1]]),
}


@pytest.mark.parametrize(("body", "wanted"), READ.values(), ids=READ)
def test_pullbacks_are_read(body, wanted):
    found = rule(body)
    assert found.problems == ()
    assert lengths(found) == wanted


def test_one_pullback_returned_twice_is_one():
    found = rule("def back(dy):\n    return (dy,)\nif x > 0:\n    return 0.0, back\nreturn f(x), back")
    assert len(found.pullbacks) == 1


def test_rule_keeps_its_node_and_scope():
    file = sample(f"{HEAD}def f(x):\n    return x, lambda dy: (dy,)\n")
    found = rule_in(file)
    assert (found.node, found.scope) == (file.definition("f"), file.inside("f"))
    assert isinstance(found.pullbacks[0].results[0], Items)


# -- what cannot -------------------------------------------------------------------------------

LONG = "a_function_with_a_rather_long_name(x, y, first=1, second=2, third=3)"
PROBLEMS = {
    # the pair
    "yield x": ("no-pair", "the rule is a generator"),
    "f(x)": ("no-pair", "the rule can end without returning a pair"),
    "if x:\n    return f(x), lambda dy: (dy,)": ("no-pair", "the rule can end without returning a pair"),
    "return f(x)[0]": ("no-pair", "the rule returns something else than a pair"),
    "return": ("no-pair", "the rule returns something else than a pair"),
    "return f(x), 1, lambda dy: (dy,)": ("no-pair", "the rule returns something else than a pair"),
    "return f(x), *x": ("no-pair", "the rule returns something else than a pair"),
    "return make(x)": (
        "opaque-pair",
        "the pair comes from `make(x)`, not from a `return y, pullback` of its own",
    ),
    "pair = f(x), lambda dy: (dy,)\nreturn pair": ("opaque-pair", "the pair comes from `pair`"),
    f"return {LONG}": ("opaque-pair", f"the pair comes from `{LONG[:47]}...`"),
    "return f(x), make(x)": (
        "opaque-pullback",
        "the pullback is `make(x)`, whose results cannot be read here",
    ),
    "return f(x), partial(helper, x)": ("opaque-pullback", "the pullback is `partial(helper, x)`"),
    "return f(x), helper": ("opaque-pullback", "the pullback is `helper`"),
    "return f(x), x": ("opaque-pullback", "the pullback is `x`"),
    "back = make(x)\nreturn f(x), back": ("opaque-pullback", "the pullback is `back`"),
    "for back in x: pass\nreturn f(x), back": ("opaque-pullback", "the pullback is `back`"),
    "def back(dy):\n    return (dy,)\nz = back(1.0)\nreturn f(x), back": (
        "used-pullback",
        "the pullback `back` is used by the rule itself, which expects its old result",
    ),
    # the pullback
    "return f(x), lambda: (1,)": ("pullback-parameters", "the pullback takes something else than one seed"),
    "return f(x), lambda dy, dz: (dy,)": ("pullback-parameters", "something else than one seed"),
    "return f(x), lambda *dy: (dy,)": ("pullback-parameters", "something else than one seed"),
    "return f(x), lambda dy, *, k: (dy,)": ("pullback-parameters", "something else than one seed"),
    "return f(x), lambda dy, **k: (dy,)": ("pullback-parameters", "something else than one seed"),
    "@cache\ndef back(dy):\n    return (dy,)\nreturn f(x), back": (
        "decorated-pullback",
        "the pullback is decorated, which may change its result",
    ),
    "def back(dy):\n    yield dy\nreturn f(x), back": ("not-a-tuple", "the pullback is a generator"),
    "def back(dy):\n    if x:\n        return (dy,)\nreturn f(x), back": (
        "implicit-none",
        "the pullback can end without a `return`, and so give a single `None`",
    ),
    # its results
    "return f(x), lambda dy: 2 * dy": (
        "not-a-tuple",
        "the pullback returns something else than a tuple or `None`",
    ),
    "return f(x), lambda dy: [dy, None]": ("not-a-tuple", "something else than a tuple or `None`"),
    "return f(x), lambda dy: {'a': dy}": ("not-a-tuple", "something else than a tuple or `None`"),
    "return f(x), lambda dy: np.sin(dy)": ("not-a-tuple", "something else than a tuple or `None`"),
    "return f(x), lambda dy: (dy, x)": (
        "opaque-cotangent",
        "the cotangent `x` cannot be told from the source: `x` is an argument, handed back as it came",
    ),
    "return f(x), lambda dy: (dy, *y)": ("opaque-cotangent", "the cotangent `*y` cannot be told"),
    "return f(x), lambda dy: (dy, {'a': x})": ("opaque-cotangent", "the cotangent `x` cannot be told"),
    "return f(x), lambda dy: (-dy,) + y": ("opaque-cotangent", "the cotangent `(-dy,) + y` cannot be told"),
    "return f(x), lambda dy: tuple(y)": ("opaque-cotangent", "the cotangent `tuple(y)` cannot be told"),
    # names
    "def back(dy):\n    d = {}\n    d['a'] = 2 * dy\n    return (d, dy)\nreturn f(x), back": (
        "stepwise-cotangent",
        "`d` holds a cotangent and is used for something else as well",
    ),
    "def back(dy):\n    d = None\n    if d is None: pass\n    return (d, dy)\nreturn f(x), back": (
        "stepwise-cotangent",
        "`d` holds a cotangent",
    ),
    "d = [None]\ndef back(dy):\n    d.append(1)\n    return (d, dy)\nreturn f(x), back": (
        "stepwise-cotangent",
        "`d` holds a cotangent",
    ),
    # the seed
    "return f(x), lambda dy: None if dy is None else (dy,)": (
        "inspected-seed",
        "the seed `dy` is compared with `None`",
    ),
    "def back(s):\n    s += 1\n    return (s,)\nreturn f(x), back": (
        "mutated-seed",
        "the seed `s` is changed in place",
    ),
    "return f(x), lambda dy: (np.sin(unknown(dy)),)": ("opaque-call", "the seed `dy` is given to `unknown`"),
}


@pytest.mark.parametrize(("body", "wanted"), PROBLEMS.items(), ids=PROBLEMS)
def test_what_cannot_be_read_is_a_problem(body, wanted):
    slug, words = wanted
    problem = rule(body).problems[0]
    assert problem.slug == slug
    assert words in problem.message


def test_every_problem_says_what_to_do():
    assert all(problem.hint for body in PROBLEMS for problem in rule(body).problems)


def test_every_problem_is_found():
    slugs = [p.slug for p in rule("if x:\n    return make(x)\nreturn f(x), lambda dy: (dy, x)").problems]
    assert slugs == ["opaque-pair", "opaque-cotangent"]


@pytest.mark.parametrize(
    "body",
    [
        "d = None\ndef back(dy):\n    return (d, 2 * dy)\nreturn f(x), back",
        "def back(dy):\n    d = e = None\n    return (d, e)\nreturn f(x), back",
        "def back(dy):\n    d = 2 * dy\n    d[0] = 0\n    print(d)\n    return (d,)\nreturn f(x), back",
        "def back(dy):\n    d = None if x else {'a': dy}\n    return (d,)\nreturn f(x), back",
        "z = None\nif z is None:\n    print(z)\nreturn f(x), lambda dy: (-dy,)",
    ],
)
def test_name_may_hold_a_cotangent_and_nothing_else(body):
    assert rule(body).problems == ()
