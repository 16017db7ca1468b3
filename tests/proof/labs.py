"""Small packages to run in a subprocess, and what is asked about them."""

from __future__ import annotations

import ast
from pathlib import Path

from adjoint2rrule.proof.model import Callee, Expression, Import, Inputs, Reach, Subject

NUMPY = Import("numpy", alias="np")


def write(root: Path, **modules: str) -> str:
    """Write modules of the package `lab`; return the folder to import it from."""
    (root / "lab").mkdir(exist_ok=True)
    for name, source in {"__init__": "", **modules}.items():
        (root / "lab" / f"{name}.py").write_text(source)
    return str(root)


def subject(name: str, source: str = "", module: str = "lab.rules", differentiable: bool = True) -> Subject:
    """Return the rule that `source` defines under this name, or one that is not looked at."""
    line = last_line = 1
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            line, last_line = node.decorator_list[0].lineno, node.end_lineno or 0
    callee = Callee(Reach.NAMED, Expression(name))
    return Subject(name, name, "", module, line, last_line, callee, (), differentiable)


def call(function: str, *args: str, module: str = "lab.rules", **keywords: str) -> Inputs:
    """Return a call of a function of the package, the parts of which know numpy and the function's module."""
    name = function.partition("(")[0].partition(".")[0]
    imports = frozenset({NUMPY, Import(module, "*")})
    first = imports | ({Import(module, name)} if name.isidentifier() and name != "getattr" else frozenset())
    return Inputs(
        Expression(function, first),
        tuple(Expression(arg, imports) for arg in args),
        tuple((key, Expression(value, imports)) for key, value in keywords.items()),
    )


# Rules for finite differences to judge, and for runs.
RULES = """import numpy as np
from adjoint2rrule.core import HasReverseMode, NoTangent, RuleConfig, rrule, rrule_via_ad


def double(x):
    return 2.0 * x


@rrule.register(double)
def double_rrule(double, x):
    return double(x), lambda dy: (NoTangent(), 2.0 * dy)


class Shy:
    def __init__(self, x): self.x = x
    def __getattribute__(self, name): raise ValueError("do not look")


def hides(x): return Shy(x)
@rrule.register(hides)
def hides_rrule(hides, x): return Shy(x), lambda dy: (NoTangent(), dy)


def raises(x):
    raise ValueError("not today")


@rrule.register(raises)
def raises_rrule(raises, x):
    return raises(x), lambda dy: (NoTangent(), dy)


def fills(x):
    return 2.0 * x


@rrule.register(fills)
def fills_rrule(fills, x):
    y = fills(x)
    x[:] = 0.0
    return y, lambda dy: (NoTangent(), 2.0 * dy)


def wrong_sign(x): return 3.0 * x
@rrule.register(wrong_sign)
def wrong_sign_rrule(wrong_sign, x): return wrong_sign(x), lambda dy: (NoTangent(), -3.0 * dy)


def kink(x): return abs(x)
@rrule.register(kink)
def kink_rrule(kink, x): return kink(x), lambda dy: (NoTangent(), dy if x >= 0.0 else -dy)


def transposed(x): return x.sum(axis=1)
@rrule.register(transposed)
def transposed_rrule(transposed, x): return transposed(x), lambda dy: (NoTangent(), np.ones(x.shape[::-1]))


def short(x, y): return x * y
@rrule.register(short)
def short_rrule(short, x, y): return short(x, y), lambda dy: (NoTangent(), dy * y)


def nothing(x): return 2.0 * x
@rrule.register(nothing)
def nothing_rrule(nothing, x): return nothing(x), lambda dy: (NoTangent(), None)


def branches(x):
    return x if x > 0 else -x


@rrule.register(branches)
def branches_rrule(branches, x):
    if x > 0:
        return x, lambda dy: (NoTangent(), dy)
    return -x, lambda dy: (NoTangent(), -dy)


def shared(x):
    return 2.0 * x


@rrule.register(shared)
def shared_rrule(shared, x: float):
    return shared(x), lambda dy: (NoTangent(), 2.0 * dy)


@rrule.register(shared)
def shared_rrule_2(shared, x: np.ndarray):
    return shared(x), lambda dy: (NoTangent(), 2.0 * dy)


def apply(f, x):
    return f(x)


@rrule.register(apply)
def apply_rrule(config: RuleConfig[HasReverseMode], apply, f, x):
    y, back = rrule_via_ad(config, f, x)
    return y, lambda dy: (NoTangent(), NoTangent(), back(dy)[1])


def square(x):
    return x**2


def turned(z):
    return 1j * z


@rrule.register(turned)
def turned_rrule(turned, z):
    return turned(z), lambda dy: (NoTangent(), -1j * dy)


def two(x, name="both"):
    return 2.0 * x, {"of": name, "half": x / 2.0}


@rrule.register(two)
def two_rrule(two, x, name="both"):
    def two_pullback(dy):
        d, parts = dy
        return NoTangent(), 2.0 * d + parts["half"] / 2.0, NoTangent()
    return two(x, name), two_pullback
"""
