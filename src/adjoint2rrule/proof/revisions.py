"""Files as they were in a revision of git: the legacy side, once a conversion was committed.

Git is asked through its own command, and only for what it has stored: nothing is checked out, and the
work tree stays as it is.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PLAIN_FILES = ("100644", "100755")  # what else there is in a tree are links and submodules
# Where a hook of git runs us, these name a repository that need not be the one of the path that is asked for.
_OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")


class RevisionError(Exception):
    """A revision, a repository or git itself is not there; the message says which, in a line."""


@dataclass(frozen=True)
class Revision:
    """A commit of a repository.

    Attributes
    ----------
    name
        What the user calls it.
    commit
        Its full hash.
    top
        The directory of the repository, without links.
    """

    name: str
    commit: str
    top: Path

    def files(self, folder: Path) -> dict[Path, bytes]:
        """Return the files below `folder`, with their contents at the time, by their paths now.

        Raises
        ------
        RevisionError
            Where `folder` is outside of the repository, or git does not answer.
        """
        inside = self._inside(folder)
        listed = _git(self.top, "ls-tree", "-r", "-z", "--full-tree", self.commit, "--", f"{inside}/")
        blobs = _blobs(listed)
        contents = _contents(self.top, list(blobs.values()))
        return {folder / os.path.relpath(name, inside): contents[blob] for name, blob in blobs.items()}

    def content(self, path: Path) -> bytes | None:
        """Return the file at `path` as it was, `None` where it was not there."""
        blobs = _blobs(_git(self.top, "ls-tree", "-z", "--full-tree", self.commit, "--", self._inside(path)))
        found = list(blobs.values())
        return _contents(self.top, found)[found[0]] if found else None

    def _inside(self, path: Path) -> str:
        try:
            return path.resolve().relative_to(self.top).as_posix()
        except ValueError:
            raise RevisionError(f"{path} is outside of the repository in {self.top}") from None


def find_revision(path: Path, name: str) -> Revision:
    """Return the commit called `name` in the repository that `path`, a file or a folder, belongs to.

    Raises
    ------
    RevisionError
        Where there is no such commit, no repository, or no git.
    """
    folder = path if path.is_dir() else path.parent
    try:
        top = _git(folder, "rev-parse", "--show-toplevel")
    except RevisionError as err:
        raise RevisionError(f"{path} is in no git repository that can be read: {err}") from err
    try:
        commit = _git(folder, "rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
    except RevisionError as err:
        raise RevisionError(f"{name!r} is no revision of the repository of {path}: {err}") from err
    return Revision(name, commit.decode().strip(), Path(os.fsdecode(top.rstrip(b"\r\n"))).resolve())


def is_same_text(one: bytes, other: bytes) -> bool:
    r"""Whether two files say the same: git may keep other line ends than the work tree has.

    Examples
    --------
    >>> is_same_text(b"import numpy\r\n", b"import numpy\n")
    True
    """
    return one.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")


def _blobs(listed: bytes) -> dict[str, str]:
    """Return the plain files that ``git ls-tree -z`` lists, and the hashes of their contents."""
    blobs: dict[str, str] = {}
    for entry in listed.split(b"\0")[:-1]:
        about, _, name = entry.partition(b"\t")
        mode, _, blob = about.decode().split()
        if mode in _PLAIN_FILES:
            blobs[os.fsdecode(name)] = blob
    return blobs


def _contents(top: Path, blobs: list[str]) -> dict[str, bytes]:
    """Return the contents of `blobs`, all of them from one process."""
    answer = _git(top, "cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in blobs))
    contents: dict[str, bytes] = {}
    for blob in blobs:
        header, _, rest = answer.partition(b"\n")
        size = int(header.split()[-1])
        contents[blob], answer = rest[:size], rest[size + 1 :]
    return contents


def _git(folder: Path, *arguments: str, stdin: str = "") -> bytes:
    """Return what git prints; its pathspecs are plain names, whatever characters are in them."""
    command = ["git", "--literal-pathspecs", "-C", str(folder), *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in _OF_HOOKS}
    try:
        run = subprocess.run(command, input=stdin.encode(), capture_output=True, env=environment)
    except OSError as err:
        raise RevisionError(f"git cannot be run: {err.strerror}") from err
    if run.returncode:
        said = run.stderr.decode(errors="replace").strip().splitlines() or [
            f"git exits with {run.returncode}"
        ]
        raise RevisionError(said[0].removeprefix("fatal: "))
    return run.stdout
