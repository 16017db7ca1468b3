"""Importing the modules with the rules, and saying in a line why one cannot be imported."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module


def load(name: str, paths: Sequence[str]) -> str:
    """Import a module; return why it cannot be, or nothing.

    Parameters
    ----------
    name
        Its full name.
    paths
        Where the project's modules stand.

    Examples
    --------
    >>> load("math.missing", [])
    "ModuleNotFoundError: No module named 'math.missing'; 'math' is not a package"
    """
    try:
        module = import_module(name)
    except BaseException as err:  # a module may exit as it is imported, or raise anything
        return _reason(err, paths)
    file = getattr(module, "__file__", None) or ""
    if paths and not any(_is_below(file, path) for path in paths):
        return f"another module has the name {name}: {file or 'one that is built in'}"
    return ""


def _reason(err: BaseException, paths: Sequence[str]) -> str:
    lines = described(err).splitlines()
    where = _place(err, paths)
    needed = "needed by " if isinstance(err, ImportError) else ""
    return f"{lines[0]} ({needed}{where})" if where else lines[0]


def described(err: BaseException) -> str:
    """Return the kind of an exception and what it says.

    Examples
    --------
    >>> described(ValueError("no such film")), described(SystemExit())
    ('ValueError: no such film', 'SystemExit')
    """
    try:
        text = str(err)
    except Exception as another:  # the `__str__` of a user's exception
        text = f"(its text raises {type(another).__name__})"
    name = type(err).__name__
    return f"{name}: {text}" if text else name


def _place(err: BaseException, paths: Sequence[str]) -> str:
    """Return the innermost place in the project's own files that an exception came through."""
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(err.__traceback__)]
    if isinstance(err, SyntaxError) and err.filename:
        frames.append((err.filename, err.lineno))
    for file, line in reversed(frames):
        for path in paths:
            if _is_below(file, path):
                return f"{os.path.relpath(file, path)}, line {line}"
    return ""


def _is_below(file: str, folder: str) -> bool:
    return os.path.abspath(file).startswith(os.path.join(os.path.abspath(folder), ""))


def search_in(paths: Sequence[str]) -> None:
    """Let imports look in `paths` first."""
    sys.path[:0] = paths
