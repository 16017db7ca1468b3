"""``adjoint2rrule vendor``: copies the runtime into a project that wants no dependency."""

from __future__ import annotations

from pathlib import Path

import click

from adjoint2rrule.vendoring import Update, VendorError, apply, module_of, update_of


@click.command("vendor")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Change nothing, and exit with 1 if the copy is not up to date.")
@click.pass_context
def command(ctx: click.Context, directory: Path, check: bool) -> None:
    """Copy the runtime into DIR, a folder of your package, or bring the copy there up to date.

    The copy needs numpy and nothing else. `convert --runtime` makes converted code import it. AD systems
    see the rules of a copy through nothing in `adjoint2rrule.interop`, which is for `adjoint2rrule.core`.

    Exits with 0 if the copy is up to date, 1 if it cannot be, or under --check is not, and 2 for a mistake on
    the command line.
    """
    try:
        update = update_of(directory)
        if not check:
            apply(update)
    except VendorError as err:
        raise click.ClickException(str(err)) from err
    except OSError as err:
        raise click.ClickException(f"{err.filename or directory}: {err.strerror or err}") from err
    click.echo(_said(update, check), err=True)
    ctx.exit(int(check and bool(update)))


def _said(update: Update, check: bool) -> str:
    directory = click.format_filename(update.directory)
    if not update:
        return f"{directory} holds the runtime of this version; nothing to change."
    counts = f"{len(update.new)} files new, {len(update.changed)} changed, {len(update.gone)} gone"
    if check:
        return f"{directory} is not up to date ({counts}): run `adjoint2rrule vendor {directory}`."
    module = module_of(update.directory)
    then = f"Convert with `--runtime {module}`." if module else "No import can name it: rename the folder."
    return f"{directory}: {counts}. {then}"
