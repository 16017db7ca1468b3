"""``adjoint2rrule convert``, as it is installed: files, exit codes and both streams."""

from __future__ import annotations

import os
import re
import stat
import subprocess

import pytest
from click.testing import CliRunner

from adjoint2rrule.cli.app import group
from adjoint2rrule.convert import pipeline


def apply(patch: bytes) -> None:
    subprocess.run(["git", "apply"], input=patch, check=True)


def test_diff_changes_nothing_until_git_applies_it(command, tree, legacy, converted):
    (tree / "a.py").write_bytes(legacy)
    result = command("convert", "a.py")
    assert result.returncode == 0
    assert result.stdout.startswith(b"diff --git a/a.py b/a.py\n")
    assert b"1 file would change" in result.stderr
    assert (tree / "a.py").read_bytes() == legacy
    apply(result.stdout)
    assert (tree / "a.py").read_bytes() == converted


@pytest.mark.parametrize(
    "change",
    [
        lambda source: source.replace(b"\n", b"\r\n"),
        lambda source: source.rstrip(b"\n"),
        lambda source: source.replace(b"\n\n\ndef", b"\r\n\n\r\ndef"),
        lambda source: b"# coding: latin-1\nname = '\xe9'\n" + source,
        lambda source: b"\xef\xbb\xbf" + source,
    ],
    ids=["CRLF", "no newline at the end", "mixed line ends", "latin-1", "byte order mark"],
)
def test_diff_applies_to_the_byte(command, tree, legacy, change):
    (tree / "a.py").write_bytes(change(legacy))
    (tree / "b.py").write_bytes(change(legacy))
    apply(command("convert", "a.py").stdout)
    assert command("convert", "--write", "b.py").returncode == 0
    assert (tree / "a.py").read_bytes() == (tree / "b.py").read_bytes() != change(legacy)


def test_write_changes_the_files_and_a_second_run_nothing(command, tree, legacy, converted):
    (tree / "a.py").write_bytes(legacy)
    (tree / "a.py").chmod(0o750)
    result = command("convert", "-w", ".")
    assert (result.returncode, result.stdout) == (0, b"")
    assert b"1 converted" in result.stderr
    assert b"1 file changed." in result.stderr
    assert (tree / "a.py").read_bytes() == converted
    assert stat.S_IMODE((tree / "a.py").stat().st_mode) == 0o750
    again = command("convert", "--write", ".")
    assert again.returncode == 0
    assert again.stderr == b"No legacy definitions found in 1 file; nothing changed.\n"
    assert os.listdir(tree) == ["a.py"]


def test_check_exits_with_1_before_and_0_after(command, tree, legacy):
    (tree / "a.py").write_bytes(legacy)
    before = command("convert", "--check", ".")
    assert before.returncode == 1
    assert before.stdout.startswith(b"./a.py:8:1: legacy-definition: `double`")
    assert b"1 file would change." in before.stderr
    assert (tree / "a.py").read_bytes() == legacy
    command("convert", "--write", ".")
    after = command("convert", "--check", ".")
    assert (after.returncode, after.stdout) == (0, b"")


def test_refused_definition_is_told_with_its_place_and_exits_with_1(command, tree, mutating):
    (tree / "a.py").write_bytes(mutating)
    for option, stream in ((), "stderr"), (("--write",), "stderr"), (("--check",), "stdout"):
        result = command("convert", *option, "a.py")
        assert result.returncode == 1
        assert re.match(rb"a\.py:[45]:1: mutating-rule: `scale`", getattr(result, stream))
        assert b"1 refused" in result.stderr
    assert (tree / "a.py").read_bytes() == mutating


def test_tree_without_legacy_names_says_so(command, tree):
    for name in ("a.py", "b.py"):
        (tree / name).write_text("import numpy\n")
    result = command("convert", ".")
    assert (result.returncode, result.stdout) == (0, b"")
    assert result.stderr == b"No legacy definitions found in 2 files; nothing changed.\n"


