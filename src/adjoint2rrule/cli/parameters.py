"""Checks of parameters that commands share, each with its own message for nonsense."""

from __future__ import annotations

from keyword import iskeyword
from math import isfinite

import click

from adjoint2rrule.convert.ignore import is_pattern


def module_name(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Return `value`, the dotted name of a module, or complain where no import statement could hold it."""
    if all(part.isidentifier() and not iskeyword(part) for part in value.split(".")):
        return value
    raise click.BadParameter(f"{value!r} is not the name of a module, such as 'lab.rules'.", ctx, param)


def module_names(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return `values`, the dotted names of modules, or complain."""
    return tuple(module_name(ctx, param, value) for value in values)


def ignore_patterns(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return `values`, lines of a ``.gitignore``, or complain of the first that is none."""
    for value in values:
        if not is_pattern(value):
            message = f"{value!r} is not a pattern of .gitignore, such as 'tests/' or '*_pb2.py'."
            raise click.BadParameter(message, ctx, param)
    return values


def seconds(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """Return `value`, a length of time, or complain where no clock can wait for it."""
    if isfinite(value):
        return value
    raise click.BadParameter(f"{value} is no number of seconds, such as 10.", ctx, param)


def refuse_together(ctx: click.Context, *names: str) -> None:
    """Raise a usage error where more than one of the options of these names is given."""
    given = [f"--{name}" for name in names if ctx.params[name]]
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(given)} cannot be used together.", ctx)
