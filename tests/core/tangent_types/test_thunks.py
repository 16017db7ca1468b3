"""Thunks: when they run, what they pass for, and what they refuse."""

import copy
import math
import operator
import pickle
import random
import threading
import time
from collections import OrderedDict

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse
import scipy.special

from adjoint2rrule.core import (
    AbstractThunk,
    InplaceableThunk,
    MutableTangent,
    MutateThunkError,
    RuleError,
    Tangent,
    Thunk,
    ZeroTangent,
    thunk,
    unthunk,
)


class Counted:
    """A function of no arguments that counts its calls."""

    def __init__(self, value):
        self.value = value
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return self.value


def array():
    return np.array([[4.0, 1.0], [1.0, 3.0]])


class Holder:
    def __init__(self, v):
        self.v = v


class TestRunning:
    """When the computation happens."""

    def test_it_runs_at_most_once(self):
        f = Counted(2.0)
        t = thunk(f)
        assert f.calls == 0
        assert t + t == 4.0
        assert unthunk(t) == 2.0
        assert f.calls == 1

    def test_it_runs_at_most_once_from_many_threads(self):
        started = threading.Barrier(8)
        release = threading.Event()
        calls, values = [], []

        def slow():
            calls.append(1)
            release.wait(0.05)
            return object()

        t = thunk(slow)

        def force():
            started.wait()
            values.append(unthunk(t))

        threads = [threading.Thread(target=force) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(calls) == 1
        assert len(set(map(id, values))) == 1

    def test_one_that_raises_is_tried_again(self):
        answers = iter([ZeroDivisionError("first"), 3.0])

        def f():
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return answer

        t = thunk(f)
        with pytest.raises(ZeroDivisionError, match="first"):
            unthunk(t)
        assert unthunk(t) == 3.0

    def test_one_that_raises_in_one_thread_runs_once_more_for_all_others(self):
        started, calls, values, errors = threading.Barrier(8), [], [], []

        def f():
            calls.append(1)
            time.sleep(0.01)
            if len(calls) == 1:
                raise ArithmeticError("first")
            return object()

        t = thunk(f)

        def force():
            started.wait()
            try:
                values.append(unthunk(t))
            except ArithmeticError as err:
                errors.append(err)

        threads = [threading.Thread(target=force) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(calls), len(errors), len(values)) == (2, 1, 7)
        assert len(set(map(id, values))) == 1

    def test_those_that_share_one_do_not_wait_for_each_other_for_ever(self):
        inner = thunk(lambda: time.sleep(0.01) or 2.0)
        outer = [thunk(lambda: inner + 1.0) for _ in range(4)]
        threads = [threading.Thread(target=unthunk, args=(t,)) for t in outer]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5.0)
        assert not any(thread.is_alive() for thread in threads)
        assert [t == 3.0 for t in outer] == [True] * 4

    def test_one_that_asks_for_itself_is_an_error_and_no_deadlock(self):
        t = thunk(lambda: t + 1.0)
        with pytest.raises(RecursionError):
            unthunk(t)

    def test_the_computation_is_let_go(self):
        import weakref

        f = Counted(2.0)
        gone = weakref.ref(f)
        t = thunk(f)
        unthunk(t)
        del f
        assert gone() is None

    def test_a_thunk_in_a_thunk_is_unwrapped(self):
        assert unthunk(thunk(lambda: thunk(lambda: 2.0))) == 2.0
        assert not isinstance(
            unthunk(InplaceableThunk(print, thunk(lambda: thunk(lambda: 2.0)))), AbstractThunk
        )

    def test_looking_at_it_does_not_run_it(self):
        f = Counted(2.0)
        t = thunk(f)
        repr(t)
        isinstance(t, np.ndarray)
        assert not hasattr(t, "__array_interface__")
        assert f.calls == 0

    def test_a_computation_is_asked_for(self):
        for make in (thunk, Thunk, lambda x: InplaceableThunk(x, thunk(array))):
            with pytest.raises(TypeError, match=r"2\.0"):
                make(2.0)


