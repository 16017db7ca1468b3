"""Finds the Python files that the user's paths stand for: which ones, and in which order.

A named file is always taken, whatever it is called. A named directory is walked depth first, its
entries sorted by name: the ``.py`` files are taken, except where a ``.gitignore`` or ``--exclude`` says
otherwise, and the folders that tools keep are not entered.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from adjoint2rrule.convert.ignore import ignore_rules, inherited_rules, left_out, own_rules

if TYPE_CHECKING:
    from adjoint2rrule.convert.ignore import Rules

# What ruff leaves out unless told otherwise, and two caches that its list does not hold.
NEVER_ENTERED = frozenset(
    {".bzr", ".direnv", ".eggs", ".git", ".git-rewrite", ".hg", ".hypothesis", ".ipynb_checkpoints"}
    | {".mypy_cache", ".nox", ".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn"}
    | {".tox", ".venv", ".vscode", "__pycache__", "__pypackages__", "_build", "buck-out", "build", "dist"}
    | {"node_modules", "site-packages", "venv"}
)


class MissingPathError(FileNotFoundError):
    """A path that the user named and that is not there: a mistake on the command line."""


def discover(paths: Sequence[str], exclude: Sequence[str] = ()) -> Iterator[str | OSError]:
    """Yield the files that `paths` stand for, each once, and an `OSError` for each place that cannot be read.

    `exclude` holds patterns in the syntax of ``.gitignore``, relative to the current directory. Errors
    are yielded, not raised, since one unreadable place is no reason to leave the rest; a path that does
    not exist is a `MissingPathError`.

    Links to directories are not followed, so there are no loops; a link to a file is followed where that
    file is not below `paths` itself. A link that is named is followed.

    Examples
    --------
    >>> [str(error) for error in discover(["nowhere.py"])]
    ["[Errno 2] No such file or directory: 'nowhere.py'"]
    """
    roots = tuple(os.path.join(os.path.realpath(path), "") for path in paths)
    walk = _Walk(roots, ignore_rules(os.getcwd(), exclude))
    seen: set[str] = set()
    for path in paths:
        for found in walk.files(path):
            # One root alone meets no file twice, and the set of all files of a large tree is large.
            if len(paths) > 1 and isinstance(found, str):
                real = os.path.realpath(found)
                if real in seen:
                    continue
                seen.add(real)
            yield found


class _Directory(NamedTuple):
    shown: str  # as the user writes it
    real: str
    rules: Rules


class _Walk(NamedTuple):
    roots: tuple[str, ...]  # real paths, each with a slash at its end
    excluded: Rules

    def files(self, path: str) -> Iterator[str | OSError]:
        try:
            mode = os.stat(path).st_mode
        except (FileNotFoundError, NotADirectoryError) as err:
            yield MissingPathError(err.errno, err.strerror, path)
        except OSError as err:
            yield err
        else:
            if stat.S_ISDIR(mode):
                yield from self.below(path)
            elif stat.S_ISREG(mode):
                yield path
            else:
                yield OSError(errno.EINVAL, "Not a regular file", path)

    def below(self, root: str) -> Iterator[str | OSError]:
        real = os.path.realpath(root)
        rules, problems = _attempt(inherited_rules, real)
        pending: list[_Directory | str | OSError] = [_Directory(root, real, rules), *problems]
        while pending:  # a stack and not recursion: directories nest deeper than Python's calls may
            item = pending.pop()
            if isinstance(item, _Directory):
                pending += reversed(self.listing(item))
            else:
                yield item

    def listing(self, directory: _Directory) -> list[_Directory | str | OSError]:
        try:
            with os.scandir(directory.shown) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
            has_rules = any(entry.name == ".gitignore" for entry in entries)
            own, problems = _attempt(own_rules, directory.real) if has_rules else ((), [])
            taken = [self.taken(entry, directory.real, own + directory.rules) for entry in entries]
        except OSError as err:
            return [err]
        return [*problems, *(item for item in taken if item is not None)]

    def taken(self, entry: os.DirEntry[str], inside: str, rules: Rules) -> _Directory | str | None:
        """Return what becomes of an entry of the directory `inside`: `None` where it is left out."""
        real = os.path.join(inside, entry.name)
        rules_here = self.excluded + rules
        if entry.is_dir(follow_symlinks=False):
            entered = entry.name not in NEVER_ENTERED and not left_out(real, rules_here, is_directory=True)
            return _Directory(entry.path, real, rules) if entered else None
        wanted = entry.name.endswith(".py") and self.is_own_file(entry)
        return entry.path if wanted and not left_out(real, rules_here) else None

    def is_own_file(self, entry: os.DirEntry[str]) -> bool:
        """Whether `entry` is a file, and not a link to one that is met, or left out, below the roots."""
        if not entry.is_symlink():
            return entry.is_file()
        real = os.path.realpath(entry.path)
        return os.path.isfile(real) and not (real + "/").startswith(self.roots)


def _attempt(read: Callable[[str], Rules], directory: str) -> tuple[Rules, list[OSError]]:
    """Return the rules that `read` finds, or none and what was in the way: the walk goes on without them."""
    try:
        return read(directory), []
    except OSError as err:
        return (), [err]
