"""What there is to compare since a revision: files that hold rules, and say something else than they did."""

from __future__ import annotations

import subprocess

import pytest

from adjoint2rrule.convert.model import Options
from adjoint2rrule.proof.findings import Failure
from adjoint2rrule.proof.history import work_since
from adjoint2rrule.proof.revisions import RevisionError

LEGACY = """\
from zygoterules import adjoint

def square(x): return x * x

@adjoint
def square(x):
    return square(x), lambda dy: (2 * dy * x,)
"""

CONVERTED = """\
from adjoint2rrule.core import NoTangent, rrule

def square(x): return x * x

@rrule.register(square)
def square_rrule(square, x):
    return square(x), lambda dy: (NoTangent(), 2 * dy * x)
"""


@pytest.fixture
def lab(tmp_path):
    """Make a repository whose package was converted since its one commit, file by file in another way."""
    lab = tmp_path / "lab"
    lab.mkdir()
    before = {
        "__init__": "",
        "changed": LEGACY,
        "legacy": LEGACY,
        "same": CONVERTED,
        "gone": LEGACY,
        "plain": "",
    }
    for name, text in before.items():
        (lab / f"{name}.py").write_text(text)
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=One"]):
        who = ["-c", "user.name=A", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *command], cwd=tmp_path, check=True, capture_output=True)
    for name in ("changed", "new"):
        (lab / f"{name}.py").write_text(CONVERTED)
    (lab / "same.py").write_text(CONVERTED, newline="\r\n")
    (lab / "plain.py").write_text("rrule = None\n")
    (lab / "gone.py").unlink()
    return lab


def test_files_that_changed_are_compared_and_others_are_not(lab):
    work = work_since("HEAD", [str(lab)], (), Options())
    (batch,) = work.batches
    assert [pair.path.name for pair in batch.pairs] == ["changed.py", "legacy.py"]
    assert all(b"rrule.register(square)" in (content or b"") for content in batch.after.values())
    assert batch.revision == "HEAD"


def test_legacy_side_is_the_whole_package_as_it_was(lab):
    (batch,) = work_since("HEAD", [str(lab)], (), Options()).batches
    before = {path.name: content for path, content in batch.before.items()}
    assert before["changed.py"] == before["legacy.py"] == before["gone.py"] == LEGACY.encode()
    assert before["new.py"] is None


def test_file_that_was_not_there_is_told(lab):
    (told,) = work_since("HEAD", [str(lab)], (), Options()).told
    assert told == Failure(str(lab / "new.py"), 1, "there is no such file in HEAD", 1)


def test_unknown_revision_is_told_before_anything_is_read(lab):
    with pytest.raises(RevisionError, match="'v9' is no revision"):
        work_since("v9", [str(lab)], (), Options())
