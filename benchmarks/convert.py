"""The converter, against reading and parsing the same files."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from pathlib import Path

import libcst

from adjoint2rrule.convert.model import Options, SourceFile
from adjoint2rrule.convert.pipeline import closed_modules, convert_source
from adjoint2rrule.convert.project import project_around
from benchmarks.paired import Benchmark, processes

EXAMPLES = Path(__file__).parent.parent / "examples"
READ = "-c import pathlib\nfor path in pathlib.Path({!r}).rglob('*.py'): path.read_bytes()"


def benchmarks() -> Iterator[Benchmark]:
    """Yield what the converter is measured by."""
    yield processes("-m adjoint2rrule --version", "-c import click")
    tree = sysconfig.get_path("purelib")
    check = processes(f"-m adjoint2rrule convert --check {tree}", READ.format(tree), rounds=3)
    yield Benchmark(
        "convert --check, site-packages", "reading the same files", check.one, check.other, check.rounds
    )
    yield Benchmark(
        "convert_source, examples", "libcst parses and prints them", convert_examples, print_examples, 11
    )


def convert_examples() -> None:
    """Convert the example package."""
    options = Options()
    for path in EXAMPLES.rglob("*.py"):
        source = SourceFile(str(path), path.read_bytes())
        convert_source(source, options, project_around(path, closed_modules(options)))


def print_examples() -> None:
    """Parse and print the example package with libcst."""
    for path in EXAMPLES.rglob("*.py"):
        assert libcst.parse_module(path.read_bytes()).bytes
