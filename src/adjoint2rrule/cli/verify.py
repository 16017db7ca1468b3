"""``adjoint2rrule verify``: runs legacy and converted rules side by side, and compares them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from adjoint2rrule.cli.options import conversion_options, timeout_option
from adjoint2rrule.cli.parameters import refuse_together
from adjoint2rrule.convert.model import Options
from adjoint2rrule.proof.pairs import Work
from adjoint2rrule.proof.workers import WorkerError
from adjoint2rrule.report.progress import Progress
from adjoint2rrule.report.verification import JsonReport, Report, TextReport

_CANNOT_RUN = 2


@click.command("verify")
@click.argument("paths", nargs=-1, required=True, type=click.Path())
@click.option(
    "--against",
    default="",
    metavar="REV",
    help="Take the legacy side from a revision of git: for after a conversion was committed.",
)
@click.option("--probe", is_flag=True, help="Accepted, as for convert; verify always runs your code.")
@timeout_option
@click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="A line for each rule, or one JSON document.",
)
@conversion_options
@click.option("--quiet", "-q", is_flag=True, help="Only what differs or cannot be run, and no counts.")
@click.option("--verbose", "-v", is_flag=True, help="Also show the calls, and what your code printed.")
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    against: str,
    probe: bool,
    timeout: float,
    output_format: str,
    exclude: tuple[str, ...],
    modules: tuple[str, ...],
    runtime: str,
    thunks: bool,
    project: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Run the legacy rules in PATHS and what they become, side by side, and compare them.

    This runs your code: the functions that have rules, and the imports of their modules, in subprocesses
    with a time limit. Nothing is changed. What a rule is called with is found in your tests and examples,
    in annotations, and by trying.

    Exits with 0 if no rule differs, 1 if one does, and 2 for a mistake on the command line, or where rules
    cannot be run at all. Rules for which no arguments are found, or that hang or crash, are listed.
    """
    refuse_together(ctx, "quiet", "verbose")
    _refuse_missing(ctx, paths)
    options = Options(modules, runtime, thunks, project)
    work = _work(against, paths, exclude, options)
    report: Report = TextReport(quiet, verbose) if output_format == "text" else JsonReport(quiet)
    try:
        _run(work, options, timeout, report)
    except WorkerError as err:
        raise _Failed(str(err)) from err
    ctx.exit(report.finish(_nothing(against)))


class _Failed(click.ClickException):
    exit_code = _CANNOT_RUN


def _refuse_missing(ctx: click.Context, paths: Sequence[str]) -> None:
    for path in paths:
        if not os.path.exists(path):
            raise click.UsageError(f"Path {path!r} does not exist.", ctx)


def _work(against: str, paths: Sequence[str], exclude: Sequence[str], options: Options) -> Work:
    from adjoint2rrule.proof.history import work_since
    from adjoint2rrule.proof.revisions import RevisionError
    from adjoint2rrule.proof.work_tree import work_in_tree

    if not against:
        return work_in_tree(paths, exclude, options)
    try:
        return work_since(against, paths, exclude, options)
    except RevisionError as err:
        raise _Failed(str(err)) from err


def _run(work: Work, options: Options, timeout: float, report: Report) -> None:
    from adjoint2rrule.proof.verification import verify

    progress = Progress(sys.stderr, work.rules)
    try:
        for found in verify(work, options, timeout, lambda subject: progress.step(subject.name)):
            progress.clear()
            report.tell(found)
    finally:
        progress.clear()


def _nothing(against: str) -> str:
    if against:
        return f"No rules differ in their text from {against}; nothing to compare."
    return "No legacy definitions found; nothing to compare."
