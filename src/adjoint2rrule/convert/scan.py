"""Decides from the bytes of a file whether it can hold anything legacy; most files cannot.

A file that passes is parsed, so the answer may be yes too often. It may not be no where the file

- imports a legacy module, since the module's name stands there;
- uses a legacy name, however it came by it, since the name stands there; or
- uses one that another of the files gave a new name (``from zygoterules import adjoint as rule``), since
  the files that rename are read first.

`gradient` alone is no sign: it is a word of many meanings, no definition needs it, and where it is
imported from a legacy module that module is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adjoint2rrule.convert.discover import discover

_NAMES = (
    b"adjoint",
    b"adjoint_mut",
    b"nograd",
    b"pullback",
    b"_pullback",
    b"literal_getproperty",
    b"literal_getfield",
)
_WORDS = (*_NAMES, b"zygote", b"zygoterules")
# Looked for first, since `in` is much faster than a pattern; parts of the words will do.
_QUICK = (b"adjoint", b"nograd", b"pullback", b"literal_get", b"zygote")
# Converted files name the runtime, which is not legacy.
_OURS = rb"adjoint2rrule(?!\s*\.\s*(?:core|interop|testing)\b)"


class LegacyWords:
    """The words of which a file with anything legacy holds at least one.

    Parameters
    ----------
    modules
        Legacy modules besides the usual ones, by their dotted names.
    renamed
        What files of the same run call legacy names.

    Examples
    --------
    >>> words = LegacyWords(modules=["lab.rules"])
    >>> b"from .rules import *" in words, b"def adjoints(f_pullback): ..." in words
    (True, False)
    """

    def __init__(self, modules: Iterable[str] = (), renamed: Iterable[bytes] = ()) -> None:
        renamed = tuple(renamed)
        # Of `a.b.c`, `c` alone is certain to be written, as in `from ..b import c`.
        more = (*(module.rpartition(".")[2].encode() for module in modules), *renamed)
        self._quick = (*_QUICK, *more)
        self._whole = re.compile(rb"(?<!\w)(?:%s|%s)(?!\w)" % (_OURS, _any_of(_WORDS + more)))
        self._renaming = re.compile(
            rb"(?<!\w)(?:%s)[\s\\]+as[\s\\]+([\w\x80-\xff]+)" % _any_of(_NAMES + renamed)
        )

    def __contains__(self, content: bytes) -> bool:
        return any(word in content for word in self._quick) and self._whole.search(content) is not None

    def renamed_in(self, content: bytes) -> set[bytes]:
        """Return the new names that imports in `content` give to legacy names."""
        return set(self._renaming.findall(content))


def _any_of(words: Iterable[bytes]) -> bytes:
    return b"|".join(map(re.escape, words))


@dataclass(frozen=True)
class Survey:
    """What a run has before it.

    Attributes
    ----------
    found
        The files that may hold something legacy, and the places that could not be read, in order.
    files
        How many files were looked at; they and the places that could not be read make the whole.
    """

    found: tuple[str | OSError, ...]
    files: int


def survey(paths: Sequence[str], exclude: Sequence[str] = (), modules: Iterable[str] = ()) -> Survey:
    """Read the files that `paths` stand for (see `discover`), and find those worth a parse.

    They are all read before the first is converted, because the file that renames a legacy name may be
    the last; only then, which is rare, are they read once more. No content is kept.
    """
    modules, renamed = tuple(modules), frozenset[bytes]()
    while True:
        result, seen = _survey(paths, exclude, LegacyWords(modules, renamed))
        if seen <= renamed:
            return result
        renamed |= seen


def _survey(
    paths: Sequence[str], exclude: Sequence[str], words: LegacyWords
) -> tuple[Survey, frozenset[bytes]]:
    found: list[str | OSError] = []
    renamed: set[bytes] = set()
    files = 0
    for path in discover(paths, exclude):
        content = read(path) if isinstance(path, str) else path
        if isinstance(content, OSError):
            found.append(content)
            continue
        files += 1
        if content in words:
            found.append(path)
            renamed |= words.renamed_in(content)
    return Survey(tuple(found), files), frozenset(renamed)


def read(path: str) -> bytes | OSError:
    """Return the bytes of a file, or why there are none."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError as err:
        return err
