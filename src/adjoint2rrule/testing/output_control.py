"""How a failure reads: the place it is about, the values, and how to see it again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from adjoint2rrule.core import AbstractZero
from adjoint2rrule.testing.failure import RuleTestFailure

F = TypeVar("F", bound=Callable[..., Any])
# Enough digits for the eye, and more only for two values that agree in these.
DIGITS = (6, 9, 12, 17)


@dataclass(frozen=True)
class Place:
    """A part of an argument or of the output, under the names its reader knows it by.

    Attributes
    ----------
    role
        What is said of it, such as ``the cotangent of``.
    position
        Where it stands in the call of the test, such as ``args[1]``.
    name
        The function's own name for it, where that can be found out.
    path
        The way from there to the part, such as ``.a[3]``.
    """

    role: str
    position: str
    name: str | None = None
    path: str = ""

    def at(self, step: str) -> Place:
        """Return the place one step further in."""
        return replace(self, path=self.path + step)

    def __str__(self) -> str:
        where = f"{self.role} {self.position}{self.path}".strip()
        return f"{where} (`{self.name}{self.path}`)" if self.name else where


@dataclass(frozen=True)
class Outcome:
    """What a test that passed has done.

    Attributes
    ----------
    checked
        How each derivative was checked, by the place it belongs to.
    seed
        The `rng` that gives the same random numbers again.
    """

    checked: Mapping[str, str]
    seed: int


def not_collected(f: F) -> F:
    """Tell pytest that `f`, named `test_…` and imported into a test module, is no test itself."""
    f.__dict__["__test__"] = False
    return f


@contextmanager
def reported(test: str, subject: str, seed: int) -> Iterator[None]:
    """Prefix the failures inside with the test they come from, and end them with its `rng`."""
    try:
        yield
    except RuleTestFailure as err:
        raise RuleTestFailure(err.kind, f"{test}({subject}): {err} [rng={seed}]") from err.__cause__


def name_of(f: Any) -> str:
    """Return the name a reader knows the callable `f` by; instances are known by their class."""
    name = getattr(f, "__qualname__", None) or getattr(f, "__name__", None) or type(f).__qualname__
    return str(name).rpartition("<locals>.")[2]


def index_step(index: tuple[int, ...]) -> str:
    """Return how an entry of an array is written: `[3]`, `[2, 0]`, and nothing for an array without axes.

    Examples
    --------
    >>> index_step((2, 0))
    '[2, 0]'
    """
    return f"[{', '.join(map(str, index))}]" if index else ""


def told_apart(a: complex, b: complex) -> tuple[str, str]:
    """Return both numbers with as few digits as show that they differ.

    Examples
    --------
    >>> told_apart(2.0, 1.0000000000003)
    ('2.0', '1.0')
    >>> told_apart(1.0, 1.00000001)
    ('1.0', '1.00000001')
    """
    pairs = ((_rounded(a, digits), _rounded(b, digits)) for digits in DIGITS)
    return next((pair for pair in pairs if pair[0] != pair[1]), (repr(a), repr(b)))


def kind_of(x: Any) -> str:
    """Return what `x` is, in the words of a failure: `None`, `a list`, `an array of shape (2, 3)`."""
    if x is None or isinstance(x, AbstractZero):
        return repr(x)
    if (shape := getattr(x, "shape", None)) and isinstance(shape, tuple):
        return f"an array of shape {shape}"
    name = type(x).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def shown(x: Any) -> str:
    """Return a tangent as a failure shows it: numbers and zeros by value, anything else by its kind."""
    return repr(x) if isinstance(x, (AbstractZero, int, float, complex)) else kind_of(x)


def _rounded(x: complex, digits: int) -> str:
    if isinstance(x, complex):
        return repr(complex(f"{x:.{digits}g}"))
    return repr(float(f"{x:.{digits}g}"))
