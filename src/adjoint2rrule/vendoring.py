"""A copy of the runtime, for a project that wants no dependency on this package.

The copy holds `core`, and what `adapt_pullback` stands on, under the names that they have here. Its modules
import each other relatively, so that it works wherever it stands. `MANIFEST` says what was copied: by it a
later run tells a file that nobody touched from one that somebody did.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from adjoint2rrule import __version__
from adjoint2rrule.convert.write import create_file, replace_file

#: The file of a copy that says what it holds.
MANIFEST = "adjoint2rrule.json"

_PACKAGE = Path(__file__).parent
_BESIDE_CORE = ("interop/errors.py", "interop/leaves.py", "legacy/errors.py", "legacy/translation.py")
_IMPORT = re.compile(rb"^( *)from adjoint2rrule\.([\w.]+) import ", re.MULTILINE)
_INIT = '''\
"""The runtime of adjoint2rrule {version}, copied by ``adjoint2rrule vendor``.

Change nothing in here: the next ``adjoint2rrule vendor`` brings newer files, and stops at changed ones.
The licence of adjoint2rrule, in `LICENSE`, holds for all that is in this folder.
"""

from .core import *  # noqa: F403
from .core import __all__ as _names_of_core
from .legacy.translation import adapt_pullback

__all__ = [*_names_of_core, "adapt_pullback"]
'''


class VendorError(Exception):
    """A folder that no copy can be put into; the message says why, and what to do."""


@dataclass(frozen=True)
class Update:
    """What brings a folder to the present version.

    Attributes
    ----------
    directory
        The folder.
    new, changed
        What is to be written: files that are not there, and those that are, with what they hold now.
    gone
        Files of the last copy that this version does not have.
    """

    directory: Path
    new: Mapping[str, bytes]
    changed: Mapping[str, tuple[bytes, bytes]]
    gone: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.gone)


def runtime_files() -> dict[str, bytes]:
    """Return the files of a copy, by their paths in it.

    Examples
    --------
    >>> files = runtime_files()
    >>> "core/rules.py" in files, "core/dispatch/lookup.py" in files
    (True, True)
    >>> files["legacy/errors.py"].decode().splitlines()[4]
    'from ..core import RuleError'
    """
    core = sorted(path.relative_to(_PACKAGE).as_posix() for path in (_PACKAGE / "core").rglob("*.py"))
    files = {name: _relative(name, (_PACKAGE / name).read_bytes()) for name in (*core, *_BESIDE_CORE)}
    files |= {f"{folder}/__init__.py": b"" for folder in ("interop", "legacy")}
    files["__init__.py"] = _INIT.format(version=__version__).encode()
    files["LICENSE"] = _licence()
    return files


def update_of(directory: Path) -> Update:
    """Return what brings the copy in `directory`, or a folder without one, to this version; writes nothing.

    Raises
    ------
    VendorError
        Where the folder holds something else, its manifest cannot be read, or somebody changed a file.
    OSError
        Where something cannot be read.
    """
    files = runtime_files()
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    manifest = {"version": __version__, "files": dict(sorted(digests.items()))}
    files[MANIFEST] = f"{json.dumps(manifest, indent=2)}\n".encode()
    known = _known(directory)
    present = {
        name: (directory / name).read_bytes() for name in {*files, *known} if _is_there(directory, name)
    }
    own = [n for n, old in present.items() if n != MANIFEST and _is_own(old, files.get(n), known.get(n))]
    if own:
        raise VendorError(_changed_files(directory, sorted(own)))
    return Update(
        directory,
        {name: content for name, content in files.items() if name not in present},
        {n: (old, files[n]) for n, old in present.items() if n in files and old != files[n]},
        tuple(sorted(name for name in present if name not in files)),
    )


def apply(update: Update) -> None:
    """Write an update; the manifest comes last, so that a run that was cut short can be run again.

    Raises
    ------
    OSError
        Where something cannot be written. Each file is then the old one, or the new one.
    """
    for name in sorted({*update.new, *update.changed}, key=lambda name: (name == MANIFEST, name)):
        path = update.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name in update.new:
            create_file(str(path), update.new[name])
        else:
            replace_file(str(path), *update.changed[name])
    for name in update.gone:
        (update.directory / name).unlink()


def module_of(directory: Path) -> str:
    """Return the dotted name by which a project imports the package in `directory`; empty where it cannot.

    A folder without ``__init__.py`` ends the package, and what is above it is not a part of the name.

    Examples
    --------
    >>> module_of(Path("lab-rules"))
    ''
    """
    path = directory.resolve()
    parts = [path.name]
    while (path.parent / "__init__.py").is_file():
        path = path.parent
        parts.insert(0, path.name)
    return ".".join(parts) if all(part.isidentifier() for part in parts) else ""


def _licence() -> bytes:
    text = distribution("adjoint2rrule").read_text("licenses/LICENSE")
    if text is None:
        raise VendorError(
            "this installation of adjoint2rrule has lost its LICENSE, which a copy needs: reinstall it."
        )
    return text.encode()


def _relative(name: str, content: bytes) -> bytes:
    dots = b"." * (name.count("/") + 1)
    return _IMPORT.sub(rb"\1from " + dots + rb"\2 import ", content)


def _known(directory: Path) -> dict[str, str]:
    """Return the files of the copy that is in a folder, with their digests; none where there is none."""
    if not directory.exists():
        return {}
    if not directory.is_dir():
        raise VendorError(f"{directory} is a file; name a folder for the runtime, such as src/lab/_rules.")
    manifest = directory / MANIFEST
    if not manifest.exists():
        if any(entry for entry in os.listdir(directory) if entry != "__pycache__"):
            raise VendorError(
                f"{directory} is not empty, and holds no copy of the runtime: name a folder of its own."
            )
        return {}
    try:
        files = json.loads(manifest.read_bytes())["files"]
        known = {str(name): str(digest) for name, digest in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise VendorError(
            f"{manifest} does not say what was copied: remove {directory}, and run this again."
        ) from err
    if any(name.startswith(("/", "\\")) or ".." in Path(name).parts for name in known):
        raise VendorError(
            f"{manifest} names files outside of its folder: remove {directory}, and run this again."
        )
    return known


def _is_there(directory: Path, name: str) -> bool:
    return (directory / name).is_file()


def _is_own(old: bytes, new: bytes | None, digest: str | None) -> bool:
    """Whether a file is somebody's own: neither what was copied nor what is to be."""
    return old != new and hashlib.sha256(old).hexdigest() != digest


def _changed_files(directory: Path, names: Iterable[str]) -> str:
    first, *others = names
    more = f" and {len(others)} more" if others else ""
    return (
        f"{directory / first}{more} was changed since it was copied; nothing is written. Keep your change"
        f" elsewhere, remove the file, and run this again."
    )
