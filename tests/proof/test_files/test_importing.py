"""What a test file imports, and under which names."""

import ast
import subprocess
import sys

import pytest

from adjoint2rrule.proof.model import Expression, Import
from adjoint2rrule.proof.test_files.importing import import_block, names_for

NUMPY = Import("numpy", alias="np")


def expression(text: str, *imports: Import) -> Expression:
    return Expression(text, frozenset(imports))


def read(*expressions: Expression, taken: tuple[str, ...] = ()) -> list[str]:
    """Return expressions as a file has them, the imports it needs first."""
    names = names_for(expressions, taken)
    imports = sorted({str(names.imported(i)) for e in expressions for i in e.imports})
    return [*imports, *(ast.unparse(names.read(e)) for e in expressions)]


# Names


def test_names_stay_where_they_can():
    solve, array = expression("solve", Import("lab", "solve")), expression("np.eye(2)", NUMPY)
    assert read(solve, array) == ["from lab import solve", "import numpy as np", "solve", "np.eye(2)"]


def test_second_of_one_name_is_called_by_its_module_too():
    one, other = expression("solve", Import("lab.a", "solve")), expression("solve", Import("lab.b", "solve"))
    assert read(one, other) == [
        "from lab.a import solve",
        "from lab.b import solve as b_solve",
        "solve",
        "b_solve",
    ]


@pytest.mark.parametrize("name", ["test_weight", "TestBeam", "setup_module"])
def test_nothing_that_pytest_would_take_for_its_own_is_imported_by_its_name(name):
    assert read(expression(name, Import("lab", name))) == [
        f"from lab import {name} as lab_{name}",
        f"lab_{name}",
    ]


def test_module_of_tests_gives_no_name_that_is_collected():
    found = read(expression("test_f", Import("tests.tester", "test_f")))
    assert found == ["from tests.tester import test_f as _tester_test_f", "_tester_test_f"]


def test_names_of_the_file_itself_are_taken():
    found = read(expression("pytest", Import("lab", "pytest")), taken=("pytest",))
    assert found == ["from lab import pytest as lab_pytest", "lab_pytest"]


def test_builtin_that_an_expression_needs_is_not_hidden():
    found = read(expression("sum", Import("lab", "sum")), expression("lambda *x: sum(x)"))
    assert found == ["from lab import sum as lab_sum", "lab_sum", "lambda *x: sum(x)"]


def test_modules_of_one_package_share_its_name():
    found = read(expression("a.b.f", Import("a.b")), expression("a.c.f", Import("a.c")))
    assert found == ["import a.b", "import a.c", "a.b.f", "a.c.f"]


def test_module_whose_name_is_taken_gets_another_with_all_its_dots():
    found = read(
        expression("lab.films.f(lab.films.X)", Import("lab.films")), expression("lab", Import("kit", "lab"))
    )
    assert found == [
        "from kit import lab",
        "import lab.films as lab_films",
        "lab_films.f(lab_films.X)",
        "lab",
    ]


def test_attribute_argument_and_parameter_of_a_taken_name_stay():
    given = expression("f(x.f, f=f, g=lambda f: f(f), h=lambda y=f: y)", Import("lab", "f"))
    assert read(given, taken=("f",))[1] == "lab_f(x.f, f=lab_f, g=lambda f: f(f), h=lambda y=lab_f: y)"


def test_names_in_strings_stay():
    assert read(expression("f('f')", Import("lab", "f")), taken=("f",))[1] == "lab_f('f')"


def test_every_other_name_taken_too_gets_a_number():
    found = read(expression("f", Import("lab", "f")), taken=("f", "lab_f"))
    assert found == ["from lab import f as _lab_f_1", "_lab_f_1"]


# Imports

MIXED = [
    Import("os"),
    NUMPY,
    Import("numpy"),
    Import("scipy.sparse", alias="sp"),
    Import("B", "x"),
    Import("a.b", "y"),
    Import("_c", "z"),
    *(Import("m", name) for name in ("A1", "CONST", "Q", "a", "x10", "x2", "X", "aB")),
    Import("m", "b", "c"),
    Import("m", "Z", "z1"),
    Import("lab.films", "a_long_name_of_a_function"),
    Import("lab.films", "another_long_name_of_a_function"),
    Import("lab.films", "one_more_long_name_of_a_function"),
    Import("lab"),
    Import("lab.glass"),
]


def test_block_is_sorted_as_ruff_does():
    block = import_block(MIXED, lambda top: top == "lab", 88, {Import("lab.glass"): "noqa: F401"})
    source = "\n".join(block) + "\n"
    assert "import lab.glass  # noqa: F401\n" in source
    config = ["--config", "lint.isort.known-first-party=['lab']"]
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select=I", "--diff", *config, "-"]
    found = subprocess.run(command, input=source, capture_output=True, check=False, encoding="utf-8")
    assert (found.stdout, found.returncode) == ("", 0)


def test_each_import_stands_once():
    assert import_block([NUMPY, NUMPY], lambda top: False, 88, {}) == ["import numpy as np"]
