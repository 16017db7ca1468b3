"""`thunks`: two or more cotangents of a result that take work are put off, and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Callable
from itertools import permutations
from textwrap import indent
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st

from adjoint2rrule.convert.model import Converted, Options
from adjoint2rrule.core import AbstractThunk, rrule, unthunk
from tests.convert.building import conversion

HEAD = """\
import numpy as np
from adjoint2rrule.legacy import _pullback, adjoint

K = 2.0

def half(x): return 0.5 * x
def pair(x): return (0.5 * x, x)
def f(*args): return args[0] * args[1]
"""


def rule(result: str, before: str = "", around: str = "") -> str:
    """Return a file with a rule whose pullback does `before` and returns `result`, inside of `around`."""
    pullback = f"def back(dy):\n{indent(before, '    ')}\n    return {result}\n"
    body = indent(f"{around}\n{pullback}return f(x, y), back\n", "    ")
    return f"{HEAD}@adjoint\ndef f(x, y, z=1.0):\n{body}"


def with_thunks(text: str) -> str:
    """Return what becomes of a file all of whose rules are converted, with thunks."""
    outcome = conversion(text, options=Options(thunks=True))
    assert all(isinstance(decision, Converted) for decision in outcome.decisions), outcome.decisions
    assert not outcome.failed, outcome.diagnostics
    return outcome.result.decode()


def delayed(text: str) -> list[str]:
    """Return the expressions that are put off once `text` is converted."""
    found = []
    for node in ast.walk(ast.parse(with_thunks(text))):
        match node:
            case ast.Call(func=ast.Name(id="thunk"), args=[ast.Lambda(body=body)]):
                found.append(ast.unparse(body))
    return sorted(found)


# -- what takes work ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entry",
    [
        "dy * y",
        "-dy",
        "np.sum(dy)",
        "dy.sum()",
        "(dy * y)[0]",
        "(dy * y).T",
        "np.reshape(dy * y, 2)",
        "half(dy)",
        "float(dy @ y)",
        "dy * y if K > 1 else dy",
        "np.stack([dy for _ in x])",
        "x < y",
    ],
)
def test_work_is_put_off_beside_other_work(entry):
    written = ast.unparse(ast.parse(entry))
    assert delayed(rule(f"({entry}, dy @ x)")) == sorted([written, "dy @ x"])


@pytest.mark.parametrize(
    "entry",
    [
        "dy",
        "dy[0]",
        "dy[len(x) - 1]",
        "dy.T",
        "np.pi",
        "1.0",
        "-1.0",
        "2 * 3.0",
        "dy.reshape(2)",
        "np.transpose(dy)",
        "float(dy)",
        "np.real(dy.T[0])",
        "None",
        "dy if K > 1 else None",
    ],
)
def test_what_is_only_looked_up_is_no_work(entry):
    assert delayed(rule(f"({entry}, dy @ x)")) == []
    assert delayed(rule(f"({entry}, dy @ x, dy @ y)")) == ["dy @ x", "dy @ y"]


def test_work_on_one_path_is_put_off_there():
    text = rule("(dy * y if z is None else None, None if z is None else dy @ x)")
    result = with_thunks(text)
    assert "(NoTangent(), thunk(lambda: dy * y) if z is None else ZeroTangent()" in result
    assert "ZeroTangent() if z is None else thunk(lambda: dy @ x)" in result


def test_results_are_looked_at_one_by_one():
    before = "if K > 1:\n    return (dy * y, None)\nif K < 0:\n    return (dy * y, dy * x)"
    assert delayed(rule("(dy, dy / x)", before)) == ["dy * x", "dy * y"]


def test_starred_and_collected_entries_stay():
    assert delayed(rule("(dy * x, *pair(dy * y))")) == []
    assert delayed(rule("tuple([dy * x, dy * y])")) == ["dy * x", "dy * y"]
    assert delayed(rule("(dy * x,) + (dy * y,)")) == ["dy * x", "dy * y"]


def test_result_in_a_variable_stays():
    assert delayed(rule("both", "both = (dy * x, dy * y)")) == []


def test_without_the_option_nothing_is_put_off():
    assert b"thunk" not in conversion(rule("(dy * x, dy * y)")).result


# -- what can wait -----------------------------------------------------------------------------

WAITING = {
    "names that are bound once": ("", ""),
    "names of the pullback, bound several times": ("y = y * dy\ny = y / dy", ""),
    "names of the rule, bound several times": ("", "w = 1.0\nw = w + x"),
    "what it has made itself and changed": (
        "g = np.zeros_like(x)\ng[0] = 1.0\ng += dy\nnp.add.at(g, 0, 2.0)",
        "",
    ),
    "a list that it fills": ("parts = []\nparts.append(dy)", ""),
    "an own function": ("def own(a):\n    return a\ng = own(dy)", ""),
    "a branch": ("if K > 3:\n    return None", ""),
    "a loop before": ("for k in range(2):\n    y = y * 1.0", ""),
    "what was changed before the pullback was made": ("", "w = np.zeros(2)\nw[0] = 1.0"),
}


@pytest.mark.parametrize(("before", "around"), WAITING.values(), ids=WAITING)
def test_what_cannot_change_any_more_waits(before, around):
    assert delayed(rule("(dy * y, dy * x)", before, around)) == ["dy * x", "dy * y"]


CHANGING = {
    "an argument changed": ("(dy * y, dy * x)", "x[0] = 1.0", ""),
    "an attribute set": ("(dy * y, dy * x)", "x.grad = 1.0", ""),
    "a buffer": ("(dy * w, dy * x)", "w[:] = y", "w = np.zeros(2)"),
    "a buffer by another name": ("(dy * w, dy * x)", "g = w\ng += y", "w = np.zeros(2)"),
    "a view of a buffer": ("(dy * w, dy * x)", "g = w.reshape(2)\ng += y", "w = np.zeros(2)"),
    "a buffer of numpy": ("(dy * w, dy * x)", "np.add(w, y, out=w)", "w = np.zeros(2)"),
    "a list that is kept": ("(dy * w[-1], dy * x)", "w.append(y)", "w = []"),
    "a count": ("(dy * w, dy * x)", "nonlocal w\nw = w + 1.0", "w = 1.0"),
    "a global": ("(dy * K, dy * x)", "global K\nK = K + 1.0", ""),
    "a function that cannot be read": ("(dy * y, dy * x)", "print(x)", ""),
    "a method that cannot be read": ("(dy * y, dy * x)", "x.update_all()", ""),
    "a function inside that changes things": (
        "(dy * own(y), dy * x)",
        "def own(a):\n    w[0] = 1.0\n    return a * w",
        "w = np.zeros(2)",
    ),
    "random numbers": ("(dy * y, dy * x * np.random.rand())", "", ""),
    "a walrus": ("((g := dy * x) * y, dy * g)", "", ""),
    "an exception": ("None", "try:\n    return (dy * y, dy * x)\nexcept FloatingPointError:\n    pass", ""),
    "a context": ("None", "with np.errstate(all='raise'):\n    return (dy * y, dy * x)", ""),
    "a loop": ("None", "for k in range(2):\n    return (dy * y, dy * x * k)", ""),
    "a generator": ("(dy * sum(g), dy * sum(g))", "g = (each for each in x)", ""),
    "an iterator": ("(dy * sum(g), dy * sum(g))", "g = reversed(x)", ""),
}


@pytest.mark.parametrize(("result", "before", "around"), CHANGING.values(), ids=CHANGING)
def test_what_may_change_does_not_wait(result, before, around):
    assert delayed(rule(result, before, around)) == []


@pytest.mark.parametrize("again", ["K = 3.0\n", "for K in range(2): ...\n", "K += 1.0\n"])
def test_names_of_the_module_are_bound_once(again):
    assert delayed(rule("(dy * K, dy * x, dy * y)") + again) == ["dy * x", "dy * y"]


def test_loop_around_a_rule_binds_its_names_anew():
    text = """
        import numpy as np
        from zygoterules import adjoint
        functions = {}
        for scale in (1.0, 2.0):
            def f(x, y): return scale * x * y
            @adjoint(f)
            def rule(x, y):
                return f(x, y), lambda dy: (scale * dy * y, dy * x)
            functions[scale] = f
        def make(scale):
            def g(x, y): return scale * x * y
            @adjoint(g)
            def rule(x, y):
                return g(x, y), lambda dy: (scale * dy * y, scale * dy * x)
            return g
        def several():
            for scale in (1.0, 2.0):
                def h(x, y): return scale * x * y
                @adjoint(h)
                def rule(x, y):
                    return h(x, y), lambda dy: (scale * dy * y, dy * x)
    """
    assert delayed(text) == ["dy * x", "dy * x", "scale * dy * x", "scale * dy * y"]


def test_what_callbacks_give_is_left_to_their_rules():
    around = "fx, ad = _pullback(half, x)"
    assert delayed(rule("(dx + df, dy * fx, dy * y)", "df, dx = ad(dy)", around)) == ["dy * fx", "dy * y"]
    assert delayed(rule("(dx, dy * y)", "df, dx = ad(dy)", around)) == []


def test_helper_outside_of_the_rule_is_treated_alike():
    text = f"""{HEAD}
