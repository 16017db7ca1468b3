"""Generated definitions: a function or a class, its legacy rule in one of the forms, and calls of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from tests.generator import primals, seeds
from tests.generator.arguments import Argument, Call, Parameters, parameters
from tests.generator.drawing import Names, chance, pick
from tests.generator.flow import indented
from tests.generator.primals import Object
from tests.generator.pullbacks import Body, Rule, function, rule_body
from tests.generator.seeds import Output


@dataclass(frozen=True)
class Trial:
    """A call whose value and cotangents are compared.

    Attributes
    ----------
    function, call
        What is called, as an expression, and its arguments.
    entries
        How many cotangents the converted rule gives, that of the function included.
    rigid
        The positions of arguments that are annotated as something that cannot be perturbed.
    perturbable
        Those of arguments that are annotated as numbers.
    """

    function: str
    call: Call
    entries: int
    rigid: tuple[int, ...] = ()
    perturbable: tuple[int, ...] = ()

    @property
    def mentions(self) -> str:
        """The expressions of the call."""
        return " ".join([self.function, *self.call.positional, *self.call.named])


@dataclass(frozen=True)
class Definition:
    """A legacy definition with what it is a rule for.

    `name` is what the converter calls it, `must_be_refused` says that it is no rule of the dialect, or one
    that has no other form.
    """

    name: str
    text: str
    trials: tuple[Trial, ...] = ()
    must_be_refused: bool = field(default=False)


def _name(number: int) -> str:
    return ("f", "g", "h")[number]


def plain(draw: Any, number: int) -> Definition:
    """Draw a rule for what its own name denotes."""
    return _of_function(draw, _name(number), None)


def explicit(draw: Any, number: int) -> Definition:
    """Draw a rule under a name of its own."""
    return _of_function(draw, _name(number), pick(draw, "_", f"rule{number}", f"{_name(number)}_rrule"))


def _of_function(draw: Any, name: str, rule_name: str | None) -> Definition:
    names = Names(name, "e", "k", "v", *([rule_name] if rule_name else []))
    of, output = parameters(draw, names), pick(draw, *seeds.ALL)
    value = pick(draw, f"{name}({of.handed_on()})", f"{name}({of.handed_on()})", _computed(of, output))
    found = rule_body(draw, Rule(value, (), of, output, names, name))
    head = f"@§adjoint\ndef {name}" if rule_name is None else f"@§adjoint({name})\ndef {rule_name}"
    primal = primal_function(draw, name, of, output)
    text = joined(draw, primal, names, found, f"{head}({of.written()}):")
    return Definition(name, text, (trial(draw, name, of),))


def _computed(of: Parameters, output: Output) -> str:
    return output.text.replace("total", f"({of.terms()})")


def primal_function(
    draw: Any, name: str, of: Parameters, output: Output, *first: str, scale: str = ""
) -> str:
    """Draw the function or method that a rule is for."""
    head = f"{name}({of.written(*first, annotated=chance(draw))})"
    return function(head, [f"total = {scale}{of.terms()}", f"return {output.text}"])


def joined(draw: Any, primal: str, names: Names, body: Body, head: str) -> str:
    """Return a rule after what it is for and the helpers that it needs."""
    rule = "\n".join([head, *indented(body.lines)])
    if chance(draw, 12):
        rule = in_function(rule)
    return "\n\n\n".join([primal, *names.helpers, *body.helpers, rule])


def in_function(rule: str) -> str:
    """Return a rule that a function defines, with an import of its own."""
    lines = ["from adjoint2rrule.legacy import adjoint", "", *rule.replace("@§", "@").split("\n")]
    return "\n".join([function("register()", lines), "", "", "register()"])


def trial(draw: Any, name: str, of: Parameters, *, owner: int = 1) -> Trial:
    """Draw a call; `owner` is how many cotangents come before those of the parameters."""
    call = of.call(draw)
    extra = len(of.variadic.given) if of.variadic else 0
    first = owner - 1
    rigid = [first + i for i, a in enumerate(of.positional[: len(call.positional)]) if a.is_rigid]
    numbers = [first + i for i, a in enumerate(of.positional[: len(call.positional)]) if _is_number(a)]
    return Trial(name, call, owner + len(of.positional) + extra, tuple(rigid), tuple(numbers))


def _is_number(argument: Any) -> bool:
    return isinstance(argument.primal, primals.Number) and bool(argument.annotation)


# -- classes ---------------------------------------------------------------------------------------

LAYER = Object("", "", (), (("scale", primals.NUMBER), ("pair", primals.PAIR)))


def functor(draw: Any, number: int) -> Definition:
    """Draw a rule for calling the instances of a class, whose own cotangent comes first."""
    name = f"Layer{number}"
    names = Names(name, "self", "e", "k", "v")
    of, output = replace(parameters(draw, names), slash=0), pick(draw, *seeds.ALL)
    found = rule_body(draw, _of_object(f"self({of.handed_on()})", of, output, names, name))
    head = pick(
        draw,
        ("@§adjoint", "__call__", f"self: {name}"),
        ("@§adjoint", "__call__", f'self: "{name}"'),
        (f"@§adjoint({name}.__call__)", "_", "self"),
        (f"@§adjoint({name}.__call__)", "_", f"self: {name}"),
    )
    text = joined(draw, _class(draw, name, "__call__", of, output), names, found, _header(*head, of))
    made = f"{name}(2.0, Pair(0.5, 1.5))"
    return Definition(f"{name}.__call__", text, (trial(draw, made, of, owner=1),))


def method(draw: Any, number: int) -> Definition:
    """Draw a rule for a method, which is a function of its object."""
    name = f"Layer{number}"
    names = Names(name, "self", "e", "k", "v")
    of, output = parameters(draw, names), pick(draw, *seeds.ALL)
    found = rule_body(draw, _of_object(f"self.forward({of.handed_on()})", of, output, names, name))
    head = (
        f"@§adjoint({name}.forward)",
        pick(draw, "_", f"forward{number}"),
        pick(draw, "self", f"self: {name}"),
    )
    text = joined(draw, _class(draw, name, "forward", of, output), names, found, _header(*head, of))
    made = trial(draw, f"{name}.forward", of, owner=2)
    call = Call((f"{name}(2.0, Pair(0.5, 1.5))", *made.call.positional), made.call.named)
    shown = Trial(made.function, call, made.entries, made.rigid, made.perturbable)
    return Definition(f"{name}.forward", text, (shown,))


def _header(decorator: str, name: str, first: str, of: Parameters) -> str:
    return f"{decorator}\ndef {name}({of.written(first)}):"


def _of_object(value: str, of: Parameters, output: Output, names: Names, name: str) -> Rule:
    """Return a rule that gives a cotangent of its object first."""
    whole = Parameters(
        (Argument("self", LAYER), *of.positional), 0, of.variadic, of.keyword_only, of.keywords
    )
    return Rule(value, (), whole, output, names, name.lower())


def _class(draw: Any, name: str, called: str, of: Parameters, output: Output) -> str:
    body = primal_function(draw, called, of, output, "self", scale="self.scale * self.pair.a + ")
    lines = ["scale: float", "pair: Pair", "", *body.split("\n")]
    return "\n".join(["@dataclass", f"class {name}:", *indented(lines)])


FORMS = (plain, explicit, functor, method)
