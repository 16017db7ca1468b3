"""What there is to compare before a conversion is written: what is legacy today, and what it becomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from adjoint2rrule.convert.model import Options
from adjoint2rrule.convert.run import convert_files
from adjoint2rrule.convert.scan import survey
from adjoint2rrule.proof.converted import converted_file
from adjoint2rrule.proof.origins import is_rewritten
from adjoint2rrule.proof.pairs import Batch, Pair, Work, by_roots, known_of


def work_in_tree(paths: Sequence[str], exclude: Sequence[str], options: Options) -> Work:
    """Return what there is to compare of the files that `paths` stand for, which are converted in memory."""
    found = survey(paths, exclude, options.legacy_modules).found
    conversions = list(convert_files(found, options))
    files = [converted_file(conversion, options) for conversion in conversions if conversion.edits]
    pairs = [
        Pair(file, tuple(s for s in file.subjects if is_rewritten(file.conversion, s))) for file in files
    ]
    batches = (Batch(roots, tuple(ps), _today(ps)) for roots, ps in by_roots(pairs).items())
    return Work(tuple(batches), tuple(known for c in conversions for known in known_of(c)))


def _today(pairs: Iterable[Pair]) -> Mapping[Path, bytes | None]:
    # As they were read for the conversion, whatever became of them since.
    return {pair.path: pair.file.conversion.source.content for pair in pairs}
