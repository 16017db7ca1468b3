"""What every object of the runtime promises: pickle, copy, hash, equality, repr, weak references.

Each public name has an entry in `INSTANCES`, with objects as a user makes them and the law for each, or is
in one of the groups of names beside it that stand for themselves.
"""

import copy
import pickle
import subprocess
import sys
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import adjoint2rrule.core as core
from adjoint2rrule.core import (
    HasReverseMode,
    InplaceableThunk,
    MutableTangent,
    NoTangent,
    NotImplementedTangent,
    ProjectTo,
    RuleConfig,
    RuleError,
    StructuralTangent,
    Tangent,
    Thunk,
    ZeroTangent,
    not_implemented,
    thunk,
    unthunk,
)
from tests.support import primals
from tests.support.primals import (
    Attrs,
    Box,
    Config,
    Data,
    Frozen,
    FrozenAttrs,
    FrozenConfig,
    Outer,
    Plain,
    Point,
    Slots,
    TapeConfig,
    add_two,
    fail,
    ones,
    two,
)

ROOT = Path(__file__).parents[2]
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def run(deferred):
    unthunk(deferred)
    return deferred


@dataclass(frozen=True)
class Law:
    """What holds for an object that `make` makes.

    It is `shown` as what makes it where that `evaluates`; a projection does not, which keeps no primal.
    It `comes_back` from a pickle or a copy as "itself", as an "equal" object, as its "value" (a thunk), as
    "another" one of its class, or not at all, with an exception.
    """

    make: Callable[[], Any]
    shown: str
    comes_back: str | type[Exception] = "equal"
    hashed: bool = True
    evaluates: bool = True


