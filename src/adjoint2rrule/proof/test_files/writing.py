"""Which test file is new, which changes, and which is not ours any more; and how it gets onto the disk."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from enum import Enum
from hashlib import sha256

from adjoint2rrule.convert.write import ChangedMeanwhileError, create_file, replace_file
from adjoint2rrule.proof.test_files.fingerprint import is_as_generated, signed, with_plain_ends


class State(Enum):
    """What becomes of a test file; the values are the words for reports."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "unchanged"
    KEPT = "kept"  # a person edited it
    FAILED = "failed"


@dataclass(frozen=True)
class RuleTestFile:
    """A file of rule tests.

    Attributes
    ----------
    path
        Where it stands.
    content
        What it should hold.
    state
        What becomes of it.
    old
        What it holds; nothing where it is new.
    problem
        Why it failed, in words.
    """

    path: str
    content: bytes
    state: State
    old: bytes = b""
    problem: str = ""


def file_name(module: str) -> str:
    """Return the name of the file for a module: the same in every run, and no two have the same one.

    Examples
    --------
    >>> file_name("optics_lab.linalg"), file_name("optics_lab._ad")
    ('test_optics_lab__linalg.py', 'test_optics_lab___ad.py')
    >>> file_name("optics_lab.__main__")
    'test_optics_lab____main___9fb4.py'
    """
    parts = module.split(".")
    # Two underscores for a dot cannot be read in two ways, unless a part ends with one or holds two of
    # them; and not every disk tells capitals from small letters.
    is_plain = module == module.lower() and not any("__" in part or part.endswith("_") for part in parts)
    mark = "" if is_plain else f"_{sha256(module.encode()).hexdigest()[:4]}"
    return f"test_{'__'.join(parts)}{mark}.py"


def planned(directory: str, module: str, text: str) -> RuleTestFile:
    """Return what becomes of the file for `module`, which is to hold `text`; the disk is only read."""
    path = os.path.join(directory, file_name(module))
    content = signed(text)
    try:
        with open(path, "rb") as file:
            old = file.read()
    except FileNotFoundError:
        return RuleTestFile(path, content, State.NEW)
    except OSError as err:
        return RuleTestFile(path, content, State.FAILED, problem=f"cannot be read: {_reason(err)}")
    if with_plain_ends(old) == content:
        return RuleTestFile(path, old, State.SAME, old)
    if not is_as_generated(old):
        return RuleTestFile(path, content, State.KEPT, old)
    if b"\r\n" in old:
        content = content.replace(b"\n", b"\r\n")
    return RuleTestFile(path, content, State.CHANGED, old)


def saved(file: RuleTestFile) -> RuleTestFile:
    """Write a file that is new or changes, all of it or nothing, and return what came of it."""
    try:
        if file.state is State.NEW:
            os.makedirs(os.path.dirname(file.path) or os.curdir, exist_ok=True)
            create_file(file.path, file.content)
        elif file.state is State.CHANGED:
            replace_file(file.path, file.old, file.content)
    except (ChangedMeanwhileError, FileExistsError):
        return replace(file, state=State.FAILED, problem="was changed by somebody else meanwhile")
    except OSError as err:
        return replace(file, state=State.FAILED, problem=f"cannot be written: {_reason(err)}")
    return file


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
