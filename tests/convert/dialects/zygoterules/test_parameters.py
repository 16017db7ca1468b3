"""`parameters`: which zero ``None`` stands for, by annotation, default and use."""

from __future__ import annotations

import ast
from textwrap import indent

import pytest

from tests.convert.building import converted

HEAD = """\
from enum import Enum
from typing import Callable, Literal, Optional
import numpy as np
from numpy.typing import NDArray
from zygoterules import adjoint

class Pol(Enum):
    S = 1
class Foo:
    LIMIT = 1.0
def f(*args): ...
"""


def zeros(parameters: str, body: str = "pass", other_result: str = "None") -> list[str]:
    """Return the zeros of a rule's parameters, whose pullback returns only ``None`` or `other_result`."""
    count = len(ast.parse(f"def f({parameters}): ...").body[0].args.args)
    result = f"({', '.join(['None'] * count)},)"
    rule = f"""\
@adjoint
def f({parameters}):
{indent(body, "    ")}
    def back(dy):
        if dy[0] > 0:
            return {other_result}
        return {result}
    return f(x), back
"""
    tree = ast.parse(converted(HEAD + rule))
    (back,) = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "back")
    return [ast.unparse(call.func) for call in back.body[-1].value.elts[1:]]


# -- annotations -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "zero"),
    [
        ("float", "ZeroTangent"),
        ("np.ndarray", "ZeroTangent"),
        ("Foo", "ZeroTangent"),
        ("Optional[float]", "ZeroTangent"),
        ("NDArray[np.float64]", "ZeroTangent"),
        ("'Foo'", "ZeroTangent"),
        ("Unknown", "ZeroTangent"),
        ("int", "NoTangent"),
        ("'int'", "NoTangent"),
        ("bool", "NoTangent"),
        ("str", "NoTangent"),
        ("None", "NoTangent"),
        ("Optional[int]", "NoTangent"),
        ("Literal['a', 'b']", "NoTangent"),
        ("tuple[int, int]", "NoTangent"),
        ("NDArray[np.intp]", "NoTangent"),
        ("Pol", "NoTangent"),
        ("Callable", "NoTangent"),
        ("Callable[[float], float]", "NoTangent"),
    ],
)
def test_annotation_tells(annotation, zero):
    assert zeros(f"x, y: {annotation}")[1] == zero


@pytest.mark.parametrize(
    ("parameter", "zero"),
    [
        ("y: float = 0", "ZeroTangent"),
        ("y: int = 0.5", "NoTangent"),
        ("y: float = None", "ZeroTangent"),
        ("y: 'Foo' = None", "ZeroTangent"),
    ],
)
def test_annotation_outranks_default(parameter, zero):
    assert zeros(f"x, {parameter}")[1] == zero


def test_annotation_outranks_use():
    assert zeros("x, y: float", "x[y]")[1] == "ZeroTangent"


# -- defaults ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("default", "zero"),
    [
        ("0.5", "ZeroTangent"),
        ("1j", "ZeroTangent"),
        ("-0.5", "ZeroTangent"),
        ("()", "ZeroTangent"),
        ("np.pi", "ZeroTangent"),
        ("CONSTANT", "ZeroTangent"),
        ("0", "NoTangent"),
        ("-1", "NoTangent"),
        ("True", "NoTangent"),
        ("'full'", "NoTangent"),
        ("b''", "NoTangent"),
        ("lambda x: x", "NoTangent"),
        ("Pol.S", "NoTangent"),
        ("Foo.LIMIT", "ZeroTangent"),
        ("None", "NoTangent"),
    ],
)
def test_default_tells_where_there_is_no_annotation(default, zero):
    assert zeros(f"x, y={default}")[1] == zero


def test_default_none_stands_for_no_gradient_only_where_no_path_gives_one():
    assert zeros("x, y=None")[1] == "NoTangent"
    assert zeros("x, y=None", other_result="(None, 2 * dy)")[1] == "ZeroTangent"


# -- use ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "x[y]",
        "x[y:]",
        "x[:, y]",
        "x[..., y, None]",
        "np.sum(x, axis=y)",
        "x.sum(axis=y)",
        "np.zeros(y)",
        "np.zeros((3, y))",
        "np.zeros(shape=y)",
        "np.eye(y)",
        "x.reshape(y)",
        "x.reshape(-1, y)",
        "np.reshape(x, y)",
        "for i in range(y): pass",
        "y(x)",
        "x[y]\nx.sum(axis=y)",
        "x[y]\nf(x, y)",
        "def inner():\n    return x[y]",
    ],
)
def test_argument_that_is_only_an_index_shape_axis_or_function_has_no_tangent(body):
    assert zeros("x, y", body)[1] == "NoTangent"


@pytest.mark.parametrize(
    "body",
    [
        "pass",
        "f(x, y)",  # handing it to the function itself says nothing
        "f(x, y=y)",
        "y * x",
        "x[y]\ny * x",
        "x[y] = 1\nz = y",
        "y[0]",
        "np.sum(y)",
        "np.sum(y, axis=0)",
        "np.reshape(y, 3)",
        "other(axis=y)",
        "unknown(y)",
        "len(y)",
        "if y is None: pass",
        "y.shape",
    ],
)
def test_argument_used_in_any_other_way_may_be_perturbed(body):
    assert zeros("x, y", body)[1] == "ZeroTangent"


def test_use_tells_only_where_no_path_gives_a_gradient():
    assert zeros("x, y", "x[y]", other_result="(None, 2 * dy)")[1] == "ZeroTangent"


def test_every_parameter_is_told_by_itself():
    assert zeros("x, n: int, y=None, k=2.0") == ["ZeroTangent", "NoTangent", "NoTangent", "ZeroTangent"]
