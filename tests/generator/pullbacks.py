"""The forms of a rule's body: how it makes its pullback, and the pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.generator.arguments import Parameters
from tests.generator.drawing import LOCALS, PULLBACKS, SEEDS, Names, chance, pick
from tests.generator.flow import body, indented, joined, result
from tests.generator.seeds import Output, reading


@dataclass(frozen=True)
class Rule:
    """What the body of a rule is made from.

    `value` is the expression for the value, `first` the names of parameters before the others, `names`
    are the names that the rule has taken, and `prefix` is one that helpers of the module can start with.
    """

    value: str
    first: tuple[str, ...]
    parameters: Parameters
    output: Output
    names: Names
    prefix: str

    @property
    def given(self) -> list[str]:
        """The names of all parameters."""
        return [*self.first, *self.parameters.names()]


@dataclass(frozen=True)
class Body:
    """The statements of a rule, and functions of the module that it needs."""

    lines: list[str]
    helpers: tuple[str, ...] = ()


def rule_body(draw: Any, rule: Rule) -> Body:
    """Draw the body of a rule."""
    forms = (_nested, _nested, _nested, _lambda, _named_lambda, _by_condition, _by_branch, _value_in_variable)
    return pick(draw, *forms, _guarded, _pair_in_variable, _partial, _maker, _pair_maker)(draw, rule)


def definition(draw: Any, rule: Rule, name: str, seed: str, *first: str) -> list[str]:
    """Draw a function of the seed, and perhaps of what comes before it, that returns the cotangents."""
    parts = rule.names.new(draw, LOCALS), rule.names.new(draw, LOCALS)
    read = reading(draw, rule.output, seed, parts, inline=False)
    rule.names.outside = None if first else []
    header = f"def {name}({', '.join([*first, seed])}):"
    lines = [header, *indented(body(draw, rule.parameters, read, rule.names))]
    return [*(rule.names.outside or []), *lines]


def expression(draw: Any, rule: Rule) -> str:
    """Draw a lambda that returns the cotangents."""
    seed = rule.names.new(draw, SEEDS)
    leaves = reading(draw, rule.output, seed, ("", ""), inline=True).leaves
    found = result(draw, rule.parameters, leaves, rule.names, is_inline=True)
    return f"lambda {seed}: {joined(draw, found)}"


def _fresh(draw: Any, rule: Rule) -> tuple[str, str]:
    return rule.names.new(draw, PULLBACKS), rule.names.new(draw, SEEDS)


def _nested(draw: Any, rule: Rule) -> Body:
    name, seed = _fresh(draw, rule)
    return Body([*definition(draw, rule, name, seed), "", f"return {rule.value}, {name}"])


def _lambda(draw: Any, rule: Rule) -> Body:
    return Body([f"return {rule.value}, {expression(draw, rule)}"])


def _named_lambda(draw: Any, rule: Rule) -> Body:
    name = rule.names.new(draw, PULLBACKS)
    return Body([f"{name} = {expression(draw, rule)}", f"return {rule.value}, {name}"])


def _by_condition(draw: Any, rule: Rule) -> Body:
    first, second = expression(draw, rule), expression(draw, rule)
    return Body([f"return {rule.value}, ({first}) if SWITCH else ({second})"])


def _by_branch(draw: Any, rule: Rule) -> Body:
    name, seed = _fresh(draw, rule)
    lines = ["if SWITCH:", f"    {name} = {expression(draw, rule)}", "else:"]
    lines += indented(definition(draw, rule, name, seed))
    return Body([*lines, f"return {rule.value}, {name}"])


def _value_in_variable(draw: Any, rule: Rule) -> Body:
    value = rule.names.new(draw, LOCALS)
    name, seed = _fresh(draw, rule)
    lines = [f"{value} = {rule.value}", *definition(draw, rule, name, seed)]
    return Body([*lines, "", f"return ({value}, {name})"])


def _guarded(draw: Any, rule: Rule) -> Body:
    """Draw a `return` inside of another statement."""
    name, seed = _fresh(draw, rule)
    back = definition(draw, rule, name, seed)
    done = f"    return {rule.value}, {name}"
    other = f"    return {rule.value}, {expression(draw, rule)}"
    form = pick(
        draw,
        ['with np.errstate(all="ignore"):', done],
        ["try:", done, "except ZeroDivisionError:", other],
        ["if SWITCH:", other, "else:", done],
        ["match SWITCH:", "    case True:", f"    {other}", "    case _:", f"    {done}"],
    )
    return Body([*back, *form])


def _pair_in_variable(draw: Any, rule: Rule) -> Body:
    name = rule.names.new(draw, LOCALS)
    return Body([f"{name} = {rule.value}, {expression(draw, rule)}", f"return {name}"])


# -- helpers of the module -------------------------------------------------------------------------


def _partial(draw: Any, rule: Rule) -> Body:
    """Draw a helper that returns the cotangents themselves, with everything but the seed in front."""
    seed, helper = rule.names.new(draw, SEEDS), f"_{rule.prefix}_back"
    text = "\n".join(definition(draw, rule, helper, seed, *rule.given))
    given = ", ".join(rule.given)
    named = f"{seed}={seed}" if chance(draw, 4) else seed
    back = pick(draw, f"partial({helper}, {given})", f"lambda {seed}: {helper}({given}, {named})")
    return Body([f"return {rule.value}, {back}"], (text, *_shared(draw, helper)))


def _maker(draw: Any, rule: Rule) -> Body:
    """Draw a helper that returns the pullback."""
    rule.names.is_helper = True
    name, seed = _fresh(draw, rule)
    helper, given = f"_make_{rule.prefix}_back", ", ".join(rule.given)
    lines = [*definition(draw, rule, name, seed), "", f"return {name}"]
    text = function(f"{helper}({given})", lines)
    return Body([f"return {rule.value}, {helper}({given})"], (text, *_shared(draw, helper)))


def _pair_maker(draw: Any, rule: Rule) -> Body:
    """Draw a helper that returns the pair."""
    rule.names.is_helper = True
    name, seed = _fresh(draw, rule)
    helper, given = f"_{rule.prefix}_with_back", ", ".join(rule.given)
    lines = [*definition(draw, rule, name, seed), "", f"return {rule.value}, {name}"]
    text = function(f"{helper}({given})", lines)
    return Body([f"return {helper}({given})"], (text, *_shared(draw, helper)))


def _shared(draw: Any, helper: str) -> list[str]:
    """Draw other code that uses a helper."""
    return [f"SHARED = [{helper}]"] if chance(draw, 6) else []


def function(head: str, lines: list[str]) -> str:
    """Return a function with these statements."""
    return "\n".join([f"def {head}:", *indented(lines)])
