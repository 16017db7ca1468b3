"""The boxes of autograd, and how the call of a rule becomes one node of its graph.

autograd differentiates in traces, one inside the other: a box holds a value of its trace, which for second
derivatives is a box of the trace around it. A call is therefore run trace by trace, from the innermost
boxes down to plain values. At each the value is that of the same call one trace further down, so that every
derivative of it is by a rule, and the pullback is that of the rule, run on what is in the boxes. Where
these are boxes again, autograd differentiates the body of the rule.

This module loads autograd; `to_autograd` and `via_ad` load it when they need it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.builtins import tuple as boxed_tuple
from autograd.core import JVPNode, VJPNode, vspace
from autograd.numpy.numpy_boxes import ArrayBox
from autograd.tracer import getval, isbox, new_box

from adjoint2rrule.core import AbstractZero
from adjoint2rrule.interop.autograd.captures import capture_error
from adjoint2rrule.interop.autograd.config import AutogradConfig
from adjoint2rrule.interop.autograd.second_order import traced_cotangents, traced_tangents
from adjoint2rrule.interop.calls import Call
from adjoint2rrule.interop.cotangents import ZERO, is_complex
from adjoint2rrule.interop.errors import UntraceableError
from adjoint2rrule.interop.leaves import is_leaf, leaves, seeds, with_leaves
from adjoint2rrule.interop.runs import ReverseRun
from adjoint2rrule.interop.system import System

SYSTEM = System("autograd", AutogradConfig(), isbox, stand_in=getval, conj=anp.conj)


def opened(x: Any) -> Any:
    """Return `x` with boxes of containers taken apart, so that every box in it is one of an array."""
    return with_leaves(_opened_box, x, isbox)


def is_of_array(box: Any) -> bool:
    """Return whether a box holds a number or an array, and no container."""
    return type(box) is ArrayBox


def _opened_box(box: Any) -> Any:
    if is_of_array(box):
        return box
    container = getval(box)
    keys = container if isinstance(container, dict) else range(len(container))
    parts = [_opened_part(box, container, key) for key in keys]
    if isinstance(container, dict):
        return dict(zip(keys, parts, strict=True))
    return container._make(parts) if hasattr(container, "_make") else type(container)(parts)


def _opened_part(box: Any, container: Any, key: Any) -> Any:
    if not isinstance(container[key], tuple | list | dict) and not is_leaf(container[key]):
        raise UntraceableError(
            f"autograd has no gradient with respect to a {type(container).__name__} that holds a"
            f" {type(container[key]).__name__}, at {key!r}: pass that as an argument of its own."
        )
    return _opened_box(box[key])


def run(call: Call, inputs: Sequence[Any]) -> Any:
    """Return the value of a call with `inputs` for its leaves, in a box for each trace of these."""
    top = max((x._trace for x in inputs if isbox(x)), default=-1)
    if top < 0:
        return call.value(inputs)
    needed = [isbox(x) and x._trace == top for x in inputs]
    values = [x._value if mine else x for x, mine in zip(inputs, needed, strict=True)]
    parents = [x._node for x, mine in zip(inputs, needed, strict=True) if mine]
    if isinstance(parents[0], JVPNode):
        return _forward(call, values, needed, parents, top)
    return _reverse(call, values, needed, parents, top)


def _reverse(call: Call, values: list[Any], needed: list[bool], parents: list[Any], top: int) -> Any:
    """Return the value of the call as the box of a node whose vjp is the pullback of the rule."""
    plain = None if any(map(isbox, values)) else call.reverse(values)
    y = run(call, values) if plain is None else plain.y
    return boxed(call, y, reverse_node(parents, vjp_of(call, plain, y, values, needed)), top)


def vjp_of(
    call: Call, plain: ReverseRun | None, y: Any, values: list[Any], needed: list[bool]
) -> Callable[[Any], list[Any]]:
    """Return the function from autograd's seed for the value `y` to the cotangents that are needed.

    `plain` is the run of the rule on `values`, if none of these is a box.
    """

    def vjp(g: Any) -> list[Any]:
        ȳs = _seeds(y, g)
        if plain is None or any(map(isbox, ȳs)):
            found = traced_cotangents(call, values, ȳs, needed)
        else:
            found = plain.cotangents(ȳs, needed)
        return [fitted(x, x̄) for x, x̄, mine in zip(values, found, needed, strict=True) if mine]

    return vjp


def reverse_node(parents: list[Any], vjp: Callable[[Any], Any]) -> Any:
    """Return a node of autograd's graph with this vjp."""
    node = VJPNode.__new__(VJPNode)
    node.parents, node.vjp = parents, vjp
    return node