INSTANCES: dict[str, list[Law]] = {
    "ZeroTangent": [Law(ZeroTangent, "ZeroTangent()", "itself")],
    "NoTangent": [Law(NoTangent, "NoTangent()", "itself")],
    "Tangent": [
        Law(lambda: Tangent[Data](a=1.0), "Tangent[Data](a=1.0)"),
        Law(lambda: Tangent[Data](), "Tangent[Data]()"),
        Law(lambda: Tangent[Data](a=np.ones(2)), "Tangent[Data](a=array([1., 1.]))", hashed=False),
        Law(
            lambda: Tangent[Data](a=Tangent[Point](1.0), b=NoTangent()),
            "Tangent[Data](a=Tangent[Point](x=1.0), b=NoTangent())",
        ),
        Law(lambda: Tangent[Frozen](a=1.0, total=2.0), "Tangent[Frozen](a=1.0, total=2.0)"),
        Law(lambda: Tangent[Attrs](_x=1.0), "Tangent[Attrs](_x=1.0)"),
        Law(lambda: Tangent[FrozenAttrs](a=1.0), "Tangent[FrozenAttrs](a=1.0)"),
        Law(lambda: Tangent[Point](1.0, 2.0), "Tangent[Point](x=1.0, y=2.0)"),
        Law(lambda: Tangent[Plain](a=1.0, extra=2.0), "Tangent[Plain](a=1.0, extra=2.0)"),
        Law(lambda: Tangent[Slots](b=1.0), "Tangent[Slots](b=1.0)"),
        Law(lambda: Tangent[Box[float]](content=1.0), "Tangent[Box](content=1.0)"),
        Law(lambda: Tangent[Outer.Inner](a=1.0), "Tangent[Outer.Inner](a=1.0)"),
        Law(lambda: Tangent[tuple](1.0, 2.0), "Tangent[tuple](1.0, 2.0)"),
        Law(lambda: Tangent[tuple](), "Tangent[tuple]()"),
        Law(lambda: Tangent[list](1.0, ZeroTangent()), "Tangent[list](1.0, ZeroTangent())"),
        Law(lambda: Tangent[dict]({"a": 1.0, 2: 3.0}), "Tangent[dict]({'a': 1.0, 2: 3.0})"),
        Law(lambda: Tangent[Any](1.0, 2.0), "Tangent[Any](1.0, 2.0)"),
        Law(lambda: Tangent[Any](a=1.0), "Tangent[Any](a=1.0)"),
        Law(lambda: Tangent[tuple](thunk(two)), "Tangent[tuple](Thunk(two))"),
    ],
    "MutableTangent": [
        Law(lambda: MutableTangent[Data](a=1.0), "MutableTangent[Data](a=1.0)", hashed=False),
        Law(lambda: MutableTangent[Plain](a=1.0), "MutableTangent[Plain](a=1.0)", hashed=False),
        Law(lambda: MutableTangent[Slots](a=1.0), "MutableTangent[Slots](a=1.0)", hashed=False),
    ],
    "StructuralTangent": [
        Law(lambda: StructuralTangent[Point](1.0), "Tangent[Point](x=1.0)"),
        Law(lambda: StructuralTangent[Data](a=1.0), "MutableTangent[Data](a=1.0)", hashed=False),
    ],
    "Thunk": [
        Law(lambda: Thunk(two), "Thunk(two)", "value"),
        Law(lambda: run(Thunk(two)), "Thunk(lambda: 2.0)", "value"),
        Law(lambda: Thunk(ones), "Thunk(ones)", "value", hashed=False),
        Law(lambda: run(Thunk(ones)), "Thunk(lambda: array([1., 1.]))", "value", hashed=False),
        Law(lambda: Thunk(fail), "Thunk(fail)", ArithmeticError, hashed=False),
    ],
    "InplaceableThunk": [
        Law(lambda: InplaceableThunk(add_two, Thunk(two)), "InplaceableThunk(add_two, Thunk(two))", "value"),
        Law(lambda: InplaceableThunk(add_two, 2.0), "InplaceableThunk(add_two, 2.0)", "value"),
        Law(
            lambda: run(InplaceableThunk(add_two, Thunk(two))),
            "InplaceableThunk(add_two, Thunk(lambda: 2.0))",
            "value",
        ),
    ],
    "NotImplementedTangent": [
        Law(
            lambda: NotImplementedTangent("rules", "rules.py:3", "the order"),
            "NotImplementedTangent('rules', 'rules.py:3', 'the order')",
        ),
    ],
    "ProjectTo": [
        Law(lambda: ProjectTo(2.5), "ProjectTo[float]()", evaluates=False),
        Law(lambda: ProjectTo(np.float32(2.5)), "ProjectTo[float32]()", evaluates=False),
        Law(lambda: ProjectTo("text"), "ProjectTo[NoTangent]()", "itself", evaluates=False),
        Law(lambda: ProjectTo(object()), "ProjectTo[Any]()", "itself", evaluates=False),
        Law(
            lambda: ProjectTo(np.ones((2, 3))),
            "ProjectTo[ndarray](dtype=float64, shape=(2, 3))",
            evaluates=False,
        ),
        Law(
            lambda: ProjectTo(np.array([1.0, None], dtype=object)),
            "ProjectTo[ndarray](shape=(2,), ProjectTo[float](), ProjectTo[NoTangent]())",
            evaluates=False,
        ),
        Law(lambda: ProjectTo([2.5]), "ProjectTo[list](ProjectTo[float]())", evaluates=False),
        Law(lambda: ProjectTo({"a": 2.5}), "ProjectTo[dict]({'a': ProjectTo[float]()})", evaluates=False),
        Law(
            lambda: ProjectTo(Data(2.5, "text")),
            "ProjectTo[Data](a=ProjectTo[float](), b=ProjectTo[NoTangent]())",
            evaluates=False,
        ),
        Law(lambda: ProjectTo(Plain(2.5)), "ProjectTo[Plain](a=ProjectTo[float]())", evaluates=False),
    ],
    "RuleConfig": [
        Law(RuleConfig, "RuleConfig()", "another"),
        Law(RuleConfig[HasReverseMode], "RuleConfig()", "another"),
        Law(Config, "Config()", "another"),
        Law(lambda: TapeConfig(3), "TapeConfig(depth=3)", "another"),
        Law(lambda: FrozenConfig(3), "FrozenConfig(depth=3)"),
    ],
}
EXCEPTIONS = {
    name
    for name in core.__all__
    if isinstance(vars(core)[name], type) and issubclass(vars(core)[name], Exception)
}
#: They are never made: as bases, or as features of a config, the classes themselves are meant.
BARE_CLASSES = {
    *("AbstractTangent", "AbstractThunk", "AbstractZero"),
    *("HasForwardsMode", "HasReverseMode", "NoForwardsMode", "NoReverseMode"),
}
FUNCTIONS = {
    *("add_inplace", "backing", "canonicalize", "construct", "debug_mode", "debugging", "frule"),
    *("frule_via_ad", "ignore_derivatives", "is_inplaceable_destination", "is_opted_out"),
    *("non_differentiable", "not_implemented", "opt_out", "primal_type", "rrule", "rrule_via_ad"),
    *("scalar_rule", "thunk", "unthunk", "zero_tangent"),
}

