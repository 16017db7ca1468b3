"""`pullbacks`: what one pullback takes and gives, and what in it stands in the way."""

from __future__ import annotations

import ast

import pytest

from adjoint2rrule.convert.dialects.zygoterules.pullbacks import Pullback
from tests.convert.dialects.zygoterules.pullback_reading import first_problem, results, rule


def pullback(text: str, value: str = "f(x)") -> Pullback:
    """Return the description of a pullback, a function `back` or an expression."""
    body = f"{text}\nreturn {value}, back" if text.startswith(("def", "@")) else f"return {value}, {text}"
    read = rule(body)
    assert read.problems == ()
    (found,) = read.pullbacks
    return found


RESULTS = {
    "single none": ("return f(x), lambda dy: None", ["none"]),
    "bare return": ("def back(dy):\n    return\nreturn f(x), back", ["none"]),
    "no cotangents": ("return f(x), lambda dy: ()", ["()"]),
    "several returns": (
        "def back(dy):\n    if x > 0:\n        return None\n    return dy, dy\nreturn f(x), back",
        ["none", "(seed, seed)"],
    ),
    "conditional result": ("return f(x), lambda dy: (dy, dy) if x else None", ["(seed, seed)", "none"]),
    "result in a variable": (
        "def back(dy):\n    r = (dy, None)\n    return r\nreturn f(x), back",
        ["(seed, none)"],
    ),
    "in a try": (
        "def back(dy):\n    try:\n        return (dy,)\n    except E:\n        return\nreturn f(x), back",
        ["(seed)", "none"],
    ),
    "in a match": (
        "def back(dy):\n    match x:\n        case 0:\n            return None\n        case _:\n"
        "            return (dy,)\nreturn f(x), back",
        ["none", "(seed)"],
    ),
    "with options": ("return f(x), lambda dy, x=x: (dy,)", ["(seed)"]),
    "of another seed": ("def back(seed, *, k=1):\n    return (seed,)\nreturn f(x), back", ["(seed)"]),
    "sum of tuples": ("return f(x), lambda dy: (dy,) + (None,)", ["(seed) + (none)"]),
    "of a helper": ("return f(x), lambda dy: inner(x, y, dy)", ["<ready, ready>"]),
    "of a function inside": (
        "def back(dy):\n    def g(): return (dy, None)\n    return g()\nreturn f(x), back",
        ["result (seed, none)"],
    ),
}


@pytest.mark.parametrize(("body", "wanted"), RESULTS.values(), ids=RESULTS)
def test_results_are_read(body, wanted):
    found = rule(body)
    assert found.problems == ()
    assert results(found) == [wanted]


@pytest.mark.parametrize(
    ("body", "can_end"),
    [
        ("return (dy,)", False),
        ("if x:\n        return (dy,)", True),
        ("pass", True),
        ("if x:\n        return (dy,)\n    raise ValueError", False),
        ("match dy:\n        case (a, b):\n            return (dy[0],)", False),
        ("match dy:\n        case (None, b):\n            return (dy[1],)", True),
        ("match x:\n        case (a, b):\n            return (dy[0],)", True),
    ],
)
def test_pullback_can_end_without_a_return(body, can_end):
    found = pullback(f"def back(dy):\n    {body}", "(x, y)")
    assert found.can_end is can_end


def test_pullback_keeps_its_node_scope_and_the_names_of_the_arguments():
    found = pullback("lambda dy: (dy, None)")
    assert isinstance(found.node, ast.Lambda)
    assert found.scope.node is found.node
    assert found.names == {"x": "x", "y": "y"}
    assert (found.maker, found.home) == (None, None)


PROBLEMS = {
    # its parameters
    "return f(x), lambda: (1,)": ("pullback-parameters", "the pullback takes something else than one seed"),
    "return f(x), lambda dy, dz: (dy,)": ("pullback-parameters", "something else than one seed"),
    "return f(x), lambda dy, *, k: (dy,)": ("pullback-parameters", "something else than one seed"),
    "return f(x), partial(lambda a, dy, k: (dy,), x)": (
        "pullback-parameters",
        "something else than one seed",
    ),
    "return f(x), partial(lambda dy: (dy,), x)": ("pullback-parameters", "something else than one seed"),
    "return f(x), lambda *dy: (dy,)": ("opaque-pullback", "the pullback is `lambda *dy: (dy,)`"),
    "return f(x), lambda dy, **k: (dy,)": ("opaque-pullback", "the pullback is `lambda dy, **k: (dy,)`"),
    # what it is
    "@cache\ndef back(dy):\n    return (dy,)\nreturn f(x), back": (
        "decorated-pullback",
        "the pullback is decorated, which may change its result",
    ),
    "def back(dy):\n    yield dy\nreturn f(x), back": ("not-a-tuple", "the pullback is a generator"),
    # its results
    "return f(x), lambda dy: 2 * dy": (
        "not-a-tuple",
        "the pullback returns something else than a tuple or `None`",
    ),
    "return f(x), lambda dy: [dy, None]": ("not-a-tuple", "something else than a tuple or `None`"),
    "return f(x), lambda dy: {'a': dy}": ("not-a-tuple", "something else than a tuple or `None`"),
    "return f(x), lambda dy: np.sin(dy)": ("not-a-tuple", "something else than a tuple or `None`"),
    "return f(x), lambda dy: [dy for _ in x]": ("not-a-tuple", "something else than a tuple or `None`"),
    "return f(x), lambda dy: (dy for _ in x)": ("not-a-tuple", "something else than a tuple or `None`"),
    "return f(x), lambda dy: (dy,) if x else 2 * dy": (
        "not-a-tuple",
        "something else than a tuple or `None`",
    ),
    "return f(x), lambda dy: (dy, x)": (
        "opaque-cotangent",
        "the cotangent `x` cannot be told from the source: `x` is an argument, handed back as it came",
    ),
    "return f(x), lambda dy: (dy, *y)": ("opaque-cotangent", "the cotangent `y` cannot be told"),
    "return f(x), lambda dy: (dy, {'a': x})": ("opaque-cotangent", "the cotangent `x` cannot be told"),
    "return f(x), lambda dy: (-dy,) + y": ("opaque-cotangent", "the cotangent `(-dy,) + y` cannot be told"),
    "return f(x), lambda dy: tuple(y)": ("opaque-cotangent", "the cotangent `tuple(y)` cannot be told"),
    "return f(x), lambda dy: maybe(x, dy)": (
        "opaque-cotangent",
        "the cotangent `maybe(x, dy)` cannot be told",
    ),
    "def back(dy):\n    r = (dy,)\n    r = r + (None,)\n    return r\nreturn f(x), back": (
        "opaque-cotangent",
        "`r` is built in steps",
    ),
}


@pytest.mark.parametrize(("body", "wanted"), PROBLEMS.items(), ids=PROBLEMS)
def test_what_cannot_be_read_is_a_problem(body, wanted):
    slug, message = first_problem(rule(body))
    assert slug == wanted[0]
    assert wanted[1] in message


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("lambda dy: (2.0 * dy.get('a'),)", "inspected-seed"),
        ("def back(dy):\n    dy += 1\n    return (dy,)", "mutated-seed"),
        ("lambda dy: (2.0 * unknown(dy[0]),)", "opaque-call"),
    ],
)
def test_uses_of_the_seed_that_stand_in_the_way_are_noted(text, slug):
    assert [problem.slug for problem in pullback(text).uses.problems] == [slug]


def test_tests_of_the_seed_for_none_are_noted():
    assert len(pullback("lambda dy: None if dy is None else (dy,)").uses.changes) == 1
