"""`projections`: cotangents that nothing keeps in the spaces of their arguments are noted, or projected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from adjoint2rrule.convert.model import Converted, Diagnostic, Options, Severity
from adjoint2rrule.core import ProjectTo, rrule, unthunk
from tests.convert.building import conversion

HEAD = """\
import numbers
import numpy as np
import scipy.sparse as sp
from typing import Any, Optional, TypeVar, Union
from numpy.typing import ArrayLike, NDArray
from adjoint2rrule.legacy import adjoint, pullback

T = TypeVar("T")
Real = Union[float, np.float32]
class Foo:
    def __init__(self, a): self.a = a
def f(*args): return args[0] * args[1]
"""


def rule(parameters: str, result: str, before: str = "") -> str:
    body = f"    {before}\n" if before else ""
    return f"{HEAD}@adjoint\ndef f({parameters}):\n{body}    return f(x, y), lambda dy: {result}\n"


def outcome(text: str, **options: bool) -> tuple[str, list[Diagnostic]]:
    """Return what becomes of a file with one rule, from that on, and the advice on it."""
    found = conversion(text, options=Options(**options))
    (decision,) = found.decisions
    assert isinstance(decision, Converted), decision
    assert not found.failed, found.diagnostics
    return found.result.decode().partition("@rrule.register")[2], list(decision.advice)


def projected(text: str) -> list[str]:
    """Return the arguments that a file's rule projects the cotangents of, none of which is advised on."""
    result, advice = outcome(text, project=True)
    names = [
        line.partition(" = ProjectTo(")[2].rstrip(")") for line in result.splitlines() if "ProjectTo(" in line
    ]
    said = "".join(piece.message.partition(" are not ")[0] for piece in advice)
    assert not any(f"`{name}`" in said for name in names)
    return names


@pytest.mark.parametrize(
    "annotation",
    [
        "",
        ": Any",
        ": object",
        ": complex",
        ": np.ndarray",
        ": 'np.ndarray'",
        ": ArrayLike",
        ": NDArray",
        ": NDArray[Any]",
        ": NDArray[np.floating]",
        ": np.number",
        ": numbers.Real",
        ": float | np.ndarray",
        ": Optional[complex]",
        ": Real",
        ": T",
        ": Unknown",
        ": sp.csr_array",
    ],
)
def test_open_annotation_asks_for_a_projection(annotation):
    text = rule(f"x{annotation}, y: float", "(2 * dy, dy)")
    assert projected(text) == ["x"]
    _, (advice,) = outcome(text)
    assert (advice.slug, advice.severity) == ("embedded-space", Severity.NOTE)
    assert advice.message.startswith("`f`: the cotangents of `x` are not projected")
    assert "--project" in advice.hint


@pytest.mark.parametrize(
    ("annotation", "entry"),
    [
        ("float", "2 * dy"),
        ("'float | None'", "2 * dy"),
        ("float | int", "2 * dy"),
        ("np.float32", "2 * dy"),
        ("NDArray[np.float64]", "2 * dy"),
        ("np.ndarray[Any, np.dtype[np.complex64]]", "2 * dy"),
        ("int", "None"),
        ("str", "None"),
        ("Foo", "dict(a=2 * dy)"),
        ("tuple", "(2 * dy, dy)"),
        ("Any", "None"),
        ("Any", "dict(a=2 * dy)"),
    ],
)
def test_there_is_nothing_to_say_of_what_is_in_its_space(annotation, entry):
    text = rule(f"x: {annotation}, y: float", f"({entry}, dy)")
    assert projected(text) == []
    assert outcome(text)[1] == []


