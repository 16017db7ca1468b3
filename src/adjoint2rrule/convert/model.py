"""What flows between the stages of a conversion: small frozen values, and nothing that acts.

The stages and what they hand on::

    discover ─► scan ─► find ─► decide ─► rewrite ─► splice ─► report
    paths     SourceFile  LegacyDefinition  Decision   Edit     Conversion

Offsets are bytes into `SourceFile.content`; lines and columns, which only people read, are
computed from them where a `Diagnostic` is made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


@dataclass(frozen=True)
class SourceFile:
    """A Python file as it stands on disk: never decoded and encoded again, so that nothing is lost.

    Attributes
    ----------
    path
        The name the file is reported by, as the user gave or would write it.
    content
        Its bytes, with byte order mark and line ends.
    """

    path: str
    content: bytes


@dataclass(frozen=True, order=True)
class Span:
    """The bytes from `start` up to, not including, `end`."""

    start: int
    end: int

    def __contains__(self, other: Span) -> bool:
        return self.start <= other.start and other.end <= self.end


class Severity(Enum):
    """How much a diagnostic asks of its reader; the values are the words that reports print."""

    ERROR = "error"  # something was not done, and needs a person
    WARNING = "warning"  # done, and worth a look
    NOTE = "note"  # for information; never changes the exit code


@dataclass(frozen=True)
class Diagnostic:
    """A remark about a place in a file.

    Attributes
    ----------
    slug
        The kind of remark in words, such as ``opaque-pullback``.
    message
        What was found, in the user's own names, without a full stop's worth of blame.
    hint
        What to do about it; empty where there is nothing to do.
    line, column
        Where, both counted from 1; columns count characters, as editors do.
    """

    slug: str
    severity: Severity
    message: str
    hint: str
    line: int
    column: int


@dataclass(frozen=True)
class Edit:
    """Bytes to put in place of those in `span`."""

    span: Span
    replacement: bytes


class Kind(Enum):
    """The form of a legacy definition; the values are the words that people use for it."""

    FUNCTION = "function"
    CONSTRUCTOR = "constructor"
    FUNCTOR = "functor"
    PROPERTY = "property"
    ACCESS = "property access"
    MUTATING = "mutating function"
    NOGRAD = "non-differentiable function"


@dataclass(frozen=True)
class LegacyDefinition:
    """One legacy definition: an ``@adjoint`` function, a ``nograd``, or another use that becomes a new one.

    Attributes
    ----------
    name
        What it is for, as the source writes it: ``np.linalg.inv``, ``RBF.__call__``, ``solve``.
    kind
        Which form it has.
    span
        From its first decorator to its last line.
    line, column
        Where it starts, counted from 1.
    """

    name: str
    kind: Kind
    span: Span
    line: int
    column: int


@dataclass(frozen=True)
class Converted:
    """A definition that becomes a rule in the style of ChainRules.

    Attributes
    ----------
    definition
        The definition.
    notes
        What was assumed for it.
    advice
        What its author may want to reconsider; nothing is wrong with the conversion as it is.
    """

    definition: LegacyDefinition
    notes: tuple[Diagnostic, ...] = ()
    advice: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True)
class Adapted:
    """A definition whose legacy pullback is kept and wrapped, and why."""

    definition: LegacyDefinition
    reason: Diagnostic
    notes: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True)
class Refused:
    """A definition that stays byte for byte as it was, and why."""

    definition: LegacyDefinition
    reason: Diagnostic


Decision = Converted | Adapted | Refused


@dataclass(frozen=True)
class Conversion:
    """What became of one file.

    Attributes
    ----------
    source
        The file as it was.
    result
        The file as it becomes: the same bytes where nothing changes.
    edits
        What changes, in order and without overlap.
    decisions
        One for each legacy definition, in the order of the file.
    diagnostics
        Remarks that belong to no one definition: notes on calls that stay, a file that cannot be
        parsed (severity `Severity.ERROR`, slug ``syntax-error``, ``undecodable`` …), an internal
        error. A file with such an error has no edits.
    """

    source: SourceFile
    result: bytes
    edits: tuple[Edit, ...] = ()
    decisions: tuple[Decision, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether the file as a whole could not be converted."""
        return any(d.severity is Severity.ERROR for d in self.diagnostics)


@dataclass(frozen=True)
class Options:
    """What the user asked for, as far as it changes what a file becomes.

    Attributes
    ----------
    legacy_modules
        Modules whose ``adjoint`` is legacy, besides the ones that always are.
    runtime
        The module that converted code imports its runtime from.
    thunks
        Whether cotangents that take work are computed only when they are needed.
    project
        Whether cotangents are projected on the tangent spaces of the arguments.
    """

    legacy_modules: tuple[str, ...] = field(default=())
    runtime: str = "adjoint2rrule.core"
    thunks: bool = False
    project: bool = False
