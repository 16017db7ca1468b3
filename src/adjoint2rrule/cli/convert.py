"""``adjoint2rrule convert``: shows what is to be converted, converts it, or checks that nothing is."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from adjoint2rrule.cli.options import conversion_options, timeout_option
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
@click.option(
    "--tests",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Also write tests of the rules into DIR, over none that a person has edited.",
)
@click.option(
    "--probe",
    is_flag=True,
    help="Run the functions of your package, in a subprocess, to find inputs for --tests. "
    "Without it, none of your code is ever run.",
)
@timeout_option
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
    tests: str | None,
    probe: bool,
    timeout: float,
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

    Prints a diff that `git apply` accepts, and changes nothing; with --write, changes the files. With
    --tests, test files are part of that. None of your code is run, unless you ask for it by --probe.

    Exits with 0 if nothing is left to do, 1 if something needs a person (under --check: if anything is
    legacy), and 2 if a path does not exist.
    """
    refuse_together(ctx, "write", "check")
    refuse_together(ctx, "tests", "check")
    refuse_together(ctx, "quiet", "verbose")
    if probe and tests is None:
        raise click.UsageError("--probe finds inputs for --tests DIR, which is missing.", ctx)
    mode = Mode.WRITE if write else Mode.CHECK if check else Mode.DIFF
    options = Options(modules, runtime, thunks, project)
    files = [path for path in paths if path != _STDIN]
    if tests is not None and not files:
        raise click.UsageError("--tests is for files: no test can import standard input.", ctx)
    work = survey(files, exclude, modules)
    has_stream = len(files) < len(paths)
    reporter = Reporter(mode, quiet, verbose, Tally(work.files + has_stream))
    if has_stream:
        reporter.tell(_standard_input(stdin_filename, options, mode))
    done: list[Conversion] = []
    for conversion in convert_files(work.found, options):
        told = save(conversion) if write else conversion
        reporter.tell(told)
        if tests is not None:
            done.append(told)
    code = reporter.finish()
    if tests is not None:
        code = max(code, _rule_tests(done, options, tests, timeout if probe else None, mode, quiet, verbose))
    ctx.exit(code)


def _rule_tests(
    conversions: Sequence[Conversion],
    options: Options,
    directory: str,
    time_limit: float | None,
    mode: Mode,
    quiet: bool,
    verbose: bool,
) -> int:
    """Show or write the tests of converted rules, and return the exit code."""
    # Those who only convert have no use for any of it.
    from adjoint2rrule.proof.rule_tests import files_with_rules, rule_tests, written
    from adjoint2rrule.proof.workers import WorkerError
    from adjoint2rrule.report.progress import Progress
    from adjoint2rrule.report.rule_tests import RuleTestReporter

    reporter = RuleTestReporter(mode, quiet, verbose)
    files = files_with_rules(conversions, options)
    progress = Progress(sys.stderr, sum(len(file.subjects) for file in files))
    try:
        for tests in rule_tests(files, options, directory, time_limit, lambda s: progress.step(s.name)):
            progress.clear()
            reporter.tell(written(tests) if mode is Mode.WRITE else tests)
    except WorkerError as err:
        raise click.ClickException(f"no rule tests: {err}") from err
    finally:
        progress.clear()
    return reporter.finish()


def _standard_input(name: str, options: Options, mode: Mode) -> Conversion:
    conversion = convert_stream(SourceFile(name, sys.stdin.buffer.read()), options)
    if mode is Mode.WRITE:
        put(sys.stdout, conversion.result)
    return conversion