def make(x, y):
    return x * y, lambda dy: (dy * y, dy * x)
@adjoint
def f(x, y):
    return make(x, y)
"""
    assert delayed(text) == ["dy * x", "dy * y"]


# -- the same values, later --------------------------------------------------------------------

ATOMS = ["dy", "x", "y", "g", "h", "w", "buffer", "K", "parts[-1]", "own(dy)", "count"]
STATEMENTS = [
    "g = dy * x",
    "g = g + y",
    "g += 1.0",
    "h = buffer",
    "h = np.copy(buffer)",
    "h = buffer.reshape(-1)",
    "h[0] = 7.0",
    "h *= 2.0",
    "buffer[...] = dy",
    "buffer[0] += 1.0",
    "np.multiply(dy, 3.0, out=buffer)",
    "np.copyto(h, dy * 2.0)",
    "parts.append(np.copy(dy))",
    "count = count + 1.0",
    "for k in range(2): g = g * 1.5",
]
expressions = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner)
        | st.builds("np.where({} > 0, {}, 0.5)".format, inner, inner)
    ),
    max_leaves=4,
)
SHARED = """\
buffer = np.array([0.5, -0.5])
parts = [np.array([2.0, 3.0])]
count = 1.0
w = x
w = w * 0.5
def own(a):
    return a * y
