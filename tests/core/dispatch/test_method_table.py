"""The choice among methods, compared with plum's, which has Julia's semantics too."""

import abc
import inspect
import typing
from typing import Any, Literal

import plum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjoint2rrule.core import AmbiguousRuleError, rrule
from adjoint2rrule.core.dispatch import memory


class A: ...


class B(A): ...


class C(A): ...


class D(B, C): ...


HINTS = [Any, A, B, C, D, B | C, B | int, D | str, type[A], type[B], Literal["x"], Literal["x", "y"], str]
VALUES = [A(), B(), C(), D(), "x", "y", "z", 1, A, B, None]

signatures = st.lists(st.lists(st.sampled_from(HINTS), min_size=1, max_size=2), min_size=1, max_size=5)
calls = st.lists(st.sampled_from(VALUES), min_size=1, max_size=2)


def rule_with(hints, result):
    def rule(*args):
        return result

    names = ["f", *"xy"[: len(hints)]]
    rule.__signature__ = inspect.Signature(
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=hint)
        for name, hint in zip(names, [Any, *hints], strict=True)
    )
    return rule


def plums_choice(function, xs):
    try:
        return function(*xs)
    except plum.AmbiguousLookupError:
        return "ambiguous"
    except plum.NotFoundLookupError:
        return None


def our_choice(f, xs):
    try:
        return rrule(f, *xs)
    except AmbiguousRuleError:
        return "ambiguous"


@given(signatures, st.lists(calls, min_size=1, max_size=10))
def test_the_choice_is_that_of_plum(signatures, calls):
    def f(*xs): ...

    function = plum.Function(f)
    for number, hints in enumerate(signatures):
        rrule.register(f)(rule_with(hints, number))
        function.register(lambda *xs, number=number: number, signature=plum.Signature(*hints))
    for xs in calls:
        assert our_choice(f, xs) == plums_choice(function, xs)


@given(signatures, calls, st.randoms())
def test_the_order_of_registration_does_not_matter(signatures, xs, random):
    distinct = [list(hints) for hints in {tuple(hints): None for hints in signatures}]
    rules = [rule_with(hints, str(hints)) for hints in distinct]

    def choice():
        def f(*xs): ...

        for rule in rules:
            rrule.register(f)(rule)
        return our_choice(f, xs)

    first = choice()
    random.shuffle(rules)
    assert choice() == first


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(memory, "REMEMBERED_CALLS", 4)

    def f(*xs): ...

    @rrule.register(f)
    def rule(f, *xs):
        return len(xs)

    classes = [type(f"Class{i}", (), {}) for i in range(20)]
    assert [rrule(f, cls()) for cls in classes] == [1] * 20
    assert [rrule(f, *range(count)) for count in range(20)] == [*range(20)]
    (table,) = rrule._plain.tables("itself", f)
    assert 0 < len(table.memory.settled) <= 4
    assert 0 < len(table.memory.known) <= 4


@pytest.mark.parametrize("count", [1, 2, 3])
def test_an_ambiguous_call_stays_ambiguous(count):
    def f(x, y): ...

    rrule.register(f)(rule_with([A, Any], 0))
    rrule.register(f)(rule_with([Any, A], 1))
    for _ in range(count):
        with pytest.raises(AmbiguousRuleError, match=r"f\(B, C\): 2 rules fit"):
            rrule(f, B(), C())


class Abstract(metaclass=abc.ABCMeta):
    @abc.abstractmethod
    def method(self): ...


@pytest.mark.parametrize(
    "hint",
    [Abstract, Abstract | str, list[Abstract], dict[str, Abstract], type[Abstract], tuple[Abstract, ...]],
)
def test_a_virtual_subclass_counts_from_its_registration_on(hint):
    class Own: ...

    value = {list: [Own()], dict: {"a": Own()}, type: Own, tuple: (Own(),)}.get(
        typing.get_origin(hint), Own()
    )

    def f(x): ...

    rrule.register(f)(rule_with([Any], "any"))
    rrule.register(f)(rule_with([hint], "abstract"))
    assert [rrule(f, value) for _ in range(3)] == ["any"] * 3
    Abstract.register(Own)
    assert [rrule(f, value) for _ in range(3)] == ["abstract"] * 3


def test_only_tables_that_ask_for_abstract_classes_look_for_new_subclasses():
    def f(x): ...

    rrule.register(f)(rule_with([float | list[int] | A], 0))
    (table,) = rrule._plain.tables("itself", f)
    assert table.memory.token is None
    rrule.register(f)(rule_with([Abstract], 1))
    (table,) = rrule._plain.tables("itself", f)
    assert table.memory.token is not None


def test_a_virtual_subclass_has_no_share_in_the_rules_for_instances():
    # A table belongs to a class, and those of its bases are found through that alone.
    class Functor(metaclass=abc.ABCMeta):
        @abc.abstractmethod
        def __call__(self, x): ...

    @Functor.register
    class Own:
        def __call__(self, x): ...

    rrule.register(Functor)(lambda self, x: "rule")
    assert rrule(Own(), 1.0) is None
