"""A file as it becomes, with its rules."""

from adjoint2rrule.convert.model import Options
from adjoint2rrule.convert.run import convert_file
from adjoint2rrule.proof.converted import converted_file
from tests.convert.building import write

LEGACY = """
from zygoterules import adjoint

def double(x):
    return 2 * x

@adjoint
def double(x):
    return double(x), lambda dy: (2 * dy,)
"""


def test_rules_are_those_of_the_file_as_it_becomes(tmp_path):
    write(tmp_path, {"lab/__init__.py": "", "lab/rules.py": LEGACY})
    conversion = convert_file(str(tmp_path / "lab" / "rules.py"), Options())
    file = converted_file(conversion, Options())
    assert [(s.name, s.module) for s in file.subjects] == [("double", "lab.rules")]
    assert file.conversion is conversion


def test_other_files_of_the_project_are_known_as_they_are(tmp_path):
    write(tmp_path, {"lab/__init__.py": "", "lab/rules.py": LEGACY, "lab/films.py": "class Film: ..."})
    conversion = convert_file(str(tmp_path / "lab" / "rules.py"), Options())
    project = converted_file(conversion, Options()).project
    assert project.find("lab.films") is not None
    assert project.find("lab.rules").module.source.content == conversion.result
