"""From files as they become to test files, without a run of the user's code."""

import pytest

from adjoint2rrule.convert.model import Options
from adjoint2rrule.convert.run import convert_file
from adjoint2rrule.proof.rule_tests import files_with_rules, rule_tests, written
from adjoint2rrule.proof.test_files.writing import State
from tests.convert.building import write

LEGACY = """
from zygoterules import adjoint, adjoint_mut

def double(x: float):
    return 2 * x

@adjoint
def double(x: float):
    return double(x), lambda dy: (2 * dy,)
"""
REFUSED = """
@adjoint_mut
def scale(x):
    return scale(x), lambda dy: (dy,)
"""


@pytest.fixture
def made(tmp_path):
    """Return a function that makes files, converts them in memory, and returns their tests."""

    def make(files: dict[str, str]):
        write(tmp_path, files)
        conversions = [convert_file(str(tmp_path / path), Options()) for path in sorted(files)]
        found = files_with_rules(conversions, Options())
        return list(rule_tests(found, Options(), str(tmp_path / "tests")))

    return make


def test_tests_are_for_files_in_which_something_was_converted(made):
    refused = LEGACY.partition("\n@adjoint\n")[0] + REFUSED
    by_hand = (
        "from adjoint2rrule.core import rrule\n\n@rrule.register(abs)\ndef abs_rrule(abs, x: float): ..."
    )
    files = {"lab/__init__.py": "", "lab/a.py": LEGACY, "lab/b.py": refused, "lab/c.py": by_hand}
    (tests,) = made(files)
    assert tests.file.path.endswith("test_lab__a.py")


def test_rules_that_are_refused_have_none_and_those_written_by_hand_have(made):
    by_hand = (
        "\nfrom adjoint2rrule.core import rrule\n\n@rrule.register(abs)\ndef abs_rrule(abs, x: float): ..."
    )
    (tests,) = made({"lab/__init__.py": "", "lab/a.py": LEGACY + REFUSED + by_hand})
    assert [selection.subject.label for selection in tests.selections] == ["double", "abs"]


def test_line_length_is_that_of_the_project(made):
    config = "[tool.ruff]\nline-length = 40\n"
    narrow = LEGACY.replace("x: float", "a_long_name: float, b: float").replace("(x)", "(a_long_name, b)")
    narrow = narrow.replace("2 * x", "2 * a_long_name").replace("(2 * dy,)", "(2 * dy, None)")
    (tests,) = made({"pyproject.toml": config, "lab/__init__.py": "", "lab/a.py": narrow})
    body = tests.file.content.decode().partition('"""\n')[2]
    assert max(map(len, body.splitlines())) <= 40


def test_nothing_is_written_before_it_is_asked_for(made, tmp_path):
    (tests,) = made({"lab/__init__.py": "", "lab/a.py": LEGACY})
    assert not (tmp_path / "tests").exists()
    assert written(tests).file.state is State.NEW
    assert (tmp_path / "tests" / "test_lab__a.py").read_bytes() == tests.file.content


def test_same_file_comes_from_every_run(made):
    files = {"lab/__init__.py": "", "lab/a.py": LEGACY}
    assert made(files)[0].file == made(files)[0].file


def test_second_module_of_one_name_is_a_failure_that_names_the_first(made):
    files = {"lab/__init__.py": "", "lab/a.py": LEGACY, "other/lab/__init__.py": "", "other/lab/a.py": LEGACY}
    made_tests = made(files)
    assert [tests.file.state for tests in made_tests] == [State.NEW, State.FAILED]
    assert "lab/a.py" in made_tests[1].file.problem
