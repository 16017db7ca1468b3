"""`seeds`: a seed may be calculated with, indexed and unpacked; what looks at its form is a problem."""

from __future__ import annotations

import ast
from textwrap import indent

import pytest

from adjoint2rrule.convert.dialects.zygoterules.seeds import Problem, TangentUses, read_uses
from tests.convert.building import functions_of, sample

HEAD = """\
import numpy as np
import scipy.linalg as sla
from types import SimpleNamespace
def double(a): return 2 * a
def through(a): return double(a)
def looks(a):
    if a is None:
        return 0.0
    return a
def looks_deeper(a): return looks(a)
def keeps(a): return (a, a)
def many(*a): return 1.0
def other(a, b): return 0.0 if b is None else 2 * a
"""


def uses(body: str, files=None, root=None, head: str = HEAD, structured=None) -> TangentUses:
    """Return how a pullback with `body` uses its seed `dy`; what `back(…)` gives are tangents too."""
    text = f"{head}def f(x):\n    def pull(dy):\n{indent(body, ' ' * 8)}\n"
    file = sample(text, root, files)
    node = file.definition("pull")
    given = {n for n in ast.walk(node) if isinstance(n, ast.Call) and ast.unparse(n.func) == "back"}
    found = read_uses(node, {"dy"}, given, file.inside("pull"), functions_of(file), structured=structured)
    return found.settled()


def problem(body: str, files=None, root=None, head: str = HEAD, structured=None) -> Problem | None:
    """Return what is wrong with what a pullback with `body` does with its seed."""
    return next(iter(uses(body, files, root, head, structured).problems), None)


HARMLESS = [
    "return 2 * dy",
    "return dy @ x.T, -dy, dy ** 2",
    "return dy",
    "return (dy, None)",
    "return {'a': dy}, dict(a=dy), SimpleNamespace(a=dy), [dy]",
    "return dy[0], dy['a'], dy[..., None], dy[:, 0]",
    "return x[dy]",
    "return dy.T, dy.real, dy.shape, dy.dtype",
    "return dy.sum(axis=0), dy.reshape(2), dy.conj()",
    "return np.sin(dy), np.sum(dy, axis=0), np.where(x, dy, 0.0)",
    "return sla.solve(x, dy)",
    "return abs(dy), float(dy), sum(dy), len(dy), round(dy)",
    "a, b = dy\nreturn a * b",
    "(a, b), c = dy\nreturn a * b * c",
    "a, *b = dy\nreturn a * b[0]",
    "a = dy['a']\nreturn 2 * a",
    "for d in dy: print(d)\nreturn 1",
    "return [2 * d for d in dy]",
    "return {i: 2 * d for i, d in enumerate(dy)}",
    "return sum(a * b for a, b in zip(dy, x))",
    "return double(dy), through(dy), double(dy[0]), double(a=dy)",
    "dx = np.zeros(3)\ndx[0] = dy\nreturn dx",
    "dx = dy * 2\ndx += 1\nreturn dx",
    "if x is None: return dy\nreturn 2 * dy",
    "return dy if x else 2 * dy",
    "dy = 2 * dy\nreturn dy",
    "return dy > 0, dy == 1, dy < x",
    "return x",
]

INSPECTED = {
    "if dy is x: return None": "is tested for identity or membership",
    "if 'a' in dy: return None": "is tested for identity or membership",
    "if dy: return dy": "is tested for truth",
    "while dy: return dy": "is tested for truth",
    "if not dy: return None": "is tested for truth",
    "return dy or 0": "is tested for truth",
    "return x and dy and 1": "is tested for truth",
    "return 1 if dy else 0": "is tested for truth",
    "assert dy": "is tested for truth",
    "return isinstance(dy, dict)": "is given to `isinstance`",
    "return type(dy)": "is given to `type`",
    "return hasattr(dy, 'a')": "is given to `hasattr`",
    "return getattr(dy, 'a')": "is given to `getattr`",
    "return dict(dy)": "is given to `dict`",
    "return isinstance(dy[0], tuple)": "is given to `isinstance`",
    "return dy.items()": "is asked for `.items`, which its new form may not have",
    "return dy.get('a')": "is asked for `.get`, which its new form may not have",
    "return dy(1)": "is called",
    "x.seed = dy": "is stored where it cannot be followed",
    "yield dy": "is used in a way that cannot be followed",
}


