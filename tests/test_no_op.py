"""Nothing else changes: what others wrote, thousands of files of it, is neither changed nor remarked on.

The files are those of the standard library and of every package that is installed beside the tests. The
nightly profile of hypothesis looks at all of them in every way; CI parses a tenth, and always the same.
"""

from __future__ import annotations

import sysconfig
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path

from hypothesis import settings

from adjoint2rrule.convert.discover import discover
from adjoint2rrule.convert.model import Conversion, Options, SourceFile
from adjoint2rrule.convert.pipeline import closed_modules, convert_source
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.run import convert_files
from adjoint2rrule.convert.scan import survey
from tests.support import summary

ROOTS = tuple(sorted({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")}))
ALL = 2000  # the examples of a profile that is to leave nothing out
UNREADABLE = {"syntax-error", "undecodable", "binary-file"}
LEAST = 1000  # files: an installation with fewer is not the one that these tests are about


def test_a_run_over_everything_installed_finds_nothing() -> None:
    work = survey(ROOTS)
    ours = {path for path in work.found if isinstance(path, str) and is_ours(path)}
    conversions = list(convert_files([path for path in work.found if path not in ours], Options()))
    assert [what_happened(c) for c in conversions if what_happened(c)] == []
    assert work.files > LEAST
    summary.LINES.append(f"no-op: {work.files:,} files, 0 edits, 0 crashes, 0 remarks")


def test_a_file_that_is_parsed_for_nothing_stays_as_it_is() -> None:
    files = [path for path in installed() if is_chosen(path)]
    said = {str(path): what_happened(converted(path)) for path in files}
    wrong = {path for path, what in said.items() if what and not (what in UNREADABLE and not is_python(path))}
    assert {path: said[path] for path in wrong} == {}
    assert len(files) > LEAST * settings().max_examples // ALL
    summary.LINES.append(f"no-op: {len(files):,} files parsed without need, 0 edits, 0 crashes, 0 remarks")


def installed() -> Iterator[Path]:
    """Yield every Python file of the standard library and of installed packages that is not ours."""
    for found in discover(ROOTS):
        assert isinstance(found, str), found
        if not is_ours(found):
            yield Path(found)


def is_ours(path: str) -> bool:
    """Whether a file is of this package, which knows the legacy names, of course."""
    return "adjoint2rrule" in Path(path).parts


def is_chosen(path: Path) -> bool:
    """Whether a file is among those that the profile has time for: by its name, alike everywhere."""
    name = "/".join(path.parts[-3:])
    return zlib.crc32(name.encode()) % ALL < settings().max_examples


def converted(path: Path) -> Conversion:
    """Return what becomes of a file, whether or not it has one of the words in it that are looked for."""
    options = Options()
    source = SourceFile(str(path), path.read_bytes())
    return convert_source(source, options, Project((), closed_modules(options)))


def what_happened(conversion: Conversion) -> str:
    """Return what was done to a file and said of it, in one line; nothing, as it should be."""
    changed = ["another result"] if conversion.result is not conversion.source.content else []
    changed += ["edits"] if conversion.edits else []
    found = [f"{d.definition.line}: {type(d).__name__}" for d in conversion.decisions]
    return ", ".join([*changed, *found, *(d.slug for d in conversion.diagnostics)])


def is_python(path: str) -> bool:
    """Whether Python itself can read a file; of test data, some is there because it cannot."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
    return True