LAWS = [
    pytest.param(law, id=f"{name}-{i}-{law.shown}")
    for name, laws in INSTANCES.items()
    for i, law in enumerate(laws)
]
#: Also the classes that are made for each primal, and asked for by features.
NAMED = {name: vars(core)[name] for name in core.__all__} | {
    "Tangent[Data]": Tangent[Data],
    "Tangent[tuple]": Tangent[tuple[float, float]],
    "Tangent[Any]": Tangent[Any],
    "Tangent[Outer.Inner]": Tangent[Outer.Inner],
    "MutableTangent[Data]": MutableTangent[Data],
}
EVALUABLE = vars(core) | vars(primals) | {"array": np.array, "Any": Any}


def same(a, b):
    return type(a) is type(b) and bool(np.all(a == b))


def test_every_public_name_has_its_entry():
    entries = [*INSTANCES, *EXCEPTIONS, *BARE_CLASSES, *FUNCTIONS]
    assert sorted(entries) == core.__all__


@pytest.mark.parametrize("x", NAMED.values(), ids=NAMED)
class TestNames:
    """The names themselves: classes and functions."""

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_a_name_comes_back_from_a_pickle_as_itself(self, x, protocol):
        assert pickle.loads(pickle.dumps(x, protocol)) is x

    def test_a_name_is_its_own_copy(self, x):
        assert copy.copy(x) is x
        assert copy.deepcopy([x]) == [x]

    def test_a_name_is_a_key_and_equals_itself_alone(self, x):
        assert {x: 1}[x] == 1
        assert [name for name, y in NAMED.items() if y == x] == [name for name, y in NAMED.items() if y is x]

    def test_a_name_can_be_referred_to_weakly(self, x):
        assert weakref.ref(x)() is x

    def test_a_name_is_shown_by_its_name(self, x):
        name = getattr(x, "__qualname__", None) or repr(x)
        assert name in repr(x)
        assert " object at 0x" not in repr(x)


@pytest.mark.parametrize("law", LAWS)
class TestInstances:
    """Objects as a user makes them."""

    def check(self, law, restore):
        x = law.make()
        if not isinstance(law.comes_back, str):
            with pytest.raises(law.comes_back):
                restore(x)
            return
        back = restore(x)
        if law.comes_back == "itself":
            assert back is x
        elif law.comes_back == "value":
            assert same(back, unthunk(x))
        elif law.comes_back == "another":
            assert type(back) is type(x)
            assert vars(back) == vars(x)
        else:
            assert back is not x
            assert same(back, x)

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_pickle(self, law, protocol):
        self.check(law, lambda x: pickle.loads(pickle.dumps(x, protocol)))

    @pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
    def test_copies(self, law, duplicate):
        self.check(law, duplicate)

    def test_what_comes_back_hashes_alike_where_it_can_be_hashed(self, law):
        x = law.make()
        if not law.hashed:
            with pytest.raises((TypeError, ArithmeticError)):
                hash(x)
        elif law.comes_back != "another":
            assert hash(x) == hash(copy.copy(x)) == hash(unthunk(x))
        else:
            assert hash(x) != hash(copy.copy(x))

    def test_two_made_alike_are_equal_unless_they_are_configs(self, law):
        if law.comes_back is ArithmeticError:
            with pytest.raises(ArithmeticError):
                assert law.make() == law.make()
            return
        x, y = law.make(), law.make()
        assert bool(np.all(x == y)) is (law.comes_back != "another")
        assert bool(np.all(x == x))

    def test_repr_runs_nothing_and_is_what_makes_it(self, law):
        x = law.make()
        assert repr(x) == law.shown
        if not law.evaluates:
            return
        again = eval(law.shown, EVALUABLE)
        assert type(again) is type(x)
        assert repr(again if "lambda" not in law.shown else run(again)) == law.shown

    def test_weak_references_do_not_keep_it(self, law):
        x = law.make()
        if isinstance(x, ProjectTo):  # it has slots, and no place for them
            with pytest.raises(TypeError, match="weak reference"):
                weakref.ref(x)
            return
        reference = weakref.ref(x)
        assert reference() is x
        if law.comes_back != "itself":
            del x
            assert reference() is None


