"""A tangent that is not implemented: where it was made, and what it refuses."""

import copy
import functools
import operator
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse

from adjoint2rrule.core import (
    NotImplementedAttributeError,
    NotImplementedTangent,
    NotImplementedTangentError,
    RuleError,
    not_implemented,
    thunk,
    unthunk,
)


def test_it_knows_where_it_was_made():
    missing = not_implemented("see the tracker")
    assert missing.module == __name__
    assert missing.source.startswith(__file__)
    line = test_it_knows_where_it_was_made.__code__.co_firstlineno + 1
    assert missing.source.endswith(f":{line}")
    assert missing.info == "see the tracker"


def place():
    frame = sys._getframe(1)
    return f"{__file__}:{frame.f_lineno}"


def test_its_place_is_where_it_is_written():
    def decorated(f):
        @functools.wraps(f)
        def wrapper(*args):
            return f(*args)

        return wrapper

    @decorated
    def rule(x):
        return not_implemented("x"), place()

    def helper(what):
        return not_implemented(f"see {what}", stacklevel=2)

    missing, here = rule(1.0)
    assert missing.source == here
    here = place().rpartition(":")[0]
    for missing in (
        helper("this"),
        functools.partial(not_implemented, "x")(),
        unthunk(thunk(lambda: not_implemented("x"))),
        next(not_implemented("x") for _ in range(1)),
    ):
        assert missing.source.rpartition(":")[0] == here
    missing, here = helper("this"), place()
    assert missing.source == here
    assert missing.info == "see this"


NEEDS = {
    "bool": bool,
    "float": float,
    "complex": complex,
    "int": int,
    "iteration": list,
    "unpacking": lambda x: (lambda *a: a)(*x),
    "length": len,
    "index": lambda x: x[0],
    "membership": lambda x: 1.0 in x,
    "array": np.asarray,
    "array of several": lambda x: np.array([1.0, x]),
    "ufunc": np.exp,
    "function": np.sum,
    "comparison": lambda x: np.ones(2) < x,
    "in-place add": lambda x: np.add(np.ones(2), x, out=np.ones(2)),
    "abs": abs,
}


@pytest.mark.parametrize("need", NEEDS.values(), ids=NEEDS.keys())
def test_what_needs_its_value_raises_with_the_place(need):
    missing = not_implemented("the info")
    with pytest.raises(NotImplementedTangentError, match=r"test_notimplemented\.py:\d+\): the info"):
        need(missing)


def test_the_error_is_a_rule_error_and_a_builtin_one():
    assert issubclass(NotImplementedTangentError, RuleError)
    assert issubclass(NotImplementedTangentError, NotImplementedError)


@pytest.mark.parametrize("need", [lambda t: t.T, lambda t: t.sum(), lambda t: t.psi, lambda t: t._hidden])
def test_reading_a_part_needs_the_value(need):
    place = rf"{Path(__file__).name}:\d+\): the info .its '\w+'"
    with pytest.raises(NotImplementedAttributeError, match=place):
        need(not_implemented("the info"))
    assert issubclass(NotImplementedAttributeError, NotImplementedTangentError)
    assert issubclass(NotImplementedAttributeError, AttributeError)
    assert not hasattr(not_implemented(), "T")


def test_a_probe_for_a_protocol_needs_no_value():
    with pytest.raises(AttributeError, match="has no __array_interface__") as raised:
        not_implemented().__array_interface__  # noqa: B018
    assert type(raised.value) is AttributeError


@pytest.mark.parametrize("kind", [scipy.sparse.csr_array, scipy.sparse.coo_matrix])
def test_a_sparse_array_from_the_left_asks_for_its_value(kind):
    S, missing = kind(np.eye(2)), not_implemented("the info")
    assert missing @ S is missing * S is missing
    for product in (operator.matmul, operator.mul):
        with pytest.raises(NotImplementedTangentError, match="the info"):
            product(S, missing)


def test_it_copies_pickles_hashes_and_compares_by_value():
    missing = not_implemented("info")
    for twin in (pickle.loads(pickle.dumps(missing)), copy.copy(missing), copy.deepcopy(missing)):
        assert twin == missing
        assert hash(twin) == hash(missing)
    assert eval(repr(missing)) == missing
    assert missing != not_implemented("info")  # another place
    assert missing != 1.0


def test_it_does_not_change():
    missing = not_implemented("info")
    with pytest.raises(AttributeError):
        missing.info = "other"
    with pytest.raises(AttributeError):
        del missing.info
    assert missing.info == "info"


def test_it_can_be_made_by_hand():
    assert NotImplementedTangent("module", "file.py:3").info == ""
