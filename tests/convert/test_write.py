"""`write`: all of a file or nothing of it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from adjoint2rrule.convert import write
from adjoint2rrule.convert.model import Conversion, SourceFile
from adjoint2rrule.convert.write import create_file, replace_file, save

OLD, NEW = b"old = \xff\r\n", b"new = \xfe\r"


@pytest.fixture
def path(tmp_path) -> Path:
    """Make a file that holds `OLD`, alone in its folder."""
    path = tmp_path / "rules.py"
    path.write_bytes(OLD)
    return path


def conversion(path: Path) -> Conversion:
    return Conversion(SourceFile(str(path), OLD), NEW)


def test_content_is_written_to_the_byte_and_nothing_is_left_beside_it(path):
    given = conversion(path)
    assert save(given) is given
    assert path.read_bytes() == NEW
    assert os.listdir(path.parent) == [path.name]


def test_file_that_stays_the_same_is_not_touched(path):
    before = path.stat()
    same = Conversion(SourceFile(str(path), OLD), OLD)
    assert save(same) is same
    assert path.stat() == before


@pytest.mark.parametrize("mode", [0o755, 0o640, 0o600, 0o4711], ids=oct)
def test_mode_bits_are_kept(path, mode):
    path.chmod(mode)
    save(conversion(path))
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_mode_bits_do_not_depend_on_the_umask(path):
    path.chmod(0o666)
    before = os.umask(0o077)
    try:
        save(conversion(path))
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666


def test_owner_is_kept(path, monkeypatch):
    # Only root may give files away, so the giving is watched instead.
    given = []
    monkeypatch.setattr(os, "chown", lambda *arguments: given.append(arguments))
    somebody_elses = os.stat_result([0o100644, 0, 0, 1, 12345, 23456, 0, 0, 0, 0])
    write._dress(str(path), somebody_elses)
    assert given == [(str(path), 12345, 23456)]


def test_owner_that_cannot_be_kept_is_no_failure(path, monkeypatch):
    def refuse(*args):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    somebody_elses = os.stat_result([0o100751, 0, 0, 1, 12345, 23456, 0, 0, 0, 0])
    write._dress(str(path), somebody_elses)
    assert stat.S_IMODE(path.stat().st_mode) == 0o751


def test_link_stays_a_link_to_the_new_content(path, tmp_path):
    folder = tmp_path / "links"
    folder.mkdir()
    link = folder / "link.py"
    link.symlink_to("../rules.py")
    save(conversion(link))
    assert link.is_symlink()
    assert path.read_bytes() == NEW
    assert os.listdir(folder) == ["link.py"]
    assert sorted(os.listdir(tmp_path)) == ["links", "rules.py"]


def test_file_that_changed_meanwhile_is_not_overwritten(path):
    path.write_bytes(b"mine = 1\n")
    result = save(conversion(path))
    assert path.read_bytes() == b"mine = 1\n"
    assert os.listdir(path.parent) == [path.name]
    (remark,) = result.diagnostics
    assert result.failed
    assert result.result == OLD
    assert (remark.slug, remark.line, remark.column) == ("changed-meanwhile", 1, 1)
    assert "changed" in remark.message


def test_change_that_comes_while_the_new_file_is_written_is_seen(path, monkeypatch):
    fsync = os.fsync

    def edit_meanwhile(descriptor):
        path.write_bytes(b"mine = 1\n")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", edit_meanwhile)
    assert save(conversion(path)).failed
    assert path.read_bytes() == b"mine = 1\n"


def test_file_that_was_deleted_meanwhile_is_not_made_again(path):
    path.unlink()
    (remark,) = save(conversion(path)).diagnostics
    assert (remark.slug, remark.message) == ("unwritable", "cannot be written: No such file or directory")
    assert os.listdir(path.parent) == []


def test_folder_that_is_gone_is_a_failure_with_its_reason(path):
    path.unlink()
    path.parent.rmdir()
    (remark,) = save(conversion(path)).diagnostics
    assert (remark.slug, remark.message) == ("unwritable", "cannot be written: No such file or directory")
    assert "folder" in remark.hint


@pytest.mark.parametrize("name", ["fsync", "chmod", "replace"])
@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["disk full", "Ctrl-C"]
)
def test_failure_at_any_step_leaves_the_old_file_and_nothing_else(path, monkeypatch, name, error):
    def fail(*args):
        raise error

    monkeypatch.setattr(os, name, fail)
    with pytest.raises(type(error)):
        replace_file(str(path), OLD, NEW)
    assert path.read_bytes() == OLD
    assert os.listdir(path.parent) == [path.name]


def test_interrupt_right_after_the_new_file_is_made_leaves_nothing(path, monkeypatch):
    open_private = write._private

    def interrupted(name, flags):
        os.close(open_private(name, flags))
        raise KeyboardInterrupt

    monkeypatch.setattr(write, "_private", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(conversion(path))
    assert os.listdir(path.parent) == [path.name]


def test_new_file_is_on_disk_before_it_takes_the_place_of_the_old_one(path, monkeypatch):
    steps = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, name=name, real=real: (steps.append(name), real(*args)))
    save(conversion(path))
    assert steps == ["fsync", "replace"]


def test_nobody_else_can_read_the_new_file_while_it_is_written(path, monkeypatch):
    modes = []
    fsync = os.fsync

    def look(descriptor):
        modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    path.chmod(0o644)
    save(conversion(path))
    assert modes == [0o600]


def test_read_only_file_is_left_alone(path, monkeypatch):
    def as_anybody(name, mode="r", **options):
        # Root may write everything, whatever the mode bits say.
        if "+" in mode and not os.stat(name).st_mode & stat.S_IWUSR:
            raise PermissionError(errno.EACCES, "Permission denied", name)
        return open(name, mode, **options)

    monkeypatch.setattr(write, "open", as_anybody, raising=False)
    path.chmod(0o444)
    (remark,) = save(conversion(path)).diagnostics
    assert (remark.slug, remark.message) == ("unwritable", "cannot be written: Permission denied")
    assert path.read_bytes() == OLD


def test_file_is_made_only_where_there_is_none(tmp_path):
    create_file(str(tmp_path / "a.py"), b"new\n")
    with pytest.raises(FileExistsError):
        create_file(str(tmp_path / "a.py"), b"other\n")
    assert (tmp_path / "a.py").read_bytes() == b"new\n"
    assert os.listdir(tmp_path) == ["a.py"]