CALLS = {
    "float": float,
    "math": math.sqrt,
    "trunc": math.trunc,
    "complex": complex,
    "round": lambda t: round(t, 1),
    "abs": abs,
    "pow": lambda t: t**2,
    "rpow": lambda t: 2**t,
    "floor division": lambda t: t // 2,
    "remainder": lambda t: 7.0 % t,
    "divmod": lambda t: divmod(t, 2.0),
    "less": lambda t: t < 3.0,
    "at most": lambda t: t <= 3.0,
    "equal": lambda t: t == 2.5,
    "unequal": lambda t: t != 2.5,
    "hash": hash,
    "format": lambda t: f"{t:.3f}",
    "str": str,
    "bool": bool,
    "method": lambda t: t.is_integer(),
    "attribute": lambda t: t.real,
}
ARRAY_CALLS = {
    "index": lambda t: t[0, 1],
    "slice": lambda t: t[:, 0],
    "mask": lambda t: t[t > 1.0],
    "iteration": lambda t: np.array(list(t)),
    "unpacking": lambda t: operator.add(*t),
    "length": len,
    "membership": lambda t: 4.0 in t,
    "reversed": lambda t: np.array(list(reversed(t))),
    "transpose": lambda t: t.T,
    "method": lambda t: t.sum(axis=0),
    "shape": lambda t: t.shape,
    "dtype": lambda t: t.dtype,
    "matmul": lambda t: t @ array(),
    "rmatmul": lambda t: array() @ t,
    "matmul with itself": lambda t: t @ t,
    "ufunc": np.exp,
    "ufunc of two": lambda t: np.hypot(t, 3.0),
    "reduction": np.add.reduce,
    "outer": lambda t: np.multiply.outer(t, t),
    "comparison": lambda t: t > array() / 2,
    "reflected comparison": lambda t: array() == t,
    "function": np.trace,
    "function of a list": lambda t: np.stack([t, array()]),
    "keyword": lambda t: np.einsum("ij,jk", t, t, optimize=True),
    "linalg": np.linalg.inv,
    "array": np.asarray,
    "array of several": lambda t: np.array([t, t]),
    "array with dtype": lambda t: np.array(t, dtype=np.float32),
    "full": lambda t: np.full((3, 2, 2), t),
    "scipy ufunc": scipy.special.erf,
    "scipy function": lambda t: scipy.linalg.solve(t, np.ones(2)),
    "scipy decomposition": scipy.linalg.cholesky,
    "sparse": lambda t: scipy.sparse.eye_array(2) @ t,
    "reflected sparse": lambda t: t @ scipy.sparse.eye_array(2),
    "as an index": lambda t: np.arange(9.0)[t.astype(int)],
}


class TestPassingForTheValue:
    """Code written for values gets the same from thunks."""

    @pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
    def test_numbers(self, call):
        expected = call(2.5)
        got = call(thunk(lambda: 2.5))
        assert type(got) is type(expected)
        assert got == expected

    @pytest.mark.parametrize("call", ARRAY_CALLS.values(), ids=ARRAY_CALLS.keys())
    @pytest.mark.parametrize("make", [thunk, lambda f: InplaceableThunk(lambda x: x, thunk(f))])
    def test_arrays(self, make, call):
        expected = call(array())
        got = call(make(array))
        assert type(got) is type(expected)
        np.testing.assert_array_equal(got, expected)

    @pytest.mark.parametrize("op", [operator.and_, operator.or_, operator.xor])
    def test_masks(self, op):
        mask, other = np.array([True, True, False]), np.array([True, False, False])
        np.testing.assert_array_equal(op(thunk(lambda: mask), other), op(mask, other))
        np.testing.assert_array_equal(op(other, thunk(lambda: mask)), op(other, mask))
        np.testing.assert_array_equal(~thunk(lambda: mask), ~mask)

    def test_indices(self):
        assert [10, 20, 30][thunk(lambda: 1)] == 20
        assert np.arange(3.0)[thunk(lambda: np.array([2, 0]))].tolist() == [2.0, 0.0]
        assert list(range(thunk(lambda: 2))) == [0, 1]
        assert thunk(lambda: [10, 20])[thunk(lambda: 1)] == 20

    def test_structures(self):
        t = thunk(lambda: Tangent[tuple](1.0, thunk(lambda: 2.0)))
        a, b = t
        assert (a, b) == (1.0, 2.0)
        assert thunk(lambda: Tangent[dict](a=1.0)).a == 1.0
        assert {**thunk(lambda: {"a": 1.0})} == {"a": 1.0}

    def test_sparse_values(self):
        x = scipy.sparse.csr_array(array())
        t = thunk(lambda: x)
        np.testing.assert_array_equal((x @ t).toarray(), array() @ array())
        np.testing.assert_array_equal((t + x).toarray(), (x + t).toarray())

    def test_a_value_that_is_a_zero(self):
        t = thunk(ZeroTangent)
        assert np.ones(3).sum() + t == 3.0
        assert np.sum(t) is ZeroTangent()
        assert t.conj() is ZeroTangent()

    def test_attributes_that_only_the_thunk_could_have_are_the_values(self):
        class Value:
            f = value = lock = add = "of the value"

        t = thunk(Value)
        assert t.f == t.value == t.lock == t.add == "of the value"
        with pytest.raises(AttributeError, match="missing"):
            t.missing  # noqa: B018

    def test_adding_to_an_array_in_place(self):
        x = np.ones(3)
        y = x
        y += thunk(lambda: np.arange(3.0))
        assert y is x
        assert x.tolist() == [1.0, 2.0, 3.0]

    def test_adding_to_a_thunk_in_place_rebinds(self):
        t = s = thunk(lambda: 1.0)
        t += 1.0
        assert t == 2.0
        assert s == 1.0


