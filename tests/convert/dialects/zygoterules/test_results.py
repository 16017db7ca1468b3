"""`results`: the entries of a pullback's result, and which argument each belongs to."""

from __future__ import annotations

import ast

import pytest

from adjoint2rrule.convert.dialects.zygoterules.cotangents import Given, Missing, either
from adjoint2rrule.convert.dialects.zygoterules.results import Entry, entries, is_missing, leftmost, rightmost
from tests.convert.dialects.zygoterules.pullback_reading import described, reading


def told(entry: Entry) -> str:
    return f"{described(entry.value)}..." if entry.many else described(entry.value)


ENTRIES = {
    "(dy, None)": ["seed", "none"],
    "()": [],
    "(dy, *(None, dy))": ["seed", "none", "seed"],
    "(dy, *[None for _ in x])": ["seed", "none..."],
    "(dy,) + tuple(2 * dy for _ in x)": ["seed", "ready..."],
    "(dy,) + (None,)": ["seed", "none"],
    "tuple([dy, None])": ["seed", "none"],
    "(None,) * 2": ["none..."],
    "pair(dy, x)": ["ready", "ready"],
    "pullback(x, *y)[1](dy)": ["given..."],
    "(dy, *_pullback(x, y)[1](dy))": ["seed", "given", "given"],
    "(dy, -dy) if x else (-dy, dy)": ["ready | seed", "ready | seed"],
    "(dy, -dy) if x else (dy,)": None,
    "(dy, None) if x else (dy, dy)": None,
    "dy": None,
    "(dy, *x)": None,
}


@pytest.mark.parametrize(("expression", "wanted"), ENTRIES.items(), ids=ENTRIES)
def test_entries_of_a_result(expression, wanted):
    found = entries(reading(expression)[0])
    assert (None if found is None else list(map(told, found))) == wanted


def test_entries_of_a_list_that_grows_are_any_number():
    found = entries(reading("tuple(d)", "d = []\nd.append(dy)\nd.append(None)")[0])
    assert found is not None
    assert list(map(told, found)) == ["none | seed..."]


def test_entry_has_its_expression_where_it_is_written_for_it_alone():
    found = entries(reading("(dy, *(None,), *pair(dy, x))")[0])
    assert found is not None
    assert [entry.node and ast.unparse(entry.node) for entry in found] == ["dy", "None", None, None]


def test_entry_that_a_comprehension_makes_knows_it():
    found = entries(reading("[None for _ in x]")[0])
    assert found is not None
    assert found[0].each is not None
    assert ast.unparse(found[0].each.node) == "[None for _ in x]"


@pytest.mark.parametrize(
    ("expression", "index", "wanted"),
    [
        ("None", 1, True),
        ("(dy, None)", 0, False),
        ("(dy, None)", 1, True),
        ("(dy,)", 1, True),
        ("(dy, *(None for _ in x))", 1, False),
        ("(None, *(dy for _ in x))", 0, True),
        ("(dy,) + (None,)", 1, True),
        ("(dy if x else None,)", 0, False),
        ("dy", 0, False),
    ],
)
def test_cotangent_is_missing(expression, index, wanted):
    assert is_missing(reading(expression)[0], index) is wanted


DISPLAYS = {
    "(dy, None)": ("(dy, None)", "(dy, None)"),
    "(dy,) + (None,)": ("(dy,)", "(None,)"),
    "(dy,) + tuple(x) + (None,)": (None, None),
    "(dy,) + pair(dy, x) + (None,)": ("(dy,)", "(None,)"),
    "(dy,) + pair(dy, x)": ("(dy,)", None),
    "pair(dy, x) + (dy,)": (None, "(dy,)"),
    "pair(dy, x)": (None, None),
    "[dy for _ in x]": (None, None),
}


@pytest.mark.parametrize(("expression", "wanted"), DISPLAYS.items(), ids=DISPLAYS)
def test_display_at_either_end(expression, wanted):
    value = reading(expression)[0]
    ends = leftmost(value), rightmost(value)
    assert tuple(end and ast.unparse(end.node) for end in ends) == wanted


def test_result_of_a_function_inside_has_the_entries_of_that():
    value = reading("g()", "def g(): return (dy, None)")[0]
    found = entries(value)
    assert found is not None
    assert list(map(told, found)) == ["seed", "none"]
    assert leftmost(value) is rightmost(value) is not None


def test_either_of_results_that_stay_is_joined_by_column():
    rows = [Given(None, (reading("dy")[0],)), Given(None, (reading("-dy")[0],))]
    found = entries(either(rows))
    assert found is not None
    assert list(map(told, found)) == ["ready | seed"]
    missing = Given(None, (Missing(ast.Constant(None)),))
    assert entries(either([*rows, missing])) is None
