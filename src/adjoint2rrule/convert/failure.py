"""What comes of a file that could not be converted, read or written: a `Conversion` that says why."""

from __future__ import annotations

from adjoint2rrule.convert.discover import MissingPathError
from adjoint2rrule.convert.model import Conversion, Diagnostic, Severity, SourceFile

MISSING_PATH = "missing-path"  # the one failure that is a mistake on the command line


def unreadable(path: str, error: OSError) -> Conversion:
    """Return the failure to read the file or directory at `path`."""
    reason = error.strerror or str(error)
    if isinstance(error, MissingPathError):
        return _failed(SourceFile(path, b""), MISSING_PATH, reason)
    return _failed(SourceFile(path, b""), "unreadable", f"cannot be read: {reason}")


def unwritable(source: SourceFile, error: OSError) -> Conversion:
    """Return the failure to write what `source` becomes."""
    message = f"cannot be written: {error.strerror or error}"
    hint = "The file is as it was. Its folder has to be writable too, since the new file is made beside it."
    return _failed(source, "unwritable", message, hint)


def changed_meanwhile(source: SourceFile) -> Conversion:
    """Return the failure to write what `source` becomes, because it is no longer what was read."""
    message = "was changed by somebody else during the conversion, and is left alone"
    return _failed(source, "changed-meanwhile", message, "Convert it again.")


def crashed(source: SourceFile, error: Exception) -> Conversion:
    """Return the failure that an error of ours is for `source`, with all that a report of it needs."""
    import traceback  # only here: nearly every run has no use for it

    message = f"{type(error).__name__}: {error}"
    request = "This is a bug in adjoint2rrule, and the file is left alone. Please report it with these lines:"
    details = "".join(traceback.format_exception(error))
    return _failed(source, "internal-error", message, f"{request}\n{details}".rstrip())


def _failed(source: SourceFile, slug: str, message: str, hint: str = "") -> Conversion:
    diagnostic = Diagnostic(slug, Severity.ERROR, message, hint, line=1, column=1)
    return Conversion(source, source.content, diagnostics=(diagnostic,))
