"""Pullbacks that call back into the AD: cotangents by the pullback of another function, which has a rule."""

from __future__ import annotations

from typing import Any

from tests.generator.drawing import LOCALS, PULLBACKS, Names, pick

INNER = """\
def {0}(u):
    return u * u


@§adjoint
def {0}(u):
    return {0}(u), lambda du: ({1},)"""


def called_back(draw: Any, argument: str, seed: str, names: Names) -> tuple[list[str], str]:
    """Draw statements of a pullback that differentiate a function of `argument`, and what they give."""
    assert names.outside is not None
    inner, back, gained = f"inner_{len(names.taken)}", names.new(draw, PULLBACKS), names.new(draw, LOCALS)
    names.helpers.append(INNER.format(inner, pick(draw, "2 * u * du", "None", "None if SWITCH else du")))
    form = pick(draw, _pullback, _with_function, _gradient, *([] if names.is_helper else [_with_context]))
    outside, whole, only = form(draw, inner, back, argument, seed)
    names.outside += outside
    tested = [f"if {gained} is None:", f"    {gained} = 0.0"]
    return pick(
        draw,
        ([], only),
        ([f"{gained} = {only}"], gained),
        ([f"{whole.format(gained)}"], gained),
        ([f"{gained} = {only}", *tested], gained),
        ([f"{gained} = {only}"], f"None if {gained} is None else 2 * {gained}"),
    )


def _pullback(draw: Any, inner: str, back: str, argument: str, seed: str) -> tuple[list[str], str, str]:
    made = pick(
        draw, f"_, {back} = §pullback({inner}, {argument})", f"{back} = §pullback({inner}, {argument})[1]"
    )
    return [made], f"({{}},) = {back}({seed})", f"{back}({seed})[0]"


def _with_function(draw: Any, inner: str, back: str, argument: str, seed: str) -> tuple[list[str], str, str]:
    made = f"_, {back} = §_pullback({inner}, {argument})"
    return [made], f"_, {{}} = {back}({seed})", f"{back}({seed})[1]"


def _with_context(draw: Any, inner: str, back: str, argument: str, seed: str) -> tuple[list[str], str, str]:
    # The name is known in the body of a rule, without an import.
    _, whole, only = _with_function(draw, inner, back, argument, seed)
    return [f"_, {back} = §_pullback(__context__, {inner}, {argument})"], whole, only


def _gradient(draw: Any, inner: str, back: str, argument: str, seed: str) -> tuple[list[str], str, str]:
    call = f"§gradient({inner}, {argument})"
    return [], f"({{}},) = {call}", f"{call}[0]"