WRITES = {
    "element": lambda t: operator.setitem(t, 0, 9.0),
    "deletion": lambda t: operator.delitem(t, 0),
    "attribute": lambda t: setattr(t, "shape", (4,)),
    "deleted attribute": lambda t: delattr(t, "shape"),
    "fill": lambda t: t.fill(9.0),
    "sort": lambda t: t.sort(),
    "flags": lambda t: t.setflags(write=True),
    "out": lambda t: np.add(1.0, 1.0, out=t),
    "out of a function": lambda t: np.cumsum(np.ones(4), out=t),
    "at": lambda t: np.add.at(t, 0, 9.0),
    "copyto": lambda t: np.copyto(t, 9.0),
    "fill_diagonal": lambda t: np.fill_diagonal(t, 9.0),
}


class TestWriting:
    """Nothing is written into a thunk, since its value may be held by others."""

    @pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
    def test_writing_into_one_is_an_error(self, write):
        t = thunk(array)
        with pytest.raises(MutateThunkError, match="unthunk"):
            write(t)
        np.testing.assert_array_equal(t, array())

    @pytest.mark.parametrize(
        "part",
        [
            lambda t: t[0],
            lambda t: t.T,
            lambda t: t.ravel(),
            lambda t: next(iter(t)),
            lambda t: next(reversed(t)),
            lambda t: t.flat,
            lambda t: t.view(),
            lambda t: t.real,
            lambda t: t.diagonal(),
            lambda t: thunk(lambda: t)[0],
            np.asarray,
            np.asanyarray,
            np.ravel,
            np.transpose,
            np.atleast_1d,
            np.ma.asarray,
            lambda t: np.reshape(t, -1),
            lambda t: np.split(t, 2)[0],
            lambda t: np.broadcast_arrays(t, t)[1],
            lambda t: np.lib.stride_tricks.as_strided(t),
        ],
    )
    def test_views_of_its_parts_are_read_only(self, part):
        t = thunk(array)
        with pytest.raises(ValueError, match="read-only"):
            part(t)[0] = 9.0
        np.testing.assert_array_equal(t, array())

    @pytest.mark.parametrize(
        "write",
        [
            lambda t: np.nan_to_num(t, copy=False),
            lambda t: np.median(t, overwrite_input=True),
            lambda t: t.byteswap(inplace=True),
            lambda t: np.nditer(t, op_flags=["readwrite"]),
            lambda t: np.add(t, 1.0, out=np.asarray(t)),
            lambda t: np.asarray(t).sort(),
        ],
    )
    def test_functions_that_work_in_place_cannot_write_into_it(self, write):
        t = thunk(array)
        with pytest.raises(ValueError, match="read-only"):
            write(t)
        np.testing.assert_array_equal(t, array())

    @pytest.mark.parametrize(
        ("hold", "part"),
        [
            (lambda v: (v, 1.0), lambda t: t[0]),
            (lambda v: [v], lambda t: next(iter(t))),
            (lambda v: [v], lambda t: next(reversed(t))),
            (lambda v: {"a": v}, lambda t: t["a"]),
            (lambda v: Tangent[tuple](v), lambda t: t[0]),
            (lambda v: Tangent[Holder](v=v), lambda t: t.v),
            (lambda v: MutableTangent[Holder](v=v), lambda t: t.v),
            (lambda v: MutableTangent[Holder](v=thunk(lambda: v)), lambda t: t["v"]),
            (Holder, lambda t: t.v),
            (lambda v: np.array([v, None], dtype=object), lambda t: t[0]),
        ],
    )
    def test_arrays_that_are_parts_of_its_value_are_read_only(self, hold, part):
        v = array()
        with pytest.raises(ValueError, match="read-only"):
            part(thunk(lambda: hold(v)))[0] = 9.0
        np.testing.assert_array_equal(v, array())
        assert v.flags.writeable

    @pytest.mark.parametrize(
        ("write", "error"),
        [
            (lambda t: operator.setitem(t.data, 0, 9.0), ValueError),
            (lambda t: t.setdiag(9.0), MutateThunkError),
            (lambda t: t.eliminate_zeros(), MutateThunkError),
            (lambda t: t.resize(3, 3), MutateThunkError),
            (lambda t: operator.setitem(t, (0, 0), 9.0), MutateThunkError),
        ],
    )
    def test_a_sparse_value_is_not_written_into(self, write, error):
        S = scipy.sparse.csr_array(array())
        with pytest.raises(error):
            write(thunk(lambda: S))
        np.testing.assert_array_equal(S.toarray(), array())

    @pytest.mark.parametrize("conj", [np.conj, np.conjugate, np.positive, lambda t: +t, lambda t: 1 * t])
    def test_what_numpy_copies_is_a_copy_here_too(self, conj):
        v = array()
        for make in (thunk, lambda f: InplaceableThunk(lambda x: x, thunk(f))):
            result = conj(make(lambda: v))
            result *= 5.0
        np.testing.assert_array_equal(v, array())

    def test_copies_of_parts_can_be_written_into(self):
        t = thunk(array)
        for copied in (t[[0, 1]], t[t > 0], t + 0.0, t.copy()):
            copied[0] = 9.0
        np.testing.assert_array_equal(t, array())

    def test_functions_that_may_overwrite_it_leave_it_alone(self):
        t = thunk(array)
        scipy.linalg.solve(t, np.ones(2), overwrite_a=True)
        scipy.linalg.lu_factor(t, overwrite_a=True)
        np.testing.assert_array_equal(t, array())
        with pytest.raises(MutateThunkError):
            random.shuffle(t)

    def test_its_value_can_be_written_into(self):
        value = unthunk(thunk(array))
        value[0] = 9.0
        assert value[0, 0] == 9.0
        copied = thunk(array).copy()
        copied[0] = 9.0

    @pytest.mark.parametrize(
        ("value", "write"),
        [
            ([1.0], lambda t: t.append(2.0)),
            ({"a": 1.0}, lambda t: t.update(a=2.0)),
            (OrderedDict(), lambda t: t.clear()),
        ],
    )
    def test_methods_of_lists_and_dicts_that_write_are_refused(self, value, write):
        with pytest.raises(MutateThunkError):
            write(thunk(lambda: value))

    def test_the_error_is_a_rule_error_and_a_type_error(self):
        assert issubclass(MutateThunkError, RuleError)
        assert issubclass(MutateThunkError, TypeError)


