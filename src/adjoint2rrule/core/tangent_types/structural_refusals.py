"""What a structural tangent says when it is given, or asked for, parts that its primal does not have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MemberDescriptorType
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


def refuse_attribute(tangent: Any, name: str) -> NoReturn:
    """Say that the primal of a tangent does not have a field, but maybe something else of that name."""
    refuse_member(tangent, name)
    refuse_unknown(tangent, [name])


def refuse_member(tangent: Any, name: str) -> None:
    """Complain about a name that is a method, a property or the like in the class of the primal.

    What these would give is not known to the tangent, and a zero, which can be called, would pass for it.
    """
    primal = tangent.__primal__
    member = next((vars(cls)[name] for cls in primal.__mro__ if name in vars(cls)), None)
    if not hasattr(type(member), "__get__") or isinstance(member, MemberDescriptorType):
        return  # nothing, or data: a default, or the place of a field with a slot
    is_method = callable(member) or isinstance(member, classmethod)
    kind = "method" if is_method else type(member).__name__
    raise UnknownFieldError(
        f"{type(tangent).__name__} has no {name!r}: it is a {kind} of {primal.__qualname__}, and a tangent"
        f" has the parts of its primal alone; {_way_to_parts(tangent)}"
    )


def _way_to_parts(tangent: Any) -> str:
    if isinstance(tangent, Mapping):
        return 'read its entries as t["key"], or all of them as dict(t)'
    if isinstance(tangent, Sequence):
        return "read its elements as t[0], or all of them as list(t)"
    field = next(iter(tangent.__backing__), "field")
    return f"read its fields as t[{field!r}], or all of them as backing(t)"


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
