"""ChainRulesCore.jl, ``rule_author/superpowers/mutation_support.md``.

Differs: Python has no ``Ref``; a class with one field that can be set stands for it.
"""

from dataclasses import dataclass

import numpy as np

from adjoint2rrule.core import (
    AbstractZero,
    MutableTangent,
    NoTangent,
    StructuralTangent,
    Tangent,
    add_inplace,
    frule,
    zero_tangent,
)


@dataclass(eq=False)
class Ref:
    x: float


def foo(a, b):
    """Double `a`, overwrite `b`, and return `a`."""
    a.x *= 2
    b.x = 5.0
    return a


@frule.register(foo)
def foo_frule(dargs, foo, a: Ref, b: Ref):
    _, da, db = dargs
    assert isinstance(da, MutableTangent[Ref])
    assert isinstance(db, MutableTangent[Ref])
    a.x *= 2
    da.x *= 2
    b.x = 5.0
    db.x = zero_tangent(5.0)
    return a, da


def test_a_mutating_rule_changes_each_tangent_with_its_primal():
    a, b = Ref(3.0), Ref(4.0)
    da, db = MutableTangent[Ref](x=1.5), MutableTangent[Ref](x=7.0)
    y, dy = frule((NoTangent(), da, db), foo, a, b)
    assert y is a
    assert dy is da
    assert (a.x, b.x) == (6.0, 5.0)
    assert (da.x, db.x) == (3.0, 0.0)


def test_tangents_that_are_made_as_zeros_can_be_mutated():
    a, b = Ref(3.0), Ref(4.0)
    _, dy = frule((NoTangent(), zero_tangent(a), zero_tangent(b)), foo, a, b)
    assert dy == MutableTangent[Ref](x=0.0)


@dataclass
class Body:
    position: np.ndarray
    name: str
    parts: list


def test_a_zero_mirrors_the_structure_of_its_primal():
    zero = zero_tangent(Body(np.ones(2), "b", [Ref(1.0), 2.0]))
    assert isinstance(zero, MutableTangent[Body])
    assert np.array_equal(zero.position, np.zeros(2))
    assert zero.name is NoTangent()
    assert zero.parts == Tangent[list](MutableTangent[Ref](x=0.0), 0.0)


def test_a_zero_is_the_identity_of_addition():
    dx = Tangent[Body](position=np.array([1.0, 2.0]), parts=Tangent[list](Tangent[Ref](x=1.0), 3.0))
    total = zero_tangent(Body(np.ones(2), "b", [Ref(1.0), 2.0])) + dx
    assert np.array_equal(total.position, [1.0, 2.0])
    assert total.parts == Tangent[list](MutableTangent[Ref](x=1.0), 3.0)


def test_tangents_alias_where_primals_do():
    shared = Ref(1.0)
    zero = zero_tangent((shared, shared, Ref(1.0)))
    assert zero[0] is zero[1]
    assert zero[0] is not zero[2]


def test_accumulating_into_a_mutable_tangent_keeps_its_identity():
    total = zero_tangent(Ref(1.0))
    assert add_inplace(total, Tangent[Ref](x=2.0)) is total
    assert total.x == 2.0


def test_a_structural_tangent_is_mutable_where_its_primal_is():
    @dataclass(frozen=True)
    class Fixed:
        x: float

    assert isinstance(StructuralTangent[Ref](x=1.0), MutableTangent)
    assert isinstance(StructuralTangent[Fixed](x=1.0), Tangent)
    assert isinstance(StructuralTangent[tuple](1.0), Tangent)


def test_what_has_no_fields_has_no_tangent_space():
    class Empty:
        pass

    assert isinstance(zero_tangent(Empty()), AbstractZero)
    assert zero_tangent(len) is NoTangent()
