"""What there is to compare once a conversion was committed: the files of today, and those of a revision.

What is still legacy today is converted in memory first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from adjoint2rrule.convert.discover import discover
from adjoint2rrule.convert.failure import unreadable
from adjoint2rrule.convert.model import Conversion, Options, SourceFile
from adjoint2rrule.convert.run import convert_file
from adjoint2rrule.convert.scan import read, survey
from adjoint2rrule.convert.syntax import UnreadableSourceError
from adjoint2rrule.proof.converted import converted_file
from adjoint2rrule.proof.findings import Failure, Finding
from adjoint2rrule.proof.pairs import Batch, Pair, Work, by_roots, known_of
from adjoint2rrule.proof.revisions import Revision, find_revision, is_same_text

_REGISTERS = re.compile(rb"(?<!\w)(?:rrule|non_differentiable|scalar_rule)(?!\w)")


def work_since(revision: str, paths: Sequence[str], exclude: Sequence[str], options: Options) -> Work:
    """Return what there is to compare of the files under `paths` with what they were in `revision`.

    Raises
    ------
    RevisionError
        Where the revision, the repository of a path, or git itself is not there.
    """
    return _Reader(revision, options).work(paths, exclude)


class _Reader:
    """Reads files of today and of a revision, which may be one in several repositories."""

    def __init__(self, revision: str, options: Options) -> None:
        self.name = revision
        self.options = options

    def work(self, paths: Sequence[str], exclude: Sequence[str]) -> Work:
        for path in paths:
            self.revision(Path(path))  # a mistake on the command line is told before anything is done
        pairs: list[Pair] = []
        told: list[Finding | Failure] = []
        for conversion in self.conversions(paths, exclude):
            told += known_of(conversion)
            found = None if conversion.failed else self.pair(conversion)
            if isinstance(found, Pair):
                pairs.append(found)
            elif found is not None:
                told.append(found)
        batches = (
            Batch(roots, tuple(members), self.contents(members), self.name)
            for roots, members in by_roots(pairs).items()
        )
        return Work(tuple(batches), tuple(told))

    def revision(self, path: Path) -> Revision:
        return find_revision(path, self.name)

    def conversions(self, paths: Sequence[str], exclude: Sequence[str]) -> Iterator[Conversion]:
        """Yield the files that hold rules, or will: those with anything legacy are converted."""
        legacy = set(survey(paths, exclude, self.options.legacy_modules).found)
        for path in discover(paths, exclude):
            content = read(path) if isinstance(path, str) else path
            if isinstance(content, OSError):
                yield unreadable(str(path if isinstance(path, str) else path.filename), content)
            elif path in legacy:
                yield convert_file(str(path), self.options)
            elif _REGISTERS.search(content):
                yield Conversion(SourceFile(str(path), content), content)

    def pair(self, conversion: Conversion) -> Pair | Failure | None:
        """Return what is to be compared, why it cannot be, or `None` where the file says what it did then."""
        path = conversion.source.path
        try:
            file = converted_file(conversion, self.options)
        except UnreadableSourceError as err:
            return Failure(path, err.diagnostic.line, f"{err.diagnostic.slug}: {err.diagnostic.message}")
        if not file.subjects:
            return None
        before = self.revision(Path(path)).content(Path(path))
        if before is None:
            return Failure(path, 1, f"there is no such file in {self.name}", len(file.subjects))
        return None if is_same_text(before, conversion.result) else Pair(file, file.subjects)

    def contents(self, pairs: Iterable[Pair]) -> dict[Path, bytes | None]:
        """Return what the packages of `pairs` held then; `None` for modules that were not there."""
        contents: dict[Path, bytes | None] = {}
        for top in {pair.top for pair in pairs}:
            if top.is_dir():
                contents |= dict.fromkeys(top.rglob("*.py"))
                contents |= self.revision(top).files(top)
            else:
                contents[top] = self.revision(top).content(top)
        return contents
