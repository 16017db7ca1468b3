"""Whole calls from the kinds of a function's parameters, in the order in which they are worth trying."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from adjoint2rrule.proof.inputs.combining import combinations
from adjoint2rrule.proof.inputs.numbers import Numbers
from adjoint2rrule.proof.inputs.settings import SETTINGS, Setting
from adjoint2rrule.proof.inputs.writing import Form
from adjoint2rrule.proof.model import Expression, Inputs, Parameter, Take

MOST_CALLS = 2000
_HIGHEST_COST = 16

Values = tuple[Expression, ...]


@dataclass(frozen=True)
class Argument:
    """One way to give a parameter its values: one for most, none where it is left out.

    Attributes
    ----------
    cost
        What its forms cost, and what it adds.
    write
        Writes the values.
    keyword
        The name they are given under, where it is not that of the parameter.
    """

    cost: int
    write: Callable[[Setting, Numbers], Values]
    keyword: str = ""


@dataclass(frozen=True)
class Slot:
    """A parameter, and the ways to give it a value, the likely ones first.

    Attributes
    ----------
    default
        What stands for it where it is left out before one that is given.
    varied
        How many of these ways are worth a call of their own, beside the first: those of a switch, of
        a mode, of what can be left out.
    """

    parameter: Parameter
    arguments: tuple[Argument, ...]
    default: Expression | None = None
    varied: int = 0

    @property
    def variations(self) -> tuple[Argument, ...]:
        """The ways that are worth a call of their own."""
        return self.arguments[1 : 1 + self.varied]


@dataclass(frozen=True)
class Candidates:
    """The calls of a function that its slots allow, each once, in order; they are made one by one.

    Attributes
    ----------
    function
        The ways to write the function itself.
    slots
        Those of its parameters.
    settings
        The sizes and scales to try.
    origin
        Where the values come from, in words.
    without
        Calls that are left out.
    """

    function: tuple[Form, ...]
    slots: tuple[Slot, ...]
    settings: tuple[Setting, ...] = SETTINGS
    origin: str = "a guess"
    without: tuple[Inputs, ...] = ()

    def __iter__(self) -> Iterator[Inputs]:
        seen = {str(call) for call in self.without}
        fresh = (call for call in self._calls() if str(call) not in seen)
        yield from islice(_distinct(fresh), MOST_CALLS)

    def _calls(self) -> Iterator[Inputs]:
        whole = [tuple(Argument(form.cost, _as_values(form)) for form in self.function)]
        options = [*whole, *(slot.arguments for slot in self.slots)]
        for total in range(_HIGHEST_COST):
            for setting in self.settings:
                for chosen in combinations(options, total - setting.cost):
                    yield self._call(setting, chosen)

    def varied(self) -> list[Inputs]:
        """Return the first call, and those in which one of the options has another value."""
        setting = self.settings[0]
        whole = Argument(0, _as_values(self.function[0]))
        first = [slot.arguments[0] for slot in self.slots]
        found = [self._call(setting, (whole, *first))]
        for index, slot in enumerate(self.slots):
            for argument in slot.variations:
                chosen = [*first[:index], argument, *first[index + 1 :]]
                found.append(self._call(setting, (whole, *chosen)))
        return list(_distinct(iter(found)))

    def _call(self, setting: Setting, chosen: Sequence[Argument]) -> Inputs:
        numbers = Numbers()
        (function,), *values = [argument.write(setting, numbers) for argument in chosen]
        args: list[Expression] = []
        keywords: list[tuple[str, Expression]] = []
        left_out: list[Expression] = []
        for slot, argument, given in zip(self.slots, chosen[1:], values, strict=True):
            parameter = slot.parameter
            if parameter.take in {Take.KEYWORD, Take.OPTIONS}:
                keywords += [(argument.keyword or parameter.name, value) for value in given]
            elif not given and parameter.take is Take.ONE:
                assert slot.default is not None
                left_out.append(slot.default)
            elif given:
                args += [*left_out, *given]
                left_out = []
        return Inputs(function, tuple(args), tuple(keywords), self.origin)


def _distinct(calls: Iterator[Inputs]) -> Iterator[Inputs]:
    seen: set[str] = set()
    for call in calls:
        if str(call) not in seen:
            seen.add(str(call))
            yield call


def _as_values(form: Form) -> Callable[[Setting, Numbers], Values]:
    return lambda setting, numbers: (form.write(setting, numbers),)


def slot(
    parameter: Parameter,
    forms: Sequence[Form],
    default: Expression | None,
    varied: int,
    *,
    has_cotangent: bool = False,
) -> Slot:
    """Return the ways to give `parameter` one of the values that `forms` write.

    It is left out first where its `default` is known, unless it has a cotangent: nobody looks at that of an
    argument that is left out.
    """
    if parameter.take is Take.REST:
        return Slot(parameter, tuple(_rest(forms)))
    given = [Argument(form.cost, _as_values(form)) for form in forms]
    if default is None:
        return Slot(parameter, tuple(given), varied=varied)
    if has_cotangent and given:
        left_out = Argument(given[0].cost + 1, _NOTHING.write)
        return Slot(parameter, (given[0], left_out, *given[1:]), default, varied)
    later = [Argument(argument.cost + 1, argument.write) for argument in given]
    return Slot(parameter, (_NOTHING, *later), default, varied)


def options_slot(parameter: Parameter, forms: Sequence[tuple[str, Sequence[Form]]]) -> Slot:
    """Return the ways to give ``**options``: none of them, or one under its name."""
    given = [Argument(form.cost + 1, _as_values(form), name) for name, found in forms for form in found[:2]]
    return Slot(parameter, (_NOTHING, *given), varied=len(given))


_NOTHING = Argument(0, lambda setting, numbers: ())


def _rest(forms: Sequence[Form]) -> Iterator[Argument]:
    """Yield the ways to give ``*xs``: a few values of a kind, of one size or of several."""

    def alike(form: Form, count: int) -> Callable[[Setting, Numbers], Values]:
        return lambda setting, numbers: tuple(form.write(setting, numbers) for _ in range(count))

    def of_sizes(form: Form) -> Callable[[Setting, Numbers], Values]:
        return lambda setting, numbers: (form.write(setting, numbers), form.write(setting.shorter, numbers))

    def of_lengths(form: Form) -> Callable[[Setting, Numbers], Values]:
        return lambda setting, numbers: (form.write(setting, numbers), form.write(setting.wider, numbers))

    for form in forms[:12]:
        yield Argument(form.cost, alike(form, 2))
        yield Argument(form.cost + 1, alike(form, 1))
        yield Argument(form.cost + 1, of_sizes(form))
        yield Argument(form.cost + 2, of_lengths(form))
        yield Argument(form.cost + 2, alike(form, 3))
