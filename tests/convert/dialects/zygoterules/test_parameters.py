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
COUNT = 3
OTHER = COUNT
SCALE = 0.5
MISSING = object()
def helper(x): ...
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
        ("np.inf", "ZeroTangent"),
        ("-np.pi", "ZeroTangent"),
        ("(1, 0.5)", "ZeroTangent"),
        ("[1, 2]", "ZeroTangent"),
        ("SCALE", "ZeroTangent"),
        ("make()", "ZeroTangent"),
        ("MISSING", "ZeroTangent"),
        ("COUNT", "NoTangent"),
        ("-COUNT", "NoTangent"),
        ("OTHER", "NoTangent"),
        ("(0, 1)", "NoTangent"),
        ("(0, (1, 'a'))", "NoTangent"),
        ("...", "NoTangent"),
        ("not 1", "NoTangent"),
        ("slice(None)", "NoTangent"),
        ("range(3)", "NoTangent"),
        ("float", "NoTangent"),
        ("np.float64", "NoTangent"),
        ("Foo", "NoTangent"),
        ("max", "NoTangent"),
        ("helper", "NoTangent"),
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
        "x[y + 1]",
        "x[2 * y : -y]",
        "n = y\nx[n]",
        "n = 2 * y\nnp.zeros(n)",
        "np.sum(x, y)",
        "x.sum(y)",
        "x.transpose(0, y)",
        "np.roll(x, y)",
        "np.roll(x, 1, axis=y)",
        "np.eye(3, k=y)",
        "np.linalg.matrix_power(x, y)",
        "np.fft.fft(x, n=y)",
        "np.fft.fft(x, y)",
        "np.arange(y)",
        "np.zeros((y,) + x.shape)",
        "x.reshape(*y)",
        "round(x, y)",
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
        "x[y] = 1\nz = y * 2\nz + x",
        "x[y] = 1\nz = y\nz * x",
        "x[y] = 1\nz = y\nz = 2",
        "x[y / 2]",
        "x[y + 1]\ny + 1",
        "x ** y",
        "np.arange(0, y)",
        "np.full(3, y)",
        "np.roll(y, 1)",
        "np.linspace(0, y)",
        "np.linalg.norm(x, y)",
        "x.sum(0, y)",
        "x.other(y)",
        "np.zeros(*x, y)",
        "np.roll(x, *y)",
        "range(int(y))",
        "if y > 2: x[y]",
        "class C(axis=y): ...",
        "raise ValueError(y)",
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
