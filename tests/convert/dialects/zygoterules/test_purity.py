"""`purity`: a function may change what it has made itself; what cannot be read is not pure."""

from __future__ import annotations

import ast
from textwrap import indent

import pytest

from adjoint2rrule.convert.dialects.zygoterules.purity import Purity
from tests.convert.building import functions_of, sample

HEAD = """\
import numpy as np
import scipy.stats
from functools import cache
from types import SimpleNamespace
from somewhere import unknown
kept = np.zeros(3)
def doubled(a): return 2 * a
def filled(n):
    a = np.zeros(n)
    a[0] = 1.0
    return a
def spoils(a):
    a[0] = 1.0
    return a
def spoils_deeper(a): return spoils(a)
def endless(a): return endless(a) if a > 0 else a
@cache
def cached(a): return a
"""


def is_pure(body: str) -> bool:
    """Whether a function of `x` with `body` is pure."""
    file = sample(f"{HEAD}def f(x):\n{indent(body, '    ')}\n")
    node = file.definition("f")
    return Purity(functions_of(file), set()).is_pure(node, file.inside("f"))


@pytest.mark.parametrize(
    "body",
    [
        "return x + 1",
        "return np.sin(x) @ x.reshape(-1).sum(axis=0)",
        "return doubled(filled(3)) + endless(x)",
        "y = x * 1.0\ny += x\ny[0] = 2.0\nreturn y",
        "y = np.zeros_like(x)\nnp.add.at(y, 0, x)\nnp.copyto(y, x)\ny.fill(0.0)\nreturn y",
        "y = np.empty(3)\nreturn np.add(x, 1.0, out=y)",
        "parts = []\nfor k in range(3):\n    parts.append(x[k])\nreturn parts",
        "y = {}\ny['a'] = x\ny.update(b=x)\nreturn dict(y), SimpleNamespace(a=x)",
        "def own(a):\n    return a * x\nreturn [own(each) for each in x]",
        "y = 0.0\ny = y + x\ny -= 1.0\nreturn sorted(max(x), len(y))",
        "return [a for a, b in zip(x, x) if isinstance(a, float)]",
    ],
)
def test_what_it_makes_itself_it_may_change(body):
    assert is_pure(body)


@pytest.mark.parametrize(
    "body",
    [
        "x += 1.0\nreturn x",
        "x[0] = 1.0\nreturn x",
        "x.grad = 1.0\nreturn x",
        "del x[0]",
        "kept[0] = 1.0",
        "x.sort()",
        "x.append(1.0)",
        "np.copyto(x, 1.0)",
        "np.add(x, 1.0, out=x)",
        "np.add(x, 1.0, **unknown)",
        "y = x\ny += 1.0",
        "y = x.reshape(-1)\ny += 1.0",
        "y = np.asarray(x)\ny += 1.0",
        "y = np.array(x, copy=False)\ny += 1.0",
        "y = np.zeros(3) if x else x\ny += 1.0",
        "y = np.zeros(3)\nif x:\n    y = x\ny += 1.0",
        "for y in x:\n    y += 1.0",
        "y = [x]\ny[0][:] = 1.0",
        "global kept\nkept = x",
        "return unknown(x)",
        "return x.unknown()",
        "return x(1.0)",
        "return spoils_deeper(x)",
        "return cached(x)",
        "return sorted(x, key=unknown)",
        "return np.random.normal(x)",
        "return scipy.stats.norm.rvs(x)",
        "print(x)",
        "yield x",
        "def own(a):\n    x[0] = a\nown(1.0)",
    ],
)
def test_what_others_can_see_it_may_not_change(body):
    assert not is_pure(body)


def test_what_a_callback_gave_is_pure():
    file = sample(f"{HEAD}def f(x):\n    y, back = ask(x)\n    def g(dy):\n        return back(dy)\n")
    node = file.definition("g")
    (call,) = (
        n for n in ast.walk(file.unit.module.tree) if isinstance(n, ast.Call) and ast.unparse(n) == "ask(x)"
    )
    assert Purity(functions_of(file), {call}).is_pure(node, file.inside("g"))
    assert not Purity(functions_of(file), set()).is_pure(node, file.inside("g"))
