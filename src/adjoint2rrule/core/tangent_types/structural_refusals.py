"""What a structural tangent says when it is given, or asked for, parts that its primal does not have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from adjoint2rrule.core.errors import TangentConstructionError, UnknownFieldError


def refuse_positional(tangent: Any, args: tuple[Any, ...]) -> NoReturn:
    """Say that a tangent takes its fields by keyword."""
    name, field = type(tangent).__name__, next(iter(tangent.__names__ or ()), "field")
    raise TangentConstructionError(
        f"{name} takes its fields by keyword, but got {args!r}; write {name}({field}=...)"
    )


def refuse_unknown(tangent: Any, fields: Iterable[Any]) -> NoReturn:
    """Say which fields the primal of a tangent does not have."""
    names = tangent.__names__
    unknown = [name for name in fields if names is None or name not in names]
    known = "names that are strings" if names is None else [*names]
    raise UnknownFieldError(
        f"{type(tangent).__name__} has no field {', '.join(map(repr, unknown))}, only {known}"
        + _suggestion(unknown, names or ())
    )


def _suggestion(unknown: Iterable[Any], known: Iterable[str]) -> str:
    from difflib import get_close_matches  # only here, since most imports never need it

    names = [name for name in unknown if isinstance(name, str)]
    close = [match for name in names for match in get_close_matches(name, known, n=1)]
    return f"; did you mean {', '.join(map(repr, close))}?" if close else ""


def element_of(tangent: Any, elements: Sequence[Any], index: Any) -> Any:
    """Return one of the elements of a tangent, which may be a thunk."""
    try:
        return elements[index]
    except (IndexError, TypeError) as err:
        raise UnknownFieldError(
            f"{type(tangent).__name__} has no element {index!r}, only {len(elements)} by their index"
        ) from err