"""


# Without the phase that explains failures: it traces every line of the converter.
@settings(phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink])
@given(
    st.lists(st.sampled_from(STATEMENTS), max_size=4),
    st.booleans(),
    st.lists(expressions, min_size=3, max_size=3),
    st.sampled_from(list(permutations(range(6)))),
)
def test_values_do_not_depend_on_when_they_are_asked_for(statements, borrows, entries, order):
    before = "\n".join(
        [*(["nonlocal count"] if borrows else ["count = 1.0"]), "g = h = dy * 1.0", *statements]
    )
    entries = [f"dy * {entry}" for entry in entries]
    text = rule(f"({', '.join(entries)})", before, SHARED)
    outcome = conversion(text, options=Options(thunks=True))
    if not all(isinstance(d, Converted) for d in outcome.decisions):
        return  # what the seed is used for stands in the way
    eager, lazy = (conversion(text, options=Options(thunks=t)).result.decode() for t in (False, True))
    event("put off" if "thunk" in lazy else "nothing put off")

    back = cotangents(eager)
    wanted = [np.copy(c) for seed in SEEDS for c in back(seed)]
    back = cotangents(lazy)
    found = [c if isinstance(c, AbstractThunk) else np.copy(c) for seed in SEEDS for c in back(seed)]
    for i in order:
        np.testing.assert_array_equal(unthunk(found[i]), wanted[i])


SEEDS = (np.array([1.0, 2.0]), np.array([-3.0, 5.0]))


def cotangents(text: str) -> Callable[[Any], tuple[Any, ...]]:
    """Return the pullback of the rule in `text`, which gives the cotangents of the arguments."""
    names: dict[str, Any] = {}
    exec(text, names)
    _, pullback = rrule(names["f"], np.array([1.5, -2.0]), np.array([0.25, 4.0]), 1.0)
    return lambda dy: pullback(dy)[1:]