RESTORE = """
import pickle, sys
for data in pickle.load(sys.stdin.buffer):
    x = pickle.loads(data)
    print(repr(x).encode("unicode_escape").decode())
    if isinstance(x, Exception):
        print(str(x), x.__notes__, sep="|")
"""


def test_other_interpreters_can_read_the_pickles():
    laws = [law for laws in INSTANCES.values() for law in laws if isinstance(law.comes_back, str)]
    objects = [*NAMED.values(), *(law.make() for law in laws), *map(raised, sorted(EXCEPTIONS))]
    pickles = [pickle.dumps(x) for x in objects]
    expected = []
    for data in pickles:
        x = pickle.loads(data)
        expected.append(repr(x).encode("unicode_escape").decode())
        if isinstance(x, Exception):
            expected.append(f"{x}|{x.__notes__}")
    lines = subprocess.run(
        [sys.executable, "-c", RESTORE],
        input=pickle.dumps(pickles),
        capture_output=True,
        check=True,
        cwd=ROOT,
    ).stdout.decode()
    without_addresses = [line for line in expected if " at 0x" not in line]
    assert [line for line in lines.splitlines() if " at 0x" not in line] == without_addresses
    assert len(lines.splitlines()) == len(expected) > len(objects)


def raised(name):
    error = vars(core)[name]("What came; what was expected.")
    error.add_note("in layer 3")
    return error


@pytest.mark.parametrize("name", sorted(EXCEPTIONS))
class TestExceptions:
    """Exceptions keep their message and notes, and are equal to themselves alone, as Python's own are."""

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_pickle_and_copies(self, name, protocol):
        error = raised(name)
        for back in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error), copy.deepcopy(error)):
            assert type(back) is type(error)
            assert (back.args, str(back), back.__notes__) == (error.args, str(error), error.__notes__)
            assert back != error

    def test_message(self, name):
        error = raised(name)
        assert isinstance(error, RuleError)
        assert str(error) == "What came; what was expected."
        assert repr(error) == f"{name}('What came; what was expected.')"
        assert hash(error) == hash(error)
        assert weakref.ref(error)() is error

    def test_a_message_has_to_be_given(self, name):
        with pytest.raises(TypeError, match="message"):
            vars(core)[name]()


def test_the_exception_of_a_missing_field_says_of_what():
    tangent = Tangent[Data](a=1.0)
    with pytest.raises(core.UnknownFieldError) as info:
        tangent.c  # noqa: B018
    assert (info.value.name, info.value.obj) == ("c", tangent)


def test_a_tangent_that_is_not_implemented_tells_where_it_was_made():
    missing = not_implemented("the order")
    assert missing.module == __name__
    assert missing.source.startswith(f"{__file__}:")
    assert missing.info == "the order"
    assert pickle.loads(pickle.dumps(missing)) == missing != not_implemented("another")


def test_a_lambda_that_was_not_run_is_shown_without_being_run():
    assert repr(thunk(lambda: fail())).endswith("<lambda>)")


def test_a_pickled_mutable_tangent_shares_nothing():
    original = MutableTangent[Data](a=1.0)
    for other in (copy.copy(original), copy.deepcopy(original), pickle.loads(pickle.dumps(original))):
        other.a = 2.0
        assert original.a == 1.0


def test_tangents_of_one_value_are_equal_and_hash_alike_whichever_zeros_they_hold():
    alike = [Tangent[Data](a=1.0), Tangent[Data](a=1.0, b=ZeroTangent()), Tangent[Data](a=thunk(lambda: 1.0))]
    assert len(set(alike)) == 1
    assert Tangent[Data](a=1.0) != Tangent[Plain](a=1.0) != MutableTangent[Plain](a=1.0)
