"""Copies of packages in a temporary folder, with other contents in some of their files.

Nothing of the user's own files is changed by them: what leads out of a package by a symbolic link still does,
but no content is ever written through one.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

# What no module is imported from, and environments, which are large.
LEFT_OUT = frozenset(
    {"__pycache__", ".git", ".hg", ".svn", ".tox", ".nox", ".venv", "venv", "node_modules", "site-packages"}
)


@dataclass(frozen=True)
class Copies:
    """Copies of packages.

    Attributes
    ----------
    paths
        Where to import them from, and all else of the project: the copies come first.
    problems
        What could not be copied and why, a line each.
    """

    paths: tuple[str, ...]
    problems: tuple[str, ...] = ()


@contextmanager
def package_copies(contents: Mapping[Path, bytes | None], roots: Sequence[Path]) -> Iterator[Copies]:
    """Copy the top-level package or module that each file belongs to; the copies live as long as the context.

    Parameters
    ----------
    contents
        The contents of files, by the paths that they have in the project; they need not exist there. `None`
        stands for a file that shall not be there.
    roots
        Folders in which top-level packages and modules stand; a file belongs to the first that it is below.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     module = Path(folder, "films.py")
    ...     with package_copies({module: b"THICKNESS = 2.0"}, [Path(folder)]) as copies:
    ...         copied = Path(copies.paths[0], "films.py").read_bytes()
    ...     copied, module.exists(), copies.paths[1] == folder
    (b'THICKNESS = 2.0', False, True)
    """
    with tempfile.TemporaryDirectory(prefix="adjoint2rrule-", ignore_cleanup_errors=True) as folder:
        copier = Copier(Path(folder).resolve())
        with copier.reported(folder):
            copier.fill({_absolute(path): content for path, content in contents.items()}, roots)
        copied = (str(target) for target in copier.targets.values())
        yield Copies((*copied, *map(str, map(_absolute, roots))), tuple(copier.problems))


class Copier:
    """Copies into one folder, and notes what cannot be copied."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.targets: dict[Path, Path] = {}
        self.problems: list[str] = []

    @contextmanager
    def reported(self, path: object) -> Iterator[None]:
        """Note what goes wrong inside."""
        try:
            yield
        except (OSError, shutil.Error) as err:
            self.problems.append(f"{path}: cannot be copied: {getattr(err, 'strerror', None) or err}")

    def fill(self, contents: Mapping[Path, bytes | None], roots: Iterable[Path]) -> None:
        """Copy what the files belong to, then put their contents in place."""
        roots = [_absolute(root) for root in roots]
        root_of = {path: next(filter(path.is_relative_to, roots), path.parent) for path in contents}
        for path, root in root_of.items():
            self._copy(root, path.relative_to(root).parts[0])
        for path, content in contents.items():
            with self.reported(path):
                _put(self.targets[root_of[path]], path, path.relative_to(root_of[path]), content)

    def _copy(self, root: Path, name: str) -> None:
        """Copy one package or module of a root."""
        if root not in self.targets:
            self.targets[root] = self.folder / str(len(self.targets))
            self.targets[root].mkdir()
        source, target = root / name, self.targets[root] / name
        if target.exists():
            return
        if source.is_dir():
            self._copy_folder(source, target, package=source.resolve())
        elif name.endswith(".py"):
            # Its content comes later. What it reads may stand beside it.
            _link_data(root, self.targets[root])

    def _copy_folder(self, source: Path, target: Path, package: Path) -> None:
        target.mkdir()
        with self.reported(source), os.scandir(source) as entries:
            for entry in entries:
                with self.reported(entry.path):
                    self._copy_entry(entry, target / entry.name, package)
            _keep_mode(source, target)

    def _copy_entry(self, entry: os.DirEntry[str], target: Path, package: Path) -> None:
        if entry.name in LEFT_OUT or Path(entry, "pyvenv.cfg").exists():
            return
        if entry.is_symlink():
            destination = Path(entry).resolve()
            is_inside = destination.is_relative_to(package) and not os.path.isabs(os.readlink(entry))
            target.symlink_to(os.readlink(entry) if is_inside else destination)
        elif entry.is_dir():
            self._copy_folder(Path(entry), target, package)
        elif entry.is_file():
            shutil.copy2(entry, target)
            _keep_mode(Path(entry), target)


def _keep_mode(source: Path, target: Path) -> None:
    """Give the mode of `source` to its copy, whose owner may write to it: it is to be changed and removed."""
    mode = stat.S_IMODE(source.stat().st_mode)
    target.chmod(mode | (stat.S_IRWXU if target.is_dir() else stat.S_IRUSR | stat.S_IWUSR))


def _link_data(source: Path, target: Path) -> None:
    """Link what a module may read beside it, and would not import."""
    with suppress(OSError):  # links are a convenience that not every system grants
        for path in source.iterdir():
            is_code = path.suffix == ".py" or (path / "__init__.py").exists()
            if not is_code and path.name not in LEFT_OUT:
                (target / path.name).symlink_to(path)


def _put(folder: Path, original: Path, relative: Path, content: bytes | None) -> None:
    """Write the content of a file into the copy."""
    target = folder / relative
    for parent in reversed(target.parents[: len(relative.parts) - 1]):
        if parent.is_symlink():  # what is written shall not go where it leads
            _replace_link(parent)
    target.unlink(missing_ok=True)
    if content is None:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    with suppress(OSError):  # the project may not have it
        _keep_mode(original, target)


def _replace_link(link: Path) -> None:
    source = link.resolve()
    link.unlink()
    shutil.copytree(source, link, ignore=shutil.ignore_patterns(*LEFT_OUT), ignore_dangling_symlinks=True)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))
