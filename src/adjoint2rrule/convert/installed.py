"""Whether a name of an installed package is a class, told from its sources or stubs, never imported.

Packages are large, and only one name of them is asked for: the files are searched as text.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

_MAX_HOPS = 8
_FROM = re.compile(
    r"^from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+(\((?:[^)#]++|#[^\n]*+)*+\)|[^\n(]*)", re.MULTILINE
)
_COMMENT = re.compile(r"#[^\n]*")
_BLOCK = re.compile(r".*(?:\n(?:[ \t)#].*)?)*")  # a statement with all that is indented below it


# Calling these makes a class: a metaclass, or an enumeration.
_MAKES_CLASSES = re.compile(r"\b(?:type|\w*Enum|\w*Flag|\w*Meta)\b|metaclass")


@dataclass(frozen=True)
class _Thing:
    """What a name of an installed module is bound to.

    Attributes
    ----------
    is_class
        Whether it is a class.
    text
        The statement of the class, to the end of its body; empty for anything else.
    """

    is_class: bool
    text: str = ""


@cache
def is_installed_class(dotted: str) -> bool | None:
    """Return whether `dotted` is a class; `None` where no installed source or stub tells.

    A member of a class or of an instance is none, unless its class says so.

    Examples
    --------
    >>> is_installed_class("fractions.Fraction"), is_installed_class("fractions.no_such_name")
    (True, None)
    >>> is_installed_class("fractions.Fraction.limit_denominator")
    False
    """
    parts = dotted.split(".")
    for count in range(len(parts) - 1, 0, -1):
        source = ".".join(parts[:count])
        if _files(source):
            found = _dotted(source, parts[count:], 0)
            return found.is_class if found is not None else _built_in(source, parts[count:])
    return _built_in(parts[0], parts[1:])


def _built_in(source: str, names: Sequence[str]) -> bool | None:
    """Return the answer of a module of the interpreter's own, which has no source, if it is loaded."""
    value = sys.modules.get(source) if source.partition(".")[0] in sys.stdlib_module_names else None
    for name in names:
        value = getattr(value, name, None)
    return None if value is None else isinstance(value, type)


def _dotted(source: str, names: Sequence[str], hops: int) -> _Thing | None:
    """Return what the first of `names` is in a module, or the member that the others lead to."""
    found = _search(source, names[0], hops)
    for name in names[1:]:
        found = _member(found, name) if found is not None else None
    return found


def _member(owner: _Thing, name: str) -> _Thing | None:
    """Return what `name` is as a member of a class or an instance; `None` where a class does not say."""
    if re.search(rf"^[ \t]+class[ \t]+{re.escape(name)}\b", owner.text, re.M):
        return _Thing(is_class=True)
    may_be_class = re.search(
        rf"^[ \t]+{re.escape(name)}[ \t]*(?:=|:[ \t]*(?:type\[|[\w.]*ClassVar))", owner.text, re.M
    )
    return None if may_be_class else _Thing(is_class=False)


def _search(source: str, name: str, hops: int) -> _Thing | None:
    """Return what `name` is in a module, as its stub, its source or those that it imports from tell."""
    if hops > _MAX_HOPS:
        return None
    for path in _files(source):
        text = _text(path)
        found = _defined(text, name) or _assigned(text, name, source, hops)
        if found is not None:
            return found
        for level, target, names in reversed(_FROM.findall(text)):  # the last one that gives a name wins
            original = _imported(name, _COMMENT.sub("", names))
            if original is not None:
                module = _absolute(source, path.stem == "__init__", len(level), target)
                found = _search(module, original, hops + 1)
                if found is not None:
                    return found
    return None


def _defined(text: str, name: str) -> _Thing | None:
    """Return what a statement makes of `name`: a class, a function, or an annotated value of a stub."""
    word = re.escape(name)
    found = re.search(rf"^(?:(class)|(?:async[ \t]+)?def|(?:cdef|cpdef))[ \t]+{word}\b", text, re.M)
    if found is not None:
        is_class = found[1] is not None
        block = _BLOCK.match(text, found.start()) if is_class else None
        return _Thing(is_class, block[0] if block is not None else "")
    if re.search(rf"^{word}[ \t]*:(?![ \t]*(?:type\[|[\w.]*TypeAlias))", text, re.M):
        return _Thing(is_class=False)
    return None


def _assigned(text: str, name: str, source: str, hops: int) -> _Thing | None:
    """Return what another name that `name` is given stands for, or an instance of the class that it calls."""
    found = re.findall(
        rf"^{re.escape(name)}(?:[ \t]*:[\w. \t]*TypeAlias)?[ \t]*=[ \t]*([\w.]+)[ \t]*(\(|#|$)", text, re.M
    )
    if not found:
        return None
    value, end = found[-1]
    thing = _dotted(source, value.split("."), hops + 1)
    if thing is None or end != "(":
        return thing
    makes_object = thing.is_class and not _MAKES_CLASSES.search(thing.text.partition(":\n")[0])
    return _Thing(is_class=False) if makes_object else None


def _imported(name: str, names: str) -> str | None:
    """Return what an import list calls the thing that it makes known as `name`."""
    for item in names.strip("() \t\r\n").split(","):
        words = item.split()
        if words == ["*"]:
            return name
        if words and words[-1] == name:
            return words[0]
    return None


def _absolute(source: str, is_package: bool, level: int, target: str) -> str:
    if not level:
        return target
    parts = source.split(".")
    package = parts[: len(parts) - level + is_package]
    return ".".join([*package, *([target] if target else [])])


@cache
def _files(module: str) -> list[Path]:
    """Return the stub and the source of an installed module, as far as they exist."""
    parts = module.split(".")
    for root in sys.path:
        base = Path(root or ".", *parts)
        places = (base / "__init__.pyi", base / "__init__.py", Path(f"{base}.pyi"), Path(f"{base}.py"))
        found = [path for path in places if path.is_file()]
        if found:
            return found
    return []


@lru_cache(maxsize=32)
def _text(path: Path) -> str:
    return path.read_text("utf-8", "replace")
