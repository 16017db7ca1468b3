"""Puts a converted file in the place of the old one: all of it or, whatever happens, nothing."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from adjoint2rrule.convert.failure import changed_meanwhile, unwritable
from adjoint2rrule.convert.model import Conversion


class ChangedMeanwhileError(OSError):
    """The file on disk is not the one that was read."""


def save(conversion: Conversion) -> Conversion:
    """Write what the file becomes, where that is anything new, and return what came of it.

    A file that cannot be written, or that somebody changed since it was read, is left alone; what comes
    back is then a failure that says so.
    """
    source = conversion.source
    if conversion.result == source.content:
        return conversion
    try:
        replace_file(source.path, source.content, conversion.result)
    except ChangedMeanwhileError:
        return changed_meanwhile(source)
    except OSError as err:
        return unwritable(source, err)
    return conversion


def replace_file(path: str, old: bytes, new: bytes) -> None:
    """Put `new` in place of `old`, the content of the file at `path`, in one step.

    Mode and owner are kept, and a link stays a link, to a file that is new. Raises `OSError` where this
    cannot be done, and `ChangedMeanwhileError` where the file does not hold `old`; the file is then as it
    was, and nothing is left beside it. That holds for an interrupt too.
    """
    target = os.path.realpath(path)
    with _beside(target, new, _private) as temporary:
        _dress(temporary, os.stat(target))
        _check(target, old)
        os.replace(temporary, target)


def create_file(path: str, content: bytes) -> None:
    """Make the file at `path`, in one step; raises `FileExistsError` where there is one, and `OSError`."""
    with _beside(path, content) as temporary:
        if os.path.lexists(path):
            raise FileExistsError(path)
        os.replace(temporary, path)


@contextmanager
def _beside(target: str, content: bytes, opener: Callable[[str, int], int] | None = None) -> Iterator[str]:
    """Give the path of a file with `content` in the folder of `target`, which is gone in the end."""
    # Named before it is made, so that there is no moment in which an interrupt could leave it behind.
    temporary = os.path.join(os.path.dirname(target), f".adjoint2rrule-{os.urandom(8).hex()}.tmp")
    try:
        with open(temporary, "xb", opener=opener) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)  # nobody else may look in before the mode is that of the target


def _dress(temporary: str, like: os.stat_result) -> None:
    own = os.stat(temporary)
    if (own.st_uid, own.st_gid) != (like.st_uid, like.st_gid):
        with suppress(PermissionError):  # only root may give files away; others keep what they write
            os.chown(temporary, like.st_uid, like.st_gid)
    os.chmod(temporary, stat.S_IMODE(like.st_mode))  # last, since a new owner takes away special bits


def _check(target: str, old: bytes) -> None:
    # Opened for writing as well: a file that is marked read-only is not to be replaced either.
    with open(target, "r+b") as file:
        if file.read() != old:
            raise ChangedMeanwhileError(target)
