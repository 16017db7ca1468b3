"""`patterns`: whether a `match` on the seed of a tuple always takes one of its cases."""

from __future__ import annotations

import ast
from itertools import product
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjoint2rrule.convert.dialects.zygoterules.patterns import always_matches


def statement(*cases: str) -> ast.Match:
    """Return a `match` with these cases, each of which calls `took`."""
    lines = "".join(f"    case {case}:\n        took.append(1)\n" for case in cases)
    node = ast.parse(f"match seed:\n{lines}").body[0]
    assert isinstance(node, ast.Match)
    return node


@pytest.mark.parametrize(
    "cases",
    [
        ["(a, b)"],
        ["[a, *_]"],
        ["(*_, b)"],
        ["_"],
        ["seed"],
        ["(None, None)", "(a, None)", "(None, b)", "(a, b)"],
        ["(None, b)", "(a, None) | (a, b)"],
        ["(None as a, _)", "(a, b) as c"],
        ["None", "(a, b)"],
        ["(a, b) if a", "_"],
    ],
    ids=str,
)
def test_cases_that_leave_nothing_out(cases):
    assert always_matches(statement(*cases), 2)


@pytest.mark.parametrize(
    "cases",
    [
        ["(a,)"],
        ["(a, b, c)"],
        ["(a, b, c, *_)"],
        ["(a, b) if a"],
        ["(a, None)", "(None, b)"],
        ["(None, None)", "(None, b)", "(a, None)"],
        ["(float(), b)", "(None, b)"],
        ["{'a': a}"],
        ["(a, 0)", "(a, None)"],
        ["(a, (b, c))", "(a, None)"],
    ],
    ids=str,
)
def test_cases_that_may_leave_something_out(cases):
    assert not always_matches(statement(*cases), 2)


ENTRY = st.sampled_from(["a", "None", "_", "0.5", "None | 0.5", "None as b", "*rest"])
ENTRIES = st.lists(ENTRY, max_size=3).filter(lambda entries: entries.count("*rest") <= 1)
PATTERNS = ENTRIES.map(
    lambda entries: f"[{', '.join(e.replace('b', f'b{i}') for i, e in enumerate(entries))}]"
)


@given(st.lists(PATTERNS.filter(lambda p: p.count("a") <= 1), min_size=1, max_size=4))
def test_what_is_said_to_match_always_does(cases):
    node = statement(*cases)
    if not always_matches(node, 2):
        return
    for seed in product([None, 0.25, 0.5], repeat=2):
        state = SimpleNamespace(took=[])
        exec(compile(ast.Module([node], []), "match", "exec"), {"seed": seed, "took": state.took})
        assert state.took


def test_tuple_of_very_many_entries_is_not_looked_at():
    assert not always_matches(statement("(None, *_)", "(_, *_)"), 100)
