"""Rules and cotangents, read from small sources and told in short: what tables of cases are made of."""

from __future__ import annotations

import ast
from textwrap import indent

from adjoint2rrule.convert.dialects.zygoterules.cotangents import (
    SEED,
    Alike,
    Back,
    Collected,
    Cotangent,
    Each,
    Either,
    Entries,
    Fields,
    Given,
    Grown,
    Items,
    Joined,
    Missing,
    Part,
    Result,
    Seed,
    Spread,
    Unclear,
)
from adjoint2rrule.convert.dialects.zygoterules.reader import Reader
from adjoint2rrule.convert.dialects.zygoterules.rules import Rule
from tests.convert.building import callbacks_in, functions_of, rule_in, sample

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
    """Return a cotangent in short: `(ready, none)`, `{a: ready}`, `none | seed`, `each seed`, `?`."""
    match value:
        case Missing():
            return "none"
        case Seed(given=given):
            return "given" if given else "seed"
        case Part():
            return "part"
        case Alike():
            return "alike"
        case Back(own=own, count=count):
            return f"back of {'any' if count is None else count}{', its own first' if own else ''}"
        case Items(node=node, values=values):
            inner = _listed(values)
            return f"({inner})" if isinstance(node, ast.Tuple) else f"[{inner}]"
        case Spread(value=part):
            return f"*{described(part)}"
        case Joined(left=left, right=right):
            return f"{described(left)} + {described(right)}"
        case Each(value=part):
            return f"each {described(part)}"
        case Collected(value=part):
            return f"collected {described(part)}"
        case Grown(values=values):
            return f"grown [{_listed(values)}]"
        case Given(values=None, element=part):
            return f"any number of {described(part)}"
        case Given(values=tuple() as values):
            return f"<{_listed(values)}>"
        case Result(value=part):
            return f"result {described(part)}"
        case Fields(keys=keys, values=values):
            entries = zip(keys, map(described, values), strict=True)
            return "{" + ", ".join(f"{k}: {v}" for k, v in entries) + "}"
        case Entries(value=part):
            return f"{{each: {described(part)}}}"
        case Either(choices=choices):
            return " | ".join(sorted(map(described, choices)))
        case Unclear():
            return "?"
    return "ready"


def _listed(values: tuple[Cotangent, ...]) -> str:
    return ", ".join(map(described, values))


def reading(expression: str, before: str = "", outside: str = "") -> tuple[Cotangent, Reader]:
    """Return what `expression` is as a cotangent, behind the statements `before` in a pullback of a rule."""
    body = indent(f"{before}\nreturn {expression}", " " * 8)
    text = f"{HEAD}def f(x, y):\n{indent(outside or 'pass', ' ' * 4)}\n    def back(dy):\n{body}\n"
    file = sample(text)
    rule, pullback = file.inside("f"), file.inside("back")
    callbacks = callbacks_in(file.definition("f"))
    reader = Reader(functions_of(file), rule, callbacks, {(pullback, "dy"): SEED})
    statement = file.definition("back").body[-1]
    assert isinstance(statement, ast.Return)
    assert statement.value is not None
    return reader.read(statement.value, pullback), reader


def read(expression: str, before: str = "", outside: str = "") -> str:
    return described(reading(expression, before, outside)[0])


RULE_HEAD = """\
import numpy as np
import functools
from functools import partial
def scaled(factor, dy): return (factor * dy,)
def inner(x, y, dy): return dy * y, dy * x
def turned(dy, a): return (a * dy,)
def maybe(x, dy): return (dy,) if x else None
def make(a): return lambda dy: (a * dy, None)
def pair(a):
    def back(dy):
        return (np.cos(a) * dy,)
    return np.sin(a), back
def shared(a): return lambda dy: (a * dy,)
def shared_pair(a): return a, lambda dy: (a * dy,)
def zeros(a): return lambda dy: (a * dy, None)
@functools.cache
def cached(a): return lambda dy: (dy,)
users = shared, shared_pair, zeros
"""


def rule(body: str, parameters: str = "x, y", head: str = RULE_HEAD) -> Rule:
    """Return the description of a rule `f` with this body, behind `head`."""
    return rule_in(sample(f"{head}@adjoint\ndef f({parameters}):\n{indent(body, '    ')}\n"))


def results(read: Rule) -> list[list[str]]:
    """Return what each pullback of a rule that can be rewritten gives."""
    return [[described(result) for result in pullback.results] for pullback in read.pullbacks]


def first_problem(read: Rule) -> tuple[str, str]:
    """Return the slug and the message of what was found first to stand in the way."""
    return read.problems[0].slug, read.problems[0].message
