"""Whether a name of an installed package is a class, told from its sources or stubs, never imported.

Packages are large, and only one name of them is asked for: the files are searched as text.
"""

from __future__ import annotations

import re
import sys
from functools import cache, lru_cache
from pathlib import Path

_MAX_HOPS = 8
_FROM = re.compile(
    r"^from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+(\((?:[^)#]++|#[^\n]*+)*+\)|[^\n(]*)", re.MULTILINE
)
_COMMENT = re.compile(r"#[^\n]*")


@cache
def is_installed_class(dotted: str) -> bool | None:
    """Return whether `dotted` is a class; `None` where no installed source or stub tells.

    Examples
    --------
    >>> is_installed_class("fractions.Fraction"), is_installed_class("fractions.no_such_name")
    (True, None)
    """
    source, _, name = dotted.rpartition(".")
    found = _search(source, name, 0) if source else None
    return _built_in(source, name) if found is None else found


def _built_in(source: str, name: str) -> bool | None:
    """Return the answer of a module of the interpreter's own, which has no source, if it is loaded."""
    module = sys.modules.get(source) if source.partition(".")[0] in sys.stdlib_module_names else None
    value = getattr(module, name, None)
    return None if value is None else isinstance(value, type)


def _search(source: str, name: str, hops: int) -> bool | None:
    if hops > _MAX_HOPS:
        return None
    for path in _files(source):
        text = _text(path)
        found = re.search(
            rf"^(?:(class)|(?:async[ \t]+)?def|(?:cdef|cpdef))[ \t]+{re.escape(name)}\b", text, re.M
        )
        if found:
            return found[1] is not None
        if re.search(rf"^{re.escape(name)}[ \t]*:(?![ \t]*(?:type\[|[\w.]*TypeAlias))", text, re.M):
            return False  # an annotated value of a stub
        for level, target, names in reversed(_FROM.findall(text)):  # the last one that gives a name wins
            original = _imported(name, _COMMENT.sub("", names))
            if original is not None:
                module = _absolute(source, path.stem == "__init__", len(level), target)
                answer = _search(module, original, hops + 1)
                if answer is not None:
                    return answer
    return None


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
