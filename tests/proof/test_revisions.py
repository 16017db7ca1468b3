"""Files of a revision: found by the paths of today, whatever they are called."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from adjoint2rrule.proof.revisions import RevisionError, find_revision, is_same_text


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def top(tmp_path):
    """Make a repository with one commit, whose files are changed, and gone, in the work tree."""
    lab = tmp_path / "my repo" / "lab"
    (lab / "data").mkdir(parents=True)
    (lab / "rules.py").write_bytes(b"before\r\n")
    (lab / "naïve [x].py").write_bytes(b"name\n")
    (lab / "empty.py").write_bytes(b"")
    (lab / "data" / "table.bin").write_bytes(bytes(range(256)))
    (lab / "link.py").symlink_to("rules.py")
    git(tmp_path, "init", "--quiet", "my repo")
    git(lab, "add", ".")
    git(lab, "commit", "--quiet", "--message=One")
    (lab / "rules.py").write_bytes(b"after\n")
    (lab / "empty.py").unlink()
    (lab / "new.py").write_bytes(b"new\n")
    return lab.parent


def test_files_of_a_folder_are_those_of_the_revision(top):
    lab = top / "lab"
    assert find_revision(lab / "rules.py", "HEAD").files(lab) == {
        lab / "rules.py": b"before\r\n",
        lab / "naïve [x].py": b"name\n",
        lab / "empty.py": b"",
        lab / "data" / "table.bin": bytes(range(256)),
    }


def test_folder_may_be_the_repository_itself_and_be_reached_by_a_link(top):
    (top.parent / "link").symlink_to(top)
    revision = find_revision(top.parent / "link", "HEAD")
    assert revision.files(top.parent / "link")[top.parent / "link" / "lab" / "rules.py"] == b"before\r\n"


def test_one_file_is_that_of_the_revision(top):
    revision = find_revision(top, "HEAD")
    assert revision.content(top / "lab" / "rules.py") == b"before\r\n"
    assert revision.content(top / "lab" / "naïve [x].py") == b"name\n"
    assert revision.content(top / "lab" / "new.py") is None
    assert revision.content(top / "lab" / "data") is None


def test_repository_of_the_path_counts_and_not_that_of_a_hook(top, monkeypatch):
    monkeypatch.setenv("GIT_DIR", ".git")
    assert find_revision(top / "lab" / "rules.py", "HEAD").top == top.resolve()


@pytest.mark.parametrize("name", ["v9.9", "--all", "HEAD:lab/rules.py", "", "two words"])
def test_name_that_is_no_commit_is_told(top, name):
    with pytest.raises(RevisionError, match="is no revision of the repository of"):
        find_revision(top / "lab", name)


def test_folder_without_a_repository_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    with pytest.raises(
        RevisionError, match=r"is in no git repository that can be read: not a git repository"
    ):
        find_revision(tmp_path, "HEAD")


def test_repository_without_a_commit_is_told(tmp_path):
    git(tmp_path, "init", "--quiet")
    with pytest.raises(RevisionError, match="'HEAD' is no revision"):
        find_revision(tmp_path, "HEAD")


def test_path_outside_of_the_repository_is_told(top):
    with pytest.raises(RevisionError, match="is outside of the repository in"):
        find_revision(top, "HEAD").files(top.parent)


def test_missing_git_is_told(top, monkeypatch):
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(RevisionError, match="git cannot be run: "):
        find_revision(top, "HEAD")


def test_line_ends_are_no_difference():
    assert is_same_text(b"a\r\nb\n", b"a\nb\r\n")
    assert not is_same_text(b"a\n", b"b\n")
