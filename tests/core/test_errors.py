"""What users get wrong, and what they are told: for every name, the exception and the parts of its message.

A case is an expression as a user would write it. Its message has to name what came, what was expected and,
where that does not say it, what to do.
"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pytest

import adjoint2rrule.core as core
from adjoint2rrule.core import (
    AmbiguousRuleError,
    BadInplaceError,
    HasForwardsMode,
    HasReverseMode,
    InplaceableThunk,
    MissingFeatureError,
    MutateTangentError,
    MutateThunkError,
    NoFieldsError,
    NotImplementedAttributeError,
    NotImplementedTangentError,
    PartialsError,
    PrimalAdditionError,
    ProjectionError,
    RegistrationError,
    RuleCallError,
    RuleConfig,
    RuleError,
    Tangent,
    TangentConstructionError,
    TangentConversionError,
    TangentMismatchError,
    UnknownFieldError,
    ZeroTangentDivisionError,
    debugging,
    frule,
    not_implemented,
    rrule,
    scalar_rule,
    thunk,
    unthunk,
)


@dataclass
class Foo:
    a: float
    b: object = 0.0


@dataclass(frozen=True)
class Other:
    a: float


class Point(NamedTuple):
    x: float
    y: float


class Plain:
    def __init__(self, a):
        self.a = a


class Circle:
    """Its arguments are not its fields."""

    def __init__(self, diameter):
        self.radius = diameter / 2


class Greedy:
    """One of its arguments is no field."""

    def __init__(self, a, seed):
        self.a = a


class Affine:
    def __init__(self, weight):
        self.weight = weight

    def __call__(self, x):
        return self.weight * x


class Forward(RuleConfig[HasForwardsMode]):
    """An AD system without reverse mode."""


class Reverse(RuleConfig[HasReverseMode]):
    """An AD system that says it has reverse mode, and does not tell how."""


def identity(x):
    return x


def mean(x, y):
    return (x + y) / 2


@rrule.register(mean)
def left_rrule(mean, x: float, y):
    raise AssertionError("no call of it is unambiguous")


@rrule.register(mean)
def right_rrule(mean, x, y: float):
    raise AssertionError("no call of it is unambiguous")


@frule.register(mean)
def left_frule(dargs, mean, x: float, y):
    raise AssertionError("no call of it is unambiguous")


@frule.register(mean)
def right_frule(dargs, mean, x, y: float):
    raise AssertionError("no call of it is unambiguous")


def maker():
    captured = 2.0
    return lambda x: captured * x


def product(x, y):
    return x * y


def ratios(x, y):
    return x / y, y / x


def powers(x):
    return x, x * x


def listed(x):
    return [x]


scalar_rule(product, lambda Ω, x, y: y)
scalar_rule(powers, lambda Ω, x: (1.0, 2 * x))
scalar_rule(listed, lambda Ω, x: 1.0)
scalar_rule(ratios, lambda Ω, x, y: (1 / y, 1 / x))


def returned(x):
    """Add in place as it must not be done: the sum stands in another array."""
    return x + 1.0


def doubled(x):
    return np.multiply(x, 2.0, out=x)


def ones():
    return np.ones(3)


foo = Tangent[Foo](a=1.0)
missing = not_implemented("the order")


@dataclass(frozen=True)
class Case:
    wrong: str
    error: type[RuleError]
    parts: tuple[str, ...]


def case(wrong, error, *parts):
    return Case(wrong, error, parts)


MISUSES: dict[str, list[Case]] = {
    "AbstractZero": [case("AbstractZero()", TangentConstructionError, "ZeroTangent() or NoTangent()")],
    "ZeroTangent": [
        case("1.0 / ZeroTangent()", ZeroTangentDivisionError, "division by ZeroTangent()"),
        case("np.ones(2) / ZeroTangent()", ZeroTangentDivisionError, "division by ZeroTangent()"),
        case("foo / ZeroTangent()", ZeroTangentDivisionError, "division by ZeroTangent()"),
        case("ZeroTangent().a = 1.0", MutateTangentError, "ZeroTangent()", "bind a name"),
        case("ZeroTangent()[0] = 1.0", MutateTangentError, "ZeroTangent()", "bind a name"),
        case("del ZeroTangent().a", MutateTangentError, "ZeroTangent()"),
        case("np.add(1.0, 2.0, out=ZeroTangent())", MutateTangentError, "ZeroTangent()", "bind a name"),
    ],
    "NoTangent": [
        case("thunk(ones) / NoTangent()", ZeroTangentDivisionError, "division by NoTangent()"),
        case("NoTangent().a = 1.0", MutateTangentError, "NoTangent()", "bind a name"),
        case("del NoTangent()[0]", MutateTangentError, "NoTangent()"),
    ],
    "StructuralTangent": [
        case("StructuralTangent(a=1.0)", TangentConstructionError, "StructuralTangent[Foo](...)"),
        case("StructuralTangent[3]", TangentConstructionError, "the class of a primal", "got 3"),
    ],
    "Tangent": [
        case("Tangent(a=1.0)", TangentConstructionError, "Tangent[Foo](...)"),
        case("Tangent['Foo']", TangentConstructionError, "the class of a primal", "got 'Foo'"),
        case("Tangent[int | float]", TangentConstructionError, "the class of a primal", "int | float"),
        case("Tangent[Literal[1]]", TangentConstructionError, "the class of a primal", "Literal"),
        case("Tangent[Foo, Point]", TangentConstructionError, "the class of a primal", "Point"),
        case("Tangent[Foo][Foo]", TangentConstructionError, "Tangent[Foo]", "already"),
        case("Tangent[Foo](c=1.0, d=2.0)", UnknownFieldError, "Tangent[Foo]", "'c', 'd'", "['a', 'b']"),
        case("Tangent[Foo](1.0)", TangentConstructionError, "Tangent[Foo]", "by keyword", "(1.0,)"),
        case("Tangent[Plain](1.0)", TangentConstructionError, "Tangent[Plain]", "by keyword", "(1.0,)"),
        case("Tangent[tuple](a=1.0)", TangentConstructionError, "Tangent[tuple]", "by position", "'a': 1.0"),
        case("Tangent[Point](1.0, 2.0, 3.0)", TangentMismatchError, "at most 2", "['x', 'y']", "3.0"),
        case("Tangent[Point](z=1.0)", UnknownFieldError, "Tangent[Point]", "'z'", "['x', 'y']"),
        case("Tangent[Point](1.0, x=2.0)", TangentConstructionError, "Tangent[Point]", "['x'] twice"),
        case("Tangent[Any](1.0, a=2.0)", TangentConstructionError, "elements or fields", "1.0", "'a'"),
        case("Tangent[dict](1.0)", TangentConstructionError, "Tangent[dict]", "one dict", "(1.0,)"),
        case("Tangent[dict]([1, 2])", TangentConstructionError, "Tangent[dict]", "one dict", "[1, 2]"),
        case("Tangent[dict]({}, {'b': 1})", TangentConstructionError, "Tangent[dict]", "one dict", "'b'"),
        case("foo.c", UnknownFieldError, "Tangent[Foo]", "'c'", "['a', 'b']"),
        case("foo['c']", UnknownFieldError, "Tangent[Foo]", "'c'", "['a', 'b']"),
        case("foo[5]", UnknownFieldError, "Tangent[Foo]", "element 5", "only 1"),
        case("foo[None]", UnknownFieldError, "Tangent[Foo]", "element None"),
        case("Tangent[Plain](a=1.0)[4]", UnknownFieldError, "Tangent[Plain]", "element 4", "only 1"),
        case("Tangent[tuple](1.0)[4]", UnknownFieldError, "Tangent[tuple]", "element 4", "only 1"),
        case("Tangent[tuple](1.0)['a']", UnknownFieldError, "Tangent[tuple]", "element 'a'", "index"),
        case("Tangent[tuple](1.0).a", UnknownFieldError, "Tangent[tuple]", "'a'"),
        case("Tangent[Point](1.0)[2]", UnknownFieldError, "Tangent[Point]", "element 2", "only 2"),
        case("Tangent[Point](1.0).z", UnknownFieldError, "Tangent[Point]", "'z'", "['x', 'y']"),
        case("foo.a = 2.0", MutateTangentError, "Tangent[Foo](a=1.0)", "bind a name"),
        case("del foo.a", MutateTangentError, "Tangent[Foo](a=1.0)", "bind a name"),
        case("foo['a'] = 2.0", MutateTangentError, "Tangent[Foo](a=1.0)", "bind a name"),
        case("del foo['a']", MutateTangentError, "Tangent[Foo](a=1.0)", "bind a name"),
        case("Tangent[Plain](a=1.0).a = 2.0", MutateTangentError, "Tangent[Plain](a=1.0)", "bind a name"),
        case("Tangent[tuple](1.0)[0] = 2.0", MutateTangentError, "Tangent[tuple](1.0)", "bind a name"),
        case("Tangent[dict](a=1.0)['a'] = 2.0", MutateTangentError, "Tangent[dict]({'a': 1.0})"),
        case("np.copyto(Tangent[tuple](1.0), 0.0)", MutateTangentError, "Tangent[tuple](1.0)"),
        case("np.add(1.0, 2.0, out=foo)", MutateTangentError, "Tangent[Foo](a=1.0)"),
        case("foo + Tangent[Point](1.0)", TangentMismatchError, "Tangent[Foo]", "Tangent[Point]"),
        case("Tangent[tuple](1) + Tangent[tuple](1, 2)", TangentMismatchError, "has 1", "has 2"),
        case("foo + 1.0", PrimalAdditionError, "Tangent[Foo]", "float", "1.0"),
        case("np.ones(1) + foo", PrimalAdditionError, "Tangent[Foo]", "ndarray", "array([1.])"),
        case("foo + None", PrimalAdditionError, "Tangent[Foo]", "NoneType"),
        case("Foo(1.0) + Tangent[Other](a=1.0)", PrimalAdditionError, "Tangent[Other]", "Foo(a=1.0, b=0.0)"),
        case("Circle(2.0) + Tangent[Circle](radius=1.0)", PrimalAdditionError, "'radius'", "@construct.reg"),
        case("Greedy(2.0, 1) + Tangent[Greedy](a=1.0)", PrimalAdditionError, "['seed']", "@construct.reg"),
        case(
            "Foo('s') + Tangent[Foo](a=1.0)", PrimalAdditionError, "'s', a part of Foo(", "1.0", "NoTangent()"
        ),
        case(
            "(np.ones(3),) + Tangent[tuple](np.ones(4))",
            PrimalAdditionError,
            "1., 1., 1.])",
            "no sum",
            "project",
        ),
        case("(1.0, 2.0) + Tangent[tuple](1.0)", PrimalAdditionError, "Tangent[tuple](1.0)", "(1.0, 2.0): 2"),
        case("{'a': 1.0} + Tangent[dict](b=1.0)", PrimalAdditionError, "{'a': 1.0}", "['b']"),
        case("Foo(1.0) + Tangent[Foo](a=[1.0])", TangentConversionError, "[1.0]", "Tangent[list](...)"),
        case("2 * Tangent[Foo](a=None)", TangentConversionError, "None", "ZeroTangent()", "NoTangent()"),
        case("2 * Tangent[Foo](a={'k': 1.0})", TangentConversionError, "{'k': 1.0}", "Tangent[dict](...)"),
        case("foo - 1.0", TangentConversionError, "1.0", "Tangent[Foo]"),
        case("1.0 - foo", PrimalAdditionError, "1.0", "Tangent[Foo]"),
        case("foo * np.ones(3)", TangentConversionError, "Tangent[Foo]", "ndarray", "its parts"),
        case("np.ones(3) @ foo", TangentConversionError, "Tangent[Foo]", "ndarray", "its parts"),
        case("np.asarray(foo)", TangentConversionError, "Tangent[Foo]", "its fields"),
        case("np.asarray(Tangent[dict](a=1.0))", TangentConversionError, "Tangent[dict]", "its fields"),
        case("np.sin(foo)", TangentConversionError, "Tangent[Foo](a=1.0)", "its parts"),
        case("np.sum(foo)", TangentConversionError, "Tangent[Foo](a=1.0)", "its parts"),
    ],
    "MutableTangent": [
        case("MutableTangent()", TangentConstructionError, "MutableTangent[Foo](...)"),
        case("MutableTangent[tuple]", TangentConstructionError, "objects with fields", "Tangent[tuple]"),
        case("MutableTangent[Any]", TangentConstructionError, "objects with fields", "Tangent[Any]"),
        case("MutableTangent[Foo](a=1.0).c = 2.0", UnknownFieldError, "MutableTangent[Foo]", "'c'", "'b']"),
        case("MutableTangent[Foo](a=1.0)[0] = 2.0", UnknownFieldError, "MutableTangent[Foo]", "0", "'b']"),
        case("MutableTangent[Plain](a=1.0)[0] = 2.0", UnknownFieldError, "MutableTangent[Plain]", "strings"),
        case("del MutableTangent[Foo](a=1.0)['c']", UnknownFieldError, "MutableTangent[Foo]", "'c'"),
    ],
    "Thunk": [
        case("Thunk(1.0)", TangentConstructionError, "thunk(lambda: ...)", "got 1.0"),
        case("Thunk(ones)[0] = 1.0", MutateThunkError, "Thunk(ones)", "unthunk(x).copy()"),
        case("Thunk(ones).a = 1.0", MutateThunkError, "Thunk(ones)", "unthunk(x).copy()"),
        case("Thunk(ones).fill(1.0)", MutateThunkError, "Thunk(lambda: array", "unthunk(x).copy()"),
        case("np.add(1.0, 2.0, out=Thunk(ones))", MutateThunkError, "Thunk(ones)", "unthunk(x).copy()"),
        case("del Thunk(ones)[0]", MutateThunkError, "Thunk(ones)", "unthunk(x).copy()"),
    ],
    "thunk": [
        case("thunk(np.ones(3))", TangentConstructionError, "thunk(lambda: ...)", "array([1., 1., 1.])")
    ],
    "InplaceableThunk": [
        case("InplaceableThunk(1.0, thunk(ones))", TangentConstructionError, "adds in place", "got 1.0"),
        case("InplaceableThunk(doubled, ones)", TangentConstructionError, "thunk(lambda: ...)", "ones"),
        case("InplaceableThunk(doubled, 1.0)[0] = 1.0", MutateThunkError, "InplaceableThunk(doubled, 1.0)"),
    ],
    "NotImplementedTangent": [
        case("missing - 1.0", NotImplementedTangentError, __name__, "test_errors.py:", "the order"),
        case("np.ones(2) - missing", NotImplementedTangentError, "test_errors.py:", "the order"),
        case("missing ** 2", NotImplementedTangentError, "test_errors.py:", "the order"),
        case("missing < 1.0", NotImplementedTangentError, "test_errors.py:", "the order"),
        case("float(missing)", NotImplementedTangentError, "test_errors.py:", "the order"),
        case("bool(missing)", NotImplementedTangentError, "test_errors.py:", "the order"),
        case("np.sin(missing)", NotImplementedTangentError, "test_errors.py:", "the order"),
        case("[*missing]", NotImplementedTangentError, "test_errors.py:", "the order"),
        case("missing[0]", NotImplementedTangentError, "test_errors.py:", "the order"),
        case("missing.shape", NotImplementedAttributeError, "test_errors.py:", "shape", "the order"),
        case("missing.info = 'x'", MutateTangentError, "test_errors.py:", "bind a name"),
    ],
    "not_implemented": [case("1 / not_implemented('why')", NotImplementedTangentError, "<string>:1", "why")],
    "canonicalize": [
        case("canonicalize(1.0)", NoFieldsError, "canonicalize", "structural tangent", "not 1.0"),
        case("canonicalize(Foo(1.0))", NoFieldsError, "Tangent[Foo](...)", "not Foo(a=1.0, b=0.0)"),
        case("canonicalize(ZeroTangent())", NoFieldsError, "canonicalize", "not ZeroTangent()"),
        case("canonicalize(Tangent[Foo])", NoFieldsError, "canonicalize", "Tangent[Foo]'"),
    ],
    "backing": [
        case("backing(1.0)", NoFieldsError, "1.0", "structural tangent", "object"),
        case("backing(np.ones(1))", NoFieldsError, "array([1.])"),
        case("backing(Foo)", NoFieldsError, "Foo'>"),
        case("backing(ZeroTangent())", NoFieldsError, "ZeroTangent()"),
        case("backing(thunk(lambda: 2.5))", NoFieldsError, "2.5"),
    ],
    "primal_type": [
        case("primal_type(1.0)", NoFieldsError, "primal_type", "Tangent[Foo]", "not 1.0"),
        case("primal_type(Tangent)", NoFieldsError, "primal_type", "Tangent'>"),
        case("primal_type(Foo)", NoFieldsError, "primal_type", "Foo'>"),
    ],
    "construct": [
        case("construct(Foo, {'c': 1.0})", PrimalAdditionError, "a Foo", "['c']", "@construct.register(Foo)"),
        case("construct(Foo, {})", PrimalAdditionError, "a Foo", "['a']", "@construct.register(Foo)"),
        case("construct(Foo, [1.0, 2.0])", PrimalAdditionError, "a Foo", "[1.0, 2.0]", "a mapping by name"),
        case("construct(Foo(1.0), {'a': 1.0})", PrimalAdditionError, "a class", "not Foo(a=1.0, b=0.0)"),
        case("construct('Foo', {'a': 1.0})", PrimalAdditionError, "a class", "not 'Foo'"),
        case("construct(Point, {'x': 1.0})", PrimalAdditionError, "a Point", "['x', 'y']", "{'x': 1.0}"),
        case("construct(Point, (1.0, 2.0, 3.0))", PrimalAdditionError, "a Point", "['x', 'y']", "3.0)"),
        case("construct(tuple, 1.0)", PrimalAdditionError, "a tuple", "1.0 has no parts"),
        case("construct(dict, [1.0])", PrimalAdditionError, "a dict", "[1.0] has no parts"),
        case("construct(range, {'start': 1})", PrimalAdditionError, "a range", "does not tell its arguments"),
        case("construct.register('Foo')", RegistrationError, "construct.register", "a class", "not 'Foo'"),
        case(
            "construct.register(Circle)(1.0)", RegistrationError, "1.0 cannot construct a Circle", "`def f("
        ),
    ],
    "add_inplace": [
        case("add_inplace(np.ones(3), np.ones(4))", TangentMismatchError, "(3,)", "(4,)"),
        case("add_inplace(np.ones((2, 3)), np.ones((3, 2)))", TangentMismatchError, "(2, 3)", "(3, 2)"),
        case("add_inplace(np.ones(3), thunk(lambda: np.ones(4)))", TangentMismatchError, "(3,)", "(4,)"),
        case("add_inplace(np.ones(3), None)", TangentConversionError, "None", "NoTangent()"),
        case("add_inplace(None, np.ones(3))", TangentConversionError, "None", "NoTangent()"),
        case("add_inplace([1.0], [2.0])", TangentConversionError, "[1.0]", "Tangent[list](...)"),
        case("add_inplace((1.0,), (2.0,))", TangentConversionError, "(1.0,)", "Tangent[tuple](...)"),
        case("add_inplace({'a': 1.0}, {'a': 1.0})", TangentConversionError, "Tangent[dict](...)"),
        case("add_inplace('a', 'b')", TangentConversionError, "'a'"),
        case("add_inplace(np.ones(3), foo)", PrimalAdditionError, "Tangent[Foo]", "ndarray"),
        case("add_inplace(foo, Tangent[Point](1.0))", TangentMismatchError, "Tangent[Foo]", "Tangent[Point]"),
        case(
            "add_inplace(MutableTangent[Foo](), Tangent[Point](1.0))",
            *(TangentMismatchError, "MutableTangent[Foo]", "Tangent[Point]"),
        ),
    ],
    "ProjectTo": [
        case("ProjectTo(np.ones(3))(np.ones(4))", ProjectionError, "(3,)", "(4,)", "give it the shape"),
        case(
            "ProjectTo(np.ones((3, 2)))(np.ones((2, 3)))", ProjectionError, "(3, 2)", "(2, 3)", "transposed?"
        ),
        case("ProjectTo(np.ones(3))(1.0)", ProjectionError, "(3,)", "1.0 (float)", "np.full(x.shape, dx)"),
        case("ProjectTo(np.ones(2))(np.array(['a', 'b']))", ProjectionError, "float64", "<U1", "numbers"),
        case("ProjectTo(2.0)(np.ones(3))", ProjectionError, "a float", "(3,)", "give a number"),
        case("ProjectTo(2.0)('s')", ProjectionError, "a float", "'s' (str)", "give a number"),
        case("ProjectTo(2.0)(None)", ProjectionError, "a float", "None", "ZeroTangent()"),
        case("ProjectTo(2.0)(foo)", ProjectionError, "a float", "Tangent[Foo]", "give a number"),
        case("ProjectTo((1.0, 2.0))(Tangent[tuple](1.0))", ProjectionError, "a tuple of 2", "1 elements"),
        case("ProjectTo(Point(1.0, 2.0))(Tangent[tuple](1.0))", ProjectionError, "a Point", "1 elements"),
        case("ProjectTo([1.0])([1.0, 2.0])", ProjectionError, "a list of 1", "2 elements"),
        case(
            "ProjectTo({'a': 1.0})(Tangent[dict](b=1.0))", ProjectionError, "['a']", "['b']", "leave that out"
        ),
        case("ProjectTo(Foo(1.0))(1.0)", ProjectionError, "a Foo", "1.0 (float)", "Tangent[Foo](...)"),
        case("ProjectTo(Foo(1.0))(Tangent[Point](1.0))", ProjectionError, "a Foo", "Tangent[Point]"),
        case("ProjectTo.register(1.0)", RegistrationError, "ProjectTo.register(1.0)", "class"),
        case(
            "ProjectTo.register(Foo)(1.0)",
            RegistrationError,
            "1.0 cannot give the projection of a Foo",
            "`def f(",
        ),
    ],
    "debugging": [
        case(
            "with debugging(): add_inplace(np.ones(3), InplaceableThunk(doubled, np.full(3, 3.0)))",
            *(BadInplaceError, "doubled", "array([2., 2., 2.])", "array([4., 4., 4.])"),
        ),
        case(
            "with debugging(): add_inplace(np.ones(3), InplaceableThunk(returned, np.ones(3)))",
            *(BadInplaceError, "returned"),
        ),
    ],
    "rrule": [
        case("rrule(mean, 1.0, 2.0)", AmbiguousRuleError, "mean(float, float)", "left_rrule", "Narrow"),
        case("rrule()", RuleCallError, "rrule", "no callable", "`rrule(f, *xs)`"),
        case("rrule(1.0, identity)", RuleCallError, "1.0 stands where the callable", "`rrule(f, *xs)`"),
        case("rrule(Reverse, identity, 1.0)", MissingFeatureError, "rrule", "`Reverse()`"),
        case("rrule.which(1.0)", RuleCallError, "1.0 stands where the callable", "`rrule(f, *xs)`"),
        case(
            "@rrule\ndef rule(f, x): ...",
            RegistrationError,
            "what rule is a rule for",
            "`@rrule.register(f)`",
        ),
        case(
            "rrule(identity, Reverse(), 1.0)", RuleCallError, "Reverse()", "of identity", "`rrule(config, f, "
        ),
        case("rrule.methods(1.0)", RegistrationError, "rrule.methods(1.0)", "callable"),
        case("rrule.register(1.0)", RegistrationError, "rrule.register(1.0)", "callable"),
        case("rrule.register(Foo)", RegistrationError, "Foo cannot be called", "rrule.register(type[Foo])"),
        case("rrule.register(list[int])", RegistrationError, "list[int]", "leave them out"),
        case("rrule.register(type[Foo | Point])", RegistrationError, "type[", "takes one class"),
        case("rrule.register(identity, subclasses=True)", RegistrationError, "identity", "type[...]"),
        case("rrule.register(identity)(1.0)", RegistrationError, "1.0"),
        case("rrule.register(identity)(max)", RegistrationError, "max"),
        case("rrule.register(identity)(lambda: None)", RegistrationError, "for identity", "callable first"),
        case("rrule.register(identity)(lambda f: None)", RegistrationError, "at least 1", "callable first"),
        case("rrule.register(identity)(lambda f, x, y: None)", RegistrationError, "at most 1"),
    ],
    "frule": [
        case(
            "frule((1.0, 1.0, 1.0), mean, 1.0, 2.0)", AmbiguousRuleError, "mean(float, float)", "left_frule"
        ),
        case(
            "frule(identity, (0, 1), 2.0)",
            RuleCallError,
            "(0, 1) stands where",
            "`frule((df, *dxs), f, *xs)`",
        ),
        case("frule(1.0, identity, 2.0)", RuleCallError, "1.0 stands where the tangents", "a tuple"),
        case("frule((0, 1), Forward(), identity, 2.0)", RuleCallError, "Forward()", "`frule(config, (df, "),
        case("frule((0, 0, 1), identity, Forward(), 2.0)", RuleCallError, "among the arguments of identity"),
        case("frule.register(Foo)", RegistrationError, "Foo cannot be called", "frule.register(type[Foo])"),
        case(
            "frule.register(identity)(lambda f: None)", RegistrationError, "for identity", "(dargs, f, ...)"
        ),
    ],
    "ignore_derivatives": [
        case(
            "ignore_derivatives(max)",
            RuleCallError,
            "max",
            "arguments",
            "`ignore_derivatives(lambda: max())`",
        )
    ],
    "RuleConfig": [
        case("class Tape(RuleConfig[1]): ...", RegistrationError, "RuleConfig[1]", "asks for 1", "a class"),
        case("class Tape(RuleConfig['fast']): ...", RegistrationError, "'fast'", "a class"),
        case("class Tape(RuleConfig[HasReverseMode()]): ...", RegistrationError, "HasReverseMode", "a class"),
    ],
    "rrule_via_ad": [
        case("rrule_via_ad(identity, 1.0)", MissingFeatureError, "rrule_via_ad", "RuleConfig", "identity"),
        case(
            "rrule_via_ad(Forward(), identity, 1.0)", MissingFeatureError, "Forward lacks", "HasReverseMode"
        ),
        case(
            "rrule_via_ad(Reverse(), identity, 1.0)", MissingFeatureError, "@rrule_via_ad.register(Reverse)"
        ),
        case("rrule_via_ad.register(identity)", RegistrationError, "subclass of RuleConfig", "identity"),
        case("rrule_via_ad.register(Forward)", RegistrationError, "Forward lacks", "HasReverseMode"),
    ],
    "frule_via_ad": [
        case("frule_via_ad(Reverse(), (0, 1), identity, 1)", MissingFeatureError, "lacks", "HasForwardsMode"),
        case("frule_via_ad.register(Reverse)", RegistrationError, "Reverse lacks", "HasForwardsMode"),
    ],
    "non_differentiable": [
        case("non_differentiable(1.0)", RegistrationError, "1.0", "callable"),
        case("non_differentiable(Foo)", RegistrationError, "`non_differentiable(type[Foo])`"),
        case("non_differentiable(identity, 1.0)", RegistrationError, "non_differentiable", "1.0", "type"),
        case(
            "non_differentiable(identity, float, float)", RegistrationError, "identity", "at most 1 argument;"
        ),
        case(
            "non_differentiable(identity, float, float, int, ...)", RegistrationError, "at most 1 argument;"
        ),
        case("non_differentiable(identity, ...)", RegistrationError, "`...` stands after a type", "leave it"),
    ],
    "opt_out": [
        case("opt_out(identity, float)", RegistrationError, "opt_out", "identity", "`rrule` nor `frule`"),
        case("opt_out(rrule, identity, 1.0)", RegistrationError, "opt_out", "1.0", "type"),
        case("opt_out(rrule, identity, ...)", RegistrationError, "`...` stands after a type", "leave it out"),
        case("opt_out(rrule, mean, int, int, int)", RegistrationError, "opt_out(mean", "at most 2 arguments"),
        case("opt_out(rrule, RuleConfig)", RegistrationError, "no target after RuleConfig"),
        case("opt_out(rrule, 1.0)", RegistrationError, "1.0", "callable"),
    ],
    "is_opted_out": [
        case("is_opted_out(identity, float)", RegistrationError, "identity", "`rrule` nor `frule`"),
        case("is_opted_out(rrule, identity, 1.0)", RegistrationError, "is_opted_out", "1.0", "type"),
    ],
    "scalar_rule": [
        case("scalar_rule(1.0, lambda Ω, x: 1.0)", RegistrationError, "1.0", "callable"),
        case("scalar_rule(maker(), lambda Ω, x: 1.0)", RegistrationError, "of its own", "@rrule.register"),
        case("scalar_rule(Affine(1.0).__call__, lambda Ω, x: 1.0)", RegistrationError, "of its own"),
        case("scalar_rule(identity, 1.0)", RegistrationError, "identity", "1.0", "`lambda Ω, x: ...`"),
        case("scalar_rule(identity, max)", RegistrationError, "identity", "max", "`lambda Ω, x: ...`"),
        case("scalar_rule(identity, lambda Ω: 1.0)", RegistrationError, "identity", "`lambda Ω, x: ...`"),
        case("scalar_rule(identity, lambda Ω, x: 1.0, types=float)", RegistrationError, "types=(float,)"),
        case("scalar_rule(identity, lambda Ω, x: 1.0, types=(1.0,))", RegistrationError, "1.0", "type"),
        case("scalar_rule(identity, lambda Ω, x: 1.0, types=(int, int))", RegistrationError, "2 types for 1"),
        case("rrule(product, 2.0, 3.0)[1](1.0)", PartialsError, "product", "1 output(s) by 2", "3.0"),
        case("frule((0.0, 1.0, 1.0), product, 2.0, 3.0)", PartialsError, "product", "1 output(s) by 2"),
        case("rrule(listed, 2.0)[1](1.0)", PartialsError, "listed", "[2.0]", "neither a number nor a tuple"),
        case(
            "rrule(powers, 2.0)[1](Tangent[Any](b=1.0, a=2.0))",
            *(ProjectionError, "powers", "2 outputs", "Tangent[Any](b=1.0, a=2.0)", "2 elements"),
        ),
        case("rrule(ratios, 2.0, 4.0)[1]((1.0, 1.0))", PartialsError, "ratios", "2 output(s) by 2", "0.25"),
    ],
}
#: They take any value, or none, or are only there to be inherited from or asked for.
TAKE_ANYTHING = {
    *("AbstractTangent", "AbstractThunk", "debug_mode", "is_inplaceable_destination"),
    *("HasForwardsMode", "HasReverseMode", "NoForwardsMode", "NoReverseMode", "unthunk", "zero_tangent"),
}
#: The cases of these are in the tests of what raises them.
TESTED_ELSEWHERE = {"RuleError", "LyingRuleError"}
ERRORS = {name: x for name, x in vars(core).items() if isinstance(x, type) and issubclass(x, BaseException)}
BUILTINS = {
    AmbiguousRuleError: (TypeError,),
    BadInplaceError: (ValueError,),
    MissingFeatureError: (TypeError,),
    MutateTangentError: (TypeError, AttributeError),
    MutateThunkError: (TypeError, AttributeError),
    NoFieldsError: (TypeError,),
    NotImplementedAttributeError: (NotImplementedError, AttributeError),
    NotImplementedTangentError: (NotImplementedError,),
    PartialsError: (ValueError,),
    PrimalAdditionError: (TypeError,),
    ProjectionError: (ValueError,),
    RegistrationError: (TypeError,),
    RuleCallError: (TypeError,),
    TangentConstructionError: (TypeError,),
    TangentConversionError: (TypeError,),
    TangentMismatchError: (TypeError, ValueError),
    UnknownFieldError: (TypeError, AttributeError, KeyError, IndexError),
    ZeroTangentDivisionError: (ZeroDivisionError,),
}
NAMESPACE = {name: vars(core)[name] for name in core.__all__} | globals()
NAMESPACE |= {"Any": Any, "Literal": Literal}
CASES = [pytest.param(case, id=f"{name}: {case.wrong}") for name, cases in MISUSES.items() for case in cases]


def test_every_public_name_has_misuses_or_cannot_be_misused():
    assert sorted({*MISUSES, *TAKE_ANYTHING, *ERRORS}) == core.__all__
    assert not MISUSES.keys() & TAKE_ANYTHING


def test_every_exception_is_raised_by_a_misuse():
    raised = {case.error.__name__ for cases in MISUSES.values() for case in cases}
    assert raised == ERRORS.keys() - TESTED_ELSEWHERE


@pytest.mark.parametrize("case", CASES)
def test_a_misuse_has_its_exception_and_says_what_is_wrong(case):
    with pytest.raises(RuleError) as info:
        exec(case.wrong, dict(NAMESPACE))
    assert type(info.value) is case.error
    message = str(info.value)
    assert [part for part in case.parts if part not in message] == []
    # of the internals, users know nothing
    assert not any(word in message for word in ("__backing__", "_Thunk__", "Kind", "NoneType' object"))


@pytest.mark.parametrize(("error", "builtins"), BUILTINS.items(), ids=lambda x: getattr(x, "__name__", None))
def test_an_exception_is_the_builtin_that_fits(error, builtins):
    assert issubclass(error, RuleError)
    for builtin in builtins:
        with pytest.raises(builtin, match="why"):
            raise error("why")


# What Python itself refuses: its messages name the operator, the classes and the arguments.
OF_PYTHON = {
    "foo ** 2": (TypeError, "Tangent[Foo]"),
    "foo * foo": (TypeError, "'Tangent[Foo]' and 'Tangent[Foo]'"),
    "foo < foo": (TypeError, "'<' not supported between instances of 'Tangent[Foo]' and 'Tangent[Foo]'"),
    "float(foo)": (TypeError, "Tangent[Foo]"),
    "foo()": (TypeError, "'Tangent[Foo]' object is not callable"),
    "foo / 0": (ZeroDivisionError, "division by zero"),
    "foo.c = 1.0": (AttributeError, "'Tangent[Foo]' object has no attribute 'c'"),
    "hash(MutableTangent[Foo](a=1.0))": (TypeError, "unhashable type: 'MutableTangent[Foo]'"),
    "hash(Tangent[Foo](a=np.ones(2)))": (TypeError, "unhashable type: 'numpy.ndarray'"),
    "thunk()": (TypeError, "'f'"),
    "add_inplace(1.0)": (TypeError, "'y'"),
    "unthunk(thunk(lambda x: x))": (TypeError, "missing 1 required positional argument: 'x'"),
    "thunk(ones).nosuch": (AttributeError, "'numpy.ndarray' object has no attribute 'nosuch'"),
}


@pytest.mark.parametrize("wrong", OF_PYTHON)
def test_what_python_refuses_is_left_to_python(wrong):
    error, part = OF_PYTHON[wrong]
    with pytest.raises(error) as info:
        exec(wrong, dict(NAMESPACE))
    assert part in str(info.value)
    assert not isinstance(info.value, RuleError)


class FailedInsideError(Exception):
    """What the user's own code raises."""


def fail(*args, **kwargs):
    raise FailedInsideError


class Fragile:
    def __init__(self, a):
        if a > 1:
            raise FailedInsideError
        self.a = a


def test_exceptions_of_the_users_own_code_come_through_as_they_are():
    deferred = thunk(fail)
    for use in (
        lambda: unthunk(deferred),
        lambda: deferred + 1.0,
        lambda: Tangent[tuple](deferred)[0],
        lambda: core.add_inplace(np.ones(3), InplaceableThunk(fail, np.ones(3))),
        lambda: Fragile(1.0) + Tangent[Fragile](a=1.0),
        lambda: core.ignore_derivatives(lambda: fail()),
    ):
        with pytest.raises(FailedInsideError):
            use()
    with debugging(), pytest.raises(FailedInsideError):
        core.add_inplace(np.ones(3), InplaceableThunk(fail, np.ones(3)))
