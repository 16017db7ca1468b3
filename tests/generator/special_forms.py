"""Generated definitions of the rarer forms: constructors, properties, overloads, no gradients, mistakes."""

from __future__ import annotations

from typing import Any

from tests.generator import primals
from tests.generator.arguments import Argument, Parameters, parameters
from tests.generator.definitions import Definition, Trial, joined, primal_function, trial
from tests.generator.drawing import NAMES, Names, pick
from tests.generator.flow import indented
from tests.generator.pullbacks import Rule, function, rule_body
from tests.generator.seeds import ALL, NUMBER, Output


def constructor(draw: Any, number: int) -> Definition:
    """Draw a rule for making an object, whose seed has its fields."""
    name = f"Made{number}"
    annotation = pick(draw, "", "float")
    arguments = (
        Argument("a", primals.NUMBER, annotation),
        Argument("b", primals.NUMBER, annotation, pick(draw, "", "2.0")),
        Argument("note", primals.TEXT, pick(draw, "", "str"), '""'),
    )
    of, output, names = Parameters(arguments), Output("", ('"a"', '"b"')), Names(name, "a", "b", "note")
    found = rule_body(draw, Rule(f"{name}(a, b, note)", (), of, output, names, f"made{number}"))
    head = pick(draw, f"@§adjoint\ndef {name}", f"@§adjoint({name})\ndef _")
    primal = _dataclass(name, "a: float", "b: float", 'note: str = ""')
    text = joined(draw, primal, names, found, f"{head}({of.written()}):")
    return Definition(name, text, (trial(draw, name, of),))


def property_rule(draw: Any, number: int) -> Definition:
    """Draw a rule for reading a property."""
    name = f"Disk{number}"
    disk = primals.Object(name, f"{name}(1.5, 'n')", (), (("radius", primals.NUMBER), ("note", primals.TEXT)))
    literal = primals.Rigid("Literal['area']", "'area'")
    of = Parameters((Argument("x", disk, name), Argument("key", literal, literal.type_name)))
    names = Names(name, "x", "key")
    value = pick(draw, "x.area", "§literal_getproperty(x, 'area')", "3.0 * x.radius**2")
    found = rule_body(draw, Rule(value, (), of, NUMBER, names, name.lower()))
    head = pick(
        draw, "@§adjoint(§literal_getproperty)\ndef _", f"@§adjoint(§literal_getproperty)\ndef area{number}"
    )
    lines = [
        "radius: float",
        "note: str",
        "",
        "@property",
        "def area(self):",
        "    return 3.0 * self.radius**2",
    ]
    text = joined(draw, _dataclass(name, *lines), names, found, f"{head}({of.written()}):")
    return Definition("§literal_getproperty", text, (trial(draw, "literal_getproperty", of),))


def overloaded(draw: Any, number: int) -> Definition:
    """Draw two rules for one function, which their annotations choose between."""
    name = ("f", "g", "h")[number]
    other = Names(name, "x")
    second = Argument(other.new(draw, NAMES), primals.NUMBER)
    kinds = draw_two(draw)
    rules, trials = [], []
    for kind in kinds:
        names = Names(name, "x", second.name)
        of = Parameters((Argument("x", kind, kind.type_name), second))
        found = rule_body(
            draw, Rule(f"{name}({of.handed_on()})", (), of, NUMBER, names, f"{name}{len(rules)}")
        )
        head = pick(draw, f"@§adjoint\ndef {name}", f"@§adjoint({name})\ndef _")
        rules.append(joined(draw, "", names, found, f"{head}({of.written()}):").lstrip("\n"))
        trials.append(trial(draw, name, of))
    primal = function(f"{name}(x, {second.name})", [f"return 3 * {second.name}"])
    return Definition(name, "\n\n\n".join([primal, *rules]), tuple(trials))


def draw_two(draw: Any) -> tuple[primals.Primal, primals.Primal]:
    """Draw two kinds of values that annotations tell from each other."""
    kinds = (primals.NUMBER, primals.PAIR, primals.ARRAY, primals.TEXT, primals.TABLES[0], primals.POINT)
    first = pick(draw, *kinds)
    return first, pick(draw, *(kind for kind in kinds if kind is not first))


def nograd(draw: Any, number: int) -> Definition:
    """Draw a function that has no gradient."""
    name = ("f", "g", "h")[number]
    of, output = parameters(draw, Names(name, "e")), pick(draw, *ALL)
    primal = primal_function(draw, name, of, output)
    text = pick(draw, f"{primal}\n\n\n§nograd({name})", f"@§nograd\n{primal}")
    shown = trial(draw, name, of)
    return Definition(name, text, (Trial(name, shown.call, 0),))


MISTAKES = (
    ["return f(x), lambda dy: 2 * dy"],
    ["return f(x), lambda dy: [2 * dy]"],
    ["return f(x), lambda dy: dict(x=2 * dy)"],
    ["return f(x), lambda dy: (2 * dy, None)"],
    ["return 3 * x"],
    ["if SWITCH:", "    return f(x), lambda dy: (dy,)"],
    ["return f(x), (lambda dy: (dy,)), None"],
)


def mistaken(draw: Any, number: int) -> Definition:
    """Draw a definition on which the legacy runtime fails, or one that has no other form."""
    name = ("f", "g", "h")[number]
    primal = function(f"{name}(x)", ["return 3 * x"])
    if pick(draw, False, False, True):
        lines, head = [f"return {name}(x), lambda dy: (2 * dy,)"], f"@§adjoint_mut\ndef {name}(x):"
    else:
        lines = [line.replace("f(x)", f"{name}(x)") for line in pick(draw, *MISTAKES)]
        head = f"@§adjoint\ndef {name}(x):"
    text = "\n\n\n".join([primal, "\n".join([head, *indented(lines)])])
    return Definition(name, text, must_be_refused=True)


def _dataclass(name: str, *lines: str) -> str:
    return "\n".join(["@dataclass", f"class {name}:", *indented(lines)])


FORMS = (constructor, property_rule, overloaded, nograd, mistaken)
