"""The rules that a file holds once it is converted, and the project to read them in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from adjoint2rrule.convert.model import Conversion, Options, SourceFile
from adjoint2rrule.convert.pipeline import closed_modules
from adjoint2rrule.convert.project import Project, project_around
from adjoint2rrule.convert.syntax import parse
from adjoint2rrule.proof.model import Subject
from adjoint2rrule.proof.subjects import subjects_of


@dataclass(frozen=True, eq=False)
class ConvertedFile:
    """A file as it becomes, and its rules.

    Attributes
    ----------
    conversion
        What becomes of it.
    project
        The project around it, in which the file stands as it becomes.
    subjects
        Its rules, in order.
    """

    conversion: Conversion
    project: Project
    subjects: tuple[Subject, ...]


def converted_file(conversion: Conversion, options: Options) -> ConvertedFile:
    """Return a file as it becomes, with its rules; one that stays as it is may hold rules as well."""
    path = conversion.source.path
    project = project_around(Path(path), closed_modules(options)).fork()
    unit = project.unit(parse(SourceFile(path, conversion.result)))
    return ConvertedFile(conversion, project, tuple(subjects_of(unit, project, options.runtime)))