def test_folder_without_python_files_says_so(command, tree):
    assert command("convert", ".").stderr == b"No Python files found; nothing changed.\n"


def test_missing_path_exits_with_2_and_the_others_are_converted(command, tree, legacy, converted):
    (tree / "a.py").write_bytes(legacy)
    result = command("convert", "--write", "nope.py", "a.py")
    assert result.returncode == 2
    assert b"nope.py:1:1: missing-path: No such file or directory\n" in result.stderr
    assert (tree / "a.py").read_bytes() == converted


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"from zygoterules import adjoint\n\n@adjoint\ndef f(:\n", b":4:7: syntax-error: "),
        (b"from zygoterules import adjoint\n\0", b":1:1: binary-file: "),
        (b"from zygoterules import adjoint\n# \xff\n", b":2:1: undecodable: "),
    ],
    ids=["syntax error", "binary", "undecodable"],
)
def test_broken_file_exits_with_1_and_the_others_are_converted(
    command, tree, legacy, converted, content, slug
):
    (tree / "a.py").write_bytes(content)
    (tree / "b.py").write_bytes(legacy)
    result = command("convert", "--write", ".")
    assert result.returncode == 1
    assert b"./a.py" + slug in result.stderr
    assert b"1 file failed. 1 file changed." in result.stderr
    assert (tree / "a.py").read_bytes() == content
    assert (tree / "b.py").read_bytes() == converted


@pytest.mark.parametrize("content", [b"def f(:\n", b"\0\xff", b"\xff\n"])
def test_broken_file_without_a_legacy_name_is_no_concern_of_ours(command, tree, content):
    (tree / "a.py").write_bytes(content)
    assert command("convert", ".").returncode == 0


def test_unreadable_file_exits_with_1_and_the_others_are_converted(command, tree, legacy, converted):
    (tree / "loop.py").symlink_to("loop.py")
    (tree / "b.py").write_bytes(legacy)
    result = command("convert", "--write", "loop.py", "b.py")
    assert result.returncode == 1
    assert b"loop.py:1:1: unreadable: cannot be read: Too many levels of symbolic links\n" in result.stderr
    assert (tree / "b.py").read_bytes() == converted


def test_notes_do_not_change_the_exit_code(command, tree):
    (tree / "a.py").write_text("from zygoterules import gradient\n\ngradient(abs, 2.0)\n")
    for option in (), ("--check",), ("--write",):
        result = command("convert", *option, "a.py")
        assert result.returncode == 0
        assert b"legacy-call" in result.stdout + result.stderr


def test_gitignore_and_exclude_are_honoured(command, tree, legacy):
    (tree / ".gitignore").write_text("a.py\n")
    for name in ("a.py", "b.py", "c.py"):
        (tree / name).write_bytes(legacy)
    result = command("convert", "--check", "--exclude", "b.py", ".")
    assert result.stdout.startswith(b"./c.py:")
    assert b"1 file, 1 legacy definition" in result.stderr


def test_legacy_module_and_runtime_are_the_users(command, tree, legacy, converted):
    (tree / "a.py").write_bytes(legacy.replace(b"zygoterules", b"lab.ad"))
    assert command("convert", "a.py").stdout == b""
    assert (
        command("convert", "-w", "--legacy-module", "lab.ad", "--runtime", "lab.rt", "a.py").returncode == 0
    )
    assert (tree / "a.py").read_bytes() == converted.replace(b"adjoint2rrule.core", b"lab.rt")


def test_thunks_and_projections_are_there_for_those_who_ask(command, tree, legacy):
    source = legacy.replace(b"double(x)", b"double(x, y)").replace(b"(2 * dy,)", b"(2 * dy, dy * y)")
    for options, wanted in {
        (): b"(NoTangent(), 2 * dy, dy * y)",
        ("--thunks",): b"(NoTangent(), thunk(lambda: 2 * dy), thunk(lambda: dy * y))",
        ("--project",): b"(NoTangent(), project_x(2 * dy), project_y(dy * y))",
        ("--project", "--thunks"): b"thunk(lambda: project_x(2 * dy)), thunk(lambda: project_y(dy * y))",
    }.items():
        (tree / "a.py").write_bytes(source)
        result = command("convert", "--write", *options, "a.py")
        assert result.returncode == 0
        assert wanted in (tree / "a.py").read_bytes()
        assert (b"embedded-space" in result.stderr) == ("--project" not in options)


