"""Values and cotangents come out as numbers at places, and nothing that differs is left out."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from adjoint2rrule.core import NoTangent, NotImplementedTangent, Tangent, ZeroTangent, thunk
from adjoint2rrule.proof.worker.leaves import cotangent_leaves, value_leaves


class Mode(Enum):
    TE = 1


@dataclass
class Film:
    index: complex
    name: str


def told(y: Any) -> list[tuple[str, Any]]:
    return [(leaf["path"], leaf["text"] or leaf["numbers"]) for leaf in value_leaves(y)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.5, [("", [1.5])]),
        (2**70, [("", str(2**70))]),
        (np.float32(0.1), [("", [float(np.float32(0.1))])]),
        (1 + 2j, [("", [[1.0, 2.0]])]),
        (np.array([[1, 2], [3, 4]]).T, [("", [1, 3, 2, 4])]),
        (np.array([], dtype=float), [("", [])]),
        (np.array([True, False]), [("", [True, False])]),
        (True, [("", "True")]),
        (None, [("", "None")]),
        (Mode.TE, [("", "<Mode.TE: 1>")]),
        ((), [("", "a tuple of 0")]),
        ([1.0, "a"], [("", "a list of 2"), ("[0]", [1.0]), ("[1]", "'a'")]),
        ({"a": (2.0,)}, [("", "a dict of 1"), ("['a']", "a tuple of 1"), ("['a'][0]", [2.0])]),
        (Film(1j, "n"), [("", "a Film of 2"), (".index", [[0.0, 1.0]]), (".name", "'n'")]),
        (np.longdouble(0.5), [("", [0.5])]),
    ],
)
def test_a_value_is_told_part_by_part(value: Any, expected: list[tuple[str, Any]]) -> None:
    assert told(value) == expected


def test_addresses_are_left_out() -> None:
    assert told(object()) == [("", "<object object>")]


def test_a_value_that_holds_itself_comes_to_an_end() -> None:
    value: list[Any] = [1.0]
    value.append(value)
    assert [path for path, _ in told(value)] == ["", "[0]", "[1]"]


def test_sparse_values_are_told_by_their_entries() -> None:
    for matrix in (sp.csr_array, sp.csc_array):
        assert (
            told(matrix(np.array([[0.0, 2.0], [3.0, 0.0]])))[1:]
            == told(sp.coo_array(np.array([[0.0, 2.0], [3.0, 0.0]])))[1:]
        )


@pytest.mark.parametrize("zero", [ZeroTangent(), NoTangent(), np.zeros(2), thunk(lambda: np.zeros(2))])
def test_zeros_of_all_kinds_are_the_same(zero: Any) -> None:
    (leaf,), problem = cotangent_leaves(zero, np.ones(2, np.float32))
    assert (leaf["numbers"], leaf["dtype"], problem) == ([0.0, 0.0], "float32", "")


def test_a_cotangent_has_the_places_of_its_primal() -> None:
    leaves, _ = cotangent_leaves(Tangent[Film](index=2j), Film(1j, "n"))
    assert [(leaf["path"], leaf["numbers"]) for leaf in leaves] == [(".index", [[0.0, 2.0]])]


def test_numbers_for_an_integer_count() -> None:
    assert cotangent_leaves(2.0, 3)[0][0]["numbers"] == [2.0]
    assert cotangent_leaves(NoTangent(), 3) == ([], "")


def test_what_is_not_implemented_says_so() -> None:
    (leaf,), _ = cotangent_leaves(NotImplementedTangent("orders", "orders.py:12"), 1.5)
    assert leaf["text"] == "not implemented"


@pytest.mark.parametrize(
    ("cotangent", "path", "words"),
    [(None, "", "is None"), ((1.0,), "[0]", "is a tuple"), (np.ones(3), "", "has shape (3,)")],
)
def test_what_is_no_tangent_is_given_as_it_is(cotangent: Any, path: str, words: str) -> None:
    leaves, problem = cotangent_leaves(cotangent, np.ones(2))
    assert leaves[-1]["path"] == path
    assert words in problem
