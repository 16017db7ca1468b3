"""`cotangents`: values with values in them, and what can be said of them as a whole."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert.dialects.zygoterules.cotangents import (
    GIVEN,
    READY,
    SEED,
    Either,
    either,
    element,
    is_sequence,
    is_settled,
    is_value,
    listed,
    parts,
)
from tests.convert.dialects.zygoterules.pullback_reading import described, reading


def value(expression: str):
    return reading(expression)[0]


def test_parts_are_everything_in_a_cotangent():
    found = [type(part).__name__ for part in parts(value("(dy if x else None, {'a': (None,)}, -dy)"))]
    assert sorted(found) == ["Either", "Fields", "Items", "Items", "Missing", "Missing", "Ready", "Seed"]


@pytest.mark.parametrize(
    ("choices", "wanted"),
    [
        ((READY, SEED, READY), (READY, SEED)),
        ((Either((READY, SEED)), GIVEN), (READY, SEED, GIVEN)),
        ((Either((READY, SEED)), SEED), (READY, SEED)),
    ],
)
def test_either_is_flat_and_has_no_choice_twice(choices, wanted):
    found = either(choices)
    assert isinstance(found, Either)
    assert found.choices == wanted


def test_either_of_one_is_that():
    assert either([READY, READY]) is READY


#: whether it is a number, an array or a tangent; whether it is a sequence; whether it can stay as it is
KINDS = {
    "dy": (True, False, True),
    "-dy": (True, False, True),
    "dy if x else -dy": (True, False, True),
    "dy if x else None": (False, False, False),
    "None": (False, False, False),
    "(dy, -dy)": (False, True, True),
    "(dy, None)": (False, True, False),
    "(dy,) + (dy,)": (False, True, True),
    "[dy for _ in x]": (False, True, True),
    "tuple(dy for _ in x)": (False, True, True),
    "pair(dy, x)": (False, True, True),
    "(dy,) if x else [dy]": (False, True, True),
    "(dy,) if x else None": (False, False, False),
    "{'a': dy}": (False, False, False),
    "{k: dy for k in x}": (False, False, False),
    "x": (False, False, False),
}


@pytest.mark.parametrize(("expression", "wanted"), KINDS.items(), ids=KINDS)
def test_what_can_be_said_of_a_cotangent(expression, wanted):
    found = value(expression)
    assert (is_value(found), is_sequence(found), is_settled(found)) == wanted


ENTRIES = {
    "(dy, None)": ["seed", "none"],
    "(dy, *(None, -dy))": ["seed", "none", "ready"],
    "(dy,) + (None,)": ["seed", "none"],
    "tuple([dy])": ["seed"],
    "pair(dy, x)": ["ready", "ready"],
    "()": [],
    "(dy, *tuple(dy))": None,
    "[dy for _ in x]": None,
    "(dy,) * 2": None,
    "dy": None,
}


@pytest.mark.parametrize(("expression", "wanted"), ENTRIES.items(), ids=ENTRIES)
def test_entries_are_listed_where_their_number_can_be_told(expression, wanted):
    found = listed(value(expression))
    assert (None if found is None else [described(v) for v in found]) == wanted


ELEMENTS = {
    "dy": "seed",
    "(dy, dy)": "seed",
    "(dy, None)": "none | seed",
    "(dy, *[None for _ in x])": "none | seed",
    "[None for _ in x] + [-dy]": "none | ready",
    "tuple([dy])": "seed",
    "[-dy] if x else (dy,)": "ready | seed",
    "()": None,
    "None": None,
    "{'a': dy}": None,
    "(dy, *x)": None,
}


@pytest.mark.parametrize(("expression", "wanted"), ELEMENTS.items(), ids=ELEMENTS)
def test_element_is_like_every_entry(expression, wanted):
    found = element(value(expression))
    assert (None if found is None else described(found)) == wanted
