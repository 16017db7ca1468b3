"""``convert --tests``, as it is installed: tests that pass, that are kept, and that show what is wrong."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
EXAMPLE = CHECKOUT / "examples" / "heating"
CORPUS = CHECKOUT / ".." / "shared" / "corpus"

# One rule whose inputs the annotations tell, and one whose inputs only a probe finds.
LAB = b"""\
import numpy as np
from adjoint2rrule.legacy import adjoint


def double(x: float):
    return 2 * x


@adjoint
def double(x: float):
    return double(x), lambda dy: (2 * dy,)


def damped(f, x):
    return np.exp(-x) * f(2.0)


@adjoint
def damped(f, x):
    y = np.exp(-x) * f(2.0)
    return y, lambda dy: (None, -y * dy)
"""

FILE = Path("tests", "test_lab__rules.py")


@pytest.fixture
def lab(tree) -> Path:
    """Make a package with rules, and return the file they are in."""
    folder = tree / "lab"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "rules.py").write_bytes(LAB)
    return folder / "rules.py"


def run_pytest(*paths: str, **environment: str) -> tuple[int, str]:
    """Run the tests in the current folder; return the exit code, and the counts at the end."""
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", *paths]
    run = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    return run.returncode, re.sub(r" in [\d.]+s.*", "", run.stdout.rstrip().rpartition("\n")[2])


# Generated tests run


def test_tests_of_the_example_pass_and_nothing_had_to_be_run_for_them(command, tree):
    shutil.copytree(EXAMPLE, tree / "heating")
    result = command("convert", "--write", "--tests", "tests/rules", "heating")
    assert result.returncode == 0
    assert b"14 rule tests in 4 files: 14 run, 0 skipped. 4 files written.\n" in result.stderr
    assert run_pytest("tests/rules") == (0, "14 passed")


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside this checkout")
def test_tests_of_the_corpus_find_the_rules_that_are_wrong(command, tree):
    shutil.copytree(CORPUS / "optics_lab", tree / "optics_lab")
    result = command("convert", "--write", "--tests", "tests", "--probe", "optics_lab")
    assert b"\n67 rule tests in 8 files: 67 run, 0 skipped; 2 rules are wrong." in result.stderr
    wrong = re.findall(rb"^(\S+?):\d+:1: wrong-rule: `(\w+)`", result.stderr, re.MULTILINE)
    assert wrong == [
        (b"optics_lab/linalg.py", b"lstsq"),
        (b"optics_lab/sampling.py", b"sample_mirror"),
    ]
    # A definition that is refused leaves the package with an import of the legacy library.
    (tree / "installed").mkdir()
    (tree / "installed" / "zygoterules.py").write_text("from adjoint2rrule.legacy import *\n")
    paths = os.pathsep.join([str(tree / "installed"), os.environ.get("PYTHONPATH", "")])
    assert run_pytest("tests", PYTHONPATH=paths) == (1, "2 failed, 65 passed")


def test_rule_without_known_arguments_is_skipped_with_what_is_missing(command, lab):
    result = command("convert", "--write", "--tests", "tests", "lab")
    assert result.returncode == 0
    assert b"lab/rules.py:18:1: skipped-rule-test: `damped` has a test that is skipped: no" in result.stderr
    assert (
        b"2 rule tests in 1 file: 1 run, 1 skipped for the reasons above. 1 file written.\n" in result.stderr
    )
    assert run_pytest("tests") == (0, "1 passed, 1 skipped")
    assert "`f`: give it an annotation" in FILE.read_text()


def test_probe_finds_what_the_sources_do_not_tell(command, lab):
    result = command("convert", "--write", "--tests", "tests", "--probe", "lab")
    assert result.returncode == 0
    assert b"2 rule tests in 1 file: 2 run, 0 skipped." in result.stderr
    assert run_pytest("tests") == (0, "2 passed")


def test_calls_in_the_tests_of_the_project_come_first(command, lab):
    Path("tests").mkdir()
    Path("tests", "test_rules.py").write_text(
        "import numpy as np\nfrom lab.rules import damped\n\n\n"
        "def test_damped():\n    assert damped(np.exp, np.array([0.125, 3.5])).shape == (2,)\n"
    )
    command("convert", "--write", "--tests", "tests", "lab")
    assert "test_rrule(damped, np.exp, np.array([0.125, 3.5]))" in FILE.read_text()
    assert run_pytest("tests") == (0, "3 passed")


def test_pytest_collects_a_test_for_each_rule_and_nothing_else(command, lab):
    text = LAB.decode().replace("double", "test_weight").replace("damped", "gedämpft")
    lab.write_text(text.replace("f, x", "f, x: float"), "utf-8")
    command("convert", "--write", "--tests", "tests", "lab")
    assert run_pytest("tests") == (0, "1 passed, 1 skipped")


def test_rules_that_were_converted_before_have_tests_too(command, lab):
    first, second = LAB.split(b"\n\n\ndef damped")
    lab.write_bytes(first + b"\n")
    command("convert", "--write", "lab")
    lab.write_bytes(
        lab.read_bytes() + b"\n\nfrom adjoint2rrule.legacy import adjoint\n\n\ndef damped" + second
    )
    result = command("convert", "--write", "--tests", "tests", "lab")
    assert b"1 converted" in result.stderr
    assert b"2 rule tests in 1 file" in result.stderr


# The diff


def test_diff_holds_the_test_files_and_nothing_is_written(command, lab):
    diff = command("convert", "--tests", "tests", "lab")
    assert diff.returncode == 0
    assert b"new file mode 100644\n--- /dev/null\n+++ b/tests/test_lab__rules.py\n" in diff.stdout
    assert b"1 file would be written.\n" in diff.stderr
    assert (lab.read_bytes(), FILE.exists()) == (LAB, False)
    subprocess.run(["git", "apply"], input=diff.stdout, check=True)
    applied, rules = FILE.read_bytes(), lab.read_bytes()
    FILE.unlink()
    lab.write_bytes(LAB)
    command("convert", "--write", "--tests", "tests", "lab")
    assert (FILE.read_bytes(), lab.read_bytes()) == (applied, rules)


def test_diff_of_a_test_file_that_changes_applies(command, lab):
    command("convert", "--write", "--tests", "tests", "lab")
    lab.write_bytes(LAB.replace(b"double", b"twice"))
    diff = command("convert", "--tests", "tests", "lab").stdout
    assert b"--- a/tests/test_lab__rules.py\n" in diff
    subprocess.run(["git", "apply"], input=diff, check=True)
    assert "def test_twice():" in FILE.read_text()


# Files that are there


def test_same_tests_are_not_written_again(command, lab):
    command("convert", "--write", "--tests", "tests", "lab")
    os.utime(FILE, ns=(1, 1))
    lab.write_bytes(LAB)
    result = command("convert", "--write", "--tests", "tests", "lab")
    assert b"0 files written, 1 unchanged.\n" in result.stderr
    assert FILE.stat().st_mtime_ns == 1


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_unedited_tests_follow_the_rules(command, lab, end):
    command("convert", "--write", "--tests", "tests", "lab")
    old = FILE.read_bytes().replace(b"\n", end)
    FILE.write_bytes(old)
    lab.write_bytes(LAB.replace(b"double", b"twice"))
    result = command("convert", "--write", "--tests", "tests", "lab")
    assert b"1 file written.\n" in result.stderr
    new = FILE.read_bytes()
    assert new != old
    assert new.count(b"\n") == new.count(end)


def test_edited_tests_are_kept_and_that_is_said(command, lab):
    command("convert", "--write", "--tests", "tests", "lab")
    edited = FILE.read_bytes() + b"\n\ndef test_more():\n    test_rrule(double, 3.5)\n"
    FILE.write_bytes(edited)
    lab.write_bytes(LAB.replace(b"double", b"twice"))
    result = command("convert", "--write", "--tests", "tests", "lab")
    assert result.returncode == 0
    assert (
        b"tests/test_lab__rules.py:1:1: rule-tests-kept: was edited, and is kept as it is\n" in result.stderr
    )
    assert b"0 files written, 1 kept.\n" in result.stderr
    assert FILE.read_bytes() == edited


def test_folder_that_cannot_be_made_is_an_error_and_the_conversion_stands(command, lab, converted):
    Path("tests").touch()
    result = command("convert", "--write", "--tests", "tests/rules", "lab")
    assert result.returncode == 1
    assert (
        b"tests/rules/test_lab__rules.py:1:1: rule-tests-failed: cannot be read: Not a dir" in result.stderr
    )
    assert lab.read_bytes() != LAB


def test_modules_of_one_name_do_not_share_their_tests(command, lab):
    shutil.copytree("lab", "other/lab")
    result = command("convert", "--write", "--tests", "tests", "lab", "other")
    assert result.returncode == 1
    assert b"rule-tests-failed: holds the tests of lab/rules.py" in result.stderr


# What the user's code does


def test_code_is_run_by_probe_alone(command, lab):
    lab.write_bytes(LAB + b"\nopen('ran', 'w').close()\n")
    command("convert", "--tests", "tests", "lab")
    assert not Path("ran").exists()
    command("convert", "--tests", "tests", "--probe", "lab")
    assert Path("ran").exists()


def test_wrong_rule_is_named_and_its_test_fails(command, lab):
    lab.write_bytes(LAB.replace(b"(2 * dy,)", b"(-2 * dy,)"))
    result = command("convert", "--write", "--tests", "tests", "--probe", "lab")
    assert result.returncode == 0
    assert (
        b"lab/rules.py:9:1: wrong-rule: `double` is wrong: the cotangent of args[0] (`x`) is -"
        in result.stderr
    )
    assert b"2 run, 0 skipped; 1 rule is wrong. 1 file written.\n" in result.stderr
    assert run_pytest("tests") == (1, "1 failed, 1 passed")


def test_module_that_cannot_be_imported_is_one_report(command, lab):
    lab.write_bytes(b"import no_such_package\n" + LAB)
    result = command("convert", "--write", "--tests", "tests", "--probe", "lab")
    assert result.returncode == 0
    assert result.stderr.count(b"No module named 'no_such_package'") == 1
    assert b"lab/rules.py:1:1: not-run: 2 tests skipped: `lab.rules` cannot be imported" in result.stderr
    assert run_pytest("tests") == (0, "2 skipped")


@pytest.mark.parametrize(
    ("statement", "said"),
    [(b"while True: pass", b"hangs"), (b"import os; os._exit(3)", b"ends the interpreter")],
)
def test_rule_that_does_not_come_back_costs_its_own_test_alone(command, lab, statement, said):
    hostile = LAB.replace(b"    return double(x), l", b"    " + statement + b"\n    return double(x), l")
    lab.write_bytes(hostile)
    result = command("convert", "--write", "--tests", "tests", "--probe", "--timeout", "1", "lab")
    assert b"unusable-call: `double` " + said in result.stderr
    assert b"2 rule tests in 1 file: 1 run, 1 skipped for the reasons above." in result.stderr


def test_file_whose_name_is_no_module_has_tests_that_say_so(command, lab):
    lab.rename("my-rules.py")
    result = command("convert", "--write", "--tests", "tests", "my-rules.py")
    assert b"my-rules.py:1:1: not-run: 2 tests skipped: it cannot be imported, since" in result.stderr
    assert run_pytest("tests") == (0, "2 skipped")


# The command line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tests", "tests", "--check", "lab"], b"--tests and --check cannot be used together"),
        (["--probe", "lab"], b"--probe finds inputs for --tests DIR, which is missing"),
        (["--tests", "tests", "-"], b"no test can import standard input"),
        (["--tests", "lab/rules.py", "lab"], b"Directory 'lab/rules.py' is a file"),
        (["--tests", "tests", "--probe", "--timeout", "0", "lab"], b"--timeout"),
    ],
)
def test_options_that_make_no_sense_are_refused(command, lab, arguments, said):
    result = command("convert", *arguments)
    assert result.returncode == 2
    assert said in result.stderr
    assert not Path("tests").exists()


def test_help_says_what_is_run(command):
    text = b" ".join(command("convert", "--help").stdout.split())
    assert b"Without it, none of your code is ever run." in text


def test_nothing_converted_is_said(command, lab):
    command("convert", "--write", "lab")
    result = command("convert", "--write", "--tests", "tests", "lab")
    assert result.stderr.endswith(b"No rule tests, since no rule was converted.\n")
    assert not Path("tests").exists()


def test_quiet_run_says_nothing(command, lab):
    result = command("convert", "--write", "--quiet", "--tests", "tests", "lab")
    assert (result.stdout, result.stderr) == (b"", b"")
    assert FILE.exists()
