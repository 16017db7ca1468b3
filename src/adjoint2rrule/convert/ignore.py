"""Reads ``.gitignore`` files, as git does: nested, with ``!`` rules, from the top of the repository down.

Directories are real paths here, without links, since rules are matched against what lies below them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


class RuleSet(NamedTuple):
    """What one ``.gitignore`` says.

    pathspec decides by a path alone whether it is ignored, and is not told what is a directory; as we do
    not enter what is ignored, we have to ask for directories too, and ask a version of the rules in which
    all are meant.
    """

    directory: str
    for_files: GitIgnoreSpec
    for_directories: GitIgnoreSpec


Rules: TypeAlias = tuple[RuleSet, ...]  # the first that decides, decides: innermost first


def repository(directory: str) -> str | None:
    """Return the top of the git repository that `directory` belongs to, or `None`."""
    while not os.path.lexists(os.path.join(directory, ".git")):
        directory, below = os.path.dirname(directory), directory
        if directory == below:
            return None
    return directory


def ignore_rules(directory: str, lines: Sequence[str]) -> Rules:
    """Return the rules that `lines`, in the syntax of ``.gitignore``, make for what is below `directory`."""
    if not lines:
        return ()
    from pathspec import GitIgnoreSpec  # only here: it takes a third of the time that click does

    patterns = [_inside(line) for line in lines if is_pattern(line)]
    anything = (pattern.rstrip("/") or pattern for pattern in patterns)
    return (RuleSet(directory, GitIgnoreSpec.from_lines(patterns), GitIgnoreSpec.from_lines(anything)),)


def is_pattern(line: str) -> bool:
    """Whether `line` can be understood: git passes over one that cannot, such as a lone ``!``."""
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True


def _inside(line: str) -> str:
    """Return `line` so that ``a/**`` means what is in `a`, as for git, and not `a` too, as for pathspec."""
    return re.sub(r"/\*\*(/?)$", r"/**/*\1", line)


def own_rules(directory: str) -> Rules:
    """Return the rules of the ``.gitignore`` in `directory`; none where there is no such file."""
    try:
        with open(os.path.join(directory, ".gitignore"), "rb") as file:
            return ignore_rules(directory, os.fsdecode(file.read()).splitlines())
    except (FileNotFoundError, IsADirectoryError):
        return ()


def inherited_rules(directory: str) -> Rules:
    """Return the rules from above `directory`, without those that leave it out itself, since it was named."""
    top = repository(directory)
    return () if top is None else _inherited(directory, top)


def _inherited(directory: str, top: str) -> Rules:
    if directory == top:
        return ()
    parent = os.path.dirname(directory)
    rules = own_rules(parent) + _inherited(parent, top)
    return () if left_out(directory, rules, is_directory=True) else rules


def left_out(path: str, rules: Rules, *, is_directory: bool = False) -> bool:
    """Whether `rules` leave out `path`."""
    for directory, for_files, for_directories in rules:
        spec = for_directories if is_directory else for_files
        verdict = spec.check_file(_relative(path, directory)).include
        if verdict is not None:
            return verdict
    return False


def _relative(path: str, directory: str) -> str:
    inside = os.path.join(directory, "")
    return path[len(inside) :] if path.startswith(inside) else os.path.relpath(path, directory)
