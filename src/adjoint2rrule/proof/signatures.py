"""What a rule takes, and what the function that it is for says of its parameters."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from adjoint2rrule.convert.annotations import Place
from adjoint2rrule.convert.classes import Classes
from adjoint2rrule.convert.scopes import By, DefinitionNode
from adjoint2rrule.convert.units import Symbol
from adjoint2rrule.proof.model import Body, Parameter, Take


def parameters_of(function: DefinitionNode, place: Place) -> tuple[Parameter, ...]:
    """Return the parameters of a function whose annotations are to be read in `place`."""
    a = function.args
    positional = [*a.posonlyargs, *a.args]
    defaults = [*[None] * (len(positional) - len(a.defaults)), *a.defaults]
    rest = [(a.vararg, Take.REST, None)] if a.vararg else []
    options = [(a.kwarg, Take.OPTIONS, None)] if a.kwarg else []
    found = [
        *((p, Take.ONE, default) for p, default in zip(positional, defaults, strict=True)),
        *rest,
        *((p, Take.KEYWORD, default) for p, default in zip(a.kwonlyargs, a.kw_defaults, strict=True)),
        *options,
    ]
    return tuple(Parameter(p.arg, take, p.annotation, default, place) for p, take, default in found)


def function_behind(symbol: Symbol | None) -> DefinitionNode | None:
    """Return the definition of a function of the project, where it has just one."""
    nodes = [b.node for b in symbol.makers if b.by is By.FUNCTION] if symbol is not None else []
    match nodes:
        case [ast.FunctionDef() as node]:
            return node
    return None


def fields_as_parameters(symbol: Symbol | None, classes: Classes) -> tuple[Parameter, ...]:
    """Return what the constructor of a class of the project takes, as far as its fields say."""
    fields = classes.fields(symbol)
    if symbol is None or symbol.scope is None or symbol.unit is None or fields is None:
        return ()
    place = Place(symbol.scope, symbol.unit)
    return tuple(Parameter(f.name, Take.ONE, f.annotation, None, place) for f in fields)


def with_annotations_of(
    parameters: Sequence[Parameter], others: Sequence[Parameter]
) -> tuple[Parameter, ...]:
    """Return `parameters` with the annotations of `others` where they have none of their own.

    They are matched by their positions, and keywords by their names, since a rule may call its arguments
    as it likes.
    """
    positional = [other for other in others if other.take is Take.ONE]
    by_name = {other.name: other for other in others}
    result = []
    for index, parameter in enumerate(parameters):
        in_place = positional[index] if index < len(positional) else None
        other = in_place if parameter.take is Take.ONE else by_name.get(parameter.name)
        if parameter.annotation is None and other is not None and other.annotation is not None:
            parameter = replace(parameter, annotation=other.annotation, place=other.place)
        result.append(parameter)
    return tuple(result)


def body_of(
    function: DefinitionNode, place: Place, parameters: Sequence[Parameter], own: Sequence[Parameter]
) -> Body:
    """Return a function in which the use of the rule's `parameters` can be read; `own` are its own ones."""
    pairs = zip(parameters, own, strict=False)
    names = {parameter.name: mine.name for parameter, mine in pairs if parameter.take is mine.take}
    by_name = {mine.name for mine in own}
    names |= {p.name: p.name for p in parameters if p.take is not Take.ONE and p.name in by_name}
    return Body(function, place, names)
