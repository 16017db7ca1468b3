"""What the decorators take for a definition, for its target, and what they leave behind."""

# ruff: noqa: F811, N807 - a plain definition takes the name of its primal

import builtins
import functools
import math
import operator
import sys
import textwrap
from dataclasses import dataclass
from functools import reduce
from types import ModuleType
from typing import Literal

import numpy as np
import pytest

from adjoint2rrule import legacy
from adjoint2rrule.core import AmbiguousRuleError
from adjoint2rrule.legacy import LegacyRuleError, _pullback, adjoint, adjoint_mut, gradient, nograd, pullback


def cotangents(f, *xs, seed=1.0, **kw):
    return pullback(f, *xs, **kw)[1](seed)


@pytest.fixture
def module():
    """Return a function that runs a text as a module, and returns it."""
    name = "module_of_legacy_rules"

    def run(text):
        result = sys.modules[name] = ModuleType(name)
        exec(compile(textwrap.dedent(text), f"{name}.py", "exec"), vars(result))
        return result

    yield run
    sys.modules.pop(name, None)


# -- the plain form -----------------------------------------------------------------------------------


def square(x):
    return x * x


primal_square = square


@adjoint
def square(x):
    return square(x), lambda dy: (2 * x * dy,)


def test_name_of_a_plain_definition_still_is_the_primal():
    assert square is primal_square
    assert gradient(square, 3.0) == (6.0,)


def test_plain_definition_in_a_function_is_for_its_local():
    def square(x):
        return x * x + 1

    primal = square

    @adjoint
    def square(x):
        return square(x), lambda dy: (20 * dy,)

    assert square is primal
    assert gradient(square, 3.0) == (20.0,)
    assert gradient(primal_square, 3.0) == (6.0,)


def test_plain_definition_in_a_function_is_for_a_global_where_there_is_no_local(module):
    m = module("""
        from adjoint2rrule.legacy import adjoint
        def cube(x):
            return x**3
        def register():
            @adjoint
            def cube(x):
                return x**3, lambda dy: (7 * dy,)
            return cube
        inner = register()
    """)
    assert m.inner is m.cube
    assert gradient(m.cube, 1.0) == (7.0,)


def test_plain_definition_finds_the_variable_of_an_outer_function_that_runs():
    def cube(x):
        return x**3

    def register():
        @adjoint
        def cube(x):
            return x**3, lambda dy: (7 * dy,)

        return cube

    assert register() is cube
    assert gradient(cube, 1.0) == (7.0,)


def test_plain_definition_is_for_an_imported_name(module):
    m = module("""
        from math import erfc
        from adjoint2rrule.legacy import adjoint as adj
        @adj
        def erfc(x):
            return erfc(x), lambda dy: (5 * dy,)
    """)
    assert m.erfc is math.erfc
    assert gradient(math.erfc, 0.3) == (5.0,)


def test_plain_definition_is_for_a_builtin(module):
    m = module("""
        import adjoint2rrule.legacy as zr
        @zr.adjoint
        def divmod(x, y):
            return divmod(x, y), lambda dy: (dy[1], None)
    """)
    assert m.divmod is builtins.divmod
    assert cotangents(divmod, 7.5, 2.0, seed=(0.0, 3.0)) == (3.0, None)


def test_plain_definition_of_a_name_that_denotes_nothing_is_refused(module):
    with pytest.raises(NameError, match=r"'missing' denotes nothing at line 3 of module_of_legacy_rules.py"):
        module("""
            from adjoint2rrule.legacy import adjoint
            @adjoint
            def missing(x):
                return missing(x), lambda dy: (dy,)
        """)


def test_plain_definition_under_a_decorator_that_wraps_it_is_one():
    def traced(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args)

        return wrapper

    def cube(x):
        return x**3

    primal = cube

    @adjoint
    @traced
    def cube(x):
        return cube(x), lambda dy: (3 * x**2 * dy,)

    assert cube is primal
    assert gradient(cube, 2.0) == (12.0,)


