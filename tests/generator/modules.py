"""Whole legacy modules: definitions, the imports and classes that they need, and code beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.generator.definitions import Definition, definition
from tests.generator.drawing import chance, pick
from tests.generator.layouts import laid_out
from tests.generator.primals import CLASSES

IMPORTS = {
    "Annotated": "from typing import Annotated",
    "Any": "from typing import Any",
    "Literal": "from typing import Literal",
    "NamedTuple": "from typing import NamedTuple",
    "Optional": "from typing import Optional",
    "SimpleNamespace": "from types import SimpleNamespace",
    "dataclass": "from dataclasses import dataclass",
    "np": "import numpy as np",
    "partial": "from functools import partial",
}
HELPERS = {
    "scaled": "def scaled(a, b):\n    return a * b",
    "accum": "def accum(a, b):\n    return b if a is None else a if b is None else a + b",
}
UNRELATED = (
    "SETTINGS = {'adjoint': None, \"pullback\": (None, dict(a=None))}",
    "def unrelated(x, y=None):\n    return (x, None) if y is None else dict(x=x, y=None)",
    'TEXT = """@adjoint\ndef f(x):\n    return x, lambda dy: (None,)\n"""',
    "if  SWITCH :\n    LIMIT = None;  OTHER = [ None,None ]",
    "class Unrelated :\n    adjoint=None\n    def nograd( self ): return None",
)


@dataclass(frozen=True)
class LegacyModule:
    """A legacy module, and what is in it."""

    content: bytes
    definitions: tuple[Definition, ...]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        # What a failing test shows; the source is noted there, where it can be read.
        printer.text(f"LegacyModule({self.content!r})")


@st.composite
def legacy_modules(draw: Any) -> LegacyModule:
    """Draw a module with one to three definitions."""
    definitions = [definition(draw, number) for number in range(pick(draw, 1, 1, 2, 3))]
    blocks = []
    for found in definitions:
        blocks.append(found.text)
        if chance(draw, 4):
            blocks.append(pick(draw, *UNRELATED))
    mentioned = " ".join(trial.mentions for found in definitions for trial in found.trials)
    text = assembled(draw, "\n\n\n".join(blocks), mentioned)
    return LegacyModule(laid_out(draw, text), tuple(definitions))


def assembled(draw: Any, text: str, mentioned: str) -> str:
    """Draw what stands before the definitions: docstring, imports, helpers and classes."""
    legacy, text = imported(draw, text)
    classes = list(needed(CLASSES, text + mentioned))
    below = "\n\n\n".join(["SWITCH = True", *needed(HELPERS, text), *classes, text])
    head = ['"""A module."""'] if chance(draw, 4) else []
    head += ["from __future__ import annotations"] if chance(draw, 4) else []
    block = [*needed(IMPORTS, below)]
    block.insert(pick(draw, 0, len(block)), legacy)
    return "\n\n".join([*head, "\n".join(block), below])


def needed(known: dict[str, str], text: str) -> Iterator[str]:
    """Yield what defines the names in `text`, and the names in that."""
    words = set(re.findall(r"\w+", text))
    pending = [name for name in reversed(known) if name in words]
    found = set(pending)
    for name in pending:
        more = [n for n in known if n in known[name] and n not in found]
        found |= set(more)
        pending += more
    return (known[name] for name in known if name in found)


def imported(draw: Any, text: str) -> tuple[str, str]:
    """Draw an import of the legacy names, which are marked in `text`, and return it with the text."""
    names = sorted(set(re.findall(r"§(\w+)", text)))
    module = pick(draw, "adjoint2rrule.legacy", "zygoterules")
    listed = ", ".join(names)
    form, prefix = pick(
        draw,
        (f"from {module} import {listed}", ""),
        (f"from {module} import *", ""),
        ("\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"]), ""),
        (TRIED.format(listed), ""),
        (f"from {module} import {', '.join(f'{name} as legacy_{name}' for name in names)}", "legacy_"),
        (f"import {module} as ad", "ad."),
        (f"import {module}", f"{module}."),
    )
    return form, text.replace("§", prefix)


TRIED = """\
try:
    from zygoterules import {0}
except ImportError:
    from adjoint2rrule.legacy import {0}"""
