"""How a pullback arrives at its result: the statements that make the tuple of cotangents, and return it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.generator.arguments import Argument, Parameters
from tests.generator.callbacks import called_back
from tests.generator.cotangents import (
    NOTHING,
    Choice,
    Cotangent,
    Each,
    Fields,
    Items,
    Leaves,
    Nothing,
    written,
)
from tests.generator.drawing import LOCALS, Names, chance, pick, split
from tests.generator.primals import NUMBER
from tests.generator.seeds import Reading

INDENT = "    "


def indented(lines: Sequence[str], steps: int = 1) -> list[str]:
    """Return lines, moved to the right."""
    return [INDENT * steps + line if line else line for line in lines]


@dataclass(frozen=True)
class Result:
    """The tuple that a pullback returns: statements before it, its entries, and what is joined to them."""

    lines: list[str]
    entries: list[str]
    rest: str = ""


def body(draw: Any, parameters: Parameters, reading: Reading, names: Names) -> list[str]:
    """Draw the statements of a pullback."""
    lines = list(reading.lines)
    branches: list[str] = []
    for header, leaves in reading.branches:
        branches += [header, *indented(returned(draw, parameters, leaves, names))]
    if reading.matched:
        return [*lines, f"match {reading.matched}:", *indented(branches)]
    return [*lines, *branches, *returned(draw, parameters, reading.leaves, names)]


def returned(draw: Any, parameters: Parameters, leaves: Leaves, names: Names) -> list[str]:
    """Draw statements that end in a `return`; without one on some path, the result is a single `None`."""
    form = pick(draw, *("one",) * 5, "two", "else", "try", "missing", "assigned", "fall")
    if form == "missing":
        return [pick(draw, "return None", "return")]
    one = _returned(draw, parameters, leaves, names)
    if form == "one":
        return one
    if form == "try":
        return ["try:", *indented(one), "except ZeroDivisionError:", INDENT + "return None"]
    if form == "assigned":
        return _assigned(draw, parameters, leaves, names)
    condition, yes, no = pick(draw, *leaves.choices())
    first = _returned(draw, parameters, yes, names)
    if form == "fall":
        return [f"if {condition}:", *indented(first)]
    other = _returned(draw, parameters, no, names)
    if form == "two":
        return [f"if {condition}:", *indented(first), *other]
    return [f"if {condition}:", *indented(first), "else:", *indented(other)]


def _assigned(draw: Any, parameters: Parameters, leaves: Leaves, names: Names) -> list[str]:
    """Draw a result that has a name, which depends on a condition."""
    name = names.new(draw, LOCALS)
    results = [result(draw, parameters, leaves, names, is_inline=True) for _ in range(2)]
    texts = [joined(draw, r) for r in results]
    if chance(draw):
        return [f"{name} = {texts[0]} if SWITCH else {texts[1]}", f"return {name}"]
    return [f"{name} = {texts[0]}", "if SWITCH:", f"{INDENT}{name} = {texts[1]}", f"return {name}"]


def _returned(draw: Any, parameters: Parameters, leaves: Leaves, names: Names) -> list[str]:
    found = result(draw, parameters, leaves, names)
    if not found.rest and set(found.entries) == {"None"} and chance(draw):
        return [*found.lines, "return None"]
    text = joined(draw, found)
    if text.startswith("(") and not found.rest and found.entries and chance(draw, 4):
        text = ", ".join(found.entries) + ("," if len(found.entries) == 1 else "")
    if chance(draw, 5):
        name = names.new(draw, LOCALS)
        return [*found.lines, f"{name} = {text}", f"return {name}"]
    if chance(draw, 12) and len(found.entries) > 1:
        name = names.new(draw, LOCALS)
        first, *others = found.entries
        rest = [*others, f"*{found.rest}"] if found.rest else others
        return [*found.lines, f"{name} = {display([first])}", f"{name} += {display(rest)}", f"return {name}"]
    return [*found.lines, f"return {text}"]


def joined(draw: Any, found: Result) -> str:
    """Draw a way to write the tuple of a result."""
    entries = list(found.entries)
    while entries and not found.rest and entries[-1] == "None" and chance(draw, 4):
        entries.pop()
    if not found.rest:
        if len(entries) > 1 and chance(draw, 6):
            first, second = split(draw, entries)
            return f"{display(first)} + {display(second)}"
        return display(entries)
    if not entries and found.rest.startswith(("tuple", "(None")) and chance(draw):
        return found.rest
    if found.rest.startswith(("tuple", "(None")) and chance(draw):
        return f"{display(entries)} + {found.rest}"
    return display([*entries, f"*{found.rest}"])


def display(entries: Sequence[str]) -> str:
    """Return a tuple of some entries."""
    comma = "," if len(entries) == 1 else ""
    return f"({', '.join(entries)}{comma})"


def result(
    draw: Any, parameters: Parameters, leaves: Leaves, names: Names, *, is_inline: bool = False
) -> Result:
    """Draw the cotangents of all arguments; where it `is_inline`, without statements of their own."""
    lines: list[str] = []
    entries: list[str] = []
    for argument in parameters.positional:
        cotangent = argument.primal.cotangent(draw, argument.name, leaves)
        if not is_inline and names.outside is not None and argument.primal is NUMBER and chance(draw, 8):
            before, entry = called_back(draw, argument.name, pick(draw, *leaves.numbers), names)
        else:
            before, entry = ([], written(cotangent)) if is_inline else bound(draw, cotangent, names)
        lines += before
        entries.append(entry)
    rest = ""
    if parameters.variadic:
        before, rest = variadic(draw, parameters.variadic, leaves, names, is_inline=is_inline)
        lines += before
    if not is_inline and entries.count("None") > 1 and chance(draw, 4):
        lines, entries = _chained(draw, lines, entries, names)
    return Result(lines, entries, rest)


def variadic(
    draw: Any, argument: Argument, leaves: Leaves, names: Names, *, is_inline: bool
) -> tuple[list[str], str]:
    """Draw the cotangents of what a variadic parameter collected, as something that can be spliced."""
    part = argument.primal.cotangent(draw, "e", leaves)
    text = written(part)
    if isinstance(part, Nothing) and chance(draw):
        return [], f"(None,) * len({argument.name})"
    if not is_inline and chance(draw, 4):
        name = names.new(draw, LOCALS)
        return [f"{name} = []", f"for e in {argument.name}:", f"{INDENT}{name}.append({text})"], name
    form = pick(draw, "tuple({} for e in {})", "[{} for e in {}]", "tuple([{} for e in {}])")
    return [], form.format(text, argument.name)


def _chained(draw: Any, lines: list[str], entries: list[str], names: Names) -> tuple[list[str], list[str]]:
    """Give all entries without a gradient a name at once."""
    new = {i: names.new(draw, LOCALS) for i, entry in enumerate(entries) if entry == "None"}
    together = [f"{' = '.join(new.values())} = None"]
    return [*together, *lines], [new.get(i, entry) for i, entry in enumerate(entries)]


# -- one cotangent under a name --------------------------------------------------------------------


def bound(draw: Any, cotangent: Cotangent, names: Names) -> tuple[list[str], str]:
    """Draw statements that compute a cotangent, and the expression that then stands for it."""
    if not chance(draw):
        return [], written(cotangent)
    name = names.new(draw, LOCALS)
    if names.outside is not None and cotangent is NOTHING and chance(draw, 3):
        names.outside.append(f"{name} = None")
        return [], name
    if chance(draw, 8):
        return [], f"({name} := {written(cotangent)})"
    match cotangent:
        case Each(form=form, part=part) if chance(draw) and "for e in" in form:
            one = names.new(draw, LOCALS)
            local = [f"def {one}(e):", f"    return {written(part)}"]
            return [*local, f"{name} = {form.format(f'{one}(e)')}"], name
        case Choice(condition=condition, yes=yes, no=no):
            return _by_condition(draw, name, condition, yes, no), name
        case Fields(maker=maker, entries=entries) if maker != "SimpleNamespace" and chance(draw, 3):
            filled = [f'{name}["{key}"] = {written(value)}' for key, value in entries]
            return [f"{name} = {'{}' if maker == '{' else 'dict()'}", *filled], name
        case Items(brackets="[]", values=values) if chance(draw, 3):
            return [f"{name} = []", *(f"{name}.append({written(value)})" for value in values)], name
    return pick(draw, [f"{name} = {written(cotangent)}"], [f"{name}: Any = {written(cotangent)}"]), name


def _by_condition(draw: Any, name: str, condition: str, yes: Cotangent, no: Cotangent) -> list[str]:
    first, second = (f"{INDENT}{name} = {written(c)}" for c in (yes, no))
    if no is NOTHING and chance(draw):
        return [f"{name} = None", f"if {condition}:", first]
    return [f"if {condition}:", first, "else:", second]