def test_plain_definition_in_a_class_body_is_for_the_function_there():
    class Spring:
        def __init__(self, k):
            self.k = k

        def force(self, x):
            return -self.k * x

        @adjoint
        def force(self, x):
            return -self.k * x, lambda df: ({"k": -x * df}, -self.k * df)

        def __call__(self, x):
            return self.force(x)

        @adjoint
        def __call__(self, x):
            return -self.k * x, lambda df: ({"k": -x * df}, -self.k * df)

    spring = Spring(2.0)
    assert spring.force(3.0) == -6.0
    assert _pullback(spring.force, 3.0)[1](1.0) == ({"k": -3.0}, -2.0)
    assert _pullback(spring, 3.0)[1](1.0) == ({"k": -3.0}, -2.0)


def test_several_plain_definitions_are_methods_of_one_rule():
    def size(x):
        return 1.0

    @adjoint
    def size(x):
        return 1.0, lambda dy: ("anything",)

    @adjoint
    def size(x: list):
        return 1.0, lambda dy: ("list",)

    @adjoint
    def size(x: list[float]):
        return 1.0, lambda dy: ("list of floats",)

    assert gradient(size, 2.0) == ("anything",)
    assert gradient(size, ["a"]) == ("list",)
    assert gradient(size, [1, 2.0]) == ("list of floats",)


# -- the explicit form --------------------------------------------------------------------------------


def double(x):
    return 2 * x


@adjoint(double)
def double_rule(x):
    return 2 * x, lambda dy: (2 * dy,)


def test_explicit_definition_leaves_the_function_written():
    assert double_rule(3.0)[0] == 6.0
    assert gradient(double, 3.0) == (2.0,)


def test_explicit_target_can_be_a_function_of_the_same_module_under_another_name(module):
    m = module("""
        from adjoint2rrule.legacy import adjoint
        def f(x): return 3 * x
        tripled = f
        def f(x): return 4 * x
        @adjoint(tripled)
        def rule(x):
            return 3 * x, lambda dy: (3 * dy,)
        @adjoint(f)
        def rule(x):
            return 4 * x, lambda dy: (4 * dy,)
    """)
    assert gradient(m.tripled, 1.0) == (3.0,)
    assert gradient(m.f, 1.0) == (4.0,)


def test_explicit_target_can_be_a_lambda_of_the_same_line(module):
    m = module("""
        from adjoint2rrule.legacy import adjoint
        f = lambda x: 3 * x; adjoint(f)(lambda x: (3 * x, lambda dy: (3 * dy,)))
    """)
    assert gradient(m.f, 1.0) == (3.0,)


def test_explicit_definition_over_a_parameter_is_for_its_value():
    def define(f, factor):
        @adjoint(f)
        def rule(x):
            return f(x), lambda dy: (factor * dy,)

        return rule

    def first(x):
        return x

    second = lambda x: x  # noqa: E731
    rules = define(first, 2.0), define(second, 3.0)
    assert [rule.__name__ for rule in rules] == ["rule", "rule"]
    assert gradient(first, 1.0) == (2.0,)
    assert gradient(second, 1.0) == (3.0,)


@pytest.mark.parametrize(
    ("f", "xs"),
    [
        (np.arctan2, (1.0, 2.0)),
        (np.linalg.det, ([[1.0, 2.0], [3.0, 4.0]],)),
        (math.hypot, (3.0, 4.0)),
        (str.count, ("aa", "a")),
    ],
    ids=["ufunc", "numpy_function", "builtin", "method_of_a_builtin"],
)
def test_explicit_target_can_be_a_function_of_c(f, xs):
    @adjoint(f)
    def _(*xs):
        return f(*xs), lambda dy: tuple(10 * dy for _ in xs)

    assert cotangents(f, *xs) == (10.0,) * len(xs)


def test_explicit_definitions_stack():
    def f(x):
        return x

    def g(x):
        return x

    def h(x):
        return x

    primal = h

    @adjoint
    @adjoint(f)
    @adjoint(g)
    def h(x):
        return x, lambda dy: (5 * dy,)

    assert h is primal
    assert gradient(f, 1.0) == gradient(g, 1.0) == gradient(h, 1.0) == (5.0,)


