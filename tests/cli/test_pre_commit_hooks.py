"""The pre-commit hooks: their commands, run on file names as pre-commit runs them."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import yaml

HOOKS_FILE = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
HOOKS = {hook["id"]: hook for hook in yaml.safe_load(HOOKS_FILE.read_bytes())}


@pytest.fixture
def hook(command):
    """Return a function that runs a hook on files."""

    def run(name: str, *files: str):
        program, *arguments = shlex.split(HOOKS[name]["entry"])
        assert program == "adjoint2rrule"
        return command(*arguments, *files)

    return run


def test_one_hook_converts_and_one_checks():
    assert list(HOOKS) == ["adjoint2rrule", "adjoint2rrule-check"]


@pytest.mark.parametrize("definition", HOOKS.values(), ids=HOOKS)
def test_hook_takes_all_python_files_in_one_process(definition):
    assert definition["language"] == "python"
    assert definition["types_or"] == ["python"]
    assert definition["require_serial"] is True
    assert "pass_filenames" not in definition


def test_hook_converts_what_it_is_given_and_pre_commit_sees_the_change(hook, tree, legacy, converted):
    (tree / "a.py").write_bytes(legacy)
    (tree / "other.py").write_bytes(legacy)
    assert hook("adjoint2rrule", "a.py").returncode == 0
    assert (tree / "a.py").read_bytes() == converted
    assert (tree / "other.py").read_bytes() == legacy


def test_hook_takes_scripts_without_a_suffix(hook, tree, legacy, converted):
    (tree / "script").write_bytes(legacy)
    hook("adjoint2rrule", "script")
    assert (tree / "script").read_bytes() == converted


def test_hook_fails_while_a_definition_needs_a_person(hook, tree, mutating):
    (tree / "a.py").write_bytes(mutating)
    assert hook("adjoint2rrule", "a.py").returncode == 1


def test_check_fails_and_changes_nothing(hook, tree, legacy, converted):
    (tree / "a.py").write_bytes(legacy)
    (tree / "b.py").write_bytes(converted)
    assert hook("adjoint2rrule-check", "a.py", "b.py").returncode == 1
    assert (tree / "a.py").read_bytes() == legacy
    assert hook("adjoint2rrule-check", "b.py").returncode == 0