class TestObjects:
    """Pickles, copies, and how they print."""

    @pytest.mark.parametrize("make", [thunk, lambda f: InplaceableThunk(lambda x: x, thunk(f))])
    def test_it_pickles_and_copies_as_its_value(self, make):
        for twin in (
            pickle.loads(pickle.dumps(make(array))),
            copy.copy(make(array)),
            copy.deepcopy(make(array)),
        ):
            assert type(twin) is np.ndarray
            np.testing.assert_array_equal(twin, array())

    def test_a_deep_copy_shares_nothing(self):
        t = thunk(array)
        copy.deepcopy(t)[0] = 9.0
        np.testing.assert_array_equal(t, array())

    def test_repr_names_the_computation_and_then_the_value(self):
        t = thunk(array)
        assert repr(t) == "Thunk(array)"
        assert repr(InplaceableThunk(print, t)) == "InplaceableThunk(print, Thunk(array))"
        unthunk(t)
        assert repr(t) == f"Thunk(lambda: {array()!r})"

    def test_it_has_no_public_names(self):
        assert [name for name in dir(Thunk) if not name.startswith("_")] == []
        assert [name for name in dir(InplaceableThunk) if not name.startswith("_")] == ["add", "val"]

    def test_unthunk_leaves_other_values_alone(self):
        x = np.ones(3)
        assert unthunk(x) is x
        assert unthunk(None) is None
