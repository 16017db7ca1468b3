"""What builtins and methods give for tangents, and for lists and dicts of them."""

from __future__ import annotations

from adjoint2rrule.convert.dialects.zygoterules.held import SOLID, UNKNOWN, Held, container, join, sequence
from adjoint2rrule.convert.dialects.zygoterules.numerical import ALIASING_METHODS


def passed(name: str, arguments: list[Held], starred: bool) -> Held:
    """Return what one of the functions gives that hand on what they get, one part at a time.

    `starred` tells whether one of the arguments is, so that how many there are is not known.
    """
    parts = [held.elements() for held in arguments]
    if name == "builtins.zip":
        return container([container(p.elements() for p in parts) if starred else sequence(parts)])
    if name == "builtins.enumerate":
        return container([sequence([SOLID, *parts[:1]])])
    if len(arguments) == 1 and not starred and name in {"builtins.tuple", "builtins.list"}:
        (whole,) = arguments
        if whole == Held(entries=whole.entries):
            return whole
    return container(parts)


def asked(owner: Held, method: str, arguments: list[Held]) -> Held:
    """Return what a method of `owner` gives."""
    if owner.is_tangent or owner.array:
        return Held(array=True) if method in ALIASING_METHODS else SOLID
    contents = owner.contents
    if contents is None:
        return UNKNOWN
    match method:
        case "values" | "copy":
            return container([contents])
        case "items":
            return container([sequence([SOLID, contents])])
        case "pop" | "popleft":
            return join([contents, *arguments[1:]])
        case "get" | "setdefault":
            return join([contents, *(arguments[1:] or [UNKNOWN])])
    return UNKNOWN
