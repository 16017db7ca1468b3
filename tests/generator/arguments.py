"""The parameters of generated functions and of their rules, and the arguments that they are called with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.generator import primals
from tests.generator.drawing import NAMES, Names, chance, pick, repeated, split
from tests.generator.primals import Primal


@dataclass(frozen=True)
class Argument:
    """A parameter, what it takes, and how it is annotated; `given` has its arguments in a call."""

    name: str
    primal: Primal
    annotation: str = ""
    default: str = ""
    star: str = ""
    given: tuple[str, ...] = ()

    def parameter(self, *, annotated: bool = True) -> str:
        """Return the parameter as it is written."""
        annotation = f": {self.annotation}" if self.annotation and annotated else ""
        equals = (" = " if annotation else "=") + self.default if self.default else ""
        return f"{self.star}{self.name}{annotation}{equals}"

    def term(self) -> str:
        """Return what the argument adds to the number that the function computes."""
        if self.star == "*":
            return f"sum({self.primal.term('e')} for e in {self.name})"
        return f"0.5 * bool({self.name})" if self.star else self.primal.term(self.name)

    @property
    def is_rigid(self) -> bool:
        """Whether the annotation says that the argument cannot be perturbed."""
        return self.primal.is_rigid and bool(self.annotation)


@dataclass(frozen=True)
class Parameters:
    """The parameters of a function by their kinds; `slash` of the positional ones cannot be named."""

    positional: tuple[Argument, ...]
    slash: int = 0
    variadic: Argument | None = None
    keyword_only: tuple[Argument, ...] = ()
    keywords: Argument | None = None

    @property
    def differentiated(self) -> tuple[Argument, ...]:
        """The ones that have a cotangent, or several."""
        return (*self.positional, *([self.variadic] if self.variadic else []))

    def written(self, *first: str, annotated: bool = True) -> str:
        """Return the list of parameters, after some others."""
        words = [*first, *(a.parameter(annotated=annotated) for a in self.positional)]
        if self.slash:
            words.insert(len(first) + self.slash, "/")
        if self.variadic:
            words.append(self.variadic.parameter(annotated=annotated))
        elif self.keyword_only:
            words.append("*")
        words += [a.parameter(annotated=annotated) for a in self.keyword_only]
        words += [self.keywords.parameter(annotated=annotated)] if self.keywords else []
        return ", ".join(words)

    def handed_on(self, *first: str) -> str:
        """Return the arguments by which a rule hands on what it got."""
        words = [*first, *(a.name for a in self.positional)]
        words += [f"*{self.variadic.name}"] if self.variadic else []
        words += [f"{a.name}={a.name}" for a in self.keyword_only]
        words += [f"**{self.keywords.name}"] if self.keywords else []
        return ", ".join(words)

    def names(self) -> list[str]:
        """Return the names of all parameters."""
        optional = [a for a in (self.variadic, self.keywords) if a]
        return [a.name for a in (*self.positional, *self.keyword_only, *optional)]

    def terms(self) -> str:
        """Return the number that the function computes."""
        optional = [a for a in (self.variadic, self.keywords) if a]
        return " + ".join(["1.0", *(a.term() for a in (*self.positional, *self.keyword_only, *optional))])

    def call(self, draw: Any) -> Call:
        """Draw arguments; those with a default can be left out, from the last one on."""
        given = list(self.positional)
        while not self.variadic and given and given[-1].default and chance(draw):
            given.pop()
        args = [a.primal.value for a in given] + list(self.variadic.given if self.variadic else ())
        named = [f"{a.name}={a.primal.value}" for a in self.keyword_only if not a.default or chance(draw)]
        return Call(tuple(args), tuple(named))


@dataclass(frozen=True)
class Call:
    """The arguments of a call, as expressions."""

    positional: tuple[str, ...]
    named: tuple[str, ...] = field(default=())


def parameters(draw: Any, names: Names, kinds: Sequence[Primal] = primals.ALL) -> Parameters:
    """Draw the parameters of a function."""
    drawn = repeated(draw, 4, lambda _: argument(draw, names, pick(draw, *kinds)))
    positional = _with_defaults(draw, drawn)
    slash = len(split(draw, positional)[0]) if chance(draw, 5) else 0
    variadic = _variadic(draw, names) if chance(draw, 4) else None
    keyword_only = _keyword_only(draw, names) if chance(draw, 4) else ()
    keywords = Argument(names.new(draw, NAMES), primals.TEXT, star="**") if chance(draw, 8) else None
    return Parameters(tuple(positional), slash, variadic, keyword_only, keywords)


def argument(draw: Any, names: Names, primal: Primal) -> Argument:
    """Draw a parameter for a kind of values."""
    name, T = names.new(draw, NAMES), primal.type_name
    plain = ("", T, *primal.bare)
    annotation = pick(draw, *plain, *plain, f'"{T}"', f"Optional[{T}]", f"{T} | None", f"Annotated[{T}, 'm']")
    return Argument(name, primal, annotation)


def _with_defaults(draw: Any, arguments: Iterable[Argument]) -> list[Argument]:
    """Put the arguments that get a default last."""
    found = [_with_default(a) if a.primal.has_default and chance(draw, 3) else a for a in arguments]
    return sorted(found, key=lambda a: bool(a.default))


def _with_default(a: Argument) -> Argument:
    return Argument(a.name, a.primal, a.annotation, a.primal.value)


def _variadic(draw: Any, names: Names) -> Argument:
    primal = pick(draw, primals.NUMBER, primals.ARRAY, primals.PAIR)
    annotation = pick(draw, "", primal.type_name)
    given = (primal.value,) * pick(draw, 2, 0, 1)
    return Argument(names.new(draw, NAMES), primal, annotation, star="*", given=given)


def _keyword_only(draw: Any, names: Names) -> tuple[Argument, ...]:
    primal = pick(draw, *primals.RIGID, primals.NUMBER)
    name = names.new(draw, NAMES)
    return (Argument(name, primal, pick(draw, "", primal.type_name), pick(draw, "", primal.value)),)
