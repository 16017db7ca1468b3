"""What the tests of the proof are built from: the rules of small converted files."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from adjoint2rrule.convert.model import Options, SourceFile
from adjoint2rrule.convert.pipeline import closed_modules
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.syntax import parse
from adjoint2rrule.proof.model import Subject
from adjoint2rrule.proof.subjects import subjects_of

RUNTIME = Options().runtime


def subjects_in(text: str, root: Path, path: str = "lab/rules.py", runtime: str = RUNTIME) -> list[Subject]:
    """Return the rules of a file with `text`, which may be indented as a whole, at `path` below `root`."""
    project = Project((root,), closed_modules(Options()))
    source = SourceFile(str(root / path), dedent(text).encode())
    return subjects_of(project.unit(parse(source)), project, runtime)


def subject_in(text: str, root: Path) -> Subject:
    """Return the only rule of a file with `text`, below a first line that imports the runtime."""
    (subject,) = subjects_in(HEADER + dedent(text), root)
    return subject


HEADER = "from adjoint2rrule.core import *\n"