@pytest.mark.parametrize("decorator", [adjoint, adjoint_mut], ids=["adjoint", "adjoint_mut"])
def test_explicit_target_must_be_callable(decorator):
    with pytest.raises(LegacyRuleError, match=r"3\.0 cannot be called"):
        decorator(3.0)


def test_property_as_a_target_is_refused_with_the_form_to_write():
    with pytest.raises(LegacyRuleError, match=r"cannot be called.*literal_getproperty"):
        adjoint(property(lambda self: 1.0))


# -- constructors, functors, methods ------------------------------------------------------------------


@dataclass
class Pair:
    a: float
    b: float = 0.0


@dataclass
class Narrow(Pair):
    pass


@adjoint
def Pair(a, b=0.0):
    return Pair(a, b), lambda dp: (dp["a"], dp["b"])


def test_definition_for_a_class_is_for_its_constructor():
    assert isinstance(Pair, type)
    y, back = _pullback(Pair, 1.0, 2.0)
    assert y == Pair(1.0, 2.0)
    assert back({"a": 3.0, "b": None}) == (None, 3.0, None)


def test_constructor_of_a_subclass_is_another_target():
    @adjoint(Narrow)
    def _(a, b=0.0):
        return Narrow(a, b), lambda dp: (100.0, 100.0)

    assert cotangents(Narrow, 1.0, 2.0, seed={"a": 3.0}) == (100.0, 100.0)
    assert cotangents(Pair, 1.0, 2.0, seed={"a": 3.0, "b": 4.0}) == (3.0, 4.0)


@dataclass
class Affine:
    weight: float
    bias: float

    def __call__(self, x):
        return self.weight * x + self.bias


@dataclass
class Quadratic:
    c: float

    def __call__(self, x):
        return self.c * x**2


@adjoint
def __call__(self: Affine, x):
    return self(x), lambda dy: ({"weight": x * dy, "bias": dy}, self.weight * dy)


@adjoint
def __call__(self: "Quadratic", x):
    return self(x), lambda dy: ({"c": x**2 * dy}, 2 * self.c * x * dy)


def test_functors_are_told_apart_by_the_annotation_of_self():
    assert _pullback(Affine(2.0, 1.0), 3.0)[1](1.0) == ({"weight": 3.0, "bias": 1.0}, 2.0)
    assert _pullback(Quadratic(2.0), 3.0)[1](1.0) == ({"c": 9.0}, 12.0)


def test_nothing_is_inserted_for_a_functor_whose_result_is_short():
    class Constant:
        def __call__(self, x, y):
            return 1.0

    @adjoint
    def __call__(self: Constant, x, y):
        return 1.0, lambda dy: ("self",)

    assert _pullback(Constant(), 1.0, 2.0)[1](1.0) == ("self", None, None)


@pytest.mark.parametrize("annotation", ["Scaled", "'Scaled'", "inner.Scaled", "Scaled[float]"])
def test_class_of_a_functor_can_be_named_in_any_way(module, annotation):
    m = module(f"""
        from __future__ import annotations
        from types import SimpleNamespace
        from typing import Generic, TypeVar
        from adjoint2rrule.legacy import adjoint
        class Scaled(Generic[TypeVar("T")]):
            def __call__(self, x): return x
        inner = SimpleNamespace(Scaled=Scaled)
        @adjoint
        def __call__(self: {annotation}, x):
            return x, lambda dy: (None, 8 * dy)
    """)
    assert gradient(m.Scaled(), 1.0) == (8.0,)


@pytest.mark.parametrize("parameters", ["self, x", "", "self: 'Missing', x", "self: 3, x"])
def test_functor_that_does_not_tell_its_class_is_refused(module, parameters):
    with pytest.raises(LegacyRuleError, match=r"line 3 of module_of_legacy_rules.py.*`self: Affine`"):
        module(f"""
            from adjoint2rrule.legacy import adjoint
            @adjoint
            def __call__({parameters}):
                return x, lambda dy: (None, dy)
        """)


