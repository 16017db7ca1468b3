"""Options that commands share, so that they are called and explained alike."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import click

from adjoint2rrule.cli.parameters import ignore_patterns, module_name, module_names, seconds
from adjoint2rrule.convert.model import Options

Decorated = Callable[..., Any]
Decorator = Callable[[Decorated], Decorated]

_TIME_LIMIT = 10.0  # seconds


def together(*options: Decorator) -> Decorator:
    """Return one decorator that adds all of `options`, which the help lists in this order."""
    return lambda function: reduce(lambda done, option: option(done), reversed(options), function)


#: which files, and what they become
conversion_options = together(
    click.option(
        "--exclude",
        multiple=True,
        metavar="PATTERN",
        callback=ignore_patterns,
        help="Leave out what such a line of a .gitignore in the current directory would.",
    ),
    click.option(
        "--legacy-module",
        "modules",
        multiple=True,
        metavar="MODULE",
        callback=module_names,
        help="One more module whose adjoint is legacy.",
    ),
    click.option(
        "--runtime",
        default=Options().runtime,
        show_default=True,
        metavar="MODULE",
        callback=module_name,
        help="Where converted code imports its runtime from.",
    ),
    click.option(
        "--thunks",
        is_flag=True,
        help="Compute cotangents only when they are needed, where two or more of a rule take work.",
    ),
    click.option(
        "--project",
        is_flag=True,
        help="Keep cotangents in the spaces of their arguments, by ProjectTo: real, of their shape, sparse.",
    ),
)

#: how long a call of the user's code may take
timeout_option = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=_TIME_LIMIT,
    show_default=True,
    metavar="SECONDS",
    callback=seconds,
    help="How long one call of your code may take.",
)
