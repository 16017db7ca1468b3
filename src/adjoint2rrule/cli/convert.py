"""``adjoint2rrule convert``: shows what is to be converted, converts it, or checks that nothing is."""

from __future__ import annotations

import sys

import click

from adjoint2rrule.cli.options import conversion_options
from adjoint2rrule.cli.parameters import refuse_together
from adjoint2rrule.convert.model import Conversion, Options, SourceFile
from adjoint2rrule.convert.run import convert_files, convert_stream
from adjoint2rrule.convert.scan import survey
from adjoint2rrule.convert.write import save
from adjoint2rrule.report.reporter import Reporter
from adjoint2rrule.report.tally import Mode, Tally
from adjoint2rrule.report.terminal import put

_STDIN = "-"


@click.command("convert")
@click.argument("paths", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("--write", "-w", is_flag=True, help="Change the files; for standard input, print the result.")
@click.option("--check", is_flag=True, help="List what is legacy, and exit with 1 if anything is.")
@conversion_options
@click.option(
    "--stdin-filename", default="<stdin>", metavar="FILE", help="The file that standard input stands for."
)
@click.option("--quiet", "-q", is_flag=True, help="No notes, no warnings, no counts.")
@click.option("--verbose", "-v", is_flag=True, help="Say what came of each parsed file, and give advice.")
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    write: bool,
    check: bool,
    exclude: tuple[str, ...],
    modules: tuple[str, ...],
    runtime: str,
    thunks: bool,
    project: bool,
    stdin_filename: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Convert the legacy definitions in PATHS: files, directories, or - for standard input.

    Prints a diff that `git apply` accepts, and changes nothing; with --write, changes the files.

    Exits with 0 if nothing is left to do, 1 if something needs a person (under --check: if anything is
    legacy), and 2 if a path does not exist.
    """
    refuse_together(ctx, "write", "check")
    refuse_together(ctx, "quiet", "verbose")
    mode = Mode.WRITE if write else Mode.CHECK if check else Mode.DIFF
    options = Options(modules, runtime, thunks, project)
    files = [path for path in paths if path != _STDIN]
    work = survey(files, exclude, modules)
    has_stream = len(files) < len(paths)
    reporter = Reporter(mode, quiet, verbose, Tally(work.files + has_stream))
    if has_stream:
        reporter.tell(_standard_input(stdin_filename, options, mode))
    for conversion in convert_files(work.found, options):
        reporter.tell(save(conversion) if write else conversion)
    ctx.exit(reporter.finish())


def _standard_input(name: str, options: Options, mode: Mode) -> Conversion:
    conversion = convert_stream(SourceFile(name, sys.stdin.buffer.read()), options)
    if mode is Mode.WRITE:
        put(sys.stdout, conversion.result)
    return conversion
