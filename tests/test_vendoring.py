"""The copy of the runtime: complete, on its own, and never over what somebody wrote."""

from __future__ import annotations

import json
import re

import pytest

from adjoint2rrule.vendoring import MANIFEST, VendorError, apply, module_of, runtime_files, update_of


def contents(directory):
    return {p.relative_to(directory).as_posix(): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


@pytest.fixture
def copy(tmp_path):
    directory = tmp_path / "rules"
    apply(update_of(directory))
    return directory


def pretend_older(directory, name, content):
    """Make `content` what an older version had in the file `name`."""
    from hashlib import sha256

    (directory / name).write_bytes(content)
    manifest = json.loads((directory / MANIFEST).read_bytes())
    manifest["files"][name] = sha256(content).hexdigest()
    (directory / MANIFEST).write_text(json.dumps(manifest))


def test_copy_imports_nothing_from_this_package():
    statement = re.compile(rb"^\s*(from|import) adjoint2rrule", re.MULTILINE)
    assert [name for name, content in runtime_files().items() if statement.search(content)] == []


def test_every_relative_import_leads_to_a_file_of_the_copy():
    files = runtime_files()
    for name, content in files.items():
        for dots, dotted in re.findall(rb"^\s*from (\.+)([\w.]+) import ", content, re.MULTILINE):
            folder = name.split("/")[: -len(dots)]
            path = "/".join([*folder, *dotted.decode().split(".")])
            assert f"{path}.py" in files or f"{path}/__init__.py" in files, (name, dotted)


def test_licence_comes_along():
    assert b"Permission is hereby granted" in runtime_files()["LICENSE"]


def test_second_run_changes_nothing(copy):
    before = contents(copy)
    assert not update_of(copy)
    assert contents(copy) == before


def test_update_replaces_what_nobody_touched(copy):
    whole = contents(copy)
    pretend_older(copy, "core/rules.py", b"# older\n")
    pretend_older(copy, "core/no_more.py", b"# gone since\n")
    update = update_of(copy)
    assert set(update.changed) == {"core/rules.py", MANIFEST}
    assert (dict(update.new), update.gone) == ({}, ("core/no_more.py",))
    apply(update)
    assert contents(copy) == whole


def test_missing_file_is_brought_back(copy):
    whole = contents(copy)
    (copy / "core/shapes.py").unlink()
    apply(update_of(copy))
    assert contents(copy) == whole


def test_run_that_was_cut_short_can_be_run_again(copy):
    whole = contents(copy)
    pretend_older(copy, "core/rules.py", b"# older\n")
    update = update_of(copy)
    (copy / "core/rules.py").write_bytes(
        whole["core/rules.py"]
    )  # as far as it came; the manifest is the old one
    assert update_of(copy).changed.keys() == {MANIFEST}
    apply(update_of(copy))
    assert contents(copy) == whole
    assert update


def test_file_that_somebody_changed_stops_the_update(copy):
    (copy / "core/rules.py").write_bytes(b"# mine\n")
    (copy / "core/shapes.py").unlink()
    before = contents(copy)
    with pytest.raises(
        VendorError, match=r"core.rules\.py was changed since it was copied; nothing is written"
    ):
        update_of(copy)
    assert contents(copy) == before


def test_own_file_beside_the_copy_is_nobodys_business(copy):
    (copy / "core/mine.py").write_bytes(b"# mine\n")
    assert not update_of(copy)


@pytest.mark.parametrize(
    "manifest",
    [b"", b"[]", b"{", b"{}", b'{"files": 1}', b'{"files": {"../x": ""}}', b"\xff", b'{"files": {"/x": ""}}'],
)
def test_broken_manifest_is_named(copy, manifest):
    (copy / MANIFEST).write_bytes(manifest)
    with pytest.raises(VendorError, match=rf"{MANIFEST} .*: remove .*rules, and run this again"):
        update_of(copy)


def test_folder_of_other_things_is_refused(tmp_path):
    (tmp_path / "own.py").write_bytes(b"")
    with pytest.raises(VendorError, match="is not empty, and holds no copy of the runtime"):
        update_of(tmp_path)


def test_file_is_no_folder(tmp_path):
    (tmp_path / "own.py").write_bytes(b"")
    with pytest.raises(VendorError, match=r"own\.py is a file; name a folder"):
        update_of(tmp_path / "own.py")


def test_empty_folder_is_taken(tmp_path):
    (tmp_path / "__pycache__").mkdir()
    assert update_of(tmp_path).new.keys() > {"__init__.py", "core/rules.py"}


def test_name_of_a_package_ends_where_there_is_no_init(tmp_path):
    package = tmp_path / "src" / "lab" / "tools"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    assert module_of(package / "_rules") == "tools._rules"
    (package.parent / "__init__.py").touch()
    assert module_of(package / "_rules") == "lab.tools._rules"
    assert module_of(package / "my-rules") == ""
