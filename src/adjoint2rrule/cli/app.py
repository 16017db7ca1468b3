"""The group of commands, and how their errors end."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import TextIO, cast

import click

from adjoint2rrule import __version__

COMMANDS = {  # each module has a `command`
    "convert": "adjoint2rrule.cli.convert",
    "vendor": "adjoint2rrule.cli.vendor",
    "verify": "adjoint2rrule.cli.verify",
}


class LazyGroup(click.Group):
    """A group that imports a command when it is called for: the modules cost more than most runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name, if there is one."""
        module = COMMANDS.get(cmd_name)
        return None if module is None else cast(click.Command, import_module(module).command)


@click.group("adjoint2rrule", cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s", prog_name="adjoint2rrule")
def group() -> None:
    """Rewrite hand-written @adjoint gradients as rrules that any AD system can use."""


def run() -> int:
    """Run the command line and return the exit code; `KeyboardInterrupt` is the caller's."""
    # Names of files and of identifiers may hold what the output's encoding cannot.
    for stream in (sys.stdout, sys.stderr):
        cast(TextIOWrapper, stream).reconfigure(errors="backslashreplace")
    try:
        return cast(int, group.main(prog_name="adjoint2rrule", standalone_mode=False))
    except click.ClickException as err:
        err.show()
        return err.exit_code
    except click.Abort as err:  # click makes this of Ctrl-C
        raise KeyboardInterrupt from err
    except OSError as err:
        # Files that fail are reported as such; what is left is an output that cannot be written.
        print(f"Error: {err}", file=sys.stderr)
        _give_up(sys.stdout)
        return 1


def _give_up(stream: TextIO) -> None:
    """Let what `stream` still holds go nowhere, or Python complains once more as it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
