"""Code that takes no part in the derivative."""

from functools import lru_cache, partial

import numpy as np
import pytest

from adjoint2rrule.core import NoTangent, RuleCallError, frule, ignore_derivatives, rrule


class Layer:
    def __call__(self):
        raise AssertionError("a value was called")

    def size(self):
        return 3


@pytest.mark.parametrize(
    ("f", "y"),
    [
        (lambda: 2, 2),
        (lambda x=2: x, 2),
        (lambda *xs, **kw: (xs, kw), ((), {})),
        (Layer().size, 3),
        (partial(pow, 2, 3), 8),
        ([1, 2].copy, [1, 2]),
        (lru_cache(lambda: 2), 2),
    ],
)
def test_a_function_of_no_arguments_is_called(f, y):
    assert ignore_derivatives(f) == y


@pytest.mark.parametrize("f", [max, partial(max, 1, 2)])
def test_a_function_that_does_not_tell_its_arguments_is_refused(f):
    with pytest.raises(
        RuleCallError, match=r"max.*does not tell .*`ignore_derivatives\(lambda: .*max.*\(\)\)`"
    ):
        ignore_derivatives(f)
    assert ignore_derivatives(lambda: f) is f


@pytest.mark.parametrize(
    "value", [1.0, None, "a", Layer, Layer(), np.sin, len, lambda x: x, lambda *, x: x, partial(pow, 2)]
)
def test_any_other_value_comes_back(value):
    assert ignore_derivatives(value) is value


@pytest.mark.parametrize("x", [1.0, lambda: 1.0])
def test_its_derivative_is_none(x):
    y, pullback = rrule(ignore_derivatives, x)
    assert (y, pullback(1.0)) == (1.0, (NoTangent(), NoTangent()))
    assert frule((NoTangent(), 1.0), ignore_derivatives, x) == (1.0, NoTangent())