def test_explicit_functor_needs_no_annotation():
    class Local:
        def __call__(self, x):
            return x

    class Overriding(Local):
        def __call__(self, x):
            return x + 1

    @adjoint(Local.__call__)
    def _(self, x):
        return self(x), lambda dy: ("self", 3 * dy)

    assert _pullback(Local(), 1.0)[1](1.0) == ("self", 3.0)
    # what a subclass makes of the call has another derivative, and no rule
    assert _pullback(Overriding(), 1.0)[1](1.0) == (None, 1.0)


def test_both_forms_of_a_functor_are_methods_of_one_rule():
    class Local:
        def __call__(self, x):
            return x

    @adjoint
    def __call__(self: Local, x):
        return x, lambda dy: (None, "anything")

    @adjoint(Local.__call__)
    def _(self: Local, x: float):
        return x, lambda dy: (None, "float")

    assert gradient(Local(), 1.0) == ("float",)
    assert cotangents(Local(), "text") == ("anything",)


def test_explicit_functor_can_be_of_a_nested_class_of_another_module(module):
    m = module("""
        class Outer:
            class Inner:
                def __call__(self, x): return x
    """)

    @adjoint(m.Outer.Inner.__call__)
    def _(self, x):
        return x, lambda dy: (None, 4 * dy)

    class Sub(m.Outer.Inner): ...

    assert gradient(Sub(), 1.0) == (4.0,)


def test_explicit_functor_can_be_of_a_class_of_c():
    @adjoint(operator.itemgetter.__call__)
    def _(self, x):
        return self(x), lambda dy: (None, [dy, None])

    assert cotangents(operator.itemgetter(0), [5.0, 6.0]) == ([1.0, None],)


def test_call_of_one_object_is_not_that_of_its_class():
    first, second = operator.itemgetter(0), operator.itemgetter(1)

    @adjoint(first.__call__)
    def _(x):
        return first(x), lambda dy: ("first",)

    assert cotangents(first.__call__, [5.0, 6.0]) == ("first",)
    assert cotangents(second.__call__, [5.0, 6.0]) != ("first",)


class Layer:
    def __init__(self, gain):
        self.gain = gain

    def forward(self, x):
        return self.gain * x


class Wide(Layer):
    pass


class Other(Layer):
    def forward(self, x):
        return 5 * x


@adjoint(Layer.forward)
def _(self, x):
    return self.gain * x, lambda dy: ({"gain": x * dy}, self.gain * dy)


def test_method_is_a_function_whose_first_argument_is_self():
    y, back = _pullback(Layer.forward, Layer(2.0), 3.0)
    assert (y, back(1.0)) == (6.0, (None, {"gain": 3.0}, 2.0))


@pytest.mark.parametrize("cls", [Layer, Wide])
def test_bound_method_puts_its_object_in_the_place_of_the_function(cls):
    y, back = _pullback(cls(2.0).forward, 3.0)
    assert (y, back(1.0)) == (6.0, ({"gain": 3.0}, 2.0))
    assert cotangents(cls(2.0).forward, 3.0) == (2.0,)


def test_overriding_method_is_another_target():
    assert cotangents(Other(2.0).forward, 3.0) == (5.0,)


def test_calls_that_end_up_in_a_method_use_its_definition():
    class Called(Layer):
        __call__ = Layer.forward

    assert _pullback(Called(2.0), 3.0)[1](1.0) == ({"gain": 3.0}, 2.0)


# -- dispatch -----------------------------------------------------------------------------------------


def test_numeric_tower_chooses_the_most_specific_definition():
    def kind(x):
        return x

    for annotation, answer in ((complex, "complex"), (float, "float"), (int, "int")):

        @adjoint(kind)
        def _(x: annotation, answer=answer):
            return x, lambda dy: (answer,)

    numbers = [2, np.int32(2), 2.0, np.float32(2.0), 2j, np.complex64(2j)]
    assert [cotangents(kind, x)[0] for x in numbers] == ["int", "int", "float", "float", "complex", "complex"]


