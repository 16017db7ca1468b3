"""How far the numbers of two values lie apart, and where."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from adjoint2rrule.proof.model import Leaf

# How far the sums of the same terms in another order may lie apart, relative to the largest number of an
# array. Anything that is really different is different by more, and less precise numbers are allowed more.
_ROUNDING = 1e-10
_ROUNDING_OF = {"float32": 3e-4, "complex64": 3e-4, "float16": 3e-2}


class DifferenceError(Exception):
    """Something is different; the message says what."""


def leaves_off(place: str, name: str, before: Iterable[Leaf], after: Iterable[Leaf]) -> float:
    """Return how far the numbers of two values lie apart, relative to the largest of their array.

    Parameters
    ----------
    place, name
        What the values are, in words, and what the user calls it.
    before, after
        The values.

    Raises
    ------
    DifferenceError
        Where they lie further apart than rounding explains, or are not at the same places.

    Examples
    --------
    >>> one, other = ([Leaf("", (2,), numbers, "float64")] for numbers in [(3.0, 4.0), (3.0, 4.0 + 1e-12)])
    >>> print(f"{leaves_off('the value', '', one, other):.1e}")
    2.5e-13
    """
    old, new = ({leaf.path: leaf for leaf in leaves} for leaves in (before, after))
    return max(
        (_leaf_off(place, name, path, old.get(path), new.get(path)) for path in old | new), default=0.0
    )


def _leaf_off(place: str, name: str, path: str, before: Leaf | None, after: Leaf | None) -> float:
    if before is None or after is None or _form(before) != _form(after):
        one, other = (_described(leaf) for leaf in (before, after))
        raise DifferenceError(f"{place_of(place, name, path)} is {one} before and {other} after")
    off, index = _numbers_off(before.numbers, after.numbers)
    if off > max(_ROUNDING_OF.get(leaf.dtype, _ROUNDING) for leaf in (before, after)):
        where = path + _index(index, before.shape or ())
        one, other = _shown(before.numbers[index]), _shown(after.numbers[index])
        raise DifferenceError(f"{place_of(place, name, where)} is {one} before and {other} after")
    return off


def _numbers_off(before: Sequence[complex], after: Sequence[complex]) -> tuple[float, int]:
    """Return how far numbers lie apart, relative to the largest of them, and where they do so most."""
    gaps = [
        0.0 if _is_same(one, other) else _gap(one, other) for one, other in zip(before, after, strict=True)
    ]
    worst = max(range(len(gaps)), key=gaps.__getitem__, default=0)
    if not gaps or not gaps[worst]:
        return 0.0, 0
    if math.isinf(gaps[worst]):
        return math.inf, worst
    return gaps[worst] / max(abs(number) for number in (*before, *after) if _is_finite(number)), worst


def _is_same(one: complex, other: complex) -> bool:
    """Whether two numbers are equal, as NaN is equal to NaN here."""
    parts = ((one.real, other.real), (one.imag, other.imag))
    return all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in parts)


def _gap(one: complex, other: complex) -> float:
    return abs(one - other) if _is_finite(one) and _is_finite(other) else math.inf


def _is_finite(number: complex) -> bool:
    return math.isfinite(number.real) and math.isfinite(number.imag)


def _form(leaf: Leaf) -> tuple[object, ...]:
    """Return what has to be the same before numbers can be compared."""
    # Where an object stands in memory is no property of it.
    return leaf.shape, len(leaf.numbers), re.sub(r"\b0x[0-9a-fA-F]+", "0x", leaf.text)


def _described(leaf: Leaf | None) -> str:
    if leaf is None:
        return "missing"
    if leaf.shape is None:
        return leaf.text
    if leaf.shape == ():
        return _shown(leaf.numbers[0])
    return f"an array of shape {leaf.shape}"


def place_of(place: str, name: str, path: str) -> str:
    """Return what reports call a part of a value.

    Examples
    --------
    >>> place_of("args[1]", "y", ".a[3]"), place_of("the value", "", "[0]")
    ('args[1].a[3] (`y.a[3]`)', 'the value[0]')
    """
    return f"{place}{path} (`{name}{path}`)" if name else f"{place}{path}"


def _index(index: int, shape: tuple[int, ...]) -> str:
    """Return the index of an array at which its flat form has `index`.

    Examples
    --------
    >>> _index(5, (2, 3)), _index(0, ())
    ('[1, 2]', '')
    """
    indices: list[int] = []
    for length in reversed(shape):
        index, position = divmod(index, length)
        indices.append(position)
    return f"[{', '.join(map(str, reversed(indices)))}]" if shape else ""


def _shown(number: complex) -> str:
    return repr(number.real) if isinstance(number, complex) and not number.imag else repr(number)
