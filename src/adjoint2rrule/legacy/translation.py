"""Cotangents in the legacy form, and the tangents they stand for.

========================  =========================================
legacy                    tangent
========================  =========================================
`None`                    `ZeroTangent`, `NoTangent`
a tuple, a list           ``Tangent[tuple]``, ``Tangent[list]``
a dict, a namespace       ``Tangent[dict]``, the tangent of an object
========================  =========================================

Numbers and arrays are the same in both.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from adjoint2rrule.core import (
    AbstractZero,
    NoTangent,
    StructuralTangent,
    backing,
    canonicalize,
    primal_type,
    unthunk,
)
from adjoint2rrule.core.dispatch.method import describe
from adjoint2rrule.core.tangent_types.primal_fields import fields_of, is_namedtuple
from adjoint2rrule.interop.leaves import structural, zero_for
from adjoint2rrule.legacy.errors import LegacyRuleError


class PartialDict(dict[Any, Any]):
    """The legacy form of a tangent that does not store every part: what is missing reads as `None`."""

    def __missing__(self, key: Any) -> None:
        return None

    def get(self, key: Any, default: Any = None, /) -> Any:
        """Return the part under `key`; a missing one is `None`, which no default takes the place of."""
        return self[key]

    def pop(self, key: Any, default: Any = None, /) -> Any:
        """Remove the part under `key` and return it; a missing one is `None`, as for `get`."""
        return super().pop(key, None)


def to_legacy(tangent: Any, /) -> Any:
    """Return a tangent in the legacy form, with every thunk in it forced.

    Zeros become `None`. The tangents of tuples and lists become tuples and lists, those of dicts and
    objects dicts, with an entry for each field where the class tells them; `None` is read for the
    others. A value that is in the legacy form already is returned as it is.

    Parameters
    ----------
    tangent
        A tangent, or a value in the legacy form with tangents in it.

    Examples
    --------
    >>> from adjoint2rrule.core import Tangent, ZeroTangent, thunk
    >>> from adjoint2rrule.legacy import to_legacy
    >>> to_legacy(Tangent[tuple](thunk(lambda: 2.0), ZeroTangent()))
    (2.0, None)
    >>> to_legacy(Tangent[dict](a=1.0))
    {'a': 1.0}

    See Also
    --------
    from_legacy : The other direction.
    """
    x = unthunk(tangent)
    if isinstance(x, AbstractZero):
        return None
    if isinstance(x, StructuralTangent):
        P, parts = primal_type(x), backing(canonicalize(x))
        if is_namedtuple(P):
            return P._make(map(to_legacy, parts.values()))
        if isinstance(parts, dict):
            return PartialDict((key, to_legacy(part)) for key, part in parts.items())
        return type(parts)(map(to_legacy, parts))
    return _with_legacy_parts(x)


def _with_legacy_parts(x: Any) -> Any:
    """Return a value in the legacy form, or one with tangents in it, in the legacy form."""
    if isinstance(x, dict):
        entries = {key: to_legacy(part) for key, part in x.items()}
        return x if all(entries[key] is part for key, part in x.items()) else PartialDict(entries)
    if isinstance(x, SimpleNamespace):
        fields = _with_legacy_parts(vars(x))
        return x if fields is vars(x) else SimpleNamespace(**fields)
    if not isinstance(x, tuple | list):
        return x
    parts = list(map(to_legacy, x))
    if all(old is new for old, new in zip(x, parts, strict=True)):
        return x
    cls: Any = type(x)
    return cls._make(parts) if is_namedtuple(cls) else cls(parts)


def from_legacy(cotangents: tuple[Any, ...] | None, primals: tuple[Any, ...], /) -> tuple[Any, ...]:
    """Return the result of a legacy pullback as tangents, one for each of `primals`.

    What a value means is told by the primal it belongs to: `None` is `NoTangent` where that cannot be
    perturbed and `ZeroTangent` elsewhere, and a dict belongs to a dict or to an object. Values that are
    tangents already stay.

    Parameters
    ----------
    cotangents
        What the pullback returned: `None` for all zeros; a tuple that is too short has zeros for the rest.
    primals
        The arguments of the primal.

    Raises
    ------
    LegacyRuleError
        Where `cotangents` is neither a tuple nor `None`, is too long, or has parts that its primal has not.

    Examples
    --------
    >>> from adjoint2rrule.legacy import from_legacy
    >>> from_legacy((2.0, None, None), (1.0, 3.0, "left"))
    (2.0, ZeroTangent(), NoTangent())
    >>> from_legacy(({"a": 2.0, "b": None},), ({"a": 1.0, "b": 1.0},))
    (Tangent[dict]({'a': 2.0}),)
    """
    return tuple(map(_tangent, entries_of(cotangents, len(primals)), primals))


def entries_of(
    cotangents: Any, count: int, limit: int | None = None, source: str = "a pullback"
) -> tuple[Any, ...]:
    """Return `count` entries of what a legacy pullback returned, which may have up to `limit`.

    Entries beyond `count` belong to parameters that the call left to their defaults.
    """
    limit = count if limit is None else limit
    if cotangents is None:
        cotangents = ()
    if not isinstance(cotangents, tuple):
        raise LegacyRuleError(
            f"{source} returned {with_article(cotangents)} and not a tuple with one entry per argument."
            f" The tuple of one entry is written `(dx,)`."
        )
    if len(cotangents) > limit:
        raise LegacyRuleError(
            f"{source} returned {len(cotangents)} entries, and its function has {limit} positional"
            f" parameter{'s' * (limit != 1)}."
        )
    return (*cotangents, *(None for _ in range(count - len(cotangents))))[:count]


def adapt_pullback(
    pullback: Callable[[Any], Any], /, *primals: Any, functor: bool = False, value: Any = None
) -> Callable[[Any], tuple[Any, ...]]:
    """Return a legacy pullback as the pullback of a rule.

    The seed is forced and reaches `pullback` in the legacy form; what that returns becomes tangents, by the
    primals, with `NoTangent()` for the function in front.

    Parameters
    ----------
    pullback
        The legacy pullback.
    *primals
        The positional arguments of the rule, without the function.
    functor
        Whether the first of `primals` is the callable itself, whose cotangent `pullback` gives.
    value
        The value of the rule, for a pullback that asks which keys its seed has: the tangent of a dict
        or an object stores no zeros.

    Examples
    --------
    >>> from adjoint2rrule.legacy import adapt_pullback
    >>> adapted = adapt_pullback(lambda ȳ: (2 * ȳ, None), 1.5, "left")
    >>> adapted(1.0)
    (NoTangent(), 2.0, NoTangent())
    """
    of_function = () if functor else (NoTangent(),)

    def adapted_pullback(ȳ: Any) -> tuple[Any, ...]:
        seed = _filled(to_legacy(ȳ), value)
        cotangents = None if seed is None else pullback(seed)
        entries = entries_of(cotangents, len(primals), source=describe(pullback))
        return (*of_function, *map(_tangent, entries, primals))

    return adapted_pullback


def _filled(seed: Any, value: Any) -> Any:
    """Return a legacy seed with `None` for every entry or field of `value` that it does not have."""
    if isinstance(seed, dict):
        parts = value if isinstance(value, dict) else fields_of(value)
        keys = dict.fromkeys((*parts, *seed))
        return PartialDict((key, _filled(seed.get(key), parts.get(key))) for key in keys)
    if isinstance(seed, tuple | list) and isinstance(value, tuple | list) and len(seed) == len(value):
        filled = list(map(_filled, seed, value))
        cls: Any = type(seed)
        return cls._make(filled) if is_namedtuple(cls) else cls(filled)
    return seed


def _tangent(x̄: Any, x: Any) -> Any:
    """Return the tangent that the legacy value `x̄` is for the primal `x`."""
    if x̄ is None:
        return zero_for(x)
    if isinstance(x̄, SimpleNamespace):
        x̄ = vars(x̄)
    if isinstance(x̄, tuple | list):
        _check_length(x̄, x)
        if isinstance(x, np.ndarray):
            parts = zip(x̄, x, strict=True)
            return np.asarray([np.zeros_like(part) if dx is None else dx for dx, part in parts])
        names = x._fields if is_namedtuple(type(x)) else range(len(x))
        return structural(x, dict(zip(names, map(_tangent, x̄, x), strict=True)))
    if isinstance(x̄, dict):
        return structural(x, {key: _tangent(part, _part(x, key)) for key, part in x̄.items()})
    return x̄


def _check_length(x̄: tuple[Any, ...] | list[Any], x: Any) -> None:
    is_array = isinstance(x̄, list) and isinstance(x, np.ndarray) and x.ndim > 0
    size = len(x) if is_array or isinstance(x, tuple | list) else None
    if len(x̄) != size:
        whose = with_article(x) if size is None else f"{with_article(x)} of {size}"
        raise LegacyRuleError(f"{with_article(x̄)} of {len(x̄)} is no cotangent of {whose}: {x̄!r}")


def _part(x: Any, key: Any) -> Any:
    has_entries = isinstance(x, dict)
    if not (key in x if has_entries else hasattr(x, str(key))):
        raise LegacyRuleError(f"the cotangent of {with_article(x)} has the part {key!r}, which that has not")
    return x[key] if has_entries else getattr(x, key)


def with_article(x: Any) -> str:
    name = type(x).__name__
    return f"an {name}" if name[0].lower() in "aeiou" else f"a {name}"