def test_link_that_is_named_stays_a_link(command, tree, legacy, converted):
    (tree / "real").write_bytes(legacy)
    (tree / "link.py").symlink_to("real")
    command("convert", "--write", "link.py")
    assert (tree / "link.py").is_symlink()
    assert (tree / "real").read_bytes() == converted


def test_name_that_is_not_utf8_can_be_told(command, tree, mutating):
    (tree / os.fsdecode(b"\xff.py")).write_bytes(mutating)
    result = command("convert", "--check", ".")
    assert result.returncode == 1
    assert result.stdout.startswith(rb"./\udcff.py:")


def test_message_that_the_output_cannot_encode_is_told_all_the_same(command, tree, mutating):
    (tree / "a.py").write_bytes(mutating.replace(b"scale", "ȳ".encode()))
    result = command("convert", "--check", "a.py", PYTHONIOENCODING="ascii")
    assert result.returncode == 1
    assert rb"`\u0233`" in result.stdout


# Standard input


def test_standard_input_becomes_a_diff(command, tree, legacy):
    result = command("convert", "-", "--stdin-filename", "src/a.py", stdin=legacy)
    assert result.returncode == 0
    assert result.stdout.startswith(b"diff --git a/src/a.py b/src/a.py\n")


def test_standard_input_is_converted_to_standard_output_under_write(command, tree, legacy, converted):
    crlf = [source.replace(b"\n", b"\r\n") for source in (legacy, converted)]
    result = command("convert", "--write", "-", stdin=crlf[0])
    assert (result.returncode, result.stdout) == (0, crlf[1])


@pytest.mark.parametrize(
    ("source", "code"),
    [(b"import numpy\n", 0), (b"", 0), (b"adjoint(\xff", 1), (b"adjoint(\0\r", 1)],
)
def test_standard_input_that_stays_is_handed_through(command, tree, source, code):
    result = command("convert", "--write", "-", stdin=source)
    assert (result.returncode, result.stdout) == (code, source)


def test_standard_input_is_checked_under_the_name_given(command, tree, legacy):
    result = command("convert", "--check", "-", "--stdin-filename", "lab.py", stdin=legacy)
    assert result.returncode == 1
    assert result.stdout.startswith(b"lab.py:8:1: legacy-definition: ")
    unnamed = command("convert", "--check", "-", stdin=legacy)
    assert unnamed.stdout.startswith(b"<stdin>:8:1: legacy-definition: ")


def test_standard_input_is_counted_beside_files(command, tree):
    (tree / "a.py").write_text("import numpy\n")
    result = command("convert", "a.py", "-", "-", stdin=b"")
    assert result.stderr == b"No legacy definitions found in 2 files; nothing changed.\n"


# Our own errors


def test_error_of_ours_is_told_as_one_and_the_others_are_converted(tree, legacy, converted, monkeypatch):
    convert_source = pipeline.convert_source

    def brittle(source, options, project):
        if source.path == "./a.py":
            raise ZeroDivisionError("of all things")
        return convert_source(source, options, project)

    monkeypatch.setattr(pipeline, "convert_source", brittle)
    for name in ("a.py", "b.py"):
        (tree / name).write_bytes(legacy)
    result = CliRunner().invoke(group, ["convert", "--write", "."])
    assert result.exit_code == 1
    assert "./a.py:1:1: internal-error: ZeroDivisionError: of all things\n" in result.output
    assert "Please report it" in result.output
    assert "1 file failed. 1 file changed." in result.output
    assert (tree / "a.py").read_bytes() == legacy
    assert (tree / "b.py").read_bytes() == converted
