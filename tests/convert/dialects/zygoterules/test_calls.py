"""`calls`: what a call gives as a cotangent, by whichever function it is."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert.dialects.zygoterules.cotangents import Unclear, parts
from adjoint2rrule.convert.dialects.zygoterules.reader import Reader
from tests.convert.building import functions_of, sample
from tests.convert.dialects.zygoterules.pullback_reading import described, read, reading

CALLS = {
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
    "handed_back(dy)": "seed",
    "number(b=dy, a=x)": "ready",
    "tuple(dy for _ in x)": "collected each seed",
    "list((dy, None))": "collected (seed, none)",
    "tuple([None])": "collected [none]",
    "type(x)(dy)": "alike",
    "pair(dy, x)": "<ready, ready>",
    "pair(dy, x)[0]": "ready",
    "pair(dy, x) + (None,)": "<ready, ready> + (none)",
    # the AD
    "pullback(x, y)": "<ready, back of 1>",
    "_pullback(x, y)": "<ready, back of 2, its own first>",
    "_pullback(__context__, x, y)": "<ready, back of 2, its own first>",
    "pullback(x, *y)": "<ready, back of any>",
    "pullback(x, y)[1](dy)": "<given>",
    "pullback(x, y)[1](dy)[0]": "given",
    "_pullback(x, *y)[1](dy)": "any number of given",
    "gradient(x, y, dy)": "<given, given>",
    "gradient(x, y)[0]": "given",
    "2 * gradient(x, y)[0]": "ready",
    "[_pullback(x, v)[1](dy)[1] for v in y]": "each given",
    "tuple(dy)": "any number of seed",
    "not_there(dy)": "?",
    "x.method(dy)": "?",
    "dy.tolist()": "?",
    "np.linalg.svd(dy)": "any number of ready",
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
}


@pytest.mark.parametrize(("expression", "wanted"), CALLS.items(), ids=CALLS)
def test_call_is_read_as(expression, wanted):
    assert read(expression) == wanted


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("dict(x)", "its fields are not written out as keywords"),
        ("unknown(dy)", "what `unknown` returns cannot be told"),
        ("x.m(dy)", "what `x.m` returns cannot be told"),
        ("may_end(dy)", "`may_end` cannot be read: it may return nothing"),
        ("decorated(dy)", "`decorated` cannot be read: it is decorated"),
        ("later(dy)", "`later` cannot be read: it is asynchronous"),
        ("generator(dy)", "`generator` cannot be read: it is a generator"),
        ("variadic(dy)", "`variadic` cannot be read: its arguments cannot be matched"),
        ("fields(dy)", "`fields` cannot be read: it may return `None`, a dict or a tuple"),
        ("rec(dy)", "it calls too many others"),
    ],
)
def test_call_that_cannot_be_told_says_why(expression, reason):
    value, _ = reading(expression)
    found = next(part for part in parts(value) if isinstance(part, Unclear))
    assert found.reason.endswith(reason)


def test_helper_of_another_module_is_read_there(tmp_path):
    other = {"lib.py": "import numpy as np\nSCALE = 2.0\ndef scaled(a): return np.multiply(a, SCALE)\n"}
    file = sample("from lib import scaled\ndef f(x):\n    return scaled(x)\n", tmp_path, other)
    reader = Reader(functions_of(file), file.inside("f"))
    assert described(reader.read(file.definition("f").body[0].value, file.inside("f"))) == "ready"
