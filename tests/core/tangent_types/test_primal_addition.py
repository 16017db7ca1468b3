"""What is built by a primal plus its tangent: what was given to its constructor, or an error."""

from copy import deepcopy
from dataclasses import dataclass
from typing import NamedTuple

import attrs
import numpy as np
import pytest
import scipy.sparse

from adjoint2rrule.core import PrimalAdditionError, Tangent, construct, debugging


class Scaled:
    def __init__(self, a, scale=2.0):
        self.a = a * scale
        self.scale = scale


@dataclass
class Normalised:
    a: float
    b: object = None

    def __post_init__(self):
        self.a = self.a / 2


@dataclass(frozen=True)
class Clipped:
    a: np.ndarray

    def __post_init__(self):
        object.__setattr__(self, "a", np.minimum(self.a, 1.0))


@attrs.define
class Converted:
    a: float = attrs.field(converter=int)


class Pair(NamedTuple):
    a: float
    b: float


class Swapped(Pair):
    def __new__(cls, a, b):
        return super().__new__(cls, b, a)


class Doubled(list):
    def __init__(self, elements=()):
        super().__init__(2 * x for x in elements)


class Upper(dict):
    def __init__(self, entries=(), **more):
        super().__init__({key.upper(): value for key, value in dict(entries, **more).items()})


class Swallowing:
    def __init__(self, a, b=0.0):
        self.a = a
        if a < 2:
            self.b = b


CHANGING = {
    "scaled": (Scaled(1.0), Tangent[Scaled](a=1.0), r"a=6\.0 and not 3\.0"),
    "post-init": (Normalised(2.0), Tangent[Normalised](a=1.0), r"a=1\.0 and not 2\.0"),
    "array": (
        Clipped(np.ones(2)),
        Tangent[Clipped](a=np.ones(2)),
        r"a=array\(\[1\., 1\.\]\) and not array",
    ),
    "converter": (Converted(1.5), Tangent[Converted](a=0.5), r"a=1 and not 1\.5"),
    "named tuple": (Swapped(1.0, 2.0), Tangent[Swapped](a=1.0), r"a=1\.0 and not 3\.0"),
    "list": (Doubled([1.0]), Tangent[Doubled](1.0), r"0=6\.0 and not 3\.0"),
    "field that is gone": (Swallowing(1.0), Tangent[Swallowing](a=1.0), r"b=None and not 0\.0"),
}


@pytest.mark.parametrize("name", CHANGING)
def test_a_constructor_that_changes_its_arguments_is_found(name):
    x, dx, message = CHANGING[name]
    T = type(x).__name__
    with pytest.raises(PrimalAdditionError, match=rf"a {T} and its.*{message}.*construct\.register\({T}\)"):
        x + dx
    with debugging(), pytest.raises(PrimalAdditionError):
        dx + x


class Keeping:
    def __init__(self, a, b=None):
        self.a = self.kept(a)
        self.b = self.kept(b)


def keeping(kept, a, b=None):
    T = type("Keeping", (Keeping,), {"kept": staticmethod(kept)})
    return T(a, b)


class Opaque:
    """Nothing that compares, but by what it is."""


@dataclass
class OfArrays:
    v: np.ndarray


KEEPING = {
    "copies": (deepcopy, np.array([1.0, np.nan]), np.ones(2)),
    "numbers that are none": (lambda x: np.array(x), float("nan"), None),
    "less precision": (lambda x: None if x is None else np.float32(x), 0.1, None),
    "complex": (lambda x: None if x is None else np.complex64(x), 0.1, None),
    "nested": (deepcopy, 1.0, [np.ones(2), {"a": (np.ones(2), np.nan)}]),
    "objects": (deepcopy, 1.0, Opaque()),
    "dataclasses of arrays": (deepcopy, 1.0, OfArrays(np.ones(2))),
    "arrays of objects": (deepcopy, 1.0, np.array([np.ones(2), None], dtype=object)),
    "lists as arrays": (lambda x: None if x is None else list(x), np.ones(2), None),
    "sparse": (lambda x: None if x is None else scipy.sparse.csr_array(x), np.eye(2), None),
}


@pytest.mark.parametrize(("kept", "a", "b"), KEEPING.values(), ids=KEEPING.keys())
def test_a_constructor_may_copy_and_round_its_arguments(kept, a, b):
    x = keeping(kept, a, b)
    dx = Tangent[type(x)](a=np.ones(np.shape(a)))
    if not isinstance(x.a, list):
        total = x + dx
        assert type(total) is type(x)
    with debugging():
        x + Tangent[type(x)]()


def test_a_registered_constructor_is_trusted_outside_debug_mode():
    class Rounded:
        def __init__(self, a):
            self.a = round(a)

    class Derived(Rounded):
        pass

    @construct.register(Rounded)
    def build(T, fields):
        return T(**fields)

    for T in (Rounded, Derived):
        assert (T(1.0) + Tangent[T](a=1.75)).a == 3
        with debugging(), pytest.raises(PrimalAdditionError, match=r"a=3 and not 2\.75"):
            T(1.0) + Tangent[T](a=1.75)
    assert construct.is_registered(Derived)
    assert not any(map(construct.is_registered, (Scaled, tuple, dict, list, Pair)))
