"""How a new import is wrapped: as the file wraps its own, at the length of line that its project keeps to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.syntax import Module

_LINE_LENGTH = 88
_HEAD = "from {} import "


@dataclass(frozen=True)
class ImportStyle:
    """The way in which a file wraps its imports.

    Attributes
    ----------
    length
        The longest line that is not wrapped.
    bracket
        Whether long lists stand in brackets, or go on behind backslashes.
    hangs
        Whether the names start on a line of their own, rather than behind the bracket.
    fills
        Whether a line takes as many names as fit, rather than one.
    comma
        Whether the last name has a comma.
    indent
        What names on lines of their own start with.
    """

    length: int = _LINE_LENGTH
    bracket: bool = True
    hangs: bool = True
    fills: bool = False
    comma: bool = True
    indent: str = "    "

    def write(self, source: str, names: Sequence[str]) -> str:
        r"""Return the import of `names` from `source`, its lines ended by ``\n``.

        Examples
        --------
        >>> print(ImportStyle(length=20).write("core", ["Tangent", "rrule"]))
        from core import (
            Tangent,
            rrule,
        )
        """
        head = _HEAD.format(source)
        line = head + ", ".join(names)
        if len(line) <= self.length:
            return line
        if not self.bracket:
            return " \\\n".join(self._filled(head, names, self.indent, room=2))
        if not self.hangs:
            return "\n".join(self._filled(f"{head}(", names, " " * (len(head) + 1), room=1)) + ")"
        last = "," if self.comma else ""
        lines = self._filled(self.indent, names, self.indent, room=1)
        return "\n".join([f"{head}(", *lines]) + f"{last}\n)"

    def _filled(self, start: str, names: Sequence[str], indent: str, room: int) -> Iterator[str]:
        """Yield the lines that `names` fill, the first of which begins with `start`."""
        line, fresh = start, True
        for i, name in enumerate(names):
            text = name if i + 1 == len(names) else f"{name},"
            if not fresh and (not self.fills or len(f"{line} {text}") + room > self.length):
                yield line
                line, fresh = indent, True
            line += text if fresh else f" {text}"
            fresh = False
        yield line


def import_style(module: Module, project: Project) -> ImportStyle:
    """Return how `module`, a file of `project`, wraps its imports: as the first that it wraps."""
    imports = [s for s in module.tree.body if isinstance(s, ast.ImportFrom)]
    longest = max((len(line) for s in imports for line in module.text(s).splitlines()), default=0)
    length = project.line_length or max(longest, _LINE_LENGTH)
    indent = "\t" if re.search(rb"[\r\n]\t", module.source.content) else "    "
    for statement in imports:
        lines = [line.partition("#")[0].rstrip() for line in module.text(statement).splitlines()]
        if len(lines) > 1:
            return _style_of(lines, ImportStyle(length, indent=indent))
    return ImportStyle(length, indent=indent)


def _style_of(lines: list[str], default: ImportStyle) -> ImportStyle:
    """Return the style that an import over several `lines`, without their comments, is written in."""
    names = [line.strip().strip("(),\\").strip() for line in lines[1:]]
    fills = any("," in line for line in names)
    if lines[0].endswith("\\"):
        return ImportStyle(default.length, bracket=False, fills=True, indent=default.indent)
    hangs = lines[0].endswith("(")
    comma = "".join(lines).rstrip(" )").endswith(",")
    return ImportStyle(
        default.length, hangs=hangs, fills=fills or not hangs, comma=comma, indent=default.indent
    )
