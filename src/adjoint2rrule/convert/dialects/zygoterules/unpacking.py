"""What the parts of an assignment's target get."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from adjoint2rrule.convert.dialects.zygoterules.held import Held, container, join


def parts_of(target: ast.expr, held: Held) -> Iterator[tuple[ast.expr, Held]]:
    """Yield each name, attribute and entry that is assigned to, with what it gets."""
    match target:
        case ast.Tuple(elts=elts) | ast.List(elts=elts):
            if any(isinstance(e, ast.Starred) for e in elts):
                parts = _around_star(elts, held)
            else:
                parts = held.unpacked(len(elts))
            for inner, part in zip(elts, parts, strict=True):
                yield from parts_of(inner, part)
        case ast.Starred(value=value):
            yield from parts_of(value, container([held]))
        case _:
            yield target, held


def _around_star(elts: list[ast.expr], held: Held) -> list[Held]:
    """Return what each of `elts`, one of which is starred, gets of `held`."""
    star = next(i for i, e in enumerate(elts) if isinstance(e, ast.Starred))
    if held.entries is None or len(held.entries) < len(elts) - 1:
        return [held.elements()] * len(elts)
    behind = len(elts) - star - 1
    middle = held.entries[star : len(held.entries) - behind]
    last = [held.entry(i - behind) for i in range(behind)]
    return [*(held.entry(i) for i in range(star)), join(middle), *last]
