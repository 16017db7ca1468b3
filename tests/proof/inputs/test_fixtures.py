"""The search comes to an end, and gives calls that can be parsed, whatever the code looks like."""

import ast
from itertools import islice
from pathlib import Path

import pytest

from adjoint2rrule.convert.model import Options, SourceFile
from adjoint2rrule.convert.pipeline import closed_modules
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.syntax import parse
from adjoint2rrule.proof.inputs import CallIndex, search
from adjoint2rrule.proof.subjects import subjects_of

FIXTURES = Path(__file__).parents[2] / "fixtures"
CASES = sorted(FIXTURES.glob("*/after.py"))


@pytest.mark.parametrize("letter", sorted({case.parent.name[0] for case in CASES}))
def test_every_fixture_is_searched(letter):
    for case in (case for case in CASES if case.parent.name.startswith(letter)):
        project = Project((case.parent,), closed_modules(Options()))
        unit = project.unit(parse(SourceFile(str(case), case.read_bytes())))
        index = CallIndex(project)
        for subject in subjects_of(unit, project, Options().runtime):
            found = search(subject, project, index)
            calls = [*found.found, *islice(found.possible, 20)]
            assert calls or found.missing, f"{case.parent.name}: {subject.name}"
            for call in calls:
                ast.parse(str(call))
