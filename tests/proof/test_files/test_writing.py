"""What becomes of test files on the disk."""

import os
import stat

import pytest

from adjoint2rrule.proof.test_files.fingerprint import signed
from adjoint2rrule.proof.test_files.writing import State, file_name, planned, saved

OLD, NEW = "x = 1\n", "x = 2\n"


@pytest.fixture
def path(tmp_path):
    """Return where the file for `lab.rules` stands."""
    return tmp_path / "test_lab__rules.py"


def write(directory, text: str = NEW, module: str = "lab.rules"):
    return saved(planned(str(directory), module, text))


def test_new_file_is_made_with_its_folders(tmp_path):
    file = write(tmp_path / "tests" / "rules")
    assert file.state is State.NEW
    assert (tmp_path / "tests" / "rules" / "test_lab__rules.py").read_bytes() == signed(NEW)


def test_new_file_has_the_mode_that_others_have(tmp_path, path):
    write(tmp_path)
    (tmp_path / "other").touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "other").stat().st_mode)


def test_planning_writes_nothing(tmp_path):
    planned(str(tmp_path / "tests"), "lab.rules", NEW)
    assert os.listdir(tmp_path) == []


def test_unedited_file_is_written_over(tmp_path, path):
    path.write_bytes(signed(OLD))
    path.chmod(0o640)
    assert write(tmp_path).state is State.CHANGED
    assert path.read_bytes() == signed(NEW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_file_that_holds_all_of_it_is_not_touched(tmp_path, path):
    path.write_bytes(signed(NEW))
    os.utime(path, ns=(1, 1))
    assert write(tmp_path).state is State.SAME
    assert path.stat().st_mtime_ns == 1


def test_file_that_git_gave_other_line_ends_counts_as_unedited_and_keeps_them(tmp_path, path):
    crlf = signed(NEW).replace(b"\n", b"\r\n")
    path.write_bytes(crlf)
    assert write(tmp_path).state is State.SAME
    assert path.read_bytes() == crlf
    path.write_bytes(signed(OLD).replace(b"\n", b"\r\n"))
    assert write(tmp_path).state is State.CHANGED
    assert path.read_bytes() == crlf


@pytest.mark.parametrize("content", [signed(OLD) + b"# mine\n", b"x = 1\n", b""])
def test_file_of_a_person_is_never_written_over(tmp_path, path, content):
    path.write_bytes(content)
    assert write(tmp_path).state is State.KEPT
    assert path.read_bytes() == content


def test_file_that_appears_or_changes_meanwhile_is_not_written_over(tmp_path, path):
    plan = planned(str(tmp_path), "lab.rules", NEW)
    path.write_bytes(b"mine\n")
    assert saved(plan).state is State.FAILED
    path.write_bytes(signed(OLD))
    plan = planned(str(tmp_path), "lab.rules", NEW)
    path.write_bytes(b"mine\n")
    assert saved(plan).state is State.FAILED
    assert path.read_bytes() == b"mine\n"
    assert os.listdir(tmp_path) == [path.name]


def test_folder_that_is_a_file_is_a_failure_with_its_reason(tmp_path):
    (tmp_path / "tests").touch()
    file = planned(str(tmp_path / "tests"), "lab.rules", NEW)
    assert (file.state, file.problem) == (State.FAILED, "cannot be read: Not a directory")
    file = write(tmp_path / "tests" / "rules")
    assert file.state is State.FAILED


def test_failure_to_write_is_told_and_leaves_nothing(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    file = write(tmp_path)
    assert (file.state, file.problem) == (State.FAILED, "cannot be written: No space left on device")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("a.b_c", "a_b.c"), ("a._b", "a_.b"), ("a.b", "A.b"), ("a.b", "a__b"), ("a.b.c", "a.b_c"), ("_a", "a")],
)
def test_no_two_modules_share_a_file(one, other):
    assert file_name(one).lower() != file_name(other).lower()
