"""What people read: remarks as ``path:line:col: slug: message``, and a line at the end that counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adjoint2rrule.convert.model import (
    Adapted,
    Conversion,
    Converted,
    Decision,
    Diagnostic,
    Kind,
    LegacyDefinition,
    Refused,
    Severity,
)
from adjoint2rrule.report.tally import Mode, Tally


def remarks(conversion: Conversion, *, quiet: bool = False, advice: bool = False) -> str:
    """Return what there is to say about a file beside its diff; only errors where `quiet`."""
    return lines(conversion.source.path, _said(conversion, advice), quiet=quiet)


def listing(conversion: Conversion, *, quiet: bool = False, advice: bool = False) -> str:
    """Return `remarks`, and a line for each legacy definition without one: all that ``--check`` finds."""
    said = _said(conversion, advice)
    convertible = [d for d in conversion.decisions if not isinstance(d, Refused)]
    # What is adapted has a remark already, which only a quiet run leaves out.
    said += [_legacy_definition(d.definition) for d in convertible if quiet or isinstance(d, Converted)]
    if conversion.edits and not convertible:
        said.append(_legacy_names(conversion))
    return lines(conversion.source.path, said, quiet=quiet)


def outcome(conversion: Conversion) -> str:
    """Return a line that says what came of one file, for ``--verbose``."""
    tally = Tally()
    tally.add(conversion)
    said = "failed" if tally.failed else _decisions(tally)
    return f"{shown(conversion.source.path)}: {said}\n"


def summary(tally: Tally, mode: Mode) -> str:
    r"""Return the line that ends a run.

    Examples
    --------
    >>> summary(Tally(files=14), Mode.DIFF)
    'No legacy definitions found in 14 files; nothing changed.\n'
    >>> summary(Tally(files=2, changed=1, converted=3, refused=1), Mode.WRITE)
    '2 files, 4 legacy definitions: 3 converted, 0 adapted, 1 refused; 0 files failed. 1 file changed.\n'
    """
    if not (tally.files or tally.failed):
        return "No Python files found; nothing changed.\n"
    if not (tally.definitions or tally.failed or tally.changed):
        return f"No legacy definitions found in {_files(tally.files)}; nothing changed.\n"
    definitions = f"{tally.definitions} legacy definition{'s' * (tally.definitions != 1)}"
    counts = f"{_files(tally.files)}, {definitions}: {_decisions(tally)}; {_files(tally.failed)} failed."
    return f"{counts} {_what_changed(tally, mode)}\n"


def held_back(tally: Tally) -> str:
    r"""Return a line on advice that is not shown, if there is any.

    Examples
    --------
    >>> from collections import Counter
    >>> held_back(Tally(advice=Counter({"embedded-space": 12})))
    'Advice on 12 definitions is not shown (embedded-space); see it with --verbose.\n'
    """
    if not tally.advice:
        return ""
    count, slugs = tally.advice.total(), ", ".join(sorted(tally.advice))
    return (
        f"Advice on {count} definition{'s' * (count != 1)} is not shown ({slugs}); see it with --verbose.\n"
    )


def passed_over(count: int) -> str:
    """Return a warning about diffs that ``git apply`` would leave out without a word, if there are any."""
    if not count:
        return ""
    return (
        f"{_files(count)} of the diff {'is' if count == 1 else 'are'} not below the current directory, "
        "and `git apply` ignores such files here: apply the diff at the top of the repository.\n"
    )


def lines(path: str, said: Iterable[Diagnostic], *, quiet: bool = False) -> str:
    """Return what is `said` about the file at `path`, in order; only errors where `quiet`."""
    told = [remark for remark in said if remark.severity is Severity.ERROR or not quiet]
    told.sort(key=lambda remark: (remark.line, remark.column))
    return "".join(_line(path, remark) for remark in told)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> counted(1, "file"), counted(2, "file")
    ('1 file', '2 files')
    """
    return f"{number} {noun}{'s' * (number != 1)}"


def shown(path: str) -> str:
    r"""Return `path` so that it stays on its line and can be printed, whatever bytes it is made of.

    Examples
    --------
    >>> shown("naïve/rules.py"), shown("two\nlines.py")
    ('naïve/rules.py', 'two\\nlines.py')
    """
    if path.isprintable():
        return path
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in path)


def _said(conversion: Conversion, advice: bool) -> list[Diagnostic]:
    said = [*_on_decisions(conversion.decisions), *conversion.diagnostics]
    if advice:
        converted = [d for d in conversion.decisions if isinstance(d, Converted)]
        said += [piece for decision in converted for piece in decision.advice]
    return said


def _on_decisions(decisions: tuple[Decision, ...]) -> Iterator[Diagnostic]:
    for decision in decisions:
        match decision:
            case Converted(notes=notes):
                yield from notes
            case Adapted(_, reason, notes):
                yield from (reason, *notes)
            case Refused(_, reason):
                yield reason


def _line(path: str, remark: Diagnostic) -> str:
    first = f"{shown(path)}:{remark.line}:{remark.column}: {remark.slug}: {remark.message}"
    return "\n    ".join([*first.splitlines(), *remark.hint.splitlines()]) + "\n"


def _legacy_definition(definition: LegacyDefinition) -> Diagnostic:
    match definition.kind:
        case Kind.ACCESS:
            what = "is a legacy property access"
        case Kind.NOGRAD:
            what = "is marked by a legacy `nograd`"
        case kind:
            what = f"has a legacy definition ({kind.value})"
    message = f"`{definition.name}` {what} that can be converted"
    return Diagnostic(
        "legacy-definition", Severity.ERROR, message, "", line=definition.line, column=definition.column
    )


def _legacy_names(conversion: Conversion) -> Diagnostic:
    before = conversion.source.content[: conversion.edits[0].span.start]
    line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode(errors="replace")) + 1
    message = "legacy names are left here, though no definition that can be converted"
    return Diagnostic("legacy-name", Severity.ERROR, message, "", line, column)


def _decisions(tally: Tally) -> str:
    return f"{tally.converted} converted, {tally.adapted} adapted, {tally.refused} refused"


def _files(count: int) -> str:
    return counted(count, "file")


def _what_changed(tally: Tally, mode: Mode) -> str:
    if not tally.changed:
        return "Nothing changed, for the reasons above."
    if mode is Mode.WRITE:
        return f"{_files(tally.changed)} changed."
    if mode is Mode.CHECK:
        return f"{_files(tally.changed)} would change."
    return f"{_files(tally.changed)} would change: apply the diff, or run again with --write."