def _forward(call: Call, values: list[Any], needed: list[bool], parents: list[Any], top: int) -> Any:
    """Return the value of the call as the box of a node with the tangent that the `frule` gives."""
    remaining = iter(parents)
    tangents = [next(remaining).g if mine else ZERO for mine in needed]
    if any(map(isbox, (*values, *tangents))):
        y, dys = run(call, values), traced_tangents(call, values, tangents)
    else:
        y, dys = call.forward(values, tangents)
    dys = list(map(fitted, _numbers(y), dys))
    return boxed(call, y, JVPNode.new_root(_in_form_of(y, dys)), top)


def boxed(call: Call, y: Any, node: Any, top: int) -> Any:
    """Return the value with its numbers in boxes of this node."""
    numbers = leaves(y, SYSTEM.is_number)
    if any(isbox(number) and number._trace >= top for number in numbers):
        raise capture_error(call.f)
    if not numbers:
        return y
    if _is_boxable(y):
        return new_box(y, top, node)
    box = new_box(boxed_tuple(numbers), top, node)
    parts = iter([box[i] for i in range(len(numbers))])
    return with_leaves(lambda _: next(parts), y, SYSTEM.is_number)


def _is_boxable(y: Any) -> bool:
    """Return whether autograd has a box for `y`: a number, or a container with nothing else in it."""
    if type(y) is dict:
        return all(map(_is_boxable, y.values()))
    return all(map(_is_boxable, y)) if type(y) in (tuple, list) else SYSTEM.is_number(y)


def _numbers(y: Any) -> list[Any]:
    return leaves(opened(y), SYSTEM.is_number)


def _in_form_of(y: Any, values: list[Any]) -> Any:
    """Return as autograd has it for the box of `y` one value for each of the numbers in there."""
    if not _is_boxable(y):
        return boxed_tuple(values)
    remaining = iter(values)
    return with_leaves(lambda _: next(remaining), opened(y), SYSTEM.is_number)


def _seeds(y: Any, g: Any) -> list[Any]:
    """Return the part of autograd's seed for each number of the value."""
    numbers = _numbers(y)
    parts = seeds(opened(y), opened(g)) if _is_boxable(y) else opened(g)
    return list(map(_seed, numbers, parts))


def _seed(y: Any, g: Any) -> Any:
    if type(g) is np.ndarray and g.ndim == 0:
        g = g[()]  # autograd has arrays without axes for numbers; rules get numbers for numbers
    return anp.real(g) if is_complex(g) and not is_complex(y) else g


def fitted(x: Any, dx: Any) -> Any:
    """Return a tangent or cotangent of `x` as autograd has it: with zeros for a zero, and of the dtype.

    An array is one that can be written into, since it may be the gradient that the user gets.
    """
    if isinstance(dx, AbstractZero):
        return vspace(x).zeros()
    dtype = vspace(x).dtype
    if not hasattr(dx, "dtype"):
        return dtype.type(dx)
    is_held = type(dx) is np.ndarray and not dx.flags.writeable
    return dx.astype(dtype) if is_held or dx.dtype != dtype else dx