@pytest.mark.parametrize("body", HARMLESS)
def test_seed_may_be_used(body):
    assert uses(body) == TangentUses()


@pytest.mark.parametrize(("body", "what"), INSPECTED.items(), ids=INSPECTED)
def test_look_at_the_form_of_a_seed_is_a_problem(body, what):
    found = problem(body)
    assert found is not None
    assert (found.slug, found.what) == ("inspected-seed", what)


@pytest.mark.parametrize(
    "body", ["dy += 1", "dy *= 2\nreturn dy", "dy[0] = 1", "dy['a'] *= 2", "dy.shape = 3", "d = dy\nd += 1"]
)
def test_change_of_a_seed_in_place_is_a_problem(body):
    found = problem(body)
    assert found is not None
    assert (found.slug, found.what) == ("mutated-seed", "is changed in place")


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("return unknown(dy[0])", "is given to `unknown`, which cannot be read"),
        ("return x.method(dy[0])", "is given to `x.method`, which cannot be read"),
        ("return x.method(a=dy[0])", "is given to `x.method`, which cannot be read"),
        ("return unknown(*dy)", "is given to `unknown`, which cannot be read"),
        ("return many(dy)", "is given to `many`, whose arguments cannot be matched"),
        ("return double(*dy)", "is given to `double`, whose arguments cannot be matched"),
    ],
)
def test_call_that_cannot_be_read_is_a_problem(body, what):
    found = problem(body)
    assert found is not None
    assert (found.slug, found.what) == ("opaque-call", what)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("return looks(dy)", "is given to `looks`, where it is compared with `None` (line 7)"),
        ("return looks(a=dy)", "is given to `looks`, where it is compared with `None` (line 7)"),
        ("return looks(dy[0])", "is given to `looks`, where it is compared with `None` (line 7)"),
        ("return other(x, dy)", "is given to `other`, where it is compared with `None` (line 13)"),
    ],
)
def test_helper_that_looks_at_a_seed_is_a_problem(body, what):
    found = problem(body)
    assert found is not None
    assert (found.slug, found.what) == ("inspected-cotangent", what)


def test_helper_of_a_helper_is_read_as_well():
    found = problem("return looks_deeper(dy)")
    assert found is not None
    assert found.slug == "inspected-cotangent"
    assert "`looks_deeper`, where it is given to `looks`" in found.what


def test_parameter_of_a_helper_that_gets_something_else_is_none_of_our_business():
    assert problem("return other(dy, x)") is None


def test_helper_of_another_module_is_named_with_it(tmp_path):
    files = {"lib.py": "def accum(a, b):\n    return a if b is None else a + b\n"}
    found = problem("return accum(x, dy)", files, tmp_path, "from lib import accum\n")
    assert found is not None
    assert found.what == "is given to `accum`, where it is compared with `None` (line 2 of lib)"


def test_problem_is_where_the_seed_is_used():
    found = problem("a = 2 * dy\nif dy is x:\n    return a")
    assert found is not None
    assert found.node.lineno == HEAD.count("\n") + 4


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("x['a'] = dy[0]\nreturn x['a']", "is stored where it cannot be followed"),
        ("cache.last = dy\nreturn dy", "is stored where it cannot be followed"),
        ("for i, cache['k'] in enumerate(dy): pass\nreturn dy", "is stored where it cannot be followed"),
        ("global last\nlast = dy[0]\nreturn dy", "is stored where it cannot be followed"),
        (
            "try:\n    a = dy[0] * 2.0\nexcept TypeError:\n    a = 1.0\nreturn a",
            "is used where `TypeError` is caught",
        ),
        (
            "try:\n    a = dy['k']\nexcept (KeyError, OSError):\n    a = 1.0\nreturn a",
            "is used where `KeyError` is caught",
        ),
        ("return 1.0 if dy == (0.0, 1.0) else dy", "is compared with a tuple, a list or a dict"),
        ("return 1.0 if np.iterable(dy[0]) else dy", "is given to `np.iterable`"),
        ("np.fill_diagonal(dy, 0.0)\nreturn dy", "is changed in place"),
        ("np.add(dy, 1.0, out=dy)\nreturn dy", "is changed in place"),
        ("dy.sort()\nreturn dy", "is changed in place"),
        ("return table[f'{dy[0]}'] * dy", "is used in a way that cannot be followed"),
    ],
)
def test_what_only_a_legacy_seed_does_is_a_problem(body, what):
    assert problem(body).what == what