def test_literals_variadics_and_keywords_choose_a_definition():
    def f(x, *xs, mode="a"):
        return x

    @adjoint(f)
    def _(x, *xs: float, mode="a"):
        return x, lambda dy: ("floats",)

    @adjoint(f)
    def _(x, y: Literal["b"]):
        return x, lambda dy: ("b",)

    assert cotangents(f, 1.0, 2.0, 3.0)[0] == "floats"
    assert cotangents(f, 1.0, "b")[0] == "b"
    assert cotangents(f, 1.0, mode="c") == ("floats",)


def test_ambiguous_definitions_are_an_error_that_names_them():
    def f(x, y):
        return x

    @adjoint(f)
    def left(x: float, y):
        return x, lambda dy: None

    @adjoint(f)
    def right(x, y: float):
        return x, lambda dy: None

    with pytest.raises(AmbiguousRuleError, match=r"(?s)left.*right"):
        pullback(f, 1.0, 2.0)


# -- adjoint_mut and nograd ---------------------------------------------------------------------------


def test_only_a_mutating_definition_runs_for_a_zero_seed():
    def f(x):
        return x

    def g(x):
        return x

    seen = []

    @adjoint_mut
    @adjoint(f)
    def g(x):
        return x, lambda dy: seen.append(dy)

    assert cotangents(f, 1.0, seed=None) == (None,)
    assert seen == []
    assert cotangents(g, 1.0, seed=None) == (None,)
    assert seen == [None]


def test_adjoint_mut_takes_a_target_too():
    def f(x):
        return x

    @adjoint_mut(f)
    def rule(x):
        return x, lambda dy: ("undone" if dy is None else dy,)

    assert rule(1.0)[0] == 1.0
    assert cotangents(f, 1.0, seed=None) == ("undone",)


def test_nograd_as_a_decorator_gives_the_function_back():
    def rounded(x, digits=0):
        return round(x, digits)

    assert nograd(rounded) is rounded
    y, back = _pullback(rounded, 1.26, 1)
    assert (y, back(1.0)) == (1.3, (None, None, None))


def test_nograd_as_a_statement_takes_several_functions_and_classes():
    def f(x):
        return x

    class Made:
        def __init__(self, x):
            self.x = x

    assert nograd(f, np.rint, Made) is None
    for g in (f, np.rint, Made):
        assert cotangents(g, 1.5) == (None,)


def test_nograd_goes_anywhere_in_a_stack_of_decorators():
    @functools.lru_cache
    @nograd
    def inner(x):
        return x

    @nograd
    @functools.lru_cache
    def outer(x):
        return x

    assert gradient(outer, 1.5) == (None,)
    assert gradient(inner.__wrapped__, 1.5) == (None,)


def test_definition_for_some_arguments_precedes_nograd():
    @nograd
    def f(x):
        return x

    @adjoint(f)
    def _(x: float):
        return x, lambda dy: (dy,)

    assert cotangents(f, 1.0) == (1.0,)
    assert cotangents(f, "text") == (None,)


def test_nograd_of_what_cannot_be_called_is_refused():
    with pytest.raises(LegacyRuleError, match="nograd: 'f' cannot be called"):
        nograd("f")


# -- a foreign module of this runtime -----------------------------------------------------------------


def test_star_import_gives_the_public_names_only():
    names = {}
    exec("from adjoint2rrule.legacy import *", names)
    names.pop("__builtins__")
    assert set(names) == set(legacy.__all__)
    assert {"adjoint", "adjoint_mut", "nograd", "pullback", "gradient"} < set(names)
    assert legacy._pullback
    assert legacy.__context__


def test_star_import_is_enough_for_a_definition(module):
    m = module("""
        from adjoint2rrule.legacy import *
        from adjoint2rrule.legacy import _pullback
        def f(x): return x
        @adjoint
        def f(x): return f(x), lambda dy: (2 * dy,)
        y, back = _pullback(f, 1.0)
    """)
    assert m.back(1.0) == (None, 2.0)


def test_rules_of_many_targets_do_not_mix():
    def make(n):
        def f(x):
            return n * x

        @adjoint
        def f(x):
            return n * x, lambda dy: (n * dy,)

        return f

    functions = [make(n) for n in range(20)]
    assert reduce(operator.iadd, (gradient(f, 1.0) for f in functions)) == tuple(map(float, range(20)))
