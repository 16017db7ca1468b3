"""Takes files through the pipeline, one by one; what goes wrong with one stays with that one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adjoint2rrule.convert.failure import crashed, unreadable
from adjoint2rrule.convert.model import Conversion, Options, SourceFile
from adjoint2rrule.convert.scan import LegacyWords, read


def convert_files(found: Iterable[str | OSError], options: Options) -> Iterator[Conversion]:
    """Yield what becomes of each of the files that `survey` found, and a failure for each `OSError`."""
    for path in found:
        yield unreadable(path.filename, path) if isinstance(path, OSError) else convert_file(path, options)


def convert_file(path: str, options: Options) -> Conversion:
    """Return what becomes of the file at `path`, which is read and not written."""
    content = read(path)
    if isinstance(content, OSError):
        return unreadable(path, content)
    return _convert(SourceFile(path, content), options)


def convert_stream(source: SourceFile, options: Options) -> Conversion:
    """Return what becomes of `source`, which no `survey` has looked at."""
    if source.content in LegacyWords(options.legacy_modules):
        return _convert(source, options)
    return Conversion(source, source.content)


def _convert(source: SourceFile, options: Options) -> Conversion:
    # The centre loads `ast` and libcst, for which a run without a legacy name has no use.
    from pathlib import Path

    from adjoint2rrule.convert.pipeline import closed_modules, convert_source
    from adjoint2rrule.convert.project import project_around

    try:
        return convert_source(source, options, project_around(Path(source.path), closed_modules(options)))
    except Exception as err:
        # The one broad except of the program. Such an error is ours, of a kind that we did not foresee;
        # whoever converts a thousand files shall not lose the others for it. Nothing is written yet, and
        # it is reported as what it is.
        return crashed(source, err)