@pytest.mark.parametrize(
    ("entry", "becomes"),
    [
        ("dy", "project_x(dy)"),
        ("1.0", "project_x(1.0)"),
        ("(dy * y)", "project_x((dy * y))"),
        ("dy * y if y > 0 else None", "project_x(dy * y) if y > 0 else ZeroTangent()"),
        ("None if y else dy", "ZeroTangent() if y else project_x(dy)"),
        ("dy * y if y > 0 else dy", "project_x(dy * y if y > 0 else dy)"),
        ("-dy", "project_x(-dy)"),
        ("[dy for _ in x][0] * y", "project_x([dy for _ in x][0] * y)"),
    ],
)
def test_cotangent_is_projected_as_it_is_written(entry, becomes):
    result, advice = outcome(rule("x, y: float", f"({entry}, None)"), project=True)
    assert f"(NoTangent(), {becomes}, ZeroTangent())" in result
    assert advice == []


def test_projection_is_made_before_the_argument_is_bound_anew():
    result, _ = outcome(rule("x, y: float", "(dy * x, dy)", "'doc'\n    x = x + 1.0"), project=True)
    assert "    'doc'\n    project_x = ProjectTo(x)\n    x = x + 1.0\n" in result


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}@adjoint\ndef f(x, y: float): return f(x, y), lambda dy: (dy * y, dy)\n",
        f"{HEAD}@adjoint\ndef f(x, y: float): 'doc'; return f(x, y), lambda dy: (dy * y, dy)\n",
        f"{HEAD}@adjoint\ndef f(x, y: float):\n    'doc'; return f(x, y), lambda dy: (dy * y, dy)\n",
        f"{HEAD}def own(dy): return (dy * 2.0, dy)\n{rule('x, y: float', 'own(dy)').removeprefix(HEAD)}",
        rule("*x", "tuple(dy * each for each in x)").replace("f(x, y)", "f(*x)"),
    ],
    ids=["one line", "one line with docstring", "behind the docstring", "helper", "variadic"],
)
def test_advice_is_left_where_there_is_no_place_for_a_projection(text):
    assert projected(text) == []
    result, (advice,) = outcome(text, project=True)
    assert "`x`" in advice.message
    assert "outside of the pullback" in advice.hint
    assert result == outcome(text)[0]


def test_what_callbacks_give_is_left_to_their_rules():
    text = f"""{HEAD}@adjoint
def f(g, x, y):
    z, back = pullback(g, x)
    def f_pullback(dy):
        (dx,) = back(dy * y)
        return None, dx, dy * z
    return z * y, f_pullback
"""
    assert projected(text) == ["y"]


def test_projected_cotangents_are_put_off_as_a_whole():
    result, _ = outcome(rule("x, y", "(dy * y, dy * x)"), project=True, thunks=True)
    assert "(NoTangent(), thunk(lambda: project_x(dy * y)), thunk(lambda: project_y(dy * x)))" in result


def test_refused_and_adapted_rules_get_no_advice():
    found = conversion(f"{HEAD}@adjoint\ndef f(x, y):\n    return f(x, y), make(x)\n")
    assert not any(getattr(decision, "advice", ()) for decision in found.decisions)


# -- the values --------------------------------------------------------------------------------

dtypes = st.sampled_from([np.float32, np.float64, np.complex64, np.complex128])
values = dtypes.flatmap(
    lambda dtype: npst.arrays(
        dtype,
        3,
        elements={"max_magnitude": 8} if np.dtype(dtype).kind == "c" else {"min_value": -8, "max_value": 8},
    )
)


@given(values, values, values, st.booleans())
def test_cotangents_change_by_projection_alone(x, y, seed, thunks):
    text = rule("x, y", "(dy * np.conj(y), dy * np.conj(x))")
    plain, lazy = ({}, {"project": True, "thunks": thunks})
    before, after = (
        cotangents(conversion(text, options=Options(**o)).result, x, y, seed) for o in (plain, lazy)
    )
    for primal, wanted, found in zip((x, y), before, after, strict=True):
        assert found.dtype == primal.dtype
        np.testing.assert_array_equal(found, ProjectTo(primal)(wanted))


def cotangents(content: bytes, x: Any, y: Any, seed: Any) -> list[Any]:
    """Return what the converted rule gives for `seed`."""
    names: dict[str, Any] = {}
    exec(content, names)
    _, back = rrule(names["f"], x, y)
    return [unthunk(c) for c in back(seed)[1:]]
