"""Which rules are compared with which: files as they become, and what their packages held before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from adjoint2rrule.convert.model import Conversion, Refused, Severity
from adjoint2rrule.proof.converted import ConvertedFile
from adjoint2rrule.proof.findings import Failure, Finding, Status
from adjoint2rrule.proof.model import Subject


@dataclass(frozen=True, eq=False)
class Pair:
    """A file whose rules are compared, and which of them.

    Attributes
    ----------
    file
        The file as it becomes.
    subjects
        The rules of it that are compared.
    """

    file: ConvertedFile
    subjects: tuple[Subject, ...]

    @property
    def path(self) -> Path:
        """Where the file is."""
        return Path(self.file.conversion.source.path).absolute()

    @property
    def top(self) -> Path:
        """The folder of the outermost package that the file is in, or the file itself where it is in none."""
        root = next(root for root in self.file.project.roots if self.path.is_relative_to(root))
        return root / self.path.relative_to(root).parts[0]


@dataclass(frozen=True, eq=False)
class Batch:
    """The files of one project, which are run together.

    Attributes
    ----------
    roots
        Where its modules stand.
    pairs
        Its files.
    before
        The files as they are on the legacy side, by their paths; `None` where there is no such file. What
        is not named is as it stands today.
    revision
        The revision that these are from; empty for files of today.
    """

    roots: tuple[Path, ...]
    pairs: tuple[Pair, ...]
    before: Mapping[Path, bytes | None]
    revision: str = ""

    @property
    def after(self) -> Mapping[Path, bytes | None]:
        """The files as they become, by their paths."""
        return {pair.path: pair.file.conversion.result for pair in self.pairs}


@dataclass(frozen=True)
class Work:
    """All that there is to compare.

    Attributes
    ----------
    batches
        What is to be run.
    told
        What is known before anything is run: rules that are not converted, and files that cannot be.
    """

    batches: tuple[Batch, ...] = ()
    told: tuple[Finding | Failure, ...] = ()

    @property
    def rules(self) -> int:
        """How many rules are to be run."""
        return sum(len(pair.subjects) for batch in self.batches for pair in batch.pairs)


def by_roots(pairs: Iterable[Pair]) -> dict[tuple[Path, ...], list[Pair]]:
    """Return `pairs` by the project that they belong to, those without a rule left out."""
    groups: dict[tuple[Path, ...], list[Pair]] = {}
    for pair in pairs:
        if pair.subjects:
            groups.setdefault(pair.file.project.roots, []).append(pair)
    return groups


def known_of(conversion: Conversion) -> Iterator[Finding | Failure]:
    """Yield what is known of a file before any of its rules is run."""
    path = conversion.source.path
    for decision in conversion.decisions:
        if isinstance(decision, Refused):
            definition, reason = decision.definition, decision.reason
            said = reason.message.removeprefix(f"`{definition.name}` is not converted: ")
            message = f"{reason.slug}: {said}"
            yield Finding(path, definition.line, definition.name, Status.NOT_CONVERTED, message)
    for remark in conversion.diagnostics:
        if remark.severity is Severity.ERROR:
            yield Failure(path, remark.line, f"{remark.slug}: {remark.message}")
