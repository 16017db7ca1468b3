"""The installed command as a whole: exit codes, streams, interrupts, and what it does not load."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import adjoint2rrule

HEAVY = {"libcst", "rich", "numpy", "plum", "pathspec", "scipy", "difflib", "tempfile"}


def test_version_is_that_of_the_package(command):
    result = command("--version")
    assert result.returncode == 0
    assert result.stdout.decode() == f"adjoint2rrule {adjoint2rrule.__version__}\n"


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_names_the_commands(command, flag):
    result = command(flag)
    assert result.returncode == 0
    assert b"convert  Convert the legacy definitions" in result.stdout
    assert b"verify   Run the legacy rules" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["convrt"], "No such command 'convrt'"),
        (["--versoin"], "--versoin"),
        (["convert"], "Missing argument 'PATHS...'"),
        (["convert", "--write", "--check", "."], "--write and --check cannot be used together"),
        (["convert", "--quiet", "--verbose", "."], "--quiet and --verbose cannot be used together"),
        (["convert", "--runtime", "my-runtime", "."], "'my-runtime' is not the name of a module"),
        (["convert", "--runtime", "", "."], "'' is not the name of a module"),
        (["convert", "--legacy-module", "lab..ad", "."], "'lab..ad' is not the name of a module"),
        (["convert", "--legacy-module", "lab.import", "."], "'lab.import' is not the name of a module"),
        (["convert", "--exclude", "!", "."], "'!' is not a pattern of .gitignore"),
    ],
)
def test_mistake_on_the_command_line_is_named_and_exits_with_2(command, arguments, message):
    result = command(*arguments)
    assert (result.returncode, result.stdout) == (2, b"")
    assert message in result.stderr.decode()
    assert b"Traceback" not in result.stderr


def test_usage_errors_come_before_any_file_is_touched(command, tree, legacy):
    (tree / "a.py").write_bytes(legacy)
    assert command("convert", "--write", "--runtime", "1", "a.py").returncode == 2
    assert (tree / "a.py").read_bytes() == legacy


# What is loaded


def loaded(*arguments: str) -> set[str]:
    """Return the modules that a run of the command loads."""
    code = """
import sys
from adjoint2rrule.cli import main

try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""
    run = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    modules = set(run.stderr.splitlines()[-1].split())
    assert "adjoint2rrule.cli.app" in modules
    return modules


def test_version_loads_no_command():
    assert not {name for name in loaded("--version") if name.startswith("adjoint2rrule.convert")}


@pytest.mark.parametrize("arguments", [[], ["--check"], ["--write"], ["--verbose"]])
def test_tree_without_legacy_names_loads_nothing_heavy(tree, arguments):
    (tree / "a.py").write_text("import numpy\n")
    modules = loaded("convert", *arguments, ".")
    assert not HEAVY & modules
    assert "adjoint2rrule.convert.pipeline" not in modules


def test_converted_tree_loads_nothing_heavy(tree, converted):
    (tree / "a.py").write_bytes(converted)
    assert not HEAVY & loaded("convert", "--check", ".")


@pytest.mark.parametrize("arguments", [[], ["--write"]])
def test_conversion_without_tests_loads_nothing_that_makes_them(tree, legacy, arguments):
    (tree / "a.py").write_bytes(legacy)
    modules = loaded("convert", *arguments, ".")
    assert not {m for m in modules if m.startswith("adjoint2rrule.proof")}


@pytest.mark.parametrize("arguments", [[], ["--probe"]])
def test_conversion_with_tests_runs_nothing_of_numpy_itself(tree, legacy, arguments):
    (tree / "a.py").write_bytes(legacy)
    modules = loaded("convert", "--tests", "tests", *arguments, ".")
    assert "adjoint2rrule.proof.rule_tests" in modules
    assert not {"numpy", "scipy", "fdm", "autograd", "plum"} & modules
    assert not {m for m in modules if m.startswith(("adjoint2rrule.core", "adjoint2rrule.testing"))}


def test_verify_runs_nothing_of_numpy_itself(tree, legacy):
    (tree / "a.py").write_bytes(legacy)
    modules = loaded("verify", ".")
    assert not {"numpy", "scipy", "fdm", "autograd", "plum"} & modules
    assert not {m for m in modules if m.startswith(("adjoint2rrule.core", "adjoint2rrule.testing"))}


def test_gitignore_loads_pathspec_and_nothing_else(tree):
    (tree / ".gitignore").write_text("b.py\n")
    (tree / "a.py").write_text("import numpy\n")
    assert HEAVY & loaded("convert", "--check", ".") == {"pathspec"}


# Ctrl-C, and outputs that end early


def interrupted(tree: Path, *arguments: str, code: str) -> subprocess.CompletedProcess[str]:
    """Run the command after `code`, which makes it say that it has come somewhere, and interrupt it there."""
    start = f"{code}\nfrom adjoint2rrule.cli import main\nmain()"
    with subprocess.Popen(
        [sys.executable, "-c", start, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while not (tree / "there").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


STOP_BEFORE_REPLACING = """
import os, time

def replace(source, target):
    open("there", "w").close()
    time.sleep(60)

os.replace = replace
"""


def test_interrupt_exits_with_130_and_leaves_no_half_written_file(tree, legacy):
    (tree / "a.py").write_bytes(legacy)
    result = interrupted(tree, "convert", "--write", "a.py", code=STOP_BEFORE_REPLACING)
    assert result.returncode == 130
    assert result.stderr.strip().startswith("Interrupted")
    assert "Traceback" not in result.stderr
    assert (tree / "a.py").read_bytes() == legacy
    assert sorted(os.listdir(tree)) == ["a.py", "there"]


STOP_AT_THE_FIRST_IMPORT = """
import sys, time

class Stop:
    def find_spec(self, name, path=None, target=None):
        if name == "adjoint2rrule.cli.app":
            open("there", "w").close()
            time.sleep(60)

sys.meta_path.insert(0, Stop())
"""


def test_interrupt_before_anything_is_loaded_exits_with_130_too(tree):
    result = interrupted(tree, "convert", ".", code=STOP_AT_THE_FIRST_IMPORT)
    assert result.returncode == 130
    assert result.stderr.startswith("Interrupted")
    assert "Traceback" not in result.stderr


def test_reader_that_goes_away_is_no_error_to_tell(tree, legacy):
    for number in range(200):
        (tree / f"{number:03}.py").write_bytes(legacy)
    start = "from adjoint2rrule.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", start, "convert", "--quiet", "."],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == b"diff --git a/000.py b/000.py\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_output_that_cannot_be_written_is_told_in_one_line(tree, legacy, arguments):
    (tree / "a.py").write_bytes(legacy)
    start = "from adjoint2rrule.cli import main; main()"
    with open("/dev/full", "wb") as full:
        run = subprocess.run(
            [sys.executable, "-c", start, "convert", "--quiet", *arguments, "a.py"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert run.returncode == 1
    assert run.stderr == "Error: [Errno 28] No space left on device\n"
