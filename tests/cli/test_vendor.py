"""``adjoint2rrule vendor``, and a package that runs on the copy alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

ADAPTED = b"""\
from zygoterules import adjoint


def triple(x):
    return 3 * x


def opaque(x):
    return eval("lambda dy: (3 * dy,)")


@adjoint
def triple(x):
    return triple(x), opaque(x)
"""

RUN = """\
import sys
sys.modules["adjoint2rrule"] = None  # an import of it fails
from lab import _rules, double, triple
for f in double.double, triple.triple:
    found = _rules.rrule(f, 4.0)[1](1.0)
    assert type(found[0]) is _rules.NoTangent, found
    print(*map(float, found[1:]))
"""


@pytest.fixture
def lab(tree, legacy):
    (tree / "lab").mkdir()
    (tree / "lab/__init__.py").touch()
    (tree / "lab/double.py").write_bytes(legacy)
    (tree / "lab/triple.py").write_bytes(ADAPTED)
    return tree / "lab"


def test_package_runs_on_its_copy_alone(command, lab):
    result = command("vendor", "lab/_rules")
    assert (result.returncode, result.stdout) == (0, b"")
    assert b"Convert with `--runtime lab._rules`." in result.stderr
    result = command("convert", "--write", "--runtime", "lab._rules", "lab")
    assert result.returncode == 0, result.stderr
    assert b"1 converted, 1 adapted, 0 refused" in result.stderr
    assert b"from lab._rules import adapt_pullback, rrule\n" in (lab / "triple.py").read_bytes()
    run = subprocess.run([sys.executable, "-c", RUN], capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("2.0\n3.0\n", "")


def test_rules_of_a_copy_and_of_the_package_are_kept_apart(command, lab):
    command("vendor", "lab/_rules")
    command("convert", "--write", "--runtime", "lab._rules", "lab")
    code = (
        "from adjoint2rrule.core import rrule; from lab import _rules, double;"
        "print(rrule(double.double, 4.0), _rules.rrule(double.double, 4.0)[0])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("None 8.0\n", "")


def test_verify_compares_what_is_to_run_on_a_copy(command, lab):
    (lab / "double.py").write_bytes(b"")
    (lab / "triple.py").write_bytes(ADAPTED.replace(b"triple(x):", b"triple(x: float):"))
    command("vendor", "lab/_rules")
    result = command("verify", "--runtime", "lab._rules", "lab/triple.py")
    assert result.returncode == 0, result.stdout
    assert b"triple: equal" in result.stdout


def test_converting_leaves_the_copy_alone(command, lab):
    command("vendor", "lab/_rules")
    result = command("convert", "--check", "lab/_rules")
    assert (result.returncode, result.stdout) == (0, b"")
    assert b"No legacy definitions found" in result.stderr


def test_check_tells_whether_the_copy_is_up_to_date(command, lab):
    result = command("vendor", "--check", "lab/_rules")
    assert result.returncode == 1
    assert b"lab/_rules is not up to date" in result.stderr
    assert not (lab / "_rules").exists()
    command("vendor", "lab/_rules")
    result = command("vendor", "--check", "lab/_rules")
    assert (result.returncode, result.stdout) == (0, b"")
    assert result.stderr == b"lab/_rules holds the runtime of this version; nothing to change.\n"


def test_changed_file_stops_it_in_one_line(command, lab):
    command("vendor", "lab/_rules")
    (lab / "_rules/core/rules.py").write_bytes(b"# mine\n")
    result = command("vendor", "lab/_rules")
    assert (result.returncode, result.stdout, result.stderr.count(b"\n")) == (1, b"", 1)
    assert b"lab/_rules/core/rules.py was changed since it was copied; nothing is written" in result.stderr
    assert (lab / "_rules/core/rules.py").read_bytes() == b"# mine\n"


def test_folder_that_cannot_be_made_is_named(command, tree):
    (tree / "file").touch()
    result = command("vendor", "file/rules")
    assert (result.returncode, result.stderr.count(b"\n")) == (1, 1)
    assert b"Error: file" in result.stderr


def test_folder_is_asked_for(command):
    result = command("vendor")
    assert result.returncode == 2
    assert b"Missing argument 'DIR'" in result.stderr


def test_nothing_heavy_is_loaded(tree):
    code = (
        "import sys; from adjoint2rrule.cli.app import group;"
        "group.main(['vendor', 'rules'], standalone_mode=False);"
        "print({'libcst', 'rich', 'numpy'} & sys.modules.keys())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stdout == "set()\n", run.stderr
